"""The one gate in front of every text, whoever or whatever wants to send it.

Asked when a text is submitted and again right before it is called to the carrier. In order: the number is valid, not
opted out and still the candidate's in Lever, consent is on record where the company demands it, the hour is allowed,
the limit of unanswered texts is not reached, the first text says who writes and how to opt out, the sender may send.
Quiet hours hold a text; everything else blocks it.

No way of sending goes around it: each only writes a row (``outbound.submit`` for people, ``automated.plan`` for the
application, ``inbound`` for the answer to a keyword), and ``sending``, which alone calls the carrier, asks here first.
A new way of sending does the same.
"""

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select

from grayscale import clock
from grayscale.domain.company import company, texting_account
from grayscale.domain.texting import consent, gate_words, hours, introduction, numbers, phones
from grayscale.domain.texting.introduction import COUNTED
from grayscale.extensions import db
from grayscale.models import (
    ConsentPolicy,
    ConsentState,
    Conversation,
    Direction,
    Kind,
    Message,
    MessageState,
    Opportunity,
    Posting,
    Registration,
    User,
)
from grayscale.reading import Reading

# A reply to somebody who just texted may go at any hour.
LIVE_EXCHANGE = timedelta(minutes=15)
LIMIT_WINDOW = timedelta(hours=24)
UNREGISTERED = {
    Registration.PENDING: "Our number's registration with US carriers is not approved yet.",
    Registration.MISSING: "Our number is not registered with US carriers.",
}
# Numbers change hands: a consent nobody confirmed by a text for so long is asked for again.
CONSENT_LASTS = timedelta(days=365)


@enum.unique
class Code(enum.StrEnum):
    """What the gate found, for the trace of a message."""

    ALLOWED = "allowed"
    LIVE_REPLY = "live_reply"
    INVALID_NUMBER = "invalid_number"
    CONTACT_FORBIDDEN = "contact_forbidden"
    OPTED_OUT = "opted_out"
    STOP_SUGGESTED = "stop_suggested"
    UNLISTED_NUMBER = "unlisted_number"
    NO_CONSENT = "no_consent"
    QUIET_HOURS = "quiet_hours"
    OVER_LIMIT = "over_limit"
    NO_OPT_OUT_LINE = "no_opt_out_line"
    NO_NAMES = "no_names"
    BEHIND_FIRST = "behind_first"
    SENDER_STOPPED = "sender_stopped"


@dataclass(frozen=True, slots=True)
class Verdict:
    """*sentence* says why, for the recruiter. *allowed_at* is when a held text may go (UTC)."""

    allowed: bool
    code: Code
    sentence: str = ""
    allowed_at: datetime | None = None

    @property
    def holds(self) -> bool:
        """The text waits, rather than being refused."""
        return not self.allowed and self.allowed_at is not None


ALLOWED = Verdict(True, Code.ALLOWED, "Allowed.")


def check(
    conversation: Conversation,
    *,
    at: datetime,
    by: User | None,
    body: str | None = None,
    peer: str | None = None,
    message: Message | None = None,
    kind: Kind = Kind.MANUAL,
) -> Verdict:
    """May this conversation be texted at *at*?

    *body* is the text, None to ask about the conversation alone. *message* is the row that wants to go, left out of
    what is counted. *kind* SYSTEM is the answer to a keyword, which obeys the number and nothing else. *by* is the
    recruiter who asks, None for the application itself.
    """
    to = peer or conversation.peer
    if kind is Kind.SYSTEM:
        return _number(conversation, to) or _sender(conversation) or ALLOWED
    held: Verdict | None = None
    for verdict in (
        _number(conversation, to),
        forbidden(conversation, at),
        _opted_out(to),
        _stop_suggested(conversation),
        _unlisted(conversation, to),
        _consent(to, at),
        held := _hours(conversation, to, at, message),
        _limit(conversation, to, at, message),
        _introduction(to, at, by, body, message),
        _sender(conversation),
    ):
        if verdict is not None and not verdict.allowed and not verdict.holds:
            return verdict
    return held or ALLOWED


def zones_of(conversation: Conversation, peer: str | None = None) -> tuple[str, ...]:
    """The zones the candidate may be in: of their place in Lever where it is sure, else of all weaker evidence.

    That is their number and the posting's place; without any, the company's own zone.
    """
    candidate = conversation.candidate
    own = phones.place_zone(candidate.location) or candidate.time_zone if candidate is not None else None
    if own:
        return (own,)
    posted = {zone for location in _posted(conversation) if (zone := phones.place_zone(location))}
    return tuple(dict.fromkeys((*phones.zones(peer or conversation.peer), *posted))) or (company().time_zone,)


