"""One attempt at a change: who holds it, that it is about to be called, and what came of it.

A claim counts ``attempts`` up, and that number is the holder's ticket: whoever lost the change to a later claim writes
nothing any more, except that it is done.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain import locks
from grayscale.domain.interviews import asking, news
from grayscale.domain.interviews.terms import Terms
from grayscale.domain.transcripts.attempt import LEASE, SETTLE, wait_of
from grayscale.extensions import db
from grayscale.models import ChangeKind, ChangeState, Conversation, InterviewChange, Opportunity

#: Time between the two looks that together prove an interview absent; longer than a call may take.
PROOF = timedelta(seconds=120)
LOOKED_IN_VAIN = "Lever's answer was lost. The opportunity's interviews do not show it yet; they are read once more."
MAY_NOT_LOOK = (
    "Lever's answer was lost, and this API key may not list interviews, so whether it happened cannot be looked up."
)


@dataclass(frozen=True, slots=True)
class Hold:
    """A claimed change and the ticket of the claim."""

    change_id: int
    ticket: int


@dataclass(frozen=True, slots=True)
class Wish:
    """What is held, read once: nothing of it changes while it is held. *called_at* tells that it is in doubt."""

    kind: ChangeKind
    opportunity: str
    opportunity_id: int
    confidential: bool
    interview: str | None
    reference: str
    wanted: dict[str, Any]
    seen: dict[str, Any]
    perform_as: str
    called_at: datetime | None

    @property
    def terms(self) -> Terms:
        """The whole of what it is to be."""
        return Terms.load({**self.seen, **self.wanted})


def take(*conditions: Any) -> InterviewChange | None:
    """The one change these conditions name, held together with the candidate's conversations."""
    found = db.session.execute(
        select(InterviewChange.id, Opportunity.candidate_id)
        .join(Opportunity, Opportunity.id == InterviewChange.opportunity_id)
        .where(*conditions)
    ).first()
    if found is None:
        return None
    locks.hold_conversations(
        db.session.scalars(select(Conversation.id).where(Conversation.candidate_id == found.candidate_id))
    )
    return db.session.scalar(
        select(InterviewChange)
        .where(InterviewChange.id == found.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )


def held(hold: Hold) -> InterviewChange | None:
    """The change, if it still exists and this hold is the latest claim of it."""
    change = take(InterviewChange.id == hold.change_id)
    if change is None or change.attempts != hold.ticket or change.lease_until is None:
        return None
    return change


def read(hold: Hold) -> Wish | None:
    """What is held; None when it was lost or erased."""
    with transaction():
        change = held(hold)
        if change is None:
            return None
        return Wish(
            kind=change.kind, opportunity=change.opportunity.lever_id, opportunity_id=change.opportunity_id,
            confidential=change.opportunity.confidential, interview=change.interview_lever_id,
            reference=change.reference, wanted=change.wanted, seen=change.seen, perform_as=change.perform_as,
            called_at=change.called_at,
        )


def begin(hold: Hold) -> bool:
    """Commit that Lever is about to be called; from here on the outcome is unknown until proven.

    Called before every writing call, for each may take as long as the lease allows. False when the change was lost.
    """
    with transaction():
        change = held(hold)
        if change is None:
            return False
        now = clock.now()
        change.state = ChangeState.SENDING
        change.called_at = now
        change.absent_since = None
        change.lease_until = now + LEASE
        asking.touch(change)
        return True


def done(hold: Hold, interview: str | None, panel: str | None) -> None:
    """It is in Lever. Written even by a holder who lost the change, for it is a fact."""
    with transaction():
        change = take(InterviewChange.id == hold.change_id)
        if change is None or change.state is ChangeState.DONE:
            return
        change.interview_lever_id = interview or change.interview_lever_id
        change.panel_lever_id = panel or change.panel_lever_id
        settle(change, ChangeState.DONE, None)


def put_off(hold: Hold, reason: str, *, after: float | None = None, in_doubt: bool = False) -> None:
    """Try again in *after* seconds, or when the waits say so. Nothing happened in Lever unless it is *in_doubt*."""
    with transaction():
        change = held(hold)
        if change is None:
            return
        if not in_doubt:
            change.called_at = None
            change.absent_since = None
        state = ChangeState.CHECKING if change.called_at else ChangeState.PENDING
        wait = max(timedelta(seconds=after or 0), wait_of(change.attempts))
        release(change, state, clock.now() + wait, reason)


def unknown(hold: Hold, reason: str) -> None:
    """The call ended without an answer: look before doing anything again."""
    with transaction():
        change = held(hold)
        if change is not None:
            release(change, ChangeState.CHECKING, clock.now() + SETTLE, reason)


def absent(hold: Hold) -> None:
    """Lever does not show what is in doubt. Missing twice, far enough apart, it never happened and is due again."""
    with transaction():
        change = held(hold)
        if change is None:
            return
        now = clock.now()
        if change.absent_since is None:
            change.absent_since = now
        if now - change.absent_since < PROOF:
            release(change, ChangeState.CHECKING, change.absent_since + PROOF, LOOKED_IN_VAIN)
            return
        change.called_at = None
        change.absent_since = None
        release(change, ChangeState.PENDING, now, None)


def refused(hold: Hold, reason: str) -> None:
    """Lever said no, or somebody was quicker there: parked until a person tries it."""
    with transaction():
        change = held(hold)
        if change is not None:
            change.called_at = None
            settle(change, ChangeState.FAILED, reason)


def unsure(hold: Hold) -> None:
    """It cannot be looked up: a person decides."""
    with transaction():
        change = held(hold)
        if change is not None:
            settle(change, ChangeState.UNSURE, MAY_NOT_LOOK)


def settle(change: InterviewChange, state: ChangeState, reason: str | None) -> None:
    """End the work on a change, inside the caller's transaction."""
    if state is ChangeState.DONE:
        change.done_at = clock.now()
    release(change, state, clock.now(), reason)
    db.session.flush()
    news.settled(change.id)


def release(change: InterviewChange, state: ChangeState, next_attempt_at: datetime, reason: str | None) -> None:
    """Give a change back in *state*, inside the caller's transaction."""
    change.state = state
    change.next_attempt_at = next_attempt_at
    change.lease_until = None
    change.error = reason
    asking.touch(change)
