"""What was erased stays erased, whatever the carrier still lists."""

from collections.abc import Callable
from datetime import timedelta

import time_machine
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain.lever import erasure
from grayscale.domain.texting import consent, reconcile
from grayscale.extensions import db
from grayscale.models import (
    Candidate,
    CandidatePhone,
    Consent,
    ConsentHow,
    ConsentRecord,
    Conversation,
    Delivery,
    Message,
)
from tests import factories
from tests.texting.carrier import Carrier


def test_the_carriers_list_does_not_bring_an_erased_text_back(
    conversation: Conversation, carrier: Carrier, time: time_machine.Traveller,
    text_in: Callable[..., TestResponse],
) -> None:  # fmt: skip
    at = clock.now() - timedelta(minutes=20)
    text_in("By webhook", sid=carrier.receive("By webhook", at=at)["sid"])
    carrier.receive("From the list alone", at=at)
    reconcile.catch_up()
    assert db.session.scalar(select(func.count()).select_from(Message)) == 2
    erasure.erase_candidate(conversation.candidate_id or 0, "deleted in Lever")
    time.shift(timedelta(minutes=5))
    assert reconcile.catch_up() == 0
    assert db.session.scalar(select(func.count()).select_from(Message)) == 0
    assert db.session.scalar(select(func.count()).select_from(Conversation)) == 0


def test_a_number_they_had_before_is_forgotten_too(
    conversation: Conversation, carrier: Carrier, text_in: Callable[..., TestResponse]
) -> None:
    old, new = "+12185550142", "+12185550177"
    text_in("My new number is 218 555 0177")
    consent.opt_out(old, ConsentHow.KEYWORD, reason="stop")
    with transaction() as session:
        session.execute(db.delete(CandidatePhone))
        session.get_one(Conversation, conversation.id).peer = new
    factories.add(CandidatePhone(candidate_id=conversation.candidate_id, position=0, raw=new, type="mobile", e164=new))
    erasure.erase_candidate(conversation.candidate_id or 0, "deleted in Lever")
    assert db.session.scalar(select(Candidate.id)) is None
    assert db.session.scalars(select(Delivery.payload)).all() == [None]
    assert db.session.scalars(select(Consent.e164)).all() == [None]
    assert consent.is_opted_out(old)


def test_words_from_a_shared_number_go_and_the_number_stays(
    conversation: Conversation, carrier: Carrier, text_in: Callable[..., TestResponse]
) -> None:
    text_in("STOP")
    sibling = factories.candidate(name="Ada Okafor")
    erasure.erase_candidate(conversation.candidate_id or 0, "deleted in Lever")
    assert db.session.scalars(select(Delivery.payload)).all() == [None]
    assert set(db.session.scalars(select(ConsentRecord.words))) == {""}
    assert db.session.scalars(select(Consent.e164)).all() == [sibling.phones[0].e164]
