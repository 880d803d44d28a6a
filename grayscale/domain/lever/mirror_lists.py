"""The small lists: users, stages, archive reasons, postings; and the oddities of every list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from grayscale import clock
from grayscale.clients.lever import types
from grayscale.database import transaction
from grayscale.domain.lever import mirror_bulk
from grayscale.domain.lever.mirror_rows import Row, content_hash
from grayscale.extensions import db
from grayscale.models import ArchiveReason, LeverUser, MirrorOddity, Posting, Stage

LAST = 1_000_000.0
LONGEST_NOTE = 300
RESOURCES: dict[Any, str] = {LeverUser: "user", Stage: "stage", ArchiveReason: "archive reason", Posting: "posting"}


def apply_users(users: Iterable[types.User], fetched_at: datetime) -> int:
    """Rows written; so for the others."""
    users = list(users)
    rows = [
        {
            "lever_id": user.id,
            "name": user.name,
            "email": user.email.lower()[:254],
            "access_role": user.access_role[:100],
            "deactivated_at": user.deactivated_at,
        }
        for user in users
    ]
    return _apply(LeverUser, rows, fetched_at, _oddities(users))


def apply_stages(stages: Iterable[types.Stage], fetched_at: datetime, *, first: int | None = 0) -> int:
    """*first* is the place in the pipeline of the first one; None when they were read one by one."""
    listed = list(stages)
    places = _places(listed) if first is None else {stage.id: float(first + i) for i, stage in enumerate(listed)}
    rows = [{"lever_id": stage.id, "text": stage.text, "position": places[stage.id]} for stage in listed]
    return _apply(Stage, rows, fetched_at, _oddities(listed))


def apply_reasons(reasons: Iterable[types.ArchiveReason], fetched_at: datetime) -> int:
    reasons = list(reasons)
    rows = [
        {"lever_id": reason.id, "text": reason.text, "type": reason.type[:40], "status": reason.status[:40]}
        for reason in reasons
    ]
    return _apply(ArchiveReason, rows, fetched_at, _oddities(reasons))


def apply_postings(postings: Iterable[types.Posting], fetched_at: datetime) -> int:
    postings = list(postings)
    rows = [
        {
            "lever_id": posting.id,
            "title": posting.text,
            "state": posting.state[:40],
            "team": posting.team,
            "department": posting.department,
            "location": posting.location,
            "confidential": posting.is_confidential,
            "owner_lever_id": posting.owner_id,
            "hiring_manager_lever_id": posting.hiring_manager_id,
            "lever_updated_at": posting.updated_at or posting.created_at,
        }
        for posting in postings
    ]
    return _apply(Posting, rows, fetched_at, _oddities(postings))


def note_oddities(session: Session, resource: str, oddities: Mapping[str, Iterable[str]]) -> None:
    """Keep what was not understood of records of *resource*, by Lever's id; once each."""
    rows = [
        {"resource": resource, "lever_id": lever_id[:100], "note": note[:LONGEST_NOTE], "seen_at": clock.now()}
        for lever_id, notes in oddities.items()
        for note in dict.fromkeys(notes)
    ]
    if not rows:
        return
    make = sqlite.insert if db.engine.dialect.name == "sqlite" else postgresql.insert
    session.execute(make(MirrorOddity.__table__).on_conflict_do_nothing(), rows)


def _oddities(records: Iterable[Any]) -> dict[str, tuple[str, ...]]:
    return {record.id: record.oddities for record in records if record.oddities}


def _apply(model: Any, rows: list[Row], fetched_at: datetime, oddities: Mapping[str, Iterable[str]]) -> int:
    by_id = {row["lever_id"]: row for row in rows}
    for row in by_id.values():
        row["content_hash"] = content_hash(*row.values())
        row["fetched_at"] = fetched_at
    query = select(model.lever_id, model.content_hash).where(model.lever_id.in_(by_id))
    same = {lever_id for lever_id, stored in db.session.execute(query) if stored == by_id[lever_id]["content_hash"]}
    changed = [by_id[lever_id] for lever_id in sorted(by_id) if lever_id not in same]
    if changed:
        with transaction() as session:
            mirror_bulk.upsert(session, model.__table__, "lever_id", changed)
            notes = {row["lever_id"]: oddities.get(row["lever_id"], ()) for row in changed}
            note_oddities(session, RESOURCES[model], notes)
    return len(changed)


def _places(stages: list[types.Stage]) -> dict[str, float]:
    query = select(Stage.lever_id, Stage.position).where(Stage.lever_id.in_([stage.id for stage in stages]))
    known = {row.lever_id: row.position for row in db.session.execute(query)}
    return {stage.id: known.get(stage.id, LAST) for stage in stages}
