"""Passwords: hashing them, comparing them, and refusing the ones that are guessed first.

The bundled list holds the words that leaked passwords are made of rather than the passwords themselves: what people put
around such a word (digits, a year, an exclamation mark, letters swapped for look-alikes, the word twice) is taken off
before looking it up, so one line stands for thousands.
"""

import re
import secrets
import threading
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from grayscale.domain.errors import Invalid

SHORTEST = 10
SHORTEST_OF_OPERATORS = 8
# argon2 reads all of it; nobody types more.
LONGEST = 200
# The guesses that a cracker with the leaked lists needs at the least; and how much of a password is judged by them.
FEWEST_GUESSES = 10**8
LONGEST_JUDGED = 72

_hasher = PasswordHasher()
# Each takes 64 MB, and all cores in four threads of its own: a crowd waits in line rather than filling the memory.
_one_at_a_time = threading.Lock()
_LOOKALIKES = str.maketrans("013457@$!", "oleastasi")
_BETTER = "Three or four unrelated words are better."
_KEYBOARD = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "abcdefghijklmnopqrstuvwxyz")


def hash_of(password: str) -> str:
    with _one_at_a_time:
        return _hasher.hash(password)


def fits(stored: str | None, password: str) -> bool:
    """Whether *password* is the one of *stored*; takes equally long when nothing is stored."""
    nobody = _nobody()
    try:
        with _one_at_a_time:
            _hasher.verify(stored or nobody, password[:LONGEST])
    except (VerifyMismatchError, InvalidHashError):
        return False
    return stored is not None


@cache
def _nobody() -> str:
    """Verified against when there is no such user, so that both answers take equally long."""
    return _hasher.hash(secrets.token_hex(16))


def check_operators(password: str) -> None:
    """Raises ``Invalid`` for what an operator may not give somebody either: they may have their own rules, but not
    none."""
    low = password.lower()
    if not SHORTEST_OF_OPERATORS <= len(password) <= LONGEST:
        raise Invalid(f"A password needs {SHORTEST_OF_OPERATORS} to {LONGEST} characters.", "password")
    if low.isdigit() or low in _common_words() or any(_runs_along(low, row) for row in _KEYBOARD):
        raise Invalid(f"This is one of the passwords that are tried first. {_BETTER}", "password")


def check(password: str, *about: str) -> None:
    """Raises ``Invalid`` for a password that is too easy to guess; *about* is what others know of the person."""
    if len(password) < SHORTEST:
        raise Invalid(f"A password needs at least {SHORTEST} characters.", "password")
    if len(password) > LONGEST:
        raise Invalid(f"A password has at most {LONGEST} characters.", "password")
    if len(set(password.lower())) < 5:
        raise Invalid(f"This password repeats the same few characters. {_BETTER}", "password")
    if _is_common(password) or _is_leaked(password, about):
        raise Invalid(f"This is one of the passwords that are tried first. {_BETTER}", "password")
    if _is_about(password, about):
        raise Invalid("This password is mostly your name, e-mail address or company.", "password")


def _is_leaked(password: str, about: tuple[str, ...]) -> bool:
    """Whether it is one of the 30,000 passwords leaked most often, or put together like them."""
    # Its word lists take memory that only those who choose a password need.
    from zxcvbn import zxcvbn  # noqa: PLC0415

    found = zxcvbn(password[:LONGEST_JUDGED], user_inputs=list(about), max_length=LONGEST_JUDGED)
    return bool(found["guesses"] < FEWEST_GUESSES)


def _is_common(password: str) -> bool:
    low = password.lower()
    if low.isdigit() or any(_runs_along(low, row) for row in _KEYBOARD):
        return True
    # The ends are where digits and marks are put; what was put between the words does not help either.
    stripped = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", low)
    forms = {re.sub(r"[^a-z]", "", form) for form in (low, low.translate(_LOOKALIKES), stripped.translate(_LOOKALIKES))}
    return any(not form or _once(form) in _common_words() for form in forms)


def _runs_along(low: str, row: str) -> bool:
    """Whether the password is a run along the keyboard or the alphabet, either way, round its end too."""
    return low in row + row or low in (row + row)[::-1]


def _once(word: str) -> str:
    """"secretsecret" -> "secret"."""
    for size in range(3, len(word) // 2 + 1):
        if len(word) % size == 0 and word == word[:size] * (len(word) // size):
            return word[:size]
    return word


def _is_about(password: str, about: tuple[str, ...]) -> bool:
    rest = password.lower()
    for part in re.split(r"[\W_]+", " ".join(about).lower()):
        if len(part) >= 3:
            rest = rest.replace(part, "")
    return len(rest) < 6 and len(rest) < len(password)


@cache
def _common_words() -> frozenset[str]:
    return frozenset((Path(__file__).parent / "common_passwords.txt").read_text().split())
