"""Work to be done later in the background, in order within a lane."""

from __future__ import annotations

import heapq
import itertools
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from zlib import crc32

Job = Callable[[], None]


class Lanes:
    """Runs jobs when they are due. Jobs with one key run one at a time, in the order they became due."""

    def __init__(self, name: str, lanes: int = 16) -> None:
        self._name = name
        self._changed = threading.Condition()
        self._heap: list[tuple[float, int, int, Job]] = []
        self._ready: list[deque[Job]] = [deque() for _ in range(lanes)]
        self._running = 0
        self._count = itertools.count()
        self._started: set[int] = set()
        self._stopped = False

    def submit(self, key: str, job: Job, delay: float = 0.0) -> None:
        """Runs `job` after `delay` seconds in the lane of `key`."""
        lane = crc32(key.encode()) % len(self._ready)
        with self._changed:
            if self._stopped:
                return
            heapq.heappush(self._heap, (time.monotonic() + delay, next(self._count), lane, job))
            self._start("timer", self._tick, -1)
            self._changed.notify_all()

    def idle(self, timeout: float = 5.0, horizon: float = 1.0) -> bool:
        """Waits until nothing runs and nothing is due within `horizon` seconds. False when `timeout` ran out."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while self._busy(horizon):
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(left)
        return True

    def pending(self) -> int:
        """Jobs waiting or running, however far away."""
        with self._changed:
            return len(self._heap) + sum(map(len, self._ready)) + self._running

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._heap.clear()
            for lane in self._ready:
                lane.clear()
            self._changed.notify_all()

    def _busy(self, horizon: float) -> bool:
        soon = bool(self._heap) and self._heap[0][0] <= time.monotonic() + horizon
        return self._running > 0 or soon or any(self._ready)

    def _start(self, label: str, target: Callable[..., None], lane: int) -> None:
        if lane not in self._started:
            self._started.add(lane)
            args = () if lane < 0 else (lane,)
            threading.Thread(target=target, args=args, name=f"{self._name}:{label}", daemon=True).start()

    def _tick(self) -> None:
        with self._changed:
            while not self._stopped:
                if not self._heap:
                    self._changed.wait()
                    continue
                wait = self._heap[0][0] - time.monotonic()
                if wait > 0:
                    self._changed.wait(wait)
                    continue
                _, _, lane, job = heapq.heappop(self._heap)
                self._ready[lane].append(job)
                self._start(str(lane), self._work, lane)
                self._changed.notify_all()

    def _work(self, lane: int) -> None:
        while True:
            with self._changed:
                while not self._ready[lane] and not self._stopped:
                    self._changed.wait()
                if self._stopped:
                    return
                job = self._ready[lane].popleft()
                self._running += 1
            try:
                job()
            except Exception:
                traceback.print_exc(file=sys.stderr)
            finally:
                with self._changed:
                    self._running -= 1
                    self._changed.notify_all()
