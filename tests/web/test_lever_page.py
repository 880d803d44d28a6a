"""Settings › ATS Integration › Lever: evidence, progress, and what its buttons do."""

import re
from datetime import timedelta

import pytest
import responses

from grayscale import clock
from grayscale.clients.lever.permissions import PERMISSIONS
from grayscale.database import transaction
from grayscale.domain.company import lever_integration
from grayscale.domain.lever import connection, permissions, tokens
from grayscale.extensions import db
from grayscale.models import (
    KeyState,
    LeverEvent,
    LeverIntegration,
    MirrorOddity,
    SyncKind,
    SyncRun,
    SyncState,
    User,
    WebhookToken,
)
from tests import factories
from tests.conftest import LEVER_URL
from tests.page import Browser, Page

LEVER = "/settings/ats/lever"


def connect(**permissions: str) -> None:
    with transaction() as session:
        integration = session.get_one(LeverIntegration, 1)
        integration.api_key = "sk_1234567890"
        integration.api_key_set_at = clock.now()
        integration.key_state = KeyState.ACCEPTED
        integration.permissions = permissions
        integration.permissions_checked_at = clock.now() if permissions else None


def done(page: Page) -> list[bool]:
    return ["done" in step["class"] for step in page.select(".step")]


def buttons(page: Page) -> list[str]:
    return [button.get_text(" ", strip=True) for button in page.select("main button")]


def run(**values: object) -> SyncRun:
    return factories.add(SyncRun(**{"kind": SyncKind.INITIAL, "started_at": clock.now(), **values}))


def test_a_newcomer_sees_four_open_steps_and_what_to_press(as_ana: Browser) -> None:
    page = as_ana.get(LEVER)
    assert page.one(".crumbs").get_text(" ", strip=True).split() == ["Settings", "ATS", "Integration", "Lever"]
    assert done(page) == [False] * 4
    assert {"Edit", "Verify permissions", "Sync now", "Copy"} <= set(buttons(page))
    assert page.field("Webhook URL")["value"] == tokens.webhook_url()
    assert page.field("Webhook URL").has_attr("readonly")
    assert as_ana.get(page.select("main form[method=get]")[0]["action"]).soup.h1.get_text() == "Edit Lever"


def test_each_step_is_ticked_by_what_was_seen(as_ana: Browser, ana: User) -> None:
    connect(list_users="granted")
    assert done(as_ana.get(f"{LEVER}/steps")) == [True, True, False, False]
    for event in list(LeverEvent)[:7]:
        tokens.save(event, f"token-{event.value}", ana)
    page = as_ana.get(f"{LEVER}/steps")
    assert done(page) == [True, True, False, False]
    assert "7 of 8 tokens saved, 0 of 8 webhooks heard from." in page.words

    tokens.save(LeverEvent.INTERVIEW_DELETED, "token-8", ana)
    with transaction() as session:
        session.get_one(WebhookToken, LeverEvent.HIRED).last_verified_at = clock.now()

    assert done(as_ana.get(LEVER)) == [True] * 4


def test_a_token_that_does_not_fit_unticks_the_fourth_step(as_ana: Browser, ana: User) -> None:
    connect()
    for event in LeverEvent:
        tokens.save(event, f"token-{event.value}", ana)
    with transaction() as session:
        hired, deleted = (session.get_one(WebhookToken, event) for event in (LeverEvent.HIRED, LeverEvent.DELETED))
        hired.last_verified_at = clock.now()
        deleted.last_rejected_at = deleted.failing_since = clock.now()
        deleted.failing_count = 1
    page = as_ana.get(f"{LEVER}/steps")
    assert done(page) == [True, True, True, False]
    assert "1 with a token that does not fit, see below." in page.words


def test_a_missing_permission_unticks_the_key_and_says_what_stops(as_ana: Browser) -> None:
    connect(list_stages="missing", confidential="missing")
    page = as_ana.get(LEVER)
    assert done(page)[:2] == [False, True]
    notices = [notice.get_text(" ", strip=True) for notice in page.select("#permissions .notice")]
    assert any(words.startswith("List Stages is missing.") and "stages by name" in words for words in notices)
    assert "Confidential access is off" in page.words


def test_permissions_are_listed_under_levers_names(as_ana: Browser) -> None:
    words = as_ana.get(LEVER).one("#permissions").get_text(" ", strip=True)
    for permission in PERMISSIONS:
        assert permission.guide_label in words
    assert "Confidential access is not known (optional)" in words
    assert "leaves them out silently" in words


