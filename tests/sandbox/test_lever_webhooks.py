"""Webhooks of the simulated Lever: what fires, how it is signed, retried, spoiled and rerun."""

import hashlib
import hmac
import socket
from collections.abc import Callable
from typing import Any

import pytest
import requests

from grayscale.sandbox import Sandbox
from grayscale.sandbox.lever.records import Opportunity
from grayscale.sandbox.lever.sender import PAGE_EVENTS, sign
from tests.sandbox.conftest import Lever, Receiver

Find = Callable[[str], Opportunity]


@pytest.fixture
def tokens(sandbox: Sandbox, receiver: Receiver) -> dict[str, str]:
    """All eight webhooks pointed at the receiver: event -> signature token."""
    answer = requests.post(f"{sandbox.lever_origin}/control/webhooks", json={"url": receiver.url}, timeout=5)
    found: dict[str, str] = answer.json()
    return found


def test_the_documented_vector() -> None:
    key, token = (
        "5d1c0a9be47f2c8836af90d1e3b4725a6c7f81902d3e4b5f",
        "a1b2c3d4e5f60718293a4b5c6d7e8f901122334455667788",
    )
    expected = "d7237da66d3368ebe7e031ddc2933e517e7097207383eeeb4cf6ee27339ef8f7"
    assert sign(key, token, 1767225600123) == expected


def test_each_event_is_signed_with_the_token_of_its_own_webhook(
    sandbox: Sandbox, receiver: Receiver, tokens: dict[str, str], find: Find
) -> None:
    row, user, team = find("Mira Okafor"), next(iter(sandbox.lever.data.users)), sandbox.team
    created = team.create(name="Zoe", posting_id=next(iter(sandbox.lever.data.postings)))
    team.move(row.id, "offer")
    team.archive(row.id, sandbox.lever.data.archive_reasons[1]["id"])
    team.hire(row.id)
    panel = team.create_panel(row.id, user=user, managed=True)
    fields = {"interviewers": [{"id": user}], "date": 1_900_000_000_000, "duration": 30}
    interview = team.create_interview(row.id, panel, fields, user)
    team.update_interview(row.id, interview["id"], fields)
    team.cancel_interview(row.id, interview["id"])
    team.delete(created.id)
    events = {event["event"]: event for event in _events(receiver, 9)}
    assert set(events) == set(PAGE_EVENTS)
    for name, event in events.items():
        message = f"{event['token']}{event['triggeredAt']}".encode()
        assert event["signature"] == hmac.new(tokens[name].encode(), message, hashlib.sha256).hexdigest()
        assert isinstance(event["triggeredAt"], int)
    assert len(set(tokens.values())) == 8
    assert events["candidateStageChange"]["data"] == {
        "opportunityId": row.id,
        "candidateId": row.id,
        "contactId": row.contact,
        "fromStageId": "applicant-new",
        "toStageId": "offer",
    }
    assert events["interviewDeleted"]["data"]["interviewId"] == interview["id"]
    assert {item["agent"] for item in receiver.seen} == {"Lever-Webhooks"}
    assert {item["type"] for item in receiver.seen} == {"application/json"}


def _events(receiver: Receiver, number: int) -> list[dict[str, Any]]:
    receiver.wait(number)
    return receiver.events


@pytest.mark.usefixtures("tokens")
def test_a_failed_delivery_is_tried_five_times_more_unchanged(sandbox: Sandbox, receiver: Receiver, find: Find) -> None:
    for status in ("503 Busy", "302 Found", "404 Gone", "500 Oops", "401 No", "429 Slow"):
        receiver.answer(status)
    sandbox.webhooks.retry_scale = 0
    sandbox.team.move(find("Mira Okafor").id, "offer")
    assert sandbox.settle()
    assert len(receiver.wait(6)) == 6
    assert len({item["body"] for item in receiver.seen}) == 1
    delivery = sandbox.webhooks.history[-1]
    assert [attempt.status for attempt in delivery.attempts] == [503, 302, 404, 500, 401, 429]
    assert not delivery.delivered


@pytest.mark.usefixtures("tokens")
def test_success_ends_the_retries(sandbox: Sandbox, receiver: Receiver, find: Find) -> None:
    receiver.answer("500 Oops")
    sandbox.webhooks.retry_scale = 0
    sandbox.team.move(find("Mira Okafor").id, "offer")
    assert sandbox.settle()
    assert [a.status for a in sandbox.webhooks.history[-1].attempts] == [500, 200]


