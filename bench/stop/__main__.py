"""``python -m bench.stop``: SIGTERM in the middle of a call that Lever or the carrier answers after 40 seconds."""

import signal
import time

from bench import leftovers
from bench.jobs.setting import deployed, ready, text
from bench.soak import check
from bench.soak.deployment import Deployment
from bench.soak.people import Recruiter
from tests.flow.product import eventually

ENGINES = {"web, in-process": 0, "worker": 1}
ANSWER_SECONDS = 40.0
# What the call is for: the side that stalls, its method and its path.
CALLS = {
    "a text to the carrier": ("carrier", "POST", "*/Messages.json"),
    "a Note to Lever": ("lever", "POST", "*/notes"),
    "what Lever says of a move": ("lever", "GET", "*/opportunities/*"),
}
SETTLE_SECONDS = 300.0


def main() -> None:
    leftovers.watch()
    print("| process | SIGTERM while it waits for | gone after | settled after its start | Lever, carrier, database |")
    print("|---|---|---|---|---|")
    for engine, workers in ENGINES.items():
        with deployed(workers) as deployment:
            person = ready(deployment)
            for name in CALLS:
                gone, settled = stop_during(deployment, person, name)
                said = "; ".join(check.differences(deployment, person.said)) or "agree"
                print(f"| {engine} | {name} | {gone:.1f} s | {settled:.0f} s | {said} |", flush=True)


def stop_during(deployment: Deployment, person: Recruiter, name: str) -> tuple[float, float]:
    """Seconds until the process had ended, and until the one started after it had nothing left to do."""
    eventually(lambda: not check.unsettled(deployment.server), within=SETTLE_SECONDS, every=0.2)
    target, method, path = CALLS[name]
    fault = deployment.sandbox.faults.add(
        target, "timeout", method=method, path=path, seconds=ANSWER_SECONDS, when="after"
    )
    if method == "GET":
        move_one(deployment)
    else:
        text(deployment, person, f"During {name}")
    eventually(lambda: fault.fired, within=60)
    process, asked = deployment.processes[-1], time.monotonic()
    process.end(signal.SIGTERM)
    gone = time.monotonic() - asked
    process.start()
    started = time.monotonic()
    eventually(lambda: not check.unsettled(deployment.server), within=SETTLE_SECONDS, every=0.2)
    return gone, time.monotonic() - started


def move_one(deployment: Deployment) -> None:
    """Somebody moves a candidate in Lever, which tells of it."""
    lever = deployment.sandbox.lever
    with lever.lock:
        found = next(one for one in lever.data.opportunities.values() if one.archived is None)
        stage = next(stage["id"] for stage in lever.data.stages if stage["id"] != found.stage)
    deployment.sandbox.team.move(found.id, stage)


if __name__ == "__main__":
    main()
