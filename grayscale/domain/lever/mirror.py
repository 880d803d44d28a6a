"""Writing what Lever said into the mirror.

Every row only moves forward: a version gives way to a newer one, or to an equally new one asked for later. Batches are
one statement a table, and a batch that changes nothing writes nothing. What was not understood is kept beside it as an
oddity and never stops the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from grayscale.clients.lever import types
from grayscale.database import transaction
from grayscale.domain import assignments, changes
from grayscale.domain.lever import erasure, mirror_bulk, mirror_people
from grayscale.domain.lever.mirror_changes import Applied, Change, changes_of
from grayscale.domain.lever.mirror_interviews import apply_interviews
from grayscale.domain.lever.mirror_lists import apply_postings, apply_reasons, apply_stages, apply_users, note_oddities
from grayscale.domain.lever.mirror_rows import EPOCH, Prepared, Row, is_newer, prepare, version
from grayscale.extensions import db
from grayscale.models import Candidate, Conversation, Opportunity, Via

__all__ = [
    "Applied",
    "Change",
    "apply_interviews",
    "apply_opportunities",
    "apply_postings",
    "apply_reasons",
    "apply_stages",
    "apply_users",
    "needs_write",
    "prepare",
    "write",
]

_stored = mirror_bulk.Lookup(
    Opportunity.__table__,
    "lever_id",
    "id",
    "candidate_id",
    "content_hash",
    "lever_created_at",
    "lever_updated_at",
    "fetched_at",
    "stage_lever_id",
    "archived_at",
    "archive_reason_lever_id",
    "posting_lever_id",
    "confidential",
    "anonymized",
)
_stored_people = mirror_bulk.Lookup(
    Candidate.__table__, "contact_id", "id", "content_hash", "lever_updated_at", "fetched_at"
)
_ids_of = mirror_bulk.Lookup(Opportunity.__table__, "lever_id", "id")


def apply_opportunities(
    opportunities: Iterable[types.Opportunity], fetched_at: datetime, via: Via
) -> Applied:
    """Bring the mirror's opportunities and their people up to what Lever said in answer to a request begun at
    *fetched_at*. Never give it the answer to a write: Lever blanks the person in those."""
    prepared = prepare(opportunities, fetched_at, via)
    if not needs_write(prepared):
        return Applied(seen=len(prepared.rows))
    with transaction():
        return write(prepared, via)


def needs_write(prepared: Prepared) -> bool:
    """Whether anything in the batch is newer than what is stored."""
    session = db.session()
    stored = _stored(session, prepared.rows)
    if any(_applies(row, stored.get(lever_id)) for lever_id, row in prepared.rows.items()):
        return True
    people = _stored_people(session, prepared.people)
    return any(_person_applies(row, people.get(contact_id)) for contact_id, row in prepared.people.items())


def write(prepared: Prepared, via: Via) -> Applied:
    """The batch, inside the caller's transaction."""
    session = db.session()
    session.flush()  # what is asked for here sees what the transaction has changed before
    stored = _stored(session, prepared.rows, lock=True)
    gone = erasure.erased_since(prepared.rows.keys() - stored.keys(), prepared.rows)
    rows = {
        lever_id: row
        for lever_id, row in prepared.rows.items()
        if lever_id not in gone and _applies(row, stored.get(lever_id))
    }
    people = _stored_people(session, prepared.people, lock=True)
    wanted = {prepared.contact_of[lever_id] for lever_id in prepared.rows if lever_id not in gone}
    persons = {
        contact_id: row
        for contact_id, row in prepared.people.items()
        if contact_id in wanted and _person_applies(row, people.get(contact_id))
    }
    known = {contact_id: person.id for contact_id, person in people.items()}
    candidate_ids = known | mirror_people.write(session, persons, prepared.phones, known)
    for lever_id, row in rows.items():
        row["candidate_id"] = candidate_ids[prepared.contact_of[lever_id]]
    if rows:
        ordered = [rows[lever_id] for lever_id in sorted(rows)]
        mirror_bulk.upsert(session, Opportunity.__table__, "lever_id", ordered)
    if not rows and not persons:
        return Applied(seen=len(prepared.rows))
    note_oddities(session, "opportunity", {key: prepared.oddities[key] for key in rows if key in prepared.oddities})
    ids = _ids(session, rows, stored, via)
    found = changes_of(session, rows, stored, ids)
    touched = {known[contact_id] for contact_id in persons if contact_id in known}
    for lever_id, before in stored.items():
        if lever_id in rows:
            touched.add(rows[lever_id]["candidate_id"])
            touched |= _follow(session, rows[lever_id], before, prepared)
    if touched:
        conversations = session.scalars(select(Conversation.id).where(Conversation.candidate_id.in_(touched))).all()
        if conversations:
            assignments.release_among(conversations)
            changes.touch(conversations)
    return Applied(seen=len(prepared.rows), written=len(rows) + len(persons), changes=tuple(found))


def _ids(session: Session, rows: Mapping[str, Row], stored: Mapping[str, Any], via: Via) -> dict[str, int]:
    """Ids of the opportunities written; of new ones only where somebody asks, which a walk of thousands does not."""
    ids = {lever_id: before.id for lever_id, before in stored.items()}
    new = rows.keys() - stored.keys()
    if new and via is not Via.FULL:
        ids |= {lever_id: row.id for lever_id, row in _ids_of(session, new).items()}
    return ids


def _follow(session: Session, row: Row, before: Any, prepared: Prepared) -> set[int]:
    """What a changed opportunity takes along: its thread to another person, or the person out of the mirror."""
    touched: set[int] = set()
    if before.candidate_id != row["candidate_id"]:
        touched = mirror_people.move(session, before.id, before.candidate_id, row["candidate_id"])
    if row["anonymized"]:
        _anonymise(session, row["candidate_id"], prepared.people[prepared.contact_of[row["lever_id"]]])
    return touched


def _anonymise(session: Session, candidate_id: int, person: Row) -> None:
    """Forget the person once every opportunity of theirs is anonymised; until then the others still show them."""
    shown = session.scalar(
        select(func.count())
        .select_from(Opportunity)
        .where(Opportunity.candidate_id == candidate_id, Opportunity.anonymized.is_(False))
    )
    if shown:
        return
    erasure.forget_person(candidate_id, why="anonymised in Lever", keep_row=True)
    session.execute(
        update(Candidate)
        .where(Candidate.id == candidate_id)
        .values({key: value for key, value in person.items() if key != "contact_id"})
        .execution_options(synchronize_session=False)
    )


def _applies(row: Row, stored: Any | None) -> bool:
    if stored is None:
        return True
    if stored.content_hash == row["content_hash"]:
        return False
    mine = (version(row["lever_updated_at"], row["lever_created_at"]), row["fetched_at"])
    return is_newer(mine, (version(stored.lever_updated_at, stored.lever_created_at), stored.fetched_at))


def _person_applies(row: Row, stored: Any | None) -> bool:
    if stored is None:
        return True
    if row["anonymized"]:
        return False  # blank: decided once all opportunities of the person are known
    if stored.content_hash == row["content_hash"] and row["lever_updated_at"] <= (stored.lever_updated_at or EPOCH):
        return False
    mine = (row["lever_updated_at"], row["fetched_at"])
    return is_newer(mine, (stored.lever_updated_at or EPOCH, stored.fetched_at))
