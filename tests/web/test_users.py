"""Settings › Users."""

from contextlib import nullcontext
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain import invitations, users
from grayscale.domain.company import company
from grayscale.domain.errors import Conflict
from grayscale.extensions import db
from grayscale.models import AuditEvent, LeverUser, Role, SingleSignOn, User
from grayscale.web import throttle
from tests import factories
from tests.page import Browser

USERS = "/settings/users"
NEW_PASSWORD = "walrus teapot ladder"


def fresh(user: User) -> User:
    db.session.rollback()
    return db.session.get_one(User, user.id, populate_existing=True)


def lever_user(lever_id: str, email: str, name: str = "Jonas R.") -> None:
    factories.add(LeverUser(lever_id=lever_id, name=name, email=email, fetched_at=clock.now()))


def invite(as_ana: Browser, **values: str) -> str:
    """Invites somebody; the path of their link."""
    form = {"name": "Priya Nair", "email": "Priya@Harbor.example", "role": "recruiter", **values}
    answer = as_ana.post(f"{USERS}/invite", form)
    assert answer.status == 303
    return urlsplit(as_ana.get(answer.location).field("One-time link")["value"]).path


def test_an_invited_person_chooses_a_password_and_is_in(app: Flask, as_ana: Browser) -> None:
    link = invite(as_ana)
    assert "Invited" in as_ana.get(USERS).words
    priya = Browser(app)
    assert "priya@harbor.example" in priya.get(link).words
    weak = priya.post(link, {"password": "priyanair1"})
    assert weak.status == 422
    assert weak.field("New password")["aria-invalid"] == "true"

    answer = priya.post(link, {"password": NEW_PASSWORD})

    assert (answer.status, answer.location) == (303, "/inbox")
    assert priya.get("/account").status == 200
    assert priya.get(USERS).status == 403
    assert Browser(app).post(link, {"password": NEW_PASSWORD}).status == 404, "a link works once"


def test_a_password_made_of_the_companys_name_is_refused(as_ana: Browser, app: Flask) -> None:
    with transaction():
        company().name = "Harbor Clinic Group"
    page = Browser(app).post(invite(as_ana), {"password": "HarborClinic1"})
    assert page.status == 422
    assert "your name, e-mail address or company" in page.words


def test_wrong_links_from_the_same_address_leave_a_persons_own_alone(as_ana: Browser, app: Flask) -> None:
    link = invite(as_ana)
    elsewhere = Browser(app)
    answers = [elsewhere.get(f"/join/guess-{number}").status for number in range(throttle.PER_LINK_ADDRESS.count + 1)]
    assert answers[0] == 404
    assert answers[-1] == 429
    assert Browser(app).get(link).status == 200
    assert Browser(app).post(link, {"password": NEW_PASSWORD}).status == 303


def test_a_refused_change_of_a_person_changes_nothing(as_ana: Browser, ana: User) -> None:
    lever_user("lever-ana", "ana@elsewhere.example")
    page = as_ana.post(f"{USERS}/{ana.id}", {"role": "recruiter", "lever_user_id": "lever-ana"})
    assert page.status == 409
    assert fresh(ana).lever_user_id is None


def test_a_link_is_shown_once_and_kept_as_a_hash(as_ana: Browser) -> None:
    token = invite(as_ana).rsplit("/", 1)[1]
    user = db.session.scalars(db.select(User).where(User.email == "priya@harbor.example")).one()
    assert token not in as_ana.get(f"{USERS}/{user.id}").text
    assert user.link_hash not in (None, token)


