"""The process is killed over and over while Lever tells what happens: nothing may end up lost, doubled or wrong."""

import random
import sqlite3
import threading
import time
from collections import Counter, deque
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.webhooks.state import deliveries_by_state, is_synced
from grayscale.sandbox import Sandbox
from tests.flow.product import Product, eventually
from tests.webhooks import deployment

# Lever's documented five retries, hurried: 0.1 s, 0.6 s, 3 s, 18 s, 72 s.
RETRY_SCALE = 0.01
TRIES = 6


@dataclass
class Soaked:
    """What a soak came to."""

    acts: int
    kills: int
    sent: int
    stored: int
    states: dict[str, int]
    repeated_tries: int
    given_up_by_lever: int
    differences: list[str]
    handled_after_seconds: float


def run(folder: Path, *, seconds: float, kill_every: float, acts_a_second: float, candidates: int = 30) -> Soaked:
    """Act in Lever for *seconds* while the product is killed (SIGKILL to all of it) every *kill_every* seconds."""
    database = folder / "soak.db"
    with (
        Sandbox(candidates=candidates, webhook_retry_scale=RETRY_SCALE) as sandbox,
        deployment.running(folder, sandbox, f"sqlite:///{database}") as (product, _, _),
    ):
        sandbox.webhooks.history = deque()  # all of it, not only what Lever's page keeps
        eventually(lambda: is_synced(database), within=60, every=0.2)
        acts, kills = _rage(sandbox, product, seconds, kill_every, acts_a_second)
        started = time.monotonic()
        sent = [one for one in sandbox.webhooks.history if one.body["data"]]
        eventually(lambda: all(one.delivered or len(one.attempts) == TRIES for one in sent), within=180, every=0.1)
        exhausted = [one for one in sent if not one.delivered]
        for one in exhausted:
            # What Lever gave up, a person sends again from its history.
            sandbox.webhooks.rerun(one.id)
        ids = {one.body["id"] for one in sent}
        eventually(lambda: _settled(database, len(ids)), within=240, every=0.2)
        states = deliveries_by_state(database)
        return Soaked(
            acts=acts,
            kills=kills,
            sent=len(ids),
            stored=sum(states.values()),
            states=states,
            repeated_tries=sum(len(one.attempts) - 1 for one in sent),
            given_up_by_lever=len(exhausted),
            differences=differences(sandbox, database, ids),
            handled_after_seconds=time.monotonic() - started,
        )


def _rage(
    sandbox: Sandbox, product: Product, seconds: float, kill_every: float, acts_a_second: float
) -> tuple[int, int]:
    """Act and kill; the time between two kills counts from when the product serves again."""
    chance = random.Random(11)
    over = threading.Event()
    kills = 0

    def killer() -> None:
        nonlocal kills
        pauses = random.Random(12)
        while not over.wait(kill_every * pauses.uniform(0.7, 1.3)):
            product.kill()
            kills += 1
            product.start()

    thread = threading.Thread(target=killer)
    thread.start()
    acts = 0
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        acts += act(sandbox, chance)
        time.sleep(1 / acts_a_second)
    over.set()
    thread.join()
    return acts, kills


def act(sandbox: Sandbox, chance: random.Random) -> int:
    """Something a recruiting team does, which the sandbox tells by webhooks; 0 when Lever would not have it."""
    team, data = sandbox.team, sandbox.lever.data
    with sandbox.lever.lock:
        ids = list(data.opportunities)
        active = [one for one in ids if data.opportunities[one].archived is None]
        stages = [stage["id"] for stage in data.stages]
        reasons = [reason["id"] for reason in data.archive_reasons if reason["type"] != "hired"]
    one = chance.choice(active or ids)
    verb = chance.choices(("move", "archive", "unarchive", "hire", "delete"), (70, 10, 12, 4, 2))[0]
    try:
        if verb == "move":
            team.move(one, chance.choice(stages))
        elif verb == "archive":
            team.archive(one, chance.choice(reasons))
        elif verb == "unarchive":
            team.unarchive(chance.choice([each for each in ids if each not in active] or ids))
        elif verb == "hire":
            team.hire(one)
        elif len(ids) > 10:
            team.delete(one)
    except (KeyError, ValueError):
        return 0
    return 1


def _settled(database: Path, count: int) -> bool:
    states = deliveries_by_state(database)
    return states == {"done": count}


def differences(sandbox: Sandbox, database: Path, sent: set[str]) -> list[str]:
    """Where the product is not what the simulator says: deliveries stored not exactly once, mirror rows that differ."""
    found: list[str] = []
    with closing(sqlite3.connect(database, timeout=15)) as link:
        stored = Counter(row[0] for row in link.execute("SELECT external_id FROM delivery"))
        mirror = {
            row[0]: row[1:]
            for row in link.execute("SELECT lever_id, stage_lever_id, archive_reason_lever_id FROM opportunity")
        }
    found += [f"delivery {one} stored {stored[one]} times" for one in sent if stored[one] != 1]
    found += [f"delivery {one} was never sent" for one in stored.keys() - sent]
    with sandbox.lever.lock:
        truth = {row.id: (row.stage, _reason(row)) for row in sandbox.lever.data.opportunities.values()}
    found += [f"opportunity {one}: missing" for one in truth.keys() - mirror.keys()]
    found += [f"opportunity {one}: still here" for one in mirror.keys() - truth.keys()]
    for one in truth.keys() & mirror.keys():
        if truth[one] != mirror[one]:
            found.append(f"opportunity {one}: Lever says {truth[one]}, the mirror {mirror[one]}")
    return found


def _reason(row: Any) -> str | None:
    return row.archived["reason"] if row.archived else None
