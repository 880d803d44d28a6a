"""Addresses as templates write them: built once, and those of static files with a hash of their content.

Browsers may keep static files for a year. A page of the inbox has some eighty addresses; each is the same whenever its
endpoint and values are, so it is put together once.
"""

import hashlib
from pathlib import Path
from typing import Any

from flask import Flask

from grayscale.web import bundles

MOST_KEPT = 8192


def init_app(app: Flask) -> None:
    """Add ``v=<hash>`` to every ``url_for('static', …)``, and give templates a ``url_for`` that remembers."""
    folder = Path(app.static_folder or "")
    hashes: dict[str, str] = {}
    built: dict[tuple[Any, ...], str] = {}

    def content_hash(filename: str) -> str:
        if filename in bundles.BUNDLES:
            return bundles.made(app, filename)[1]
        known = hashes.get(filename)
        if known is None or app.debug:
            try:
                known = hashlib.sha256((folder / filename).read_bytes()).hexdigest()[:12]
            except OSError:
                return ""
            hashes[filename] = known
        return known

    def add_hash(endpoint: str, values: dict[str, Any]) -> None:
        filename = values.get("filename", "")
        if endpoint == "static" and "v" not in values:
            values["v"] = content_hash(filename)

    def address(endpoint: str, **values: Any) -> str:
        """Flask's ``url_for``; it asks Flask anew for what depends on the request or has values of other types."""
        is_plain = all(type(value) in (str, int) and name[0] != "_" for name, value in values.items())
        if endpoint[0] == "." or not is_plain:
            return app.url_for(endpoint, **values)
        key = (endpoint, *values.items())
        known = built.get(key)
        if known is None or app.debug:
            if len(built) >= MOST_KEPT:
                built.clear()
            known = built[key] = app.url_for(endpoint, **values)
        return known

    app.url_defaults(add_hash)
    app.jinja_env.globals["url_for"] = address
