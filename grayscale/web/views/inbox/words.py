"""How the inbox says things: states in words and symbols, names, links."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask import current_app, g
from markupsafe import Markup, escape

from grayscale import clock
from grayscale.domain import presence
from grayscale.domain.candidates import Profile
from grayscale.domain.company import lever_integration, texting_account
from grayscale.domain.inbox import Listing
from grayscale.domain.inbox_acts import Colleague
from grayscale.domain.inbox_said import Said
from grayscale.domain.presence import Viewer
from grayscale.domain.texting import gate, gate_words, keywords, numbers, outbound, previews, uploads
from grayscale.domain.texting.consent import Standing
from grayscale.domain.transcripts.state import NoteLine
from grayscale.extensions import db
from grayscale.models import (
    CandidatePhone,
    ConsentHow,
    ConsentKind,
    ConsentSource,
    Conversation,
    Kind,
    Media,
    Message,
    MessageState,
    SendingNumber,
    User,
)
from grayscale.web.auth import me
from grayscale.web.filters import initials, local, phone, reader_region, reader_zone
from grayscale.web.fragments import Fragments, joined
from grayscale.web.views.inbox import listing
from grayscale.web.views.inbox.blueprint import bp
from grayscale.web.views.inbox.composer import their_time
from grayscale.web.views.inbox.thread import Item, is_opted_out, is_shut

URL = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")

# A number is never further ahead of its own pace than this: the rest is the carrier's queue.
OWN_PACE = timedelta(minutes=1)
_CODE = re.compile(r"^[a-z_]+: (?=[A-Z])")

_settled = Fragments()
_choices = Fragments()


@dataclass(frozen=True, slots=True)
class StateWords:
    """A state for people: a symbol and words, never colour alone. *kind* is '', good, warn or bad."""

    symbol: str
    words: str
    kind: str = ""
    shows_time: bool = False


STATES = {
    MessageState.SCHEDULED: StateWords("◷", "Scheduled for", "", shows_time=True),
    MessageState.QUEUED: StateWords("◷", "Queued"),
    MessageState.OVERDUE: StateWords("!", "Not sent", "warn"),
    MessageState.SENDING: StateWords("◷", "Sending"),
    MessageState.CHECKING: StateWords("◷", "Checking with the carrier"),
    MessageState.UNSURE: StateWords("?", "Perhaps sent", "warn"),
    MessageState.ACCEPTED: StateWords("✓", "Queued at the carrier"),
    MessageState.SENT: StateWords("✓", "Sent"),
    MessageState.DELIVERED: StateWords("✓✓", "Delivered", "good"),
    MessageState.UNDELIVERED: StateWords("✕", "Not delivered", "bad"),
    MessageState.FAILED: StateWords("✕", "Failed", "bad"),
    MessageState.BLOCKED: StateWords("✕", "Held back", "bad"),
    MessageState.CANCELED: StateWords("–", "Cancelled"),
    MessageState.RECEIVED: StateWords("", ""),
}


@bp.app_template_filter("state_words")
def state_words(message: Message | Said) -> StateWords:
    whole = message if isinstance(message, Message) else message.whole
    if message.state is MessageState.SCHEDULED and whole is not None and whole.send_at and is_held_for_hours(whole):
        until = gate_words.held_until(whole.send_at, clock.now(), gate.zones_of(whole.conversation, whole.peer))
        return StateWords("◷", f"Held until {until} (texting hours)")
    if message.state is MessageState.QUEUED and whole is not None:
        until_then = delayed_until(whole.conversation.sending_number)
        if until_then is not None:
            return StateWords("◷", f"Delayed until {local(until_then):%H:%M} (long queue of our number)", "warn")
    return STATES[message.state]


@bp.app_template_filter("delayed_until")
def delayed_until(number: SendingNumber) -> datetime | None:
    """Until when texts of *number* wait because the carrier's queue for it is full; None when it is not."""
    free_at = number.free_at
    return free_at if free_at is not None and free_at > clock.now() + OWN_PACE else None


def is_held_for_hours(message: Message) -> bool:
    """Whether nobody chose the time of a waiting text but the hours at which the candidate may be texted."""
    return message.kind is Kind.MANUAL and not message.scheduled_by_person and message.retry_of_id is None


