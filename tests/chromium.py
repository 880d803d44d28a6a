"""The one Chromium of a test run: Playwright starts only once in a process, whoever asks first."""

import atexit

from playwright.sync_api import Browser, Playwright, sync_playwright

from tools.prerequisites import headless_chromium

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
_playwrights: list[Playwright] = []
_started: list[Browser] = []


def shared_playwright() -> Playwright:
    """For those who need a browser of their own."""
    if not _playwrights:
        _playwrights.append(sync_playwright().start())
        atexit.register(_playwrights[0].stop)
    return _playwrights[0]


def shared_browser() -> Browser:
    """Each person who uses it takes a context of their own."""
    if not _started:
        path = headless_chromium()
        assert path is not None, "no Chromium is installed; run: python -m tools.prerequisites"
        _started.append(shared_playwright().chromium.launch(executable_path=path, args=FLAGS))
    return _started[0]
