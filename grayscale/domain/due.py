"""How long the oldest piece of due work has been waiting: the first sign that something is stuck."""

from datetime import datetime

from sqlalchemy import func, select

from grayscale import clock
from grayscale.extensions import db
from grayscale.models import (
    OPEN_TRANSCRIPTS,
    WAITING,
    Conversation,
    Delivery,
    Message,
    MessageState,
    TextingAccount,
    Transcript,
)

TO_SEND = (MessageState.SCHEDULED, MessageState.QUEUED)


def ages() -> dict[str, float]:
    """Seconds by kind of work; 0 when none is due. Work that waits for its time or for a person is not due."""
    now = clock.now()
    oldest: dict[str, list[datetime | None]] = {
        "webhooks": [
            db.session.scalar(select(func.min(Delivery.next_attempt_at)).where(Delivery.state.in_(WAITING)))
        ],
        "texts": [_oldest_text(now)],
        "transcripts": [
            db.session.scalar(select(func.min(Conversation.transcript_due_at))),
            db.session.scalar(
                select(func.min(Transcript.next_attempt_at)).where(Transcript.state.in_(OPEN_TRANSCRIPTS))
            ),
        ],
    }
    return {
        kind: max([0.0, *((now - moment).total_seconds() for moment in moments if moment is not None)])
        for kind, moments in oldest.items()
    }


def _oldest_text(now: datetime) -> datetime | None:
    """None while nothing may be sent at all: the texts wait for a person then, not for us."""
    # Not the whole row: its secret is none of a monitor's business, and may be the very thing that cannot be read.
    held = select(TextingAccount.stopped_reason, TextingAccount.paused_until).where(TextingAccount.id == 1)
    account = db.session.execute(held).one_or_none()
    if account is None or account.stopped_reason or (account.paused_until and account.paused_until > now):
        return None
    return db.session.scalar(select(func.min(Message.send_at)).where(Message.state.in_(TO_SEND)))
