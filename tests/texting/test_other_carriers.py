"""Twilio as others write it: the same facts in notations this application would not choose itself."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from werkzeug.test import TestResponse

from grayscale.clients.twilio.types import SentMessage
from grayscale.domain.texting import checks, consent, filtering, inbound, outbound
from grayscale.domain.texting.phones import from_carrier
from grayscale.extensions import db
from grayscale.models import Conversation, Delivery, Message, MessageState, SendingNumber
from tests import factories
from tests.page import Browser
from tests.texting import carrier as wire
from tests.texting.carrier import PEER, Carrier
from tests.texting.conftest import FIRST, fresh, hook

Submit = Callable[..., Message]
Say = Callable[..., TestResponse]
TextIn = Callable[..., TestResponse]


def last_text() -> Message:
    return db.session.scalars(db.select(Message).order_by(Message.id.desc())).first()


@pytest.mark.parametrize("written", ["12185550142", "+1 (218) 555-0142", "2185550142", PEER])
def test_a_sender_is_the_same_however_their_number_is_written(
    conversation: Conversation, text_in: TextIn, written: str
) -> None:
    text_in("Hello", From=written, To="1 218 555 0100")
    assert (last_text().conversation_id, last_text().peer) == (conversation.id, PEER)
    assert db.session.scalar(db.select(Delivery.phone)) == PEER


@pytest.mark.parametrize("name", ["72345", "HARBOR", "+15005550006"])
def test_who_has_no_phone_number_keeps_their_name(app: Flask, name: str) -> None:
    assert from_carrier(name) == name


def test_a_webhook_without_an_account_is_proven_by_its_signature(conversation: Conversation, client: Browser) -> None:
    form = wire.inbound_form("Hello", sid="SM1")
    del form["AccountSid"]
    assert hook(client, "/webhooks/twilio/inbound", form).status_code == 200
    inbound.handle_waiting()
    assert last_text().body == "Hello"


def test_the_older_names_of_a_state_are_read(
    conversation: Conversation, submit: Submit, carrier: Carrier, client: Browser
) -> None:
    message = submit(conversation)
    outbound.send_due()
    form = {"SmsSid": fresh(message).carrier_id or "", "SmsStatus": "Delivered", "AccountSid": wire.SID}
    assert hook(client, "/webhooks/twilio/status", form).status_code == 200
    inbound.handle_waiting()
    assert fresh(message).state is MessageState.DELIVERED


def test_a_state_quicker_than_the_answer_to_the_call_stands(
    conversation: Conversation, submit: Submit, carrier: Carrier, client: Browser
) -> None:
    message = submit(conversation)
    early: list[int] = []

    def answer_late(form: dict[str, str]) -> None:
        """The text is delivered while the call is still under way."""
        text = carrier.take(form)
        path = form["StatusCallback"].removeprefix(wire.PUBLIC)
        early.append(hook(client, path, wire.status_form(text["sid"], "delivered")).status_code)
        return 201, {}, wire._json(text)

    carrier.faults = [answer_late]
    outbound.send_due()
    inbound.handle_waiting()
    assert early == [200]
    assert (fresh(message).state, len(carrier.texts)) == (MessageState.DELIVERED, 1)


@pytest.mark.parametrize("word", ["", "shipped", "QUEUED"])
def test_an_answer_with_an_odd_state_is_an_answer(
    conversation: Conversation, submit: Submit, carrier: Carrier, word: str
) -> None:
    message = submit(conversation)
    carrier.faults = [lambda form: (201, {}, wire._json({**carrier.take(form), "status": word, "extra": {"a": [1]}}))]
    outbound.send_due()
    assert fresh(message).state is MessageState.ACCEPTED


@pytest.mark.parametrize(
    "answer",
    [(500, {}, "<html>Bad gateway</html>"), (503, {}, ""), (201, {}, "<html>"), (201, {}, "{}"), (302, {}, "")],
)
def test_an_answer_nobody_understands_is_looked_up_and_never_repeated(
    conversation: Conversation, submit: Submit, carrier: Carrier, time: time_machine.Traveller, answer: tuple
) -> None:
    message = submit(conversation)

    def taken(form: dict[str, str]) -> tuple:
        text = carrier.take(form)
        # Listed in other notations than it was sent in.
        text |= {"to": "+1 218-555-0142", "date_created": text["at"].isoformat(), "body": checks.TRIAL + text["body"]}
        return answer

    carrier.faults = [taken]
    outbound.send_due()
    time.shift(checks.GRACE)
    checks.check_unknown()
    assert fresh(message).carrier_id in carrier.texts
    assert len(carrier.posts) == 1


def test_too_many_requests_without_a_time_to_wait_go_on_by_themselves(
    conversation: Conversation, submit: Submit, carrier: Carrier, time: time_machine.Traveller
) -> None:
    message = submit(conversation)
    carrier.faults = [lambda _form: (429, {}, "slow down")]
    outbound.send_due()
    time.shift(timedelta(seconds=10))
    outbound.send_due()
    assert (fresh(message).state, len(carrier.texts)) == (MessageState.ACCEPTED, 1)


def test_times_and_directions_are_read_in_either_notation() -> None:
    iso = SentMessage.parse({"sid": "SM1", "date_created": "2026-06-03T17:00:00Z", "status": "received"})
    rfc = SentMessage.parse({"sid": "SM1", "date_created": "Wed, 03 Jun 2026 17:00:00 +0000", "direction": "inbound"})
    assert iso.date_created == rfc.date_created
    assert iso.is_inbound
    assert rfc.is_inbound


def test_a_second_stop_is_not_confirmed_again(
    conversation: Conversation, text_in: TextIn, carrier: Carrier, policy: Callable[..., None]
) -> None:
    policy(carrier_handles_keywords=False)
    for _ in range(2):
        text_in("STOP")
        outbound.send_due()
    assert len(carrier.posts) == 1
    assert consent.is_opted_out(PEER)


def test_filtered_texts_alert_above_one_in_a_hundred(
    conversation: Conversation, connected: SendingNumber, submit: Submit, carrier: Carrier, say: Say, as_ana: Browser,
    policy: Callable[..., None],
) -> None:  # fmt: skip
    """One of a hundred is no news, two of a hundred and one are, until they are put away."""
    policy(unanswered_limit=0)
    for number in range(99):
        factories.message(
            conversation, direction="outbound", state=MessageState.DELIVERED, handed_over_at=conversation.created_at,
            carrier_id=f"SM-old-{number}",
        )  # fmt: skip
    for seen in (False, True):
        message = submit(conversation, FIRST)
        outbound.send_due()
        say(fresh(message).carrier_id or "", "undelivered", 30007)
        assert not outbound.can_try_again(fresh(message))
        page = as_ana.get("/settings/texting")
        assert ("spam filters blocked 2 of 101 texts" in page.words) is seen
        assert (filtering.alert(db.session.get_one(SendingNumber, connected.id)) is not None) is seen
    assert "(218) 555-0100" in str(filtering.alert(db.session.get_one(SendingNumber, connected.id)))
    put_away = as_ana.get("/inbox").one(".banner form")
    as_ana.post(put_away["action"], {"key": put_away.select_one("[name=key]")["value"]})
    assert "spam filters" not in as_ana.get("/inbox").words
    assert "2 of 101 filtered" in as_ana.get("/settings/texting").one("#numbers").get_text()


def test_a_single_filtered_text_of_few_is_told(
    conversation: Conversation, connected: SendingNumber, submit: Submit, carrier: Carrier, say: Say
) -> None:
    message = submit(conversation, FIRST)
    outbound.send_due()
    say(fresh(message).carrier_id or "", "undelivered", 30007)
    assert filtering.alert(db.session.get_one(SendingNumber, connected.id)) is not None
