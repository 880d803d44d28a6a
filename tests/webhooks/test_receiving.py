"""Each thing Lever, or somebody who pretends to be Lever, may send: the status it gets and what is kept."""

import json
import time
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from grayscale import clock, database
from grayscale.database import transaction
from grayscale.domain import nudges
from grayscale.domain.lever import intake, receiving
from grayscale.extensions import db, limiter
from grayscale.models import Delivery, DeliveryState, LeverEvent, LeverIntegration, WebhookTally, WebhookToken
from grayscale.web import lever_hook
from tests.webhooks import lever
from tests.webhooks.lever import body, send, webhook

DAY_MS = 86_400_000


def deliveries() -> list[Delivery]:
    db.session.rollback()
    return list(db.session.scalars(select(Delivery).order_by(Delivery.id)))


def tallies() -> dict[tuple[str, str], int]:
    db.session.rollback()
    return {(row.event, row.verdict): row.count for row in db.session.scalars(select(WebhookTally))}


@pytest.mark.parametrize("event", list(LeverEvent))
def test_each_of_the_eight_is_stored_before_it_is_acknowledged(connected: Flask, event: LeverEvent) -> None:
    content = body(event.value, data={"opportunityId": "opportunity-7", "interviewId": "interview-3"})

    answer = send(connected, content)

    assert answer.status_code == 200
    [stored] = deliveries()
    assert (stored.event, stored.external_id, stored.opportunity_lever_id) == (event, content["id"], "opportunity-7")
    assert stored.state is DeliveryState.PENDING
    assert json.loads(stored.payload or "") == content
    assert tallies() == {(event.value, "accepted"): 1}
    assert webhook(event).last_accepted_at is not None


def test_a_repeat_is_acknowledged_and_not_stored_again(connected: Flask) -> None:
    content = body()

    assert [send(connected, content).status_code for _ in range(3)] == [200, 200, 200]

    assert len(deliveries()) == 1
    assert tallies() == {("candidateStageChange", "accepted"): 1, ("candidateStageChange", "duplicate"): 2}


def test_a_repeat_without_an_id_is_known_by_what_happened(connected: Flask) -> None:
    at = lever.now_ms()
    first = body(id=..., triggeredAt=at)
    # Whether a retry brings the same token is not documented.
    again = body(id=..., triggeredAt=at)
    assert first["token"] != again["token"]

    send(connected, first)
    send(connected, again)

    assert len(deliveries()) == 1


@pytest.mark.parametrize("with_id", [True, False])
def test_a_token_used_again_with_another_body_is_refused(connected: Flask, with_id: bool) -> None:
    values = {} if with_id else {"id": ...}
    real = body(data={"opportunityId": "real"}, **values)
    forged = body(data={"opportunityId": "forged"}, token=real["token"], triggeredAt=real["triggeredAt"], **values)

    assert [send(connected, content).status_code for content in (real, forged, real)] == [200, 403, 200]

    assert {row.opportunity_lever_id for row in deliveries()} == {"real"}
    assert tallies()["candidateStageChange", "replayed"] == 1


def test_an_event_sent_again_under_another_id_is_a_repeat(connected: Flask) -> None:
    content = body()
    assert [send(connected, {**content, "id": f"id-{number}"}).status_code for number in range(3)] == [200] * 3
    assert len(deliveries()) == 1
    assert tallies()["candidateStageChange", "duplicate"] == 2


def test_a_wrong_key_is_not_found_and_leaves_nothing(connected: Flask) -> None:
    for key in ("another", lever.KEY[:-1], lever.KEY + "x", "%FF", "ключ"):
        assert send(connected, body(), key=key).status_code == 404
    assert deliveries() == []
    assert tallies() == {}


def test_the_previous_key_works_until_its_overlap_ends(connected: Flask) -> None:
    with transaction() as session:
        integration = session.get_one(LeverIntegration, 1)
        integration.previous_webhook_key = "old-key"
        integration.previous_webhook_key_until = clock.now() + timedelta(minutes=5)
    assert send(connected, body(), key="old-key").status_code == 200

    with transaction() as session:
        session.get_one(LeverIntegration, 1).previous_webhook_key_until = clock.now() - timedelta(seconds=1)
    connected.extensions.pop("grayscale.lever_signing")
    assert send(connected, body(), key="old-key").status_code == 404


