"""Measures the inbox at several sizes and beside it a bare Flask page: ``python -m bench.inbox [--conversations N …]``.

gunicorn as in the Procfile, on SQLite and PostgreSQL. Each figure is p50 / p95 in milliseconds by the clock, then the
processor time of one request in the server, which other load on the machine disturbs least.
"""

import argparse
import contextlib
import http.client
import itertools
import logging
import math
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO
from urllib.parse import urlencode

import psutil
from cryptography.fernet import Fernet
from flask_migrate import upgrade

from bench.inbox import data
from grayscale import create_app
from grayscale.clients.twilio.signature import sign
from grayscale.config import load_config
from grayscale.extensions import db
from tests import postgresql

ROOT = Path(__file__).parent.parent.parent
START_SECONDS = 120
TEXTS_A_SECOND = 20
# A carrier does not wait with one text until another was taken.
CARRIER_CONNECTIONS = 4


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def gunicorn(
    arguments: list[str], environment: dict[str, str], port: int, folder: Path = ROOT
) -> Iterator[psutil.Process]:
    """Yields the master, once it serves."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--workers", "1", *arguments],
            cwd=folder,
            stdout=log,
            stderr=log,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        )
        try:
            wait_for(port, process, log)
            yield psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait(30)


def wait_for(port: int, process: subprocess.Popen[bytes], log: IO[bytes]) -> None:
    """Return when it listens; raises ``RuntimeError`` with its last words if it ended or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            return
        time.sleep(0.1)
    log.seek(0)
    raise RuntimeError(f"gunicorn does not serve:\n{log.read()[-2000:].decode()}")


