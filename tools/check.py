"""Everything that must be green, as much of it at once as leaves no processor idle."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# More at once than a small machine has cores: much of the time is waiting for processes and pages. A file stays
# together, as do its fixtures, and the files keep the order tests/conftest.py gives them.
SPREAD = ["-n", "3", "--dist", "loadfile", "--no-loadscope-reorder"]
# Where the two databases differ: locks, leases, upserts, search, plans. `make postgresql` runs everything there.
WHERE_DATABASES_DIFFER = [
    "-m", "not browser and not flow",
    "tests/domain/test_visibility.py", "tests/inbox/test_search.py", "tests/jobs", "tests/texting/test_sending.py",
    "tests/transcripts/test_posting.py", "tests/unit/test_database.py", "tests/webhooks/test_handling.py",
]  # fmt: skip
LINT = ("lint", ["ruff", "check", "."])
# On a fresh checkout: what it compiles every process of the runs to come would compile for itself.
COMPILE = ("tests are found", ["pytest", "-q", "--collect-only"])
COMPILED = Path(__file__).parent.parent / "tests" / "__pycache__"
BESIDE = (("types", ["mypy"]), ("known vulnerabilities", ["tools.known_vulnerabilities"]))
TESTS = (
    ("tests on PostgreSQL", ["pytest", "-q", "--database", "postgresql", *WHERE_DATABASES_DIFFER]),
    ("tests on SQLite, flows and browser", ["pytest", "-q", *SPREAD]),
)


class Step:
    """A module run beside others. What it says is kept together until it has ended, unless it is *live*."""

    def __init__(self, name: str, command: list[str], *, live: bool = False) -> None:
        self.name = name
        self.started = time.monotonic()
        self.output = None if live else tempfile.TemporaryFile()  # noqa: SIM115 - read when the process has ended
        self.process = subprocess.Popen(
            [sys.executable, "-m", *command],
            stdout=self.output,
            stderr=subprocess.STDOUT if self.output else None,
            # What one process compiles the next one reads.
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},
        )

    def report(self, *, only_if_failed: bool = False) -> int:
        """Show what it said, once it has ended; answer its status."""
        status = self.process.wait()
        if self.output is not None and not (only_if_failed and status == 0):
            self.output.seek(0)
            print(f"\n== {self.name}", flush=True)
            sys.stdout.buffer.write(self.output.read())
        word = "ok" if status == 0 else "failed"
        print(f"== {self.name}: {word} in {time.monotonic() - self.started:.0f} s", flush=True)
        return status


def main() -> int:
    running = [Step(*step) for step in BESIDE]
    try:
        for step in (LINT,) if COMPILED.exists() else (LINT, COMPILE):
            if status := Step(*step).report(only_if_failed=True):
                return status
        print(f"\n== {TESTS[-1][0]}; beside them: {', '.join(name for name, _ in (*BESIDE, *TESTS[:-1]))}", flush=True)
        running += [*(Step(*step) for step in TESTS[:-1]), Step(*TESTS[-1], live=True)]
        while running:
            time.sleep(0.2)
            for step in [step for step in running if step.process.poll() is not None]:
                running.remove(step)
                if status := step.report():
                    return status
    finally:
        for step in running:
            step.process.terminate()
            step.process.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
