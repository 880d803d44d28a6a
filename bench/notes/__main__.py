"""``python -m bench.notes``: how long a backlog of Notes takes, and how long live work waits meanwhile."""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path

from cryptography.fernet import Fernet
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import func, select

from grayscale import clock, create_app
from grayscale.clients.lever.client import LeverClient
from grayscale.clients.lever.limits import BURST, RATE, RateLimiter
from grayscale.config import Config
from grayscale.database import transaction
from grayscale.domain.company import ensure_rows
from grayscale.domain.lever import connection
from grayscale.domain.transcripts import posting
from grayscale.extensions import db
from grayscale.models import (
    Candidate,
    Conversation,
    Direction,
    KeyState,
    Kind,
    LeverIntegration,
    Message,
    MessageState,
    Opportunity,
    SendingNumber,
    Transcript,
    TranscriptState,
    Via,
)

ROOT = Path(__file__).parents[2]
LIVE_EVERY_SECONDS = 0.5
TEXTS_EACH = 6


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--conversations", type=int, default=1000)
    parser.add_argument("--latency", type=float, default=200.0, help="ms Lever takes for an answer")
    given = parser.parse_args()
    command = [
        sys.executable, "-m", "bench.sync.lever", "--candidates", str(given.conversations + 100),
        "--latency", str(given.latency), "--rate", str(RATE),
    ]  # fmt: skip
    lever = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert lever.stdin is not None
    assert lever.stdout is not None
    try:
        where = json.loads(lever.stdout.readline())
        with tempfile.TemporaryDirectory() as folder:
            measure(Path(folder), where["url"], where["key"], given.conversations)
    finally:
        lever.stdin.close()
        lever.wait(10)
    return 0


def measure(folder: Path, url: str, key: str, count: int) -> None:
    app = make_app(folder, url)
    with app.app_context():
        upgrade(directory=str(ROOT / "migrations"))
        ensure_rows()
        ids = opportunities(url, key, count)
        fill(ids, key)
        live = LiveWork(app, ids[0])
        live.start()
        started, processor = time.monotonic(), time.process_time()
        while posted() < count:
            posting.post_due()
            db.session.rollback()
            time.sleep(0.05)
        took, processor = time.monotonic() - started, time.process_time() - processor
        waits = live.end()
        refused = db.session.scalar(select(func.count()).where(Transcript.attempts > 1)) or 0
    ideal = (count + len(waits) - (BURST - 1)) / RATE
    waits.sort()
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores, load {load}, SQLite")
    print(f"{processor / count * 1000:.1f} ms of processor a Note, the live calls included")
    print(f"{count} Notes in {took:.1f} s; the rate alone allows {ideal:.1f} s: {took / ideal:.3f} x")
    print(
        f"{len(waits)} live calls meanwhile: median {statistics.median(waits) * 1000:.0f} ms,"
        f" 99th of 100 {waits[int(len(waits) * 0.99)] * 1000:.0f} ms, longest {waits[-1] * 1000:.0f} ms"
    )
    print(f"{refused} Notes took a second attempt")


def make_app(folder: Path, url: str) -> Flask:
    return create_app(
        Config(
            secret_key="a-secret-key-for-the-bench",
            fernet_keys=(Fernet.generate_key().decode(),),
            database_url=f"sqlite:///{folder / 'bench.db'}",
            public_url="http://localhost:5000",
            lever_api_url=url,
        )
    )


def opportunities(url: str, key: str, count: int) -> list[str]:
    client = LeverClient(key, url, RateLimiter(RATE, BURST - 1), priority="bulk")
    found: list[str] = []
    offset = None
    while len(found) < count:
        page = client.list_opportunities(offset=offset)
        found += [row.id for row in page.data]
        offset = page.next_offset
        if offset is None:
            break
    time.sleep(BURST / RATE)  # the bucket is full again
    return found[:count]


def fill(ids: list[str], key: str) -> None:
    """As many conversations as opportunities, quiet for an hour since the same minute."""
    now = clock.now()
    hour_ago = now - timedelta(hours=1, minutes=1)
    with transaction() as session:
        integration = session.get_one(LeverIntegration, 1)
        integration.api_key, integration.key_state = key, KeyState.ACCEPTED
        number = SendingNumber(e164="+12185550100")
        session.add(number)
        session.flush()
        for index, lever_id in enumerate(ids):
            person = Candidate(contact_id=f"contact-{index}", name=f"Candidate {index}", fetched_at=now)
            session.add(person)
            session.flush()
            opportunity = Opportunity(lever_id=lever_id, candidate_id=person.id, fetched_at=now, via=Via.FULL)
            session.add(opportunity)
            session.flush()
            talk = Conversation(
                candidate_id=person.id, sending_number_id=number.id, peer=f"+1218555{index:04}",
                opportunity_id=opportunity.id, created_at=hour_ago, last_activity_at=hour_ago,
                transcript_due_at=hour_ago + timedelta(hours=1),
            )  # fmt: skip
            session.add(talk)
            session.flush()
            session.add_all(
                Message(
                    conversation_id=talk.id, direction=Direction.INBOUND, kind=Kind.MANUAL, peer=talk.peer,
                    state=MessageState.RECEIVED, body=f"Text {part} of somebody who answers at some length.",
                    carrier_id=f"SM{index}-{part}", created_at=hour_ago, occurred_at=hour_ago,
                )
                for part in range(TEXTS_EACH)
            )  # fmt: skip


def posted() -> int:
    found = db.session.scalar(
        select(func.count()).select_from(Transcript).where(Transcript.state == TranscriptState.POSTED)
    )
    db.session.rollback()
    return found or 0


class LiveWork:
    """What the handling of a webhook asks of Lever, twice a second: how long each waits for its answer."""

    def __init__(self, app: Flask, lever_id: str) -> None:
        self._app, self._lever_id = app, lever_id
        self._waits: list[float] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def start(self) -> None:
        self._thread.start()

    def end(self) -> list[float]:
        self._over.set()
        self._thread.join()
        return self._waits

    def _work(self) -> None:
        with self._app.app_context():
            client = connection.client("live")
            while not self._over.wait(LIVE_EVERY_SECONDS):
                started = time.monotonic()
                client.get_opportunity(self._lever_id)
                self._waits.append(time.monotonic() - started)


if __name__ == "__main__":
    sys.exit(main())
