"""WSGI entry and ``flask --app app``: reads the environment, builds the application."""

import os
import sys
from pathlib import Path

from grayscale import create_app
from grayscale.config import ConfigError, load_config

try:
    app = create_app(load_config(os.environ, instance=Path(__file__).parent / "instance"))
except ConfigError as error:
    sys.exit(f"grayscale: {error}")
