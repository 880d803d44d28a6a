"""Addresses of static files carry a hash of their content, so browsers may keep them for a year."""

import hashlib
from pathlib import Path
from typing import Any

from flask import Flask

# Named by their version already.
VENDOR = "vendor/"


def init_app(app: Flask) -> None:
    """Add ``v=<hash>`` to every ``url_for('static', …)``."""
    folder = Path(app.static_folder or "")
    hashes: dict[str, tuple[int, str]] = {}

    def content_hash(filename: str) -> str:
        path = folder / filename
        try:
            changed = path.stat().st_mtime_ns
        except OSError:
            return ""
        known = hashes.get(filename)
        if known is None or known[0] != changed:
            known = hashes[filename] = (changed, hashlib.sha256(path.read_bytes()).hexdigest()[:12])
        return known[1]

    def add_hash(endpoint: str, values: dict[str, Any]) -> None:
        filename = values.get("filename", "")
        if endpoint == "static" and "v" not in values and not filename.startswith(VENDOR):
            values["v"] = content_hash(filename)

    app.url_defaults(add_hash)