@pytest.mark.parametrize(
    "content",
    [
        body(signature="0" * 64),
        body(signature="d7237da66d3368eb"),
        body(signature=7),
        body(signature=None),
        body(signature="ü" * 64),
        body(signed_with=None),
        body(signed_with=""),
        body(signed_with="another token"),
        {**body(), "triggeredAt": lever.now_ms() + 1},
        {**body(), "token": "another"},
        {**body(data={}), "signature": "0" * 64},
        body(data={}, signed_with=None),
        # What cannot be told in UTF-8 cannot have been signed.
        body(token="t\x00\udc00"),
    ],
)
def test_a_wrong_or_missing_signature_is_refused(connected: Flask, content: dict[str, Any]) -> None:
    assert send(connected, content).status_code == 401
    assert deliveries() == []
    assert tallies() == {("candidateStageChange", "bad_signature"): 1}
    health = webhook("candidateStageChange")
    assert health.failing_count == 1
    assert health.failing_since == health.last_rejected_at
    assert health.last_accepted_at is None


def test_the_signature_of_one_webhook_does_not_open_another(connected: Flask) -> None:
    lever.set_token(LeverEvent.HIRED, "the token of candidateHired")
    assert send(connected, body("candidateHired")).status_code == 401
    assert send(connected, body("candidateHired", signed_with="the token of candidateHired")).status_code == 200


def test_an_accepted_delivery_ends_the_failing(connected: Flask) -> None:
    for _ in range(3):
        send(connected, body(signed_with="wrong"))
    assert webhook("candidateStageChange").failing_count == 3
    since = webhook("candidateStageChange").failing_since

    send(connected, body(signed_with="wrong"))
    assert webhook("candidateStageChange").failing_since == since

    send(connected, body())
    health = webhook("candidateStageChange")
    assert (health.failing_count, health.failing_since) == (0, None)
    assert health.recovered_at is not None


def test_the_previous_token_is_accepted_during_its_overlap(connected: Flask) -> None:
    with transaction() as session:
        row = session.get_one(WebhookToken, LeverEvent.HIRED)
        row.token, row.previous_token = "new token", lever.TOKEN
        row.previous_until = clock.now() + timedelta(days=1)
    connected.extensions.pop("grayscale.lever_signing", None)

    assert send(connected, body("candidateHired", signed_with="new token")).status_code == 200
    assert webhook("candidateHired").previous_used_at is None
    assert send(connected, body("candidateHired")).status_code == 200
    assert webhook("candidateHired").previous_used_at is not None

    with transaction() as session:
        session.get_one(WebhookToken, LeverEvent.HIRED).previous_until = clock.now()
    connected.extensions.pop("grayscale.lever_signing", None)
    assert send(connected, body("candidateHired")).status_code == 401


def test_a_token_saved_by_another_process_counts_at_once(connected: Flask) -> None:
    lever.set_token(LeverEvent.HIRED, None)
    assert send(connected, body("candidateHired")).status_code == 409
    with transaction() as session:
        # Another process cannot tell this one to forget what it has read.
        session.get_one(WebhookToken, LeverEvent.HIRED).token = lever.TOKEN
    assert send(connected, body("candidateHired")).status_code == 200


def test_without_a_token_a_real_event_is_refused_so_that_lever_tries_again(connected: Flask) -> None:
    lever.set_token(LeverEvent.HIRED, None)
    content = body("candidateHired")

    assert send(connected, content).status_code == 409
    assert deliveries() == []
    assert tallies() == {("candidateHired", "no_token"): 1}
    assert webhook("candidateHired").last_rejected_reason == "no token is saved for it yet"
    assert webhook("candidateHired").failing_count == 1

    lever.set_token(LeverEvent.HIRED)
    assert send(connected, content).status_code == 200
    assert len(deliveries()) == 1


@pytest.mark.parametrize("event", list(LeverEvent))
@pytest.mark.parametrize("empty", [{}, None, ...])
def test_verify_connection_works_before_the_token_is_saved(connected: Flask, event: LeverEvent, empty: Any) -> None:
    lever.set_token(event, None)
    content = body(event.value, signed_with="shown only later")
    content["data"] = empty
    if empty is ...:
        del content["data"]

    assert send(connected, content).status_code == 200
    assert deliveries() == []
    assert tallies() == {(event.value, "reached"): 1}


@pytest.mark.parametrize("event", list(LeverEvent))
def test_verify_connection_proves_a_saved_token(connected: Flask, event: LeverEvent) -> None:
    send(connected, body(event.value, signed_with="wrong"))

    assert send(connected, body(event.value, data={})).status_code == 200

    assert deliveries() == []
    health = webhook(event)
    assert health.last_verified_at is not None
    assert (health.last_accepted_at, health.failing_count) == (None, 0)
    assert tallies()[event.value, "verified"] == 1


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"\xff\xfe\xfd",
        b"\x00",
        b"event=candidateHired",
        b'{"event": "candidateHired"}',
        json.dumps(body(event=7)).encode(),
        json.dumps(body(event="")).encode(),
        json.dumps(body(event=None)).encode(),
        json.dumps(body(event=["candidateHired"])).encode(),
        json.dumps(body(token=None)).encode(),
        json.dumps(body(token={"a": 1})).encode(),
        json.dumps(body(triggeredAt="1767225600123")).encode(),
        json.dumps(body(triggeredAt=1767225600123.5)).encode(),
        json.dumps(body(triggeredAt=True)).encode(),
        json.dumps(body(triggeredAt=None)).encode(),
        json.dumps(body(triggeredAt=float("nan"))).encode(),
        json.dumps(body(data=[1])).encode(),
        json.dumps(body(data="x")).encode(),
        b'{"event":"candidateHired","token":"t","triggeredAt":1' + b"0" * 5000 + b"}",
        b'{"data":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a":' * 30_000 + b"1" + b"}" * 30_000,
    ],
)
def test_what_is_no_delivery_is_refused(connected: Flask, raw: bytes) -> None:
    assert send(connected, raw).status_code == 400
    assert deliveries() == []
    assert tallies() == {("unknown", "malformed"): 1}


