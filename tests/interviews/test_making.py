"""An interview is made in Lever once, in a panel the API may write into, or it is said why not."""

from dataclasses import replace
from datetime import timedelta

import pytest
from time_machine import Traveller

from grayscale.clients.errors import Permanent, Retryable
from grayscale.domain.errors import Conflict, Invalid, NotFound
from grayscale.domain.interviews import asking, clashes, deciding
from grayscale.domain.interviews.terms import without_mark
from grayscale.domain.lever import permissions
from grayscale.models import ChangeState
from tests import factories
from tests.interviews.conftest import JONAS, LAURA, TOMORROW, Desk, changes, lines, mirrored, states, terms, work
from tests.interviews.fake_lever import FakeLever

SETTLED = timedelta(seconds=11)
PROVEN = timedelta(seconds=121)


def test_panel_and_interview_are_made_in_one_and_shown_at_once(desk: Desk, lever: FakeLever) -> None:
    desk.schedule()
    work()
    made = lever.standing[0]
    assert (made.date, made.duration, made.subject) == (TOMORROW, 45, "Phone screen")
    assert (made.location, without_mark(made.note or "")) == ("https://meet.test/mira", "Ask about nights.")
    assert [person.id for person in made.interviewers] == [LAURA]
    assert lever.performed_as == [JONAS]
    assert [row.lever_id for row in mirrored()] == [made.id]
    assert lines() == ["Interview: Phone screen, Tue 5 May 11:00 EDT (by Jonas Rehn)"]
    assert permissions.may("create_panel") is True


def test_a_key_that_may_not_create_panels_uses_one_the_api_may_write_into(desk: Desk, lever: FakeLever) -> None:
    lever.may_not = {"create_panel"}
    lever.panel(managed=False)
    managed = lever.panel(managed=True)
    desk.schedule()
    work()
    assert [one.panel_id for one in lever.standing] == [managed]
    assert states() == [ChangeState.DONE]


def test_panels_that_may_not_be_listed_are_asked_one_by_one(desk: Desk, lever: FakeLever) -> None:
    lever.may_not = {"create_panel", "list_panels"}
    ours, theirs = lever.panel(managed=True), lever.panel(managed=False)
    for panel in (ours, theirs):
        lever.put(panel, date=TOMORROW, subject="Earlier")
        factories.interview(desk.opportunity, panel_lever_id=panel)
    desk.schedule()
    work()
    assert [one.panel_id for one in lever.standing if one.subject == "Phone screen"] == [ours]


def test_without_any_panel_the_missing_permission_is_named(desk: Desk, lever: FakeLever) -> None:
    lever.may_not = {"create_panel"}
    lever.panel(managed=False)
    desk.schedule()
    work()
    assert states() == [ChangeState.FAILED]
    assert "Create a panel" in (changes()[0].error or "")
    assert not lever.standing


def test_one_form_sent_twice_is_one_interview(desk: Desk, lever: FakeLever) -> None:
    assert desk.schedule(reference="form-12345").id == desk.schedule(reference="form-12345").id
    work()
    assert len(lever.standing) == 1


@pytest.mark.parametrize("rewritten", [False, True])
def test_an_answer_lost_after_the_effect_is_found_again(
    desk: Desk, lever: FakeLever, time: Traveller, rewritten: bool
) -> None:
    lever.faults = ["lost_after"]
    desk.schedule()
    work()
    assert states() == [ChangeState.CHECKING]
    if rewritten:
        made = lever.standing[0]
        lever.interviews[made.id] = replace(made, note="Rewritten by Laura, the reference with it")
    time.shift(SETTLED)
    work()
    assert states() == [ChangeState.DONE]
    assert len(lever.standing) == 1
    assert changes()[0].interview_lever_id == lever.standing[0].id


def test_what_never_happened_is_made_once_it_is_proven_absent(desk: Desk, lever: FakeLever, time: Traveller) -> None:
    lever.faults = ["lost_before"]
    desk.schedule()
    work()
    time.shift(SETTLED)
    work()
    assert (states(), lever.standing) == ([ChangeState.CHECKING], [])
    time.shift(PROVEN)
    work()
    assert states() == [ChangeState.DONE]
    assert len(lever.standing) == 1


