"""One's own account."""

from flask import Flask

from grayscale.extensions import db
from grayscale.models import AuditEvent, User
from grayscale.web import throttle
from tests.factories import PASSWORD
from tests.page import Browser

FORM = {"name": "Jonas B. Rehn", "time_zone": "Europe/Berlin", "enter_sends": "n", "theme": "dark"}


def test_preferences_are_kept(as_jonas: Browser, jonas: User) -> None:
    assert as_jonas.post("/account", FORM).status == 303
    page = as_jonas.get("/account")
    assert page.field("Name")["value"] == "Jonas B. Rehn"
    assert page.one("select#time_zone option[selected]")["value"] == "Europe/Berlin"
    assert page.one("input[name=enter_sends][checked]")["value"] == "n"
    user = db.session.get_one(User, jonas.id, populate_existing=True)
    assert (user.time_zone, user.enter_sends) == ("Europe/Berlin", False)


def test_the_theme_belongs_to_the_browser(app: Flask, as_jonas: Browser, jonas: User) -> None:
    assert not as_jonas.get("/account").soup.html.has_attr("data-theme")
    as_jonas.post("/account", FORM)
    assert as_jonas.get("/account").soup.html["data-theme"] == "dark"
    assert not Browser(app, jonas).get("/account").soup.html.has_attr("data-theme")
    as_jonas.post("/account", {**FORM, "theme": ""})
    assert not as_jonas.get("/account").soup.html.has_attr("data-theme")


def test_bad_preferences_are_refused_beside_their_field(as_jonas: Browser) -> None:
    page = as_jonas.post("/account", {**FORM, "name": "  ", "time_zone": "Mars/Olympus"})
    assert page.status == 422
    assert page.field("Name")["aria-invalid"] == "true"
    assert page.field("Time zone")["aria-invalid"] == "true"


def test_a_new_password_needs_the_old_one_and_ends_other_sign_ins(
    app: Flask, as_jonas: Browser, jonas: User
) -> None:
    elsewhere = Browser(app, jonas)
    page = as_jonas.post("/account/password", {"old": "wrong", "password": "walrus teapot ladder"})
    assert page.status == 422
    assert "not your present password" in page.words

    page = as_jonas.post("/account/password", {"old": PASSWORD, "password": "walrus teapot ladder"})

    assert page.status == 303
    assert as_jonas.get("/account").status == 200
    assert elsewhere.get("/account").status == 302
    signing_in = Browser(app).post("/login", {"email": jonas.email, "password": "walrus teapot ladder"})
    assert signing_in.location == "/inbox"


def test_a_sign_in_left_open_does_not_become_the_password_by_guessing(as_jonas: Browser, jonas: User) -> None:
    wrong = [
        as_jonas.post("/account/password", {"old": f"guess {number}", "password": "walrus teapot ladder"}).status
        for number in range(throttle.PER_ACCOUNT_AND_ADDRESS.count)
    ]
    assert set(wrong) == {422}
    page = as_jonas.post("/account/password", {"old": PASSWORD, "password": "walrus teapot ladder"})
    assert page.status == 429
    assert "Too many wrong passwords" in page.words
    noted = db.session.scalars(db.select(AuditEvent).where(AuditEvent.action == "user.password_change_refused")).all()
    assert {event.subject for event in noted} == {jonas.email}


def test_signing_out_everywhere(app: Flask, as_jonas: Browser, jonas: User) -> None:
    elsewhere = Browser(app, jonas)
    assert as_jonas.post("/account/sign-out-everywhere").location == "/login"
    assert elsewhere.get("/account").status == 302
    assert as_jonas.get("/account").status == 302
