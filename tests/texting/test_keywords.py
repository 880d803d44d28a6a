"""Which words opt out, in, or ask for help; and which only sound like it."""

import pytest

from grayscale.domain.texting.keywords import Keyword, classify, is_carriers, says_wrong_number


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
        "I can stop by", "bus stop", "ok cancel it", "Can you cancel it", "Don't stop", "I will not stop at this",
        "I want to quit my job", "You can end it at 5", "No me parece mal", "Text me tomorrow, no more calls",
        "I don't want to miss your text", "stop by", "next stop", "full stop it is", "Can it end now?",
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
        "stop please", "Please, stop", "pls stop", "Stop now", "stop thanks", "STOP STOP", "ok stop", "can you stop",
        "opt out please", "unsubscribe please", "Please stop all", "I don't want these texts anymore", "Stop it",
        "I do not want any more messages", "no me escriban más", "No quiero recibir mensajes", "deje de escribirme",
        "alto por favor", "Número equivocado", "please cancel", "No thanks, stop", "Hi. Stop it please!",
    ],
)  # fmt: skip
def test_a_sentence_that_means_stop_is_a_suggestion(body: str) -> None:
    assert classify(body) is Keyword.SOFT_STOP


@pytest.mark.parametrize(
    ("body", "known"),
    [("STOP", True), (" stop\n", True), ("StopAll", True), ("yes", True), ("Info", True), ("stop.", False),
     ("STOP ALL", False), ("opt-out", False), ("ALTO", False), ("Help!", False), ("Start!", False), ("", False)],
)  # fmt: skip
def test_the_carrier_knows_its_own_words_alone(body: str, known: bool) -> None:
    assert is_carriers(body) is known


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
