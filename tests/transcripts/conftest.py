"""A connected Lever, a clock that can be set, and a conversation to note."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from time_machine import Traveller, travel

from grayscale.database import transaction
from grayscale.domain.lever import connection
from grayscale.domain.transcripts import due, posting
from grayscale.extensions import db
from grayscale.models import (
    HANDED_OVER,
    Candidate,
    Conversation,
    Direction,
    KeyState,
    LeverIntegration,
    Message,
    MessageState,
    Opportunity,
    Transcript,
    TranscriptState,
    User,
)
from tests import factories
from tests.transcripts.fake_lever import FakeLever

NOON = datetime(2026, 5, 4, 16, 0, tzinfo=UTC)  # noon in New York
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def lever(app: Flask, monkeypatch: pytest.MonkeyPatch) -> FakeLever:
    """A connected Lever that keeps the notes it is given."""
    fake = FakeLever()
    monkeypatch.setattr(connection, "client", lambda priority="live": fake)
    connect()
    return fake


def connect(**values: Any) -> None:
    with transaction() as session:
        integration = session.get_one(LeverIntegration, 1)
        integration.api_key = "key-for-tests"
        integration.key_state = KeyState.ACCEPTED
        for name, value in values.items():
            setattr(integration, name, value)


@pytest.fixture
def time() -> Iterator[Traveller]:
    """Noon; ``time.shift`` moves it."""
    with travel(NOON, tick=False) as coordinates:
        yield coordinates


@dataclass
class Chat:
    """A conversation with Mira Okafor about one opportunity."""

    conversation: Conversation
    candidate: Candidate
    opportunity: Opportunity
    recruiter: User

    def received(self, body: str = "Yes!", **values: Any) -> Message:
        return self._say(body=body, **values)

    def sent(self, body: str = "Are you free?", **values: Any) -> Message:
        defaults = {
            "direction": Direction.OUTBOUND,
            "state": MessageState.DELIVERED,
            "author_id": self.recruiter.id,
        }
        return self._say(body=body, **{**defaults, **values})

    def _say(self, **values: Any) -> Message:
        at = values.pop("at", None) or datetime.now(UTC)
        if values.get("state") in HANDED_OVER:
            values["handed_over_at"] = at
        message = factories.message(self.conversation, occurred_at=at, **values)
        with transaction() as session:
            due.restart(session.get_one(Conversation, self.conversation.id), at)
        return message

    @property
    def due_at(self) -> datetime | None:
        return db.session.get_one(Conversation, self.conversation.id, populate_existing=True).transcript_due_at


@pytest.fixture
def chat(app: Flask, time: Traveller, jonas: User) -> Chat:
    return make_chat(jonas)


def make_chat(recruiter: User, **values: Any) -> Chat:
    candidate = factories.candidate()
    opportunity = factories.opportunity(candidate, url="https://hire.lever.test/candidates/1", **values)
    conversation = factories.conversation(candidate, opportunity_id=opportunity.id)
    return Chat(conversation, candidate, opportunity, recruiter)


def work() -> None:
    """Run the job until it finds nothing more to do, as its tick does."""
    for _ in range(20):
        done = posting.post_due()
        db.session.rollback()
        if not done:
            return
    raise AssertionError("the job never came to an end")


def transcripts() -> list[Transcript]:
    db.session.rollback()
    return list(db.session.scalars(db.select(Transcript).order_by(Transcript.id)))


def states() -> list[TranscriptState]:
    return [transcript.state for transcript in transcripts()]
