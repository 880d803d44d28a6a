"""A confidential opportunity, its candidate and its texts exist only for those Lever lets know."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from grayscale.domain import visibility
from grayscale.extensions import db
from grayscale.models import Candidate, Conversation, Opportunity, Role, User
from tests import factories

ROLES_IN_LEVER: dict[str, dict[str, Any]] = {
    "owner": {"owner_lever_id": "lever-mei"},
    "hiring manager": {"hiring_manager_lever_id": "lever-mei"},
    "follower": {"follower_lever_ids": ["lever-other", "lever-mei"]},
}


def sees(user: User) -> tuple[bool, bool, bool]:
    """Whether this person finds any opportunity, any candidate, any conversation."""
    return (
        db.session.scalar(select(Opportunity.id).where(visibility.opportunities_for(user))) is not None,
        db.session.scalar(select(Candidate.id).where(visibility.candidates_for(user))) is not None,
        db.session.scalar(select(Conversation.id).where(visibility.conversations_for(user))) is not None,
    )


@pytest.mark.parametrize("role", ROLES_IN_LEVER)
def test_who_sees_a_confidential_opportunity(app: Flask, role: str) -> None:
    candidate = factories.candidate()
    opportunity = factories.opportunity(candidate, confidential=True, **ROLES_IN_LEVER[role])
    factories.conversation(candidate, opportunity_id=opportunity.id)
    assert sees(factories.user(role=Role.SUPER_ADMIN)) == (True, True, True)
    assert sees(factories.user(lever_user_id="lever-mei")) == (True, True, True)
    assert sees(factories.user(lever_user_id="lever-me")) == (False, False, False)
    assert sees(factories.user(lever_user_id=None)) == (False, False, False)


def test_a_candidate_with_an_open_opportunity_is_seen_but_not_their_confidential_texts(app: Flask) -> None:
    candidate = factories.candidate()
    secret = factories.opportunity(candidate, confidential=True)
    factories.opportunity(candidate)
    factories.conversation(candidate, opportunity_id=secret.id)
    assert sees(factories.user()) == (True, True, False)


def test_what_is_tied_to_nobody_is_everybodys(app: Flask) -> None:
    number = factories.sending_number()
    factories.conversation(factories.candidate(), number=number, candidate_id=None)
    assert sees(factories.user())[2] is True


def test_a_thread_without_opportunity_follows_its_candidate(app: Flask) -> None:
    candidate = factories.candidate()
    factories.opportunity(candidate, confidential=True)
    factories.conversation(candidate, opportunity_id=None)
    assert sees(factories.user())[2] is False


def test_a_once_confidential_thread_stays_with_super_admins(app: Flask) -> None:
    candidate = factories.candidate()
    factories.conversation(candidate, opportunity_id=factories.opportunity(candidate).id, restricted=True)
    assert sees(factories.user())[2] is False
    assert sees(factories.user(role=Role.SUPER_ADMIN))[2] is True
