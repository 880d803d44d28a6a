"""The extension in a real Chromium, on the simulated Lever."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.extension.conftest import Desk, Place, conversation

pytestmark = pytest.mark.browser


def connect(place: Place, desk: Desk) -> Page:
    """The set-up page opens by itself and knows the address; the app asks once more. Ends on the app's own page."""
    options = desk.set_up
    expect(options.get_by_label("Address")).to_have_value(place.office.url)
    with desk.context.expect_page() as opened:
        options.get_by_role("button", name="Connect").click()
    asking = opened.value
    expect(asking.locator("main")).to_contain_text("jonas@harbor.example")
    asking.get_by_role("button", name="Connect").click()
    expect(asking.locator("#extension")).to_contain_text("Connected")
    expect(options.locator("#connected")).to_contain_text("as Jonas Rehn")
    return asking


def refuses_to_be_framed(page: Page, place: Place) -> None:
    """Lever's page, or anybody else's, frames nothing of the application."""
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if "frame-ancestors" in message.text else None)
    paths = ("/panel/ended", f"/inbox/{place.office.conversation('Mira Okafor')}", "/text-from-lever")
    for path in paths:
        page.evaluate(
            """(url) => new Promise((done) => {
              const frame = document.createElement("iframe");
              frame.onload = done;
              frame.src = url;
              document.body.append(frame);
            })""",
            place.office.url + path,
        )
    assert len(refused) == len(paths), refused


def test_texting_from_a_candidates_page(place: Place, desk: Desk) -> None:
    office = place.office
    app_page = desk.sign_in("Jonas")
    set_up = connect(place, desk)

    # A candidate with two new texts.
    office.colleague_texts("Jonas", "Mira Okafor", "See you on Tuesday")
    app_page.goto(f"{office.url}/inbox/{office.conversation('Mira Okafor')}")
    app_page.close()
    office.candidate_texts("Mira Okafor", "One more thing")
    office.candidate_texts("Mira Okafor", "Is there parking?")
    page = desk.context.new_page()
    page.goto(place.mira)
    tab = page.locator("#grayscale-text-tab")
    expect(tab).to_have_accessible_name("Text this candidate, 2 unread")

    # The panel: the app's own conversation, read by being open.
    tab.click()
    panel = desk.panel()
    inside = conversation(panel)
    expect(inside.get_by_role("heading", name="Mira Okafor").first).to_be_visible()
    expect(inside.locator("#tail")).to_contain_text("Is there parking?")
    expect(inside.locator(".list-pane, .rail")).to_have_count(0)
    expect(tab).to_have_accessible_name("Text this candidate")

    # Text; the answer arrives by itself.
    inside.get_by_label("Message", exact=True).fill("Yes, behind the house")
    inside.get_by_role("button", name="Send", exact=True).click()
    expect(inside.locator("#tail .me").last).to_contain_text("Yes, behind the house")
    expect(inside.get_by_label("Message", exact=True)).to_have_value("")
    office.candidate_texts("Mira Okafor", "Perfect, thank you")
    expect(inside.locator("#tail")).to_contain_text("Perfect, thank you")

    # On to the next candidate without a page load: the panel follows.
    page.evaluate("window.stayed = true")
    page.get_by_role("link", name="Next candidate").click()
    page.wait_for_url(place.next_to_mira)
    assert page.evaluate("window.stayed")
    expect(inside.get_by_role("heading", name="Tomás Herrera").first).to_be_visible()
    page.go_back()
    expect(inside.get_by_role("heading", name="Mira Okafor").first).to_be_visible()

    # The session of the frame is in a cookie that belongs to the extension's frame alone.
    cookies = [cookie for cookie in desk.context.cookies(office.url) if cookie["name"] == "panel"]
    assert [cookie.get("partitionKey") for cookie in cookies] == [re.match(r"chrome-extension://\w+", panel.url)[0]]  # type: ignore[index]

    refuses_to_be_framed(page, place)

    # Elsewhere there is no tab, and the panel says why it is empty.
    page.get_by_role("link", name="Candidates", exact=True).first.click()
    expect(tab).to_have_count(0)
    expect(panel.get_by_role("heading", name="No candidate is open")).to_be_visible()

    # Sign out in the panel: the extension knows, and so does the app.
    page.goto(place.mira)
    inside.get_by_role("button", name="Sign out").click()
    expect(panel.get_by_role("heading", name="Signed out")).to_be_visible()
    expect(tab).to_have_accessible_name("Connect Grayscale again to text this candidate")
    set_up.reload()
    expect(set_up.locator("#extension")).to_contain_text("Not connected")
