"""When a transcript is due."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from grayscale.database import transaction
from grayscale.domain import housekeeping
from grayscale.domain.transcripts import due
from grayscale.extensions import db
from grayscale.models import Conversation, Direction, MessageState
from tests import factories
from tests.conftest import make_config

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)

pytestmark = pytest.mark.usefixtures("app")


def said(conversation: Conversation, at: datetime, **values: object) -> datetime | None:
    """A message of the conversation, and what it does to its quiet time."""
    factories.message(conversation, occurred_at=at, **values)
    with transaction() as session:
        row = session.get_one(Conversation, conversation.id)
        due.restart(row, at)
    return row.transcript_due_at


def test_due_one_quiet_time_after_the_last_message() -> None:
    conversation = factories.conversation()
    assert said(conversation, NOON) == NOON + HOUR
    assert said(conversation, NOON + 59 * MINUTE) == NOON + 59 * MINUTE + HOUR


def test_a_sent_text_counts_from_its_hand_over() -> None:
    conversation = factories.conversation()
    sent = said(
        conversation,
        NOON,
        direction=Direction.OUTBOUND,
        state=MessageState.SENT,
        created_at=NOON - 3 * HOUR,
        handed_over_at=NOON,
    )
    assert sent == NOON + HOUR


def test_a_text_recovered_late_does_not_bring_the_note_forward() -> None:
    conversation = factories.conversation()
    said(conversation, NOON)
    assert said(conversation, NOON - 2 * HOUR) == NOON + HOUR


def test_a_conversation_that_never_goes_quiet_is_noted_within_a_day() -> None:
    conversation = factories.conversation()
    moment = NOON
    while (planned := said(conversation, moment)) and moment < NOON + timedelta(hours=23, minutes=30):
        assert planned == min(moment + HOUR, NOON + timedelta(days=1))
        moment += 45 * MINUTE
    assert planned == NOON + timedelta(days=1)


def test_old_messages_that_could_not_be_noted_do_not_hurry_a_new_one() -> None:
    conversation = factories.conversation()
    said(conversation, NOON - timedelta(days=5))
    assert said(conversation, NOON) == NOON + HOUR


def test_the_delay_is_the_operator_s(app: Flask) -> None:
    app.extensions["grayscale.config"] = make_config("sqlite://", transcript_delay_seconds=60)
    assert said(factories.conversation(), NOON) == NOON + MINUTE


def test_restart_belongs_to_the_message_s_transaction() -> None:
    conversation = factories.conversation()
    with pytest.raises(RuntimeError, match="transaction"):
        due.restart(conversation, NOON)


def test_conversations_without_a_due_time_are_found_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due, "FOUND_AT_ONCE", 2)
    monkeypatch.setattr(housekeeping, "BREATH_SECONDS", 0)
    conversations = [factories.conversation() for _ in range(3)]
    for conversation in conversations:
        factories.message(conversation, occurred_at=NOON)
    done = [housekeeping.tidy() for _ in range(3)]
    assert done == [2, 1, 0], "nobody waits for all of them"
    db.session.expire_all()
    assert {row.transcript_due_at for row in db.session.scalars(db.select(Conversation))} == {NOON + HOUR}
