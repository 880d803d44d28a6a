"""The recruiting team's pages: candidates, one candidate with everything one can do to them, recent activity."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from grayscale.sandbox.clock import now_ms
from grayscale.sandbox.lever.http import store
from grayscale.sandbox.lever.notes import MENTION
from grayscale.sandbox.lever.records import Contact, Opportunity

bp = Blueprint("pages", __name__)

_PAGE = 40


@bp.get("/")
def home() -> Response:
    return redirect(url_for(".candidates"))


@bp.get("/candidates")
def candidates() -> str:
    args = request.args
    number = max(1, args.get("page", 1, type=int))
    with store().lock:
        rows = _found(args.get("q", "").strip().lower(), args.get("stage", ""), args.get("show", "active"))
        part = rows[(number - 1) * _PAGE : number * _PAGE]
        people = store().data.contacts
        return render_template(
            "lever/candidates.html",
            rows=[(row, people[row.contact], posting_of(row)) for row in part],
            total=len(rows),
            page=number,
            pages=max(1, -(-len(rows) // _PAGE)),
            stages=store().data.stages,
            stage_by_id=store().stage_by_id,
            postings=_open_postings(),
            users=store().data.users,
            args=args,
        )


def _found(text: str, stage: str, show: str) -> list[Opportunity]:
    """Matching opportunities, the latest touched first."""
    data = store().data
    rows = [
        row
        for row in data.opportunities.values()
        if (show == "all" or (row.archived is not None) == (show == "archived"))
        and (not stage or row.stage == stage)
        and (not text or _matches(text, data.contacts[row.contact], row))
    ]
    rows.sort(key=lambda row: -(row.last_interaction_at or 0))
    return rows


def _matches(text: str, person: Contact, row: Opportunity) -> bool:
    digits = "".join(filter(str.isdigit, text))
    if text in person.name.lower() or any(text in email.lower() for email in person.emails) or text == row.id:
        return True
    return len(digits) > 3 and any(digits in "".join(filter(str.isdigit, p["value"])) for p in person.phones)


@bp.get("/candidates/<opportunity_id>")
def candidate(opportunity_id: str) -> str:
    with store().lock:
        data = store().data
        row = data.opportunities.get(opportunity_id)
        if row is None:
            abort(404)
        person = data.contacts[row.contact]
        before, after = _neighbours(row)
        interviews = sorted(data.interviews.get(row.id, ()), key=lambda interview: -interview["date"])
        notes = [note for note in data.notes.get(row.id, ()) if note["deletedAt"] is None]
        return render_template(
            "lever/candidate.html",
            row=row,
            person=person,
            posting=posting_of(row),
            stages=data.stages,
            stage_by_id=store().stage_by_id,
            reasons=data.archive_reasons,
            reason_by_id=store().reason_by_id,
            users=data.users,
            active_users=[user for user in data.users.values() if user["deactivatedAt"] is None],
            notes=notes[::-1],
            interviews=interviews,
            before=before,
            after=after,
            others=[data.opportunities[o] for o in person.opportunities if o != row.id],
            posting_of=posting_of,
            postings=_open_postings(),
            mention=MENTION,
            now=now_ms(),
            error=request.args.get("error"),
        )


def _neighbours(row: Opportunity) -> tuple[str | None, str | None]:
    """The candidates before and after in the list of active ones."""
    listed = [other.id for other in _found("", "", "active")]
    if row.id not in listed:
        return None, None
    at = listed.index(row.id)
    return listed[at - 1] if at else None, listed[at + 1] if at + 1 < len(listed) else None


@bp.get("/activity")
def activity() -> str:
    return render_template("lever/activity.html", activity=list(store().activity)[::-1][:200])


def posting_of(row: Opportunity) -> str:
    """The title of what they applied to."""
    held = store().data.postings.get(row.application.posting or "") if row.application else None
    return held["text"] if held else "No posting"


def _open_postings() -> list[dict[str, object]]:
    rows = [posting for posting in store().data.postings.values() if posting["state"] in {"published", "internal"}]
    return sorted(rows, key=lambda posting: posting["text"])
