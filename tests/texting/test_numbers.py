"""A number that Lever no longer lists for the candidate: nothing goes there until a person chose."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from werkzeug.test import TestResponse

from grayscale import clock
from grayscale.clients.lever.opportunity import Opportunity
from grayscale.database import transaction
from grayscale.domain import choosing_number, matching
from grayscale.domain.errors import Conflict, Invalid, NotFound
from grayscale.domain.lever import mirror
from grayscale.domain.texting import automated, consent, outbound
from grayscale.domain.texting.gate import Code
from grayscale.domain.texting.outbound import Blocked
from grayscale.extensions import db
from grayscale.models import CandidatePhone, ConsentHow, Conversation, Message, MessageState, User, Via
from tests import factories
from tests.page import Browser
from tests.texting.carrier import PEER, Carrier
from tests.texting.conftest import FIRST, fresh

NEW = "+12185550147"
Submit = Callable[..., Message]


@pytest.fixture
def corrected(conversation: Conversation) -> CandidatePhone:
    """Called once Mira's number was corrected in Lever."""
    phone = db.session.scalar(db.select(CandidatePhone).where(CandidatePhone.e164 == PEER))
    assert phone is not None
    with transaction() as session:
        session.delete(phone)
    db.session.expire_all()
    return factories.add(CandidatePhone(candidate_id=conversation.candidate_id, position=0, raw=NEW, e164=NEW))


def told(conversation: Conversation) -> list[str]:
    asked = db.select(Message.body).where(Message.conversation_id == conversation.id, Message.direction == "internal")
    return list(db.session.scalars(asked))


def test_nothing_is_submitted_to_a_number_lever_took_away(
    conversation: Conversation, corrected: CandidatePhone, submit: Submit
) -> None:
    with pytest.raises(Blocked, match=r"no longer lists \(218\) 555-0142 for Mira Okafor") as refused:
        submit(conversation)
    assert refused.value.code is Code.UNLISTED_NUMBER


def test_what_waits_is_held_and_goes_to_the_number_chosen(
    conversation: Conversation, submit: Submit, carrier: Carrier, time: time_machine.Traveller, jonas: User,
    request: pytest.FixtureRequest,
) -> None:  # fmt: skip
    held, later = (submit(conversation, send_at=clock.now() + timedelta(minutes=m)) for m in (5, 10))
    reminder = automated.plan(conversation.id, FIRST, key="r", send_at=clock.now() + timedelta(minutes=5))
    corrected: CandidatePhone = request.getfixturevalue("corrected")
    time.shift(timedelta(minutes=6))
    outbound.send_due()
    outbound.send_due()
    assert not carrier.posts
    assert fresh(held).state is fresh(reminder).state is MessageState.OVERDUE
    assert "no longer lists" in (fresh(held).error or "")
    choosing_number.choose(conversation.id, corrected.id, jonas)
    assert told(conversation)[-1] == (
        "Texts go to (218) 555-0147 instead of (218) 555-0142 from now on, says Jonas Rehn."
    )
    assert "no longer lists" not in (fresh(held).error or "")
    outbound.send_now(held.id, jonas)
    outbound.send_due()
    time.shift(timedelta(minutes=5))
    outbound.send_due()
    assert [post["To"] for post in carrier.posts] == [NEW, NEW]
    assert fresh(later).peer == NEW


def test_the_number_may_be_kept_by_a_persons_word(
    conversation: Conversation, corrected: CandidatePhone, submit: Submit, carrier: Carrier, jonas: User
) -> None:
    choosing_number.keep(conversation.id, jonas)
    submit(conversation)
    outbound.send_due()
    assert [post["To"] for post in carrier.posts] == [PEER]
    assert told(conversation) == ["(218) 555-0142 is still theirs, says Jonas Rehn."]


