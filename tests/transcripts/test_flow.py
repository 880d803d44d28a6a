"""Over real HTTP: an answer lost after the effect, and a machine that dies during the POST."""

import shutil
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from grayscale import clock, create_app
from grayscale.database import transaction
from grayscale.extensions import db
from grayscale.models import KeyState, LeverIntegration
from grayscale.sandbox import Sandbox, start_sandbox
from grayscale.sandbox.lever.permissions import GUIDE
from tests import factories
from tests.conftest import make_config
from tests.flow.product import Product, eventually

LIST_NOTES = "List Opportunity Notes"
TEXTS = ("Can you start on Monday?", "Which shift would suit you?")


def due_conversations(database_url: str, sandbox: Sandbox) -> list[str]:
    """Two conversations whose hour is up, each on an opportunity of the sandbox; Lever's ids of these."""
    app = create_app(make_config(database_url, lever_api_url=sandbox.lever_url))
    with app.app_context():
        with transaction() as session:
            integration = session.get_one(LeverIntegration, 1)
            integration.api_key, integration.key_state = sandbox.api_key, KeyState.ACCEPTED
        ids = [row for row in sandbox.lever.data.opportunities if not sandbox.notes(row)][:2]
        hour_ago = clock.now() - timedelta(hours=1)
        for lever_id, body in zip(ids, TEXTS, strict=True):
            person = factories.candidate()
            opportunity = factories.opportunity(person, lever_id=lever_id)
            conversation = factories.conversation(person, opportunity_id=opportunity.id, transcript_due_at=hour_ago)
            factories.message(conversation, body=body, occurred_at=hour_ago)
        db.session.remove()
        db.engine.dispose()
    return ids


class Database:
    """The product's database, read from outside."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def states(self) -> list[str]:
        with sqlite3.connect(self.path, timeout=10) as connection:
            return [row[0] for row in connection.execute("SELECT state FROM transcript ORDER BY id")]

    def let_time_pass(self) -> bool:
        """The waits between looks and the leases of the dead are over."""
        with sqlite3.connect(self.path, timeout=10) as connection:
            connection.execute(
                "UPDATE transcript SET next_attempt_at = '2026-01-01 00:00:00', lease_until = NULL"
                " WHERE state IN ('checking', 'posting')"
            )
        return True


@pytest.mark.flow
@pytest.mark.parametrize(("may_list", "outcome"), [(True, "posted"), (False, "unsure")])
def test_one_note_whatever_happens_to_the_call(
    may_list: bool, outcome: str, migrated: Path, tmp_path: Path
) -> None:
    path = tmp_path / "product.db"
    shutil.copyfile(migrated, path)
    url = f"sqlite:///{path}"
    permissions = set(GUIDE) | ({LIST_NOTES} if may_list else set())
    with start_sandbox(candidates=12, permissions=permissions) as sandbox:
        database, product = Database(path), Product(tmp_path, sandbox, url)
        ids = due_conversations(url, sandbox)
        notes = "/v1/opportunities/*/notes"
        sandbox.faults.add("lever", "drop", method="POST", path=notes, when="after")
        sandbox.faults.add("lever", "timeout", method="POST", path=notes, when="after", seconds=60)
        try:
            product.start()
            eventually(lambda: all(sandbox.notes(lever_id) for lever_id in ids))
            product.kill()
            assert "posted" not in database.states()
            database.let_time_pass()
            product.start()
            eventually(lambda: database.let_time_pass() and database.states() == [outcome] * 2)
        finally:
            product.kill()
        values = [field["value"] for lever_id in ids for note in sandbox.notes(lever_id) for field in note["fields"]]
        assert [sum(text in value for value in values) for text in TEXTS] == [1, 1]
        assert len(values) == 2