def hours_of(conversation: Conversation, peer: str | None = None) -> hours.Hours:
    """The windows texts to this candidate must keep to."""
    account, candidate = texting_account(), conversation.candidate
    state = phones.place_state(candidate.location) if candidate is not None else None
    return hours.build(
        account.opens,
        account.closes,
        state=state or phones.state(peer or conversation.peer),
        own=account.state_windows,
    )


def is_live(conversation: Conversation, at: datetime) -> bool:
    """Whether the candidate texted a moment ago, so that an answer is expected at any hour."""
    last = conversation.last_inbound_at
    return last is not None and at - LIVE_EXCHANGE <= last <= at


def live_sentence(conversation: Conversation, peer: str | None, at: datetime, *, went: bool = False) -> str | None:
    """Why a reply goes although *at* is outside texting hours, for who writes it or, with *went*, who wrote it.

    None when it is within texting hours, or such a reply does not go.
    """
    last = conversation.last_inbound_at
    if last is None or not texting_account().allow_live_replies or not is_live(conversation, at):
        return None
    zones = zones_of(conversation, peer)
    if hours.allowed_at(at, zones, hours_of(conversation, peer)):
        return None
    return gate_words.live(at, last, zones, went=went)


def opens_at(conversation: Conversation, peer: str | None, at: datetime) -> datetime | None:
    """Until when a text at *at* would be held for the hour (UTC); None when it would not be."""
    verdict = _hours(conversation, peer or conversation.peer, at, None)
    return verdict.allowed_at if verdict is not None else None


def _number(conversation: Conversation, peer: str) -> Verdict | None:
    parsed = phones.parse(peer, company().region)
    why = parsed.not_textable
    if why is None and conversation.candidate is not None:
        why = next((phone.not_textable for phone in conversation.candidate.phones if phone.e164 == peer), None)
    return Verdict(False, Code.INVALID_NUMBER, f"This number cannot be texted. {why}") if why else None


def forbidden(conversation: Conversation, at: datetime) -> Verdict | None:
    """Why Lever's data protection keeps this candidate from being contacted at *at*; None when it does not."""
    candidate = conversation.candidate
    if candidate is None:
        return None
    if candidate.contact_forbidden:
        sentence = (
            "Lever's data protection does not let us contact this candidate. Once it does, choose Refresh from Lever."
        )
    elif candidate.contact_until is not None and candidate.contact_until <= at:
        is_over = candidate.contact_until <= clock.now()
        sentence = gate_words.not_beyond(candidate.contact_until, company().time_zone, is_over=is_over)
    else:
        return None
    return Verdict(False, Code.CONTACT_FORBIDDEN, sentence)


def _opted_out(peer: str) -> Verdict | None:
    found = consent.state_of(peer)
    if found is None or found.state is not ConsentState.OPTED_OUT:
        return None
    when = f"{found.at:%b} {found.at.day}, {found.at.year}"
    return Verdict(False, Code.OPTED_OUT, f"This number opted out on {when}. Nothing is sent.")


def _stop_suggested(conversation: Conversation) -> Verdict | None:
    """A sentence that sounded like stop pauses everything to them until a person says what it meant."""
    if conversation.opt_out_suggested_by_id is None:
        return None
    sentence = "They seem to ask for no more texts. Nothing is sent until you say whether it was an opt-out."
    return Verdict(False, Code.STOP_SUGGESTED, sentence)


def _unlisted(conversation: Conversation, peer: str) -> Verdict | None:
    if not numbers.is_unlisted(conversation, peer):
        return None
    return Verdict(False, Code.UNLISTED_NUMBER, numbers.unlisted_sentence(conversation, peer))


def _consent(peer: str, at: datetime) -> Verdict | None:
    if texting_account().consent is not ConsentPolicy.RECORDED_CONSENT:
        return None
    found = consent.state_of(peer)
    if found is None or found.state is not ConsentState.OPTED_IN:
        return Verdict(
            False,
            Code.NO_CONSENT,
            "There is no consent on record for this number, and the company's policy asks for one.",
        )
    if found.at > at - CONSENT_LASTS or _heard_of_since(peer, at - CONSENT_LASTS):
        return None
    return Verdict(
        False,
        Code.NO_CONSENT,
        "Their consent is more than a year old and they have been silent since, so the number may be somebody else's by"
        " now. Ask again.",
    )


