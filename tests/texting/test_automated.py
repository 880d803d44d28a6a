"""Texts the application sends by itself: through the same gate, and never too late to be of use."""

from collections.abc import Callable
from datetime import timedelta

import time_machine
from werkzeug.test import TestResponse

from grayscale import clock
from grayscale.domain.texting import automated, consent, outbound
from grayscale.models import ConsentHow, Conversation, Kind, Message, MessageState, User
from tests.texting.carrier import PEER, Carrier, utc
from tests.texting.conftest import fresh

BODY = "Reminder: your interview at Harbor is tomorrow at 9. Reply STOP to opt out."
HOUR = timedelta(hours=1)


def plan(conversation: Conversation, *, after: timedelta = HOUR, key: str = "r1", **values: object) -> Message:
    return automated.plan(conversation.id, BODY, key=key, send_at=clock.now() + after, **values)  # type: ignore[arg-type]


def test_it_waits_in_the_thread_and_goes_once_at_its_time(
    conversation: Conversation, carrier: Carrier, time: time_machine.Traveller
) -> None:
    planned = plan(conversation)
    assert plan(conversation).id == planned.id
    outbound.send_due()
    assert (fresh(planned).state, carrier.posts) == (MessageState.SCHEDULED, [])
    time.shift(HOUR)
    outbound.send_due()
    outbound.send_due()
    assert carrier.bodies() == [BODY]
    assert (fresh(planned).kind, fresh(planned).author_id) == (Kind.AUTOMATED, None)


def test_it_is_moved_and_withdrawn_until_it_goes(
    conversation: Conversation, carrier: Carrier, time: time_machine.Traveller
) -> None:
    planned, other = plan(conversation), plan(conversation, key="r2")
    assert automated.move(planned.id, send_at=clock.now() + 2 * HOUR, body=f"{BODY} Moved.")
    assert automated.withdraw(other.id, "The interview was cancelled.")
    time.shift(HOUR)
    outbound.send_due()
    assert not carrier.posts
    time.shift(HOUR)
    outbound.send_due()
    assert carrier.bodies() == [f"{BODY} Moved."]
    assert fresh(other).error == "The interview was cancelled."
    assert not automated.move(planned.id, send_at=clock.now())
    assert not automated.withdraw(planned.id, "Too late.")


def test_a_recruiter_can_skip_it(conversation: Conversation, jonas: User) -> None:
    planned = plan(conversation)
    outbound.cancel(planned.id, jonas)
    assert fresh(planned).state is MessageState.CANCELED


def test_it_answers_no_question(
    conversation: Conversation, carrier: Carrier, text_in: Callable[..., TestResponse], submit: Callable[..., Message],
    time: time_machine.Traveller,
) -> None:  # fmt: skip
    planned = plan(conversation)
    text_in("Could we start half an hour later?")
    time.shift(HOUR)
    outbound.send_due()
    assert (fresh(planned).state, carrier.bodies()) == (MessageState.ACCEPTED, [BODY])
    assert fresh(conversation).needs_reply
    submit(conversation, "We could.")
    outbound.send_due()
    assert not fresh(conversation).needs_reply


def test_it_never_goes_to_who_opted_out(conversation: Conversation, carrier: Carrier) -> None:
    before = plan(conversation)
    consent.opt_out(PEER, ConsentHow.KEYWORD, reason="STOP")
    after = plan(conversation, after=timedelta(), key="r2")
    outbound.send_due()
    assert (fresh(before).state, fresh(after).state) == (MessageState.CANCELED, MessageState.BLOCKED)
    assert not carrier.posts


def test_a_sentence_that_sounds_like_stop_has_a_person_decide(
    conversation: Conversation, carrier: Carrier, text_in: Callable[..., TestResponse]
) -> None:
    planned = plan(conversation, after=timedelta())
    text_in("please stop texting me")
    outbound.send_due()
    assert (fresh(planned).state, carrier.posts) == (MessageState.OVERDUE, [])


def test_held_at_night_it_goes_in_the_morning_unless_that_is_too_late(
    conversation: Conversation, carrier: Carrier, time: time_machine.Traveller
) -> None:
    night, nine = utc(2026, 6, 4, 3), utc(2026, 6, 4, 14)
    time.move_to(night)
    held = plan(conversation, after=timedelta(), useless_after=nine + HOUR)
    late = plan(conversation, after=timedelta(), key="r2", useless_after=nine)
    for _ in range(2):
        outbound.send_due()
    assert (fresh(held).state, fresh(held).send_at) == (MessageState.SCHEDULED, nine)
    assert (fresh(late).state, fresh(late).error) == (
        MessageState.CANCELED, "Not sent. It would have come too late to be of use.",
    )  # fmt: skip
    time.move_to(nine)
    outbound.send_due()
    assert len(carrier.posts) == 1
    # The carrier may not hold it any longer either.
    assert carrier.posts[0]["ValidityPeriod"] == "3600"


def test_what_was_delayed_until_it_is_useless_is_cancelled(
    conversation: Conversation, carrier: Carrier, time: time_machine.Traveller
) -> None:
    planned = plan(conversation, useless_after=clock.now() + 2 * HOUR)
    time.shift(2 * HOUR)
    outbound.send_due()
    assert (fresh(planned).state, carrier.posts) == (MessageState.CANCELED, [])
