"""Measures the first sync against the simulated Lever, and beside it what others need: ``python -m bench.sync``."""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.sync import peers

RATE = 10.0
BURST = 20
PAGE = 100


class Lever:
    """The simulated Lever's process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._say = process.stdin
        assert process.stdout is not None
        started = json.loads(process.stdout.readline())
        self.url, self.key = started["url"], started["key"]

    def summary(self) -> dict[str, float]:
        """What was asked since the last summary."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("summary\n")
        self._process.stdin.flush()
        found: dict[str, float] = json.loads(self._process.stdout.readline())
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


def child(*command: object) -> dict[str, object]:
    done = subprocess.run([sys.executable, "-m", *map(str, command)], stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, object] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def show(name: str, seconds: float, cpu: float, records: int, *rest: str) -> None:
    print(f"{name:<52} {seconds:7.1f} s  {cpu / records * 1e6:6.0f} µs CPU/record  {'  '.join(rest)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--candidates", type=int, default=50_000)
    parser.add_argument("--latency", type=float, default=300.0, help="ms a request")
    parser.add_argument("--no-peers", action="store_true", help="only ours and the floors")
    parser.add_argument("--no-throttled", action="store_true", help="only the unthrottled part")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-sync-") as name:
        folder = Path(name)
        if not given.no_throttled:
            throttled(given, folder)
        unthrottled(given, folder)


def throttled(given: argparse.Namespace, folder: Path) -> None:
    print(f"{given.candidates} opportunities, {given.latency:.0f} ms a request, {RATE:.0f} a second, burst {BURST}")
    with lever(given.candidates, given.latency, RATE) as server:
        ours = child("bench.sync.ours", server.url, server.key, folder / "throttled.db")
        summary = server.summary()
        initial = ours["initial"]
        assert isinstance(initial, dict)
        needed = -(-given.candidates // PAGE)
        share = (summary["requests"] - BURST) / summary["seconds"] / RATE
        show(
            "ours: initial sync", initial["seconds"], initial["cpu_seconds"], initial["records"],
            f"{initial['requests']} requests", f"{share:.1%} of the limit beyond the burst",
            f"{initial['seconds'] / (needed / RATE):.2f} × (pages ÷ limit)",
            f"{summary['throttled']:.0f} × 429", f"peak RSS {ours['rss_mb']:.0f} MB", str(initial["state"]),
        )
        poll = ours["poll"]
        assert isinstance(poll, dict)
        print(f"  a poll right after it: {poll['requests']} requests")
        floor = child("bench.sync.floor", "walk", server.url, server.key)
        show("floor: one cursor, download and parse", *times(floor), f"{floor['requests']} requests")
        fastest = float(str(floor["seconds"]))
        if not given.no_peers:
            for peer in peers.PEERS:
                found = peers.run(peer, folder, server.url, server.key)
                if "skipped" in found:
                    print(f"{peer.name:<52} skipped: {found['skipped']}", flush=True)
                    continue
                show(peer.name, float(str(found["seconds"])), float(str(found["cpu_seconds"])), given.candidates,
                     f"peak RSS {found['rss_mb']:.0f} MB")
        print(f"ours is {fastest / initial['seconds']:.1f} × faster than one cursor that stores nothing", flush=True)


def unthrottled(given: argparse.Namespace, folder: Path) -> None:
    print(f"{given.candidates} opportunities, no latency, no limit")
    with lever(given.candidates, 0.0, None) as server:
        floor = child("bench.sync.floor", "walk", server.url, server.key)
        show("floor: one cursor, download and parse", *times(floor))
        filled, empty = folder / "unthrottled.db", folder / "empty.db"
        subprocess.run([sys.executable, "-m", "bench.sync.empty", empty], check=True, stdout=subprocess.DEVNULL)
        ours = child("bench.sync.ours", server.url, server.key, filled, "--unthrottled")
        bare = child("bench.sync.floor", "upsert", filled, empty)
        initial, again = ours["initial"], ours["again"]
        assert isinstance(initial, dict)
        assert isinstance(again, dict)
        print(f"floor: bare upsert of the same rows {per_record(bare):6.0f} µs CPU/record")
        show("ours: initial sync", *times(initial), f"{initial['requests']} requests",
             f"peak RSS {ours['rss_mb']:.0f} MB")
        show("ours: full comparison, nothing changed", *times(again), f"{again['requests']} requests")
        both = per_record(floor) + per_record(bare)
        print(f"ours costs {per_record(initial) / both:.2f} × the two floors together ({both:.0f} µs)", flush=True)


def times(found: dict[str, object]) -> tuple[float, float, int]:
    return float(str(found["seconds"])), float(str(found["cpu_seconds"])), int(str(found["records"]))


def per_record(found: dict[str, object]) -> float:
    return float(str(found["cpu_seconds"])) / int(str(found["records"])) * 1e6


if __name__ == "__main__":
    main()
