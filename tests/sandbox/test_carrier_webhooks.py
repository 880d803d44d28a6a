"""What the simulated carrier sends: status callbacks, received texts, keyword answers, candidates' replies."""

from collections.abc import Callable

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from grayscale.sandbox import Sandbox
from tests.sandbox.conftest import Receiver

PHONE = "+12185550142"


@pytest.fixture
def text(sandbox: Sandbox, carrier: Client, receiver: Receiver) -> Callable[..., str]:
    """Sends a text whose states are posted to the receiver; answers its SID."""

    def send(body: str = "Hello", query: str = "?m=42", **fields: str) -> str:
        callback = receiver.url + query
        made = carrier.messages.create(to=PHONE, from_=sandbox.number, body=body, status_callback=callback, **fields)
        return str(made.sid)

    return send


def test_every_state_but_the_first_is_called_back_signed(
    sandbox: Sandbox, receiver: Receiver, text: Callable[..., str]
) -> None:
    sid = text(query="?m=42&x=%7C#rc=2&rp=all")
    seen = receiver.wait(3)
    assert [form["MessageStatus"] for form in receiver.forms] == ["sending", "sent", "delivered"]
    validator = RequestValidator(sandbox.auth_token)
    for item, form in zip(seen, receiver.forms, strict=True):
        assert item["query"] == "m=42&x=%7C"
        assert form["MessageSid"] == sid
        assert validator.validate(f"{receiver.url}?{item['query']}", form, item["signature"])
        assert not validator.validate(receiver.url, form, item["signature"])


@pytest.mark.parametrize(("kind", "code"), [("failed", 30034), ("undelivered", 30003)])
def test_a_failed_text_says_why(
    sandbox: Sandbox, receiver: Receiver, text: Callable[..., str], kind: str, code: int
) -> None:
    sandbox.faults.add("outcome", kind, code=code)
    sid = text()
    assert sandbox.settle()
    last = receiver.forms[-1]
    assert (last["MessageStatus"], last["ErrorCode"]) == (kind, str(code))
    assert sandbox.carrier.messages[sid].error_code == code


def test_some_texts_never_get_a_final_state(sandbox: Sandbox, receiver: Receiver, text: Callable[..., str]) -> None:
    sandbox.faults.add("outcome", "none", path=PHONE)
    text()
    assert sandbox.settle()
    assert [form["MessageStatus"] for form in receiver.forms] == ["sending", "sent"]


@pytest.mark.parametrize(
    ("kind", "path", "states"),
    [
        ("drop", "sent", ["sending", "delivered"]),
        ("duplicate", "sent", ["sending", "sent", "sent", "delivered"]),
        ("reorder", "sent", ["sending", "delivered", "sent"]),
        ("delay", "sending", ["sent", "delivered", "sending"]),
    ],
)
def test_callbacks_get_lost_doubled_overtaken_and_late(
    sandbox: Sandbox, receiver: Receiver, text: Callable[..., str], kind: str, path: str, states: list[str]
) -> None:
    sandbox.faults.add("callback", kind, path=path, seconds=1.0)
    text()
    receiver.wait(len(states))
    assert sandbox.settle()
    assert [form["MessageStatus"] for form in receiver.forms] == states


def test_a_server_error_is_retried_only_where_the_address_asks_for_it(
    sandbox: Sandbox, receiver: Receiver, text: Callable[..., str]
) -> None:
    receiver.answer("500 Oops")
    text(query="")
    assert sandbox.settle()
    assert len(receiver.seen) == 3
    receiver.seen.clear()
    receiver.answer("500 Oops")
    text(query="#rc=2&rp=5xx")
    assert sandbox.settle()
    assert [form["MessageStatus"] for form in receiver.forms] == ["sending", "sending", "sent", "delivered"]


def test_a_received_text_is_posted_signed(sandbox: Sandbox, receiver: Receiver, text_us: Callable[..., str]) -> None:
    sandbox.carrier.numbers[sandbox.number].sms_url = receiver.url
    sid = text_us(PHONE, "Yes & no: 100% “sure” 👍", media=["photo"])
    item = receiver.wait(1)[0]
    form = receiver.forms[0]
    assert form["MessageSid"] == sid
    assert (form["From"], form["To"], form["NumMedia"]) == (PHONE, sandbox.number, "1")
    assert form["Body"] == "Yes & no: 100% “sure” 👍"
    assert form["FromCity"] == ""
    assert form["MediaContentType0"] == "image/png"
    assert RequestValidator(sandbox.auth_token).validate(receiver.url, form, item["signature"])


