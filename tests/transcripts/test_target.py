"""Where a Note goes: the opportunity chosen, until Lever was asked, and never past a confidential one."""

import pytest
from time_machine import Traveller

from grayscale.database import transaction
from grayscale.domain.errors import Conflict, Invalid, NotFound
from grayscale.domain.lever import erasure
from grayscale.domain.transcripts import attempt, cutting, listing, posting, proof, state, target
from grayscale.domain.transcripts.listing import View
from grayscale.models import Conversation, Opportunity, TranscriptState, User
from tests import factories
from tests.transcripts.conftest import HOUR, Chat, connect, states, work
from tests.transcripts.fake_lever import FakeLever


def other_opportunity(chat: Chat, **values: object) -> Opportunity:
    return factories.opportunity(chat.candidate, **values)


def test_the_chosen_opportunity_takes_the_note(chat: Chat, lever: FakeLever, time: Traveller, jonas: User) -> None:
    other = other_opportunity(chat)
    chat.sent()
    target.choose(chat.conversation.id, other.id, jonas)
    time.shift(HOUR)
    work()
    assert len(lever.threads(other.lever_id)) == 1
    assert lever.threads(chat.opportunity.lever_id) == []


def test_a_transcript_lever_was_not_asked_about_moves_too(
    chat: Chat, lever: FakeLever, time: Traveller, jonas: User
) -> None:
    other = other_opportunity(chat)
    connect(api_key=None)
    chat.sent()
    time.shift(HOUR)
    work()
    assert states() == [TranscriptState.DUE]
    target.choose(chat.conversation.id, other.id, jonas)
    connect()
    work()
    assert len(lever.threads(other.lever_id)) == 1


def test_one_that_was_called_stays_where_it_may_be(
    chat: Chat, lever: FakeLever, time: Traveller, jonas: User
) -> None:
    other = other_opportunity(chat)
    lever.faults.append("lost_after")
    chat.sent()
    time.shift(HOUR)
    work()
    target.choose(chat.conversation.id, other.id, jonas)
    time.shift(attempt.SETTLE)
    work()
    assert states() == [TranscriptState.POSTED]
    assert lever.threads(other.lever_id) == []


def test_a_refused_note_is_posted_on_the_opportunity_chosen_instead(
    chat: Chat, lever: FakeLever, time: Traveller, jonas: User
) -> None:
    other = other_opportunity(chat)
    lever.faults.append("refuse")
    chat.sent()
    time.shift(HOUR)
    work()
    assert states() == [TranscriptState.FAILED]
    target.choose(chat.conversation.id, other.id, jonas)
    work()
    assert len(lever.threads(other.lever_id)) == 1


def test_without_a_choice_the_active_opportunity_takes_it(
    chat: Chat, lever: FakeLever, time: Traveller
) -> None:
    with transaction() as session:
        session.get_one(Conversation, chat.conversation.id).opportunity_id = None
        session.get_one(Opportunity, chat.opportunity.id).archived_at = chat.conversation.created_at
    active = other_opportunity(chat)
    chat.sent()
    time.shift(HOUR)
    work()
    assert len(lever.threads(active.lever_id)) == 1


def test_texts_of_a_confidential_opportunity_stay_there(
    chat: Chat, lever: FakeLever, time: Traveller, ana: User
) -> None:
    open_one = other_opportunity(chat)
    with transaction() as session:
        session.get_one(Opportunity, chat.opportunity.id).confidential = True
    chat.sent("Secret")
    with pytest.raises(Conflict, match="confidential"):
        target.choose(chat.conversation.id, open_one.id, ana)
    time.shift(HOUR)
    cutting.cut_due()
    with pytest.raises(Conflict, match="stay with it"):
        target.choose(chat.conversation.id, open_one.id, ana)
    work()
    assert len(lever.threads(chat.opportunity.lever_id)) == 1
    assert lever.threads(open_one.lever_id) == []


