"""Where Lever's eight webhooks arrive."""

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from limits import parse
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from grayscale.domain.lever import receiving
from grayscale.extensions import csrf, limiter
from grayscale.logging import get_logger
from grayscale.web.auth import public

bp = Blueprint("hooks_lever", __name__)
log = get_logger(__name__)

# How many refusals of one address are written down in a minute; deliveries that verify are never limited.
NOISE = parse("60/minute")


@bp.post("/webhooks/lever/<key>")
@public
@csrf.exempt
@limiter.exempt
def receive(key: str) -> ResponseReturnValue:
    """Store what Lever tells. Lever tries again unless the answer is 2xx, so trouble of ours is 503, never 500."""
    try:
        if not receiving.knows(key):
            return plain("not found", 404)
        verdict = read_and_receive()
    except ClientDisconnected:
        return plain("incomplete", 400)
    except Exception as error:
        log.error("a webhook from Lever could not be stored; Lever will send it again", exc_info=error)
        return plain("not stored, try again", 503)
    return plain("too many" if verdict.status == 429 else verdict.outcome.value, verdict.status)


def read_and_receive() -> receiving.Verdict:
    # One more than is allowed: a body of unannounced length is not refused at the limit but silently cut there.
    request.max_content_length = receiving.MAX_BODY + 1
    try:
        raw = request.get_data(cache=False)
    except RequestEntityTooLarge:
        return receiving.refuse_too_large(may_record=may_record)
    if len(raw) > receiving.MAX_BODY:
        return receiving.refuse_too_large(may_record=may_record)
    return receiving.receive(raw, may_record=may_record)


def may_record() -> bool:
    return not limiter.enabled or limiter.limiter.hit(NOISE, "lever-webhooks", request.remote_addr or "")


def plain(words: str, status: int) -> Response:
    response = Response(words, status, mimetype="text/plain")
    if status in (404, 413):
        # The rest of the body is not worth reading.
        response.headers["Connection"] = "close"
    return response
