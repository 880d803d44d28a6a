"""One worker with threads, and the scheduler inside it.

``--workers 1`` stands on the command line as well: hosts set WEB_CONCURRENCY, and two workers would be two schedulers.
"""

import os
import sys
from pathlib import Path

from grayscale.config import ConfigError, load_config
from grayscale.domain.company import ensure_rows
from grayscale.jobs.scheduler import Jobs

try:
    _config = load_config(os.environ, instance=Path(__file__).parent / "instance")
except ConfigError as error:
    sys.exit(f"grayscale: {error}")

bind = f"0.0.0.0:{_config.port}"
workers = 1
worker_class = "gthread"
threads = 8
timeout = 30
# Heroku kills after 30 s; what a job cannot finish in this time is found again by its lease.
graceful_timeout = 25
# Longer than the router in front keeps its connections.
keepalive = 95
preload_app = False
control_socket_disable = True
accesslog = None


def post_worker_init(worker):
    """Start the jobs in the worker: threads do not survive the fork, and commands of the CLI must not start any."""
    app = worker.app.wsgi()
    with app.app_context():
        ensure_rows()
    if _config.jobs == "in-process":
        worker.jobs = Jobs(app)
        worker.jobs.start()


def worker_exit(server, worker):
    """Let the jobs finish their round."""
    jobs = getattr(worker, "jobs", None)
    if jobs is not None:
        jobs.stop()
