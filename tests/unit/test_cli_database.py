"""The backup of a serving SQLite database, and the move to PostgreSQL."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import create_engine, text

from grayscale import create_app
from grayscale.database import transaction
from grayscale.domain.company import ensure_rows, lever_integration
from grayscale.extensions import db
from grayscale.jobs.presence import Presence
from grayscale.models import Conversation, MessageState
from tests import factories
from tests.conftest import make_config


@pytest.fixture
def here(sqlite_url: str) -> Flask:
    """The application on SQLite, with some of everything."""
    app = create_app(make_config(sqlite_url))
    with app.app_context():
        ensure_rows()
        conversation = factories.conversation()
        first = factories.message(conversation, body="Grüße\x00 aus Köln", direction="outbound", carrier_id="SM1")
        factories.message(
            conversation, body="once more", direction="outbound", carrier_id="SM2", retry_of_id=first.id,
            state=MessageState.FAILED,
        )
        with transaction() as session:
            session.get_one(Conversation, conversation.id).last_message_id = first.id
            lever_integration().api_key = "a-key-of-lever"
        db.session.remove()
    return app


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["database", *arguments])


def test_a_backup_is_a_whole_database_of_its_owner_alone(here: Flask, tmp_path: Path) -> None:
    file = tmp_path / "copy.db"
    done = run(here, "backup", str(file))
    assert done.exit_code == 0, done.output
    with closing(sqlite3.connect(file)) as copy:
        assert copy.execute("SELECT count(*) FROM message").fetchone() == (2,)
        assert copy.execute("SELECT count(*) FROM message_search WHERE message_search MATCH 'koln'").fetchone() == (1,)
    assert file.stat().st_mode & 0o077 == 0
    again = run(here, "backup", str(file))
    assert again.exit_code != 0
    assert "exists" in again.output


@pytest.mark.postgresql
def test_everything_moves_and_goes_on_from_there(here: Flask, postgresql_url: str) -> None:
    empty(postgresql_url)
    done = run(here, "move", postgresql_url)
    assert done.exit_code == 0, done.output
    app = create_app(make_config(postgresql_url))
    with app.app_context():
        rows = db.session.execute(text("SELECT body, retry_of_id IS NULL FROM message ORDER BY id")).all()
        assert rows == [("Grüße aus Köln", True), ("once more", False)]
        assert db.session.scalar(text("SELECT last_message_id FROM conversation")) is not None
        assert lever_integration().api_key == "a-key-of-lever"
        # Ids go on behind the copied ones.
        conversation = db.session.scalars(db.select(Conversation)).one()
        assert factories.message(conversation).id == 3
        db.session.remove()
        db.engine.dispose()


@pytest.mark.postgresql
def test_a_target_with_rows_is_refused_and_left_alone(here: Flask, postgresql_url: str) -> None:
    done = run(here, "move", postgresql_url)
    assert done.exit_code != 0
    assert "the target is not empty" in done.output


@pytest.mark.postgresql
def test_while_the_application_runs_only_a_rehearsal_is_done(here: Flask, postgresql_url: str) -> None:
    empty(postgresql_url)
    with here.app_context():
        presence = Presence(db.engine)
        presence.arrive()
    try:
        refused = run(here, "move", postgresql_url)
        assert "Stop it first" in refused.output
        assert run(here, "move", postgresql_url, "--rehearse").exit_code == 0
    finally:
        presence.leave()


def empty(url: str) -> None:
    """As migrations alone leave it: the template also has the rows there is one of."""
    engine = create_engine(url)
    with engine.begin() as connection:
        names = connection.scalars(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'")
        ).all()
        # The audit record lets nothing go otherwise.
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(f"TRUNCATE {', '.join(names)} CASCADE"))
    engine.dispose()
