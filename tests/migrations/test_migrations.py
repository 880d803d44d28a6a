"""The schema: one line of migrations, up and down on both databases, and models that agree with it."""

import re
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config as AlembicConfig
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask_migrate import downgrade, upgrade
from sqlalchemy import Engine, create_engine, inspect, text

from grayscale import create_app
from grayscale.extensions import db
from tests.conftest import ROOT, make_config, migrate
from tests.migrations import old_processes
from tests.postgresql import Server

VERSIONS = ROOT / "migrations" / "versions"
MIGRATIONS = str(ROOT / "migrations")
# As many migrations as a release may bring: processes of the one before still serve after them.
BEHIND = 3


def test_migrations_are_numbered_without_gap_and_have_one_head() -> None:
    config = AlembicConfig()
    config.set_main_option("script_location", MIGRATIONS)
    script = ScriptDirectory.from_config(config)
    assert len(script.get_heads()) == 1
    numbers = sorted(int(path.name[:4]) for path in VERSIONS.glob("*.py"))
    assert numbers == list(range(1, len(numbers) + 1))


def test_migrations_import_nothing_of_the_application() -> None:
    for path in VERSIONS.glob("*.py"):
        assert not re.search(r"^\s*(from|import) grayscale", path.read_text(), re.MULTILINE), path.name


def up_and_down(database_url: str) -> None:
    app = create_app(make_config(database_url))
    with app.app_context():
        upgrade(directory=MIGRATIONS)
        upgrade(directory=MIGRATIONS)
        with db.engine.connect() as connection:
            options = {"compare_type": True, "include_name": is_a_models}
            differences = compare_metadata(MigrationContext.configure(connection, opts=options), db.metadata)
        assert not differences, "a model and the migrations disagree"
        downgrade(directory=MIGRATIONS, revision="base")
        assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}
        upgrade(directory=MIGRATIONS, revision=f"{len(list(VERSIONS.glob('*.py'))) - BEHIND:04d}")
        known = old_processes.known_to(db.engine)
        upgrade(directory=MIGRATIONS)
        broken = old_processes.broken_by(db.engine, known)
        assert not broken, "what an older process does fails; see 'Upgrade and back' in docs/operating.md"
        db.session.remove()
        db.engine.dispose()


def is_a_models(name: str | None, _kind: str, _parents: object) -> bool:
    """The search indexes are made by hand, the queue's tables by its authors."""
    return name is None or not ("_search" in name or "procrastinate" in name)


def test_what_was_indexed_with_strokes_is_indexed_plain_and_back(tmp_path: Path) -> None:
    app = create_app(make_config(f"sqlite:///{tmp_path / 'search.db'}"))

    def found(word: str) -> list[int]:
        db.session.rollback()
        asked = text("SELECT rowid FROM posting_search WHERE posting_search MATCH :word ORDER BY 1")
        return list(db.session.scalars(asked, {"word": word}))

    with app.app_context():
        upgrade(directory=MIGRATIONS, revision="0015")
        for number, title in enumerate(("Øst driver", "Cook"), 1):
            db.session.execute(
                text("INSERT INTO posting (id, lever_id, title, state, team, department, location, confidential, "
                     "content_hash, fetched_at) VALUES (:id, :id, :title, '', '', '', '', 0, '', '2026-11-26')"),
                {"id": number, "title": title},
            )  # fmt: skip
        db.session.commit()
        assert found("ost") == []
        db.session.rollback()
        upgrade(directory=MIGRATIONS, revision="0016")
        assert (found("ost"), found("cook")) == ([1], [2])
        db.session.execute(text("UPDATE posting SET title = 'Łódź' WHERE id = 1"))
        db.session.commit()
        assert (found("ost"), found("lodz")) == ([], [1])
        db.session.rollback()
        downgrade(directory=MIGRATIONS, revision="0015")
        assert (found("lodz"), found("łodz")) == ([], [1])
        db.session.remove()
        db.engine.dispose()


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE person DROP COLUMN name",
        "ALTER TABLE person RENAME COLUMN name TO label",
        "ALTER TABLE person RENAME TO people",
        "ALTER TABLE person ADD COLUMN zone TEXT NOT NULL CHECK (zone <> '')",
        "CREATE TRIGGER strict BEFORE INSERT ON person WHEN new.name <> 'y' BEGIN SELECT RAISE(ABORT, 'no'); END",
    ],
)
def test_a_change_that_breaks_older_processes_is_found(tmp_path: Path, change: str) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'old.db'}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT NOT NULL)"))
    known = old_processes.known_to(engine)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE person ADD COLUMN age INTEGER DEFAULT 3 NOT NULL"))
    assert not old_processes.broken_by(engine, known)
    with engine.begin() as connection:
        connection.execute(text(change))
    assert old_processes.broken_by(engine, known)
    engine.dispose()


def test_a_word_that_older_processes_cannot_read_is_found(tmp_path: Path) -> None:
    """A release lets its processes read a new word, and only the next one's migration lets a row hold it."""
    found: list[Engine] = []
    for words in ("'new', 'sent'", "'new', 'sent'", "'new', 'sent', 'lost'"):
        engine = create_engine(f"sqlite:///{tmp_path / str(len(found))}.db")
        with engine.begin() as connection:
            connection.execute(text(f"CREATE TABLE letter (id INTEGER, state TEXT CHECK (state IN ({words})))"))
        found.append(engine)
    known = old_processes.known_to(found[0])
    assert old_processes.broken_by(found[1], known) == []
    assert old_processes.broken_by(found[2], known) == ["letter.state: may hold lost"]
    for engine in found:
        engine.dispose()


def test_a_database_out_of_reach_ends_in_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    app = create_app(make_config(f"sqlite:///{tmp_path}"))
    with app.app_context(), pytest.raises(SystemExit):
        upgrade(directory=MIGRATIONS)
    lines = "".join(capfd.readouterr()).splitlines()
    assert len(lines) == 1
    assert "DATABASE_URL: the database does not answer: unable to open database file" in lines[0]


def test_the_version_before_lets_a_newer_schema_be(sqlite_url: str) -> None:
    app = create_app(make_config(sqlite_url))
    with app.app_context():
        with db.engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        upgrade(directory=MIGRATIONS)
        with pytest.raises(SystemExit):
            downgrade(directory=MIGRATIONS, revision="0001")
        with db.engine.connect() as connection:
            assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"
        db.session.remove()
        db.engine.dispose()


def test_up_and_down_on_sqlite(tmp_path: Path) -> None:
    up_and_down(f"sqlite:///{tmp_path / 'fresh.db'}")


@pytest.mark.postgresql
def test_up_and_down_on_postgresql(postgresql_server: Server) -> None:
    postgresql_server.execute("CREATE DATABASE fresh_for_migrations")
    up_and_down(postgresql_server.url("fresh_for_migrations"))


@pytest.mark.postgresql
def test_two_deploys_at_once_migrate_one_after_the_other(postgresql_url: str) -> None:
    engine = create_engine(postgresql_url)
    other = threading.Thread(target=migrate, args=[postgresql_url])
    with engine.connect() as first:
        first.execute(text("SELECT pg_advisory_lock(4726171)"))
        other.start()
        waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        for _ in range(200):
            if first.scalar(waiting):
                break
            other.join(0.05)
        assert other.is_alive()
        assert first.scalar(waiting) == 1
        first.execute(text("SELECT pg_advisory_unlock(4726171)"))
        other.join(30)
    assert not other.is_alive()
    engine.dispose()
