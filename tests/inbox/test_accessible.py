"""axe finds nothing on any page of the inbox in any state, light and dark, laptop and phone."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.inbox.conftest import Office

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


STATES: list[tuple[str, str | None, Callable[[Page], None] | None]] = [
    ("busy", "Mira Okafor", None),
    ("scheduled and draft", "Aisha Karim", later),
    ("failed", "Deshawn Brooks", None),
    ("opted out", "Grace Lindqvist", None),
    ("search", None, search),
    ("keys", None, keys),
]


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light")])
def test_the_inbox(office: Office, width: int, scheme: str) -> None:
    page = office.sit_down("Jonas", viewport={"width": width, "height": 800}, color_scheme=scheme)
    for state, name, prepare in STATES:
        page.goto(f"/inbox/{office.conversation(name)}" if name else "/inbox")
        if prepare is not None:
            prepare(page)
        assert violations(page) == [], f"{state} at {width} {scheme}"
    if width < 500:
        page.goto(f"/inbox/{office.conversation('Mira Okafor')}")
        panel(page)
        assert violations(page) == [], "the candidate on a phone"
    page.goto("/candidates")
    assert violations(page) == [], f"candidates at {width} {scheme}"
