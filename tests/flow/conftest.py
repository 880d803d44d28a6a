"""A real Chromium and a running product for the flows."""

import pytest
from playwright.sync_api import Browser

from tests.chromium import shared_browser


@pytest.fixture
def chromium_browser() -> Browser:
    """One browser for the run; each person gets a context of their own."""
    return shared_browser()
