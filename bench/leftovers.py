"""Ending what a benchmark started, however the benchmark itself ends: SIGKILL included.

Everything it starts inherits a mark in its environment and puts its temporary files into one folder. A watcher outlives
the benchmark by a moment, ends whatever still carries the mark, and removes the folder.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

import psutil

MARK = "GRAYSCALE_BENCHMARK"
ROOT = Path(__file__).parents[1]

# Held as long as this process lives: the watcher's standard input ends with it.
_watchers: list[subprocess.Popen[bytes]] = []


def watch() -> None:
    """Have everything that this process starts from now on end with it; SIGTERM ends it by way of its clean-up."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    mark, folder = uuid.uuid4().hex, tempfile.mkdtemp(prefix="grayscale-benchmark-")
    # PostgreSQL runs as another user and has to reach its own folder inside.
    os.chmod(folder, 0o711)
    command = [sys.executable, "-m", "bench.leftovers", mark, folder]
    _watchers.append(subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, start_new_session=True))
    os.environ[MARK], os.environ["TMPDIR"] = mark, folder
    tempfile.tempdir = folder


def main(mark: str, folder: str) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.read()
    while left := marked(mark):
        for process in left:
            with contextlib.suppress(psutil.Error):
                process.kill()
        time.sleep(0.2)
    shutil.rmtree(folder, ignore_errors=True)


def marked(mark: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE and process.environ().get(MARK) == mark:
                found.append(process)
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
