"""Whose phone a number is: what the phone network's page shows beside it."""

from __future__ import annotations

from grayscale.sandbox.lever.store import LeverStore


class PhoneBook:
    """Names by number, read anew when candidates changed."""

    def __init__(self, store: LeverStore) -> None:
        self._store = store
        self._names: dict[str, str] = {}
        self._generation = -1

    def name(self, number: str) -> str | None:
        """The person with this E.164 number; several share it: all of them."""
        return self.names().get(_digits(number))

    def names(self) -> dict[str, str]:
        """National digits -> name."""
        with self._store.lock:
            if self._generation != self._store.generation:
                names: dict[str, str] = {}
                for person in self._store.data.contacts.values():
                    for phone in person.phones:
                        digits = _digits(phone["value"])
                        if len(digits) >= 9 and person.name not in names.get(digits, "").split(" / "):
                            known = names.get(digits)
                            names[digits] = f"{known} / {person.name}" if known else person.name
                self._names, self._generation = names, self._store.generation
            return self._names


def _digits(number: str) -> str:
    """The last ten digits, without a trunk prefix: enough to tell fictional numbers apart."""
    digits = "".join(filter(str.isdigit, number))
    return digits[-10:].lstrip("0")
