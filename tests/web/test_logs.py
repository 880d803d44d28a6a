"""What the log says of requests: enough to find one again, and nothing of the people they were about."""

import logging as stdlib
from collections.abc import Callable

import pytest
from flask import Flask

from grayscale.models import User
from tests import factories
from tests.page import Browser


@pytest.fixture
def said(app: Flask) -> list[dict[str, object]]:
    """Every line of the log from here on, as the fields it is made of."""
    lines: list[dict[str, object]] = []

    class Keeper(stdlib.Handler):
        def emit(self, record: stdlib.LogRecord) -> None:
            lines.append(record.msg if isinstance(record.msg, dict) else {"event": record.getMessage()})

    keeper = Keeper()
    stdlib.getLogger().addHandler(keeper)
    yield lines
    stdlib.getLogger().removeHandler(keeper)


def test_one_line_a_request_with_its_id(client: Browser, said: list[dict[str, object]]) -> None:
    page = client.get("/login", headers={"X-Request-ID": "router-4711-abc"})
    (line,) = [line for line in said if line["event"] == "request"]
    assert line["request_id"] == "router-4711-abc" == page.headers["X-Request-ID"]
    assert (line["method"], line["endpoint"], line["status"]) == ("GET", "auth.login", 200)


def test_an_id_that_is_none_is_replaced(client: Browser) -> None:
    page = client.get("/login", headers={"X-Request-ID": "a b\tlevel=error"})
    assert page.headers["X-Request-ID"].isalnum()


def test_nobody_is_named_whoever_is_searched_read_and_texted(
    jonas: User, sign_in: Callable[[User], Browser], said: list[dict[str, object]]
) -> None:
    conversation = factories.conversation()
    factories.message(conversation, body="My mother is ill")
    browser = sign_in(jonas)
    for path in ("/inbox?q=Gonzalez", f"/inbox/{conversation.id}", "/candidates?q=3125550142", "/nowhere/Gonzalez"):
        browser.get(path)
    told = repr(said)
    assert "inbox" in told
    for secret in (jonas.name, jonas.email, conversation.peer, "mother", "Gonzalez", "3125550142"):
        assert secret not in told
