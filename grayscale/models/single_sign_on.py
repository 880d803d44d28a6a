"""Signing in by the company's own identity provider."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, false
from sqlalchemy.orm import Mapped, mapped_column

from grayscale.crypto import EncryptedText
from grayscale.extensions import db
from grayscale.models.types import BigId, Json, RowId, UTCDateTime


class SingleSignOn(db.Model):  # type: ignore[name-defined]
    """The registration at the provider; no row while there is none."""

    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[RowId]
    # What the button calls it: "Google".
    name: Mapped[str] = mapped_column(String(60))
    discovery_url: Mapped[str] = mapped_column(String(500))
    client_id: Mapped[str] = mapped_column(String(300))
    client_secret: Mapped[str] = mapped_column(EncryptedText)
    # Lower case; addresses of other domains are turned away.
    domains: Mapped[list[str]] = mapped_column(Json)
    # Somebody of these domains who was not invited becomes a recruiter.
    lets_join: Mapped[bool] = mapped_column(default=False, server_default=false())
    passwords_off: Mapped[bool] = mapped_column(default=False, server_default=false())
    saved_at: Mapped[datetime] = mapped_column(UTCDateTime)
    saved_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("user_account.id", ondelete="SET NULL"))
