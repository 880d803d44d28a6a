"""The table of Twilio's codes."""

from __future__ import annotations

import pytest

from grayscale.clients.twilio.errors_table import FAILURES, FailureKind, Retry, explain


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
