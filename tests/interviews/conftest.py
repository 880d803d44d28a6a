"""A connected Lever, a clock that can be set, a candidate in a pipeline and people to interview them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from time_machine import Traveller, travel

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain.interviews import asking, writing
from grayscale.domain.interviews.terms import Terms, new_reference
from grayscale.domain.lever import connection
from grayscale.extensions import db
from grayscale.models import (
    Candidate,
    ChangeState,
    Conversation,
    Direction,
    Interview,
    InterviewChange,
    KeyState,
    LeverIntegration,
    LeverUser,
    Message,
    Opportunity,
    User,
)
from tests import factories
from tests.interviews.fake_lever import FakeLever

NOON = datetime(2026, 5, 4, 16, 0, tzinfo=UTC)  # a Monday, 11:00 in Chicago
TOMORROW = NOON + timedelta(hours=23)
JONAS, LAURA = "lever-jonas", "lever-laura"


@pytest.fixture
def time() -> Iterator[Traveller]:
    """Monday noon; ``time.shift`` moves it."""
    with travel(NOON, tick=False) as coordinates:
        yield coordinates


@pytest.fixture
def lever(app: Flask, monkeypatch: pytest.MonkeyPatch) -> FakeLever:
    fake = FakeLever()
    monkeypatch.setattr(connection, "client", lambda priority="live": fake)
    with transaction() as session:
        integration = session.get_one(LeverIntegration, 1)
        integration.api_key, integration.key_state = "key-for-tests", KeyState.ACCEPTED
    return fake


@dataclass
class Desk:
    """Jonas, who schedules, and Mira Okafor, who is interviewed."""

    jonas: User
    candidate: Candidate
    opportunity: Opportunity
    conversation: Conversation

    def schedule(self, *, reference: str | None = None, anyway: bool = False, **values: Any) -> InterviewChange:
        return asking.schedule(
            self.opportunity.id, terms(**values), by=self.jonas, reference=reference or new_reference(), anyway=anyway
        )


@pytest.fixture
def desk(app: Flask, time: Traveller, lever: FakeLever) -> Desk:
    for lever_id, name in ((JONAS, "Jonas Rehn"), (LAURA, "Laura Esposito")):
        lever_user(lever_id, name)
    candidate = factories.candidate()
    opportunity = factories.opportunity(candidate, url="https://hire.lever.test/candidates/1")
    conversation = factories.conversation(candidate, opportunity_id=opportunity.id)
    return Desk(factories.user(lever_user_id=JONAS), candidate, opportunity, conversation)


def lever_user(lever_id: str, name: str, **values: Any) -> LeverUser:
    made: LeverUser = factories.add(LeverUser(lever_id=lever_id, name=name, fetched_at=clock.now(), **values))
    return made


def terms(**values: Any) -> Terms:
    defaults: dict[str, Any] = {
        "starts_at": TOMORROW, "duration_minutes": 45, "interviewers": (LAURA,), "subject": "Phone screen",
        "location": "https://meet.test/mira", "note": "Ask about nights.", "time_zone": "America/Chicago",
    }  # fmt: skip
    return Terms(**{**defaults, **values})


def work() -> None:
    """Run the job until it finds nothing more to do, as its tick does."""
    for _ in range(20):
        done = writing.work_due()
        db.session.rollback()
        if not done:
            return
    raise AssertionError("the job never came to an end")


def changes() -> list[InterviewChange]:
    db.session.rollback()
    return list(db.session.scalars(db.select(InterviewChange).order_by(InterviewChange.id)))


def states() -> list[ChangeState]:
    return [change.state for change in changes()]


def mirrored() -> list[Interview]:
    db.session.rollback()
    return list(db.session.scalars(db.select(Interview).order_by(Interview.id)))


def lines() -> list[str]:
    """What the threads tell of it."""
    db.session.rollback()
    told = db.select(Message.body).where(Message.direction == Direction.INTERNAL)
    return list(db.session.scalars(told.order_by(Message.id)))
