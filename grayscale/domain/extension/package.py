"""The browser extension as a zip to load: the folder ``extension/``, fitted to one deployment.

Its version stands in one place, ``extension/manifest.json``.
"""

import io
import json
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

FOLDER = Path(__file__).parents[3] / "extension"
MANIFEST = "manifest.json"
DEPLOYMENT = "deployment.json"
# Tells developers about the folder; browsers need none of it.
LEFT_OUT = ("README.md",)
# The same files give the same zip, byte for byte: the oldest moment a zip can name.
ALWAYS = (1980, 1, 1, 0, 0, 0)


def version() -> str:
    """As the manifest says it: "1.0.0"."""
    return str(_read(MANIFEST)["version"])


def file_name() -> str:
    return f"grayscale-for-lever-{version()}.zip"


def pack(app: str = "", lever: Iterable[str] = ()) -> bytes:
    """The zip. *app* is the origin of the deployment it belongs to, *lever* further origins of Lever's pages.

    Fitted to a deployment it may reach that one address and asks for no other; without one, it asks at set-up.
    """
    manifest = _read(MANIFEST)
    if app:
        del manifest["optional_host_permissions"]
        manifest["host_permissions"] = [_pattern(app)]
    matches = manifest["content_scripts"][0]["matches"]
    matches += [pattern for pattern in dict.fromkeys(map(_pattern, lever)) if pattern not in matches]
    fitted = {MANIFEST: manifest, DEPLOYMENT: {"app": app}}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(FOLDER.rglob("*")):
            name = path.relative_to(FOLDER).as_posix()
            if path.is_file() and name not in LEFT_OUT:
                data = json.dumps(fitted[name], indent=2).encode() if name in fitted else path.read_bytes()
                archive.writestr(zipfile.ZipInfo(name, ALWAYS), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _read(name: str) -> dict[str, Any]:
    return cast(dict[str, Any], json.loads((FOLDER / name).read_text()))


def _pattern(origin: str) -> str:
    """A match pattern. Without the port, which Firefox's patterns have no place for."""
    parts = urlsplit(origin)
    return f"{parts.scheme}://{parts.hostname}/*"
