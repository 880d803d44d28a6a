"""The signature in the body of Lever's webhooks.

hex(HMAC-SHA256(key=signature token as text, message=token + triggeredAt)); it covers neither event nor data.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence


def sign(token: str, triggered_at: int, signing_token: str) -> str:
    """The signature Lever would put in a delivery; ``triggered_at`` in ms."""
    message = f"{token}{triggered_at}".encode(errors="replace")
    return hmac.new(signing_token.encode(errors="replace"), message, hashlib.sha256).hexdigest()


def verify(token: str, triggered_at: int, signature: str | None, signing_tokens: Sequence[str]) -> int | None:
    """The index of the signing token that made the signature, or None. All tokens are tried, in constant time."""
    claimed = (signature or "").encode(errors="replace")
    found: int | None = None
    for index, signing_token in enumerate(signing_tokens):
        if not signing_token:  # anybody can sign with an empty key
            continue
        expected = sign(token, triggered_at, signing_token)
        if hmac.compare_digest(expected.encode(), claimed) and found is None:
            found = index
    return found
