"""Rotating the keys of the stored secrets."""

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from sqlalchemy import text

from grayscale.crypto import UnreadableSecret, keyring
from grayscale.database import transaction
from grayscale.domain import keys
from grayscale.extensions import db
from grayscale.models import LeverEvent, LeverIntegration, User, WebhookToken
from tests.conftest import FERNET_KEY
from tests.page import Browser

NEW_KEY = Fernet.generate_key().decode()


def save_secrets() -> None:
    with transaction() as session:
        session.get_one(LeverIntegration, 1).api_key = "lever-key"
        session.get_one(WebhookToken, LeverEvent.HIRED).token = "hired-token"


def test_after_a_rotation_the_old_key_is_not_needed(app: Flask) -> None:
    save_secrets()
    keyring.load((NEW_KEY, FERNET_KEY))
    assert keys.rotate() >= 2
    keyring.load((NEW_KEY,))
    db.session.expire_all()
    assert db.session.get_one(LeverIntegration, 1).api_key == "lever-key"
    assert db.session.get_one(WebhookToken, LeverEvent.HIRED).token == "hired-token"


def test_what_no_key_reads_is_never_overwritten(app: Flask) -> None:
    save_secrets()
    before = db.session.execute(text("SELECT api_key FROM lever_integration")).scalar_one()
    keyring.load((NEW_KEY,))
    with pytest.raises(UnreadableSecret):
        keys.rotate()
    with pytest.raises(UnreadableSecret):
        keys.check_readable()
    assert db.session.execute(text("SELECT api_key FROM lever_integration")).scalar_one() == before


def test_a_process_that_lacks_the_key_says_so(app: Flask, ana: User) -> None:
    save_secrets()
    keyring.load((NEW_KEY,))
    browser = Browser(app)
    ready = browser.get("/readyz")
    assert ready.status == 503
    assert "add the one that saved it" in " ".join(ready.response.json["reasons"])
    assert ready.response.json["oldest_due_seconds"] != {}
    assert "grayscale_database_up 1.0" in browser.get("/metrics").text
    page = Browser(app, ana).get("/settings/ats/lever")
    assert page.status == 503
    assert "A stored secret cannot be read" in page.words
