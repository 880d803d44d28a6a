"""A candidate in Chicago with an interview in Lever, and a carrier."""

from collections.abc import Callable
from datetime import datetime

import pytest
import time_machine

from grayscale import clock
from grayscale.clients.lever import types
from grayscale.database import transaction
from grayscale.domain.lever.mirror_interviews import apply_interviews
from grayscale.extensions import db
from grayscale.models import Conversation, Message, MessageState, Opportunity, Via
from tests import factories
from tests.texting.conftest import carrier, connected, policy, text_in, time  # noqa: F401

Lever = Callable[..., None]


@pytest.fixture
def opportunity(conversation: Conversation) -> Opportunity:
    candidate = conversation.candidate
    assert candidate is not None
    found = factories.opportunity(candidate)
    with transaction() as session:
        session.get_one(Conversation, conversation.id).opportunity_id = found.id
    return found


@pytest.fixture
def conversation(connected: object) -> Conversation:  # noqa: F811
    """With Mira in Chicago; nothing was said yet."""
    return factories.conversation(factories.candidate(location="Chicago, IL"))


@pytest.fixture
def lever(opportunity: Opportunity, time: time_machine.Traveller) -> Lever:  # noqa: F811
    """Lever says how an interview stands: made, moved or cancelled."""

    def say(starts_at: datetime | None, *, id: str = "interview-1", canceled_at: datetime | None = None) -> None:
        # Of two answers of Lever the later one counts.
        time.shift(1)
        one = types.Interview(id=id, date=starts_at, duration=45, subject="Phone screen", canceled_at=canceled_at)
        apply_interviews(opportunity.lever_id, [one], clock.now(), Via.WEBHOOK)

    return say


def planned(state: MessageState = MessageState.SCHEDULED) -> list[Message]:
    """The texts in *state*, in the order they go."""
    db.session.rollback()
    db.session.expire_all()
    rows = db.select(Message).where(Message.state == state, Message.direction == "outbound").order_by(Message.send_at)
    return list(db.session.scalars(rows))
