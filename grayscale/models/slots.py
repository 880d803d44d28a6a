"""Times offered to a candidate to choose from, what is taken of people's days, and reminders of interviews."""

import enum
from datetime import datetime, time
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, Time, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from grayscale.extensions import db
from grayscale.models.types import BigId, Json, LeverId, RowId, UTCDateTime, enum_type

if TYPE_CHECKING:
    from grayscale.models.conversation import Conversation
    from grayscale.models.message import Message
    from grayscale.models.opportunity import Interview, Opportunity
    from grayscale.models.user import User


@enum.unique
class OfferState(enum.StrEnum):
    OPEN = "open"
    # The candidate chose; whether Lever has the interview yet is another matter.
    BOOKED = "booked"
    # Given up by the candidate, or cancelled in Lever.
    CANCELED = "canceled"
    # Taken back by a recruiter before anything was chosen.
    WITHDRAWN = "withdrawn"


class SchedulingPolicy(db.Model):  # type: ignore[name-defined]
    """The company's rules for reminders and for times candidates choose from: one row."""

    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[RowId]
    remind_day_before: Mapped[bool] = mapped_column(default=True)
    # Time of day of that reminder, on the candidate's clock.
    day_before_at: Mapped[time] = mapped_column(Time, default=time(17, 0))
    remind_hour_before: Mapped[bool] = mapped_column(default=True)
    # When interviewers work, on their own clocks; days as Monday 0 to Sunday 6.
    works_from: Mapped[time] = mapped_column(Time, default=time(9, 0))
    works_until: Mapped[time] = mapped_column(Time, default=time(17, 0))
    working_days: Mapped[list[int]] = mapped_column(Json, default=lambda: [0, 1, 2, 3, 4])
    # Kept free before and after other interviews.
    buffer_minutes: Mapped[int] = mapped_column(default=15)
    # No time sooner than this can be chosen.
    notice_hours: Mapped[int] = mapped_column(default=24)
    # Until so long before the interview its candidate may move or cancel it.
    change_hours: Mapped[int] = mapped_column(default=12)
    # How long a link works.
    link_days: Mapped[int] = mapped_column(default=7)


class SlotOffer(db.Model):  # type: ignore[name-defined]
    """One link to one candidate, the times behind it, and the one they chose."""

    __table_args__ = (
        Index("ix_slot_offer_conversation_id", "conversation_id", "id"),
        Index("ix_slot_offer_opportunity_id", "opportunity_id"),
        Index("ix_slot_offer_interview", "interview_lever_id"),
        # What Lever does not have yet as the candidate wants it.
        Index(
            "ix_slot_offer_behind", "id", sqlite_where=text("lever_behind = 1"), postgresql_where=text("lever_behind")
        ),
    )

    id: Mapped[RowId]
    # Of the link's token, which is stored nowhere.
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    # Names the event in calendars, through every move.
    uid: Mapped[str] = mapped_column(String(36), unique=True)
    # Goes up with every change a calendar should take over.
    sequence: Mapped[int] = mapped_column(default=0)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    opportunity_id: Mapped[int] = mapped_column(ForeignKey("opportunity.id", ondelete="CASCADE"))
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    state: Mapped[OfferState] = mapped_column(enum_type(OfferState, "state"), default=OfferState.OPEN)
    subject: Mapped[str] = mapped_column(Text, default="")
    duration_minutes: Mapped[int]
    location: Mapped[str] = mapped_column(Text, default="")
    note: Mapped[str] = mapped_column(Text, default="")
    # [{"id", "name"}] of Lever users.
    interviewers: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    # The Lever user the interview is made as; None is the best guess.
    perform_as: Mapped[str | None] = mapped_column(LeverId)
    # Where the candidate probably is: the zone times are shown in to a phone that names none.
    time_zone: Mapped[str] = mapped_column(String(64))
    notice_hours: Mapped[int]
    change_hours: Mapped[int]
    # What the candidate chose; None while they have not.
    starts_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # Lever's interview once it is made, and the start Lever last said it has.
    interview_lever_id: Mapped[str | None] = mapped_column(LeverId)
    lever_starts_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # A choice that Lever is still to be told, and why that did not work, for the recruiter.
    lever_behind: Mapped[bool] = mapped_column(default=False)
    lever_error: Mapped[str | None] = mapped_column(Text)

    conversation: Mapped["Conversation"] = relationship()
    opportunity: Mapped["Opportunity"] = relationship()
    created_by: Mapped["User | None"] = relationship()
    slots: Mapped[list["Slot"]] = relationship(order_by="Slot.starts_at", passive_deletes=True)


class Slot(db.Model):  # type: ignore[name-defined]
    """A time that was offered."""

    offer_id: Mapped[int] = mapped_column(ForeignKey("slot_offer.id", ondelete="CASCADE"), primary_key=True)
    starts_at: Mapped[datetime] = mapped_column(UTCDateTime, primary_key=True)


class SlotHold(db.Model):  # type: ignore[name-defined]
    """Five minutes of an interviewer that a candidate has taken.

    Its primary key is what makes a time be won once: two offers of overlapping times share a row.
    """

    __table_args__ = (Index("ix_slot_hold_offer_id", "offer_id"),)

    interviewer_lever_id: Mapped[str] = mapped_column(LeverId, primary_key=True)
    # Minutes since 1970 divided by five.
    cell: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    offer_id: Mapped[int] = mapped_column(ForeignKey("slot_offer.id", ondelete="CASCADE"))


@enum.unique
class ReminderKind(enum.StrEnum):
    DAY_BEFORE = "day_before"
    HOUR_BEFORE = "hour_before"


class Reminder(db.Model):  # type: ignore[name-defined]
    """A reminder of one interview: the text planned for a start of it, or why there is none."""

    __table_args__ = (Index("ix_reminder_message_id", "message_id"),)

    interview_id: Mapped[int] = mapped_column(ForeignKey("interview.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[ReminderKind] = mapped_column(enum_type(ReminderKind, "kind"), primary_key=True)
    # The interview's start this is about, and the candidate's zone it was planned in.
    starts_at: Mapped[datetime] = mapped_column(UTCDateTime)
    time_zone: Mapped[str] = mapped_column(String(64))
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id", ondelete="SET NULL"))
    # Why no text is planned; empty when one is.
    reason: Mapped[str] = mapped_column(Text, default="")

    interview: Mapped["Interview"] = relationship()
    message: Mapped["Message | None"] = relationship()
