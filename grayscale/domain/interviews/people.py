"""Lever's users as interviewers: found by name, shown by name."""

from collections.abc import Iterable

from sqlalchemy import func, or_, select

from grayscale.extensions import db
from grayscale.models import LeverUser

MOST_FOUND = 12
UNKNOWN = "Somebody in Lever"


def search(words: str, *, but: Iterable[str] = ()) -> list[LeverUser]:
    """Active users whose name or address has every one of *words*, by name; the first few of all for no words."""
    query = select(LeverUser).where(LeverUser.deactivated_at.is_(None), LeverUser.lever_id.not_in(list(but)))
    for word in words.lower().split()[:6]:
        query = query.where(
            or_(
                func.lower(LeverUser.name).contains(word, autoescape=True),
                func.lower(LeverUser.email).contains(word, autoescape=True),
            )
        )
    return list(db.session.scalars(query.order_by(func.lower(LeverUser.name), LeverUser.id).limit(MOST_FOUND)))


def known(lever_ids: Iterable[str]) -> list[LeverUser]:
    """These users, in the order asked for; those the mirror does not have are left out."""
    ids = list(dict.fromkeys(lever_ids))
    rows = {row.lever_id: row for row in db.session.scalars(select(LeverUser).where(LeverUser.lever_id.in_(ids)))}
    return [rows[lever_id] for lever_id in ids if lever_id in rows]


def names(lever_ids: Iterable[str]) -> dict[str, str]:
    """The name of each."""
    ids = list(dict.fromkeys(lever_ids))
    found = {row.lever_id: row.name or row.email for row in known(ids)}
    return {lever_id: found.get(lever_id) or UNKNOWN for lever_id in ids}
