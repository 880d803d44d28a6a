"""The main job, end to end, as people do it: connect Lever, text a candidate, find the Note in Lever."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from grayscale.sandbox import Sandbox, start_sandbox
from tests.flow.product import ADMIN, PASSWORD, RECRUITER, Product, eventually, running

pytestmark = [pytest.mark.flow, pytest.mark.browser, pytest.mark.timeout(180)]

EVENTS = (
    "Application Created",
    "Candidate Stage Change",
    "Candidate Archive State Change",
    "Candidate Hired",
    "Candidate Deleted",
    "Interview Created",
    "Interview Updated",
    "Interview Deleted",
)
WAIT_MS = 20_000


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with start_sandbox(candidates=40, seed=7, rate=10, step_seconds=0.1, reply_after=2.0) as running_sandbox:
        yield running_sandbox


@pytest.fixture
def product(tmp_path: Path, sandbox: Sandbox, sqlite_url: str) -> Iterator[Product]:
    with running(tmp_path, sandbox, sqlite_url, TRANSCRIPT_DELAY_SECONDS="5") as running_product:
        sandbox.carrier.numbers[sandbox.number].sms_url = f"{running_product.url}/webhooks/twilio/inbound"
        yield running_product


def sign_in(browser: Browser, product: Product, email: str) -> Page:
    page = browser.new_context(base_url=product.url).new_page()
    page.set_default_timeout(WAIT_MS)
    page.goto("/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/inbox**")
    return page


def set_up_texting(page: Page, sandbox: Sandbox) -> None:
    page.goto("/settings/texting")
    page.get_by_label("Account SID").fill(sandbox.account_sid)
    page.get_by_label("Auth token").fill(sandbox.auth_token)
    page.get_by_label("Phone number", exact=True).fill(sandbox.number)
    # All day, so that this test passes at night.
    page.get_by_label("Texting opens").fill("00:00")
    page.get_by_label("Texting closes").fill("00:00")
    page.get_by_role("button", name="Save", exact=True).first.click()
    expect(page.get_by_role("status").filter(has_text="saved").first).to_be_visible()


def connect_lever(page: Page, lever: Page, sandbox: Sandbox) -> tuple[str, list[str]]:
    """The guide, step by step; the webhook URL and the eight tokens."""
    page.goto("/settings/ats/lever")
    page.get_by_role("button", name="Edit").click()
    expect(page).to_have_url(re.compile("/edit$"))
    page.get_by_label("Lever API Key", exact=True).fill(sandbox.api_key)
    page.get_by_role("button", name="Save", exact=True).click()
    page.goto("/settings/ats/lever")
    webhook_url = page.get_by_label("Webhook URL").input_value()
    lever.goto(f"{sandbox.lever_origin}/settings/integrations/webhooks")
    tokens = {}
    for event in EVENTS:
        lever.get_by_label(f"{event} URL").fill(webhook_url)
        lever.get_by_role("button", name=f"Save {event}").click()
        tokens[event] = lever.get_by_label(f"{event} signature token").input_value()
    lever.get_by_role("button", name=f"Verify connection {EVENTS[0]}").click()
    expect(lever.get_by_role("region", name=EVENTS[0])).to_contain_text("Connection verified")
    page.goto("/settings/ats/lever/edit")
    for event, token in tokens.items():
        page.get_by_label(event, exact=True).fill(token)
    page.get_by_role("button", name="Save", exact=True).click()
    page.goto("/settings/ats/lever")
    for event in EVENTS:
        lever.get_by_role("button", name=f"Verify connection {event}").click()
    expect(page.locator("#lever-steps .step.done")).to_have_count(4, timeout=WAIT_MS)
    expect(page.locator("#lever-sync")).to_contain_text("Complete", timeout=60_000)
    return webhook_url, list(tokens.values())


def textable(sandbox: Sandbox) -> tuple[str, str]:
    """The opportunity id and the name of an active candidate with one plain mobile number of their own."""
    data = sandbox.lever.data
    phones = [phone["value"] for contact in data.contacts.values() for phone in contact.phones]
    for row in data.opportunities.values():
        person = data.contacts[row.contact]
        if (
            row.archived is None
            and row.confidentiality == "non-confidential"
            and len(person.phones) == 1
            and re.fullmatch(r"\(\d{3}\) 555-01\d\d|\d{3}-555-01\d\d", person.phones[0]["value"])
            and phones.count(person.phones[0]["value"]) == 1
            and len(person.name.split()) == 2
            and sum(1 for other in data.opportunities.values() if other.contact == row.contact) == 1
        ):
            return row.id, person.name
    raise AssertionError("the sandbox has no such candidate")


def test_the_set_up_guide_and_a_first_conversation(
    chromium_browser: Browser, product: Product, sandbox: Sandbox
) -> None:
    admin = sign_in(chromium_browser, product, ADMIN)
    lever = chromium_browser.new_page()
    set_up_texting(admin, sandbox)
    webhook_url, tokens = connect_lever(admin, lever, sandbox)

    opportunity_id, name = textable(sandbox)
    recruiter = sign_in(chromium_browser, product, RECRUITER)
    start_conversation(recruiter, name)
    thread = recruiter.get_by_role("region", name="Messages")
    text = f"Hi {name.split()[0]}, Jonas from Harbor here. Is now a good time? Reply STOP to opt out."
    recruiter.get_by_label("Message", exact=True).fill(text)
    recruiter.get_by_role("button", name="Send", exact=True).click()
    expect(thread).to_contain_text("Delivered", timeout=WAIT_MS)
    texts = sandbox.texts_to(sandbox_phone(sandbox, opportunity_id))
    assert [sent.body for sent in texts] == [text]

    answer = eventually_answered(sandbox, opportunity_id)
    expect(thread).to_contain_text(answer, timeout=WAIT_MS)
    expect(thread).to_contain_text("Noted in Lever", timeout=WAIT_MS)

    lever.goto(f"{sandbox.lever_origin}/candidates/{opportunity_id}")
    notes = lever.get_by_role("article", name="Note").filter(has_text="Grayscale")
    expect(notes).to_have_count(1)
    expect(notes).to_contain_text(text)
    expect(notes).to_contain_text(answer)

    follow_lever(recruiter, lever)

    environment = product.environment
    secrets = [sandbox.api_key, sandbox.auth_token, PASSWORD, *tokens]
    secrets += [environment["SECRET_KEY"], environment["FERNET_KEYS"]]
    cookies = [cookie for page in (admin, recruiter) for cookie in page.context.cookies()]
    secrets += [str(cookie["value"]) for cookie in cookies if cookie["name"] in ("session", "device")]
    no_secret_is_left(product, admin, secrets, webhook_url)


def no_secret_is_left(product: Product, admin: Page, secrets: list[str], webhook_url: str) -> None:
    """After all that, in nothing that somebody reads: the database's files, the log, error pages, metrics, settings."""
    product_answers = {
        path: admin.request.get(path).text()
        for path in ("/metrics", "/readyz", "/no-such-page", "/webhooks/lever/wrong", "/settings/ats/lever/edit",
                     "/settings/texting", "/settings/audit", "/events", "/account")
    }  # fmt: skip
    assert admin.request.post("/account", form={"name": "x"}).status == 400
    places = {**product_answers, "the log": product.log}
    for file in product.folder.glob("*.db*"):
        places[file.name] = file.read_bytes().decode("latin-1")
    assert sum(name.startswith("test.db") for name in places) >= 1
    assert len(secrets) > 12
    for name, content in places.items():
        assert not [secret[:4] + "…" for secret in secrets if secret in content], f"a secret is in {name}"
    # Whoever has the webhook's key can knock; the settings show it, nothing else does.
    key = webhook_url.rpartition("/")[2]
    assert not [name for name in ("the log", "/metrics", "test.db", "test.db-wal") if key in places.get(name, "")]


