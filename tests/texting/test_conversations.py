"""Beginning to text a candidate: one conversation each, from the number they know."""

from datetime import timedelta

import pytest

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain import conversations
from grayscale.domain.errors import Conflict, Invalid, NotFound
from grayscale.domain.texting import account
from grayscale.domain.texting.account import NotConnected
from grayscale.extensions import db
from grayscale.models import CandidatePhone, Conversation, SendingNumber, User
from tests import factories
from tests.texting.conftest import fresh


def test_starting_twice_is_one_conversation(connected: SendingNumber, jonas: User, mei: User) -> None:
    mira = factories.candidate()
    first = conversations.start(mira.id, jonas)
    assert (first.peer, first.assignee_id) == ("+12185550142", jonas.id)
    assert conversations.start(mira.id, mei).id == first.id


def test_a_candidate_keeps_hearing_from_the_number_that_first_texted_them(
    connected: SendingNumber, jonas: User, mei: User
) -> None:
    mira, tom = factories.candidate(), factories.candidate(name="Tom Lind", phone="+12185550143")
    first = conversations.start(mira.id, jonas)
    own = factories.sending_number(e164="+12185550101", user_id=mei.id)
    assert conversations.start(mira.id, mei).id == first.id
    assert conversations.start(tom.id, mei).sending_number_id == own.id


def test_a_recruiters_own_number_is_nobody_elses(connected: SendingNumber, jonas: User, mei: User, ana: User) -> None:
    factories.sending_number(e164="+12185550101", user_id=mei.id)
    account.set_active(connected.id, False, ana)
    with pytest.raises(NotConnected):
        conversations.start(factories.candidate().id, jonas)


def test_transcripts_go_to_the_chosen_else_the_most_recently_advanced_active_opportunity(
    connected: SendingNumber, jonas: User
) -> None:
    mira = factories.candidate()
    older = factories.opportunity(mira, advanced_at=clock.now() - timedelta(days=9))
    newer = factories.opportunity(mira, advanced_at=clock.now() - timedelta(days=1))
    factories.opportunity(mira, advanced_at=clock.now(), archived_at=clock.now())
    factories.opportunity(mira, advanced_at=clock.now(), confidential=True)
    conversation = conversations.start(mira.id, jonas)
    assert (conversation.opportunity_id, conversation.opportunity_chosen) == (newer.id, False)
    again = conversations.start(mira.id, jonas, opportunity_id=older.id)
    assert (again.id, again.opportunity_id, again.opportunity_chosen) == (conversation.id, older.id, True)


def test_starting_for_another_opportunity_does_not_carry_confidential_texts_there(
    connected: SendingNumber, jonas: User, ana: User
) -> None:
    mira = factories.candidate()
    secret = factories.opportunity(mira, confidential=True)
    opened = factories.opportunity(mira)
    conversation = conversations.start(mira.id, ana, opportunity_id=secret.id)
    factories.message(conversation, body="About the board")
    with pytest.raises(Conflict, match="confidential"):
        conversations.start(mira.id, ana, opportunity_id=opened.id)
    assert fresh(conversation).opportunity_id == secret.id
    with pytest.raises(NotFound):
        conversations.start(mira.id, jonas)


def test_only_archived_opportunities_still_take_notes(connected: SendingNumber, jonas: User) -> None:
    mira = factories.candidate()
    archived = factories.opportunity(mira, archived_at=clock.now())
    assert conversations.start(mira.id, jonas).opportunity_id == archived.id


def test_what_comes_to_a_persons_own_number_is_theirs_unless_they_may_not_see_it(
    connected: SendingNumber, mei: User
) -> None:
    own = factories.sending_number(e164="+12185550101", user_id=mei.id)
    with transaction():
        assert conversations.for_inbound("+12185550190", own).assignee_id == mei.id
    factories.opportunity(confidential=True)
    with transaction():
        assert conversations.for_inbound("+12185550142", own).assignee_id is None


def test_another_of_their_numbers_can_be_chosen(connected: SendingNumber, jonas: User) -> None:
    mira = factories.candidate()
    second = factories.add(
        CandidatePhone(candidate_id=mira.id, position=1, raw="218 555 0177", type="home", e164="+12185550177")
    )
    conversation = conversations.start(mira.id, jonas)
    assert conversations.start(mira.id, jonas, phone_id=second.id).peer == "+12185550177"
    assert db.session.scalar(db.select(db.func.count()).select_from(Conversation)) == 1
    with pytest.raises(NotFound):
        conversations.start(factories.candidate(phone=None).id, jonas, phone_id=second.id)
    assert conversation.id


def test_a_candidate_without_a_textable_number_says_why(connected: SendingNumber, jonas: User) -> None:
    with pytest.raises(Invalid, match="no phone number in Lever"):
        conversations.start(factories.candidate(phone=None).id, jonas)
    tom = factories.candidate(name="Tom Lind", phone=None)
    factories.add(
        CandidatePhone(candidate_id=tom.id, position=0, raw="1-800-GROW", not_textable="This is a toll-free number.")
    )
    with pytest.raises(Invalid, match=r"1-800-GROW: This is a toll-free number\."):
        conversations.start(tom.id, jonas)


def test_a_confidential_candidate_does_not_exist_for_others(connected: SendingNumber, jonas: User, ana: User) -> None:
    hidden = factories.opportunity(confidential=True)
    with pytest.raises(NotFound):
        conversations.start(hidden.candidate_id, jonas)
    assert conversations.start(hidden.candidate_id, ana).opportunity_id == hidden.id
    with pytest.raises(NotFound, match="no such candidate"):
        conversations.start(hidden.candidate_id, jonas)
    factories.opportunity(hidden.candidate)
    with pytest.raises(NotFound, match="in a conversation that is not visible to you"):
        conversations.start(hidden.candidate_id, jonas)
