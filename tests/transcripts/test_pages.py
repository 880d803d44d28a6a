"""The page Notes, one Note, the proof of a conversation, and what a thread shows."""


import pytest
import time_machine
from flask import Flask

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain import history
from grayscale.domain.transcripts import listing
from grayscale.models import Conversation, Direction, LeverUser, MessageState, Opportunity, TranscriptState
from tests import factories
from tests.page import Browser
from tests.transcripts.conftest import HOUR, MINUTE, Chat, connect, make_chat, states, transcripts, work
from tests.transcripts.fake_lever import FakeLever

Time = time_machine.Traveller


def thread(browser: Browser, chat: Chat) -> str:
    """The part of the thread that tells of its Notes, read through the answer to a button nobody can use twice."""
    return browser.post(f"/notes/conversations/{chat.conversation.id}/post-now", htmx=True).words


def test_the_list_shows_what_is_coming_and_what_is_noted(
    chat: Chat, lever: FakeLever, time: Time, as_jonas: Browser
) -> None:
    chat.sent("Hello")
    coming = as_jonas.get("/notes?state=coming")
    assert "Mira Okafor" in coming.words
    assert "Goes to Lever 13:00" in coming.words
    time.shift(HOUR)
    work()
    noted = as_jonas.get("/notes?state=noted")
    assert "Noted in Lever" in noted.words
    assert noted.one('a:-soup-contains("Open in Lever")')["href"] == "https://hire.lever.test/candidates/1"
    assert "Nothing is waiting" in as_jonas.get("/notes?state=coming").words
    assert "Noted 1" in as_jonas.get("/notes").words


def test_one_note_shows_what_lever_got(chat: Chat, lever: FakeLever, time: Time, as_jonas: Browser) -> None:
    chat.sent("Hello @ana")
    time.shift(HOUR)
    work()
    [transcript] = transcripts()
    page = as_jonas.get(f"/notes/{transcript.id}")
    assert page.one("pre").get_text() == lever.values[0]
    assert "changed after" not in page.words
    assert transcript.parts[0].text == ""


def test_a_failure_after_the_note_is_said_beside_it(
    chat: Chat, lever: FakeLever, time: Time, as_jonas: Browser
) -> None:
    message = chat.sent("Hello", state=MessageState.SENT)
    time.shift(HOUR)
    work()
    with transaction() as session:
        row = session.get_one(type(message), message.id)
        row.state, row.error = MessageState.UNDELIVERED, "The number is out of service."
    assert "changed after the Note was posted" in as_jonas.get(f"/notes/{transcripts()[0].id}").words


def test_search_narrows_to_a_candidate(
    chat: Chat, lever: FakeLever, time: Time, as_jonas: Browser
) -> None:
    chat.sent()
    time.shift(HOUR)
    work()
    assert "Noted in Lever" in as_jonas.get("/notes?q=okafor").words
    assert "No candidate by that name" in as_jonas.get("/notes?q=100%").words


