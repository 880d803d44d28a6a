"""The page a candidate chooses a time on: no sign-in, no JavaScript, nothing but what and when.

The link's token is the proof, so its forms need no other; whoever does not have it cannot make anybody post them.
"""

from datetime import datetime

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from grayscale.domain.company import company
from grayscale.domain.errors import Conflict, NotFound
from grayscale.domain.slots import calendar, choosing
from grayscale.domain.slots.offers import hash_of
from grayscale.extensions import csrf
from grayscale.models import SlotOffer
from grayscale.web import throttle
from grayscale.web.auth import public
from grayscale.web.views.time_words import by_day
from grayscale.web.zones import browser_zone, known_zone, zone_choices

bp = Blueprint("times", __name__, url_prefix="/times")


@bp.after_request
def keep_to_itself(response: Response) -> Response:
    """The address is a secret: no page it leads to, and no search engine, is to learn it."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@bp.before_request
def slow_down() -> ResponseReturnValue | None:
    token = (request.view_args or {}).get("token", "")
    if throttle.may_open_times(hash_of(token)):
        return None
    return _closed("Too many tries", "Nothing was lost. Wait a minute, then open the link again."), 429


@bp.errorhandler(NotFound)
def unknown(_error: NotFound) -> ResponseReturnValue:
    throttle.note_wrong_times_link()
    words = "It may be too old, or not copied whole. Open it from the text message once more, or answer that message."
    return _closed("This link does not work", words), 404


@bp.get("/<token>")
@public
def show(token: str) -> ResponseReturnValue:
    return _page(token, choosing.find(token))


@bp.post("/<token>/choose")
@public
@csrf.exempt
def choose(token: str) -> ResponseReturnValue:
    offer = choosing.find(token)
    starts_at = _moment(request.form.get("slot", ""))
    if starts_at is None:
        return _page(token, offer, "Choose one of the times first."), 422
    try:
        choosing.choose(token, starts_at, known_zone(request.form.get("zone")))
    except choosing.Taken:
        return _page(token, choosing.find(token), "Sorry, that time was just taken."), 409
    except Conflict as error:
        return _page(token, choosing.find(token), str(error)), 409
    return redirect(_address(token), 303)


@bp.post("/<token>/cancel")
@public
@csrf.exempt
def cancel(token: str) -> ResponseReturnValue:
    try:
        choosing.give_up(token)
    except Conflict as error:
        return _page(token, choosing.find(token), str(error)), 409
    return redirect(_address(token), 303)


@bp.get("/<token>/interview.ics")
@public
def event(token: str) -> ResponseReturnValue:
    try:
        content = calendar.file_of(choosing.find(token))
    except ValueError:
        raise NotFound(choosing.GONE) from None
    response = Response(content, mimetype="text/calendar")
    response.headers["Content-Disposition"] = 'attachment; filename="interview.ics"'
    return response


def _page(token: str, offer: SlotOffer, notice: str = "") -> str:
    zone = known_zone(request.values.get("zone")) or browser_zone() or offer.time_zone
    times = choosing.left(offer)
    return render_template(
        "times/show.html",
        token=token,
        offer=offer,
        company=company(),
        stage=choosing.stage(offer, times).value,
        days=by_day(times, zone),
        chosen=by_day([offer.starts_at], zone)[0] if offer.starts_at is not None else None,
        may_change=choosing.may_change(offer),
        until=by_day([until], zone)[0] if (until := choosing.change_until(offer)) is not None else None,
        zone=zone,
        zones=zone_choices(),
        notice=notice,
    )


def _closed(title: str, words: str) -> str:
    return render_template("times/closed.html", title=title, words=words, company=company())


def _address(token: str) -> str:
    """The page again, in the zone that was chosen on it."""
    return url_for("times.show", token=token, zone=known_zone(request.form.get("zone")))


def _moment(value: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
