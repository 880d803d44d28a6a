"""The carrier account, the numbers texts are sent from, and the company's texting policy."""

import enum
from datetime import datetime, time
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, Time, false
from sqlalchemy.orm import Mapped, mapped_column

from grayscale.crypto import EncryptedText
from grayscale.extensions import db
from grayscale.models.types import E164, Json, RowId, UTCDateTime, enum_type


@enum.unique
class ConsentPolicy(enum.StrEnum):
    """Whom recruiters may text first. Opting out beats every one of these."""

    ANY_VALID_NUMBER = "any_valid_number"
    RECORDED_CONSENT = "recorded_consent"


@enum.unique
class Registration(enum.StrEnum):
    """Whether the carriers know who texts from a number: they drop what comes from one that is not registered."""

    # Also where none is asked for, as outside the US.
    APPROVED = "approved"
    PENDING = "pending"
    MISSING = "missing"


class TextingAccount(db.Model):  # type: ignore[name-defined]
    """Credentials at Twilio and the rules every text obeys: one row."""

    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[RowId]
    account_sid: Mapped[str | None] = mapped_column(String(64))
    auth_token: Mapped[str | None] = mapped_column(EncryptedText)
    auth_token_set_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    auth_token_set_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    # Still accepted on webhooks while a rotation is under way.
    previous_auth_token: Mapped[str | None] = mapped_column(EncryptedText)
    previous_auth_token_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # Set when the carrier refused the credentials or suspended the account: nothing is sent until it is mended.
    stopped_reason: Mapped[str | None] = mapped_column(Text)
    paused_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_inbound_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    reconciled_until: Mapped[datetime | None] = mapped_column(UTCDateTime)

    # Policy. Times of day are the candidate's; equal means all day.
    opens: Mapped[time] = mapped_column(Time, default=time(9, 0))
    closes: Mapped[time] = mapped_column(Time, default=time(20, 0))
    # {"FL": {"mon": ["08:00", "20:00"], …}}: stricter windows by state, where the company keeps its own.
    state_windows: Mapped[dict[str, Any] | None] = mapped_column(Json)
    require_opt_out_line: Mapped[bool] = mapped_column(default=True)
    # Whether a recruiter's first text to a number must name them and the company.
    require_names: Mapped[bool] = mapped_column(default=False, server_default=false())
    unanswered_limit: Mapped[int] = mapped_column(default=3)
    consent: Mapped[ConsentPolicy] = mapped_column(
        enum_type(ConsentPolicy, "consent"), default=ConsentPolicy.ANY_VALID_NUMBER
    )
    allow_live_replies: Mapped[bool] = mapped_column(default=True)
    # Whether the carrier answers STOP, START and HELP itself.
    carrier_handles_keywords: Mapped[bool] = mapped_column(default=True)
    help_text: Mapped[str] = mapped_column(Text, default="")


class SendingNumber(db.Model):  # type: ignore[name-defined]
    """A number, or a messaging service with its number, that texts leave from."""

    id: Mapped[RowId]
    e164: Mapped[str] = mapped_column(E164, unique=True)
    label: Mapped[str] = mapped_column(String(100), default="")
    messaging_service_sid: Mapped[str | None] = mapped_column(String(64))
    # The recruiter who alone sends from it; None is shared by all.
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    active: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=0)
    # Segments a second the carrier takes from it.
    segments_per_second: Mapped[int] = mapped_column(default=1)
    # The next moment a text may leave from it: the pace, shared by every process.
    free_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    stopped_reason: Mapped[str | None] = mapped_column(Text)
    # As a super admin says, or the carrier by an error code; nothing is sent from a number that is not approved.
    registration: Mapped[Registration] = mapped_column(
        enum_type(Registration, "registration"), default=Registration.APPROVED, server_default="approved"
    )
    # When too many of its texts of late were blocked as spam, and how many of how many.
    filtered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    filtered_words: Mapped[str] = mapped_column(String(40), default="", server_default="")

    @property
    def can_send(self) -> bool:
        return self.active and self.stopped_reason is None and self.registration is Registration.APPROVED
