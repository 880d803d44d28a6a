"""No route is open by accident."""

import pytest
from flask import Flask

from tests.page import Browser

OPEN = {"static"}


def test_every_route_asks_strangers_to_sign_in(app: Flask, client: Browser) -> None:
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if rule.endpoint in OPEN or getattr(view, "is_public", False):
            continue
        path = rule.build(dict.fromkeys(rule.arguments, 1), append_unknown=False)
        assert path is not None
        method = "GET" if "GET" in (rule.methods or ()) else "POST"
        page = client._open(method, path[1], htmx=False)
        assert page.status == 302, f"{rule} answered {page.status} to a stranger"
        assert page.location.startswith("/login"), rule


@pytest.mark.parametrize("path", ["/no-such-page"])
def test_an_unknown_page_says_so(client: Browser, path: str) -> None:
    page = client.get(path)
    assert page.status == 404
    assert "There is nothing here" in page.words
