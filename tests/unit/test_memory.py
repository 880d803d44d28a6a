"""A process of many threads keeps few heaps, and no large page caches of SQLite."""

import subprocess
import sys

from flask import Flask
from sqlalchemy import text

from grayscale.database import engine_options
from grayscale.extensions import db
from tests.conftest import ROOT

# Twelve threads that hold memory at the same time; then what the C library says of its heaps.
PROGRAM = """
import ctypes, threading
from runpy import run_path
{start}
libc, together = ctypes.CDLL(None), threading.Barrier(12)
libc.fdopen.restype = ctypes.c_void_p
libc.malloc.restype = ctypes.c_void_p
def hold():
    libc.malloc(50_000)
    together.wait()
threads = [threading.Thread(target=hold) for _ in range(12)]
for thread in threads: thread.start()
for thread in threads: thread.join()
out = ctypes.c_void_p(libc.fdopen(1, b"w"))
libc.malloc_info(0, out)
libc.fflush(out)
"""


def heaps(start: str) -> int:
    command = [sys.executable, "-c", PROGRAM.format(start=start)]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return shown.stdout.count("<heap nr=")


def test_threads_share_a_few_heaps() -> None:
    assert heaps("run_path('grayscale/memory.py')['keep_small']()") <= 3


def test_connections_to_sqlite_keep_small_caches(app: Flask) -> None:
    if db.engine.dialect.name == "sqlite":
        assert -1024 <= db.session.execute(text("PRAGMA cache_size")).scalar_one() < 0


def test_no_more_than_a_few_connections_to_sqlite_are_ever_open() -> None:
    options = engine_options("sqlite:///grayscale.db", connections=12)
    assert options["pool_size"] + options["max_overflow"] <= 8
