"""A process that is alone takes over at once what a killed one had begun."""

import threading
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import OperationalError

from grayscale import clock
from grayscale.domain import leases
from grayscale.extensions import db
from grayscale.jobs.presence import Presence
from grayscale.models import Delivery
from tests.jobs.test_leases import deliver, take


def test_only_the_first_is_alone_until_it_leaves(app: Flask) -> None:
    first, second, third = (Presence(db.engine) for _ in range(3))
    try:
        assert first.arrive() is True
        assert second.arrive() is False
        first.confirm()
        first.leave()
        assert third.arrive() is False, "the second is still there"
        second.leave()
        third.leave()
        assert first.arrive() is True
    finally:
        for presence in (first, second, third):
            presence.leave()


def test_nobody_arrives_while_the_one_alone_takes_over(app: Flask) -> None:
    first, second = Presence(db.engine), Presence(db.engine)
    arrived: list[bool] = []
    other = threading.Thread(target=lambda: arrived.append(second.arrive()))

    def take_over() -> None:
        other.start()
        other.join(0.3)
        assert other.is_alive(), "it works while its leases are being ended"

    try:
        assert first.arrive(take_over) is True
        other.join(10)
        assert arrived == [False]
    finally:
        first.leave()
        second.leave()


def test_a_place_lost_with_the_server_is_taken_again_once_it_is_back(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = create_engine(postgresql_url)
    here, other = Presence(engine), Presence(engine)
    try:
        here.arrive()
        with engine.connect() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )

        def away() -> Connection:
            raise OperationalError("connect", {}, Exception("the server is starting"))

        with monkeypatch.context() as patched:
            patched.setattr(engine, "connect", away)
            with pytest.raises(OperationalError):
                here.confirm()
        here.confirm()
        assert other.arrive() is False
    finally:
        here.leave()
        other.leave()
        engine.dispose()


def test_released_work_is_claimed_at_once(app: Flask) -> None:
    deliver(1)
    take()
    assert take() == []
    assert leases.release_all() == 1
    assert len(take()) == 1
    assert leases.release_all() == 1
    lease = db.session.query(Delivery.lease_until).scalar()
    assert lease <= clock.now() + timedelta(seconds=1)
