"""Moving and cancelling: nothing that was not touched is lost, and the later of two sees what changed."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from time_machine import Traveller

from grayscale.clients.errors import Forbidden
from grayscale.clients.lever.types import Interviewer
from grayscale.domain.errors import Conflict, Invalid
from grayscale.domain.interviews import asking, deciding, news, ours
from grayscale.domain.interviews.terms import Terms, new_reference, without_mark
from grayscale.domain.lever import refresh
from grayscale.models import ChangeState, Interview, InterviewChange, Via
from tests import factories
from tests.interviews.conftest import JONAS, LAURA, TOMORROW, Desk, changes, lines, mirrored, states, work
from tests.interviews.fake_lever import FakeLever

LATER = TOMORROW + timedelta(hours=2)


@pytest.fixture
def interview(desk: Desk, lever: FakeLever, time: Traveller) -> Interview:
    """One that was made from here, long enough ago."""
    desk.schedule()
    work()
    time.shift(timedelta(minutes=30))
    return mirrored()[0]


def move(desk: Desk, interview: Interview, *, seen: Terms | None = None, **values: Any) -> InterviewChange:
    wanted = replace(seen or Terms.of(interview), **values)
    return asking.move(interview.id, wanted, by=desk.jonas, reference=new_reference(), seen=seen)


def in_lever(lever: FakeLever, interview: Interview, **values: Any) -> None:
    """Somebody changes it in Lever."""
    lever.interviews[interview.lever_id] = replace(lever.interviews[interview.lever_id], **values)


def test_what_was_not_touched_is_kept_even_what_is_never_shown(
    desk: Desk, lever: FakeLever, interview: Interview
) -> None:
    reviewer = Interviewer(LAURA, "Laura Esposito", feedback_template="template-7")
    in_lever(lever, interview, feedback_template="template-1", feedback_reminder="once", interviewers=(reviewer,),
             location="Room 4")  # fmt: skip
    move(desk, interview, starts_at=LATER, interviewers=(LAURA, JONAS))
    work()
    now = lever.standing[0]
    assert now.date == LATER
    assert (now.feedback_template, now.feedback_reminder, now.location) == ("template-1", "once", "Room 4")
    assert [(who.id, who.feedback_template) for who in now.interviewers] == [(LAURA, "template-7"), (JONAS, None)]
    assert now.note == interview.note
    assert lines()[-1] == "Interview moved: Phone screen, Tue 5 May 13:00 EDT (by Jonas Rehn)"


def test_editing_the_note_keeps_the_reference(desk: Desk, lever: FakeLever, interview: Interview) -> None:
    move(desk, interview, note="Ask about weekends.")
    work()
    note = lever.standing[0].note or ""
    assert without_mark(note) == "Ask about weekends."
    assert note.endswith(changes()[0].reference)


def test_the_later_of_two_sees_what_the_earlier_changed(desk: Desk, lever: FakeLever, interview: Interview) -> None:
    seen = Terms.of(interview)
    move(desk, interview, seen=seen, starts_at=LATER)
    with pytest.raises(Conflict, match="Jonas Rehn is changing this interview right now"):
        move(desk, interview, seen=seen, subject="Screen")
    work()
    with pytest.raises(asking.ChangedMeanwhile) as refused:
        move(desk, interview, seen=seen, subject="Screen")
    assert refused.value.now.starts_at == LATER
    move(desk, interview, seen=refused.value.now, subject="Screen")
    work()
    assert (lever.standing[0].date, lever.standing[0].subject) == (LATER, "Screen")


def test_what_lever_changed_unseen_is_not_overwritten_until_a_person_read_it(
    desk: Desk, lever: FakeLever, interview: Interview
) -> None:
    in_lever(lever, interview, date=TOMORROW + timedelta(hours=1))
    change = move(desk, interview, starts_at=LATER)
    work()
    assert states()[-1] is ChangeState.FAILED
    assert "start Tue 5 May 10:00 CDT → Tue 5 May 11:00 CDT" in (changes()[-1].error or "")
    assert lever.standing[0].date == TOMORROW + timedelta(hours=1)
    deciding.try_again(change.id, desk.jonas)
    work()
    assert lever.standing[0].date == LATER


def test_an_answer_lost_after_a_move_is_not_written_twice(
    desk: Desk, lever: FakeLever, interview: Interview, time: Traveller
) -> None:
    lever.faults = ["lost_after"]
    move(desk, interview, starts_at=LATER)
    work()
    time.shift(timedelta(seconds=11))
    work()
    assert states()[-1] is ChangeState.DONE
    assert lever.calls.count("update_interview") == 1


@pytest.mark.parametrize("fault", [None, "lost_before", "lost_after"])
def test_cancelling(desk: Desk, lever: FakeLever, interview: Interview, time: Traveller, fault: str | None) -> None:
    lever.faults = [fault] if fault else []
    asking.cancel(interview.id, by=desk.jonas, reference=new_reference(), seen=Terms.of(interview))
    work()
    time.shift(timedelta(seconds=11))
    work()
    assert states()[-1] is ChangeState.DONE
    assert lever.standing == []
    assert mirrored()[0].canceled_at is not None
    assert lines()[-1] == "Interview cancelled: Phone screen, Tue 5 May 11:00 EDT (by Jonas Rehn)"


def test_an_interview_that_was_moved_in_lever_is_not_cancelled_unseen(
    desk: Desk, lever: FakeLever, interview: Interview
) -> None:
    in_lever(lever, interview, date=LATER)
    asking.cancel(interview.id, by=desk.jonas, reference=new_reference())
    work()
    assert states()[-1] is ChangeState.FAILED
    assert len(lever.standing) == 1


def test_what_lever_does_right_after_us_is_not_said_to_be_ours(desk: Desk, lever: FakeLever, time: Traveller) -> None:
    desk.schedule()
    work()
    for change in ({"date": LATER}, {"canceled_at": LATER}):
        time.shift(timedelta(seconds=1))
        in_lever(lever, mirrored()[0], **change)
        refresh.interviews(desk.opportunity.lever_id, Via.WEBHOOK)
    assert [line.endswith("(by Jonas Rehn)") for line in lines()] == [True, False, False]


def test_cancelled_by_lever_first(desk: Desk, lever: FakeLever, interview: Interview) -> None:
    del lever.interviews[interview.lever_id]
    move(desk, interview, starts_at=LATER)
    work()
    assert "cancelled in Lever" in (changes()[-1].error or "")
    assert mirrored()[0].canceled_at is not None


def test_what_was_scheduled_in_lever_is_read_only(desk: Desk, lever: FakeLever) -> None:
    theirs = factories.interview(desk.opportunity, starts_at=TOMORROW)
    with pytest.raises(Invalid) as refused:
        move(desk, theirs, starts_at=LATER)
    assert str(refused.value) == ours.MANAGED_IN_LEVER


def test_a_key_that_may_not_change_interviews_says_which_permission(
    desk: Desk, lever: FakeLever, interview: Interview
) -> None:
    lever.faults = [Forbidden("The API key is not permitted to do this (403).", status=403)]
    move(desk, interview, starts_at=LATER)
    work()
    assert "Update an opportunity interview" in (changes()[-1].error or "")


def test_listeners_hear_of_every_change_whoever_made_it(
    desk: Desk, lever: FakeLever, interview: Interview, time: Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[int] = []
    settled: list[int] = []
    monkeypatch.setattr(news, "_of_opportunities", [heard.append])
    monkeypatch.setattr(news, "_of_outcomes", [settled.append])
    in_lever(lever, interview, date=LATER)
    refresh.interviews(desk.opportunity.lever_id, Via.WEBHOOK)
    assert heard == [desk.opportunity.id]
    time.shift(timedelta(seconds=1))
    change = asking.cancel(interview.id, by=desk.jonas, reference=new_reference())
    work()
    assert settled == [change.id]
    assert heard == [desk.opportunity.id] * 2
