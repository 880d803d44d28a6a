"""A whole sync against a simulated Lever."""

from datetime import datetime, timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from grayscale import clock
from grayscale.clients.lever.client import LeverClient
from grayscale.clients.lever.connection import InvalidOffset
from grayscale.database import transaction
from grayscale.domain.lever import sync, sync_engine, sync_opportunities, sync_runs, windows
from grayscale.extensions import db
from grayscale.models import (
    ArchiveReason,
    AuditEvent,
    Candidate,
    Interview,
    KeyState,
    LeverIntegration,
    LeverUser,
    MirrorOddity,
    Opportunity,
    Posting,
    Stage,
    SyncKind,
    SyncRun,
    SyncState,
    SyncWindow,
    User,
    Via,
)
from grayscale.sandbox import Sandbox
from tests.domain.lever_sync.conftest import CANDIDATES, MANY, finish, run


def count(model: type) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def asked(lever: Sandbox, path: str) -> list[str]:
    return [row["query"] for row in lever.lever_requests.entries if row["path"] == f"/v1{path}"]


def resource(name: str) -> sync.ResourceStatus:
    return next(line for line in sync.status().resources if line.name == name)


@pytest.mark.parametrize("lever", [MANY], indirect=True)
def test_the_initial_sync_brings_everything(connected: Flask, lever: Sandbox) -> None:
    done = run()
    assert (done.kind, done.state) == (SyncKind.INITIAL, SyncState.DONE)
    data = lever.lever.data
    assert set(db.session.scalars(select(Opportunity.lever_id))) == set(data.opportunities)
    assert count(Candidate) == len({row.contact for row in data.opportunities.values()})
    assert count(Opportunity) == MANY
    assert db.session.scalar(select(func.count()).where(Opportunity.confidential)) > 0
    assert db.session.scalar(select(func.count()).where(Opportunity.archived_at.is_not(None))) > 0
    assert count(Interview) > 0
    for model in (Posting, Stage, ArchiveReason, LeverUser):
        assert count(model) > 5
    assert sync.status().state == "done"
    assert resource("opportunities").done == MANY
    assert count(SyncWindow) == 0
    assert set(db.session.scalars(select(Opportunity.via))) == {Via.FULL}


def test_active_opportunities_come_before_the_archive(connected: Flask, lever: Sandbox) -> None:
    run()
    queries = asked(lever, "/opportunities")
    first_archived = next(i for i, query in enumerate(queries) if "archived=true" in query)
    last_active = max(i for i, query in enumerate(queries) if "archived=false" in query)
    assert last_active < first_archived


@pytest.mark.parametrize("lever", [MANY], indirect=True)
def test_several_cursors_walk_at_once(connected: Flask, lever: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "TARGET", 20)
    lever.set_latency(120)
    run()
    spans = [(row["at"], row["at"] + row["ms"] / 1000) for row in lever.lever_requests.entries
             if row["path"] == "/v1/opportunities"]
    at_once = max(sum(start <= moment < end for start, end in spans) for moment, _ in spans)
    assert at_once >= 3
    assert count(Opportunity) == MANY


def test_a_second_full_sync_writes_no_rows(connected: Flask, lever: Sandbox) -> None:
    run()
    before = fetched()
    done = run(SyncKind.FULL)
    assert done.progress["opportunities"]["changed"] == 0
    assert fetched() == before


def fetched() -> dict[str, datetime]:
    db.session.rollback()
    rows = db.session.execute(select(Opportunity.lever_id, Opportunity.fetched_at))
    return {row.lever_id: row.fetched_at for row in rows}


