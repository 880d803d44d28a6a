"""A process that cannot work says so in one line before it serves."""

from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from sqlalchemy.exc import OperationalError

from grayscale import create_app, startup
from grayscale.crypto import keyring
from grayscale.database import transaction
from grayscale.domain import company as company_rows
from grayscale.domain import setup
from grayscale.domain.company import company, ensure_rows, lever_integration
from grayscale.extensions import db
from grayscale.models import LeverEvent, WebhookToken
from grayscale.startup import NotReady, prepare
from tests import factories
from tests.conftest import make_config


def test_a_fresh_installation_gets_a_link_and_an_inhabited_one_does_not(app: Flask) -> None:
    link = prepare(app)
    assert link is not None
    assert link.startswith("https://texting.test/setup/")
    assert prepare(app, invites=False) is None
    setup.check(link.rpartition("/")[2])
    factories.user()
    assert prepare(app) is None


def test_two_processes_may_start_on_an_empty_database_at_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    before = company().number_salt
    monkeypatch.setattr(company_rows, "_complete", lambda: False)
    ensure_rows()
    assert company().number_salt == before
    assert db.session.scalar(db.select(db.func.count()).select_from(WebhookToken)) == len(LeverEvent)


def test_an_empty_database_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="flask --app app db upgrade"):
        prepare(create_app(make_config(f"sqlite:///{tmp_path / 'empty.db'}")))


def test_a_database_that_is_being_restarted_is_waited_for(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[int] = []

    def check() -> None:
        tries.append(1)
        if len(tries) < 3:
            raise OperationalError("connect", {}, Exception("the database system is starting up"))

    monkeypatch.setattr(startup, "check_schema", check)
    monkeypatch.setattr(startup, "BETWEEN_TRIES_SECONDS", 0)
    prepare(app)
    assert len(tries) == 3


def test_a_wrong_address_is_named_in_the_end() -> None:
    app = create_app(make_config("postgresql+psycopg://nobody@127.0.0.1:1/nothing"))
    with pytest.raises(NotReady, match="DATABASE_URL: the database does not answer"):
        prepare(app, patience=0)


def test_a_lost_key_stops_the_start(app: Flask) -> None:
    factories.user()
    with transaction():
        lever_integration().api_key = "lever-key"
    keyring.load((Fernet.generate_key().decode(),))
    with pytest.raises(NotReady, match="FERNET_KEYS") as caught:
        prepare(app)
    assert "lever-key" not in str(caught.value)
