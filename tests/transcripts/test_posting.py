"""One Note per quiet time: when, where, once."""

from datetime import timedelta

import pytest
from time_machine import Traveller

from grayscale.database import transaction
from grayscale.domain.transcripts import attempt, author, checking, cutting, decide, posting
from grayscale.models import LeverUser, Opportunity, TranscriptState, User
from tests import factories
from tests.transcripts.conftest import HOUR, MINUTE, Chat, connect, make_chat, states, transcripts, work
from tests.transcripts.fake_lever import FakeLever

Time = Traveller


def test_one_note_an_hour_after_the_last_message(chat: Chat, lever: FakeLever, time: Time) -> None:
    chat.sent("Are you free on Friday?")
    time.shift(10 * MINUTE)
    chat.received("Yes")
    time.shift(59 * MINUTE)
    work()
    assert lever.values == []
    time.shift(MINUTE)
    work()
    [thread] = lever.threads(chat.opportunity.lever_id)
    assert "Jonas Rehn: Are you free on Friday?" in thread.values[0]
    assert "Mira Okafor: Yes" in thread.values[0]
    assert not thread.notified
    assert chat.due_at is None
    work()
    assert len(lever.values) == 1


def test_a_message_before_the_hour_is_up_restarts_it(chat: Chat, lever: FakeLever, time: Time) -> None:
    chat.sent()
    time.shift(59 * MINUTE)
    chat.received()
    time.shift(2 * MINUTE)
    work()
    assert lever.values == []


def test_a_message_the_due_time_missed_still_restarts_the_hour(chat: Chat, lever: FakeLever, time: Time) -> None:
    chat.sent()
    time.shift(HOUR)
    factories.message(chat.conversation, body="Wait")  # nobody moved the due time
    work()
    assert lever.values == []
    time.shift(HOUR)
    work()
    assert len(lever.values) == 1


def test_the_next_burst_is_a_note_of_its_own(chat: Chat, lever: FakeLever, time: Time) -> None:
    chat.sent("First")
    time.shift(HOUR)
    work()
    chat.received("Second")
    time.shift(HOUR)
    work()
    first, second = lever.values
    assert "First" in first
    assert "Second" not in first
    assert "Second" in second
    assert "First" not in second


def test_the_key_s_own_identity_posts_unless_a_user_is_chosen(chat: Chat, lever: FakeLever, time: Time) -> None:
    chat.sent()
    time.shift(HOUR)
    work()
    assert lever.threads(chat.opportunity.lever_id)[0].authors == [None]


def test_a_chosen_user_posts_and_followers_are_told_when_wanted(chat: Chat, lever: FakeLever, time: Time) -> None:
    connect(notes_as_user_id="lever-ana", notify_followers=True)
    chat.sent()
    time.shift(HOUR)
    work()
    [thread] = lever.threads(chat.opportunity.lever_id)
    assert thread.authors == ["lever-ana"]
    assert thread.notified


def test_a_deactivated_author_falls_back_with_a_warning(chat: Chat, lever: FakeLever, time: Time) -> None:
    now = chat.conversation.created_at
    factories.add(LeverUser(lever_id="lever-ana", name="Ana Castillo", deactivated_at=now, fetched_at=now))
    connect(notes_as_user_id="lever-ana")
    chat.sent()
    time.shift(HOUR)
    work()
    assert lever.threads(chat.opportunity.lever_id)[0].authors == [None]
    assert "Ana Castillo is deactivated" in str(author.warning())


def test_an_author_lever_refuses_falls_back_and_recovers(chat: Chat, lever: FakeLever, time: Time) -> None:
    connect(notes_as_user_id="lever-ana")
    lever.refused_users = {"lever-ana"}
    chat.sent()
    time.shift(HOUR)
    work()
    assert lever.threads(chat.opportunity.lever_id)[0].authors == [None]
    assert "Lever refused" in str(author.warning())
    lever.refused_users = set()
    chat.sent()
    time.shift(HOUR)
    work()
    assert lever.threads(chat.opportunity.lever_id)[1].authors == ["lever-ana"]
    assert author.warning() is None


def test_a_refused_author_is_told_also_when_the_answer_to_the_fallback_is_lost(
    chat: Chat, lever: FakeLever, time: Time
) -> None:
    connect(notes_as_user_id="lever-ana")
    lever.refused_users = {"lever-ana"}
    lever.faults.extend([None, "lost_after"])
    chat.sent()
    time.shift(HOUR)
    work()
    time.shift(attempt.SETTLE)
    work()
    assert "Lever refused" in str(author.warning())
    assert len(lever.values) == 1


def test_a_lever_that_wants_an_author_says_what_to_do(chat: Chat, lever: FakeLever, time: Time) -> None:
    lever.insists_on_user = True
    chat.sent()
    time.shift(HOUR)
    work()
    [transcript] = transcripts()
    assert transcript.state is TranscriptState.FAILED
    assert "Post notes as" in str(transcript.error)


