"""Grayscale for Lever: recruiters text their candidates from one shared inbox.

``create_app`` wires everything together; nothing imports this module's insides.
"""

from pathlib import Path

from flask import Flask
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from grayscale import cli, extensions, logging, reporting, web
from grayscale.config import Config
from grayscale.crypto import keyring
from grayscale.database import engine_options, own_file, prepare_engine
from grayscale.domain import nudges
from grayscale.domain.interviews import news
from grayscale.domain.reminders import planning
from grayscale.domain.slots import in_lever
from grayscale.web import templates

__version__ = "0.1.0"

ROOT = Path(__file__).parent.parent
# With the four of a busy moment fewer than the 20 that a small managed PostgreSQL allows, so that a backup, a migration
# and somebody looking in find one too. More would only wait for the processor.
WEB_CONNECTIONS = 8
JOB_CONNECTIONS = 4


def create_app(config: Config) -> Flask:
    """The application as *config* says. Starts no thread and no job."""
    logging.configure()
    if config.sentry_dsn:
        reporting.begin(config.sentry_dsn, release=__version__)
    app = Flask("grayscale", root_path=str(ROOT), template_folder="templates", static_folder="static")
    app.jinja_environment = templates.Environment
    app.config.update(
        SECRET_KEY=config.secret_key,
        SQLALCHEMY_DATABASE_URI=config.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(config.database_url, connections=WEB_CONNECTIONS + JOB_CONNECTIONS),
        SESSION_COOKIE_NAME="__Host-session" if config.is_secure else "session",
        SESSION_COOKIE_SECURE=config.is_secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=16 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=1024 * 1024,
        # Tied to the session, not to the clock: a page left open overnight still saves.
        WTF_CSRF_TIME_LIMIT=None,
        SEND_FILE_MAX_AGE_DEFAULT=31536000,
    )
    app.extensions["grayscale.config"] = config
    app.jinja_env.undefined = StrictUndefined
    # No template can print the configuration.
    app.jinja_env.globals.pop("config", None)
    templates.hold(app)

    keyring.load(config.fernet_keys)
    if config.is_sqlite:
        own_file(Path(config.database_url.removeprefix("sqlite:///")))
    extensions.db.init_app(app)
    with app.app_context():
        prepare_engine(extensions.db.engine)
        if config.jobs == "workers":
            # Only here, and with them the driver of PostgreSQL: a process on SQLite does without their memory.
            from grayscale.jobs import queue  # noqa: PLC0415

            app.extensions[nudges.QUEUE] = queue.Deferrer(queue.open_queue(extensions.db.engine.url))
    extensions.migrate.init_app(app, extensions.db, directory=str(ROOT / "migrations"))
    extensions.csrf.init_app(app)
    extensions.limiter.init_app(app)
    news.on_change(planning.follow)
    news.on_change(in_lever.follow)
    news.on_settled(in_lever.settled)
    web.register(app)
    if config.trusted_proxies:
        # Outermost: whatever looks at a request sees the sender's address.
        count = config.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=0)  # type: ignore[method-assign]
    cli.register(app)
    return app
