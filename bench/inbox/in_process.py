"""Measures the inbox beside the floor in one process: ``python -m bench.inbox.in_process [--conversations 2000]``.

On SQLite, no server and no network: what is told is the processor time of the application alone, floor and pages in
turns, the lower quarter of many. On a machine that does other work as well the ratio still says something.
"""

import argparse
import gc
import logging
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from flask import Flask
from flask_migrate import upgrade
from werkzeug.test import EnvironBuilder

from bench.inbox import data
from grayscale import create_app
from grayscale.config import load_config
from grayscale.domain import sessions
from grayscale.extensions import db
from grayscale.models import User
from grayscale.web.auth import CARRIED

ROOT = Path(__file__).parent.parent.parent
FLOOR_BYTES = "47000"
# What is asked for, and whether by htmx.
PAGES = {
    "open the inbox": ("/inbox?view=all", False),
    "open a conversation": ("/inbox/21", False),
    "the same as htmx asks for it": ("/inbox/21", True),
    "open the one of 10,000 texts": ("/inbox/1", False),
    "the changed poll with a conversation open": ("/inbox/live?tick=-1&view=all&counts=&rows=&c=21", True),
    "the candidates": ("/candidates", False),
}


def application(folder: Path, conversations: int) -> tuple[Flask, str]:
    """The application on a filled database, and the cookie of a recruiter."""
    environment = {
        "SECRET_KEY": "bench" * 10, "FERNET_KEYS": Fernet.generate_key().decode(), "PORT": "5000",
        "PUBLIC_URL": "http://localhost", "DATABASE_URL": f"sqlite:///{folder}/bench.db",
    }  # fmt: skip
    app = create_app(load_config(environment, instance=folder))
    logging.getLogger().setLevel(logging.WARNING)
    with app.app_context():
        upgrade(directory=str(ROOT / "migrations"))
        data.fill(app, conversations, 100)
        reader = db.session.scalars(db.select(User.id).order_by(User.id)).all()[1]
        token = sessions.begin(reader, label="bench")
        db.session.remove()
    signer: Any = app.session_interface
    return app, f"session={signer.get_signing_serializer(app).dumps({CARRIED: token})}"


def asking(app: Flask, path: str, cookie: str = "", *, htmx: bool = False) -> Callable[[], None]:
    """Asks for a page as a server does."""
    headers = {"Cookie": cookie} | ({"HX-Request": "true"} if htmx else {})
    environ = EnvironBuilder(path=path, headers=headers).get_environ()

    def ask() -> None:
        answered: list[str] = []
        body = app(dict(environ), lambda status, _headers, *_: answered.append(status))  # type: ignore[arg-type,return-value]
        b"".join(body)
        body.close()  # type: ignore[attr-defined]
        assert answered[0].startswith("200"), f"{path} answered {answered[0]}"

    return ask


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.inbox.in_process", description=__doc__)
    parser.add_argument("--conversations", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=80)
    options = parser.parse_args()
    os.environ["FLOOR_BYTES"] = FLOOR_BYTES
    from bench.inbox.floor import app as floor  # noqa: PLC0415 - it reads its size while it is imported

    with tempfile.TemporaryDirectory() as folder:
        app, cookie = application(Path(folder), options.conversations)
        asked = {"the floor": asking(floor, "/page")}
        asked |= {name: asking(app, path, cookie, htmx=htmx) for name, (path, htmx) in PAGES.items()}
        taken: dict[str, list[float]] = {name: [] for name in asked}
        for ask in asked.values():
            ask()
            ask()
        # As gunicorn.conf.py does.
        gc.collect()
        gc.freeze()
        for _ in range(options.rounds):
            for name, ask in asked.items():
                began = time.process_time()
                ask()
                taken[name].append((time.process_time() - began) * 1000)
    quarter = {name: statistics.quantiles(times, n=4)[0] for name, times in taken.items()}
    for name, ms in quarter.items():
        print(f"{name:42s} {ms:6.2f} ms  {ms / quarter['the floor']:5.1f} x the floor")


if __name__ == "__main__":
    main()
