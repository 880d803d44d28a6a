"""Styles and scripts of a page in one file each: fewer answers, and what files have in common is sent once.

The modules under ``static/`` stay small, one a behaviour; they are put together in memory, in the order given here.
"""

import hashlib
from io import BytesIO
from pathlib import Path
from typing import Any

from flask import Flask, Response, send_file

# In a layer of its own any rule outside a layer wins over it, whatever its selector weighs.
PICO = "vendor/pico-2.1.1.parts.min.css"
BUNDLES: dict[str, tuple[str, ...]] = {
    "bundles/base.css": (PICO, "css/tokens.css", "css/app.css"),
    "bundles/base.js": (
        "vendor/htmx-2.0.11.min.js", "vendor/idiomorph-ext-0.8.0.min.js", "js/toast.js", "js/copy.js", "js/times.js",
    ),
    "bundles/inbox.css": ("css/inbox.css", "css/interviews.css"),
    "bundles/inbox.js": (
        "js/segments.js", "js/inbox/focus.js", "js/inbox/drawer.js", "js/inbox/keyboard.js", "js/inbox/list.js",
        "js/inbox/thread.js", "js/inbox/composer.js", "js/inbox/outcome.js", "js/inbox/pictures.js",
        "js/inbox/drafts.js", "js/inbox/notify.js", "js/inbox/undo.js", "js/inbox/interviews.js", "js/inbox/when.js",
        "js/inbox/live.js",
    ),
}  # fmt: skip


def content(folder: Path, filename: str) -> bytes:
    """A bundle, or the file of that name. Raises ``OSError``."""
    parts = BUNDLES.get(filename)
    if parts is None:
        return (folder / filename).read_bytes()
    # A script may end without a semicolon or in a comment.
    between = b"\n;\n" if filename.endswith(".js") else b"\n"
    return between.join(_part(folder, name) for name in parts)


def _part(folder: Path, filename: str) -> bytes:
    found = (folder / filename).read_bytes()
    return b"@layer pico{" + found + b"}" if filename == PICO else found


def init_app(app: Flask) -> None:
    """Serve bundles as static files like the others."""
    folder = Path(app.static_folder or "")
    on_disk: Any = app.view_functions["static"]
    held: dict[str, tuple[bytes, str]] = {}

    def static(filename: str) -> Response:
        if filename not in BUNDLES:
            answer: Response = on_disk(filename=filename)
            return answer
        if filename not in held or app.debug:
            made = content(folder, filename)
            held[filename] = made, hashlib.sha256(made).hexdigest()[:16]
        body, tag = held[filename]
        return send_file(
            BytesIO(body), download_name=filename, etag=tag, max_age=app.get_send_file_max_age(filename)
        )

    app.view_functions["static"] = static
