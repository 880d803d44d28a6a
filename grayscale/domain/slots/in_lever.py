"""Bringing Lever up to what a candidate chose, and following what happens to their interview in Lever.

A choice is committed before Lever is asked, and stands whatever Lever answers. While Lever still has an earlier wish of
the same candidate under way, the newer one waits (``lever_behind``) and the SLOTS job asks for it afterwards.
"""

import re

from sqlalchemy import select

from grayscale.database import transaction
from grayscale.domain import changes, locks, visibility
from grayscale.domain.errors import Conflict, DomainError
from grayscale.domain.interviews import asking
from grayscale.domain.interviews.terms import Terms
from grayscale.domain.nudges import Job, nudge
from grayscale.domain.slots import holds, telling
from grayscale.extensions import db
from grayscale.models import (
    OPEN_CHANGES,
    ChangeKind,
    ChangeState,
    Interview,
    InterviewChange,
    OfferState,
    Role,
    SlotOffer,
    User,
)

BATCH = 20
_REFERENCE = re.compile(r"times-(\d+)-\d+")


def bring_up(offer: SlotOffer) -> None:
    """Ask for what Lever does not have yet, or leave it to the job; inside a transaction that holds the offer."""
    latest = _latest(offer)
    if latest is not None and latest.state in OPEN_CHANGES:
        return
    interview = _interview(offer)
    if offer.interview_lever_id is not None and interview is None:
        return
    try:
        _ask(offer, interview, latest)
    except Conflict:
        return
    except DomainError as error:
        offer.lever_behind, offer.lever_error = False, str(error)
        telling.not_in_lever(offer, str(error))
        return
    offer.lever_behind = False


def try_again(offer: SlotOffer) -> None:
    """Once more, after what kept it from Lever is mended; inside a transaction that holds the offer."""
    offer.lever_behind, offer.lever_error = True, None
    bring_up(offer)


def may_try_again(offer: SlotOffer) -> bool:
    """Whether it never came to asking Lever; what was asked and refused is decided where interviews are."""
    return offer.lever_error is not None and _latest(offer) is None


def catch_up() -> int:
    """Ask for what had to wait, cancel texts that are out of place; how many."""
    done = telling.withdraw_out_of_place()
    for offer_id in db.session.scalars(select(SlotOffer.id).where(SlotOffer.lever_behind).limit(BATCH)).all():
        with transaction():
            offer = hold(offer_id)
            if offer is not None and offer.lever_behind:
                bring_up(offer)
                done += not offer.lever_behind
    return done


def hold(offer_id: int) -> SlotOffer | None:
    """The offer as it is stored now, held with its conversation until the transaction ends."""
    conversation_id = db.session.scalar(select(SlotOffer.conversation_id).where(SlotOffer.id == offer_id))
    if conversation_id is None:
        return None
    locks.hold_conversations([conversation_id])
    return db.session.scalar(
        select(SlotOffer)
        .where(SlotOffer.id == offer_id)
        .with_for_update(of=SlotOffer, key_share=True)
        .execution_options(populate_existing=True)
    )


def settled(change_id: int) -> None:
    """An interview asked for here is made, changed or cancelled in Lever, or is not."""
    change = db.session.get_one(InterviewChange, change_id)
    found = _REFERENCE.fullmatch(change.reference)
    offer = hold(int(found.group(1))) if found is not None else None
    if offer is None:
        return
    if change.state is ChangeState.DONE:
        offer.lever_error = None
        if change.kind is ChangeKind.CREATE:
            offer.interview_lever_id = change.interview_lever_id
            offer.lever_starts_at = Terms.load(change.wanted).starts_at
            # What the candidate wanted meanwhile.
            offer.lever_behind = offer.state is OfferState.CANCELED or offer.lever_starts_at != offer.starts_at
    else:
        offer.lever_error = change.error or "Lever did not take it."
        telling.not_in_lever(offer, offer.lever_error)
    if offer.lever_behind:
        nudge(Job.SLOTS)
    db.session.flush()
    changes.touch([offer.conversation_id])


