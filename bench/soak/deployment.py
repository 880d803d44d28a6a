"""The processes of one deployment on one PostgreSQL, each started, killed and started again by itself."""

import os
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import time as clock_time
from pathlib import Path

from bench.soak.proxy import Proxy, free_port
from grayscale import create_app
from grayscale.config import load_config
from grayscale.database import transaction
from grayscale.domain.company import ensure_rows
from grayscale.domain.lever import connection, tokens
from grayscale.extensions import db
from grayscale.models import LeverEvent, Role, SendingNumber, TextingAccount, User
from grayscale.sandbox import Sandbox
from tests import factories
from tests.conftest import FERNET_KEY, ROOT
from tests.postgresql import Server
from tools.demo import web_line

DATABASE = "soak"


class Process:
    """One process of the Procfile."""

    def __init__(self, name: str, command: str, environment: dict[str, str], folder: Path) -> None:
        self.name = name
        self._command = shlex.split(command)
        self._environment = environment
        self._log = folder / f"{name}.log"
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._running = subprocess.Popen(
                self._command, env=self._environment, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
            )

    def end(self, number: int) -> None:
        """Send the signal to all of it, and wait."""
        if self._running is not None and self._running.poll() is None:
            os.killpg(self._running.pid, number)
            self._running.wait(40)

    @property
    def is_running(self) -> bool:
        return self._running is not None and self._running.poll() is None

    @property
    def log(self) -> str:
        return self._log.read_text() if self._log.exists() else ""


class Deployment:
    """Proxy, processes and the people who may sign in."""

    def __init__(self, folder: Path, sandbox: Sandbox, server: Server, jobs: str, recruiters: int) -> None:
        self.folder, self.sandbox, self.server = folder, sandbox, server
        ports = [free_port() for _ in range(3 if jobs == "in-process" else 2)]
        public = free_port()
        self.url = f"http://127.0.0.1:{public}"
        self.database_url = server.url(DATABASE)
        self.environment = {
            **os.environ, "SECRET_KEY": "a-secret-key-for-the-soak", "FERNET_KEYS": FERNET_KEY,
            "DATABASE_URL": self.database_url, "PUBLIC_URL": self.url, "LEVER_API_URL": sandbox.lever_url,
            "TWILIO_API_URL": sandbox.carrier_url, "TRANSCRIPT_DELAY_SECONDS": "5", "JOBS": jobs,
            "TRUSTED_PROXIES": "1", "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        }  # fmt: skip
        self.processes = [
            Process(f"web{index}", web_line(), {**self.environment, "PORT": str(port)}, folder)
            for index, port in enumerate(ports, start=1)
        ]
        if jobs == "workers":
            self.processes.append(Process("worker1", "flask --app app work", self.environment, folder))
        server.execute(f"CREATE DATABASE {DATABASE}")
        subprocess.run(
            ["flask", "--app", "app", "db", "upgrade"], env=self.environment, cwd=ROOT, check=True, capture_output=True
        )
        self.emails = self._set_up(folder, recruiters)
        self.proxy = Proxy(public, ports)

    def _set_up(self, folder: Path, recruiters: int) -> list[str]:
        """People, texting account, Lever's key and webhooks: what the set-up guide leads to."""
        app = create_app(load_config({**self.environment, "PORT": "5000"}, instance=folder))
        emails = [f"recruiter{number}@harbor.example" for number in range(recruiters)]
        with app.app_context():
            ensure_rows()
            with transaction() as session:
                for number, email in enumerate(emails):
                    session.add(
                        User(
                            name=f"Recruiter {number}", email=email, role=Role.RECRUITER,
                            password_hash=factories.PASSWORD_HASH, created_at=factories.clock.now(),
                        )
                    )
                set_up_texting(self.sandbox)
            hooks = tokens.webhook_url()
            for event in LeverEvent:
                webhook = self.sandbox.webhooks.set_page_url(event.value, hooks)
                assert webhook is not None
                tokens.save(event, webhook.signature_token, None)
            connection.save_key(self.sandbox.api_key, None)
            db.session.remove()
            db.engine.dispose()
        self.sandbox.carrier.numbers[self.sandbox.number].sms_url = f"{self.url}/webhooks/twilio/inbound"
        return emails

    def start(self) -> None:
        for process in self.processes:
            process.start()

    def restart_database(self) -> None:
        """Pull the plug on PostgreSQL and start it again."""
        options = (
            f"-p {self.server.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.server.data.parent}"
            " -c fsync=on -c synchronous_commit=on -c full_page_writes=on -c max_connections=200"
        )
        self.server.control("-m", "immediate", "stop")
        self.server.control("-o", options, "start")

    def log_of_errors(self) -> list[str]:
        lines = [f"{process.name}: {line}" for process in self.processes for line in process.log.splitlines()]
        return [line for line in lines if "level=error" in line]


def set_up_texting(sandbox: Sandbox) -> None:
    """The account and number at the simulated carrier, at any hour and without limits."""
    with transaction() as session:
        account = session.get_one(TextingAccount, 1)
        account.account_sid, account.auth_token = sandbox.account_sid, sandbox.auth_token
        account.opens = account.closes = clock_time(0)
        account.require_opt_out_line, account.unanswered_limit = False, 0
        session.add(
            SendingNumber(e164=sandbox.number, label="", active=True, position=0, segments_per_second=1000)
        )


@contextmanager
def running(folder: Path, sandbox: Sandbox, server: Server, jobs: str, recruiters: int) -> Iterator[Deployment]:
    deployment = Deployment(folder, sandbox, server, jobs, recruiters)
    try:
        deployment.start()
        yield deployment
    finally:
        threads = [threading.Thread(target=process.end, args=[signal.SIGKILL]) for process in deployment.processes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        deployment.proxy.shutdown()
        deployment.proxy.server_close()
