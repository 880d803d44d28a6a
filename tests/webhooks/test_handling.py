"""What each event leads to, and what trouble with Lever leads to."""

import random
import threading
from concurrent.futures import Future
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select, update

from grayscale import clock
from grayscale.clients.errors import Retryable
from grayscale.database import transaction
from grayscale.domain import stopping
from grayscale.domain.lever import connection, events, handling
from grayscale.extensions import db
from grayscale.models import (
    Candidate,
    Delivery,
    DeliveryState,
    Interview,
    KeyState,
    LeverEvent,
    LeverIntegration,
    LeverUser,
    Message,
    Opportunity,
)
from tests import factories
from tests.domain.lever_sync import makers
from tests.flow.product import eventually
from tests.webhooks.fake_lever import FakeLever, answer
from tests.webhooks.lever import body, send

DONE, FAILED, DEAD, PENDING = (
    DeliveryState.DONE, DeliveryState.FAILED, DeliveryState.DEAD, DeliveryState.PENDING
)  # fmt: skip


@pytest.fixture
def app(connected: Flask, fake: FakeLever) -> Flask:
    return connected


def told(app: Flask, event: str, opportunity: str = "opportunity-1", **data: Any) -> Delivery:
    content = body(event, data={"opportunityId": opportunity, **data})
    assert send(app, content).status_code == 200
    return only(content["id"])


def only(external_id: str) -> Delivery:
    db.session.rollback()
    return db.session.scalars(select(Delivery).where(Delivery.external_id == external_id)).one()


def again(delivery: Delivery) -> Delivery:
    db.session.rollback()
    return db.session.get_one(Delivery, delivery.id, populate_existing=True)


def mirrored(lever_id: str = "opportunity-1") -> Opportunity | None:
    db.session.rollback()
    return db.session.scalar(select(Opportunity).where(Opportunity.lever_id == lever_id))


def interview(**values: Any) -> dict[str, Any]:
    fields = {
        "id": "interview-1",
        "subject": "Onsite with the charge nurse",
        "date": int((clock.now() + timedelta(days=2)).timestamp() * 1000),
        "duration": 45,
        "timezone": "America/Chicago",
        "interviewers": [{"id": "u1", "name": "Ana Castillo", "email": "ana@harbor.example"}],
        "canceledAt": None,
    }
    return {**fields, **values}


def test_a_new_application_brings_the_candidate(app: Flask, fake: FakeLever) -> None:
    factories.posting(lever_id="posting-1")
    factories.add(LeverUser(lever_id="user-1", name="Jonas Rehn", fetched_at=clock.now()))
    application = {"id": "application-1", "type": "posting", "posting": "posting-1"}
    fake.has(name="Mira Okafor", applications=[application], owner="user-1")
    delivery = told(app, "applicationCreated")

    assert events.handle_waiting() == 1

    opportunity = mirrored()
    assert opportunity is not None
    assert opportunity.candidate.name == "Mira Okafor"
    delivery = again(delivery)
    assert delivery.effect == "New in Lever: Night Shift RN, owner Jonas Rehn"
    assert (delivery.state, delivery.attempts) == (DONE, 1)
    assert delivery.handled_at is not None
    assert delivery.lease_until is None


def test_a_stage_change_moves_the_stage_and_tells_the_thread(app: Flask, fake: FakeLever) -> None:
    fake.has(stage="screen")
    told(app, "applicationCreated")
    events.handle_waiting()
    opportunity = mirrored()
    assert opportunity is not None
    thread = factories.conversation(opportunity.candidate, opportunity_id=opportunity.id)

    fake.has(stage="onsite")
    # What the body claims is not what is believed.
    delivery = told(app, "candidateStageChange", toStageId="applicant-new", fromStageId="onsite")
    events.handle_waiting()

    assert mirrored().stage_lever_id == "onsite"  # type: ignore[union-attr]
    assert again(delivery).effect == "Stage: Phone screen → Onsite"
    lines = db.session.scalars(select(Message.body).where(Message.conversation_id == thread.id)).all()
    assert lines == ["Stage: Phone screen → Onsite"]


