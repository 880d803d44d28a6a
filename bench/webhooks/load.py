"""The sender: a process of its own that posts signed deliveries over kept-alive connections and times each answer.

``python -m bench.webhooks.load URL --token T --concurrency N (--seconds S | --count C)`` prints one line of JSON.
"""

import argparse
import asyncio
import hashlib
import hmac
import itertools
import json
import os
import secrets
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from urllib.parse import urlsplit

EVENT = "candidateStageChange"


@dataclass
class Measured:
    """Latencies in ms; *statuses* counts answers by HTTP status, "error" where none came.

    *processor_ms* is what a request took of the server's processor, told by whoever runs the sender.
    """

    seconds: float = 0.0
    statuses: dict[str, int] = field(default_factory=dict)
    p50: float = 0.0
    p99: float = 0.0
    worst: float = 0.0
    processor_ms: float = 0.0

    @property
    def rate(self) -> float:
        """Accepted deliveries a second."""
        return self.statuses.get("200", 0) / self.seconds if self.seconds else 0.0


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0.0


def signed(token: str, opportunity: str, number: int) -> bytes:
    """A delivery as Lever sends it: the signature covers the one-time token and the time."""
    once, at = f"{secrets.randbits(192):048x}", int(time.time() * 1000)
    content = {
        "id": f"{os.getpid():x}-{number:x}-{secrets.token_hex(8)}",
        "event": EVENT,
        "triggeredAt": at,
        "token": once,
        "signature": hmac.new(token.encode(), f"{once}{at}".encode(), hashlib.sha256).hexdigest(),
        "data": {
            "opportunityId": opportunity,
            "candidateId": opportunity,
            "contactId": "0b9a8c7d-6e5f-4a3b-8c2d-1e0f9a8b7c6d",
            "fromStageId": "applicant-new",
            "toStageId": "51c0ffee-1111-4222-8333-444455556666",
        },
    }
    return json.dumps(content).encode()


class Sender:
    """Posts until told to stop; *again* has it repeat what got no 2xx, as Lever does."""

    def __init__(self, url: str, token: str, opportunities: list[str], *, again: bool = False) -> None:
        parts = urlsplit(url)
        self.host, self.port, self.path = parts.hostname or "", parts.port or 80, parts.path
        self.token, self.opportunities, self.again = token, opportunities, again
        self.latencies: list[float] = []
        self.statuses: Counter[str] = Counter()
        self._numbers = itertools.count()

    async def run(self, concurrency: int, more: Callable[[int], bool]) -> Measured:
        started = time.perf_counter()
        await asyncio.gather(*(self._connection(more) for _ in range(concurrency)))
        seconds = time.perf_counter() - started
        return Measured(
            seconds, dict(self.statuses), percentile(self.latencies, 0.5), percentile(self.latencies, 0.99),
            max(self.latencies, default=0.0),
        )

    async def _connection(self, more: Callable[[int], bool]) -> None:
        link = None
        while more(number := next(self._numbers)):
            body = signed(self.token, self.opportunities[number % len(self.opportunities)], number)
            while True:
                try:
                    link = link or await asyncio.open_connection(self.host, self.port)
                    status = await self._post(*link, body)
                except (OSError, asyncio.IncompleteReadError):
                    status, link = "error", None
                self.statuses[status] += 1
                if status == "200" or not self.again:
                    break
                await asyncio.sleep(0.05)
        if link is not None:
            link[1].close()

    async def _post(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, body: bytes) -> str:
        started = time.perf_counter()
        writer.write(
            f"POST {self.path} HTTP/1.1\r\nHost: {self.host}\r\nUser-Agent: Lever-Webhooks\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        )
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
        )
        await reader.readexactly(length)
        self.latencies.append((time.perf_counter() - started) * 1000)
        return head.split(b" ", 2)[1].decode()


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("url")
    options.add_argument("--token", required=True)
    options.add_argument("--concurrency", type=int, default=16)
    options.add_argument("--seconds", type=float, default=0.0)
    options.add_argument("--count", type=int, default=0)
    options.add_argument("--opportunities", default="", help="A file with one id a line.")
    options.add_argument("--again", action="store_true", help="Repeat what got no 2xx.")
    given = options.parse_args()
    if given.opportunities:
        with open(given.opportunities) as file:
            ids = file.read().split()
    else:
        ids = [f"6f0f3c1e-8a52-4b0e-9d3c-{number:012x}" for number in range(500)]
    ends_at = time.perf_counter() + given.seconds

    def more(number: int) -> bool:
        return number < given.count if given.count else time.perf_counter() < ends_at

    sender = Sender(given.url, given.token, ids, again=given.again)
    print(json.dumps(asdict(asyncio.run(sender.run(given.concurrency, more)))))


if __name__ == "__main__":
    main()
