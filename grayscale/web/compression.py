"""Compressed answers: static files once and for all, the pages of a day's work as they are made.

Compression leaks: the length of an answer tells how much of what was sent in resembles what stands beside it (BREACH).
Therefore only the pages of ``COMPRESSED`` are compressed. Their one secret, the CSRF token, looks different in every
answer (``csrf.py``); and no foreign page can have them asked for in the background, for the cookie is
``SameSite=Lax``. Settings, sign-in and one-time links, which show secrets or take them, are sent as they are.
"""

import gzip
import zlib
from collections.abc import Callable

import brotli
from flask import Flask, Response, request

COMPRESSED = frozenset({"inbox", "candidates", "notes"})
TEXTS = frozenset({"text/html", "text/css", "text/javascript", "image/svg+xml"})
# Below this a packet is a packet.
LEAST_BYTES = 900


def _gzip_quick(body: bytes) -> bytes:
    packer = zlib.compressobj(4, wbits=31)
    return packer.compress(body) + packer.flush()


# Best first. Files are compressed once, as well as can be; pages are made while somebody waits: a third of the time of
# the best, for a tenth more bytes.
CODINGS: dict[str, tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]] = {
    "br": (brotli.compress, lambda body: brotli.compress(body, quality=4)),
    "gzip": (lambda body: gzip.compress(body, 9, mtime=0), _gzip_quick),
}


def init_app(app: Flask) -> None:
    """Compress what may be. Bind it before what sets other headers, so that it runs after."""
    files: dict[str, bytes] = {}

    def compress(response: Response) -> Response:
        is_static = request.endpoint == "static"
        if not (is_static or request.blueprint in COMPRESSED) or response.mimetype not in TEXTS:
            return response
        response.vary.add("Accept-Encoding")
        if response.status_code != 200 or "Content-Encoding" in response.headers or "Range" in request.headers:
            return response
        if is_static:
            response.cache_control.immutable = True
        coding = next((each for each in CODINGS if request.accept_encodings[each]), None)
        if coding is None or request.method != "GET":
            return response
        if is_static:
            _compress_file(response, files, coding)
        elif (length := response.calculate_content_length()) and length >= LEAST_BYTES:
            _, quickly = CODINGS[coding]
            _put(response, quickly(response.get_data()), coding)
        return response

    app.after_request(compress)


def _compress_file(response: Response, files: dict[str, bytes], coding: str) -> None:
    """Replace the file by its compressed form, made once for each of its versions."""
    tag = response.get_etag()[0]
    key = f"{request.path} {tag} {coding}"
    if key not in files:
        response.direct_passthrough = False
        well, _ = CODINGS[coding]
        files[key] = well(response.get_data())
    response.close()
    _put(response, files[key], coding)
    if tag:
        response.set_etag(f"{tag}-{coding}")


def _put(response: Response, body: bytes, coding: str) -> None:
    response.direct_passthrough = False
    response.set_data(body)
    response.headers["Content-Encoding"] = coding
