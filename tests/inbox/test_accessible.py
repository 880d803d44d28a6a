"""axe finds nothing on any page of the inbox in any state, light and dark, laptop and phone.

Conversations are opened as htmx opens them, without a page load; of a state that changes a part of the page, that part
is looked at.
"""

from collections.abc import Callable
from functools import cache
from importlib.resources import files

import pytest
from playwright.sync_api import Page, expect

from tests.inbox.conftest import Office
from tools import demo_states

pytestmark = pytest.mark.browser
OPTIONS = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
    "resultTypes": ["violations"],
    # It would fetch the style sheets once more, for one rule about turning a phone.
    "preload": False,
}


@cache
def axe() -> str:
    return (files("axe_playwright_python") / "axe.min.js").read_text()


def show(page: Page, path: str) -> None:
    """Put another page of the server into the place of this one: axe and the styles need not be loaded again for it.

    Its scripts do not run.
    """
    page.evaluate(
        """async path => {
            const answer = await fetch(path);
            const other = new DOMParser().parseFromString(await answer.text(), "text/html");
            document.replaceChild(document.adoptNode(other.documentElement), document.documentElement);
            document.documentElement.classList.add("js");
            const styles = document.querySelectorAll("link[rel=stylesheet]");
            await Promise.all([...styles].map(link => link.sheet || new Promise(done => { link.onload = done; })));
        }""",
        path,
    )


def violations(page: Page, part: object = "html") -> list[str]:
    """What axe finds in a part of the page."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe())
    found = page.evaluate("([part, options]) => axe.run(part, options)", [part, OPTIONS])["violations"]
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:160]} {each['nodes'][0]['failureSummary'][:200]}" for each in found
    ]


def open_part(page: Page, url: str) -> None:
    """As a click on a row does."""
    page.evaluate("url => htmx.ajax('GET', url, {target: '#conversation', swap: 'outerHTML'})", url)
    expect(page.locator(f"#conversation[data-url='{url}']")).to_be_attached()


def later(page: Page, _office: Office) -> None:
    page.locator("#later summary").click()


def presence(page: Page, office: Office) -> None:
    with office.app.app_context():
        demo_states.is_writing("Mei", "Mira Okafor")
    page.locator("#presence .avatar").wait_for()


def answered_meanwhile(page: Page, office: Office) -> None:
    page.get_by_label("Message", exact=True).fill("Parking is free")
    with office.app.app_context():
        demo_states.answers("Mei", "Tomás Herrera", "Use the east entrance.")
    page.get_by_role("button", name="Send", exact=True).click()
    page.locator(".meanwhile").wait_for()


def why_not(page: Page, _office: Office) -> None:
    page.get_by_text("Why did this not go?").first.click()
    page.locator(".trace-steps").first.wait_for()


def quiet_hours(page: Page, office: Office) -> None:
    with office.app.app_context():
        demo_states.quiet_hours()
    open_part(page, f"/inbox/{office.conversation('Wei Zhang')}")
    expect(page.locator(".gate-note")).to_be_visible()
    with office.app.app_context():
        demo_states.any_hour()


def candidate(page: Page) -> None:
    """The drawer of a phone; beside the thread it is open anyway."""
    button = page.get_by_role("button", name="Candidate", exact=True)
    if button.is_visible():
        button.click()


def interview(page: Page, _office: Office) -> None:
    candidate(page)
    page.get_by_role("link", name="Schedule an interview").first.click()
    expect(page.locator("#interview-dialog")).to_be_visible()


CONVERSATIONS: list[tuple[str, str, Callable[[Page, Office], None] | None]] = [
    ("a colleague writing", "Mira Okafor", presence),
    ("scheduled and draft", "Aisha Karim", later),
    ("why this did not go", "Deshawn Brooks", why_not),
    ("unsure", "Lucía Moreno", None),
    ("opt-out suggested", "Ibrahim Sesay", None),
    ("opted out", "Grace Lindqvist", None),
    ("a colleague answered meanwhile", "Tomás Herrera", answered_meanwhile),
    ("quiet hours", "Wei Zhang", quiet_hours),
    ("an interview", "Priya Raman", interview),
]


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_the_inbox(office: Office, width: int, scheme: str) -> None:
    with office.app.app_context():
        demo_states.unsure("Lucía Moreno")
        demo_states.sounds_like_stop("Ibrahim Sesay")
    wrong: dict[str, list[str]] = {}
    page = office.sit_down("Jonas", viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.get_by_label("Search conversations").fill("forklift")
    page.locator("#list mark").wait_for()
    wrong["search"] = violations(page)
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    wrong["keys"] = violations(page, "#keys")
    page.keyboard.press("Escape")
    for state, name, prepare in CONVERSATIONS:
        open_part(page, f"/inbox/{office.conversation(name)}")
        if prepare is not None:
            prepare(page, office)
        wrong[state] = violations(page, "#conversation")

    page.goto(f"/inbox/{office.conversation('Mira Okafor')}")
    if width < 500:
        candidate(page)
    page.context.set_offline(True)
    page.evaluate("document.dispatchEvent(new Event('inbox:poll'))")
    page.locator("#offline").wait_for(timeout=15_000)
    wrong["the whole page, disconnected"] = violations(page)
    page.context.set_offline(False)
    assert {state: found for state, found in wrong.items() if found} == {}


def test_the_first_run_and_an_empty_view(empty_office: Office) -> None:
    page = empty_office.sit_down("Ana")
    expect(page.get_by_role("heading", name="Two things before the first text")).to_be_visible()
    assert violations(page) == []
    page.evaluate("htmx.ajax('GET', '/inbox?view=unassigned', {target: '#list', swap: 'outerHTML'})")
    expect(page.get_by_role("heading", name="Nobody is waiting for an owner")).to_be_visible()
    assert violations(page, "#inbox") == []
    show(page, "/candidates")
    assert violations(page) == []
