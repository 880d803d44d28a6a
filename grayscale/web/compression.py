"""Compressed answers: static files once and for all, the pages of a day's work as they are made.

Compression leaks: the length of an answer tells how much of what was sent in resembles what stands beside it (BREACH).
Therefore only the pages of ``COMPRESSED`` are compressed. Their one secret, the CSRF token, looks different in every
answer (``csrf.py``); and no foreign page can have them asked for in the background, for the cookie is
``SameSite=Lax``. Settings, sign-in and one-time links, which show secrets or take them, are sent as they are.
"""

import gzip
import zlib

from flask import Flask, Response, request

COMPRESSED = frozenset({"inbox", "candidates", "notes"})
TEXTS = frozenset({"text/html", "text/css", "text/javascript", "image/svg+xml"})
# Below this a packet is a packet.
LEAST_BYTES = 900
# Pages are made while somebody waits: a third of the time of the best, for a tenth more bytes.
PAGE_LEVEL = 4


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
        if not request.accept_encodings["gzip"] or request.method != "GET":
            return response
        if is_static:
            _compress_file(response, files)
        elif (length := response.calculate_content_length()) and length >= LEAST_BYTES:
            packer = zlib.compressobj(PAGE_LEVEL, wbits=31)
            _put(response, packer.compress(response.get_data()) + packer.flush())
        return response

    app.after_request(compress)


def _compress_file(response: Response, files: dict[str, bytes]) -> None:
    """Replace the file by its compressed form, made once for each of its versions."""
    tag = response.get_etag()[0]
    key = f"{request.path} {tag}"
    if key not in files:
        response.direct_passthrough = False
        files[key] = gzip.compress(response.get_data(), 9, mtime=0)
    response.close()
    _put(response, files[key])
    if tag:
        response.set_etag(f"{tag}-gzip")


def _put(response: Response, body: bytes) -> None:
    response.direct_passthrough = False
    response.set_data(body)
    response.headers["Content-Encoding"] = "gzip"