@bp.app_template_filter("state_name")
def state_name(state: MessageState) -> str:
    """A state for a list of them: "Scheduled", "Not delivered"."""
    words = STATES[state].words
    return "Scheduled" if state is MessageState.SCHEDULED else words or "Received"


@bp.app_template_filter("without_code")
def without_code(detail: str) -> str:
    """A step in the life of a text, without the code that older ones begin with."""
    return _CODE.sub("", detail)


@bp.app_template_filter("may_retry")
def may_retry(message: Message) -> bool:
    return outbound.can_try_again(message) and not _refused(message)


@bp.app_template_filter("advice")
def advice(message: Message) -> str:
    """Whether another try can help, and what keeps it from going now."""
    refused = _refused(message) if outbound.can_try_again(message) else ""
    if refused and message.state is MessageState.BLOCKED:
        return ""  # that is its own error
    return refused or outbound.advice(message)


def _refused(message: Message) -> str:
    """Asked once a request for all texts of one person to one number."""
    known: dict[tuple[int, str | None, int | None], str] = g.setdefault("refused_again", {})
    key = message.conversation_id, message.peer, message.author_id
    if key not in known:
        known[key] = outbound.refusal(message.conversation, message.peer, message.author)
    return known[key]


bp.add_app_template_filter(outbound.retry_of, "tried_again")
bp.add_app_template_filter(outbound.can_send_now, "can_send_now")


@bp.app_template_filter("who")
def who(conversation: Conversation) -> str:
    """The name a conversation goes by."""
    return conversation.candidate.display_name if conversation.candidate is not None else phone(conversation.peer)


@bp.app_template_filter("linked")
def linked(body: str) -> Markup:
    """Words of a text with its web addresses as links that tell nobody where they were clicked."""
    parts: list[Markup] = []
    at = 0
    for match in URL.finditer(body):
        parts.append(escape(body[at : match.start()]))
        parts.append(
            Markup('<a href="{0}" target="_blank" rel="noopener noreferrer nofollow">{0}</a>').format(match.group())
        )
        at = match.end()
    parts.append(escape(body[at:]))
    return Markup("").join(parts)


@bp.app_template_filter("local_input")
def local_input(moment: datetime | None, zone: str = "") -> str:
    """The value of a ``datetime-local`` field, in *zone* or else the reader's."""
    if moment is None:
        return ""
    return f"{moment.astimezone(ZoneInfo(zone) if zone else reader_zone()):%Y-%m-%dT%H:%M}"


@bp.app_template_filter("their_zone")
def their_zone(message: Message) -> str:
    """Whose clock the candidate of a waiting text lives by; "" when that is not known."""
    clock_there = their_time(message.conversation)
    return clock_there.zone if clock_there is not None else ""


@bp.app_template_filter("short_when")
def short_when(moment: datetime) -> str:
    """"Tue 09:00" in the reader's zone."""
    return f"{local(moment):%a %H:%M}"


@bp.app_template_filter("how_opted_out")
def how_opted_out(found: Standing, by: User | None) -> str:
    """How it came to be, to follow "opted out"."""
    if found.how is ConsentHow.RECRUITER:
        return f"(recorded by {by.name})" if by is not None else "(recorded by a recruiter)"
    return {
        ConsentHow.KEYWORD: "by text",
        ConsentHow.CARRIER: "with their carrier",
    }.get(found.how, "")


CONSENT_KINDS = {
    ConsentKind.EXPRESS: "Texts about their application",
    ConsentKind.EXPRESS_WRITTEN: "The same, in writing",
    ConsentKind.INQUIRY: "An answer to a question of theirs",
}
CONSENT_SOURCES = {
    ConsentSource.APPLICATION: "On the application form",
    ConsentSource.VERBAL: "Spoken, on the phone or in person",
    ConsentSource.EMAIL: "By e-mail",
    ConsentSource.OTHER: "Another way",
}


@bp.app_template_global("consent_choices")
def consent_choices() -> tuple[dict[str, str], dict[str, str]]:
    """What somebody may have agreed to, and where, as the form offers it."""
    return (
        {kind.value: words for kind, words in CONSENT_KINDS.items()},
        {source.value: words for source, words in CONSENT_SOURCES.items()},
    )


