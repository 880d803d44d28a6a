"""The Twilio client at the wire: exact forms, one POST per text, and each failure told apart."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
import responses
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client as OfficialClient

from grayscale.clients.errors import Disposition, NotAuthorised, NotFound, UnexpectedAnswer
from grayscale.clients.twilio.client import TwilioClient
from grayscale.clients.twilio.errors import MediaRefused, NotSent, OutcomeUnknown, Rejected, Throttled
from grayscale.clients.twilio.errors_table import FAILURES, FailureKind, Retry, explain
from tests.clients.wire import WireServer, json_answer, reply, reset

ROOT = "https://twilio.test"
SID = "AC" + "0" * 32
TOKEN = "auth-token-secret"
ACCOUNT = f"{ROOT}/2010-04-01/Accounts/{SID}"
MESSAGES = ACCOUNT + "/Messages.json"
NUMBERS = ACCOUNT + "/IncomingPhoneNumbers"
TO, FROM = "+12185550142", "+12185550100"
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CREATED = {
    "sid": "SM" + "1" * 32,
    "status": "queued",
    "num_segments": "2",
    "num_media": "0",
    "to": TO,
    "from": FROM,
    "direction": "outbound-api",
    "date_created": "Mon, 23 Nov 2026 12:00:00 +0000",
    "date_sent": None,
    "error_code": None,
    "price": None,
}


@pytest.fixture
def slept():
    return []


@pytest.fixture
def client(slept):
    client = TwilioClient(SID, TOKEN, ROOT, sleep=slept.append)
    yield client
    client.close()


@pytest.fixture
def carrier():
    with responses.RequestsMock() as mock:
        yield mock


def send(client: TwilioClient):
    return client.send(TO, FROM, "Hello", "https://app.test/status?m=1")


WRITES = [send, lambda client: client.configure_number("PN1", "https://app.test/inbound")]
READS = [
    (lambda client: client.fetch("SM1"), f"{ACCOUNT}/Messages/SM1.json", {"sid": "SM1"}),
    (lambda client: client.account(), f"{ACCOUNT}.json", {"sid": SID, "status": "active", "type": "Full"}),
    (lambda client: client.find(TO, FROM, NOON), MESSAGES, {"messages": [CREATED]}),
    (lambda client: client.list_inbound(FROM, NOON), MESSAGES, {"messages": [{**CREATED, "direction": "inbound"}]}),
    (lambda client: client.list_numbers(), NUMBERS + ".json", {"incoming_phone_numbers": [{"sid": "PN1"}]}),
    (
        lambda client: client.list_media("MM1"),
        f"{ACCOUNT}/Messages/MM1/Media.json",
        {"media_list": [{"sid": "ME1", "uri": "/2010-04-01/x/Media/ME1.json"}]},
    ),
]
every_write = pytest.mark.parametrize("write", WRITES, ids=["send", "configure_number"])
every_read = pytest.mark.parametrize(
    ("read", "url", "body"), READS, ids=["fetch", "account", "find", "list_inbound", "list_numbers", "list_media"]
)


def form_of(carrier) -> list[tuple[str, str]]:
    assert len(carrier.calls) == 1
    return parse_qsl(carrier.calls[0].request.body, keep_blank_values=True)


# Sending


def test_a_text_goes_out_as_twilio_documents_it(client, carrier):
    carrier.post(MESSAGES, json=CREATED, status=201)
    sent = client.send(
        TO,
        FROM,
        "Grüße & more",
        "https://app.test/status?m=1",
        media_urls=("https://app.test/1.png", "https://app.test/2.png"),
        messaging_service_sid="MG1",
        validity_period=3600,
    )
    assert form_of(carrier) == [
        ("To", TO),
        ("From", FROM),
        ("MessagingServiceSid", "MG1"),
        ("Body", "Grüße & more"),
        ("MediaUrl", "https://app.test/1.png"),
        ("MediaUrl", "https://app.test/2.png"),
        ("StatusCallback", "https://app.test/status?m=1"),
        ("ValidityPeriod", "3600"),
    ]
    request = carrier.calls[0].request
    assert request.headers["Authorization"] == "Basic " + base64.b64encode(f"{SID}:{TOKEN}".encode()).decode()
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert (sent.sid, sent.status, sent.segments) == (CREATED["sid"], "queued", 2)
    assert sent.date_created == NOON


def test_it_says_the_same_as_the_official_client(client, carrier):
    carrier.post(MESSAGES, json=CREATED, status=201)
    send(client)
    official = OfficialClient(SID, TOKEN, http_client=TwilioHttpClient(timeout=5))
    official.api.base_url = ROOT
    official.messages.create(to=TO, from_=FROM, body="Hello", status_callback="https://app.test/status?m=1")
    ours, theirs = (call.request for call in carrier.calls)
    assert ours.url == theirs.url
    assert sorted(parse_qsl(ours.body)) == sorted(parse_qsl(theirs.body))
    assert ours.headers["Authorization"] == theirs.headers["Authorization"]


def test_a_picture_may_go_without_words(client, carrier):
    carrier.post(MESSAGES, json=CREATED, status=201)
    client.send(TO, FROM, "", None, media_urls=["https://app.test/1.png"])
    assert [name for name, _ in form_of(carrier)] == ["To", "From", "MediaUrl"]


@pytest.mark.parametrize(
    ("status", "code", "kind", "failure_kind"),
    [
        (400, 21211, Rejected, FailureKind.INVALID_NUMBER),
        (400, 21610, Rejected, FailureKind.OPTED_OUT),
        (400, 21614, Rejected, FailureKind.NOT_TEXTABLE),
        (400, 21408, Rejected, FailureKind.NOT_PERMITTED),
        (400, 21606, Rejected, FailureKind.SENDER_PROBLEM),
        (400, 21617, Rejected, FailureKind.TOO_LONG),
        (403, 30002, Rejected, FailureKind.SUSPENDED),
        (400, 99999, Rejected, FailureKind.OTHER),
        (400, None, Rejected, FailureKind.OTHER),
        (401, 20003, NotAuthorised, FailureKind.AUTH),
        (401, None, NotAuthorised, FailureKind.AUTH),
        (404, 20404, NotFound, FailureKind.OTHER),
    ],
)
def test_a_refused_text_says_why(client, carrier, status, code, kind, failure_kind):
    carrier.post(MESSAGES, status=status, json={"code": code, "message": "Twilio's\nwords", "status": status})
    with pytest.raises(Rejected) as caught:
        send(client)
    assert isinstance(caught.value, kind)
    assert caught.value.kind is failure_kind
    assert caught.value.outcome_known
    assert caught.value.detail == "Twilio's words"
    assert caught.value.message.endswith(".")
    assert TOKEN not in repr(caught.value)


@pytest.mark.parametrize(
    ("status", "body", "wait"),
    [(429, {"code": 20429}, 3.0), (429, "<html>", 3.0), (400, {"code": 21611}, 3.0)],
)
def test_a_text_not_taken_for_load_may_be_sent_again(client, carrier, status, body, wait):
    carrier.post(MESSAGES, status=status, body=json.dumps(body), headers={"Retry-After": "3"})
    with pytest.raises(Throttled) as caught:
        send(client)
    assert caught.value.retry_after == wait
    assert caught.value.may_retry


def test_a_full_queue_is_left_to_drain_for_minutes(client, carrier):
    carrier.post(MESSAGES, status=400, json={"code": 21611})
    with pytest.raises(Throttled) as caught:
        send(client)
    assert caught.value.retry_after >= 60


@every_write
@pytest.mark.parametrize("status", [500, 502, 503, 504, 408, 302, 304])
def test_a_write_that_failed_inside_twilio_is_unknown_and_sent_once(client, carrier, write, status):
    carrier.post(re.compile(r".*"), status=status, json={"code": 20500}, headers={"Location": "/x"})
    with pytest.raises(OutcomeUnknown) as caught:
        write(client)
    assert caught.value.disposition is Disposition.LOOK_UP
    assert len(carrier.calls) == 1


@every_write
@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (requests.ReadTimeout(), OutcomeUnknown),
        (requests.ConnectionError("reset"), OutcomeUnknown),
        (requests.exceptions.ChunkedEncodingError(), OutcomeUnknown),
        (requests.ConnectTimeout(), NotSent),
    ],
    ids=["read time-out", "reset", "cut", "connect time-out"],
)
def test_a_write_without_an_answer(client, carrier, write, failure, kind):
    carrier.post(re.compile(r".*"), body=failure)
    with pytest.raises(kind):
        write(client)
    assert len(carrier.calls) == 1


@every_write
@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"sid": null}', b"[" * 100_000])
def test_a_write_accepted_in_words_nobody_understands_is_unknown(client, carrier, write, body):
    carrier.post(re.compile(r".*"), body=body, status=201)
    with pytest.raises(OutcomeUnknown):
        write(client)


def test_a_text_whose_answer_was_lost_is_on_the_wire_once():
    with WireServer(reset, reply(json_answer("201 Created", json.dumps(CREATED).encode()))) as server:
        client = TwilioClient(SID, TOKEN, server.url)
        with pytest.raises(OutcomeUnknown):
            send(client)
        assert len(server.requests) == 1
        client.close()


def test_a_text_to_a_carrier_that_is_down_was_not_sent():
    with WireServer() as server:
        url = server.url
    with pytest.raises(NotSent, match="could not be reached"):
        send(TwilioClient(SID, TOKEN, url))


def test_odd_characters_in_credentials_and_texts_are_still_sent(carrier):
    carrier.post(re.compile(r".*"), json=CREATED, status=201)
    TwilioClient(SID, "tökeñ–\U0001f511", ROOT).send(TO, FROM, "half \ud83d\x00", None)
    assert dict(form_of(carrier))["Body"] == "half \ufffd"


# Reading


@every_read
def test_a_read_carries_the_credentials_and_answers_typed(client, carrier, read, url, body):
    carrier.get(url, json=body)
    found = read(client)
    assert found
    assert carrier.calls[0].request.headers["Authorization"].startswith("Basic ")


@every_read
def test_a_read_is_repeated_until_it_passes(client, carrier, slept, read, url, body):
    carrier.get(url, status=503)
    carrier.get(url, body=requests.ReadTimeout())
    carrier.get(url, json=body)
    assert read(client)
    assert len(slept) == 2


@every_read
@pytest.mark.parametrize(
    ("status", "kind"), [(400, Rejected), (401, NotAuthorised), (403, Rejected), (404, NotFound), (301, Rejected)]
)
def test_a_refused_read_is_told_apart(client, carrier, read, url, body, status, kind):
    carrier.get(url, status=status, json={"message": "no"})
    with pytest.raises(kind):
        read(client)
    assert len(carrier.calls) == 1


@every_read
def test_a_read_that_is_throttled_gives_up_in_the_end(client, carrier, read, url, body):
    carrier.get(url, status=429)
    with pytest.raises(Throttled):
        read(client)
    assert len(carrier.calls) == 3


@every_read
@pytest.mark.parametrize("answer", [b"", b"<html>", b"[]"])
def test_a_read_answered_with_something_else_may_pass_later(client, carrier, read, url, body, answer):
    carrier.get(url, body=answer)
    with pytest.raises(NotSent):
        read(client)


@every_read
def test_a_read_of_the_wrong_shape_is_not_repeated(client, carrier, read, url, body):
    carrier.get(url, json={"something": "else"})
    with pytest.raises(UnexpectedAnswer):
        read(client)
    assert len(carrier.calls) == 1


def test_a_lost_text_is_found_even_while_it_has_no_sender_and_no_date(client, carrier):
    rows = [
        {**CREATED, "sid": "SM1", "from": None, "status": "accepted"},
        {**CREATED, "sid": "SM2", "date_created": "Mon, 23 Nov 2026 11:59:59 +0000"},
        {**CREATED, "sid": "SM3", "direction": "inbound"},
        {**CREATED, "sid": "SM4", "from": "+12185550199"},
        {**CREATED, "sid": "SM5", "to": "+12185550177"},
        {**CREATED, "sid": "SM6"},
        {"no": "sid"},
    ]
    carrier.get(MESSAGES, json={"messages": rows})
    assert [message.sid for message in client.find(TO, FROM, NOON + timedelta(milliseconds=400))] == ["SM1", "SM6"]
    assert dict(parse_qsl(urlsplit(carrier.calls[0].request.url).query))["To"] == TO


def test_received_texts_are_asked_for_since_a_time_and_read_to_the_last_page(client, carrier):
    inbound = {**CREATED, "direction": "inbound"}
    after = f"/2010-04-01/Accounts/{SID}/Messages.json?Page=1&PageToken=PASM1"
    carrier.get(MESSAGES, json={"messages": [{**inbound, "sid": "SM1"}], "next_page_uri": after})
    carrier.get(ROOT + after, json={"messages": [{**inbound, "sid": "SM2"}, CREATED], "next_page_uri": None})
    eastern = NOON.astimezone(tz=None)
    assert [message.sid for message in client.list_inbound(FROM, eastern)] == ["SM1", "SM2"]
    assert dict(parse_qsl(urlsplit(carrier.calls[0].request.url).query)) == {
        "To": FROM,
        "DateSent>": "2026-11-23T12:00:00Z",
        "PageSize": "1000",
    }
    assert carrier.calls[1].request.url == ROOT + after


def test_the_next_page_is_not_looked_for_elsewhere(client, carrier):
    carrier.get(MESSAGES, json={"messages": [], "next_page_uri": "https://evil.test/next"})
    with pytest.raises(UnexpectedAnswer):
        client.list_inbound(FROM, NOON)
    assert len(carrier.calls) == 1


def test_a_list_that_never_ends_is_given_up(client, carrier):
    carrier.get(MESSAGES, json={"messages": [], "next_page_uri": f"/2010-04-01/Accounts/{SID}/Messages.json"})
    with pytest.raises(UnexpectedAnswer):
        client.list_inbound(FROM, NOON)


def test_numbers_tell_what_they_can_do_and_where_they_deliver(client, carrier):
    row = {"sid": "PN1", "phone_number": FROM, "sms_url": "https://old", "capabilities": {"sms": True, "mms": False}}
    carrier.get(NUMBERS + ".json", json={"incoming_phone_numbers": [row]})
    (number,) = client.list_numbers()
    assert (number.phone_number, number.sms_url, number.sms_capable, number.mms_capable) == (
        FROM,
        "https://old",
        True,
        False,
    )


def test_a_number_is_pointed_at_us(client, carrier):
    carrier.post(NUMBERS + "/PN1.json", json={"sid": "PN1", "sms_url": "https://app.test/inbound"})
    client.configure_number("PN1", "https://app.test/inbound", sms_fallback_url="https://app.test/fallback")
    assert form_of(carrier) == [
        ("SmsUrl", "https://app.test/inbound"),
        ("SmsMethod", "POST"),
        ("SmsFallbackUrl", "https://app.test/fallback"),
        ("SmsFallbackMethod", "POST"),
    ]


def test_neither_repr_nor_the_reports_show_the_token(carrier):
    heard = []
    client = TwilioClient(SID, TOKEN, ROOT, on_response=lambda *event: heard.append(event[:2]))
    carrier.post(MESSAGES, json=CREATED, status=201)
    send(client)
    assert heard == [("send", 201)]
    assert TOKEN not in f"{client!r} {client}"


# Media

MEDIA = ROOT + "/2010-04-01/Accounts/x/Messages/MM1/Media/ME1"
TWILIO_MEDIA = "https://api.twilio.com/2010-04-01/Accounts/x/Messages/MM1/Media/ME1"


@pytest.mark.parametrize("url", [MEDIA, TWILIO_MEDIA])
def test_media_come_from_twilio_with_credentials(client, carrier, url):
    carrier.get(url, body=b"PNG", content_type="image/PNG; charset=binary")
    media = client.fetch_media(url)
    assert (media.content, media.content_type) == (b"PNG", "image/png")
    assert "Authorization" in carrier.calls[0].request.headers


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://localhost:5000/metrics",
        "http://api.twilio.com/x",
        "https://api.twilio.com:8443/x",
        "https://eviltwilio.com/x",
        "https://twilio.com.evil.test/x",
        "https://evil.test/?https://api.twilio.com",
        "https://api.twilio.com@evil.test/x",
        "https://evil.test\\@api.twilio.com/x",
        "https://evil.test\\.twilio.com/x",
        "https://api.twilio.com\n.evil.test/",
        "https://[::1]/x",
        "http://twilio.test/x",
        "https://twilio.test:444/x",
        "file:///etc/passwd",
        "//twilio.test/x",
        "https://media.twiliocdn.com/x",
        "https://ⓣwilio.com/x",
        "https://api.twilio.com:99999/x",
        "",
    ],
)
def test_media_anywhere_else_are_refused_without_asking(client, carrier, url):
    with pytest.raises(MediaRefused):
        client.fetch_media(url)
    assert len(carrier.calls) == 0


def test_credentials_stay_behind_when_media_lie_in_the_store(client, carrier):
    store = "https://media.twiliocdn.com/AC1/abc"
    carrier.get(MEDIA, status=307, headers={"Location": store})
    carrier.get(store, body=b"PNG", content_type="image/png")
    assert client.fetch_media(MEDIA).content == b"PNG"
    assert "Authorization" not in carrier.calls[1].request.headers


def test_credentials_do_not_come_back_after_a_detour(client, carrier):
    carrier.get(MEDIA, status=302, headers={"Location": "https://media.twiliocdn.com/a"})
    carrier.get("https://media.twiliocdn.com/a", status=302, headers={"Location": MEDIA + "2"})
    carrier.get(MEDIA + "2", body=b"PNG")
    client.fetch_media(MEDIA)
    assert "Authorization" not in carrier.calls[2].request.headers


@pytest.mark.parametrize("target", ["http://169.254.169.254/", "https://evil.test/", "http://media.twiliocdn.com/x"])
def test_a_redirect_away_from_twilio_is_refused(client, carrier, target):
    carrier.get(MEDIA, status=302, headers={"Location": target})
    with pytest.raises(MediaRefused):
        client.fetch_media(MEDIA)
    assert len(carrier.calls) == 1


def test_a_redirect_in_circles_ends(client, carrier):
    carrier.get(MEDIA, status=302, headers={"Location": MEDIA})
    with pytest.raises(MediaRefused):
        client.fetch_media(MEDIA)


def test_media_over_5_mb_are_not_read_to_the_end(client, carrier):
    carrier.get(MEDIA, body=b"x" * (5 * 1024 * 1024 + 1))
    with pytest.raises(MediaRefused, match="5 MB"):
        client.fetch_media(MEDIA)


@pytest.mark.parametrize(("status", "kind"), [(404, NotFound), (401, NotAuthorised), (503, NotSent), (429, Throttled)])
def test_media_that_are_not_to_be_had(client, carrier, status, kind):
    carrier.get(MEDIA, status=status)
    with pytest.raises(kind):
        client.fetch_media(MEDIA)


# The table of codes


def test_a_person_who_opted_out_or_was_filtered_is_never_texted_again_by_itself():
    assert explain(21610).retry is Retry.NEVER
    assert explain(30007).retry is Retry.NEVER
    assert explain(30003).retry is Retry.ONCE
    assert explain(30001).retry is Retry.LATER


@pytest.mark.parametrize("failure", FAILURES.values(), ids=lambda failure: str(failure.code))
def test_every_code_is_explained_to_both_readers_in_sentences(failure):
    for text in (failure.user_text, failure.admin_text):
        assert text.endswith(".")
        assert text[0].isupper()
    assert str(failure.code) not in failure.user_text


@pytest.mark.parametrize("code", [None, 1, 64000])
def test_an_unknown_code_is_explained_without_guessing(code):
    failure = explain(code)
    assert failure.kind is FailureKind.OTHER
    assert not failure.may_retry
