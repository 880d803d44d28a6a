"""The list side of the inbox: views and the rows a person sees.

Every view is one partial index in the order it is shown, and pages by the last row's place, so that a page costs the
same however many conversations there are. What a person may not see is not listed (``visibility``).
"""

import enum
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple, TypeVarTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    union,
)
from sqlalchemy.orm import join

from grayscale.database import shared_alias
from grayscale.domain import visibility
from grayscale.domain.visibility import Reader, ReaderKind
from grayscale.extensions import db
from grayscale.models import (
    Candidate,
    Conversation,
    ConversationMember,
    Direction,
    Kind,
    Message,
    MessageState,
    Opportunity,
    Posting,
    User,
)
from grayscale.models.types import BigId
from grayscale.reading import Reading

Columns = TypeVarTuple("Columns")

PAGE = 40
# By so many rows, one more than a page, a statement asks for more than the next smaller one does.
STEP = PAGE + 1
SNIPPET = 140


@enum.unique
class View(enum.StrEnum):
    """The views of the list, in the order they are offered."""

    MINE = "mine"
    UNASSIGNED = "unassigned"
    ALL = "all"
    UNREAD = "unread"
    NEEDS_REPLY = "needs_reply"
    FAILED = "failed"
    ARCHIVED = "archived"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands in the list: what the next page begins after."""

    at: datetime
    id: int

    def __str__(self) -> str:
        return f"{self.at.isoformat()}~{self.id}"

    @classmethod
    def parse(cls, text: str | None) -> "Place | None":
        """From its string form; None for anything else."""
        at, _, row_id = (text or "").replace(" ", "+").partition("~")
        try:
            place = cls(datetime.fromisoformat(at).astimezone(UTC), int(row_id))
        except (ValueError, OverflowError):
            return None
        return place if 0 <= place.id < 2**63 else None


class Row(NamedTuple):
    """One line of the list. *peer* is the candidate's number in E.164; *by* says who spoke last, '' for them; *draft*
    is the reader's own."""

    id: int
    name: str
    peer: str
    at: datetime
    tick: int
    snippet: str
    by: str
    state: MessageState | None
    unread: bool
    needs_reply: bool
    failed: bool
    archived: bool
    assignee_id: int | None
    assignee: str
    posting: str
    confidential: bool
    draft: str

    @property
    def place(self) -> Place:
        return Place(self.at, self.id)


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of rows; *after* is where the next page begins, None at the end."""

    rows: list[Row]
    after: Place | None


# Aliases throughout: the conditions of ``visibility`` speak of the tables themselves.
_person = shared_alias(Candidate)
_tied = shared_alias(Opportunity)
_last = shared_alias(Message)
_author = shared_alias(User)
_assignee = shared_alias(User)
_mine = shared_alias(ConversationMember)


def with_mine(query: Select[*Columns], user: Reader) -> Select[*Columns]:
    """A query of ``Conversation`` joined with the reader's membership, if there is one."""
    return query.outerjoin(_mine, and_(_mine.conversation_id == Conversation.id, _mine.user_id == user.id))


def read_up_to() -> ColumnElement[int]:
    """Of a query ``with_mine``: every message up to this id is read."""
    return func.coalesce(_mine.read_up_to_id, 0)


def is_unread() -> ColumnElement[bool]:
    """Condition on a query ``with_mine``: something received is not read."""
    return and_(Conversation.last_inbound_id.is_not(None), Conversation.last_inbound_id > read_up_to())


