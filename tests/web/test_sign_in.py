"""Signing in and out, and how long it lasts."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from argon2.exceptions import VerifyMismatchError
from flask import Flask
from sqlalchemy import event

from grayscale import clock, create_app
from grayscale.database import transaction
from grayscale.domain import changes, passwords, sessions, throttle, users
from grayscale.extensions import db
from grayscale.models import AuditEvent, User
from grayscale.web.auth import came_from, safe_next
from tests import factories
from tests.factories import PASSWORD
from tests.page import Browser, Page

WRONG = "The e-mail address or the password is wrong."


def enter(browser: Browser, email: str, password: str = PASSWORD, path: str = "/login", **kwargs: object) -> Page:
    return browser.post(path, {"email": email, "password": password}, **kwargs)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    # Hashing is slow on purpose, and not what these tests are about.
    monkeypatch.setattr(passwords, "fits", lambda stored, password: stored is not None and password == PASSWORD)


@pytest.fixture(scope="module")
def other_process(shared_app: Flask) -> Flask:
    """A second web process on the same database."""
    return create_app(shared_app.extensions["grayscale.config"])


@pytest.fixture
def second(app: Flask, other_process: Flask) -> Iterator[Flask]:
    yield other_process
    with other_process.app_context():
        db.engine.dispose()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Moves the clock on."""
    state = {"now": clock.now()}

    def now() -> datetime:
        return state["now"]

    def move(by: timedelta) -> None:
        state["now"] += by

    monkeypatch.setattr(clock, "now", now)
    return move


def test_the_right_password_leads_to_the_inbox(client: Browser, jonas: User) -> None:
    page = client.get("/login")
    assert page.field("Email")["type"] == "email"
    assert page.field("Password")["type"] == "password"
    assert page.one("button[type=submit]").get_text(strip=True) == "Sign in"

    answer = enter(client, "Jonas@Harbor.example ")

    assert (answer.status, answer.location) == (303, "/inbox")
    assert client.get("/account").status == 200
    assert db.session.scalar(db.select(AuditEvent.action).order_by(AuditEvent.id.desc())) == "user.signed_in"


@pytest.mark.parametrize("email", ["jonas@harbor.example", "nobody@harbor.example", "not an address"])
def test_a_wrong_password_and_an_unknown_person_read_the_same(client: Browser, jonas: User, email: str) -> None:
    page = enter(client, email, "wrong password here")
    assert page.status == 422
    assert page.one("#problem").get_text(strip=True) == WRONG
    assert page.field("Password").get("value", "") == ""
    assert client.get("/account").status == 302


def test_someone_invited_or_deactivated_cannot_sign_in(client: Browser, ana: User, jonas: User, mei: User) -> None:
    users.deactivate(jonas.id, ana)
    assert enter(client, jonas.email).status == 422
    invited = users.create(email="new@harbor.example", name="New", role=mei.role, password=None)
    assert enter(client, invited.email, "").status == 422


def test_a_planted_session_does_not_survive_signing_in(client: Browser, jonas: User) -> None:
    client.get("/login")
    with client.client.session_transaction(base_url="https://texting.test") as session:
        before = session["csrf_token"]
        session["planted"] = "yes"
    enter(client, jonas.email)
    client.get("/account")
    with client.client.session_transaction(base_url="https://texting.test") as session:
        assert "planted" not in session
        assert session.get("csrf_token") != before


def test_the_session_cookie_is_out_of_reach(client: Browser, jonas: User) -> None:
    answer = enter(client, jonas.email)
    cookies = {cookie.split("=", 1)[0]: cookie for cookie in answer.headers.getlist("Set-Cookie")}
    for name in ("__Host-session", "__Host-device"):
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookies[name].split("; ")), cookies[name]


def test_one_comes_back_to_the_page_one_wanted(client: Browser, jonas: User) -> None:
    asked = client.get("/account?tab=1")
    assert asked.location == "/login?next=/account?tab%3D1"
    action = client.get(asked.location).one("form")["action"]
    assert enter(client, jonas.email, path=action).location == "/account?tab=1"


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)", "", None,
     "http:evil.example", "/\t/evil.example", "/\n/evil.example", "evil.example"],
)
def test_nobody_is_sent_elsewhere_after_signing_in(app: Flask, target: str | None) -> None:
    with app.test_request_context("/"):
        assert safe_next(target) == "/inbox"


