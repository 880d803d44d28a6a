"""Finding conversations and candidates by name, phone number in any notation, posting, and words of messages.

SQLite keeps FTS5 tables (``*_search``), PostgreSQL expression indexes; both hold the whole history and match the
beginnings of words, accents aside. What a person may not see is not searched.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    bindparam,
    column,
    func,
    intersect,
    literal_column,
    select,
    table,
    text,
    union,
)

from grayscale.database import transaction
from grayscale.domain import inbox, visibility
from grayscale.domain.company import company
from grayscale.domain.inbox import Row
from grayscale.domain.texting import phones
from grayscale.extensions import db
from grayscale.models import (
    Candidate,
    CandidatePhone,
    Conversation,
    Direction,
    Message,
    Opportunity,
    Posting,
    User,
)

PEOPLE = 20
HITS = 30
# How many matches of one kind are looked at before the rest is left to more words.
WIDEST = 400
SHORTEST_WORD = 2
MOST_WORDS = 8
EXCERPT = 120
FTS_TABLES = ("message_search", "candidate_search", "posting_search", "phone_search", "peer_search")

_NOT_FOLDED = str.maketrans("đĐłŁıøØ", "ddllioo")


@dataclass(frozen=True, slots=True)
class Terms:
    """What was asked: words to begin with, and the digits if it looks like a phone number."""

    words: tuple[str, ...]
    digits: str | None

    def __bool__(self) -> bool:
        return bool(self.words or self.digits)


@dataclass(frozen=True, slots=True)
class Hit:
    """The newest message of a conversation that holds all the words. *parts* are text and whether it matched."""

    row: Row
    message_id: int
    at: datetime
    parts: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """*people*: conversations by who they are with; *hits*: by what was said; *before* pages on through the hits."""

    people: list[Row]
    hits: list[Hit]
    before: int | None

    def __bool__(self) -> bool:
        return bool(self.people or self.hits)


def fold(words: str) -> str:
    """Lower case without accents, as both indexes keep words."""
    plain = unicodedata.normalize("NFKD", words.translate(_NOT_FOLDED))
    return "".join(char for char in plain if not unicodedata.combining(char)).lower()


def parse(query: str) -> Terms:
    """Read what a person typed."""
    query = query.strip()[:200]
    digits = None
    if re.fullmatch(r"[\d\s()+./\-–]*", query):
        digits = re.sub(r"\D", "", query)
        digits = digits if len(digits) >= 3 else None
    words = tuple(word for word in re.findall(r"\w+", fold(query)) if len(word) >= SHORTEST_WORD)[:MOST_WORDS]
    return Terms(words, digits)


def find(user: User, query: str, *, before: int | None = None) -> Found:
    """Conversations this person may see that match, newest first; *before* is a message id to page on from."""
    terms = parse(query)
    if not terms:
        return Found([], [], None)
    people = [] if before else _people(user, terms)
    hits, more = _hits(user, terms, before) if terms.words else ([], None)
    return Found(people, hits, more)


def _people(user: User, terms: Terms) -> list[Row]:
    ids = list(db.session.scalars(conversation_ids(user, terms).order_by(literal_column("1").desc()).limit(WIDEST)))
    return inbox.page(user, inbox.View.ALL, ids=ids, limit=PEOPLE).rows if ids else []


def conversation_ids(user: User, terms: Terms) -> Select[Any] | CompoundSelect[Any]:
    """Ids of conversations with people who match every word by name, posting or number."""
    candidates = candidate_ids(user, terms).subquery()
    with_them = select(Conversation.id).where(Conversation.candidate_id.in_(select(candidates.c.id)))
    digits = terms.digits or (terms.words[0] if len(terms.words) == 1 and terms.words[0].isdigit() else None)
    if digits is None:
        return with_them
    return union(with_them, select(_ids("peer_search", Conversation, Conversation.peer, [digits], "digits")))


def candidate_ids(user: User, terms: Terms) -> CompoundSelect[Any]:
    """Ids of candidates who match every word by name, posting or number; a column named ``id``.

    Postings count as far as *user* may see who is in them; which of the people they may see is the caller's condition.
    """
    if terms.digits is not None:
        # As typed, without a trunk zero, and as the company's region writes it internationally.
        notations = {terms.digits, terms.digits.lstrip("0") or terms.digits, _international(terms.digits)}
        return union(*(_by_phone(digits) for digits in sorted(notations)), _by_phone(terms.digits))
    return intersect(*(select(_by_word(user, word).subquery().c.id) for word in terms.words))


def _by_word(user: User, word: str) -> CompoundSelect[Any]:
    name = select(_ids("candidate_search", Candidate, Candidate.name, [word]))
    titled = select(_ids("posting_search", Posting, Posting.title, [word]))
    postings = select(Posting.lever_id).where(Posting.id.in_(titled))
    by_posting = select(Opportunity.candidate_id.label("id")).where(
        Opportunity.posting_lever_id.in_(postings), visibility.opportunities_for(user)
    )
    ways = [name, by_posting]
    if word.isdigit():
        ways.append(_by_phone(word))
    return union(*ways)


def _by_phone(digits: str) -> Select[Any]:
    numbers = select(_ids("phone_search", CandidatePhone, CandidatePhone.e164, [digits], "digits"))
    return select(CandidatePhone.candidate_id.label("id")).where(CandidatePhone.id.in_(numbers))


def _international(digits: str) -> str:
    """The same number with its country code, read in the company's own region; as it is where that cannot be told."""
    parsed = phones.parse(digits, company().region).e164
    return parsed.lstrip("+") if parsed else digits


