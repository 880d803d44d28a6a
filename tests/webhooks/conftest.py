from collections.abc import Iterator

import pytest
from flask import Flask

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain.lever import receiving, signing
from grayscale.extensions import limiter
from grayscale.models import ArchiveReason, KeyState, LeverEvent, LeverIntegration
from tests import factories
from tests.webhooks import fake_lever, lever
from tests.webhooks.fake_lever import FakeLever


@pytest.fixture
def connected(app: Flask) -> Flask:
    """The application with the key of its URL known and all eight tokens saved."""
    # What a process remembers between requests must not come from the test before.
    limiter.enabled = False
    receiving._noise.clear()
    lever.set_key()
    for event in LeverEvent:
        lever.set_token(event)
    signing.forget()
    return app


@pytest.fixture
def fake(connected: Flask) -> Iterator[FakeLever]:
    """A Lever to ask, with a key it accepts and the stages of a small pipeline known."""
    with transaction() as session:
        integration = session.get_one(LeverIntegration, 1)
        integration.api_key = "api-key"
        integration.key_state = KeyState.ACCEPTED
    for lever_id, text in (("applicant-new", "New applicant"), ("screen", "Phone screen"), ("onsite", "Onsite")):
        factories.stage(lever_id=lever_id, text=text)
    with transaction() as session:
        session.add(ArchiveReason(lever_id="no-fit", text="Not a fit", type="non-hired", fetched_at=clock.now()))
        session.add(ArchiveReason(lever_id="hired", text="Hired", type="hired", fetched_at=clock.now()))
    with fake_lever.running() as fake:
        yield fake
