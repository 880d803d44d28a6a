"""``python -m bench.webhooks_soak --minutes 5``: kill -9 every few seconds while Lever tells what happens."""

import argparse
import sys
import tempfile
from pathlib import Path

from bench.webhooks import soak


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m bench.webhooks_soak", description=__doc__)
    options.add_argument("--minutes", type=float, default=5.0)
    options.add_argument("--kill-every", type=float, default=8.0, help="seconds it serves, give or take a third")
    options.add_argument("--acts", type=float, default=3.0, help="a second")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="grayscale-soak-") as folder:
        soaked = soak.run(
            Path(folder), seconds=given.minutes * 60, kill_every=given.kill_every, acts_a_second=given.acts
        )
    print(
        f"{soaked.acts} acts in Lever, {soaked.sent} webhooks, {soaked.repeated_tries} tries repeated by Lever,"
        f" {soaked.given_up_by_lever} given up by it and sent again by hand, {soaked.kills} times kill -9.\n"
        f"Stored {soaked.stored}: {soaked.states}; all of it {soaked.handled_after_seconds:.0f} s after the last act.\n"
        f"Differences from Lever: {len(soaked.differences)}"
    )
    for difference in soaked.differences[:20]:
        print(f"  {difference}")
    return 1 if soaked.differences else 0


if __name__ == "__main__":
    sys.exit(main())