def test_a_long_list_is_paged(
    chat: Chat, lever: FakeLever, time: Time, as_jonas: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PAGE", 3)
    for number in range(5):
        chat.sent(f"Text {number}")
        time.shift(HOUR)
        work()
    first = as_jonas.get("/notes?state=noted")
    assert len(first.select(".notes-list > li")) == 3
    second = as_jonas.get(first.one(".notes-more a")["href"])
    assert len(second.select(".notes-list > li")) == 2
    assert not second.select(".notes-more")


def test_unsure_is_decided_by_a_person_it_is_in_lever(
    chat: Chat, lever: FakeLever, time: Time, as_jonas: Browser
) -> None:
    [transcript] = unsure(chat, lever, time)
    page = as_jonas.get("/notes?state=unsure")
    assert "Find all opportunity notes" in page.words
    answer = as_jonas.post(f"/notes/{transcript}/in-lever", {"next": "/notes?state=unsure"})
    assert answer.status == 303
    assert answer.location == "/notes?state=unsure"
    assert states() == [TranscriptState.POSTED]
    work()
    assert len(lever.values) == 1


def test_unsure_is_decided_by_a_person_post_it_again(
    chat: Chat, lever: FakeLever, time: Time, as_jonas: Browser
) -> None:
    [transcript] = unsure(chat, lever, time)
    as_jonas.post(f"/notes/{transcript}/post-again")
    work()
    assert states() == [TranscriptState.POSTED]
    assert len(lever.values) == 2
    late = as_jonas.post(f"/notes/{transcript}/post-again", htmx=True)
    assert "somebody or something was quicker" in late.headers["HX-Trigger"]
    work()
    assert len(lever.values) == 2


def test_what_lever_lists_is_not_posted_again_whatever_was_known_of_the_key(
    chat: Chat, lever: FakeLever, time: Time, as_jonas: Browser
) -> None:
    [transcript] = unsure(chat, lever, time)
    lever.may_list = True
    answer = as_jonas.post(f"/notes/{transcript}/post-again", htmx=True)
    assert "it arrived, so it was not posted again" in answer.headers["HX-Trigger"]
    work()
    assert states() == [TranscriptState.POSTED]
    assert len(lever.values) == 1


def test_a_long_one_begun_in_doubt_goes_on_under_the_note_a_person_names(
    chat: Chat, lever: FakeLever, time: Time, as_jonas: Browser
) -> None:
    [transcript] = unsure(chat, lever, time, "word " * 4000)
    [begun] = lever.threads(chat.opportunity.lever_id)
    page = as_jonas.get("/notes?state=unsure")
    assert page.one(".notes-list .button[href$='#which']").text == "It is in Lever…"
    page = as_jonas.get(f"/notes/{transcript}")
    assert "The rest of this transcript belongs under that Note" in page.words
    for named, sentence in (("", "Say which Note it is"), ("note-99", "Lever has no such Note")):
        answer = as_jonas.post(f"/notes/{transcript}/in-lever", {"note": named})
        assert answer.status == 422
        assert sentence in answer.one("#note-error").text
    assert states() == [TranscriptState.UNSURE]
    as_jonas.post(f"/notes/{transcript}/in-lever", {"note": f"https://lever.test/notes/{begun.id}/"})
    work()
    assert states() == [TranscriptState.POSTED]
    assert [len(thread.values) for thread in lever.threads(chat.opportunity.lever_id)] == [3]


def unsure(chat: Chat, lever: FakeLever, time: Time, words: str = "Hi") -> list[int]:
    lever.may_list = False
    lever.faults.append("lost_after")
    chat.sent(words)
    time.shift(HOUR)
    work()
    time.shift(MINUTE)
    work()
    assert states() == [TranscriptState.UNSURE]
    return [transcript.id for transcript in transcripts()]


def test_refused_is_tried_again_by_hand(chat: Chat, lever: FakeLever, time: Time, as_jonas: Browser) -> None:
    lever.faults.append("refuse")
    chat.sent()
    time.shift(HOUR)
    work()
    page = as_jonas.get("/notes?state=failed")
    assert "value is not welcome" in page.words
    as_jonas.post(page.one("form:-soup-contains('Try again')")["action"])
    work()
    assert len(lever.values) == 1


def test_a_super_admin_tries_all_again(
    chat: Chat, lever: FakeLever, time: Time, as_ana: Browser, as_jonas: Browser
) -> None:
    lever.faults.append("refuse")
    chat.sent()
    time.shift(HOUR)
    work()
    assert as_jonas.post("/notes/try-again").status == 403
    assert as_ana.post("/notes/try-again").status == 303
    work()
    assert len(lever.values) == 1


def test_post_now_does_not_wait_for_the_hour(chat: Chat, lever: FakeLever, time: Time, as_jonas: Browser) -> None:
    chat.sent("Now, please")
    assert "Being posted to Lever" in thread(as_jonas, chat)
    work()
    assert "Now, please" in lever.values[0]
    again = as_jonas.post(f"/notes/conversations/{chat.conversation.id}/post-now", htmx=True)
    assert "noted already" in again.headers["HX-Trigger"]
    assert "Noted in Lever" in again.words
    work()
    assert len(lever.values) == 1


def test_what_has_nowhere_to_go_says_so(chat: Chat, lever: FakeLever, time: Time, as_jonas: Browser) -> None:
    chat.received("Who is this?")
    with transaction() as session:
        row = session.get_one(Conversation, chat.conversation.id)
        row.opportunity_id, row.candidate_id = None, None
    page = as_jonas.get("/notes?state=nowhere")
    assert "It is not known whose number this is" in page.words
    assert "It is not known whose number this is" in thread(as_jonas, chat)


def test_the_proof_names_the_note_of_every_text_or_the_reason(
    chat: Chat, lever: FakeLever, time: Time, as_jonas: Browser
) -> None:
    chat.sent("Noted one")
    outbound = {"direction": Direction.OUTBOUND, "author_id": chat.recruiter.id}
    factories.message(chat.conversation, body="Held", state=MessageState.BLOCKED, error="Opted out.", **outbound)
    factories.message(chat.conversation, body="Refused by the carrier", state=MessageState.FAILED, **outbound)
    chat.sent("Lost at the carrier", state=MessageState.FAILED, handed_over_at=clock.now())
    time.shift(HOUR)
    work()
    chat.received("Waiting one")
    factories.message(chat.conversation, body="Later", state=MessageState.SCHEDULED, **outbound)
    page = as_jonas.get(f"/notes/conversations/{chat.conversation.id}")
    assert "Complete: 6 texts: 2 noted, 2 to come, 2 not noted" in page.words
    rows = {row.select("td")[2].get_text(strip=True): row.get_text(" ", strip=True) for row in page.select("tbody tr")}
    assert transcripts()[0].reference in rows["Noted one"]
    assert "held back and never left: Opted out." in rows["Held"]
    assert "It never left." in rows["Refused by the carrier"]
    assert transcripts()[0].reference in rows["Lost at the carrier"]
    assert "Will be" in rows["Waiting one"]
    assert "not been sent yet" in rows["Later"]


def test_the_proof_shows_a_gap(chat: Chat, lever: FakeLever, time: Time, as_jonas: Browser) -> None:
    factories.message(chat.conversation, body="Forgotten")
    page = as_jonas.get(f"/notes/conversations/{chat.conversation.id}")
    assert "1 of 1 texts are in no Note" in page.words


def test_confidential_notes_are_not_found(
    chat: Chat, lever: FakeLever, time: Time, as_jonas: Browser, as_ana: Browser
) -> None:
    with transaction() as session:
        session.get_one(Opportunity, chat.opportunity.id).confidential = True
    chat.sent("Secret")
    assert "Mira" not in as_jonas.get("/notes?state=coming").words
    time.shift(HOUR)
    work()
    [transcript] = transcripts()
    assert "Mira" not in as_jonas.get("/notes").words
    assert as_jonas.get(f"/notes/{transcript.id}").status == 404
    assert as_jonas.get(f"/notes/conversations/{chat.conversation.id}").status == 404
    for act in ("in-lever", "post-again", "try-again"):
        assert as_jonas.post(f"/notes/{transcript.id}/{act}").status == 404
    assert as_jonas.post(f"/notes/conversations/{chat.conversation.id}/post-now").status == 404
    assert "Secret" in as_ana.get(f"/notes/{transcript.id}").words


def test_without_a_connection_the_page_says_nothing_is_lost(
    app: Flask, chat: Chat, lever: FakeLever, time: Time, as_jonas: Browser
) -> None:
    connect(api_key=None)
    chat.sent()
    time.shift(HOUR)
    work()
    page = as_jonas.get("/notes?state=posting")
    assert "Lever is not connected" in page.words
    assert "next try" in page.words


def test_an_open_thread_is_told_of_its_note(chat: Chat, lever: FakeLever, time: Time) -> None:
    chat.sent()
    with transaction() as session:
        before = session.get_one(Conversation, chat.conversation.id).changed_at_tick
    time.shift(HOUR)
    work()
    with transaction() as session:
        assert session.get_one(Conversation, chat.conversation.id).changed_at_tick > before


def test_several_conversations_are_counted_apart(
    chat: Chat, lever: FakeLever, time: Time, as_jonas: Browser
) -> None:
    other = make_chat(chat.recruiter)
    chat.sent()
    time.shift(HOUR)
    work()
    other.sent()
    words = as_jonas.get("/notes").words
    assert "All 1" in words
    assert "Coming up 1" in words
    assert "Noted 1" in words


def test_the_proof_says_of_a_note_in_doubt_that_it_is(
    chat: Chat, lever: FakeLever, time: Time, as_jonas: Browser
) -> None:
    lever.may_list = False
    chat.sent("One")
    chat.received("Two")
    lever.faults.append("lost_after")
    time.shift(HOUR)
    work()
    time.shift(MINUTE)
    work()
    page = as_jonas.get(f"/notes/conversations/{chat.conversation.id}")
    assert "Complete: 2 texts: 2 in a Note whose fate is unsure." in page.words
    assert page.words.count("may not list notes") == 1


def test_a_deactivated_author_is_told_before_anything_is_posted(
    chat: Chat, lever: FakeLever, as_ana: Browser
) -> None:
    now = chat.conversation.created_at
    factories.add(LeverUser(lever_id="lever-ana", name="Ana Castillo", deactivated_at=now, fetched_at=now))
    connect(notes_as_user_id="lever-ana")
    told = "Ana Castillo is deactivated in Lever, so Notes are posted as the API key itself."
    assert as_ana.get("/settings/ats/lever").words.count(told) == 2, "in the banner and beside the setting"


def test_what_happened_before_a_note_stands_above_it(
    chat: Chat, lever: FakeLever, time: Time, as_jonas: Browser
) -> None:
    chat.sent("First")
    time.shift(30 * MINUTE)
    with transaction():
        history.add(chat.opportunity.id, "Hired", None)
    time.shift(30 * MINUTE)
    work()
    time.shift(MINUTE)
    with transaction():
        history.add(chat.opportunity.id, "Archived", None)
    chat.sent("Second")
    page = as_jonas.get(f"/inbox/{chat.conversation.id}")
    lines = [line.get_text(" ", strip=True).split(" ")[0] for line in page.select(".messages li.history")]
    assert lines == ["Hired", "Noted", "Archived"]
