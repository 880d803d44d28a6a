"""Reminders live and move with their interview: once, seen beforehand, never for what is past."""

from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from typing import Any

import pytest
import time_machine
from flask import Flask

from grayscale.database import transaction
from grayscale.domain import company, scheduling_policy, visibility
from grayscale.domain.reminders import planning
from grayscale.domain.texting import outbound, sending
from grayscale.extensions import db
from grayscale.models import Candidate, Conversation, Interview, MessageState, Opportunity, Reminder, User, Via
from tests import factories
from tests.page import Browser
from tests.reminders.conftest import Lever, planned
from tests.texting.carrier import Carrier, utc

# Noon of Wednesday, June 3 in Chicago is 17:00; the interview is on Friday at two.
FRIDAY = utc(2026, 6, 5, 19)


@pytest.fixture(autouse=True)
def _stopped(time: time_machine.Traveller) -> None:
    """At noon on a Wednesday."""


def goes() -> list[str]:
    return [f"{message.send_at:%m-%d %H:%M}" for message in planned() if message.send_at is not None]


def test_both_reminders_are_planned_with_the_interview_and_seen_beforehand(
    lever: Lever, conversation: Conversation, as_ana: Browser
) -> None:
    lever(FRIDAY)
    assert goes() == ["06-04 22:00", "06-05 18:00"]
    first = planned()[0]
    assert "Friday, June 5 at 2:00 PM CDT" in first.body
    assert "Reply STOP to opt out" in first.body
    page = as_ana.get(f"/inbox/{conversation.id}")
    assert [button.get_text() for button in page.select(".waiting button")].count("Skip this text") == 2


def test_they_are_sent_through_the_gate_and_only_once(
    lever: Lever, carrier: Carrier, time: time_machine.Traveller
) -> None:
    lever(FRIDAY)
    for moment in (utc(2026, 6, 4, 22, 0, 1), utc(2026, 6, 5, 18, 0, 1), FRIDAY + timedelta(hours=1)):
        time.move_to(moment)
        sending.send_due()
        planning.catch_up()
        lever(FRIDAY)
    assert len(carrier.posts) == 2


def test_lever_moving_the_interview_moves_them(lever: Lever, time: time_machine.Traveller) -> None:
    lever(FRIDAY)
    before = {message.id for message in planned()}
    lever(FRIDAY + timedelta(days=3, hours=1))
    assert goes() == ["06-07 22:00", "06-08 19:00"]
    assert {message.id for message in planned()} == before
    assert "Monday, June 8 at 3:00 PM" in planned()[0].body


def test_one_that_went_goes_again_for_another_day_only(
    lever: Lever, carrier: Carrier, time: time_machine.Traveller
) -> None:
    lever(FRIDAY)
    time.move_to(utc(2026, 6, 4, 22, 1))
    sending.send_due()
    lever(FRIDAY + timedelta(days=7))
    assert goes() == ["06-11 22:00", "06-12 18:00"]
    lever(FRIDAY)
    # Back to tomorrow: the day before has been reminded of, its time is over, and the hour before is moved back.
    assert goes() == ["06-05 18:00"]
    assert len(carrier.posts) == 1


def test_a_cancelled_interview_takes_them_with_it(lever: Lever, conversation: Conversation) -> None:
    lever(FRIDAY)
    lever(FRIDAY, canceled_at=utc(2026, 6, 3, 17))
    assert planned() == []
    assert [message.error for message in planned(MessageState.CANCELED)] == [planning.CANCELED] * 2
    lever(FRIDAY)
    assert len(planned()) == 2


def test_skipped_stays_skipped_when_the_interview_moves(lever: Lever, jonas: User) -> None:
    lever(FRIDAY)
    outbound.cancel(planned()[0].id, jonas)
    lever(FRIDAY + timedelta(days=7))
    assert goes() == ["06-12 18:00"]


def test_an_interview_known_late_gets_only_what_is_still_ahead(lever: Lever) -> None:
    lever(utc(2026, 6, 3, 20))
    assert goes() == ["06-03 19:00"]
    lever(utc(2026, 6, 3, 17, 30), id="interview-2")
    lever(utc(2026, 6, 1, 17), id="interview-3")
    assert goes() == ["06-03 19:00"]


def test_one_held_up_past_the_interview_is_cancelled_not_sent(
    lever: Lever, carrier: Carrier, time: time_machine.Traveller, policy: Any
) -> None:
    lever(FRIDAY)
    policy(stopped_reason="Suspended.")
    time.move_to(FRIDAY)
    planning.catch_up()
    policy(stopped_reason=None)
    sending.send_due()
    assert carrier.posts == []
    assert len(planned(MessageState.CANCELED)) == 2


def test_the_sender_itself_refuses_what_is_too_late(
    lever: Lever, carrier: Carrier, time: time_machine.Traveller
) -> None:
    lever(FRIDAY)
    time.move_to(FRIDAY - timedelta(minutes=4))
    sending.send_due()
    sending.send_due()
    assert carrier.posts == []