def test_nobody_listening_is_a_failure_with_a_reason(sandbox: Sandbox, find: Find) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        sandbox.webhooks.set_page_url("candidateStageChange", url)
        sandbox.webhooks.retry_scale = 1000
        sandbox.team.move(find("Mira Okafor").id, "offer")
        assert sandbox.settle()
    attempt = sandbox.webhooks.history[-1].attempts[0]
    assert (attempt.status, attempt.error) == (None, "ConnectionError")


def test_verify_sends_a_signed_event_without_data(sandbox: Sandbox, receiver: Receiver, tokens: dict[str, str]) -> None:
    page = f"{sandbox.lever_origin}/settings/integrations/webhooks"
    shown = requests.post(f"{page}/interviewCreated/verify", timeout=5).text
    event = receiver.events[0]
    assert "Connection verified: 200" in shown
    assert (event["event"], event["data"]) == ("interviewCreated", {})
    assert event["signature"] == sign(tokens["interviewCreated"], event["token"], event["triggeredAt"])
    receiver.answer("403 No")
    assert "Verification failed: 403" in requests.post(f"{page}/interviewCreated/verify", timeout=5).text


@pytest.mark.usefixtures("tokens")
def test_rerun_sends_the_same_body_again(sandbox: Sandbox, receiver: Receiver, find: Find) -> None:
    sandbox.team.move(find("Mira Okafor").id, "offer")
    assert sandbox.settle()
    sandbox.webhooks.rerun(sandbox.webhooks.history[-1].id)
    assert sandbox.settle()
    assert receiver.seen[0]["body"] == receiver.seen[1]["body"]


@pytest.mark.parametrize(
    ("kind", "check"),
    [
        ("drop", lambda bodies: len(bodies) == 1),
        ("duplicate", lambda bodies: len(bodies) == 3 and bodies[0] == bodies[1]),
        ("reorder", lambda bodies: [b["data"]["toStageId"] for b in bodies] == ["offer", "lead-new"]),
        ("bad_signature", lambda bodies: bodies[0]["signature"] == "0" * 64),
        ("no_id", lambda bodies: "id" not in bodies[0] and "id" in bodies[1]),
        ("no_signature", lambda bodies: "signature" not in bodies[0]),
    ],
)
@pytest.mark.usefixtures("tokens")
def test_faults_spoil_the_next_webhook_only(
    sandbox: Sandbox, receiver: Receiver, find: Find, kind: str, check: Callable[[list[dict[str, Any]]], bool]
) -> None:
    sandbox.faults.add("webhook", kind, path="candidateStageChange")
    sandbox.team.move(find("Mira Okafor").id, "lead-new")
    sandbox.team.move(find("Mira Okafor").id, "offer")
    assert sandbox.settle()
    assert check(receiver.events)


@pytest.mark.usefixtures("tokens")
def test_a_delayed_webhook_comes_later(sandbox: Sandbox, receiver: Receiver, find: Find) -> None:
    sandbox.faults.add("webhook", "delay", seconds=0.2)
    sandbox.team.move(find("Mira Okafor").id, "lead-new")
    sandbox.team.move(find("Mira Okafor").id, "offer")
    assert [event["data"]["toStageId"] for event in _events(receiver, 2)] == ["offer", "lead-new"]


def test_the_webhooks_api_shows_the_token_once_and_leaves_the_page_alone(
    sandbox: Sandbox, receiver: Receiver, lever_with: Callable[..., Lever], tokens: dict[str, str]
) -> None:
    lever = lever_with("List Webhooks", "Create Webhook", "Update Webhook", "Delete Webhook")
    made = lever.post("/webhooks", json={"url": receiver.url, "event": "contactUpdated"})
    assert made.status_code == 201
    assert len(made.json()["data"]["configuration"]["signatureToken"]) == 48
    listed = lever.get("/webhooks").json()
    assert "hasNext" not in listed
    assert len(listed["data"]) == 9
    assert not any("signatureToken" in row["configuration"] for row in listed["data"])
    theirs = next(row["id"] for row in listed["data"] if row["event"] == "candidateHired")
    assert lever.delete(f"/webhooks/{theirs}").status_code == 403
    assert lever.delete(f"/webhooks/{made.json()['data']['id']}").status_code == 204
    assert lever.post("/webhooks", json={"url": "http://example.com", "event": "candidateHired"}).status_code == 400
    conditions = {"conditions": {"origins": ["agency"]}}
    refused = {"url": receiver.url, "event": "candidateDeleted", "configuration": conditions}
    assert lever.post("/webhooks", json=refused).status_code == 400
