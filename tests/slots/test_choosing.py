"""A time is won once, stays won whatever Lever says, and both sides are told."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from grayscale import clock
from grayscale.clients.lever import types
from grayscale.database import transaction
from grayscale.domain.errors import Conflict, Invalid, NotFound
from grayscale.domain.interviews import news
from grayscale.domain.lever.mirror_interviews import apply_interviews
from grayscale.domain.slots import choosing, holds, in_lever, offers
from grayscale.domain.slots.choosing import Stage
from grayscale.domain.texting.outbound import Blocked
from grayscale.extensions import db
from grayscale.models import (
    ChangeKind,
    ChangeState,
    Conversation,
    Direction,
    InterviewChange,
    Message,
    OfferState,
    Opportunity,
    SlotHold,
    SlotOffer,
    User,
    Via,
)
from tests.slots.conftest import THURSDAY_NINE, TIMES, Offer, with_candidate


@pytest.fixture
def other(connected: object, recruiter: User) -> Conversation:
    return with_candidate("Sam Ortiz", "+12185550143")


def changes() -> list[InterviewChange]:
    return list(db.session.scalars(db.select(InterviewChange).order_by(InterviewChange.id)))


def fresh(offer: SlotOffer) -> SlotOffer:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(SlotOffer, offer.id)


def settle(change: InterviewChange, state: ChangeState, **values: Any) -> None:
    """What the job that talks to Lever does in the end."""
    with transaction() as session:
        row = session.get_one(InterviewChange, change.id)
        row.state = state
        for name, value in values.items():
            setattr(row, name, value)
        session.flush()
        news.settled(row.id)


def listed(offer: SlotOffer, starts_at: Any, *, canceled: bool = False) -> None:
    """Lever lists the interview like this."""
    opportunity = db.session.get_one(Opportunity, offer.opportunity_id)
    one = types.Interview(
        id="interview-1", date=starts_at, duration=45, subject="Phone screen",
        note=f"Grayscale ref times-{offer.id}-001",
        interviewers=(types.Interviewer("lever-greta", "Greta Lind"),), canceled_at=clock.now() if canceled else None,
    )  # fmt: skip
    apply_interviews(opportunity.lever_id, [one], clock.now(), Via.WEBHOOK)


def texts(conversation: Conversation, direction: Direction = Direction.OUTBOUND) -> list[str]:
    rows = db.select(Message.body).where(Message.conversation_id == conversation.id, Message.direction == direction)
    return list(db.session.scalars(rows.order_by(Message.id)))


def test_choosing_asks_lever_and_tells_both_sides(offer: Offer, conversation: Conversation, recruiter: User) -> None:
    made, token = offer(conversation)
    choosing.choose(token, TIMES[1], "America/New_York")
    (change,) = changes()
    assert (change.kind, change.by_id, change.by_candidate) == (ChangeKind.CREATE, recruiter.id, True)
    assert change.wanted["starts_at"] == TIMES[1].isoformat()
    assert "You are booked: Phone screen" in texts(conversation)[-1]
    assert "11:00 AM EDT" in texts(conversation)[-1]
    assert "Mira chose Thu 11 Jun" in texts(conversation, Direction.INTERNAL)[-1]
    held = db.session.get_one(Conversation, conversation.id)
    assert held.last_inbound_id is not None
    assert fresh(made).state is OfferState.BOOKED


def test_the_token_is_kept_as_a_hash_alone(offer: Offer, conversation: Conversation) -> None:
    made, token = offer(conversation)
    assert made.token_hash == offers.hash_of(token)
    assert token not in repr(vars(made))


def test_one_interviewers_time_goes_to_one_candidate(
    offer: Offer, conversation: Conversation, other: Conversation
) -> None:
    _, mine = offer(conversation)
    late, theirs = offer(other, *TIMES, THURSDAY_NINE + timedelta(minutes=30))
    choosing.choose(mine, TIMES[0])
    # Overlapping counts too: half past nine is not free any more.
    assert choosing.left(late) == list(TIMES[1:])
    for moment in (TIMES[0], THURSDAY_NINE + timedelta(minutes=30)):
        with pytest.raises(choosing.Taken):
            choosing.choose(theirs, moment)
    choosing.choose(theirs, TIMES[1])


def test_the_database_itself_refuses_a_second_winner(
    offer: Offer, conversation: Conversation, other: Conversation
) -> None:
    first, _ = offer(conversation)
    second, _ = offer(other)
    with transaction():
        assert holds.take(first, TIMES[0])
    with pytest.raises(RuntimeError), transaction():
        assert not holds.take(second, TIMES[0] + timedelta(minutes=40))
        raise RuntimeError
    assert set(db.session.scalars(db.select(SlotHold.offer_id))) == {first.id}


def test_simultaneous_clicks_have_one_winner(app: Flask, offer: Offer, conversation: Conversation) -> None:
    tokens = [offer(conversation)[1]]
    tokens += [offer(with_candidate(f"Sam {number}", f"+1218555015{number}"))[1] for number in range(7)]
    together = threading.Barrier(len(tokens))

    def click(token: str) -> str:
        with app.app_context():
            try:
                together.wait(20)
                choosing.choose(token, TIMES[0])
            except choosing.Taken:
                return "taken"
            finally:
                db.session.remove()
        return "won"

    with ThreadPoolExecutor(len(tokens)) as pool:
        answers = Counter(pool.map(click, tokens))
    assert answers == {"won": 1, "taken": len(tokens) - 1}
    db.session.rollback()
    assert len(changes()) == 1


def test_the_same_click_twice_is_one_interview(offer: Offer, conversation: Conversation) -> None:
    _, token = offer(conversation)
    choosing.choose(token, TIMES[0])
    choosing.choose(token, TIMES[0])
    assert len(changes()) == 1
    assert sum("You are booked" in text for text in texts(conversation)) == 1


def test_a_time_that_was_not_offered_cannot_be_chosen(offer: Offer, conversation: Conversation) -> None:
    _, token = offer(conversation)
    with pytest.raises(choosing.Taken):
        choosing.choose(token, TIMES[0] + timedelta(minutes=5))
    assert changes() == []


def test_moving_before_lever_has_it_waits_and_is_made_up_for(
    offer: Offer, conversation: Conversation, time: time_machine.Traveller
) -> None:
    made, token = offer(conversation)
    choosing.choose(token, TIMES[0])
    choosing.choose(token, TIMES[2])
    assert len(changes()) == 1
    assert fresh(made).lever_behind
    settle(changes()[0], ChangeState.DONE, interview_lever_id="interview-1")
    time.shift(1)
    listed(made, TIMES[0])
    assert in_lever.catch_up() == 1
    create, move = changes()
    assert (move.kind, move.wanted["starts_at"]) == (ChangeKind.UPDATE, TIMES[2].isoformat())
    assert create.reference != move.reference
    settle(move, ChangeState.DONE)
    time.shift(1)
    listed(made, TIMES[2])
    assert fresh(made).starts_at == TIMES[2]
    assert in_lever.catch_up() == 0


def test_cancelling_gives_the_time_back_and_cancels_in_lever(
    offer: Offer, conversation: Conversation, other: Conversation, time: time_machine.Traveller
) -> None:
    made, token = offer(conversation)
    _, theirs = offer(other)
    choosing.choose(token, TIMES[0])
    settle(changes()[0], ChangeState.DONE, interview_lever_id="interview-1")
    time.shift(1)
    listed(made, TIMES[0])
    choosing.give_up(token)
    assert changes()[-1].kind is ChangeKind.CANCEL
    assert "cancelled Thu 11 Jun" in texts(conversation, Direction.INTERNAL)[-1]
    time.shift(1)
    listed(made, TIMES[0], canceled=True)
    choosing.choose(theirs, TIMES[0])


@pytest.mark.parametrize("canceled", [True, False])
def test_what_happens_in_lever_shows_on_the_candidates_page(
    offer: Offer, conversation: Conversation, time: time_machine.Traveller, canceled: bool
) -> None:
    made, token = offer(conversation)
    choosing.choose(token, TIMES[0])
    settle(changes()[0], ChangeState.DONE, interview_lever_id="interview-1")
    time.shift(1)
    listed(made, TIMES[0])
    sequence = fresh(made).sequence
    time.shift(1)
    listed(made, TIMES[0] + timedelta(days=1), canceled=canceled)
    found = choosing.find(token)
    assert found.state is (OfferState.CANCELED if canceled else OfferState.BOOKED)
    assert found.starts_at == TIMES[0] + timedelta(days=0 if canceled else 1)
    assert found.sequence == sequence + 1


def test_when_lever_refuses_the_time_stays_theirs_and_the_recruiter_reads_why(
    offer: Offer, conversation: Conversation, other: Conversation
) -> None:
    made, token = offer(conversation)
    late, _ = offer(other)
    choosing.choose(token, TIMES[0])
    settle(changes()[0], ChangeState.FAILED, error="The key may not create panels.")
    found = fresh(made)
    assert (found.state, found.starts_at) == (OfferState.BOOKED, TIMES[0])
    assert TIMES[0] not in choosing.left(late)
    line = texts(conversation, Direction.INTERNAL)[-1]
    assert "Not in Lever yet" in line
    assert "may not create panels" in line
    # Nothing is asked for a second time behind the recruiter's back.
    assert in_lever.catch_up() == 0
    assert len(changes()) == 1


def test_nobody_to_schedule_as_is_said_and_tried_again_when_mended(
    offer: Offer, conversation: Conversation, recruiter: User
) -> None:
    made, token = offer(conversation)
    with transaction() as session:
        session.get_one(User, recruiter.id).lever_user_id = None
    choosing.choose(token, TIMES[0])
    found = fresh(made)
    assert found.state is OfferState.BOOKED
    assert "linked" in (found.lever_error or "")
    assert in_lever.may_try_again(found)
    with transaction() as session:
        session.get_one(User, recruiter.id).lever_user_id = "lever-jonas"
    offers.try_again(made.id, db.session.get_one(User, recruiter.id))
    assert len(changes()) == 1
    assert fresh(made).lever_error is None


def test_links_expire_and_changes_end_when_the_company_says(
    offer: Offer, conversation: Conversation, time: time_machine.Traveller
) -> None:
    made, token = offer(conversation)
    assert made.expires_at == clock.now() + timedelta(days=7)
    time.move_to(made.expires_at)
    assert choosing.stage(choosing.find(token), choosing.left(made)) is Stage.EXPIRED
    with pytest.raises(choosing.TooLate):
        choosing.choose(token, TIMES[2])


def test_the_limit_of_moving_and_cancelling(
    offer: Offer, conversation: Conversation, time: time_machine.Traveller
) -> None:
    _, token = offer(conversation)
    choosing.choose(token, TIMES[2])
    time.move_to(TIMES[2] - timedelta(hours=12, seconds=1))
    assert choosing.may_change(choosing.find(token))
    time.move_to(TIMES[2] - timedelta(hours=12))
    for act in (lambda: choosing.choose(token, TIMES[1]), lambda: choosing.give_up(token)):
        with pytest.raises(choosing.TooLate):
            act()
    time.move_to(TIMES[2] + timedelta(days=1, seconds=1))
    with pytest.raises(NotFound):
        choosing.find(token)


def test_notice_is_kept_to_the_minute(offer: Offer, conversation: Conversation, time: time_machine.Traveller) -> None:
    made, token = offer(conversation)
    time.move_to(TIMES[0] - timedelta(hours=24))
    with pytest.raises((choosing.Taken, choosing.TooLate)):
        choosing.choose(token, TIMES[0])
    assert TIMES[0] not in choosing.left(made)


def test_withdrawn_and_archived_links_say_so(offer: Offer, conversation: Conversation, recruiter: User) -> None:
    made, token = offer(conversation)
    offers.withdraw(made.id, recruiter)
    with pytest.raises(choosing.TooLate):
        choosing.choose(token, TIMES[0])
    again, second = offer(with_candidate("Lee Park", "+12185550144"))
    with transaction() as session:
        session.get_one(Opportunity, again.opportunity_id).archived_at = clock.now()
    assert choosing.stage(choosing.find(second), [TIMES[0]]) is Stage.WITHDRAWN


def test_a_chosen_time_cannot_be_withdrawn(offer: Offer, conversation: Conversation, recruiter: User) -> None:
    made, token = offer(conversation)
    choosing.choose(token, TIMES[0])
    with pytest.raises(Conflict):
        offers.withdraw(made.id, recruiter)


def test_offering_the_same_form_twice_offers_once(conversation: Conversation, recruiter: User, greta: object) -> None:
    draft = offers.Draft("Phone screen", 45, ("lever-greta",), times=TIMES)
    uid = "0b5cf0e4-0bd6-4f0e-a9a5-5cc9f5a1d1aa"
    made = [
        offers.offer(conversation.id, conversation.opportunity_id, draft, "Hi, STOP to end", recruiter, uid=uid).id
        for _ in range(2)
    ]
    assert made[0] == made[1]
    assert len(texts(conversation)) == 1
    assert "https://texting.test/times/" in texts(conversation)[0]


def test_what_the_gate_refuses_is_not_offered(conversation: Conversation, recruiter: User, text_in: Any) -> None:
    text_in("STOP")
    draft = offers.Draft("Phone screen", 45, ("lever-greta",), times=TIMES)
    with pytest.raises(Blocked):
        offers.offer(conversation.id, conversation.opportunity_id, draft, "Choose {{ link }}", recruiter)
    assert db.session.scalar(db.select(db.func.count()).select_from(SlotOffer)) == 0


def test_known_interviews_are_left_out_of_what_is_found(
    conversation: Conversation, recruiter: User, offer: Offer
) -> None:
    made, _ = offer(conversation)
    listed(made, THURSDAY_NINE + timedelta(hours=1))
    draft = offers.Draft("Phone screen", 45, ("lever-greta",))
    day = THURSDAY_NINE.date()
    found = [f"{start:%H:%M}" for start in offers.suggest(draft, day, day)]
    # The company works from nine to five in New York; the interview is from 15:00 to 15:45 UTC, with a quarter around.
    assert found[:3] == ["13:00", "13:30", "14:00"]
    assert "16:00" in found
    assert not {"14:30", "15:00", "15:30"} & set(found)
    with pytest.raises(Invalid):
        offers.suggest(offers.Draft("Phone screen", 45, ()), day, day)


def test_a_confidential_offer_is_not_shown_to_others(offer: Offer, conversation: Conversation, mei: User) -> None:
    made, _ = offer(conversation)
    with transaction() as session:
        session.get_one(Opportunity, made.opportunity_id).confidential = True
    with pytest.raises(NotFound):
        offers.of(made.id, mei)
    assert list(offers.shown(conversation, mei)) == []


