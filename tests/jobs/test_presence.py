"""A process that is alone takes over at once what a killed one had begun."""

from datetime import timedelta

from flask import Flask

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


def test_released_work_is_claimed_at_once(app: Flask) -> None:
    deliver(1)
    take()
    assert take() == []
    assert leases.release_all() == 1
    assert len(take()) == 1
    assert leases.release_all() == 1
    lease = db.session.query(Delivery.lease_until).scalar()
    assert lease <= clock.now() + timedelta(seconds=1)
