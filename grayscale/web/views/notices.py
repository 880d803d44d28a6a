"""Putting away what was read of the notices above every page."""

import re

from flask import Blueprint, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from grayscale.config import current_config
from grayscale.domain.texting import filtering
from grayscale.web.auth import came_from, me
from grayscale.web.banners import COOKIE, put_away
from grayscale.web.htmx import respond, wants_partial

bp = Blueprint("notices", __name__)

KEY = re.compile(r"f[0-9]{1,18}-[0-9]{1,12}")
MOST_KEYS = 20


@bp.post("/notices/put-away")
def put_away_one() -> ResponseReturnValue:
    """For this person in this browser, until there is news of it."""
    key = request.form.get("key", "")
    keys = sorted(put_away() | ({key} if KEY.fullmatch(key) else set()))[-MOST_KEYS:]
    response = make_response(respond("") if wants_partial() else redirect(came_from(url_for("inbox.index")), 303))
    response.set_cookie(
        COOKIE, f"{me().id}:{'.'.join(keys)}", max_age=filtering.WINDOW, httponly=True, samesite="Lax",
        secure=current_config().is_secure,
    )  # fmt: skip
    return response
