"""Giving memory back to the system, in a process that lives long and has many threads.

The C library (glibc) sets up to eight heaps a processor aside for threads, and keeps what was freed in each of them: a
process grows to the sum of the most that each ever held. So it is told to do with two heaps, and asked once a minute to
hand back the pages nobody uses. Where there is another C library this does nothing.
"""

import ctypes
import threading

# Of mallopt(3).
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
HEAPS = 2
# What is larger gets pages of its own, which go back when it is freed; unset, the limit grows with what is asked for.
PAGES_OF_THEIR_OWN_BYTES = 256 * 1024
GIVE_BACK_SECONDS = 60.0

_libc = ctypes.CDLL(None)


def keep_small() -> None:
    """From here on use few heaps, and give back what is free. To be called before the threads that work are begun."""
    if not hasattr(_libc, "mallopt") or not hasattr(_libc, "malloc_trim"):
        return
    _libc.mallopt(_ARENA_MAX, HEAPS)
    _libc.mallopt(_MMAP_THRESHOLD, PAGES_OF_THEIR_OWN_BYTES)
    _libc.mallopt(_TRIM_THRESHOLD, PAGES_OF_THEIR_OWN_BYTES)
    threading.Thread(target=_give_back, name="memory", daemon=True).start()


def _give_back() -> None:
    wait = threading.Event()
    while not wait.wait(GIVE_BACK_SECONDS):
        _libc.malloc_trim(0)
