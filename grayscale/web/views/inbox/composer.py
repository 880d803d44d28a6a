"""What stands below the thread: the composer, or why there is none."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from grayscale import clock
from grayscale.domain import drafts
from grayscale.domain.texting import consent, gate, numbers, segments, uploads, wording
from grayscale.extensions import db
from grayscale.models import Conversation, Message, User
from grayscale.web.views.inbox.thread import is_opted_out, new_submission_key


@dataclass(frozen=True, slots=True)
class TheirTime:
    """The candidate's wall clock, and the zone it is in."""

    now: datetime
    zone: str


def composer_context(
    conversation: Conversation,
    user: User,
    *,
    body: str | None = None,
    error: str = "",
    blocked: bool = False,
    lacking: str = "",
    submission_key: str | None = None,
    send_at: str = "",
    whose_clock: str = "",
    seen_up_to: int = 0,
    meanwhile: Message | None = None,
    unfilled: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Everything `inbox/_composer.html` needs. *body* is what was typed, None for the draft or a suggestion."""
    shut = gate_context(conversation, user)
    is_suggestion = False
    if body is None:
        body = drafts.of(conversation.id, user)
        if not body and shut["opted_out"] is None and not shut["forbidden"]:
            body = wording.first_text_suggestion(conversation, user) or ""
            is_suggestion = bool(body)
    return {
        **shut,
        "body": body,
        "is_suggestion": is_suggestion,
        "error": error,
        "blocked": blocked,
        "lacking": lacking,
        "unfilled": unfilled,
        "submission_key": submission_key or new_submission_key(),
        "send_at": send_at,
        "whose_clock": whose_clock,
        "seen_up_to": seen_up_to,
        "meanwhile": meanwhile,
        "their_time": their_time(conversation),
        "templates": wording.templates_for(conversation, user),
        "max_body": segments.LONGEST,
        "sendable": ",".join(sorted(uploads.SENDABLE)),
        "most_bytes": uploads.MOST_BYTES,
        "most_files": uploads.MOST_FILES,
    }


def gate_context(conversation: Conversation, user: User) -> dict[str, Any]:
    """Everything `inbox/_gate.html` needs: what stands between this person and a text."""
    opted_out = consent.state_of(conversation.peer) if is_opted_out(conversation, conversation.peer) else None
    verdict = gate.check(conversation, at=clock.now(), by=user)
    return {
        "conversation": conversation,
        "opted_out": opted_out,
        "forbidden": verdict.code is gate.Code.CONTACT_FORBIDDEN,
        "opted_out_by": db.session.get(User, opted_out.by_id) if opted_out is not None and opted_out.by_id else None,
        "unlisted": numbers.is_unlisted(conversation, conversation.peer),
        "verdict": verdict,
    }


def their_time(conversation: Conversation) -> TheirTime | None:
    """What time it is where the candidate is; None when their zones disagree."""
    now = clock.now()
    times = [now.astimezone(ZoneInfo(zone)) for zone in gate.zones_of(conversation)]
    if len({time.replace(tzinfo=None) for time in times}) != 1:
        return None
    return TheirTime(times[0], str(times[0].tzinfo))
