"""Signing in by the company's identity provider: off to it, and back."""

from flask import Blueprint, flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from grayscale.domain import single_sign_on, users
from grayscale.domain.errors import Invalid, NotAllowed
from grayscale.web.auth import public, safe_next
from grayscale.web.letting_in import let_in

bp = Blueprint("sso", __name__, url_prefix="/login/sso")

# Where the browser's session keeps a sign-in under way.
UNDER_WAY = "sso"
LOST = "This sign-in was begun in another window, or too long ago. Try again."


@bp.get("")
@public
def start() -> ResponseReturnValue:
    try:
        url, pending = single_sign_on.begin()
    except Invalid as error:
        return _back(str(error))
    session[UNDER_WAY] = [pending.state, pending.nonce, pending.verifier, request.args.get("next", "")]
    return redirect(url)


@bp.get("/callback")
@public
def callback() -> ResponseReturnValue:
    under_way = session.pop(UNDER_WAY, None)
    if not under_way or request.args.get("state") != under_way[0]:
        return _back(LOST)
    pending, target = single_sign_on.Pending(*under_way[:3]), under_way[3]
    if "code" not in request.args:
        return _back("The provider did not sign you in.")
    try:
        user = single_sign_on.finish(pending, request.args["code"])
    except (Invalid, NotAllowed) as error:
        users.turned_away(str(error))
        return _back(str(error))
    return let_in(user, safe_next(target), by="single sign-on")


def _back(problem: str) -> ResponseReturnValue:
    flash(problem, "error")
    return redirect(url_for("auth.login"), 303)
