"""Settings › ATS Integration › Lever › Edit."""

import pytest
import responses

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain.company import lever_integration
from grayscale.domain.lever import connection, tokens
from grayscale.extensions import db
from grayscale.models import AuditEvent, KeyState, LeverEvent, LeverUser, SyncRun, User, WebhookToken
from tests import factories
from tests.conftest import LEVER_URL
from tests.page import Browser, Page

EDIT = "/settings/ats/lever/edit"
KEY = "sk_9f8e7d6c5b4a39281706f5e4d3c2b1a0"
TOKEN = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
LABELS = (
    "Application Created", "Candidate Stage Change", "Candidate Archive State Change", "Candidate Hired",
    "Candidate Deleted", "Interview Created", "Interview Updated", "Interview Deleted",
)


def token_of(event: LeverEvent) -> str | None:
    db.session.rollback()
    return db.session.get_one(WebhookToken, event, populate_existing=True).token


def note_beside(page: Page, label: str) -> str:
    """What describes a field: its note, hint and errors."""
    ids = page.field(label).get("aria-describedby", "").split()
    return " ".join(page.one(f'[id="{name}"]').get_text(" ", strip=True) for name in ids)


@pytest.fixture
def lever_takes_the_key() -> object:
    with responses.RequestsMock() as mock:
        mock.get(f"{LEVER_URL}/stages", json={"data": [], "hasNext": False})
        yield mock


def test_the_form_asks_in_levers_order_and_words(as_ana: Browser) -> None:
    page = as_ana.get(EDIT)
    labels = [element.get_text(strip=True) for element in page.select("form[method=post] label")]
    found = [label for label in labels if label in LABELS]
    assert tuple(found) == LABELS
    assert page.field("Lever API Key").name == "input"
    assert page.select("main form button[type=submit]")[-1].get_text(strip=True) == "Save"


@pytest.mark.usefixtures("lever_takes_the_key")
def test_a_key_lever_accepts_is_kept_and_the_sync_begins(as_ana: Browser, ana: User) -> None:
    page = as_ana.post(EDIT, {"api_key": f"  {KEY}\n"})
    assert (page.status, page.location) == (303, "/settings/ats/lever")
    integration = lever_integration()
    assert (integration.api_key, integration.key_state) == (KEY, KeyState.ACCEPTED)
    assert db.session.scalar(db.select(db.func.count()).select_from(SyncRun)) == 1
    assert db.session.scalar(db.select(AuditEvent.action).where(AuditEvent.user_id == ana.id).limit(1))


@responses.activate
def test_a_refused_key_keeps_the_tokens_typed_beside_it(as_ana: Browser) -> None:
    responses.get(f"{LEVER_URL}/stages", json={"code": "Unauthorized", "message": "no"}, status=401)
    page = as_ana.post(EDIT, {"api_key": KEY, "applicationCreated": TOKEN, "candidateHired": "two words"})
    assert page.status == 422
    assert "Lever refused the key (401)." in note_beside(page, "Lever API Key")
    assert "no spaces" in note_beside(page, "Candidate Hired")
    assert "2 fields were not saved" in page.one(".form-summary").get_text(" ", strip=True)
    assert "Saved: Application Created." in page.one(".form-summary").get_text(" ", strip=True)
    assert token_of(LeverEvent.APPLICATION_CREATED) == TOKEN
    assert token_of(LeverEvent.HIRED) is None
    assert lever_integration().api_key is None


@responses.activate
def test_the_key_pasted_among_the_tokens_is_not_taken_for_one(as_ana: Browser) -> None:
    responses.get(f"{LEVER_URL}/stages", json={"data": [], "hasNext": False})
    page = as_ana.post(EDIT, {"api_key": KEY, "interviewUpdated": KEY})
    assert page.status == 422
    assert "This is the Lever API key" in note_beside(page, "Interview Updated")
    assert token_of(LeverEvent.INTERVIEW_UPDATED) is None
    assert lever_integration().api_key == KEY


@responses.activate
def test_no_secret_comes_back_to_a_browser(as_ana: Browser) -> None:
    responses.get(f"{LEVER_URL}/stages", status=401, json={})
    wrong = as_ana.post(EDIT, {"api_key": KEY, "applicationCreated": TOKEN, "candidateHired": "leaked secret"})
    for page in (wrong, as_ana.get(EDIT), as_ana.get("/settings/ats/lever"), as_ana.get("/settings/ats/lever/health")):
        for secret in (KEY, TOKEN, "leaked secret"):
            assert secret not in page.text


def test_an_empty_field_keeps_what_is_stored(as_ana: Browser, ana: User) -> None:
    tokens.save(LeverEvent.HIRED, TOKEN, ana)
    as_ana.post(EDIT, dict.fromkeys(("api_key", "candidateHired"), " "))
    assert token_of(LeverEvent.HIRED) == TOKEN
    page = as_ana.get(EDIT)
    assert page.field("Candidate Hired").get("value", "") == ""
    assert "by Ana" in note_beside(page, "Candidate Hired")


