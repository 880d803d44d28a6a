"""A client on a Lever that exists only at the wire, in a time that passes only when somebody sleeps."""

from __future__ import annotations

import pytest
import responses

from grayscale.clients.lever.client import LeverClient
from grayscale.clients.lever.limits import RateLimiter
from tests.clients.lever.calls import KEY, ROOT
from tests.clients.virtual_time import VirtualTime


@pytest.fixture
def slept():
    return []


@pytest.fixture
def limiter():
    time = VirtualTime()
    return RateLimiter(clock=time.clock, sleep=time.sleep)


@pytest.fixture
def client(slept, limiter):
    client = LeverClient(KEY, ROOT, limiter, sleep=slept.append)
    yield client
    client.close()


@pytest.fixture
def lever():
    with responses.RequestsMock() as mock:
        yield mock
