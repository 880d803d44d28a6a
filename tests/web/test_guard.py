"""No route is open by accident."""

import pytest
from flask import Flask

from tests.page import Browser
from tests.web.routes import path_of

OPEN = {"static"}


def test_every_route_asks_strangers_to_sign_in(app: Flask, client: Browser) -> None:
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if rule.endpoint in OPEN or getattr(view, "is_public", False):
            continue
        method = "GET" if "GET" in (rule.methods or ()) else "POST"
        page = client._open(method, path_of(rule), htmx=False)
        assert page.status == 302, f"{rule} answered {page.status} to a stranger"
        assert page.location.startswith("/login"), rule


# What recruiters may not open; everything else of the application is theirs.
SUPER_ADMIN_PATHS = (
    "/settings/ats/lever", "/settings/users", "/settings/texting", "/settings/interviews", "/events",
)  # fmt: skip


def test_recruiters_are_kept_out_of_what_super_admins_do(app: Flask, as_jonas: Browser) -> None:
    kept_out = 0
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith(SUPER_ADMIN_PATHS):
            continue
        method = "GET" if "GET" in (rule.methods or ()) else "POST"
        page = as_jonas._open(method, path_of(rule), htmx=False)
        assert page.status == 403, f"{rule} answered {page.status} to a recruiter"
        kept_out += 1
    assert kept_out > 20


@pytest.mark.parametrize("path", ["/no-such-page"])
def test_an_unknown_page_says_so(client: Browser, path: str) -> None:
    page = client.get(path)
    assert page.status == 404
    assert "There is nothing here" in page.words
