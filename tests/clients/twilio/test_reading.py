"""Looking texts and numbers up at Twilio."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from grayscale.clients.errors import NotAuthorised, NotFound, UnexpectedAnswer
from grayscale.clients.twilio.errors import NotSent, Rejected, Throttled
from tests.clients.twilio.wiring import ACCOUNT, CREATED, FROM, MESSAGES, NOON, NUMBERS, ROOT, SID, TO

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
every_read = pytest.mark.parametrize(
    ("read", "url", "body"), READS, ids=["fetch", "account", "find", "list_inbound", "list_numbers", "list_media"]
)


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


@pytest.mark.parametrize("host", ["", "https://api.twilio.com", "https://evil.test"])
def test_the_next_page_is_looked_for_nowhere_else(client, carrier, host):
    second = "/2010-04-01/Accounts/" + SID + "/Messages.json"
    row = {"sid": "SM2", "to": FROM, "direction": "inbound"}
    carrier.get(MESSAGES, json={"messages": [], "next_page_uri": f"{host}{second}?Page=1"})
    carrier.get(MESSAGES, json={"messages": [row], "next_page_uri": None})
    assert [text.sid for text in client.list_inbound(FROM, NOON)] == ["SM2"]
    assert all(call.request.url.startswith(MESSAGES) for call in carrier.calls)


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
