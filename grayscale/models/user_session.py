"""Where people are signed in."""

import enum
from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from grayscale.extensions import db
from grayscale.models.types import BigId, RowId, UTCDateTime, enum_type


@enum.unique
class SessionKind(enum.StrEnum):
    BROWSER = "browser"
    EXTENSION = "extension"


class UserSession(db.Model):  # type: ignore[name-defined]
    """One browser or extension a person is signed in with, until it is ended or *lives_until* is past."""

    id: Mapped[RowId]
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    kind: Mapped[SessionKind] = mapped_column(enum_type(SessionKind, "kind"))
    # Of the token its holder carries: whoever reads the database can sign in as nobody.
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    # What the holder is, as its person knows it: "Firefox on Windows".
    label: Mapped[str] = mapped_column(String(100))
    # Where it was begun.
    address: Mapped[str | None] = mapped_column(String(64))
    began_at: Mapped[datetime] = mapped_column(UTCDateTime)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime)
    # The earlier of both limits: without use, and in any case.
    lives_until: Mapped[datetime] = mapped_column(UTCDateTime)
