"""Where one is signed in: seen in a list, ended one by one, told from no copy of the database."""

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from grayscale import clock
from grayscale.domain import changes, housekeeping, invitations, sessions, users
from grayscale.extensions import db
from grayscale.models import AuditEvent, SessionKind, User, UserSession
from grayscale.web.auth import CARRIED
from grayscale.web.devices import describe
from tests.factories import PASSWORD
from tests.page import Browser

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5"
    " Mobile/15E148 Safari/604.1"
)


def carried(browser: Browser) -> str:
    with browser.client.session_transaction(base_url="https://texting.test") as session:
        return str(session.get(CARRIED, ""))


def enter(app: Flask, user: User, agent: str) -> Browser:
    browser = Browser(app)
    answer = browser.post("/login", {"email": user.email, "password": PASSWORD}, headers={"User-Agent": agent})
    assert answer.status == 303
    return browser


def test_my_sessions_are_listed_and_one_can_be_ended(app: Flask, jonas: User, mei: User) -> None:
    here, phone = enter(app, jonas, FIREFOX), enter(app, jonas, IPHONE)
    enter(app, mei, "curl/8")
    sessions.begin(jonas.id, kind=SessionKind.EXTENSION, label="Lever in Chrome")

    page = here.get("/account")
    rows = [row.get_text(" ", strip=True) for row in page.select(".sessions li")]
    assert len(rows) == 3
    assert sum("Firefox on Windows This browser" in row for row in rows) == 1
    assert sum("Safari on iPhone" in row and "127.0.0.1" in row for row in rows) == 1
    assert sum("Lever in Chrome Extension" in row for row in rows) == 1

    (form,) = [row.form for row in page.select(".sessions li") if "iPhone" in row.get_text()]
    assert here.post(form["action"]).location == "/account"
    assert "Safari on iPhone is signed out." in here.get("/account").words
    assert phone.get("/account").status == 302
    assert here.post(form["action"]).status == 404, "it ended already"


def test_nobody_ends_somebody_elses(as_jonas: Browser, as_ana: Browser, jonas: User) -> None:
    (held,) = sessions.of(jonas.id)
    assert as_ana.post(f"/account/sessions/{held.id}/sign-out").status == 404
    assert as_jonas.get("/account").status == 200


def test_signing_in_and_out_leaves_a_copied_cookie_worthless(app: Flask, jonas: User) -> None:
    browser = enter(app, jonas, FIREFOX)
    first = carried(browser)
    browser.post("/login", {"email": jonas.email, "password": PASSWORD})
    second = carried(browser)
    browser.post("/logout")
    assert first != second
    for copied in (first, second):
        thief = Browser(app)
        with thief.client.session_transaction(base_url="https://texting.test") as session:
            session[CARRIED] = copied
        assert thief.get("/account").status == 302
        assert thief.get("/inbox/live?tick=0").status == 302


def test_the_database_holds_no_token(app: Flask, jonas: User) -> None:
    token = carried(enter(app, jonas, FIREFOX))
    held = db.session.scalars(db.select(UserSession)).one()
    assert token not in {str(value) for value in vars(held).values()}
    assert sessions.find(held.token_hash) is None, "the hash proves nothing"


@pytest.mark.parametrize("end", ["deactivated", "reset", "own password", "everywhere"])
def test_every_sign_in_ends_at_once(app: Flask, ana: User, jonas: User, mei: User, end: str) -> None:
    everywhere = [Browser(app, jonas), Browser(app, jonas)]
    poll = f"/inbox/live?tick={changes.current_tick()}"
    assert [browser.get(poll, htmx=True).status for browser in everywhere] == [204, 204]
    other = Browser(app, mei)
    extension = sessions.begin(jonas.id, kind=SessionKind.EXTENSION, label="Lever in Chrome")
    if end == "deactivated":
        users.deactivate(jonas.id, ana)
    elif end == "reset":
        invitations.accept(invitations.renew(jonas.id, ana), "walrus teapot ladder")
    elif end == "own password":
        users.change_password(jonas.id, PASSWORD, "walrus teapot ladder")
    else:
        sessions.end_all(jonas.id, by=jonas)
    for browser in everywhere:
        # First what it asked before: whatever else it asks, it is given another cookie.
        assert browser.get(poll, htmx=True).status == 401
        assert browser.get("/account").status == 302
    assert sessions.find(extension, SessionKind.EXTENSION) is None
    assert other.get("/account").status == 200


def test_a_poll_asked_before_is_not_answered_once_the_cookie_is_old(
    app: Flask, jonas: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, poll = Browser(app, jonas), f"/inbox/live?tick={changes.current_tick()}"
    assert [browser.get(poll, htmx=True).status for _ in range(2)] == [204, 204]
    later = time.time() + timedelta(days=400).total_seconds()
    monkeypatch.setattr(time, "time", lambda: later)
    assert browser.get(poll, htmx=True).status == 401


def test_an_extensions_token_opens_no_page_and_a_browsers_no_extension(app: Flask, jonas: User) -> None:
    token = sessions.begin(jonas.id, kind=SessionKind.EXTENSION, label="Lever in Chrome")
    browser = Browser(app)
    with browser.client.session_transaction(base_url="https://texting.test") as session:
        session[CARRIED] = token
    assert browser.get("/account").status == 302
    assert browser.get("/inbox/live?tick=0", htmx=True).status == 401
    assert sessions.find(carried(Browser(app, jonas)), SessionKind.EXTENSION) is None
    found = sessions.find(token, SessionKind.EXTENSION)
    assert found is not None
    assert found[0].id == jonas.id


def test_an_extension_outlives_a_weekend_not_a_quarter(jonas: User, monkeypatch: pytest.MonkeyPatch) -> None:
    token = sessions.begin(jonas.id, kind=SessionKind.EXTENSION, label="Lever in Chrome")
    begun = clock.now()
    for days in range(0, 90, 10):
        monkeypatch.setattr(clock, "now", lambda at=begun + timedelta(days=days): at)
        found = sessions.find(token, SessionKind.EXTENSION)
        assert found is not None, days
        sessions.note_use(found[1])
    monkeypatch.setattr(clock, "now", lambda: begun + timedelta(days=90, minutes=1))
    assert sessions.find(token, SessionKind.EXTENSION) is None


def test_what_ended_by_itself_is_dropped(as_jonas: Browser, jonas: User, monkeypatch: pytest.MonkeyPatch) -> None:
    later = clock.now() + timedelta(hours=13)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert sessions.of(jonas.id) == []
    housekeeping.tidy()
    assert db.session.scalars(db.select(UserSession)).all() == []


def test_ending_them_is_written_down(as_jonas: Browser, jonas: User, sign_in: Callable[[User], Browser]) -> None:
    sign_in(jonas)
    held = sessions.of(jonas.id)[0]
    as_jonas.post(f"/account/sessions/{held.id}/sign-out")
    as_jonas.post("/account/sign-out-everywhere")
    lines = db.session.scalars(db.select(AuditEvent.action).order_by(AuditEvent.id)).all()
    assert lines[-2:] == ["user.signed_out_one", "user.signed_out_everywhere"]


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox on Windows"),
        (IPHONE, "Safari on iPhone"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0", "Edge on Mac"),
        ("Mozilla/5.0 (Linux; Android 10; K) Chrome/140.0.0.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.5.0", "Unknown browser"),
        ("", "Unknown browser"),
    ],
)
def test_a_browser_is_named_as_its_owner_would(agent: str, words: str) -> None:
    assert describe(agent) == words