@bp.app_template_global("suggestion_words")
def suggestion_words(conversation: Conversation) -> tuple[str, str]:
    """What the sentence that sounded like stop seems to mean, and what to do about it."""
    said = db.session.get(Message, conversation.opt_out_suggested_by_id or 0)
    if said is not None and keywords.says_wrong_number(said.body):
        return "Is this the wrong number?", "Opt it out, and ask the candidate for theirs another way."
    return "Did they ask you to stop?", "Their text sounds like it."


@bp.app_template_filter("viewers_key")
def viewers_key(present: Iterable[Viewer]) -> str:
    return presence.key(list(present))


@bp.app_template_filter("rows_digest")
def rows_digest(rows: Listing) -> str:
    return listing.digest(rows)


@bp.app_template_global("tied_posting")
def tied_posting(conversation: Conversation, profile: Profile) -> str:
    """Posting and stage (hired and archived ones are in none) of the opportunity the conversation is tied to, else of
    the liveliest."""
    tied = next((c for c in profile.candidacies if c.opportunity.id == conversation.opportunity_id), None)
    of = tied or profile.candidacies[0]
    stage = "Hired" if of.is_hired else "Archived in Lever" if of.opportunity.is_archived else of.stage
    return " · ".join(part for part in (of.posting, stage) if part)


bp.add_app_template_global(is_opted_out)
bp.add_app_template_global(is_shut)


@bp.app_template_global("numbers_to_choose")
def numbers_to_choose(conversation: Conversation) -> list[CandidatePhone]:
    """The candidate's further numbers that may be texted.

    Nobody who opted out is followed to another number, unless Lever no longer lists the one that did.
    """
    peer = conversation.peer
    if is_opted_out(conversation, peer) and not numbers.is_unlisted(conversation, peer):
        return []
    return [phone for phone in numbers.others(conversation) if not is_opted_out(conversation, phone.e164 or "")]


@bp.app_template_filter("picture_size")
def picture_size(medium: Media) -> tuple[int, int] | None:
    """Width and height, in CSS pixels, that a stored picture stands in; None for a file that is only downloaded."""
    if medium.content_type not in uploads.SHOWN:
        return None
    return previews.shown_size(medium.width, medium.height)


@bp.app_template_global("message_items")
def message_items(
    items: Sequence[Item], conversation: Conversation, noted: Mapping[int, NoteLine], highlight: int | None
) -> Markup:
    """Messages as they stand in the thread. One that is settled is rendered once, for it stays as it is."""
    macro = current_app.jinja_env.get_template("inbox/_message.html").module.message_item  # type: ignore[attr-defined]
    for_whom = (reader_zone().key, reader_region(), local(clock.now()).date())
    may_send = not is_shut(conversation)

    def render(item: Item) -> Markup:
        message = item.message
        note, is_highlighted = noted.get(message.id), message.id == highlight
        if message.whole is not None:
            return macro(item, conversation.peer, note, is_highlighted, may_send)  # type: ignore[no-any-return]
        marks = (item.who, item.name, item.starts_day, item.starts_group, item.is_first_unread, is_highlighted)
        shown = (message.id, message.state, message.occurred_at, message.body, conversation.peer, note)
        return _settled.get((shown, marks, for_whom), lambda: macro(item, conversation.peer, note, is_highlighted))

    return joined(render(item) for item in items)


@bp.app_template_global("assignee_options")
def assignee_options(colleagues: tuple[Colleague, ...], assignee_id: int | None) -> Markup:
    """The choices of who is responsible."""

    def render() -> Markup:
        option = Markup('<option value="{}"{}>{}</option>')
        people = [(person.id, "Me" if person.id == me().id else person.name) for person in colleagues]
        chosen = Markup(" selected")
        return Markup("").join(
            option.format(value, chosen if value == (assignee_id or "") else "", name)
            for value, name in [("", "Unassigned"), *people]
        )

    return _choices.get((colleagues, assignee_id, me().id), render)


@bp.app_template_global("avatar_small")
def avatar_small(name: str) -> Markup:
    return Markup('<span class="avatar small" aria-hidden="true">{}</span>').format(initials(name))


@bp.app_template_global("is_lever_connected")
def is_lever_connected() -> bool:
    return lever_integration().api_key is not None


@bp.app_template_global("is_texting_connected")
def is_texting_connected() -> bool:
    return bool(texting_account().account_sid)
