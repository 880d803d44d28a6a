"""What Twilio posts to us: its signature, agreeing with the official SDK, and its two forms."""

from __future__ import annotations

import random
import string
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

from grayscale.clients.twilio.inbound import FINAL, RANKS, Malformed, MediaRef, parse_inbound, parse_status
from grayscale.clients.twilio.signature import sign, verify

URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
PARAMS = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+14158675309"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
]
ALPHABET = string.ascii_letters + string.digits + " +&=%äé–😀\n\t'\""
SIGNATURE = "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def test_the_signature_of_the_known_vector():
    assert sign(URL, PARAMS, "12345") == SIGNATURE
    assert verify(URL, reversed(PARAMS), SIGNATURE, ["12345"]) == 0


def random_request(source: random.Random) -> tuple[str, list[tuple[str, str]], str]:
    def word(most: int) -> str:
        return "".join(source.choices(ALPHABET, k=source.randint(0, most)))

    url = source.choice(["https", "http"]) + "://" + source.choice(["app.test", "a.b.example.org", "127.0.0.1"])
    url += source.choice(["", "", ":443", ":80", ":8443"])
    url += "/" + quote(word(10)) + source.choice(["", "?m=" + quote(word(8)), "?a=%27&b=|'", "?x"])
    names = [word(8) or "A" for _ in range(source.randint(0, 8))]
    params = [(name, word(20)) for name in names for _ in range(source.choice([1, 1, 1, 2, 3]))]
    return url, params, word(30) + "k"


def test_it_agrees_with_the_official_sdk_on_a_thousand_requests():
    source = random.Random(20261123)
    for _ in range(1000):
        url, params, token = random_request(source)
        official = RequestValidator(token)
        form = MultiDict(params)
        assert sign(url, params, token) == official.compute_signature(url, form)
        for signed_as in (url, url.replace(":443/", "/"), url.replace("app.test/", "app.test:443/"), url + "x"):
            signature = official.compute_signature(signed_as, form)
            assert (verify(url, params, signature, [token]) == 0) is official.validate(url, form, signature)


@pytest.mark.parametrize("forged", ["", None, "x", SIGNATURE.lower(), SIGNATURE + "=", "é", "\ud800"])
def test_a_forged_signature_is_refused(forged):
    assert verify(URL, PARAMS, forged, ["12345"]) is None


@pytest.mark.parametrize(
    ("url", "params"),
    [
        (URL.replace("https", "http"), PARAMS),
        (URL + "3", PARAMS),
        (URL, PARAMS[1:]),
        (URL, [*PARAMS, ("Body", "")]),
        (URL, [*PARAMS[1:], ("CallSid", "CA1234567890ABCDE ")]),
    ],
)
def test_a_changed_request_does_not_verify(url, params):
    assert verify(url, params, SIGNATURE, ["12345"]) is None


def test_during_a_rotation_either_token_verifies_and_an_empty_one_never():
    assert verify(URL, PARAMS, SIGNATURE, ["new", "12345"]) == 1
    assert verify(URL, PARAMS, sign(URL, PARAMS, ""), ["", ""]) is None


INBOUND = {
    "MessageSid": "SM1",
    "SmsSid": "SM1",
    "AccountSid": "AC1",
    "From": "+12185550142",
    "To": "+12185550100",
    "Body": " Yes\x00, see you \n",
    "NumMedia": "2",
    "NumSegments": "1",
    "MediaUrl0": "https://api.twilio.com/m/0",
    "MediaContentType0": "image/jpeg",
    "MediaUrl1": "https://api.twilio.com/m/1",
    "FromCity": "DULUTH",
    "SomethingNew": "1",
}


def inbound(**changes: str | None):
    return parse_inbound([(name, value) for name, value in {**INBOUND, **changes}.items() if value is not None])


def test_a_received_text_is_read_and_kept_whole():
    text = inbound()
    assert (text.sid, text.account_sid, text.from_, text.to) == ("SM1", "AC1", "+12185550142", "+12185550100")
    assert text.body == " Yes, see you \n"
    assert text.media == (
        MediaRef("https://api.twilio.com/m/0", "image/jpeg"),
        MediaRef("https://api.twilio.com/m/1", ""),
    )
    assert text.raw["SomethingNew"] == "1"
    assert "\x00" not in text.raw["Body"]


@pytest.mark.parametrize("sender", ["72975", "ACME", "whatsapp:+12185550142"])
def test_a_sender_need_not_be_a_phone_number(sender):
    assert inbound(From=sender).from_ == sender


@pytest.mark.parametrize(
    ("count", "expected"), [("0", 0), ("", 0), (None, 0), ("-1", 0), ("x", 0), ("²", 0), ("99", 2)]
)
def test_the_number_of_media_is_believed_only_as_far_as_they_are_there(count, expected):
    assert len(inbound(NumMedia=count).media) == expected


def test_no_more_than_ten_media_are_taken():
    many = {f"MediaUrl{index}": f"https://api.twilio.com/{index}" for index in range(20)}
    assert len(inbound(NumMedia="20", **many).media) == 10


def test_advanced_opt_out_is_passed_on():
    assert inbound(OptOutType="Stop").opt_out_type == "STOP"
    assert inbound().opt_out_type is None


def test_a_text_of_media_alone_has_an_empty_body():
    assert inbound(Body=None).body == ""


@pytest.mark.parametrize("missing", ["From", "To"])
def test_a_form_without_what_identifies_it_is_malformed(missing):
    with pytest.raises(Malformed):
        inbound(**{missing: None})
    with pytest.raises(Malformed):
        parse_inbound([])


def test_a_state_is_read_with_its_error():
    event = parse_status(
        [("MessageSid", "SM1"), ("MessageStatus", "Undelivered"), ("ErrorCode", "30003"), ("To", "+12185550142")]
    )
    assert (event.sid, event.status, event.error_code, event.rank, event.is_final) == (
        "SM1",
        "undelivered",
        30003,
        4,
        True,
    )


def test_a_later_state_outranks_an_earlier_one_and_nothing_outranks_the_end():
    order = ["accepted", "queued", "sending", "sent", "delivered", "read"]
    assert [RANKS[state] for state in order] == sorted({RANKS[state] for state in order})
    assert {RANKS[state] for state in FINAL} == {4, 5}


@pytest.mark.parametrize("word", ["teleported", "receiving", "partially_delivered"])
def test_an_unknown_state_has_no_rank(word):
    event = parse_status([("MessageSid", "SM1"), ("MessageStatus", word)])
    assert event.rank is None
    assert not event.is_final


@pytest.mark.parametrize("code", ["", "0", "x", "3000.3", "9" * 30])
def test_an_error_code_that_is_no_number_is_none(code):
    assert parse_status([("SmsSid", "SM1"), ("SmsStatus", "failed"), ("ErrorCode", code)]).error_code is None


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from([*INBOUND, "MessageStatus", "ErrorCode"]), st.text(st.characters()))))
def test_any_form_is_read_or_malformed_and_can_be_stored(form):
    for parse in (parse_inbound, parse_status):
        try:
            found = parse(form)
        except Malformed:
            continue
        stored = "".join([found.sid, *found.raw, *found.raw.values()])
        assert "\x00" not in stored
        stored.encode()