def _heard_of_since(peer: str, since: datetime) -> bool:
    heard = select(Message.id).where(
        Message.peer == peer, Message.direction == Direction.INBOUND, Message.occurred_at > since
    )
    return db.session.scalar(heard.limit(1)) is not None


def _hours(conversation: Conversation, peer: str, at: datetime, message: Message | None) -> Verdict | None:
    zones, allowed = zones_of(conversation, peer), hours_of(conversation, peer)
    if hours.allowed_at(at, zones, allowed):
        return None
    typed = message is None or message.author_id is not None
    if typed and (live := live_sentence(conversation, peer, at)):
        return Verdict(True, Code.LIVE_REPLY, live)
    opens = hours.next_allowed(at, zones, allowed)
    if opens is None:
        return Verdict(
            False,
            Code.QUIET_HOURS,
            "No time of day is allowed in every zone this candidate may be in. Their location in Lever would help.",
        )
    return Verdict(
        False, Code.QUIET_HOURS, f"It is outside texting hours for them. Goes {gate_words.at(opens, zones)}.", opens
    )


def _limit(conversation: Conversation, peer: str, at: datetime, message: Message | None) -> Verdict | None:
    limit = texting_account().unanswered_limit
    if not limit:
        return None
    since = at - LIMIT_WINDOW
    answered = db.session.scalar(
        select(db.func.max(Message.occurred_at)).where(
            Message.peer == peer, Message.direction == Direction.INBOUND, Message.occurred_at > since
        )
    )
    # What waits ahead of this one will count by the time it goes.
    counted = COUNTED if message is not None else (*COUNTED, MessageState.QUEUED)
    texts = list(
        db.session.scalars(
            select(Message.occurred_at)
            .where(
                Message.peer == peer,
                Message.direction == Direction.OUTBOUND,
                Message.kind != Kind.SYSTEM,
                Message.state.in_(counted),
                Message.occurred_at > max(answered or since, since),
                Message.id != (message.id if message is not None else 0),
            )
            .order_by(Message.occurred_at.desc())
            .limit(limit)
        )
    )
    if len(texts) < limit:
        return None
    free = gate_words.at(texts[-1] + LIMIT_WINDOW, zones_of(conversation, peer))
    number = "One text" if limit == 1 else f"{limit} texts"
    sentence = f"{number} in 24 hours went unanswered, which is the limit. Wait for an answer or until {free}."
    return Verdict(False, Code.OVER_LIMIT, sentence)


def _introduction(
    peer: str, at: datetime, by: User | None, body: str | None, message: Message | None
) -> Verdict | None:
    author = by or (message.author if message is not None else None)
    if body is None or not introduction.is_wanted(peer, at, author, message=message):
        return None
    lacks_line, missing = introduction.lacks_opt_out_line(body), introduction.missing_names(body, author)
    if not lacks_line and not missing:
        return None
    if introduction.is_ahead(peer, at, author, message=message):
        # It may be written now, and only goes once the one ahead of it is proven to have gone.
        is_going = message is not None and by is None
        return Verdict(False, Code.BEHIND_FIRST, "Waits until the first text has gone.") if is_going else None
    if lacks_line:
        return Verdict(
            False,
            Code.NO_OPT_OUT_LINE,
            "A first text, or one after a month of silence, must say how to opt out."
            " Add for example: Reply STOP to opt out.",
        )
    return Verdict(False, Code.NO_NAMES, f"A first text must say who writes. Add {' and '.join(missing)}.")


def _sender(conversation: Conversation) -> Verdict | None:
    account, number = texting_account(), conversation.sending_number
    what: str | None = None
    if not account.account_sid or not account.auth_token:
        what = "Texting is not set up."
    elif account.stopped_reason:
        what = "Texting is disconnected."
    elif number.registration is not Registration.APPROVED:
        what = UNREGISTERED[number.registration]
    elif not number.can_send:
        what = "Our number cannot send now."
    sentence = f"{what} A super admin must look at Settings › Texting."
    return Verdict(False, Code.SENDER_STOPPED, sentence) if what else None


def _posted(conversation: Conversation) -> list[str]:
    """Where the job is: weak evidence of where the candidate is."""
    opportunity: Opportunity | None = conversation.opportunity
    if opportunity is None:
        return []
    places = [place for (place,) in _PLACE_OF_POSTING.rows({"posting": opportunity.posting_lever_id})]
    return [location for location in (opportunity.location, *places) if location]


_PLACE_OF_POSTING = Reading(select(Posting.location).where(Posting.lever_id == bindparam("posting")))
