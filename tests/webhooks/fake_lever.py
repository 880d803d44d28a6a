"""A Lever of a few opportunities, answering on the wire: what it holds is the truth a webhook only hints at."""

import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import requests
import responses

from grayscale.domain.lever import connection
from tests.conftest import LEVER_URL
from tests.domain.lever_sync import makers

Answer = tuple[int, dict[str, str], str]


def answer(status: int, body: Any = None) -> Answer:
    return status, {}, json.dumps(body if body is not None else {"code": "Test", "message": "as told"})


class FakeLever:
    """``opportunities`` and ``interviews`` may be changed at any time; ``trouble`` answers in their place."""

    def __init__(self) -> None:
        self.opportunities: dict[str, dict[str, Any]] = {}
        self.interviews: dict[str, list[dict[str, Any]]] = {}
        self.trouble: dict[str, Callable[[], Answer | None]] = {}
        self.asked: Counter[str] = Counter()
        self._lock = threading.Lock()

    def has(self, lever_id: str = "opportunity-1", **values: Any) -> None:
        """Lever has this opportunity, each time a little newer than before."""
        minutes = sum(self.asked.values()) + len(self.opportunities) + 1
        before = self.opportunities.get(lever_id, {"contact": f"contact-of-{lever_id}", "applications": []})
        made = makers.raw(**{**before, "id": lever_id, "updatedAt": makers.ms(minutes), **values})
        self.opportunities[lever_id] = made

    def answer(self, request: requests.PreparedRequest) -> Answer:
        path = (request.path_url or "").split("?")[0].removeprefix("/v1")
        with self._lock:
            self.asked[path] += 1
        trouble = self.trouble.get(path) or self.trouble.get("*")
        told = trouble() if trouble else None
        if told is not None:
            return told
        if match := re.fullmatch(r"/opportunities/([^/]+)", path):
            found = self.opportunities.get(match[1])
            return answer(200, {"data": found}) if found else answer(404)
        if match := re.fullmatch(r"/opportunities/([^/]+)/interviews", path):
            if match[1] not in self.opportunities:
                return answer(404)
            return answer(200, {"data": self.interviews.get(match[1], []), "hasNext": False})
        return answer(404)

    def fetches(self, lever_id: str = "opportunity-1") -> int:
        return self.asked[f"/opportunities/{lever_id}"]


@contextmanager
def running() -> Iterator[FakeLever]:
    """A fake Lever that the application's own client talks to. Each has a bucket of its own."""
    fake = FakeLever()
    connection._limiters.clear()
    connection._clients.clear()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as wire:
        wire.add_callback(responses.GET, re.compile(re.escape(LEVER_URL) + "/.*"), callback=fake.answer)
        yield fake
