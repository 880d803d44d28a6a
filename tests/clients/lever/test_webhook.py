"""Deliveries from Lever: the signature in the body, and a body that may hold anything."""

from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grayscale.clients.lever.signature import sign, verify
from grayscale.clients.lever.webhook import Malformed, parse_delivery

KEY = "5d1c0a9be47f2c8836af90d1e3b4725a6c7f81902d3e4b5f"
TOKEN = "a1b2c3d4e5f60718293a4b5c6d7e8f901122334455667788"
MOMENT = 1767225600123
SIGNATURE = "d7237da66d3368ebe7e031ddc2933e517e7097207383eeeb4cf6ee27339ef8f7"
BODY = {
    "id": "f1e2d3c4-0001-4a5b-8c6d-7e8f90a1b2c3",
    "event": "candidateStageChange",
    "triggeredAt": MOMENT,
    "token": TOKEN,
    "signature": SIGNATURE,
    "data": {"opportunityId": "o", "candidateId": "legacy", "contactId": "c", "toStageId": "s"},
}


text = st.text(st.characters(), max_size=5)  # halves of surrogate pairs and NUL included
values = st.none() | st.integers() | text | st.lists(text) | st.dictionaries(text, text, max_size=3)


def raw(**changes) -> bytes:
    return json.dumps({**BODY, **changes}).encode()


def test_the_signature_of_the_known_vector():
    assert sign(TOKEN, MOMENT, KEY) == SIGNATURE
    assert verify(TOKEN, MOMENT, SIGNATURE, [KEY]) == 0


def test_during_a_rotation_either_token_verifies_and_tells_which():
    assert verify(TOKEN, MOMENT, SIGNATURE, ["old", KEY]) == 1
    assert verify(TOKEN, MOMENT, SIGNATURE, [KEY, KEY]) == 0


@pytest.mark.parametrize("forged", ["", None, "x", SIGNATURE[:-1], SIGNATURE + "0", "é" * 64, "\ud800", "-"])
def test_a_forged_signature_is_refused(forged):
    assert verify(TOKEN, MOMENT, forged, [KEY]) is None


def test_another_token_or_time_does_not_verify():
    assert verify(TOKEN + "0", MOMENT, SIGNATURE, [KEY]) is None
    assert verify(TOKEN, MOMENT + 1, SIGNATURE, [KEY]) is None


def test_nobody_gets_in_with_an_empty_signing_token():
    assert verify(TOKEN, MOMENT, sign(TOKEN, MOMENT, ""), ["", ""]) is None
    assert verify(TOKEN, MOMENT, SIGNATURE, []) is None


@settings(deadline=None)
@given(st.text(), st.integers(min_value=0), st.text(min_size=1))
def test_what_is_signed_verifies(token, moment, key):
    assert verify(token, moment, sign(token, moment, key), [key]) == 0


def test_a_delivery_is_read_with_its_time_as_signed():
    body = parse_delivery(raw())
    assert (body.event, body.token, body.signature) == ("candidateStageChange", TOKEN, SIGNATURE)
    assert body.triggered_at == MOMENT
    assert (body.opportunity_id, body.contact_id, body.interview_id) == ("o", "c", None)
    assert body.external_id == BODY["id"]
    assert not body.is_test


def test_the_verify_button_sends_no_data():
    assert parse_delivery(raw(data={})).is_test


def test_the_legacy_name_of_an_opportunity_will_do():
    assert parse_delivery(raw(data={"candidateId": "o"})).opportunity_id == "o"


@pytest.mark.parametrize("data", [None, [], "", {"opportunityId": 3}, {"opportunityId": ""}, {"opportunityId": None}])
def test_an_id_that_is_not_text_is_no_id(data):
    assert parse_delivery(raw(data=data)).opportunity_id is None


def test_a_delivery_without_an_id_is_the_same_event_when_it_comes_again():
    first, again = parse_delivery(raw(id=None)), parse_delivery(raw(id=None))
    later = parse_delivery(raw(id=None, triggeredAt=MOMENT + 1))
    assert first.external_id == again.external_id != later.external_id


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"not json",
        b"\xff\xfe\xfa",
        b"[]",
        b"null",
        b"{}",
        b"[" * 100_000,
        b'{"triggeredAt": ' + b"9" * 5000 + b"}",
        raw(data="x"),
        raw(data=[1]),
        raw(event=None),
        raw(event=""),
        raw(event=7),
        raw(token=None),
        raw(token=[]),
        raw(triggeredAt=None),
        raw(triggeredAt=1.767e12),
        raw(triggeredAt=str(MOMENT)),
        raw(triggeredAt=True),
        b'{"event": "x", "token": "t", "triggeredAt": NaN}',
    ],
)
def test_what_is_not_a_delivery_is_malformed(broken):
    with pytest.raises(Malformed):
        parse_delivery(broken)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_malformed(data):
    try:
        parse_delivery(data)
    except Malformed:
        return


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([*BODY, "extra"]), values, max_size=3))
def test_any_body_is_read_or_malformed_and_can_be_stored(changes):
    try:
        found = parse_delivery(raw(**changes))
    except Malformed:
        return
    stored = json.dumps(dataclasses.asdict(found), ensure_ascii=False)
    stored.encode()
    assert "\\u0000" not in stored