def test_a_number_matched_by_hand_needs_no_listing(
    conversation: Conversation, text_in: Callable[..., TestResponse], submit: Submit, jonas: User
) -> None:
    text_in("New phone", from_="+12185550199")
    unknown = db.session.scalar(db.select(Conversation).where(Conversation.candidate_id.is_(None)))
    assert unknown is not None
    matched = matching.match(unknown.id, conversation.candidate_id or 0, jonas)
    assert submit(matched).peer == "+12185550199"


def test_what_lever_took_away_since_is_asked_about_again(conversation: Conversation) -> None:
    with transaction():
        conversation.peer_vouched = True
    assert conversation.candidate is not None
    told_by_lever = {
        "id": "o-1", "name": "Mira Okafor", "contact": conversation.candidate.contact_id, "createdAt": 1767225600123,
        "confidentiality": "non-confidential", "phones": [{"value": "(218) 555-0147"}],
    }
    mirror.apply_opportunities([Opportunity.parse(told_by_lever)], clock.now() + timedelta(seconds=1), Via.POLL)
    assert not fresh(conversation).peer_vouched


def test_a_choice_is_of_the_candidates_own_numbers_and_after_what_sounded_like_stop(
    conversation: Conversation, corrected: CandidatePhone, text_in: Callable[..., TestResponse], jonas: User
) -> None:
    other = factories.candidate(name="Tom Lind", phone="+12185550143").phones[0]
    with pytest.raises(NotFound):
        choosing_number.choose(conversation.id, other.id, jonas)
    consent.opt_out(NEW, ConsentHow.KEYWORD)
    with pytest.raises(Invalid, match="opted out"):
        choosing_number.choose(conversation.id, corrected.id, jonas)
    consent.opt_in(NEW, ConsentHow.KEYWORD)
    text_in("wrong number")
    with pytest.raises(Conflict):
        choosing_number.choose(conversation.id, corrected.id, jonas)
    assert fresh(conversation).peer == PEER


def test_the_page_offers_the_way_on_before_anything_is_written(
    conversation: Conversation, corrected: CandidatePhone, as_jonas: Browser
) -> None:
    page = as_jonas.get(f"/inbox/{conversation.id}")
    assert "Lever no longer lists (218) 555-0142 for Mira Okafor." in page.words
    form = page.one("#gate form[action$='/number']")
    assert form.get_text(strip=True) == "Text (218) 555-0147 instead"
    refused = as_jonas.post(f"/inbox/{conversation.id}/messages", {"body": FIRST}, htmx=True)
    assert (refused.status, "decide above first" in refused.words) == (422, True), "said once, by the notice"
    data = {field["name"]: field["value"] for field in form.select("input")}
    assert as_jonas.post(form["action"], data).location == f"/inbox/{conversation.id}"
    after = as_jonas.get(f"/inbox/{conversation.id}")
    assert (fresh(conversation).peer, "no longer lists" in after.words) == (NEW, False)


def test_the_old_number_is_offered_to_who_was_texted_on_it(
    conversation: Conversation, corrected: CandidatePhone, submit: Submit, carrier: Carrier, jonas: User,
    text_in: Callable[..., TestResponse], as_jonas: Browser, request: pytest.FixtureRequest,
) -> None:  # fmt: skip
    factories.message(conversation, body="Hi, it is me", peer=PEER)
    choosing_number.choose(conversation.id, corrected.id, jonas)
    text_in("Old phone again")
    unknown = db.session.scalar(db.select(Conversation).where(Conversation.candidate_id.is_(None)))
    assert unknown is not None
    assert unknown.peer == PEER
    page = as_jonas.get(f"/inbox/{unknown.id}")
    assert [choice.get_text() for choice in page.select(".match-choice strong")] == ["Mira Okafor"]
    assert "Hi, it is me" not in page.one("#thread").get_text()
    secret = factories.opportunity(fresh(conversation).candidate, confidential=True, owner_lever_id="someone")
    with transaction():
        fresh(conversation).opportunity_id = secret.id
    assert not as_jonas.get(f"/inbox/{unknown.id}").select(".match-choice strong"), "a confidential thread tells nobody"
