"""Candidates and their phone numbers, and what happens to a thread when an opportunity changes hands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Table, delete, func, select, update
from sqlalchemy.orm import Session

from grayscale.domain import conversations
from grayscale.domain.company import glance
from grayscale.domain.lever import mirror_bulk
from grayscale.domain.lever.mirror_rows import Row
from grayscale.domain.texting import phones
from grayscale.domain.transcripts import cutting, due
from grayscale.extensions import db
from grayscale.models import Candidate, CandidatePhone, Conversation, ConversationMember, Opportunity

PhoneList = tuple[tuple[str, str], ...]

_ids_of = mirror_bulk.Lookup(Candidate.__table__, "contact_id", "id")


def write(
    session: Session,
    persons: Mapping[str, Row],
    phone_lists: Mapping[str, PhoneList],
    known: Mapping[str, int],
) -> dict[str, int]:
    """Upsert *persons* and their numbers; ids of those that are new. *known* are the ids of the stored ones."""
    if not persons:
        return {}
    ordered = [persons[contact_id] for contact_id in sorted(persons)]
    mirror_bulk.upsert(session, Candidate.__table__, "contact_id", ordered)
    new = {}
    unknown = [contact_id for contact_id in persons if contact_id not in known]
    if unknown:
        new = {contact_id: row.id for contact_id, row in _ids_of(session, unknown).items()}
    _write_phones(
        session,
        {new[contact_id]: phone_lists[contact_id] for contact_id in new},
        {known[contact_id]: phone_lists[contact_id] for contact_id in persons if contact_id in known},
    )
    return new


def _write_phones(session: Session, new: Mapping[int, PhoneList], changed: Mapping[int, PhoneList]) -> None:
    """Numbers that stay keep their row, whatever their new place in the list."""
    stored: dict[int, dict[tuple[str, str], Any]] = defaultdict(dict)
    if changed:
        query = select(
            CandidatePhone.id, CandidatePhone.candidate_id, CandidatePhone.position, CandidatePhone.raw,
            CandidatePhone.type,
        ).where(CandidatePhone.candidate_id.in_(changed))
        for found in session.execute(query):
            stored[found.candidate_id][(found.raw, found.type)] = found
    region = ""
    added: list[Row] = []
    gone: list[int] = []
    for candidate_id, numbers in [*new.items(), *changed.items()]:
        kept = stored.get(candidate_id, {})
        gone += [row.id for key, row in kept.items() if key not in numbers]
        for position, (raw, kind) in enumerate(numbers):
            known = kept.get((raw, kind))
            if known is None:
                region = region or glance().region
                parsed = phones.parse(raw, region)
                added.append(
                    {
                        "candidate_id": candidate_id,
                        "position": position,
                        "raw": raw,
                        "type": kind,
                        "e164": parsed.e164,
                        "not_textable": parsed.not_textable,
                    }
                )
            elif known.position != position:
                session.execute(update(CandidatePhone).where(CandidatePhone.id == known.id).values(position=position))
    if gone:
        _doubt(session, gone)
        session.execute(delete(CandidatePhone).where(CandidatePhone.id.in_(gone)))
    mirror_bulk.insert(session, CandidatePhone.__table__, added)


def _doubt(session: Session, gone: list[int]) -> None:
    """That a number is theirs, whatever Lever lists, was said before Lever took it away."""
    taken = select(CandidatePhone.candidate_id, CandidatePhone.e164).where(CandidatePhone.id.in_(gone))
    for candidate_id, e164 in session.execute(taken).all():
        session.execute(
            update(Conversation)
            .where(
                Conversation.candidate_id == candidate_id,
                Conversation.peer == e164,
                Conversation.peer_vouched.is_(True),
            )
            .values(peer_vouched=False)
        )


def move(session: Session, opportunity_id: int, old: int, new: int) -> set[int]:
    """An opportunity went from candidate *old* to *new*: Lever merged two contacts, or one opportunity was moved.

    After a merge *old* has nothing left and all their threads go along. Otherwise a thread goes only when its number is
    the new person's and not the old one's. Returns the candidates whose threads changed.
    """
    left = session.scalar(
        select(func.count()).select_from(Opportunity).where(Opportunity.candidate_id == old)
    )
    threads = session.scalars(select(Conversation).where(Conversation.candidate_id == old)).all()
    for thread in threads:
        tied = thread.opportunity_id == opportunity_id
        if not left or (tied and _has(session, new, thread.peer) and not _has(session, old, thread.peer)):
            _give(session, thread, new)
        elif tied:
            if _is_confidential(thread):
                cutting.set_apart(thread)
                thread.restricted = True
            chosen = conversations.choose_opportunity(old)
            thread.opportunity_id = chosen.id if chosen else None
            thread.opportunity_chosen = False
    session.flush()
    if not left:
        session.execute(delete(Candidate).where(Candidate.id == old))
    return {old, new}


def _is_confidential(thread: Conversation) -> bool:
    return thread.opportunity is not None and thread.opportunity.confidential


def _has(session: Session, candidate_id: int, peer: str) -> bool:
    query = select(CandidatePhone.id).where(CandidatePhone.candidate_id == candidate_id, CandidatePhone.e164 == peer)
    return session.scalar(query.limit(1)) is not None


def _give(session: Session, thread: Conversation, candidate_id: int) -> None:
    target = session.scalar(
        select(Conversation).where(
            Conversation.candidate_id == candidate_id, Conversation.sending_number_id == thread.sending_number_id
        )
    )
    if target is None:
        thread.candidate_id = candidate_id
        session.flush()
        return
    _join(session, thread, target)


def _join(session: Session, thread: Conversation, target: Conversation) -> None:
    """Both threads were with one person after all: *thread*'s messages go on in *target*.

    What waits in each is noted where it was said. Where one of them alone is confidential, both become so.
    """
    becomes_restricted = thread.restricted or _is_confidential(thread) != _is_confidential(target)
    if thread.opportunity_id != target.opportunity_id:
        cutting.set_apart(thread)
        cutting.set_apart(target)
    _join_members(session, thread.id, target.id)
    for table, column in _references_to_conversation():
        if table.name != ConversationMember.__tablename__:
            session.execute(update(table).where(table.c[column] == thread.id).values({column: target.id}))
    if thread.last_activity_at > target.last_activity_at:
        target.peer, target.peer_vouched = thread.peer, thread.peer_vouched
        target.needs_reply = thread.needs_reply
    if target.matched_peer is None:
        target.matched_peer, target.matched_from_id = thread.matched_peer, thread.matched_from_id
    target.restricted = target.restricted or becomes_restricted
    target.has_failure = target.has_failure or thread.has_failure
    target.opt_out_suggested_by_id = target.opt_out_suggested_by_id or thread.opt_out_suggested_by_id
    target.assignee_id = target.assignee_id or thread.assignee_id
    if target.archived_at is not None and thread.archived_at is None:
        target.archived_at = None
    is_chosen_there = thread.opportunity_chosen and not target.opportunity_chosen
    if target.opportunity_id is None or _is_confidential(thread) or (is_chosen_there and not _is_confidential(target)):
        target.opportunity_id, target.opportunity_chosen = thread.opportunity_id, thread.opportunity_chosen
    session.flush()
    session.expunge(thread)
    session.execute(delete(Conversation).where(Conversation.id == thread.id))
    conversations.refresh_last(target)
    target.transcript_due_at = due.due_at(target.id)
    session.flush()


def _join_members(session: Session, old: int, new: int) -> None:
    present = {
        member.user_id: member
        for member in session.scalars(select(ConversationMember).where(ConversationMember.conversation_id == new))
    }
    for member in session.scalars(select(ConversationMember).where(ConversationMember.conversation_id == old)).all():
        other = present.get(member.user_id)
        if other is None:
            session.execute(
                update(ConversationMember)
                .where(ConversationMember.conversation_id == old, ConversationMember.user_id == member.user_id)
                .values(conversation_id=new)
                .execution_options(synchronize_session=False)
            )
            continue
        other.follows = other.follows or member.follows
        other.draft = other.draft or member.draft
        other.read_up_to_id = max(other.read_up_to_id, member.read_up_to_id)
    session.flush()


def _references_to_conversation() -> Iterable[tuple[Table, str]]:
    for table in db.metadata.tables.values():
        for key in table.foreign_keys:
            if key.column.table.name == Conversation.__tablename__:
                yield table, key.parent.name
