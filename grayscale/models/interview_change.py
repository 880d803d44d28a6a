"""What somebody wants of an interview in Lever: made, changed, cancelled. The intent, and what came of it."""

import enum
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from grayscale.extensions import db
from grayscale.models.types import Json, LeverId, RowId, UTCDateTime, enum_type

if TYPE_CHECKING:
    from grayscale.models.opportunity import Opportunity
    from grayscale.models.user import User


@enum.unique
class ChangeKind(enum.StrEnum):
    CREATE = "create"
    UPDATE = "update"
    CANCEL = "cancel"


@enum.unique
class ChangeState(enum.StrEnum):
    # Intended; not yet called, or proven not to be in Lever.
    PENDING = "pending"
    # Called, or about to be: whether it is in Lever is unknown until proven.
    SENDING = "sending"
    CHECKING = "checking"
    DONE = "done"
    # Lever refused it, or somebody was quicker there; a person may try again.
    FAILED = "failed"
    # Cannot be proven either way; a person decides.
    UNSURE = "unsure"
    # A person gave it up; it is not in Lever.
    DROPPED = "dropped"


WORKED_ON = (ChangeState.PENDING, ChangeState.SENDING, ChangeState.CHECKING)
#: Not settled yet: nothing else may be asked of the same interview meanwhile.
OPEN_CHANGES = (*WORKED_ON, ChangeState.UNSURE)


class InterviewChange(db.Model):  # type: ignore[name-defined]
    """One change of one interview. *wanted* holds what is to be, *seen* what the person saw when they asked; both as
    ``domain.interviews.terms`` writes them. An update wants only what it touches."""

    __table_args__ = (
        UniqueConstraint("reference"),
        Index("ix_interview_change_opportunity_id", "opportunity_id", "id"),
        Index("ix_interview_change_interview", "interview_lever_id"),
        Index(
            "uq_interview_change_open", "interview_lever_id", unique=True,
            sqlite_where=text("kind != 'create' AND state IN ('pending', 'sending', 'checking', 'unsure')"),
            postgresql_where=text("kind != 'create' AND state IN ('pending', 'sending', 'checking', 'unsure')"),
        ),
        Index(
            "ix_interview_change_open", "next_attempt_at",
            sqlite_where=text("state IN ('pending', 'sending', 'checking')"),
            postgresql_where=text("state IN ('pending', 'sending', 'checking')"),
        ),
    )

    id: Mapped[RowId]
    opportunity_id: Mapped[int] = mapped_column(ForeignKey("opportunity.id", ondelete="CASCADE"))
    # The interview it is about; of one to be made, known once it is made.
    interview_lever_id: Mapped[str | None] = mapped_column(LeverId)
    panel_lever_id: Mapped[str | None] = mapped_column(LeverId)
    kind: Mapped[ChangeKind] = mapped_column(enum_type(ChangeKind, "kind"))
    # Chosen by whoever asks, so that asking twice is asking once; printed in the note of an interview made.
    reference: Mapped[str] = mapped_column(String(40))
    wanted: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    seen: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    # The Lever user it is done as.
    perform_as: Mapped[str] = mapped_column(LeverId)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    # Asked for by the candidate, with what *by_id* offered them.
    by_candidate: Mapped[bool] = mapped_column(default=False)
    state: Mapped[ChangeState] = mapped_column(enum_type(ChangeState, "state"))
    # Committed just before the call; in an open state it means that the outcome is unknown.
    called_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # When a look into Lever first did not find it; a second look, later, proves that it is not there.
    absent_since: Mapped[datetime | None] = mapped_column(UTCDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime] = mapped_column(UTCDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    opportunity: Mapped["Opportunity"] = relationship()
    by: Mapped["User | None"] = relationship()
