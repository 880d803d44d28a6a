"""Asks PyPI's vulnerability service about every pinned package of the product; says so where it cannot be reached."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

REQUIREMENTS = Path(__file__).parent.parent / "requirements.txt"
AUDIT = [
    sys.executable, "-m", "pip_audit", "-r", str(REQUIREMENTS), "--no-deps", "--disable-pip", "--format", "json",
    "--progress-spinner", "off", "--timeout", "10",
]  # fmt: skip
SECONDS = 120
# Known ones that do not reach us: the advisory's id, and why.
HARMLESS: dict[str, str] = {}


def ask() -> list[dict[str, Any]] | None:
    """What the service says of each package; None when it could not be asked."""
    try:
        done = subprocess.run(AUDIT, capture_output=True, text=True, timeout=SECONDS, check=False)
        packages: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, KeyError, TypeError):
        return None
    # A mirror without the service answers like this for all of them.
    return None if all("skip_reason" in package for package in packages) else packages


def judge(packages: list[dict[str, Any]] | None) -> tuple[int, list[str]]:
    """The exit status, and what to print."""
    if packages is None:
        return 0, ["NOT CHECKED: PyPI's vulnerability service cannot be reached from here."]
    lines = [
        f"{package['name']} {package['version']}: {found['id']}, mended in {', '.join(found['fix_versions']) or 'none'}"
        for package in packages
        for found in package.get("vulns", ())
        if not {found["id"], *found.get("aliases", ())} & HARMLESS.keys()
    ]
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    if unknown:
        lines.append(f"Not checked, for the service does not know them: {', '.join(unknown)}")
    vulnerable = len(lines) - bool(unknown)
    return (1 if vulnerable else 0), lines or [f"None of {len(packages)} packages has a known vulnerability."]


def main() -> int:
    status, lines = judge(ask())
    print("\n".join(lines), flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
