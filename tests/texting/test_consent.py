"""Consent that was given outside of the inbox: written down, kept for good, and not believed for ever."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from werkzeug.test import TestResponse

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain.errors import Invalid, NotAllowed
from grayscale.domain.texting import consent, gate
from grayscale.domain.texting.gate import Code
from grayscale.models import (
    ConsentHow,
    ConsentKind,
    ConsentPolicy,
    ConsentSource,
    ConsentState,
    Conversation,
    Message,
    User,
)
from tests.page import Browser
from tests.texting.carrier import PEER
from tests.texting.conftest import FIRST, fresh

GIVEN = consent.Given(ConsentKind.EXPRESS_WRITTEN, ConsentSource.APPLICATION, "Ticked the box on June 1")


@pytest.fixture(autouse=True)
def asks_for_consent(conversation: Conversation, policy: Callable[..., None]) -> None:
    policy(consent=ConsentPolicy.RECORDED_CONSENT)


def code(conversation: Conversation, by: User) -> Code:
    return gate.check(fresh(conversation), at=clock.now(), by=by, body=FIRST).code


def test_a_recruiter_records_it_in_the_thread_and_can_text(
    conversation: Conversation, jonas: User, as_jonas: Browser
) -> None:
    where = f"/inbox/{conversation.id}"
    assert as_jonas.get(where).soup.find("label", string="How and when") is not None
    refused = as_jonas.post(f"{where}/messages", {"body": FIRST}, htmx=True)
    assert refused.status == 422
    # The same sentence above the composer is hidden while it stands here.
    assert refused.one(".field-error.from-gate")
    form = {
        "kind": "express_written", "source": "application", "note": "Ticked the box on June 1",
        "wording": "I agree to texts.", "page_url": "https://harbor.example/apply",
    }  # fmt: skip
    as_jonas.post(f"{where}/consent", form | {"note": " "})
    assert code(conversation, jonas) is Code.NO_CONSENT
    as_jonas.post(f"{where}/consent", form)
    assert code(conversation, jonas) is Code.ALLOWED
    record = consent.records_of(PEER)[-1]
    assert (record.state, record.how, record.by_id) == (ConsentState.OPTED_IN, ConsentHow.RECORDED, jonas.id)
    assert (record.kind, record.source) == (ConsentKind.EXPRESS_WRITTEN, ConsentSource.APPLICATION)
    assert [record.words, record.wording, record.page_url] == [form[key] for key in ("note", "wording", "page_url")]
    page = as_jonas.get(where)
    assert page.soup.find("label", string="How and when") is None
    assert f"Consent recorded by {jonas.name}: Ticked the box on June 1" in page.text


def test_it_does_not_undo_an_opt_out(conversation: Conversation, jonas: User) -> None:
    consent.opt_out(PEER, ConsentHow.RECRUITER, jonas, "on the phone")
    with pytest.raises(NotAllowed, match="opted out"):
        consent.record_given(PEER, GIVEN, jonas)
    assert code(conversation, jonas) is Code.OPTED_OUT


def test_it_says_how(conversation: Conversation, jonas: User) -> None:
    with pytest.raises(Invalid, match="how and when"):
        consent.record_given(PEER, consent.Given(ConsentKind.EXPRESS, ConsentSource.VERBAL), jonas)


def test_after_a_year_of_silence_it_is_asked_for_again(
    conversation: Conversation, jonas: User, time: time_machine.Traveller, text_in: Callable[..., TestResponse]
) -> None:
    consent.record_given(PEER, GIVEN, jonas)
    time.shift(timedelta(days=200))
    text_in("Yes, still looking")
    time.shift(timedelta(days=300))
    assert code(conversation, jonas) is Code.ALLOWED
    time.shift(timedelta(days=66))
    verdict = gate.check(fresh(conversation), at=clock.now(), by=jonas, body=FIRST)
    assert verdict.code is Code.NO_CONSENT
    assert "more than a year old" in verdict.sentence


def test_an_erasure_keeps_that_there_was_one_and_nobodys_words(jonas: User, conversation: Conversation) -> None:
    consent.record_given(PEER, GIVEN, jonas)
    with transaction():
        consent.forget(PEER)
    record = consent.records_of(PEER)[-1]
    assert (record.kind, record.e164, record.words) == (ConsentKind.EXPRESS_WRITTEN, None, "")


def test_who_texts_first_agrees_to_an_answer(
    conversation: Conversation, text_in: Callable[..., TestResponse], submit: Callable[..., Message]
) -> None:
    text_in("Is the job still open?")
    assert consent.records_of(PEER)[-1].kind is ConsentKind.INQUIRY