def test_a_conversation_begun_later_is_reminded_in(app: Flask, connected: object) -> None:
    candidate = factories.candidate(location="Chicago, IL")
    opportunity = factories.opportunity(candidate)
    factories.add(interview(opportunity, FRIDAY))
    planning.catch_up()
    assert planned() == []
    factories.conversation(candidate)
    assert planning.catch_up() == 1
    assert len(planned()) == 2
    assert planning.catch_up() == 0


def test_a_candidate_who_moved_is_reminded_on_their_new_clock(lever: Lever, conversation: Conversation) -> None:
    lever(utc(2026, 6, 4, 23))
    assert goes() == ["06-03 22:00", "06-04 22:00"]
    with transaction() as session:
        session.get_one(Candidate, conversation.candidate_id).location = "Seattle, WA"
    planning.catch_up()
    assert goes() == ["06-04 00:00", "06-04 22:00"]
    assert "4:00 PM PDT" in planned()[0].body


def test_an_archived_candidate_is_left_in_peace(lever: Lever, opportunity: Opportunity) -> None:
    lever(FRIDAY)
    archive(opportunity, datetime(2026, 6, 3, 17, tzinfo=UTC))
    planning.catch_up()
    assert planned() == []
    archive(opportunity, None)
    planning.catch_up()
    assert len(planned()) == 2


def test_who_opted_out_gets_none_and_the_row_says_why(lever: Lever, text_in: Any) -> None:
    text_in("STOP")
    lever(FRIDAY)
    assert planned() == []
    assert "opted out" in db.session.scalars(db.select(Reminder.reason)).first()
    assert planning.catch_up() == 0


def test_a_confidential_interview_is_not_spoken_of_in_another_thread(app: Flask, conversation: Conversation) -> None:
    secret = factories.opportunity(conversation.candidate, confidential=True)
    factories.add(interview(secret, FRIDAY))
    planning.catch_up()
    assert planned() == []


def test_the_thread_tied_to_it_goes_before_a_livelier_one_tied_to_nothing(
    lever: Lever, conversation: Conversation
) -> None:
    own = factories.sending_number(e164="+12185550101")
    later = conversation.last_activity_at + timedelta(hours=1)
    factories.conversation(conversation.candidate, number=own, last_activity_at=later)
    lever(FRIDAY)
    assert {message.conversation_id for message in planned()} == {conversation.id}


def test_of_one_that_became_confidential_they_go_over_to_the_thread_tied_to_it(
    lever: Lever, opportunity: Opportunity, conversation: Conversation
) -> None:
    later = conversation.last_activity_at + timedelta(hours=1)
    own = factories.sending_number(e164="+12185550101")
    tied = factories.conversation(conversation.candidate, number=own, last_activity_at=later)
    factories.update(conversation, last_activity_at=later + timedelta(hours=1))
    factories.update(conversation, opportunity_id=factories.opportunity(conversation.candidate).id)
    lever(FRIDAY)
    assert {message.conversation_id for message in planned()} == {conversation.id}
    factories.update(opportunity, confidential=True)
    planning.catch_up()
    assert planned() == []
    assert {message.error for message in planned(MessageState.CANCELED)} == {visibility.NOT_HERE}
    factories.update(tied, opportunity_id=opportunity.id)
    planning.catch_up()
    assert [message.conversation_id for message in planned()] == [tied.id] * 2


def test_switched_off_they_go_and_switched_on_they_come_back(lever: Lever, ana: User) -> None:
    lever(FRIDAY)
    rule(ana, remind_day_before=False)
    planning.catch_up()
    assert goes() == ["06-05 18:00"]
    rule(ana, remind_day_before=True, day_before_at=clock_time(10))
    planning.catch_up()
    assert goes() == ["06-04 15:00", "06-05 18:00"]


def test_a_reminder_moves_across_a_change_of_the_clocks(lever: Lever, time: time_machine.Traveller) -> None:
    time.move_to(utc(2026, 10, 26, 17))
    lever(utc(2026, 10, 31, 19))
    assert goes() == ["10-30 22:00", "10-31 18:00"]
    # To the Monday after the clocks went back, still at two.
    lever(utc(2026, 11, 2, 20))
    assert goes() == ["11-01 23:00", "11-02 19:00"]
    assert "2:00 PM CST" in planned()[0].body


def interview(of: Opportunity, starts_at: datetime) -> Any:
    return Interview(
        lever_id=factories.unique("interview"), opportunity_id=of.id, subject="Phone screen", starts_at=starts_at,
        duration_minutes=45, fetched_at=starts_at, via=Via.FULL,
    )


def archive(opportunity: Opportunity, at: datetime | None) -> None:
    with transaction() as session:
        session.get_one(Opportunity, opportunity.id).archived_at = at


def rule(by: User, **values: Any) -> None:
    row = company.scheduling_policy()
    now = {name: getattr(row, name) for name in scheduling_policy.Rules.__slots__}
    scheduling_policy.save(scheduling_policy.Rules(**{**now, **values}), by)
