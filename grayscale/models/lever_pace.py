"""How fast Lever may be asked at this moment, shared by all processes on one PostgreSQL."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from grayscale.extensions import db


class LeverPace(db.Model):  # type: ignore[name-defined]
    """The token bucket of one API key. Times are seconds since the epoch by the database's clock."""

    # SHA-256 of the key: a new key has a bucket of its own, and this tells nobody the key.
    key_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    tokens: Mapped[float]
    # Requests a second at ``updated``; lower than Lever's limit for a while after a 429.
    rate: Mapped[float]
    updated: Mapped[float]
    # Nobody asks before this.
    hold_until: Mapped[float] = mapped_column(default=0.0)
    # Somebody waits for an answer to a person until then: background work leaves the tokens to them.
    live_until: Mapped[float] = mapped_column(default=0.0)
