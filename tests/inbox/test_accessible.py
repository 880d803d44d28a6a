"""axe finds nothing on any page of the inbox in any state, light and dark, laptop and phone."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.inbox.conftest import Office
from tools import demo_states

pytestmark = pytest.mark.browser
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}


def violations(page: Page) -> list[str]:
    found = Axe().run(page, options=RULES).response["violations"]
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:160]} {each['nodes'][0]['failureSummary'][:200]}" for each in found
    ]


def search(page: Page) -> None:
    page.get_by_label("Search conversations").fill("forklift")
    page.locator("#list mark").wait_for()


def keys(page: Page) -> None:
    page.keyboard.press("?")


def later(page: Page) -> None:
    page.locator("#later summary").click()


def panel(page: Page) -> None:
    page.get_by_role("button", name="Candidate", exact=True).click()


def disconnected(page: Page) -> None:
    page.context.set_offline(True)
    page.evaluate("document.dispatchEvent(new Event('inbox:poll'))")
    page.locator("#offline").wait_for(timeout=15_000)


def presence(page: Page) -> None:
    page.locator("#presence .avatar").wait_for()


STATES: list[tuple[str, str, Callable[[Page], None] | None]] = [
    ("busy, a colleague writing", "Mira Okafor", presence),
    ("scheduled and draft", "Aisha Karim", later),
    ("failed", "Deshawn Brooks", None),
    ("unsure", "Lucía Moreno", None),
    ("opt-out suggested", "Ibrahim Sesay", None),
    ("opted out", "Grace Lindqvist", None),
    ("search", "/inbox", search),
    ("keys", "/inbox", keys),
    ("candidates", "/candidates", None),
    ("an empty view", "/inbox?view=unassigned&after=2000-01-01T00:00:00%2B00:00~1", None),
    ("disconnected", "Tomás Herrera", disconnected),
]


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_the_inbox(office: Office, width: int, scheme: str) -> None:
    with office.app.app_context():
        demo_states.unsure("Lucía Moreno")
        demo_states.sounds_like_stop("Ibrahim Sesay")
    page = office.sit_down("Jonas", viewport={"width": width, "height": 800}, color_scheme=scheme)
    with office.app.app_context():
        demo_states.is_writing("Mei", "Mira Okafor")
    for state, where, prepare in STATES:
        page.goto(where if where.startswith("/") else f"/inbox/{office.conversation(where)}")
        if prepare is not None:
            prepare(page)
        assert violations(page) == [], f"{state} at {width} {scheme}"
        page.context.set_offline(False)
    with office.app.app_context():
        demo_states.quiet_hours()
    page.goto(f"/inbox/{office.conversation('Mira Okafor' if width < 500 else 'Wei Zhang')}")
    if width < 500:
        panel(page)
    assert violations(page) == [], f"quiet hours, or the candidate on a phone, {scheme}"


def test_the_first_run(empty_office: Office) -> None:
    page = empty_office.sit_down("Ana")
    expect(page.get_by_role("heading", name="Two things before the first text")).to_be_visible()
    assert violations(page) == []
    page.goto("/candidates")
    assert violations(page) == []
