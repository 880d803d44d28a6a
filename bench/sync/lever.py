"""The simulated Lever in a process of its own: prints its address and key as JSON, ends with its standard input."""

import argparse
import json
import sys

from grayscale.sandbox import start_sandbox
from grayscale.sandbox.lever.permissions import GUIDE

# One call an opportunity: measured apart, or the walk could not be told from them.
LEFT_OUT = {"List Opportunity Interviews"}


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
            print(json.dumps(sandbox.lever_requests.summary(given.rate)), flush=True)
            sandbox.lever_requests.clear()
    sandbox.stop()


if __name__ == "__main__":
    main()
