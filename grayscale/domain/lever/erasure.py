"""Gone is gone: when Lever deletes somebody, everything that tells who they were goes with them.

What stays holds no name: a hash of a number that opted out, and a receipt with counts. Callers confirm with Lever
first; nothing here asks.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import bindparam, delete, func, or_, select, text, update

from grayscale.database import after_commit, transaction
from grayscale.domain import audit, changes, conversations, effects, history
from grayscale.domain.texting import consent
from grayscale.domain.transcripts import lost
from grayscale.extensions import db
from grayscale.logging import get_logger
from grayscale.models import (
    AuditEvent,
    Candidate,
    CandidatePhone,
    Consent,
    ConsentRecord,
    Conversation,
    Delivery,
    Direction,
    Interview,
    InterviewChange,
    Media,
    Message,
    MirrorOddity,
    Opportunity,
    Posting,
    Source,
    Transcript,
)
from grayscale.reading import Reading

log = get_logger(__name__)

OPPORTUNITY_ERASED = "lever.opportunity_erased"
CANDIDATE_ERASED = "lever.candidate_erased"
INDEXES_TIDIED = "lever.indexes_tidied"
RETENTION_APPLIED = "retention.applied"


def erase_opportunity(lever_id: str, why: str) -> bool:
    """Erase one opportunity, and its candidate when it was their last. True when there was something to erase.

    Other opportunities of the person live on: then only this one goes, and its thread is tied to another.
    """
    with transaction() as session:
        found = session.execute(
            select(
                Opportunity.id, Opportunity.candidate_id, Opportunity.confidential, Opportunity.posting_lever_id
            ).where(Opportunity.lever_id == lever_id)
        ).first()
        if found is None:
            _empty_deliveries([lever_id], [])
            return False
        others = session.scalar(
            select(func.count())
            .select_from(Opportunity)
            .where(Opportunity.candidate_id == found.candidate_id, Opportunity.id != found.id)
        )
        if not others:
            forget_person(found.candidate_id, why=why, keep_row=False)
            return True
        tied = list(session.scalars(select(Conversation).where(Conversation.opportunity_id == found.id)))
        session.execute(delete(Opportunity).where(Opportunity.id == found.id))
        _empty_deliveries([lever_id], [])
        _forget_oddities([lever_id])
        if tied:
            chosen = conversations.choose_opportunity(found.candidate_id)
            for thread in tied:
                lost.opportunity_deleted(thread, lever_id)
                # What was said about a confidential opportunity does not become everybody's with its end.
                thread.restricted = thread.restricted or found.confidential
                thread.opportunity_id = chosen.id if chosen else None
                thread.opportunity_chosen = False
            session.flush()
            posting = None if found.confidential else _posting(found.posting_lever_id)
            history.add_to([thread.id for thread in tied], _deleted_line(posting, chosen), None)
        audit.record(OPPORTUNITY_ERASED, by=None, subject=_mark(lever_id), detail={"why": why})
        after_commit(checkpoint)
    return True


def erase_candidate(candidate_id: int, why: str) -> None:
    """Erase a person with all their opportunities, threads and numbers."""
    with transaction():
        forget_person(candidate_id, why=why, keep_row=False)


def forget_person(candidate_id: int, *, why: str, keep_row: bool) -> None:
    """Everything about a person, inside the caller's transaction.

    With *keep_row* (anonymised in Lever, not deleted) the bare candidate and opportunities stay, as Lever keeps them.
    """
    session = db.session()
    opportunities = list(
        session.scalars(select(Opportunity.lever_id).where(Opportunity.candidate_id == candidate_id))
    )
    contact_id = session.scalar(select(Candidate.contact_id).where(Candidate.id == candidate_id))
    if contact_id is None:
        return
    numbers = _own_numbers(candidate_id)
    threads = list(
        session.scalars(
            select(Conversation.id).where(
                or_(
                    Conversation.candidate_id == candidate_id,
                    Conversation.candidate_id.is_(None) & Conversation.peer.in_(numbers),
                )
            )
        )
    )
    counts = _counts(threads, opportunities)
    lost.person_deleted(candidate_id, threads)
    _empty_deliveries(opportunities, numbers)
    _forget_words(threads)
    _forget_numbers(numbers)
    _forget_oddities([*opportunities, contact_id])
    # Messages, pictures, drafts and transcripts hang on the thread and go with it.
    session.execute(delete(Transcript).where(Transcript.conversation_id.in_(threads)))
    session.execute(delete(Conversation).where(Conversation.id.in_(threads)))
    session.execute(delete(CandidatePhone).where(CandidatePhone.candidate_id == candidate_id))
    if keep_row:
        owned = select(Opportunity.id).where(Opportunity.candidate_id == candidate_id)
        session.execute(delete(Interview).where(Interview.opportunity_id.in_(owned)))
        session.execute(delete(InterviewChange).where(InterviewChange.opportunity_id.in_(owned)))
    else:
        session.execute(delete(Opportunity).where(Opportunity.candidate_id == candidate_id))
        session.execute(delete(Candidate).where(Candidate.id == candidate_id))
        for lever_id in opportunities:
            audit.record(OPPORTUNITY_ERASED, by=None, subject=_mark(lever_id), detail={"why": why})
    session.expire_all()
    changes.touch([])  # the lists that showed the threads
    audit.record(CANDIDATE_ERASED, by=None, detail={"why": why, **counts})
    after_commit(checkpoint)


_ERASED_SINCE = Reading(
    select(AuditEvent.subject).where(AuditEvent.action == OPPORTUNITY_ERASED, AuditEvent.at >= bindparam("asked"))
)


def erased_since(lever_ids: Collection[str], rows: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """Which of these opportunities were erased after Lever was asked for them: an answer that crossed a deletion."""
    if not lever_ids:
        return set()
    asked = min(rows[lever_id]["fetched_at"] for lever_id in lever_ids)
    marks = {subject for (subject,) in _ERASED_SINCE.rows({"asked": asked})}
    return {lever_id for lever_id in lever_ids if _mark(lever_id) in marks} if marks else set()


def tidy() -> bool:
    """Take what was erased out of the full-text indexes too. True when there was something to do.

    Before SQLite 3.42 FTS5 cannot overwrite what it drops: the words stay in its pages until they are merged. Merging
    is done once for many erasures, by the SYNC job, and the receipts tell whether it is due.
    """
    if db.engine.dialect.name != "sqlite":
        return False
    newest = func.max(AuditEvent.at)
    erased = db.session.scalar(
        select(newest).where(AuditEvent.action.in_((CANDIDATE_ERASED, OPPORTUNITY_ERASED, RETENTION_APPLIED)))
    )
    tidied = db.session.scalar(select(newest).where(AuditEvent.action == INDEXES_TIDIED))
    if erased is None or (tidied is not None and tidied > erased):
        return False
    with transaction() as session:
        if sqlite3.sqlite_version_info < (3, 42):
            for name in session.scalars(text("SELECT name FROM sqlite_master WHERE sql LIKE '%USING fts5%'")).all():
                session.execute(text(f"INSERT INTO {name} ({name}) VALUES ('optimize')"))  # noqa: S608  a table's name
        audit.record(INDEXES_TIDIED, by=None)
    checkpoint()
    return True


def checkpoint() -> None:
    """Have SQLite move what was erased out of its log file; the pages themselves are overwritten (secure_delete)."""
    if db.engine.dialect.name != "sqlite":
        return
    connection = db.engine.raw_connection()
    try:
        busy = connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    finally:
        connection.close()
    if busy:
        log.info("the log could not be emptied while somebody reads; the next checkpoint empties it")


def _deleted_line(posting: str | None, chosen: Opportunity | None) -> str:
    """What a thread says when its opportunity is gone. A confidential one is not named: who sees the thread changes."""
    line = f"Deleted in Lever: {posting or 'the opportunity of this conversation'}."
    if chosen is None:
        return line
    to = None if chosen.confidential else _posting(chosen.posting_lever_id)
    words = [to or "another opportunity", *(["archived"] if chosen.is_archived else [])]
    return f"{line} Transcripts now go to {', '.join(words)}."


def _posting(lever_id: str | None) -> str | None:
    return db.session.scalar(select(Posting.title).where(Posting.lever_id == lever_id)) or None


def _mark(lever_id: str) -> str:
    """An id that only tells an id one already has."""
    return hashlib.sha256(lever_id.encode()).hexdigest()


def _own_numbers(candidate_id: int) -> list[str]:
    """Numbers texts went to or came from, without those another candidate has too."""
    session = db.session()
    mine = set(
        session.scalars(
            select(CandidatePhone.e164).where(
                CandidatePhone.candidate_id == candidate_id, CandidatePhone.e164.is_not(None)
            )
        )
    )
    mine |= set(session.scalars(select(Conversation.peer).where(Conversation.candidate_id == candidate_id)))
    # Numbers they had before are known from the texts alone.
    mine |= set(
        session.scalars(
            select(Message.peer)
            .join(Conversation, Conversation.id == Message.conversation_id)
            .where(Conversation.candidate_id == candidate_id, Message.peer.is_not(None))
            .distinct()
        )
    )
    shared = set(
        session.scalars(
            select(CandidatePhone.e164).where(
                CandidatePhone.e164.in_(mine), CandidatePhone.candidate_id != candidate_id
            )
        )
    )
    shared |= set(
        session.scalars(
            select(Conversation.peer).where(
                Conversation.peer.in_(mine),
                Conversation.candidate_id.is_not(None),
                Conversation.candidate_id != candidate_id,
            )
        )
    )
    return sorted(number for number in mine - shared if number)


def _counts(threads: list[int], opportunities: list[str]) -> dict[str, int]:
    session = db.session()
    of_threads = select(Message.id).where(Message.conversation_id.in_(threads))
    return {
        "opportunities": len(opportunities),
        "conversations": len(threads),
        "messages": session.scalar(select(func.count()).select_from(of_threads.subquery())) or 0,
        "media": session.scalar(select(func.count()).select_from(Media).where(Media.message_id.in_(of_threads))) or 0,
        "transcripts": session.scalar(
            select(func.count()).select_from(Transcript).where(Transcript.conversation_id.in_(threads))
        )
        or 0,
    }


def _empty_deliveries(opportunities: Iterable[str], numbers: Iterable[str]) -> None:
    db.session.execute(
        update(Delivery)
        .where(or_(Delivery.opportunity_lever_id.in_(list(opportunities)), Delivery.phone.in_(list(numbers))))
        .values(effects.forgotten("No longer kept: erased with whom it was about"))
        .execution_options(synchronize_session=False)
    )


def _forget_words(threads: list[int]) -> None:
    """What they wrote, where it was also kept under a number that is somebody else's too."""
    theirs = (Message.conversation_id.in_(threads), Message.direction == Direction.INBOUND)
    db.session.execute(
        update(Delivery)
        .where(
            Delivery.source == Source.TWILIO_INBOUND,
            Delivery.external_id.in_(select(Message.carrier_id).where(*theirs, Message.carrier_id.is_not(None))),
        )
        .values(effects.forgotten("No longer kept: erased with whom it was about"))
        .execution_options(synchronize_session=False)
    )
    db.session.execute(
        update(ConsentRecord)
        .where(ConsentRecord.message_id.in_(select(Message.id).where(*theirs)))
        .values(words="")
        .execution_options(synchronize_session=False)
    )


def _forget_numbers(numbers: list[str]) -> None:
    """The hash stays: a number that opted out stays opted out."""
    for model, blank in ((Consent, {"e164": None}), (ConsentRecord, consent.ERASED)):
        db.session.execute(
            update(model).where(model.e164.in_(numbers)).values(blank).execution_options(synchronize_session=False)
        )


def _forget_oddities(lever_ids: list[str]) -> None:
    db.session.execute(delete(MirrorOddity).where(MirrorOddity.lever_id.in_(lever_ids)))
