"""After everything that uses them, no secret is in what somebody else reads: files, log, pages, metrics."""

import secrets
from pathlib import Path

import pytest
from flask import Flask

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain import company, invitations, sessions
from grayscale.extensions import db
from grayscale.models import (
    LeverEvent,
    LeverIntegration,
    Role,
    SessionKind,
    SingleSignOn,
    TextingAccount,
    User,
    WebhookToken,
)
from tests.conftest import FERNET_KEY
from tests.factories import PASSWORD
from tests.page import Browser

PATHS = (
    "/metrics", "/readyz", "/no-such-page", "/login", "/account", "/settings/ats/lever/edit", "/settings/texting",
    "/settings/single-sign-on", "/settings/audit", "/settings/users", "/events", "/inbox", "/setup/wrong",
    "/join/wrong",
)  # fmt: skip


def test_no_secret_is_left_anywhere(
    app: Flask, ana: User, sqlite_url: str, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    used = {name: f"secret-{name}-{secrets.token_hex(12)}" for name in ("lever", "carrier", "provider")}
    used |= {event.value: secrets.token_hex(20) for event in LeverEvent}
    with transaction() as session:
        session.get_one(LeverIntegration, 1).api_key = used["lever"]
        account = session.get_one(TextingAccount, 1)
        account.account_sid, account.auth_token = "AC" + "1" * 32, used["carrier"]
        for token in session.scalars(db.select(WebhookToken)):
            token.token = used[token.event.value]
        session.add(SingleSignOn(
            id=1, name="ID", discovery_url="https://id.example/x", client_id="x", client_secret=used["provider"],
            domains=["harbor.example"], saved_at=clock.now(),
        ))  # fmt: skip
    used["webhook key"] = company.lever_integration().webhook_key
    used["extension"] = sessions.begin(ana.id, label="Lever", kind=SessionKind.EXTENSION)
    _, used["invitation"] = invitations.invite(email="new@harbor.example", name="New", role=Role.RECRUITER, by=ana)

    browser = Browser(app)
    browser.post("/login", {"email": ana.email, "password": PASSWORD})
    with browser.client.session_transaction(base_url="https://texting.test") as cookie:
        used["sign-in"] = cookie["_user_id"]
    browser.post("/login", {"email": ana.email, "password": used["lever"]})
    for body in ({}, {"event": "candidateHired", "token": "x", "signature": "y", "triggeredAt": 1}):
        browser.fetch("POST", f"/webhooks/lever/{used['webhook key']}", json=body)
    browser.fetch("POST", "/webhooks/twilio/inbound", data={"Body": "x"}, headers={"X-Twilio-Signature": "x"})
    assert "Re-encrypted" in app.test_cli_runner().invoke(args=["keys", "rotate"]).output
    pages = {path: browser.fetch("GET", path).get_data(as_text=True) for path in PATHS}

    used |= {"password": PASSWORD, "key of the cookies": str(app.secret_key), "key of the secrets": FERNET_KEY}
    written = capsys.readouterr()
    places = {**pages, "the log": written.out + written.err + caplog.text}
    db.session.remove()
    for file in Path(sqlite_url.removeprefix("sqlite:///")).parent.glob("test.db*"):
        places[file.name] = file.read_bytes().decode("latin-1")
    assert "test.db" in places
    assert len(used) > 14
    found = [(name, place) for place, content in places.items() for name, secret in used.items() if secret in content]
    # The webhook URL is there to be copied.
    assert found == [("webhook key", "/settings/ats/lever/edit")]
