"""What candidates and recruiters see: the page of a link, its calendar file, the form that offers times."""

from datetime import timedelta

import icalendar
import pytest
import time_machine
from flask import Flask

from grayscale.database import transaction
from grayscale.domain.slots import choosing
from grayscale.domain.texting import consent
from grayscale.domain.transcripts.rendering import tame
from grayscale.extensions import db
from grayscale.models import (
    Company,
    ConsentHow,
    Conversation,
    LeverIntegration,
    LeverUser,
    Message,
    Opportunity,
    SlotOffer,
    User,
)
from tests.page import Browser, Page
from tests.slots.conftest import TIMES, Offer, with_candidate

SECRETS = ("Mira", "Okafor", "Greta", "555", "Ward 4", "Ask about nights", "Confidential role", "Jonas")


@pytest.fixture(autouse=True)
def _company(app: Flask) -> None:
    with transaction() as session:
        session.get_one(Company, 1).name = "Harbor Health"


def times_shown(page: Page) -> list[str]:
    return [label.get_text(strip=True) for label in page.select(".times-time")]


def test_a_candidate_chooses_moves_and_cancels_without_javascript_or_cookies(
    offer: Offer, conversation: Conversation, client: Browser
) -> None:
    made, token = offer(conversation, location="Ward 4", note="Ask about nights")
    page = client.get(f"/times/{token}")
    assert page.words.count("Harbor Health") >= 1
    assert "Phone screen, 45 minutes" in page.words
    assert "clock of Chicago (CDT)" in page.words
    assert times_shown(page) == ["9:00 AM", "10:00 AM", "12:00 PM"]
    choice = {"slot": TIMES[1].isoformat(), "zone": "Asia/Kolkata"}
    done = client.post(f"/times/{token}/choose", choice, check_csrf=True)
    assert (done.status, done.location) == (303, f"/times/{token}?zone=Asia/Kolkata")
    page = client.get(done.location)
    assert "You are booked" in page.words
    assert "Thursday 11 June 8:30 PM IST" in page.words
    assert "until Thursday 11 June, 8:30 AM" in page.words
    assert times_shown(page) == ["7:30 PM", "10:30 PM"]
    assert client.post(f"/times/{token}/choose", {"slot": TIMES[2].isoformat()}, check_csrf=True).status == 303
    assert client.post(f"/times/{token}/cancel", check_csrf=True).status == 303
    page = client.get(f"/times/{token}")
    assert "This interview is cancelled" in page.words
    assert "Set-Cookie" not in page.headers
    assert made.subject == "Phone screen"


def test_the_page_tells_nothing_but_what_and_when_and_keeps_its_address(
    offer: Offer, conversation: Conversation, client: Browser
) -> None:
    made, token = offer(conversation, location="Ward 4", note="Ask about nights")
    with transaction() as session:
        session.get_one(Opportunity, made.opportunity_id).confidential = True
    choosing.choose(token, TIMES[0])
    for path in (f"/times/{token}", f"/times/{token}/interview.ics"):
        page = client.get(path)
        assert page.status == 200
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in page.headers["X-Robots-Tag"]
        assert page.headers["Cache-Control"] == "no-store"
        shown = page.response.get_data(as_text=True)
        assert not [secret for secret in SECRETS if secret in shown]


def test_who_is_too_late_gets_a_kind_answer_and_what_is_left(
    offer: Offer, conversation: Conversation, client: Browser
) -> None:
    _, first = offer(conversation)
    _, second = offer(with_candidate("Sam Ortiz", "+12185550143"))
    choosing.choose(first, TIMES[0])
    page = client.post(f"/times/{second}/choose", {"slot": TIMES[0].isoformat()})
    assert page.status == 409
    assert "Sorry, that time was just taken. These are still free." in page.words
    assert times_shown(page) == ["10:00 AM", "12:00 PM"]
    assert client.post(f"/times/{second}/choose", {"slot": "rubbish"}).status == 422


