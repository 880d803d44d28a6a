"""Starting what is measured: the bare views, the application as in the Procfile, a durable PostgreSQL."""

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.webhooks.load import Measured
from grayscale.sandbox import Sandbox
from tests import postgresql
from tests.flow.product import Product
from tests.webhooks import deployment
from tools.demo import free_port

ROOT = Path(__file__).parents[2]
TOKEN = secrets.token_hex(24)


@dataclass(frozen=True, slots=True)
class Target:
    """Something that takes webhooks, and the process behind it."""

    url: str
    token: str
    # gunicorn's master; its workers answer.
    pid: int

    def processor(self) -> float:
        """Seconds of processor time that its workers have taken."""
        used = [worker.cpu_times() for worker in psutil.Process(self.pid).children()]
        return sum(each.user + each.system for each in used)


def send(target: Target, concurrency: int, *arguments: str) -> Measured:
    """Run the sender as a process of its own."""
    command = [sys.executable, "-m", "bench.webhooks.load", target.url, "--token", target.token]
    used = target.processor()
    done = subprocess.run(
        [*command, "--concurrency", str(concurrency), *arguments], cwd=ROOT, check=True, capture_output=True, text=True
    )
    sent = Measured(**json.loads(done.stdout))
    sent.processor_ms = (target.processor() - used) * 1000 / max(sum(sent.statuses.values()), 1)
    return sent


@contextlib.contextmanager
def bare(kind: str, database: str) -> Iterator[Target]:
    """One of the bare views under gunicorn."""
    port = free_port(0)
    environment = {
        **os.environ, "PORT": str(port), "BARE": kind, "BARE_TOKEN": TOKEN,
        "BARE_DATABASE": database.replace("postgresql+psycopg://", "postgresql://").removeprefix("sqlite:///"),
    }  # fmt: skip
    gunicorn = [sys.executable, "-m", "gunicorn", "--workers", "1", "--config", "bench/webhooks/bare_gunicorn.py"]
    process = subprocess.Popen(
        [*gunicorn, "bench.webhooks.bare:app"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        wait_for(port, process)
        yield Target(f"http://127.0.0.1:{port}/webhooks/lever/key", TOKEN, process.pid)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError(f"a server of the benchmark ended with {process.returncode}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise RuntimeError("a server of the benchmark does not answer")


@contextlib.contextmanager
def product(folder: Path, sandbox: Sandbox | None, database_url: str) -> Iterator[tuple[Product, Target]]:
    """The application with its eight tokens saved. Without a sandbox no API key is, so that nothing is handled."""
    with deployment.running(folder, sandbox, database_url, fresh=True) as (made, url, tokens):
        assert made.process is not None
        yield made, Target(url, tokens["candidateStageChange"], made.process.pid)


@contextlib.contextmanager
def durable_postgresql() -> Iterator[postgresql.Server]:
    """The tests' server, but told to wait for the disk, as one that keeps somebody's data must."""
    with postgresql.running() as server:
        options = (
            f"-p {server.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={server.data.parent}"
            " -c fsync=on -c synchronous_commit=on -c full_page_writes=on"
        )
        server.control("-m", "fast", "stop")
        server.control("-o", options, "start")
        yield server
