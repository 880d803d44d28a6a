"""What leaves for an error tracker: kind and place of an error, and nobody's name."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import sentry_sdk
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from grayscale import logging, reporting

CANDIDATE = "Maria Gonzalez +13125550142"


class Kept(Transport):
    """Keeps what would be sent."""

    events: list[dict[str, Any]] = []  # noqa: RUF012 - made by the library, read by the test

    def capture_envelope(self, envelope: Envelope) -> None:
        self.events.append(envelope.get_event() or {})


@pytest.fixture
def sent() -> Iterator[list[dict[str, Any]]]:
    Kept.events.clear()
    logging.configure()
    reporting.begin("https://key@sentry.test/1", release="1.0", transport=Kept)
    yield Kept.events
    sentry_sdk.init(default_integrations=False)


def test_an_error_is_reported_without_what_it_was_about(sent: list[dict[str, Any]]) -> None:
    name = CANDIDATE
    try:
        raise ValueError(f"no such person: {name}")
    except ValueError as error:
        logging.get_logger("test").error("a job failed", who=name, exc_info=error)
    (event,) = sent
    assert event["exception"]["values"][0]["type"] == "ValueError"
    assert "test_reporting.py" in json.dumps(event["exception"])
    assert "Gonzalez" not in json.dumps(event)
    assert "3125550142" not in json.dumps(event)


def test_what_is_no_error_is_not_reported(sent: list[dict[str, Any]]) -> None:
    logging.get_logger("test").warning("it will be tried again")
    logging.get_logger("test").error("without an exception")
    assert sent == []
