"""The number on the tab: what the inbox calls unread, of one candidate, for one person."""

from typing import Any

from flask import Flask

from grayscale.database import transaction
from grayscale.domain import sessions
from grayscale.domain.inbox_member import mark_read
from grayscale.models import Conversation, SessionKind, User
from tests import factories
from tests.page import Browser


def received(conversation: Conversation, times: int = 1) -> int:
    for _ in range(times):
        last = factories.message(conversation).id
    with transaction() as session:
        held = session.get_one(Conversation, conversation.id)
        held.last_inbound_id, held.needs_reply = last, True
    return last


def ask(app: Flask, user: User, opportunity_id: str) -> Any:
    token = sessions.begin(user.id, label="Chrome on Linux", kind=SessionKind.EXTENSION)
    page = Browser(app).get(f"/extension/unread/{opportunity_id}", headers={"Authorization": f"Bearer {token}"})
    assert page.status == 200
    return page.response.json


def test_unread_texts_are_counted_until_they_are_read(app: Flask, jonas: User, mei: User) -> None:
    candidate = factories.candidate()
    opportunity = factories.opportunity(candidate)
    conversation = factories.conversation(candidate, assignee_id=jonas.id)
    assert ask(app, jonas, opportunity.lever_id) == {"unread": 0}
    last = received(conversation, 3)
    assert ask(app, jonas, opportunity.lever_id) == {"unread": 3}
    # It is Jonas's: Mei's inbox does not call it unread either.
    assert ask(app, mei, opportunity.lever_id) == {"unread": 0}
    mark_read(conversation.id, jonas, last - 1)
    assert ask(app, jonas, opportunity.lever_id) == {"unread": 1}


def test_what_one_may_not_see_counts_as_nothing(app: Flask, ana: User, jonas: User) -> None:
    candidate = factories.candidate()
    secret = factories.opportunity(candidate, confidential=True)
    factories.opportunity(candidate)
    received(factories.conversation(candidate, opportunity_id=secret.id))
    assert ask(app, ana, secret.lever_id) == {"unread": 1}
    assert ask(app, jonas, secret.lever_id) == {"unread": 0}
    assert ask(app, jonas, "nothing-like-it") == {"unread": 0}


def test_the_open_opportunity_tells_nothing_of_the_confidential_conversation(app: Flask, jonas: User) -> None:
    candidate = factories.candidate()
    secret = factories.opportunity(candidate, confidential=True)
    shared = factories.opportunity(candidate)
    received(factories.conversation(candidate, opportunity_id=secret.id))
    assert ask(app, jonas, shared.lever_id) == {"unread": 0}
