"""One worker with threads, and the scheduler inside it.

``--workers 1`` stands on the command line as well: hosts set WEB_CONCURRENCY, and two workers would be two schedulers.
"""

import gc
import os
import signal
import sys
from pathlib import Path

from gunicorn.arbiter import Arbiter

from grayscale import memory
from grayscale.config import ConfigError, load_config
from grayscale.domain import stopping
from grayscale.jobs.scheduler import Jobs
from grayscale.startup import NotReady, prepare
from grayscale.web.lever_hook import NoiseCounter

try:
    _config = load_config(os.environ, instance=Path(__file__).parent / "instance")
except ConfigError as error:
    sys.exit(f"grayscale: {error}")

bind = f"0.0.0.0:{_config.port}"
workers = 1
worker_class = "grayscale.serving.Worker"
# More than can work at once: those of a burst of webhooks wait for one commit together, and pages need not queue.
threads = 32
timeout = 30
# Lever is waited for for 20 s: what it has not answered by then it will not. A job cut off here is found again by its
# lease. With all that follows, on a busy machine too, it is over within 25 s; hosts kill after 30.
graceful_timeout = 19
# Longer than the router in front keeps its connections.
keepalive = 95
preload_app = False
control_socket_disable = True
# Nobody's headers choose scheme or path here: TRUSTED_PROXIES says whom to believe, and what.
forwarded_allow_ips = ""
accesslog = None


def post_worker_init(worker):
    """Start the jobs in the worker: threads do not survive the fork, and commands of the CLI must not start any."""
    memory.keep_small()
    app = worker.app.wsgi()
    try:
        link = prepare(app)
    except NotReady as error:
        print(f"grayscale: {error}", file=sys.stderr, flush=True)
        # This status makes the master stop instead of trying again for ever.
        sys.exit(Arbiter.WORKER_BOOT_ERROR)
    if link is not None:
        print(f"grayscale: nobody can sign in yet; make the first super admin once at {link}", flush=True)
    # What is loaded by now stays: the collector, which took a tenth of a page's time, need not look at it again.
    gc.collect()
    gc.freeze()
    if _config.jobs == "in-process":
        worker.jobs = Jobs(app)
        worker.jobs.start()
    worker.noise_counter = NoiseCounter(app)
    stop_jobs_at_once(worker)


def stop_jobs_at_once(worker):
    """At SIGTERM let no job begin anything new, while the worker still answers the requests under way."""

    def end(number, frame):
        if worker.alive:
            stopping.ask()
        worker.handle_exit(number, frame)

    signal.signal(signal.SIGTERM, end)


def worker_exit(server, worker):
    """Let the jobs finish their round, and write down what only memory holds."""
    noise_counter = getattr(worker, "noise_counter", None)
    if noise_counter is not None:
        noise_counter.stop()
    jobs = getattr(worker, "jobs", None)
    if jobs is not None:
        jobs.stop()
