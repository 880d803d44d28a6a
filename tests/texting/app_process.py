"""The application with its jobs as a process that can be killed; impatient, so that a test need not wait minutes."""

import logging
import os
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
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


def do_not_wait_for_the_disk(connection: Any, _record: object) -> None:
    """A killed process leaves what it wrote with the operating system; only a power cut would lose it."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = OFF")


def main() -> None:
    impatient()
    event.listen(Engine, "connect", do_not_wait_for_the_disk)
    app = create_app(load_config(os.environ, instance=Path("instance")))
    scheduler.TASKS = tasks.TASKS
    scheduler.Jobs(app).start()
    logging.disable(logging.INFO)
    make_server("127.0.0.1", int(os.environ["PORT"]), app, threaded=True).serve_forever()


if __name__ == "__main__":
    main()
