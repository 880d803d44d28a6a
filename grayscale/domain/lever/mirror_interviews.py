"""Interviews of one opportunity. Lever gives them no time of change: the list asked for last is the truth."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from grayscale.clients.lever import types
from grayscale.database import transaction
from grayscale.domain import changes, history
from grayscale.domain.company import company_zone
from grayscale.domain.interviews import news, ours
from grayscale.domain.interviews.terms import mark_of
from grayscale.domain.lever import mirror_bulk
from grayscale.domain.lever.mirror_changes import Change
from grayscale.domain.lever.mirror_lists import note_oddities
from grayscale.domain.lever.mirror_rows import Row, content_hash, is_newer
from grayscale.extensions import db
from grayscale.models import ChangeKind, Conversation, Interview, LeverEvent, Opportunity, Via

# What a person reads, if anything, and the webhooks Lever has for it; none for what was done from here.
Line = tuple[tuple[str, ...], tuple[LeverEvent, ...]]


def apply_interviews(
    opportunity_lever_id: str,
    interviews: Iterable[types.Interview],
    fetched_at: datetime,
    via: Via,
    *,
    gone: Iterable[str] = (),
) -> list[Change]:
    """Bring an opportunity's interviews up to its complete list, asked for at *fetched_at*.

    *gone* are interviews Lever no longer has, proven one by one. Empty when the opportunity is not in the mirror.
    """
    rows = {one.id: _row(one, fetched_at, via) for one in interviews}
    oddities = {one.id: one.oddities for one in interviews if one.oddities}
    opportunity = _opportunity(opportunity_lever_id)
    if opportunity is None:
        return []
    if _is_same(opportunity, rows, gone, fetched_at):
        return []
    with transaction() as session:
        opportunity = _opportunity(opportunity_lever_id)
        if opportunity is None:
            return []
        listed_before = opportunity.interviews_fetched_at
        stored = {one.lever_id: one for one in session.scalars(_of(opportunity.id))}
        applied: list[Row] = []
        lines: list[Line] = []
        for lever_id, row in rows.items():
            before = stored.get(lever_id)
            if before is not None and (
                before.content_hash == row["content_hash"] or not is_newer((fetched_at, fetched_at), _age(before))
            ):
                continue
            row["opportunity_id"] = opportunity.id
            applied.append(row)
            lines += _line(row, before, opportunity, via)
        for lever_id in gone:
            before = stored.get(lever_id)
            if before is not None and before.canceled_at is None and before.fetched_at <= fetched_at:
                before.canceled_at = fetched_at
                before.fetched_at = fetched_at
                before.content_hash = ""
                before.via = via
                if before.starts_at is not None and before.starts_at > fetched_at:
                    lines.append(_told("Interview cancelled", LeverEvent.INTERVIEW_DELETED, before.starts_at, before))
        session.flush()
        if applied:
            mirror_bulk.upsert(session, Interview.__table__, "lever_id", applied)
        note_oddities(session, "interview", oddities)
        session.execute(
            update(Opportunity)
            .where(
                Opportunity.id == opportunity.id,
                Opportunity.interviews_fetched_at.is_(None) | (Opportunity.interviews_fetched_at < fetched_at),
            )
            .values(interviews_fetched_at=fetched_at)
            .execution_options(synchronize_session=False)
        )
        for text in chain.from_iterable(words for words, _ in lines):
            history.add(opportunity.id, text, fetched_at)
        if applied or gone:
            _tell(opportunity)
    return [
        Change(opportunity.id, opportunity_lever_id, False, words, events, at=fetched_at, since=listed_before)
        for words, events in lines
    ]


def _tell(opportunity: Any) -> None:
    tied = select(Conversation.id).where(Conversation.candidate_id == opportunity.candidate_id)
    if conversations := db.session.scalars(tied).all():
        changes.touch(conversations)
    news.changed(opportunity.id)


def _opportunity(lever_id: str) -> Any:
    query = select(
        Opportunity.id, Opportunity.candidate_id, Opportunity.interviews_fetched_at, Opportunity.fetched_at
    )
    return db.session.execute(query.where(Opportunity.lever_id == lever_id)).first()


def _of(opportunity_id: int) -> Any:
    return select(Interview).where(Interview.opportunity_id == opportunity_id)


def _is_same(opportunity: Any, rows: dict[str, Row], gone: Iterable[str], fetched_at: datetime) -> bool:
    """Nothing to write: same interviews, and nobody wants them listed since the opportunity was last written."""
    listed = opportunity.interviews_fetched_at
    if listed is None or gone or listed < opportunity.fetched_at:
        return False
    stored = {one.lever_id: one.content_hash for one in db.session.scalars(_of(opportunity.id))}
    return all(stored.get(lever_id) == row["content_hash"] for lever_id, row in rows.items())


def _row(one: types.Interview, fetched_at: datetime, via: Via) -> Row:
    row: Row = {
        "lever_id": one.id,
        "panel_lever_id": one.panel_id,
        "subject": one.subject or "",
        "note": one.note or "",
        "location": one.location or "",
        "starts_at": one.date,
        "duration_minutes": one.duration or 0,
        "time_zone": (one.timezone or "")[:64],
        "interviewers": [{"id": who.id, "name": who.name, "email": who.email} for who in one.interviewers],
        "user_lever_id": one.user_id,
        "canceled_at": one.canceled_at,
        "calendar_url": "",
    }
    row["content_hash"] = content_hash(*row.values())
    row["fetched_at"] = fetched_at
    row["via"] = via
    return row


def _age(stored: Interview) -> tuple[datetime, datetime]:
    return stored.fetched_at, stored.fetched_at


def _line(row: Row, before: Interview | None, opportunity: Any, via: Via) -> list[Line]:
    """What a person should read of the change: nothing of what is over, and nothing that was there before we looked."""
    starts_at, fetched_at = row["starts_at"], row["fetched_at"]
    if starts_at is None or (starts_at < fetched_at and (before is None or before.starts_at == starts_at)):
        return []
    canceled = row["canceled_at"] is not None
    was_standing = before is not None and before.canceled_at is None
    first_look = opportunity.interviews_fetched_at is None and via is not Via.WEBHOOK and not mark_of(row["note"])
    told: tuple[str, LeverEvent] | None = None
    if canceled and was_standing:
        told = ("Interview cancelled", LeverEvent.INTERVIEW_DELETED)
    elif not canceled and not was_standing and not (before is None and first_look):
        told = ("Interview", LeverEvent.INTERVIEW_CREATED)
    elif not canceled and before is not None and before.starts_at != starts_at:
        told = ("Interview moved", LeverEvent.INTERVIEW_UPDATED)
    elif not canceled and before is not None and any(getattr(before, name) != row[name] for name in _UNTOLD):
        told = ("", LeverEvent.INTERVIEW_UPDATED)
    if told is None:
        return []
    return [_told(*told, starts_at, Interview(**row))]


_KINDS = {
    LeverEvent.INTERVIEW_CREATED: ChangeKind.CREATE,
    LeverEvent.INTERVIEW_UPDATED: ChangeKind.UPDATE,
    LeverEvent.INTERVIEW_DELETED: ChangeKind.CANCEL,
}


# What somebody changes of an interview that is worth no line in the thread, only a look at the webhook for it.
_UNTOLD = ("subject", "note", "location", "duration_minutes")


def _told(what: str, event: LeverEvent, starts_at: datetime, of: Interview) -> Line:
    whose = ours.whose(of.lever_id, of.note, _KINDS[event], starts_at)
    events = () if whose else (event,)
    if not what:
        return (), events
    text = f"{what}: {_title(of.subject)}, {_when(starts_at)}" + (f" ({whose})" if whose else "")
    return (text,), events


def _title(subject: str) -> str:
    return subject.strip() or "no subject"


def _when(moment: datetime) -> str:
    zone: ZoneInfo = company_zone()
    local = moment.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b %H:%M %Z}"
