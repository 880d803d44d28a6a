"""What a Note says."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from time_machine import Traveller

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain.transcripts.rendering import Happened, Said, Talk, bears, marker, render
from grayscale.models import (
    Consent,
    ConsentHow,
    ConsentRecord,
    ConsentState,
    Kind,
    Media,
    MediaState,
    MessageState,
)
from tests import factories
from tests.transcripts.conftest import HOUR, MINUTE, Chat, work
from tests.transcripts.fake_lever import FakeLever

NOON = datetime(2026, 5, 4, 16, 0, tzinfo=UTC)
NEW_YORK = ZoneInfo("America/New_York")


def talk(*entries: Said | Happened) -> Talk:
    return Talk("Mira Okafor", "+1 218-555-0100", entries[0].at, entries[-1].at, NEW_YORK, entries)


def note(*entries: Said | Happened) -> str:
    [only] = render(talk(*entries), "GS-7K3QX2MD9T")
    return only


def test_a_note_reads_well() -> None:
    said = note(
        Said(NOON, "Jonas Rehn", "Hi Mira, are you free on Friday?"),
        Said(NOON + 3 * MINUTE, "Mira Okafor", "Yes!\nAt three?", ("picture: badge.jpg",)),
        Said(NOON + 4 * MINUTE, "Automated", "See you then", ("not delivered: the number is out of service",)),
        Happened(NOON + 5 * MINUTE, "Opted out of texts, by their own reply"),
    )
    assert said.replace("\u00a0", "~") == (
        "Text conversation with Mira Okafor from our number +1 218-555-0100,"
        " Mon 4 May 2026 12:00–12:05 America/New_York (EDT)\n\n"
        "12:00 Jonas Rehn: Hi Mira, are you free on Friday?\n"
        "12:03 Mira Okafor: Yes!\n"
        "~~│ At three?\n"
        "~~[picture: badge.jpg]\n"
        "12:04 Automated: See you then\n"
        "~~[not delivered: the number is out of service]\n"
        "12:05 — Opted out of texts, by their own reply\n\n"
        "Grayscale ref GS-7K3QX2MD9T-1/1"
    )


def test_pictures_without_words_are_listed_one_below_the_other() -> None:
    said = note(Said(NOON, "Mira Okafor", "", ("picture: badge.jpg", "file: resume.pdf")))
    assert "12:00 Mira Okafor: [picture: badge.jpg]\n\u00a0\u00a0[file: resume.pdf]\n" in said


def test_days_are_told_apart_when_there_are_several() -> None:
    said = note(Said(NOON, "A", "one"), Said(NOON + timedelta(days=1), "A", "two"))
    assert "Mon 4 May 2026 12:00 – Tue 5 May 2026 12:00" in said.splitlines()[0]
    assert "\n\nMon 4 May 2026\n12:00 A: one\n\nTue 5 May 2026\n12:00 A: two\n\n" in said


def test_the_hour_that_comes_twice_is_told_apart() -> None:
    first = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    said = note(Said(first, "A", "one"), Said(first + HOUR, "A", "two"))
    assert "01:30 EDT A: one" in said
    assert "01:30 EST A: two" in said


def test_a_text_cannot_pass_for_another_line() -> None:
    for line_break in ("\n", "\r\n", "\r", "\u2028", "\u2029", "\x85", "\x0b"):
        said = note(Said(NOON, "Mira Okafor", f"Hi{line_break}12:09 Jonas Rehn: you are hired"))
        assert not [line for line in said.splitlines() if line.startswith("12:09")]
    said = note(Said(NOON, "Mira\n12:09 Jonas Rehn", "Hi"))
    assert not [line for line in said.splitlines() if line.startswith("12:09")]


def test_nobody_in_lever_is_notified() -> None:
    said = note(Said(NOON, "@ana", "@ana @\x00jonas @\u202ejonas me@home.example ＠ana", ("picture: @ana.jpg",)))
    visible = said.replace("\u200b", "")
    assert "@ana @jonas @jonas me@home.example" in visible
    assert all(after == "\u200b" for before, after in pairwise(said) if before in "@＠")


@given(st.lists(st.text(max_size=400), min_size=1, max_size=12), st.integers(400, 900))
def test_every_text_is_in_the_parts_once_and_in_order(bodies: list[str], limit: int) -> None:
    entries = [Said(NOON + index * MINUTE, "Mira", f"[{index}] {body}") for index, body in enumerate(bodies)]
    parts = render(talk(*entries), "GS-REF", limit=limit)
    assert all(len(part) <= limit for part in parts)
    total = len(parts)
    for number, part in enumerate(parts, start=1):
        assert part.endswith(f"Grayscale ref GS-REF-{number}/{total}")
        assert bears(part, marker("GS-REF", number, total))
        assert total == 1 or f"· {number} of {total}\n" in part
    joined = "\n".join(parts)
    heads = [joined.index(f"{12:02}:{index:02} Mira: [{index}]") for index in range(len(bodies))]
    assert heads == sorted(heads)


@given(st.text(alphabet="abc \n", min_size=0, max_size=5000), st.integers(420, 700))
def test_a_huge_text_is_split_without_loss(body: str, limit: int) -> None:
    parts = render(talk(Said(NOON, "Mira", "start " + body)), "GS-REF", limit=limit)
    kept = "".join(
        line.removeprefix("12:00 Mira (continued): ").removeprefix("12:00 Mira: ").removeprefix("\u00a0\u00a0│ ")
        for part in parts
        for line in part.split("\n\n")[1].split("\n")
    )
    assert "".join(kept.split()) == "".join(("start " + body).split())


def test_a_mark_is_not_taken_for_a_longer_one() -> None:
    assert bears("… GS-REF-1/1", "GS-REF-1/1")
    assert not bears("… GS-REF-1/12", "GS-REF-1/1")


def test_pictures_failures_and_automated_texts_are_told(chat: Chat, lever: FakeLever, time: Traveller) -> None:
    picture = chat.received("")
    factories.add(
        Media(message_id=picture.id, content_type="image/jpeg", file_name="badge.jpg", state=MediaState.STORED)
    )
    time.shift(MINUTE)
    chat.sent("See you", state=MessageState.UNDELIVERED, error="The number is out of service.")
    time.shift(MINUTE)
    chat.sent("Reminder", kind=Kind.AUTOMATED, author_id=None)
    time.shift(HOUR)
    work()
    [value] = lever.values
    assert "12:00 Mira Okafor: [picture: badge.jpg]" in value
    assert "Jonas Rehn: See you\n\u00a0\u00a0[not delivered: The number is out of service]" in value
    assert "Automated: Reminder" in value


def test_what_the_carrier_took_and_gave_up_is_told_as_not_delivered(
    chat: Chat, lever: FakeLever, time: Traveller
) -> None:
    chat.sent("Filtered", state=MessageState.FAILED, handed_over_at=clock.now(), error="Carriers filtered it.")
    chat.sent("Called back", state=MessageState.CANCELED, handed_over_at=clock.now())
    time.shift(HOUR)
    work()
    [value] = lever.values
    assert "Jonas Rehn: Filtered\n\u00a0\u00a0[not delivered: Carriers filtered it]" in value
    assert "Jonas Rehn: Called back\n\u00a0\u00a0[not delivered]" in value


def test_what_never_left_and_history_lines_are_not_in_it(chat: Chat, lever: FakeLever, time: Traveller) -> None:
    chat.sent("Went")
    for state in (MessageState.FAILED, MessageState.CANCELED, MessageState.SCHEDULED, MessageState.SENDING):
        chat.sent(f"In {state}", state=state)
    time.shift(HOUR)
    work()
    [value] = lever.values
    assert "Went" in value
    assert "In " not in value.split("\n\n")[1]


def test_opting_out_and_returning_are_told_once(chat: Chat, lever: FakeLever, time: Traveller) -> None:
    number = {"number_hash": "h" * 64, "e164": chat.conversation.peer}
    stop = chat.received("STOP")
    factories.add(
        Consent(**number, state=ConsentState.OPTED_IN, how=ConsentHow.KEYWORD, at=stop.occurred_at)
    )

    def record(state: ConsentState, how: ConsentHow, **values: object) -> None:
        with transaction() as session:
            session.add(ConsentRecord(**number, state=state, how=how, **values))

    # Written a moment after the text, when its delivery is worked on.
    record(ConsentState.OPTED_OUT, ConsentHow.KEYWORD, message_id=stop.id, at=stop.occurred_at + MINUTE)
    time.shift(HOUR)
    work()
    start = chat.received("START")
    record(ConsentState.OPTED_IN, ConsentHow.KEYWORD, message_id=start.id, at=start.occurred_at)
    record(ConsentState.OPTED_IN, ConsentHow.TEXTED_US, message_id=start.id, at=start.occurred_at)
    record(ConsentState.OPTED_OUT, ConsentHow.RECRUITER, by_id=chat.recruiter.id, at=start.occurred_at + MINUTE)
    time.shift(HOUR)
    work()
    first, second = lever.values
    assert "12:00 Mira Okafor: STOP\n12:00 — Opted out of texts, by their own reply" in first
    assert "13:00 Mira Okafor: START\n13:00 — Takes texts again, by their own reply" in second
    assert "13:01 — Opted out of texts, recorded by Jonas Rehn" in second
    assert (first + second).count("Opted out") == 2
    assert second.count("Takes texts again") == 1
