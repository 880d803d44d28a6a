"""Two candidates, an interviewer, and times offered to them, at noon on a Wednesday in Chicago."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain.slots import offers
from grayscale.extensions import db
from grayscale.models import Conversation, LeverIntegration, LeverUser, Message, SlotOffer, User
from tests import factories
from tests.texting.carrier import utc
from tests.texting.conftest import carrier, connected, policy, text_in, time  # noqa: F401

THURSDAY_NINE = utc(2026, 6, 11, 14)
TIMES = tuple(THURSDAY_NINE + timedelta(hours=ahead) for ahead in (0, 1, 3))
Offer = Callable[..., tuple[SlotOffer, str]]


@pytest.fixture
def greta(app: object) -> LeverUser:
    """Who interviews."""
    return factories.add(
        LeverUser(lever_id="lever-greta", name="Greta Lind", email="greta@harbor.example", fetched_at=clock.now())
    )


@pytest.fixture
def recruiter(time: time_machine.Traveller, greta: LeverUser, jonas: User) -> User:  # noqa: F811
    """Jonas, who is somebody in Lever."""
    factories.add(LeverUser(lever_id="lever-jonas", name="Jonas Rehn", email=jonas.email, fetched_at=clock.now()))
    with transaction() as session:
        session.get_one(User, jonas.id).lever_user_id = "lever-jonas"
        session.get_one(LeverIntegration, 1).api_key = "the-key-of-the-tests"
    return db.session.get_one(User, jonas.id)


@pytest.fixture
def conversation(connected: object, recruiter: User) -> Conversation:  # noqa: F811
    """With Mira in Chicago."""
    return with_candidate("Mira Okafor", "+12185550142")


def with_candidate(name: str, phone: str) -> Conversation:
    candidate = factories.candidate(name=name, phone=phone, location="Chicago, IL")
    opportunity = factories.opportunity(candidate)
    return factories.conversation(candidate, opportunity_id=opportunity.id)


@pytest.fixture
def offer(recruiter: User, greta: LeverUser) -> Offer:
    """Offers times in a conversation; the offer and the token of its link."""

    def make(of: Conversation, *times: datetime, **values: object) -> tuple[SlotOffer, str]:
        draft = {"subject": "Phone screen", "duration_minutes": 45, "interviewers": (greta.lever_id,), **values}
        made = offers.offer(
            of.id, of.opportunity_id, offers.Draft(times=times or TIMES, **draft), "Choose: {{ link }} STOP to opt out",
            recruiter,
        )
        text = db.session.scalar(
            db.select(Message.body).where(Message.conversation_id == of.id, Message.author_id == recruiter.id)
        )
        found = re.search(r"https://texting\.test/times/(\S+)", text)
        assert found is not None
        return made, found.group(1)

    return make
