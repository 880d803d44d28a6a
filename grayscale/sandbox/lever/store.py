"""The memory of the simulated Lever: records, and the sorted keys its lists are walked by."""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from grayscale.sandbox.clock import now_ms
from grayscale.sandbox.lever.records import ApiKey, Contact, Json, Opportunity, Rules, Webhook

ListKey = tuple[float, int, str]


@dataclass
class LeverData:
    """Everything that is Lever's, and nothing that is the server's: this part can be saved and loaded."""

    company: str = "Harbor Clinic Group"
    seed: int = 1
    stages: list[Json] = field(default_factory=list)
    archive_reasons: list[Json] = field(default_factory=list)
    users: dict[str, Json] = field(default_factory=dict)
    postings: dict[str, Json] = field(default_factory=dict)
    contacts: dict[str, Contact] = field(default_factory=dict)
    opportunities: dict[str, Opportunity] = field(default_factory=dict)
    deleted: dict[str, Opportunity] = field(default_factory=dict)
    notes: dict[str, list[Json]] = field(default_factory=dict)
    panels: dict[str, list[Json]] = field(default_factory=dict)
    interviews: dict[str, list[Json]] = field(default_factory=dict)
    keys: list[ApiKey] = field(default_factory=list)
    webhooks: list[Webhook] = field(default_factory=list)


class OpportunityIndex:
    """Keys of all opportunities in list order, by creation and by last update (rows never updated are in none)."""

    def __init__(self) -> None:
        self.order: list[ListKey] = []
        self.created: list[tuple[int, str]] = []
        self.updated: list[tuple[int, str]] = []

    def add(self, row: Opportunity, rank: float) -> None:
        insort(self.order, (rank, -(row.last_advanced_at or 0), row.id))
        insort(self.created, (row.created_at, row.id))
        if row.updated_at is not None:
            insort(self.updated, (row.updated_at, row.id))

    def remove(self, row: Opportunity, rank: float) -> None:
        _drop(self.order, (rank, -(row.last_advanced_at or 0), row.id))
        _drop(self.created, (row.created_at, row.id))
        if row.updated_at is not None:
            _drop(self.updated, (row.updated_at, row.id))

    def between(self, name: str, start: int | None, end: int | None) -> list[str]:
        """Ids created (or updated) in an inclusive span of ms."""
        keys = self.created if name == "created_at" else self.updated
        low = 0 if start is None else bisect_left(keys, (start, ""))
        high = len(keys) if end is None else bisect_right(keys, (end, "\uffff"))
        return [key[1] for key in keys[low:high]]


def _drop(keys: list[Any], key: tuple[Any, ...]) -> None:
    at = bisect_left(keys, key)
    if at < len(keys) and keys[at] == key:
        del keys[at]


class LeverStore:
    """The data, its indexes and the one lock that guards both."""

    def __init__(self, data: LeverData) -> None:
        self.lock = threading.RLock()
        self.data = data
        self.rules = Rules()
        #: Scheme, host and port of the web pages; set once the port is known.
        self.origin = ""
        #: Grows with every change, so that pages cut from the same state can be recognised.
        self.generation = 0
        self.index = OpportunityIndex()
        self.rank = {stage["id"]: float(stage["rank"]) for stage in data.stages}
        self.stage_by_id = {stage["id"]: stage for stage in data.stages}
        self.reason_by_id = {reason["id"]: reason for reason in data.archive_reasons}
        #: What happened, for the web page; newest last.
        self.activity: deque[Json] = deque(maxlen=500)
        self._windows: dict[tuple[tuple[str, str], ...], list[ListKey]] = {}
        self._windows_of = 0
        self.reindex()

    def windows(self) -> dict[tuple[tuple[str, str], ...], list[ListKey]]:
        """Filtered key lists cut from the present state; empty again after any change."""
        if self._windows_of != self.generation:
            self._windows, self._windows_of = {}, self.generation
        return self._windows

    def reindex(self) -> None:
        rows = self.data.opportunities.values()
        self.index.order = sorted((self.rank[r.stage], -(r.last_advanced_at or 0), r.id) for r in rows)
        self.index.created = sorted((r.created_at, r.id) for r in rows)
        self.index.updated = sorted((r.updated_at, r.id) for r in rows if r.updated_at is not None)
        self.generation += 1

    def add(self, row: Opportunity) -> None:
        with self.lock:
            self.data.opportunities[row.id] = row
            self.data.contacts[row.contact].opportunities.append(row.id)
            self.index.add(row, self.rank[row.stage])
            self.generation += 1

    def remove(self, row: Opportunity) -> None:
        with self.lock:
            self.index.remove(row, self.rank[row.stage])
            del self.data.opportunities[row.id]
            self.data.contacts[row.contact].opportunities.remove(row.id)
            self.generation += 1

    @contextmanager
    def changing(self, row: Opportunity, *, bump: bool = True) -> Iterator[Opportunity]:
        """Changes one opportunity, keeps the indexes right and stamps `updatedAt`."""
        with self.lock:
            self.index.remove(row, self.rank[row.stage])
            try:
                yield row
                if bump:
                    row.updated_at = max(now_ms(), (row.updated_at or 0) + 1)
            finally:
                self.index.add(row, self.rank[row.stage])
                self.generation += 1

    def touch_contact(self, contact: Contact) -> None:
        """A change of the person shows as a change of each of their opportunities."""
        for opportunity_id in contact.opportunities:
            with self.changing(self.data.opportunities[opportunity_id]):
                pass

    def active_user(self, user_id: str | None) -> Json | None:
        user = self.data.users.get(user_id or "")
        return user if user and user["deactivatedAt"] is None else None