def in_view(view: View, user: Reader) -> ColumnElement[bool]:
    """Condition on ``Conversation``: it belongs into *view* of *user*. Confidentiality is a condition of its own.

    What is unread is no one condition: see ``newest``.
    """
    is_open = Conversation.archived_at.is_(None)
    conditions = {
        View.MINE: lambda: and_(is_open, Conversation.assignee_id == user.id),
        View.UNASSIGNED: lambda: and_(is_open, Conversation.assignee_id.is_(None)),
        View.ALL: lambda: is_open,
        View.NEEDS_REPLY: lambda: and_(is_open, Conversation.needs_reply),
        # A failure is not put away with its conversation.
        View.FAILED: lambda: and_(Conversation.has_failure),
        View.ARCHIVED: lambda: Conversation.archived_at.is_not(None),
    }
    return conditions[view]()


def newest(view: View, user: Reader, narrowed: Callable[[Select[Any]], Select[Any]]) -> list[Select[Any]]:
    """The ids in *view*, each select in the order of the list; *narrowed* says who may see them, from where, how many.

    Unread concerns what is mine, what I follow, and what is nobody's and waits for an answer. Each of these follows an
    index of its own and stops when there are enough: together they would be gathered whole before they are counted.
    """
    if view is not View.UNREAD:
        return [narrowed(select(Conversation.id).where(in_view(view, user)))]
    base = with_mine(select(Conversation.id), user).where(Conversation.archived_at.is_(None), is_unread())
    followed = (
        select(Conversation.id)
        .select_from(_mine)
        .join(Conversation, Conversation.id == _mine.conversation_id)
        .where(_mine.user_id == user.id, _mine.follows, Conversation.archived_at.is_(None), is_unread())
    )
    return [
        narrowed(base.where(Conversation.assignee_id == user.id)),
        narrowed(base.where(Conversation.assignee_id.is_(None), Conversation.needs_reply)),
        narrowed(followed),
    ]


def together(parts: list[Select[Any]]) -> Subquery:
    """The ids of all parts, each once."""
    if len(parts) == 1:
        return parts[0].subquery()
    return union(*(select(part.subquery().c.id) for part in parts)).subquery()


def in_order(query: Select[Any]) -> Select[Any]:
    return query.order_by(Conversation.last_activity_at.desc(), Conversation.id.desc())


def concerns(user: Reader) -> ColumnElement[bool]:
    """Condition on a query ``with_mine``: unread may be shown to this person."""
    return or_(
        Conversation.assignee_id == user.id,
        and_(Conversation.assignee_id.is_(None), Conversation.needs_reply),
        _mine.follows,
    )


