"""Headers that every answer carries."""

import secrets

from flask import Flask, Response, g, request

from grayscale.config import current_config
from grayscale.web import panel


def init_app(app: Flask) -> None:
    app.after_request(set_headers)
    app.jinja_env.globals["csp_nonce"] = csp_nonce


def csp_nonce() -> str:
    """The one-time value that lets this page's own inline script run."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    nonce: str = g.csp_nonce
    return nonce


def set_headers(response: Response) -> Response:
    response.headers["X-Content-Type-Options"] = "nosniff"
    if current_config().is_secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    # Scripts and styles are no documents: what tells a browser how to treat one would only double their weight.
    if not (request.endpoint == "static" and response.mimetype in ("text/css", "text/javascript")):
        _set_of_document(response)
    return response


def _set_of_document(response: Response) -> None:
    script = f"'self' 'nonce-{g.csp_nonce}'" if "csp_nonce" in g else "'self'"
    framing = panel.origin()
    framed_by = framing or "'none'"
    response.headers.setdefault(
        "Content-Security-Policy",
        f"default-src 'self'; script-src {script}; style-src 'self'; img-src 'self' data:; connect-src 'self';"
        f" object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors {framed_by}",
    )
    if framing is None:
        # It knows no extensions; every browser that has them goes by frame-ancestors.
        response.headers["X-Frame-Options"] = "DENY"
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
    if request.endpoint != "static":
        # Nothing a person saw here stays in a shared computer's cache, or behind its back button.
        response.headers.setdefault("Cache-Control", "no-store")
