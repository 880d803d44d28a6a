"""Staying right after the first sync: every five minutes what changed, every night everything."""

from datetime import datetime, timedelta
from unittest.mock import Mock

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select, update

from grayscale import clock
from grayscale.clients.lever.types import Interview
from grayscale.database import transaction
from grayscale.domain.lever import health, mirror, permissions, poll, refresh, sync
from grayscale.domain.lever.health_words import HealthState
from grayscale.domain.lever.mirror import Change
from grayscale.domain.lever.sync_feeds import DELETIONS_A_RUN, ConfirmFeed
from grayscale.extensions import db
from grayscale.models import (
    Candidate,
    Delivery,
    DeliveryState,
    LeverEvent,
    LeverIntegration,
    Opportunity,
    Source,
    SyncKind,
    SyncRun,
    SyncState,
    UntoldChange,
    Via,
    WebhookToken,
)
from grayscale.sandbox import Sandbox
from tests import factories
from tests.domain.lever_sync.conftest import CANDIDATES, finish, run
from tests.page import Browser


def later(minutes: float) -> time_machine.travel:
    return time_machine.travel(clock.now() + timedelta(minutes=minutes), tick=True)


def due_run() -> SyncRun | None:
    """What the job does by itself now, to its end."""
    db.session.rollback()
    if not sync.run_if_due(5):
        return None
    newest = db.session.scalar(select(SyncRun).order_by(SyncRun.id.desc()).limit(1))
    return finish(newest.id)


def opportunity(lever_id: str) -> Opportunity:
    db.session.rollback()
    return db.session.scalar(select(Opportunity).where(Opportunity.lever_id == lever_id))


def active(lever: Sandbox, number: int = 0) -> str:
    rows = [row.id for row in lever.lever.data.opportunities.values()
            if row.archived is None and row.confidentiality == "non-confidential"]
    return rows[number]


def schedule(lever: Sandbox, of: str) -> None:
    user = next(iter(lever.lever.data.users))
    panel = lever.team.create_panel(of, user=user, managed=True)
    fields = {"interviewers": [{"id": user}], "date": 1_900_000_000_000, "duration": 30}
    lever.team.create_interview(of, panel, fields, user)


def test_changes_are_fetched_every_five_minutes(connected: Flask, lever: Sandbox) -> None:
    run()
    moved = active(lever)
    lever.team.move(moved, "offer")
    assert sync.run_if_due() == 0
    with later(5.1):
        done = due_run()
    assert (done.kind, done.state) == (SyncKind.POLL, SyncState.DONE)
    assert opportunity(moved).stage_lever_id == "offer"
    assert opportunity(moved).via is Via.POLL


def test_an_idle_poll_costs_at_most_six_requests(connected: Flask, lever: Sandbox) -> None:
    run()
    with later(30):  # the overlap holds nothing any more
        assert due_run().state is SyncState.DONE
        lever.lever_requests.clear()
        with later(5.1):
            assert due_run().kind is SyncKind.POLL
    assert 1 <= len(lever.lever_requests.entries) <= 6


def test_a_poll_does_not_ask_again_for_what_the_key_may_not(connected: Flask, lever: Sandbox) -> None:
    key = lever.lever.data.keys[0]
    whole = key.permissions
    key.permissions = whole - {"List Opportunity Interviews"}
    run()
    lever.lever_requests.clear()
    with later(5.1):
        done = due_run()
    assert (done.kind, done.state) == (SyncKind.POLL, SyncState.DONE)
    assert lever.lever_requests.count(path="/interviews$") == 0

    key.permissions = whole
    run(SyncKind.FULL)
    assert permissions.may("list_interviews")
    assert lever.lever_requests.count(path="/interviews$") > 10


