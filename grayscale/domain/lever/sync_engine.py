"""Running a sync: several cursors at once, one thread that writes, checkpoints that survive a killed process.

Threads fetch and parse; this one takes what they brought, asks for the cursors' next pages, and only then writes, so
that the wire is never idle. Pages that wait are written together: their rows and their checkpoints are one commit.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from grayscale import clock
from grayscale.clients.errors import NotAuthorised, UnexpectedAnswer
from grayscale.clients.lever.client import LeverClient
from grayscale.database import end_read, transaction
from grayscale.domain.company import ensure_rows
from grayscale.domain.lever import connection, mirror, permissions, poll, sync_pages, sync_plan, sync_runs, sync_walks
from grayscale.domain.lever.sync_feeds import INTERVIEWS_A_POLL, ConfirmFeed, InterviewFeed
from grayscale.domain.lever.sync_opportunities import OpportunityWindows
from grayscale.domain.lever.sync_pool import Pool
from grayscale.domain.lever.sync_progress import Progress
from grayscale.domain.lever.sync_troubles import Verdict, judge
from grayscale.domain.lever.sync_walks import Fetched, Options, Walk
from grayscale.logging import get_logger
from grayscale.models import LeverIntegration, SyncKind, SyncRun, SyncState, Via

log = get_logger(__name__)

# Cursors at once: enough to keep ten requests a second going at 800 ms each.
CURSORS = 8
# Pages of one commit at most: other writers wait for it.
TOGETHER = 4
BEAT_SECONDS = 2.0
# What a list read to its end shows of the key.
GRANTS = {
    "stages": "list_stages",
    "archive_reasons": "list_archive_reasons",
    "users": "list_users",
    "postings": "list_postings",
    "changes": "list_opportunities",
}
# While interviews are being listed, changes are looked for as often as without a sync.
BETWEEN_POLLS = timedelta(minutes=5)


class Engine:
    """One run in this process. ``step`` works for a while and answers whether the run is over."""

    def __init__(self, run: SyncRun, runner: str) -> None:
        ensure_rows()
        self.run_id = run.id
        self.kind = run.kind
        self.started_at = run.started_at
        self.runner = runner
        self.via = Via.POLL if run.kind is SyncKind.POLL else Via.FULL
        self.requests = run.requests
        self._counting = threading.Lock()
        self._client: LeverClient = connection.client("bulk", tell=self._count)
        self._pool = Pool(CURSORS)
        confidential = permissions.may("confidential") is not False
        self.options = Options(confidential=confidential)
        self._is_proven_confidential = False
        self.progress = Progress(run)
        self._pages: list[tuple[Walk, Fetched]] = []
        self._ended: list[Walk] = []
        self._walks: list[Walk] = sync_plan.windows_of(run.id) or sync_plan.begin(run)
        self._opportunities = OpportunityWindows(run, self._walks)
        limit = INTERVIEWS_A_POLL if run.kind is SyncKind.POLL else None
        keep = None if run.kind is SyncKind.INITIAL else poll.keep
        self._interviews = InterviewFeed(self._client, self.via, limit, tell=keep)
        self._confirm = ConfirmFeed(self._client, self.via, poll.keep)
        for walk in self._walks:
            walk.done = walk.done or walk.resource == "confirm"
            self._confirm.suspect(walk.filters.get("ids", []), sync_walks.deletions(walk))
        self._beaten = 0.0
        self._worked = time.monotonic()
        self._error = ""
        self._over = False

    # The loop

    def step(self, seconds: float) -> bool:
        """Work for about *seconds*. True when the run is over, or somebody else's."""
        ends = time.monotonic() + seconds
        self._worked = time.monotonic()
        while not self._over:
            self._fill()
            if self._pool.in_flight == 0:
                self._end()
                break
            end_read()
            self._take_what_came()
            if time.monotonic() - self._beaten > BEAT_SECONDS:
                self._beat()
            if time.monotonic() > ends:
                break
        self._note_time()
        return self._over

    def _take_what_came(self) -> None:
        brought = self._pool.take(timeout=0.25)
        while brought is not None:
            if brought.error is not None:
                self._write_pages()  # what it changes about its walk rests on the pages before
            brought.then(brought.value, brought.error)
            brought = self._pool.take(timeout=0) if len(self._pages) < TOGETHER else None
        self._write_pages()

    def close(self) -> None:
        """Let the threads go; what they fetch is fetched again by whoever goes on."""
        self._pool.close()
        self._client.close()

    def _count(self, _endpoint: str, _status: int, _seconds: float) -> None:
        with self._counting:
            self.requests += 1

    def _fill(self) -> None:
        while self._pool.has_room and not self._error and (job := self._next_job()) is not None:
            self._pool.submit(*job)

    def _next_job(self) -> tuple[Callable[[], Any], Callable[[Any, Exception | None], None]] | None:
        walk = self._next_walk()
        if walk is not None:
            return self._job(walk)
        if not self._opportunities_done():
            return self._interviews.next() if self._opportunities.active_done(self._walks) else None
        if any(not walk.done and not walk.failed for walk in self._walks):
            return self._interviews.next()
        return self._confirm.next(self.started_at) or self._interviews.next()

    def _next_walk(self) -> Walk | None:
        walk = self._waiting(below=sync_plan.CHANGES)
        if walk is not None:
            return walk
        if self.kind is not SyncKind.POLL:
            walk = self._opportunities.next(self._walks)
            if walk is not None:
                self._walks.append(walk)
                return walk
            if not self._opportunities_done():
                return None
            # What changed while the lists moved under the cursors: the walk that closes all walks.
            changes = [walk for walk in self._walks if walk.resource == "changes"]
            if not changes or self._is_time_to_poll(changes[-1]):
                self._walks.append(sync_plan.changes(self.run_id, self.started_at))
        return self._waiting()

    def _waiting(self, below: int = 1_000) -> Walk | None:
        ready = [w for w in self._walks if not (w.done or w.failed or w.is_fetching) and w.priority < below]
        return min(ready, key=lambda walk: (walk.priority, walk.id), default=None)

    def _opportunities_done(self) -> bool:
        return self.kind is SyncKind.POLL or self._opportunities.done(self._walks)

    def _is_time_to_poll(self, last: Walk) -> bool:
        return last.done and last.started_at is not None and clock.now() - last.started_at > BETWEEN_POLLS

    # Pages

    def _job(self, walk: Walk) -> tuple[Callable[[], Any], Callable[[Any, Exception | None], None]]:
        walk.is_fetching = True
        if walk.offset is None or walk.started_at is None:
            walk.started_at = clock.now()
        options, via = self.options, self.via
        return (
            lambda: sync_walks.fetch(self._client, walk, options, via),
            lambda fetched, error: self._take(walk, options, fetched, error),
        )

    def _take(self, walk: Walk, options: Options, fetched: Fetched | None, error: Exception | None) -> None:
        walk.is_fetching = False
        if walk.done:
            return  # replaced while this page was on its way
        if error is not None or fetched is None:
            self._trouble(walk, options, error)
            return
        if walk.leads_nowhere(fetched):
            self._trouble(walk, options, UnexpectedAnswer("Lever's list does not come to an end."))
            return
        walk.pages += 1
        walk.offset = fetched.next_offset
        walk.done = fetched.next_offset is None
        walk.seen += fetched.count
        self._opportunities.look(walk, fetched, self._walks)
        if not walk.done:
            self._pool.submit(*self._job(walk))
        if fetched.oddities:
            with transaction() as session:
                mirror.note_oddities(session, walk.resource, {"(no id)": fetched.oddities})
        if fetched.proves_confidential and not self._is_proven_confidential:
            self._is_proven_confidential = True
            permissions.learn("confidential", granted=True)
        if walk.is_opportunities:
            self._pages.append((walk, fetched))
            self._ended += [walk] if walk.done else []
            return
        self._write(walk, fetched)
        if walk.done:
            self._closed(walk)

    def _write(self, walk: Walk, fetched: Fetched) -> None:
        """A page of a small list."""
        changed = 0
        if walk.resource == "deleted":
            sync_walks.note_deleted(walk, fetched.rows)
            self._confirm.suspect(walk.filters["ids"], sync_walks.deletions(walk))
        else:
            changed = sync_walks.apply(walk, fetched)
        if walk.done or changed:
            with transaction():
                walk.save()
        else:
            walk.is_unsaved = True
        self.progress.add(walk.resource, fetched.count, changed)

    def _write_pages(self) -> None:
        pages, self._pages = self._pages, []
        written = sync_pages.write(pages, self.kind, self.via, self._client)
        for (walk, fetched), changed in zip(pages, written, strict=True):
            self.progress.add("opportunities" if self.kind is SyncKind.POLL else walk.resource, fetched.count, changed)
        ended, self._ended = self._ended, []
        for walk in ended:
            self._closed(walk)

    def _closed(self, walk: Walk) -> None:
        """A walk came to its end: move the watermarks that rest on it, and see what it no longer shows."""
        if walk.resource in GRANTS:
            permissions.learn(GRANTS[walk.resource], granted=True)
        if walk.resource == "changes":
            poll.saw_changes(sync_plan.watermark(walk))
            poll.count_missed()
        elif walk.resource == "deleted" and "deleted_at_end" not in walk.filters:
            poll.saw_deletions(sync_plan.watermark(walk))
        elif walk.resource == "opportunities" and self.kind is SyncKind.FULL:
            missing = self._opportunities.missing(walk, self.options)
            if self._opportunities.done(self._walks):
                missing += self._opportunities.unseen_undated(self.options)
            if missing:
                self._walks.append(sync_plan.suspects(self.run_id, missing))
                self._confirm.suspect(missing)
        walk.seen_ids.clear()
        walk.offsets.clear()
        walk.created.clear()

    def _trouble(self, walk: Walk, options: Options, error: Exception | None) -> None:
        verdict = judge(walk, error, options, self.options)
        self.options = verdict.options
        if isinstance(error, NotAuthorised):
            connection.note_refused(error)
            self._error = error.message
        if verdict.kind is Verdict.AGAIN:
            # The cursor is of no use any more.
            self.progress.add(walk.resource, -walk.seen, 0)
            walk.begin_anew()
            with transaction():
                walk.save()
            return
        walk.failed = verdict.kind is Verdict.FAILED
        walk.done = not walk.failed
        if walk.done:
            # With the checkpoint, because a run that goes on after a kill has no other way to know.
            walk.filters["off"] = verdict.words
            with transaction():
                walk.save()
        state = "failed" if walk.failed else "off"
        self.progress.state(walk.resource, state, verdict.words)
        log.warning("a list could not be read", resource=walk.resource, reason=verdict.words)

    # Keeping the run, and ending it

    def _beat(self) -> None:
        self._beaten = time.monotonic()
        self._interviews.save()
        self._update_progress()
        unsaved = [walk for walk in self._walks if walk.is_unsaved]
        with transaction():
            run = sync_runs.beat(self.run_id, self.runner, self.progress.stored(), self.requests, self.progress.phase)
            for walk in unsaved if run is not None else []:
                walk.save()
        if run is None:
            self._over = True
        elif run.cancel_requested:
            self._finish(SyncState.CANCELED, None)

    def _note_time(self) -> None:
        now = time.monotonic()
        self.progress.worked(now - self._worked, self.requests)
        self._worked = now

    def _update_progress(self) -> None:
        self._note_time()
        walks, interviews, confirm = self._walks, self._interviews, self._confirm
        for resource in dict.fromkeys(walk.resource for walk in walks if walk.resource != "confirm"):
            if resource != "opportunities":
                self.progress.walks(resource, [walk for walk in walks if walk.resource == resource])
        if self.kind is not SyncKind.POLL:
            windows = self._opportunities
            self.progress.count("opportunities", windows.seen(walks), windows.known(walks), self._opportunities_done())
        waiting = interviews.waiting()
        ready = self._opportunities_done()
        self.progress.count(
            "interviews", interviews.done, interviews.done + waiting, ready and not waiting,
            changed=interviews.changed, off=interviews.off, error=interviews.error,
        )
        if confirm.known:
            self.progress.count(
                "confirm", confirm.done, confirm.known, not confirm.queue, changed=confirm.erased, error=confirm.error
            )

    def _end(self) -> None:
        """Nothing is left to fetch: the run is done, or what failed keeps it from being so."""
        self._interviews.save()
        if self._interviews.gone:
            # Lever had no such opportunity when its interviews were asked for.
            gone, self._interviews.gone = self._interviews.gone, []
            self._confirm.suspect(gone)
            if self._confirm.queue:
                return
        errors = [self._error] if self._error else []
        errors += [self.progress.words(walk.resource) for walk in self._walks if walk.failed]
        errors += [error for error in (self._interviews.error, self._confirm.error) if error]
        self._finish(SyncState.FAILED if errors else SyncState.DONE, "; ".join(dict.fromkeys(errors)) or None)

    def _finish(self, state: SyncState, error: str | None) -> None:
        self._update_progress()
        self.progress.ended(state)
        with transaction() as session:
            run = sync_runs.beat(self.run_id, self.runner, self.progress.stored(), self.requests, "")
            if run is not None and state is SyncState.DONE and run.kind is not self.kind:
                # More was asked for while a poll ran: the next step walks that.
                self._over = True
                sync_runs.restart(run)
                return
            if run is not None:
                sync_runs.finish(self.run_id, self.runner, state, error, self.progress.stored())
                integration = session.get_one(LeverIntegration, 1)
                if self.kind is SyncKind.POLL:
                    integration.last_poll_at = self.started_at
                elif state is SyncState.DONE:
                    integration.last_full_sync_at = clock.now()
        self._over = True
        if state is SyncState.DONE:
            poll.count_missed()
            connection.note_accepted()
