"""What keeps a text from going, and what helps, in the composer's place."""

import pytest

from grayscale.database import transaction
from grayscale.domain import drafts
from grayscale.extensions import db
from grayscale.models import Candidate, TextingAccount, User
from tests.inbox.test_views import talk
from tests.page import Browser

pytestmark = pytest.mark.usefixtures("texting")


def test_what_a_first_text_lacks_is_put_behind_it_at_a_click(jonas: User, as_jonas: Browser) -> None:
    conversation = talk("Mira Okafor", minutes=60 * 24 * 40, assignee_id=jonas.id)
    with transaction():
        account = db.session.get_one(TextingAccount, 1)
        account.require_opt_out_line = account.require_names = True
    here = f"/inbox/{conversation.id}/messages"
    data = {"body": "Are you free at 3? ", "submission_key": "k"}
    offer = as_jonas.post(here, data, htmx=True).one("[name=append]")
    assert offer["value"] == "Jonas. Reply STOP to opt out."
    page = as_jonas.post(here, data | {"append": offer["value"]})
    assert page.status == 200
    whole = page.field("Message").get_text().strip()
    assert whole == "Are you free at 3? Jonas. Reply STOP to opt out."
    assert as_jonas.post(here, {"body": whole, "submission_key": "k"}).status == 303


def test_who_may_not_be_contacted_is_offered_no_text(jonas: User, as_jonas: Browser) -> None:
    conversation = talk("Mira Okafor", assignee_id=jonas.id)
    drafts.save(conversation.id, jonas, "My words")
    with transaction() as session:
        session.get_one(Candidate, conversation.candidate_id).contact_forbidden = True
    here = f"/inbox/{conversation.id}"
    page = as_jonas.get(here)
    assert "Mira Okafor may not be contacted." in page.one("#gate.is-shut").get_text()
    assert page.select("#gate form[action$='/refresh'] button")
    assert not page.select("#composer, #message, #send")
    refused = as_jonas.post(f"{here}/messages", {"body": "Hello", "submission_key": "k"}, htmx=True)
    assert refused.status == 422
    assert "Once it does, choose Refresh from Lever." in refused.words
    with transaction() as session:
        session.get_one(Candidate, conversation.candidate_id).contact_forbidden = False
    assert as_jonas.get(here).field("Message").get_text().strip() == "My words"


def test_an_opted_out_candidate_has_a_banner_and_no_composer(jonas: User, as_jonas: Browser) -> None:
    conversation = talk("Mira Okafor", assignee_id=jonas.id)
    assert as_jonas.post(f"/inbox/{conversation.id}/opt-out", {"reason": "On the phone"}).status == 303
    page = as_jonas.get(f"/inbox/{conversation.id}")
    assert "opted out" in page.one("#gate").get_text()
    assert not page.select("#composer, #message, #send")
