"""Everything that must be green, in the order that fails soonest."""

import subprocess
import sys
import time

STEPS = (
    ("lint", ["ruff", "check", "."]),
    ("types", ["mypy"]),
    ("tests on SQLite, flows and browser", ["pytest"]),
    ("tests on PostgreSQL", ["pytest", "--database", "postgresql", "-m", "not browser and not flow"]),
)


def main() -> int:
    for name, command in STEPS:
        print(f"\n== {name}", flush=True)
        started = time.monotonic()
        status = subprocess.run([sys.executable, "-m", *command], check=False).returncode
        print(f"== {name}: {'ok' if status == 0 else 'failed'} in {time.monotonic() - started:.0f} s", flush=True)
        if status != 0:
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main())
