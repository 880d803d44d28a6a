"""A transcript as the plain text of a Note.

What a candidate typed can neither pass for a line of ours nor notify anybody in Lever: every further line of a text
stands behind a bar, and a zero-width space parts each ``@`` from the name behind it.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

#: Characters a Note's comment may hold. Lever documents no limit; this one is ours.
LIMIT = 10_000
#: Longest name printed, in characters.
LONGEST_NAME = 200
INDENT = "\u00a0\u00a0"  # no-break spaces, which a web page does not fold
BAR = f"{INDENT}│ "
# Whoever has the whole of it can move or cancel the interview, and a Note is read by many for years.
_LINK_TO_TIMES = re.compile(r"(/times/)[A-Za-z0-9_-]{22}(?![A-Za-z0-9_-])")
_AT_SIGNS = re.compile("([@＠﹫])(?=.)")
_DIRECTION_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True, slots=True)
class Said:
    """One text. *who* is a name; *remarks* are ours: pictures, a failed delivery."""

    at: datetime
    who: str
    text: str
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of ours between the texts: opted out, returned."""

    at: datetime
    what: str


@dataclass(frozen=True, slots=True)
class Talk:
    """What goes into a Note. *entries* in the order they are printed; *first* and *last* bound the texts."""

    candidate: str
    our_number: str
    first: datetime
    last: datetime
    zone: ZoneInfo
    entries: Sequence[Said | Happened]


def render(talk: Talk, reference: str, *, limit: int = LIMIT) -> list[str]:
    """The comments of the Note's thread in order, none longer than *limit* characters."""
    heading = _heading(talk)
    # Room for the heading, " · 12 of 34", the reference line and the blank lines between.
    room = limit - len(heading) - len(reference_line(reference, 999, 999)) - 30
    bodies = _pack(_blocks(talk, room), room)
    total = len(bodies)
    parts = []
    for number, body in enumerate(bodies, start=1):
        which = f" · {number} of {total}" if total > 1 else ""
        parts.append(f"{heading}{which}\n\n{body}\n\n{reference_line(reference, number, total)}")
    return parts


def marker(reference: str, number: int, total: int) -> str:
    """By which one comment is found again in Lever."""
    return f"{reference}-{number}/{total}"


def reference_line(reference: str, number: int, total: int) -> str:
    return f"Grayscale ref {marker(reference, number, total)}"


def bears(value: str, mark: str) -> bool:
    """Whether a comment read back from Lever is the one with this *mark*."""
    return re.search(re.escape(mark) + r"(?!\d)", value) is not None


def tame(text: str) -> str:
    """One line of somebody's text without control characters, a live ``@`` or a link that is the candidate's alone."""
    kept = "".join(
        character
        for character in text.replace("\t", " ")
        if unicodedata.category(character) not in ("Cc", "Cs") and character not in _DIRECTION_OVERRIDES
    )
    return _AT_SIGNS.sub("\\1\u200b", _LINK_TO_TIMES.sub("\\1…", kept))


def name_of(raw: str) -> str:
    """A name on one line."""
    return tame(" ".join(raw.split()))[:LONGEST_NAME]


def _heading(talk: Talk) -> str:
    first, last = talk.first.astimezone(talk.zone), talk.last.astimezone(talk.zone)
    until = f"–{last:%H:%M}" if first.date() == last.date() else f" – {_day(last)} {last:%H:%M}"
    if f"{first:%x %H:%M}" == f"{last:%x %H:%M}":
        until = ""
    abbreviations = "/".join(dict.fromkeys((first.tzname() or "", last.tzname() or "")))
    return (
        f"Text conversation with {name_of(talk.candidate)} from our number {talk.our_number},"
        f" {_day(first)} {first:%H:%M}{until} {talk.zone.key} ({abbreviations})"
    )


def _day(moment: datetime) -> str:
    return f"{moment:%a} {moment.day} {moment:%b %Y}"


def _blocks(talk: Talk, room: int) -> list[str]:
    """The entries, each as a piece of text that fits into *room* characters."""
    local = [entry.at.astimezone(talk.zone) for entry in talk.entries]
    days = {moment.date() for moment in local}
    # The night a clock goes back, 01:30 comes twice.
    several_offsets = len({moment.utcoffset() for moment in local}) > 1
    blocks: list[str] = []
    day = None
    for moment, entry in zip(local, talk.entries, strict=True):
        prefix = ""
        if len(days) > 1 and moment.date() != day:
            prefix = f"\n{_day(moment)}\n" if day else f"{_day(moment)}\n"
            day = moment.date()
        clock = f"{moment:%H:%M} {moment.tzname()}" if several_offsets else f"{moment:%H:%M}"
        pieces = _pieces(clock, entry, room - len(prefix))
        blocks += [prefix + pieces[0], *pieces[1:]]
    return blocks


def _pieces(clock: str, entry: Said | Happened, room: int) -> list[str]:
    if isinstance(entry, Happened):
        return [f"{clock} — {tame(entry.what)}"[:room]]
    who = name_of(entry.who)
    lines = [tame(line) for line in entry.text.splitlines()]
    while lines and not lines[-1].strip():
        lines.pop()
    remarks = [f"[{tame(' '.join(remark.split()))}]" for remark in entry.remarks]
    if not lines and remarks:
        lines, remarks = remarks[:1], remarks[1:]
    elif not lines:
        lines = ["[empty]"]
    again = f"{clock} {who} (continued): "
    rows = [row for line in lines for row in _cut(line, room - len(again) - len(BAR))]
    rows = [BAR + row if index else f"{clock} {who}: {row}" for index, row in enumerate(rows)]
    rows += [f"{INDENT}{remark}"[: room - len(again)] for remark in remarks]
    return _pack(rows, room, again)


def _cut(line: str, room: int) -> list[str]:
    """A line in pieces of at most *room* characters, parted between words where that can be."""
    pieces = []
    while len(line) > room:
        at = line.rfind(" ", room // 2, room)
        at = at + 1 if at > 0 else room
        pieces.append(line[:at])
        line = line[at:]
    return [*pieces, line]


def _pack(rows: Iterable[str], room: int, again: str = "") -> list[str]:
    """Rows joined into as few bodies as *room* allows; each but the first begins with *again*."""
    bodies: list[list[str]] = [[]]
    size = 0
    for row in rows:
        if bodies[-1] and size + len(row) + 1 > room:
            bodies.append([])
            first = again + row.removeprefix(BAR) if again else row
            bodies[-1].append(first.lstrip("\n"))
            size = len(first) + 1
        else:
            bodies[-1].append(row)
            size += len(row) + 1
    return ["\n".join(body) for body in bodies]
