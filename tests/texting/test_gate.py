"""The one gate: who may be texted, and when; each rule by name."""

from collections.abc import Callable
from datetime import time as clock_time
from datetime import timedelta

import pytest
import time_machine
from werkzeug.test import TestResponse

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain.errors import Invalid
from grayscale.domain.texting import consent, gate, introduction, outbound
from grayscale.domain.texting.gate import Code
from grayscale.domain.texting.outbound import Blocked
from grayscale.models import (
    Candidate,
    CandidatePhone,
    ConsentHow,
    ConsentPolicy,
    Conversation,
    Message,
    MessageState,
    Registration,
    SendingNumber,
    TextingAccount,
    User,
)
from grayscale.web.views.inbox import words
from tests import factories
from tests.texting.carrier import PEER, Carrier, utc
from tests.texting.conftest import FIRST, fresh

Submit = Callable[..., Message]
Policy = Callable[..., None]
TextIn = Callable[..., TestResponse]
NIGHT = utc(2026, 6, 4, 3)  # 22:00 in Chicago


def ask(conversation: Conversation, by: User | None = None, body: str | None = FIRST) -> gate.Verdict:
    return gate.check(fresh(conversation), at=clock.now(), by=by, body=body)


def change(model: type, row_id: int, **values: object) -> None:
    with transaction() as session:
        row = session.get_one(model, row_id)
        for name, value in values.items():
            setattr(row, name, value)


def test_a_first_text_at_noon_with_an_opt_out_line_may_go(conversation: Conversation, jonas: User) -> None:
    assert ask(conversation, jonas) == gate.ALLOWED


def test_an_opted_out_number_is_never_texted(conversation: Conversation, jonas: User) -> None:
    consent.opt_out(PEER, ConsentHow.RECRUITER, jonas, "asked on the phone")
    verdict = ask(conversation, jonas)
    assert (verdict.allowed, verdict.code) == (False, Code.OPTED_OUT)
    assert "Jun 3, 2026" in verdict.sentence


def test_an_opt_out_outlives_the_erasure_of_its_number(conversation: Conversation, jonas: User) -> None:
    consent.opt_out(PEER, ConsentHow.KEYWORD, reason="STOP")
    with transaction():
        consent.forget(PEER)
    assert ask(conversation, jonas).code is Code.OPTED_OUT
    assert [(record.e164, record.words) for record in consent.records_of(PEER)] == [(None, "")]


def test_a_number_the_carrier_called_dead_is_not_texted(conversation: Conversation, jonas: User) -> None:
    phone = fresh(conversation).candidate.phones[0]
    change(CandidatePhone, phone.id, not_textable="The carrier said: This number is not in service.")
    verdict = ask(conversation, jonas)
    assert verdict.code is Code.INVALID_NUMBER
    assert "not in service" in verdict.sentence


def test_levers_data_protection_is_obeyed(conversation: Conversation, jonas: User) -> None:
    change(Candidate, conversation.candidate_id, contact_forbidden=True)
    assert ask(conversation, jonas).code is Code.CONTACT_FORBIDDEN


def test_an_allowance_to_contact_ends_by_itself_before_the_composer_and_before_the_call(
    conversation: Conversation, jonas: User, carrier: Carrier, submit: Submit, time: time_machine.Traveller
) -> None:
    ends = clock.now() + timedelta(minutes=5)
    change(Candidate, conversation.candidate_id, contact_until=ends)
    waiting = submit(conversation, send_at=ends - timedelta(seconds=1))
    with pytest.raises(Blocked, match="allows contact only until"):
        submit(conversation, send_at=ends)
    time.move_to(ends)
    outbound.send_due()
    assert not carrier.posts
    assert fresh(waiting).state is MessageState.BLOCKED
    verdict = ask(conversation, jonas)
    assert verdict.code is Code.CONTACT_FORBIDDEN
    assert verdict.sentence.startswith("Lever's data protection allowed contact until Wed 3 Jun 2026, 13:05 EDT.")
    change(Candidate, conversation.candidate_id, contact_until=ends + timedelta(days=1))
    assert ask(conversation, jonas).allowed


def test_where_the_company_asks_for_consent_only_consent_on_record_lets_a_text_go(
    conversation: Conversation, jonas: User, policy: Policy, text_in: TextIn
) -> None:
    policy(consent=ConsentPolicy.RECORDED_CONSENT)
    assert ask(conversation, jonas).code is Code.NO_CONSENT
    text_in("Hi, is the job still open?")
    assert ask(conversation, jonas).allowed


