"""Which words opt out, in, or ask for help; and which only sound like it."""

import pytest

from grayscale.domain.texting.keywords import Keyword, classify, says_wrong_number


@pytest.mark.parametrize(
    "body",
    [
        "STOP", "stop", " Stop. ", "STOP!!!", "«stop»", "STOP 🛑", "StopAll", "STOP ALL", "unsubscribe", "Cancel",
        "END", "quit", "Revoke.", "OPTOUT", "opt out", "Opt-Out", "ALTO", "parar", "CANCELAR", "\nSTOP\n", "ＳＴＯＰ",
    ],
)  # fmt: skip
def test_a_stop_word_as_the_whole_message_opts_out(body: str) -> None:
    assert classify(body) is Keyword.STOP


@pytest.mark.parametrize(
    "body",
    [
        "Please stop by at 3", "Can we stop at the cafe?", "I need to cancel my interview", "When does it end",
        "The bus stop is close", "I quit my old job yesterday", "do you stop at 5?", "", "🙂", "unstoppable",
    ],
)  # fmt: skip
def test_a_sentence_with_a_stop_word_in_it_is_an_answer(body: str) -> None:
    assert classify(body) is None


@pytest.mark.parametrize(
    "body",
    [
        "please stop texting me", "Stop. Thank you", "wrong number", "You have the wrong person",
        "take me off your list", "Don’t text me again", "do not contact me", "lose my number", "no more texts please",
        "remove me", "I want to opt out", "Leave me alone!", "can you please stop", "STOP SENDING THESE MESSAGES",
    ],
)  # fmt: skip
def test_a_sentence_that_means_stop_is_a_suggestion(body: str) -> None:
    assert classify(body) is Keyword.SOFT_STOP


@pytest.mark.parametrize("body", ["START", "start!", "Unstop"])
def test_start_words_return_always(body: str) -> None:
    assert classify(body) is Keyword.START


def test_yes_returns_only_who_opted_out() -> None:
    assert classify("Yes") is None
    assert classify("Yes!", opted_out=True) is Keyword.START
    assert classify("Yes, 3 works", opted_out=True) is None


@pytest.mark.parametrize("body", ["HELP", "help?", "Info"])
def test_help_words_ask_for_help(body: str) -> None:
    assert classify(body) is Keyword.HELP


def test_a_wrong_number_is_told_apart_from_a_wish_to_stop() -> None:
    assert says_wrong_number("Sorry, wrong\nnumber!")
    assert not says_wrong_number("please stop texting me")
