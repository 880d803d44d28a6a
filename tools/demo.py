"""``make run``: the sandbox, the application on it, and two people to sign in as. Ctrl-C ends all of it.

The application runs as in production, from the ``web:`` line of the Procfile; only its environment is the demo's.
Everything is kept in ``.demo``, both sides, so the next start goes on where this one ended; ``make fresh`` forgets it.
"""

import contextlib
import ctypes
import json
import os
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.fernet import Fernet

from grayscale.sandbox.lever.seed import DEMO_API_KEY
from grayscale.sandbox.runner import DEMO_ACCOUNT_SID, DEMO_AUTH_TOKEN, DEMO_NUMBER
from tools.webforms import FormError, Session

ROOT = Path(__file__).parent.parent
HOME = ROOT / ".demo"
NOTE_DELAY_SECONDS = 60
READY_SECONDS = 60
PASSWORD = "grayscale-demo"
ADMIN = ("ana@harbor.example", "Ana Castillo", "super_admin")
RECRUITER = ("jonas@harbor.example", "Jonas Rehn", "recruiter")
WEBHOOKS = "/settings/integrations/webhooks"


@dataclass(frozen=True, slots=True)
class Demo:
    """Where everything is; kept in a file for ``make connect``."""

    app_url: str
    lever_origin: str
    carrier_url: str
    api_key: str
    email: str
    password: str


def main() -> int:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        serve()
    except KeyboardInterrupt:
        print("\nStopped.", flush=True)
    except (DemoError, FormError) as error:
        print(f"make run: {error}", file=sys.stderr)
        return 1
    return 0


def serve() -> None:
    """Start everything and stay until one of them ends. Raises ``DemoError``, ``FormError``, ``KeyboardInterrupt``."""
    first, demo, keys = begin()
    port = port_of(demo.app_url)
    environment = {
        **os.environ,
        **keys,
        "DATABASE_URL": f"sqlite:///{HOME / 'grayscale.db'}",
        "PUBLIC_URL": demo.app_url,
        "PORT": str(port),
        "LEVER_API_URL": f"{demo.lever_origin}/v1",
        "TWILIO_API_URL": demo.carrier_url,
        "TRANSCRIPT_DELAY_SECONDS": str(NOTE_DELAY_SECONDS),
        "JOBS": "in-process",
        "TRUSTED_PROXIES": "0",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
    }
    for name in ("DYNO", "GUNICORN_CMD_ARGS"):
        environment.pop(name, None)
    with children() as start:
        sandbox = [
            "sandbox", "--host", "localhost", "--lever-port", str(port_of(demo.lever_origin)), "--carrier-port",
            str(port_of(demo.carrier_url)), "--candidates", "400", "--seed", "7",
            "--permission", "Create Opportunity Panel",
            "--inbound-url", f"{demo.app_url}/webhooks/twilio/inbound", "--state", str(HOME / "sandbox.state"),
        ]  # fmt: skip
        start("sandbox", ["flask", "--app", "app", *sandbox], environment)
        run(["flask", "--app", "app", "db", "upgrade"], environment)
        for email, name, role in (ADMIN, RECRUITER) if first else ():
            create = ["flask", "--app", "app", "users", "create"]
            options = ["--email", email, "--name", name, "--role", role, "--password-stdin"]
            run([*create, *options], environment, stdin=PASSWORD)
        start("app", shlex.split(web_line()), environment)
        wait_until_ready(demo)
        if first:
            set_up_texting(demo)
            (HOME / "demo.json").write_text(json.dumps({**asdict(demo), "keys": keys}))
        print(welcome(demo), flush=True)
        wait_for_end(start.processes)


def begin() -> tuple[bool, Demo, dict[str, str]]:
    """Whether this is the first start, where things are, and the demo's own secrets."""
    try:
        kept = json.loads((HOME / "demo.json").read_text())
        keys = kept.pop("keys")
        demo = Demo(**kept)
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        # Never started, or ended before it was complete.
        shutil.rmtree(HOME, ignore_errors=True)
        HOME.mkdir(mode=0o700)
        keys = {"SECRET_KEY": secrets.token_urlsafe(48), "FERNET_KEYS": Fernet.generate_key().decode()}
        app_url, lever_origin, carrier_url = (f"http://localhost:{free_port(port)}" for port in (5000, 5001, 5002))
        return True, Demo(app_url, lever_origin, carrier_url, DEMO_API_KEY, ADMIN[0], PASSWORD), keys
    for url in (demo.app_url, demo.lever_origin, demo.carrier_url):
        if free_port(port_of(url)) != port_of(url):
            raise DemoError(
                f"port {port_of(url)} is taken. If that is the demo, it runs already at {demo.app_url}; else free the"
                " port, or begin anew on another one, forgetting the demo's data, with: make fresh run"
            )
    return False, demo, keys


