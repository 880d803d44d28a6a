"""The windows of one run over all opportunities: the next one to walk, and what a walked one tells."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select

from grayscale.database import transaction
from grayscale.domain.lever import sync_plan, windows
from grayscale.domain.lever.mirror_rows import Row
from grayscale.domain.lever.sync_plan import EVERYTHING
from grayscale.domain.lever.sync_walks import Fetched, Options, Walk
from grayscale.domain.lever.windows import TOO_MANY_PAGES, Carver, Span, halves
from grayscale.extensions import db
from grayscale.models import Opportunity, SyncKind, SyncRun

# Windows that keep a share of the cursors idle, when there are no more.
FEW = 2
# Moments of a window's rows that tell well enough where half of them are older.
ENOUGH = 2_000
PRIORITIES = (sync_plan.ACTIVE, sync_plan.ARCHIVED)


class OpportunityWindows:
    """Two phases, active opportunities and the archive, each cut from now back to the beginning.

    A server that does not know the filters is walked with a single cursor: its windows would all be the whole list.
    """

    def __init__(self, run: SyncRun, walks: list[Walk]) -> None:
        self.run_id = run.id
        self.is_full = run.kind is SyncKind.FULL
        # No window is theirs: whether any showed them is known at the end.
        self._undated = _undated(run.started_at) if self.is_full else {}
        self.mirrored = sync_plan.mirrored() if self.is_full else None
        self.oldest: datetime | None = None
        mine = _mine(walks)
        self.is_plain = any("archived" not in walk.filters for walk in mine)
        self._carvers = [_carver(run.started_at, _phase(mine, number)) for number in range(len(PRIORITIES))]
        if self.is_full:
            for carver, filters in zip(self._carvers, sync_plan.PHASES, strict=True):
                # What a window showed is kept until it ends: the first ones need not be guesses, some of them huge.
                start = _newest_window(filters["archived"])
                if start is not None and start < run.started_at:
                    carver.held(Span(start, None), windows.TARGET)
            for walk in mine:
                # What it had seen is forgotten with the process, and is needed to tell what is gone.
                if not walk.done:
                    walk.offset, walk.seen = None, 0

    def next(self, walks: list[Walk]) -> Walk | None:
        """The next window, remembered before it is walked; None while nothing can be cut, or nothing is left."""
        if self.is_plain:
            return None
        for number, (carver, filters) in enumerate(zip(self._carvers, sync_plan.PHASES, strict=True)):
            phase = _phase(_mine(walks), number)
            if not phase:
                return self._add(number, EVERYTHING, filters)
            first = phase[0]
            if first.span == EVERYTHING and not (first.done or first.failed):
                return None  # a single page may hold it all
            if not _was_replaced(first) and first.span == EVERYTHING:
                continue
            span = carver.next()
            if span is not None:
                return self._add(number, span, filters)
        return None

    def look(self, walk: Walk, fetched: Fetched, walks: list[Walk]) -> None:
        """Learn from a page of *walk*, whose rows are about to be written."""
        if walk.resource != "opportunities":
            return
        prepared = fetched.rows
        if self.is_full:
            walk.seen_ids.update(prepared.rows)
            if self._undated:
                for lever_id in self._undated.keys() & prepared.rows.keys():
                    del self._undated[lever_id]
        if prepared.oldest is not None and (self.oldest is None or prepared.oldest < self.oldest):
            self.oldest = prepared.oldest
        if self.is_plain:
            return
        if fetched.outside:
            self._give_up_filters(walks)
            return
        carver = self._carvers[PRIORITIES.index(walk.priority)]
        if walk.done:
            carver.held(walk.span, walk.seen)
            return
        _note_created(walk, prepared.rows.values())
        if carver.too_much(walk.span):
            _replace(walk)
        elif (
            walk.pages >= TOO_MANY_PAGES
            and self._is_last(walks)
            and (parts := halves(walk.span, walk.created)) is not None
        ):
            _replace(walk)
            for part in parts:
                walks.append(sync_plan.add(self.run_id, "opportunities", walk.priority, part, **_filters(walk)))

    def done(self, walks: list[Walk]) -> bool:
        mine = _mine(walks)
        return bool(mine) and all(walk.done or walk.failed for walk in mine) and (self.is_plain or self._all_cut(mine))

    def active_done(self, walks: list[Walk]) -> bool:
        """Whether everybody still in a pipeline is here."""
        phase = _phase(_mine(walks), 0)
        return bool(phase) and all(walk.done for walk in phase) and not self.is_plain and self._is_cut(0, phase)

    def seen(self, walks: list[Walk]) -> int:
        return sum(walk.seen for walk in _mine(walks) if not _was_replaced(walk))

    def known(self, walks: list[Walk]) -> int | None:
        """How many there are: by the mirror in a full comparison, else by what the windows held so far."""
        seen = self.seen(walks)
        if self.done(walks):
            return seen
        if self.mirrored:
            return max(self.mirrored, seen)
        expected = 0
        for number, carver in enumerate(self._carvers):
            phase = _phase(_mine(walks), number)
            if self.is_plain or not phase:
                return None
            left = 0 if self._is_cut(number, phase) else carver.expected(self.oldest)
            if left is None:
                return None
            density = carver.density or 0.0
            for walk in phase:
                if not (walk.done or walk.failed) and walk.span.start is not None:
                    whole = ((walk.span.end or carver.now) - walk.span.start).total_seconds() * density
                    left += max(round(whole) - walk.seen, 0)
            expected += left
        return seen + expected

    def missing(self, walk: Walk, options: Options) -> list[str]:
        """Opportunities of the mirror that belong into a walked window and were not in it: to be asked for."""
        if _was_replaced(walk):
            return []
        conditions: list[Any] = [Opportunity.fetched_at < walk.started_at]
        if "archived" in walk.filters:
            is_archived = Opportunity.archived_at.is_not(None)
            conditions.append(is_archived if walk.filters["archived"] else ~is_archived)
        if walk.span.start is not None:
            conditions.append(Opportunity.lever_created_at >= walk.span.start)
        if walk.span.end is not None:
            conditions.append(Opportunity.lever_created_at <= walk.span.end)
        if not options.confidential:
            conditions.append(Opportunity.confidential.is_(False))
        stored = db.session.scalars(select(Opportunity.lever_id).where(*conditions))
        return [lever_id for lever_id in stored if lever_id not in walk.seen_ids]

    def unseen_undated(self, options: Options) -> list[str]:
        """Those of the mirror without a creation time that no window showed. To be asked once all are walked."""
        return [lever_id for lever_id, closed in self._undated.items() if options.confidential or not closed]

    def _is_last(self, walks: list[Walk]) -> bool:
        """Cursors are idle: only now is it worth reading a window's pages once more to share out the rest."""
        left = sum(not (walk.done or walk.failed) for walk in _mine(walks))
        return left <= FEW and all(carver.is_done for carver in self._carvers)

    def _add(self, number: int, span: Span, filters: dict[str, Any]) -> Walk:
        return sync_plan.add(self.run_id, "opportunities", PRIORITIES[number], span, **filters)

    def _is_cut(self, number: int, phase: list[Walk]) -> bool:
        first = phase[0]
        whole = first.span == EVERYTHING and not _was_replaced(first)
        return whole or self._carvers[number].is_done

    def _all_cut(self, mine: list[Walk]) -> bool:
        phases = [_phase(mine, number) for number in range(len(PRIORITIES))]
        return all(phase and self._is_cut(number, phase) for number, phase in enumerate(phases))

    def _give_up_filters(self, walks: list[Walk]) -> None:
        self.is_plain = True
        for walk in _mine(walks):
            _replace(walk)
            with transaction():
                walk.save()
        walks.append(sync_plan.add(self.run_id, "opportunities", sync_plan.ACTIVE))