def test_a_change_that_has_no_line_of_its_own_is_not_told_as_nothing(app: Flask, fake: FakeLever) -> None:
    fake.has()
    told(app, "applicationCreated")
    events.handle_waiting()
    fake.has(name="Mira Okafor-Lind")
    changed, again_told = told(app, "candidateStageChange"), told(app, "candidateStageChange", "opportunity-1", n=1)
    assert events.handle_waiting() == 2
    assert {again(one).effect for one in (changed, again_told)} == {handling.DETAILS}
    delivery = told(app, "candidateStageChange")
    events.handle_waiting()
    assert again(delivery).effect == handling.UP_TO_DATE


def test_archived_active_again_and_hired(app: Flask, fake: FakeLever) -> None:
    fake.has()
    told(app, "applicationCreated")
    events.handle_waiting()

    fake.has(archived={"reason": "no-fit", "archivedAt": makers.ms()})
    archived = told(app, "candidateArchiveChange")
    events.handle_waiting()
    assert mirrored().is_archived  # type: ignore[union-attr]
    fake.has(archived=None)
    back = told(app, "candidateArchiveChange")
    events.handle_waiting()
    assert not mirrored().is_archived  # type: ignore[union-attr]
    fake.has(archived={"reason": "hired", "archivedAt": makers.ms(5)})
    hired = told(app, "candidateHired")
    events.handle_waiting()

    effects = [again(one).effect for one in (archived, back, hired)]
    assert effects == ["Archived: Not a fit", "Active again", "Hired"]


def test_deleted_erases_after_lever_confirmed_it(app: Flask, fake: FakeLever) -> None:
    fake.has()
    told(app, "applicationCreated")
    events.handle_waiting()
    del fake.opportunities["opportunity-1"]

    delivery = told(app, "candidateDeleted")
    events.handle_waiting()

    assert mirrored() is None
    assert db.session.scalar(select(func.count()).select_from(Candidate)) == 0
    assert again(delivery).effect == "Erased: deleted in Lever"
    assert db.session.scalars(select(Delivery.payload)).all() == [None, None]


def test_what_comes_late_about_somebody_deleted_is_done_with_at_once(app: Flask, fake: FakeLever) -> None:
    factories.opportunity(lever_id="opportunity-1")
    told(app, "candidateDeleted")
    events.handle_waiting()
    late = told(app, "candidateStageChange")
    events.handle_waiting()
    assert (again(late).state, again(late).effect) == (DONE, "Gone: deleted in Lever")


def test_a_forged_deletion_erases_nothing(app: Flask, fake: FakeLever) -> None:
    fake.has()
    with time_machine.travel(clock.now(), tick=False) as moment:
        delivery = told(app, "candidateDeleted")
        for wait, state in ((0, FAILED), (6, FAILED), (31, FAILED), (121, DONE)):
            moment.shift(wait)
            events.handle_waiting()
            assert again(delivery).state is state
    assert mirrored() is not None
    assert again(delivery).effect == "Nothing erased: Lever still has it"


def test_a_deletion_without_access_is_parked_with_the_reason(app: Flask, fake: FakeLever) -> None:
    opportunity = factories.opportunity(lever_id="opportunity-1")
    fake.trouble["/opportunities/opportunity-1"] = lambda: answer(403)
    delivery = told(app, "candidateDeleted")

    events.handle_waiting()

    assert again(delivery).state is DEAD
    assert "not permitted" in (again(delivery).error or "")
    assert mirrored().id == opportunity.id  # type: ignore[union-attr]


def test_an_absence_nobody_called_a_deletion_erases_nothing(app: Flask, fake: FakeLever) -> None:
    factories.opportunity(lever_id="opportunity-1")
    with time_machine.travel(clock.now(), tick=False) as moment:
        delivery = told(app, "candidateStageChange")
        for wait in (0, 6, 31, 121):
            moment.shift(wait)
            events.handle_waiting()
    assert (again(delivery).state, again(delivery).effect) == (DONE, "Gone: Lever does not have it")
    assert mirrored() is not None


def test_interviews_are_made_moved_and_cancelled(app: Flask, fake: FakeLever) -> None:
    fake.has()
    fake.interviews["opportunity-1"] = [interview()]
    created = told(app, "interviewCreated", interviewId="interview-1")
    events.handle_waiting()
    stored = db.session.scalars(select(Interview)).one()
    assert stored.interviewers[0]["name"] == "Ana Castillo"
    assert (again(created).effect or "").startswith("Interview: Onsite with the charge nurse")

    fake.interviews["opportunity-1"] = [interview(date=interview()["date"] + 86_400_000)]
    moved = told(app, "interviewUpdated", interviewId="interview-1")
    events.handle_waiting()
    assert (again(moved).effect or "").startswith("Interview moved: Onsite")

    fake.interviews["opportunity-1"] = []
    deleted = told(app, "interviewDeleted", interviewId="interview-1")
    events.handle_waiting()
    assert (again(deleted).effect or "").startswith("Interview cancelled: Onsite")
    assert db.session.get_one(Interview, stored.id, populate_existing=True).canceled_at is not None


