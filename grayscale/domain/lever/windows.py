"""How creation time is cut into windows, so that several cursors walk Lever's opportunities at once.

Lever tells no counts and sorts by stage, so nobody knows beforehand how much a stretch of time holds. The newest time
is cut first, in doubling stretches; what they turn out to hold sets the width of the next ones. Every window costs half
a page on average, a wide one keeps a lone cursor busy at the end: windows of some 1,500 rows are between the two.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

PAGE = 100
TARGET = 1_500
# Pages after which a window that was guessed too wide is cut in two.
TOO_MANY_PAGES = 3 * TARGET // PAGE
FIRST = timedelta(days=1)
NARROWEST = timedelta(minutes=30)
# A window is at most so many times as wide, or as narrow, as the one its width rests on.
STEP = 4
# How many of the oldest finished windows are looked at, and how many rows in them tell enough.
REMEMBERED = 4
TELLING = 100
# Rows a window holds where next to nothing is left.
SPARSE = TARGET // 10
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
    # Of finished windows: start, length in seconds, rows.
    _held: list[tuple[datetime, float, int]] = field(default_factory=list)
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
        if not self._held:
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
        self.width = min(self.width, left / STEP)
        return True

    def held(self, span: Span, count: int) -> None:
        """A span was walked to its end and held *count* rows: halve or widen the next ones by that.

        Windows end in any order; what the oldest ones held says most about what is older still.
        """
        if span.start is None:
            return
        seconds = max(((span.end or self.now) - span.start).total_seconds(), 1.0)
        self._held = sorted([*self._held, (span.start, seconds, count)])[:REMEMBERED]
        oldest = self._held[0][1]
        # Next to nothing in each: see whether a single page holds the rest.
        self._next_is_open = len(self._held) == REMEMBERED and max(rows for _, _, rows in self._held) < SPARSE
        density = self.density
        wanted = TARGET / density if density else oldest * STEP
        wanted = min(max(wanted, oldest / STEP, NARROWEST.total_seconds()), oldest * STEP)
        self.width = timedelta(seconds=min(wanted, (self.now - FLOOR).total_seconds()))

    @property
    def density(self) -> float | None:
        """Rows a second of creation time, by the oldest finished windows; None while nothing was found."""
        seconds, count = 0.0, 0
        for _, length, rows in self._held:
            seconds += length
            count += rows
            if count >= TELLING:
                break
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
