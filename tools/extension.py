"""Packs the browser extension: ``python -m tools.extension [--app ORIGIN] [--lever ORIGIN]``.

Without arguments it is the one for browser stores, which asks for the address of a company's Grayscale at set-up. The
application offers the same, fitted to itself, on its page *Text from Lever*.
"""

import argparse
from pathlib import Path

from grayscale.domain.extension import package

ROOT = Path(__file__).parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.extension", description=__doc__)
    parser.add_argument("--app", default="", help="origin of the one deployment it belongs to")
    parser.add_argument("--lever", action="append", default=[], help="a further origin of Lever's pages")
    given = parser.parse_args()
    target = ROOT / "build" / package.file_name()
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(package.pack(given.app, given.lever))
    print(target.relative_to(ROOT))


if __name__ == "__main__":
    main()
