"""Working off the webhooks Lever sent: claim, handle by opportunity, write down what came of it.

A lease keeps two processes from doing the same delivery, and runs out when one of them is killed. Handling may be
repeated any number of times, so a lost lease costs a look at Lever and nothing else.
"""

import random
import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flask import Flask, current_app
from sqlalchemy import false, or_, select, update

from grayscale import clock, metrics
from grayscale.database import end_read, transaction
from grayscale.domain import effects, leases, stopping
from grayscale.domain.lever import connection
from grayscale.domain.lever.handling import INTERVIEW_EVENTS, Again, Done, Parked, Result, Settled, Stop, Work, handle
from grayscale.domain.lever.receiving import HANDLED
from grayscale.extensions import db
from grayscale.logging import get_logger
from grayscale.models import WAITING, Delivery, DeliveryState, LeverEvent, Source

log = get_logger(__name__)

# A round is short, and so is its lease: a killed process delays its deliveries by that much, while one that merely
# takes longer costs no more than a second look at Lever by somebody else.
OPPORTUNITIES_A_ROUND = 20
DELIVERIES_A_ROUND = 1000
ROUND_SECONDS = 5.0
LEASE = timedelta(seconds=15)
# Waiting for Lever's answers takes longer than its rate limit does.
THREADS = 4
# An answer that takes longer than this is waited for beside the rounds that follow.
STRAGGLER_SECONDS = 1.0

FIRST_WAIT = 5.0
LONGEST_WAIT = 3600.0
MOST_ATTEMPTS = 12
# While Lever itself does not serve, nothing is given up within a day.
OUTAGE = timedelta(hours=24)
# After this many in a row that Lever did not serve, the others are spared the attempt.
OUTAGES_IN_A_ROW = 3
PAUSE = timedelta(seconds=15)

# Any look at an opportunity answers these; a deletion and an interview want a look of their own.
_ANSWERED = sorted(HANDLED.keys() - INTERVIEW_EVENTS - {LeverEvent.DELETED.value})

Group = tuple[str, Sequence[Work]]

# The opportunities this process asks Lever about: one whose answer outlasts its lease is not asked about twice.
_in_hand: set[str] = set()


def handle_waiting() -> int:
    """Handle a bounded piece of what is due; how many deliveries moved on. 0 while Lever is not connected."""
    if not connection.is_connected():
        end_read()
        return 0
    groups = _claim()
    if not groups:
        return 0
    round_ = _Round(deque(groups))
    try:
        _work_off(round_, threads=min(THREADS, len(groups)))
    finally:
        _release([one.id for _, work in round_.end() for one in work], pause=round_.paused)
    # Paused, the rest is better left to the next tick.
    return 0 if round_.paused else round_.moved


