"""The `X-Twilio-Signature` header of a webhook."""

from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import urldefrag


def sign(auth_token: str, url: str, form: dict[str, str]) -> str:
    """base64(HMAC-SHA1) over the URL without its fragment, then each parameter's name and value, sorted by name."""
    text = urldefrag(url).url + "".join(name + form[name] for name in sorted(form))
    digest = hmac.new(auth_token.encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()
