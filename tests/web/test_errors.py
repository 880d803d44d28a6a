"""What people see when something goes wrong."""

from collections.abc import Iterator

import pytest
from flask import Flask, abort
from sqlalchemy.exc import OperationalError

from grayscale import create_app
from grayscale.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from grayscale.extensions import db
from grayscale.web.auth import public
from tests.conftest import make_config
from tests.page import Browser, Page

KINDS = {
    "invalid": (Invalid("That <b>cannot</b> be."), 422),
    "missing": (NotFound("There is no such candidate."), 404),
    "forbidden": (NotAllowed("Not yours."), 403),
    "conflict": (Conflict("Somebody was quicker."), 409),
    "database": (OperationalError("SELECT secret_thing", {}, Exception("server closed")), 503),
    "bug": (RuntimeError("secret inside"), 500),
}


@pytest.fixture(scope="module")
def shared_app(shared_app: Flask) -> Flask:
    """An application of these tests' own: they add to its routes."""
    return create_app(make_config(shared_app.config["SQLALCHEMY_DATABASE_URI"]))


@pytest.fixture
def broken(app: Flask) -> Iterator[Flask]:
    """Adds a page for each way to fail."""
    app._got_first_request = False

    def fail(how: str) -> str:
        if how.isdigit():
            abort(int(how))
        raise KINDS[how][0]

    app.add_url_rule("/fail/<how>", "fail", public(fail))
    yield app
    app.view_functions.pop("fail")


def test_pictures_that_are_too_large_are_answered_with_what_to_do(as_jonas: Browser) -> None:
    answer = as_jonas.fetch(
        "POST", "/inbox/1/messages", environ_overrides={"CONTENT_LENGTH": str(30 * 2**20)},
        content_type="multipart/form-data; boundary=x", check_csrf=True,
    )  # fmt: skip
    page = Page(answer)
    assert page.status == 413
    assert page.one("h1").get_text() == "That is too large"
    assert "Nothing was sent or saved" in page.words
    assert "Go back, where what you typed still stands" in page.words


@pytest.mark.parametrize("how", KINDS)
@pytest.mark.usefixtures("broken")
def test_each_error_is_a_page_and_for_htmx_a_sentence(as_jonas: Browser, client: Browser, how: str) -> None:
    error, status = KINDS[how]
    for browser in (as_jonas, client):
        page = browser.get(f"/fail/{how}")
        assert page.status == status
        assert page.soup.h1
        assert "secret" not in page.text
        if status < 500:
            assert str(error) in page.words, "what was said, as text"
    part = as_jonas.get(f"/fail/{how}", htmx=True)
    assert part.status == status
    assert part.headers["Content-Type"].startswith("text/plain")
    assert "<html" not in part.text


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 413, 422, 429, 500, 503])
@pytest.mark.usefixtures("broken")
def test_each_status_has_words_of_its_own(as_jonas: Browser, status: int) -> None:
    page = as_jonas.get(f"/fail/{status}")
    assert page.status == status
    assert page.soup.title.get_text(strip=True).endswith("· Grayscale")
    assert f"Error {status}" in page.words
    assert "Oops" not in page.words
    signed_in_frame = bool(page.select(".rail"))
    assert signed_in_frame == (status < 500)


@pytest.mark.usefixtures("broken")
def test_without_a_database_there_is_still_a_page(as_jonas: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_args: object, **_kwargs: object) -> None:
        raise OperationalError("SELECT 1", {}, Exception("the server is gone"))

    monkeypatch.setattr(db.session, "scalar", away)
    monkeypatch.setattr(db.session, "get", away)
    monkeypatch.setattr(db.session, "execute", away)
    monkeypatch.setattr(db.session, "connection", away)
    page = as_jonas.get("/account")
    assert page.status == 503
    assert "The database did not answer" in page.words
    assert page.headers["Retry-After"] == "10"
    assert as_jonas.get("/fail/500").status == 500
    assert as_jonas.get("/healthz").status == 200
    ready = as_jonas.get("/readyz")
    assert ready.status == 503
    assert "the database does not answer" in ready.response.json["reasons"][0]
