"""Webhooks of the carrier: proven, stored, answered; then handled once, in whatever order they come."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from werkzeug.test import TestResponse

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain import conversations, inbox_acts, matching
from grayscale.domain.errors import Invalid, NotAllowed, NotFound
from grayscale.domain.texting import account, consent, inbound, outbound, reconcile
from grayscale.extensions import db
from grayscale.models import (
    ConsentHow,
    ConsentState,
    Conversation,
    Delivery,
    DeliveryState,
    Direction,
    Message,
    MessageState,
    Registration,
    SendingNumber,
    TextingAccount,
    User,
    WebhookTally,
)
from tests import factories
from tests.page import Browser
from tests.texting.carrier import OURS, PEER, TOKEN, Carrier, inbound_form, signed
from tests.texting.conftest import FIRST, fresh, hook

Submit = Callable[..., Message]
TextIn = Callable[..., TestResponse]
Say = Callable[..., TestResponse]
INBOUND = "/webhooks/twilio/inbound"


def received() -> list[Message]:
    db.session.rollback()
    found = db.select(Message).where(Message.direction == Direction.INBOUND).order_by(Message.id)
    return list(db.session.scalars(found))


def deliveries() -> int:
    db.session.rollback()
    return db.session.scalar(db.select(db.func.count()).select_from(Delivery)) or 0


def lines_of(conversation: Conversation) -> list[str]:
    found = db.select(Message.body).where(
        Message.conversation_id == conversation.id, Message.direction == Direction.INTERNAL
    )
    return list(db.session.scalars(found))


def test_a_text_is_stored_answered_with_empty_twiml_and_shown(
    conversation: Conversation, client: Browser, text_in: TextIn
) -> None:
    answer = text_in("Is the job still open?", handle=False)
    assert (answer.status_code, answer.mimetype) == (200, "text/xml")
    assert answer.text == '<?xml version="1.0" encoding="UTF-8"?><Response />'
    assert deliveries() == 1
    assert received() == []
    inbound.handle_waiting()
    message = received()[0]
    assert (message.body, message.peer, message.sender_number) == ("Is the job still open?", PEER, OURS)
    seen = fresh(conversation)
    assert seen.needs_reply
    assert seen.last_message_id == message.id
    assert seen.transcript_due_at == message.occurred_at + timedelta(hours=1)


@pytest.mark.parametrize("headers", [{}, {"X-Twilio-Signature": "bm9wZQ=="}, "another token"])
def test_what_the_account_did_not_sign_is_refused_and_only_counted(
    conversation: Conversation, client: Browser, headers: dict[str, str] | str
) -> None:
    form = inbound_form("Hello", sid="SM1")
    if isinstance(headers, str):
        headers = signed(INBOUND, form, token=headers)
    answer = client.client.post(INBOUND, data=form, headers=headers, base_url="https://texting.test")
    assert answer.status_code == 403
    assert deliveries() == 0
    assert db.session.scalar(db.select(WebhookTally.verdict)) == "bad_signature"


def test_a_changed_field_breaks_the_signature(conversation: Conversation, client: Browser) -> None:
    form = inbound_form("Hello", sid="SM1")
    headers = signed(INBOUND, form)
    assert hook(client, INBOUND, form | {"Body": "Hello!"}, **headers).status_code == 403


def test_another_account_is_refused(conversation: Conversation, client: Browser) -> None:
    form = inbound_form("Hello", sid="SM1") | {"AccountSid": "AC" + "9" * 32}
    assert hook(client, INBOUND, form).status_code == 403
    assert deliveries() == 0


def test_without_an_account_everything_is_refused(client: Browser) -> None:
    form = inbound_form("Hello", sid="SM1")
    assert hook(client, INBOUND, form, **signed(INBOUND, form, token="")).status_code == 403


def test_the_token_before_still_proves_a_webhook_for_a_while(
    conversation: Conversation, client: Browser, ana: User, time: time_machine.Traveller
) -> None:
    account.save_credentials(fresh_account().account_sid or "", "the-next-token", ana)
    form = inbound_form("Hello", sid="SM1")
    assert hook(client, INBOUND, form, **signed(INBOUND, form, token=TOKEN)).status_code == 200
    time.shift(timedelta(days=8))
    assert hook(client, INBOUND, form, **signed(INBOUND, form, token=TOKEN)).status_code == 403


def fresh_account() -> TextingAccount:
    return db.session.get_one(TextingAccount, 1)


def test_the_same_text_twice_is_one_message(conversation: Conversation, text_in: TextIn) -> None:
    text_in("Hello", sid="SM1")
    assert text_in("Hello", sid="SM1").status_code == 200
    assert len(received()) == 1


def test_odd_texts_are_taken_as_they_are(conversation: Conversation, text_in: TextIn) -> None:
    text_in("nul\x00 byte 🙂 <b>")
    text_in("", NumMedia="10", **{f"MediaUrl{n}": f"https://api.twilio.com/m/{n}" for n in range(10)})
    text_in("Your code is 1234", from_="32665")
    bodies = [message.body for message in received()]
    assert bodies == ["nul byte 🙂 <b>", "", "Your code is 1234"]
    assert len(received()[1].media) == 10
    assert received()[2].conversation.peer == "32665"


def test_an_archived_conversation_comes_back(conversation: Conversation, text_in: TextIn) -> None:
    with transaction() as session:
        session.get_one(Conversation, conversation.id).archived_at = clock.now()
    text_in("One more question")
    assert fresh(conversation).archived_at is None


def test_an_unknown_number_has_a_conversation_of_its_own_that_is_matched_by_hand(
    conversation: Conversation, text_in: TextIn, jonas: User
) -> None:
    text_in("Who is this?", from_="+12185550199")
    unknown = received()[0].conversation
    assert unknown.candidate_id is None
    tom = factories.candidate(name="Tom Lind", phone=None)
    matched = matching.match(unknown.id, tom.id, jonas)
    assert (matched.id, matched.candidate_id) == (unknown.id, tom.id)
    text_in("It is Tom", from_="+12185550199")
    assert {message.conversation_id for message in received()} == {unknown.id}


def test_matching_to_somebody_already_texted_joins_the_threads(
    conversation: Conversation, text_in: TextIn, jonas: User
) -> None:
    text_in("New phone", from_="+12185550199")
    unknown = received()[0].conversation
    merged = matching.match(unknown.id, conversation.candidate_id or 0, jonas)
    assert merged.id == conversation.id
    assert db.session.get(Conversation, unknown.id) is None
    assert fresh(conversation).peer == "+12185550199"
    assert received()[0].conversation_id == conversation.id
    assert fresh(conversation).needs_reply


def test_nobody_brings_another_number_into_a_thread_they_may_not_see(
    conversation: Conversation, text_in: TextIn, ana: User, jonas: User
) -> None:
    mira = conversation.candidate
    assert mira is not None
    factories.opportunity(mira)
    secret = factories.opportunity(mira, confidential=True, owner_lever_id="someone")
    with transaction():
        fresh(conversation).opportunity_id = secret.id
    text_in("Mine is new", from_="+12185550199")
    unknown = received()[0].conversation
    with pytest.raises(NotFound):
        matching.match(unknown.id, mira.id, jonas)
    assert fresh(conversation).peer == PEER
    assert received()[0].conversation_id == unknown.id
    assert matching.match(unknown.id, mira.id, ana).id == conversation.id


def test_the_only_candidate_with_the_number_gets_the_text(connected: SendingNumber, text_in: TextIn) -> None:
    mira = factories.candidate()
    open_one = factories.opportunity(mira)
    factories.opportunity(mira, archived_at=clock.now())
    text_in("Hello")
    found = received()[0].conversation
    assert (found.candidate_id, found.opportunity_id) == (mira.id, open_one.id)


def test_a_shared_number_goes_to_who_was_texted_last_and_can_be_changed(
    conversation: Conversation, connected: SendingNumber, text_in: TextIn, jonas: User, submit: Submit,
    carrier: Carrier, time: time_machine.Traveller,
) -> None:  # fmt: skip
    sister = factories.candidate(name="Ada Okafor")
    theirs = factories.conversation(sister, number=connected)
    submit(theirs)
    outbound.send_due()
    time.shift(timedelta(minutes=1))
    submit(conversation, "Hello Mira")
    outbound.send_due()
    time.shift(timedelta(minutes=1))
    text_in("Yes please")
    assert received()[0].conversation_id == conversation.id
    assert {candidate.id for candidate in conversations.candidates_with(PEER)} == {sister.id, conversation.candidate_id}
    moved = matching.match(conversation.id, sister.id, jonas)
    assert moved.id == theirs.id
    assert received()[0].conversation_id == theirs.id
    assert not fresh(conversation).needs_reply


def test_a_shared_number_nobody_texted_is_left_to_a_person(connected: SendingNumber, text_in: TextIn) -> None:
    factories.candidate()
    factories.candidate(name="Ada Okafor")
    text_in("Hello")
    assert received()[0].conversation.candidate_id is None


def test_a_text_to_a_number_not_ours_is_parked_until_the_number_is_added(
    connected: SendingNumber, text_in: TextIn, ana: User
) -> None:
    text_in("Hello", to="+12185550111")
    parked = db.session.scalar(db.select(Delivery))
    assert parked is not None
    assert parked.state is DeliveryState.DEAD
    account.save_number("+12185550111", ana)
    inbound.handle_waiting()
    assert [message.body for message in received()] == ["Hello"]


def test_stop_opts_out_cancels_what_waits_and_is_on_record(
    conversation: Conversation, submit: Submit, text_in: TextIn, carrier: Carrier
) -> None:
    waiting = submit(conversation, send_at=clock.now() + timedelta(hours=2))
    text_in(" Stop ")
    assert fresh(waiting).state is MessageState.CANCELED
    found = consent.state_of(PEER)
    assert found is not None
    assert (found.state, found.how) == (ConsentState.OPTED_OUT, ConsentHow.KEYWORD)
    assert consent.records_of(PEER)[-1].words == " Stop "
    assert not fresh(conversation).needs_reply
    assert any("Opted out" in line for line in lines_of(conversation))
    with pytest.raises(outbound.Blocked, match="opted out"):
        submit(conversation)
    # The carrier answers keywords itself: nothing of ours goes out.
    outbound.send_due()
    assert not carrier.posts


def test_start_returns_and_only_the_candidate_can_undo_their_stop(
    conversation: Conversation, text_in: TextIn, jonas: User
) -> None:


    text_in("STOP")
    with pytest.raises(NotAllowed):
        consent.opt_in(PEER, ConsentHow.RECRUITER, jonas, "they said so")
    text_in("hello?")
    assert consent.is_opted_out(PEER)
    text_in("Yes")
    assert not consent.is_opted_out(PEER)
    assert [record.state for record in consent.records_of(PEER)] == [ConsentState.OPTED_OUT, ConsentState.OPTED_IN]


def test_a_recruiters_opt_out_needs_a_reason_and_can_be_undone_with_one(
    conversation: Conversation, jonas: User
) -> None:


    with pytest.raises(Invalid):
        consent.opt_out(PEER, ConsentHow.RECRUITER, jonas, " ")
    consent.opt_out(PEER, ConsentHow.RECRUITER, jonas, "asked on the phone")
    consent.opt_in(PEER, ConsentHow.RECRUITER, jonas, "it was Tom, not Mira")
    assert not consent.is_opted_out(PEER)
    assert any("asked on the phone" in line for line in lines_of(conversation))


def test_yes_is_an_answer_unless_opted_out(conversation: Conversation, text_in: TextIn) -> None:
    text_in("Yes")
    assert fresh(conversation).needs_reply
    assert [record.how for record in consent.records_of(PEER)] == [ConsentHow.TEXTED_US]


def test_where_the_carrier_does_not_answer_keywords_exactly_one_answer_goes(
    conversation: Conversation, text_in: TextIn, carrier: Carrier, policy: Callable[..., None],
    time: time_machine.Traveller,
) -> None:  # fmt: skip
    policy(carrier_handles_keywords=False, help_text="Harbor: call 218 555 0100.")
    time.shift(timedelta(hours=10))  # quiet hours: an answer to a keyword goes all the same
    text_in("STOP")
    text_in("Opt out!")
    text_in("HELP")
    for _ in range(4):
        outbound.send_due()
    assert len(carrier.posts) == 2
    assert "opted out" in carrier.posts[0]["Body"]
    assert carrier.posts[1]["Body"] == "Harbor: call 218 555 0100."
    text_in("STOP", OptOutType="STOP")
    outbound.send_due()
    assert len(carrier.posts) == 2


def test_a_sentence_that_means_stop_holds_what_nobody_typed_and_becomes_an_opt_out_undecided(
    conversation: Conversation, submit: Submit, text_in: TextIn, carrier: Carrier, time: time_machine.Traveller
) -> None:
    waiting = submit(conversation, send_at=clock.now() + timedelta(hours=2))
    text_in("please stop texting me")
    assert fresh(conversation).opt_out_suggested_by_id == received()[0].id
    assert not consent.is_opted_out(PEER)
    time.shift(timedelta(hours=2))
    outbound.send_due()
    assert fresh(waiting).state is MessageState.OVERDUE
    assert not carrier.posts
    time.shift(timedelta(hours=48))
    reconcile.catch_up()
    assert consent.is_opted_out(PEER)


def test_until_a_person_says_what_it_meant_nothing_is_sent_to_them(
    conversation: Conversation, submit: Submit, text_in: TextIn, carrier: Carrier, connected: SendingNumber
) -> None:
    other = factories.conversation(None, number=factories.sending_number(e164="+12185550101"), peer=PEER)
    text_in("ok stop")
    for paused in (conversation, other):
        with pytest.raises(outbound.Blocked, match="Nothing is sent until you say whether it was an opt-out"):
            submit(paused, "Are you free at 3?")
    inbox_acts.settle_opt_out(conversation.id)
    submit(conversation, "Are you free at 3?")
    outbound.send_due()
    assert carrier.bodies() == ["Are you free at 3?"]
    assert fresh(other).opt_out_suggested_by_id is None


def test_a_conversation_begun_meanwhile_is_paused_as_well(
    conversation: Conversation, text_in: TextIn, connected: SendingNumber
) -> None:
    text_in("please stop texting me")
    with transaction():
        begun = conversations.for_inbound(PEER, factories.sending_number(e164="+12185550102"))
    assert fresh(begun).opt_out_suggested_by_id == received()[0].id


@pytest.mark.parametrize("body", ["Help!", "sToP  aLL"])
def test_a_keyword_the_carrier_does_not_know_is_answered_by_us_once(
    conversation: Conversation, text_in: TextIn, carrier: Carrier, body: str
) -> None:
    text_in(body)
    text_in(body)
    for _ in range(3):
        outbound.send_due()
    assert len(carrier.posts) == (2 if body == "Help!" else 1)
    assert ("Msg & data rates" if body == "Help!" else "opted out") in carrier.posts[0]["Body"]
    assert not fresh(conversation).needs_reply


@pytest.mark.parametrize(
    ("said", "more"), [("stopall ", {}), ("Finito", {"OptOutType": "STOP"})]
)
def test_only_a_start_the_carrier_takes_undoes_a_stop_it_took(
    conversation: Conversation, text_in: TextIn, carrier: Carrier, said: str, more: dict[str, str]
) -> None:
    text_in(said, **more)
    for again in ("Start!", "Yes!", "Help!"):
        text_in(again)
        assert consent.is_opted_out(PEER)
    assert any("“\u2068Start!\u2069”, which the carrier does not take" in line for line in lines_of(conversation))
    text_in(" start ")
    assert not consent.is_opted_out(PEER)
    outbound.send_due()
    assert not carrier.posts


def test_a_stop_only_we_took_is_undone_by_any_start(
    conversation: Conversation, text_in: TextIn, carrier: Carrier
) -> None:
    text_in("Stop!!!")
    text_in("Start!")
    assert not consent.is_opted_out(PEER)
    for _ in range(3):
        outbound.send_due()
    assert [post["Body"].rsplit(". ")[-1] for post in carrier.posts][-1] == "Reply STOP to opt out."


def test_who_opted_out_needs_no_reply(conversation: Conversation, text_in: TextIn) -> None:
    text_in("I found another job")
    assert fresh(conversation).needs_reply
    text_in("STOP")
    assert not fresh(conversation).needs_reply


def test_states_only_move_forward(
    conversation: Conversation, submit: Submit, carrier: Carrier, say: Say
) -> None:
    message = submit(conversation)
    outbound.send_due()
    sid = fresh(message).carrier_id or ""
    say(sid, "delivered")
    for late in ("sent", "queued", "failed", "undelivered", "nonsense"):
        assert say(sid, late, 30003 if late in ("failed", "undelivered") else None).status_code == 200
        assert fresh(message).state is MessageState.DELIVERED
    other = submit(conversation, "Another")
    outbound.send_due()
    sid = fresh(other).carrier_id or ""
    say(sid, "undelivered", 30005)
    say(sid, "delivered")
    failed = fresh(other)
    assert (failed.state, failed.error_code) == (MessageState.UNDELIVERED, 30005)
    assert "not in service" in (failed.error or "")


def test_a_state_that_comes_before_our_own_commit_is_applied_after_it(
    conversation: Conversation, submit: Submit, carrier: Carrier, say: Say, client: Browser
) -> None:
    message = submit(conversation)
    early = "SM" + f"{1:032x}"
    say(early, "sent")
    assert fresh(message).state is MessageState.QUEUED
    outbound.send_due()
    assert fresh(message).carrier_id == early
    inbound.handle_waiting()
    assert fresh(message).state is MessageState.SENT


def test_two_texts_in_a_row_blocked_by_the_recipient_mean_do_not_text(
    conversation: Conversation, submit: Submit, carrier: Carrier, say: Say
) -> None:
    for words in (FIRST, "Are you there?"):
        message = submit(conversation, words)
        outbound.send_due()
        say(fresh(message).carrier_id or "", "undelivered", 30004)
    assert consent.is_opted_out(PEER)


def test_an_unregistered_number_is_stopped_until_a_person_acts(
    conversation: Conversation, submit: Submit, carrier: Carrier, say: Say, connected: SendingNumber, ana: User
) -> None:
    message = submit(conversation)
    outbound.send_due()
    say(fresh(message).carrier_id or "", "undelivered", 30034)
    with pytest.raises(outbound.Blocked, match="not registered with US carriers"):
        submit(conversation, "Again")
    account.recheck_stops()
    account.save_number(connected.e164, ana, registration=Registration.PENDING)
    with pytest.raises(outbound.Blocked, match="not approved yet"):
        submit(conversation, "Again")
    account.set_active(connected.id, True, ana)
    submit(conversation, "Again")


def test_texts_whose_webhook_never_came_are_taken_from_the_carriers_log(
    conversation: Conversation, carrier: Carrier, time: time_machine.Traveller, text_in: TextIn
) -> None:
    sent_at = clock.now() - timedelta(minutes=20)
    missed = carrier.receive("Did you get this?", at=sent_at)
    carrier.receive("STOP", at=sent_at + timedelta(minutes=1))
    assert reconcile.catch_up() == 2
    first = received()[0]
    assert (first.body, first.occurred_at) == ("Did you get this?", sent_at)
    assert consent.is_opted_out(PEER)
    text_in("Did you get this?", sid=missed["sid"])
    assert len(received()) == 2
    assert reconcile.catch_up() == 0


def test_a_late_webhook_is_placed_at_the_carriers_time(
    conversation: Conversation, carrier: Carrier, text_in: TextIn
) -> None:
    sent_at = clock.now() - timedelta(minutes=20)
    known = carrier.receive("Earlier", at=sent_at)
    text_in("Earlier", sid=known["sid"])
    reconcile.catch_up()
    assert received()[0].occurred_at == sent_at
