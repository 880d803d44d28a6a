"""The sandbox's own pages, used by their labels in a browser without JavaScript."""

from collections.abc import Callable, Iterator

import pytest
import requests
from playwright.sync_api import Page, expect

from grayscale.sandbox import Sandbox
from grayscale.sandbox.lever.records import Opportunity
from grayscale.sandbox.lever.sender import PAGE_EVENTS
from tests.chromium import shared_browser
from tests.sandbox.conftest import Receiver

pytestmark = pytest.mark.browser
# The first and the last of the page; a flow sets all of them up.
SET_UP = dict([*PAGE_EVENTS.items()][:: len(PAGE_EVENTS) - 1])


@pytest.fixture
def chromium() -> Callable[[], Page]:
    """Makes pages with scripts off, as narrow as a phone."""

    def page() -> Page:
        opened = shared_browser().new_page(java_script_enabled=False, viewport={"width": 390, "height": 844})
        opened.set_default_timeout(5000)
        return opened

    return page


@pytest.fixture
def page(chromium: Callable[[], Page]) -> Iterator[Page]:
    opened = chromium()
    yield opened
    opened.close()


def test_webhooks_are_set_up_by_their_labels(page: Page, sandbox: Sandbox, receiver: Receiver) -> None:
    page.goto(f"{sandbox.lever_origin}/settings/integrations/webhooks")
    assert page.get_by_role("heading", level=2).all_inner_texts()[1:] == list(PAGE_EVENTS.values())
    for event, name in SET_UP.items():
        page.get_by_label(f"{name} URL").fill(receiver.url)
        page.get_by_role("button", name=f"Save {name}").click()
        token = page.get_by_label(f"{name} signature token").input_value()
        webhook = sandbox.webhooks.page_webhook(event)
        assert webhook is not None
        assert webhook.signature_token == token
        page.get_by_role("button", name=f"Verify connection {name}").click()
        expect(page.get_by_role("region", name=name).get_by_role("status")).to_contain_text("Connection verified: 200")
    assert [event["event"] for event in receiver.events] == list(SET_UP)


def test_an_address_lever_would_refuse_is_refused(page: Page, sandbox: Sandbox) -> None:
    page.goto(f"{sandbox.lever_origin}/settings/integrations/webhooks")
    page.get_by_label("Candidate Hired URL").fill("http://example.com/hook")
    page.get_by_role("button", name="Save Candidate Hired").click()
    expect(page.get_by_role("alert")).to_contain_text("must start with https://")
    expect(page.get_by_label("Candidate Hired URL")).to_have_value("http://example.com/hook")
    assert sandbox.webhooks.page_webhook("candidateHired") is None


def test_a_candidate_is_found_moved_and_hired(page: Page, sandbox: Sandbox, find: Callable[[str], Opportunity]) -> None:
    row = find("Theo Marchetti")
    page.goto(f"{sandbox.lever_origin}/candidates")
    page.get_by_label("Search candidates").fill("555-0119")
    page.get_by_role("button", name="Filter").click()
    page.get_by_role("link", name="Theo Marchetti").click()
    assert page.url == f"{sandbox.lever_origin}/candidates/{row.id}"
    page.get_by_label("Stage", exact=True).select_option(label="Onsite")
    page.get_by_role("button", name="Change stage").click()
    assert sandbox.lever.stage_by_id[row.stage]["text"] == "Onsite"
    page.get_by_text("Schedule interview").first.click()
    page.get_by_label("Start (UTC)").fill("2030-05-06T15:00")
    page.get_by_role("button", name="Schedule interview").click()
    interviews = sandbox.lever.data.interviews[row.id]
    assert interviews[-1]["date"] == 1_904_310_000_000
    page.get_by_role("button", name="Mark hired").click()
    expect(page.get_by_text("Hired", exact=True)).to_be_visible()
    assert row.archived is not None


def test_a_note_keeps_its_lines_and_no_markup(page: Page, sandbox: Sandbox, find: Callable[[str], Opportunity]) -> None:
    row = find("Mira Okafor")
    note = {"value": "Line one\nLine two <b>not bold</b>"}
    requests.post(f"{sandbox.lever_url}/opportunities/{row.id}/notes", json=note, auth=(sandbox.api_key, ""), timeout=5)
    page.goto(f"{sandbox.lever_origin}/candidates/{row.id}")
    article = page.get_by_role("article", name="Note")
    expect(article).to_contain_text("Grayscale")
    assert article.locator(".text").inner_text() == "Line one\nLine two <b>not bold</b>"


def test_no_page_scrolls_sideways_on_a_phone(page: Page, sandbox: Sandbox, find: Callable[[str], Opportunity]) -> None:
    sandbox.faults.add("lever", "status", path="/v1/opportunities/*/interviews/*/a-long-path", times=None)
    sandbox.carrier.receive(from_="+12185550142", to=sandbox.number, body="x" * 200)
    for url in (
        "/candidates",
        f"/candidates/{find('Dana Whitehorse').id}",
        "/activity",
        "/settings/integrations/api",
        "/settings/integrations/webhooks",
        "/faults",
    ):
        _fits(page, sandbox.lever_origin + url)
    for url in ("/phones", "/phones/+12185550142", "/account", "/faults"):
        _fits(page, sandbox.carrier_url + url)


def _fits(page: Page, url: str) -> None:
    answer = page.goto(url)
    assert answer is not None
    assert answer.status == 200, url
    size = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert size[0] <= size[1], url


def test_a_fault_in_one_click(page: Page, sandbox: Sandbox) -> None:
    page.goto(f"{sandbox.lever_origin}/faults")
    page.get_by_role("button", name="Next request: 429").click()
    expect(page.get_by_role("region", name="In force")).to_contain_text("status 429")
    page.get_by_role("button", name="Remove fault").click()
    assert sandbox.faults.all() == []


def test_a_key_with_chosen_permissions(page: Page, sandbox: Sandbox) -> None:
    page.goto(f"{sandbox.lever_origin}/settings/integrations/api")
    page.get_by_label("Key name").fill("With notes")
    page.get_by_label("List Opportunity Notes").check()
    page.get_by_label("Confidential Data Access").uncheck()
    page.get_by_role("button", name="Generate new key").click()
    key = sandbox.lever.data.keys[-1]
    assert page.get_by_label("With notes API key").input_value() == key.key
    assert "List Opportunity Notes" in key.permissions
    assert "Confidential Data Access" not in key.permissions
