"""Walking one list of Lever by its cursor: what to ask for, and where the answer goes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Table, bindparam, update

from grayscale import clock
from grayscale.clients.lever.client import LeverClient
from grayscale.clients.lever.fields import from_ms, to_ms
from grayscale.clients.lever.opportunity import DeletedOpportunity
from grayscale.domain.lever import mirror
from grayscale.domain.lever.mirror_rows import Prepared, prepare
from grayscale.domain.lever.windows import Span
from grayscale.extensions import db
from grayscale.models import SyncWindow, Via

Filters = dict[str, Any]
# First and last id of a page and how many rows it has; None when it has none.
Edges = tuple[str, str, int] | None

# Filters that a server applies to the pages it has cut leave many of them empty, yet not so many.
MOST_IDLE_PAGES = 1_000

_windows: Table = SyncWindow.__table__
_CHECKPOINT = (
    update(_windows)
    .where(_windows.c.id == bindparam("window"))
    .values({name: bindparam(name) for name in ("offset", "seen", "started_at", "filters", "done_at")})
)


@dataclass(slots=True)
class Walk:
    """A window being walked. *offset* is the page to fetch next; what is committed is in the row."""

    id: int
    resource: str
    priority: int
    span: Span
    filters: Filters
    offset: str | None = None
    seen: int = 0
    started_at: datetime | None = None
    done: bool = False
    # Of this process only.
    pages: int = 0
    restarts: int = 0
    is_fetching: bool = False
    is_unsaved: bool = False
    failed: bool = False
    # Asked without confidential rows, because with them it was refused.
    is_public: bool = False
    # Where the cursor was, the page it brought last, and how many in a row brought nothing else.
    offsets: set[str] = field(default_factory=set)
    last: Edges = None
    idle_pages: int = 0
    created: list[datetime] = field(default_factory=list)
    seen_ids: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, row: SyncWindow) -> Walk:
        return cls(
            id=row.id,
            resource=row.resource,
            priority=row.priority,
            span=Span(row.created_from, row.created_to),
            filters=dict(row.filters),
            offset=row.offset,
            seen=row.seen,
            started_at=row.started_at,
            done=row.done_at is not None,
        )

    @property
    def is_opportunities(self) -> bool:
        return self.resource in ("opportunities", "changes")

    def leads_nowhere(self, fetched: Fetched) -> bool:
        """Whether this cursor would be followed for ever: it came by here, or has long brought nothing new."""
        self.idle_pages = self.idle_pages + 1 if fetched.edges in (None, self.last) else 0
        self.last = fetched.edges
        token = fetched.next_offset
        if token is None:
            return False
        if token in self.offsets or self.idle_pages >= MOST_IDLE_PAGES:
            return True
        self.offsets.add(token)
        return False

    def begin_anew(self) -> None:
        """From the first page; what it brought stays."""
        self.offset, self.seen, self.pages, self.idle_pages, self.last = None, 0, 0, 0, None
        for seen in (self.seen_ids, self.offsets, self.created):
            seen.clear()

    def save(self) -> None:
        """The checkpoint, inside the transaction that holds the page's rows."""
        db.session.connection().execute(
            _CHECKPOINT,
            {
                "window": self.id,
                "offset": self.offset,
                "seen": self.seen,
                "started_at": self.started_at,
                "filters": self.filters,
                "done_at": clock.now() if self.done else None,
            },
        )
        self.is_unsaved = False


@dataclass(frozen=True, slots=True)
class Options:
    """What this server and key are known to take."""

    confidential: bool = True
    expand: bool = True


@dataclass(frozen=True, slots=True)
class Fetched:
    """One page. Opportunities come prepared; *outside* counts rows the filters should have kept out.

    *proves_confidential*: it shows a confidential row, which Lever gives to no key without the grant.
    """

    rows: Any
    count: int
    next_offset: str | None
    fetched_at: datetime
    oddities: tuple[str, ...] = ()
    outside: int = 0
    proves_confidential: bool = False
    edges: Edges = None


def fetch(client: LeverClient, walk: Walk, options: Options, via: Via) -> Fetched:
    """The walk's next page. Runs on a thread without a database."""
    fetched_at = clock.now()
    page = _LISTS[walk.resource](client, walk, options)
    rows: Any = page.data
    outside = 0
    proves = False
    if walk.is_opportunities:
        with client.parsing:
            rows = prepare(page.data, fetched_at, via)
            outside = _outside(rows, walk)
        proves = options.confidential and any(one.confidentiality == "confidential" for one in page.data)
    edges = (page.data[0].id, page.data[-1].id, len(page.data)) if page.data else None
    return Fetched(rows, len(page.data), page.next_offset, fetched_at, page.oddities, outside, proves, edges)


