"""Whose time is taken: five-minute cells of interviewers, and what they are known to do besides."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from grayscale.database import INSERT
from grayscale.domain.interviews import clashes
from grayscale.domain.slots.working_hours import Span, overlaps
from grayscale.extensions import db
from grayscale.models import SlotHold, SlotOffer

CELL_SECONDS = 300


def take(offer: SlotOffer, starts_at: datetime) -> bool:
    """Hold the offer's interviewers from *starts_at* on, instead of what it held before; whether nobody was quicker.

    Inside a transaction, which a caller told False must not commit. Two that take overlapping times at once meet in a
    primary key: the later one waits for the earlier and is told False.
    """
    release(offer)
    rows = [
        {"interviewer_lever_id": lever_id, "cell": cell, "offer_id": offer.id}
        for lever_id in sorted(people(offer))
        for cell in cells(starts_at, offer.duration_minutes)
    ]
    insert = INSERT[db.engine.dialect.name](SlotHold).values(rows).on_conflict_do_nothing().returning(SlotHold.cell)
    return len(db.session.execute(insert).all()) == len(rows)


def release(offer: SlotOffer) -> None:
    """Give back what the offer holds."""
    db.session.execute(delete(SlotHold).where(SlotHold.offer_id == offer.id))


def cells(starts_at: datetime, minutes: int) -> range:
    """The cells a stretch touches."""
    begin = int(starts_at.timestamp())
    return range(begin // CELL_SECONDS, -(-(begin + minutes * 60) // CELL_SECONDS))


def people(offer: SlotOffer) -> list[str]:
    return [str(person["id"]) for person in offer.interviewers]


def taken(
    interviewers: Iterable[str], begin: datetime, end: datetime, *, but: SlotOffer | None = None
) -> list[Span]:
    """Stretches between *begin* and *end* in which one of *interviewers* is not free, leaving out the offer *but*."""
    wanted = list(interviewers)
    own = but.interview_lever_id if but is not None else None
    spans = [(one.starts_at, one.ends_at) for one in clashes.busy(wanted, begin, end, but=own)]
    first, last = cells(begin, 0).start, cells(end, 5).stop
    held = select(SlotHold.cell).where(
        SlotHold.interviewer_lever_id.in_(wanted), SlotHold.cell.between(first, last),
        SlotHold.offer_id != (but.id if but is not None else 0),
    )
    length = timedelta(seconds=CELL_SECONDS)
    for cell in db.session.scalars(held.distinct()):
        start = datetime.fromtimestamp(cell * CELL_SECONDS, tz=begin.tzinfo)
        spans.append((start, start + length))
    return spans


def free(offer: SlotOffer, times: Sequence[datetime]) -> list[datetime]:
    """Those of *times* at which all of the offer's interviewers are free."""
    if not times:
        return []
    length = timedelta(minutes=offer.duration_minutes)
    spans = taken(people(offer), min(times), max(times) + length, but=offer)
    return [start for start in times if not overlaps(start, start + length, spans)]
