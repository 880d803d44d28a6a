"""What this stack can do at all: (a) a view that does nothing, (b) one that checks the signature and commits one row.

``BARE`` chooses: ``empty``, ``insert`` or ``locked`` (the same behind a process-wide lock); ``BARE_DATABASE`` is the
SQLite file or the ``postgresql://`` URL.
"""

import hashlib
import hmac
import json
import os
import sqlite3
import threading
from typing import Any

import psycopg
from flask import Flask, request

KIND = os.environ["BARE"]
DATABASE = os.environ.get("BARE_DATABASE", "")
TOKEN = os.environ["BARE_TOKEN"].encode()
INSERT = "INSERT INTO delivery (external_id, body) VALUES ({0}, {0}) ON CONFLICT DO NOTHING"
TABLE = "CREATE TABLE IF NOT EXISTS delivery (id {} PRIMARY KEY, external_id TEXT UNIQUE NOT NULL, body TEXT NOT NULL)"

app = Flask(__name__)
_own = threading.local()
_writers = threading.Lock()
# PostgreSQL's own CREATE IF NOT EXISTS fails when two do it at once.
_making = threading.Lock()


def sqlite() -> sqlite3.Connection:
    """This thread's connection, with the application's settings (grayscale/database.py)."""
    if not hasattr(_own, "link"):
        _own.link = sqlite3.connect(DATABASE, isolation_level=None)
        for pragma in (
            "journal_mode = WAL", "busy_timeout = 15000", "synchronous = FULL", "foreign_keys = ON",
            "secure_delete = ON", "temp_store = MEMORY",
        ):  # fmt: skip
            _own.link.execute(f"PRAGMA {pragma}")
        _own.link.execute(TABLE.format("INTEGER"))
    link: sqlite3.Connection = _own.link
    return link


def postgresql() -> Any:
    if not hasattr(_own, "link"):
        _own.link = psycopg.connect(DATABASE, autocommit=True)
        with _making:
            _own.link.execute(TABLE.format("BIGINT GENERATED ALWAYS AS IDENTITY"))
    return _own.link


def store(external_id: str, body: str) -> None:
    if DATABASE.startswith("postgresql"):
        postgresql().execute(INSERT.format("%s"), (external_id, body))
        return
    link = sqlite()
    link.execute("BEGIN IMMEDIATE")
    link.execute(INSERT.format("?"), (external_id, body))
    link.execute("COMMIT")


@app.post("/<path:_anything>")
def receive(_anything: str) -> str:
    if KIND == "empty":
        return ""
    raw = request.get_data()
    body = json.loads(raw)
    signature = hmac.new(TOKEN, f"{body['token']}{body['triggeredAt']}".encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(signature, body["signature"]):
        raise ValueError("the sender of the benchmark signs everything")
    if KIND == "locked":
        with _writers:
            store(body["id"], raw.decode())
    else:
        store(body["id"], raw.decode())
    return ""
