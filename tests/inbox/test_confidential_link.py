"""The deep link of a confidential opportunity never drops people into a conversation that others read."""

from flask import Flask

from tests import factories
from tests.page import Browser


def test_the_link_says_who_reads_the_conversation_and_moves_it_on_demand(app: Flask, as_ana: Browser) -> None:
    candidate = factories.candidate()
    posting = factories.posting(title="Data Engineer")
    shared = factories.opportunity(candidate, posting_lever_id=posting.lever_id)
    secret = factories.opportunity(candidate, confidential=True)
    conversation = factories.conversation(candidate, opportunity_id=shared.id)

    page = as_ana.get(f"/lever/{secret.lever_id}")
    assert page.status == 200
    assert "noted on Data Engineer" in page.words
    form = page.one('form[action$="/opportunity"]')
    moved = as_ana.post(form["action"], {"opportunity": form.select_one("[name=opportunity]")["value"]})
    assert moved.status == 303
    assert as_ana.get(f"/lever/{secret.lever_id}").location == f"/inbox/{conversation.id}"


def test_the_open_opportunitys_link_still_leads_there(app: Flask, as_ana: Browser) -> None:
    candidate = factories.candidate()
    shared = factories.opportunity(candidate)
    factories.opportunity(candidate, confidential=True)
    conversation = factories.conversation(candidate, opportunity_id=shared.id)
    assert as_ana.get(f"/lever/{shared.lever_id}").location == f"/inbox/{conversation.id}"


def test_a_thread_tied_to_nothing_yet_is_read_by_others_too(app: Flask, as_ana: Browser) -> None:
    candidate = factories.candidate()
    factories.conversation(candidate)
    secret = factories.opportunity(candidate, confidential=True)
    factories.opportunity(candidate)
    assert "noted on no opportunity yet" in as_ana.get(f"/lever/{secret.lever_id}").words
