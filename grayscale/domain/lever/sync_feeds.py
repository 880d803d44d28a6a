"""The parts of a run that are one call an opportunity: interviews, and making sure of deletions."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, or_, select, update

from grayscale import clock
from grayscale.clients.errors import Forbidden, NotAuthorised, NotFound, Permanent
from grayscale.clients.lever import types
from grayscale.clients.lever.client import LeverClient
from grayscale.database import transaction
from grayscale.domain.lever import erasure, mirror, permissions, refresh, sync_requests
from grayscale.domain.lever.mirror import Change
from grayscale.extensions import db
from grayscale.models import LeverEvent, Opportunity, Via

BATCH = 200
# Opportunities without an interview that are written down together.
MANY = 20
# Of one poll: what is left waits for the next one.
INTERVIEWS_A_POLL = 200
DELETIONS_A_RUN = 1_000
# So many in a row mean that something is wrong with more than a single opportunity.
REFUSALS_IN_A_ROW = 3
NOT_PERMITTED = "The API key may not list interviews."

Job = tuple[Callable[[], Any], Callable[[Any, Exception | None], None]]


def _wants_listing() -> tuple[ColumnElement[bool], ...]:
    """Active opportunities whose interviews were never listed, or not since the opportunity changed."""
    return (
        Opportunity.archived_at.is_(None),
        Opportunity.anonymized.is_(False),
        or_(
            Opportunity.interviews_fetched_at.is_(None),
            Opportunity.interviews_fetched_at < Opportunity.fetched_at,
        ),
    )


@dataclass(slots=True)
class InterviewFeed:
    """Lists the interviews of active opportunities, the newest first. Where it stands is on the opportunities."""

    client: LeverClient
    via: Via
    limit: int | None = None
    done: int = 0
    changed: int = 0
    off: str = ""
    error: str = ""
    gone: list[str] = field(default_factory=list)
    # Hears what changed, for the sake of the webhooks that should have told it.
    tell: Callable[[Iterable[Change]], None] | None = None
    _queue: deque[tuple[str, list[str]]] = field(default_factory=deque)
    in_flight: int = 0
    # On their way, or listed and not yet written down.
    _asking: set[str] = field(default_factory=set)
    _empty: dict[str, datetime] = field(default_factory=dict)
    # Could not be read just now: the next run asks again.
    _parked: set[str] = field(default_factory=set)
    _in_a_row: int = 0
    # Lever answered one: until then they are asked for one at a time, so that a key that may not costs little.
    _is_proven: bool = False

    def __post_init__(self) -> None:
        if self.via is Via.POLL and permissions.may("list_interviews") is False:
            self.off = NOT_PERMITTED

    def waiting(self) -> int:
        """How many are still to be listed."""
        if self.off:
            return 0
        wanted = (*_wants_listing(), Opportunity.lever_id.not_in(self._parked))
        count = db.session.scalar(select(func.count()).select_from(Opportunity).where(*wanted)) or 0
        return count if self.limit is None else min(count, max(self.limit - self.done, 0))

    def next(self) -> Job | None:
        if self.off or self.error or (self.limit is not None and self.done + self.in_flight >= self.limit):
            return None
        if self.in_flight and not self._is_proven:
            return None
        if not self._queue:
            self._refill()
        if not self._queue:
            return None
        lever_id, known = self._queue.popleft()
        self._asking.add(lever_id)
        self.in_flight += 1
        fetched_at = clock.now()
        return (
            lambda: refresh.list_known(self.client, lever_id, known, fetched_at),
            lambda listing, error: self._take(lever_id, bool(known), listing, error),
        )

    def _refill(self) -> None:
        query = (
            select(Opportunity.lever_id)
            .where(*_wants_listing(), Opportunity.lever_id.not_in(self._parked))
            .order_by(Opportunity.advanced_at.desc().nulls_last(), Opportunity.id)
            .limit(BATCH + len(self._asking))
        )
        # What is on its way is found once more.
        ids = [lever_id for lever_id in db.session.scalars(query) if lever_id not in self._asking]
        known = refresh.known_interviews(ids)
        self._queue.extend((lever_id, known.get(lever_id, [])) for lever_id in ids)

    def _take(
        self, lever_id: str, has_known: bool, listing: refresh.Listing | None, error: Exception | None
    ) -> None:
        self.in_flight -= 1
        if error is not None and not self._goes_on(lever_id, error):
            return
        if error is None:
            self._in_a_row = 0
            if not self._is_proven:
                self._is_proven = True
                permissions.learn("list_interviews", granted=True)
        self.done += 1
        if lever_id in self._parked:
            return
        if listing is None or not (listing.interviews or has_known):
            # Most have none: that is written down for many at once.
            self._empty[lever_id] = clock.now() if listing is None else listing.fetched_at
            if len(self._empty) >= MANY:
                self.save()
            return
        with transaction():
            found = mirror.apply_interviews(
                lever_id, listing.interviews, listing.fetched_at, self.via, gone=listing.gone
            )
            if self.tell is not None:
                self.tell(found)
        self.changed += len(found)
        self._asking.discard(lever_id)

    def _goes_on(self, lever_id: str, error: Exception) -> bool:
        """Whether an error is this opportunity's alone, which then stands among the oddities; else the feed ends."""
        if isinstance(error, NotFound):
            self.gone.append(lever_id)
            return True
        self._in_a_row += 1
        if isinstance(error, Forbidden):
            # One opportunity may be closed to the key; the endpoint is when all of the first ones are refused.
            if self.done == self._in_a_row - 1 and self._in_a_row >= REFUSALS_IN_A_ROW:
                permissions.learn("list_interviews", granted=False)
                self.off = NOT_PERMITTED
                self._queue.clear()
                return False
            return True
        if isinstance(error, NotAuthorised) or self._in_a_row >= REFUSALS_IN_A_ROW:
            self.error = str(error)
            return False
        if not isinstance(error, Permanent):
            self._parked.add(lever_id)
        with transaction() as session:
            mirror.note_oddities(session, "interviews", {lever_id: [f"Its interviews could not be read. {error}"]})
        return True

    def save(self) -> None:
        """Write down which opportunities were listed and have no interview."""
        if not self._empty:
            return
        table = Opportunity.__table__
        rows = [{"listed": lever_id, "at": at} for lever_id, at in sorted(self._empty.items())]
        with transaction() as session:
            session.execute(
                update(table)
                .where(table.c.lever_id == bindparam("listed"))
                .values(interviews_fetched_at=bindparam("at", type_=table.c.interviews_fetched_at.type)),
                rows,
            )
        self._asking -= self._empty.keys()
        self._empty.clear()


