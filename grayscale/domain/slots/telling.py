"""Telling both sides what happened to a time that was offered.

Where the opportunity became confidential after the offer and the conversation is tied to another one, others read it:
then the candidate is told by the page alone, and the line in the thread says nothing of the interview.
"""

from datetime import datetime

from sqlalchemy import not_, select

from grayscale import clock
from grayscale.domain import changes, visibility
from grayscale.domain.company import company, company_zone
from grayscale.domain.interviews.times import spoken
from grayscale.domain.texting import automated, gate, lines
from grayscale.extensions import db
from grayscale.models import Conversation, Kind, Message, MessageState, Opportunity, SlotOffer

UNSAID = "There is news of the times offered. Who may see what they are for finds it beside the thread."


def may_say(offer: SlotOffer) -> bool:
    """Whether the thread the times were offered in may speak of what they are for."""
    return visibility.may_speak_of(offer.opportunity, offer.conversation)


def chosen(offer: SlotOffer, before: datetime | None) -> None:
    """The candidate chose a time, or another one than *before*; inside the transaction that takes it."""
    if offer.starts_at is None:
        return
    when = spoken(offer.starts_at, offer.time_zone)
    where = f" {offer.location}." if offer.location else ""
    lead = "You are booked" if before is None else "Your interview is moved"
    _text(offer, f"{lead}: {_what(offer)}, {when}.{where} To move or cancel it, use the same link.")
    verb = "chose" if before is None else f"moved it from {_here(before)} to"
    _line(offer, f"{_who(offer)} {verb} {_here(offer.starts_at)}: {offer.subject}")


def given_up(offer: SlotOffer) -> None:
    """The candidate cancelled; inside the transaction that does it."""
    if offer.starts_at is None:
        return
    when = spoken(offer.starts_at, offer.time_zone)
    _text(offer, f"Your interview is cancelled: {_what(offer)}, {when}. Text us here if you want another time.")
    _line(offer, f"{_who(offer)} cancelled {_here(offer.starts_at)}: {offer.subject}")


def not_in_lever(offer: SlotOffer, why: str) -> None:
    """Lever does not have what the candidate chose, and what to do; inside a transaction that holds the offer."""
    _line(
        offer,
        f"Not in Lever yet: {offer.subject}. {why} The time stays {_who(offer)}’s; see beside the thread what to do.",
    )


def _text(offer: SlotOffer, body: str) -> None:
    """Now, or when texting hours begin; what the gate refuses is told by the page alone."""
    if not may_say(offer):
        return
    conversation, now = offer.conversation, clock.now()
    body = automated.introduced(conversation, body, now)
    if (refused := automated.refusal(conversation, body, now)) is not None:
        lines.add(conversation.id, f"Not texted, only shown on the page. {refused.sentence}")
        return
    verdict = gate.check(conversation, at=now, by=None, body=body, kind=Kind.AUTOMATED)
    goes = verdict.allowed_at or now
    if offer.starts_at is not None and goes < offer.starts_at:
        key = f"{_key(offer.id)}{offer.sequence}"
        automated.plan(conversation.id, body, key=key, send_at=goes, useless_after=offer.starts_at)


def withdraw_out_of_place() -> int:
    """Cancel what still waits in a thread that may not speak of it any more; how much."""
    waiting = db.session.execute(
        select(Message.id, Message.submission_key, SlotOffer.id)
        .join(SlotOffer, SlotOffer.conversation_id == Message.conversation_id)
        .join(Conversation, Conversation.id == SlotOffer.conversation_id)
        .join(Opportunity, Opportunity.id == SlotOffer.opportunity_id)
        .where(
            Message.on_its_way, Message.state == MessageState.SCHEDULED, Message.kind == Kind.AUTOMATED,
            not_(visibility.speaking_of()),
        )
    ).all()  # fmt: skip
    ids = [found for found, key, offer in waiting if key and key.startswith(automated.stored(_key(offer)))]
    return sum(automated.withdraw(message_id, visibility.NOT_HERE) for message_id in ids)


def _key(offer_id: int) -> str:
    return f"times:{offer_id}:"


def _line(offer: SlotOffer, words: str) -> None:
    """A line in the thread that makes the conversation unread, as a text of the candidate's would."""
    conversation = offer.conversation
    line = lines.add(conversation.id, words if may_say(offer) else UNSAID)
    db.session.flush()
    conversation.last_inbound_id = max(line.id, conversation.last_inbound_id or 0)
    conversation.last_activity_at = max(conversation.last_activity_at, clock.now())
    conversation.archived_at = None
    db.session.flush()
    changes.touch([conversation.id])


def _what(offer: SlotOffer) -> str:
    return f"{offer.subject} with {company().name}" if company().name else offer.subject


def _who(offer: SlotOffer) -> str:
    candidate = offer.conversation.candidate
    return (candidate.first_name or candidate.display_name) if candidate is not None else "The candidate"


def _here(moment: datetime) -> str:
    local = moment.astimezone(company_zone())
    return f"{local:%a} {local.day} {local:%b %H:%M %Z}"