@pytest.mark.parametrize(
    "content",
    [
        body(data={"opportunityId": 7}),
        body(data={"opportunityId": None, "candidateId": ["x"]}),
        body(data={"opportunityId": "x" * 5000}),
        body(data={"opportunityId": "o\x00p\ud800"}),
        body(data={"opportunityId": {"deep": [[[[]]]]}}),
        body(data={"anything": 10**300}),
        body(id=7),
        body(id=""),
        body(id="x" * 5000),
        body(id="i\x00d\udfff"),
        body(id={"a": [1]}),
        body(token="k" * 4000),
    ],
)
def test_odd_but_signed_deliveries_are_kept(connected: Flask, content: dict[str, Any]) -> None:
    assert send(connected, content).status_code == 200
    assert len(deliveries()) == 1


def test_nesting_at_any_depth_is_never_our_failure(connected: Flask) -> None:
    for depth in (100, 300, 500, 700, 900, 950, 980, 1000, 2000):
        content = json.dumps(body(id=..., data={"deep": "HERE"})).encode()
        raw = content.replace(b'"HERE"', b"[" * depth + b"]" * depth)
        assert send(connected, raw).status_code in (200, 400), depth


def test_a_key_given_twice_is_taken_once(connected: Flask) -> None:
    raw = json.dumps(body(data={"opportunityId": "b"})).encode().replace(b'{"id"', b'{"event": "nonsense", "id"', 1)
    assert send(connected, raw).status_code == 200
    assert deliveries()[0].event == "candidateStageChange"


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "", "multipart/form-data"])
def test_the_content_type_does_not_matter(connected: Flask, content_type: str) -> None:
    assert send(connected, body(), content_type=content_type).status_code == 200


def test_utf_8_with_a_byte_order_mark_and_utf_16_are_json_too(connected: Flask) -> None:
    text = json.dumps(body())
    assert send(connected, text.encode("utf-8-sig")).status_code == 200
    assert send(connected, text.encode("utf-16")).status_code == 200


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_the_limit_is_refused(connected: Flask, chunked: bool) -> None:
    large = json.dumps(body(data={"padding": "x" * receiving.MAX_BODY})).encode()
    options: dict[str, Any] = {}
    if chunked:
        # How gunicorn hands a body of unannounced length on.
        options = {"environ_overrides": {"CONTENT_LENGTH": "", "wsgi.input_terminated": True}}
    answer = send(connected, large, **options)
    assert answer.status_code == 413
    assert deliveries() == []
    assert tallies() == {("unknown", "too_large"): 1}


def test_a_body_just_under_the_limit_is_read(connected: Flask) -> None:
    content = body(data={"opportunityId": "o", "padding": ""})
    content["data"]["padding"] = "x" * (receiving.MAX_BODY - len(json.dumps(content)))
    assert send(connected, content).status_code == 200
    assert len(deliveries()[0].payload or "") == receiving.KEPT_CHARACTERS


@pytest.mark.parametrize(
    ("offset", "status"),
    [(-15 * DAY_MS, 403), (-13 * DAY_MS, 200), (50 * 60_000, 200), (70 * 60_000, 403), (10**30, 403), (-(10**30), 403)],
)
def test_a_time_far_from_now_is_refused_and_recorded(connected: Flask, offset: int, status: int) -> None:
    assert send(connected, body(triggeredAt=lever.now_ms() + offset)).status_code == status
    assert (("candidateStageChange", "stale") in tallies()) is (status == 403)


def test_an_event_nobody_handles_is_kept_as_such(connected: Flask) -> None:
    assert send(connected, body("contactUpdated", data={"contactId": "c"}, signed_with=None)).status_code == 200
    assert send(connected, body("x" * 3000, data={"a": 1}, triggeredAt=10**40)).status_code == 200
    assert send(connected, body("contactCreated", data={})).status_code == 200

    assert [row.state for row in deliveries()] == [DeliveryState.UNHANDLED] * 2
    assert deliveries()[1].event == "x" * 100
    assert tallies() == {
        ("contactUpdated", "unhandled"): 1,
        ("unknown", "unhandled"): 1,
        ("contactCreated", "unhandled"): 1,
    }


