"""What the deliveries about one opportunity lead to: fetch the truth from Lever, apply it, say what changed.

Nothing of a delivery is believed but whom it names. However many there are, in whatever order they came, one look at
Lever settles them all.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from grayscale.clients.errors import ClientError, Forbidden, NotAuthorised, NotFound, Retryable
from grayscale.clients.lever.webhook import Malformed, parse_delivery
from grayscale.database import end_read
from grayscale.domain.lever import connection, erasure, permissions, refresh
from grayscale.extensions import db
from grayscale.logging import get_logger
from grayscale.models import (
    Delivery,
    DeliveryState,
    Interview,
    LeverEvent,
    LeverUser,
    Opportunity,
    Posting,
    Source,
    Via,
)

log = get_logger(__name__)

INTERVIEW_EVENTS = frozenset(
    {LeverEvent.INTERVIEW_CREATED.value, LeverEvent.INTERVIEW_UPDATED.value, LeverEvent.INTERVIEW_DELETED.value}
)
# Lever may tell of something before it can be read, and of an end before it shows.
READ_AGAIN = (timedelta(seconds=5), timedelta(seconds=30), timedelta(seconds=120))
UP_TO_DATE = "Nothing new: already up to date"
DETAILS = "Details brought up to date: no change of stage, posting or archiving"
CUT_OFF = "Up to date: an attempt that was cut off may have brought what changed"


@dataclass(frozen=True, slots=True)
class Work:
    """A claimed delivery: *attempts* counts this one too; *is_resumed* when the one before came to no end."""

    id: int
    event: str
    payload: str | None = field(repr=False)
    attempts: int
    is_resumed: bool = False

    @property
    def interview_id(self) -> str | None:
        try:
            return parse_delivery((self.payload or "").encode(errors="replace")).interview_id
        except Malformed:
            return None


@dataclass(frozen=True, slots=True)
class Done:
    """Handled; *effect* in words."""

    effect: str


@dataclass(frozen=True, slots=True)
class Again:
    """May pass by itself. *after* None leaves the wait to the back-off; *outage* means that Lever did not serve."""

    reason: str
    after: timedelta | None = None
    outage: bool = False


@dataclass(frozen=True, slots=True)
class Parked:
    """Will not pass by itself."""

    reason: str


class Stop(Exception):
    """Nothing can be handled now, through no fault of a delivery: there is no key that Lever accepts."""


Result = Done | Again | Parked
Settled = list[tuple[Work, Result]]


def handle(lever_id: str, work: Sequence[Work]) -> Settled:
    """Settle everything that waits about one opportunity. Raises ``Stop``, and what the database raises."""
    interviews = [one for one in work if one.event in INTERVIEW_EVENTS]
    others = [one for one in work if one.event not in INTERVIEW_EVENTS]
    settled: Settled = []
    if others or not _is_known(lever_id):
        found = _guarded(lambda: _fetch(lever_id))
        if not isinstance(found, refresh.Refreshed):
            return [(one, found) for one in work]
        if not found.found:
            return _without_opportunity(lever_id, work)
        words = _words(lever_id, found)
        settled = [(one, _of_opportunity(one, words)) for one in others]
    if interviews:
        settled += _of_interviews(lever_id, interviews)
    return settled


def _guarded(ask: Callable[[], refresh.Refreshed]) -> refresh.Refreshed | Again | Parked:
    """What asking came to; trouble as a result, so that it stays with the deliveries it belongs to."""
    try:
        return ask()
    except connection.NotConnected as error:
        raise Stop from error
    except NotAuthorised as error:
        connection.note_refused(error)
        raise Stop from error
    except Retryable as error:
        after = timedelta(seconds=error.retry_after) if error.retry_after else None
        return Again(error.message, after, outage=True)
    except Forbidden as error:
        return Parked(error.message)
    except ClientError as error:
        return Parked(error.message)
    except (OperationalError, NoConnection):
        raise
    except Exception as error:
        log.error("a webhook could not be handled", exc_info=error)
        return Again(f"Unexpected: {type(error).__name__}. It was logged.")


def _fetch(lever_id: str) -> refresh.Refreshed:
    return refresh.opportunity(lever_id, Via.WEBHOOK)


def _is_known(lever_id: str) -> bool:
    known = db.session.scalar(select(Opportunity.id).where(Opportunity.lever_id == lever_id)) is not None
    end_read()
    return known


def _words(lever_id: str, found: refresh.Refreshed) -> str:
    """What changed; of an opportunity that is new here, for what and whose."""
    if not any(change.is_new for change in found.changes):
        return found.words or (DETAILS if found.is_news else UP_TO_DATE)
    row = db.session.execute(
        select(Posting.title, LeverUser.name)
        .select_from(Opportunity)
        .outerjoin(Posting, Posting.lever_id == Opportunity.posting_lever_id)
        .outerjoin(LeverUser, LeverUser.lever_id == Opportunity.owner_lever_id)
        .where(Opportunity.lever_id == lever_id)
    ).first()
    end_read()
    posting, owner = row or (None, None)
    return f"{found.words}: {posting or 'no posting'}, {f'owner {owner}' if owner else 'no owner'}"


def _of_opportunity(one: Work, words: str) -> Result:
    if one.event != LeverEvent.DELETED:
        return Done(CUT_OFF if words == UP_TO_DATE and one.is_resumed else words)
    return _once_more(one, "Lever still has it.", "Nothing erased: Lever still has it")


def _without_opportunity(lever_id: str, work: Sequence[Work]) -> Settled:
    """Lever answers 404. Only a delivery that says so makes that a deletion; other absences the poll looks into."""
    if any(one.event == LeverEvent.DELETED for one in work):
        erased = erasure.erase_opportunity(lever_id, "deleted in Lever")
        effect = "Erased: deleted in Lever" if erased else "Deleted in Lever; nothing of it was stored here"
        return [(one, Done(effect)) for one in work]
    if _is_deleted(lever_id):
        return [(one, Done("Gone: deleted in Lever")) for one in work]
    missing = "Lever has no such opportunity (404)."
    return [(one, _once_more(one, missing, "Gone: Lever does not have it")) for one in work]


def _is_deleted(lever_id: str) -> bool:
    """Whether a deletion of it was confirmed before: what came late needs no second and third look."""
    found = db.session.scalar(
        select(Delivery.id)
        .where(
            Delivery.source == Source.LEVER,
            Delivery.opportunity_lever_id == lever_id,
            Delivery.event == LeverEvent.DELETED.value,
            Delivery.state == DeliveryState.DONE,
        )
        .limit(1)
    )
    end_read()
    return found is not None and not _is_known(lever_id)


def _of_interviews(lever_id: str, work: Sequence[Work]) -> Settled:
    def ask() -> refresh.Refreshed:
        try:
            return refresh.Refreshed(True, tuple(refresh.interviews(lever_id, Via.WEBHOOK)))
        except NotFound:
            return refresh.Refreshed(False)
        except Forbidden:
            permissions.learn("list_interviews", granted=False)
            raise

    found = _guarded(ask)
    if not isinstance(found, refresh.Refreshed):
        return [(one, found) for one in work]
    standing = _standing([one.interview_id for one in work])
    settled: Settled = []
    for one in work:
        shown = standing.get(one.interview_id or "")
        if not found.found or (shown is None and one.interview_id and one.event != LeverEvent.INTERVIEW_DELETED):
            result: Result = _once_more(one, "Lever does not show this interview yet.", "Gone: Lever does not have it")
        elif shown and one.event == LeverEvent.INTERVIEW_DELETED:
            result = _once_more(one, "Lever still shows this interview.", "Nothing cancelled: Lever still shows it")
        else:
            result = Done(found.words or (CUT_OFF if one.is_resumed else UP_TO_DATE))
        settled.append((one, result))
    return settled


def _standing(interview_ids: Sequence[str | None]) -> dict[str, bool]:
    """Interviews the mirror has, and whether they are to take place."""
    wanted = [interview_id for interview_id in interview_ids if interview_id]
    rows = db.session.execute(select(Interview.lever_id, Interview.canceled_at).where(Interview.lever_id.in_(wanted)))
    found = {lever_id: canceled_at is None for lever_id, canceled_at in rows}
    end_read()
    return found


def _once_more(one: Work, reason: str, at_last: str) -> Result:
    """Look again a few times, then take Lever's word for it."""
    if one.attempts <= len(READ_AGAIN):
        return Again(reason, READ_AGAIN[one.attempts - 1])
    return Done(at_last)