def test_a_zone_is_chosen_told_by_the_phone_or_assumed(
    offer: Offer, conversation: Conversation, client: Browser
) -> None:
    _, token = offer(conversation)
    assert "Kathmandu (UTC+05:45)" in client.get(f"/times/{token}?zone=Asia/Kathmandu").words
    assert "Chicago" in client.get(f"/times/{token}?zone=Nowhere/Here").words
    client.client.set_cookie("zone", "Europe/Berlin", domain="texting.test", secure=True)
    assert "Berlin (CEST)" in client.get(f"/times/{token}").words


def test_the_calendar_file_keeps_its_name_through_every_change(
    offer: Offer, conversation: Conversation, client: Browser
) -> None:
    _, token = offer(conversation)
    assert client.get(f"/times/{token}/interview.ics").status == 404
    seen = []
    for act in (lambda: choosing.choose(token, TIMES[0]), lambda: choosing.choose(token, TIMES[1]),
                lambda: choosing.give_up(token)):  # fmt: skip
        act()
        answer = client.get(f"/times/{token}/interview.ics")
        assert answer.headers["Content-Type"].startswith("text/calendar")
        calendar = icalendar.Calendar.from_ical(answer.response.get_data())
        (event,) = calendar.walk("VEVENT")
        seen.append((calendar["METHOD"], event["STATUS"], event["SEQUENCE"], event["DTSTART"].dt, event["UID"]))
    assert [one[:2] for one in seen] == [("PUBLISH", "CONFIRMED")] * 2 + [("CANCEL", "CANCELLED")]
    assert [one[3] for one in seen] == [TIMES[0], TIMES[1], TIMES[1]]
    assert seen[0][2] < seen[1][2] < seen[2][2]
    assert len({one[4] for one in seen}) == 1


def test_wrong_links_are_answered_kindly_and_slowed_down(client: Browser, app: Flask) -> None:
    page = client.get("/times/" + "x" * 22)
    assert page.status == 404
    assert "This link does not work" in page.words
    assert page.headers["Referrer-Policy"] == "no-referrer"
    answers = [client.get(f"/times/guess-{number}").status for number in range(32)]
    assert answers[:29] == [404] * 29
    assert answers[-1] == 429


def test_a_note_in_lever_does_not_hold_the_link(offer: Offer, conversation: Conversation) -> None:
    _, token = offer(conversation)
    assert tame(f"Choose: https://texting.test/times/{token}. Bye") == "Choose: https://texting.test/times/…. Bye"


def test_expired_links_say_so(
    offer: Offer, conversation: Conversation, client: Browser, time: time_machine.Traveller
) -> None:
    made, token = offer(conversation)
    time.move_to(made.expires_at + timedelta(seconds=1))
    assert "This link has expired" in client.get(f"/times/{token}").words


def test_a_recruiter_finds_times_and_sends_the_link(
    conversation: Conversation, recruiter: User, greta: LeverUser, sign_in: object, app: Flask
) -> None:
    browser = Browser(app, recruiter)
    path = f"/inbox/{conversation.id}/times"
    page = browser.get(path)
    assert page.one("button[value=send]").has_attr("disabled")
    form = values_of(page) | {"who": [greta.lever_id], "first": "2026-06-11", "last": "2026-06-11", "duration": "60"}
    page = browser.post(path, form | {"act": "find"})
    assert page.status == 200
    found = [box["value"] for box in page.select("input[name=slot]")]
    assert len(found) == 6
    page = browser.post(path, values_of(page) | {"own": "2026-06-12T19:30", "act": "add"})
    assert len(page.select("input[name=slot]")) == 7
    long = "Choose {{ link }} " + "one of many times " * 100
    refused = browser.post(path, values_of(page) | {"slot": found[:2], "act": "send", "body": long})
    assert refused.status == 422
    assert "characters too long" in refused.words
    assert refused.field("Message with the link").get_text().strip() == long.strip()
    done = browser.post(path, values_of(page) | {"slot": found[:2], "act": "send"})
    assert (done.status, done.location) == (303, f"/inbox/{conversation.id}")
    made = db.session.scalars(db.select(SlotOffer)).one()
    assert [slot.starts_at.isoformat() for slot in made.slots] == found[:2]
    text = db.session.scalars(db.select(Message).where(Message.author_id == recruiter.id)).one()
    assert "https://texting.test/times/" in text.body
    page = browser.get(done.location)
    assert "2 times offered" in page.words
    browser.post(f"/inbox/offers/{made.id}/withdraw")
    assert "2 times offered" not in browser.get(done.location).select("#panel")[0].get_text()


