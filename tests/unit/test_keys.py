"""Rotating the keys of the stored secrets."""

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from sqlalchemy import text

from grayscale.crypto import UnreadableSecret, keyring
from grayscale.database import transaction
from grayscale.domain import keys
from grayscale.extensions import db
from grayscale.models import LeverEvent, LeverIntegration, WebhookToken
from tests.conftest import FERNET_KEY

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
