"""What waits with somebody who cannot answer it becomes everybody's."""

from flask import Flask
from sqlalchemy import select

from grayscale.database import transaction
from grayscale.domain import assignments, users
from grayscale.domain.lever import mirror
from grayscale.extensions import db
from grayscale.models import Conversation, Direction, Message, Opportunity, Role, User, Via
from tests import factories
from tests.domain.lever_sync.makers import at, opportunity


def assigned(user: User, **values: object) -> Conversation:
    return factories.conversation(factories.candidate(), assignee_id=user.id, **values)


def who_has(conversation: Conversation) -> int | None:
    db.session.rollback()
    return db.session.get_one(Conversation, conversation.id).assignee_id


def said(conversation: Conversation) -> list[str]:
    query = select(Message.body).where(
        Message.conversation_id == conversation.id, Message.direction == Direction.INTERNAL
    )
    return list(db.session.scalars(query))


def test_conversations_of_a_deactivated_person_are_nobodys(app: Flask, ana: User, jonas: User) -> None:
    theirs, put_away, other = assigned(jonas), assigned(jonas, archived_at=at()), assigned(ana)
    tick = theirs.changed_at_tick
    assert users.deactivate(jonas.id, ana) == 2
    assert [who_has(each) for each in (theirs, put_away, other)] == [None, None, ana.id]
    assert said(theirs) == [f"Unassigned: {jonas.name} can no longer sign in."]
    assert db.session.get_one(Conversation, theirs.id).changed_at_tick > tick


def test_a_thread_that_becomes_confidential_is_not_left_with_who_may_not_see_it(app: Flask, jonas: User) -> None:
    insider = factories.user(lever_user_id="lever-mei")
    mirror.apply_opportunities([opportunity(id="a", contact="a"), opportunity(id="b", contact="b")], at(1), Via.POLL)
    threads = {}
    for lever_id, user in (("a", jonas), ("b", insider)):
        tied = db.session.scalars(select(Opportunity).where(Opportunity.lever_id == lever_id)).one()
        threads[lever_id] = factories.conversation(tied.candidate, opportunity_id=tied.id, assignee_id=user.id)
    changed = {"confidentiality": "confidential", "owner": "lever-mei", "updatedAt": at(5).timestamp() * 1000}
    mirror.apply_opportunities(
        [opportunity(id=name, contact=name, **changed) for name in threads], at(6), Via.POLL
    )
    assert who_has(threads["a"]) is None
    assert said(threads["a"]) == [f"Unassigned: {jonas.name} may not see this conversation any more."]
    assert who_has(threads["b"]) == insider.id


def test_whatever_else_changed_is_found_later(app: Flask, ana: User, jonas: User) -> None:
    candidate = factories.candidate()
    secret = factories.opportunity(candidate, confidential=True)
    boss = factories.user(role=Role.SUPER_ADMIN)
    thread = factories.conversation(candidate, opportunity_id=secret.id, assignee_id=boss.id)
    seen = assigned(jonas)
    assert assignments.release_forgotten() == 0
    with transaction():
        boss.role = Role.RECRUITER
    assert assignments.release_forgotten() == 1
    assert (who_has(thread), who_has(seen)) == (None, jonas.id)
    assert assignments.release_forgotten() == 0
