"""Replaying what failed, forgetting what is old, and what a monitor reads."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from grayscale import clock, metrics
from grayscale.database import transaction
from grayscale.domain import due, nudges
from grayscale.domain.errors import Invalid, NotFound
from grayscale.domain.lever import deliveries, events
from grayscale.extensions import db
from grayscale.models import AuditEvent, Delivery, DeliveryState, Source, User
from tests import factories
from tests.webhooks.fake_lever import FakeLever
from tests.webhooks.lever import body, send

DEAD, DONE, FAILED, PENDING = DeliveryState.DEAD, DeliveryState.DONE, DeliveryState.FAILED, DeliveryState.PENDING


def delivery(**values: object) -> Delivery:
    now = clock.now()
    defaults = {
        "source": Source.LEVER, "external_id": factories.unique("event"), "event": "candidateHired",
        "payload": "{}", "received_at": now, "next_attempt_at": now, "opportunity_lever_id": "opportunity-1",
        "state": DONE, "attempts": 1,
    }  # fmt: skip
    made: Delivery = factories.add(Delivery(**{**defaults, **values}))
    return made


def stored() -> dict[int, Delivery]:
    db.session.rollback()
    db.session.expire_all()
    return {row.id: row for row in db.session.scalars(select(Delivery))}


@pytest.mark.parametrize("state", [DONE, FAILED, DEAD])
def test_a_replay_starts_over_and_asks_lever_again(
    connected: Flask, fake: FakeLever, ana: User, state: DeliveryState
) -> None:
    fake.has()
    row = delivery(state=state, attempts=12, error="Lever was down", next_attempt_at=clock.now() + timedelta(hours=1))
    told: list[nudges.Job] = []
    nudges.on_nudge(told.append)

    deliveries.replay(row.id, ana)

    assert told == [nudges.Job.LEVER_EVENTS]
    assert events.handle_waiting() == 1
    assert (stored()[row.id].state, stored()[row.id].attempts, stored()[row.id].error) == (DONE, 1, None)
    assert fake.fetches() == 1
    line = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "delivery.replayed")).one()
    assert (line.user_id, line.subject) == (ana.id, str(row.id))


def test_a_replay_keeps_what_came_of_it_before(connected: Flask, fake: FakeLever, ana: User) -> None:
    fake.has()
    moved = delivery(effect="Stage: New applicant → New lead", opportunity_lever_id="opportunity-1")
    parked = delivery(state=DEAD, attempts=3, error="Not permitted (403).", opportunity_lever_id="opportunity-1")
    with time_machine.travel(datetime(2026, 11, 26, 6, 10, tzinfo=UTC), tick=False) as moment:
        send(connected, body())
        events.handle_waiting()
        for _ in range(2):
            deliveries.replay(moved.id, ana)
            deliveries.replay_failed(ana)
            moment.shift(60)
            events.handle_waiting()
    kept = stored()
    nothing = "Nothing new: already up to date"
    assert (kept[moved.id].effect or "").splitlines() == [
        "Stage: New applicant → New lead",
        f"Replayed 2026-11-26T06:10Z. {nothing}",
        f"Replayed 2026-11-26T06:11Z. {nothing}",
    ]
    assert (kept[parked.id].effect or "").splitlines() == [
        "Failed after 3 attempts: Not permitted (403).",
        f"Replayed 2026-11-26T06:10Z. {nothing}",
    ]
    line, _ = deliveries.get(moved.id)
    assert line.brief.splitlines() == [line.effect.splitlines()[0], line.effect.splitlines()[-1]]


def test_all_failed_are_replayed_and_nothing_else(connected: Flask, ana: User) -> None:
    failed, dead = delivery(state=FAILED), delivery(state=DEAD)
    done, texts = delivery(), delivery(source=Source.TWILIO_INBOUND, state=DEAD)
    assert deliveries.replay_failed(ana) == 1
    states = {row.id: row.state for row in stored().values()}
    assert states == {failed.id: FAILED, dead.id: PENDING, done.id: DONE, texts.id: DEAD}
    assert db.session.scalars(select(AuditEvent.detail)).one() == {"count": 1}
    assert deliveries.replay_failed(ana) == 0


def test_what_is_being_handled_is_left_alone(connected: Flask, ana: User) -> None:
    row = delivery(state=PENDING, lease_until=clock.now() + timedelta(minutes=1))
    with pytest.raises(Invalid):
        deliveries.replay(row.id, ana)


def test_what_nobody_handles_cannot_be_replayed(connected: Flask, ana: User) -> None:
    row = delivery(event="contactUpdated", state=DeliveryState.UNHANDLED)
    with pytest.raises(Invalid):
        deliveries.replay(row.id, ana)
    with pytest.raises(NotFound):
        deliveries.replay(row.id + 1, ana)


def test_payloads_go_after_two_weeks_and_rows_after_three_months(connected: Flask) -> None:
    now = clock.now()

    def old(days: int, **values: object) -> int:
        return delivery(received_at=now - timedelta(days=days), **values).id

    young, fortnight, quarter = old(13), old(15), old(91)
    parked, parked_long, waiting = old(15, state=DEAD), old(91, state=DEAD), old(91, state=FAILED)

    while deliveries.purge(now):
        pass

    kept = stored()
    assert kept.keys() == {young, fortnight, parked, waiting}
    assert {row.id for row in kept.values() if row.payload is None} == {fortnight}
    assert quarter not in kept
    assert parked_long not in kept


def test_a_purge_is_bounded(connected: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "PURGED_AT_ONCE", 2)
    for _ in range(5):
        delivery(received_at=clock.now() - timedelta(days=20))
    assert [deliveries.purge(clock.now()) for _ in range(4)] == [2, 2, 1, 0]


def test_the_payload_is_shown_without_what_would_let_one_send_it_again(connected: Flask) -> None:
    content = body()
    send(connected, content)
    row = next(iter(stored().values()))
    _, shown = deliveries.get(row.id)
    assert shown is not None
    assert content["signature"] not in shown
    assert '\n  "event": "candidateStageChange"' in shown
    assert deliveries.pretty('{"cut of') == '{"cut of'


def value(name: str, **labels: str) -> float:
    return metrics.registry.get_sample_value(name, labels) or 0.0


def test_what_a_monitor_reads(connected: Flask, fake: FakeLever) -> None:
    def counters() -> list[float]:
        return [
            value("grayscale_lever_webhooks_received_total"),
            value("grayscale_lever_webhooks_accepted_total", event="candidateStageChange", verdict="accepted"),
            value("grayscale_lever_webhooks_rejected_total", reason="bad_signature"),
            value("grayscale_lever_deliveries_handled_total"),
        ]

    before = counters()
    fake.has()
    start = datetime.now().astimezone()
    with time_machine.travel(start, tick=False) as moment:
        send(connected, body())
        send(connected, body(signed_with="wrong"))
        moment.shift(90)
        metrics.read_database(due.ages())
        assert b"grayscale_lever_webhooks_received_total" in metrics.render()
        assert value("grayscale_deliveries_oldest_waiting_seconds", source="lever") == 90
        assert value("grayscale_deliveries_open", source="lever", state="pending") == 1
        events.handle_waiting()
        metrics.read_database(due.ages())
    assert value("grayscale_deliveries_oldest_waiting_seconds", source="lever") == 0
    assert [after - earlier for after, earlier in zip(counters(), before, strict=True)] == [2, 1, 1, 1]


def test_a_candidates_erasure_empties_the_payload(connected: Flask, fake: FakeLever) -> None:
    with transaction():
        pass
    before = delivery(effect="Stage: Phone screen → Onsite")
    row = delivery(state=PENDING, event="candidateDeleted", payload='{"data": {"opportunityId": "opportunity-1"}}')
    factories.opportunity(lever_id="opportunity-1")
    events.handle_waiting()
    assert stored()[row.id].payload is None
    assert stored()[row.id].effect == "Erased: deleted in Lever"
    assert stored()[before.id].effect == "No longer kept: erased with whom it was about"


def test_an_unknown_name_of_any_length_stays_on_one_line() -> None:
    assert deliveries.event_label("offerSigned_now") == "Offer signed now"
    assert len(deliveries.event_label("x" * 100)) == deliveries.LONGEST_LABEL
