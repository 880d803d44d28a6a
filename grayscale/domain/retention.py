"""Texts are kept for as long as the company wants; past their time they go as thoroughly as what Lever deleted.

A text that is still on its way, unsettled, or waiting for its Note to reach Lever stays until that is done.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select, update

from grayscale.database import after_commit, transaction
from grayscale.domain import audit, changes, effects, locks
from grayscale.domain.lever import erasure
from grayscale.models import FINAL, ConsentRecord, Conversation, Delivery, Message, Transcript, TranscriptState

SHORTEST_KEPT_DAYS = 30
# Conversations dealt with in one transaction.
BATCH = 50
SETTLED = (TranscriptState.POSTED, TranscriptState.SKIPPED)


def apply(now: datetime, kept_days: int | None) -> int:
    """Erase a batch of texts older than *kept_days* (None: none are); how many, so that it is called again while
    there are more."""
    if kept_days is None:
        return 0
    over = now - timedelta(days=kept_days)
    with transaction() as session:
        threads = list(
            session.scalars(
                select(Message.conversation_id).where(_is_over(over)).distinct().order_by(Message.conversation_id)
                .limit(BATCH)
            )
        )  # fmt: skip
        if not threads:
            return 0
        locks.hold_conversations(threads)
        texts = list(session.execute(
            select(Message.id, Message.carrier_id).where(Message.conversation_id.in_(threads), _is_over(over))
        ))  # fmt: skip
        ids = [text.id for text in texts]
        _forget_words(ids, [text.carrier_id for text in texts if text.carrier_id])
        _run(delete(Message).where(Message.id.in_(ids)))
        empty = Conversation.id.in_(threads) & ~exists().where(Message.conversation_id == Conversation.id)
        gone = list(session.scalars(select(Conversation.id).where(empty, Conversation.last_activity_at < over)))
        _run(delete(Transcript).where(Transcript.conversation_id.in_(gone)))
        _run(delete(Conversation).where(Conversation.id.in_(gone)))
        session.expire_all()
        changes.touch([thread for thread in threads if thread not in gone])
        audit.record(
            erasure.RETENTION_APPLIED, by=None,
            detail={"older_than_days": kept_days, "texts": len(ids), "conversations": len(gone)},
        )  # fmt: skip
        after_commit(erasure.checkpoint)
    return len(ids)


def _is_over(over: datetime) -> ColumnElement[bool]:
    settled = exists().where(Transcript.id == Message.transcript_id, Transcript.state.in_(SETTLED))
    waits = exists().where(
        Conversation.id == Message.conversation_id,
        Conversation.transcript_due_at.is_not(None),
        # With nobody in Lever to be noted at, it would wait for ever.
        Conversation.opportunity_id.is_not(None),
    )
    return and_(
        Message.occurred_at < over,
        Message.state.in_(FINAL),
        or_(settled, and_(Message.transcript_id.is_(None), or_(Message.not_noted_reason.is_not(None), ~waits))),
    )


def _forget_words(ids: list[int], carrier_ids: list[str]) -> None:
    """What they said, where it is kept a second time."""
    _run(
        update(Delivery)
        .where(Delivery.external_id.in_(carrier_ids))
        .values(effects.forgotten("No longer kept"))
    )
    _run(update(ConsentRecord).where(ConsentRecord.message_id.in_(ids)).values(words=""))


def _run(statement: Any) -> None:
    with transaction() as session:
        session.execute(statement.execution_options(synchronize_session=False))
