"""Finding conversations and candidates by name, phone number in any notation, posting, and words of messages.

SQLite keeps FTS5 tables (``*_search``), PostgreSQL expression indexes; both hold the whole history and match the
beginnings of words, accents aside. What a person may not see is not searched.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Select,
    all_,
    cast,
    column,
    func,
    literal,
    select,
    table,
    text,
    true,
)
from sqlalchemy import Row as Line
from sqlalchemy.dialects.postgresql import array

from grayscale.database import transaction
from grayscale.domain import inbox, search_people, visibility
from grayscale.domain.inbox import Row
from grayscale.domain.search_words import Terms, fold, parse
from grayscale.extensions import db
from grayscale.models import Conversation, Direction, Message, User

PEOPLE = 20
HITS = 30
# How many messages that match are looked at before the rest is left to more words.
WIDEST = 400
# So many words are looked up in messages; the others are looked for in what these bring. Each costs as much as it is
# common, and words like "the" stand in every third message.
LOOKED_UP = 4
# So many of the newest messages PostgreSQL reads before it asks its index.
READ = 20_000
EXCERPT = 120
FTS_TABLES = ("message_search", "candidate_search", "posting_search", "phone_search", "peer_search")


@dataclass(frozen=True, slots=True)
class Hit:
    """The newest message of a conversation that holds all the words. *parts* are text and whether it matched."""

    row: Row
    message_id: int
    at: datetime
    parts: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """*people*: conversations by who they are with; *hits*: by what was said; *before* pages on through the hits.

    *is_all* is false where people of older conversations may match as well.
    """

    people: list[Row]
    hits: list[Hit]
    before: int | None
    is_all: bool = True

    def __bool__(self) -> bool:
        return bool(self.people or self.hits or self.before)


def find(user: User, query: str, *, before: int | None = None) -> Found:
    """Conversations this person may see that match, newest first; *before* is a message id to page on from."""
    terms = parse(query)
    if not terms:
        return Found([], [], None)
    people, is_all = ([], True) if before else _people(user, terms)
    hits, more = _hits(user, terms, before) if terms.words else ([], None)
    return Found(people, hits, more, is_all)


def _people(user: User, terms: Terms) -> tuple[list[Row], bool]:
    found = search_people.conversations(user, terms, PEOPLE)
    rows = inbox.page(user, inbox.View.ALL, ids=found.ids, limit=PEOPLE).rows if found.ids else []
    return rows, found.is_all or len(rows) == PEOPLE


def _hits(user: User, terms: Terms, before: int | None) -> tuple[list[Hit], int | None]:
    words = sorted(terms.words, key=len, reverse=True)
    find_lines = _lines_on_sqlite if db.engine.dialect.name == "sqlite" else _lines_on_postgresql
    query: Select[*tuple[Any, ...]] = (
        select(Message.id, Message.conversation_id, Message.body, Message.occurred_at)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(Message.direction != Direction.INTERNAL, visibility.conversations_for(user))
        .limit(WIDEST)
    )
    lines, is_all = find_lines(query, words, before)
    last = None if is_all else lines[-1].id
    newest: dict[int, Any] = {}
    for at, line in enumerate(lines):
        if line.conversation_id in newest or not _begin_words(words[LOOKED_UP:], line.body):
            continue
        if len(newest) == HITS:
            last = lines[at - 1].id
            break
        newest[line.conversation_id] = line
    listed = inbox.page(user, inbox.View.ALL, ids=list(newest), limit=HITS).rows if newest else []
    rows = {row.id: row for row in listed}
    hits = [
        Hit(rows[line.conversation_id], line.id, line.occurred_at, tuple(excerpt(line.body, terms.words)))
        for line in newest.values()
        if line.conversation_id in rows
    ]
    return hits, last


def _lines_on_sqlite(
    query: Select[*tuple[Any, ...]], words: Sequence[str], before: int | None
) -> tuple[Sequence[Line[Any]], bool]:
    """The newest lines of *query* with all *words* that are looked up, of messages before *before*; whether that is all
    there are."""
    fts = table("message_search", column("rowid"), column("words"))
    said = " ".join(f'"{word}"*' for word in words[:LOOKED_UP])
    holds = text("message_search MATCH :message_q").bindparams(message_q=said)
    query = query.join(fts, fts.c.rowid == Message.id).where(holds).order_by(fts.c.rowid.desc())
    lines = db.session.execute(query if before is None else query.where(fts.c.rowid < before)).all()
    return lines, len(lines) < WIDEST


def _lines_on_postgresql(
    query: Select[*tuple[Any, ...]], words: Sequence[str], before: int | None
) -> tuple[Sequence[Line[Any]], bool]:
    """The same, or one line of each conversation where the newest messages have enough of them.

    The index brings all messages with the words before the newest are taken, so for common words these are read.
    """
    if before is not None:
        query = query.where(Message.id < before)
    top = before or (db.session.scalar(select(func.max(Message.id))) or 0) + 1
    since = top - READ - 1
    recent = _newest_of_each(query.where(Message.id > since), words, top)
    lines = db.session.execute(recent).all()
    if since <= 0 or len(lines) > HITS:
        return lines, len(lines) <= HITS
    # Not in the order of the key: along it every message would be taken apart until there are enough.
    held = query.where(_holds(words[:LOOKED_UP])).order_by((Message.id + 0).desc())
    lines = db.session.execute(held).all()
    return lines, len(lines) < WIDEST


def _newest_of_each(
    query: Select[*tuple[Any, ...]], words: Sequence[str], before: int
) -> Select[*tuple[Any, ...]]:
    """Of *query* the newest line with all *words* of as many conversations as are shown, and one more.

    From each that is found on to the next, past the conversations there are already: what they hold beside is not taken
    apart, which costs twenty times as much as seeing that a message cannot hold a word.
    """
    top = literal(before, BigInteger).label("id")
    found = select(top, cast(array([]), ARRAY(BigInteger)).label("talks")).cte("found", recursive=True)
    may_hold = [Message.body.collate("C").regexp_match(_may_begin(word)) for word in words]
    following = (
        query.with_only_columns(Message.id, Message.conversation_id)
        .where(Message.id < found.c.id, Message.conversation_id != all_(found.c.talks))
        # As a truth value, which no index is asked about.
        .where(*may_hold, _holds(words).is_(True))
        .order_by(Message.id.desc())
        .limit(1)
        .lateral()
    )
    talks = func.array_append(found.c.talks, following.c.conversation_id)
    more = select(following.c.id, talks).select_from(found.join(following, true()))
    found = found.union_all(more.where(func.cardinality(found.c.talks) <= HITS))
    lines = select(Message.id, Message.conversation_id, Message.body, Message.occurred_at)
    return lines.where(Message.id.in_(select(found.c.id)), Message.id != top).order_by(Message.id.desc())


def _holds(words: Sequence[str]) -> ColumnElement[bool]:
    said = " & ".join(f"'{word}':*" for word in words)
    return func.search_words(Message.body).bool_op("@@")(func.to_tsquery(text("'simple'"), said))


def _may_begin(word: str) -> str:
    """A pattern in every text with the folded *word*: of each letter either case, or one that is no plain letter."""
    other = r"\u0080-\U0010FFFF"
    return "".join(f"[{letter}{letter.upper()}{other}]" if letter.isascii() else f"[{other}]" for letter in word)


def _begin_words(beginnings: Sequence[str], body: str) -> bool:
    """Whether each of *beginnings* begins a word of *body*."""
    words = [fold(word) for word in re.findall(r"[^\W_]+", body)] if beginnings else []
    return all(any(word.startswith(beginning) for word in words) for beginning in beginnings)


def excerpt(body: str, words: tuple[str, ...]) -> list[tuple[str, bool]]:
    """A stretch of *body* around the first match, cut into pieces that matched and pieces that did not."""
    body = " ".join(body.split())
    pattern = re.compile(r"\w+")
    matches = [m.span() for m in pattern.finditer(body) if fold(m.group()).startswith(words)]
    start = max(0, (matches[0][0] if matches else 0) - EXCERPT // 3)
    end = min(len(body), start + EXCERPT)
    parts: list[tuple[str, bool]] = [("…", False)] if start else []
    at = start
    for left, right in matches:
        if left < start or right > end:
            continue
        parts += [(body[at:left], False), (body[left:right], True)]
        at = right
    parts.append((body[at:end] + ("…" if end < len(body) else ""), False))
    return [part for part in parts if part[0]]


def forget_deleted(pages: int = 200) -> bool:
    """Take the words of deleted rows out of SQLite's index files, *pages* of work a table at the most.

    An index of older SQLite versions (before 3.42, which knows ``secure-delete``) only marks words as deleted until
    its parts are merged. Answers whether there may be more to do; called by the erasure and by housekeeping.
    """
    if db.engine.dialect.name != "sqlite":
        return False
    more = False
    with transaction() as session:
        for name in FTS_TABLES:
            before = session.scalar(text("SELECT total_changes()"))
            session.execute(text(f"INSERT INTO {name} ({name}, rank) VALUES ('merge', {-int(pages)})"))  # noqa: S608 - own names
            after = session.scalar(text("SELECT total_changes()"))
            more = more or (after or 0) - (before or 0) >= 2
    return more
