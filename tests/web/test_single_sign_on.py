"""Signing in by the company's identity provider, and what it must never do."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from joserfc.jwk import ECKey

from grayscale.domain import single_sign_on, users
from grayscale.extensions import db
from grayscale.models import AuditEvent, Role, SingleSignOn, User
from tests import factories
from tests.conftest import emptied, make_shared_app
from tests.factories import PASSWORD
from tests.page import Browser
from tests.web import oidc_provider
from tests.web.oidc_provider import CLIENT, Provider

PAGE = "/settings/single-sign-on"


@pytest.fixture(scope="module")
def local_app(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """On this machine's own address: only there may the provider be on this machine too."""
    yield from make_shared_app(request, tmp_path_factory, public_url="http://127.0.0.1:5000")


@pytest.fixture
def app(request: pytest.FixtureRequest, local_app: Flask) -> Iterator[Flask]:
    with emptied(request, local_app):
        yield local_app


@pytest.fixture
def provider() -> Iterator[Provider]:
    with oidc_provider.running() as provider:
        yield provider


def form(provider: Provider, **values: str) -> dict[str, str]:
    return {
        "name": "Harbor ID", "discovery_url": provider.discovery_url, "client_id": CLIENT[0],
        "client_secret": CLIENT[1], "domains": "harbor.example", **values,
    }  # fmt: skip


@pytest.fixture
def set_up(as_ana: Browser, provider: Provider) -> None:
    assert as_ana.post("/settings/single-sign-on", form(provider)).status == 303


def come(browser: Browser, provider: Provider, start: str = "/login/sso") -> Any:
    off = browser.get(start)
    assert off.status == 302
    assert off.location.startswith(provider.url + "/authorize?"), off.location
    return browser.get("/login/sso/callback" + provider.approve(off.location))


def problem(browser: Browser) -> str:
    return browser.get("/login").one(".notice.warn").get_text(strip=True)


@pytest.mark.usefixtures("set_up")
def test_who_was_invited_signs_in_and_is_known_by_the_providers_id_from_then_on(
    client: Browser, provider: Provider, jonas: User
) -> None:
    page = client.get("/login?next=/account")
    start = page.one("a.button")["href"]
    back = come(client, provider, start)
    assert (back.status, back.location) == (303, "/account")
    assert jonas.name in client.get("/account").text
    line = db.session.scalars(db.select(AuditEvent).where(AuditEvent.action == "user.signed_in")).one()
    assert line.detail == {"by": "single sign-on"}

    provider.person["email"] = "jonas.new@elsewhere.example"
    assert come(client, provider).location == "/inbox", "the id counts, not the address"


@pytest.mark.usefixtures("set_up")
@pytest.mark.parametrize(
    ("person", "words"),
    [
        ({"email": "stranger@harbor.example"}, "Nobody invited stranger@harbor.example here."),
        ({"email": "jonas@evil.example"}, "Addresses of evil.example may not sign in here."),
        ({"email": "jonas@harbor.example.evil.example"}, "Addresses of harbor.example.evil.example may not"),
        ({"email_verified": False}, "has not verified that jonas@harbor.example is yours"),
        ({"email": None}, "did not say your e-mail address"),
    ],
)
def test_others_are_turned_away_and_it_is_written_down(
    client: Browser, provider: Provider, jonas: User, person: dict[str, Any], words: str
) -> None:
    provider.person |= person
    assert come(client, provider).location == "/login"
    assert words in problem(client)
    assert client.get("/account").status == 302
    assert "user.sign_in_refused" in db.session.scalars(db.select(AuditEvent.action)).all()


@pytest.mark.usefixtures("set_up")
def test_deactivated_means_deactivated(client: Browser, provider: Provider, ana: User, jonas: User) -> None:
    come(client, provider)
    users.deactivate(jonas.id, ana)
    assert come(client, provider).location == "/login"
    assert "is deactivated here" in problem(client)


@pytest.mark.usefixtures("set_up")
def test_an_address_that_changed_hands_opens_nothing(client: Browser, provider: Provider, jonas: User) -> None:
    come(client, provider)
    client.post("/logout")
    provider.person["sub"] = "another person"
    assert come(client, provider).location == "/login"
    assert "belongs to another account" in problem(client)


