"""Notes: what of the conversations is in Lever, what will be, and what needs a person."""

from collections.abc import Callable
from typing import cast

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from grayscale.domain.errors import Conflict, Invalid
from grayscale.domain.inbox_thread import get as get_conversation
from grayscale.domain.lever import connection, permissions
from grayscale.domain.transcripts import decide, listing, proof, readback, state
from grayscale.domain.transcripts.due import quiet_time
from grayscale.domain.transcripts.listing import View
from grayscale.models import User
from grayscale.web.auth import me, safe_next, super_admin_only
from grayscale.web.filters import duration
from grayscale.web.forms.notes import WhichNoteForm
from grayscale.web.htmx import respond, wants_partial

bp = Blueprint("notes", __name__, url_prefix="/notes")

VIEW_WORDS = {
    View.ALL: "All",
    View.COMING: "Coming up",
    View.POSTING: "Being posted",
    View.UNSURE: "Unsure",
    View.FAILED: "Refused",
    View.NOTED: "Noted",
    View.SKIPPED: "Not posted",
    View.NOWHERE: "No opportunity",
}

VIEWS = {view.value: view for view in View}

bp.add_app_template_global(state.of_conversation, "notes_of")


@bp.get("")
def index() -> ResponseReturnValue:
    view = VIEWS.get(request.args.get("state", ""), View.ALL)
    words = request.args.get("q", "")[:200]
    start = request.args.get("from", 0, type=int)
    context = {"view": view, "words": words, "page": listing.page(me(), view, words, start), "start": start}
    if wants_partial():
        return respond(render_template("notes/_rows.html", **context))
    return render_template(
        "notes/index.html",
        **context,
        counts=listing.counts(me()),
        view_words=VIEW_WORDS,
        delay=duration(quiet_time().total_seconds()),
        may_list=permissions.may("list_notes"),
        is_connected=connection.is_connected(),
    )


@bp.get("/<int:transcript_id>")
def show(transcript_id: int) -> ResponseReturnValue:
    return _page(transcript_id)


@bp.get("/conversations/<int:conversation_id>")
def conversation(conversation_id: int) -> ResponseReturnValue:
    found = get_conversation(conversation_id, me())
    return render_template("notes/conversation.html", conversation=found, proof=proof.of_conversation(conversation_id))


@bp.post("/<int:transcript_id>/look")
def look(transcript_id: int) -> ResponseReturnValue:
    """Ask Lever whether the Note is still there."""
    try:
        found = readback.look(transcript_id, me())
        flash(found.sentence, "success" if found.is_whole else "warning")
    except (Invalid, connection.NotConnected) as error:
        flash(str(error), "error")
    return redirect(url_for("notes.show", transcript_id=transcript_id), 303)


@bp.post("/<int:transcript_id>/in-lever")
def is_in_lever(transcript_id: int) -> ResponseReturnValue:
    form = WhichNoteForm()

    def act(transcript_id: int, by: User) -> None:
        decide.is_in_lever(transcript_id, by, form.note.data or "")

    try:
        return _decided(transcript_id, act, "Noted: it is in Lever.")
    except (Invalid, connection.NotConnected) as error:
        form.note.errors = [str(error)]
        return _page(transcript_id, form, 422)


@bp.post("/<int:transcript_id>/post-again")
def post_again(transcript_id: int) -> ResponseReturnValue:
    try:
        return _decided(transcript_id, decide.post_again, "It is being posted again.")
    except (Invalid, connection.NotConnected) as error:
        return _back(listing.detail(transcript_id, me()).transcript.conversation_id, str(error), "error")


@bp.post("/<int:transcript_id>/try-again")
def try_again(transcript_id: int) -> ResponseReturnValue:
    return _decided(transcript_id, decide.try_again, "It is being posted.")


@bp.post("/try-again")
@super_admin_only
def try_all_again() -> ResponseReturnValue:
    count = decide.try_all_again(me())
    flash(f"{count} {'Note is' if count == 1 else 'Notes are'} being posted.", "success")
    return redirect(url_for("notes.index"), 303)


@bp.post("/conversations/<int:conversation_id>/post-now")
def post_now(conversation_id: int) -> ResponseReturnValue:
    try:
        decide.post_now(conversation_id, me())
        said, category = "It is being posted to Lever.", "success"
    except Invalid as error:
        said, category = str(error), "warning"
    return _back(conversation_id, said, category)


def _page(transcript_id: int, which: WhichNoteForm | None = None, status: int = 200) -> ResponseReturnValue:
    note = listing.detail(transcript_id, me())
    return render_template("notes/show.html", note=note, which=which or WhichNoteForm(formdata=None)), status


def _decided(transcript_id: int, act: Callable[[int, User], None], done: str) -> ResponseReturnValue:
    conversation_id = listing.detail(transcript_id, me()).transcript.conversation_id
    try:
        act(transcript_id, me())
    except Conflict as error:
        return _back(conversation_id, str(error), "warning")
    return _back(conversation_id, done, "success")


def _back(conversation_id: int, said: str, category: str) -> ResponseReturnValue:
    """To where the button stood: the thread's own part for htmx, else the page it was on."""
    if wants_partial():
        notes = state.of_conversation(conversation_id)
        html = render_template("notes/_state.html", notes=notes, conversation_id=conversation_id)
        return respond(html, trigger={"toast": {"message": said, "category": category}})
    flash(said, category)
    return cast(Response, redirect(safe_next(request.form.get("next")), 303))