def test_the_watermark_moves_only_after_the_pages_are_committed(
    connected: Flask, lever: Sandbox, no_waiting: None
) -> None:
    run()
    before = watermark()
    lever.faults.add("lever", "status", path="/v1/opportunities", status=503, times=None)
    with later(6):
        assert due_run().state is SyncState.FAILED
        assert watermark() == before
        lever.faults.clear()
        with later(6):
            assert due_run().state is SyncState.DONE
    assert watermark() > before


def watermark() -> datetime:
    db.session.rollback()
    return db.session.get_one(LeverIntegration, 1, populate_existing=True).polled_until


@pytest.mark.parametrize("kind", [SyncKind.POLL, SyncKind.FULL])
def test_what_lever_deleted_is_erased(connected: Flask, lever: Sandbox, kind: SyncKind) -> None:
    run()
    gone = active(lever)
    person = opportunity(gone).candidate_id
    lever.team.delete(gone)
    assert run(kind).state is SyncState.DONE
    assert opportunity(gone) is None
    left = db.session.scalar(select(func.count()).where(Opportunity.candidate_id == person))
    assert (db.session.get(Candidate, person) is None) == (left == 0)


def test_the_nightly_comparison_finds_what_no_list_of_deletions_names(connected: Flask, lever: Sandbox) -> None:
    run()
    set_up(LeverEvent.DELETED)
    gone = active(lever)
    lever.team.delete(gone)
    lever.lever.data.deleted.clear()  # a server that forgets what it deleted
    run(SyncKind.POLL)
    assert opportunity(gone) is not None
    run(SyncKind.FULL)
    assert opportunity(gone) is None
    assert db.session.scalar(select(func.count()).select_from(Opportunity)) == CANDIDATES - 1
    with later(3):
        assert poll.count_missed() == {LeverEvent.DELETED: 1}


