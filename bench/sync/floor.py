"""What nothing that does the job can undercut: a sequential walk that only downloads and parses, and the bare upsert.

``floor.py walk URL KEY`` and ``floor.py upsert FILLED EMPTY``; both print JSON.
"""

import json
import sqlite3
import sys
import time

from grayscale.clients.lever.client import LeverClient
from grayscale.clients.lever.limits import RateLimiter

TABLES = {"candidate": "contact_id", "opportunity": "lever_id", "candidate_phone": "id"}
PAGE = 100


def walk(url: str, key: str) -> dict[str, float]:
    client = LeverClient(key, url, RateLimiter(1e6, 1e6, reserve=0), priority="bulk")
    cpu, begun = time.process_time(), time.monotonic()
    records = requests = 0
    offset = None
    while True:
        page = client.list_opportunities(confidentiality="all", expand=("applications",), offset=offset)
        records += len(page.data)
        requests += 1
        offset = page.next_offset
        if offset is None:
            break
    return {
        "seconds": time.monotonic() - begun,
        "cpu_seconds": time.process_time() - cpu,
        "requests": requests,
        "records": records,
    }


def upsert(filled: str, empty: str) -> dict[str, float]:
    """The rows of *filled* into the same tables of *empty*, a page a commit, by the driver alone."""
    source, target = sqlite3.connect(filled), sqlite3.connect(empty)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
        target.execute(f"PRAGMA {pragma}")
    count = source.execute("SELECT count(*) FROM opportunity").fetchone()[0]
    cpu = 0.0
    for table, key in TABLES.items():
        columns = [row[1] for row in source.execute(f"PRAGMA table_info({table})")]
        sets = ", ".join(f"{name} = excluded.{name}" for name in columns if name != key)
        statement = (
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
            f" ON CONFLICT ({key}) DO UPDATE SET {sets}"
        )
        cursor = source.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY id")
        while rows := cursor.fetchmany(PAGE):
            began = time.process_time()
            target.executemany(statement, rows)
            target.commit()
            cpu += time.process_time() - began
    return {"cpu_seconds": cpu, "records": count}


if __name__ == "__main__":
    print(json.dumps({"walk": walk, "upsert": upsert}[sys.argv[1]](*sys.argv[2:])))
