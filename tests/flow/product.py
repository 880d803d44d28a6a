"""The product as its users meet it: the process of the Procfile, on a database of its own, against a sandbox."""

import contextlib
import os
import shlex
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import requests

from grayscale.sandbox import Sandbox
from tests.conftest import FERNET_KEY
from tests.processes import Process
from tools.demo import free_port, web_line

T = TypeVar("T")
PASSWORD = "correct horse battery"
ADMIN = "ana@harbor.example"
RECRUITER = "jonas@harbor.example"


def eventually(check: Callable[[], T], *, within: float = 15.0, every: float = 0.05) -> T:
    """The first truthy answer of *check*; fails after *within* seconds with its last one."""
    deadline = time.monotonic() + within
    while True:
        answer = check()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"still {answer!r} after {within} s"
        time.sleep(every)


class Product:
    """One deployment: start it, kill it, start it again."""

    def __init__(
        self, folder: Path, sandbox: Sandbox, database_url: str, *, fresh: bool = False, **environment: str
    ) -> None:
        self.folder = folder
        self.fresh = fresh
        self.port = free_port(0)
        self.url = f"http://127.0.0.1:{self.port}"
        self.database_url = database_url
        self.environment = {
            **os.environ,
            "SECRET_KEY": "a-secret-key-for-flow-tests",
            "FERNET_KEYS": FERNET_KEY,
            "DATABASE_URL": database_url,
            "PUBLIC_URL": self.url,
            "PORT": str(self.port),
            "LEVER_API_URL": sandbox.lever_url,
            "TWILIO_API_URL": sandbox.carrier_url,
            "TRANSCRIPT_DELAY_SECONDS": "2",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
            **environment,
        }
        self.process: Process | None = None

    def command(self, *arguments: str, stdin: str = "") -> str:
        """Run ``flask --app app …`` to its end; fails with its output if it fails."""
        log = self.folder / f"command-{time.monotonic_ns()}.log"
        process = Process("flask", "--app", "app", *arguments, environment=self.environment, log=log, stdin=stdin)
        status, output = process.wait(60), log.read_text()
        assert status == 0, output
        return output

    def create_user(self, email: str, name: str, role: str) -> None:
        options = ["--email", email, "--name", name, "--role", role, "--password-stdin"]
        self.command("users", "create", *options, stdin=PASSWORD)

    @property
    def log(self) -> str:
        return (self.folder / "app.log").read_text()

    def start(self, *, wait: bool = True) -> None:
        module, *arguments = shlex.split(web_line())
        log = self.folder / "app.log"
        self.process = Process(module, *arguments, environment=self.environment, log=log, fresh=self.fresh)
        if wait:
            eventually(self.is_ready, within=30)

    def is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.status is None, self.log[-4000:]
        with contextlib.suppress(requests.RequestException):
            return requests.get(f"{self.url}/readyz", timeout=2).status_code == 200
        return False

    def kill(self) -> None:
        """SIGKILL to master and worker at once, as a machine that dies."""
        if self.process is not None:
            self.process.kill()

    def stop(self) -> None:
        """SIGTERM, as a deploy; insists after 30 s."""
        if self.process is not None and self.process.status is None:
            self.process.send(signal.SIGTERM)
            try:
                self.process.wait(30)
            finally:
                self.kill()


@contextlib.contextmanager
def running(folder: Path, sandbox: Sandbox, database_url: str, **environment: str) -> Iterator[Product]:
    """A deployment with a super admin and a recruiter, ready to serve; gone at the end."""
    product = Product(folder, sandbox, database_url, **environment)
    product.create_user(ADMIN, "Ana Castillo", "super_admin")
    product.create_user(RECRUITER, "Jonas Rehn", "recruiter")
    product.start()
    try:
        yield product
    finally:
        product.kill()
