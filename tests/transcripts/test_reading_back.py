"""A Note whose id is known is read back by it: the guide's key may do that, and may not list notes."""

import pytest
from sqlalchemy.exc import OperationalError
from time_machine import Traveller

from grayscale.domain.transcripts import checking, cutting, readback
from grayscale.extensions import db
from grayscale.models import TranscriptState
from tests.page import Browser
from tests.transcripts.conftest import HOUR, MINUTE, Chat, connect, states, transcripts, work
from tests.transcripts.fake_lever import FakeLever

Time = Traveller


@pytest.fixture
def long_chat(chat: Chat, lever: FakeLever, time: Time) -> Chat:
    """A conversation of three comments that is due, with a key that may not list notes."""
    for number in range(40):
        chat.received(f"{number:03} " + "x" * 600)
    lever.may_list = False
    connect(permissions={"list_notes": "missing"})
    time.shift(HOUR)
    return chat


@pytest.fixture
def posted(chat: Chat, lever: FakeLever, time: Time) -> int:
    """Id of a Note that is in Lever."""
    chat.received()
    time.shift(HOUR)
    work()
    return transcripts()[0].id


def test_a_lost_comment_is_found_on_the_note_it_was_added_to(long_chat: Chat, lever: FakeLever, time: Time) -> None:
    cutting.cut_due()
    lever.faults.extend([None, "lost_after"])
    for _ in range(3):
        work()
        time.shift(MINUTE)
    [thread] = lever.threads(long_chat.opportunity.lever_id)
    assert (states(), len(thread.values)) == ([TranscriptState.POSTED], 3)


def test_a_comment_that_is_not_there_is_posted_after_two_looks(long_chat: Chat, lever: FakeLever, time: Time) -> None:
    lever.faults.extend([None, "lost_before"])
    for _ in range(4):
        work()
        time.shift(checking.PROOF)
    [thread] = lever.threads(long_chat.opportunity.lever_id)
    assert (states(), len(thread.values)) == ([TranscriptState.POSTED], 3)


def test_where_notes_may_not_be_read_either_a_person_decides(long_chat: Chat, lever: FakeLever, time: Time) -> None:
    lever.may_read = False
    lever.faults.extend([None, "lost_after"])
    for _ in range(3):
        work()
        time.shift(MINUTE)
    assert states() == [TranscriptState.UNSURE]


def test_anybody_can_ask_whether_a_note_is_still_there(
    posted: int, chat: Chat, lever: FakeLever, as_jonas: Browser
) -> None:
    assert readback.look(posted, chat.recruiter).is_whole
    page = as_jonas.post(f"/notes/{posted}/look")
    assert "It is in Lever, whole." in as_jonas.get(page.location).text
    lever.notes.clear()
    found = readback.look(posted, chat.recruiter)
    assert not found.is_whole
    assert "somebody deleted it there" in found.sentence
    lever.may_read = False
    page = as_jonas.post(f"/notes/{posted}/look")
    assert "may not read notes" in as_jonas.get(page.location).text


def test_a_database_that_fails_for_a_moment_puts_a_note_off_for_seconds(
    chat: Chat, lever: FakeLever, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat.received()
    time.shift(HOUR)

    def busy(*_: object) -> None:
        raise OperationalError("SELECT", {}, Exception("database is locked"))

    with monkeypatch.context() as patch:
        patch.setattr(cutting, "_bind", busy)
        cutting.cut_due()
    db.session.rollback()
    assert (transcripts(), lever.values) == ([], [])
    time.shift(cutting.BRIEFLY)
    work()
    assert len(lever.values) == 1