def test_clearing_takes_its_own_control(as_ana: Browser, ana: User) -> None:
    tokens.save(LeverEvent.HIRED, TOKEN, ana)
    box = as_ana.get(EDIT).one("#remove_candidateHired")
    assert as_ana.get(EDIT).one(f'[id="{box["aria-describedby"]}"]').get_text(strip=True) == "Candidate Hired"
    as_ana.post(EDIT, {"remove_candidateHired": "y"})
    assert token_of(LeverEvent.HIRED) is None
    assert not as_ana.get(EDIT).select("#remove_candidateHired")


def test_a_key_that_could_not_be_checked_is_kept_with_a_warning(
    as_ana: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_ask", lambda key: (KeyState.UNCHECKED, "Lever did not answer: no answer came."))
    as_ana.post(EDIT, {"api_key": KEY})
    assert lever_integration().api_key == KEY
    warnings = [toast.get_text(" ", strip=True) for toast in as_ana.get("/settings/ats/lever").select(".toast.warning")]
    assert len(warnings) == 1
    assert warnings[0].startswith("Lever did not answer: no answer came. The key is kept, and checked again by itself.")


def test_a_token_far_too_short_is_kept_with_a_warning(as_ana: Browser) -> None:
    as_ana.post(EDIT, {"candidateHired": "short", "candidateDeleted": TOKEN})
    assert token_of(LeverEvent.HIRED) == "short"
    warnings = [toast.get_text(" ", strip=True) for toast in as_ana.get("/settings/ats/lever").select(".toast.warning")]
    assert len(warnings) == 1
    assert "Candidate Hired has 5 characters; Lever’s have 48" in warnings[0]
    told = as_ana.get("/settings/ats/lever/health").one(".hook-doubt").get_text(" ", strip=True)
    assert told == "Its token has 5 characters; Lever’s have 48."


def test_one_token_for_two_webhooks_is_kept_with_a_warning(as_ana: Browser) -> None:
    as_ana.post(EDIT, {"candidateHired": TOKEN, "interviewDeleted": TOKEN, "candidateDeleted": TOKEN + "0"})
    [warning] = as_ana.get("/settings/ats/lever").select(".toast.warning")
    assert "Candidate Hired and Interview Deleted have the same token." in warning.get_text(" ", strip=True)
    told = [doubt.get_text(" ", strip=True) for doubt in as_ana.get("/settings/ats/lever/health").select(".hook-doubt")]
    assert told == [
        "It has the same token as Interview Deleted; in Lever each has its own.",
        "It has the same token as Candidate Hired; in Lever each has its own.",
    ], "once the message is gone, too"
    with transaction() as session:
        session.get_one(WebhookToken, LeverEvent.HIRED).last_accepted_at = clock.now()
    assert len(as_ana.get("/settings/ats/lever/health").select(".hook-doubt")) == 1, "an event proves it right"


def test_a_replaced_token_overlaps_until_the_admin_ends_it(as_ana: Browser, ana: User) -> None:
    tokens.save(LeverEvent.HIRED, TOKEN, ana)
    with transaction() as session:
        session.get_one(WebhookToken, LeverEvent.HIRED).last_verified_at = clock.now()
    as_ana.post(EDIT, {"candidateHired": "another-" + TOKEN})
    assert "The one before is accepted until" in as_ana.get(EDIT).words
    assert db.session.get_one(WebhookToken, LeverEvent.HIRED, populate_existing=True).previous_token == TOKEN

    action = "/settings/ats/lever/tokens/candidateHired/end-overlap"
    assert as_ana.get("/settings/ats/lever").select(f'form[action="{action}"]')
    as_ana.post(action)

    db.session.rollback()
    assert db.session.get_one(WebhookToken, LeverEvent.HIRED, populate_existing=True).previous_token is None
    assert as_ana.post("/settings/ats/lever/tokens/nonsense/end-overlap").status == 422


def test_notes_are_posted_as_the_key_until_a_lever_user_is_chosen(as_ana: Browser) -> None:
    factories.add(LeverUser(lever_id="u-1", name="Priya Nair", email="p@x.example", fetched_at=factories.clock.now()))
    page = as_ana.get("/settings/ats/lever")
    assert "The API key's own identity" in page.words
    assert "One Note 1 h after the last message" in page.words
    as_ana.post(EDIT, {"notes_as": "u-1", "notify_followers": "y"})
    page = as_ana.get("/settings/ats/lever")
    assert "Post notes as Priya Nair" in page.words
    assert "Notified of each Note" in page.words
    assert "as: nothing → Priya Nair" in as_ana.get("/settings/audit").words

    page = as_ana.post(EDIT, {"notes_as": "nobody", "candidateHired": TOKEN})

    assert page.status == 422
    assert "no such active user" in note_beside(page, "Post notes as")
    assert lever_integration().notes_as_user_id == "u-1"
    assert token_of(LeverEvent.HIRED) == TOKEN
