"""The forms of the candidate page: each is one act of the team, then back to the page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from grayscale.sandbox.lever.http import store
from grayscale.sandbox.lever.team import team

bp = Blueprint("deeds", __name__, url_prefix="/candidates")


@bp.post("")
def create() -> Response:
    form = request.form
    try:
        row = team().create(
            name=form.get("name", "").strip(),
            phones=_phones(form.get("phones", "")),
            emails=[form["email"].strip()] if form.get("email", "").strip() else [],
            location=form.get("location", "").strip(),
            posting_id=form.get("posting") or None,
        )
    except (KeyError, ValueError) as error:
        return redirect(url_for("pages.candidates", error=str(error)), 303)
    return redirect(url_for("pages.candidate", opportunity_id=row.id), 303)


@bp.post("/<opportunity_id>/<verb>")
def act(opportunity_id: str, verb: str) -> Response:
    """Runs the act and comes back; an act that is refused comes back with the reason."""
    try:
        _ACTS[verb](opportunity_id, request.form)
    except (KeyError, ValueError) as error:
        reason = str(error) if isinstance(error, ValueError) else f"Not found: {error}"
        return redirect(url_for("pages.candidate", opportunity_id=opportunity_id, error=reason), 303)
    if verb == "delete":
        return redirect(url_for("pages.candidates", deleted=1), 303)
    return redirect(url_for("pages.candidate", opportunity_id=opportunity_id), 303)


def _add_application(opportunity_id: str, form: Any) -> None:
    person = store().data.opportunities[opportunity_id].contact
    team().create(contact_id=person, posting_id=form["posting"])


def _schedule(opportunity_id: str, form: Any) -> None:
    row = store().data.opportunities[opportunity_id]
    fields = {
        "date": _moment(form["start"]),
        "duration": int(form.get("duration") or 30),
        "interviewers": [{"id": form["interviewer"]}],
        "subject": form.get("subject", "").strip() or "Interview",
        "location": form.get("location", "").strip() or None,
    }
    panel = team().create_panel(row.id, user=row.owner, managed=bool(form.get("managed")))
    team().create_interview(row.id, panel, fields, row.owner)


def _reschedule(opportunity_id: str, form: Any) -> None:
    held = team().interview(opportunity_id, form["interview"])
    kept = {name: held[name] for name in ("subject", "note", "location", "feedbackReminder", "feedbackTemplate")}
    moved = {"date": _moment(form["start"]), "duration": int(form.get("duration") or held["duration"])}
    team().update_interview(opportunity_id, held["id"], {**kept, **moved})


def _edit_contact(opportunity_id: str, form: Any) -> None:
    person = store().data.opportunities[opportunity_id].contact
    fields: dict[str, Any] = {"phones": _phones(form.get("phones", ""))}
    if form.get("name") is not None:
        fields["name"] = form["name"].strip()
    team().update_contact(person, **fields)


def _merge(opportunity_id: str, form: Any) -> None:
    keep = store().data.opportunities[opportunity_id].contact
    wanted = form["other"].strip().rsplit("/", 1)[-1]
    other = store().data.opportunities.get(wanted)
    team().merge(keep, other.contact if other else wanted)


def _owner(opportunity_id: str, form: Any) -> None:
    team().change(opportunity_id, owner=form.get("owner") or None)


_ACTS: dict[str, Callable[[str, Any], object]] = {
    "stage": lambda o, form: team().move(o, form["stage"]),
    "archive": lambda o, form: team().archive(o, form["reason"], clean_interviews=bool(form.get("clean"))),
    "unarchive": lambda o, form: team().unarchive(o),
    "hire": lambda o, form: team().hire(o),
    "delete": lambda o, form: team().delete(o),
    "anonymize": lambda o, form: team().anonymize(o),
    "confidential": lambda o, form: team().set_confidential(o, bool(form.get("confidential"))),
    "owner": _owner,
    "contact": _edit_contact,
    "merge": _merge,
    "application": _add_application,
    "interview": _schedule,
    "interview-move": _reschedule,
    "interview-cancel": lambda o, form: team().cancel_interview(o, form["interview"]),
}


def _moment(text: str) -> int:
    """A `datetime-local` value, read as UTC, in ms. Raises ValueError."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def _phones(text: str) -> list[dict[str, str]]:
    """One phone a line, `type: number` or just the number."""
    phones = []
    for line in filter(None, map(str.strip, text.splitlines())):
        kind, separator, value = line.partition(":")
        if separator and kind.strip().lower() in {"mobile", "home", "work", "skype", "other"}:
            phones.append({"type": kind.strip().lower(), "value": value.strip()})
        else:
            phones.append({"value": line})
    return phones
