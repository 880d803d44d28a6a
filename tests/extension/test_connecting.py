"""Connecting the extension, what its sign-in reaches, and how it ends."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest
import time_machine
from flask import Flask

from grayscale.domain import changes, sessions
from grayscale.domain.extension import connecting
from grayscale.models import SessionKind, User
from grayscale.web.auth import CARRIED
from tests import factories
from tests.page import Browser, Page

ORIGIN = "chrome-extension://abcdefghijklmnopabcdefghijklmnop"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
ASKED = {"challenge": CHALLENGE, "origin": ORIGIN}


def code_for(browser: Browser) -> str:
    page = browser.post("/extension/connect", ASKED)
    assert page.status == 303
    path, _, fragment = page.location.partition("#")
    assert path == "/extension/connected"
    return parse_qs(fragment)["code"][0]


def redeem(app: Flask, code: str, *, verifier: str = VERIFIER, origin: str = ORIGIN) -> Page:
    return Browser(app).post("/extension/token", {"code": code, "verifier": verifier}, headers={"Origin": origin})


def token_of(user: User) -> str:
    return sessions.begin(user.id, label="Chrome on Linux", kind=SessionKind.EXTENSION)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_yes_becomes_a_sign_in_of_its_own(app: Flask, as_jonas: Browser, jonas: User, as_ana: Browser) -> None:
    assert "jonas@harbor.example" in as_jonas.get(f"/extension/connect?challenge={CHALLENGE}&origin={ORIGIN}").words
    answer = redeem(app, code_for(as_jonas)).response.json
    assert answer["name"] == jonas.name
    assert Browser(app).get("/extension/unread/x", headers=bearer(answer["token"])).status == 200
    page = as_jonas.get("/account")
    assert "Extension" in [badge.get_text(strip=True) for badge in page.select(".sessions .badge")]
    assert "Connected" in as_jonas.get("/text-from-lever").one("#extension header").get_text()
    people = as_ana.get("/settings/users")
    assert [row.select_one("a").get_text() for row in people.select(".people > li") if "Lever" in row.select_one(
        ".person-seen").get_text()] == [jonas.name]


def test_a_code_works_once(app: Flask, as_jonas: Browser, jonas: User) -> None:
    with time_machine.travel(datetime.now(UTC), tick=False) as clock:
        code = code_for(as_jonas)
        assert redeem(app, code).status == 200
        assert redeem(app, code).status == 422
        clock.shift(timedelta(seconds=1))
        assert redeem(app, code_for(as_jonas)).status == 200, "a new yes is a new sign-in"
    assert [held.kind for held in sessions.of(jonas.id)].count(SessionKind.EXTENSION) == 2


@pytest.mark.parametrize(
    "wrong", [{"verifier": "w" * 43}, {"origin": ORIGIN.replace("a", "b")}, {"origin": ""}, {"origin": "https://evil.example"}]
)
def test_a_code_is_worth_nothing_to_anybody_else(app: Flask, as_jonas: Browser, wrong: dict[str, str]) -> None:
    assert redeem(app, code_for(as_jonas), **wrong).status == 422


def test_a_code_lasts_two_minutes(app: Flask, as_jonas: Browser) -> None:
    with time_machine.travel(datetime.now(UTC), tick=False) as clock:
        code = code_for(as_jonas)
        clock.shift(timedelta(seconds=connecting.CODE_SECONDS + 1))
        page = redeem(app, code)
    assert page.status == 422
    assert "took too long" in page.response.json["error"]
    assert redeem(app, "nonsense").status == 422


@pytest.mark.parametrize("origin", ["https://evil.example", "chrome-extension://short", "null", ""])
def test_only_an_extension_can_be_connected(as_jonas: Browser, origin: str) -> None:
    assert as_jonas.get("/extension/connect", query_string={"challenge": CHALLENGE, "origin": origin}).status == 422
    assert as_jonas.post("/extension/connect", {"challenge": CHALLENGE, "origin": origin}).status == 422


def test_ended_anywhere_it_is_over(app: Flask, as_jonas: Browser, jonas: User) -> None:
    token = token_of(jonas)
    held = sessions.of(jonas.id)[0]
    as_jonas.post(f"/account/sessions/{held.id}/sign-out")
    assert Browser(app).get("/extension/unread/x", headers=bearer(token)).status == 401
    other = token_of(jonas)
    assert Browser(app).post("/extension/end", headers=bearer(other)).status == 204
    assert Browser(app).get("/extension/unread/x", headers=bearer(other)).status == 401
    assert as_jonas.get("/account").status == 200


def test_its_token_opens_no_settings_and_no_browser_session(app: Flask, ana: User) -> None:
    token = token_of(ana)
    for path in ("/settings/users", "/account", "/settings/ats/lever", "/events", "/candidates", "/text-from-lever"):
        assert Browser(app).get(path, headers=bearer(token)).status == 403, path


def framed(app: Flask, token: str, opportunity_id: str) -> tuple[Browser, Page]:
    browser = Browser(app)
    return browser, browser.post("/panel", {"token": token, "origin": ORIGIN, "opportunity": opportunity_id})


def test_the_frame_is_the_extensions_alone(app: Flask, jonas: User) -> None:
    candidate = factories.candidate()
    opportunity = factories.opportunity(candidate)
    conversation = factories.conversation(candidate)
    browser, entered = framed(app, token_of(jonas), opportunity.lever_id)
    cookie = next(line for line in entered.headers.getlist("Set-Cookie") if line.startswith("__Host-panel="))
    for attribute in ("Secure", "HttpOnly", "SameSite=None", "Partitioned"):
        assert attribute in cookie
    assert entered.location == f"/lever/{opportunity.lever_id}"
    assert browser.get(entered.location).location == f"/inbox/{conversation.id}"

    page = browser.get(f"/inbox/{conversation.id}", headers={"Sec-Fetch-Dest": "iframe"})
    assert f"frame-ancestors {ORIGIN}" in page.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in page.headers
    assert not page.select(".rail, .list-pane")
    assert page.select("#composer")
    live = browser.get(f"/inbox/live?tick=-1&c={conversation.id}", htmx=True)
    assert live.select("#tail")
    assert not live.select("#rows, .count")
    # What does not belong beside Lever is not to be had in the frame.
    refused = browser.get("/account")
    assert refused.status == 403
    assert "frame-ancestors 'none'" in refused.headers["Content-Security-Policy"]


def test_a_tab_of_its_own_is_no_frame(app: Flask, as_jonas: Browser, jonas: User) -> None:
    conversation = factories.conversation(factories.candidate())
    page = as_jonas.get(f"/inbox/{conversation.id}")
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert page.select(".rail")
    # Even if the browser sends the frame's cookie along, because it does not know what partitioned means.
    browser, _ = framed(app, token_of(jonas), "x")
    stray = browser.get(f"/inbox/{conversation.id}", headers={"Sec-Fetch-Dest": "document"})
    assert stray.location.startswith("/login")


def test_signing_out_in_the_frame_ends_the_extensions_sign_in(app: Flask, as_jonas: Browser, jonas: User) -> None:
    opportunity = factories.opportunity()
    token = token_of(jonas)
    browser, _ = framed(app, token, opportunity.lever_id)
    assert browser.post("/panel/sign-out").location == "/panel/ended"
    page = browser.get("/panel/ended")
    assert page.select("[data-panel-ended]")
    assert page.one("meta[name=panel-origin]")["content"] == ORIGIN
    assert browser.get(f"/lever/{opportunity.lever_id}").location == "/panel/ended"
    live = browser.get("/inbox/live", htmx=True)
    assert (live.status, live.headers["HX-Redirect"]) == (401, "/panel/ended")
    assert Browser(app).get("/extension/unread/x", headers=bearer(token)).status == 401
    assert as_jonas.get("/account").status == 200


def test_the_browsers_own_sign_in_does_not_stand_in_for_the_frames(app: Flask, jonas: User) -> None:
    token = token_of(jonas)
    browser, _ = framed(app, token, "x")
    # Chromium sends both cookies to an extension that may reach the application.
    with app.test_client() as tab:
        with tab.session_transaction(base_url="https://texting.test") as session:
            session[CARRIED] = sessions.begin(jonas.id, label="A browser")
        own = tab.get_cookie("__Host-session", domain="texting.test")
    assert own is not None
    browser.client.set_cookie("__Host-session", own.value, domain="texting.test")
    poll = f"/inbox/live?tick={changes.current_tick()}"
    assert browser.get(poll, htmx=True).status == 204
    sessions.end(token)
    assert browser.get(poll, htmx=True).status == 401


def test_the_frame_opens_with_the_extensions_token_only(app: Flask, jonas: User) -> None:
    for token in ("", "guessed", sessions.begin(jonas.id, label="A browser")):
        assert framed(app, token, "x")[1].status == 401
    token = token_of(jonas)
    assert Browser(app).post("/panel", {"token": token, "origin": "https://evil.example"}).status == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": ORIGIN, "Sec-Fetch-Dest": "iframe"}, 303),
        ({"Origin": "null", "Sec-Fetch-Dest": "iframe"}, 303),
        ({"Origin": "https://evil.example", "Sec-Fetch-Dest": "iframe"}, 401),
        ({"Origin": "null", "Sec-Fetch-Dest": "document"}, 401),
        ({"Origin": ORIGIN, "Sec-Fetch-Dest": "document"}, 401),
    ],
)
def test_no_page_brings_somebodys_token_into_a_browser(
    app: Flask, jonas: User, headers: dict[str, str], status: int
) -> None:
    form = {"token": token_of(jonas), "origin": ORIGIN, "opportunity": "x"}
    answer = Browser(app).post("/panel", form, headers=headers)
    assert answer.status == status
    assert ("__Host-panel=" in str(answer.headers.getlist("Set-Cookie"))) is (status == 303)


def test_polling_does_not_keep_it_alive_but_opening_the_panel_does(app: Flask, jonas: User) -> None:
    with time_machine.travel(datetime(2026, 5, 4, 12, 0, tzinfo=UTC), tick=False) as clock:
        token = token_of(jonas)
        clock.shift(timedelta(days=13))
        assert Browser(app).get("/extension/unread/x", headers=bearer(token)).status == 200
        clock.shift(timedelta(hours=12))
        framed(app, token, "x")
        clock.shift(timedelta(days=13))
        assert Browser(app).get("/extension/unread/x", headers=bearer(token)).status == 200
        clock.shift(timedelta(days=2))
        assert Browser(app).get("/extension/unread/x", headers=bearer(token)).status == 401
