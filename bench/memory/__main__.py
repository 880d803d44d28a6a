"""``python -m bench.memory``: the web process after a large sync, and while people use the inbox."""

import argparse
import statistics
import tempfile
import threading
import time
from pathlib import Path

import psutil
import requests

from bench import leftovers
from bench.webhooks.state import is_synced
from grayscale.sandbox import Sandbox
from tests.flow.product import PASSWORD, RECRUITER, Product, eventually
from tests.webhooks import deployment
from tools.webforms import Session

SAMPLE_SECONDS = 5.0
PATHS = ("/inbox", "/inbox/live?tick=0", "/candidates", "/candidates?q=maria", "/inbox?q=night", "/readyz", "/metrics")


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m bench.memory", description=__doc__)
    options.add_argument("--candidates", type=int, default=50_000)
    options.add_argument("--minutes", type=float, default=30.0, help="of reading, polling and searching")
    options.add_argument("--recruiters", type=int, default=20)
    given = options.parse_args()
    leftovers.watch()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with (
            Sandbox(candidates=given.candidates, rate=None) as sandbox,
            deployment.running(folder, sandbox, f"sqlite:///{folder / 'memory.db'}", fresh=True) as (product, _, _),
        ):
            bare = resident(product)
            began = time.monotonic()
            eventually(lambda: is_synced(folder / "memory.db"), within=3600, every=1.0)
            synced, took = resident(product), time.monotonic() - began
            samples = use(product, given.recruiters, given.minutes * 60)
    calm = samples[len(samples) // 4 :] or samples
    print(f"- at the start: {bare:.0f} MB")
    print(f"- after a sync of {given.candidates} candidates ({took:.0f} s): {synced:.0f} MB")
    print(f"- {given.minutes:g} minutes with {given.recruiters} recruiters: most {max(samples):.0f} MB (aim: 256)")
    print(f"- growth after the first quarter: {slope(calm) * 3600 / SAMPLE_SECONDS:+.1f} MB an hour")


def resident(product: Product) -> float:
    """Megabytes that the worker of gunicorn keeps in memory."""
    assert product.process is not None
    (worker,) = psutil.Process(product.process.pid).children()
    return float(worker.memory_info().rss) / 1e6


def use(product: Product, recruiters: int, seconds: float) -> list[float]:
    """Let people use the inbox; the memory every few seconds."""
    ends_at = time.monotonic() + seconds
    session = Session(product.url)
    session.submit("/login", {"Email": RECRUITER, "Password": PASSWORD}, button="Sign in")

    def read() -> None:
        http = requests.Session()
        http.cookies.update(session.http.cookies)
        while time.monotonic() < ends_at:
            for path in PATHS:
                http.get(product.url + path, timeout=60)
                time.sleep(0.5)

    threads = [threading.Thread(target=read, daemon=True) for _ in range(recruiters)]
    for thread in threads:
        thread.start()
    samples = []
    while time.monotonic() < ends_at:
        time.sleep(SAMPLE_SECONDS)
        samples.append(resident(product))
    for thread in threads:
        thread.join()
    return samples


def slope(samples: list[float]) -> float:
    """Megabytes a sample, by least squares."""
    return statistics.linear_regression(range(len(samples)), samples).slope if len(samples) > 1 else 0.0


if __name__ == "__main__":
    main()
