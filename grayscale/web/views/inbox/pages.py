"""The inbox and one conversation of it, as pages and as the parts htmx asks for."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from grayscale.domain import changes, inbox_thread
from grayscale.domain.inbox import Place
from grayscale.domain.inbox_member import mark_read
from grayscale.domain.inbox_thread import Thread
from grayscale.models import Conversation
from grayscale.web.auth import me
from grayscale.web.htmx import respond, wants_partial
from grayscale.web.views.inbox import listing
from grayscale.web.views.inbox.blueprint import bp
from grayscale.web.views.inbox.composer import composer_context
from grayscale.web.views.inbox.thread import conversation_context, thread_context


@bp.get("/inbox")
def index() -> ResponseReturnValue:
    """The list; htmx gets the list pane, or with ``after`` only the further rows."""
    # Read before the rows: what happens in between is then told once more, never left out.
    tick = changes.current_tick()
    what = listing.asked(me())
    context = listing.context(me(), what)
    if wants_partial():
        name = "inbox/_rows.html" if request.args.get("after") or request.args.get("before") else "inbox/_list.html"
        return respond(render_template(name, **context))
    return render_template("inbox/index.html", **context, conversation=None, tick=tick)


@bp.get("/inbox/<int:conversation_id>")
def conversation(conversation_id: int) -> ResponseReturnValue:
    """The list with one conversation open; htmx gets the conversation. Opening it reads it."""
    tick = changes.current_tick()
    found = inbox_thread.get(conversation_id, me())
    before = Place.parse(request.args.get("before"))
    context = conversation_context(found, me(), around=request.args.get("m", type=int), before=before)
    context |= composer_context(found, me(), seen_up_to=context["thread"].last_id)
    if before is None:
        read(found, context["thread"])
    if wants_partial():
        return respond(render_template("inbox/_conversation.html", **context, tick=tick))
    what = listing.holding(found, me(), listing.asked(me()))
    context |= listing.context(me(), what, selected=conversation_id)
    return render_template("inbox/index.html", **context, tick=tick)


def read(found: Conversation, thread: Thread) -> None:
    mark_read(found.id, me(), max(thread.last_id, found.last_inbound_id or 0))


@bp.get("/inbox/<int:conversation_id>/earlier")
def earlier(conversation_id: int) -> ResponseReturnValue:
    """The messages before those shown, for htmx; without it the link leads to a page of them."""
    found = inbox_thread.get(conversation_id, me())
    before = Place.parse(request.args.get("before"))
    if before is None:
        return respond("", 204)
    thread = inbox_thread.earlier(conversation_id, before)
    context = thread_context(found, me(), thread, unread_from=None)
    return respond(render_template("inbox/_older.html", **context))


@bp.get("/inbox/messages/<int:message_id>/trace")
def trace(message_id: int) -> ResponseReturnValue:
    """Why a text went, or did not: each step of its life."""
    conversation_id = inbox_thread.conversation_of(message_id, me())
    events = inbox_thread.trace(message_id)
    if wants_partial():
        return respond(render_template("inbox/_trace.html", events=events))
    return render_template("inbox/trace.html", events=events, conversation_id=conversation_id)