def test_what_use_has_shown_before_verifying_is_told_as_that(as_ana: Browser) -> None:
    connect()
    assert "the use of the key" not in as_ana.get(LEVER).words
    permissions.learn(PERMISSIONS[0].name, granted=True)
    words = as_ana.get(LEVER).one("#permissions").get_text(" ", strip=True)
    assert "Not verified as a whole yet. Where it says granted or missing below, the use of the key" in words


@responses.activate
def test_verifying_asks_lever_and_writes_nothing(as_ana: Browser) -> None:
    connect()
    responses.get(f"{LEVER_URL}/stages", status=403, json={"code": "Forbidden", "message": "no"})
    for path in ("users", "postings", "archive_reasons", "opportunities"):
        responses.get(f"{LEVER_URL}/{path}", json={"data": [], "hasNext": False})
    missing = {"code": "ResourceNotFound", "message": "no"}
    responses.get(re.compile(f"{LEVER_URL}/.*/.*"), status=404, json=missing)

    page = as_ana.post(f"{LEVER}/permissions", htmx=True)

    assert page.status == 200
    assert "List Stages is missing." in page.words
    assert {call.request.method for call in responses.calls} == {"GET"}


def test_a_lever_that_does_not_answer_is_not_called_verified(
    as_ana: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect()
    monkeypatch.setattr(permissions, "verify", lambda by: None)
    page = as_ana.post(f"{LEVER}/permissions", htmx=True)
    assert "Lever did not answer for 15 of the permissions" in page.headers["HX-Trigger"]


def test_verifying_without_a_key_says_so(as_ana: Browser) -> None:
    page = as_ana.post(f"{LEVER}/permissions", htmx=True)
    assert page.status == 422
    assert "no API key is saved" in page.one('[role="alert"]').get_text(" ", strip=True)
    assert as_ana.post(f"{LEVER}/permissions").status == 303
    assert "no API key is saved" in as_ana.get(LEVER).one("#toasts").get_text(" ", strip=True)


def test_a_running_sync_shows_counts_rate_and_time_left_and_asks_again(as_ana: Browser) -> None:
    connect()
    run(
        state=SyncState.RUNNING,
        started_at=clock.now() - timedelta(minutes=2),
        requests=200,
        progress={
            "seconds": 40.0,
            "users": {"done": 42, "known": 42, "state": "done"},
            "opportunities": {"done": 18_000, "known": 54_000, "state": "running"},
        },
    )
    page = as_ana.get(f"{LEVER}/sync")
    element = page.one("#lever-sync")
    assert element["hx-trigger"] == "every 1s"
    assert "18,042 of 54,042 · 451 a second · 2 min so far · 1 min left" in page.words
    bar = page.one('progress[aria-label="Candidates and opportunities"]')
    assert (bar["value"], bar["max"]) == ("18000", "54000")
    assert "Cancel" in buttons(as_ana.get(LEVER))
    assert "HX-Trigger" not in page.headers


def test_time_left_counts_requests_as_fast_as_those_of_late(as_ana: Browser) -> None:
    connect()
    run(
        state=SyncState.RUNNING,
        requests=700,
        progress={
            "seconds": 50.0,
            "marks": [[30.0, 50_000, 500], [40.0, 50_100, 600]],
            "opportunities": {"done": 50_000, "known": 50_000, "state": "done"},
            "interviews": {"done": 200, "known": 1_700, "state": "running"},
        },
    )
    # A page of a list brought a hundred records; each of these is a request of its own, and ten a second are answered.
    assert "10 a second · 2 min left" in as_ana.get(f"{LEVER}/sync").words


def test_a_finished_sync_stops_asking_says_so_and_counts_what_is_there(as_ana: Browser) -> None:
    connect()
    factories.opportunity()
    factories.opportunity(archived_at=clock.now())
    run(state=SyncState.DONE, finished_at=clock.now(), progress={"users": {"done": 3, "state": "done"}})
    page = as_ana.get(f"{LEVER}/sync")
    assert not page.one("#lever-sync").has_attr("hx-trigger")
    assert "The sync is complete." in page.headers["HX-Trigger"]
    counts = {e.dt.get_text(): e.dd.get_text() for e in page.select(".counts div")}
    assert (counts["Candidates"], counts["Active opportunities"], counts["Archived opportunities"]) == ("2", "1", "1")


def test_a_failed_sync_says_why_and_that_nothing_is_lost(as_ana: Browser) -> None:
    run(state=SyncState.FAILED, finished_at=clock.now(), error="Lever did not answer for 10 minutes.", progress={})
    page = as_ana.get(LEVER)
    assert "Lever did not answer for 10 minutes. Nothing that was synced is lost" in page.words


def test_sync_now_and_cancel(as_ana: Browser) -> None:
    refused = as_ana.post(f"{LEVER}/sync", htmx=True)
    assert refused.status == 422
    assert "Save one first" in refused.words
    connect()
    assert as_ana.post(f"{LEVER}/sync").status == 303
    assert db.session.scalars(db.select(SyncRun)).one().state is SyncState.RUNNING
    assert "Cancel" in as_ana.post(f"{LEVER}/sync", htmx=True).words, "a second press joins the first"
    assert "Cancelling" in as_ana.post(f"{LEVER}/sync/cancel", htmx=True).words
    db.session.rollback()
    assert db.session.scalars(db.select(SyncRun)).one().cancel_requested


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "Waiting for the first event"),
        ({"last_accepted_at": timedelta(minutes=4)}, "Receiving, last 4 min ago"),
        ({"failing_since": timedelta(hours=1), "failing_count": 12}, "12 rejected: is the token right?"),
        ({"missed_count": 3}, "Silent, though polling found 3 changes it should have told us"),
    ],
)
def test_health_is_told_in_words(as_ana: Browser, ana: User, values: dict[str, object], words: str) -> None:
    tokens.save(LeverEvent.HIRED, "token", ana)
    with transaction() as session:
        row = session.get_one(WebhookToken, LeverEvent.HIRED)
        row.set_at = clock.now() - timedelta(days=1)
        for name, value in values.items():
            setattr(row, name, clock.now() - value if isinstance(value, timedelta) else value)
    page = as_ana.get(f"{LEVER}/health")
    hired = next(item for item in page.select("li") if "Candidate Hired" in item.get_text())
    assert words in hired.get_text(" ", strip=True)
    assert "No token" in page.words, "the other seven"


