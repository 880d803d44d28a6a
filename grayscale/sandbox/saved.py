"""Keeps what a sandbox knows in a file, so that a demo goes on where it was left.

A pickle, for this program's own use: only ever open a file the sandbox wrote itself.
"""

from __future__ import annotations

import os
import pickle
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

#: Raised whenever a record changes shape: an older file is then not read.
VERSION = 1
_EVERY_SECONDS = 3.0


def load(path: str, key: object) -> dict[str, Any] | None:
    """What was saved under the same `key` (seed and size), or None."""
    try:
        value = pickle.loads(Path(path).read_bytes())
    except (OSError, pickle.UnpicklingError, EOFError, AttributeError, ImportError):
        return None
    return value["state"] if value.get("version") == VERSION and value.get("key") == key else None


class Keeper:
    """Saves every few seconds when something changed, and once more at the end."""

    def __init__(self, path: str, mark: Callable[[], object], snapshot: Callable[[], bytes]) -> None:
        self._path, self._mark, self._snapshot = Path(path), mark, snapshot
        self._saved: object = None
        self._ended = threading.Event()
        threading.Thread(target=self._run, name="sandbox:keeper", daemon=True).start()

    def _run(self) -> None:
        while not self._ended.wait(_EVERY_SECONDS):
            self._save()

    def _save(self) -> None:
        mark = self._mark()
        if mark == self._saved:
            return
        part = self._path.with_suffix(".part")
        self._path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(self._snapshot())
        os.replace(part, self._path)
        self._saved = mark

    def stop(self) -> None:
        self._ended.set()
        self._save()


def packed(key: object, state: dict[str, Any]) -> bytes:
    return pickle.dumps({"version": VERSION, "key": key, "state": state}, protocol=pickle.HIGHEST_PROTOCOL)
