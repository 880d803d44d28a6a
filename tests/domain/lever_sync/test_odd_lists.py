"""What a sync makes of lists that are odd: what they prove, what they lack, and where they lead."""

import threading
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select

from grayscale import clock
from grayscale.clients.errors import Forbidden, UnexpectedAnswer
from grayscale.clients.lever import types
from grayscale.clients.lever.client import LeverClient
from grayscale.clients.lever.limits import RateLimiter
from grayscale.clients.lever.types import Page, User
from grayscale.database import transaction
from grayscale.domain.lever import mirror, permissions, refresh, sync, sync_engine, sync_opportunities, sync_walks
from grayscale.domain.lever.sync_plan import EVERYTHING
from grayscale.domain.lever.sync_walks import Walk
from grayscale.domain.lever.windows import Carver
from grayscale.extensions import db
from grayscale.models import MirrorOddity, Opportunity, SyncKind, SyncRun, SyncState, SyncWindow, Via
from tests.domain.lever_sync.conftest import finish, run
from tests.domain.lever_sync.makers import ms, opportunity, raw
from tests.domain.lever_sync.scripted import Lists


def resource(name: str) -> sync.ResourceStatus:
    return next(line for line in sync.status().resources if line.name == name)


def refuse(*_: object) -> Page:
    raise Forbidden("The API key is not permitted to do this (403).", status=403)


# What a list proves


@pytest.mark.parametrize(("word", "proven"), [("confidential", True), ("classified", None)])
def test_confidential_access_is_known_once_a_confidential_opportunity_was_listed(
    lists: Lists, word: str, proven: bool | None
) -> None:
    listed = (opportunity(), opportunity(id="another", confidentiality=word))
    lists.of("opportunities", lambda options, walk: Page(listed))
    assert run().state is SyncState.DONE
    db.session.rollback()
    assert permissions.may("confidential") is proven


def test_a_key_without_postings_keeps_its_confidential_access(lists: Lists) -> None:
    lists.of("postings", refuse)
    lists.of("opportunities", lambda options, walk: Page(
        (opportunity(confidentiality="confidential"),) if options.confidential else ()
    ))
    assert run().state is SyncState.DONE
    db.session.rollback()
    assert db.session.query(Opportunity).count() == 1
    assert (permissions.may("list_postings"), permissions.may("confidential")) == (False, True)
    assert resource("postings").state == "off"


def test_a_denied_list_is_still_off_after_a_kill_before_its_progress_was_written(lists: Lists) -> None:
    lists.of("users", refuse)
    begun = sync.request()
    while not db.session.scalar(select(SyncWindow.done_at).where(SyncWindow.resource == "users")):
        assert sync.run_if_due(0)
        db.session.rollback()
    sync.stop()
    with transaction() as session:
        session.get_one(SyncRun, begun.id).progress = {}
    assert finish(begun.id).state is SyncState.DONE
    assert lists.requests("users") == 1
    users = resource("users")
    assert (users.state, users.words) == ("off", "The API key lacks the permission to list these.")


def test_the_full_comparison_asks_for_rows_without_a_creation_time_that_no_window_showed(
    lists: Lists, monkeypatch: pytest.MonkeyPatch
) -> None:
    run()
    shown, hidden, gone = (f"00000000-0000-4000-8000-00000000000{number}" for number in range(3))
    undated = [opportunity(id=lever_id, contact=lever_id, createdAt="yesterday") for lever_id in (shown, gone)]
    secret = opportunity(id=hidden, contact=hidden, createdAt=None, confidentiality="confidential")
    mirror.apply_opportunities([*undated, secret], clock.now(), Via.FULL)
    permissions.learn("confidential", granted=False)

    # Too much for one page at the first look, so that the time is cut into windows, of which few are enough.
    monkeypatch.setattr(sync_opportunities, "Carver", partial(Carver, width=timedelta(days=1_500)))

    def windows(_: object, walk: Walk) -> Page:
        is_whole = walk.span == EVERYTHING
        return Page(() if is_whole or walk.filters["archived"] else (undated[0],), "more" if is_whole else None)

    lists.of("opportunities", windows)
    done = run(SyncKind.FULL)
    assert done.state is SyncState.DONE
    assert lists.looked_up == [gone]
    db.session.rollback()
    assert set(db.session.scalars(select(Opportunity.lever_id))) == {shown, hidden}


# Where a list leads


class Pages:
    """Opportunities in three pages, one each, then the end; *broken* is how often the third makes no sense."""

    def __init__(self, broken: int) -> None:
        self.broken = broken

    def __call__(self, _: object, walk: Walk) -> Page:
        number = int(walk.offset or 0)
        if number == 2 and self.broken:
            self.broken -= 1
            raise UnexpectedAnswer("Lever's answer holds no list.", status=200)
        one = opportunity(id=f"00000000-0000-4000-8000-00000000000{number}")
        return Page((one,), str(number + 1) if number < 2 else None)


