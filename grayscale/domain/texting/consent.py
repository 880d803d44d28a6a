"""Who may be texted: opting out, coming back, and the append-only record of both.

Consent belongs to the phone number. Its hash outlives the number, so that somebody who opted out and was erased is
still recognised. Only the candidate's own START undoes the candidate's own STOP.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, select, update

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain import audit, changes, locks
from grayscale.domain.company import company
from grayscale.domain.errors import Invalid, NotAllowed
from grayscale.domain.texting import lines
from grayscale.extensions import db
from grayscale.models import (
    CANCELABLE,
    Consent,
    ConsentHow,
    ConsentKind,
    ConsentRecord,
    ConsentSource,
    ConsentState,
    Conversation,
    Kind,
    Message,
    MessageState,
    User,
)
from grayscale.reading import Reading

# Ways only the candidate can take back.
THEIR_OWN = (ConsentHow.KEYWORD, ConsentHow.CARRIER)


@dataclass(frozen=True, slots=True)
class Given:
    """A consent: what it covers, where it was given, *wording* shown on the page *page_url*, for which opportunity."""

    kind: ConsentKind
    source: ConsentSource
    note: str = ""
    wording: str = ""
    page_url: str = ""
    opportunity_lever_id: str | None = None


class Standing(NamedTuple):
    """What a number's owner wants now, how and when they said so; *by_id* is the recruiter who wrote it down."""

    state: ConsentState
    how: ConsentHow
    at: datetime
    by_id: int | None


# Whoever texts us first agrees to an answer, by a text.
BY_TEXTING_US = Given(ConsentKind.INQUIRY, ConsentSource.TEXT)


def number_hash(e164: str) -> str:
    """The salted hash a number is recognised by after its owner was erased."""
    return hmac.new(company().number_salt.encode(), e164.encode(), hashlib.sha256).hexdigest()


def state_of(e164: str) -> Standing | None:
    """What the owner of *e164* last said, or None when nothing is on record."""
    found = _STATE_OF.rows({"hash": number_hash(e164)})
    return Standing(*found[0]) if found else None


_STATE_OF = Reading(
    select(Consent.state, Consent.how, Consent.at, Consent.by_id).where(Consent.number_hash == bindparam("hash"))
)


def is_opted_out(e164: str) -> bool:
    found = state_of(e164)
    return found is not None and found.state is ConsentState.OPTED_OUT


def records_of(e164: str) -> list[ConsentRecord]:
    """Everything on record for *e164*, oldest first."""
    found = select(ConsentRecord).where(ConsentRecord.number_hash == number_hash(e164)).order_by(ConsentRecord.id)
    return list(db.session.scalars(found))


def opt_out(
    e164: str, how: ConsentHow, by: User | None = None, reason: str = "", *, message_id: int | None = None,
    at: datetime | None = None,
) -> None:
    """Text *e164* no more: whatever is queued or scheduled to it is cancelled in the same transaction.

    *reason* is the candidate's words or the recruiter's reason, without which a recruiter cannot. Raises ``Invalid``.
    """
    if how is ConsentHow.RECRUITER and not reason.strip():
        raise Invalid("Say why, so that a colleague understands it later.", "reason")
    with transaction() as session:
        before = state_of(e164)
        already = before is not None and before.state is ConsentState.OPTED_OUT
        # Their own STOP stays theirs, whatever a recruiter adds.
        kept = before.how if already and before is not None and before.how in THEIR_OWN else how
        _set(e164, ConsentState.OPTED_OUT, kept, by, at)
        record(e164, ConsentState.OPTED_OUT, how, by=by, words=reason, message_id=message_id, at=at)
        # Said once more before its one confirmation went: that still goes.
        cancel_waiting(e164, "The number opted out.", answers=not already)
        ended = {"opt_out_suggested_by_id": None, "needs_reply": False}
        session.execute(update(Conversation).where(Conversation.peer == e164).values(ended))
        if not already:
            _tell(e164, _opted_out_line(how, by, reason))
        if by is not None:
            audit.record("consent.opted_out", by=by, subject=e164[-4:], detail={"how": how.value})


def opt_in(
    e164: str, how: ConsentHow, by: User | None = None, reason: str = "", *, message_id: int | None = None,
    at: datetime | None = None,
) -> None:
    """Texts to *e164* are welcome. Raises ``NotAllowed`` when only the candidate can undo the opt-out."""
    with transaction():
        before = state_of(e164)
        was_out = before is not None and before.state is ConsentState.OPTED_OUT
        if was_out and before is not None and how is not ConsentHow.KEYWORD:
            if how is ConsentHow.TEXTED_US:
                return
            if before.how in THEIR_OWN:
                raise NotAllowed("They opted out themselves. Only they can undo it, by texting START.")
            if not reason.strip():
                raise Invalid("Say why, so that a colleague understands it later.", "reason")
        _set(e164, ConsentState.OPTED_IN, how, by, at)
        record(e164, ConsentState.OPTED_IN, how, by=by, words=reason, message_id=message_id, at=at)
        if was_out:
            _tell(e164, "Opted in again by texting START." if how is ConsentHow.KEYWORD else _undone_line(by, reason))
        if by is not None:
            audit.record("consent.opted_in", by=by, subject=e164[-4:], detail={"how": how.value})


