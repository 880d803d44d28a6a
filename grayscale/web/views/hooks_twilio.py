"""Twilio's webhooks: received texts, and the states of sent ones."""

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from grayscale.domain.texting import inbound
from grayscale.extensions import csrf
from grayscale.models import Source
from grayscale.web.auth import public

bp = Blueprint("hooks_twilio", __name__, url_prefix="/webhooks/twilio")

# Anything but this is texted back to the candidate.
NO_ANSWER = '<?xml version="1.0" encoding="UTF-8"?><Response />'
LARGEST = 64 * 1024


@bp.post("/inbound", strict_slashes=False)
@csrf.exempt
@public
def text() -> ResponseReturnValue:
    return _take(Source.TWILIO_INBOUND)


@bp.post("/status", strict_slashes=False)
@csrf.exempt
@public
def state() -> ResponseReturnValue:
    return _take(Source.TWILIO_STATUS)


def _take(source: Source) -> ResponseReturnValue:
    request.max_content_length = LARGEST
    verdict = inbound.receive(
        source, _path_as_it_came(), request.form.items(multi=True), request.headers.get("X-Twilio-Signature")
    )
    if verdict.status != 200:
        return Response("", verdict.status, content_type="text/plain")
    return Response(NO_ANSWER, 200, content_type="text/xml")


def _path_as_it_came() -> str:
    """Path and query with the escapes they were sent with, which are what the signature covers."""
    raw: str = request.environ.get("RAW_URI", "")
    if raw.startswith("/"):
        return raw
    query = request.query_string.decode("latin-1")
    return request.path + (f"?{query}" if query else "")
