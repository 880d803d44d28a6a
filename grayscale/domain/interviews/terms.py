"""What an interview is to be, and how two versions of it differ.

An interview made here bears its reference as the last line of its note, so that it can be found again in Lever. The
line belongs to the interview, not to its words: nobody is shown it for editing and nobody can lose it by editing.
"""

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from grayscale.clients.lever import types
from grayscale.domain.errors import Invalid
from grayscale.models import Interview

REFERENCE = re.compile(r"[A-Za-z0-9_-]{8,40}")
_MARK = re.compile(r"\s*^Grayscale ref ([A-Za-z0-9_-]{8,40})[ \t]*$\s*", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Terms:
    """*interviewers* are ids of Lever users. *time_zone* is the IANA name people read the start in; Lever keeps the
    one of the panel."""

    starts_at: datetime
    duration_minutes: int
    interviewers: tuple[str, ...]
    subject: str = ""
    location: str = ""
    note: str = ""
    time_zone: str = ""

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.duration_minutes)

    @classmethod
    def of(cls, interview: Interview) -> Self:
        """As the mirror has it. Raises ``ValueError`` for one without a start."""
        if interview.starts_at is None:
            raise ValueError("the interview has no start")
        return cls(
            starts_at=interview.starts_at,
            duration_minutes=interview.duration_minutes,
            interviewers=tuple(str(person["id"]) for person in interview.interviewers),
            subject=interview.subject,
            location=interview.location,
            note=without_mark(interview.note),
            time_zone=interview.time_zone,
        )

    @classmethod
    def of_lever(cls, interview: types.Interview) -> Self:
        """As Lever answered it. Raises ``ValueError`` for one without a start."""
        if interview.date is None:
            raise ValueError("the interview has no start")
        return cls(
            starts_at=interview.date,
            duration_minutes=interview.duration or 0,
            interviewers=tuple(person.id for person in interview.interviewers),
            subject=interview.subject or "",
            location=interview.location or "",
            note=without_mark(interview.note or ""),
            time_zone=interview.timezone or "",
        )

    def dump(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return {**asdict(self), "starts_at": self.starts_at.astimezone(UTC).isoformat(),
                "interviewers": list(self.interviewers)}

    @classmethod
    def load(cls, stored: Mapping[str, Any]) -> Self:
        """What ``dump`` made. Raises ``Invalid`` for anything else: it may come back from a browser."""
        try:
            starts_at = datetime.fromisoformat(stored["starts_at"])
            if starts_at.tzinfo is None:
                raise ValueError("no zone")
            return cls(
                starts_at=starts_at,
                duration_minutes=int(stored["duration_minutes"]),
                interviewers=tuple(str(one) for one in stored["interviewers"]),
                **{name: str(stored.get(name, "")) for name in ("subject", "location", "note", "time_zone")},
            )
        except (KeyError, TypeError, ValueError) as error:
            raise Invalid("What was shown of this interview did not come back whole. Open it again.") from error


#: What can be changed of an interview that exists.
CHANGEABLE = ("starts_at", "duration_minutes", "interviewers", "subject", "location", "note")


def touched(seen: Terms, mine: Terms) -> dict[str, Any]:
    """What *mine* changes of *seen*, by field, as JSON keeps it."""
    return {name: mine.dump()[name] for name in differing(seen, mine)}


def differing(one: Terms, other: Terms) -> list[str]:
    """The changeable fields in which two versions differ. The order of interviewers is no difference."""
    return [name for name in CHANGEABLE if _value(one, name) != _value(other, name)]


def merged(now: Terms, wanted: Mapping[str, Any]) -> Terms:
    """*now* with what is wanted of it; the rest as it is."""
    known = {field.name for field in fields(Terms)}
    changed = {name: value for name, value in wanted.items() if name in known}
    return replace(now, **{name: getattr(Terms.load({**now.dump(), **changed}), name) for name in changed})


def _value(terms: Terms, name: str) -> object:
    value = getattr(terms, name)
    if name == "interviewers":
        return frozenset(value)
    return value.strip().replace("\r\n", "\n") if isinstance(value, str) else value


def new_reference() -> str:
    """A reference nobody else has."""
    return f"iv-{secrets.token_hex(6)}"


def with_mark(note: str, reference: str) -> str:
    """The note as Lever keeps it."""
    return f"{note.strip()}\n\nGrayscale ref {reference}".strip()


def without_mark(note: str) -> str:
    """The note as people wrote it."""
    return _MARK.sub("\n", note).strip()


def mark_of(note: str) -> str | None:
    """The reference a note bears, None when it was not made here."""
    found = _MARK.search(note)
    return found.group(1) if found else None


def same_people(one: Iterable[str], other: Iterable[str]) -> bool:
    return frozenset(one) == frozenset(other)
