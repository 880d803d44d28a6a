"""Pieces of pages that are shown again and again, kept rendered by everything that is in them.

The key is the whole of what a piece shows and for whom it shows it, so a piece is never stale: what changed has
another key. Nothing is kept for long, for what is erased from the database has to go from memory too.
"""

import threading
import time
from collections.abc import Callable, Hashable, Iterable

from markupsafe import Markup

MOST_KEPT = 4096
KEPT_SECONDS = 120


class Fragments:
    """A small memory of rendered pieces. Threads may share it."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, Markup] = {}
        self._began = 0.0
        self._lock = threading.Lock()

    def get(self, key: Hashable, render: Callable[[], Markup]) -> Markup:
        """The piece of this key, rendered if it is not there."""
        now = time.monotonic()
        if now - self._began > KEPT_SECONDS or len(self._kept) >= MOST_KEPT:
            with self._lock:
                self._kept, self._began = {}, now
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = render()
        return found


def joined(pieces: Iterable[Markup]) -> Markup:
    """One piece of many. ``Markup.join`` looks at each again, whether it is safe."""
    return Markup("".join(pieces))  # noqa: S704 - every one of them is rendered
