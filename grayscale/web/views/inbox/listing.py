"""What the list pane shows, for the page, for htmx and for the live poll alike."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import current_app, render_template, request, session
from markupsafe import Markup

from grayscale.domain import inbox, inbox_counts, inbox_said, search
from grayscale.domain.inbox import Listing, Place, Row, View
from grayscale.domain.search import Hit
from grayscale.models import Conversation, User
from grayscale.web.auth import me
from grayscale.web.filters import ago_words, reader_region, reader_zone
from grayscale.web.fragments import Fragments, joined
from grayscale.web.views.inbox.blueprint import bp

LONGEST_LIST = 200

_lines = Fragments()
_views = Fragments()


@dataclass(frozen=True, slots=True)
class Asked:
    """Which list: a view, or a search over everything."""

    view: View
    query: str = ""

    @property
    def key(self) -> str:
        """Names the list to the live poll."""
        return f"q:{self.query}" if self.query else self.view.value


def asked(user: User, *, remember: bool = True) -> Asked:
    """The list this request is about; the view is remembered for pages whose address names none."""
    named = request.args.get("view", "")
    if named in set(View):
        if remember and session.get("inbox_view") != named:
            session["inbox_view"] = named
        view = View(named)
    else:
        kept = session.get("inbox_view", "")
        view = View(kept) if kept in set(View) else inbox.first_view(user)
    return Asked(view, request.args.get("q", "").strip()[:200])


def holding(conversation: Conversation, user: User, what: Asked) -> Asked:
    """The list beside a conversation whose address names none: *what*, or one that lists it where that cannot."""
    is_mine, is_away = conversation.assignee_id == user.id, conversation.archived_at is not None
    lists_it = {
        View.MINE: is_mine and not is_away,
        View.UNASSIGNED: conversation.assignee_id is None and not is_away,
        View.ALL: not is_away,
        View.ARCHIVED: is_away,
    }
    if "view" in request.args or what.query or lists_it.get(what.view, True):
        return what
    return Asked(View.ARCHIVED if is_away else View.MINE if is_mine else View.ALL)


def context(user: User, what: Asked, *, shown: int = 0, selected: int | None = None) -> dict[str, Any]:
    """Everything `inbox/_list.html` needs."""
    base: dict[str, Any] = {
        "asked": what,
        "counts": inbox_counts.counts(user),
        "cap": inbox_counts.COUNT_CAP,
        "selected": selected,
        "found": None,
        "listing": None,
    }
    if what.query:
        base["found"] = search.find(user, what.query, before=request.args.get("before", type=int))
    else:
        base["listing"] = page(user, what, shown=shown, after=Place.parse(request.args.get("after")))
    return base


def page(user: User, what: Asked, *, shown: int = 0, after: Place | None = None) -> Listing:
    """The rows of a view: a page, or as many as the browser already shows."""
    return inbox.page(user, what.view, after=after, limit=min(max(shown, inbox.PAGE), LONGEST_LIST))


def news() -> list[str]:
    """The counts and rows as they are, where the browser that asks shows others."""
    counts = inbox_counts.counts(me())
    parts = []
    if "-".join(str(counts[view]) for view in View) != request.args.get("counts", ""):
        parts.append(render_template("inbox/_counts.html", counts=counts, cap=inbox_counts.COUNT_CAP))
    what = asked(me(), remember=False)
    if what.query:
        return parts
    rows = page(me(), what, shown=request.args.get("shown", 0, type=int))
    if digest(rows) != request.args.get("rows", ""):
        selected = request.args.get("c", type=int)
        parts.append(render_template("inbox/_rows.html", listing=rows, asked=what, selected=selected, found=None))
    return parts


def digest(listing: Listing) -> str:
    """Tells one state of the rows from another without comparing their words."""
    return str(hash(tuple((row.id, row.tick, row.unread, row.draft) for row in listing.rows)) & 0xFFFFFFFF)


@bp.app_template_global("views_nav")
def views_nav(counts: dict[View, int], what: Asked, *, oob: bool = False) -> Markup:
    """The views, the one that is shown marked."""
    shown = counts, inbox_counts.COUNT_CAP, None if what.query else what.view, oob
    macro = current_app.jinja_env.get_template("inbox/_views.html").module.views_nav  # type: ignore[attr-defined]
    return _views.get((tuple(counts.items()), *shown[1:]), lambda: macro(*shown))


@bp.app_template_global("row_items")
def row_items(rows: list[Row], selected: int | None = None) -> Markup:
    """The lines of a list."""
    render = _renderer()
    return joined(render(row, row.id == selected) for row in rows)


@bp.app_template_global("hit_items")
def hit_items(hits: list[Hit], selected: int | None = None) -> Markup:
    """The lines of messages a search found."""
    render = _renderer()
    return joined(render(hit.row, hit.row.id == selected, hit) for hit in hits)


def _without_words(row: Row) -> str:
    """What a line says of a text that has no words."""
    if row.state is None:
        return "No texts yet"
    return "" if row.snippet else "Picture" if inbox_said.is_picture(row.id) else "File"


def _renderer() -> Callable[..., Markup]:
    """Renders one line for whoever asks; most are as they were a moment ago."""
    my_id, zone, region = me().id, reader_zone().key, reader_region()
    macro = current_app.jinja_env.get_template("inbox/_row.html").module.row_item  # type: ignore[attr-defined]

    def render(row: Row, is_selected: bool, hit: Hit | None = None) -> Markup:
        at = hit.at if hit is not None else row.at
        key = (row, is_selected, hit, ago_words(at), my_id, zone, region)
        return _lines.get(key, lambda: macro(row, is_selected, my_id, at, hit, _without_words(row)))

    return render
