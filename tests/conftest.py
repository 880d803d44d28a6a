"""The application on a fresh database for each test, and people to use it as."""

import contextlib
import gc
import os
import shutil
import sqlite3
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from cryptography.fernet import Fernet
from flask import Flask
from flask_migrate import upgrade
from hypothesis import settings
from sqlalchemy.engine import make_url

from grayscale import create_app
from grayscale.config import Config
from grayscale.crypto import keyring
from grayscale.domain import nudges, passwords, stopping
from grayscale.domain.company import ensure_rows
from grayscale.extensions import db, limiter
from grayscale.models import Role, User
from tests import factories, postgresql
from tests.page import Browser

ROOT = Path(__file__).parent.parent
LEVER_URL = "https://lever.test/v1"
TWILIO_URL = "https://twilio.test"
HASHER = passwords._hasher
FERNET_KEY = Fernet.generate_key().decode()
# Files held in memory, where a machine has that.
MEMORY = Path("/dev/shm")
ROOM_BYTES = 2 * 1024**3


def make_config(database_url: str, **overrides: object) -> Config:
    """A configuration whose Lever and carrier exist only for ``responses``."""
    values: dict[str, object] = {
        "secret_key": "a-secret-key-for-tests-only",
        "fernet_keys": (FERNET_KEY,),
        "database_url": database_url,
        "public_url": "https://texting.test",
        "lever_api_url": LEVER_URL,
        "twilio_api_url": TWILIO_URL,
    }
    return Config(**{**values, **overrides})


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=("sqlite", "postgresql"), default="sqlite", help="what `app` runs on")


def migrate(database_url: str) -> None:
    """Bring an empty database to the newest schema, with the rows there is one of."""
    app = create_app(make_config(database_url))
    with app.app_context():
        upgrade(directory=str(ROOT / "migrations"))
        ensure_rows()
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("database") / "template.db"
    migrate(f"sqlite:///{path}")
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[postgresql.Server]:
    """A PostgreSQL server that lives as long as the test run."""
    with postgresql.running() as server:
        yield server


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: postgresql.Server) -> str:
    """A migrated database to copy."""
    postgresql_server.execute("CREATE DATABASE template_grayscale")
    migrate(postgresql_server.url("template_grayscale"))
    return "template_grayscale"


@pytest.fixture
def postgresql_url(postgresql_server: postgresql.Server, postgresql_template: str) -> Iterator[str]:
    """A migrated PostgreSQL database of the test's own."""
    name = f"test_{uuid.uuid4().hex}"
    postgresql_server.execute(f"CREATE DATABASE {name} TEMPLATE {postgresql_template} STRATEGY FILE_COPY")
    yield postgresql_server.url(name)
    postgresql_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sqlite_url(migrated: Path, tmp_path: Path) -> str:
    """A migrated SQLite database of the test's own."""
    path = tmp_path / "test.db"
    shutil.copyfile(migrated, path)
    return f"sqlite:///{path}"


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """A database of the test's own, of the kind the run was asked for."""
    kind = request.config.getoption("--database")
    url: str = request.getfixturevalue(f"{kind}_url")
    return url


@pytest.fixture(scope="session")
def shared_app(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The application this worker's tests take turns with; compiling its routes takes longer than most tests."""
    yield from make_shared_app(request, tmp_path_factory)


def make_shared_app(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, **overrides: object
) -> Iterator[Flask]:
    if request.config.getoption("--database") == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('shared') / 'test.db'}"
    else:
        server: postgresql.Server = request.getfixturevalue("postgresql_server")
        url = server.url(f"shared_{uuid.uuid4().hex}")
    app = create_app(make_config(url, **overrides))
    app.testing = True
    yield app
    with app.app_context():
        db.engine.dispose()