def test_somebody_elses_interview_at_the_same_time_is_not_taken_for_ours(
    desk: Desk, lever: FakeLever, time: Traveller
) -> None:
    before = lever.put(lever.panel(managed=False), date=TOMORROW, subject="Another")
    lever.faults = ["lost_before"]
    desk.schedule()
    work()
    for wait in (SETTLED, PROVEN):
        time.shift(wait)
        work()
    assert changes()[0].interview_lever_id not in (None, before.id)


def test_what_cannot_be_looked_up_is_left_to_a_person(desk: Desk, lever: FakeLever, time: Traveller) -> None:
    lever.faults, lever.may_not = ["lost_after"], {"list_interviews"}
    change = desk.schedule()
    work()
    time.shift(SETTLED)
    work()
    assert states() == [ChangeState.UNSURE]
    with pytest.raises(Conflict):
        deciding.drop(change.id, desk.jonas)
    deciding.is_in_lever(change.id, desk.jonas)
    work()
    assert states() == [ChangeState.DONE]
    assert len(lever.standing) == 1


def test_lever_out_of_order_puts_it_off_and_a_refusal_waits_for_a_person(
    desk: Desk, lever: FakeLever, time: Traveller
) -> None:
    lever.faults = [Retryable("Lever asks to slow down (429).", status=429), Permanent("Lever refused (400): no.")]
    change = desk.schedule()
    work()
    assert states() == [ChangeState.PENDING]
    time.shift(timedelta(minutes=1))
    work()
    assert (states(), changes()[0].error) == ([ChangeState.FAILED], "Lever refused (400): no.")
    deciding.try_again(change.id, desk.jonas)
    work()
    assert states() == [ChangeState.DONE]


class Killed(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("where", ["before the effect", "after the effect"])
def test_a_process_killed_in_the_call_leaves_one_interview(
    desk: Desk, lever: FakeLever, time: Traveller, where: str
) -> None:
    def kill(at: str) -> None:
        if at == where:
            lever.on_call = lambda _at: None
            raise Killed

    lever.on_call = kill
    desk.schedule()
    with pytest.raises(Killed):
        work()
    time.shift(timedelta(minutes=6))  # the lease of the dead runs out
    work()
    time.shift(PROVEN)
    work()
    assert states() == [ChangeState.DONE]
    assert len(lever.standing) == 1


def test_who_is_not_linked_to_lever_is_told_what_to_do(desk: Desk) -> None:
    with pytest.raises(Invalid, match="not linked to a Lever user"):
        asking.schedule(desk.opportunity.id, terms(), by=factories.user(), reference="form-12345")


def test_a_hidden_opportunity_is_not_there(desk: Desk) -> None:
    hidden = factories.opportunity(desk.candidate, confidential=True)
    with pytest.raises(NotFound):
        asking.schedule(hidden.id, terms(), by=desk.jonas, reference="form-12345")
    assert changes() == []


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"starts_at": TOMORROW - timedelta(days=2)}, "date"),
        ({"duration_minutes": 0}, "duration"),
        ({"interviewers": ()}, "interviewers"),
        ({"interviewers": ("nobody",)}, "interviewers"),
        ({"subject": "x" * 201}, "subject"),
        ({"time_zone": "Mars/Olympus"}, "zone"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(desk: Desk, values: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        desk.schedule(**values)
    assert refused.value.field == field


def test_a_clash_is_told_and_can_be_overruled(desk: Desk, lever: FakeLever) -> None:
    other = factories.opportunity(factories.candidate(phone=None))
    factories.interview(other, starts_at=TOMORROW + timedelta(minutes=30), interviewers=[{"id": LAURA, "name": "L"}])
    with pytest.raises(clashes.Clash, match="Laura Esposito has another interview"):
        desk.schedule()
    desk.schedule(starts_at=TOMORROW - timedelta(minutes=15))  # ends as the other begins
    with pytest.raises(clashes.Clash):  # with the one just intended, which Lever does not know yet
        desk.schedule(starts_at=TOMORROW - timedelta(minutes=45))
    desk.schedule(anyway=True)
    assert len(changes()) == 2