def test_a_refused_note_is_parked_and_the_others_go_on(chat: Chat, lever: FakeLever, time: Time, jonas: User) -> None:
    other = make_chat(jonas)
    lever.faults.append("refuse")
    chat.sent()
    time.shift(timedelta(seconds=1))
    other.sent()
    time.shift(HOUR)
    work()
    assert states().count(TranscriptState.FAILED) == 1
    assert states().count(TranscriptState.POSTED) == 1
    time.shift(24 * HOUR)
    work()
    assert len(lever.values) == 1


@pytest.mark.parametrize("fault", ["slow_down", "unreachable"])
def test_what_certainly_did_not_happen_is_tried_later(
    fault: str, chat: Chat, lever: FakeLever, time: Time
) -> None:
    lever.faults.append(fault)  # type: ignore[arg-type]
    chat.sent()
    time.shift(HOUR)
    work()
    assert states() == [TranscriptState.DUE]
    time.shift(attempt.FIRST_WAIT)
    work()
    assert states() == [TranscriptState.POSTED]
    assert len(lever.values) == 1


def test_a_refused_key_stops_calling_and_keeps_the_note_due(
    chat: Chat, lever: FakeLever, time: Time
) -> None:
    lever.faults.append("unauthorised")
    chat.sent()
    time.shift(HOUR)
    work()
    time.shift(HOUR)
    work()
    assert lever.calls == 1
    assert states() == [TranscriptState.DUE]
    connect()
    work()
    assert len(lever.values) == 1


def test_without_a_connection_it_waits(chat: Chat, lever: FakeLever, time: Time) -> None:
    connect(api_key=None)
    chat.sent()
    time.shift(48 * HOUR)
    work()
    assert lever.calls == 0
    connect()
    work()
    assert len(lever.values) == 1


def test_an_answer_lost_after_the_effect_is_found_and_adopted(chat: Chat, lever: FakeLever, time: Time) -> None:
    for number in range(5):
        lever.create_note(chat.opportunity.lever_id, f"Somebody's note {number}")
    lever.faults.append("lost_after")
    chat.sent("Only once")
    time.shift(HOUR)
    work()
    assert states() == [TranscriptState.CHECKING]
    for number in range(5):
        lever.create_note(chat.opportunity.lever_id, f"A later note {number}")
    time.shift(attempt.SETTLE)
    work()
    [transcript] = transcripts()
    assert transcript.state is TranscriptState.POSTED
    assert transcript.parts[0].note_id == "note-6"
    assert sum("Only once" in value for value in lever.values) == 1


def test_an_absent_note_is_posted_again_only_after_two_looks(chat: Chat, lever: FakeLever, time: Time) -> None:
    lever.faults.append("lost_before")
    chat.sent()
    time.shift(HOUR)
    work()
    time.shift(attempt.SETTLE)
    work()
    assert states() == [TranscriptState.CHECKING]
    time.shift(checking.PROOF - timedelta(seconds=1))
    work()
    assert lever.values == []
    time.shift(timedelta(seconds=1))
    work()
    assert len(lever.values) == 1
    assert states() == [TranscriptState.POSTED]


def test_a_note_that_lands_between_the_looks_is_adopted(chat: Chat, lever: FakeLever, time: Time) -> None:
    lever.faults.append("lost_before")
    chat.sent()
    time.shift(HOUR)
    work()
    time.shift(attempt.SETTLE)
    work()
    [transcript] = transcripts()
    lever.create_note(chat.opportunity.lever_id, transcript.parts[0].text)
    time.shift(checking.PROOF)
    work()
    assert states() == [TranscriptState.POSTED]
    assert len(lever.values) == 1


def test_without_the_permission_to_list_a_lost_answer_is_left_to_people(
    chat: Chat, lever: FakeLever, time: Time
) -> None:
    lever.may_list = False
    lever.faults.append("lost_after")
    chat.sent()
    time.shift(HOUR)
    work()
    time.shift(attempt.SETTLE)
    work()
    assert states() == [TranscriptState.UNSURE]
    time.shift(48 * HOUR)
    work()
    assert len(lever.values) == 1


def test_what_was_unsure_is_looked_up_once_the_key_may_list(chat: Chat, lever: FakeLever, time: Time) -> None:
    test_without_the_permission_to_list_a_lost_answer_is_left_to_people(chat, lever, time)
    lever.may_list = True
    connect(permissions={"list_notes": "granted"})
    work()
    assert states() == [TranscriptState.POSTED]
    assert len(lever.values) == 1


def test_a_new_key_is_asked_by_itself_whether_an_unsure_note_is_there(
    chat: Chat, lever: FakeLever, time: Time
) -> None:
    test_without_the_permission_to_list_a_lost_answer_is_left_to_people(chat, lever, time)
    connect(permissions={})
    work()
    assert states() == [TranscriptState.UNSURE], "that key may not list them either"
    asked = lever.calls
    work()
    assert lever.calls == asked
    lever.may_list = True
    connect(permissions={})
    work()
    assert states() == [TranscriptState.POSTED]
    assert len(lever.values) == 1


