"""The inbox worked by keyboard alone, in a real Chromium."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.inbox.conftest import Office

pytestmark = pytest.mark.browser


def the_focus_outlives_what_it_stood_on(page: Page) -> None:
    follow = page.locator("#head").get_by_role("button", name="Follow")
    pressed = follow.get_attribute("aria-pressed")
    follow.press("Enter")
    expect(follow).not_to_have_attribute("aria-pressed", str(pressed))
    expect(follow).to_be_focused()
    page.locator("#tail .state a").first.evaluate("link => { link.focus(); link.remove(); }")
    expect(page.locator("#thread")).to_be_focused()
    later = page.locator("#later")
    later.locator("summary").press("Enter")
    later.get_by_label("Send at").press("Escape")
    expect(later).not_to_have_attribute("open", "")
    expect(later.locator("summary")).to_be_focused()
    page.locator("#send").press("Enter")
    expect(page.locator("#composer-notes")).to_contain_text("Write something first")
    expect(page.locator("#send")).to_be_focused()


def a_template_goes_in_and_out(page: Page) -> None:
    box = page.get_by_label("Message", exact=True)
    page.get_by_role("button", name="Templates").press("Enter")
    menu = page.get_by_role("dialog", name="Templates")
    expect(menu.get_by_role("button", name="Interview reminder")).to_be_focused()
    page.keyboard.press("ArrowDown")
    first = menu.get_by_role("button", name="First text")
    expect(first).to_contain_text("Hi Mira, this is Jonas from Harbor")
    expect(first).to_be_focused()
    page.keyboard.press("Enter")
    expect(box).to_have_value(re.compile("^Hi Mira, this is Jonas"))
    expect(box).to_be_focused()
    page.keyboard.press("Control+z")
    expect(box).to_have_value("")


def the_keys_go_to_the_row_with_the_focus(page: Page) -> None:
    """And what is typed before it is open presses nothing: all of it is there then."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.keyboard.press("j")
    row = page.locator("#rows .row-link:focus")
    expect(row).not_to_have_attribute("aria-current", "true")
    name = row.locator(".row-name").inner_text()
    opening = re.compile(r"/inbox/\d+$")
    page.route(opening, hold, times=1)
    with page.expect_request(opening):
        page.keyboard.type("rreuse")
        page.keyboard.press("Enter")
    expect(page.get_by_label("Message", exact=True)).not_to_be_focused()
    held[0].continue_()
    expect(page.get_by_label("Message", exact=True)).to_be_focused()
    expect(page.get_by_label("Message", exact=True)).to_have_value("reuse\n")
    expect(page.locator("#head h2")).to_have_text(name)
    expect(page.locator("#head .badge")).to_have_count(0)
    # What one sends oneself is no news, also to whoever reads the list.
    page.keyboard.type("Tomorrow?")
    page.mouse.move(200, 300)
    page.keyboard.press("Enter")
    expect(page.locator("#announce")).to_have_text("Your text is on its way.")
    expect(page.locator("#rows .row-name").first).to_have_text(name)
    expect(page.locator("#offer")).to_be_hidden()
    page.keyboard.press("Escape")
    page.keyboard.press("u")
    expect(page.locator("#conversation")).to_contain_text("Choose a conversation")
    expect(row.locator(".row-name")).to_have_text(name)
    expect(page).to_have_title(re.compile(r"Inbox · Grayscale$"))


def archived_it_makes_room_for_the_next(page: Page) -> None:
    page.keyboard.press("e")
    expect(page.locator("#toasts")).to_contain_text("Archived")
    expect(page.locator("#rows")).not_to_contain_text("Mira Okafor")
    focused = page.locator("#rows .row-link:focus")
    expect(page.locator("#head h2")).to_have_text(focused.locator(".row-name").inner_text())
    expect(focused).to_have_attribute("aria-current", "true")
    page.keyboard.press("z")
    expect(page.locator("#rows")).to_contain_text("Mira Okafor")
    expect(focused).to_have_count(1)