def test_a_link_expires_and_a_newer_one_replaces_it(
    client: Browser, ana: User, jonas: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    older, newer = invitations.renew(jonas.id, ana), invitations.renew(jonas.id, ana)
    assert client.get(f"/join/{older}").status == 404
    assert client.get(f"/join/{newer}").status == 200
    then = clock.now() + timedelta(days=3, seconds=1)
    monkeypatch.setattr(clock, "now", lambda: then)
    page = client.post(f"/join/{newer}", {"password": NEW_PASSWORD})
    assert page.status == 404
    assert "Ask a super admin for a new one" in page.words


def test_a_reset_ends_the_sign_ins_there_are(as_jonas: Browser, client: Browser, ana: User, jonas: User) -> None:
    token = invitations.renew(jonas.id, ana)
    assert as_jonas.get("/account").status == 200, "until the link is used nothing changes"
    client.post(f"/join/{token}", {"password": NEW_PASSWORD})
    assert as_jonas.get("/account").status == 302


def test_one_address_is_one_person(as_ana: Browser, jonas: User) -> None:
    form = {"name": "Other", "email": "JONAS@harbor.example", "role": "recruiter"}
    page = as_ana.post(f"{USERS}/invite", form)
    assert page.status == 409
    assert "already a user" in page.words
    page = as_ana.post(f"{USERS}/invite", {**form, "email": "not an address", "role": "emperor"})
    assert page.status == 422


def test_a_deactivated_person_is_out_at_once(as_ana: Browser, as_jonas: Browser, jonas: User) -> None:
    assert as_jonas.get("/account").status == 200
    as_ana.post(f"{USERS}/{jonas.id}/deactivate")
    assert as_jonas.get("/account").status == 302
    assert "Deactivated" in as_ana.get(USERS).words
    as_ana.post(f"{USERS}/{jonas.id}/reactivate")
    assert fresh(jonas).active
    assert as_jonas.get("/account").status == 302, "old sign-ins stay ended"


def test_the_last_super_admin_stays_one(as_ana: Browser, ana: User, jonas: User) -> None:
    invited = users.create(email="boss@harbor.example", name="Boss", role=Role.SUPER_ADMIN, password=None)
    page = as_ana.post(f"{USERS}/{ana.id}", {"role": "recruiter"})
    assert page.status == 409, "an invited one who cannot sign in yet does not count"
    assert "last super admin" in page.words
    as_ana.post(f"{USERS}/{ana.id}/deactivate")
    assert "last super admin" in as_ana.get(f"{USERS}/{ana.id}").one("#toasts").get_text()
    assert fresh(ana).active

    as_ana.post(f"{USERS}/{jonas.id}", {"role": "super_admin"})
    assert as_ana.post(f"{USERS}/{ana.id}", {"role": "recruiter"}).status == 303
    with pytest.raises(Conflict):
        users.deactivate(jonas.id, invited)


@pytest.mark.parametrize(
    ("provider", "other", "counts"),
    [
        (None, {"sso_subject": "https://id.example 7"}, False),
        (None, {}, False),
        ({}, {"sso_subject": "https://id.example 7"}, True),
        ({"domains": ["other.example"]}, {"sso_subject": "https://id.example 7"}, False),
        ({"passwords_off": True}, {"password_hash": factories.PASSWORD_HASH}, False),
        ({"passwords_off": True}, {"sso_subject": "https://id.example 7"}, True),
    ],
)
def test_a_super_admin_counts_by_the_ways_in_that_are_on(
    ana: User, provider: dict[str, object] | None, other: dict[str, str], counts: bool
) -> None:
    factories.user(**{"role": Role.SUPER_ADMIN, "password_hash": None, **other})
    if provider is not None:
        defaults = {"name": "Harbor ID", "discovery_url": "https://id.example", "client_id": "it", "client_secret": "s",
                    "domains": ["harbor.example"], "saved_at": clock.now()}  # fmt: skip
        factories.add(SingleSignOn(**{**defaults, **provider}))
    refused = pytest.raises(Conflict, match="last super admin who can sign in")
    with nullcontext() if counts else refused:
        users.change_role(ana.id, Role.RECRUITER, ana)
    assert fresh(ana).is_super_admin is not counts


def test_a_changed_role_counts_at_once_and_is_written_down(as_ana: Browser, as_jonas: Browser, jonas: User) -> None:
    assert as_jonas.get(USERS).status == 403
    as_ana.post(f"{USERS}/{jonas.id}", {"role": "super_admin"})
    assert as_jonas.get(USERS).status == 200
    event = db.session.scalars(db.select(AuditEvent).where(AuditEvent.action == "user.role_changed")).one()
    assert (event.subject, event.detail) == ("jonas@harbor.example", {"from": "recruiter", "to": "super_admin"})


def test_people_are_matched_to_lever_by_their_address(as_ana: Browser, jonas: User) -> None:
    lever_user("L1", "Jonas@Harbor.example")
    lever_user("L2", "somebody@else.example", "Somebody Else")
    page = as_ana.get(USERS)
    form = page.one(f'form[action="{USERS}/{jonas.id}/lever-user"]')
    assert form.button.get_text(strip=True) == "Map to Jonas R."
    as_ana.post(form["action"], {"lever_user_id": form.select_one("[name=lever_user_id]")["value"]})
    assert fresh(jonas).lever_user_id == "L1"

    as_ana.post(f"{USERS}/{jonas.id}", {"role": "recruiter", "lever_user_id": ""})
    assert fresh(jonas).lever_user_id is None
    page = as_ana.post(f"{USERS}/{jonas.id}", {"role": "recruiter", "lever_user_id": "L9"})
    assert page.status == 422
    assert "no such user" in page.words


def test_an_invited_person_known_to_lever_is_mapped_by_itself(as_ana: Browser) -> None:
    lever_user("L7", "priya@harbor.example")
    invite(as_ana)
    assert db.session.scalar(db.select(User.lever_user_id).where(User.name == "Priya Nair")) == "L7"


def test_nobody_by_that_number(as_ana: Browser) -> None:
    assert as_ana.get(f"{USERS}/999").status == 404
    assert as_ana.post(f"{USERS}/999", {"role": "recruiter"}).status == 404


def test_a_super_admin_ends_a_colleagues_sign_ins(app: Flask, as_ana: Browser, ana: User, jonas: User) -> None:
    as_jonas, elsewhere = Browser(app, jonas), Browser(app, jonas)
    assert as_ana.get(f"{USERS}/{jonas.id}").words.count("Last used") == 2

    page = as_ana.get(as_ana.post(f"{USERS}/{jonas.id}/sign-out").location)

    assert "Jonas Rehn is signed out everywhere" in page.words
    assert "Last used" not in page.words
    assert [browser.get("/account").status for browser in (as_jonas, elsewhere)] == [302, 302]
    line = db.session.scalars(db.select(AuditEvent).order_by(AuditEvent.id.desc())).first()
    assert line is not None
    assert (line.action, line.user_id, line.subject) == ("user.signed_out_everywhere", ana.id, jonas.email)
    assert Browser(app, fresh(jonas)).get("/account").status == 200, "they may come back"
