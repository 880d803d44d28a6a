"""Requests that arrive together share a commit; what is wrong with one of them stays with it."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from grayscale.database import end_read
from grayscale.domain.lever import intake, receiving
from grayscale.domain.lever.intake import Entry, Intake, NotStored
from grayscale.domain.lever.receiving import Verdict
from grayscale.extensions import db
from grayscale.models import Delivery, WebhookTally
from tests.webhooks.lever import body, raw

Commit = Callable[[list[Entry]], None]


class Gate:
    """Commits that can be held, and how many deliveries each one had."""

    def __init__(self, commit: Commit) -> None:
        self._commit = commit
        self.sizes: list[int] = []
        self.entered, self.open = threading.Event(), threading.Event()

    def __call__(self, batch: list[Entry]) -> None:
        self.sizes.append(len(batch))
        self.entered.set()
        assert self.open.wait(10)
        self._commit(batch)


@pytest.fixture
def gate(connected: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    made = Gate(intake._commit)
    monkeypatch.setattr(intake, "_commit", made)
    yield made
    made.open.set()


def send_together(app: Flask, gate: Gate, contents: list[bytes]) -> list[Future[Verdict]]:
    """The first is being committed when the others come; then the gate opens."""

    def send(content: bytes) -> Verdict:
        with app.app_context():
            return receiving.receive(content, may_record=lambda: True)

    with ThreadPoolExecutor(len(contents)) as pool:
        first = pool.submit(send, contents[0])
        assert gate.entered.wait(10)
        others = [pool.submit(send, content) for content in contents[1:]]
        queue: Intake = app.extensions[intake.SLOT]
        deadline = time.monotonic() + 10
        while len(queue._waiting) < len(others):
            assert time.monotonic() < deadline, "they never came"
            time.sleep(0.001)
        gate.open.set()
    end_read()
    return [first, *others]


def stored() -> set[str]:
    end_read()
    return set(db.session.scalars(select(Delivery.external_id)))


def tallies() -> dict[str, int]:
    return {row.verdict: row.count for row in db.session.scalars(select(WebhookTally))}


def test_those_that_wait_together_share_a_commit(connected: Flask, gate: Gate) -> None:
    contents = [body() for _ in range(7)]
    # Twice in the same commit: once is enough.
    done = send_together(connected, gate, [raw(content) for content in [*contents, contents[3]]])

    assert gate.sizes == [1, 7]
    assert {one.result().status for one in done} == {200}
    assert stored() == {content["id"] for content in contents}
    assert tallies() == {"accepted": 7, "duplicate": 1}


def test_what_the_database_refuses_takes_none_of_the_others_with_it(
    connected: Flask, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents = [body() for _ in range(4)]
    whole = receiving._row

    def row(given: object, *rest: object) -> dict[str, object]:
        made = whole(given, *rest)  # type: ignore[arg-type]
        return {**made, "event": None} if made["external_id"] == contents[2]["id"] else made

    monkeypatch.setattr(receiving, "_row", row)
    done = send_together(connected, gate, [raw(content) for content in contents])

    assert isinstance(done[2].exception(), NotStored)
    assert [done[number].result().status for number in (0, 1, 3)] == [200, 200, 200]
    assert stored() == {contents[number]["id"] for number in (0, 1, 3)}


def test_a_database_that_cannot_commit_is_told_to_all_who_waited_and_to_nobody_later(
    connected: Flask, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents = [body() for _ in range(4)]
    with monkeypatch.context() as broken:

        def commit(_dialect: object, _connection: object) -> None:
            raise OperationalError("COMMIT", {}, Exception("database or disk is full"))

        broken.setattr("sqlalchemy.engine.default.DefaultDialect.do_commit", commit)
        done = send_together(connected, gate, [raw(content) for content in contents])
    assert [type(one.exception()) for one in done] == [NotStored] * 4
    assert stored() == set()

    again = [receiving.receive(raw(content), may_record=lambda: True) for content in contents]
    assert {verdict.status for verdict in again} == {200}
    assert stored() == {content["id"] for content in contents}