def _undated(before: datetime) -> dict[str, bool]:
    """Opportunities whose creation Lever told in no way that was understood; whether each is confidential."""
    stored = db.session.execute(
        select(Opportunity.lever_id, Opportunity.confidential).where(
            Opportunity.lever_created_at.is_(None), Opportunity.fetched_at < before
        )
    )
    return {row.lever_id: row.confidential for row in stored}


def _note_created(walk: Walk, rows: Iterable[Row]) -> None:
    walk.created += [row["lever_created_at"] for row in rows if row["lever_created_at"]]
    if len(walk.created) > ENOUGH:
        del walk.created[::2]


def _newest_window(archived: bool) -> datetime | None:
    """Since when as many were created as one window should hold, by the mirror; None if there are not so many."""
    is_archived = Opportunity.archived_at.is_not(None)
    created = select(Opportunity.lever_created_at).where(
        Opportunity.lever_created_at.is_not(None), is_archived if archived else ~is_archived
    )
    newest_first = created.order_by(Opportunity.lever_created_at.desc())
    return db.session.scalar(newest_first.offset(windows.TARGET - 1).limit(1))


def _mine(walks: list[Walk]) -> list[Walk]:
    return [walk for walk in walks if walk.resource == "opportunities"]


def _phase(mine: list[Walk], number: int) -> list[Walk]:
    return [walk for walk in mine if walk.priority == PRIORITIES[number]]


def _filters(walk: Walk) -> dict[str, Any]:
    return {name: value for name, value in walk.filters.items() if name != "replaced"}


def _replace(walk: Walk) -> None:
    """Its time is walked in other windows instead; what it brought stays."""
    walk.done = True
    walk.filters["replaced"] = True


def _was_replaced(walk: Walk) -> bool:
    return bool(walk.filters.get("replaced"))


def _carver(now: datetime, phase: list[Walk]) -> Carver:
    """Where the cutting stood when the run was last worked on."""
    carver = Carver(now)
    cut = [walk for walk in phase if walk.span.start is not None]
    if cut:
        carver.frontier = min(walk.span.start for walk in cut if walk.span.start is not None)
    carver.is_done = any(walk.span.start is None and not _was_replaced(walk) for walk in phase)
    for walk in cut:
        if walk.done and not _was_replaced(walk):
            carver.held(walk.span, walk.seen)
    return carver
