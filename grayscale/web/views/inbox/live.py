"""The one poll of the page.

An unchanged inbox is answered in front of the application (``web/unchanged.py``). The cursor is the change clock's
value: what the browser has seen, it has seen completely, so sleep or a lost network only makes the next answer larger.
"""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from grayscale.domain import changes, inbox_news, inbox_thread, presence
from grayscale.domain.inbox import Place
from grayscale.models import Conversation
from grayscale.web.auth import me
from grayscale.web.htmx import respond
from grayscale.web.panel import is_panel
from grayscale.web.views.inbox import listing
from grayscale.web.views.inbox.blueprint import bp
from grayscale.web.views.inbox.composer import gate_context
from grayscale.web.views.inbox.thread import panel_context, thread_context


@bp.get("/inbox/live")
def live() -> ResponseReturnValue:
    """What changed since ``tick``, as elements htmx puts in their places; 204 when nothing did."""
    since = request.args.get("tick", -1, type=int)
    open_id = request.args.get("c", type=int)
    tick = changes.current_tick()
    present = presence.viewers(open_id, me()) if open_id and inbox_thread.is_visible(open_id, me()) else []
    looked = presence.key(present)
    parts: list[str] = []
    if open_id and looked != request.args.get("viewers", ""):
        parts.append(render_template("inbox/_presence.html", present=present))
    if tick != since:
        # Beside Lever there is no list.
        parts += [] if is_panel() else listing.news()
        if open_id:
            parts += _conversation_parts(open_id, since)
    response = respond("\n".join(parts), 200 if parts else 204)
    response.headers["X-Tick"] = str(tick)
    response.headers["X-Viewers"] = looked
    if tick != since and "newest" in request.args:
        newest = inbox_news.newest_unread(me())
        response.headers["X-Newest"] = f"{newest.message_id} {newest.conversation_id}" if newest else "0"
    return response


def _conversation_parts(conversation_id: int, since: int) -> list[str]:
    try:
        found: Conversation = inbox_thread.get(conversation_id, me())
    except inbox_thread.NotFound:
        return [render_template("inbox/_vanished.html", conversation_id=conversation_id)]
    if found.changed_at_tick <= since:
        return []
    thread = inbox_thread.latest(conversation_id, since=Place.parse(request.args.get("from")))
    unread_from = request.args.get("unread_from", type=int)
    context = thread_context(found, me(), thread, unread_from=unread_from) | panel_context(found, me())
    context |= gate_context(found, me())
    return [render_template("inbox/_tail.html", **context), render_template("inbox/_changed.html", **context)]
