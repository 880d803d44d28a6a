"""No query of the inbox walks through a table that grows with data."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event
from sqlalchemy.dialects import sqlite

from bench.inbox import data
from grayscale import clock
from grayscale.domain import (
    candidates,
    inbox,
    inbox_counts,
    inbox_said,
    inbox_thread,
    presence,
    search,
    sessions,
    visibility,
)
from grayscale.domain.candidates import Filters
from grayscale.domain.inbox import Place, View
from grayscale.domain.interviews import listing as interviews
from grayscale.domain.slots import offers
from grayscale.domain.texting import gate
from grayscale.domain.transcripts import state as transcripts
from grayscale.extensions import db
from grayscale.models import Conversation, User
from tests.conftest import emptied

GROWS = (
    "conversation",
    "message",
    "candidate",
    "candidate_phone",
    "opportunity",
    "conversation_member",
    "message_event",
)
# A scan that follows an index and ends with the page it fills is no walk through the table.
WALK = re.compile(
    rf"^SCAN ({'|'.join(GROWS)})(_\d+)?(?= |$)(?! USING (COVERING )?INDEX)"
    rf"|Seq Scan on ({'|'.join(GROWS)})(?= |$)"
)


@pytest.fixture(scope="module")
def filled(request: pytest.FixtureRequest, shared_app: Flask) -> Iterator[None]:
    """Enough rows and statistics to choose a plan by; filled once, as these tests only read them."""
    with emptied(request, shared_app):
        data.fill(shared_app, 400, 5)
        yield


@pytest.fixture
def plans(filled: None) -> Iterator[list[str]]:
    """The plan of every SELECT run meanwhile.

    PostgreSQL reads a small table whole whatever its indexes. Told not to, it still does where no index serves.
    """
    lines: list[str] = []
    on_sqlite = db.engine.dialect.name == "sqlite"

    def explain(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if not statement.lstrip().upper().startswith(("SELECT", "WITH")):
            return
        if on_sqlite:
            found = [line[3] for line in cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()]
        else:
            cursor.execute("SET enable_seqscan = off")
            found = [line[0] for line in cursor.execute(f"EXPLAIN {statement}", parameters).fetchall()]
            cursor.execute("RESET enable_seqscan")
        lines.extend(f"{line}   <- {statement[:200]}" for line in found)

    event.listen(db.engine, "before_cursor_execute", explain)
    yield lines
    event.remove(db.engine, "before_cursor_execute", explain)


def test_no_query_of_the_inbox_scans(plans: list[str]) -> None:
    user = db.session.scalars(db.select(User)).all()[1]
    after = Place(clock.now() - timedelta(minutes=90), 30)
    for view in View:
        inbox.page(user, view)
        inbox.page(user, view, after=after)
    inbox_counts.counts(user)
    inbox.first_view(user)
    conversation = inbox_thread.get(21, user)
    inbox_thread.latest(conversation.id)
    inbox_thread.earlier(1, Place(clock.now(), 10**9))
    inbox_thread.replied_meanwhile(1, user, 5)
    presence.viewers(1, user)
    transcripts.of_conversation(1)
    profile = candidates.profile(conversation.candidate, user, conversation_id=conversation.id)
    candidates.sharing(conversation, user)
    interviews.agendas(each.opportunity for each in profile.candidacies)
    offers.shown(conversation, user)
    gate.check(conversation, at=clock.now(), by=user)
    token = sessions.hash_of(sessions.begin(user.id, label="Browser"))
    db.session.execute(presence.GLANCE, {"token_hash": token, "conversation_id": 1, "now": clock.now()})
    for query in ("forklift badge", "okafor mira", data.phone(7)):
        search.find(user, query)
        candidates.page(user, Filters(words=query))
    for filters in (
        Filters(),
        Filters(posting="p3"),
        Filters(owner="u3"),
        Filters(state="active"),
        Filters(textable=True),
    ):
        candidates.page(user, filters)
    walks = sorted({line for line in plans if WALK.search(line)})
    assert len(plans) > 100
    assert walks == []


def test_every_view_follows_its_own_index(plans: list[str]) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL chooses by statistics; the bench measures it")
    user = db.session.scalars(db.select(User)).all()[1]
    indexes = {
        View.ALL: "open",
        View.ARCHIVED: "archived",
        View.MINE: "assignee",
        View.FAILED: "failed",
        View.NEEDS_REPLY: "needs_reply",
    }
    for view, index in indexes.items():
        plans.clear()
        inbox.page(user, view)
        assert any(
            f"conversation USING INDEX ix_conversation_{index} " in f"{line} " or f"ix_conversation_{index}" in line
            for line in plans
        ), (view, plans[:6])
        assert not any("USE TEMP B-TREE FOR ORDER BY" in line for line in plans), view


@pytest.mark.parametrize(
    ("asks", "index"),
    [
        (lambda talk, _user: inbox_said.waiting(talk.id), "ix_message_waiting"),
        (candidates.sharing, "ix_candidate_phone_e164"),
    ],
    ids=["what waits in a thread", "who shares a number"],
)
def test_a_conversation_is_not_opened_by_reading_everything(plans: list[str], asks: Any, index: str) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL chooses by statistics; the bench measures it")
    user = db.session.scalars(db.select(User)).all()[1]
    talk = inbox_thread.get(1, user)
    plans.clear()
    asks(talk, user)
    assert any(index in line for line in plans), plans
    assert not any(line.startswith("SCAN") for line in plans), plans


def test_no_statement_is_prepared_anew_for_each_reader() -> None:
    """SQLite does that where the pattern of a LIKE is itself a value: a millisecond for each statement."""
    seen = visibility.conversations_for(visibility.ReaderKind(is_super_admin=False, is_in_lever=True))
    words = str(db.select(Conversation.id).where(seen).compile(dialect=sqlite.dialect()))
    assert "LIKE" in words
    assert "LIKE ?" not in words
