"""One sync in a process of its own, to be killed: ``python -m tests.domain.lever_sync.killable DATABASE LEVER_URL``.

Prints ``begun`` once the run is taken and ``over`` when it has ended.
"""

import sys

from grayscale import create_app
from grayscale.config import Config
from grayscale.domain.lever import connection, sync
from grayscale.extensions import db


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def main(database: str, lever_url: str, fernet_key: str) -> None:
    config = Config(
        secret_key="a-secret-key-for-tests-only",
        fernet_keys=(fernet_key,),
        database_url=f"sqlite:///{database}",
        public_url="https://texting.test",
        lever_api_url=lever_url,
    )
    # The simulated Lever has no limit here.
    connection.RATE, connection.BURST = 1e5, 1e5
    with create_app(config).app_context():
        say("begun")
        while sync.run_if_due(1):
            db.session.rollback()
            if sync.current() is None:
                break
        say("over")


if __name__ == "__main__":
    main(*sys.argv[1:])