def test_quiet_hours_hold_and_say_until_when(
    conversation: Conversation, jonas: User, time: time_machine.Traveller
) -> None:
    time.move_to(NIGHT)
    verdict = ask(conversation, jonas)
    assert verdict.holds
    assert verdict.allowed_at == utc(2026, 6, 4, 14)
    assert "Thu 4 Jun, 09:00 their time" in verdict.sentence


def test_the_candidates_own_place_beats_their_numbers(
    conversation: Conversation, jonas: User, time: time_machine.Traveller
) -> None:
    change(Candidate, conversation.candidate_id, location="Honolulu, HI")
    assert ask(conversation, jonas).allowed_at == utc(2026, 6, 3, 19)
    time.move_to(NIGHT)
    assert ask(conversation, jonas).allowed


def test_a_postings_place_only_narrows(conversation: Conversation, jonas: User, time: time_machine.Traveller) -> None:
    opportunity = factories.opportunity(fresh(conversation).candidate, location="Los Angeles, CA")
    change(Conversation, conversation.id, opportunity_id=opportunity.id)
    time.move_to(utc(2026, 6, 3, 15))  # 10:00 in Chicago, 8:00 in Los Angeles
    assert ask(conversation, jonas).allowed_at == utc(2026, 6, 3, 16)


def test_a_reply_within_a_live_exchange_may_go_at_night(
    conversation: Conversation, jonas: User, time: time_machine.Traveller, text_in: TextIn, policy: Policy
) -> None:
    time.move_to(NIGHT)
    text_in("Are you still up?")
    verdict = ask(conversation, jonas, "Yes!")
    assert (verdict.allowed, verdict.code) == (True, Code.LIVE_REPLY)
    time.shift(timedelta(minutes=4))
    assert ask(conversation, jonas, "Yes!").sentence == (
        "It is 22:04 for them, outside texting hours. They wrote 4 min ago, so your reply goes now."
    )
    sent = outbound.submit(conversation.id, "Yes!", jonas, submission_key="live")
    assert outbound.notice(fresh(sent)) == (
        "It goes outside texting hours (22:04 for them), because they wrote 4 min ago."
    )
    time.shift(timedelta(minutes=12))
    assert ask(conversation, jonas, "Yes!").holds
    time.shift(timedelta(minutes=-16))
    policy(allow_live_replies=False)
    assert ask(conversation, jonas, "Yes!").holds


def test_sending_a_held_text_now_is_offered_only_where_it_would_bring_it_forward(
    conversation: Conversation, submit: Submit, time: time_machine.Traveller
) -> None:
    time.move_to(NIGHT)
    held, tomorrow = submit(conversation), submit(conversation, send_at=clock.now() + timedelta(hours=16))
    assert not outbound.can_send_now(held)
    assert outbound.can_send_now(tomorrow)
    assert words.state_words(held).words == "Held until 09:00 their time (texting hours)"
    assert words.state_words(tomorrow).words == "Scheduled for"
    time.move_to(utc(2026, 6, 4, 15))
    assert outbound.can_send_now(held)


@pytest.mark.parametrize("body", ["\u200b", " \u2060\u00ad\n", "\u3164", "\ufe0f\u202e"])
def test_a_text_of_nothing_to_be_seen_is_empty(conversation: Conversation, submit: Submit, body: str) -> None:
    with pytest.raises(Invalid, match="Write something first"):
        submit(conversation, body)


def test_equal_hours_mean_all_day(
    conversation: Conversation, jonas: User, time: time_machine.Traveller, policy: Policy
) -> None:
    time.move_to(NIGHT)
    policy(opens=clock_time(9), closes=clock_time(9))
    assert ask(conversation, jonas).allowed


def test_the_limit_of_unanswered_texts(
    conversation: Conversation, jonas: User, submit: Submit, carrier: Carrier, text_in: TextIn,
    time: time_machine.Traveller, policy: Policy,
) -> None:  # fmt: skip
    for number in range(3):
        submit(conversation, f"{FIRST} {number}")
        outbound.send_due()
        time.shift(timedelta(minutes=1))
    verdict = ask(conversation, jonas, "One more")
    assert (verdict.code, verdict.holds) == (Code.OVER_LIMIT, False)
    assert "3 texts in 24 hours" in verdict.sentence
    policy(unanswered_limit=0)
    assert ask(conversation, jonas, "One more").allowed
    policy(unanswered_limit=3)
    text_in("Sorry, was asleep")
    time.shift(timedelta(minutes=1))
    assert ask(conversation, jonas, "One more").allowed


