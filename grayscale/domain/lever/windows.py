"""How creation time is cut into windows, so that several cursors walk Lever's opportunities at once.

Lever tells no counts and sorts by stage, so nobody knows beforehand how much a stretch of time holds. The newest time
is cut first, in doubling stretches; what they turn out to hold sets the width of the next ones. Every window costs half
a page on average, a wide one keeps a lone cursor busy at the end: windows of some 1,500 rows are between the two.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

PAGE = 100
TARGET = 1_500
# Pages after which a window that was guessed too wide is cut in two.
TOO_MANY_PAGES = 3 * TARGET // PAGE
FIRST = timedelta(days=1)
NARROWEST = timedelta(minutes=30)
WIDEST_STEP = 8
# How many finished windows the width of the next rests on.
REMEMBERED = 4
# Lever began in 2012; imports may carry older dates, which the last, open window holds.
FLOOR = datetime(2010, 1, 1, tzinfo=UTC)
# Nearer to the floor than this nothing is cut any more.
SHORTEST_REST = timedelta(days=30)
MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Span:
    """Creation time from *start* to *end*, both included; None is open."""

    start: datetime | None
    end: datetime | None


@dataclass(slots=True)
class Carver:
    """Hands out spans from now back to the beginning, each once, without gap or overlap.

    *frontier* is the start of the oldest span handed out, None before the first one.
    """

    now: datetime
    frontier: datetime | None = None
    width: timedelta = FIRST
    is_done: bool = False
    _held: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    _next_is_open: bool = False

    def next(self) -> Span | None:
        """The next older span, or None when there is nothing older."""
        if self.is_done:
            return None
        end = None if self.frontier is None else self.frontier - MILLISECOND
        top = self.frontier or self.now
        start = top - self.width
        if self._next_is_open or start <= FLOOR:
            self.is_done = True
            return Span(None, end)
        self.frontier = start
        if self.density is None:
            # Nothing is known yet: the next stretch is twice as long.
            self.width *= 2
        return Span(start, end)

    def too_much(self, span: Span) -> bool:
        """The open *span* held more than a page: its time is cut up after all. False when that cannot be."""
        left = (self.frontier or self.now) - FLOOR
        if span.start is not None or left < SHORTEST_REST:
            return False
        self._next_is_open = False
        self.is_done = False
        self.width = min(self.width, left / WIDEST_STEP)
        return True

    def held(self, span: Span, count: int) -> None:
        """A span was walked to its end and held *count* rows: halve or widen the next ones by that."""
        if span.start is None:
            return
        seconds = ((span.end or self.now) - span.start).total_seconds()
        self._held.append((max(seconds, 1.0), count))
        density = self.density
        if density is None:
            self.width = min(self.width * WIDEST_STEP, self.now - FLOOR)
            return
        # Sparse, compared to what was hoped for: see whether a single page holds the rest.
        self._next_is_open = count < TARGET // 10 and len(self._held) == REMEMBERED
        wanted = timedelta(seconds=min(TARGET / density, (self.now - FLOOR).total_seconds()))
        self.width = max(min(wanted, self.width * WIDEST_STEP), self.width / WIDEST_STEP, NARROWEST)

    @property
    def density(self) -> float | None:
        """Rows a second of creation time, in what was walked lately; None while nothing was found."""
        seconds = sum(seconds for seconds, _ in self._held)
        count = sum(count for _, count in self._held)
        return count / seconds if count else None

    def expected(self, oldest: datetime | None) -> int | None:
        """Rows thought to be left in time not handed out yet, if nothing is older than *oldest*."""
        if self.is_done:
            return 0
        density = self.density
        if density is None or oldest is None or self.frontier is None:
            return None
        return round(max((self.frontier - oldest).total_seconds(), 0.0) * density)


def halves(span: Span, created: list[datetime]) -> tuple[Span, Span] | None:
    """*span* cut where half of the rows seen of it are older; None when it cannot be cut (all at one moment)."""
    ordered = sorted(created)
    if not ordered:
        return None
    middle = ordered[len(ordered) // 2]
    if middle <= ordered[0] or (span.start is not None and middle <= span.start):
        return None
    return Span(middle, span.end), Span(span.start, middle - MILLISECOND)
