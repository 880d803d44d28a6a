"""Processes of the product that start at once: each is forked from one that has imported everything.

To import it all again at each start, and after each kill, would be most of what the tests with processes take.
"""

import multiprocessing
import os
import runpy
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

# Not from the conftest: what is imported here is imported by each process again.
ROOT = Path(__file__).parent.parent

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(
    [
        "alembic.command", "flask.cli", "flask_migrate", "grayscale.cli", "grayscale.jobs.scheduler",
        "grayscale.sandbox.cli", "grayscale.startup", "gunicorn.app.wsgiapp", "gunicorn.workers.gthread", "tests.warm",
    ]
)  # fmt: skip


class Process:
    """``python -m module arguments`` at the top of the project, leading a process group of its own.

    What it writes, to either output, is added to *log*. A *fresh* one imports for itself, as where memory is measured.
    """

    def __init__(
        self, module: str, *arguments: str, log: Path, environment: Mapping[str, str] = os.environ, stdin: str = "",
        fresh: bool = False,
    ) -> None:  # fmt: skip
        self.log = log
        log.touch()
        command = (module, *arguments)
        arguments_of_run = (command, dict(environment), log, stdin, fresh)
        self._process = _context.Process(target=_run, args=arguments_of_run, daemon=True)
        self._process.start()

    @property
    def status(self) -> int | None:
        """What it ended with, negative for a signal; None while it runs."""
        return self._process.exitcode

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def wait(self, seconds: float) -> int:
        """Its status, once it has ended; fails if it has not within *seconds*."""
        self._process.join(seconds)
        status = self.status
        assert status is not None, f"still running after {seconds} s: {self.log.read_text()[-3000:]}"
        return status

    def send(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL to it and to all it started, as a machine that dies; back when it is gone."""
        while self.status is None:
            try:
                os.killpg(self.pid, signal.SIGKILL)
            except ProcessLookupError:
                self._process.kill()  # it does not lead its group yet
            self._process.join(5)


def _run(command: tuple[str, ...], environment: dict[str, str], log: Path, stdin: str, fresh: bool) -> NoReturn:
    os.setsid()
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environment)
    reading, writing = os.pipe()
    os.write(writing, stdin.encode())
    os.close(writing)
    os.dup2(reading, 0)
    sys.stdin = os.fdopen(0)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    if fresh:
        os.execve(sys.executable, [sys.executable, "-m", *command], environment)
    sys.argv = list(command)
    runpy.run_module(command[0], run_name="__main__", alter_sys=True)
    sys.exit(0)
