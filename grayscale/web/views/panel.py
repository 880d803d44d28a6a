"""Into the extension's frame, and out of it again."""

from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from grayscale.domain import sessions
from grayscale.domain.extension import connecting
from grayscale.extensions import csrf
from grayscale.models import SessionKind
from grayscale.web.auth import CARRIED, carried_token, me, public
from grayscale.web.panel import ENTRANCE, ORIGIN

bp = Blueprint("panel", __name__)


@bp.post(ENTRANCE)
@csrf.exempt
@public
def enter() -> ResponseReturnValue:
    """The extension brings its token and which candidate is open; the frame goes on to their conversation.

    The token is the proof, so a page elsewhere that posts here gains nothing; it is refused all the same, as it could
    bring another person's token into this browser. The body is never logged.
    """
    form = request.form
    token, origin = form.get("token", ""), form.get("origin", "")
    found = sessions.find(token, SessionKind.EXTENSION)
    if found is None or not connecting.is_extension(origin) or not is_brought_by(origin):
        abort(401)
    if session.get(CARRIED) != token:
        session.clear()
    session[CARRIED], session[ORIGIN] = token, origin
    sessions.note_use(found[1])
    return redirect(url_for("deep_link.open_opportunity", opportunity_id=form.get("opportunity") or "-"), 303)


@bp.post("/panel/sign-out")
@public
def leave() -> ResponseReturnValue:
    """End the extension's sign-in from inside the frame."""
    origin, token = session.get(ORIGIN), carried_token()
    if token is not None and current_user.is_authenticated:
        connecting.disconnect(token, me())
    session.clear()
    session[ORIGIN] = origin
    return redirect(url_for("panel.ended"), 303)


@bp.get("/panel/ended")
@public
def ended() -> ResponseReturnValue:
    """What the frame shows once its sign-in has ended; the page tells the extension."""
    return render_template("panel/ended.html")


def is_brought_by(origin: str) -> bool:
    """Whether the browser agrees that the extension at *origin* filled its frame, and no web page or tab did this."""
    # Firefox may keep the random origin of an extension to itself: "null".
    brought_by = request.headers.get("Origin", origin)
    return brought_by in (origin, "null") and request.headers.get("Sec-Fetch-Dest") != "document"
