"""The inbox in a real browser: a server on loopback over a day's worth of data, and people to look at it."""

import logging
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from playwright.sync_api import Browser, BrowserContext, Page
from werkzeug.serving import make_server

from grayscale import create_app
from grayscale.database import transaction
from grayscale.domain import changes, sessions
from grayscale.extensions import db
from grayscale.models import Conversation, Direction, Message, MessageState, Role, TextingAccount, User
from grayscale.web.auth import CARRIED
from tests import factories
from tests.chromium import shared_browser
from tests.conftest import as_if_started, make_config, put_in_place
from tools import demo_data


@pytest.fixture
def browser_here() -> Browser:
    return shared_browser()


@pytest.fixture(scope="session")
def demo_file(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with the demo's day in it, to copy."""
    path = tmp_path_factory.mktemp("demo") / "demo.db"
    shutil.copyfile(migrated, path)
    app = create_app(make_config(f"sqlite:///{path}", public_url="http://127.0.0.1:1"))
    with app.app_context():
        demo_data.seed()
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.session.remove()
        db.engine.dispose()
    return path


@pytest.fixture
def texting(app: object) -> None:
    """An account that may text at any hour."""
    with transaction():
        account = db.session.get_one(TextingAccount, 1)
        account.account_sid, account.auth_token = "AC" + "1" * 32, "token"
        account.closes = account.opens


class Office:
    """A running application, and what its people and candidates do."""

    def __init__(self, app: Flask, url: str, browser: Browser) -> None:
        self.app = app
        self.url = url
        self._browser = browser
        self._contexts: list[BrowserContext] = []

    def sit_down(self, first_name: str, path: str = "/inbox", **options: object) -> Page:
        """A page of this person, signed in."""
        context = self._browser.new_context(
            **{"viewport": {"width": 1280, "height": 820}, "base_url": self.url, **options}  # type: ignore[arg-type]
        )
        self._contexts.append(context)
        context.add_cookies([{"name": "session", "value": self._session(first_name), "url": self.url}])
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.goto(path)
        return page

    def _session(self, first_name: str) -> str:
        """The cookie of a sign-in; the form and its slow hash have tests of their own."""
        with self.app.app_context():
            user = db.session.scalars(db.select(User).where(User.name.startswith(first_name))).one()
            token = sessions.begin(user.id, label="Chromium")
        signer = SecureCookieSessionInterface().get_signing_serializer(self.app)
        assert signer is not None
        return str(signer.dumps({CARRIED: token}))

    def sign_in(self, page: Page, first_name: str) -> None:
        """By the form, once the page shows it."""
        page.get_by_label("Email").fill(f"{first_name.lower()}@harbor.example")
        page.get_by_label("Password", exact=True).fill(demo_data.PASSWORD)
        page.get_by_role("button", name="Sign in").click()

    def conversation(self, name: str) -> int:
        with self.app.app_context():
            found = db.session.scalar(
                db.select(Conversation.id)
                .join(Conversation.candidate)
                .where(db.text("candidate.name = :name"))
                .params(name=name)
            )
            assert found is not None
            return int(found)

    def candidate_texts(self, name: str, words: str) -> None:
        self._say(name, "<", words)

    def colleague_texts(self, who: str, name: str, words: str) -> None:
        self._say(name, who, words)

    def text_fails(self, name: str) -> None:
        """The carrier could not deliver the newest text to them."""
        conversation_id = self.conversation(name)
        with self.app.app_context(), transaction() as session:
            sent = db.select(Message).filter_by(conversation_id=conversation_id, direction=Direction.OUTBOUND)
            newest = session.scalars(sent.order_by(Message.id.desc())).first()
            assert newest is not None
            newest.state = MessageState.UNDELIVERED
            session.flush()
            changes.touch([conversation_id])

    def _say(self, name: str, who: str, words: str) -> None:
        conversation_id = self.conversation(name)
        with self.app.app_context():
            people = {user.first_name: user for user in db.session.scalars(db.select(User))}
            with transaction() as session:
                demo_data.say(session.get_one(Conversation, conversation_id), people, 0, who, words)
                session.flush()
                changes.touch([conversation_id])

    def leave(self) -> None:
        for context in self._contexts:
            context.close()


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, str]]:
    """The application these tests take turns with, and where: its templates and statements are compiled once."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    path = tmp_path_factory.mktemp("office") / "office.db"
    app = create_app(make_config(f"sqlite:///{path}", public_url=url, port=port))
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield app, url
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def office(served: tuple[Flask, str], demo_file: Path, browser_here: Browser) -> Iterator[Office]:
    """A day's worth of data."""
    with opened(demo_file, served, browser_here) as made:
        yield made


@pytest.fixture
def empty_office(served: tuple[Flask, str], migrated: Path, browser_here: Browser) -> Iterator[Office]:
    """Nothing but a super admin, Ana."""
    with opened(migrated, served, browser_here) as made:
        with made.app.app_context():
            factories.user(
                name="Ana Castillo", email="ana@harbor.example", role=Role.SUPER_ADMIN,
                password_hash=demo_data.PASSWORD_HASH,
            )  # fmt: skip
        yield made


@contextmanager
def opened(file: Path, served: tuple[Flask, str], browser: Browser) -> Iterator[Office]:
    app, url = served
    put_in_place(file, app)
    with as_if_started(app):
        made = Office(app, url, browser)
        try:
            yield made
        finally:
            made.leave()
            # What was asked last is answered before the next test's data is there.
            for thread in threading.enumerate():
                if "process_request_thread" in thread.name:
                    thread.join()
            with app.app_context():
                db.engine.dispose()
