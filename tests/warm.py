"""Imported once for all processes of the tests: what the product imports and makes at its first start."""

from cryptography.fernet import Fernet
from sqlalchemy.orm import configure_mappers

from grayscale import create_app
from grayscale.config import Config

create_app(
    Config(
        secret_key="nobody-signs-with-it",
        fernet_keys=(Fernet.generate_key().decode(),),
        database_url="sqlite:////nowhere/never-opened.db",
        public_url="https://texting.test",
        lever_api_url="https://lever.test/v1",
        twilio_api_url="https://twilio.test",
    )
)
configure_mappers()
