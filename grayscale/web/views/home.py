"""The bare address leads to the inbox."""

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue

from grayscale.web.auth import me, public

bp = Blueprint("home", __name__)


@bp.get("/")
def index() -> ResponseReturnValue:
    return redirect(url_for("inbox.index"))


@bp.get("/settings")
@bp.get("/settings/ats")
def settings() -> ResponseReturnValue:
    """The parents of the settings pages' addresses: the first page this person may open."""
    return redirect(url_for("settings_lever.show" if me().is_super_admin else "account.show"))


@bp.get("/favicon.ico")
@public
def favicon() -> ResponseReturnValue:
    """Where a browser looks for an icon when it shows something that is no page, such as a picture."""
    return redirect(url_for("static", filename="favicon.svg"))