@pytest.mark.usefixtures("set_up")
@pytest.mark.parametrize(
    "spoil",
    [
        {"nonce": "of another sign-in"}, {"aud": "another client"}, {"iss": "https://evil.example"}, {"exp": 1},
        {"aud": [CLIENT[0], "another client"]},
    ],
)  # fmt: skip
def test_a_token_for_something_else_is_refused(
    client: Browser, provider: Provider, jonas: User, spoil: dict[str, Any]
) -> None:
    provider.spoil = spoil
    assert come(client, provider).location == "/login"
    assert "could not be verified" in problem(client)


@pytest.mark.usefixtures("set_up")
def test_a_token_signed_by_somebody_else_is_refused(client: Browser, provider: Provider, jonas: User) -> None:
    provider.signing_key = ECKey.generate_key("P-256")
    assert come(client, provider).location == "/login"
    assert client.get("/account").status == 302


@pytest.mark.usefixtures("set_up")
def test_a_sign_in_begun_elsewhere_is_not_finished_here(
    app: Flask, client: Browser, provider: Provider, jonas: User
) -> None:
    attacker = Browser(app)
    planted = provider.approve(attacker.get("/login/sso").location)
    client.get("/login/sso")
    assert client.get("/login/sso/callback" + planted).location == "/login"
    assert "begun in another window" in problem(client)
    # The provider was never asked: an injected code is not even tried.
    assert "/token" not in provider.paths
    done = provider.approve(client.get("/login/sso").location)
    assert client.get("/login/sso/callback" + done).location == "/inbox"
    assert client.get("/login/sso/callback" + done).location == "/login", "once only"


@pytest.mark.usefixtures("set_up")
def test_what_goes_over_the_browser_is_fresh_and_bound(client: Browser, provider: Provider) -> None:
    asked = []
    for _ in range(2):
        provider.approve(client.get("/login/sso?next=//evil.example").location)
    asked = list(provider.asked.values())
    assert asked[0]["code_challenge_method"] == "S256"
    for name in ("state", "nonce", "code_challenge"):
        assert asked[0][name] != asked[1][name]
    assert asked[0]["redirect_uri"] == "http://127.0.0.1:5000/login/sso/callback"


@pytest.mark.usefixtures("set_up")
def test_people_of_the_domain_may_join_by_themselves(as_ana: Browser, client: Browser, provider: Provider) -> None:
    as_ana.post("/settings/single-sign-on", form(provider, client_secret="", lets_join="y"))
    provider.person |= {"email": "New@Harbor.example", "sub": "7", "name": "New Person"}
    assert come(client, provider).location == "/inbox"
    joined = db.session.scalars(db.select(User).where(User.email == "new@harbor.example")).one()
    assert (joined.role, joined.name) == (Role.RECRUITER, "New Person")


def test_passwords_can_be_switched_off_by_who_proved_the_provider_and_on_by_the_operator(
    app: Flask, as_ana: Browser, client: Browser, provider: Provider, ana: User, jonas: User
) -> None:
    refused = as_ana.post("/settings/single-sign-on", form(provider, passwords_off="y"))
    assert refused.status == 422
    assert "Sign in with it yourself first" in refused.words
    as_ana.post("/settings/single-sign-on", form(provider))
    provider.person |= {"email": ana.email, "sub": "ana"}
    proven = Browser(app)
    come(proven, provider)
    assert proven.post("/settings/single-sign-on", form(provider, client_secret="", passwords_off="y")).status == 303

    assert not client.get("/login").select("input[type=password]")
    answer = client.post("/login", {"email": jonas.email, "password": PASSWORD})
    assert answer.status == 422
    assert "passwords are switched off" in answer.words

    result = app.test_cli_runner().invoke(args=["users", "allow-passwords"])
    assert result.output == "Password sign-in is on.\n"
    assert client.post("/login", {"email": jonas.email, "password": PASSWORD}).status == 303
    line = db.session.scalars(db.select(AuditEvent).order_by(AuditEvent.id.desc()).limit(2)).all()[1]
    assert (line.action, line.address) == ("single_sign_on.passwords_allowed", "command line")


