"""Everything that must be green, in the order that fails soonest."""

import subprocess
import sys
import time

# More at once than a small machine has cores: much of the time is waiting for processes and pages. A file stays
# together, as do its fixtures, and the files keep the order tests/conftest.py gives them.
IN_PARALLEL = ["-q", "-n", "3", "--dist", "loadfile", "--no-loadscope-reorder"]
# Where the two databases differ: locks, leases, upserts, search, plans. `make postgresql` runs everything there.
WHERE_DATABASES_DIFFER = [
    "-m", "not browser and not flow",
    "tests/domain/test_visibility.py", "tests/inbox/test_search.py", "tests/jobs", "tests/texting/test_sending.py",
    "tests/transcripts/test_posting.py", "tests/unit/test_database.py", "tests/webhooks/test_handling.py",
]  # fmt: skip
STEPS = (
    ("lint", ["ruff", "check", "."]),
    ("types", ["mypy"]),
    ("known vulnerabilities", ["tools.known_vulnerabilities"]),
    ("tests on SQLite, flows and browser", ["pytest", *IN_PARALLEL]),
    ("tests on PostgreSQL", ["pytest", *IN_PARALLEL, "--database", "postgresql", *WHERE_DATABASES_DIFFER]),
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
