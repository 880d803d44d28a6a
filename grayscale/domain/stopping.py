"""Whether this process is about to end: long work looks here between two steps and leaves the rest to its lease."""

import threading

_asked = threading.Event()


def ask() -> None:
    """Say that the process is to end."""
    _asked.set()


def is_asked() -> bool:
    return _asked.is_set()


def forget() -> None:
    """Work may begin again: the jobs of this process are being started."""
    _asked.clear()


def wait(seconds: float) -> bool:
    """Wait up to *seconds* between two steps; True when the process is to end."""
    return _asked.wait(seconds)
