"""Styles and scripts of a page in one file each: fewer answers, and what files have in common is sent once.

The modules under ``static/`` stay small, one a behaviour; they are put together in memory, in the order given here,
without the lines that are comments.
"""

import hashlib
import re
from io import BytesIO
from pathlib import Path
from typing import Any

from flask import Flask, Response, send_file

HELD = "grayscale.bundles"
# In a layer of its own any rule outside a layer wins over it, whatever its selector weighs.
PICO = "vendor/pico-2.1.1.parts.min.css"
# Whole lines only: what is within a line may be part of a string.
COMMENT_LINES = re.compile(rb"^[ \t]*(?://.*|/\*[^*]*\*/)\n", re.MULTILINE)
BUNDLES: dict[str, tuple[str, ...]] = {
    "bundles/base.css": (PICO, "css/tokens.css", "css/app.css"),
    "bundles/base.js": (
        "vendor/htmx-2.0.11.min.js", "vendor/idiomorph-ext-0.8.0.min.js", "js/toast.js", "js/copy.js", "js/times.js",
    ),
    "bundles/inbox.css": ("css/inbox.css", "css/interviews.css"),
    "bundles/inbox.js": (
        "js/segments.js", "js/inbox/focus.js", "js/inbox/drawer.js", "js/inbox/keyboard.js", "js/inbox/list.js",
        "js/inbox/leave.js", "js/inbox/thread.js", "js/inbox/composer.js", "js/inbox/sending.js",
        "js/inbox/templates.js", "js/inbox/outcome.js", "js/inbox/picking.js", "js/inbox/pictures.js",
        "js/inbox/drafts.js", "js/inbox/notify.js", "js/inbox/undo.js", "js/inbox/interviews.js", "js/inbox/when.js",
        "js/inbox/live.js", "js/inbox/latest.js",
    ),
}  # fmt: skip


def made(app: Flask, filename: str) -> tuple[bytes, str]:
    """A bundle's content and its hash, as the files were when the process started; while developing as they are."""
    held: dict[str, tuple[bytes, str]] = app.extensions[HELD]
    return _make(app, filename) if app.debug else held[filename]


def _make(app: Flask, filename: str) -> tuple[bytes, str]:
    between = b"\n;\n" if filename.endswith(".js") else b"\n"  # a script may end without one, or in a comment
    content = between.join(_part(Path(app.static_folder or ""), name) for name in BUNDLES[filename])
    return content, hashlib.sha256(content).hexdigest()[:12]


def _part(folder: Path, filename: str) -> bytes:
    found = (folder / filename).read_bytes()
    if filename == PICO:
        return b"@layer pico{" + found + b"}"
    return found if filename.startswith("vendor/") else COMMENT_LINES.sub(b"", found)


def init_app(app: Flask) -> None:
    """Serve bundles as static files like the others."""
    on_disk: Any = app.view_functions["static"]
    # Now, like the templates: a process that serves on while an upgrade puts new files in place must not send the one
    # under the hash of the other, which browsers keep for a year.
    app.extensions[HELD] = {name: _make(app, name) for name in BUNDLES}

    def static(filename: str) -> Response:
        if filename not in BUNDLES:
            answer: Response = on_disk(filename=filename)
            return answer
        content, tag = made(app, filename)
        longest = app.get_send_file_max_age(filename)
        return send_file(BytesIO(content), download_name=filename, etag=tag, max_age=longest)

    app.view_functions["static"] = static
