"""Keeping what is typed, and saying who is here: small writes the page makes by itself."""

from flask import request
from flask.typing import ResponseReturnValue

from grayscale.domain import drafts, inbox_thread, presence
from grayscale.web.auth import me
from grayscale.web.htmx import respond
from grayscale.web.panel import is_panel
from grayscale.web.views.inbox import listing
from grayscale.web.views.inbox.blueprint import bp


@bp.post("/inbox/<int:conversation_id>/draft")
def save_draft(conversation_id: int) -> ResponseReturnValue:
    inbox_thread.require(conversation_id, me())
    drafts.save(conversation_id, me(), request.form.get("body", ""))
    return "", 204


@bp.post("/inbox/<int:conversation_id>/here")
def here(conversation_id: int) -> ResponseReturnValue:
    """This person has the conversation open; answers counts and rows when something became read by it."""
    inbox_thread.require(conversation_id, me())
    if request.form.get("gone"):
        presence.gone(conversation_id, me())
        return "", 204
    news = presence.here(
        conversation_id,
        me(),
        typing=request.form.get("typing") == "1",
        read_up_to_id=request.form.get("read_up_to", type=int),
    )
    if not news:
        return "", 204
    # What a person has read is theirs alone and does not turn the change clock: no poll would tell.
    return respond("" if is_panel() else "\n".join(listing.news()))
