"""From Send to the carrier: one text each, whatever happens on the way."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from werkzeug.test import TestResponse

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain.errors import Conflict, Invalid, NotFound
from grayscale.domain.texting import checks, consent, outbound, reconcile, submissions
from grayscale.domain.texting.uploads import Upload
from grayscale.extensions import db
from grayscale.models import (
    ConsentHow,
    Conversation,
    Message,
    MessageState,
    SendingNumber,
    TextingAccount,
    User,
)
from grayscale.web.views.inbox.words import state_words
from tests import factories
from tests.page import Browser
from tests.texting.carrier import OURS, PEER, Carrier, lost_after, lost_before, never_left, refusal, utc
from tests.texting.conftest import FIRST, fresh

Submit = Callable[..., Message]
Say = Callable[..., TestResponse]
NIGHT = utc(2026, 6, 4, 3)


def state_of(message: Message) -> MessageState:
    return fresh(message).state


def set_on(model: type, row_id: int, **values: object) -> None:
    with transaction() as session:
        row = session.get_one(model, row_id)
        for name, value in values.items():
            setattr(row, name, value)


def test_a_submitted_text_is_queued_and_then_with_the_carrier(
    conversation: Conversation, carrier: Carrier, submit: Submit
) -> None:
    message = submit(conversation)
    assert message.state is MessageState.QUEUED
    assert outbound.send_due() == 1
    sent = fresh(message)
    assert sent.state is MessageState.ACCEPTED
    assert sent.carrier_id in carrier.texts
    post = carrier.posts[0]
    assert (post["To"], post["From"], post["Body"]) == (PEER, OURS, FIRST)
    assert post["StatusCallback"] == f"https://texting.test/webhooks/twilio/status?m={sent.public_id}"
    # Texting ends at 20:00 in Chicago, eight hours from now: the carrier may not hold it longer.
    assert post["ValidityPeriod"] == str(8 * 3600)
    assert outbound.send_due() == 0
    assert len(carrier.posts) == 1
    seen = fresh(conversation)
    assert seen.last_message_id == message.id
    assert seen.transcript_due_at is not None


def test_the_same_submission_twice_is_one_text(conversation: Conversation, carrier: Carrier, submit: Submit) -> None:
    first = submit(conversation, submission_key="held-enter")
    second = submit(conversation, f" {FIRST}\r\n", submission_key="held-enter")
    assert first.id == second.id
    outbound.send_due()
    third = submit(conversation, submission_key="held-enter")
    assert third.id == first.id
    outbound.send_due()
    assert carrier.bodies() == [FIRST]


def test_other_words_under_a_used_key_are_refused_and_not_swallowed(
    conversation: Conversation, submit: Submit
) -> None:
    picture = Upload("map.png", "image/png", b"\x89PNG\r\n\x1a\n1")
    night = utc(2026, 6, 4, 4)
    first = submit(conversation, submission_key="lost")
    later = submit(conversation, FIRST, submission_key="later", send_at=night)
    shown = submit(conversation, FIRST, submission_key="shown", media=[picture])
    assert later.send_at != night, "it was held for the hour"
    assert submit(conversation, FIRST, submission_key="later", send_at=night).id == later.id
    assert submit(conversation, FIRST, submission_key="shown", media=[picture]).id == shown.id
    other = Upload("map.png", "image/png", b"\x89PNG\r\n\x1a\n2")
    for key, values in (
        ("lost", {"body": f"{FIRST} At 3 pm."}),
        ("lost", {"media": [picture]}),
        ("lost", {"send_at": night}),
        ("later", {}),
        ("later", {"send_at": night + timedelta(days=1)}),
        ("shown", {}),
        ("shown", {"media": [other]}),
    ):
        with pytest.raises(submissions.Differs, match=r"Hi Mira.*What is in the box now was not sent"):
            submit(conversation, values.pop("body", FIRST), submission_key=key, **values)
    assert list(db.session.scalars(db.select(Message.id).order_by(Message.id))) == [first.id, later.id, shown.id]


def test_of_two_processes_with_one_key_the_later_reads_what_the_other_stored(
    conversation: Conversation, submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = submissions.first
    stored = submit(conversation, submission_key="raced")
    for body, wanted in ((FIRST, stored.id), ("Other words", None)):
        unseen = iter([None])
        monkeypatch.setattr(submissions, "first", lambda *of, unseen=unseen: next(unseen, taken(*of)))
        if wanted is not None:
            assert submit(conversation, body, submission_key="raced").id == wanted
        else:
            with pytest.raises(submissions.Differs):
                submit(conversation, body, submission_key="raced")


def test_two_texts_go_in_the_order_they_were_written(
    conversation: Conversation, carrier: Carrier, submit: Submit, time: time_machine.Traveller
) -> None:
    carrier.faults = [refusal(429, 20429)]
    submit(conversation, FIRST)
    submit(conversation, "And one more thing")
    for _ in range(6):
        outbound.send_due()
        time.shift(timedelta(seconds=10))
    assert carrier.bodies() == [FIRST, "And one more thing"]


def test_too_many_requests_slow_down_and_go_on(
    conversation: Conversation, carrier: Carrier, submit: Submit, time: time_machine.Traveller
) -> None:
    carrier.faults = [refusal(429, 20429), refusal(429, 20429)]
    message = submit(conversation)
    outbound.send_due()
    assert state_of(message) is MessageState.QUEUED
    assert outbound.send_due() == 0
    for _ in range(3):
        time.shift(timedelta(seconds=30))
        outbound.send_due()
    assert state_of(message) is MessageState.ACCEPTED
    assert len(carrier.texts) == 1


def test_a_full_queue_pauses_that_number_only(
    app: Flask, conversation: Conversation, carrier: Carrier, submit: Submit, time: time_machine.Traveller
) -> None:
    other = factories.sending_number(e164="+12185550101", segments_per_second=10)
    tom = factories.conversation(factories.candidate(name="Tom Lind", phone="+12185550143"), number=other)
    carrier.faults = [refusal(400, 21611)]
    held = submit(conversation)
    outbound.send_due()
    free = submit(tom)
    outbound.send_due()
    assert (state_of(held), state_of(free)) == (MessageState.QUEUED, MessageState.ACCEPTED)
    with app.test_request_context():
        assert state_words(fresh(held)).words == "Delayed until 13:05 (long queue of our number)"
        assert state_words(fresh(free)).words == "Queued at the carrier"
    time.shift(timedelta(minutes=11))
    outbound.send_due()
    assert state_of(held) is MessageState.ACCEPTED


def test_what_never_left_is_sent_again_by_itself(
    conversation: Conversation, carrier: Carrier, submit: Submit, time: time_machine.Traveller
) -> None:
    carrier.faults = [never_left]
    message = submit(conversation)
    outbound.send_due()
    assert state_of(message) is MessageState.QUEUED
    time.shift(timedelta(seconds=10))
    outbound.send_due()
    assert state_of(message) is MessageState.ACCEPTED
    assert len(carrier.texts) == 1


def test_each_refusal_is_final_and_says_why_and_whether_another_try_can_help(
    connected: SendingNumber, carrier: Carrier, submit: Submit, time: time_machine.Traveller
) -> None:
    refusals = {
        21211: ("not valid", False),
        21408: ("not enabled", True),
        21612: ("cannot be reached", False),
        21614: ("cannot receive", False),
        99999: ("99999", False),
    }
    for number, (code, (words, can_help)) in enumerate(refusals.items()):
        of = factories.conversation(factories.candidate(phone=f"+1218555{1000 + number}"), number=connected)
        carrier.faults = [refusal(400, code)]
        message = submit(of)
        outbound.send_due()
        failed = fresh(message)
        assert (failed.state, failed.error_code) == (MessageState.FAILED, code)
        assert words in (failed.error or "")
        assert fresh(of).has_failure
        assert outbound.can_try_again(failed) is can_help
        assert ("cannot help" in outbound.advice(failed)) is not can_help
    outbound.send_due()
    assert len(carrier.posts) == len(refusals)


def test_an_invalid_number_is_marked_so_nobody_texts_it_again(
    conversation: Conversation, carrier: Carrier, submit: Submit
) -> None:
    carrier.faults = [refusal(400, 21211)]
    submit(conversation)
    outbound.send_due()
    with pytest.raises(outbound.Blocked, match="cannot be texted"):
        submit(conversation)


def test_the_carriers_word_that_somebody_opted_out_is_kept_and_cancels_the_rest(
    conversation: Conversation, carrier: Carrier, submit: Submit
) -> None:
    carrier.faults = [refusal(400, 21610)]
    message = submit(conversation)
    later = submit(conversation, "Later", send_at=clock.now() + timedelta(hours=3))
    outbound.send_due()
    assert state_of(message) is MessageState.FAILED
    assert state_of(later) is MessageState.CANCELED
    assert consent.is_opted_out(PEER)


def test_refused_credentials_stop_everything_and_lose_nothing(
    conversation: Conversation, carrier: Carrier, submit: Submit, time: time_machine.Traveller
) -> None:
    carrier.faults = [refusal(401, 20003)]
    message = submit(conversation)
    outbound.send_due()
    assert state_of(message) is MessageState.QUEUED
    assert db.session.get_one(TextingAccount, 1).stopped_reason
    time.shift(timedelta(minutes=1))
    assert outbound.send_due() == 0
    # The carrier knows the account: the stop is lifted and the text goes.
    checks.check_unknown()
    outbound.send_due()
    assert state_of(message) is MessageState.ACCEPTED


def test_a_time_out_after_the_effect_is_found_and_never_sent_again(
    conversation: Conversation, carrier: Carrier, submit: Submit, time: time_machine.Traveller
) -> None:
    carrier.faults = [lost_after(carrier)]
    message = submit(conversation)
    outbound.send_due()
    assert state_of(message) is MessageState.CHECKING
    time.shift(checks.GRACE)
    checks.check_unknown()
    found = fresh(message)
    assert found.state is MessageState.ACCEPTED
    assert found.carrier_id in carrier.texts
    assert len(carrier.posts) == 1


@pytest.mark.parametrize("fault", [lost_before, refusal(500, 20500), refusal(503, 20503)])
def test_what_cannot_be_proven_is_left_to_a_person(
    conversation: Conversation, carrier: Carrier, submit: Submit, jonas: User, time: time_machine.Traveller,
    fault: Callable[..., object],
) -> None:  # fmt: skip
    carrier.faults = [fault]
    message = submit(conversation)
    outbound.send_due()
    for _ in range(8):
        assert outbound.send_due() == 0
        checks.check_unknown()
        time.shift(timedelta(seconds=45))
    unsure = fresh(message)
    assert unsure.state is MessageState.UNSURE
    assert fresh(conversation).has_failure
    assert len(carrier.posts) == 1
    again = outbound.resolve_unsure(message.id, sent=False, by=jonas)
    twice = outbound.resolve_unsure(message.id, sent=False, by=jonas)
    assert again.id == twice.id != message.id
    outbound.send_due()
    assert state_of(again) is MessageState.ACCEPTED
    assert len(carrier.texts) == 1
    assert not fresh(conversation).has_failure


def test_a_persons_word_that_it_was_sent_settles_it(
    conversation: Conversation, carrier: Carrier, submit: Submit, jonas: User, time: time_machine.Traveller
) -> None:
    carrier.faults = [lost_before]
    message = submit(conversation)
    called = clock.now()
    outbound.send_due()
    for _ in range(8):
        time.shift(timedelta(seconds=45))
        checks.check_unknown()
    outbound.resolve_unsure(message.id, sent=True, by=jonas)
    sent = fresh(message)
    assert sent.state is MessageState.SENT
    assert sent.handed_over_at == called
    assert fresh(conversation).transcript_due_at is not None
    with pytest.raises(Conflict):
        outbound.resolve_unsure(message.id, sent=False, by=jonas)


def test_a_callback_with_our_id_settles_an_unknown_call_at_once(
    conversation: Conversation, carrier: Carrier, submit: Submit, say: Say
) -> None:
    carrier.faults = [lost_after(carrier)]
    message = submit(conversation)
    outbound.send_due()
    sid = next(iter(carrier.texts))
    say(sid, "sent", m=message.public_id)
    settled = fresh(message)
    assert (settled.state, settled.carrier_id) == (MessageState.SENT, sid)


def test_two_unknown_texts_with_the_same_words_find_one_each(
    conversation: Conversation, carrier: Carrier, submit: Submit, time: time_machine.Traveller
) -> None:
    submit(conversation)
    outbound.send_due()
    carrier.faults = [lost_after(carrier), lost_after(carrier)]
    one, two = submit(conversation, "Ok"), submit(conversation, "Ok")
    outbound.send_due()
    time.shift(timedelta(seconds=1))
    outbound.send_due()
    time.shift(checks.GRACE)
    checks.check_unknown()
    time.shift(checks.BETWEEN_LOOKS)
    checks.check_unknown()
    assert {fresh(one).carrier_id, fresh(two).carrier_id} == set(carrier.texts) - {next(iter(carrier.texts))}


def test_a_killed_process_leaves_a_text_that_is_looked_up(
    conversation: Conversation, carrier: Carrier, submit: Submit, time: time_machine.Traveller,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Killed between the commit that says the call begins and the answer, with the text taken."""
    message = submit(conversation)

    def killed(*_args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("grayscale.domain.texting.sending._settle_all", killed)
    with pytest.raises(KeyboardInterrupt):
        outbound.send_due()
    monkeypatch.undo()
    assert state_of(message) is MessageState.SENDING
    assert outbound.send_due() == 0
    checks.check_unknown()
    assert state_of(message) is MessageState.SENDING, "the call may still be under way"
    time.shift(timedelta(minutes=3))
    assert outbound.send_due() == 0
    checks.check_unknown()
    assert state_of(message) is MessageState.ACCEPTED
    assert len(carrier.texts) == 1


def test_a_claim_without_a_call_is_simply_sent(
    conversation: Conversation, carrier: Carrier, submit: Submit, time: time_machine.Traveller,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    message = submit(conversation)

    def killed(_ids: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("grayscale.domain.texting.sending._prepared", killed)
    with pytest.raises(KeyboardInterrupt):
        outbound.send_due()
    monkeypatch.undo()
    assert outbound.send_due() == 0
    time.shift(timedelta(minutes=3))
    outbound.send_due()
    assert state_of(message) is MessageState.ACCEPTED


def test_quiet_hours_hold_a_text_and_it_goes_when_they_end(
    conversation: Conversation, carrier: Carrier, submit: Submit, time: time_machine.Traveller
) -> None:
    time.move_to(NIGHT)
    message = submit(conversation)
    assert (message.state, message.send_at) == (MessageState.SCHEDULED, utc(2026, 6, 4, 14))
    assert "Thu 4 Jun, 09:00 their time" in (outbound.notice(message) or "")
    outbound.send_due()
    assert not carrier.posts
    time.move_to(utc(2026, 6, 4, 14))
    outbound.send_due()
    assert state_of(message) is MessageState.ACCEPTED


def test_hours_are_asked_again_right_before_the_call(
    conversation: Conversation, carrier: Carrier, submit: Submit, time: time_machine.Traveller
) -> None:
    time.move_to(utc(2026, 6, 4, 0, 59))  # 19:59
    message = submit(conversation)
    time.shift(timedelta(minutes=1))
    outbound.send_due()
    assert (state_of(message), fresh(message).send_at) == (MessageState.SCHEDULED, utc(2026, 6, 4, 14))
    assert not carrier.posts


def test_send_later_goes_at_its_minute_and_never_twice(
    conversation: Conversation, carrier: Carrier, submit: Submit, time: time_machine.Traveller
) -> None:
    message = submit(conversation, send_at=clock.now() + timedelta(hours=2))
    outbound.send_due()
    assert not carrier.posts
    time.shift(timedelta(hours=2))
    outbound.send_due()
    outbound.send_due()
    assert state_of(message) is MessageState.ACCEPTED
    assert len(carrier.posts) == 1


def test_a_scheduled_text_can_be_changed_cancelled_and_sent_now(
    conversation: Conversation, carrier: Carrier, submit: Submit, jonas: User, time: time_machine.Traveller
) -> None:
    at = clock.now() + timedelta(hours=2)
    changed = submit(conversation, send_at=at)
    outbound.edit(changed.id, FIRST + " Changed", at + timedelta(hours=1), jonas)
    cancelled = submit(conversation, FIRST + " Cancelled", send_at=at)
    outbound.cancel(cancelled.id, jonas)
    now = submit(conversation, FIRST + " Now", send_at=at)
    outbound.send_now(now.id, jonas)
    outbound.send_due()
    assert carrier.bodies() == [FIRST + " Now"]
    time.shift(timedelta(hours=3))
    outbound.send_due()
    assert carrier.bodies() == [FIRST + " Now", FIRST + " Changed"]
    for message in (changed, cancelled, now):
        with pytest.raises(Conflict):
            outbound.cancel(message.id, jonas)


def test_what_missed_its_minute_by_too_much_asks(
    conversation: Conversation, carrier: Carrier, submit: Submit, jonas: User, time: time_machine.Traveller
) -> None:
    message = submit(conversation, send_at=clock.now() + timedelta(hours=1))
    time.shift(timedelta(hours=1, minutes=31))
    outbound.send_due()
    assert state_of(message) is MessageState.OVERDUE
    assert fresh(conversation).has_failure
    assert not carrier.posts
    outbound.send_now(message.id, jonas)
    outbound.send_due()
    assert state_of(message) is MessageState.ACCEPTED
    assert not fresh(conversation).has_failure


def test_a_scheduled_text_never_goes_to_who_opted_out_meanwhile(
    conversation: Conversation, carrier: Carrier, submit: Submit, time: time_machine.Traveller
) -> None:
    message = submit(conversation, send_at=clock.now() + timedelta(hours=1))
    consent.opt_out(PEER, ConsentHow.KEYWORD, reason="STOP")
    assert state_of(message) is MessageState.CANCELED
    time.shift(timedelta(hours=1))
    outbound.send_due()
    assert not carrier.posts


def test_one_recruiters_flood_does_not_hold_up_anothers_text(
    conversation: Conversation, carrier: Carrier, submit: Submit, mei: User, connected: SendingNumber
) -> None:
    for number in range(9):
        of = factories.candidate(name=f"Number {number}", phone=f"+1218555{1000 + number}")
        submit(factories.conversation(of, number=connected))
    last = factories.conversation(factories.candidate(phone="+12185550177"), number=connected)
    outbound.submit(last.id, FIRST, mei, submission_key="mei")
    outbound.send_due()
    assert "+12185550177" in [post["To"] for post in carrier.posts][:3]


def test_a_number_keeps_its_pace_in_segments(
    conversation: Conversation, carrier: Carrier, submit: Submit, connected: SendingNumber, time: time_machine.Traveller
) -> None:
    set_on(SendingNumber, connected.id, segments_per_second=1)
    for number in range(12):
        of = factories.candidate(name=f"Number {number}", phone=f"+1218555{1000 + number}")
        submit(factories.conversation(of, number=connected), FIRST + "x" * 120)  # two segments
    for _ in range(3):
        outbound.send_due()
    assert len(carrier.posts) == 3  # five seconds ahead of one segment a second
    time.shift(timedelta(seconds=4))
    outbound.send_due()
    assert len(carrier.posts) == 5


def test_pictures_are_offered_to_the_carrier_only_while_it_needs_them(
    conversation: Conversation, carrier: Carrier, submit: Submit, say: Say, client: Browser, jonas: User
) -> None:
    png = b"\x89PNG\r\n\x1a\n" + b"0" * 50
    message = submit(conversation, FIRST, media=[Upload("map.png", "image/png", png)])
    key = fresh(message).media[0].public_key
    assert client.get(f"/media/sent/{key}").status == 404
    outbound.send_due()
    assert carrier.posts[0]["MediaUrl"] == f"https://texting.test/media/sent/{key}"
    fetched = client.get(f"/media/sent/{key}")
    assert fetched.response.data == png
    assert fetched.headers["Content-Type"] == "image/png"
    say(fresh(message).carrier_id or "", "delivered")
    assert client.get(f"/media/sent/{key}").status == 404


def test_a_failed_text_is_tried_again_once_where_that_helps(
    conversation: Conversation, carrier: Carrier, submit: Submit, say: Say, jonas: User
) -> None:
    message = submit(conversation)
    outbound.send_due()
    say(fresh(message).carrier_id or "", "undelivered", 30003)
    failed = fresh(message)
    assert failed.state is MessageState.UNDELIVERED
    assert outbound.can_try_again(failed)
    again = outbound.try_again(message.id, jonas)
    assert outbound.try_again(message.id, jonas).id == again.id
    assert not outbound.can_try_again(fresh(message)), "that was done"
    assert outbound.advice(fresh(message)) == "It was tried again already."
    outbound.send_due()
    assert carrier.bodies() == [FIRST, FIRST]
    say(fresh(again).carrier_id or "", "undelivered", 30003)
    with pytest.raises(Conflict, match="cannot help"):
        outbound.try_again(again.id, jonas)


def test_what_the_carrier_put_off_goes_again_by_itself_a_few_times(
    conversation: Conversation, carrier: Carrier, submit: Submit, say: Say, time: time_machine.Traveller,
    policy: Callable[..., None],
) -> None:  # fmt: skip
    policy(unanswered_limit=0)
    submit(conversation)
    for _ in range(6):
        outbound.send_due()
        sid = list(carrier.texts)[-1]
        say(sid, "failed", 30001)
        time.shift(timedelta(minutes=10))
    assert len(carrier.posts) == 4  # the first and three more


def test_empty_overlong_and_foreign_texts_are_refused_before_anything_is_stored(
    conversation: Conversation, submit: Submit, mei: User
) -> None:
    with pytest.raises(Invalid, match="Write something"):
        submit(conversation, " \n ")
    with pytest.raises(Invalid, match="5 characters too long: it has 1,605, and a text takes 1,600"):
        submit(conversation, "STOP " + "x" * 1600)
    with pytest.raises(Invalid, match="passed"):
        submit(conversation, send_at=clock.now() - timedelta(hours=1))
    factories.opportunity(fresh(conversation).candidate, confidential=True)
    with pytest.raises(NotFound):
        outbound.submit(conversation.id, FIRST, mei, submission_key="x")
    assert db.session.scalar(db.select(db.func.count()).select_from(Message)) == 0


def test_a_silent_text_is_asked_about_and_only_moves_forward(
    conversation: Conversation, carrier: Carrier, submit: Submit, time: time_machine.Traveller
) -> None:
    message = submit(conversation)
    outbound.send_due()
    carrier.texts[fresh(message).carrier_id]["status"] = "delivered"
    time.shift(timedelta(minutes=11))
    reconcile.catch_up()
    assert state_of(message) is MessageState.DELIVERED