def test_a_killed_process_leaves_a_question_not_a_second_note(chat: Chat, lever: FakeLever, time: Time) -> None:
    chat.sent()
    time.shift(HOUR)
    cutting.cut_due()
    [hold] = posting._claim(TranscriptState.DUE)
    call = attempt.begin(hold)
    assert call is not None
    lever.create_note(call.opportunity, call.text)  # and here it was killed
    work()
    assert states() == [TranscriptState.POSTING]
    time.shift(attempt.LEASE + timedelta(seconds=1))
    work()
    assert states() == [TranscriptState.POSTED]
    assert len(lever.values) == 1


def test_who_lost_the_claim_writes_nothing(chat: Chat, lever: FakeLever, time: Time) -> None:
    chat.sent()
    time.shift(HOUR)
    cutting.cut_due()
    [slow] = posting._claim(TranscriptState.DUE)
    time.shift(attempt.LEASE + timedelta(seconds=1))
    [quick] = posting._claim(TranscriptState.DUE)
    assert attempt.begin(slow) is None
    posting.post(quick, lever)  # type: ignore[arg-type]
    attempt.refused(slow, "too late")
    assert states() == [TranscriptState.POSTED]


def test_long_conversations_become_comments_of_one_note(
    chat: Chat, lever: FakeLever, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(40):
        chat.received(f"{number:03} " + "x" * 600)
    lever.faults.extend(["lost_after", "lost_after", "lost_before"])
    time.shift(HOUR)
    for _ in range(12):
        work()
        time.shift(checking.PROOF)
    [thread] = lever.threads(chat.opportunity.lever_id)
    assert states() == [TranscriptState.POSTED]
    assert len(thread.values) == 3
    assert all(len(value) <= 10_000 for value in thread.values)
    text = "".join(thread.values)
    positions = [text.index(f"{number:03} x") for number in range(40)]
    assert positions == sorted(positions)
    assert [text.count(f"{number:03} x") for number in range(40)] == [1] * 40
    assert all(f"· {number} of 3" in thread.values[number - 1] for number in (1, 2, 3))


def test_a_note_deleted_half_way_is_finished_as_another(chat: Chat, lever: FakeLever, time: Time) -> None:
    for number in range(20):
        chat.received(f"{number:03} " + "x" * 600)
    time.shift(HOUR)
    cutting.cut_due()
    [hold] = posting._claim(TranscriptState.DUE)
    call = attempt.begin(hold)
    assert call is not None
    attempt.arrived(hold, call.part_id, "deleted-in-lever")
    posting.post(hold, lever)  # type: ignore[arg-type]
    [transcript] = transcripts()
    assert transcript.state is TranscriptState.FAILED
    assert "no longer in Lever" in str(transcript.error)
    decide.try_again(transcript.id, chat.recruiter)
    work()
    assert states() == [TranscriptState.POSTED]
    assert len(lever.values) == 1


def test_an_opportunity_deleted_before_posting_is_skipped(chat: Chat, lever: FakeLever, time: Time) -> None:
    connect(api_key=None)
    chat.sent("Secret words")
    time.shift(HOUR)
    work()
    with transaction() as session:
        session.delete(session.get_one(Opportunity, chat.opportunity.id))
    connect()
    work()
    [transcript] = transcripts()
    assert transcript.state is TranscriptState.SKIPPED
    assert "deleted" in str(transcript.error)
    assert all(part.text == "" for part in transcript.parts)
    assert lever.calls == 0


def test_a_conversation_with_nobody_waits_until_it_is_matched(
    app: object, lever: FakeLever, time: Time, jonas: User
) -> None:
    chat = make_chat(jonas)
    with transaction() as session:
        row = session.get_one(type(chat.conversation), chat.conversation.id)
        row.opportunity_id = None
        row.candidate_id = None
    chat.received("Who is this?")
    time.shift(48 * HOUR)
    work()
    assert transcripts() == []
    with transaction() as session:
        session.get_one(type(chat.conversation), chat.conversation.id).candidate_id = chat.candidate.id
    work()
    assert len(lever.threads(chat.opportunity.lever_id)) == 1


def test_archived_opportunities_still_take_notes(chat: Chat, lever: FakeLever, time: Time) -> None:
    with transaction() as session:
        session.get_one(Opportunity, chat.opportunity.id).archived_at = chat.conversation.created_at
    chat.sent()
    time.shift(HOUR)
    work()
    assert len(lever.threads(chat.opportunity.lever_id)) == 1


def test_a_transcript_waits_for_the_one_before_it(chat: Chat, lever: FakeLever, time: Time) -> None:
    lever.faults.append("lost_after")
    chat.sent("One")
    time.shift(HOUR)
    work()
    chat.sent("Two")
    time.shift(HOUR)
    lever.faults.clear()
    work()
    first, second = lever.values
    assert "One" in first
    assert "Two" in second