def test_a_form_that_cannot_be_sent_says_why_and_keeps_what_was_typed(
    conversation: Conversation, recruiter: User, app: Flask
) -> None:
    browser = Browser(app, recruiter)
    path = f"/inbox/{conversation.id}/times"
    form = values_of(browser.get(path)) | {"subject": "Meet the ward", "act": "find", "who": []}
    page = browser.post(path, form)
    assert page.status == 422
    assert "at least one interviewer" in page.words
    assert page.field("Subject")["value"] == "Meet the ward"
    for bad in ({"first": "x"}, {"duration": "many", "who": ["lever-greta"]}, {"act": "add", "own": "soon"},
                {"act": "add", "own": "2020-05-04T10:00"}):  # fmt: skip
        assert browser.post(path, form | bad).status == 422


def test_what_keeps_interviews_out_of_lever_is_said_before_anything_is_offered(
    conversation: Conversation, recruiter: User, app: Flask
) -> None:
    with transaction() as session:
        session.get_one(LeverIntegration, 1).api_key = None
    page = Browser(app, recruiter).get(f"/inbox/{conversation.id}/times")
    assert "No interview can be made from here." in page.words
    assert page.select("main form") == []


def test_nothing_offers_times_to_who_opted_out(conversation: Conversation, recruiter: User, app: Flask) -> None:
    with transaction():
        consent.opt_out(conversation.peer, ConsentHow.KEYWORD, reason="STOP")
    browser = Browser(app, recruiter)
    path = f"/inbox/{conversation.id}/times"
    assert not browser.get(f"/inbox/{conversation.id}").select(f'a[href="{path}"]')
    page = browser.get(path)
    assert "opted out of texts, and the times go by text" in page.words
    assert page.select("main form") == []


def test_offering_needs_sight_of_the_conversation(conversation: Conversation, mei: User, app: Flask) -> None:
    with transaction() as session:
        session.get_one(Opportunity, conversation.opportunity_id).confidential = True
    assert Browser(app, mei).get(f"/inbox/{conversation.id}/times").status == 404


def test_the_rules_are_a_super_admins(as_ana: Browser) -> None:
    page = as_ana.get("/settings/interviews")
    form = values_of(page) | {"working_days": ["0", "5"], "notice_hours": "2", "change_hours": "1"}
    assert as_ana.post("/settings/interviews", form).status == 303
    page = as_ana.get("/settings/interviews")
    assert page.field("Hours of notice")["value"] == "2"
    assert [box["value"] for box in page.select("input[name=working_days][checked]")] == ["0", "5"]
    page = as_ana.post("/settings/interviews", form | {"works_until": "08:00"})
    assert page.status == 422
    assert "Work ends after it begins" in page.words


def values_of(page: Page) -> dict[str, object]:
    """What the page's own form would send, without a button."""
    values: dict[str, object] = {}
    for box in page.select("main form input[name], main form textarea[name], main form select[name]"):
        name = box["name"]
        if box.get("type") in ("checkbox", "radio"):
            if box.has_attr("checked"):
                values.setdefault(name, []).append(box["value"])  # type: ignore[union-attr, attr-defined]
        elif box.name == "textarea":
            values[name] = box.get_text()
        elif box.name == "select":
            chosen = box.select_one("option[selected]")
            values[name] = chosen["value"] if chosen else ""
        else:
            values[name] = box.get("value", "")
    return values
