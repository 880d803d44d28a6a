"""Measures the first sync against the simulated Lever, and beside it what others need: ``python -m bench.sync``."""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from bench.sync import peers

RATE = 10.0
BURST = 20
PAGE = 100
# Twenty times as many opportunities may take this many times the memory and count as no more.
FLAT = 1.1


class Lever:
    """The simulated Lever's process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._say = process.stdin
        assert process.stdout is not None
        started = json.loads(process.stdout.readline())
        self.url, self.key = started["url"], started["key"]

    def summary(self) -> dict[str, Any]:
        """What was asked since the last summary."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("summary\n")
        self._process.stdin.flush()
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        return found


@contextmanager
def lever(candidates: int, latency: float, rate: float | None) -> Iterator[Lever]:
    command = [sys.executable, "-m", "bench.sync.lever", "--candidates", str(candidates), "--latency", str(latency)]
    if rate is not None:
        command += ["--rate", str(rate)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Lever(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait()


def child(*command: object) -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-m", *map(str, command)], stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


@dataclass(frozen=True, slots=True)
class Row:
    """One way to download Lever, measured. *records* a second are what compares ways that walked more or fewer."""

    name: str
    records: int
    seconds: float
    cpu_seconds: float
    rss_mb: float | None = None
    notes: str = ""

    @classmethod
    def of(cls, name: str, found: Mapping[str, Any], records: int | None = None, notes: str = "") -> Self:
        count = int(found["records"]) if records is None else records
        return cls(name, count, float(found["seconds"]), float(found["cpu_seconds"]), found.get("rss_mb"), notes)

    @property
    def rate(self) -> float:
        return self.records / self.seconds

    @property
    def cpu(self) -> float:
        """Microseconds of processor time a record."""
        return self.cpu_seconds / self.records * 1e6

    def show(self) -> None:
        rss = f"{self.rss_mb:.0f}" if self.rss_mb else "–"
        print(
            f"| {self.name} | {self.records:,} | {self.seconds:.1f} | {self.rate:,.0f} | {self.cpu:.0f} | {rss} |"
            f" {self.notes} |",
            flush=True,
        )


@dataclass(frozen=True, slots=True)
class Goal:
    """What was aimed at, and whether it was met."""

    what: str
    measured: str
    target: str
    met: bool


HEADER = "| what | records | s | records/s | µs CPU/record | peak RSS MB | notes |\n|---|--:|--:|--:|--:|--:|---|"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.sync", description=__doc__)
    parser.add_argument("--candidates", type=int, default=50_000)
    parser.add_argument("--peer-candidates", type=int, default=10_000, help="sequential ways are linear: fewer tell")
    parser.add_argument("--latency", type=float, default=300.0, help="ms a request")
    parser.add_argument("--no-peers", action="store_true", help="only ours and the floors")
    parser.add_argument("--no-throttled", action="store_true", help="only the unthrottled part")
    parser.add_argument("--memory", action="store_true", help="only peak memory at 10,000 and 200,000")
    parser.add_argument("--install-seconds", type=float, default=240.0, help="for each peer, once")
    given = parser.parse_args()
    goals: list[Goal] = []
    with tempfile.TemporaryDirectory(prefix="bench-sync-") as name:
        folder = Path(name)
        if given.memory:
            goals += memory(folder)
        else:
            goals += [] if given.no_throttled else throttled(given, folder)
            goals += unthrottled(given, folder)
    print("\n| target | measured | aimed at | met |\n|---|---|---|---|")
    for goal in goals:
        print(f"| {goal.what} | {goal.measured} | {goal.target} | {'yes' if goal.met else 'NO'} |")


def throttled(given: argparse.Namespace, folder: Path) -> list[Goal]:
    print(f"\n{given.latency:.0f} ms a request, {RATE:.0f} requests a second, burst {BURST}\n\n{HEADER}", flush=True)
    with lever(given.candidates, given.latency, RATE) as server:
        found = child("bench.sync.ours", server.url, server.key, folder / "throttled.db")
        summary: Any = server.summary()
    initial, poll = found["initial"], found["poll"]
    ours = Row.of(
        "ours, initial sync", {**initial, "rss_mb": found["rss_mb"]},
        notes=f"{initial['requests']} requests, {summary['throttled']:.0f} × 429, {initial['state']}",
    )
    ours.show()
    best = sequential(given)
    walk = summary["walk"]
    share = (walk["requests"] - BURST) / walk["seconds"] / RATE
    ideal = -(-given.candidates // PAGE) / RATE
    return [
        Goal("request limit used while walking", f"{share:.1%}", "≥ 95 %", share >= 0.95),
        Goal("time ÷ (pages ÷ limit)", f"{ours.seconds / ideal:.2f}", "≤ 1.15", ours.seconds <= 1.15 * ideal),
        Goal("against the fastest sequential", f"{ours.rate / best:.1f} ×", "≥ 2.5 ×", ours.rate >= 2.5 * best),
        Goal("peak RSS", f"{found['rss_mb']:.0f} MB", "< 200 MB", found["rss_mb"] < 200),
        Goal("requests of an idle poll", str(poll["requests"]), "≤ 6", poll["requests"] <= 6),
    ]


def sequential(given: argparse.Namespace) -> float:
    """Everybody who walks one cursor; records a second of the fastest."""
    with lever(given.peer_candidates, given.latency, RATE) as server:
        floor = walked(server)
        floor.show()
        rates = [floor.rate]
        for peer in () if given.no_peers else peers.PEERS:
            found = peers.run(
                peer, server.url, server.key, install_seconds=given.install_seconds, run_seconds=180.0
            )
            if "skipped" in found:
                print(f"| {peer.name} | | | | | | skipped: {found['skipped']} |", flush=True)
                continue
            row = Row.of(peer.name, found, records=given.peer_candidates)
            row.show()
            rates.append(row.rate)
    return max(rates)


def unthrottled(given: argparse.Namespace, folder: Path) -> list[Goal]:
    print(f"\nNo latency, no limit\n\n{HEADER}", flush=True)
    with lever(given.candidates, 0.0, None) as server:
        floor = walked(server)
        floor.show()
        filled, empty = folder / "unthrottled.db", folder / "empty.db"
        subprocess.run([sys.executable, "-m", "bench.sync.empty", empty], check=True, stdout=subprocess.DEVNULL)
        found = child("bench.sync.ours", server.url, server.key, filled, "--unthrottled")
        # Once more: what else the machine does changes meanwhile, and the floor is what ours is compared with.
        after = walked(server)
        after.show()
    bare = child("bench.sync.floor", "upsert", filled, empty)
    upsert = Row.of("floor: bare upsert of the same rows", {**bare, "seconds": bare["cpu_seconds"]})
    upsert.show()
    ours = Row.of("ours, initial sync", {**found["initial"], "rss_mb": found["rss_mb"]})
    ours.show()
    Row.of("ours, full comparison, nothing changed", found["again"]).show()
    ratio = ours.cpu / ((floor.cpu + after.cpu) / 2 + upsert.cpu)
    return [Goal("CPU a record ÷ (parse + bare upsert)", f"{ratio:.2f}", "≤ 1.5", ratio <= 1.5)]


def walked(server: Lever) -> Row:
    return Row.of("floor: one cursor, download and parse", child("bench.sync.floor", "walk", server.url, server.key))


def memory(folder: Path) -> list[Goal]:
    print(HEADER, flush=True)
    peaks = []
    for count in (10_000, 200_000):
        with lever(count, 0.0, None) as server:
            found = child("bench.sync.ours", server.url, server.key, folder / f"{count}.db", "--unthrottled")
        Row.of("ours, initial sync", found["initial"]).show()
        Row.of("ours, full comparison and a poll", {**found["again"], "rss_mb": found["rss_mb"]}).show()
        peaks.append(found["rss_mb"])
    low, high = peaks
    shown = f"{low:.0f} and {high:.0f} MB"
    return [
        Goal("peak RSS, 10,000 and 200,000", shown, "< 200 MB", max(peaks) < 200),
        Goal("the same, one by the other", f"{high / low:.2f}", f"≤ {FLAT}, flat", high <= FLAT * low),
    ]


if __name__ == "__main__":
    main()
