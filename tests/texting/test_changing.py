"""A person changes a text while the job is at it."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

import pytest
import time_machine

from grayscale import clock
from grayscale.domain.errors import Conflict
from grayscale.domain.texting import outbound, sending
from grayscale.models import Conversation, Message, MessageState, User
from tests.page import Browser
from tests.texting.carrier import Carrier
from tests.texting.conftest import FIRST, fresh

Submit = Callable[..., Message]


def test_a_text_put_off_after_its_claim_does_not_go_yet(
    conversation: Conversation, carrier: Carrier, submit: Submit, jonas: User, time: time_machine.Traveller,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    message = submit(conversation)
    prepared = sending._prepared

    def put_off_first(ids: Sequence[int]) -> Iterator[sending.Call]:
        outbound.edit(message.id, FIRST, clock.now() + timedelta(hours=2), jonas)
        yield from prepared(list(ids))

    with monkeypatch.context() as patched:
        patched.setattr(sending, "_prepared", put_off_first)
        outbound.send_due()
    assert not carrier.posts
    assert fresh(message).state is MessageState.SCHEDULED
    time.shift(timedelta(hours=2))
    outbound.send_due()
    assert fresh(message).state is MessageState.ACCEPTED
    assert len(carrier.posts) == 1


def test_a_minute_that_just_passed_means_now(
    conversation: Conversation, carrier: Carrier, submit: Submit, jonas: User, time: time_machine.Traveller
) -> None:
    message = submit(conversation, send_at=clock.now() + timedelta(days=2))
    outbound.edit(message.id, FIRST, clock.now() - timedelta(minutes=1), jonas)
    outbound.send_due()
    assert fresh(message).state is MessageState.ACCEPTED


def test_a_text_that_missed_its_time_goes_once_it_is_changed(
    conversation: Conversation, carrier: Carrier, submit: Submit, jonas: User, time: time_machine.Traveller
) -> None:
    message = submit(conversation, send_at=clock.now() + timedelta(hours=1))
    time.shift(timedelta(hours=1, minutes=31))
    outbound.send_due()
    missed = fresh(message)
    assert missed.state is MessageState.OVERDUE
    assert (missed.error or "").startswith("It was to go Wed 3 Jun, 13:00 their time, but nothing could be sent then")
    outbound.edit(message.id, FIRST + " Sorry for the wait.", None, jonas)
    outbound.send_due()
    assert carrier.bodies() == [FIRST + " Sorry for the wait."]


def test_a_cancelled_text_is_brought_back_and_goes_at_its_time(
    conversation: Conversation, carrier: Carrier, submit: Submit, jonas: User, time: time_machine.Traveller,
    as_jonas: Browser,
) -> None:  # fmt: skip
    message = submit(conversation, send_at=clock.now() + timedelta(hours=1))
    as_jonas.post(f"/inbox/messages/{message.id}/cancel", {})
    page = as_jonas.get(f"/inbox/{conversation.id}")
    as_jonas.post(page.one("#toasts form")["action"], {})
    assert fresh(message).state is MessageState.SCHEDULED
    time.shift(timedelta(hours=1))
    outbound.send_due()
    assert carrier.bodies() == [FIRST]
    with pytest.raises(Conflict, match="Nobody cancelled"):
        outbound.restore(message.id, jonas)


def test_a_text_brought_back_past_its_time_waits_for_a_word(
    conversation: Conversation, carrier: Carrier, submit: Submit, jonas: User, time: time_machine.Traveller
) -> None:
    message = submit(conversation, send_at=clock.now() + timedelta(hours=1))
    outbound.cancel(message.id, jonas)
    time.shift(timedelta(hours=2))
    assert outbound.restore(message.id, jonas).state is MessageState.OVERDUE
    outbound.send_due()
    assert not carrier.posts
