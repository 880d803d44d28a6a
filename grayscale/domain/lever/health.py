"""How each of the eight webhooks is doing, in words a super admin reads, always by evidence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, case, false, func, select, true

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain.company import company_zone
from grayscale.domain.lever import intake
from grayscale.domain.lever.health_words import (
    WEEK,
    HealthState,
    counts_of,
    evidence_of,
    is_at_earlier_url,
    newest_of,
    words_of,
)
from grayscale.domain.lever.verdicts import MISSED, REFUSED, Outcome
from grayscale.extensions import db
from grayscale.models import LeverEvent, LeverIntegration, Source, WebhookTally, WebhookToken

DAY = timedelta(days=1)
# How long the banner says that a webhook is back.
RECOVERY_SHOWN = timedelta(minutes=15)
NAMED_IN_BANNER = 3


@dataclass(frozen=True, slots=True)
class WebhookHealth:
    """One webhook. *words* name the state, *detail* is the evidence behind it, one sentence each.

    Counts are by verdict, as in ``Outcome`` and "missed".
    """

    event: LeverEvent
    label: str
    state: HealthState
    words: str
    detail: tuple[str, ...]
    has_token: bool
    set_at: datetime | None
    set_by_id: int | None
    overlap_until: datetime | None
    # When the last one of all came that was signed rightly.
    newest_at: datetime | None
    # The same if that was at a URL before the current one.
    earlier_url_at: datetime | None
    last_accepted_at: datetime | None
    last_verified_at: datetime | None
    last_rejected_at: datetime | None
    last_rejected_reason: str | None
    # Since the last one accepted, or since the token was saved or removed.
    failing_count: int
    recovered_at: datetime | None
    counts_24h: Mapping[str, int] = field(default_factory=dict)
    counts_7d: Mapping[str, int] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        return self.state.kind

    @property
    def is_bad(self) -> bool:
        """Whether what Lever tells does not reach us, so that changes wait for the next poll: worth a banner."""
        if self.state is HealthState.NO_TOKEN:
            last = self.last_rejected_at if self.failing_count else None
            return last is not None and clock.now() - last < DAY
        return self.state in (HealthState.FAILING, HealthState.SILENT)

    @property
    def is_back(self) -> bool:
        """Whether it was bad until just now and an event, not only a test, came since."""
        if self.state is not HealthState.RECEIVING or self.recovered_at is None or self.last_accepted_at is None:
            return False
        return self.last_accepted_at >= self.recovered_at > clock.now() - RECOVERY_SHOWN

    @property
    def words_24h(self) -> tuple[str, ...]:
        return counts_of(self.counts_24h)

    @property
    def words_7d(self) -> tuple[str, ...]:
        return counts_of(self.counts_7d)


@dataclass(frozen=True, slots=True)
class Banner:
    """What every page of a super admin shows; *kind* is "bad" or "good"."""

    kind: str
    words: str


def of_all(zone: ZoneInfo | None = None) -> list[WebhookHealth]:
    """All eight in the order of the set-up guide; clock times are told in *zone*, by default the company's."""
    now = clock.now()
    zone = zone or company_zone()
    day, week = _counts(now - DAY), _counts(now - WEEK)
    rows = _rows()
    return [_health(rows[event], day.get(event.value, {}), week.get(event.value, {}), zone) for event in LeverEvent]


def banners(zone: ZoneInfo | None = None) -> list[Banner]:
    """What a super admin must know of the webhooks: which are bad, and which came back just now."""
    zone = zone or company_zone()
    rows = _rows()
    found = [_health(rows[event], {}, {}, zone) for event in LeverEvent]
    told = []
    bad = [health for health in found if health.is_bad]
    if len(bad) == 1:
        words = bad[0].words if bad[0].has_token else "Lever sends events, but no token is saved, so they are refused"
        told.append(Banner("bad", f"Webhook {bad[0].label}: {words}{'' if words.endswith('?') else '.'}"))
    elif bad:
        told.append(Banner("bad", f"{len(bad)} webhooks do not get through{_names(bad)}."))
    back = [health for health in found if health.is_back]
    if back:
        told.append(Banner("good", f"Receiving again{_names(back)}."))
    return told


def _names(found: list[WebhookHealth]) -> str:
    """Which they are; a phone has no room for more than a few of the names, and the page that is linked has them."""
    if len(found) == len(LeverEvent):
        return ": all eight"
    names = [health.label for health in found[:NAMED_IN_BANNER]]
    more = len(found) - len(names)
    return f": {', '.join(names)}{f' and {more} more' if more else ''}"


def note_missed(event: LeverEvent, count: int = 1) -> None:
    """Polling found *count* changes that this webhook should have told. An accepted delivery clears them."""
    if count < 1:
        return
    now = clock.now()
    with transaction() as session:
        intake.add_to_tally(session.connection(), event.value, MISSED, now, count)
        row = session.get_one(WebhookToken, event, with_for_update={"key_share": True})
        row.missed_count += count
        row.missed_since = row.missed_since or now


