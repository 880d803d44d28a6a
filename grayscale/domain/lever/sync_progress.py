"""How far a run is, in the form its row keeps and pages show."""

from __future__ import annotations

from typing import Any

from grayscale.domain.lever.sync_walks import Walk
from grayscale.models import SyncRun, SyncState

MARK_SECONDS = 10.0


class Progress:
    """Per resource: done, known (None while nobody knows), changed, state, words. And the seconds worked."""

    def __init__(self, run: SyncRun) -> None:
        self._stored: dict[str, Any] = {
            name: dict(value) if isinstance(value, dict) else value for name, value in run.progress.items()
        }
        for line in self._lines():
            if line.get("state") == "failed":
                line["state"] = "running"
                line["words"] = ""
        self.phase = run.phase

    def stored(self) -> dict[str, Any]:
        return {name: dict(value) if isinstance(value, dict) else value for name, value in self._stored.items()}

    def worked(self, seconds: float, requests: int) -> None:
        """Time that was worked, and the requests made in all of it.

        A mark every few seconds tells the pace of late: a page of a list brings 100 records, a list of interviews one.
        """
        now = round(float(self._stored.get("seconds") or 0.0) + seconds, 3)
        self._stored["seconds"] = now
        marks = self._stored.setdefault("marks", [[0.0, 0, 0]])
        if now - marks[-1][0] >= MARK_SECONDS:
            marks.append([now, sum(line["done"] for line in self._lines()), requests])
            del marks[:-2]

    def add(self, resource: str, done: int, changed: int) -> None:
        line = self._line(resource)
        line["done"] += done
        line["changed"] += changed
        if line["state"] == "waiting":
            line["state"] = "running"
        self.phase = resource

    def walks(self, resource: str, walks: list[Walk]) -> None:
        """A resource told by its checkpoints, so that nothing is counted twice after a kill."""
        line = self._line(resource)
        if line["state"] in ("failed", "off"):
            return
        line["done"] = sum(walk.seen for walk in walks)
        finished = all(walk.done for walk in walks)
        line["known"] = line["done"] if finished else None
        line["state"] = "done" if finished else "running"
        off = next((walk.filters["off"] for walk in walks if "off" in walk.filters), None)
        if off is not None:
            self.state(resource, "off", off)

    def count(
        self, resource: str, done: int, known: int | None, is_done: bool, *,
        changed: int | None = None, off: str = "", error: str = "",
    ) -> None:
        line = self._line(resource)
        if line["state"] in ("failed", "off"):
            return
        line["done"], line["known"] = done, known
        if changed is not None:
            line["changed"] = changed
        line["state"] = "done" if is_done else "running"
        if off or error:
            self.state(resource, "off" if off else "failed", off or error)

    def state(self, resource: str, state: str, words: str) -> None:
        line = self._line(resource)
        line["state"], line["words"] = state, words

    def words(self, resource: str) -> str:
        return str(self._line(resource)["words"])

    def ended(self, state: SyncState) -> None:
        if state is SyncState.FAILED:
            self._stored["failures"] = int(self._stored.get("failures") or 0) + 1
        if state is not SyncState.DONE:
            return
        for line in self._lines():
            if line["state"] in ("running", "waiting"):
                line["state"] = "done"
                line["known"] = line["done"]

    def _lines(self) -> list[dict[str, Any]]:
        return [value for value in self._stored.values() if isinstance(value, dict)]

    def _line(self, resource: str) -> dict[str, Any]:
        line: dict[str, Any] = self._stored.setdefault(
            resource, {"done": 0, "known": None, "changed": 0, "state": "waiting", "words": ""}
        )
        return line
