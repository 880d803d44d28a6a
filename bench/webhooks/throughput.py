"""(a) nothing, (b) the least a receiver can do, (b locked) the same with its writers in a queue, (c) ours."""

import contextlib
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.webhooks import servers
from bench.webhooks.load import Measured
from tests import postgresql

CONCURRENCY = (1, 16, 64)
VARIANTS = ("a", "b", "b locked", "c")
KINDS = {"a": "empty", "b": "insert", "b locked": "locked"}


def measure(database: str, *, seconds: float, rounds: int) -> dict[tuple[str, int], Measured]:
    """Medians over *rounds*; the variants take short turns, so that a busy moment of the machine meets all of them."""
    found: dict[tuple[str, int], list[Measured]] = {}
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(servers.durable_postgresql()) if database == "postgresql" else None
        targets = {variant: stack.enter_context(_serving(variant, server)) for variant in VARIANTS}
        for target in targets.values():
            servers.send(target, 16, "--seconds", "1")
        for turn in range(rounds):
            for concurrency in CONCURRENCY:
                for variant, target in targets.items():
                    sent = servers.send(target, concurrency, "--seconds", str(seconds))
                    found.setdefault((variant, concurrency), []).append(sent)
            print(f"  {database}: round {turn + 1} of {rounds} done", flush=True)
    return {key: _median(all_) for key, all_ in found.items()}


@contextlib.contextmanager
def _serving(variant: str, server: postgresql.Server | None) -> Iterator[servers.Target]:
    """One of the variants with a database of its own."""
    with tempfile.TemporaryDirectory(prefix="grayscale-bench-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        url = f"sqlite:///{folder / 'bench.db'}"
        if server is not None:
            own = f"bench_{variant.replace(' ', '_')}"
            server.execute(f"CREATE DATABASE {own}")
            url = server.url(own)
        if variant == "c":
            _, target = stack.enter_context(servers.product(folder, None, url))
        else:
            target = stack.enter_context(servers.bare(KINDS[variant], url))
        yield target


def _median(all_: list[Measured]) -> Measured:
    """Of the rounds, the figures of the one in the middle."""
    ordered = sorted(all_, key=lambda one: one.rate)
    middle = ordered[len(ordered) // 2]
    statuses = {status for one in all_ for status in one.statuses}
    assert statuses <= {"200"}, f"not everything was accepted: {statuses}"
    return Measured(
        middle.seconds, middle.statuses, statistics.median(one.p50 for one in all_),
        statistics.median(one.p99 for one in all_), max(one.worst for one in all_),
        statistics.median(one.processor_ms for one in all_),
    )  # fmt: skip


def table(found: dict[tuple[str, int], Measured]) -> str:
    lines = [
        "| concurrency | variant | requests/s | p50 ms | p99 ms | worst ms | processor ms a request |",
        "|--:|---|--:|--:|--:|--:|--:|",
    ]
    for concurrency in CONCURRENCY:
        for variant in VARIANTS:
            one = found[variant, concurrency]
            figures = f"{one.rate:,.0f} | {one.p50:.1f} | {one.p99:.1f} | {one.worst:.0f} | {one.processor_ms:.2f}"
            lines.append(f"| {concurrency} | ({variant}) | {figures} |")
    return "\n".join(lines)


def goals(database: str, found: dict[tuple[str, int], Measured]) -> list[str]:
    """What was aimed at with 16 connections, as rows of a table."""
    ours, bare, locked = (found[variant, 16] for variant in ("c", "b", "b locked"))
    share, slower = ours.rate / bare.rate, ours.p99 / locked.p99
    work = ours.processor_ms / bare.processor_ms
    return [
        goal(f"{database}: (c) ÷ (b), requests/s at 16", f"{share:.0%}", "≥ 80 %", share >= 0.8),
        goal(f"{database}: p99 (c) ÷ (b locked) at 16", f"{slower:.2f}", "≤ 1.5", slower <= 1.5),
        # Holds beside other work, too, where the two above do not: without waiting, the first is its inverse.
        goal(f"{database}: processor time (c) ÷ (b) at 16", f"{work:.2f}", "≤ 1.25", work <= 1.25),
    ]


def goal(what: str, measured: str, target: str, met: bool) -> str:
    return f"| {what} | {measured} | {target} | {'yes' if met else 'NO'} |"
