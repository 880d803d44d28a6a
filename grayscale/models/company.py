"""What holds for the whole deployment: one row each."""

from datetime import datetime

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from grayscale.crypto import EncryptedText
from grayscale.extensions import db
from grayscale.models.types import BigId, RowId, UTCDateTime


class Company(db.Model):  # type: ignore[name-defined]
    """The company this deployment serves."""

    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[RowId]
    name: Mapped[str] = mapped_column(String(200), default="")
    time_zone: Mapped[str] = mapped_column(String(64), default="America/New_York")
    # Region in which phone numbers without a country code are read, ISO 3166-1 alpha-2.
    region: Mapped[str] = mapped_column(String(2), default="US")
    # Keeps opted-out numbers recognisable by hash after their candidate was erased.
    number_salt: Mapped[str] = mapped_column(EncryptedText)
    # Hash of the one-time token of /setup; gone once the first super admin exists.
    setup_token_hash: Mapped[str | None] = mapped_column(String(64))
    # At least 90, which the audit record's triggers hold as well.
    audit_kept_days: Mapped[int] = mapped_column(default=400, server_default="400")
    # None: for ever.
    texts_kept_days: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class ChangeClock(db.Model):  # type: ignore[name-defined]
    """A counter that every visible change of the inbox moves on in its own transaction.

    Its row lock orders the writers until they commit, so a browser that has seen value N has seen everything up to N;
    an unchanged inbox is told by reading this one row.
    """

    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[RowId]
    value: Mapped[int] = mapped_column(BigId, default=0)
