"""The connection to Lever and the signature tokens of its eight webhooks."""

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from grayscale.crypto import EncryptedText
from grayscale.extensions import db
from grayscale.models.types import Json, LeverId, RowId, UTCDateTime, enum_type


@enum.unique
class LeverEvent(enum.StrEnum):
    """The eight webhooks of the set-up guide, in its order."""

    APPLICATION_CREATED = "applicationCreated"
    STAGE_CHANGE = "candidateStageChange"
    ARCHIVE_CHANGE = "candidateArchiveChange"
    HIRED = "candidateHired"
    DELETED = "candidateDeleted"
    INTERVIEW_CREATED = "interviewCreated"
    INTERVIEW_UPDATED = "interviewUpdated"
    INTERVIEW_DELETED = "interviewDeleted"

    @property
    def label(self) -> str:
        """Lever's own name of the webhook."""
        return EVENT_LABELS[self]


EVENT_LABELS = {
    LeverEvent.APPLICATION_CREATED: "Application Created",
    LeverEvent.STAGE_CHANGE: "Candidate Stage Change",
    LeverEvent.ARCHIVE_CHANGE: "Candidate Archive State Change",
    LeverEvent.HIRED: "Candidate Hired",
    LeverEvent.DELETED: "Candidate Deleted",
    LeverEvent.INTERVIEW_CREATED: "Interview Created",
    LeverEvent.INTERVIEW_UPDATED: "Interview Updated",
    LeverEvent.INTERVIEW_DELETED: "Interview Deleted",
}


@enum.unique
class KeyState(enum.StrEnum):
    NONE = "none"
    UNCHECKED = "unchecked"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class LeverIntegration(db.Model):  # type: ignore[name-defined]
    """How this company is connected to Lever: one row."""

    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[RowId]
    api_key: Mapped[str | None] = mapped_column(EncryptedText)
    api_key_set_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    api_key_set_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    key_state: Mapped[KeyState] = mapped_column(enum_type(KeyState, "key_state"), default=KeyState.NONE)
    # In the words a super admin reads: "Lever refused the key (401)."
    key_error: Mapped[str | None] = mapped_column(Text)
    key_checked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    # The unguessable part of /webhooks/lever/<key>; those before it, in one
    # string with spaces between, are accepted until their overlap ends.
    webhook_key: Mapped[str] = mapped_column(EncryptedText)
    previous_webhook_key: Mapped[str | None] = mapped_column(EncryptedText)
    previous_webhook_key_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # SHA-256 in hex of those that were ended, with spaces between, the latest first.
    ended_webhook_keys: Mapped[str | None] = mapped_column(Text)

    # Permission name (the guide's) -> "granted" | "missing" | "unproven" | "unknown".
    permissions: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    permissions_checked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    # Lever user whose name Notes carry; None is the key's own identity.
    notes_as_user_id: Mapped[str | None] = mapped_column(LeverId)
    notes_warning: Mapped[str | None] = mapped_column(Text)
    notify_followers: Mapped[bool] = mapped_column(default=False)

    # Everything Lever changed up to here has been seen by a poll (start of that poll, not its end).
    polled_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    deletions_polled_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_poll_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_full_sync_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class WebhookToken(db.Model):  # type: ignore[name-defined]
    """The signature token of one webhook, and what is known of that webhook's health. One row an event, always."""

    event: Mapped[LeverEvent] = mapped_column(enum_type(LeverEvent, "event"), primary_key=True)
    token: Mapped[str | None] = mapped_column(EncryptedText)
    set_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    set_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    previous_token: Mapped[str | None] = mapped_column(EncryptedText)
    previous_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # When a delivery last came signed with the previous token: until it stops, ending the overlap would lose events.
    previous_used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    # When one last came at a webhook URL that is not the current one; as of a new URL, when one last came at all.
    earlier_url_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    last_verified_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_accepted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_rejected_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_rejected_reason: Mapped[str | None] = mapped_column(Text)
    # Since when every delivery was refused, and how many; an accepted one clears both.
    failing_since: Mapped[datetime | None] = mapped_column(UTCDateTime)
    failing_count: Mapped[int] = mapped_column(default=0)
    # Changes that polling found and this webhook should have told; an accepted delivery clears it.
    missed_count: Mapped[int] = mapped_column(default=0)
    missed_since: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # When it last turned from refused or silent to receiving.
    recovered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class UntoldChange(db.Model):  # type: ignore[name-defined]
    """A change that a poll found before its webhook can be said to be silent about it; judged by a later poll."""

    __table_args__ = (UniqueConstraint("lever_id", "event", "at"),)

    id: Mapped[RowId]
    # Of the opportunity.
    lever_id: Mapped[str] = mapped_column(LeverId)
    event: Mapped[LeverEvent] = mapped_column(enum_type(LeverEvent, "event"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
