"""Makes an empty, migrated SQLite file: ``empty.py PATH``."""

import sys
from pathlib import Path

from cryptography.fernet import Fernet
from flask_migrate import upgrade

from grayscale import create_app
from grayscale.config import Config

if __name__ == "__main__":
    app = create_app(
        Config(
            secret_key="a-secret-key-for-benchmarks",
            fernet_keys=(Fernet.generate_key().decode(),),
            database_url=f"sqlite:///{sys.argv[1]}",
            public_url="http://127.0.0.1:5000",
        )
    )
    with app.app_context():
        upgrade(directory=str(Path(__file__).parent.parent.parent / "migrations"))
