"""What the ticks ask every second never reads a table through that grows with the data."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from grayscale.database import transaction
from grayscale.domain.company import texting_account
from grayscale.extensions import db
from grayscale.jobs.tasks import TASKS, Task
from tests import factories

GROWING = {"message", "conversation", "delivery", "transcript", "media", "message_event", "conversation_member"}
# Walks active opportunities on purpose, in bounded pieces.
EXEMPT = {"sync", "housekeeping"}


TICKS = [task for task in TASKS if task.job.value not in EXEMPT]


@pytest.mark.parametrize("task", TICKS, ids=lambda task: task.job.value)
def test_no_tick_scans_a_growing_table(app: Flask, task: Task) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL chooses its plans by statistics")
    factories.conversation()
    with transaction():
        account = texting_account()
        account.account_sid, account.auth_token = "AC" + "0" * 32, "token"
    asked: dict[str, Any] = {}

    def listen(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE")):
            asked.setdefault(statement, parameters[0] if many else parameters)

    event.listen(db.engine, "before_cursor_execute", listen)
    try:
        task.work()
    finally:
        event.remove(db.engine, "before_cursor_execute", listen)
    assert asked
    connection = db.engine.raw_connection()
    try:
        for statement, parameters in asked.items():
            plan = connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            for *_, step in plan:
                scans = step.startswith("SCAN") and step.split()[1] in GROWING and " USING " not in step
                assert not scans, f"{step}: {statement}"
    finally:
        connection.close()