def suggest_opt_out(e164: str, message_id: int) -> None:
    """The received text *message_id* sounded like stop: pause everyone's texts to *e164* until a person decides.

    Inside the caller's transaction.
    """
    _set_suggestion(e164, message_id)


def settle_suggestion(e164: str) -> None:
    """A person decided; inside the caller's transaction."""
    _set_suggestion(e164, None)


def suggestion_for(e164: str) -> int | None:
    """The received text that sounded like stop and nobody decided about yet."""
    return db.session.scalar(
        select(Conversation.opt_out_suggested_by_id).where(
            Conversation.opt_out_suggested_by_id.is_not(None), Conversation.peer == e164
        ).limit(1)
    )  # fmt: skip


def _set_suggestion(e164: str, message_id: int | None) -> None:
    ids = list(db.session.scalars(select(Conversation.id).where(Conversation.peer == e164)))
    locks.hold_conversations(ids)
    db.session.execute(update(Conversation).where(Conversation.id.in_(ids)).values(opt_out_suggested_by_id=message_id))
    changes.touch(ids)


def record_given(e164: str, given: Given, by: User) -> None:
    """Write down a consent somebody gave outside of this application, as a recruiter knows of it.

    Raises ``Invalid`` when it does not say how, and ``NotAllowed`` for a number that opted out: what was said before
    counts for nothing after it.
    """
    if not given.note.strip():
        raise Invalid("Say how and when they agreed, so that it can be shown later.", "note")
    with transaction():
        if is_opted_out(e164):
            raise NotAllowed("This number opted out. A consent from before does not undo that.")
        _set(e164, ConsentState.OPTED_IN, ConsentHow.RECORDED, by, None)
        record(e164, ConsentState.OPTED_IN, ConsentHow.RECORDED, by=by, words=given.note.strip(), given=given)
        _tell(e164, f"Consent recorded by {by.name}: {given.note.strip()}")
        audit.record("consent.recorded", by=by, subject=e164[-4:], detail={"kind": given.kind, "source": given.source})


def record(
    e164: str, state: ConsentState, how: ConsentHow, *, by: User | None = None, words: str = "",
    message_id: int | None = None, at: datetime | None = None, given: Given | None = None,
) -> None:
    """Append to the record, inside the caller's transaction."""
    details = given or (BY_TEXTING_US if how is ConsentHow.TEXTED_US else None)
    db.session.add(
        ConsentRecord(
            number_hash=number_hash(e164), e164=e164, state=state, how=how, words=words, message_id=message_id,
            by_id=by.id if by else None, at=at or clock.now(),
            kind=details.kind if details else None, source=details.source if details else None,
            wording=details.wording.strip() if details else "", page_url=details.page_url.strip() if details else "",
            opportunity_lever_id=details.opportunity_lever_id if details else None,
        )
    )


# What an erasure takes from a record; that there was one, of what kind and when, stays with the hash.
ERASED = {"e164": None, "words": "", "wording": "", "page_url": "", "opportunity_lever_id": None}


def forget(e164: str) -> None:
    """Erase the number and the words, inside the caller's transaction; the hash goes on standing for an opt-out."""
    hashed = number_hash(e164)
    db.session.execute(update(ConsentRecord).where(ConsentRecord.number_hash == hashed).values(ERASED))
    db.session.execute(update(Consent).where(Consent.number_hash == hashed).values(e164=None))


def cancel_waiting(e164: str, why: str, *, answers: bool = True) -> int:
    """Cancel every text to *e164* that was not yet handed to anybody, inside the caller's transaction.

    With *answers* false, the answers to their keywords are left.
    """
    to_cancel = [Message.peer == e164, Message.state.in_(CANCELABLE)]
    if not answers:
        to_cancel.append(Message.kind != Kind.SYSTEM)
    locks.hold_conversations(db.session.scalars(select(Message.conversation_id).where(*to_cancel)))
    waiting = db.session.scalars(select(Message).where(*to_cancel).with_for_update(key_share=True)).all()
    for message in waiting:
        message.lease_until = None
        message.error = f"Not sent. {why}"
        lines.take(message, MessageState.CANCELED, why)
    return len(waiting)


def _set(e164: str, state: ConsentState, how: ConsentHow, by: User | None, at: datetime | None) -> None:
    hashed = number_hash(e164)
    values = {"e164": e164, "state": state, "how": how, "by_id": by.id if by else None, "at": at or clock.now()}
    found = db.session.scalar(select(Consent).where(Consent.number_hash == hashed).with_for_update(key_share=True))
    if found is None:
        db.session.add(Consent(number_hash=hashed, **values))
    else:
        for name, value in values.items():
            setattr(found, name, value)
    db.session.flush()


def _tell(e164: str, line: str) -> None:
    ids = list(db.session.scalars(select(Conversation.id).where(Conversation.peer == e164)))
    for conversation_id in ids:
        lines.add(conversation_id, line)
    db.session.flush()
    changes.touch(ids)


def _opted_out_line(how: ConsentHow, by: User | None, reason: str) -> str:
    if how is ConsentHow.RECRUITER and by is not None:
        return f"Opted out by {by.name}: {reason.strip()}"
    if how is ConsentHow.CARRIER:
        return f"Opted out: {reason or 'the carrier says this number replied STOP.'}"
    return "Opted out by texting STOP. Nothing will be sent to this number."


def _undone_line(by: User | None, reason: str) -> str:
    return f"Opt-out undone by {by.name if by else 'the application'}: {reason.strip()}"