def test_an_interview_told_before_it_can_be_read_is_looked_for_again(app: Flask, fake: FakeLever) -> None:
    fake.has()
    with time_machine.travel(clock.now(), tick=False) as moment:
        delivery = told(app, "interviewCreated", interviewId="interview-1")
        events.handle_waiting()
        assert again(delivery).state is FAILED
        assert again(delivery).next_attempt_at == clock.now() + timedelta(seconds=5)

        fake.interviews["opportunity-1"] = [interview()]
        moment.shift(6)
        events.handle_waiting()
        assert (again(delivery).effect or "").startswith("Interview: Onsite")

        never = told(app, "interviewCreated", interviewId="interview-2")
        for wait in (0, 6, 31, 121):
            moment.shift(wait)
            events.handle_waiting()
        assert (again(never).state, again(never).effect) == (DONE, "Gone: Lever does not have it")


def test_any_order_and_number_of_deliveries_ends_in_the_same_state(app: Flask, fake: FakeLever) -> None:
    fake.has(stage="screen")
    fake.interviews["opportunity-1"] = [interview()]
    ends = (LeverEvent.DELETED, LeverEvent.INTERVIEW_DELETED)
    kinds = [event.value for event in LeverEvent if event not in ends]
    shuffled = random.Random(4)
    for stage in ("screen", "onsite", "applicant-new"):
        fake.has(stage=stage)
        for event in shuffled.sample(kinds * 2, k=9):
            told(app, event, interviewId="interview-1")
        while events.handle_waiting():
            pass
    for event in kinds:
        told(app, event, interviewId="interview-1")
    events.handle_waiting()
    assert mirrored().stage_lever_id == "applicant-new"  # type: ignore[union-attr]
    assert db.session.scalar(select(func.count()).select_from(Interview)) == 1
    assert set(db.session.scalars(select(Delivery.state))) == {DONE}


def test_deliveries_that_wait_together_cost_one_fetch(app: Flask, fake: FakeLever) -> None:
    fake.has("one", stage="onsite")
    fake.has("two")
    for _ in range(25):
        told(app, "candidateStageChange", "one")
        told(app, "candidateArchiveChange", "two")

    assert events.handle_waiting() == 50
    assert (fake.fetches("one"), fake.fetches("two")) == (1, 1)
    assert set(db.session.scalars(select(Delivery.state))) == {DONE}


def test_what_came_before_lever_was_asked_is_answered_by_it(app: Flask, fake: FakeLever) -> None:
    fake.has()
    late: list[Delivery] = []

    def while_claimed() -> None:
        late.append(told(app, "candidateStageChange"))

    first = told(app, "candidateStageChange")
    groups = events._claim()
    while_claimed()
    round_ = events._Round(events.deque(groups))
    round_.work_off()

    assert again(first).state is DONE
    assert again(late[0]).state is DONE
    assert fake.fetches() == 1
    assert events.handle_waiting() == 0


def test_what_came_while_lever_was_asked_is_looked_at_again(app: Flask, fake: FakeLever) -> None:
    fake.has(stage="screen")

    def move_meanwhile() -> None:
        fake.trouble.clear()
        told(app, "candidateStageChange")

    fake.trouble["/opportunities/opportunity-1"] = move_meanwhile
    told(app, "candidateStageChange")
    assert events.handle_waiting() == 1
    fake.has(stage="onsite")
    assert events.handle_waiting() == 1
    assert mirrored().stage_lever_id == "onsite"  # type: ignore[union-attr]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_may_pass_is_tried_again_with_growing_waits(
    app: Flask, fake: FakeLever, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handling.refresh, "opportunity", failing(fake, status))
    with time_machine.travel(clock.now(), tick=False) as moment:
        delivery = told(app, "candidateStageChange")
        waits = []
        for _ in range(4):
            events.handle_waiting()
            row = again(delivery)
            assert row.state is FAILED
            waits.append((row.next_attempt_at - clock.now()).total_seconds())
            moment.move_to(row.next_attempt_at + timedelta(seconds=1))
        assert [round(wait) for wait in waits] == [pytest.approx(nominal, rel=0.3) for nominal in (5, 15, 45, 135)]
        assert str(status) in (again(delivery).error or "")