def port_of(url: str) -> int:
    return urlsplit(url).port or 0


class DemoError(Exception):
    """The demo cannot start; the message says why."""


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


def free_port(wished: int) -> int:
    """*wished* if nobody listens on it, else any other."""
    for port in (wished, 0):
        with contextlib.closing(socket.socket()) as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("0.0.0.0", port))
            return int(probe.getsockname()[1])
    raise DemoError("no free port was found")


def web_line() -> str:
    """The ``web:`` line of the Procfile."""
    for line in (ROOT / "Procfile").read_text().splitlines():
        if line.startswith("web:"):
            return line.removeprefix("web:").strip()
    raise DemoError("the Procfile has no web: line")


def die_with_parent() -> None:
    """On Linux, have this child killed when the parent dies, however it dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


class Starter:
    """Starts children that end with this process."""

    def __init__(self) -> None:
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def __call__(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        with (HOME / f"{name}.log").open("wb") as log:
            self.processes[name] = subprocess.Popen(
                command, env=environment, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=die_with_parent,  # noqa: PLW1509 - there is one thread
            )  # fmt: skip

    def stop(self) -> None:
        """Ask all to end, newest first, and insist after ten seconds."""
        for process in reversed(self.processes.values()):
            if process.poll() is None:
                process.terminate()
        for process in self.processes.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=10)
        for process in self.processes.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


@contextlib.contextmanager
def children() -> Iterator[Starter]:
    start = Starter()
    try:
        yield start
    finally:
        # A second Ctrl-C must not leave anything behind.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        start.stop()


def run(command: list[str], environment: dict[str, str], stdin: str = "") -> None:
    """Run one command to its end; raises ``DemoError`` with its output if it failed."""
    done = subprocess.run(command, env=environment, cwd=ROOT, input=stdin, text=True, capture_output=True, check=False)
    if done.returncode != 0:
        raise DemoError(f"'{' '.join(command[3:6])}' failed:\n{done.stdout}{done.stderr}")


def wait_until_ready(demo: Demo) -> None:
    for url in (f"{demo.lever_origin}/", f"{demo.app_url}/readyz"):
        deadline = time.monotonic() + READY_SECONDS
        while not answers(url):
            if time.monotonic() > deadline:
                raise DemoError(f"{url} did not answer within {READY_SECONDS} s; the logs are in {HOME}")
            time.sleep(0.1)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def set_up_texting(demo: Demo) -> None:
    """Name the company and connect the simulated carrier, through the forms a super admin uses."""
    session = Session(demo.app_url)
    session.submit("/login", {"Email": demo.email, "Password": demo.password}, button="Sign in")
    session.submit("/settings/company", {"Company": "Harbor Clinic Group"}, button="Save")
    session.submit(
        "/settings/texting",
        {
            "Account SID": DEMO_ACCOUNT_SID,
            "Auth token": DEMO_AUTH_TOKEN,
            "Phone number": DEMO_NUMBER,
            # The demo is to be tried at any hour.
            "Texting opens": "00:00",
            "Texting closes": "00:00",
        },
        button="Save",
    )


def wait_for_end(processes: dict[str, subprocess.Popen[bytes]]) -> None:
    while True:
        for name, process in processes.items():
            if process.poll() is not None:
                raise DemoError(f"the {name} ended by itself (status {process.returncode}); see {HOME / name}.log")
        time.sleep(0.5)


def welcome(demo: Demo) -> str:
    return f"""
  Grayscale for Lever   {demo.app_url}

    super admin         {ADMIN[0]}     password  {PASSWORD}
    recruiter           {RECRUITER[0]}   password  {PASSWORD}

  The simulated Lever   {demo.lever_origin}
    its API key         {demo.api_key}
    its webhooks        {demo.lever_origin}{WEBHOOKS}
  The simulated phones  {demo.carrier_url}

  Connect Lever by hand: sign in as the super admin and follow Settings › ATS Integration › Lever.
  In a hurry? In another terminal:  make connect

  Here a conversation's Note goes to Lever {NOTE_DELAY_SECONDS} s after its last message (in production: 1 hour).
  Ctrl-C stops everything; the next start goes on from here, 'make fresh run' starts anew. Logs: {HOME.name}/
"""
