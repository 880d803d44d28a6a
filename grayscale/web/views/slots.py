"""Offering a candidate times to choose from: one form, whose buttons find people, find times and send the link."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from grayscale import clock
from grayscale.domain import inbox_thread
from grayscale.domain.errors import DomainError, Invalid
from grayscale.domain.interviews import ability, acting, people
from grayscale.domain.slots import in_lever, offers, telling
from grayscale.domain.texting import gate
from grayscale.models import Conversation, SlotOffer
from grayscale.web.auth import me
from grayscale.web.filters import local, reader_zone
from grayscale.web.views.time_words import by_day

bp = Blueprint("slots", __name__)


@bp.get("/inbox/<int:conversation_id>/times")
def form(conversation_id: int) -> ResponseReturnValue:
    """An empty form, with what is known filled in."""
    found = inbox_thread.get(conversation_id, me())
    here, _ = offers.opportunities(found, me())
    tied = next(iter(here), None)
    can = ability.to_schedule(tied.id, me()) if tied is not None else ability.Ability()
    # Lever may have been asked: what was read before is read anew.
    found = inbox_thread.get(conversation_id, me())
    today = local(clock.now()).date()
    mine = [one.lever_id for one in people.known([me().lever_user_id or ""]) if one.deactivated_at is None]
    values = {
        "subject": "Interview",
        "duration": "30",
        "who": mine,
        "first": (today + timedelta(days=1)).isoformat(),
        "last": (today + timedelta(days=7)).isoformat(),
        "body": offers.first_words(found),
        "location": "",
        "note": "",
        "q": "",
        "a_day": "6",
        "uid": str(uuid.uuid4()),
        "times": [],
    }
    return _page(found, values, can=can)


@bp.post("/inbox/<int:conversation_id>/times")
def act(conversation_id: int) -> ResponseReturnValue:
    """What the pressed button says; what was filled in stays."""
    found = inbox_thread.get(conversation_id, me())
    values = _given()
    try:
        match request.form.get("act"):
            case "send":
                return _send(found, values)
            case "find":
                first, last = (_day(request.form.get(name, ""), name) for name in ("first", "last"))
                a_day = request.form.get("a_day", 0, type=int) or offers.MOST_TIMES
                times = offers.suggest(_draft(values), first, last, a_day=a_day)
                values["times"] = sorted({*values["times"], *times})
                values["found"] = len(times)
            case "add":
                own = _own(request.form.get("own", ""))
                offers.check_notice(own)
                values["times"] = sorted({*values["times"], own})
            case "clear":
                values["times"] = []
    except DomainError as error:
        return _page(found, values, error=str(error)), 422
    return _page(found, values)


@bp.post("/inbox/offers/<int:offer_id>/withdraw")
def withdraw(offer_id: int) -> ResponseReturnValue:
    done = offers.withdraw(offer_id, me())
    flash("Withdrawn. The link says so from now on.", "success")
    return redirect(url_for("inbox.conversation", conversation_id=done.conversation_id), 303)


@bp.post("/inbox/offers/<int:offer_id>/try-again")
def try_again(offer_id: int) -> ResponseReturnValue:
    done = offers.try_again(offer_id, me())
    words = done.lever_error or "Lever is asked once more."
    flash(words, "error" if done.lever_error else "success")
    return redirect(url_for("inbox.conversation", conversation_id=done.conversation_id), 303)


@bp.app_template_global("offers_shown")
def offers_shown(conversation: Conversation) -> list[tuple[SlotOffer, bool, bool]]:
    """The offers to show beside a thread, each with whether it may be tried again and whether its link is shut: the
    thread may not speak of it any more."""
    return [
        (one, in_lever.may_try_again(one), not telling.may_say(one)) for one in offers.shown(conversation, me())
    ]


def _send(found: Conversation, values: dict[str, Any]) -> ResponseReturnValue:
    made = offers.offer(
        found.id, request.form.get("opportunity", 0, type=int), _draft(values), values["body"], me(),
        uid=values["uid"],
    )  # fmt: skip
    number = len(made.slots)
    flash(f"{number} {'time' if number == 1 else 'times'} offered. The link is on its way.", "success")
    return redirect(url_for("inbox.conversation", conversation_id=found.id), 303)


def _given() -> dict[str, Any]:
    names = ("subject", "duration", "location", "note", "first", "last", "body", "uid", "q", "own", "a_day")
    return {
        **{name: request.form.get(name, "") for name in names},
        "opportunity": request.form.get("opportunity", 0, type=int),
        "who": request.form.getlist("who"),
        "times": sorted({moment for value in request.form.getlist("slot") if (moment := _moment(value))}),
    }


def _draft(values: dict[str, Any]) -> offers.Draft:
    minutes = values["duration"]
    return offers.Draft(
        subject=values["subject"].strip(),
        duration_minutes=int(minutes) if minutes.isdecimal() and len(minutes) < 5 else 0,
        interviewers=tuple(values["who"]),
        location=values["location"],
        note=values["note"],
        times=tuple(values["times"]),
    )


def _page(
    found: Conversation, values: dict[str, Any], *, error: str = "", can: ability.Ability | None = None
) -> str:
    choices, elsewhere = offers.opportunities(found, me())
    chosen = next((one for one in choices if one.id == values.get("opportunity")), choices[0] if choices else None)
    zone, theirs = str(reader_zone()), gate.zones_of(found)[0]
    times = values["times"]
    matching = people.search(values.get("q", ""), but=values["who"])
    return render_template(
        "slots/form.html",
        conversation=found,
        values=values,
        opportunities=choices,
        elsewhere=elsewhere,
        titles=offers.titles([*choices, *elsewhere]),
        chosen=chosen,
        acting_as=next(iter(acting.choices(chosen, me())), None) if chosen is not None else None,
        why_not=can.why_not if can is not None else None,
        remark=can.remark if can is not None else None,
        interviewers=people.known(values["who"]),
        matching=matching,
        days=by_day(times, zone),
        their_times={each.isoformat(): by_day([each], theirs)[0] for each in times},
        their_zone=theirs,
        zone=zone,
        error=error,
    )


def _moment(value: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo is not None else None


def _own(value: str) -> datetime:
    try:
        return datetime.fromisoformat(value.strip()).replace(tzinfo=reader_zone()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid("That is not a date and time.", "own") from None


def _day(value: str, name: str) -> Any:
    try:
        return datetime.fromisoformat(value.strip()).date()
    except ValueError:
        raise Invalid("That is not a date.", name) from None
