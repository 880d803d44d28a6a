"""How many conversations each view of the inbox holds.

They are told again with every poll in which something changed, so what has more than can be told is not counted each
time: for ``FULL_SECONDS`` it goes on having more.
"""

from functools import lru_cache
from time import monotonic
from typing import Any

from sqlalchemy import Boolean, bindparam, case, func, literal_column, select

from grayscale.domain import visibility
from grayscale.domain.inbox import View, in_order, newest, together
from grayscale.domain.visibility import ReaderKind
from grayscale.models import User
from grayscale.reading import Reading

COUNT_CAP = 100
#: What falls under the cap meanwhile is told with the next change after it: "99+" where there are a few less.
FULL_SECONDS = 10

# Until when, by the monotonic clock, a view is full for a reader. Threads may share it: what is lost is counted again.
_full: dict[tuple[ReaderKind, int, View], float] = {}


def counts(user: User) -> dict[View, int]:
    """How many conversations each view holds for this person, ``COUNT_CAP`` standing for that many or more."""
    reader, now = ReaderKind.of(user), monotonic()
    is_asked = {_asked(view): _full.get((reader, user.id, view), 0.0) <= now for view in View}
    [line] = _counts(reader).rows(visibility.values(user) | is_asked)
    found = {view: min(int(line[position]), COUNT_CAP) for position, view in enumerate(View)}
    for view, count in found.items():
        if count == COUNT_CAP and is_asked[_asked(view)]:
            _full[reader, user.id, view] = now + FULL_SECONDS
    return found


def _asked(view: View) -> str:
    return f"asked_{view.value}"


@lru_cache(maxsize=8)
def _counts(reader: ReaderKind) -> Reading:
    """One statement for all views: both databases look into a branch of CASE only when they come to it."""
    seen = visibility.conversations_for(reader)
    cap: Any = literal_column(str(COUNT_CAP))
    columns = []
    for view in View:
        found = together(newest(view, reader, lambda query: in_order(query.where(seen)).limit(cap)))
        counted = select(func.count()).select_from(found).scalar_subquery()
        columns.append(case((bindparam(_asked(view), type_=Boolean()), counted), else_=cap))
    return Reading(select(*columns))
