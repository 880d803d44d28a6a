"""``python -m bench.jobs``: pick-up latency, throughput and the cost of a dead worker, with either engine."""

import argparse
import signal
import time

from bench import leftovers
from bench.jobs.setting import deployed, ready, text
from bench.soak import check
from bench.soak.deployment import Deployment
from bench.soak.people import Recruiter
from grayscale import create_app
from grayscale.config import load_config
from grayscale.database import transaction
from grayscale.domain.texting import outbound
from grayscale.extensions import db
from grayscale.models import Conversation, SendingNumber, User
from tests.flow.product import eventually

ENGINES = {"in-process": 0, "workers, one": 1, "workers, two": 2}
PATIENCE_SECONDS = 300.0


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m bench.jobs", description=__doc__)
    options.add_argument("--texts", type=int, default=20, help="sent one by one, for the latency")
    options.add_argument("--burst", type=int, default=100, help="committed at once, for the throughput")
    given = options.parse_args()
    leftovers.watch()
    print("| engine | from Send to the carrier, p50 / p95 | texts a second | one killed midway |")
    print("|---|---|---|---|")
    for engine, workers in ENGINES.items():
        latency, rate, killed = measure(workers, given.texts, given.burst)
        low, high = latency[len(latency) // 2], latency[int(len(latency) * 0.95)]
        print(f"| {engine} | {low * 1000:.0f} / {high * 1000:.0f} ms | {rate:.0f} | {killed} |", flush=True)


def measure(workers: int, texts: int, burst: int) -> tuple[list[float], float, str]:
    """Latencies in seconds, sorted; texts a second; what a kill in the middle of a second burst cost."""
    with deployed(workers) as deployment:
        person = ready(deployment)
        latency = sorted(one_text(deployment, person, number) for number in range(texts))
        app = create_app(load_config({**deployment.environment, "PORT": "5000"}, instance=deployment.folder))
        with app.app_context():
            begun = commit_burst(burst, "first")
            arrived(deployment, texts + burst)
            rate = burst / (time.monotonic() - begun)
            killed = kill_midway(deployment, burst, texts + burst)
            db.session.remove()
            db.engine.dispose()
        return latency, rate, killed


def one_text(deployment: Deployment, person: Recruiter, number: int) -> float:
    """Seconds from pressing Send until the carrier has the text."""
    words, carrier = f"Latency {number}", deployment.sandbox.carrier
    pressed = text(deployment, person, words)
    found = eventually(lambda: next((t for t in carrier.listed() if t.body == words), None), within=60, every=0.002)
    return float(found.created_at.timestamp() - pressed)


def commit_burst(burst: int, name: str) -> float:
    """Many texts, due at once; when the last of them was committed."""
    person = db.session.scalars(db.select(User).limit(1)).one()
    number = db.session.scalars(db.select(SendingNumber)).one()
    with transaction() as session:
        number.segments_per_second = 100_000
        peers = [
            Conversation(
                sending_number_id=number.id, peer=f"+1218{5560000 + index + (burst if name != 'first' else 0)}",
                created_at=person.created_at, last_activity_at=person.created_at,
            )
            for index in range(burst)
        ]  # fmt: skip
        session.add_all(peers)
        session.flush()
        for index, conversation in enumerate(peers):
            outbound.submit(conversation.id, f"Burst {name} {index}", person, submission_key=f"{name}-{index}")
    return time.monotonic()


def arrived(deployment: Deployment, count: int) -> None:
    eventually(lambda: sent(deployment) >= count, within=PATIENCE_SECONDS, every=0.01)


def kill_midway(deployment: Deployment, burst: int, before: int) -> str:
    """Kill what works, or one of two, in the middle of a burst, and start it again at once, as a host does.

    Tells for how long no text left at the longest, when the last of them had left, and whether any went twice.
    """
    commit_burst(burst, "second")
    arrived(deployment, before + burst // 3)
    victim = deployment.processes[-1]
    victim.end(signal.SIGKILL)
    died = last = time.monotonic()
    victim.start()
    count, longest = sent(deployment), 0.0
    while unsent(deployment) and time.monotonic() - died < PATIENCE_SECONDS:
        time.sleep(0.05)
        if (now := sent(deployment)) != count:
            longest = max(longest, time.monotonic() - last)
            count, last = now, time.monotonic()
    doubled = count - before - burst
    return (
        f"nothing left for {longest:.1f} s, the last of {burst} {last - died:.0f} s after the kill,"
        f" {max(doubled, 0)} twice, {max(-doubled, 0)} never"
    )


def sent(deployment: Deployment) -> int:
    return len(deployment.sandbox.carrier.messages)


def unsent(deployment: Deployment) -> int:
    states = "('queued', 'scheduled', 'sending', 'checking')"
    return int(check.query(deployment.server, f"SELECT count(*) FROM message WHERE state IN {states}")[0][0])


if __name__ == "__main__":
    main()
