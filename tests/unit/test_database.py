"""Write transactions: whole or not at all, no lost update, callbacks only after the commit."""

import os
import threading
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import bindparam, select, text, update
from sqlalchemy.exc import DBAPIError, OperationalError

from grayscale import create_app, database
from grayscale.database import after_commit, plain_transaction, transaction
from grayscale.domain import changes
from grayscale.extensions import db
from grayscale.models import ChangeClock, Company, Role, User
from grayscale.reading import Loading, Reading
from tests import factories
from tests.conftest import make_config


def test_no_increment_is_lost_between_threads(app: Flask) -> None:
    def increment() -> None:
        with app.app_context():
            for _ in range(20):
                with transaction() as session:
                    clock = session.get_one(ChangeClock, 1, with_for_update=True)
                    clock.value += 1
            db.session.remove()

    threads = [threading.Thread(target=increment) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert changes.current_tick() == 80


def test_an_error_undoes_everything(app: Flask) -> None:
    with pytest.raises(RuntimeError, match="half way"), transaction() as session:
        session.get_one(Company, 1).name = "Half a name"
        session.flush()
        raise RuntimeError("half way")
    assert db.session.get_one(Company, 1).name == ""


def test_what_is_decided_on_is_read_inside(app: Flask) -> None:
    company = db.session.get_one(Company, 1)

    def rename() -> None:
        with app.app_context():
            with transaction() as session:
                session.get_one(Company, 1).name = "Harbor Clinic"
            db.session.remove()

    other = threading.Thread(target=rename)
    other.start()
    other.join()
    with transaction():
        assert company.name == "Harbor Clinic"


def test_an_inner_transaction_joins_the_outer_one(app: Flask) -> None:
    with pytest.raises(RuntimeError, match="outer"), transaction():
        with transaction() as session:
            session.get_one(Company, 1).name = "Inner"
        raise RuntimeError("outer")
    assert db.session.scalar(select(Company.name)) == ""


def test_a_plain_transaction_commits_whole_or_not_at_all_and_is_joined_by_none(app: Flask) -> None:
    with plain_transaction(1) as connection:
        connection.execute(update(Company).values(name="Plain"))
    assert db.session.scalar(select(Company.name)) == "Plain"
    db.session.rollback()
    with pytest.raises(RuntimeError, match="cannot be joined"), plain_transaction(1) as connection:
        connection.execute(update(Company).values(name="Half"))
        with transaction():
            pass
    assert db.session.scalar(select(Company.name)) == "Plain"


def test_a_plain_transaction_gives_up_when_its_patience_ends(app: Flask) -> None:
    def rename() -> None:
        with plain_transaction(0.15) as connection:
            connection.execute(update(Company).values(name="Harbor Clinic"))

    locked = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "LOCK TABLE company IN ACCESS EXCLUSIVE MODE"}
    with db.engine.connect() as other:
        link: Any = other.connection.driver_connection
        link.execute(locked[db.engine.dialect.name])
        try:
            with pytest.raises(OperationalError):
                rename()
        finally:
            link.rollback()
    rename()
    # Everybody else waits as before.
    if db.engine.dialect.name == "postgresql":
        assert db.session.scalar(text("SHOW lock_timeout")) == "0"


def test_callbacks_wait_for_the_commit_and_a_rollback_forgets_them(app: Flask) -> None:
    heard: list[str] = []
    with transaction():
        after_commit(lambda: heard.append("committed"))
        assert heard == []
    assert heard == ["committed"]
    with pytest.raises(RuntimeError), transaction():
        after_commit(lambda: heard.append("never"))
        raise RuntimeError
    assert heard == ["committed"]


def test_changes_outside_a_transaction_are_noticed(app: Flask) -> None:
    db.session.get_one(Company, 1).name = "Typed outside"
    with pytest.raises(RuntimeError, match="outside a transaction"), transaction():
        pass
    db.session.rollback()