@pytest.mark.parametrize(("broken", "state"), [(2, SyncState.DONE), (99, SyncState.FAILED)])
def test_a_page_that_makes_no_sense_begins_its_window_anew_a_few_times_and_no_other(
    lists: Lists, monkeypatch: pytest.MonkeyPatch, broken: int, state: SyncState
) -> None:
    monkeypatch.setattr(sync_engine.OpportunityWindows, "look", lambda *_: None)
    pages = Pages(broken)
    lists.of("opportunities", lambda options, walk: Page(()) if walk.filters["archived"] else pages(options, walk))
    done = run()
    assert (done.state, done.error) == (state, None if state is SyncState.DONE else "Lever's answer holds no list.")
    db.session.rollback()
    # The archive, once; and the other window's three pages as often as it was begun.
    assert lists.requests("opportunities") == 1 + 3 * 3
    assert len(db.session.scalars(select(Opportunity.id)).all()) == (3 if state is SyncState.DONE else 2)
    assert {lists.requests(name) for name in ("users", "stages", "changes")} == {1}


def in_a_circle(walk: Walk) -> Page:
    following = {"a": "b", "b": "c"}.get(walk.offset, "a")
    return Page((User(f"user-{following}"),), following)


def on_and_on(walk: Walk) -> Page:
    return Page((), f"{walk.offset}+")


def always_the_same(walk: Walk) -> Page:
    return Page((opportunity(),), f"{walk.offset}+")


def test_a_list_without_an_end_is_given_up(lists: Lists, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync_walks, "MOST_IDLE_PAGES", 5)
    endless = {"users": in_a_circle, "stages": on_and_on, "changes": always_the_same}
    for name, answer in endless.items():
        lists.of(name, lambda options, walk, answer=answer: answer(walk))
    done = run()
    assert (done.state, done.error) == (SyncState.FAILED, "Lever's list does not come to an end.")
    for name in endless:
        assert resource(name).state == "failed"
        assert lists.requests(name) <= 20
    assert (resource("postings").state, lists.requests("postings")) == ("done", 1)


def test_interviews_without_an_end_are_not_taken_for_a_whole_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LeverClient, "list_interviews", lambda _, lever_id, offset: Page((), f"{offset}+"))
    client = LeverClient("key", "https://lever.test/v1", RateLimiter(1e6, 1e6, reserve=0))
    with pytest.raises(UnexpectedAnswer, match="come to an end"):
        refresh.list_known(client, "one", ["known"], clock.now())


def test_a_window_that_another_walk_replaces_cannot_fail_any_more(lists: Lists) -> None:
    is_replaced = threading.Event()

    def without_filters(_: object, walk: Walk) -> Page:
        if "archived" not in walk.filters:
            is_replaced.set()
            return Page((opportunity(),))
        if walk.span == EVERYTHING:
            return Page((), "more")
        if walk.span.end is None:
            return Page((opportunity(createdAt=ms(-99_999_999)),))  # outside of what was asked for
        is_replaced.wait(10)
        raise UnexpectedAnswer("Lever's answer holds no list.", status=200)

    lists.of("opportunities", without_filters)
    done = run()
    assert is_replaced.is_set()
    assert (done.state, done.error) == (SyncState.DONE, None)


# What a list lacks, or has too much


def test_no_missing_extra_or_odd_field_stops_a_sync(lists: Lists) -> None:
    """Every field of an opportunity in turn: absent, null, and of kinds Lever never sent."""
    fields = [name for name in raw() if name != "id"]
    odd = {"absent": ..., "null": None, "object": {"brand": "new"}, "list": [{"brand": "new"}, None, 7], "text": "??"}
    page = [
        opportunity(**{"id": f"{name}-{kind}", "contact": f"of-{name}-{kind}", "brandNew": 1, name: value})
        for name in fields
        for kind, value in odd.items()
    ]
    page.append(types.Opportunity.parse({"id": "bare"}))
    lists.of("opportunities", lambda options, walk: Page(tuple(page)))
    done = run()
    assert (done.state, done.error) == (SyncState.DONE, None)
    kept = {row.lever_id: row for row in db.session.scalars(select(Opportunity))}
    assert set(kept) == {one.id for one in page}
    whole = {row.candidate.name for lever_id, row in kept.items() if not lever_id.startswith(("name-", "bare"))}
    assert whole == {"Mira Okafor"}
    # What is not understood stays closed, and is told of by its name.
    assert all(kept[f"confidentiality-{kind}"].confidential for kind in odd)
    told = {row.lever_id: row.note for row in db.session.scalars(select(MirrorOddity))}
    assert told["stage-object"].startswith("stage: ")
    assert told["createdAt-text"].startswith("createdAt: ")
    assert told["phones-list"].startswith("phones: ")
