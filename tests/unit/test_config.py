"""Each bad variable stops the start with one line that names it and says how to mend it."""

from pathlib import Path

import pytest

from grayscale.config import Config, ConfigError, load_config

GOOD = {
    "SECRET_KEY": "0123456789abcdef0123456789abcdef",
    "FERNET_KEYS": "bm90LWEtc2VjcmV0LWJ1dC1hLWtleS1mb3ItdGVzdHM=",
    "PUBLIC_URL": "https://texting.example.com",
}


def load(**changes: str) -> Config:
    return load_config({**GOOD, **changes}, instance=Path("/srv/instance"))


def test_the_least_there_must_be() -> None:
    config = load()
    assert config.database_url == "sqlite:////srv/instance/grayscale.db"
    assert config.lever_api_url == "https://api.lever.co/v1"
    assert config.transcript_delay_seconds == 3600
    assert config.jobs == "in-process"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("SECRET_KEY", "", "is not set; make one with"),
        ("SECRET_KEY", "short", "shorter than 16"),
        ("FERNET_KEYS", "", "is not set; make one with"),
        ("FERNET_KEYS", "not-a-key", "key 1 is not a Fernet key"),
        ("FERNET_KEYS", f"{GOOD['FERNET_KEYS']},oops", "key 2 is not a Fernet key"),
        ("PUBLIC_URL", "", "is not set"),
        ("PUBLIC_URL", "texting.example.com", "not an http(s) URL"),
        ("PUBLIC_URL", "http://texting.example.com", "only for this machine"),
        ("PUBLIC_URL", "https://texting.example.com/app", "without a path"),
        ("PUBLIC_URL", "https://[oops", "not an http(s) URL"),
        ("PUBLIC_URL", "https://exa mple.com", "not an http(s) URL"),
        ("PUBLIC_URL", "https://my_app.example.com", "not an http(s) URL"),
        ("LEVER_API_URL", "ftp://api.lever.co", "not an http(s) URL"),
        ("TWILIO_API_URL", "https://user:pass@api.twilio.com", "no user name"),
        ("PORT", "http", "not a whole number"),
        ("PORT", "70000", "out of range"),
        ("TRANSCRIPT_DELAY_SECONDS", "0", "out of range"),
        ("TRUSTED_PROXIES", "-1", "out of range"),
        ("JOBS", "threads", "in-process, workers"),
        ("JOBS", "workers", "needs PostgreSQL"),
        ("DATABASE_URL", "mysql://db/grayscale", "must begin with"),
        ("DATABASE_URL", "grayscale.db", "must begin with"),
    ],
)
def test_a_bad_value_is_named(name: str, value: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(**{name: value})
    line = str(caught.value)
    assert line.startswith(f"{name}: ")
    assert says in line
    assert "\n" not in line


@pytest.mark.parametrize("url", ["", "sqlite:///instance/grayscale.db"])
def test_sqlite_is_refused_where_the_disk_is_discarded(url: str) -> None:
    with pytest.raises(ConfigError, match="heroku addons:create heroku-postgresql"):
        load(DYNO="web.1", DATABASE_URL=url)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_a_postgresql_url_as_hosts_give_it(scheme: str) -> None:
    config = load(DATABASE_URL=f"{scheme}://me:p%40ss@db:5432/app?sslmode=require", DYNO="web.1")
    assert config.database_url == "postgresql+psycopg://me:p%40ss@db:5432/app?sslmode=require"


@pytest.mark.parametrize("url", ["http://localhost:5000", "http://127.0.0.1:5000", "http://[::1]:5000"])
def test_loopback_may_go_without_tls(url: str) -> None:
    assert load(PUBLIC_URL=url).is_secure is False


def test_secrets_are_not_in_the_repr() -> None:
    config = load(DATABASE_URL="postgres://me:hunter2@db/app")
    shown = repr(config)
    for secret in (GOOD["SECRET_KEY"], GOOD["FERNET_KEYS"], "hunter2"):
        assert secret not in shown
