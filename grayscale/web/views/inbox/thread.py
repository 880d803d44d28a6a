"""What the conversation panes show, for the page, for htmx and for the live poll alike."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import g

from grayscale import clock
from grayscale.domain import candidates, choosing_number, inbox_acts, inbox_thread
from grayscale.domain.inbox import Place
from grayscale.domain.inbox_member import member
from grayscale.domain.inbox_said import Said
from grayscale.domain.inbox_thread import Thread
from grayscale.domain.interviews import listing as interviews
from grayscale.domain.texting import gate
from grayscale.domain.transcripts import state as transcripts
from grayscale.domain.transcripts.state import NoteLine
from grayscale.models import Conversation, Direction, Kind, User
from grayscale.web.filters import local


@dataclass(frozen=True, slots=True)
class Item:
    """One message as it stands in the thread. *who* is me, colleague, candidate, automated or history."""

    message: Said
    who: str
    name: str
    starts_day: bool
    starts_group: bool
    is_first_unread: bool


def items(
    messages: Sequence[Said], conversation: Conversation, user: User, unread_from: int | None, *, days: bool = True
) -> list[Item]:
    """Messages with who said them and where days, groups and the unread begin."""
    found: list[Item] = []
    spoke_before, day_before = None, None
    for message in messages:
        who, name = speaker(message, conversation, user)
        day = local(message.occurred_at).date()
        spoke = message.direction, message.kind, message.author_id
        starts_day = days and day != day_before
        is_first_unread = message.id == unread_from
        starts_group = starts_day or is_first_unread or spoke != spoke_before
        found.append(Item(message, who, name, starts_day, starts_group, is_first_unread))
        spoke_before, day_before = spoke, day
    return found


def speaker(message: Said, conversation: Conversation, user: User) -> tuple[str, str]:
    """The kind of bubble, and the name over it."""
    if message.direction is Direction.INTERNAL:
        return "history", ""
    if message.direction is Direction.INBOUND:
        person = conversation.candidate
        return "candidate", person.display_name if person else ""
    if message.kind is not Kind.MANUAL:
        return "automated", "Automated"
    if message.author_id == user.id:
        return "me", "You"
    return "colleague", message.author_name or "A former colleague"


def thread_context(
    conversation: Conversation, user: User, thread: Thread, *, unread_from: int | None
) -> dict[str, Any]:
    """Everything `inbox/_tail.html` and `inbox/_older.html` need."""
    notes = transcripts.of_conversation(conversation.id)
    at_the_foot = notes.now
    return {
        "conversation": conversation,
        "thread": thread,
        "notes": notes,
        # What stands at the foot of the thread is not said a second time under its last message.
        "noted": _in_time(
            {message_id: line for message_id, line in notes.after.items() if line not in at_the_foot}, thread.messages
        ),
        "items": items(thread.messages, conversation, user, unread_from),
        "waiting": items(thread.waiting, conversation, user, None, days=False),
        "unread_from": unread_from,
    }


def _in_time(after: Mapping[int, NoteLine], messages: Sequence[Said]) -> dict[int, NoteLine]:
    """Under which message each Note stands: its last text, or the lines of history that are older than the Note."""
    placed = dict(after)
    above: int | None = None
    for message in messages:
        if above is not None and message.direction is Direction.INTERNAL:
            line = placed[above]
            if line.kind == "posted" and line.at is not None and message.occurred_at <= line.at:
                placed[message.id] = placed.pop(above)
        above = message.id if message.id in placed else None
    return placed


def conversation_context(
    conversation: Conversation, user: User, *, around: int | None = None, before: Place | None = None
) -> dict[str, Any]:
    """Everything `inbox/_conversation.html` needs but the composer."""
    mine = member(conversation.id, user)
    read = mine.read_up_to_id if mine is not None else 0
    if before is not None:
        thread = inbox_thread.earlier(conversation.id, before)
    else:
        thread = inbox_thread.latest(conversation.id, around=around)
    unread_from = inbox_thread.first_unread(thread.messages, read)
    return {
        **thread_context(conversation, user, thread, unread_from=unread_from),
        **panel_context(conversation, user),
        # Held for as long as the page is made: it is asked for again on the way.
        "mine": mine,
        "highlight": around,
        "is_past": before is not None,
    }


def panel_context(conversation: Conversation, user: User) -> dict[str, Any]:
    """Everything `inbox/_head.html` and `inbox/_panel.html` need."""
    candidate = conversation.candidate
    mine = member(conversation.id, user)
    profile = candidates.profile(candidate, user, conversation_id=conversation.id) if candidate is not None else None
    return {
        "conversation": conversation,
        "follows": mine is not None and mine.follows,
        "profile": profile,
        "sharing": candidates.sharing(conversation, user),
        "before": choosing_number.texted_before(conversation, user) if candidate is None else [],
        "agendas": interviews.agendas(each.opportunity for each in profile.candidacies) if profile is not None else {},
        "colleagues": inbox_acts.colleagues(),
    }


def is_opted_out(conversation: Conversation, e164: str) -> bool:
    """Of a candidate's numbers or the one texted; all are looked up at once, once a request."""
    known: dict[int, set[str]] = g.setdefault("opted_out", {})
    if conversation.id not in known:
        phones = conversation.candidate.phones if conversation.candidate is not None else []
        numbers = {phone.e164 for phone in phones if phone.e164} | {conversation.peer}
        known[conversation.id] = inbox_thread.opted_out_among(numbers)
    return e164 in known[conversation.id]


def is_shut(conversation: Conversation) -> bool:
    """Whether nothing may offer to text this candidate: they opted out, or Lever forbids to contact them."""
    return is_opted_out(conversation, conversation.peer) or gate.forbidden(conversation, clock.now()) is not None


def new_submission_key() -> str:
    """One composer submission; the same key twice is the same text."""
    return secrets.token_urlsafe(18)
