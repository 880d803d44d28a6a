"""The environment, read once at start, as one frozen value.

Every problem ends in a ``ConfigError`` whose one line names the variable, says what is wrong with it and how to
make a good one. Nothing else in the application reads ``os.environ``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from flask import current_app

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
DSN = re.compile(r"https?://[0-9A-Za-z]+(:[0-9A-Za-z]+)?@[^/\s]+(/[^/\s]+)*/\d+")
HOST = re.compile(r"[a-z0-9.-]+|[0-9a-f:.]+", re.IGNORECASE)
MAKE_FERNET_KEY = (
    'make one with: python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
)
MAKE_SECRET_KEY = 'make one with: python -c "import secrets; print(secrets.token_urlsafe(48))"'  # noqa: S105 - advice


class ConfigError(Exception):
    """The environment cannot be used; the message is one line for the operator."""


@dataclass(frozen=True, slots=True)
class Config:
    """What the environment says. Secrets are left out of ``repr``."""

    secret_key: str = field(repr=False)
    fernet_keys: tuple[str, ...] = field(repr=False)
    database_url: str = field(repr=False)
    public_url: str
    port: int = 5000
    lever_api_url: str = "https://api.lever.co/v1"
    twilio_api_url: str = "https://api.twilio.com"
    transcript_delay_seconds: int = 3600
    jobs: Literal["in-process", "workers"] = "in-process"
    trusted_proxies: int = 0
    sentry_dsn: str = field(default="", repr=False)

    @property
    def is_secure(self) -> bool:
        """Whether the outside world reaches the application over HTTPS."""
        return self.public_url.startswith("https://")

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")


def load_config(environ: Mapping[str, str], *, instance: Path) -> Config:
    """Read *environ*; the SQLite default lives in the folder *instance*.

    Raises ``ConfigError`` for a missing or malformed value.
    """
    database_url = _database_url(environ, instance)
    jobs = _choice(environ, "JOBS", ("in-process", "workers"), "in-process")
    if jobs == "workers" and database_url.startswith("sqlite"):
        raise ConfigError(
            "JOBS: 'workers' needs PostgreSQL, but DATABASE_URL is SQLite; set DATABASE_URL to a PostgreSQL URL"
            " or leave JOBS at 'in-process'"
        )
    return Config(
        secret_key=_secret_key(environ),
        fernet_keys=_fernet_keys(environ),
        database_url=database_url,
        public_url=_public_url(environ),
        port=_integer(environ, "PORT", 5000, 1, 65535),
        lever_api_url=_root_url(environ, "LEVER_API_URL", "https://api.lever.co/v1"),
        twilio_api_url=_root_url(environ, "TWILIO_API_URL", "https://api.twilio.com"),
        transcript_delay_seconds=_integer(environ, "TRANSCRIPT_DELAY_SECONDS", 3600, 1, 7 * 86400),
        jobs="workers" if jobs == "workers" else "in-process",
        trusted_proxies=_integer(environ, "TRUSTED_PROXIES", 0, 0, 10),
        sentry_dsn=_sentry_dsn(environ),
    )


def _required(environ: Mapping[str, str], name: str, remedy: str) -> str:
    value = environ.get(name, "").strip()
    if not value:
        raise ConfigError(f"{name}: is not set; {remedy}")
    return value


def _secret_key(environ: Mapping[str, str]) -> str:
    value = _required(environ, "SECRET_KEY", MAKE_SECRET_KEY)
    if len(value) < 16:
        raise ConfigError(f"SECRET_KEY: is shorter than 16 characters; {MAKE_SECRET_KEY}")
    return value


def _fernet_keys(environ: Mapping[str, str]) -> tuple[str, ...]:
    raw = _required(environ, "FERNET_KEYS", MAKE_FERNET_KEY)
    keys = tuple(key.strip() for key in raw.split(",") if key.strip())
    for position, key in enumerate(keys, start=1):
        try:
            Fernet(key)
        except ValueError:
            raise ConfigError(f"FERNET_KEYS: key {position} is not a Fernet key; {MAKE_FERNET_KEY}") from None
    if not keys:
        raise ConfigError(f"FERNET_KEYS: holds no key; {MAKE_FERNET_KEY}")
    return keys


def _database_url(environ: Mapping[str, str], instance: Path) -> str:
    value = environ.get("DATABASE_URL", "").strip()
    if not value:
        if environ.get("DYNO"):
            raise ConfigError(
                "DATABASE_URL: is not set, and this host discards its disk at every restart (DYNO is set), so SQLite"
                " would lose everything; attach a database, on Heroku with: heroku addons:create heroku-postgresql"
            )
        return f"sqlite:///{instance / 'grayscale.db'}"
    if value.startswith("sqlite:///") and environ.get("DYNO"):
        raise ConfigError(
            "DATABASE_URL: is SQLite, but this host discards its disk at every restart (DYNO is set); attach a"
            " database, on Heroku with: heroku addons:create heroku-postgresql"
        )
    return parse_database_url(value)


def parse_database_url(value: str, *, name: str = "DATABASE_URL") -> str:
    """*value* with the driver that is used here. Raises ``ConfigError``, which names the variable *name*."""
    for scheme in ("postgres://", "postgresql://"):
        if value.startswith(scheme):
            return "postgresql+psycopg://" + value.removeprefix(scheme)
    if value.startswith(("postgresql+psycopg://", "sqlite:///")):
        return value
    scheme = value.split(":", 1)[0] if ":" in value else "nothing before a colon"
    raise ConfigError(
        f"{name}: must begin with postgresql://, postgres:// or sqlite:///, not with {scheme};"
        " for example postgresql://user:password@host:5432/grayscale"
    )


def _url(environ: Mapping[str, str], name: str, value: str) -> str:
    try:
        parts = urlsplit(value)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        host = None
        parts = urlsplit("")
    # Carriers refuse an underscore in the host of a callback as well.
    if parts.scheme not in ("http", "https") or not host or not HOST.fullmatch(host):
        raise ConfigError(f"{name}: is not an http(s) URL; for example https://texting.example.com")
    if parts.scheme == "http" and host not in LOOPBACK_HOSTS:
        raise ConfigError(f"{name}: http:// is allowed only for this machine (localhost, 127.0.0.1); use https://")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigError(f"{name}: must hold no user name, password, query or fragment")
    return value.rstrip("/")


def _public_url(environ: Mapping[str, str]) -> str:
    remedy = "set it to the origin people open, for example https://texting.example.com"
    value = _url(environ, "PUBLIC_URL", _required(environ, "PUBLIC_URL", remedy))
    if urlsplit(value).path:
        raise ConfigError(f"PUBLIC_URL: must be an origin without a path; {remedy}")
    return value


def _root_url(environ: Mapping[str, str], name: str, default: str) -> str:
    return _url(environ, name, environ.get(name, "").strip() or default)


def _sentry_dsn(environ: Mapping[str, str]) -> str:
    value = environ.get("SENTRY_DSN", "").strip()
    if value and not DSN.fullmatch(value):
        raise ConfigError("SENTRY_DSN: is not the DSN of a Sentry project; it looks like https://key@host/number")
    return value


def _integer(environ: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    raw = environ.get(name, "").strip()
    if not raw:
        return default
    try:
        value = int(raw)
    except ValueError:
        raise ConfigError(f"{name}: is not a whole number; use one from {low} to {high}") from None
    if not low <= value <= high:
        raise ConfigError(f"{name}: is out of range; use a whole number from {low} to {high}")
    return value


def _choice(environ: Mapping[str, str], name: str, allowed: tuple[str, ...], default: str) -> str:
    value = environ.get(name, "").strip() or default
    if value not in allowed:
        raise ConfigError(f"{name}: must be one of {', '.join(allowed)}")
    return value




def current_config() -> Config:
    """The configuration of the application whose context is active."""
    config: Config = current_app.extensions["grayscale.config"]
    return config
