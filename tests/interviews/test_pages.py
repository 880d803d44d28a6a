"""Interviews as recruiters meet them beside a conversation, without JavaScript and through htmx."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from bs4 import Tag
from time_machine import Traveller

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain import drafts
from grayscale.domain.interviews import asking
from grayscale.domain.interviews.terms import Terms, new_reference
from grayscale.domain.lever import permissions
from grayscale.models import ChangeState, Interview, User
from tests import factories
from tests.interviews.conftest import JONAS, LAURA, TOMORROW, Desk, changes, lever_user, mirrored, states, work
from tests.interviews.fake_lever import FakeLever
from tests.interviews.forms import fields
from tests.page import Browser, Page

CHICAGO = "America/Chicago"
SignIn = Callable[[User], Browser]


@pytest.fixture
def page(desk: Desk, sign_in: SignIn) -> Browser:
    return sign_in(desk.jonas)


@pytest.fixture
def path(desk: Desk) -> str:
    return f"/inbox/{desk.conversation.id}"


@pytest.fixture
def interview(desk: Desk, time: Traveller) -> Interview:
    """One made from here a minute ago."""
    desk.schedule()
    work()
    time.shift(timedelta(minutes=1))
    return mirrored()[0]


def form_of(page: Page) -> Tag:
    found = page.one("#interview-dialog form")
    assert isinstance(found, Tag)
    return found


def test_scheduling_with_a_plain_form(desk: Desk, lever: FakeLever, page: Browser, path: str) -> None:
    link = page.get(path).one(".interview-new a")["href"]
    form = form_of(page.get(link))
    filled = fields(form, subject="Phone screen", date="2026-05-05", time="09:30", zone=CHICAGO, duration="45")
    searched = page.post(form["action"], {**filled, "find": "espo", "search": "1"})
    assert [box["value"] for box in searched.select("input[name=interviewer]")] == [LAURA]
    assert searched.field("Subject")["value"] == "Phone screen", "what was filled in is kept"
    answer = page.post(form["action"], {**filled, "interviewer": [LAURA]})
    assert (answer.status, answer.location) == (303, path)
    assert "Being scheduled in Lever" in page.get(path).one("#panel").get_text()
    work()
    panel = " ".join(page.get(path).one("#panel").get_text(" ").split())
    assert re.search(r"Phone screen.*10:30 EDT · 45 min Tue 09:30 CDT for them.*Laura Esposito", panel)
    assert len(lever.standing) == 1


def test_what_is_wrong_is_said_beside_its_field(page: Browser, desk: Desk, path: str) -> None:
    form = form_of(page.get(f"{path}/interviews/new"))
    wrong = {"date": "2026-11-01", "time": "01:30", "zone": CHICAGO, "interviewer": [LAURA]}
    answer = page.post(form["action"], fields(form, **wrong))
    assert answer.status == 422
    assert [option["value"] for option in answer.select("input[name=second]")] == ["0", "1"]
    answer = page.post(form["action"], fields(form, **wrong, second="1"))
    assert answer.status == 303
    assert Terms.load(changes()[0].wanted).starts_at.isoformat() == "2026-11-01T07:30:00+00:00"
    form = form_of(page.get(f"{path}/interviews/new"))
    answer = page.post(form["action"], fields(form, date="2026-05-05", time="09:00"))
    assert "Choose at least one interviewer" in answer.one("#iv-interviewers-error").get_text()


def test_a_clash_asks_once(page: Browser, desk: Desk, path: str) -> None:
    other = factories.opportunity(factories.candidate(phone=None), confidential=True)
    factories.interview(other, starts_at=TOMORROW, interviewers=[{"id": LAURA, "name": "L"}], subject="Secret")
    form = form_of(page.get(f"{path}/interviews/new"))
    wanted = fields(form, date="2026-05-05", time="10:00", zone=CHICAGO, interviewer=[LAURA])
    answer = page.post(form["action"], wanted)
    assert answer.status == 422
    assert "Laura Esposito: Tue 5 May 2026, 11:00 EDT" in answer.words
    assert "Secret" not in answer.text
    assert page.post(form["action"], {**wanted, "anyway": "1"}).status == 303


def test_without_the_permission_the_form_is_not_offered(page: Browser, lever: FakeLever, path: str) -> None:
    permissions.learn("create_panel", granted=False)
    answer = page.get(f"{path}/interviews/new")
    assert "Create a panel" in answer.words
    assert not answer.select("#interview-dialog form")
    assert answer.select('a[href="https://hire.lever.test/candidates/1"]')
    lever.panel(managed=True)
    assert "already has" in page.get(f"{path}/interviews/new").words
    assert form_of(page.get(f"{path}/interviews/new"))


def test_the_later_of_two_editors_is_shown_what_changed(
    page: Browser, desk: Desk, lever: FakeLever, interview: Interview, path: str
) -> None:
    form = form_of(page.get(f"{path}/interviews/{interview.id}/edit"))
    later = Terms.of(interview)
    asking.move(interview.id, replace(later, location="Room 4"), by=desk.jonas, reference=new_reference())
    work()
    answer = page.post(form["action"], fields(form, subject="Screen"))
    assert answer.status == 422
    assert "location “https://meet.test/mira” → “Room 4”" in answer.words
    again = form_of(answer)
    assert page.post(again["action"], fields(again)).status == 303
    work()
    assert (lever.standing[0].subject, lever.standing[0].location) == ("Screen", "Room 4")


def test_cancelling_names_the_interview(page: Browser, lever: FakeLever, interview: Interview, path: str) -> None:
    asked = page.get(f"{path}/interviews/{interview.id}/cancel")
    assert "Cancel “Phone screen” with Mira Okafor?" in asked.words
    form = form_of(asked)
    assert page.post(form["action"], fields(form)).status == 303
    work()
    assert lever.standing == []
    assert "Text the cancellation" in page.get(path).words


def test_news_stays_on_offer_when_something_else_changes(
    page: Browser, desk: Desk, interview: Interview, path: str
) -> None:
    def change(**values: object) -> None:
        seen = Terms.of(mirrored()[0])
        wanted = replace(seen, **values)
        asking.move(interview.id, wanted, by=desk.jonas, reference=new_reference(), seen=seen, anyway=True)
        work()

    change(duration_minutes=30)
    assert "Text the confirmation" in page.get(path).words
    change(starts_at=TOMORROW + timedelta(hours=2))
    change(location="Room 9")
    assert "Text the new time" in page.get(path).words


def test_what_was_cancelled_in_lever_offers_its_text(page: Browser, interview: Interview, path: str) -> None:
    with transaction() as session:
        session.get_one(Interview, interview.id).canceled_at = clock.now()
    assert "Text the cancellation" in page.get(path).words


def test_what_lever_manages_is_read_only_and_says_why(page: Browser, desk: Desk, path: str) -> None:
    theirs = factories.interview(desk.opportunity, subject="Onsite")
    panel = page.get(path).one(f"#iv-i{theirs.id}")
    assert "Scheduled in Lever" in panel.get_text()
    assert panel.select_one('a[href="https://hire.lever.test/candidates/1"]')
    assert not panel.select('a[href*="/edit"]')
    assert "scheduled in Lever" in page.get(f"{path}/interviews/{theirs.id}/edit").words


def test_the_text_about_it_is_filled_and_waits_in_the_composer(
    page: Browser, desk: Desk, interview: Interview, path: str
) -> None:
    button = page.get(path).one("[data-compose]")
    assert button.get_text() == "Text the confirmation"
    words = page.get(button["data-compose"]).response.get_json()
    assert words == {
        "body": "Hi Mira, your Phone screen is set for Tuesday, May 5 at 10:00 AM CDT (45 minutes) with Laura Esposito."
        " Where: https://meet.test/mira Reply STOP to opt out.",
        "missing": "",
    }, "a first text says how to opt out, or it could not be sent"
    assert page.post(button["data-compose"]).location.startswith(path)
    assert drafts.of(desk.conversation.id, desk.jonas) == words["body"]


@pytest.mark.parametrize(
    ("state", "act", "after"),
    [
        (ChangeState.UNSURE, "It is in Lever", ChangeState.DONE),
        (ChangeState.UNSURE, "Try again", ChangeState.PENDING),
        (ChangeState.FAILED, "Try again", ChangeState.PENDING),
        (ChangeState.FAILED, "Give up", ChangeState.DROPPED),
    ],
)
def test_what_needs_a_person_can_be_decided(
    page: Browser, desk: Desk, path: str, state: ChangeState, act: str, after: ChangeState
) -> None:
    change = desk.schedule()
    factories.update(change, state=state, error="Lever refused (400): no.")
    shown = page.get(path).one(".interview-change")
    assert "Lever refused (400): no." in shown.get_text()
    form = next(form for form in shown.select("form") if form.get_text(strip=True) == act)
    assert page.post(form["action"]).status == 303
    assert states() == [after]


def test_htmx_gets_the_dialog_and_closes_it(page: Browser, desk: Desk, path: str) -> None:
    opened = page.get(f"{path}/interviews/new", htmx=True)
    assert "interview:open" in opened.headers["HX-Trigger"]
    form = opened.one("form")
    wanted = fields(form, date="2026-05-05", time="10:00", zone=CHICAGO, interviewer=[LAURA])
    assert page.post(form["action"], {**wanted, "time": ""}, htmx=True).status == 422
    assert "interview:close" in page.post(form["action"], wanted, htmx=True).headers["HX-Trigger"]


def test_confidential_interviews_are_nowhere_for_who_may_not_see_them(
    page: Browser, desk: Desk, lever: FakeLever, path: str, time: Traveller
) -> None:
    hidden = factories.opportunity(desk.candidate, confidential=True)
    secret = factories.interview(hidden, subject="Secret talk")
    assert "Secret talk" not in page.get(path).text
    for what in (f"interviews/new?opportunity={hidden.id}", f"interviews/{secret.id}/edit",
                 f"interviews/{secret.id}/cancel", f"interviews/{secret.id}/text/scheduled"):  # fmt: skip
        assert page.get(f"{path}/{what}").status == 404, what


def test_interviewers_are_found_by_name_and_address(page: Browser, path: str, desk: Desk) -> None:
    lever_user("lever-kenji", "Kenji Mori", email="kenji@harbor.example")
    lever_user("lever-gone", "Kenji Gone", deactivated_at=clock.now() - timedelta(days=1))
    found = page.get(f"{path}/interviewers?find=kenji@&interviewer={JONAS}", htmx=True)
    assert [box["value"] for box in found.select("input")] == [JONAS, "lever-kenji"]