@pytest.fixture
def passwords_off(app: Flask, set_up: None, provider: Provider, ana: User) -> Browser:
    """Ana proved the provider and switched passwords off; her browser."""
    provider.person |= {"email": ana.email, "sub": "ana"}
    proven = Browser(app)
    come(proven, provider)
    assert proven.post(PAGE, form(provider, client_secret="", passwords_off="y")).status == 303
    return proven


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"domains": "other.example"}, "who has signed in with Harbor ID has an address of these domains"),
        ({"client_id": "another client"}, "Sign in with it yourself first"),
        ({"client_secret": "another secret"}, "Leave passwords on while you replace the secret"),
    ],
)  # fmt: skip
def test_with_passwords_off_nothing_is_saved_that_leaves_no_super_admin_a_way_in(
    passwords_off: Browser, client: Browser, provider: Provider, change: dict[str, str], words: str
) -> None:
    page = passwords_off.post(PAGE, form(provider, **{"client_secret": "", "passwords_off": "y", **change}))
    assert page.status == 422
    assert words in page.words
    assert come(client, provider).location == "/inbox"


def test_another_issuer_is_another_provider(passwords_off: Browser, provider: Provider) -> None:
    provider.document = {"issuer": f"{provider.url}/moved"}
    page = passwords_off.post(PAGE, form(provider, client_secret="", passwords_off="y"))
    assert "Sign in with it yourself first" in page.words


def test_who_has_no_password_cannot_take_away_the_provider_they_come_in_by(
    passwords_off: Browser, provider: Provider, ana: User
) -> None:
    factories.update(ana, password_hash=None)
    passwords_off.post(f"{PAGE}/remove")
    assert "No super admin has a password" in passwords_off.get(PAGE).one("#toasts").get_text()
    refused = passwords_off.post(PAGE, form(provider, client_id="another client"))
    assert "No super admin has a password" in refused.words
    assert "once password sign-in is switched on again" in refused.words
    assert single_sign_on.settings() is not None


def test_people_are_recognised_anew_by_another_client_of_the_provider(
    set_up: None, as_ana: Browser, client: Browser, provider: Provider, jonas: User
) -> None:
    come(client, provider)
    answer = as_ana.post(PAGE, form(provider, client_id="another client"))
    assert "recognised by their e-mail address once more" in as_ana.get(answer.location).one("#toasts").get_text()
    provider.person["sub"] = "as the other client knows them"
    provider.spoil = {"aud": "another client"}
    provider.client = ("another client", CLIENT[1])
    assert come(client, provider).location == "/inbox"


@pytest.mark.usefixtures("set_up")
def test_the_secret_is_encrypted_kept_and_never_shown(as_ana: Browser, provider: Provider) -> None:
    page = as_ana.get("/settings/single-sign-on")
    assert CLIENT[1] not in page.text
    assert "Saved" in page.words
    as_ana.post("/settings/single-sign-on", form(provider, client_secret="", name="Other"))
    stored = db.session.get_one(SingleSignOn, 1, populate_existing=True)
    assert (stored.name, stored.client_secret) == ("Other", CLIENT[1])
    raw = db.session.execute(db.text("SELECT client_secret FROM single_sign_on")).scalar_one()
    assert CLIENT[1] not in raw
    assert CLIENT[1] not in str([event.detail for event in db.session.scalars(db.select(AuditEvent))])


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"token_endpoint": "http://169.254.169.254/latest"}, "endpoints that are not https addresses"),
        ({"issuer": "https://login.example/{tenantid}/v2.0"}, "the one of your own tenant"),
        ({"jwks_uri": "file:///etc/passwd"}, "endpoints that are not https addresses"),
    ],
)
def test_a_provider_that_points_elsewhere_is_not_saved(
    as_ana: Browser, provider: Provider, document: dict[str, str], words: str
) -> None:
    provider.document = document
    page = as_ana.post("/settings/single-sign-on", form(provider))
    assert page.status == 422
    assert words in page.words
    assert single_sign_on.settings() is None
