"""Looking into a product's SQLite file from outside."""

import sqlite3
from contextlib import closing
from pathlib import Path


def deliveries_by_state(database: Path) -> dict[str, int]:
    """How many stored webhooks are in each state."""
    with closing(sqlite3.connect(database, timeout=15)) as link:
        return dict(link.execute("SELECT state, count(*) FROM delivery GROUP BY state"))


def is_synced(database: Path) -> bool:
    """Whether a first sync ended well and none runs."""
    with closing(sqlite3.connect(database, timeout=15)) as link:
        states = [state for (state,) in link.execute("SELECT state FROM sync_run")]
    return "done" in states and "running" not in states


def has_opportunities(database: Path) -> bool:
    """Whether a sync has brought all opportunities; their interviews, a request each, take longer."""
    with closing(sqlite3.connect(database, timeout=15)) as link:
        found = link.execute("SELECT progress ->> '$.opportunities.state' FROM sync_run").fetchall()
    return ("done",) in found
