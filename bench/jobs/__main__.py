"""``python -m bench.jobs``: pick-up latency, throughput and the cost of a dead worker, with either engine."""

import argparse
import signal
import tempfile
import time
from pathlib import Path

from bench import leftovers
from bench.soak import check
from bench.soak.deployment import Deployment, Process, running
from bench.soak.people import Recruiter, Said
from bench.webhooks.servers import durable_postgresql
from grayscale import create_app
from grayscale.config import load_config
from grayscale.database import transaction
from grayscale.domain.texting import outbound
from grayscale.extensions import db
from grayscale.models import Conversation, SendingNumber, User
from grayscale.sandbox import Sandbox
from tests.flow.product import eventually

ENGINES = {"in-process": 0, "workers, one": 1, "workers, two": 2}


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m bench.jobs", description=__doc__)
    options.add_argument("--texts", type=int, default=40, help="sent one by one, for the latency")
    options.add_argument("--burst", type=int, default=400, help="committed at once, for the throughput")
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
    with (
        tempfile.TemporaryDirectory() as folder,
        durable_postgresql() as server,
        Sandbox(candidates=20, step_seconds=3600) as sandbox,
        running(Path(folder), sandbox, server, "workers" if workers else "in-process", 1) as deployment,
    ):
        keep(deployment, workers, Path(folder))
        person = ready(deployment)
        latency = sorted(one_text(deployment, person, number) for number in range(texts))
        app = create_app(load_config({**deployment.environment, "PORT": "5000"}, instance=Path(folder)))
        with app.app_context():
            begun = commit_burst(burst, "first")
            arrived(deployment, texts + burst)
            rate = burst / (time.monotonic() - begun)
            killed = kill_midway(deployment, burst, texts + burst) if workers > 1 else "its row waits for its lease"
            db.session.remove()
            db.engine.dispose()
        return latency, rate, killed


def keep(deployment: Deployment, workers: int, folder: Path) -> None:
    """One web process, and as many workers as are measured."""
    webs = [one for one in deployment.processes if one.name.startswith("web")]
    for process in webs[1:]:
        process.end(signal.SIGTERM)
    deployment.proxy.backends = deployment.proxy.backends[:1]
    deployment.proxy.turns = iter(lambda: 0, 1)
    if workers > 1:
        second = Process("worker2", "flask --app app work", deployment.environment, folder)
        deployment.processes.append(second)
        second.start()


def ready(deployment: Deployment) -> Recruiter:
    """A signed-in person with a conversation, once candidates are there."""
    eventually(lambda: check.query(deployment.server, "SELECT 1 FROM sync_run WHERE state = 'done'"), within=120)
    found = check.query(
        deployment.server,
        "SELECT o.lever_id, p.e164 FROM opportunity o JOIN candidate_phone p ON p.candidate_id = o.candidate_id"
        " WHERE o.archived_at IS NULL AND NOT o.confidential AND p.e164 IS NOT NULL",
    )
    person = Recruiter(deployment, 0, Said())
    person.sign_in(found)
    return person


def one_text(deployment: Deployment, person: Recruiter, number: int) -> float:
    """Seconds from pressing Send until the carrier has the text."""
    words, path = f"Latency {number}", f"/inbox/{person.conversation}"
    form = next(form for form in person.session.get(path).forms if form.has({"Message"}, "Send"))
    values = {
        entry.name: words if entry.label == "Message" else entry.value
        for entry in form.fields
        if entry.name and (entry.kind not in ("checkbox", "radio", "file", "submit") or entry.checked)
    }
    pressed = time.time()
    person.post(form.action or path, values)
    carrier = deployment.sandbox.carrier
    text = eventually(lambda: next((t for t in carrier.listed() if t.body == words), None), within=60, every=0.002)
    return float(text.created_at.timestamp() - pressed)


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
    eventually(lambda: len(deployment.sandbox.carrier.messages) >= count, within=300, every=0.01)


def kill_midway(deployment: Deployment, burst: int, before: int) -> str:
    """Kill one of two workers in the middle of a burst; how many texts were held up, and for how long."""
    begun = commit_burst(burst, "second")
    arrived(deployment, before + burst // 3)
    deployment.processes[-1].end(signal.SIGKILL)
    died = time.monotonic()
    last, since = left(deployment, burst, before), time.monotonic()
    while time.monotonic() - since < 6 and last:
        time.sleep(0.05)
        if (now := left(deployment, burst, before)) != last:
            last, since = now, time.monotonic()
    held = last
    if held:
        eventually(lambda: not unsent(deployment), within=300, every=0.5)
    return (
        f"{held} of {burst} texts held up, done {time.monotonic() - died:.0f} s after the kill"
        f" ({time.monotonic() - begun:.0f} s in all)"
    )


def left(deployment: Deployment, burst: int, before: int) -> int:
    return burst - (len(deployment.sandbox.carrier.messages) - before)


def unsent(deployment: Deployment) -> int:
    states = "('queued', 'scheduled', 'sending', 'checking')"
    return int(check.query(deployment.server, f"SELECT count(*) FROM message WHERE state IN {states}")[0][0])


if __name__ == "__main__":
    main()
