"""Which addresses may be asked for media: the address comes from outside, and this process sits inside a network."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

# Where Twilio's media addresses redirect to (docs: "Accessing media"); files there need no credentials.
_STORES = ("twiliocdn.com", "s3.amazonaws.com", "s3-external-1.amazonaws.com")


class MediaGuard:
    """Allows the configured API itself and Twilio's own hosts over TLS."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url

    def may_start(self, url: str) -> bool:
        """True for the configured API and https://*.twilio.com."""
        return self.same_origin(self._base_url, url) or _https_under(url, "twilio.com")

    def may_follow(self, url: str) -> bool:
        """True for where a medium may be redirected to."""
        return self.may_start(url) or any(_https_under(url, store) for store in _STORES)

    @staticmethod
    def same_origin(first: str, second: str) -> bool:
        one, other = _origin(first), _origin(second)
        return one is not None and one == other


def _split(url: str) -> SplitResult | None:
    """The parts of a plain http(s) address; None for anything that two parsers might read differently."""
    if not url.isascii() or any(character in url for character in "\\@") or any(c <= " " for c in url):
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.scheme in ("http", "https") and parts.hostname else None


def _origin(url: str) -> tuple[str, str, int] | None:
    parts = _split(url)
    if parts is None or parts.hostname is None:
        return None
    return parts.scheme, parts.hostname.rstrip("."), parts.port or (443 if parts.scheme == "https" else 80)


def _https_under(url: str, domain: str) -> bool:
    origin = _origin(url)
    if origin is None:
        return False
    scheme, host, port = origin
    return scheme == "https" and port == 443 and (host == domain or host.endswith("." + domain))