def page(
    user: User, view: View, *, after: Place | None = None, limit: int = PAGE, ids: Sequence[int] | None = None
) -> Listing:
    """Newest activity first. *ids* lists exactly these instead of a view."""
    reader = ReaderKind.of(user)
    most = (limit // STEP + 1) * STEP
    values = visibility.values(user) | {"ids": ids}
    if after is not None:
        values |= {"after_at": after.at, "after_id": after.id}
    if ids is None:
        found: Iterable[Any] = _view(reader, view, after is not None, most).rows(values)
    else:
        found = db.session.connection().execute(_page_query(reader, None, after is not None, most), values)
    rows = [_row(line, user) for line in found]
    more = len(rows) > limit
    rows = rows[:limit]
    return Listing(rows, rows[-1].place if more else None)


# Putting these statements together takes several times as long as running them, so each is made once. How many rows are
# wanted, in a few steps, stands in them as a number: of a value still to be given PostgreSQL expects the worst, and
# plans each time.


@lru_cache(maxsize=128)
def _view(reader: ReaderKind, view: View, is_continued: bool, most: int) -> Reading:
    return Reading(_page_query(reader, view, is_continued, most))


@lru_cache(maxsize=128)
def _page_query(reader: ReaderKind, view: View | None, is_continued: bool, most: int) -> Select[*tuple[Any, ...]]:
    """*most* rows of *view*, or of the ``ids``; *is_continued* after the place ``after_at``, ``after_id``."""
    at_most: Any = literal_column(str(most))

    def narrowed(query: Select[Any]) -> Select[Any]:
        query = query.where(visibility.conversations_for(reader))
        if is_continued:
            place = bindparam("after_at", type_=Conversation.last_activity_at.type), bindparam("after_id", type_=BigId)
            query = query.where(tuple_(Conversation.last_activity_at, Conversation.id) < tuple_(*place))
        return in_order(query).limit(at_most)

    rows = rows_query(reader)
    if view is None:
        return narrowed(rows.where(Conversation.id.in_(bindparam("ids", expanding=True))))
    if view is View.UNREAD:
        unread = together(newest(view, reader, narrowed))
        return in_order(rows_query(reader, among=unread)).limit(at_most)
    return narrowed(rows.where(in_view(view, reader)))


def rows_query(user: Reader, *, among: Subquery | None = None) -> Select[*tuple[Any, ...]]:
    """What a row shows, each by primary or unique key from the conversation; *among* are the ids of a few.

    Those few come first in the join: PostgreSQL looks no further than eight tables for what to begin with.
    """
    table: Any = Conversation
    if among is not None:
        table = join(among, Conversation, Conversation.id == among.c.id)
    rows: Select[*tuple[Any, ...]] = (
        select(
            Conversation.id,
            Conversation.peer,
            Conversation.last_activity_at,
            Conversation.changed_at_tick,
            Conversation.needs_reply,
            Conversation.has_failure,
            Conversation.archived_at,
            Conversation.assignee_id,
            _person.id.label("candidate_id"),
            _person.name,
            func.substr(_last.body, 1, SNIPPET).label("body"),
            _last.direction,
            _last.kind,
            _last.state,
            _last.author_id,
            _author.name.label("author"),
            _assignee.name.label("assignee"),
            Posting.title.label("posting"),
            _tied.confidential,
            and_(is_unread(), concerns(user)).label("unread"),
            func.substr(_mine.draft, 1, SNIPPET).label("draft"),
        )
        .select_from(table)
        .outerjoin(_person, _person.id == Conversation.candidate_id)
        .outerjoin(_last, _last.id == Conversation.last_message_id)
        .outerjoin(_author, _author.id == _last.author_id)
        .outerjoin(_assignee, _assignee.id == Conversation.assignee_id)
        .outerjoin(_tied, _tied.id == Conversation.opportunity_id)
        .outerjoin(Posting, Posting.lever_id == _tied.posting_lever_id)
    )
    return with_mine(rows, user)


def _row(line: Any, user: User) -> Row:
    # In the order of ``rows_query``: by name each column is looked up, forty times a page.
    (
        row_id, peer, at, tick, needs_reply, has_failure, archived_at, assignee_id, candidate_id, name, body,
        direction, kind, state, author_id, author, assignee, posting, confidential, unread, draft,
    ) = line  # fmt: skip
    return Row(
        row_id,
        (name or "").strip() or ("Unnamed candidate" if candidate_id else ""),
        peer,
        at,
        tick,
        " ".join((body or "").split()),
        "" if direction is not Direction.OUTBOUND else _speaker(kind, author_id, author, user),
        state,
        bool(unread),
        needs_reply,
        has_failure,
        archived_at is not None,
        assignee_id,
        assignee or "",
        posting or "",
        bool(confidential),
        " ".join((draft or "").split()),
    )


def _speaker(kind: Kind, author_id: int | None, author: str | None, user: User) -> str:
    if kind is Kind.AUTOMATED:
        return "Automated"
    if author_id == user.id:
        return "You"
    return author.split()[0] if author else "A colleague"


def first_view(user: User) -> View:
    """Where a person starts: their own conversations, or everybody's while they have none."""
    return View.MINE if _any_of_mine(ReaderKind.of(user)).rows(visibility.values(user)) else View.ALL


@lru_cache(maxsize=8)
def _any_of_mine(reader: ReaderKind) -> Reading:
    mine = select(Conversation.id).where(in_view(View.MINE, reader), visibility.conversations_for(reader))
    return Reading(mine.limit(1))