def start_conversation(page: Page, name: str) -> None:
    page.goto("/candidates")
    page.get_by_role("searchbox").first.fill(name)
    page.keyboard.press("Enter")
    page.get_by_role("button", name=f"Start conversation with {name}").click()
    page.wait_for_url(re.compile(r"/inbox/\d+"))


def sandbox_phone(sandbox: Sandbox, opportunity_id: str) -> str:
    row = sandbox.lever.data.opportunities[opportunity_id]
    digits = re.sub(r"\D", "", sandbox.lever.data.contacts[row.contact].phones[0]["value"])
    return f"+1{digits}"


def eventually_answered(sandbox: Sandbox, opportunity_id: str) -> str:
    phone = sandbox_phone(sandbox, opportunity_id)
    answers = eventually(lambda: [m for m in sandbox.carrier.thread(phone) if m.direction == "inbound"])
    return answers[0].body


def follow_lever(page: Page, lever: Page) -> None:
    """What the recruiting team does in Lever shows here within seconds."""
    panel, thread = page.get_by_role("complementary", name="Candidate"), page.get_by_role("region", name="Messages")
    stage = lever.get_by_label("Stage", exact=True)
    target = stage.locator("option:not([selected])").nth(4).inner_text()
    stage.select_option(label=target)
    lever.get_by_role("button", name="Change stage").click()
    expect(panel).to_contain_text(target, timeout=WAIT_MS)
    expect(thread).to_contain_text(f"→ {target}", timeout=WAIT_MS)

    lever.locator("summary", has_text="Schedule interview").click()
    lever.get_by_label("Subject").fill("Meet the ward")
    lever.get_by_label("Start (UTC)", exact=True).fill("2031-05-06T15:00")
    lever.get_by_role("button", name="Schedule interview").click()
    expect(panel).to_contain_text("Meet the ward", timeout=WAIT_MS)
    meeting = lever.locator("div.note", has_text="Meet the ward")
    meeting.locator("summary").click()
    meeting.get_by_label("New start (UTC)").fill("2031-05-09T15:00")
    meeting.get_by_role("button", name="Move interview").click()
    expect(panel).to_contain_text("9 May 2031", timeout=WAIT_MS)
    meeting.locator("summary").click()
    meeting.get_by_role("button", name="Cancel interview").click()
    expect(thread).to_contain_text("Interview cancelled", timeout=WAIT_MS)

    lever.get_by_role("button", name="Archive", exact=True).click()
    expect(panel).to_contain_text("Archived", timeout=WAIT_MS)
    lever.get_by_role("button", name="Unarchive").click()
    expect(panel).not_to_contain_text("Archived", timeout=WAIT_MS)
    lever.get_by_role("button", name="Mark hired").click()
    expect(panel).to_contain_text("Hired", timeout=WAIT_MS)

    address = page.url
    lever.locator("summary", has_text=re.compile("^Delete$")).click()
    lever.get_by_role("button", name="Delete candidate").click()
    expect(page.get_by_role("heading", name="This conversation is gone")).to_be_visible(timeout=WAIT_MS)
    expect(page).to_have_title(re.compile(r"^(\(\d+\) )?Inbox"))
    assert page.request.get(address).status == 404
