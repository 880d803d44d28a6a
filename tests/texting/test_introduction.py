"""Who writes, for whom and how to opt out: in a first text, after a long silence, and from a new recruiter."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain.texting import checks, gate, outbound, wording
from grayscale.domain.texting.gate import Code
from grayscale.models import Company, Conversation, Message, MessageState, User
from tests import factories
from tests.page import Browser
from tests.texting.carrier import Carrier, lost_after, lost_before
from tests.texting.conftest import FIRST, fresh

Submit = Callable[..., Message]
Policy = Callable[..., None]


@pytest.fixture
def harbor(app: Flask) -> None:
    with transaction() as session:
        session.get_one(Company, 1).name = "Harbor"


@pytest.fixture
def ana(app: Flask) -> User:
    return factories.user(name="Ana Castillo")


@pytest.fixture
def begun(conversation: Conversation, submit: Submit, carrier: Carrier, harbor: None) -> Conversation:
    """A conversation Jonas has texted in."""
    submit(conversation)
    outbound.send_due()
    return conversation


def code(conversation: Conversation, by: User, body: str) -> Code:
    return gate.check(fresh(conversation), at=clock.now(), by=by, body=body).code


def test_where_the_company_asks_for_names_a_first_text_has_both(
    conversation: Conversation, jonas: User, policy: Policy, harbor: None
) -> None:
    assert code(conversation, jonas, "Got a minute? Reply STOP to opt out.") is Code.ALLOWED
    policy(require_names=True)
    verdict = gate.check(
        fresh(conversation), at=clock.now(), by=jonas, body="Harbor here, got a minute? Reply STOP to opt out."
    )
    assert (verdict.code, verdict.sentence) == (Code.NO_NAMES, "A first text must say who writes. Add Jonas.")
    assert code(conversation, jonas, "Hi, jonas of HARBOR. Reply STOP to opt out.") is Code.ALLOWED


def test_a_further_recruiter_introduces_themselves_once(
    begun: Conversation, ana: User, jonas: User, policy: Policy, carrier: Carrier
) -> None:
    assert code(begun, ana, "I take over from here.") is Code.ALLOWED
    policy(require_names=True)
    assert code(begun, jonas, "Are you free?") is Code.ALLOWED
    assert code(begun, ana, "I take over from here.") is Code.NO_OPT_OUT_LINE
    outbound.submit(begun.id, "Ana from Harbor here. Reply STOP to opt out.", ana, submission_key="a1")
    assert code(begun, ana, "Are you free?") is Code.ALLOWED
    outbound.send_due()
    assert len(carrier.posts) == 2


def test_only_a_text_the_carrier_has_introduces_us(
    conversation: Conversation, submit: Submit, carrier: Carrier, jonas: User, time: time_machine.Traveller
) -> None:
    carrier.faults += [lost_before]
    first = submit(conversation)
    behind = submit(conversation, "Are you free at 3?")
    outbound.send_due()
    assert fresh(first).state is MessageState.CHECKING
    outbound.send_due()
    waiting = fresh(behind)
    assert (waiting.state, len(carrier.posts)) == (MessageState.QUEUED, 1)
    for _ in range(4):
        time.shift(timedelta(seconds=70))
        checks.check_unknown()
    assert fresh(first).state is MessageState.UNSURE
    assert code(conversation, jonas, "Got a minute?") is Code.NO_OPT_OUT_LINE
    assert wording.first_text_suggestion(fresh(conversation), jonas)
    outbound.send_due()
    assert fresh(behind).state is MessageState.BLOCKED
    assert len([event for event in fresh(behind).events if "Waits until the first" in event.detail]) == 1
    outbound.resolve_unsure(first.id, True, jonas)
    assert code(conversation, jonas, "Got a minute?") is Code.ALLOWED


def test_a_text_behind_the_first_one_goes_once_that_has_gone(
    conversation: Conversation, submit: Submit, carrier: Carrier, time: time_machine.Traveller
) -> None:
    carrier.faults += [lost_after(carrier)]
    submit(conversation)
    submit(conversation, "Are you free at 3?")
    for _ in range(3):
        outbound.send_due()
        time.shift(timedelta(seconds=70))
        checks.check_unknown()
    outbound.send_due()
    assert carrier.bodies() == [FIRST, "Are you free at 3?"]


@pytest.mark.parametrize("end", [MessageState.FAILED, MessageState.BLOCKED, MessageState.CANCELED])
def test_a_first_text_that_came_to_nothing_introduced_nobody(
    conversation: Conversation, submit: Submit, jonas: User, end: MessageState
) -> None:
    first = submit(conversation)
    assert code(conversation, jonas, "Got a minute?") is Code.ALLOWED
    with transaction() as session:
        session.get_one(Message, first.id).state = end
    assert code(conversation, jonas, "Got a minute?") is Code.NO_OPT_OUT_LINE


def test_the_composer_introduces_a_further_recruiter(begun: Conversation, ana: User, policy: Policy) -> None:
    assert wording.first_text_suggestion(begun, ana) == "Hi Mira, this is Ana Castillo from Harbor."
    policy(require_names=True)
    assert (wording.first_text_suggestion(begun, ana) or "").endswith("Reply STOP to opt out.")


def test_the_composer_begins_anew_after_a_month_of_silence(
    begun: Conversation, jonas: User, time: time_machine.Traveller, sign_in: Callable[[User], Browser]
) -> None:
    assert wording.first_text_suggestion(begun, jonas) is None
    time.shift(timedelta(days=31))
    assert code(begun, jonas, "Still there?") is Code.NO_OPT_OUT_LINE
    assert wording.first_text_suggestion(begun, jonas) == FIRST.replace("Jonas", jonas.name)
    assert FIRST.replace("Jonas", jonas.name) in sign_in(jonas).get(f"/inbox/{begun.id}").text
