"""Finding who: conversations and candidates by name, phone number and posting, at a cost that has a bound.

A word may stand in one name or in every posting's title. Of words that few people match those who match all of them
are gathered, and the other words are asked of these. Where every word is common, people are gone through in the order
they are listed in until there are enough, and conversations no further than ``RECENT``. How many match in which way is
counted first, and a way in which nobody does is not asked about.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, any_, false, func, intersect, or_, select, union

from grayscale.database import finds
from grayscale.domain import visibility
from grayscale.domain.company import company
from grayscale.domain.search_words import Terms, begins, matching
from grayscale.domain.texting import phones
from grayscale.extensions import db
from grayscale.models import Candidate, CandidatePhone, Conversation, Opportunity, Posting, User

# So many people are gathered at the most to be asked for the other words: where the newest of them are wanted, and
# where all of them are, by name.
FEW = 5_000
FEW_BY_NAME = 20_000
# So many conversations, open and archived each, are gone through where all words are common.
RECENT = 10_000


class _Way(enum.Enum):
    """How a person can match."""

    NAME = enum.auto()
    POSTING = enum.auto()
    PHONE = enum.auto()
    # The number of a conversation, also one that no candidate has.
    PEER = enum.auto()


@dataclass(frozen=True, slots=True)
class _Asked:
    """One thing every person found must match in any of *ways*: *word* in a name or a posting, or one of *numbers*."""

    word: str
    numbers: tuple[str, ...]
    ways: tuple[_Way, ...]


@dataclass(frozen=True, slots=True)
class Talks:
    """Ids of conversations. *is_all* is false where older ones may match as well."""

    ids: list[int]
    is_all: bool


def conversations(user: User, terms: Terms, most: int) -> Talks:
    """Conversations *user* may see with people who match everything asked, those of *most* latest activity."""
    asked = _asked(terms)
    leading, rest = _leading(asked, FEW)
    if leading:
        theirs = select(Conversation.id).where(Conversation.candidate_id.in_(_candidates(user, leading)))
        ids = union(theirs, _peers(leading[0])) if _Way.PEER in leading[0].ways else theirs
        among = _among(Conversation.id, select(ids.subquery().c.id))
        return Talks([found for found, _ in _latest(user, rest, most, among)], is_all=True)
    ids_found: list[int] = []
    is_all = True
    # Of those archived none is wanted that is older than all the open ones there is room for.
    not_before: datetime | None = None
    for part in (Conversation.archived_at.is_(None), Conversation.archived_at.is_not(None)):
        newest = select(Conversation.last_activity_at).where(part).order_by(Conversation.last_activity_at.desc())
        since = db.session.scalar(newest.offset(RECENT).limit(1))
        recent = [] if since is None else [Conversation.last_activity_at > since]
        recent += [] if not_before is None else [Conversation.last_activity_at >= not_before]
        latest = _latest(user, rest, most, part, *recent)
        ids_found += [found for found, _ in latest]
        is_all = is_all and (since is None or len(latest) == most)
        not_before = latest[-1][1] if len(latest) == most else None
    return Talks(ids_found, is_all)


def _latest(
    user: User, asked: Sequence[_Asked], most: int, *conditions: ColumnElement[bool]
) -> list[tuple[int, datetime]]:
    """Their ids, and when something last happened in each."""
    query = select(Conversation.id, Conversation.last_activity_at)
    query = query.where(visibility.conversations_for(user), *conditions)
    for each in asked:
        ways = [_is_person(user, each, Conversation.candidate_id)]
        if _Way.PEER in each.ways:
            ways.append(Conversation.id.in_(_peers(each)))
        query = query.where(or_(*ways))
    query = query.order_by(Conversation.last_activity_at.desc(), Conversation.id.desc())
    return [(found, at) for found, at in db.session.execute(query.limit(most))]


def candidates(user: User, terms: Terms) -> list[ColumnElement[bool]]:
    """Conditions on ``Candidate``: they match everything asked.

    Postings count as far as *user* may see who is in them; which of the people they may see is the caller's condition.
    """
    leading, rest = _leading(_asked(terms), FEW_BY_NAME)
    conditions = [_is_person(user, each, Candidate.id) for each in rest]
    if leading:
        conditions.insert(0, _among(Candidate.id, _candidates(user, leading)))
    return conditions


def _asked(terms: Terms) -> list[_Asked]:
    if terms.digits is None:
        by_word = (_Way.NAME, _Way.POSTING)
        return [
            _Asked(word, (word,), (*by_word, _Way.PHONE, _Way.PEER)) if word.isdigit() else _Asked(word, (), by_word)
            for word in terms.words
        ]
    # As typed, without a trunk zero, and as the company's region writes it internationally.
    typed = terms.digits
    notations = {typed: None, typed.lstrip("0") or typed: None, _international(typed): None}
    return [_Asked("", tuple(notations), (_Way.PHONE, _Way.PEER))]


def _international(digits: str) -> str:
    """The same number with its country code, read in the company's own region; as it is where that cannot be told."""
    parsed = phones.parse(digits, company().region).e164
    return parsed.lstrip("+") if parsed else digits


