"""What the browser extension itself asks for: to be connected, how much is unread, to be disconnected."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from grayscale.domain.errors import Invalid
from grayscale.domain.extension import connecting, unread
from grayscale.extensions import csrf
from grayscale.models import SessionKind
from grayscale.web.auth import bearer_token, me, my_session, public
from grayscale.web.devices import describe

bp = Blueprint("extension", __name__, url_prefix="/extension")


@bp.get("/connect")
def connect() -> ResponseReturnValue:
    """Ask the person whether this browser's extension may act for them."""
    asked = connecting.Asked(request.args.get("challenge", ""), request.args.get("origin", ""))
    return render_template("extension/connect.html", asked=asked)


@bp.post("/connect")
def agree() -> ResponseReturnValue:
    asked = connecting.Asked(request.form.get("challenge", ""), request.form.get("origin", ""))
    # In the fragment: no server, proxy or log sees it. The extension reads it off the tab.
    return redirect(url_for("extension.connected", _anchor=f"code={connecting.agree(me(), asked)}"), 303)


@bp.get("/connected")
def connected() -> ResponseReturnValue:
    """Where the extension picks up its code; it leads on from here by itself."""
    return render_template("extension/connected.html", failed="failed" in request.args)


@bp.post("/token")
@csrf.exempt
@public
def token() -> ResponseReturnValue:
    """Code and secret against a token. The browser says which extension asks; it must be the one agreed to."""
    try:
        made, user = connecting.redeem(
            request.form.get("code", ""),
            request.form.get("verifier", ""),
            request.headers.get("Origin", ""),
            label=describe(request.headers.get("User-Agent", "")),
            address=request.remote_addr,
        )
    except Invalid as error:
        return {"error": str(error)}, 422
    return {"token": made, "name": user.name}


@bp.get("/unread/<string:opportunity_id>")
def count(opportunity_id: str) -> ResponseReturnValue:
    """How many texts of this opportunity's candidate wait for whoever asks."""
    return {"unread": unread.of_opportunity(opportunity_id, me())}


@bp.post("/end")
@csrf.exempt
def end() -> ResponseReturnValue:
    """Sign the extension out; the token itself is the permission, a cookie is none."""
    held = bearer_token()
    if held is None or my_session().kind is not SessionKind.EXTENSION:
        return {"error": "Only the extension can do this."}, 403
    connecting.disconnect(held, me())
    return "", 204
