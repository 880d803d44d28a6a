"""From a candidate in Lever straight to their conversation here."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from grayscale.domain import candidates
from grayscale.domain.lever import refresh
from grayscale.web.auth import me

bp = Blueprint("deep_link", __name__)


@bp.get("/lever/<string:opportunity_id>")
def open_opportunity(opportunity_id: str) -> ResponseReturnValue:
    """The conversation with the candidate of this opportunity, or the offer to start it.

    An opportunity not seen yet is asked for at Lever first: people follow the link right after somebody applied.
    """
    found = candidates.opportunity_of(opportunity_id, me())
    if found is None:
        refresh.ask_about(opportunity_id)
        found = candidates.opportunity_of(opportunity_id, me())
    if found is None:
        return render_template("candidates/not_here.html", opportunity_id=opportunity_id), 404
    profile = candidates.profile(candidates.get(found.candidate_id, me()), me())
    if profile.conversation_id is not None:
        open_to_more = candidates.thread_open_to_more(profile.conversation_id, found)
        if open_to_more is not None:
            return render_template(
                "candidates/open_to_more.html", profile=profile, opportunity=found, noted_on=open_to_more
            )
        return redirect(url_for("inbox.conversation", conversation_id=profile.conversation_id))
    return render_template("candidates/start.html", profile=profile, opportunity=found)
