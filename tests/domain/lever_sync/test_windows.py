"""Creation time is cut so that every moment is walked once and no window is far too large or too small."""

import itertools
import random
from datetime import UTC, datetime, timedelta

import pytest

from grayscale.domain.lever.windows import PAGE, TARGET, Carver, Span, halves

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def walk(created: list[datetime]) -> tuple[list[Span], int]:
    """Cut all of *created* up one window after the other; the spans walked, and the requests that takes."""
    carver, spans, requests = Carver(NOW), [], 0
    while (span := carver.next()) is not None:
        oldest, newest = span.start or NOW - timedelta(days=36_000), span.end or NOW
        held = [at for at in created if oldest <= at <= newest]
        requests += 1
        assert requests < 2_000
        if len(held) > PAGE and carver.too_much(span):
            continue
        requests += max(-(-len(held) // PAGE), 1) - 1
        carver.held(span, len(held))
        spans.append(span)
    return spans, requests


def evenly(count: int, days: float) -> list[datetime]:
    return [NOW - timedelta(days=days) * number / count for number in range(count)]


@pytest.mark.parametrize(
    "created",
    [
        [],
        evenly(40, 4000),
        evenly(20_000, 1200),
        evenly(20_000, 30),
        [NOW - timedelta(days=3000) for _ in range(5_000)],
        evenly(5_000, 20) + [NOW - timedelta(days=2500) + timedelta(minutes=n) for n in range(5_000)],
    ],
    ids=["none", "few", "years", "a month", "one moment", "two bursts"],
)
def test_every_moment_is_walked_exactly_once(created: list[datetime]) -> None:
    spans, _ = walk(created)
    ordered = sorted(spans, key=lambda span: span.start or datetime.min.replace(tzinfo=UTC))
    assert ordered[0].start is None
    assert ordered[-1].end is None
    for older, newer in itertools.pairwise(ordered):
        assert newer.start - older.end == timedelta(milliseconds=1)


def test_windows_cost_little_more_than_the_pages_themselves() -> None:
    random.seed(7)
    created = [NOW - timedelta(days=1500 * random.random() ** 1.5) for _ in range(50_000)]
    _, requests = walk(created)
    assert requests <= 1.10 * 50_000 / PAGE


def test_a_window_that_held_too_much_narrows_the_next() -> None:
    carver = Carver(NOW)
    first = carver.next()
    carver.held(first, 12 * TARGET)
    second = carver.next()
    assert (second.end - second.start) < (NOW - first.start) / 4


def test_a_window_that_held_next_to_nothing_widens_the_next() -> None:
    carver = Carver(NOW, width=timedelta(days=2))
    first = carver.next()
    carver.held(first, 30)
    second = carver.next()
    assert (second.end - second.start) > 3 * timedelta(days=2)


def test_a_crowded_window_is_cut_where_half_of_its_rows_are() -> None:
    span = Span(NOW - timedelta(days=100), NOW)
    created = [NOW - timedelta(days=1, minutes=n) for n in range(99)] + [NOW - timedelta(days=90)]
    newer, older = halves(span, created)
    assert newer.start > NOW - timedelta(days=2)
    assert (newer.end, older.start) == (span.end, span.start)
    assert newer.start - older.end == timedelta(milliseconds=1)
    assert halves(span, [NOW - timedelta(days=5)] * 100) is None
