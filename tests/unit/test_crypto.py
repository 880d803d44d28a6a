"""Secrets are ciphertext in the database and survive a change of keys."""

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from sqlalchemy import text

from grayscale.crypto import Keyring, UnreadableSecret
from grayscale.database import transaction
from grayscale.extensions import db
from grayscale.models import LeverIntegration


def ring(*keys: str) -> Keyring:
    made = Keyring()
    made.load(keys)
    return made


def test_an_old_key_still_decrypts_and_rotation_needs_it_no_more() -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    token = ring(old).encrypt("lever-key")
    assert ring(new, old).decrypt(token) == "lever-key"
    rotated = ring(new, old).rotate(token)
    assert ring(new).decrypt(rotated) == "lever-key"


def test_a_lost_key_is_said_without_the_secret() -> None:
    token = ring(Fernet.generate_key().decode()).encrypt("lever-key")
    with pytest.raises(UnreadableSecret, match="FERNET_KEYS") as caught:
        ring(Fernet.generate_key().decode()).decrypt(token)
    assert token not in str(caught.value)


def test_the_column_holds_no_clear_text(app: Flask) -> None:
    with transaction() as session:
        session.get_one(LeverIntegration, 1).api_key = "a-very-secret-key"
    stored = db.session.execute(text("SELECT api_key FROM lever_integration")).scalar_one()
    assert "a-very-secret-key" not in stored
    db.session.expire_all()
    assert db.session.get_one(LeverIntegration, 1).api_key == "a-very-secret-key"
