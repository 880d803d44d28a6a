"""Claimed work is leased: never two workers on one row, never a row lost with its worker."""

import threading
from datetime import timedelta

import time_machine
from flask import Flask
from sqlalchemy import select

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain.leases import claim
from grayscale.domain.lever import sync_runs
from grayscale.extensions import db
from grayscale.models import Delivery, DeliveryState, Source, SyncKind, SyncRun, SyncState

LEASE = timedelta(seconds=30)


def deliver(count: int) -> None:
    with transaction() as session:
        for number in range(count):
            session.add(
                Delivery(
                    source=Source.LEVER, external_id=f"d{number}", event="candidateHired", received_at=clock.now(),
                    next_attempt_at=clock.now(), state=DeliveryState.PENDING,
                )
            )  # fmt: skip


def take(limit: int = 5) -> list[int]:
    return claim(
        Delivery, Delivery.state == DeliveryState.PENDING, order_by=Delivery.id, limit=limit, lease=LEASE
    )


def test_a_row_is_claimed_once_while_its_lease_lasts(app: Flask) -> None:
    deliver(1)
    assert len(take()) == 1
    assert take() == []


def test_a_dead_workers_row_is_claimed_again_and_counted(app: Flask) -> None:
    deliver(1)
    with time_machine.travel(clock.now(), tick=False) as now:
        take()
        now.shift(LEASE + timedelta(seconds=1))
        (again,) = take()
    assert db.session.scalar(select(Delivery.attempts).where(Delivery.id == again)) == 2


def test_many_workers_share_the_rows_without_overlap(app: Flask) -> None:
    deliver(60)
    taken: list[int] = []
    lock = threading.Lock()

    def work() -> None:
        with app.app_context():
            while ids := take(4):
                with lock:
                    taken.extend(ids)
            db.session.remove()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 60
    assert len(set(taken)) == 60


def test_of_many_who_would_run_a_sync_one_does(app: Flask) -> None:
    with transaction() as session:
        session.add(SyncRun(kind=SyncKind.INITIAL, state=SyncState.RUNNING, started_at=clock.now()))
        session.flush()
        run_id = session.scalars(select(SyncRun.id)).one()
    got: list[bool] = []

    def run(number: int) -> None:
        with app.app_context():
            # Of another machine, so that nobody can know it dead before its lease is over.
            got.append(sync_runs.claim(run_id, f"elsewhere/{number}/a"))
            db.session.remove()

    threads = [threading.Thread(target=run, args=[number]) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [False] * 5 + [True]
