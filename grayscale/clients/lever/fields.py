"""Reads single fields of Lever's JSON without ever raising: what is odd is noted, the rest is kept.

Lever may add fields at any time and real data breaks the documented types (null phone types, numbers as text,
repeated followers), so a record is never refused for one field. Only a record without an id is of no use.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from grayscale.clients.text import clean

Json = Mapping[str, Any]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_LARGEST = 2**31
# Lever's are UUIDs and short words; no column keeps more.
LONGEST_ID = 100


class MissingId(ValueError):
    """The record has no id, or is not a record at all."""


def from_ms(ms: int) -> datetime:
    """The aware UTC time of a count of milliseconds since 1970. Raises OverflowError outside the calendar."""
    return EPOCH + timedelta(milliseconds=ms)


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970, rounded down. Raises ValueError for a time without a zone."""
    if moment.tzinfo is None:
        raise ValueError("a time sent to Lever needs a time zone")
    return (moment - EPOCH) // _MILLISECOND


class Reader:
    """One record being read; ``oddities`` collects what was not as documented."""

    __slots__ = ("_odd", "_raw")

    def __init__(self, raw: object) -> None:
        if not isinstance(raw, Mapping):
            raise MissingId(f"expected a record, got {type(raw).__name__}")
        self._raw: Json = raw
        self._odd: list[str] = []

    @property
    def oddities(self) -> tuple[str, ...]:
        return tuple(self._odd)

    def odd(self, key: str, value: object) -> None:
        """Notes the type, never the value: oddities are logged and values may be personal."""
        self._odd.append(f"{key}: unexpected {type(value).__name__}")

    def get(self, key: str) -> Any:
        return self._raw.get(key)

    def id(self, *keys: str) -> str:
        for key in keys or ("id",):
            found = self.ref(key)
            if found:
                return found
        raise MissingId("a record has no id, or one that is longer than any of Lever's")

    def text(self, key: str) -> str:
        """Text, empty when missing or null."""
        return self.text_or_none(key) or ""

    def text_or_none(self, key: str) -> str | None:
        value = self._raw.get(key)
        if value is None:
            return None
        if isinstance(value, str):
            return clean(value)
        self.odd(key, value)
        return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    def link(self, key: str) -> str | None:
        """An address of the web, which may be put behind a word to click; anything else is noted and left out."""
        found = self.text_or_none(key)
        if not found or found.startswith(("https://", "http://")):
            return found or None
        self._odd.append(f"{key}: no address of the web")
        return None

    def word(self, key: str, known: frozenset[str]) -> str:
        """One of the *known* words; another is kept as it is, and noted."""
        found = self.text(key)
        if found and found not in known:
            self.unknown_word(key)
        return found

    def unknown_word(self, key: str) -> None:
        """Notes that a field holds none of its words; not which, for people can type into some of them."""
        note = f"{key}: none of the words Lever documents"
        if note not in self._odd:
            self._odd.append(note)

    def flag(self, key: str) -> bool:
        value = self._raw.get(key)
        if value is not None and not isinstance(value, bool):
            self.odd(key, value)
        return value is True

    def number(self, key: str) -> int | None:
        """A whole number that a database column holds."""
        value = self._raw.get(key)
        if value is None:
            return None
        if type(value) is int and abs(value) < _LARGEST:
            return value
        self.odd(key, value)
        return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < _LARGEST else None

    def time(self, key: str) -> datetime | None:
        value = self._raw.get(key)
        if value is None:
            return None
        try:
            if type(value) is int:
                return EPOCH + timedelta(milliseconds=value)
            self.odd(key, value)
            if isinstance(value, float) or (isinstance(value, str) and value.isdigit()):
                return EPOCH + timedelta(milliseconds=int(value))
        except (OverflowError, ValueError):
            self._odd.append(f"{key}: not a time")
        return None

    def ref(self, key: str) -> str | None:
        """The id in a field that holds either an id or the whole (expanded) object."""
        value = self._raw.get(key)
        if isinstance(value, Mapping):
            value = value.get("id", value)
        if isinstance(value, str):
            if len(value) <= LONGEST_ID:
                return clean(value) or None
            self._odd.append(f"{key}: longer than any id of Lever's")
            return None
        if value is None:
            return None
        self.odd(key, value)
        return str(value) if type(value) is int and len(str(value)) <= LONGEST_ID else None

    def mapping(self, key: str) -> Json | None:
        """An object, or None when missing, null or something else; an id in place of an object is not odd."""
        value = self._raw.get(key)
        if isinstance(value, Mapping):
            return value
        if value is not None and not isinstance(value, str):
            self.odd(key, value)
        return None

    def items(self, key: str) -> list[Any]:
        value = self._raw.get(key)
        if value is None:
            return []
        if isinstance(value, list):
            return value
        self.odd(key, value)
        return []

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts without nulls and blanks."""
        values = self.items(key)
        if not values:
            return ()
        found = []
        for value in values:
            if isinstance(value, str):
                if value:
                    found.append(clean(value))
            elif value is not None:
                self.odd(key, value)
        return tuple(found)

    def refs(self, key: str) -> tuple[str, ...]:
        """Ids in their order, each once (live data repeats followers); expanded objects give their id."""
        values = self.items(key)
        if not values:
            return ()
        found: dict[str, None] = {}
        for value in values:
            ref = value.get("id") if isinstance(value, Mapping) else value
            if isinstance(ref, str) and 0 < len(ref) <= LONGEST_ID:
                found[clean(ref)] = None
            elif value is not None:
                self.odd(key, value)
        return tuple(found)
