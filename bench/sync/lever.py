"""The simulated Lever in a process of its own: prints its address and key as JSON, ends with its standard input."""

import argparse
import json
import sys
from typing import Any

from grayscale.sandbox import start_sandbox
from grayscale.sandbox.lever.permissions import GUIDE

# One call an opportunity: measured apart, or the walk could not be told from them.
LEFT_OUT = {"List Opportunity Interviews"}


def walk_of(entries: list[dict[str, Any]]) -> dict[str, float]:
    """All requests from the first to the last one that walked opportunities: how many, in how many seconds."""
    walked = [entry["at"] for entry in entries if entry["path"].endswith("/opportunities")]
    if not walked:
        return {"requests": 0, "seconds": 0.0}
    first, last = min(walked), max(walked)
    return {"requests": sum(first <= entry["at"] <= last for entry in entries), "seconds": last - first}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--candidates", type=int, required=True)
    parser.add_argument("--latency", type=float, default=0.0, help="ms added to every answer")
    parser.add_argument("--rate", type=float, default=None, help="requests a second; none is unlimited")
    given = parser.parse_args()
    sandbox = start_sandbox(
        candidates=given.candidates, latency_ms=given.latency, rate=given.rate, permissions=set(GUIDE) - LEFT_OUT
    )
    print(json.dumps({"url": sandbox.lever_url, "key": sandbox.api_key}), flush=True)
    for line in sys.stdin:
        if line.strip() == "summary":
            summary = sandbox.lever_requests.summary(given.rate)
            print(json.dumps({**summary, "walk": walk_of(list(sandbox.lever_requests.entries))}), flush=True)
            sandbox.lever_requests.clear()
    sandbox.stop()


if __name__ == "__main__":
    main()
