"""Candidates as Lever has them: find one, start a conversation."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from grayscale.domain import candidates, conversations
from grayscale.domain.candidates import Filters, Place
from grayscale.domain.errors import DomainError
from grayscale.web.auth import came_from, me
from grayscale.web.htmx import respond, wants_partial

bp = Blueprint("candidates", __name__)


@bp.get("/candidates")
def index() -> ResponseReturnValue:
    """The list with its filters; htmx gets the rows."""
    args = request.args
    filters = Filters(
        words=args.get("q", "").strip()[:200],
        posting=args.get("posting", ""),
        stage=args.get("stage", ""),
        owner=args.get("owner", ""),
        state=args.get("state", "") if args.get("state") in ("active", "archived") else "",
        textable=args.get("textable") == "1",
    )
    listing = candidates.page(me(), filters, after=Place.parse(args.get("after")))
    context = {"listing": listing, "filters": filters, "params": {k: v for k, v in args.items() if k != "after" and v}}
    if wants_partial():
        if args.get("after"):
            return respond(render_template("candidates/_rows.html", **context))
        chosen = render_template("candidates/_chosen.html", filters=filters, oob=True)
        return respond(render_template("candidates/_list.html", **context) + chosen)
    return render_template("candidates/index.html", **context, choices=candidates.choices(me()))


@bp.post("/candidates/<int:candidate_id>/conversation")
def start(candidate_id: int) -> ResponseReturnValue:
    """Open the conversation with a candidate, or the one there is."""
    form = request.form
    try:
        found = conversations.start(
            candidate_id,
            me(),
            opportunity_id=form.get("opportunity", type=int),
            phone_id=form.get("phone", type=int),
        )
    except DomainError as error:
        flash(str(error), "error")
        return redirect(came_from(url_for("candidates.index")), 303)
    return redirect(url_for("inbox.conversation", conversation_id=found.id), 303)
