"""The composer in a real Chromium: what a text costs, its pictures, and notifications of the browser."""

import base64
import re

import pytest
from playwright.sync_api import Route, expect

from tests.inbox.conftest import Office

pytestmark = pytest.mark.browser
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def picture(name: str) -> dict[str, object]:
    return {"name": name, "mimeType": "image/png", "buffer": PNG}


def test_the_cost_of_a_text_is_counted_while_it_is_typed(office: Office) -> None:
    page = office.sit_down("Jonas", f"/inbox/{office.conversation('Mira Okafor')}")
    box, cost = page.get_by_label("Message", exact=True), page.locator("#segments")
    expect(cost).to_be_empty()
    box.fill("See you at nine")
    expect(cost).to_have_text("15 characters, 1 segment")
    box.fill("a" * 161)
    expect(cost).to_contain_text("161 characters, 2 segments")
    expect(cost).to_have_class(re.compile("warn"))
    box.fill("b" * 1703)
    expect(cost).to_have_text("1,703 characters, 103 too many")
    expect(box).to_have_value("b" * 1703)
    box.fill("It’s fine,\u00a0José")
    expect(cost).to_contain_text("“’”, space make a segment hold 70 characters instead of 160")
    cost.get_by_role("button", name="Use plain punctuation").click()
    expect(box).to_have_value("It's fine, José")
    expect(box).to_be_focused()


def test_pictures_are_shown_taken_away_and_sent(office: Office) -> None:
    page = office.sit_down("Jonas", f"/inbox/{office.conversation('Mira Okafor')}")
    field, chosen = page.get_by_label("Pictures", exact=True), page.locator("#chosen li")
    field.set_input_files([picture("map.png"), picture("wrong.png")])  # type: ignore[list-item]
    field.set_input_files([picture("badge.png")])  # type: ignore[list-item]
    for index, name in enumerate(("map.png", "wrong.png", "badge.png")):
        expect(chosen.nth(index).get_by_role("img", name=name)).to_be_visible()
    page.get_by_role("button", name="Remove badge.png").press("Enter")
    expect(page.get_by_role("button", name="Remove wrong.png")).to_be_focused()
    page.keyboard.press("Enter")
    expect(chosen).to_have_count(1)
    # What a text cannot carry is told beside it with what helps, until something else is picked; the rest is kept.
    notes = page.locator("#picture-notes")
    field.set_input_files([{"name": "cv.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"}])
    expect(notes).to_contain_text("cv.pdf is not a JPEG, PNG or GIF picture.")
    heic = {"name": "IMG_1.HEIC", "mimeType": "", "buffer": b"ftypheic"}
    field.set_input_files([heic, picture("door.png")])  # type: ignore[list-item]
    expect(notes).to_contain_text("IMG_1.HEIC is a HEIC photo, which a text cannot carry. Send a screenshot")
    expect(notes).not_to_contain_text("cv.pdf")
    expect(chosen).to_have_count(2)
    page.get_by_role("button", name="Dismiss").click()
    expect(notes).to_be_empty()
    # They wait with the draft.
    for name, count in (("Deshawn Brooks", 0), ("Mira Okafor", 2)):
        page.get_by_role("link", name=name).first.click()
        expect(page.locator("#head h2")).to_have_text(name)
        expect(chosen).to_have_count(count)
    # The row says so, also after the rows came anew.
    row = page.locator("#rows .row-item", has_text="Mira Okafor")
    expect(row.locator(".draft")).to_have_text("Draft")
    office.candidate_texts("Mira Okafor", "Here?")
    expect(row).to_contain_text("Here?")
    expect(row.locator(".draft")).to_have_text("Draft")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/messages", hold, times=1)
    with page.expect_request("**/messages"):
        page.get_by_role("button", name="Send", exact=True).click()
    # Chosen while those are on their way, it stays for the next text.
    field.set_input_files([picture("late.png")])  # type: ignore[list-item]
    expect(chosen).to_have_count(3)
    held[0].continue_()
    expect(page.locator("#tail .message.me .picture img")).to_have_count(2)
    expect(chosen).to_have_count(1)
    page.get_by_role("button", name="Remove late.png").click()
    expect(chosen).to_have_count(0)
    expect(row.locator(".draft")).to_have_count(0)


def test_a_picture_is_sent_without_javascript(office: Office) -> None:
    conversation = office.conversation("Mira Okafor")
    page = office.sit_down("Jonas", f"/inbox/{conversation}", java_script_enabled=False)
    page.get_by_label("Pictures", exact=True).set_input_files([picture("map.png")])  # type: ignore[list-item]
    page.get_by_label("Message", exact=True).fill("The way in")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("#tail .message.me").last.locator("img")).to_have_attribute("alt", "Picture: map.png")
    page.get_by_label("Pictures", exact=True).set_input_files(
        [{"name": "cv.pdf", "mimeType": "application/pdf", "buffer": b"%PDF"}]
    )
    page.get_by_label("Message", exact=True).fill("My words stay")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("#composer-notes")).to_contain_text("cv.pdf is not a JPEG, PNG or GIF picture.")
    expect(page.locator("#composer-notes")).to_contain_text("Choose the pictures again.")
    expect(page.get_by_label("Message", exact=True)).to_have_value("My words stay")


def test_every_burst_notifies_until_it_is_turned_off(office: Office) -> None:
    page = office.sit_down("Jonas")
    page.add_init_script(
        """let told = 0;
           window.Notification = class { static permission = "default"; close() {}
             addEventListener(_, done) { window.pressNotification = done; }
             static async requestPermission() { return (this.permission = "granted"); }
             constructor(_, { tag, renotify }) { document.body.dataset.told = `${tag} ${renotify} ${++told}`; } };"""
    )
    page.reload()
    button = page.get_by_role("button", name="Desktop notifications")
    button.click()
    expect(page.locator("#toasts")).to_contain_text("will notify you")
    expect(button).to_have_attribute("aria-pressed", "true")
    with page.expect_response(lambda answer: "newest=1" in answer.url):
        page.evaluate(
            """Object.defineProperty(document, "hidden", { get: () => true });
               document.dispatchEvent(new Event("visibilitychange"));
               setInterval(() => document.dispatchEvent(new Event("inbox:poll")), 300);"""
        )
    # Whoever is unread already texts again, and again.
    for burst in (1, 2):
        office.candidate_texts("Tomás Herrera", "Are you there?")
        expect(page.locator("body")).to_have_attribute("data-told", f"grayscale true {burst}")
    page.evaluate("window.pressNotification()")
    expect(page.locator("#conversation h2").first).to_have_text("Tomás Herrera")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")
    office.candidate_texts("Tomás Herrera", "Hello?")
    expect(page.locator("#rows .row-snippet").first).to_have_text("Hello?")
    expect(page.locator("body")).to_have_attribute("data-told", "grayscale true 2")
