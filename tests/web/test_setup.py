"""The very first start."""

from urllib.parse import urlsplit

from flask import Flask

from grayscale.domain import setup
from grayscale.domain.company import company
from grayscale.extensions import db
from grayscale.models import User
from tests.page import Browser

FORM = {
    "company_name": "Harbor Health",
    "time_zone": "America/Chicago",
    "name": "Ana Castillo",
    "email": "Ana@Harbor.example",
    "password": "walrus teapot ladder",
}


def link() -> str:
    made = setup.link_if_needed()
    assert made is not None
    return urlsplit(made).path


def test_the_printed_link_makes_the_first_super_admin_and_signs_in(app: Flask, client: Browser) -> None:
    made = setup.link_if_needed()
    assert made is not None
    assert made.startswith("https://texting.test/setup/")
    path = urlsplit(made).path
    page = client.get(path)
    for label in ("Company", "Time zone", "Your name", "Email", "Password"):
        assert page.field(label)

    answer = client.post(path, FORM)

    assert (answer.status, answer.location) == (303, "/settings/ats/lever")
    user = db.session.scalars(db.select(User)).one()
    assert (user.email, user.is_super_admin) == ("ana@harbor.example", True)
    assert (company().name, company().time_zone) == ("Harbor Health", "America/Chicago")
    assert client.get("/settings/ats/lever").status == 200
    assert client.client.get_cookie("__Host-device", domain="texting.test"), "counted by itself from now on"


def test_the_link_works_once(client: Browser) -> None:
    path = link()
    client.post(path, FORM)
    assert client.get(path).status == 404
    again = client.post(path, {**FORM, "email": "eve@harbor.example"})
    assert again.status == 404
    assert db.session.scalar(db.select(db.func.count()).select_from(User)) == 1


def test_no_link_once_somebody_can_sign_in(ana: User) -> None:
    assert setup.link_if_needed() is None


def test_a_newer_link_ends_the_older_one(client: Browser) -> None:
    older = link()
    newer = link()
    assert client.get(older).status == 404
    assert client.get(newer).status == 200
    assert client.get("/setup/guess").status == 404


def test_a_weak_password_is_explained_and_nothing_is_lost(client: Browser) -> None:
    page = client.post(link(), {**FORM, "password": "harborhealth1"})
    assert page.status == 422
    assert page.field("Password")["aria-invalid"] == "true"
    assert "mostly your name" in page.words
    assert page.field("Company")["value"] == "Harbor Health"
    assert page.field("Password").get("value", "") == ""


def test_the_link_is_not_stored_as_it_is(app: Flask) -> None:
    token = link().rsplit("/", 1)[1]
    assert company().setup_token_hash not in (None, token)
