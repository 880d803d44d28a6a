"""The inbox as people use it, in a real Chromium."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.inbox.conftest import Office

pytestmark = pytest.mark.browser


def lose_the_answer(route: Route) -> None:
    route.fetch(max_redirects=0)
    route.abort("connectionreset")


def sign_in_ends_while_typing(page: Page, rest: str) -> None:
    """Which the server says only after the last letter: after signing in again it is all there."""
    asked: list[Route] = []
    has_typed = False

    def answer(route: Route) -> None:
        if has_typed:
            route.continue_()
        else:
            asked.append(route)

    # Held first: what the page asks between the two would already bring it to the sign-in.
    page.route("**/*", answer)
    page.context.clear_cookies()
    box = page.get_by_label("Message", exact=True)
    box.press("End")
    box.press_sequentially(rest)
    has_typed = True
    for route in asked:
        route.continue_()


def test_two_recruiters_at_once(office: Office) -> None:
    mira = office.conversation("Mira Okafor")
    jonas = office.sit_down("Jonas", f"/inbox/{mira}")
    mei = office.sit_down("Mei", f"/inbox/{mira}")
    expect(jonas.locator("#presence")).to_contain_text("Mei Tanaka is viewing")

    # A candidate's text arrives without a reload, within two seconds, and is said to a screen reader.
    office.candidate_texts("Mira Okafor", "Never mind, I found the ramp!")
    expect(jonas.locator("#tail")).to_contain_text("I found the ramp", timeout=4000)
    expect(jonas.locator("#announce")).to_contain_text("I found the ramp")
    # He reads it there: his list shows it as read, with its words.
    expect(jonas.locator(f"#row-{mira}")).to_contain_text("I found the ramp")
    expect(jonas.locator(f"#row-{mira} .unread-dot")).to_have_count(0)

    # Mei is typing while Jonas answers: she is told before hers goes, and her words stay.
    mei.get_by_label("Message", exact=True).fill("Great, see you")
    expect(jonas.locator("#presence")).to_contain_text("Mei Tanaka is writing")
    # The answer to his is lost on the way: that is said, looked up and taken back.
    jonas.route("**/messages", lose_the_answer, times=1)
    jonas.get_by_label("Message", exact=True).fill("Wonderful, see you Tuesday")
    jonas.get_by_role("button", name="Send", exact=True).click()
    expect(jonas.locator("#toasts")).to_contain_text("“Wonderful, see you Tuesday” was sent.")
    expect(jonas.get_by_label("Message", exact=True)).to_have_value("")
    expect(jonas.locator("#composer-notes")).to_be_empty()
    expect(jonas.locator("#tail .sending")).to_have_count(0)
    mei.get_by_role("button", name="Send", exact=True).click()
    expect(mei.locator("#composer-notes")).to_contain_text("Jonas Rehn answered while you were writing")
    expect(mei.get_by_label("Message", exact=True)).to_have_value("Great, see you")
    expect(mei.locator("#tail .colleague").last).to_contain_text("Wonderful, see you Tuesday")
    # She was stopped by it, and is not told once more.
    expect(mei.locator("#composer-notes")).not_to_contain_text("answered while you are writing")
    mei.get_by_role("button", name="Send", exact=True).click()
    expect(mei.get_by_label("Message", exact=True)).to_have_value("")
    expect(mei.locator("#composer-notes")).to_be_empty()
    expect(jonas.locator("#presence")).to_contain_text("Mei Tanaka is viewing")
    # Told while she writes, where she writes.
    mei.get_by_label("Message", exact=True).fill("And bring")
    office.colleague_texts("Jonas", "Mira Okafor", "Bring your badge")
    expect(mei.locator("#composer-notes")).to_have_text("Jonas Rehn answered while you are writing.")
    mei.get_by_label("Message", exact=True).fill("")
    expect(mei.locator("#composer-notes")).to_be_empty()

    office.text_fails("Mira Okafor")
    expect(jonas.locator("#announce")).to_have_text("Not delivered: Bring your badge", timeout=8000)

    # Mei takes it over: Jonas sees whose it is.
    mei.get_by_label("Assigned to").select_option("Me")
    expect(jonas.locator("#assignee option:checked")).to_have_text("Mei Tanaka", timeout=6000)
    mei.locator("#head").get_by_role("button", name="Archive").click()
    expect(jonas.locator("#announce")).to_have_text("This conversation was archived.", timeout=8000)


def test_the_list_stays_still_while_it_is_read(office: Office) -> None:
    page = office.sit_down("Jonas")
    first = page.locator("#rows .row-name").first
    expect(first).to_have_text("Mira Okafor")
    page.locator("#rows .row-link").nth(1).hover()
    page.mouse.move(200, 300)
    office.candidate_texts("Aisha Karim", "Are you there?")
    page.mouse.move(210, 310)
    expect(page.locator("#offer")).to_be_visible(timeout=4000)
    expect(first).to_have_text("Mira Okafor")
    expect(page).to_have_title(re.compile(r"^\(\d+\) "))
    page.locator("#offer").click()
    expect(first).to_have_text("Aisha Karim")
    # A further text of what is unread already is told as well.
    office.candidate_texts(page.locator("#rows .unread .row-name").first.inner_text(), "Hello?")
    expect(page.locator("#announce")).to_have_text("1 conversation has a new text.")
    page.evaluate("document.title = '(202) 555-0111 · Inbox'; gs.refreshUnread(); gs.refreshUnread()")
    expect(page).to_have_title(re.compile(r"^\(\d+\) \(202\) 555-0111 · Inbox$"))
    # For a tab of its own: here nothing opens.
    page.evaluate("addEventListener('click', (event) => event.preventDefault(), { capture: true, once: true })")
    page.locator("#rows .row-link").first.click(modifiers=["Control"])
    expect(page.locator("#rows [aria-current]")).to_have_count(0)

    # Of what is opened one right after the other the last one counts, in all that is shown.
    page.evaluate("[...document.querySelectorAll('#rows .row-link')].slice(0, 2).forEach((row) => row.click())")
    href = page.locator("#rows .row-link").nth(1).get_attribute("href")
    expect(page.locator("#composer")).to_have_attribute("action", f"{href}/messages")
    expect(page).to_have_url(re.compile(f"{href}$"))
    click = "(view) => document.querySelector(`#views [data-view=${view}]`).click()"
    page.evaluate(f"['archived', 'all', 'needs_reply'].forEach({click})")
    expect(page.locator("#list[data-view=needs_reply]")).to_be_visible()
    expect(page.locator("#views [aria-current]")).to_contain_text("Needs reply")

    # What is done in one and answered when another is open is told, and changes nothing there.
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/archive", hold)
    page.locator('#head [data-key="e"] button').click()
    other = page.locator(f"#rows .row-link:not([href='{href}'])").first.get_attribute("href")
    page.locator(f"#rows .row-link[href='{other}']").click()
    expect(page.locator("#composer")).to_have_attribute("action", f"{other}/messages")
    held[0].continue_()
    expect(page.locator("#toasts")).to_contain_text("Archived")
    assert page.locator("#panel form, #head form").evaluate_all(
        "(forms, path) => forms.every((form) => form.getAttribute('action').startsWith(`${path}/`))", other
    )


def test_what_was_typed_survives(office: Office) -> None:
    mira = office.conversation("Mira Okafor")
    tomas = office.conversation("Tomás Herrera")
    page = office.sit_down("Jonas", f"/inbox/{tomas}")
    box = page.get_by_label("Message", exact=True)
    box.fill("Three thirty on Thu")
    # What an extension of the browser leaves on a field is not copied, which the policy would refuse.
    refused: list[str] = []
    page.on("console", lambda said: refused.append(said.text) if "Content Security Policy" in said.text else None)
    box.evaluate("box => { box.style.color = 'inherit' }")
    # An arrival does not disturb it.
    office.candidate_texts("Tomás Herrera", "or friday")
    expect(page.locator("#tail")).to_contain_text("or friday")
    expect(box).to_have_value("Three thirty on Thu")
    # Another conversation and back.
    expect(page.locator(f"#row-{tomas} .row-snippet")).to_have_text("Draft: Three thirty on Thu")
    page.locator(f"#row-{mira} a").click()
    expect(page.locator("#head h2")).to_have_text("Mira Okafor")
    # The row that was clicked still tells what is new.
    office.candidate_texts("Mira Okafor", "or the week after")
    expect(page.locator(f"#row-{mira}")).to_contain_text("or the week after")
    page.locator(f"#row-{tomas} a").click()
    expect(page.locator("#head h2")).to_have_text("Tomás Herrera")
    expect(box).to_have_value("Three thirty on Thu")
    assert refused == []
    # The network is away: the page says so, nothing is sent, nothing is lost.
    page.context.set_offline(True)
    box.press("Enter")
    notes = page.locator("#composer-notes")
    expect(notes).to_contain_text("You are offline. Nothing was sent")
    expect(page.locator(".page > #offline")).to_have_count(1)
    expect(page.locator("#offline")).to_be_hidden()
    expect(page.locator("#toasts")).to_be_empty()
    office.candidate_texts("Tomás Herrera", "are you there?")
    page.context.set_offline(False)
    expect(page.locator("#offline")).to_have_count(0)
    expect(page.locator("#tail")).to_contain_text("are you there?")
    expect(box).to_have_value("Three thirty on Thu")
    expect(notes).to_contain_text("not sent yet")
    # The server fails while typing: it is told again by itself.
    page.route("**/draft", lambda route: route.fulfill(status=503), times=1)
    with page.expect_response(lambda answer: answer.url.endswith("/draft") and answer.status == 503):
        box.press_sequentially("u")
    with page.expect_response(lambda answer: answer.url.endswith("/draft") and answer.status == 204):
        pass
    box.press("Backspace")
    sign_in_ends_while_typing(page, "rsday")
    office.sign_in(page, "Jonas")
    page.wait_for_url(re.compile(f"/inbox/{tomas}"))
    expect(box).to_have_value("Three thirty on Thursday")
    # What is taken back is a draft no more, in the row either.
    box.fill("")
    expect(page.locator(f"#row-{tomas} .row-snippet")).to_have_text("are you there?")
    # Signing out leaves in the browser what the server lacks of a colleague's, and nothing of one's own.
    page.evaluate("localStorage.setItem('gs-draft:999:1', 'A colleague was signed out while typing')")
    page.locator(".rail-me button").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(re.compile("/login"))
    assert page.evaluate("Object.keys(localStorage)") == ["gs-draft:999:1"]


def test_without_javascript(office: Office) -> None:
    page = office.sit_down("Jonas", java_script_enabled=False)
    page.context.clear_cookies()
    page.reload()
    office.sign_in(page, "Jonas")
    page.get_by_label("Search conversations").fill("forklift")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Elena Petrova").first.click()
    # Nothing lies over anything else.
    page.locator("#later summary").click(trial=True)
    page.locator("#head").get_by_role("button", name="Assign").click(trial=True)
    page.get_by_label("Message", exact=True).fill("Bring it to the interview, please. Reply STOP to opt out.")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("#tail .message.me").last).to_contain_text("Bring it to the interview")


def test_on_a_phone_one_pane_at_a_time(office: Office) -> None:
    page = office.sit_down("Jonas", viewport={"width": 390, "height": 780})
    expect(page.locator("#conversation")).to_be_hidden()
    page.get_by_role("link", name="Mira Okafor").click()
    expect(page.get_by_label("Message", exact=True)).to_be_visible()
    expect(page.locator("#rows")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    candidate = page.get_by_role("button", name="Candidate", exact=True)
    candidate.click()
    panel = page.get_by_role("complementary", name="Candidate")
    expect(panel).to_contain_text("Dana Whitfield")
    expect(page.get_by_role("button", name="Close")).to_be_focused()
    page.locator("#panel h2").evaluate("heading => { heading.textContent = 'Wolfe'.repeat(28) }")
    assert panel.evaluate("panel => panel.scrollWidth <= panel.clientWidth")
    # It covers the messages, which nobody reaches meanwhile, and is a step of its own.
    assert page.locator(".thread-pane").evaluate("pane => pane.inert")
    page.go_back()
    expect(panel).to_be_hidden()
    expect(candidate).to_be_focused()
    expect(page.get_by_label("Message", exact=True)).to_be_visible()
    candidate.click()
    page.keyboard.press("Escape")
    expect(candidate).to_be_focused()
    candidate.click()
    page.get_by_role("button", name="Close").click()
    page.get_by_role("link", name="Back to the list").click()
    expect(page.locator("#rows")).to_be_visible()
