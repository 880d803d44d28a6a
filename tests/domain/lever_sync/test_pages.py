"""Pages that came at the same time are written together."""

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from grayscale.clients.lever.client import LeverClient
from grayscale.clients.lever.limits import RateLimiter
from grayscale.domain.lever import sync, sync_pages, sync_plan
from grayscale.domain.lever.mirror_rows import prepare
from grayscale.domain.lever.sync_walks import Fetched, Walk
from grayscale.extensions import db
from grayscale.models import Opportunity, SyncKind, SyncWindow, Via
from tests.domain.lever_sync.makers import at, opportunity

NOBODY = LeverClient("no-key", "http://127.0.0.1:9/v1", RateLimiter(1, 2, reserve=0))


def page(walk: Walk, lever_id: str) -> tuple[Walk, Fetched]:
    """One opportunity of *walk*, whose next page is named after it."""
    walk.offset, walk.seen = f"after-{lever_id}", walk.seen + 1
    rows = prepare([opportunity(id=lever_id, contact=f"of-{lever_id}")], at(1), Via.FULL)
    return walk, Fetched(rows, 1, walk.offset, at(1))


def stored() -> tuple[set[str], list[str | None]]:
    db.session.rollback()
    ids = set(db.session.scalars(select(Opportunity.lever_id)))
    return ids, list(db.session.scalars(select(SyncWindow.offset).order_by(SyncWindow.id)))


@pytest.fixture
def walks(app: Flask) -> list[Walk]:
    run = sync.request(kind=SyncKind.INITIAL)
    return [sync_plan.add(run.id, "opportunities", sync_plan.ACTIVE) for _ in range(2)]


def test_they_are_committed_with_where_their_walks_stand(walks: list[Walk]) -> None:
    first, second = walks
    pages = [page(first, "opp-1"), page(second, "opp-2"), page(first, "opp-3")]
    assert sync_pages.write(pages, SyncKind.INITIAL, Via.FULL, NOBODY) == [2, 2, 2]
    assert stored() == ({"opp-1", "opp-2", "opp-3"}, ["after-opp-3", "after-opp-2"])


def test_nothing_of_them_is_there_when_one_cannot_be_written(walks: list[Walk]) -> None:
    first, second = walks
    pages = [page(first, "opp-1"), page(second, "opp-2")]
    pages[1][1].rows.rows["opp-2"]["origin"] = None
    with pytest.raises(IntegrityError):
        sync_pages.write(pages, SyncKind.INITIAL, Via.FULL, NOBODY)
    assert stored() == (set(), [None, None])


def test_a_walk_is_saved_later_when_its_page_changed_nothing(walks: list[Walk]) -> None:
    first, second = walks
    sync_pages.write([page(first, "opp-1")], SyncKind.FULL, Via.FULL, NOBODY)
    pages = [page(first, "opp-1"), page(second, "opp-2")]
    assert sync_pages.write(pages, SyncKind.FULL, Via.FULL, NOBODY) == [0, 2]
    assert (first.is_unsaved, second.is_unsaved) == (True, False)
    second.done = True
    assert sync_pages.write([page(second, "opp-2")], SyncKind.FULL, Via.FULL, NOBODY) == [0]
    db.session.rollback()
    assert db.session.get_one(SyncWindow, second.id).done_at is not None