def test_who_takes_a_run_over_asks_for_the_deletions_it_had_found(
    connected: Flask, lever: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    run()
    gone = active(lever)
    lever.team.delete(gone)
    asked = sync.request(kind=SyncKind.POLL)
    with monkeypatch.context() as killed:
        killed.setattr(ConfirmFeed, "next", Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            sync.run_if_due(5)
    sync.stop()
    assert finish(asked.id).state is SyncState.DONE
    assert opportunity(gone) is None


def test_a_night_asks_for_no_more_than_its_share_of_what_seems_gone() -> None:
    feed = ConfirmFeed(Mock(), Via.FULL, Mock())
    for part in range(3):
        feed.suspect([f"{part}-{number}" for number in range(DELETIONS_A_RUN // 2)])
    assert len(feed.queue) == feed.known == DELETIONS_A_RUN


def test_absence_alone_deletes_nothing(connected: Flask, lever: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    run()
    hidden = active(lever)
    monkeypatch.setattr(
        lever.lever.index, "order", [key for key in lever.lever.index.order if key[2] != hidden]
    )
    run(SyncKind.FULL)
    assert opportunity(hidden) is not None


def test_the_night_brings_a_full_comparison(connected: Flask) -> None:
    with time_machine.travel("2026-11-23T18:00:00Z", tick=True):
        run()
    with time_machine.travel("2026-11-24T07:30:00Z", tick=True):  # 02:30 in New York, 13 hours later
        assert poll.due() is SyncKind.POLL
    with time_machine.travel("2026-11-25T07:30:00Z", tick=True):
        assert poll.due() is SyncKind.FULL
    with time_machine.travel("2026-11-24T16:00:00Z", tick=True):  # midday
        assert poll.due() is SyncKind.POLL


def set_up(event: LeverEvent, at: datetime | None = None) -> None:
    with transaction() as session:
        session.execute(update(WebhookToken).where(WebhookToken.event == event).values(token="a" * 48, set_at=at))


def told(lever_id: str, event: LeverEvent, at: datetime) -> None:
    factories.add(
        Delivery(source=Source.LEVER, external_id=factories.unique("event"), event=event.value, received_at=at,
                 opportunity_lever_id=lever_id, state=DeliveryState.DONE, next_attempt_at=at)
    )


def test_a_change_no_webhook_told_is_counted_against_that_webhook(app: Flask) -> None:
    set_up(LeverEvent.STAGE_CHANGE)
    set_up(LeverEvent.ARCHIVE_CHANGE)
    at = clock.now() - timedelta(minutes=20)
    told("told", LeverEvent.STAGE_CHANGE, at)
    changes = [
        Change(1, "told", False, events=(LeverEvent.STAGE_CHANGE,), at=at),
        Change(2, "silent", False, events=(LeverEvent.STAGE_CHANGE, LeverEvent.ARCHIVE_CHANGE), at=at),
        Change(3, "not set up", False, events=(LeverEvent.HIRED,), at=at),
        Change(4, "just now", False, events=(LeverEvent.STAGE_CHANGE,), at=clock.now()),
    ]
    poll.keep(changes)
    assert poll.count_missed() == {LeverEvent.STAGE_CHANGE: 1, LeverEvent.ARCHIVE_CHANGE: 1}


@pytest.mark.parametrize("told_meanwhile", [True, False])
def test_a_change_seconds_old_is_judged_by_a_later_poll(app: Flask, told_meanwhile: bool) -> None:
    set_up(LeverEvent.STAGE_CHANGE)
    at = clock.now()
    poll.keep([Change(1, "young", False, events=(LeverEvent.STAGE_CHANGE,), at=at)])
    assert not poll.count_missed()
    if told_meanwhile:
        told("young", LeverEvent.STAGE_CHANGE, at + timedelta(seconds=30))
    with later(5):
        assert poll.count_missed() == ({} if told_meanwhile else {LeverEvent.STAGE_CHANGE: 1})
        assert not poll.count_missed(), "once"


def test_what_may_be_from_before_a_webhook_was_set_up_is_none_of_its_business(app: Flask) -> None:
    since = clock.now() - timedelta(hours=1)
    set_up(LeverEvent.STAGE_CHANGE, since)
    before, after = since - timedelta(minutes=1), since + timedelta(minutes=1)
    poll.keep(
        [
            Change(1, "before", False, events=(LeverEvent.STAGE_CHANGE,), at=before),
            Change(2, "perhaps", False, events=(LeverEvent.STAGE_CHANGE,), at=after, since=before),
            Change(3, "after", False, events=(LeverEvent.STAGE_CHANGE,), at=after),
        ]
    )
    assert poll.count_missed() == {LeverEvent.STAGE_CHANGE: 1}


def test_a_deletion_that_was_told_is_not_held_against_its_webhook(app: Flask) -> None:
    now = clock.now()
    set_up(LeverEvent.DELETED, now - timedelta(days=9))
    told("told long ago", LeverEvent.DELETED, now - timedelta(days=2))
    ids = {"told long ago": None, "untold": None, "before the webhook": now - timedelta(days=10)}
    poll.keep(Change(None, one, False, (), (LeverEvent.DELETED,), at=at, since=at) for one, at in ids.items())
    with later(3):
        assert poll.count_missed() == {LeverEvent.DELETED: 1}


def test_an_interview_that_was_changed_but_not_moved_should_have_been_told(app: Flask) -> None:
    of, soon = factories.opportunity(), clock.now() + timedelta(days=1)
    listed = []
    for subject, minutes in (("Phone screen", 30), ("Phone screen", 45), ("Phone screen", 45)):
        one = Interview(id="one", date=soon, duration=minutes, subject=subject)
        listed.append(mirror.apply_interviews(of.lever_id, [one], clock.now(), Via.POLL))
    assert [[change.events for change in found] for found in listed] == [[], [(LeverEvent.INTERVIEW_UPDATED,)], []]
    assert listed[1][0].words == (), "the thread has no line of it"


def test_a_webhook_that_keeps_silent_is_found_out_whoever_looks(connected: Flask, lever: Sandbox) -> None:
    for event in LeverEvent:
        set_up(event)
    run()
    assert not db.session.scalars(select(UntoldChange)).all(), "what a first sync finds was there before"
    lists = ("list_users", "list_stages", "list_postings", "list_archive_reasons", "list_opportunities")
    assert all(permissions.may(name) for name in lists), "a list read to its end says that it may be read"
    with later(5):
        # The simulated Lever has no webhooks: it tells nobody.
        lever.team.move(active(lever), "offer")
        lever.team.delete(active(lever, 1))
        due_run()
    with later(6):
        reasons = lever.lever.data.archive_reasons
        lever.team.archive(active(lever), next(reason["id"] for reason in reasons if reason["type"] != "hired"))
        schedule(lever, active(lever))
        run(SyncKind.FULL)
    with later(15):
        due_run()
        found = {one.event for one in health.of_all() if one.state is HealthState.SILENT}
    assert found == {
        LeverEvent.STAGE_CHANGE, LeverEvent.DELETED, LeverEvent.ARCHIVE_CHANGE, LeverEvent.INTERVIEW_CREATED
    }


@pytest.mark.parametrize("kind", [SyncKind.FULL, SyncKind.POLL])
def test_interviews_a_webhook_brought_are_listed_once_more_at_most(
    connected: Flask, lever: Sandbox, kind: SyncKind
) -> None:
    run()
    of = active(lever)
    schedule(lever, of)
    refresh.interviews(of, Via.WEBHOOK)
    lever.lever_requests.clear()
    run(kind)
    assert lever.lever_requests.count(path=f"{of}/interviews$") == 1


def test_refresh_fetches_a_changed_phone_now(
    connected: Flask, lever: Sandbox, as_jonas: Browser, no_waiting: None
) -> None:
    run()
    lever_id = active(lever)
    contact = lever.lever.data.opportunities[lever_id].contact
    candidate_id = opportunity(lever_id).candidate_id
    here = f"/inbox/{factories.conversation(db.session.get_one(Candidate, candidate_id)).id}"
    lever.lever.data.contacts[contact].phones[:] = [{"type": "mobile", "value": "(218) 555-0177"}]
    lever.lever.data.opportunities[lever_id].updated_at += 1
    assert as_jonas.get(here).select('form[action$="/refresh"] button')
    assert as_jonas.post(f"{here}/refresh").location == here
    page = as_jonas.get(here)
    assert "Up to date with Lever." in page.words
    assert "(218) 555-0177" in page.words
    lever.faults.add("lever", "status", status=500, times=20)
    as_jonas.post(f"{here}/refresh")
    assert "It could not be refreshed." in as_jonas.get(here).words


def test_refresh_leads_to_where_a_merge_took_the_texts(
    connected: Flask, lever: Sandbox, as_jonas: Browser, no_waiting: None
) -> None:
    run()
    by_contact = {
        row.contact: row for row in lever.lever.data.opportunities.values() if row.confidentiality == "non-confidential"
    }
    kept, lost = list(by_contact.values())[:2]
    threads = [
        factories.conversation(db.session.get_one(Candidate, opportunity(row.id).candidate_id))
        for row in (kept, lost)
    ]
    lever.team.merge(kept.contact, lost.contact)
    answer = as_jonas.post(f"/inbox/{threads[1].id}/refresh")
    assert answer.location == f"/inbox/{threads[0].id}"
    assert "Lever merged this candidate with" in as_jonas.get(answer.location).words


def test_refresh_erases_what_lever_no_longer_has(connected: Flask, lever: Sandbox) -> None:
    run()
    lever_id = active(lever)
    candidate_id = opportunity(lever_id).candidate_id
    for row in [row for row in lever.lever.data.opportunities.values()
                if row.contact == lever.lever.data.opportunities[lever_id].contact]:
        lever.team.delete(row.id)
    assert not refresh.candidate(candidate_id).found
    db.session.rollback()
    assert db.session.get(Candidate, candidate_id) is None
