"""A client on a carrier that exists only at the wire."""

from __future__ import annotations

import pytest
import responses

from grayscale.clients.twilio.client import TwilioClient
from tests.clients.twilio.wiring import ROOT, SID, TOKEN


@pytest.fixture
def slept():
    return []


@pytest.fixture
def client(slept):
    client = TwilioClient(SID, TOKEN, ROOT, sleep=slept.append)
    yield client
    client.close()


@pytest.fixture
def carrier():
    with responses.RequestsMock() as mock:
        yield mock