def held_down_it_goes_once(office: Office, page: Page) -> None:
    """On a slow network the text stands in the thread meanwhile, whatever else comes in, and in the box."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/messages", hold, times=1)
    for _ in range(6):
        page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    sending = page.locator("#tail .sending")
    expect(sending).to_contain_text("Sending…")
    expect(page.get_by_label("Message", exact=True)).to_have_value("The ramp is free\nwith your badge")
    office.candidate_texts("Mira Okafor", "Hello?")
    expect(page.locator("#tail .candidate").last).to_contain_text("Hello?")
    expect(sending).to_contain_text("The ramp is free")
    page.keyboard.press("Control+a")
    page.keyboard.type("Something else")
    held[0].continue_()
    expect(sending).to_have_count(0)
    expect(page.get_by_label("Message", exact=True)).to_have_value("Something else")
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")


def showing_more_goes_on_there(page: Page) -> None:
    further = '<li><a href="/inbox">A further one</a></li>'
    page.route("**/further", lambda route: route.fulfill(body=further, content_type="text/html"))
    page.evaluate("""() => {
        const more = '<a href="/further" hx-get="/further" hx-target="#more" hx-swap="outerHTML">Show more</a>';
        const list = document.querySelector("#list ul");
        list.insertAdjacentHTML("beforeend", `<li id="more">${more}</li>`);
        htmx.process(list);
    }""")
    page.get_by_role("link", name="Show more").press("Enter")
    expect(page.get_by_role("link", name="A further one")).to_be_focused()


def test_a_day_by_keyboard(office: Office) -> None:
    page = office.sit_down("Jonas")
    keys = page.keyboard
    keys.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_focused()
    keys.press("Escape")
    showing_more_goes_on_there(page)
    keys.press("j")
    expect(page.locator("#rows .row-link").first).to_be_focused()
    keys.press("j")
    keys.press("k")
    keys.press("Enter")
    expect(page.locator("#head h2")).to_have_text("Mira Okafor")
    the_focus_outlives_what_it_stood_on(page)
    keys.press("r")
    expect(page.get_by_label("Message", exact=True)).to_be_focused()
    a_template_goes_in_and_out(page)
    keys.type("The ramp is free")
    keys.press("Shift+Enter")
    keys.type("with your badge")
    page.evaluate("document.getElementById('thread').scrollTop = 0")
    held_down_it_goes_once(office, page)
    expect(page.locator("#tail .message.me").last).to_contain_text(
        "The ramp is free\nwith your badge", use_inner_text=True
    )
    expect(page.get_by_label("Message", exact=True)).to_have_value("")
    assert page.locator("#tail .body", has_text="The ramp is free").count() == 1
    expect(page.locator("#tail .message.me").last).to_be_in_viewport(ratio=1)
    expect(page.locator("#to-end")).to_be_hidden()
    keys.press("Escape")
    keys.press("a")
    expect(page.get_by_label("Assigned to")).to_be_focused()
    keys.press("Escape")
    archived_it_makes_room_for_the_next(page)
    the_keys_go_to_the_row_with_the_focus(page)
    keys.press("/")
    expect(page.get_by_label("Search conversations")).to_be_focused()
    keys.press("Escape")
    expect(page.locator("#list:focus")).to_have_count(1)
    keys.press("/")
    keys.type("forklift")
    expect(page.locator("#list")).to_contain_text("Elena Petrova")
    expect(page.locator("#list mark")).to_have_text("forklift")
    # Back from what was found to what was looked for.
    page.locator("#list .row-link", has_text="Elena Petrova").click()
    expect(page.locator("#head h2")).to_have_text("Elena Petrova")
    page.go_back()
    expect(page.get_by_label("Search conversations")).to_have_value("forklift")
    expect(page.locator("#list mark")).to_have_text("forklift")
