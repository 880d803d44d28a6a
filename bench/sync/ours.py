"""Our initial sync of one Lever into a fresh SQLite file, measured from inside: prints JSON."""

import argparse
import json
import resource
import time
from pathlib import Path

from cryptography.fernet import Fernet
from flask_migrate import upgrade

from grayscale import create_app, memory
from grayscale.clients.lever.limits import RateLimiter
from grayscale.config import Config
from grayscale.database import transaction
from grayscale.domain.company import ensure_rows
from grayscale.domain.lever import connection, sync
from grayscale.extensions import db
from grayscale.models import KeyState, LeverIntegration, SyncKind, SyncRun

ROOT = Path(__file__).parent.parent.parent


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("key")
    parser.add_argument("database", type=Path)
    parser.add_argument("--unthrottled", action="store_true")
    given = parser.parse_args()
    # As the web process and the workers do.
    memory.keep_small()
    app = create_app(
        Config(
            secret_key="a-secret-key-for-benchmarks",
            fernet_keys=(Fernet.generate_key().decode(),),
            database_url=f"sqlite:///{given.database}",
            public_url="http://127.0.0.1:5000",
            lever_api_url=given.url,
        )
    )
    if given.unthrottled:
        unlimited = RateLimiter(1e6, 1e6, reserve=0)
        connection.limiter_for = lambda key: unlimited  # type: ignore[assignment]
    with app.app_context():
        upgrade(directory=str(ROOT / "migrations"))
        ensure_rows()
        with transaction() as session:
            integration = session.get_one(LeverIntegration, 1)
            integration.api_key, integration.key_state = given.key, KeyState.ACCEPTED
        result = {"initial": measure(SyncKind.INITIAL)}
        if given.unthrottled:
            result["again"] = measure(SyncKind.FULL)
        result["poll"] = measure(SyncKind.POLL)
        result["rss_mb"] = most_resident()
    print(json.dumps(result))


def measure(kind: SyncKind) -> dict[str, object]:
    cpu, begun = time.process_time(), time.monotonic()
    run_id = sync.request(kind=kind).id
    while sync.run_if_due(5):
        db.session.rollback()
        if sync.current() is None:
            break
    run = db.session.get_one(SyncRun, run_id, populate_existing=True)
    return {
        "seconds": time.monotonic() - begun,
        "cpu_seconds": time.process_time() - cpu,
        "requests": run.requests,
        "records": run.progress["opportunities"]["done"] if kind is not SyncKind.POLL else 0,
        "state": run.state.value,
        "error": run.error,
        "rss_mb": most_resident(),
    }


def most_resident() -> float:
    """Megabytes that this process had in memory at once, at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
