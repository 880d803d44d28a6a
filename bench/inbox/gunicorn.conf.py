"""The production configuration, with the sign-in limit off: a hundred recruiters share this machine's one address."""

from pathlib import Path

from grayscale.extensions import limiter

_root = Path(__file__).parents[2]
_production = (_root / "gunicorn.conf.py").read_text().replace("Path(__file__).parent", "Path(_root)")
exec(compile(_production, "gunicorn.conf.py", "exec"))

_start = post_worker_init  # noqa: F821 - defined by the file above


def post_worker_init(worker):
    limiter.enabled = False
    _start(worker)