@dataclass(slots=True)
class ConfirmFeed:
    """Asks Lever for opportunities that seem to be gone, one by one: only a 404 is a deletion."""

    client: LeverClient
    via: Via
    # Hears what is gone or changed, for the sake of the webhooks that should have told it.
    tell: Callable[[Iterable[Change]], None]
    queue: deque[str] = field(default_factory=deque)
    done: int = 0
    erased: int = 0
    in_flight: int = 0
    error: str = ""
    _asked: dict[str, datetime | None] = field(default_factory=dict)
    _in_a_row: int = 0

    def suspect(self, lever_ids: Iterable[str], deleted_at: Mapping[str, datetime | None] | None = None) -> None:
        """Have these asked for; *deleted_at* is when Lever says they went, of those it told."""
        for lever_id in lever_ids:
            if lever_id not in self._asked and len(self._asked) < DELETIONS_A_RUN:
                self._asked[lever_id] = (deleted_at or {}).get(lever_id)
                self.queue.append(lever_id)

    @property
    def known(self) -> int:
        return len(self._asked)

    def next(self, started_at: datetime) -> Job | None:
        while self.queue and not self.error:
            lever_id = self.queue.popleft()
            if not self._is_doubtful(lever_id, started_at):
                self.done += 1
                continue
            return self._ask(lever_id)
        return None

    def _ask(self, lever_id: str) -> Job:
        self.in_flight += 1
        fetched_at = clock.now()
        return (
            lambda: refresh.fetch(self.client, lever_id),
            lambda one, error: self._take(lever_id, fetched_at, one, error),
        )

    def _is_doubtful(self, lever_id: str, started_at: datetime) -> bool:
        """Still here, and not brought by this run after all (it had moved from one window to another)."""
        fetched_at = db.session.scalar(select(Opportunity.fetched_at).where(Opportunity.lever_id == lever_id))
        return fetched_at is not None and fetched_at < started_at

    def _take(
        self, lever_id: str, fetched_at: datetime, one: types.Opportunity | None, error: Exception | None
    ) -> None:
        self.in_flight -= 1
        if isinstance(error, NotFound):
            self._erase(lever_id)
        elif isinstance(error, Forbidden):
            pass  # confidential, and not for this key any more: it is there
        elif error is not None:
            # Nothing is erased on a doubt; the next full run asks again.
            self._in_a_row += 1
            if isinstance(error, NotAuthorised) or self._in_a_row >= REFUSALS_IN_A_ROW:
                self.error = str(error)
                return
        elif one is not None:
            self._in_a_row = 0
            with transaction():
                self.tell(mirror.apply_opportunities([one], fetched_at, self.via).changes)
        self.done += 1

    def _erase(self, lever_id: str) -> None:
        deleted_at = self._asked[lever_id]
        since = deleted_at or _was_there(lever_id)
        with transaction():
            if erasure.erase_opportunity(lever_id, "deleted in Lever"):
                self.erased += 1
                self.tell([Change(None, lever_id, False, (), (LeverEvent.DELETED,), at=deleted_at, since=since)])


def _was_there(lever_id: str) -> datetime | None:
    """When Lever last had this opportunity for certain: every complete comparison asks for what it does not see."""
    fetched_at = db.session.scalar(select(Opportunity.fetched_at).where(Opportunity.lever_id == lever_id))
    compared = sync_requests.last_success()
    known = [moment for moment in (fetched_at, compared.started_at if compared else None) if moment is not None]
    return max(known, default=None)