def test_events_nobody_handles_cannot_fill_the_disk(connected: Flask) -> None:
    for number in range(130):
        assert send(connected, body(f"invented{number}")).status_code == 200
    assert len(deliveries()) <= 100
    assert tallies() == {("unknown", "unhandled"): 130}


def test_noise_is_written_down_at_a_limited_rate_and_never_limits_what_is_real(connected: Flask) -> None:
    limiter.enabled = True
    limiter.reset()
    try:
        statuses = [send(connected, body(signed_with="wrong")).status_code for _ in range(80)]
        assert statuses == [401] * 60 + [429] * 20
        # Another webhook's trouble is seen through it.
        assert send(connected, body("candidateHired", signed_with="wrong")).status_code == 401
        assert webhook("candidateHired").failing_count == 1
        assert webhook("candidateStageChange").failing_count == 60
        receiving.count_noise()
        assert tallies()["candidateStageChange", "bad_signature"] == 80
        assert webhook("candidateStageChange").failing_count == 80

        assert send(connected, body(signed_with="wrong")).status_code == 429
        assert [send(connected, body()).status_code for _ in range(80)] == [200] * 80
        receiving.count_noise()
        assert tallies()["candidateStageChange", "bad_signature"] == 81
        # That one came before those that prove it well.
        assert webhook("candidateStageChange").failing_count == 0
    finally:
        limiter.enabled = False


def test_noise_that_could_not_be_counted_yet_is_counted_later(
    connected: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    for content in (b"{", json.dumps(body(signed_with="wrong")).encode(), b"{"):
        receiving.receive(content, may_record=lambda _event: False)
    with monkeypatch.context() as broken:
        broken.setattr("sqlalchemy.engine.default.DefaultDialect.do_commit", lock_out)
        with pytest.raises(intake.NotStored):
            receiving.count_noise()
    assert tallies() == {}
    # A process that ends, or has a moment, writes it down.
    lever_hook.NoiseCounter(connected).stop()
    assert tallies() == {("unknown", "malformed"): 2, ("candidateStageChange", "bad_signature"): 1}
    receiving.count_noise()
    assert sum(tallies().values()) == 3


def lock_out(_dialect: object, _connection: object) -> None:
    raise OperationalError("COMMIT", {}, Exception("database or disk is full"))


def test_a_database_that_cannot_commit_answers_503(connected: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    content = body()
    with monkeypatch.context() as broken:
        broken.setattr("sqlalchemy.engine.default.DefaultDialect.do_commit", lock_out)
        assert send(connected, content).status_code == 503
    assert deliveries() == []

    assert send(connected, content).status_code == 200
    assert len(deliveries()) == 1


@pytest.mark.parametrize("is_ours", [True, False])
def test_writers_who_do_not_end_are_reported_before_lever_gives_up(
    connected: Flask, monkeypatch: pytest.MonkeyPatch, is_ours: bool
) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("only SQLite has one writer at a time; what PostgreSQL waits for is in test_database")
    monkeypatch.setattr(intake, "ANSWER_WITHIN", 0.05)
    busy = "SELECT timeout FROM pragma_busy_timeout"
    began = time.monotonic()
    with db.engine.connect() as other:
        if is_ours:
            database._writers.acquire()
        else:
            other.connection.driver_connection.execute("BEGIN IMMEDIATE")  # type: ignore[union-attr]
        try:
            assert send(connected, body()).status_code == 503
        finally:
            database._writers.release() if is_ours else other.connection.driver_connection.rollback()  # type: ignore[union-attr]
    # The limit that others wait for is 15 s.
    assert time.monotonic() - began < 5
    assert send(connected, body()).status_code == 200
    assert db.session.scalar(text(busy)) == database.BUSY_TIMEOUT_MS


def test_trouble_of_ours_is_never_a_500(connected: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_raw: bytes) -> None:
        raise ValueError("nobody expected this")

    monkeypatch.setattr(receiving, "parse_delivery", fail)
    assert send(connected, body()).status_code == 503


def test_a_stored_delivery_wakes_the_handling_and_noise_does_not(connected: Flask) -> None:
    told: list[nudges.Job] = []
    nudges.on_nudge(told.append)
    send(connected, body(signed_with="wrong"))
    assert told == []
    content = body()
    send(connected, content)
    assert told == [nudges.Job.LEVER_EVENTS]
    send(connected, content)
    assert told == [nudges.Job.LEVER_EVENTS]


def test_only_post_is_served(connected: Flask) -> None:
    assert connected.test_client().get(f"/webhooks/lever/{lever.KEY}", base_url=lever.ROOT).status_code == 405