@dataclass(frozen=True, slots=True)
class Refusal:
    """Requests of one event that were refused for one reason within one hour."""

    event: str
    words: str
    count: int
    last_at: datetime


def refusals(event: str = "") -> list[Refusal]:
    """What was refused in the last week, newest first: refused requests are counted by the hour, not kept."""
    query = (
        select(WebhookTally)
        .where(*_refused_since(clock.now() - WEEK), WebhookTally.event == event if event else true())
        .order_by(WebhookTally.last_at.desc())
    )
    return [
        Refusal(row.event, Outcome(row.verdict).words, row.count, row.last_at) for row in db.session.scalars(query)
    ]


def refused_today() -> int:
    """Requests refused in the last 24 hours, whatever the reason."""
    query = select(func.sum(WebhookTally.count)).where(*_refused_since(clock.now() - DAY))
    return int(db.session.scalar(query) or 0)


def _refused_since(moment: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        WebhookTally.source == Source.LEVER,
        WebhookTally.verdict.in_([outcome.value for outcome in REFUSED]),
        WebhookTally.hour >= intake.hour_of(moment),
    )


_COLUMNS = (
    WebhookToken.event,
    WebhookToken.token.is_not(None).label("has_token"),
    WebhookToken.set_at,
    WebhookToken.set_by_id,
    case((WebhookToken.previous_token.is_not(None), WebhookToken.previous_until)).label("previous_until"),
    WebhookToken.previous_used_at,
    WebhookToken.earlier_url_at,
    WebhookToken.last_verified_at,
    WebhookToken.last_accepted_at,
    WebhookToken.last_rejected_at,
    WebhookToken.last_rejected_reason,
    WebhookToken.failing_since,
    WebhookToken.failing_count,
    WebhookToken.missed_count,
    WebhookToken.recovered_at,
)


def _rows() -> dict[LeverEvent, Any]:
    """The evidence, without the secrets beside it."""
    works = select(LeverIntegration.previous_webhook_key_until > clock.now()).scalar_subquery()
    query = select(*_COLUMNS, func.coalesce(works, false()).label("earlier_url_works"))
    return {row.event: row for row in db.session.execute(query)}


def _counts(since: datetime) -> dict[str, dict[str, int]]:
    """Event -> verdict -> count, of the hours that ended after *since*."""
    found: dict[str, dict[str, int]] = {}
    rows = db.session.execute(
        select(WebhookTally.event, WebhookTally.verdict, func.sum(WebhookTally.count))
        .where(WebhookTally.source == Source.LEVER, WebhookTally.hour >= intake.hour_of(since))
        .group_by(WebhookTally.event, WebhookTally.verdict)
    )
    for event, verdict, count in rows:
        found.setdefault(event, {})[verdict] = int(count)
    return found


def _health(row: Any, day: Mapping[str, int], week: Mapping[str, int], zone: ZoneInfo) -> WebhookHealth:
    state = _state(row)
    overlap = row.previous_until if row.previous_until and row.previous_until > clock.now() else None
    return WebhookHealth(
        event=row.event,
        label=row.event.label,
        state=state,
        words=words_of(state, row, zone),
        detail=tuple(evidence_of(state, row, week, overlap, zone)),
        has_token=bool(row.has_token),
        set_at=row.set_at,
        set_by_id=row.set_by_id,
        overlap_until=overlap,
        newest_at=newest_of(row),
        earlier_url_at=row.earlier_url_at if is_at_earlier_url(row) else None,
        last_accepted_at=row.last_accepted_at,
        last_verified_at=row.last_verified_at,
        last_rejected_at=row.last_rejected_at,
        last_rejected_reason=row.last_rejected_reason,
        failing_count=row.failing_count,
        recovered_at=row.recovered_at,
        counts_24h=day,
        counts_7d=week,
    )


def _state(row: Any) -> HealthState:
    if not row.has_token:
        return HealthState.NO_TOKEN
    if row.failing_count:
        return HealthState.FAILING
    if row.missed_count:
        return HealthState.SILENT
    newest = newest_of(row)
    if row.last_accepted_at is None or newest is None:
        return HealthState.WAITING
    # While two tokens are accepted, the newest event tells which of them Lever has.
    is_overlap = row.previous_until is not None and row.previous_until > clock.now()
    if is_overlap and row.previous_used_at is not None and row.previous_used_at >= newest:
        return HealthState.PREVIOUS
    is_token_new = row.set_at is not None and newest < row.set_at
    is_url_new = is_at_earlier_url(row) and not row.earlier_url_works
    return HealthState.WAITING if is_token_new or is_url_new else HealthState.RECEIVING
