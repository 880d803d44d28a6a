"""Faults on demand: what should go wrong, for whom, and how many times."""

from __future__ import annotations

import random
import threading
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any

#: What each kind needs is described for people on the faults page; `when` is `before` or `after` the effect.
API_KINDS = ("status", "drop", "timeout", "latency", "html", "bad_offset")
WEBHOOK_KINDS = ("drop", "delay", "duplicate", "reorder", "bad_signature", "no_id", "no_signature")
CALLBACK_KINDS = ("drop", "delay", "duplicate", "reorder", "bad_signature")
OUTCOME_KINDS = ("failed", "undelivered", "none")

TARGETS: dict[str, tuple[str, ...]] = {
    "lever": API_KINDS,
    "carrier": API_KINDS,
    "webhook": WEBHOOK_KINDS,
    "callback": CALLBACK_KINDS,
    "inbound": CALLBACK_KINDS,
    "outcome": OUTCOME_KINDS,
}


@dataclass
class Fault:
    """One rule. It fires `times` times (None: until removed), each with `probability`."""

    target: str
    kind: str
    method: str = "*"
    #: A glob over the path (`/v1/opportunities/*/notes`), the event, the callback's status or the recipient.
    path: str = "*"
    times: int | None = 1
    probability: float = 1.0
    status: int = 500
    retry_after: int | None = None
    seconds: float = 30.0
    when: str = "before"
    #: Carrier error code: of an API answer (`status`), or of a failed text (`outcome`).
    code: int | None = None
    id: int = 0
    fired: int = 0

    def __post_init__(self) -> None:
        if self.target not in TARGETS:
            raise ValueError(f"target must be one of {', '.join(TARGETS)}")
        if self.kind not in TARGETS[self.target]:
            raise ValueError(f"kind of {self.target} must be one of {', '.join(TARGETS[self.target])}")
        if self.when not in {"before", "after"}:
            raise ValueError("when must be before or after")

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class FaultBoard:
    """The rules in force. Thread-safe; random ones are drawn from a seeded generator."""

    def __init__(self, seed: int = 0) -> None:
        self._lock = threading.Lock()
        self._rules: list[Fault] = []
        self._random = random.Random(seed)
        self._next_id = 1
        #: Set when the sandbox stops: whoever stalls wakes up.
        self.stopped = threading.Event()

    def add(self, target: str, kind: str, **options: Any) -> Fault:
        """Puts a rule in force. Raises ValueError or TypeError for one that makes no sense."""
        fault = Fault(target, kind, **options)
        with self._lock:
            fault.id = self._next_id
            self._next_id += 1
            self._rules.append(fault)
        return fault

    def remove(self, fault_id: int) -> None:
        with self._lock:
            self._rules = [rule for rule in self._rules if rule.id != fault_id]

    def clear(self, target: str | None = None) -> None:
        with self._lock:
            self._rules = [rule for rule in self._rules if target and rule.target != target]

    def all(self) -> list[Fault]:
        with self._lock:
            return list(self._rules)

    def take(self, target: str, method: str, path: str, kinds: tuple[str, ...] | None = None) -> Fault | None:
        """The first rule that fires here, its count taken down, or None."""
        if not self._rules:
            return None
        with self._lock:
            for rule in self._rules:
                if rule.target != target or (kinds and rule.kind not in kinds):
                    continue
                if rule.method not in {"*", method} or not fnmatchcase(path, rule.path):
                    continue
                if rule.probability < 1 and self._random.random() >= rule.probability:
                    continue
                rule.fired += 1
                if rule.times is not None:
                    rule.times -= 1
                    if rule.times <= 0:
                        self._rules.remove(rule)
                return rule
        return None

    def stall(self, seconds: float) -> None:
        """Waits, or returns early when the sandbox stops."""
        self.stopped.wait(seconds)