def apply(walk: Walk, fetched: Fetched) -> int:
    """Rows written of a small list."""
    if walk.resource == "users":
        return mirror.apply_users(fetched.rows, fetched.fetched_at)
    if walk.resource == "stages":
        return mirror.apply_stages(fetched.rows, fetched.fetched_at, first=walk.seen)
    if walk.resource == "archive_reasons":
        return mirror.apply_reasons(fetched.rows, fetched.fetched_at)
    return mirror.apply_postings(fetched.rows, fetched.fetched_at)


# Permission of clients.lever.permissions that each list needs.
PERMISSION = {
    "users": "list_users",
    "stages": "list_stages",
    "archive_reasons": "list_archive_reasons",
    "postings": "list_postings",
    "opportunities": "list_opportunities",
    "changes": "list_opportunities",
    "deleted": "list_opportunities",
    "interviews": "list_interviews",
}


def _moment(filters: Filters, name: str) -> datetime | None:
    return from_ms(filters[name]) if name in filters else None


def _everybody(options: Options) -> str | None:
    return "all" if options.confidential else None


def _opportunities(client: LeverClient, walk: Walk, options: Options) -> Any:
    return client.list_opportunities(
        created_at_start=walk.span.start,
        created_at_end=walk.span.end,
        updated_at_start=_moment(walk.filters, "updated_at_start"),
        archived=walk.filters.get("archived"),
        confidentiality=_everybody(options),
        expand=("applications",) if options.expand else None,
        offset=walk.offset,
    )


def _postings(client: LeverClient, walk: Walk, options: Options) -> Any:
    return client.list_postings(
        confidentiality=None if walk.is_public else _everybody(options),
        updated_at_start=_moment(walk.filters, "updated_at_start"),
        offset=walk.offset,
    )


def _deleted(client: LeverClient, walk: Walk, options: Options) -> Any:
    return client.list_deleted_opportunities(
        deleted_at_start=_moment(walk.filters, "deleted_at_start"),
        deleted_at_end=_moment(walk.filters, "deleted_at_end"),
        offset=walk.offset,
    )


_LISTS: dict[str, Callable[[LeverClient, Walk, Options], Any]] = {
    "users": lambda client, walk, _: client.list_users(include_deactivated=True, offset=walk.offset),
    "stages": lambda client, walk, _: client.list_stages(offset=walk.offset),
    "archive_reasons": lambda client, walk, _: client.list_archive_reasons(offset=walk.offset),
    "postings": _postings,
    "opportunities": _opportunities,
    "changes": _opportunities,
    "deleted": _deleted,
}


def _outside(prepared: Prepared, walk: Walk) -> int:
    archived = walk.filters.get("archived")
    updated = _moment(walk.filters, "updated_at_start")
    return sum(
        _is_outside(row["lever_created_at"], walk.span)
        or (archived is not None and (row["archived_at"] is not None) is not archived)
        or (updated is not None and row["lever_updated_at"] is not None and row["lever_updated_at"] < updated)
        for row in prepared.rows.values()
    )


def _is_outside(created_at: datetime | None, span: Span) -> bool:
    if created_at is None:
        return False
    # Filters are in whole milliseconds.
    before = span.start is not None and (span.start - created_at).total_seconds() > 0.001
    return before or (span.end is not None and (created_at - span.end).total_seconds() > 0.001)


def note_deleted(walk: Walk, rows: Iterable[DeletedOpportunity]) -> None:
    """Keep whom Lever lists as deleted with the walk: whoever goes on with it asks for those who are left."""
    walk.filters.setdefault("ids", []).extend(row.id for row in rows)
    told = {row.id: to_ms(row.deleted_at) for row in rows if row.deleted_at is not None}
    walk.filters.setdefault("deleted_at", {}).update(told)


def deletions(walk: Walk) -> dict[str, datetime | None]:
    """When those a walk knows to be gone were deleted, of whom Lever told it."""
    return {lever_id: from_ms(at) for lever_id, at in walk.filters.get("deleted_at", {}).items()}
