"""Finding who: conversations and candidates by name, phone number and posting, at a cost that has a bound.

A word may stand in one name or in every posting's title. Of a word that few people match all of them are gathered, and
the other words are asked of these. Where every word is common, people are gone through in the order they are listed in
until there are enough, and conversations no further than ``RECENT``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, any_, func, or_, select, union

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


@dataclass(frozen=True, slots=True)
class _Asked:
    """One thing every person found must match: *word* in their name or a posting of theirs, or one of *numbers*."""

    word: str | None
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Talks:
    """Ids of conversations. *is_all* is false where older ones may match as well."""

    ids: list[int]
    is_all: bool


def conversations(user: User, terms: Terms, most: int) -> Talks:
    """Conversations *user* may see with people who match everything asked, those of *most* latest activity."""
    asked = _asked(terms)
    leading = _leading(asked, FEW)
    if leading is not None:
        theirs = select(Conversation.id).where(Conversation.candidate_id.in_(_candidates(user, leading)))
        ids = union(theirs, _peers(leading)) if leading.numbers else theirs
        among = _among(Conversation.id, select(ids.subquery().c.id))
        rest = [each for each in asked if each is not leading]
        return Talks(_latest(user, rest, most, among), is_all=True)
    found: list[int] = []
    is_all = True
    for part in (Conversation.archived_at.is_(None), Conversation.archived_at.is_not(None)):
        newest = select(Conversation.last_activity_at).where(part).order_by(Conversation.last_activity_at.desc())
        since = db.session.scalar(newest.offset(RECENT).limit(1))
        recent = [] if since is None else [Conversation.last_activity_at > since]
        ids_found = _latest(user, asked, most, part, *recent)
        found += ids_found
        is_all = is_all and (since is None or len(ids_found) == most)
    return Talks(found, is_all)


def _latest(user: User, asked: Sequence[_Asked], most: int, *conditions: ColumnElement[bool]) -> list[int]:
    query = select(Conversation.id).where(visibility.conversations_for(user), *conditions)
    for each in asked:
        ways = [_is_person(user, each, Conversation.candidate_id)]
        if each.numbers:
            ways.append(Conversation.id.in_(_peers(each)))
        query = query.where(or_(*ways))
    query = query.order_by(Conversation.last_activity_at.desc(), Conversation.id.desc())
    return list(db.session.scalars(query.limit(most)))


def candidates(user: User, terms: Terms) -> list[ColumnElement[bool]]:
    """Conditions on ``Candidate``: they match everything asked.

    Postings count as far as *user* may see who is in them; which of the people they may see is the caller's condition.
    """
    asked = _asked(terms)
    leading = _leading(asked, FEW_BY_NAME)
    conditions = [_is_person(user, each, Candidate.id) for each in asked if each is not leading]
    if leading is not None:
        conditions.insert(0, _among(Candidate.id, _candidates(user, leading)))
    return conditions


def _asked(terms: Terms) -> list[_Asked]:
    if terms.digits is None:
        return [_Asked(word, (word,) if word.isdigit() else ()) for word in terms.words]
    # As typed, without a trunk zero, and as the company's region writes it internationally.
    typed = terms.digits
    notations = {typed: None, typed.lstrip("0") or typed: None, _international(typed): None}
    return [_Asked(None, tuple(notations))]


def _international(digits: str) -> str:
    """The same number with its country code, read in the company's own region; as it is where that cannot be told."""
    parsed = phones.parse(digits, company().region).e164
    return parsed.lstrip("+") if parsed else digits


def _leading(asked: Sequence[_Asked], few: int) -> _Asked | None:
    """What the fewest people match, unless more than *few* do in any one way."""
    sizes = db.session.execute(select(*(_size(each, few + 1) for each in asked))).one()
    size, leading = min(zip(sizes, asked, strict=True), key=lambda one: one[0])
    return leading if size <= few else None


def _size(asked: _Asked, most: int) -> ColumnElement[int]:
    """How many rows are to be gathered, each way up to *most* of them."""
    ways: list[Select[Any]] = []
    if asked.word is not None:
        ways += [_named(asked.word), select(Opportunity.id).where(_in_posting(asked.word))]
    if asked.numbers:
        ways += [_phones(asked), _peers(asked)]
    total: Any = 0
    for way in ways:
        total += select(func.count()).select_from(way.limit(most).subquery()).scalar_subquery()
    return total  # type: ignore[no-any-return]


def _candidates(user: User, asked: _Asked) -> CompoundSelect[Any] | Select[Any]:
    """Ids of all who match."""
    ways: list[Select[Any]] = []
    if asked.word is not None:
        seen = visibility.opportunities_for(user)
        ways += [_named(asked.word), select(Opportunity.candidate_id).where(_in_posting(asked.word), seen)]
    if asked.numbers:
        ways.append(select(CandidatePhone.candidate_id).where(CandidatePhone.id.in_(_phones(asked))))
    return union(*ways) if len(ways) > 1 else ways[0]


def _is_person(user: User, asked: _Asked, candidate_id: Any) -> ColumnElement[bool]:
    """Condition on a row with *candidate_id*: that person matches. Asked of one row after another."""
    ways: list[ColumnElement[bool]] = []
    if asked.word is not None:
        seen = visibility.opportunities_for(user)
        applied = Opportunity.candidate_id == candidate_id
        ways += [finds(Opportunity, applied, _in_posting(asked.word), seen), candidate_id.in_(_named(asked.word))]
    if asked.numbers:
        theirs = CandidatePhone.candidate_id == candidate_id
        ways.append(finds(CandidatePhone, theirs, _has_number(asked)))
    return or_(*ways)


def _named(word: str) -> Select[Any]:
    return matching("candidate_search", Candidate, Candidate.name, [word])


def _in_posting(word: str) -> ColumnElement[bool]:
    titled = matching("posting_search", Posting, Posting.title, [word])
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
