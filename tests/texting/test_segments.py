"""Segments, counted as the carrier does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grayscale.domain.texting import segments

EMOJI = "🙂"
FAMILY = "👩‍👩‍👧"


@pytest.mark.parametrize(
    ("text", "encoding", "units", "parts"),
    [
        ("", "GSM-7", 0, 0),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("€" * 80, "GSM-7", 160, 1),
        ("{}[]~|^\\€\f", "GSM-7", 20, 1),
        ("é" * 160, "GSM-7", 160, 1),
        ("í" * 70, "UCS-2", 70, 1),
        ("í" * 71, "UCS-2", 71, 2),
        ("í" * 134, "UCS-2", 134, 2),
        ("í" * 135, "UCS-2", 135, 3),
        (EMOJI * 35, "UCS-2", 70, 1),
        ("It’s fine", "UCS-2", 9, 1),
        ("naïve\ttab", "UCS-2", 9, 1),
    ],
)
def test_the_borders_of_both_alphabets(text: str, encoding: str, units: int, parts: int) -> None:
    cost = segments.count(text)
    assert (cost.encoding, cost.units, cost.parts) == (encoding, units, parts)


def test_an_extension_pair_does_not_straddle_two_parts() -> None:
    # 152 septets, then a pair: it moves to the second part, and one septet of the first stays empty.
    assert segments.count("a" * 152 + "€" + "a" * 151).parts == 2
    assert segments.count("a" * 152 + "€" + "a" * 152).parts == 3
    assert segments.count("a" * 305 + "a").parts == 2


def test_a_surrogate_pair_does_not_straddle_two_parts() -> None:
    assert segments.count("í" * 66 + EMOJI + "í" * 65).parts == 2
    assert segments.count("í" * 66 + EMOJI + "í" * 66).parts == 3


def test_it_says_what_forces_the_short_alphabet() -> None:
    assert segments.count("María’s “day”").forced_by == ("í", "’", "“", "”")


def test_look_alikes_are_swapped_and_names_keep_their_spelling() -> None:
    assert segments.plain("“María’s”\u00a0day – José…") == "\"María's\" day - José..."
    assert segments.count(segments.plain("It’s on – “see you”…")).encoding == "GSM-7"


@given(st.text(max_size=700))
def test_parts_hold_the_text_and_none_is_wasted(text: str) -> None:
    cost = segments.count(text)
    room = segments.SPLIT[cost.encoding]
    assert cost.characters == len(text)
    if cost.parts > 1:
        # A part may stay one unit short where a pair would not fit.
        assert room * cost.parts - cost.parts < cost.units + room
        assert cost.units <= room * cost.parts
        assert 0 <= cost.left < room
    else:
        assert cost.units <= segments.SINGLE[cost.encoding]


@given(st.text(alphabet="abc €{íñ’" + EMOJI, max_size=400), st.text(alphabet="abc €í" + EMOJI, max_size=10))
def test_a_longer_text_never_costs_less_in_its_alphabet(text: str, more: str) -> None:
    before, after = segments.count(text), segments.count(text + more)
    if before.encoding == after.encoding:
        assert after.parts >= before.parts
