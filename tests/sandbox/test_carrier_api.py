"""The simulated carrier's API, spoken by the official SDK."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from grayscale.sandbox import Sandbox
from grayscale.sandbox.carrier import segments

PHONE = "+12185550142"


def test_a_text_goes_through_its_states(sandbox: Sandbox, carrier: Client) -> None:
    message = carrier.messages.create(to=PHONE, from_=sandbox.number, body="Hello")
    assert (message.status, message.direction, message.num_segments, message.num_media) == (
        "queued",
        "outbound-api",
        "1",
        "0",
    )
    assert message.sid is not None
    assert sandbox.settle()
    delivered = carrier.messages(message.sid).fetch()
    assert delivered.status == "delivered"
    assert delivered.date_sent is not None
    assert delivered.date_sent.tzinfo is not None
    assert [status for status, _ in sandbox.texts_to(PHONE)[0].history] == ["queued", "sending", "sent", "delivered"]


def test_a_service_accepts_first_and_picks_the_number_later(sandbox: Sandbox, carrier: Client) -> None:
    message = carrier.messages.create(to=PHONE, messaging_service_sid="MG" + "a" * 32, body="Hello")
    assert (message.status, message.from_, message.num_segments) == ("accepted", None, "0")
    assert message.sid is not None
    assert sandbox.settle()
    later = carrier.messages(message.sid).fetch()
    assert (later.status, later.from_) == ("delivered", sandbox.number)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"to": "12185550142"}, 21211),
        ({"to": "+15005550001"}, 21211),
        ({"to": "+15005550002"}, 21612),
        ({"to": "+15005550003"}, 21408),
        ({"to": "+15005550004"}, 21610),
        ({"to": "+15005550009"}, 21614),
        ({"from_": "+15005550001"}, 21212),
        ({"from_": "+15005550007"}, 21606),
        ({"from_": "+15005550008"}, 21611),
        ({"from_": "+19995550123"}, 21606),
        ({"body": ""}, 21602),
        ({"body": "x" * 1601}, 21617),
        ({"status_callback": "http://under_score.example/x"}, 21609),
    ],
)
def test_refusals_carry_the_code_of_the_real_one(
    sandbox: Sandbox, carrier: Client, change: dict[str, str], code: int
) -> None:
    with pytest.raises(TwilioRestException) as refused:
        carrier.messages.create(**{"to": PHONE, "from_": sandbox.number, "body": "Hello", **change})
    assert (refused.value.status, refused.value.code) == (400, code)
    assert sandbox.texts_to(PHONE) == []


def test_wrong_credentials(sandbox: Sandbox) -> None:
    url = f"{sandbox.carrier_url}/2010-04-01/Accounts/{sandbox.account_sid}/Messages.json"
    answer = requests.get(url, auth=(sandbox.account_sid, "wrong"), timeout=5)
    assert (answer.status_code, answer.json()["code"]) == (401, 20003)
    assert {"code", "message", "more_info", "status"} <= set(answer.json())
    other = url.replace(sandbox.account_sid, "AC" + "0" * 32)
    assert requests.get(other, auth=(sandbox.account_sid, sandbox.auth_token), timeout=5).status_code == 404


def test_account_and_numbers(sandbox: Sandbox, carrier: Client) -> None:
    assert carrier.api.v2010.accounts(sandbox.account_sid).fetch().status == "active"
    number = carrier.incoming_phone_numbers.list(phone_number=sandbox.number)[0]
    assert number.capabilities["sms"] is True
    carrier.incoming_phone_numbers(str(number.sid)).update(sms_url="http://127.0.0.1:9/in")
    assert sandbox.carrier.numbers[sandbox.number].sms_url == "http://127.0.0.1:9/in"


def test_the_list_filters_and_pages(sandbox: Sandbox, carrier: Client) -> None:
    for number in range(5):
        carrier.messages.create(to=PHONE, from_=sandbox.number, body=str(number))
    carrier.messages.create(to="+12185550143", from_=sandbox.number, body="other")
    assert sandbox.settle()
    now = datetime.now(UTC)
    listed = carrier.messages.list(to=PHONE, from_=sandbox.number, page_size=2)
    assert [message.body for message in listed] == ["4", "3", "2", "1", "0"]
    assert len(carrier.messages.list(to=PHONE, date_sent_after=now - timedelta(minutes=5))) == 5
    assert carrier.messages.list(to=PHONE, date_sent_before=now - timedelta(minutes=5)) == []
    assert carrier.messages.list(to=PHONE, date_sent_after=now + timedelta(days=1)) == []


def test_redact_and_delete(sandbox: Sandbox, carrier: Client) -> None:
    sid = str(carrier.messages.create(to=PHONE, from_=sandbox.number, body="secret").sid)
    assert carrier.messages(sid).update(body="").body == ""
    assert carrier.messages(sid).delete()
    with pytest.raises(TwilioRestException) as gone:
        carrier.messages(sid).fetch()
    assert (gone.value.status, gone.value.code) == (404, 20404)


def test_pictures_need_credentials_and_come_from_elsewhere(
    sandbox: Sandbox, carrier: Client, text_us: Callable[..., str]
) -> None:
    sid = text_us(PHONE, "My license", media=["photo", "resume"])
    kinds = [item.content_type for item in carrier.messages(sid).media.list()]
    assert kinds == ["image/png", "application/pdf"]
    url = sandbox.carrier.media_url(sandbox.carrier.messages[sid], sandbox.carrier.messages[sid].media[0])
    assert requests.get(url, timeout=5).status_code == 401
    redirected = requests.get(url, auth=(sandbox.account_sid, sandbox.auth_token), timeout=5, allow_redirects=False)
    assert redirected.status_code == 307
    content = requests.get(url, auth=(sandbox.account_sid, sandbox.auth_token), timeout=5).content
    assert content.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("code", "status"), [(None, 429), (None, 500), (30004, 400)], ids=["throttled", "server error", "own code"]
)
def test_faults_of_the_api(sandbox: Sandbox, carrier: Client, code: int | None, status: int) -> None:
    sandbox.faults.add("carrier", "status", status=status, code=code, method="POST")
    with pytest.raises(TwilioRestException) as failed:
        carrier.messages.create(to=PHONE, from_=sandbox.number, body="Hello")
    assert failed.value.status == status
    assert failed.value.code == (code or {429: 20429, 500: 20500}[status])
    assert carrier.messages.create(to=PHONE, from_=sandbox.number, body="Hello").status == "queued"


def test_dropped_after_the_effect_the_text_was_sent(sandbox: Sandbox, carrier: Client) -> None:
    sandbox.faults.add("carrier", "drop", method="POST", path="*/Messages.json", when="after")
    with pytest.raises(requests.ConnectionError):
        carrier.messages.create(to=PHONE, from_=sandbox.number, body="Once")
    assert [text.body for text in sandbox.texts_to(PHONE)] == ["Once"]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("a" + "€" * 80, 2),
        ("a" * 152 + "€" + "a" * 152, 3),  # the pair does not straddle the border
        ("á" * 70, 1),
        ("á" * 71, 2),
        ("😀" * 35, 1),
        ("😀" * 66, 2),
        ("😀" * 67, 3),
    ],
)
def test_segments(text: str, parts: int) -> None:
    assert segments.count(text) == parts