def empty_database(request: pytest.FixtureRequest, app: Flask) -> None:
    """Put a migrated database, with nothing in it yet, where *app* looks for its own."""
    url = make_url(app.config["SQLALCHEMY_DATABASE_URI"])
    if url.get_backend_name() == "sqlite":
        put_in_place(request.getfixturevalue("migrated"), app)
        return
    database = str(url.database)
    server: postgresql.Server = request.getfixturevalue("postgresql_server")
    template = request.getfixturevalue("postgresql_template")
    server.empty(database, template)


def put_in_place(file: Path, app: Flask) -> None:
    """Copy an SQLite *file* to where *app* looks for its own."""
    database = str(make_url(app.config["SQLALCHEMY_DATABASE_URI"]).database)
    for ending in ("", "-wal", "-shm", ".jobs-lock"):
        Path(database + ending).unlink(missing_ok=True)
    shutil.copyfile(file, database)


@pytest.fixture
def app(request: pytest.FixtureRequest, shared_app: Flask) -> Iterator[Flask]:
    """The application on an empty database, as if just started, with an active application context."""
    with emptied(request, shared_app):
        yield shared_app


@contextlib.contextmanager
def emptied(request: pytest.FixtureRequest, app: Flask) -> Iterator[None]:
    """Lend an application that several tests share to one of them, empty and with an active application context."""
    empty_database(request, app)
    with as_if_started(app), app.app_context():
        limiter.reset()
        yield
        db.session.remove()
        db.engine.dispose()


@contextlib.contextmanager
def as_if_started(app: Flask) -> Iterator[None]:
    """Have a shared application forget at the end what a process remembers between requests."""
    as_started = dict(app.extensions)
    keyring.load((FERNET_KEY,))
    limiter.enabled = False
    yield
    app.extensions.clear()
    app.extensions.update(as_started)
    nudges.forget_listeners()
    stopping.forget()


@pytest.fixture
def client(app: Flask) -> Browser:
    """Somebody who is not signed in."""
    return Browser(app)


@pytest.fixture
def sign_in(app: Flask) -> Callable[[User], Browser]:
    """Makes the browser of a signed-in person."""

    def browser(user: User) -> Browser:
        return Browser(app, user)

    return browser


@pytest.fixture
def ana(app: Flask) -> User:
    """A super admin."""
    return factories.user(name="Ana Castillo", email="ana@harbor.example", role=Role.SUPER_ADMIN)


@pytest.fixture
def jonas(app: Flask) -> User:
    """A recruiter."""
    return factories.user(name="Jonas Rehn", email="jonas@harbor.example", role=Role.RECRUITER)


@pytest.fixture
def mei(app: Flask) -> User:
    """Another recruiter."""
    return factories.user(name="Mei Tanaka", email="mei@harbor.example", role=Role.RECRUITER)


@pytest.fixture
def as_ana(ana: User, sign_in: Callable[[User], Browser]) -> Browser:
    return sign_in(ana)


@pytest.fixture
def as_jonas(jonas: User, sign_in: Callable[[User], Browser]) -> Browser:
    return sign_in(jonas)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What mostly waits, for processes and for pages, comes first: the others fill its gaps, and nothing is left over
    at the end for one worker alone."""
    items.sort(key=lambda item: 2 - ("flow" in item.keywords) - ("browser" in item.keywords))


def pytest_collection_finish() -> None:
    """What was imported stays: the garbage collector need not look through it again and again.

    Nor need it look after every few hundred objects of a process that lives for minutes.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def keep_files_in_memory() -> None:
    """No test needs its databases after a power cut: where there is room, nobody waits for the disk."""
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM_BYTES:
        os.environ.setdefault("TMPDIR", str(MEMORY))
        tempfile.tempdir = None


def pytest_configure(config: pytest.Config) -> None:
    keep_files_in_memory()
    # How long an example takes says more about the machine than about the code.
    settings.register_profile("any machine", deadline=None)
    settings.load_profile("any machine")
    # Whoever signs in waits for nothing; what people get has a test of its own.
    passwords._hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    # A developer's own environment must not leak into what the tests start.
    for name in ("DYNO", "DATABASE_URL", "WEB_CONCURRENCY", "GUNICORN_CMD_ARGS"):
        os.environ.pop(name, None)
