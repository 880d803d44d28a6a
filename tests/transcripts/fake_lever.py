"""Lever at the client's boundary: it keeps notes, and goes wrong when told to."""

import itertools
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from grayscale.clients.errors import Forbidden, NotAuthorised, NotFound, Permanent, Retryable, UnknownOutcome
from grayscale.clients.lever.types import Note, NoteComment, Page

Fault = Literal["lost_after", "lost_before", "slow_down", "refuse", "unauthorised", "unreachable"]
PAGE = 2


class Killed(BaseException):
    """The process died here."""


@dataclass
class Thread:
    """A note of an opportunity with its comments."""

    id: str
    values: list[str]
    authors: list[str | None]
    notified: bool = False


@dataclass
class FakeLever:
    """``faults`` are taken by the next writes in turn, None being none; ``on_call`` is called around each request."""

    may_list: bool = True
    may_read: bool = True
    faults: deque[Fault | None] = field(default_factory=deque)
    deleted: set[str] = field(default_factory=set)
    refused_users: set[str] = field(default_factory=set)
    insists_on_user: bool = False
    notes: dict[str, list[Thread]] = field(default_factory=dict)
    on_call: Callable[[str], None] = lambda where: None
    calls: int = 0
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def create_note(
        self,
        opportunity_id: str,
        value: str,
        *,
        perform_as: str | None = None,
        note_id: str | None = None,
        notify_followers: bool = False,
    ) -> Note:
        self.calls += 1
        self.on_call("before the request")
        fault = self.faults.popleft() if self.faults else None
        if fault == "unauthorised":
            raise NotAuthorised("Lever refused the API key (401).", status=401)
        if fault == "slow_down":
            raise Retryable("Lever asks to slow down (429).", status=429)
        if fault == "unreachable":
            raise Retryable("Lever could not be reached: no connection could be made.")
        if fault == "refuse":
            raise Permanent("Lever refused the request (400): value is not welcome.", status=400)
        if fault == "lost_before":
            raise UnknownOutcome("Lever did not confirm the change: no answer came in time.")
        if opportunity_id in self.deleted:
            raise NotFound("Lever has no such object (404).", status=404)
        if self.insists_on_user and perform_as is None:
            raise Permanent("Lever refused the request (400): Missing required parameter: perform_as.", status=400)
        if perform_as in self.refused_users:
            raise Permanent("Lever refused the request (400): Invalid user.", status=400)
        thread = self._write(opportunity_id, value, perform_as, note_id, notify_followers)
        self.on_call("after the effect")
        if fault == "lost_after":
            raise UnknownOutcome("Lever did not confirm the change: no answer came in time.")
        return Note(id=thread.id)

    def _write(
        self, opportunity_id: str, value: str, perform_as: str | None, note_id: str | None, notify: bool
    ) -> Thread:
        threads = self.notes.setdefault(opportunity_id, [])
        if note_id is None:
            threads.append(Thread(f"note-{next(self._ids)}", [value], [perform_as], notify))
            return threads[-1]
        for thread in threads:
            if thread.id == note_id:
                thread.values.append(value)
                thread.authors.append(perform_as)
                return thread
        raise NotFound("Lever has no such object (404): note.", status=404)

    def get_note(self, opportunity_id: str, note_id: str) -> Note:
        self.calls += 1
        self.on_call("before the look")
        if not self.may_read:
            raise Forbidden("The API key is not permitted to do this (403).", status=403)
        for thread in self.threads(opportunity_id):
            if thread.id == note_id and opportunity_id not in self.deleted:
                return Note(id=note_id, comments=tuple(NoteComment(value=value) for value in thread.values))
        raise NotFound("Lever has no such object (404).", status=404)

    def list_notes(self, opportunity_id: str, *, limit: int = 100, offset: str | None = None) -> Page[Note]:
        self.calls += 1
        self.on_call("before the look")
        if not self.may_list:
            raise Forbidden("The API key is not permitted to do this (403).", status=403)
        if opportunity_id in self.deleted:
            raise NotFound("Lever has no such object (404).", status=404)
        threads = self.notes.get(opportunity_id, [])[::-1]
        start = int(offset or 0)
        rows = [
            Note(id=thread.id, comments=tuple(NoteComment(value=value) for value in thread.values))
            for thread in threads[start : start + PAGE]
        ]
        return Page(tuple(rows), str(start + PAGE) if start + PAGE < len(threads) else None)

    def threads(self, opportunity_id: str) -> list[Thread]:
        return self.notes.get(opportunity_id, [])

    @property
    def values(self) -> list[str]:
        """Every comment of every note."""
        return [value for threads in self.notes.values() for thread in threads for value in thread.values]
