"""``python -m bench.soak``: several processes, one PostgreSQL, and something dying every few seconds."""

import argparse
import contextlib
import random
import re
import signal
import sys
import tempfile
import threading
import time
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg

from bench import leftovers
from bench.soak import check, people
from bench.soak.deployment import Deployment, running
from bench.soak.people import Recruiter, Said
from bench.webhooks.servers import durable_postgresql
from grayscale.sandbox import Sandbox

RETRY_SCALE = 0.005
# Of a line of the log: what happened, without when and to whom.
EVENT = re.compile(r'.*event=("[^"]*"|\S+).*')
# A process that comes back finds its database connections broken, and the first request of each may fail with them.
AFTER_DATABASE_SECONDS = 15.0
SETTLE_SECONDS = 420.0


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    options.add_argument("--minutes", type=float, default=10.0)
    options.add_argument("--jobs", choices=("workers", "in-process"), default="workers")
    options.add_argument("--people", type=int, default=100, help="recruiters, and as many candidates")
    options.add_argument("--kill-every", type=float, default=5.0, metavar="SECONDS")
    options.add_argument("--restarts", type=int, default=2, help="of PostgreSQL")
    options.add_argument("--pause", type=float, default=10.0, metavar="SECONDS", help="between two acts of one person")
    options.add_argument("--keep", type=Path, help="folder for the processes' logs")
    given = options.parse_args()
    leftovers.watch()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        return Soak(given, folder).run()


class Soak:
    """One run."""

    def __init__(self, given: argparse.Namespace, folder: Path) -> None:
        self.given, self.folder = given, folder
        self.said = Said()
        self.kills: Counter[str] = Counter()
        self.gave_up: Counter[str] = Counter()
        self.away: list[tuple[float, float]] = []

    def run(self) -> int:
        with (
            durable_postgresql() as server,
            Sandbox(candidates=self.given.people * 3, webhook_retry_scale=RETRY_SCALE, step_seconds=0.3) as sandbox,
            running(self.folder, sandbox, server, self.given.jobs, self.given.people) as deployment,
        ):
            sandbox.webhooks.history = deque()
            recruiters = self._everybody(deployment)
            print(f"{len(recruiters)} recruiters are signed in; the storm begins", flush=True)
            sandbox.lever_requests.clear()
            misbehave(sandbox)
            began = time.monotonic()
            self._rage(deployment, recruiters)
            sandbox.faults.clear()
            settled = self._settle(deployment)
            return self._report(deployment, time.monotonic() - began, settled)

    def _everybody(self, deployment: Deployment) -> list[Recruiter]:
        wait_until(lambda: synced(deployment), within=180)
        candidates = check.query(
            deployment.server,
            "SELECT DISTINCT ON (p.candidate_id) o.lever_id, p.e164 FROM opportunity o"
            " JOIN candidate_phone p ON p.candidate_id = o.candidate_id"
            " WHERE o.archived_at IS NULL AND NOT o.confidential AND p.e164 IS NOT NULL",
        )
        random.Random(3).shuffle(candidates)
        recruiters = [Recruiter(deployment, number, self.said) for number in range(self.given.people)]
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(lambda one: one.sign_in(candidates), recruiters))
        peers = dict(check.query(deployment.server, "SELECT id, peer FROM conversation"))
        for one in recruiters:
            one.phone = peers[one.conversation]
        return recruiters

    def _rage(self, deployment: Deployment, recruiters: list[Recruiter]) -> None:
        until = time.monotonic() + self.given.minutes * 60
        pause = self.given.pause
        # Daemons: ended from outside, the soak does not wait for them.
        threads = [threading.Thread(target=one.work, args=[until, pause], daemon=True) for one in recruiters]
        threads.append(
            threading.Thread(
                target=people.answer_all, args=[recruiters, deployment, self.said, until, pause * 3],
                daemon=True,
            )
        )
        lever = [deployment, self.said, until, 1.0]
        threads.append(threading.Thread(target=people.work_in_lever, args=lever, daemon=True))
        for thread in threads:
            thread.start()
        self._kill(deployment, until)
        for thread in threads:
            thread.join()

    def _kill(self, deployment: Deployment, until: float) -> None:
        """SIGKILL one process at a time, and PostgreSQL now and then."""
        chance = random.Random(12)
        began = time.monotonic()
        restarts = [
            began + (until - began) * (number + 1) / (self.given.restarts + 1) for number in range(self.given.restarts)
        ]
        while time.monotonic() < until:
            time.sleep(self.given.kill_every * chance.uniform(0.7, 1.3))
            self._supervise(deployment)
            if restarts and time.monotonic() > restarts[0]:
                restarts.pop(0)
                down = time.time()
                deployment.restart_database()
                self.away.append((down, time.time()))
                self.kills["postgresql"] += 1
                continue
            one = chance.choice(deployment.processes)
            one.end(signal.SIGKILL)
            one.start()
            self.kills[one.name] += 1

    def _supervise(self, deployment: Deployment) -> None:
        """What systemd does with a process that ended."""
        for process in deployment.processes:
            if not process.is_running:
                self.gave_up[process.name] += 1
                process.start()

    def _settle(self, deployment: Deployment) -> float | None:
        """Give everything the time to come right; how long it took, None if it never did."""
        began = time.monotonic()
        self._supervise(deployment)
        sent = [one for one in deployment.sandbox.webhooks.history if one.body["data"]]
        with contextlib.suppress(TimeoutError):
            wait_until(lambda: all(one.delivered for one in sent), within=75)
        # What Lever gave up, a person sends again from its history.
        for one in sent:
            if not one.delivered:
                deployment.sandbox.webhooks.rerun(one.id)
        calm_since, told = None, began
        while time.monotonic() - began < SETTLE_SECONDS:
            waiting, found = check.unsettled(deployment.server), check.differences(deployment, self.said)
            calm_since = None if waiting or found else calm_since or time.monotonic()
            if time.monotonic() > told + 20 and (waiting or found):
                told = time.monotonic()
                print(f"not settled yet: {waiting}, {len(found)} differences, {found[:2]}", flush=True)
            if calm_since is not None and time.monotonic() - calm_since > 8:
                return calm_since - began
            time.sleep(1)
        return None

    def _report(self, deployment: Deployment, seconds: float, settled: float | None) -> int:
        seen = deployment.proxy.seen
        excused = [(down - 1, up + AFTER_DATABASE_SECONDS) for down, up in self.away]
        bad = [one for one in seen.bad if not any(low <= one.at <= high for low, high in excused)]
        found = check.differences(deployment, self.said)
        doubt = check.query(deployment.server, "SELECT count(*) FROM message WHERE state = 'unsure'")[0][0]
        notes = check.query(deployment.server, "SELECT count(*) FROM transcript WHERE state = 'unsure'")[0][0]
        posted = check.query(deployment.server, "SELECT count(*) FROM transcript WHERE state = 'posted'")[0][0]
        hooks = check.query(deployment.server, "SELECT source, count(*) FROM delivery GROUP BY source ORDER BY source")
        times = sorted(second for second, _ in seen.slowest)
        lever = deployment.sandbox.lever_requests
        kinds = ", ".join(f"{source} {count}" for source, count in hooks)
        left = "" if settled is not None else str(check.unsettled(deployment.server))
        facts = {
            "run": f"{self.given.minutes:g} minutes, JOBS={self.given.jobs}, {self.given.people} recruiters and as many"
            f" candidates, {seconds:.0f} s in all",
            "killed": ", ".join(f"{name} {count} times" for name, count in sorted(self.kills.items())),
            "ended by themselves": ", ".join(f"{name} {count} times" for name, count in self.gave_up.items()) or "none",
            "requests answered": f"{seen.answered}; p50 {share(times, 0.5):.3f} s, p95 {share(times, 0.95):.3f} s,"
            f" p99 {share(times, 0.99):.3f} s; cut off by a kill {seen.broken}, nobody there {seen.unreachable}",
            "answered 5xx": f"{len(seen.bad)}, of those not while the database was away: {len(bad)}",
            "texts": f"taken {len(self.said.taken)} (fate never told: {len(self.said.unknown)}), received"
            f" {len(self.said.received)}; acts in Lever {self.said.acts}",
            "Notes": f"posted {posted}; left to a person to decide: {doubt} texts, {notes} transcripts",
            "webhooks kept": kinds,
            "requests to Lever": f"{lever.count()}, refused by its rate limit: {lever.count(status=429)}",
            "settled": f"after {settled:.0f} s" if settled is not None else f"never: {left}",
            "differences between Lever, the carrier and the database": str(len(found)),
        }
        print("\n" + "\n".join(f"- {name}: {fact}" for name, fact in facts.items()), flush=True)
        for one in found[:40]:
            print(f"  * {one}")
        for one in bad[:20]:
            print(f"  * {one.status} to {one.what} at {time.strftime('%H:%M:%S', time.gmtime(one.at))}")
        errors = Counter(EVENT.sub(r"\1", line) for line in deployment.log_of_errors())
        for line, count in errors.most_common(12):
            print(f"  ! {count} x {line}")
        return 1 if found or bad or settled is None else 0


