"""How often something was tried lately."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from grayscale.extensions import db
from grayscale.models.types import UTCDateTime


class Attempts(db.Model):  # type: ignore[name-defined]
    """Attempts of one kind since the first of them; *bucket* is a hash of what they share."""

    __tablename__ = "attempts"

    bucket: Mapped[str] = mapped_column(String(64), primary_key=True)
    began_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    count: Mapped[int]
