"""A sync that is killed goes on where it was and ends with the rows of one that was not."""

import time
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.engine import make_url

from grayscale.database import end_read
from grayscale.domain.lever import sync
from grayscale.extensions import db
from grayscale.models import SyncKind
from grayscale.sandbox import Sandbox, start_sandbox
from tests.conftest import FERNET_KEY, make_config
from tests.domain.lever_sync.conftest import connect
from tests.processes import Process

TABLES = {
    "opportunity": "lever_id, stage_lever_id, archived_at, content_hash, interviews_fetched_at IS NULL",
    "candidate": "contact_id, name, content_hash",
    "candidate_phone": "raw, type, e164, position",
    "interview": "lever_id, content_hash",
    "posting": "lever_id, content_hash",
    "stage": "lever_id, content_hash",
    "lever_user": "lever_id, content_hash",
    "archive_reason": "lever_id, content_hash",
}
KILLS = 10


def rows() -> dict[str, list[tuple]]:
    db.session.rollback()
    found = {
        table: sorted((tuple(row) for row in db.session.execute(text(f"SELECT {columns} FROM {table}"))), key=repr)
        for table, columns in TABLES.items()
    }
    end_read()
    return found


def forget_all() -> None:
    with db.engine.begin() as connection:
        for table in ("sync_window", "sync_run", "candidate", *TABLES):
            connection.execute(text(f"DELETE FROM {table}"))
        connection.execute(text("UPDATE lever_integration SET polled_until = NULL"))


class Syncing:
    """A sync in a process of its own."""

    def __init__(self, database: Path, lever: Sandbox) -> None:
        self.log = database.with_suffix(".sync.log")
        self.log.write_text("")
        command = ("tests.domain.lever_sync.killable", str(database), lever.lever_url, FERNET_KEY)
        self.process = Process(*command, log=self.log)

    def says(self, word: str) -> None:
        wait_for(lambda: word in self.log.read_text().split())

    def kill(self) -> None:
        self.process.kill()


@pytest.mark.flow
@pytest.mark.timeout(180)
def test_a_sync_killed_at_ten_moments_ends_with_the_same_rows(app: Flask) -> None:
    with start_sandbox(candidates=240, latency_ms=3) as lever:
        app.extensions["grayscale.config"] = make_config(
            app.config["SQLALCHEMY_DATABASE_URI"], lever_api_url=lever.lever_url
        )
        connect(lever)
        database = Path(str(make_url(app.config["SQLALCHEMY_DATABASE_URI"]).database))

        def whole_sync() -> int:
            sync.request(kind=SyncKind.INITIAL)
            lever.lever_requests.clear()
            undisturbed = Syncing(database, lever)
            undisturbed.says("over")
            undisturbed.kill()
            return len(lever.lever_requests.entries)

        needed = whole_sync()
        expected = rows()
        assert len(expected["opportunity"]) == 240
        assert len(expected["interview"]) > 20
        forget_all()

        sync.request(kind=SyncKind.INITIAL)
        lever.lever_requests.clear()
        for moment in range(1, KILLS + 1):
            process = Syncing(database, lever)
            process.says("begun")
            # Not a moment in time but in the work: so many answers into the sync.
            wait_for(lambda limit=needed * moment // (KILLS + 1): len(lever.lever_requests.entries) >= limit)
            process.kill()
            assert sync.current() is not None, "the sync was over before it was killed"
            end_read()
        last = Syncing(database, lever)
        last.says("over")
        last.kill()
        db.session.rollback()
        assert sync.status().state == "done"
        assert rows() == expected
        # It went on: a kill costs the pages under way and a handful of interview lists, not what was done.
        assert len(lever.lever_requests.entries) < needed + KILLS * 20


def wait_for(condition) -> None:
    ends = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < ends, "it never came to that"
        time.sleep(0.002)