def test_a_wrongly_signed_text(sandbox: Sandbox, receiver: Receiver, text_us: Callable[..., str]) -> None:
    sandbox.carrier.numbers[sandbox.number].sms_url = receiver.url
    sandbox.faults.add("inbound", "bad_signature")
    text_us(PHONE, "Hello")
    item = receiver.wait(1)[0]
    assert not RequestValidator(sandbox.auth_token).validate(receiver.url, receiver.forms[0], item["signature"])


def test_an_answer_in_plain_text_is_texted_back(
    sandbox: Sandbox, receiver: Receiver, text_us: Callable[..., str]
) -> None:
    sandbox.carrier.numbers[sandbox.number].sms_url = receiver.url
    receiver.answer("200 OK", "text/plain", b"ok")
    receiver.answer("200 OK", "text/xml", b"<Response><Message>Hi</Message></Response>")
    text_us(PHONE, "one")
    text_us(PHONE, "two")
    text_us(PHONE, "three")
    assert sandbox.settle()
    replies = [m.body for m in sandbox.carrier.thread(PHONE) if m.direction == "outbound-reply"]
    assert replies == ["ok", "Hi"]


def test_stop_blocks_the_pair_until_start(
    sandbox: Sandbox, carrier: Client, receiver: Receiver, text_us: Callable[..., str]
) -> None:
    sandbox.carrier.numbers[sandbox.number].sms_url = receiver.url
    text_us(PHONE, " Stop ")
    assert receiver.wait(1)
    assert receiver.forms[0]["Body"] == " Stop ", "the keyword still reaches the application"
    with pytest.raises(TwilioRestException) as refused:
        carrier.messages.create(to=PHONE, from_=sandbox.number, body="Hello")
    assert refused.value.code == 21610
    assert carrier.messages.create(to="+12185550143", from_=sandbox.number, body="Hello").status == "queued"
    answer = sandbox.carrier.thread(PHONE)[-1]
    assert "unsubscribed" in answer.body
    assert answer.sid not in {message.sid for message in carrier.messages.list()}
    text_us(PHONE, "start")
    assert carrier.messages.create(to=PHONE, from_=sandbox.number, body="Hello").status == "queued"


def test_yes_is_an_answer_unless_opted_out_and_sentences_are_no_keywords(
    sandbox: Sandbox, text_us: Callable[..., str]
) -> None:
    text_us(PHONE, "YES")
    text_us(PHONE, "stop please")
    assert len(sandbox.carrier.thread(PHONE)) == 2
    assert sandbox.carrier.opted_out == set()
    sandbox.carrier.settings.handles_keywords = False
    text_us(PHONE, "STOP")
    assert sandbox.carrier.opted_out == set()


def test_candidates_answer_the_same_for_the_same_seed(sandbox: Sandbox, carrier: Client) -> None:
    sandbox.carrier.settings.reply_after = 0
    asked = "Do you have time for a call tomorrow?"
    carrier.messages.create(to=PHONE, from_=sandbox.number, body=asked)
    carrier.messages.create(to="+12185550143", from_=sandbox.number, body="[reply: See you at 3]")
    carrier.messages.create(to="+12185550144", from_=sandbox.number, body="[no reply]")
    assert sandbox.settle()
    said = {p: [m.body for m in sandbox.carrier.thread(p) if m.from_ == p] for p in (PHONE, "+12185550143")}
    assert said == {PHONE: ["Anytime before noon works for me!"], "+12185550143": ["See you at 3"]}
    assert len(sandbox.carrier.thread("+12185550144")) == 1


def test_the_phone_page_texts_as_the_candidate(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.carrier.numbers[sandbox.number].sms_url = receiver.url
    page = requests.post(f"{sandbox.carrier_url}/phones/{PHONE}", data={"body": "Is parking free?"}, timeout=5)
    assert receiver.wait(1)
    assert receiver.forms[0]["Body"] == "Is parking free?"
    assert "Mira Okafor" in page.text, "the network knows whose phone it is"
    page = requests.post(f"{sandbox.carrier_url}/phones/{PHONE}", data={"keyword": "STOP"}, timeout=5)
    assert "Opted out" in page.text
