"""What a transcript says, read from the rows: the texts, their pictures and failures, opting out and returning."""

from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter

import phonenumbers
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import selectinload

from grayscale.domain.company import company_zone
from grayscale.domain.transcripts.rendering import Happened, Said, Talk
from grayscale.extensions import db
from grayscale.models import (
    Consent,
    ConsentHow,
    ConsentRecord,
    ConsentState,
    Conversation,
    Direction,
    Kind,
    Media,
    MediaState,
    Message,
    MessageState,
    User,
)

#: How somebody who opted out may return; merely texting us is no return.
_RETURNS = (ConsentHow.KEYWORD, ConsentHow.RECRUITER, ConsentHow.CARRIER)
#: How a text the carrier took may end without reaching anybody.
_NOT_DELIVERED = (MessageState.UNDELIVERED, MessageState.FAILED, MessageState.CANCELED)


def messages_of(transcript_id: int) -> list[Message]:
    """The texts of a transcript, oldest first."""
    return list(
        db.session.scalars(
            select(Message)
            .where(Message.transcript_id == transcript_id)
            .order_by(Message.occurred_at, Message.id)
            .options(selectinload(Message.media), selectinload(Message.author))
        )
    )


def talk_of(
    conversation: Conversation, messages: Sequence[Message], *, since: datetime, until: datetime
) -> Talk:
    """*messages*, oldest first, as they will read in Lever.

    Opting out and returning is told where a text of these did it, and where it otherwise happened between *since* and
    *until*, the moments the previous transcript and this one were cut.
    """
    candidate = conversation.candidate.display_name if conversation.candidate else conversation.peer
    entries: list[tuple[datetime, int, int, Said | Happened]] = [
        (message.occurred_at, message.id, 0, _said(message, candidate)) for message in messages
    ]
    by_id = {message.id: message for message in messages}
    for record, by_name in _consent_records(conversation.peer, list(by_id), since, until):
        cause = by_id.get(record.message_id or 0)
        at, place = (cause.occurred_at, cause.id) if cause else (record.at, 0)
        entries.append((at, place, 1, Happened(at, _consent_words(record, by_name))))
    entries.sort(key=itemgetter(0, 1, 2))
    return Talk(
        candidate=candidate,
        our_number=_readable(conversation.sending_number.e164),
        first=messages[0].occurred_at,
        last=messages[-1].occurred_at,
        zone=company_zone(),
        entries=[entry for *_, entry in entries],
    )


def _said(message: Message, candidate: str) -> Said:
    if message.direction is Direction.INBOUND:
        who = candidate
    elif message.kind is not Kind.MANUAL:
        who = "Automated"
    else:
        who = message.author.name if message.author else "A recruiter"
    remarks = [_picture(item) for item in message.media]
    if message.direction is Direction.OUTBOUND and message.state in _NOT_DELIVERED:
        remarks.append(f"not delivered: {message.error.rstrip('.')}" if message.error else "not delivered")
    return Said(message.occurred_at, who, message.body, tuple(remarks))


def _picture(item: Media) -> str:
    kind = "picture" if item.content_type.startswith("image/") else "file"
    name = item.file_name or item.content_type or "unnamed"
    lost = ", could not be fetched" if item.state in (MediaState.REFUSED, MediaState.FAILED) else ""
    return f"{kind}: {name}{lost}"


def _consent_records(
    peer: str, message_ids: Sequence[int], since: datetime, until: datetime
) -> list[tuple[ConsentRecord, str | None]]:
    told_here = or_(
        ConsentRecord.message_id.in_(message_ids),
        and_(ConsentRecord.message_id.is_(None), ConsentRecord.at > since, ConsentRecord.at <= until),
    )
    rows = db.session.execute(
        select(ConsentRecord, User.name)
        .join(Consent, Consent.number_hash == ConsentRecord.number_hash)
        .outerjoin(User, User.id == ConsentRecord.by_id)
        .where(
            Consent.e164 == peer,
            told_here,
            or_(ConsentRecord.state == ConsentState.OPTED_OUT, ConsentRecord.how.in_(_RETURNS)),
        )
        .order_by(ConsentRecord.id)
    )
    return [(record, name) for record, name in rows]


def _consent_words(record: ConsentRecord, by_name: str | None) -> str:
    what = "Opted out of texts" if record.state is ConsentState.OPTED_OUT else "Takes texts again"
    how = {
        ConsentHow.KEYWORD: ", by their own reply",
        ConsentHow.CARRIER: ", as the carrier reports",
        ConsentHow.RECRUITER: f", recorded by {by_name}" if by_name else ", recorded by a recruiter",
    }
    return what + how.get(record.how, "")


def _readable(e164: str) -> str:
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return e164
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL))