def _ids(search: str, model: Any, words: Any, terms: list[str], kind: str = "words") -> ColumnElement[Any]:
    """A column of row ids of *model* whose indexed words begin with each of *terms*; to be selected from."""
    if db.engine.dialect.name == "sqlite":
        fts = table(search, column("rowid"), column("words"))
        match = text(f"{search} MATCH :{search}_q").bindparams(bindparam(f"{search}_q", _fts(terms), unique=True))
        inner = select(fts.c.rowid.label("id")).select_from(fts).where(match)
    else:
        function = func.search_digits if kind == "digits" else func.search_words
        query = func.to_tsquery(text("'simple'"), _tsquery(terms))
        inner = select(model.id.label("id")).where(function(words).op("@@")(query))
    return inner.subquery().c.id


def _fts(terms: list[str]) -> str:
    return " ".join(f'"{term}"*' for term in terms)


def _tsquery(terms: list[str]) -> str:
    return " & ".join(f"'{term}':*" for term in terms)


def _hits(user: User, terms: Terms, before: int | None) -> tuple[list[Hit], int | None]:
    query = (
        select(Message.id, Message.conversation_id, Message.body, Message.occurred_at)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(Message.direction != Direction.INTERNAL, visibility.conversations_for(user))
        .limit(WIDEST)
    )
    words = list(terms.words)
    if db.engine.dialect.name == "sqlite":
        fts = table("message_search", column("rowid"), column("words"))
        matching = text("message_search MATCH :message_q").bindparams(message_q=_fts(words))
        query = query.join(fts, fts.c.rowid == Message.id).where(matching).order_by(fts.c.rowid.desc())
        if before is not None:
            query = query.where(fts.c.rowid < before)
    else:
        match = func.search_words(Message.body).op("@@")(func.to_tsquery(text("'simple'"), _tsquery(words)))
        query = query.where(match).order_by(Message.id.desc())
        if before is not None:
            query = query.where(Message.id < before)
    newest: dict[int, Any] = {}
    last = None
    for line in db.session.execute(query):
        if line.conversation_id not in newest and len(newest) == HITS:
            break
        newest.setdefault(line.conversation_id, line)
        last = line.id
    else:
        last = None
    listed = inbox.page(user, inbox.View.ALL, ids=list(newest), limit=HITS).rows if newest else []
    rows = {row.id: row for row in listed}
    hits = [
        Hit(rows[line.conversation_id], line.id, line.occurred_at, tuple(excerpt(line.body, terms.words)))
        for line in newest.values()
        if line.conversation_id in rows
    ]
    return hits, last


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