def test_nobody_else_s_opportunity_and_none_that_is_hidden(
    chat: Chat, lever: FakeLever, jonas: User
) -> None:
    with pytest.raises(Invalid, match="another candidate"):
        target.choose(chat.conversation.id, factories.opportunity().id, jonas)
    with pytest.raises(NotFound):
        target.choose(chat.conversation.id, other_opportunity(chat, confidential=True).id, jonas)


def test_texts_of_a_deleted_opportunity_are_noted_on_no_other(
    chat: Chat, lever: FakeLever, time: Traveller
) -> None:
    other = other_opportunity(chat)
    chat.sent("About the deleted one")
    erasure.erase_opportunity(chat.opportunity.lever_id, "deleted in Lever")
    time.shift(HOUR)
    work()
    assert lever.values == []
    shown = proof.of_conversation(chat.conversation.id)
    assert [(row.verdict, row.why) for row in shown.messages] == [("not_noted", attempt.GONE)]
    assert listing.counts(chat.recruiter)[View.SKIPPED] == 1
    [row] = listing.page(chat.recruiter, View.SKIPPED).rows
    assert (row.name, row.line.reason) == ("Mira Okafor", attempt.GONE)
    chat.sent("About the other")
    time.shift(HOUR)
    work()
    [thread] = lever.threads(other.lever_id)
    assert "About the other" in thread.values[0]
    assert "deleted one" not in thread.values[0]


def test_texts_erased_before_they_were_noted_are_counted_without_the_person(
    chat: Chat, lever: FakeLever, time: Traveller, ana: User
) -> None:
    chat.sent("Soon gone")
    time.shift(HOUR)
    work()
    chat.sent("Never noted")
    erasure.erase_opportunity(chat.opportunity.lever_id, "deleted in Lever")
    for view in (View.SKIPPED, View.ALL):
        assert listing.counts(chat.recruiter)[view] == 1
        [row] = listing.page(chat.recruiter, view).rows
        assert (row.name, row.line.count, row.line.reason) == (listing.ERASED, 1, listing.WAS_ERASED)


def test_that_a_confidential_person_was_erased_is_for_super_admins(
    chat: Chat, lever: FakeLever, time: Traveller, ana: User
) -> None:
    with transaction() as session:
        session.get_one(Opportunity, chat.opportunity.id).confidential = True
    chat.sent("Secret")
    erasure.erase_opportunity(chat.opportunity.lever_id, "deleted in Lever")
    assert listing.counts(chat.recruiter)[View.SKIPPED] == 0
    assert not listing.page(chat.recruiter, View.SKIPPED).rows
    assert listing.counts(ana)[View.SKIPPED] == len(listing.page(ana, View.SKIPPED).rows) == 1


def test_a_note_in_doubt_ends_when_its_opportunity_is_deleted(
    chat: Chat, lever: FakeLever, time: Traveller
) -> None:
    other_opportunity(chat)
    lever.faults.append("lost_before")
    chat.sent()
    time.shift(HOUR)
    work()
    lever.deleted.add(chat.opportunity.lever_id)
    time.shift(attempt.SETTLE)
    posting.post_due()
    erasure.erase_opportunity(chat.opportunity.lever_id, "deleted in Lever")
    work()
    assert states() == [TranscriptState.SKIPPED]


def test_a_note_without_its_opportunity_says_why_it_has_no_link(chat: Chat, lever: FakeLever, time: Traveller) -> None:
    other_opportunity(chat)
    chat.sent()
    time.shift(HOUR)
    work()
    [line] = state.of_conversation(chat.conversation.id).lines
    assert (line.reason, bool(line.url)) == (None, True)
    erasure.erase_opportunity(chat.opportunity.lever_id, "deleted in Lever")
    [line] = state.of_conversation(chat.conversation.id).lines
    assert (line.kind, line.url) == ("posted", "")
    assert "deleted in Lever" in (line.reason or "")