def test_what_reached_nobody_went_not_unanswered(
    conversation: Conversation, jonas: User, submit: Submit, carrier: Carrier, time: time_machine.Traveller
) -> None:
    sent = []
    for number in range(3):
        sent.append(submit(conversation, f"{FIRST} {number}"))
        outbound.send_due()
        time.shift(timedelta(minutes=1))
    with transaction():
        last = fresh(sent[-1])
        last.state, last.error_code = MessageState.UNDELIVERED, 30003
    assert ask(conversation, jonas, "One more").allowed
    assert not outbound.refusal(last.conversation, last.peer, last.author)
    submit(conversation, "One more")
    outbound.send_due()
    last = fresh(sent[-1])
    refused = outbound.refusal(last.conversation, last.peer, last.author)
    assert refused.startswith("3 texts in 24 hours went unanswered")


def test_what_waits_counts_against_the_limit_when_more_is_submitted(
    conversation: Conversation, submit: Submit
) -> None:
    for number in range(3):
        submit(conversation, f"{FIRST} {number}")
    with pytest.raises(outbound.Blocked, match="3 texts"):
        submit(conversation, "One more")


def test_a_first_text_must_say_how_to_opt_out(conversation: Conversation, jonas: User, policy: Policy) -> None:
    verdict = ask(conversation, jonas, "Hi Mira, got a minute?")
    assert verdict.code is Code.NO_OPT_OUT_LINE
    assert "Reply STOP to opt out" in verdict.sentence
    for line in ("Text STOP to end.", "reply stop to opt out", "To unsubscribe say so", "You can opt-out any time"):
        assert ask(conversation, jonas, f"Hi Mira. {line}").allowed
    policy(require_opt_out_line=False)
    assert ask(conversation, jonas, "Hi Mira, got a minute?").allowed


def test_a_later_text_and_an_answer_need_no_opt_out_line(
    conversation: Conversation, jonas: User, submit: Submit, carrier: Carrier, time: time_machine.Traveller
) -> None:
    submit(conversation)
    outbound.send_due()
    assert ask(conversation, jonas, "Are you free?").allowed
    time.shift(timedelta(days=31))
    assert ask(conversation, jonas, "Still there?").code is Code.NO_OPT_OUT_LINE


def test_whoever_texted_us_first_needs_no_opt_out_line(
    conversation: Conversation, jonas: User, text_in: TextIn
) -> None:
    text_in("Is the job still open?")
    assert ask(conversation, jonas, "It is!").allowed


@pytest.mark.parametrize("what", ["account", "number", "unregistered", "inactive"])
def test_a_sender_the_carrier_stopped_sends_nothing(
    conversation: Conversation, jonas: User, connected: SendingNumber, what: str
) -> None:
    if what == "account":
        change(TextingAccount, 1, stopped_reason="Twilio refused the token.")
    elif what == "number":
        change(SendingNumber, connected.id, stopped_reason="Not ours.")
    elif what == "unregistered":
        change(SendingNumber, connected.id, registration=Registration.PENDING)
    else:
        change(SendingNumber, connected.id, active=False)
    assert ask(conversation, jonas).code is Code.SENDER_STOPPED


def test_the_gates_answer_can_be_read_on_the_message(
    conversation: Conversation, submit: Submit, carrier: Carrier, jonas: User
) -> None:
    message = submit(conversation)
    change(Candidate, conversation.candidate_id, contact_forbidden=True)
    outbound.send_due()
    blocked = fresh(message)
    assert blocked.state is MessageState.BLOCKED
    assert "data protection" in (blocked.error or "")
    details = [event.detail for event in blocked.events]
    assert any("data protection" in detail for detail in details)
    assert not any("contact_forbidden" in detail or "allowed:" in detail for detail in details)
    assert not carrier.posts
    assert fresh(conversation).has_failure


@pytest.mark.parametrize(
    ("body", "tells"),
    [
        ("Hi, Jonas here. Reply STOP to opt out.", True),
        ("Hi, Jonas here. text stop to end", True),
        ("Hi, Jonas here. Txt STOP to quit", True),
        ("Write back any time; to unsubscribe answer quit", True),
        ("I cannot stop thinking about your resume", False),
        ("no opt-out words here", False),
        ("Can you stop by at three?", False),
    ],
)
def test_how_to_opt_out_is_an_instruction_not_a_word(body: str, tells: bool) -> None:
    assert bool(introduction.SAYS_HOW_TO_OPT_OUT.search(body)) is tells


def test_a_step_written_with_a_code_is_read_without_it() -> None:
    assert words.without_code("quiet_hours: It is outside texting hours.") == "It is outside texting hours."
    assert words.without_code("The carrier said: sent.") == "The carrier said: sent."
