"""``flask sync`` in the foreground."""

from flask import Flask
from sqlalchemy import func, select

from grayscale.cli_sync import sync_command
from grayscale.domain.lever import connection
from grayscale.extensions import db
from grayscale.models import Opportunity, SyncKind, SyncRun
from grayscale.sandbox import Sandbox
from tests.domain.lever_sync.conftest import CANDIDATES


def kinds() -> list[SyncKind]:
    db.session.rollback()
    return list(db.session.scalars(select(SyncRun.kind).order_by(SyncRun.id)))


def test_the_command_syncs_and_says_how_much(connected: Flask, lever: Sandbox) -> None:
    runner = connected.test_cli_runner()
    done = runner.invoke(sync_command)
    assert done.exit_code == 0, done.output
    assert "Done" in done.output
    assert db.session.scalar(select(func.count()).select_from(Opportunity)) == CANDIDATES
    assert runner.invoke(sync_command).exit_code == 0
    assert runner.invoke(sync_command, ["--full"]).exit_code == 0
    assert kinds() == [SyncKind.INITIAL, SyncKind.POLL, SyncKind.FULL]


def test_the_command_fails_when_the_sync_is_incomplete(connected: Flask, lever: Sandbox, no_waiting: None) -> None:
    lever.faults.add("lever", "status", path="/v1/opportunities", status=500, times=None)
    done = connected.test_cli_runner().invoke(sync_command)
    assert done.exit_code != 0
    assert "did not complete" in done.output


def test_the_command_needs_a_key(connected: Flask) -> None:
    connection.remove_key(None)
    done = connected.test_cli_runner().invoke(sync_command)
    assert done.exit_code != 0
    assert "API key" in done.output
