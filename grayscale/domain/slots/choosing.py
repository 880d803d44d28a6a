"""What a candidate does with a link: looks at the times, takes one, moves to another, gives it up.

The token in the link is all the proof there is; only its hash is kept. Every act checks under a lock what it relies on,
so a link used twice at once, or by two people, is used once.
"""

import enum
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain import audit
from grayscale.domain.errors import Conflict, NotFound
from grayscale.domain.slots import holds, in_lever, telling
from grayscale.domain.slots.offers import hash_of
from grayscale.extensions import db
from grayscale.models import OfferState, SlotOffer

# The page of an interview that is over stays so long.
KEPT = timedelta(days=1)
GONE = "This link is not known, or it is too old."


@enum.unique
class Stage(enum.StrEnum):
    """What the page of a link shows."""

    OPEN = "open"
    # Nothing is left to choose from.
    NONE_LEFT = "none_left"
    BOOKED = "booked"
    CANCELED = "canceled"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class Taken(Conflict):
    """Somebody else has that time; nothing was changed."""


class TooLate(Conflict):
    """The link, or the time to change one's mind, is over; nothing was changed."""


def find(token: str) -> SlotOffer:
    """The offer behind a link. Raises ``NotFound`` for an unknown one, and a day after its interview."""
    found = db.session.scalar(select(SlotOffer).where(SlotOffer.token_hash == hash_of(token)))
    if found is None or (found.starts_at is not None and found.starts_at + KEPT < clock.now()):
        raise NotFound(GONE)
    return found


def stage(offer: SlotOffer, times: list[datetime]) -> Stage:
    """How it stands, with *times* what is left to choose."""
    if offer.state is OfferState.BOOKED:
        return Stage.BOOKED
    if offer.state is OfferState.CANCELED:
        return Stage.CANCELED
    if offer.state is OfferState.WITHDRAWN or offer.opportunity.is_archived or not telling.may_say(offer):
        return Stage.WITHDRAWN
    if offer.expires_at <= clock.now():
        return Stage.EXPIRED
    return Stage.OPEN if times else Stage.NONE_LEFT


def left(offer: SlotOffer) -> list[datetime]:
    """The times that can still be chosen, in order; the one chosen is none of them."""
    if offer.state not in (OfferState.OPEN, OfferState.BOOKED):
        return []
    earliest = clock.now() + timedelta(hours=offer.notice_hours)
    ahead = [slot.starts_at for slot in offer.slots if slot.starts_at > earliest and slot.starts_at != offer.starts_at]
    return holds.free(offer, ahead)


def change_until(offer: SlotOffer) -> datetime | None:
    """Until when the candidate may move or cancel what they chose; None when nothing is chosen."""
    return offer.starts_at - timedelta(hours=offer.change_hours) if offer.starts_at is not None else None


def may_change(offer: SlotOffer) -> bool:
    until = change_until(offer)
    return offer.state is OfferState.BOOKED and until is not None and clock.now() < until


def choose(token: str, starts_at: datetime, zone: str | None = None) -> SlotOffer:
    """Take a time, or move to it; the same time again is done already. *zone* is the phone's.

    Raises ``NotFound``, ``Taken`` when somebody was quicker, ``TooLate``.
    """
    with transaction():
        offer = _held(token)
        before = offer.starts_at if offer.state is OfferState.BOOKED else None
        if before == starts_at:
            return offer
        _check_open(offer, before)
        if starts_at not in left(offer) or not holds.take(offer, starts_at):
            raise Taken("Somebody was quicker with that time, or it is too near now.")
        if zone is not None:
            offer.time_zone = ZoneInfo(zone).key
        offer.state, offer.starts_at, offer.lever_behind = OfferState.BOOKED, starts_at, True
        offer.sequence += 1
        db.session.flush()
        in_lever.bring_up(offer)
        telling.chosen(offer, before)
        audit.record("slots.chosen", by=None, subject=str(offer.id), detail={"moved": before is not None})
        return offer


def give_up(token: str) -> SlotOffer:
    """Cancel what was chosen; a second time is done already. Raises ``NotFound``, ``TooLate``."""
    with transaction():
        offer = _held(token)
        if offer.state is OfferState.CANCELED:
            return offer
        if not may_change(offer):
            raise TooLate("It is too late to cancel here. Text us instead.")
        holds.release(offer)
        offer.state, offer.lever_behind = OfferState.CANCELED, True
        offer.sequence += 1
        db.session.flush()
        in_lever.bring_up(offer)
        telling.given_up(offer)
        audit.record("slots.given_up", by=None, subject=str(offer.id))
        return offer


def _held(token: str) -> SlotOffer:
    offer = in_lever.hold(find(token).id)
    if offer is None:
        raise NotFound(GONE)
    return offer


def _check_open(offer: SlotOffer, before: datetime | None) -> None:
    if before is not None:
        if not may_change(offer):
            raise TooLate("It is too late to move it here. Text us instead.")
        return
    now = stage(offer, [offer.expires_at])
    if now is not Stage.OPEN:
        raise TooLate("This link cannot be used any more.")