def _leading(asked: Sequence[_Asked], few: int) -> tuple[list[_Asked], list[_Asked]]:
    """What at most *few* people match in each way, and the rest; ways in which nobody does are taken out of both.

    Something that may be the number of a conversation leads alone, and only where the fewest match it.
    """
    pairs = [(each, way) for each in asked for way in each.ways]
    sizes = db.session.execute(select(*(_size(each, way, few + 1) for each, way in pairs))).one()
    found: list[tuple[int, _Asked]] = []
    for each in asked:
        counted = [(way, size) for (one, way), size in zip(pairs, sizes, strict=True) if one is each and size]
        found.append((sum(size for _, size in counted), replace(each, ways=tuple(way for way, _ in counted))))
    found.sort(key=lambda one: one[0])
    leading = [each for size, each in found if size <= few]
    if leading and _Way.PEER in leading[0].ways:
        leading = leading[:1]
    leading = [each for each in leading if each is leading[0] or _Way.PEER not in each.ways]
    return leading, [each for _, each in found if each not in leading]


def _size(asked: _Asked, way: _Way, most: int) -> ColumnElement[int]:
    """How many rows are to be gathered, up to *most*."""
    match way:
        case _Way.NAME:
            rows = _named(asked)
        case _Way.POSTING:
            rows = select(Opportunity.id).where(_in_posting(asked))
        case _Way.PHONE:
            rows = _phones(asked)
        case _Way.PEER:
            rows = _peers(asked)
    return select(func.count()).select_from(rows.limit(most).subquery()).scalar_subquery()


def _candidates(user: User, leading: Sequence[_Asked]) -> CompoundSelect[Any] | Select[Any]:
    """Ids of all who match everything of *leading*."""
    sets = [_who(user, each) for each in leading]
    return sets[0] if len(sets) == 1 else intersect(*(select(each.subquery().c.id) for each in sets))


def _who(user: User, asked: _Asked) -> CompoundSelect[Any] | Select[Any]:
    ways: list[Select[Any]] = []
    if _Way.NAME in asked.ways:
        ways.append(_named(asked))
    if _Way.POSTING in asked.ways:
        seen = visibility.opportunities_for(user)
        ways.append(select(Opportunity.candidate_id.label("id")).where(_in_posting(asked), seen))
    if _Way.PHONE in asked.ways:
        ways.append(select(CandidatePhone.candidate_id.label("id")).where(CandidatePhone.id.in_(_phones(asked))))
    if not ways:
        ways.append(select(Candidate.id).where(false()))
    return union(*ways) if len(ways) > 1 else ways[0]


def _is_person(user: User, asked: _Asked, candidate_id: Any) -> ColumnElement[bool]:
    """Condition on a row with *candidate_id*: that person matches. Asked of one row after another."""
    ways: list[ColumnElement[bool]] = []
    if _Way.NAME in asked.ways:
        ways.append(candidate_id.in_(_named(asked)))
    if _Way.POSTING in asked.ways:
        seen = visibility.opportunities_for(user)
        ways.append(finds(Opportunity, Opportunity.candidate_id == candidate_id, _in_posting(asked), seen))
    if _Way.PHONE in asked.ways:
        ways.append(finds(CandidatePhone, CandidatePhone.candidate_id == candidate_id, _has_number(asked)))
    return or_(false(), *ways)


def _named(asked: _Asked) -> Select[Any]:
    return matching("candidate_search", Candidate, Candidate.name, [asked.word])


def _in_posting(asked: _Asked) -> ColumnElement[bool]:
    titled = matching("posting_search", Posting, Posting.title, [asked.word])
    postings = select(Posting.lever_id).where(Posting.id.in_(titled))
    return _among(Opportunity.posting_lever_id, postings)


def _among(what: Any, ids: Select[Any] | CompoundSelect[Any]) -> ColumnElement[bool]:
    """Condition: *what* is one of *ids*, which are found first and once; PostgreSQL might do it for each row."""
    if db.engine.dialect.name == "postgresql":
        return what == any_(func.array(ids.scalar_subquery()))  # type: ignore[no-any-return]
    return what.in_(ids)  # type: ignore[no-any-return]


def _has_number(asked: _Asked) -> ColumnElement[bool]:
    if db.engine.dialect.name == "postgresql":
        return begins("search_digits", CandidatePhone.e164, asked.numbers)
    return CandidatePhone.id.in_(_phones(asked))


def _phones(asked: _Asked) -> Select[Any]:
    return matching("phone_search", CandidatePhone, CandidatePhone.e164, asked.numbers, kind="digits")


def _peers(asked: _Asked) -> Select[Any]:
    return matching("peer_search", Conversation, Conversation.peer, asked.numbers, kind="digits")
