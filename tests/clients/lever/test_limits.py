"""The pace of requests to Lever: 10 a second, bursts of 20, people before background work."""

from __future__ import annotations

import pytest

from grayscale.clients.lever.limits import RateLimiter
from tests.clients.virtual_time import VirtualTime


@pytest.fixture
def time():
    return VirtualTime()


def limiter_on(time: VirtualTime, **options) -> RateLimiter:
    return RateLimiter(clock=time.clock, sleep=time.sleep, **options)


def drain(limiter: RateLimiter, tokens: int) -> None:
    for _ in range(tokens):
        assert limiter.acquire("live", timeout=0)


def most_within_a_window(moments: list[float], seconds: float) -> int:
    moments = sorted(moments)
    return max(sum(1 for other in moments[i:] if other < start + seconds) for i, start in enumerate(moments))


def test_a_burst_of_20_goes_at_once_and_the_21st_waits_a_tenth_of_a_second(time):
    limiter = limiter_on(time)
    drain(limiter, 20)
    assert time.now == 1000.0
    assert limiter.acquire()
    assert time.now == pytest.approx(1000.1, abs=0.002)


def test_several_threads_use_at_least_98_percent_of_the_limit_and_never_more(time):
    limiter = limiter_on(time)
    sent: list[float] = []

    def crawl() -> None:
        for _ in range(150):
            assert limiter.acquire("bulk")
            sent.append(time.clock())
            time.sleep(0.12)  # the request itself

    time.run([crawl] * 4)
    assert most_within_a_window(sent, 10.0) <= 20 + 10 * 10
    steady = [moment for moment in sorted(sent) if 1005.0 <= moment < 1055.0]
    assert len(steady) >= 0.98 * 500


@pytest.mark.parametrize("reserve", [0, 2])
def test_a_person_goes_before_background_work_that_waited_longer(time, reserve):
    limiter = limiter_on(time, reserve=reserve)
    drain(limiter, 20)
    order: list[str] = []

    def call(name: str, priority: str, at: float) -> None:
        time.sleep(at)
        assert limiter.acquire(priority)
        order.append(name)

    time.run(
        [
            lambda: call("bulk 1", "bulk", 0.01),
            lambda: call("bulk 2", "bulk", 0.02),
            lambda: call("live 1", "live", 0.03),
            lambda: call("live 2", "live", 0.04),
        ]
    )
    assert order == ["live 1", "live 2", "bulk 1", "bulk 2"]


def test_background_work_leaves_room_so_that_a_person_does_not_wait(time):
    limiter = limiter_on(time, reserve=2)
    while limiter.acquire("bulk", timeout=0):
        pass
    before = time.now
    assert limiter.acquire("live", timeout=0)
    assert limiter.acquire("live", timeout=0)
    assert time.now == before


def test_first_come_first_served_within_a_priority(time):
    limiter = limiter_on(time)
    drain(limiter, 20)
    order: list[int] = []

    def call(number: int) -> None:
        time.sleep(0.001 * (number + 1))
        assert limiter.acquire("bulk")
        order.append(number)

    time.run([lambda number=number: call(number) for number in range(8)])
    assert order == list(range(8))


def test_a_caller_that_gives_up_leaves_the_queue(time):
    limiter = limiter_on(time)
    drain(limiter, 20)
    assert not limiter.acquire("live", timeout=0.05)
    assert time.now == pytest.approx(1000.05, abs=0.002)
    assert limiter.acquire("live", timeout=0.06)


def test_a_429_holds_everybody_as_long_as_asked_and_halves_the_rate(time):
    limiter = limiter_on(time)
    limiter.slow_down(5.0)
    assert limiter.acquire("live")
    assert time.now == pytest.approx(1005.2, abs=0.01), "5 s held, then a token at 5 a second"


def test_nobody_is_made_to_wait_for_hours(time):
    limiter = limiter_on(time)
    limiter.slow_down(2_000_000_000.0)
    assert limiter.hold_seconds == pytest.approx(120)
    assert limiter.acquire("live")
    assert time.now == pytest.approx(1120.2, abs=0.01)
    assert limiter.hold_seconds == 0


def test_refusals_of_requests_in_flight_together_count_once(time):
    limiter = limiter_on(time)
    for _ in range(4):
        limiter.slow_down(2.0)
    assert limiter.rate == 5.0


def test_a_later_refusal_counts_again_and_the_rate_never_falls_to_nothing(time):
    limiter = limiter_on(time)
    for _ in range(20):
        limiter.slow_down(0.0)
        time.sleep(0.01)
    assert limiter.rate == pytest.approx(0.5, abs=0.01)


def test_the_rate_climbs_back_by_itself(time):
    limiter = limiter_on(time)
    limiter.slow_down(0.0)
    time.sleep(15)
    assert limiter.rate == pytest.approx(7.5)
    time.sleep(15)
    assert limiter.rate == 10.0
    time.sleep(1000)
    assert limiter.rate == 10.0


def test_what_is_earned_while_climbing_does_not_depend_on_when_one_looks(time):
    looked, unlooked = limiter_on(time, burst=1000), limiter_on(time, burst=1000)
    for limiter in (looked, unlooked):
        limiter.slow_down(0.0)
    for _ in range(40):
        time.sleep(1)
        looked.acquire("live", timeout=0)
    unlooked_count = looked_count = 0
    while unlooked.acquire("live", timeout=0):
        unlooked_count += 1
    while looked.acquire("live", timeout=0):
        looked_count += 1
    # 30 s from 5 to 10 a second, then 10 s at 10.
    assert unlooked_count in (324, 325)
    assert abs(unlooked_count - 40 - looked_count) <= 1


@pytest.mark.parametrize("options", [{"rate": 0}, {"burst": 0}, {"reserve": 20}, {"reserve": -1}])
def test_impossible_limits_are_refused(options):
    with pytest.raises(ValueError, match="rate limit"):
        RateLimiter(**options)