def test_a_new_database_file_is_for_its_owner_only(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        app = create_app(make_config(f"sqlite:///{tmp_path}/instance/new.db"))
        with app.app_context():
            db.session.execute(text("CREATE TABLE kept (secret TEXT)"))
            made = {path.name: path.stat().st_mode & 0o077 for path in (tmp_path / "instance").iterdir()}
            db.session.remove()
            db.engine.dispose()
    finally:
        os.umask(before)
    assert made
    assert set(made.values()) == {0}, made


def test_a_reading_is_of_its_transaction_and_of_the_models_types(app: Flask) -> None:
    reading = Reading(select(Company.name, Company.created_at).where(Company.name == bindparam("called")))
    with transaction() as session:
        session.get_one(Company, 1).name = "Harbor Clinic"
        session.flush()
        [(name, created_at)] = reading.rows({"called": "Harbor Clinic"})
    assert (name, created_at) == ("Harbor Clinic", db.session.get_one(Company, 1).created_at)
    assert reading.rows({"called": "Somebody else"}) == []
    with pytest.raises(KeyError):
        reading.rows({})
    with pytest.raises(DBAPIError), transaction() as session:
        session.execute(text("ALTER TABLE company RENAME TO firm"))
        reading.rows({"called": "Harbor Clinic"})


def test_loading_gives_the_objects_of_the_session(app: Flask) -> None:
    loading = Loading(
        (Company, User),
        lambda query: query.select_from(Company)
        .outerjoin(User, User.email == bindparam("email"))
        .where(Company.id == 1),
        also=(Company.name,),
    )
    made = factories.user(email="new@harbor.example")
    kept = made.id, made.created_at
    db.session.remove()
    [(row, user, name)] = loading.rows({"email": "new@harbor.example"})
    assert user is db.session.get(User, kept[0])
    assert (user.id, user.created_at, user.role, name) == (*kept, Role.RECRUITER, row.name)
    with transaction():
        user.name = "Changed"
    assert loading.rows({"email": "new@harbor.example"})[0][1] is user
    db.session.remove()
    assert db.session.get_one(User, kept[0]).name == "Changed"
    assert loading.rows({"email": "nobody"})[0][1] is None


@pytest.mark.postgresql
def test_connections_the_server_ended_meanwhile_are_replaced(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "SURE_SECONDS", 0.0)
    app = create_app(make_config(postgresql_url))
    with app.app_context():
        idle = [db.engine.connect() for _ in range(3)]
        for connection in idle:
            connection.close()
        with db.engine.connect() as other:
            ended = other.execute(
                text("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                     " WHERE datname = current_database() AND pid <> pg_backend_pid()")
            )  # fmt: skip
            assert ended.scalar() == 2
        again = [db.engine.connect() for _ in range(3)]
        assert [connection.scalar(text("SELECT 1")) for connection in again] == [1, 1, 1]
        for connection in again:
            connection.close()
        db.engine.dispose()


def test_postgresql_neither_compiles_a_statement_nor_starts_helpers_for_it(app: Flask) -> None:
    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite knows no such thing")
    assert db.session.scalar(text("SHOW jit")) == "off"
    assert db.session.scalar(text("SHOW max_parallel_workers_per_gather")) == "0"


def test_what_was_read_before_does_not_let_a_write_stay_that_is_taken_back(app: Flask) -> None:
    def name() -> str | None:
        return db.session.scalar(select(Company.name).where(Company.id == 1))

    kept = name()
    with pytest.raises(RuntimeError), transaction() as session:
        session.execute(text("UPDATE company SET name = 'Not to stay'"))
        raise RuntimeError
    assert name() == kept
    db.session.rollback()
    with db.engine.connect() as other:
        other.execute(text("UPDATE company SET name = 'Nor this'"))
    assert name() == kept


@pytest.mark.postgresql
def test_what_postgresql_planned_for_a_page_is_kept_for_the_next(postgresql_url: str) -> None:
    app = create_app(make_config(postgresql_url))
    reading = Reading(select(Company.name).where(Company.id == bindparam("of")))
    with app.app_context():
        for _ in range(8):
            reading.rows({"of": 1})
            db.session.rollback()
        kept = db.session.scalars(text("SELECT statement FROM pg_prepared_statements")).all()
        db.session.remove()
        db.engine.dispose()
    assert [words for words in kept if "company.name" in words]