def failing(fake: FakeLever, status: int) -> Any:
    """Lever's refusal without the client's own patience, which has its own tests."""
    def fail(_lever_id: str, _via: object) -> None:
        raise Retryable(f"Lever has a problem at the moment ({status}).", status=status)

    return fail


def test_an_outage_of_a_day_gives_nothing_up_and_a_bug_does(
    app: Flask, fake: FakeLever, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_lever_id: str, _via: object) -> None:
        raise KeyError("surprise")

    attempts = {}
    for name, behaviour in (("outage", failing(fake, 503)), ("bug", broken)):
        with monkeypatch.context() as patched, time_machine.travel(clock.now(), tick=False) as moment:
            patched.setattr(handling.refresh, "opportunity", behaviour)
            start = clock.now()
            delivery = told(app, "candidateStageChange", name)
            while again(delivery).state is not DEAD:
                moment.move_to(again(delivery).next_attempt_at + timedelta(seconds=1))
                events.handle_waiting()
            attempts[name] = (again(delivery).attempts, clock.now() - start)
    assert attempts["bug"][0] == 12
    assert attempts["outage"][1] > timedelta(hours=24)
    assert "KeyError" in (again(delivery).error or "")


def test_what_will_not_pass_is_parked_at_once(app: Flask, fake: FakeLever) -> None:
    fake.trouble["/opportunities/opportunity-1"] = lambda: answer(403)
    delivery = told(app, "candidateStageChange")
    events.handle_waiting()
    assert (again(delivery).state, again(delivery).attempts) == (DEAD, 1)


def test_a_poisoned_delivery_blocks_nobody(app: Flask, fake: FakeLever, monkeypatch: pytest.MonkeyPatch) -> None:
    real = handling.refresh.opportunity

    def poisoned(lever_id: str, via: Any) -> Any:
        if lever_id == "poison":
            raise RuntimeError("nobody expected this")
        return real(lever_id, via)

    monkeypatch.setattr(handling.refresh, "opportunity", poisoned)
    bad = told(app, "candidateStageChange", "poison")
    others = []
    for number in range(6):
        fake.has(f"good-{number}")
        others.append(told(app, "candidateStageChange", f"good-{number}"))

    assert events.handle_waiting() == 7
    assert again(bad).state is FAILED
    assert {again(one).state for one in others} == {DONE}


def test_an_answer_that_does_not_come_holds_nobody_else_up(
    app: Flask, fake: FakeLever, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "STRAGGLER_SECONDS", 0.02)
    answers = threading.Event()
    for lever_id in ("slow", "good"):
        fake.has(lever_id)
    fake.trouble["/opportunities/slow"] = lambda: None if answers.wait(10) else answer(504)
    slow = told(app, "candidateStageChange", "slow")
    assert events.handle_waiting() == 0
    good = told(app, "candidateStageChange", "good")
    events.handle_waiting()
    eventually(lambda: again(good).state is DONE)

    # Its lease may end meanwhile: it is not asked about a second time.
    with transaction() as session:
        session.get_one(Delivery, slow.id).lease_until = clock.now() - timedelta(seconds=1)
    assert events.handle_waiting() == 0
    answers.set()
    eventually(lambda: again(slow).state is DONE)
    assert (again(slow).attempts, fake.fetches("slow")) == (1, 1)


