"""The application with its jobs as a process that can be killed; impatient, so that a test need not wait minutes."""

import os
from datetime import timedelta
from pathlib import Path

from werkzeug.serving import make_server

from grayscale import create_app
from grayscale.config import load_config
from grayscale.domain.texting import account, checks, inbound, reconcile, sending
from grayscale.jobs import scheduler, tasks


def impatient() -> None:
    """Seconds instead of minutes."""
    account.TIMEOUT = 0.5
    checks.GRACE = checks.BETWEEN_LOOKS = timedelta(seconds=0.3)
    checks.SETTLED = timedelta(seconds=1)
    sending.LEASE = timedelta(seconds=10)
    sending.LONGEST_BACKOFF = 0.5
    inbound.ORPHAN_WAITS = timedelta(seconds=0.2)
    reconcile.SILENT = reconcile.ASK_EVERY = timedelta(seconds=3)
    quick = {"checks": 0.3, "reconcile": 1.0, "outbound": 0.3, "carrier_events": 0.3}
    tasks.TASKS = tuple(
        tasks.Task(task.job, quick[task.job.value], task.work) for task in tasks.TASKS if task.job.value in quick
    )


def main() -> None:
    impatient()
    app = create_app(load_config(os.environ, instance=Path("instance")))
    scheduler.TASKS = tasks.TASKS
    scheduler.Jobs(app).start()
    make_server("127.0.0.1", int(os.environ["PORT"]), app, threaded=True).serve_forever()


if __name__ == "__main__":
    main()
