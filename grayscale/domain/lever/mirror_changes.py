"""What changed on opportunities that were known before: for threads, for webhook health, for the events page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from grayscale.domain import history
from grayscale.domain.lever.mirror_rows import Row
from grayscale.models import ArchiveReason, LeverEvent, Posting, Stage


@dataclass(frozen=True, slots=True)
class Change:
    """One opportunity that is new or changed. *words* are the lines a person reads, *events* the webhooks Lever has
    for such a change, *at* when it happened in Lever as far as known, *since* when it cannot have happened before.
    What was changed from here has no *events*: nobody need tell us of it."""

    opportunity_id: int | None
    lever_id: str
    is_new: bool
    words: tuple[str, ...] = ()
    events: tuple[LeverEvent, ...] = ()
    at: datetime | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """What applying a batch did: records in it, rows written (opportunities and people), what changed."""

    seen: int = 0
    written: int = 0
    changes: tuple[Change, ...] = ()


def changes_of(
    session: Session, rows: Mapping[str, Row], stored: Mapping[str, Any], ids: Mapping[str, int]
) -> list[Change]:
    """The changes in *rows*, each told once in the threads tied to its opportunity."""
    names = _Names(session)
    found = []
    for lever_id, row in rows.items():
        before = stored.get(lever_id)
        opportunity_id = ids.get(lever_id)
        if before is None:
            events = (LeverEvent.APPLICATION_CREATED,) if row["posting_lever_id"] else ()
            found.append(
                Change(opportunity_id, lever_id, True, ("New in Lever",), events, at=row["lever_created_at"])
            )
            continue
        lines = _lines(names, row, before)
        if opportunity_id is not None:
            for text, _, at in lines:
                history.add(opportunity_id, text, at)
        found.append(
            Change(
                opportunity_id,
                lever_id,
                False,
                tuple(text for text, _, _ in lines),
                tuple(event for _, events, _ in lines for event in events),
                at=row["lever_updated_at"],
            )
        )
    return found


Line = tuple[str, tuple[LeverEvent, ...], datetime | None]


def _lines(names: _Names, row: Row, before: Any) -> list[Line]:
    lines: list[Line] = []
    if row["posting_lever_id"] != before.posting_lever_id and row["posting_lever_id"]:
        events = () if before.posting_lever_id else (LeverEvent.APPLICATION_CREATED,)
        lines.append((f"Applied to {names.posting(row['posting_lever_id'])}", events, row["lever_updated_at"]))
    if row["stage_lever_id"] != before.stage_lever_id:
        text = f"Stage: {names.stage(before.stage_lever_id)} → {names.stage(row['stage_lever_id'])}"
        lines.append((text, (LeverEvent.STAGE_CHANGE,), row["advanced_at"]))
    was, now = before.archived_at is not None, row["archived_at"] is not None
    if not was and now:
        text, hired = names.archived(row["archive_reason_lever_id"])
        lines.append((text, _archiving(hired), row["archived_at"]))
    elif was and not now:
        lines.append(("Active again", (LeverEvent.ARCHIVE_CHANGE,), row["lever_updated_at"]))
    elif now and row["archive_reason_lever_id"] != before.archive_reason_lever_id:
        text, hired = names.archived(row["archive_reason_lever_id"])
        lines.append((text, _archiving(hired), row["archived_at"]))
    return lines


def _archiving(hired: bool) -> tuple[LeverEvent, ...]:
    return (LeverEvent.ARCHIVE_CHANGE, LeverEvent.HIRED) if hired else (LeverEvent.ARCHIVE_CHANGE,)


class _Names:
    """Names of stages, reasons and postings, asked for only when something changed."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._stages: dict[str, str] | None = None

    def stage(self, lever_id: str | None) -> str:
        if self._stages is None:
            found = self._session.execute(select(Stage.lever_id, Stage.text))
            self._stages = {row.lever_id: row.text for row in found}
        return self._stages.get(lever_id or "") or "unknown stage"

    def posting(self, lever_id: str) -> str:
        title = self._session.scalar(select(Posting.title).where(Posting.lever_id == lever_id))
        return title or "a posting"

    def archived(self, lever_id: str | None) -> tuple[str, bool]:
        """The line, and whether the reason is one of a hire. A reason that may not be read says nothing."""
        reason = self._session.execute(
            select(ArchiveReason.text, ArchiveReason.type).where(ArchiveReason.lever_id == (lever_id or ""))
        ).first()
        if reason is None:
            return "Archived", False
        if reason.type == "hired":
            return "Hired", True
        return f"Archived: {reason.text}" if reason.text else "Archived", False
