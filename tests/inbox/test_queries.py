"""A page of the inbox costs the same few queries however much there is."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from sqlalchemy import event

from bench.inbox import data
from grayscale.database import transaction
from grayscale.domain import changes
from grayscale.extensions import db
from grayscale.models import User
from tests.page import Browser

# Pages, and how many SELECTs each may take at most. A conversation whose transcript is due takes three more.
BOUNDS = {
    "/inbox?view=all": 12,
    "/inbox?view=unread": 12,
    "/inbox?q=okafor": 12,
    "/inbox/21": 24,
    "/candidates": 12,
}


@pytest.fixture
def selects() -> Iterator[list[str]]:
    """The SELECTs run meanwhile."""
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            found.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield found
    event.remove(db.engine, "before_cursor_execute", note)


def taken(selects: list[str], ask: Callable[[], object]) -> int:
    ask()
    db.session.remove()
    selects.clear()
    ask()
    return len(selects)


@pytest.fixture
def recruiter(app: Any, sign_in: Callable[[User], Browser]) -> Browser:
    data.fill(app, 60, 5)
    return sign_in(db.session.scalars(db.select(User)).all()[1])


def test_each_page_takes_few_queries(recruiter: Browser, selects: list[str]) -> None:
    found = {path: taken(selects, partial(recruiter.get, path)) for path in BOUNDS}
    assert {path: count for path, count in found.items() if count > BOUNDS[path]} == {}


def test_an_unchanged_poll_is_answered_without_the_application(
    recruiter: Browser, selects: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/inbox/live?tick={changes.current_tick()}&c=21&viewers="
    monkeypatch.delattr(recruiter.app.__class__, "full_dispatch_request")
    selects.clear()
    assert recruiter.get(path, htmx=True).status == 204
    assert selects == []


def test_more_rows_take_no_more_queries(recruiter: Browser, selects: list[str]) -> None:
    all_of_them = taken(selects, lambda: recruiter.get("/inbox?view=all"))
    with transaction() as session:
        session.execute(db.text("UPDATE conversation SET archived_at = created_at WHERE id > 3"))
    assert taken(selects, lambda: recruiter.get("/inbox?view=all")) == all_of_them