@pytest.mark.parametrize(
    ("referrer", "target"),
    [
        ("https://texting.test/candidates?q=mira", "/candidates?q=mira"),
        ("https://evil.example/candidates", "/default"),
        ("https://texting.test.evil.example/x", "/default"), ("https://texting.test//evil.example", "/inbox"),
        ("", "/default"),
    ],
)  # fmt: skip
def test_a_form_leads_back_to_a_page_of_ours_only(app: Flask, referrer: str, target: str) -> None:
    with app.test_request_context("/", base_url="https://texting.test", headers={"Referer": referrer}):
        assert came_from("/default") == target


def test_who_is_signed_in_needs_no_sign_in_page(as_jonas: Browser) -> None:
    assert as_jonas.get("/login").location == "/inbox"
    assert as_jonas.get("/login?next=/account").location == "/account"


def test_signing_out_ends_it(as_jonas: Browser) -> None:
    assert as_jonas.get("/account").one('form[action="/logout"] button').get_text(strip=True) == "Sign out"
    assert as_jonas.post("/logout").location == "/login"
    assert as_jonas.get("/account").status == 302


def test_an_idle_session_ends_and_a_used_one_lasts(
    client: Browser, jonas: User, later: Callable[[timedelta], None]
) -> None:
    enter(client, jonas.email)
    for _ in range(3):
        later(timedelta(hours=11))
        assert client.get("/account").status == 200
    later(timedelta(hours=12))
    assert client.get("/account").status == 302


def test_what_a_page_fetches_by_itself_keeps_no_session_alive(
    client: Browser, ana: User, later: Callable[[timedelta], None]
) -> None:
    enter(client, ana.email)
    for _ in range(3):
        later(timedelta(hours=5))
        poll = client.get("/settings/ats/lever/steps", htmx=True)
    assert poll.status == 401
    assert poll.headers["HX-Redirect"].startswith("/login")
    assert "You were signed out. Drafts are kept" in client.get(poll.headers["HX-Redirect"]).text


def test_no_session_outlives_a_fortnight(client: Browser, jonas: User, later: Callable[[timedelta], None]) -> None:
    enter(client, jonas.email)
    for _ in range(28):
        later(timedelta(hours=11, minutes=59))
        assert client.get("/").location == "/inbox", "still signed in"
    later(timedelta(hours=11))
    assert client.get("/account").status == 302


@pytest.mark.usefixtures("quick")
def test_guessing_is_slowed_down(client: Browser, jonas: User) -> None:
    for _ in range(8):
        assert enter(client, jonas.email, "wrong password here").status == 422
    page = enter(client, jonas.email)
    assert page.status == 429, "even the right password waits"
    assert "Wait 15 minutes" in page.words
    assert page.headers["Retry-After"] == "900"


@pytest.mark.usefixtures("quick")
def test_nobody_locks_somebody_else_out(app: Flask, client: Browser, jonas: User, mei: User) -> None:
    stranger = {"REMOTE_ADDR": "203.0.113.9"}
    for _ in range(9):
        enter(client, jonas.email, "wrong password here", environ_overrides=stranger)
    assert enter(client, jonas.email, environ_overrides=stranger).status == 429
    assert enter(Browser(app), jonas.email).status == 303, "from elsewhere"
    assert enter(client, mei.email, environ_overrides=stranger).status == 303, "another account"


@pytest.mark.usefixtures("quick")
def test_a_browser_known_for_the_account_is_counted_by_itself(app: Flask, client: Browser, jonas: User) -> None:
    enter(client, jonas.email)
    client.post("/logout")
    neighbour = Browser(app)
    for _ in range(9):
        enter(neighbour, jonas.email, "wrong password here")
    assert enter(neighbour, jonas.email).status == 429
    assert enter(client, jonas.email).status == 303, "the same address, but this browser signed in before"


@pytest.mark.usefixtures("quick")
def test_every_process_counts_the_same(app: Flask, second: Flask, jonas: User) -> None:
    for process in (app, second) * 4:
        assert enter(Browser(process), jonas.email, "wrong password here").status == 422
    assert enter(Browser(app), jonas.email).status == 429