def test_a_webhook_that_turns_bad_shows_a_banner_to_super_admins_only(
    as_ana: Browser, as_jonas: Browser, ana: User
) -> None:
    tokens.save(LeverEvent.HIRED, "token", ana)
    with transaction() as session:
        row = session.get_one(WebhookToken, LeverEvent.HIRED)
        row.failing_since, row.failing_count = clock.now(), 2
    banner = as_ana.get("/account").one(".banner")
    assert "Candidate Hired" in banner.get_text()
    assert banner.a["href"] == "/settings/ats/lever#webhooks"
    assert not as_jonas.get("/account").select(".banner")


def test_a_new_webhook_url_leaves_the_old_one_a_week(as_ana: Browser) -> None:
    old = tokens.webhook_url()
    with transaction() as session:
        session.get_one(WebhookToken, LeverEvent.HIRED).last_accepted_at = clock.now()
    as_ana.post(f"{LEVER}/webhook-url")
    page = as_ana.get(LEVER)
    assert page.field("Webhook URL")["value"] == tokens.webhook_url() != old
    assert "Earlier URLs still work, until" in page.words
    # It keeps itself up to date.
    assert "Candidate Hired" in as_ana.get(page.one("#lever-url-use")["hx-get"]).words
    evidence = "Nothing came since the new URL was made for: Candidate Hired."
    assert evidence in page.one("#end-url").get_text(" ", strip=True), "before it is ended"
    as_ana.post(f"{LEVER}/webhook-url/end-overlap")
    assert lever_integration().previous_webhook_key is None
    assert as_ana.get(page.one("#lever-url-use")["hx-get"]).words == "", "nor does it ask again"


def test_oddities_are_linked_and_listed(as_ana: Browser) -> None:
    factories.add(MirrorOddity(resource="opportunity", lever_id="a1", note="<b>no name</b>", seen_at=clock.now()))
    assert as_ana.get(LEVER).one('a[href="/settings/ats/lever/oddities"]').get_text(strip=True).startswith("1 oddity")
    page = as_ana.get("/settings/ats/lever/oddities")
    assert "<b>no name</b>" in page.words, "shown as text"


def test_it_says_until_when_lever_wants_to_be_left_alone(as_ana: Browser) -> None:
    with transaction() as session:
        session.get_one(LeverIntegration, 1).api_key = "a key of this test"
    assert "asked us to wait" not in as_ana.get(LEVER).words
    connection.limiter_for("a key of this test").slow_down(60)
    assert "Lever asked us to wait. We ask again at" in as_ana.get(LEVER).one("#lever-sync").get_text(" ", strip=True)