def _work_off(round_: "_Round", *, threads: int) -> None:
    """Back when all is done, or would be but for what Lever does not answer: that goes on by itself."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    pool = ThreadPoolExecutor(threads, thread_name_prefix="lever-events")
    doing = {pool.submit(_in_context, app, round_) for _ in range(threads)}
    pool.shutdown(wait=False)
    while doing:
        done, doing = wait(doing, timeout=STRAGGLER_SECONDS)
        for one in done:
            one.result()
        if not done and not round_.goes_on():
            break
    # None answered in all that time: the others are spared the attempt here, too.
    round_.paused = round_.paused or (not round_.moved and len(doing) >= OUTAGES_IN_A_ROW)
    for one in doing:
        one.add_done_callback(_tell_of_error)


def _tell_of_error(straggler: Future[None]) -> None:
    if error := straggler.exception():
        log.error("what was waited for beside the rounds failed; its lease ends by itself", exc_info=error)


def _in_context(app: Flask, round_: "_Round") -> None:
    with app.app_context():
        round_.work_off()


@dataclass
class _Round:
    """What one round has claimed and not begun yet; its threads take from it until it is empty or must end."""

    groups: deque[Group]
    moved: int = 0
    paused: bool = False
    _outages: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _ends_at: float = field(default_factory=lambda: time.monotonic() + ROUND_SECONDS)

    def work_off(self) -> None:
        while (group := self._take()) is not None:
            lever_id, work = group
            started_at = clock.now()
            try:
                settled = handle(lever_id, work) if lever_id else [(one, _names_nobody(one)) for one in work]
                _write(lever_id, settled, started_at)
            except Stop:
                self.paused = True
                _release([one.id for one in work], pause=True)
                return
            finally:
                _in_hand.discard(lever_id)
            with self._lock:
                self.moved += len(settled)
                out = any(isinstance(result, Again) and result.outage for _, result in settled)
                self._outages = self._outages + 1 if out else 0
                self.paused = self.paused or self._outages >= OUTAGES_IN_A_ROW

    def goes_on(self) -> bool:
        """Whether there is more to begin, and time for it."""
        return bool(self.groups) and not self._is_over()

    def end(self) -> list[Group]:
        """Begin nothing more; what was not begun."""
        with self._lock:
            left = list(self.groups)
            self.groups.clear()
            return left

    def _is_over(self) -> bool:
        return self.paused or stopping.is_asked() or time.monotonic() > self._ends_at

    def _take(self) -> Group | None:
        with self._lock:
            if self._is_over() or not self.groups:
                return None
            group = self.groups.popleft()
            _in_hand.add(group[0])
            return group


def _names_nobody(one: Work) -> Result:
    return Done("Names no opportunity; polling finds what changed")


def _claim() -> list[Group]:
    """Everything due about the opportunities that have waited longest, now leased to this process."""
    now = clock.now()
    due = (Delivery.source == Source.LEVER, Delivery.state.in_(WAITING), Delivery.next_attempt_at <= now)
    oldest = db.session.scalars(
        select(Delivery.opportunity_lever_id)
        .where(*due, Delivery.lease_until.is_(None) | (Delivery.lease_until < now))
        .order_by(Delivery.next_attempt_at)
        .limit(DELIVERIES_A_ROUND)
    )
    wanted = [lever_id for lever_id in dict.fromkeys(oldest) if lever_id not in _in_hand][:OPPORTUNITIES_A_ROUND]
    end_read()
    if not wanted:
        return []
    about = or_(
        Delivery.opportunity_lever_id.in_([lever_id for lever_id in wanted if lever_id is not None]),
        Delivery.opportunity_lever_id.is_(None) if None in wanted else false(),
    )
    ids = leases.claim(
        Delivery, *due, about, order_by=Delivery.next_attempt_at, limit=DELIVERIES_A_ROUND, lease=LEASE
    )
    # Payloads are encrypted: they are read only where they tell more than the columns do.
    told = select(Delivery.id, Delivery.payload).where(Delivery.id.in_(ids), Delivery.event.in_(INTERVIEW_EVENTS))
    payloads = {row.id: row.payload for row in db.session.execute(told)}
    groups: dict[str, list[Work]] = {}
    columns = (Delivery.id, Delivery.event, Delivery.attempts, Delivery.opportunity_lever_id, Delivery.error)
    for row in db.session.execute(select(*columns).where(Delivery.id.in_(ids)).order_by(Delivery.id)):
        is_resumed = row.attempts > 1 and row.error is None
        work = Work(row.id, row.event, payloads.get(row.id), row.attempts, is_resumed)
        groups.setdefault(row.opportunity_lever_id or "", []).append(work)
    end_read()
    return list(groups.items())


def _write(lever_id: str, settled: Settled, started_at: datetime) -> None:
    """The outcome of one group, committed at once. Rows that somebody else finished meanwhile stay as they are."""
    now = clock.now()
    latecomers = 0
    with transaction() as session:
        for values, ids in _alike(settled, now):
            session.execute(
                update(Delivery)
                .where(Delivery.id.in_(ids), Delivery.state.in_(WAITING))
                .values(**values, lease_until=None)
                .execution_options(synchronize_session=False)
            )
        if lever_id:
            latecomers = _settle_latecomers(lever_id, settled, started_at, now)
    metrics.deliveries_handled.inc(latecomers)
    for _, result in settled:
        if isinstance(result, Done):
            metrics.deliveries_handled.inc()
        else:
            metrics.deliveries_failed.labels("parked" if isinstance(result, Parked) else "again").inc()


def _alike(settled: Settled, now: datetime) -> list[tuple[dict[str, object], list[int]]]:
    """Column values, and the rows that get them."""
    found: dict[tuple[Result, int], list[int]] = {}
    for one, result in settled:
        found.setdefault((result, 0 if isinstance(result, Done) else one.attempts), []).append(one.id)
    return [(_values(result, attempts, now), ids) for (result, attempts), ids in found.items()]


def _values(result: Result, attempts: int, now: datetime) -> dict[str, object]:
    if isinstance(result, Done):
        return {"state": DeliveryState.DONE, "effect": effects.outcome(result.effect), "error": None, "handled_at": now}
    if isinstance(result, Again) and attempts < MOST_ATTEMPTS + (_extra_attempts() if result.outage else 0):
        due = now + _wait(result, attempts)
        return {"state": DeliveryState.FAILED, "error": result.reason, "next_attempt_at": due}
    return {"state": DeliveryState.DEAD, "error": result.reason, "handled_at": now}


def _wait(result: Again, attempts: int) -> timedelta:
    if result.after is None:
        return _back_off(attempts)
    return max(result.after, _back_off(attempts)) if result.outage else result.after


def _extra_attempts() -> int:
    """How many more attempts an outage of ``OUTAGE`` takes, at the longest wait between them."""
    return int(OUTAGE.total_seconds() / LONGEST_WAIT)


def _back_off(attempts: int) -> timedelta:
    """5 s, 15 s, 45 s … 1 h, each a quarter shorter or longer so that what failed together does not return together."""
    seconds = min(FIRST_WAIT * 3 ** min(attempts - 1, 10), LONGEST_WAIT)
    return timedelta(seconds=seconds * random.uniform(0.75, 1.25))  # noqa: S311 - spreads load, guards nothing


def _settle_latecomers(lever_id: str, settled: Settled, started_at: datetime, now: datetime) -> int:
    """Deliveries that came after the claim but before Lever was asked are answered by what it said; how many."""
    answered = [result for one, result in settled if one.event in _ANSWERED and isinstance(result, Done)]
    if not answered:
        return 0
    written = db.session.execute(
        update(Delivery)
        .where(
            Delivery.source == Source.LEVER,
            Delivery.opportunity_lever_id == lever_id,
            Delivery.event.in_(_ANSWERED),
            Delivery.state == DeliveryState.PENDING,
            Delivery.lease_until.is_(None),
            Delivery.next_attempt_at < started_at,
        )
        .values(**_values(answered[0], 1, now), attempts=1)
        .execution_options(synchronize_session=False)
    )
    return int(written.rowcount)  # type: ignore[attr-defined]


def _release(ids: list[int], *, pause: bool) -> None:
    """Give back what was claimed and not begun: it costs no attempt."""
    if not ids:
        return
    values: dict[str, object] = {"lease_until": None, "attempts": Delivery.attempts - 1}
    if pause:
        values["next_attempt_at"] = clock.now() + PAUSE
    with transaction() as session:
        session.execute(
            update(Delivery)
            .where(Delivery.id.in_(ids), Delivery.state.in_(WAITING))
            .values(**values)
            .execution_options(synchronize_session=False)
        )
