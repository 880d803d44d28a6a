"""X-Twilio-Signature: base64(HMAC-SHA1(auth token, URL + sorted parameters)) for form posts.

Each distinct name in code-point order, each of its distinct values sorted, name and value appended without
separators. Algorithm: twilio.com/docs/usage/security, and checked against the official SDK in the tests.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit


def sign(url: str, params: Iterable[tuple[str, str]], auth_token: str) -> str:
    """The signature of a form post to exactly this URL."""
    signed = url + "".join(name + value for name, value in sorted(set(params)))
    digest = hmac.new(auth_token.encode(), signed.encode(errors="surrogatepass"), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def verify(
    url: str, params: Iterable[tuple[str, str]], signature: str | None, auth_tokens: Sequence[str]
) -> int | None:
    """The index of the auth token that signed the request, or None.

    ``url`` is the public address as Twilio was told it, with its query and without its fragment. Twilio signs it
    with or without the port, so both are tried; so is every token, in constant time.
    """
    pairs = list(params)
    claimed = (signature or "").encode(errors="replace")
    found: int | None = None
    for index, token in enumerate(auth_tokens):
        if not token:  # anybody can sign with an empty key
            continue
        for variant in _with_and_without_port(url):
            if hmac.compare_digest(sign(variant, pairs, token).encode(), claimed) and found is None:
                found = index
    return found


def _with_and_without_port(url: str) -> tuple[str, ...]:
    parts = urlsplit(url)
    host = parts.netloc
    if parts.port:
        return url, parts._replace(netloc=host.rpartition(":")[0]).geturl()
    port = 443 if parts.scheme == "https" else 80
    return url, parts._replace(netloc=f"{host}:{port}").geturl()
