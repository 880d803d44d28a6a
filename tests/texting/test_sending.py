"""From Send to the carrier: one text each, whatever happens on the way."""

from collections.abc import Callable

from grayscale.domain.texting import outbound
from grayscale.models import Conversation, Message, MessageState
from tests.texting.carrier import OURS, PEER, Carrier
from tests.texting.conftest import FIRST, fresh

Submit = Callable[..., Message]


def test_a_submitted_text_is_queued_and_then_with_the_carrier(
    conversation: Conversation, carrier: Carrier, submit: Submit
) -> None:
    message = submit(conversation)
    assert message.state is MessageState.QUEUED
    assert outbound.send_due() == 1
    sent = fresh(message)
    assert sent.state is MessageState.ACCEPTED
    assert sent.carrier_id in carrier.texts
    assert carrier.posts[0]["To"] == PEER
    assert carrier.posts[0]["From"] == OURS
    assert carrier.posts[0]["Body"] == FIRST
    assert outbound.send_due() == 0
    assert len(carrier.posts) == 1
