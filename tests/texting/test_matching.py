"""Saying whose an unknown number is, and taking it back."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from werkzeug.test import TestResponse

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain import matching
from grayscale.domain.errors import Conflict
from grayscale.domain.texting import outbound
from grayscale.domain.transcripts import cutting
from grayscale.extensions import db
from grayscale.models import AuditEvent, Conversation, Message, MessageState, Transcript, TranscriptState, User
from tests import factories
from tests.texting.carrier import PEER, Carrier
from tests.texting.conftest import fresh
from tests.texting.test_receiving import lines_of, received

Submit = Callable[..., Message]
TextIn = Callable[..., TestResponse]


def test_a_wrong_match_is_taken_back_before_lever_hears_of_it(
    conversation: Conversation, text_in: TextIn, jonas: User, time: time_machine.Traveller
) -> None:
    assert conversation.candidate is not None
    tied = factories.opportunity(conversation.candidate)
    with transaction():
        fresh(conversation).opportunity_id = tied.id
    text_in("Mine", from_=PEER)
    text_in("Who is this?", from_="+12185550199")
    unknown = received()[1].conversation
    time.shift(timedelta(hours=3))
    matching.match(unknown.id, conversation.candidate_id or 0, jonas)
    cutting.cut_due()
    assert db.session.scalar(db.select(Transcript)) is None, "a person has the usual time to see a mistake"
    done = matching.unmatch(conversation.id, jonas)
    assert (done.conversation.candidate_id, done.conversation.peer, done.noted) == (None, "+12185550199", 0)
    assert {message.body: message.conversation_id for message in received()} == {
        "Mine": conversation.id, "Who is this?": done.conversation.id,
    }  # fmt: skip
    assert (fresh(conversation).peer, fresh(conversation).peer_vouched) == (PEER, False)
    assert "conversation.unmatched" in db.session.scalars(db.select(AuditEvent.action)).all()
    with pytest.raises(Conflict, match="nothing to take back"):
        matching.unmatch(conversation.id, jonas)


def test_a_number_given_to_nobody_again_keeps_its_thread_and_sends_nothing(
    conversation: Conversation, text_in: TextIn, jonas: User, submit: Submit, carrier: Carrier,
    time: time_machine.Traveller,
) -> None:  # fmt: skip
    text_in("Who is this?", from_="+12185550199")
    tom = factories.candidate(name="Tom Lind", phone=None)
    factories.opportunity(tom)
    matched = matching.match(received()[0].conversation_id, tom.id, jonas)
    waiting = submit(matched, send_at=clock.now() + timedelta(hours=2))
    time.shift(timedelta(hours=1, minutes=1))
    cutting.cut_due()
    noted = db.session.scalars(db.select(Transcript)).one()
    noted.state = TranscriptState.POSTED
    db.session.commit()
    done = matching.unmatch(matched.id, jonas)
    assert (done.conversation.id, done.conversation.candidate_id, done.noted) == (matched.id, None, 1)
    assert not [line for line in lines_of(matched) if "Tom Lind" in line], "it outlives him"
    time.shift(timedelta(hours=2))
    outbound.send_due()
    assert carrier.posts == []
    assert db.session.get_one(Message, waiting.id, populate_existing=True).state is MessageState.CANCELED