def test_when_no_answer_comes_at_all_the_others_are_spared_the_attempt(
    app: Flask, fake: FakeLever, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = threading.Event()
    fake.trouble["*"] = lambda: answer(504) if answers.wait(10) else None

    def in_vain(doing: set[Future[None]], timeout: float) -> tuple[set[Future[None]], set[Future[None]]]:
        eventually(lambda: sum(fake.asked.values()) == events.THREADS)
        return set(), doing

    monkeypatch.setattr(events, "wait", in_vain)
    monkeypatch.setattr(events._Round, "goes_on", lambda _round: False)
    waiting = [told(app, "candidateStageChange", f"one-{number}") for number in range(6)]
    assert events.handle_waiting() == 0
    assert events.handle_waiting() == 0
    assert [again(one).attempts for one in waiting] == [1] * 4 + [0] * 2
    answers.set()
    eventually(lambda: {again(one).state for one in waiting[:4]} == {FAILED})


def test_an_outage_spares_the_others_the_attempt(
    app: Flask, fake: FakeLever, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handling.refresh, "opportunity", failing(fake, 503))
    monkeypatch.setattr(events, "THREADS", 1)
    waiting = [told(app, "candidateStageChange", f"one-{number}") for number in range(10)]
    assert events.handle_waiting() == 0
    states = [again(one).state for one in waiting]
    assert states == [FAILED] * 3 + [PENDING] * 7
    assert {again(one).attempts for one in waiting[3:]} == {0}
    assert all(again(one).lease_until is None for one in waiting)


def test_without_a_key_everything_waits(app: Flask, fake: FakeLever) -> None:
    with transaction() as session:
        session.get_one(LeverIntegration, 1).api_key = None
    delivery = told(app, "candidateStageChange")
    assert events.handle_waiting() == 0
    assert (again(delivery).state, again(delivery).attempts) == (PENDING, 0)

    with transaction() as session:
        session.get_one(LeverIntegration, 1).api_key = "api-key"
    fake.has()
    assert events.handle_waiting() == 1


def test_a_key_lever_refuses_stops_the_handling_and_costs_no_attempt(app: Flask, fake: FakeLever) -> None:
    fake.trouble["*"] = lambda: answer(401)
    first, second = (told(app, "candidateStageChange", f"o-{number}") for number in (1, 2))
    assert events.handle_waiting() == 0
    assert db.session.get_one(LeverIntegration, 1, populate_existing=True).key_state is KeyState.REFUSED
    for delivery in (first, second):
        assert (again(delivery).state, again(delivery).attempts, again(delivery).lease_until) == (PENDING, 0, None)
    asked = sum(fake.asked.values())
    events.handle_waiting()
    assert sum(fake.asked.values()) == asked


def test_a_killed_process_delays_its_deliveries_and_loses_none(app: Flask, fake: FakeLever) -> None:
    fake.has()
    delivery = told(app, "candidateStageChange")
    with time_machine.travel(clock.now(), tick=False) as moment:
        assert len(events._claim()) == 1  # and then kill -9
        assert events.handle_waiting() == 0
        moment.shift(events.LEASE + timedelta(seconds=1))
        # What it brought before it was killed is not told as nothing.
        handling.refresh.opportunity("opportunity-1", handling.Via.WEBHOOK)
        assert events.handle_waiting() == 1
    assert (again(delivery).state, again(delivery).attempts, again(delivery).effect) == (DONE, 2, handling.CUT_OFF)


def test_a_stopping_process_gives_back_what_it_has_not_begun(app: Flask, fake: FakeLever) -> None:
    delivery = told(app, "candidateStageChange")
    stopping.ask()
    try:
        events.handle_waiting()
    finally:
        stopping.forget()
    assert (again(delivery).state, again(delivery).attempts, again(delivery).lease_until) == (PENDING, 0, None)


def test_one_that_names_nobody_is_done_with(app: Flask, fake: FakeLever) -> None:
    content = body("candidateHired", data={"contactId": "c"})
    send(app, content)
    assert events.handle_waiting() == 1
    assert only(content["id"]).effect == "Names no opportunity; polling finds what changed"


def test_a_database_in_trouble_leaves_the_lease_to_run_out(
    app: Flask, fake: FakeLever, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.has()
    delivery = told(app, "candidateStageChange")
    with monkeypatch.context() as broken:

        def fail(*_: object) -> None:
            raise RuntimeError("the disk is gone")

        broken.setattr(events, "_write", fail)
        with pytest.raises(RuntimeError):
            events.handle_waiting()
    with transaction() as session:
        session.execute(update(Delivery).values(lease_until=clock.now() - timedelta(seconds=1)))
    assert events.handle_waiting() == 1
    assert again(delivery).state is DONE


def test_the_connection_is_asked_for_by_every_call(app: Flask, fake: FakeLever) -> None:
    fake.has()
    told(app, "candidateStageChange")
    with transaction() as session:
        session.get_one(LeverIntegration, 1).key_state = KeyState.REFUSED
    assert not connection.is_connected()
    assert events.handle_waiting() == 0
    assert fake.fetches() == 0
