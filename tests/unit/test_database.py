"""Write transactions: whole or not at all, no lost update, callbacks only after the commit."""

import threading

import pytest
from flask import Flask
from sqlalchemy import select

from grayscale.database import after_commit, transaction
from grayscale.domain import changes
from grayscale.extensions import db
from grayscale.models import ChangeClock, Company


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