def follow(opportunity_id: int) -> None:
    """Take over what was done in Lever to interviews candidates chose a time for, inside the mirror's transaction."""
    rows = db.session.execute(
        select(SlotOffer.id, Interview.starts_at, Interview.canceled_at, Interview.duration_minutes)
        .join(Interview, Interview.lever_id == SlotOffer.interview_lever_id)
        .where(SlotOffer.opportunity_id == opportunity_id, SlotOffer.state == OfferState.BOOKED)
    ).all()
    for offer_id, starts_at, canceled_at, minutes in rows:
        offer = hold(offer_id)
        if offer is None or offer.state is not OfferState.BOOKED:
            continue
        if canceled_at is not None:
            offer.state = OfferState.CANCELED
            offer.sequence += 1
            holds.release(offer)
        elif starts_at is not None and starts_at != offer.lever_starts_at:
            _moved(offer, starts_at, minutes)
    if rows:
        db.session.flush()


def _moved(offer: SlotOffer, starts_at: object, minutes: int) -> None:
    offer.lever_starts_at = starts_at  # type: ignore[assignment]
    latest = _latest(offer)
    under_way = offer.lever_behind or (latest is not None and latest.state in OPEN_CHANGES)
    if offer.starts_at == starts_at or under_way:
        return
    offer.starts_at = starts_at  # type: ignore[assignment]
    offer.duration_minutes = minutes or offer.duration_minutes
    offer.sequence += 1
    # From here on the interview itself says when its interviewers are busy.
    holds.release(offer)


def _ask(offer: SlotOffer, interview: Interview | None, latest: InterviewChange | None) -> None:
    by, reference = _in_whose_name(offer), f"times-{offer.id}-{offer.sequence:03d}"
    stands = interview is not None and interview.canceled_at is None
    if offer.state is OfferState.CANCELED:
        if interview is not None and stands:
            asking.cancel(interview.id, by=by, reference=reference, by_candidate=True)
    elif offer.state is OfferState.BOOKED and offer.starts_at is not None:
        # Asked for once: what Lever refused, or nobody could prove, is for a person to decide.
        if interview is None and latest is None:
            # Whom one person may act as, another may not.
            acts_as = offer.perform_as if by.id == offer.created_by_id else None
            asking.schedule(
                offer.opportunity_id, _terms(offer), by=by, reference=reference, perform_as=acts_as,
                by_candidate=True, anyway=True,
            )
        elif interview is not None and stands and interview.starts_at != offer.starts_at:
            terms = Terms.of(interview)
            asking.move(
                interview.id,
                Terms(offer.starts_at, terms.duration_minutes, terms.interviewers, terms.subject, terms.location,
                      terms.note, terms.time_zone),
                by=by, reference=reference, by_candidate=True, anyway=True,
            )  # fmt: skip


def _terms(offer: SlotOffer) -> Terms:
    if offer.starts_at is None:
        raise RuntimeError("no time was chosen")
    return Terms(
        offer.starts_at, offer.duration_minutes, tuple(holds.people(offer)), offer.subject, offer.location, offer.note,
        offer.time_zone,
    )


def _interview(offer: SlotOffer) -> Interview | None:
    if offer.interview_lever_id is None:
        return None
    return db.session.scalar(select(Interview).where(Interview.lever_id == offer.interview_lever_id))


def _latest(offer: SlotOffer) -> InterviewChange | None:
    return db.session.scalar(
        select(InterviewChange)
        .where(
            InterviewChange.opportunity_id == offer.opportunity_id,
            InterviewChange.reference.startswith(f"times-{offer.id}-", autoescape=True),
        )
        .order_by(InterviewChange.id.desc())
        .limit(1)
    )


def _in_whose_name(offer: SlotOffer) -> User:
    """Who offered the times; where they left or may not see it any more, who looks after the conversation, else a super
    admin."""
    for user in (offer.created_by, offer.conversation.assignee):
        if user is not None and user.active and visibility.may_see(offer.opportunity_id, user):
            return user
    admin = db.session.scalar(
        select(User).where(User.role == Role.SUPER_ADMIN, User.active.is_(True)).order_by(User.id).limit(1)
    )
    if admin is None:
        raise DomainError("Nobody is left here in whose name the interview could be made.")
    return admin
