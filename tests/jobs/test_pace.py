"""Processes on one PostgreSQL keep to Lever's rate together."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine, text

from grayscale.clients.lever.shared_limits import SharedRateLimiter
from grayscale.domain.lever.pace import CAPACITY, DatabaseLedger

pytestmark = pytest.mark.postgresql


@pytest.fixture
def engine(postgresql_url: str) -> Iterator[Engine]:
    engine = create_engine(postgresql_url)
    yield engine
    engine.dispose()


@pytest.fixture
def here(engine: Engine) -> DatabaseLedger:
    return DatabaseLedger(engine, "a key")


@pytest.fixture
def there(engine: Engine) -> DatabaseLedger:
    return DatabaseLedger(engine, "a key")


def empty(ledger: DatabaseLedger) -> int:
    """Take what is there; how many."""
    count = 0
    while granted := ledger.take(1, "live")[0]:
        count += granted
    return count


def test_two_processes_have_one_burst(here: DatabaseLedger, there: DatabaseLedger) -> None:
    first = here.take(12, "live")[0]
    rest = there.take(12, "live")[0]
    assert first == 12
    # What the test itself takes is refilled meanwhile.
    assert CAPACITY - 12 <= rest <= CAPACITY - 12 + 2


def test_another_key_has_a_bucket_of_its_own(engine: Engine, here: DatabaseLedger) -> None:
    empty(here)
    assert DatabaseLedger(engine, "another").take(4, "live") == (4, 0.0)


def test_background_work_leaves_tokens_to_people_and_lets_a_waiting_one_go_first(
    here: DatabaseLedger, there: DatabaseLedger, engine: Engine
) -> None:
    assert here.take(100, "bulk")[0] <= CAPACITY - 2
    assert there.take(1, "live")[0] == 1
    empty(there)
    with engine.begin() as connection:
        connection.execute(text("UPDATE lever_pace SET tokens = 10"))
    granted, wait = here.take(1, "bulk")
    assert granted == 0, "somebody in another process was told to wait a moment ago"
    assert wait > 0
    assert there.take(1, "live")[0] == 1
    assert here.take(1, "bulk")[0] == 1


def test_a_429_slows_all_of_them_down(here: DatabaseLedger, there: DatabaseLedger, engine: Engine) -> None:
    here.take(1, "live")
    here.slow_down(30)
    granted, wait = there.take(1, "live")
    assert granted == 0
    assert wait > 25
    assert there.hold_seconds() > 25
    there.slow_down(30)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT rate FROM lever_pace")) == pytest.approx(5.0, abs=0.1)


def test_a_process_asks_for_no_more_than_its_callers_need(here: DatabaseLedger, engine: Engine) -> None:
    limiter = SharedRateLimiter(here)
    assert limiter.acquire("live", timeout=1)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT tokens FROM lever_pace")) >= CAPACITY - 1


def test_without_the_database_nothing_is_sent(postgresql_url: str) -> None:
    away = create_engine(postgresql_url.replace("/test_", "/gone_"))
    assert not SharedRateLimiter(DatabaseLedger(away, "a key")).acquire("live", timeout=0.3)