class Person:
    """One browser on one kept connection."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._cookies: dict[str, str] = {}
        self.link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self._cookies.items())

    def ask(
        self, path: str, form: dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        sent = {"Cookie": self.cookie, **(headers or {})}
        body = None
        if form is not None:
            body = urlencode(form)
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            self.link.request("POST" if form is not None else "GET", path, body, sent)
            answer = self.link.getresponse()
        except (http.client.HTTPException, OSError):
            self.link.close()
            self.link.request("POST" if form is not None else "GET", path, body, sent)
            answer = self.link.getresponse()
        content = answer.read()
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.split(";")[0].partition("=")
            self._cookies[name] = value
        return answer.status, dict(answer.getheaders()), content

    def sign_in(self, n: int) -> None:
        _, _, page = self.ask("/login")
        form = {"email": f"recruiter{n}@bench.example", "password": data.PASSWORD, "csrf_token": token(page)}
        status, _, _ = self.ask("/login", form)
        assert status in (302, 303), f"sign-in answered {status}"


def token(page: bytes) -> str:
    found = re.search(rb'name="csrf_token" value="([^"]+)"', page)
    assert found, "no form on the page"
    return found.group(1).decode()


class Meter:
    """Times what one server answers. *floor_ms* is the processor time of the page others are compared with."""

    def __init__(self, master: psutil.Process, floor_ms: float = 0) -> None:
        self._master = master
        self.floor_ms = floor_ms
        self.last_ms = 0.0

    def _processor(self) -> float:
        used = [worker.cpu_times() for worker in self._master.children()]
        return sum(each.user + each.system for each in used) * 1000

    def times(self, what: Callable[[], object], rounds: int) -> str:
        what()
        taken = []
        used = self._processor()
        for _ in range(rounds):
            began = time.perf_counter()
            what()
            taken.append((time.perf_counter() - began) * 1000)
        self.last_ms = (self._processor() - used) / rounds
        ratio = f", {self.last_ms / self.floor_ms:.1f} x the floor" if self.floor_ms else ""
        return f"{figure(taken)} ms; {self.last_ms:.1f} ms of processor{ratio}"


def figure(taken: list[float]) -> str:
    taken = sorted(taken)
    if len(taken) < 2:
        return "-"
    return f"{statistics.median(taken):7.1f} / {taken[math.ceil(len(taken) * 0.95) - 1]:7.1f}"


def throughput(port: int, path: str, cookie: str, seconds: float = 4, threads: int = 4) -> float:
    """Requests a second over *threads* kept connections, from a process of its own so that it costs the server none."""
    script = (
        "import http.client,threading,time,sys\n"
        "p,path,c,s,n=int(sys.argv[1]),sys.argv[2],sys.argv[3],float(sys.argv[4]),int(sys.argv[5])\n"
        "end=time.time()+s;done=[0]*n\n"
        "def go(i):\n l=http.client.HTTPConnection('127.0.0.1',p)\n"
        " while time.time()<end:\n  l.request('GET',path,headers={'Cookie':c,'HX-Request':'true'})\n"
        "  r=l.getresponse();r.read()\n"
        "  assert r.status==204,r.status\n  done[i]+=1\n"
        "ts=[threading.Thread(target=go,args=(i,)) for i in range(n)];[t.start() for t in ts];[t.join() for t in ts]\n"
        "print(sum(done)/s)\n"
    )
    shown = subprocess.run(
        [sys.executable, "-c", script, str(port), path, cookie, str(seconds), str(threads)],
        capture_output=True,
        text=True,
        check=True,
    )
    return float(shown.stdout)


def receive(person: Person, origin: str, n: int, number: int) -> None:
    """The carrier delivers a text of candidate *n*."""
    form = {
        "MessageSid": f"SM{number:032x}",
        "SmsSid": f"SM{number:032x}",
        "AccountSid": "AC" + "0" * 32,
        "From": data.phone(n),
        "To": data.OUR_NUMBER,
        "Body": f"bench text {number}",
        "NumMedia": "0",
    }
    signature = sign(f"{origin}/webhooks/twilio/inbound", list(form.items()), data.AUTH_TOKEN)
    status, _, _ = person.ask("/webhooks/twilio/inbound", form, {"X-Twilio-Signature": signature})
    assert status == 200, f"the webhook answered {status}"


def measure(meter: Meter, port: int, floor_port: int, conversations: int, options: argparse.Namespace) -> None:
    me = Person(port)
    me.sign_in(1)

    def find(words: str) -> Callable[[], object]:
        return lambda: me.ask(f"/inbox?q={words}", headers={"HX-Request": "true"})

    origin = f"http://127.0.0.1:{port}"
    own = 1
    print(f"  open the inbox            {meter.times(lambda: me.ask('/inbox?view=all'), 60)}")
    print(f"  open one conversation     {meter.times(lambda: me.ask(f'/inbox/{min(21, conversations)}'), 60)}")
    print(f"  open the one of 10,000    {meter.times(lambda: me.ask(f'/inbox/{own}'), 60)}")
    print(f"  search words              {meter.times(find('forklift+badge'), 40)}")
    print(f"  search a name             {meter.times(find('okafor+mira'), 40)}")
    print(f"  search a phone number     {meter.times(find(data.phone(7)[2:]), 40)}")
    _, _, page = me.ask("/inbox/21" if conversations >= 21 else "/inbox/2")
    csrf = token(page)
    keys = iter(range(10**6))

    def send() -> None:
        form = {
            "csrf_token": csrf,
            "body": "Thank you",
            "submission_key": f"b{time.time()}{next(keys)}",
            "seen_up_to": "999999999",
        }
        status, _, answer = me.ask("/inbox/3/messages", form, {"HX-Request": "true"})
        assert status == 200, answer[:300]

    _, _, page = me.ask("/inbox?view=mine")
    tick = re.search(rb'data-tick="(\d+)"', page)
    assert tick

    def poll(since: str) -> tuple[int, dict[str, str], bytes]:
        return me.ask(f"/inbox/live?tick={since}&view=mine&counts=&rows=", headers={"HX-Request": "true"})

    time.sleep(1)
    now = poll("-1")[1]["X-Tick"]
    assert poll(now)[0] == 204
    print(f"  poll, unchanged           {meter.times(lambda: poll(now), 300)}")
    print(f"  poll, changed             {meter.times(lambda: poll('-1'), 60)}")
    ours = throughput(port, f"/inbox/live?tick={now}&view=mine", me.cookie)
    bare = throughput(floor_port, "/bare", "")
    print(f"  unchanged poll {ours:.0f}/s, bare Flask view {bare:.0f}/s: {ours / bare:.0%}")
    # After the polls: what is sent goes on changing while its carrier, who is not there, is tried again.
    print(f"  send                      {meter.times(send, 30)}")
    load(port, origin, conversations, options.recruiters, options.seconds)


def shows(page: bytes) -> dict[str, str]:
    """What of the list a page with this *page* in it shows, as it tells the poll."""
    rows, counts = re.search(rb'data-rows="(-?\d+)"', page), re.findall(rb'data-n="(\d+)"', page)
    return ({"rows": rows[1].decode()} if rows else {}) | ({"counts": b"-".join(counts).decode()} if counts else {})


def load(port: int, origin: str, conversations: int, recruiters: int, seconds: int) -> None:
    """*recruiters* poll every 2 s while texts come in; meanwhile pages are opened."""
    stop = threading.Event()
    polls: list[float] = []
    late: list[float] = []
    people = []
    for n in range(recruiters):
        person = Person(port)
        person.sign_in(n)
        people.append(person)

    def work(person: Person, n: int) -> None:
        tick, shown = "-1", shows(person.ask("/inbox?view=mine")[2])
        stop.wait(n * 2 / recruiters)
        while not stop.is_set():
            began = time.perf_counter()
            asked = urlencode({"tick": tick, "view": "mine", "shown": 50, **shown})
            _, headers, answer = person.ask(f"/inbox/live?{asked}", headers={"HX-Request": "true"})
            polls.append((time.perf_counter() - began) * 1000)
            tick, shown = headers.get("X-Tick", tick), shown | shows(answer)
            stop.wait(max(0, 2 - (time.perf_counter() - began)))

    began_at = time.perf_counter()

    def candidates(first: int) -> None:
        person = Person(port)
        for number in itertools.count(first, CARRIER_CONNECTIONS):
            due = began_at + number / TEXTS_A_SECOND
            if stop.wait(max(0, due - time.perf_counter())):
                return
            receive(person, origin, number % conversations + 1, 10**7 + number)
            late.append((time.perf_counter() - due) * 1000)

    threads = [threading.Thread(target=work, args=(person, n)) for n, person in enumerate(people)]
    threads += [threading.Thread(target=candidates, args=(first,)) for first in range(CARRIER_CONNECTIONS)]
    for thread in threads:
        thread.start()
    me = Person(port)
    me.sign_in(1)
    time.sleep(4)
    polls.clear()
    opened, inbox = [], []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for path, into in (("/inbox?view=mine", inbox), (f"/inbox/{min(21, conversations)}", opened)):
            began = time.perf_counter()
            me.ask(path)
            into.append((time.perf_counter() - began) * 1000)
        time.sleep(0.2)
    stop.set()
    for thread in threads:
        thread.join()
    print(f"  with {recruiters} recruiters polling every 2 s and {TEXTS_A_SECOND} texts/s:")
    print(f"    open the inbox          {figure(inbox)} ms")
    print(f"    open one conversation   {figure(opened)} ms")
    print(
        f"    poll (something changed) {figure(polls)} ms, {len(polls) / seconds:.0f}/s;"
        f" texts taken {figure(late)} ms after they were due"
    )


def run(database_url: str, conversations: int, options: argparse.Namespace) -> None:
    port, floor_port = free_port(), free_port()
    environment = {
        "SECRET_KEY": "bench" * 10,
        "FERNET_KEYS": Fernet.generate_key().decode(),
        "PORT": str(port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "DATABASE_URL": database_url,
        "LEVER_API_URL": "http://127.0.0.1:9/v1",
        "TWILIO_API_URL": "http://127.0.0.1:9",
    }
    app = create_app(load_config(environment, instance=ROOT / "instance"))
    logging.getLogger("alembic").setLevel(logging.WARNING)
    began = time.perf_counter()
    with app.app_context():
        upgrade(directory=str(ROOT / "migrations"))
        data.fill(app, conversations, options.recruiters)
        db.session.remove()
        db.engine.dispose()
    print(f"  (filled in {time.perf_counter() - began:.0f} s)", flush=True)
    # The sign-in limit counts per address, and here everybody has the same one.
    arguments = ["--config", "bench/inbox/gunicorn.conf.py", "app:app"]
    with gunicorn(arguments, environment, port) as master:
        me = Person(port)
        me.sign_in(1)
        size = len(me.ask("/inbox?view=all")[2])
        bare = ["--threads", "8", "--worker-class", "gthread", "-b", f"127.0.0.1:{floor_port}", "bench.inbox.floor:app"]
        # From a folder without our gunicorn.conf.py, which it would read.
        with gunicorn(bare, {"FLOOR_BYTES": str(size)}, floor_port, ROOT / "bench" / "sync") as floor_master:
            floor, meter = Person(floor_port), Meter(floor_master)
            print(f"  floor: bare page, {size // 1000} kB   {meter.times(lambda: floor.ask('/page'), 300)}")
            measure(Meter(master, meter.last_ms), port, floor_port, conversations, options)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.inbox", description=__doc__)
    parser.add_argument("--conversations", type=int, nargs="+", default=[100, 10_000, 100_000])
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--recruiters", type=int, default=100)
    parser.add_argument("--seconds", type=int, default=20, help="how long the load lasts")
    options = parser.parse_args()
    print("p50 / p95")
    if options.database in ("sqlite", "both"):
        for conversations in options.conversations:
            print(f"\nSQLite, {conversations:,} conversations", flush=True)
            with tempfile.TemporaryDirectory() as folder:
                run(f"sqlite:///{folder}/bench.db", conversations, options)
    if options.database in ("postgresql", "both"):
        with postgresql.running() as server:
            for conversations in options.conversations:
                print(f"\nPostgreSQL, {conversations:,} conversations", flush=True)
                server.execute(f"CREATE DATABASE bench{conversations}")
                run(server.url(f"bench{conversations}"), conversations, options)


if __name__ == "__main__":
    main()
