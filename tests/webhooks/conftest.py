import pytest
from flask import Flask

from grayscale.models import LeverEvent
from tests.webhooks import lever


@pytest.fixture
def connected(app: Flask) -> Flask:
    """The application with the key of its URL known and all eight tokens saved."""
    lever.set_key()
    for event in LeverEvent:
        lever.set_token(event)
    return app
