"""What no form of ours sends is answered, not failed on, on either database."""

import pytest
from flask import Flask

from grayscale import create_app
from grayscale.extensions import db
from grayscale.models import Role
from tests import factories
from tests.conftest import make_config
from tests.page import Browser

HUGE = "9" * 20
NUL = "a\x00b"


@pytest.mark.parametrize("number", [HUGE, "9" * 5000, str(2**63)])
@pytest.mark.parametrize("path", ["/inbox/{}", "/media/{}", "/notes/{}", "/events/{}", "/inbox/messages/{}/trace"])
def test_an_id_no_row_can_have_is_not_found(as_ana: Browser, path: str, number: str) -> None:
    assert as_ana.get(path.format(number)).status == 404


@pytest.mark.parametrize(
    "path",
    [
        f"/inbox/live?tick={HUGE}&c={HUGE}&shown={HUGE}&from=9999-12-31T23:59:59-14:00~{HUGE}",
        f"/inbox?q=mira&before={HUGE}",
        f"/inbox?after=2026-01-01T00:00:00Z~{HUGE}",
        "/inbox?after=2026-01-01T00:00:00~1",
        "/inbox?after=0001-01-01T00:00:00%2B14:00~1",
        f"/candidates?after={HUGE}~Mira",
        "/candidates?after=²~Mira",
        f"/candidates?after={'9' * 5000}~Mira",
        f"/events?before={HUGE}",
        f"/notes?from={HUGE}",
        f"/notes?state=coming&from={HUGE}",
    ],
)
def test_a_number_or_time_out_of_range_counts_as_not_given(as_ana: Browser, path: str) -> None:
    assert as_ana.get(path).status in (200, 204)


def test_forms_survive_numbers_and_times_out_of_range(as_ana: Browser) -> None:
    person = factories.candidate()
    conversation = factories.conversation(person, opportunity_id=factories.opportunity(person).id)
    home = f"/inbox/{conversation.id}"
    numbers = ("opportunity", "assignee", "candidate", "phone", "read_up_to")
    form = {"body": "Hello", **dict.fromkeys(numbers, HUGE)}
    for act in ("opportunity", "assign", "match", "here", "messages", "draft"):
        assert as_ana.post(f"{home}/{act}", form).status < 500, act
    assert as_ana.post(f"/candidates/{person.id}/conversation", form).status < 500
    for at in ("0001-01-01T00:00", "9999-12-31T23:59"):
        sent = as_ana.post(f"{home}/messages", {"body": "Hello", "later": "1", "send_at": at, "seen_up_to": HUGE})
        assert sent.status == 422


@pytest.fixture(params=["sqlite_url", "postgresql_url"])
def on_either(request: pytest.FixtureRequest) -> Flask:
    return create_app(make_config(request.getfixturevalue(request.param)))


def test_nul_characters_are_dropped_or_lead_nowhere(on_either: Flask) -> None:
    with on_either.app_context():
        ana = factories.user(role=Role.SUPER_ADMIN, email="ana@harbor.example")
        conversation = factories.conversation(factories.candidate())
        browser = Browser(on_either, ana)
        for path in ("/lever/a%00b", "/join/a%00b", "/media/sent/a%00b"):
            assert browser.get(path).status == 404, path
        for path in ("/inbox?q=a%00b", "/candidates?q=a%00b&posting=a%00b", "/events?candidate=a%00b", "/notes?q=a%00b",
                     "/candidates?after=1~a%00b"):
            assert browser.get(path).status == 200, path
        form = {"body": NUL, "reason": NUL, "email": NUL, "password": NUL, "name": NUL, "submission_key": NUL}
        for act in ("draft", "messages", "opt-out", "match"):
            assert browser.post(f"/inbox/{conversation.id}/{act}", form).status < 500, act
        for path in ("/account", "/account/password", "/settings/users", "/login"):
            assert browser.post(path, form).status < 500, path
        db.session.remove()
        db.engine.dispose()