@pytest.mark.usefixtures("quick")
def test_guesses_from_everywhere_do_not_lock_the_account(
    client: Browser, app: Flask, jonas: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grayscale.web.throttle.PER_ACCOUNT", throttle.Limit("account", 10, timedelta(hours=1)))
    for n in range(12):
        last = {"REMOTE_ADDR": f"198.51.100.{n}"}
        assert enter(client, jonas.email, "wrong password here", environ_overrides=last).status == 422
    assert enter(client, jonas.email, "wrong password here", environ_overrides=last).status == 422
    assert enter(client, jonas.email, environ_overrides=last).status == 429, "an address has two tries left, not eight"
    assert enter(Browser(app), jonas.email, environ_overrides={"REMOTE_ADDR": "203.0.113.7"}).status == 303


@pytest.mark.usefixtures("quick")
def test_a_whole_ipv6_network_counts_as_one(client: Browser, jonas: User) -> None:
    for n in range(8):
        enter(client, jonas.email, "wrong password here", environ_overrides={"REMOTE_ADDR": f"2001:db8::{n}"})
    assert enter(client, jonas.email, environ_overrides={"REMOTE_ADDR": "2001:db8::99"}).status == 429
    assert enter(client, jonas.email, environ_overrides={"REMOTE_ADDR": "2001:db8:0:1::1"}).status == 303


@pytest.mark.usefixtures("quick")
def test_ipv4_addresses_in_the_dress_of_ipv6_are_told_apart(client: Browser, jonas: User) -> None:
    for _ in range(8):
        enter(client, jonas.email, "wrong password here", environ_overrides={"REMOTE_ADDR": "::ffff:203.0.113.1"})
    assert enter(client, jonas.email, environ_overrides={"REMOTE_ADDR": "203.0.113.1"}).status == 429
    assert enter(client, jonas.email, environ_overrides={"REMOTE_ADDR": "::ffff:203.0.113.2"}).status == 303


@pytest.mark.usefixtures("quick")
def test_right_passwords_use_no_tries_up(app: Flask, jonas: User, later: Callable[[timedelta], None]) -> None:
    for _ in range(12):
        assert enter(Browser(app), jonas.email).status == 303
    for _ in range(8):
        enter(Browser(app), jonas.email, "wrong password here")
    assert enter(Browser(app), jonas.email).status == 429
    later(timedelta(minutes=16))
    assert enter(Browser(app), jonas.email).status == 303


def test_however_many_come_at_once_no_more_than_the_limit_get_through(app: Flask) -> None:
    limit = throttle.Limit("at once", 5, timedelta(minutes=15))

    def attempt(_: int) -> int:
        with app.app_context():
            return throttle.take(limit, "somebody")

    with ThreadPoolExecutor(8) as pool:
        counts = sorted(pool.map(attempt, range(24)))
    assert counts == list(range(1, 25))


def test_an_unknown_address_costs_as_much_as_a_known_one(client: Browser, jonas: User) -> None:
    enter(client, jonas.email, "wrong password here")
    enter(client, "nobody@harbor.example", "wrong password here")
    subjects = db.session.scalars(db.select(AuditEvent.subject).order_by(AuditEvent.id)).all()
    assert subjects == [jonas.email, "an unknown address"]


def test_an_unknown_person_is_answered_by_the_same_work(
    client: Browser, jonas: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not measured in time but in what takes it: password hashes compared and statements run, known or not."""
    hashes: list[str] = []
    statements: list[str] = []

    class Hasher:
        def verify(self, stored: str, _password: str) -> bool:
            hashes.append(stored)
            raise VerifyMismatchError

    monkeypatch.setattr(passwords, "_nobody", lambda: "nobody's")
    monkeypatch.setattr(passwords, "_hasher", Hasher())
    event.listen(db.engine, "before_cursor_execute", lambda _c, _cursor, words, *_: statements.append(words))
    work = []
    for email in ("jonas@harbor.example", "nobody@harbor.example", "not an address"):
        db.session.rollback()
        hashes.clear()
        statements.clear()
        assert WRONG in enter(client, email).words
        work.append((len(hashes), list(statements)))
    assert work[0][0] == 1
    assert work[1] == work[0] == work[2]


def test_a_sign_in_and_the_poll_are_right_on_any_process(as_jonas: Browser, second: Flask, jonas: User) -> None:
    other = Browser(second)
    with (
        as_jonas.client.session_transaction(base_url="https://texting.test") as held,
        other.client.session_transaction(base_url="https://texting.test") as same,
    ):
        same.update(held)
    thread = factories.conversation(factories.candidate(name="Mira Okafor"))
    poll = f"/inbox/live?tick={changes.current_tick()}&c={thread.id}&viewers="

    assert [browser.get(poll, htmx=True).status for browser in (as_jonas, other)] == [204, 204]
    factories.message(thread, body="I am at the gate")
    with transaction():
        changes.touch([thread.id])
    for browser in (as_jonas, other):
        assert "I am at the gate" in browser.get(poll, htmx=True).text

    sessions.end_all(jonas.id)
    assert [browser.get("/account").status for browser in (as_jonas, other)] == [302, 302]
