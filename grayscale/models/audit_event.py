"""Who did what to what, from where, when. Append-only, never a secret."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from grayscale.extensions import db
from grayscale.models.types import Json, RowId, UTCDateTime


class AuditEvent(db.Model):  # type: ignore[name-defined]
    __table_args__ = (Index("ix_audit_event_at", "at"), Index("ix_audit_event_action", "action", "at"))

    id: Mapped[RowId]
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    # None: the application itself, or somebody not signed in.
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    # A verb in dotted form: "lever.key_saved", "user.signed_in", "delivery.replayed".
    action: Mapped[str] = mapped_column(String(100))
    subject: Mapped[str] = mapped_column(String(200), default="")
    detail: Mapped[dict[str, Any] | None] = mapped_column(Json)
    address: Mapped[str | None] = mapped_column(String(64))
