"""Sending a text and configuring a number: exact forms, one POST each, every failure told apart."""

from __future__ import annotations

import base64
import json
import re
from urllib.parse import parse_qsl

import pytest
import requests
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client as OfficialClient

from grayscale.clients.errors import Disposition, NotAuthorised, NotFound
from grayscale.clients.twilio.client import TwilioClient
from grayscale.clients.twilio.errors import NotSent, OutcomeUnknown, Rejected, Throttled
from grayscale.clients.twilio.errors_table import FailureKind
from tests.clients.twilio.wiring import CREATED, FROM, MESSAGES, NOON, NUMBERS, ROOT, SID, TO, TOKEN
from tests.clients.wire import WireServer, json_answer, reply, reset


def send(client: TwilioClient):
    return client.send(TO, FROM, "Hello", "https://app.test/status?m=1")


WRITES = [send, lambda client: client.configure_number("PN1", "https://app.test/inbound")]
every_write = pytest.mark.parametrize("write", WRITES, ids=["send", "configure_number"])


def form_of(carrier) -> list[tuple[str, str]]:
    assert len(carrier.calls) == 1
    return parse_qsl(carrier.calls[0].request.body, keep_blank_values=True)


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
