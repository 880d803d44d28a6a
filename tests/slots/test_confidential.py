"""Times for an interview of a confidential opportunity are spoken of only in the thread tied to it."""

import pytest
from flask import Flask

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain import visibility
from grayscale.domain.errors import Conflict, Invalid
from grayscale.domain.interviews.terms import Terms
from grayscale.domain.slots import choosing, in_lever, offers, telling
from grayscale.domain.slots.choosing import Stage
from grayscale.domain.texting import automated
from grayscale.extensions import db
from grayscale.models import Conversation, InterviewChange, Message, MessageState, Opportunity, SlotOffer, User
from tests import factories
from tests.page import Browser
from tests.slots.conftest import TIMES, Offer
from tests.slots.test_pages import values_of

DRAFT = offers.Draft("Meet the board", 45, ("lever-greta",), location="Tower room", times=TIMES)


@pytest.fixture
def secret(conversation: Conversation) -> Opportunity:
    """Another opportunity of Mira's, which Jonas owns and hardly anybody else sees."""
    return factories.opportunity(conversation.candidate, confidential=True, owner_lever_id="lever-jonas")


def bodies(conversation: Conversation) -> str:
    return "\n".join(db.session.scalars(db.select(Message.body).where(Message.conversation_id == conversation.id)))


def test_they_are_offered_only_once_the_conversation_is_moved_to_it(
    conversation: Conversation, secret: Opportunity, recruiter: User, app: Flask
) -> None:
    browser, path = Browser(app, recruiter), f"/inbox/{conversation.id}/times"
    page = browser.get(path)
    assert not page.select(f'.offer-form option[value="{secret.id}"], .offer-form input[value="{secret.id}"]')
    form = values_of(page) | {"who": ["lever-greta"], "slot": TIMES[0].isoformat(), "act": "send"}
    refused = browser.post(path, form | {"opportunity": secret.id})
    assert refused.status == 422
    assert visibility.MOVE_FIRST in refused.words
    with pytest.raises(Invalid):
        offers.offer(conversation.id, secret.id, DRAFT, "Choose", recruiter)
    assert bodies(conversation) == ""

    move = next(one for one in page.select("form") if "Move the conversation" in one.get_text())
    assert browser.post(move["action"], {"opportunity": move.select_one("[name=opportunity]")["value"]}).status == 303
    assert offers.offer(conversation.id, secret.id, DRAFT, "Choose STOP to opt out", recruiter).subject in bodies(
        conversation
    )


@pytest.fixture
def turned(conversation: Conversation, offer: Offer) -> tuple[SlotOffer, str]:
    """Times offered for an opportunity that became confidential then, in a thread since tied to another one."""
    other = factories.opportunity(conversation.candidate)
    made, token = offer(conversation, location="Tower room")
    with transaction() as session:
        session.get_one(Conversation, conversation.id).opportunity_id = other.id
    return made, token


def turn(made: SlotOffer) -> None:
    with transaction() as session:
        session.get_one(Opportunity, made.opportunity_id).confidential = True


def test_a_link_open_to_others_is_shut_until_the_conversation_is_moved(turned: tuple[SlotOffer, str]) -> None:
    made, token = turned
    turn(made)
    assert choosing.stage(choosing.find(token), list(TIMES)) is Stage.WITHDRAWN
    with pytest.raises(Conflict):
        choosing.choose(token, TIMES[0])
    with transaction() as session:
        session.get_one(Conversation, made.conversation_id).opportunity_id = made.opportunity_id
    choosing.choose(token, TIMES[0])
    assert "Tower room" in bodies(db.session.get_one(Conversation, made.conversation_id))


def test_what_was_chosen_stays_changeable_and_is_not_spoken_of(
    turned: tuple[SlotOffer, str], conversation: Conversation
) -> None:
    made, token = turned
    choosing.choose(token, TIMES[0])
    turn(made)
    before = bodies(conversation)
    choosing.choose(token, TIMES[1])
    choosing.give_up(token)
    assert bodies(conversation).removeprefix(before).strip().split("\n") == [telling.UNSAID] * 2


def test_what_waits_for_texting_hours_is_cancelled(turned: tuple[SlotOffer, str], conversation: Conversation) -> None:
    made, _ = turned
    waits = automated.plan(conversation.id, "You are booked", key=f"times:{made.id}:1", send_at=TIMES[0])
    other = automated.plan(conversation.id, "A reminder", key="reminder:1", send_at=TIMES[0])
    assert in_lever.catch_up() == 0
    turn(made)
    assert in_lever.catch_up() == 1
    assert db.session.get_one(Message, waits.id).state is MessageState.CANCELED
    assert db.session.get_one(Message, other.id).state is MessageState.SCHEDULED


def test_what_was_chosen_is_made_in_lever_when_who_offered_it_may_not_see_it_any_more(
    offer: Offer, conversation: Conversation, ana: User
) -> None:
    made, token = offer(conversation)
    turn(made)
    factories.update(made.opportunity, owner_lever_id="lever-greta")
    choosing.choose(token, TIMES[0])
    change = db.session.scalars(db.select(InterviewChange)).one()
    assert (change.by_id, change.perform_as) == (ana.id, "lever-greta")


def test_no_words_about_its_interview_are_put_into_the_other_conversation(
    conversation: Conversation, secret: Opportunity, recruiter: User, app: Flask
) -> None:
    interview = factories.interview(secret)
    assert Terms.of(interview).starts_at > clock.now()
    browser, path = Browser(app, recruiter), f"/inbox/{conversation.id}/interviews/{interview.id}/text/scheduled"
    assert browser.get(path).status == 422
    page = browser.get(f"/inbox/{conversation.id}")
    assert "nothing about this opportunity is texted from it" in page.words
    assert not page.select(f'form[action="{path}"]')
    with transaction() as session:
        session.get_one(Conversation, conversation.id).opportunity_id = secret.id
    assert browser.get(path).status == 200
    assert browser.get(f"/inbox/{conversation.id}").select(f'form[action="{path}"]')
