"""Webhooks as they came in, and how many of each kind."""

import enum
from datetime import datetime

from sqlalchemy import Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from grayscale.crypto import EncryptedText
from grayscale.extensions import db
from grayscale.models.types import E164, LeverId, RowId, UTCDateTime, enum_type


@enum.unique
class Source(enum.StrEnum):
    LEVER = "lever"
    TWILIO_INBOUND = "twilio_inbound"
    TWILIO_STATUS = "twilio_status"


@enum.unique
class DeliveryState(enum.StrEnum):
    PENDING = "pending"
    DONE = "done"
    # Will be tried again at next_attempt_at.
    FAILED = "failed"
    # Parked with a reason until a person replays it.
    DEAD = "dead"
    # Accepted and kept, but of a kind nobody handles.
    UNHANDLED = "unhandled"


WAITING = (DeliveryState.PENDING, DeliveryState.FAILED)


class Delivery(db.Model):  # type: ignore[name-defined]
    """One accepted webhook. Its payload is only a hint: handlers fetch the truth from who sent it."""

    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        Index(
            "ix_delivery_waiting",
            "source",
            "next_attempt_at",
            sqlite_where=text("state IN ('pending', 'failed')"),
            postgresql_where=text("state IN ('pending', 'failed')"),
        ),
        Index(
            "ix_delivery_troubled",
            "source",
            "id",
            sqlite_where=text("state IN ('failed', 'dead')"),
            postgresql_where=text("state IN ('failed', 'dead')"),
        ),
        Index("ix_delivery_received_at", "received_at"),
        Index("ix_delivery_opportunity_lever_id", "opportunity_lever_id"),
        Index("ix_delivery_phone", "phone"),
        Index(
            "ix_delivery_token_digest",
            "token_digest",
            unique=True,
            sqlite_where=text("token_digest IS NOT NULL"),
            postgresql_where=text("token_digest IS NOT NULL"),
        ),
    )

    id: Mapped[RowId]
    source: Mapped[Source] = mapped_column(enum_type(Source, "source"))
    # What makes a repeat recognisable: Lever's event id (else a hash), Twilio's message id (and status).
    external_id: Mapped[str] = mapped_column(String(200))
    event: Mapped[str] = mapped_column(String(100))
    # Of what Lever signed; it signs nothing else of a body, and no two events share it.
    token_digest: Mapped[str | None] = mapped_column(String(64))
    # The body as it came; emptied when its retention ends or the candidate is erased.
    payload: Mapped[str | None] = mapped_column(EncryptedText)
    received_at: Mapped[datetime] = mapped_column(UTCDateTime)
    triggered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # Whom it is about, for grouping, filtering and erasure.
    opportunity_lever_id: Mapped[str | None] = mapped_column(LeverId)
    phone: Mapped[str | None] = mapped_column(E164)

    state: Mapped[DeliveryState] = mapped_column(enum_type(DeliveryState, "state"), default=DeliveryState.PENDING)
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime] = mapped_column(UTCDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    error: Mapped[str | None] = mapped_column(Text)
    # What handling it changed, in words: "stage: Phone screen → Onsite".
    effect: Mapped[str | None] = mapped_column(Text)
    handled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class WebhookTally(db.Model):  # type: ignore[name-defined]
    """How many webhooks of one event got one verdict in one hour: evidence that noise cannot make grow."""

    source: Mapped[Source] = mapped_column(enum_type(Source, "source"), primary_key=True)
    event: Mapped[str] = mapped_column(String(100), primary_key=True)
    # "accepted" | "duplicate" | "verified" | "unhandled" | "bad_signature" | "no_token" | "stale" | "replayed"
    # | "malformed" | "too_large"; of Lever's also "missed": changes that polling found and no webhook told.
    verdict: Mapped[str] = mapped_column(String(40), primary_key=True)
    hour: Mapped[datetime] = mapped_column(UTCDateTime, primary_key=True)
    count: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[datetime] = mapped_column(UTCDateTime)
