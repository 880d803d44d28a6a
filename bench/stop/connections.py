"""``python -m bench.stop.connections``: SIGTERM to the web process while clients open new connections all the time.

Told are, of ten stops at each rate, the requests that ended without an answer after their connection had been made.
Nobody can say of such a request whether it was heard. A connection that is refused is none: the client knows.
"""

import argparse
import asyncio
import contextlib
import os
import signal
import tempfile
from collections import Counter
from pathlib import Path

from bench import leftovers
from grayscale.sandbox import Sandbox
from tests.flow.product import Product

RATES = (60, 150, 300)
BEFORE_SECONDS, AFTER_SECONDS = 1.0, 2.5
REQUEST = b"GET /healthz HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m bench.stop.connections", description=__doc__)
    options.add_argument("--stops", type=int, default=10)
    given = options.parse_args()
    leftovers.watch()
    print("| new connections a second | SIGTERM to | answered | refused | without an answer, of each stop |")
    print("|--:|---|--:|--:|---|")
    with tempfile.TemporaryDirectory() as temporary, Sandbox(candidates=0) as sandbox:
        folder = Path(temporary)
        product = Product(folder, sandbox, f"sqlite:///{folder / 'stop.db'}")
        product.command("db", "upgrade")
        for rate in RATES:
            for whom in ("the master", "all of it"):
                told = [stop_under(product, rate, everybody=whom != "the master") for _ in range(given.stops)]
                sums = sum(told, Counter())
                lost = " ".join(str(one["lost"]) for one in told)
                print(f"| {rate} | {whom} | {sums['answered']} | {sums['refused']} | {lost} |", flush=True)


def stop_under(product: Product, rate: int, *, everybody: bool) -> Counter[str]:
    """What became of the connections: of those of a second before SIGTERM to the process, and of those after it."""
    product.start()
    assert product.process is not None
    try:
        return asyncio.run(arrive(product, rate, everybody=everybody))
    finally:
        product.process.wait(40)
        product.kill()


async def arrive(product: Product, rate: int, *, everybody: bool) -> Counter[str]:
    assert product.process is not None
    loop, told = asyncio.get_running_loop(), Counter[str]()
    began, asked, tasks = loop.time(), False, []
    for number in range(int(rate * (BEFORE_SECONDS + AFTER_SECONDS))):
        at = began + number / rate
        await asyncio.sleep(max(at - loop.time(), 0))
        if not asked and at - began > BEFORE_SECONDS:
            asked = True
            (os.killpg if everybody else os.kill)(product.process.pid, signal.SIGTERM)
        tasks.append(asyncio.create_task(ask(product.port)))
    for task in tasks:
        told[await task] += 1
    return told


async def ask(port: int) -> str:
    """What became of one request."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return "refused"
    except OSError:
        return "lost"
    with contextlib.closing(writer), contextlib.suppress(OSError, asyncio.TimeoutError):
        writer.write(REQUEST % f"127.0.0.1:{port}".encode())
        if (await asyncio.wait_for(reader.read(), 30)).startswith(b"HTTP/1.1 200"):
            return "answered"
    return "lost"


if __name__ == "__main__":
    main()
