"""Ten thousand deliveries at once while a browser polls the inbox: all stored, all handled, nobody kept waiting."""

import tempfile
import threading
import time
from pathlib import Path

from bench.webhooks import servers
from bench.webhooks.load import percentile
from bench.webhooks.state import deliveries_by_state, is_synced
from bench.webhooks.throughput import goal
from grayscale.sandbox import Sandbox
from tests.flow.product import PASSWORD, RECRUITER, Product, eventually
from tools.webforms import Session

OPPORTUNITIES = 300
POLL_SECONDS = 0.25


class Poller(threading.Thread):
    """A signed-in recruiter's page asking for news, more often than a page does."""

    def __init__(self, product: Product) -> None:
        super().__init__(daemon=True)
        self.session = Session(product.url)
        self.session.submit("/login", {"Email": RECRUITER, "Password": PASSWORD}, button="Sign in")
        self.url = f"{product.url}/inbox/live?tick=-1"
        self.milliseconds: list[float] = []
        self.statuses: set[int] = set()
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.wait(POLL_SECONDS):
            started = time.perf_counter()
            answer = self.session.http.get(self.url, headers={"HX-Request": "true"}, timeout=30)
            self.milliseconds.append((time.perf_counter() - started) * 1000)
            self.statuses.add(answer.status_code)


def run(count: int) -> tuple[str, list[str]]:
    with tempfile.TemporaryDirectory(prefix="grayscale-bench-") as name, Sandbox(candidates=OPPORTUNITIES) as sandbox:
        folder = Path(name)
        url = f"sqlite:///{folder / 'bench.db'}"
        with servers.product(folder, sandbox, url) as (product, target):
            # They would share Lever's limit.
            eventually(lambda: is_synced(folder / "bench.db"), within=120, every=0.5)
            ids = folder / "opportunities"
            ids.write_text("\n".join(sandbox.lever.data.opportunities))
            poller = Poller(product)
            poller.start()
            started = time.perf_counter()
            sent = servers.send(target, 64, "--count", str(count), "--opportunities", str(ids))
            stored_after = time.perf_counter() - started
            stored = len(poller.milliseconds)
            eventually(lambda: deliveries_by_state(folder / "bench.db") == {"done": count}, within=300, every=0.5)
            handled_after = time.perf_counter() - started
            poller.over.set()
            poller.join()
    during = poller.milliseconds[:stored]
    polls = poller.milliseconds
    p95, worst = percentile(during, 0.95), max(polls)
    words = (
        f"- {count:,} deliveries about {OPPORTUNITIES} opportunities over 64 connections: answers {sent.statuses},"
        f" all stored in {stored_after:.1f} s ({sent.rate:,.0f}/s, p99 {sent.p99:.0f} ms)\n"
        f"- all handled {handled_after:.1f} s after the first was sent (Lever's limit is 10 requests a second)\n"
        f"- the inbox poll meanwhile: p50 {percentile(polls, 0.5):.0f} ms, p95 {percentile(polls, 0.95):.0f} ms, worst"
        f" {worst:.0f} ms over {len(polls)} polls; p95 {p95:.0f} ms over the {stored} while the burst came in;"
        f" statuses {sorted(poller.statuses)}"
    )
    lost = count - sent.statuses.get("200", 0)
    return words, [
        goal("burst: lost", str(lost), "0", lost == 0),
        goal("burst: the inbox's p95 while it comes in", f"{p95:.0f} ms", "≤ 250 ms", p95 <= 250),
        goal(
            "burst: the inbox's p95 until all is handled", f"{percentile(polls, 0.95):.0f} ms", "≤ 250 ms",
            percentile(polls, 0.95) <= 250,
        ),
    ]