@pytest.mark.parametrize("lever", [MANY], indirect=True)
def test_a_stale_cursor_restarts_only_its_window(
    connected: Flask, lever: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, calls, refused = LeverClient.list_opportunities, [], []

    def twice_stale(client: LeverClient, *, offset: str | None = None, **window: Any) -> Any:
        calls.append((window, offset))
        if offset is not None and len(refused) < 2:
            refused.append(len(calls))
            raise InvalidOffset("Lever no longer knows this page.", status=400)
        return whole(client, offset=offset, **window)

    monkeypatch.setattr(LeverClient, "list_opportunities", twice_stale)
    monkeypatch.setattr(windows.Carver, "too_much", lambda *_: False)  # pages rather than smaller windows
    assert run().state is SyncState.DONE
    assert refused
    assert count(Opportunity) == resource("opportunities").done == MANY
    assert len(asked(lever, "/users")) == 1
    for position in refused:
        window = calls[position - 1][0]
        assert next(offset for again, offset in calls[position:] if again == window) is None


def test_one_failing_list_does_not_stop_the_rest(connected: Flask, lever: Sandbox, no_waiting: None) -> None:
    lever.faults.add("lever", "status", path="/v1/postings", status=500, times=None)
    done = run()
    assert done.state is SyncState.FAILED
    assert "problem" in done.error
    assert count(Opportunity) == CANDIDATES
    assert resource("postings").state == "failed"
    # Once Lever is well again the run goes on, with what is missing only.
    lever.faults.clear()
    lever.lever_requests.clear()
    assert sync.take_up_failed() == done.id
    assert finish(done.id).state is SyncState.DONE
    assert count(Posting) > 5
    assert not any("archived=" in query for query in asked(lever, "/opportunities"))


def test_a_missing_permission_switches_its_list_off_and_nothing_else(connected: Flask, lever: Sandbox) -> None:
    key = lever.lever.data.keys[0]
    key.permissions = key.permissions - {"List Archive Reasons", "List Opportunity Interviews"}
    done = run()
    assert done.state is SyncState.DONE
    assert resource("archive_reasons").state == "off"
    assert resource("interviews").state == "off"
    assert (count(Opportunity), count(ArchiveReason), count(Interview)) == (CANDIDATES, 0, 0)


def test_without_the_confidential_grant_the_rest_is_synced(connected: Flask, lever: Sandbox) -> None:
    key = lever.lever.data.keys[0]
    key.permissions = key.permissions - {"Confidential Data Access"}
    assert run().state is SyncState.DONE
    hidden = sum(row.confidentiality == "confidential" for row in lever.lever.data.opportunities.values())
    assert hidden > 0
    assert count(Opportunity) == CANDIDATES - hidden
    db.session.rollback()
    assert db.session.get_one(LeverIntegration, 1).permissions["confidential"] == "missing"


def test_a_refused_key_ends_the_run_and_says_so(connected: Flask, lever: Sandbox) -> None:
    lever.lever.data.keys[0].key = "another"
    done = run()
    assert done.state is SyncState.FAILED
    assert "401" in done.error
    db.session.rollback()
    assert db.session.get_one(LeverIntegration, 1).key_state is KeyState.REFUSED
    assert sync.run_if_due() == 0


def test_what_changed_during_the_walk_is_caught_up_with(
    connected: Flask, lever: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = next(row for row in lever.lever.data.opportunities.values()
                 if row.archived is None and row.stage != "lead-new")
    plan = sync_engine.sync_plan.changes

    def move_first(*args):  # when every window was walked and nobody will see it any more
        lever.team.move(moved.id, "lead-new")
        return plan(*args)

    monkeypatch.setattr(sync_engine.sync_plan, "changes", move_first)
    run()
    db.session.rollback()
    stage = db.session.scalar(select(Opportunity.stage_lever_id).where(Opportunity.lever_id == moved.id))
    assert stage == "lead-new"


def test_only_one_sync_runs_at_a_time(connected: Flask, lever: Sandbox) -> None:
    first = sync.request()
    assert sync.request(kind=SyncKind.FULL).id == first.id
    # Somebody else holds it: this process leaves it alone until the lease has run out.
    with transaction() as session:
        session.execute(update(SyncRun).values(runner="elsewhere/1/ab", lease_until=clock.now() + timedelta(seconds=9)))
    assert sync.run_if_due() == 0
    with transaction() as session:
        session.execute(update(SyncRun).values(lease_until=clock.now() - timedelta(seconds=1)))
    assert finish(first.id).state is SyncState.DONE


def test_a_run_that_was_taken_over_is_let_go(connected: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync_engine, "BEAT_SECONDS", 0.0)
    taken = sync.request()
    sync.run_if_due(0.001)
    with transaction() as session:
        session.execute(update(SyncRun).values(runner="elsewhere/1/ab", lease_until=clock.now() + sync_runs.LEASE))
    assert sync.run_if_due(5) == 0
    db.session.rollback()
    assert db.session.get_one(SyncRun, taken.id, populate_existing=True).runner == "elsewhere/1/ab"


def test_an_error_that_does_not_pass_ends_the_run_and_says_so(
    connected: Flask, lever: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = sync.request()
    monkeypatch.setattr(sync_engine.mirror, "write", Mock(side_effect=ValueError("value too long")))
    for _ in range(sync.MOST_BROKEN_ROUNDS):
        with pytest.raises(ValueError, match="value too long"):
            while sync.run_if_due(5):
                pass
    db.session.rollback()
    ended = db.session.get_one(SyncRun, begun.id, populate_existing=True)
    assert ended.state is SyncState.FAILED
    assert "ValueError" in ended.error
    assert "too long" not in ended.error, "what an error says may be somebody's"
    monkeypatch.undo()
    assert sync.take_up_failed() == begun.id
    assert finish(begun.id).state is SyncState.DONE


def test_a_cancelled_sync_stops_and_stays_stopped(
    connected: Flask, lever: Sandbox, ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync_engine, "BEAT_SECONDS", 0.0)
    lever.set_latency(20)
    begun = sync.request(ana)
    sync.run_if_due(0.05)
    assert sync.cancel(ana)
    assert finish(begun.id).state is SyncState.CANCELED
    assert sync.status().state == "canceled"
    assert sync.run_if_due() == 0
    actions = set(db.session.scalars(select(AuditEvent.action)))
    assert {"lever.sync_requested", "lever.sync_cancelled"} <= actions


@pytest.mark.parametrize("lever", [MANY], indirect=True)
def test_progress_is_still_there_after_a_reload(connected: Flask, lever: Sandbox) -> None:
    lever.set_latency(5)
    begun = sync.request()
    while resource_done() < 100:
        assert sync.run_if_due(0.05)
        sync.stop()  # as if the process were another one
    status = sync.status()
    assert status.state == "running"
    assert status.requests > 0
    finish(begun.id)
    assert resource("opportunities").done == MANY


def resource_done() -> int:
    db.session.rollback()
    return sum(line.done for line in sync.status().resources if line.name == "opportunities")


@pytest.mark.parametrize("ignored", ["created_at_start", "archived"])
def test_a_server_that_knows_no_filters_is_walked_once(
    connected: Flask, lever: Sandbox, monkeypatch: pytest.MonkeyPatch, ignored: str
) -> None:
    whole = sync_engine.sync_walks._opportunities

    def plain(client, walk, options):
        if walk.resource == "opportunities":
            if ignored == "archived":
                walk = sync_engine.Walk(0, walk.resource, 0, walk.span, {}, walk.offset)
            else:
                walk = sync_engine.Walk(0, walk.resource, 0, sync_opportunities.EVERYTHING, walk.filters, walk.offset)
        return whole(client, walk, options)

    monkeypatch.setitem(sync_engine.sync_walks._LISTS, "opportunities", plain)
    assert run().state is SyncState.DONE
    assert count(Opportunity) == CANDIDATES
    assert len(asked(lever, "/opportunities")) < 15


@pytest.mark.parametrize(("kind", "options"), [("status", {"status": 400}), ("status", {"status": 500})])
def test_one_opportunity_whose_interviews_cannot_be_read_stops_only_itself(
    connected: Flask, lever: Sandbox, no_waiting: None, kind: str, options: dict[str, int]
) -> None:
    bad = next(row.id for row in lever.lever.data.opportunities.values() if row.archived is None)
    lever.faults.add("lever", kind, path=f"/v1/opportunities/{bad}/interviews*", times=None, **options)
    assert run().state is SyncState.DONE
    listed = select(func.count()).where(Opportunity.archived_at.is_(None), Opportunity.interviews_fetched_at.is_(None))
    assert db.session.scalar(listed) <= 1
    oddity = db.session.scalars(select(MirrorOddity).where(MirrorOddity.lever_id == bad)).one()
    assert "could not be read" in oddity.note
    assert run().state is SyncState.DONE