def misbehave(sandbox: Sandbox) -> None:
    """A little of everything that goes wrong with either service, as long as the storm lasts."""
    for target in ("lever", "carrier"):
        for when in ("before", "after"):
            sandbox.faults.add(target, "status", status=500, when=when, times=None, probability=0.01)
            sandbox.faults.add(target, "drop", when=when, times=None, probability=0.005)
            sandbox.faults.add(target, "timeout", when=when, times=None, probability=0.002, seconds=25.0)
    sandbox.faults.add("carrier", "status", status=429, times=None, probability=0.02)
    for kind in ("duplicate", "reorder", "drop", "delay"):
        sandbox.faults.add("webhook", kind, times=None, probability=0.03, seconds=2.0)
        sandbox.faults.add("callback", kind, times=None, probability=0.03, seconds=2.0)
    for kind in ("duplicate", "reorder", "drop"):
        sandbox.faults.add("inbound", kind, times=None, probability=0.03)


def synced(deployment: Deployment) -> bool:
    try:
        return bool(check.query(deployment.server, "SELECT 1 FROM sync_run WHERE kind = 'initial' AND state = 'done'"))
    except psycopg.Error:
        return False


def wait_until(done: object, *, within: float) -> None:
    assert callable(done)
    ends = time.monotonic() + within
    while not done():
        if time.monotonic() > ends:
            raise TimeoutError(f"not within {within:.0f} s")
        time.sleep(0.3)


def share(values: list[float], part: float) -> float:
    return values[min(int(len(values) * part), len(values) - 1)] if values else 0.0


if __name__ == "__main__":
    sys.exit(main())
