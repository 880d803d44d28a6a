"""The ``worker:`` processes of ``JOBS=workers``, as they make themselves known in the database."""

from datetime import timedelta

from sqlalchemy import text

from grayscale import clock
from grayscale.extensions import db


def silent_for() -> timedelta | None:
    """How long ago any of them last gave a sign of life; None when there is none."""
    last = db.session.scalar(text("SELECT max(last_heartbeat) FROM procrastinate_workers"))
    return None if last is None else clock.now() - last
