"""Whose an unknown number is: found, asked about, said, and taken back."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from grayscale.domain import candidates, inbox_thread, matching
from grayscale.domain.candidates import Filters
from grayscale.domain.errors import DomainError
from grayscale.web.auth import me
from grayscale.web.filters import phone
from grayscale.web.htmx import respond, wants_partial
from grayscale.web.views.inbox.acts import refused
from grayscale.web.views.inbox.blueprint import bp

MOST_FOUND = 8


@bp.get("/inbox/<int:conversation_id>/match")
def match_choices(conversation_id: int) -> ResponseReturnValue:
    """Candidates whose this number may be, found by words."""
    found = inbox_thread.get(conversation_id, me())
    words = request.args.get("q", "").strip()
    choices = candidates.page(me(), Filters(words=words)).profiles if words else []
    context = {"conversation": found, "choices": choices[:MOST_FOUND], "has_more": len(choices) > MOST_FOUND}
    if wants_partial():
        return respond(render_template("inbox/_match_choices.html", **context))
    return render_template("inbox/match.html", **context, profile=None, words=words)


@bp.get("/inbox/<int:conversation_id>/match/<int:candidate_id>")
def confirm_match(conversation_id: int, candidate_id: int) -> ResponseReturnValue:
    """Both named, before anything is done."""
    found, candidate = matching.choice(conversation_id, candidate_id, me())
    context = {"conversation": found, "profile": candidates.profile(candidate, me())}
    if wants_partial():
        return respond(render_template("inbox/_match_confirm.html", **context))
    return render_template("inbox/match.html", **context)


@bp.post("/inbox/<int:conversation_id>/match")
def match(conversation_id: int) -> ResponseReturnValue:
    """Whose texts these are."""
    chosen = request.form.get("candidate", type=int)
    if chosen is None:
        return redirect(url_for("inbox.match_choices", conversation_id=conversation_id), 303)
    target = matching.match(conversation_id, chosen, me())
    words = f"Matched to {target.candidate.display_name if target.candidate else 'the candidate'}."
    undo = url_for("inbox.unmatch", conversation_id=target.id)
    flash({"words": words, "undo": undo} if matching.can_unmatch(target) else words, "success")  # type: ignore[arg-type]
    return redirect(url_for("inbox.conversation", conversation_id=target.id), 303)


@bp.post("/inbox/<int:conversation_id>/unmatch")
def unmatch(conversation_id: int) -> ResponseReturnValue:
    """The number is not theirs after all."""
    found = inbox_thread.get(conversation_id, me())
    name = found.candidate.display_name if found.candidate is not None else "the candidate"
    try:
        done = matching.unmatch(conversation_id, me())
    except DomainError as error:
        return refused(conversation_id, str(error))
    flash(f"The match is taken back: {phone(done.conversation.peer)} is an unknown number again.", "success")
    if done.noted:
        texts = "One of its texts is" if done.noted == 1 else f"{done.noted} of its texts are"
        flash(f"{texts} noted in Lever already. Delete that Note there, on {name}.", "warning")
    return redirect(url_for("inbox.conversation", conversation_id=done.conversation.id), 303)
