"""The one Chromium of a test run: Playwright starts only once in a process, whoever asks first."""

import atexit

from playwright.sync_api import Browser, sync_playwright

from tools.prerequisites import chromium

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
_started: list[Browser] = []


def shared_browser() -> Browser:
    """Each person who uses it takes a context of their own."""
    if not _started:
        path = chromium()
        assert path is not None, "no Chromium is installed; run: python -m tools.prerequisites"
        playwright = sync_playwright().start()
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        _started.append(browser)
        atexit.register(playwright.stop)
    return _started[0]
