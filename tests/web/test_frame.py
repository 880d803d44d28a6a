"""The frame around every page: headers, navigation, static files, one log line."""

import logging
import re

import pytest
from flask import Flask

from grayscale.database import transaction
from grayscale.models import LeverIntegration, TextingAccount
from tests.page import Browser, Page


def nav(page: Page, css: str) -> list[str]:
    return [link.get_text(" ", strip=True) for link in page.select(f"{css} a")]


def test_the_settings_a_recruiter_may_open_are_all_they_see(as_ana: Browser, as_jonas: Browser) -> None:
    assert {"Lever", "Events", "Texting", "Users", "My account"} <= set(nav(as_ana.get("/account"), ".settings-nav"))
    seen = nav(as_jonas.get("/account"), ".settings-nav")
    assert "My account" in seen
    assert not {"Lever", "Events", "Texting", "Users"} & set(seen)


def test_every_link_of_the_navigation_opens(as_ana: Browser, as_jonas: Browser) -> None:
    for browser in (as_ana, as_jonas):
        page = browser.get("/account")
        links = {link["href"] for link in page.select("nav a")}
        assert {"/inbox", "/candidates", "/notes", "/account"} <= links
        for link in links - {"/"}:
            assert browser.get(link).status == 200, link


def test_where_one_is_is_marked(as_ana: Browser) -> None:
    page = as_ana.get("/settings/users")
    marked = [link.get_text(strip=True) for link in page.select("[aria-current=page]")]
    assert marked == ["Settings", "Users"]


@pytest.mark.parametrize("path", ["/login", "/account", "/no-such-page", "/healthz"])
def test_headers_keep_the_pages_to_themselves(as_ana: Browser, client: Browser, path: str) -> None:
    for browser in (as_ana, client):
        headers = browser.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "form-action 'self'" in policy
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Strict-Transport-Security"].startswith("max-age=")
        assert headers["Referrer-Policy"] == "same-origin"


def test_static_files_are_named_by_their_content_and_kept_for_a_year(client: Browser) -> None:
    page = client.get("/login")
    files = [element.get("href") or element.get("src") for element in page.select("link[rel=stylesheet], script[src]")]
    for url in files:
        assert re.search(r"\?v=[0-9a-f]{12}$", url), url
        answer = client.get(url)
        answer.response.close()
        assert answer.status == 200
        assert "max-age=31536000" in answer.headers["Cache-Control"]


def test_every_icon_that_is_used_is_drawn(as_ana: Browser, client: Browser) -> None:
    drawing = client.get("/static/icons.svg").response
    symbols = set(re.findall(r'<symbol id="([a-z-]+)"', drawing.get_data(as_text=True)))
    drawing.close()
    used = set()
    for path in ("/settings/ats/lever", "/settings/users", "/account", "/inbox", "/candidates", "/notes"):
        used |= {use["href"].split("#")[1] for use in as_ana.get(path).select("svg use")}
    assert used <= symbols


def test_stopped_texting_is_told_to_everybody_and_mended_by_super_admins(as_ana: Browser, as_jonas: Browser) -> None:
    with transaction() as session:
        session.get_one(TextingAccount, 1).stopped_reason = "The carrier suspended the account."
        session.get_one(LeverIntegration, 1).notes_warning = "Notes are posted as the key."
    page = as_ana.get("/account")
    assert [banner.a["href"] for banner in page.select(".banner")] == ["/settings/texting", "/settings/ats/lever"]
    words = as_jonas.get("/account").one(".banner").get_text(" ", strip=True)
    assert words.startswith("Texting is stopped: The carrier suspended the account.")


def test_one_log_line_a_request_and_nobody_in_it(
    as_jonas: Browser, caplog: pytest.LogCaptureFixture, app: Flask
) -> None:
    with caplog.at_level(logging.INFO):
        page = as_jonas.get("/account?email=mira@example.com", headers={"X-Request-ID": "router-12345678"})
    assert page.headers["X-Request-ID"] == "router-12345678"
    lines = [record.getMessage() for record in caplog.records if "account.show" in record.getMessage()]
    assert len(lines) == 1
    assert "'status': 200" in lines[0]
    assert "mira" not in caplog.text
    assert "jonas" not in caplog.text.lower()
    assert as_jonas.get("/account", headers={"X-Request-ID": "x y\t"}).headers["X-Request-ID"] != "x y\t"
