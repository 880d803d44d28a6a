"""WSGI entry and ``flask --app app``: reads the environment, builds the application."""

import os
import sys
from pathlib import Path

from flask import Flask

from grayscale import create_app
from grayscale.config import ConfigError, load_config
from grayscale.sandbox.cli import sandbox

try:
    app = create_app(load_config(os.environ, instance=Path(__file__).parent / "instance"))
except ConfigError as error:
    # The sandbox stands for the outside world and needs none of the application's variables.
    if "sandbox" not in sys.argv[1:]:
        sys.exit(f"grayscale: {error}")
    app = Flask(__name__)
app.cli.add_command(sandbox)
