"""Small acts on a conversation: archive, assign, follow, unread, opportunity, opt-out."""

from typing import Literal

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from grayscale.database import end_read
from grayscale.domain import choosing_number, inbox_acts, inbox_thread
from grayscale.domain.errors import DomainError, Invalid
from grayscale.domain.inbox_member import mark_unread
from grayscale.domain.lever import refresh
from grayscale.domain.lever.refresh import Refreshed
from grayscale.domain.texting import consent
from grayscale.domain.transcripts import target
from grayscale.models import ConsentHow, ConsentKind, ConsentSource
from grayscale.web.auth import me
from grayscale.web.filters import phone
from grayscale.web.htmx import respond, wants_partial
from grayscale.web.views.inbox.blueprint import bp
from grayscale.web.views.inbox.thread import panel_context


def done(
    conversation_id: int, words: str, *, undo: str | None = None, opens: Literal["next", "nothing"] | None = None
) -> ResponseReturnValue:
    """The head and panel anew with a toast, and what *opens* instead; without htmx the conversation, or the list."""
    if not wants_partial():
        # The form of a page that was asked for by a plain form: shown once, like its words.
        flash({"words": words, "undo": undo} if undo else words, "success")  # type: ignore[arg-type]
        where = url_for("inbox.index") if opens else url_for("inbox.conversation", conversation_id=conversation_id)
        return redirect(where, 303)
    found = inbox_thread.get(conversation_id, me())
    toast = {"message": words, "category": "success"}
    if undo:
        toast |= {"undo": undo}
    events: dict[str, object] = {"toast": toast, "inbox:poll": {}}
    if opens:
        events["inbox:leave"] = {"id": conversation_id, "opens": opens}
    html = render_template("inbox/_acted.html", **panel_context(found, me()))
    return respond(html, trigger=events)


@bp.post("/inbox/<int:conversation_id>/archive")
def archive(conversation_id: int) -> ResponseReturnValue:
    inbox_thread.require(conversation_id, me())
    inbox_acts.archive(conversation_id, me())
    undo = url_for("inbox.unarchive", conversation_id=conversation_id)
    return done(conversation_id, "Archived.", undo=undo, opens="next")


@bp.post("/inbox/<int:conversation_id>/unarchive")
def unarchive(conversation_id: int) -> ResponseReturnValue:
    inbox_thread.require(conversation_id, me())
    inbox_acts.unarchive(conversation_id, me())
    return done(conversation_id, "Back in the inbox.")


@bp.post("/inbox/<int:conversation_id>/assign")
def assign(conversation_id: int) -> ResponseReturnValue:
    inbox_thread.require(conversation_id, me())
    to = inbox_acts.assign(conversation_id, request.form.get("assignee", type=int), me())
    whom = "nobody" if to is None else "you" if to.id == me().id else to.name
    return done(conversation_id, f"Assigned to {whom}.")


@bp.post("/inbox/<int:conversation_id>/follow")
def follow(conversation_id: int) -> ResponseReturnValue:
    inbox_thread.require(conversation_id, me())
    follows = request.form.get("follow") == "1"
    inbox_acts.follow(conversation_id, me(), follows)
    return done(conversation_id, "You follow this conversation." if follows else "You no longer follow it.")


@bp.post("/inbox/<int:conversation_id>/unread")
def unread(conversation_id: int) -> ResponseReturnValue:
    is_archived = inbox_thread.get(conversation_id, me()).archived_at is not None
    mark_unread(conversation_id, me())
    words = "Marked as unread. Archived, it is not counted." if is_archived else "Marked as unread."
    # Whoever kept looking at it would have read it again.
    return done(conversation_id, words, opens="nothing")


@bp.post("/inbox/<int:conversation_id>/opportunity")
def opportunity(conversation_id: int) -> ResponseReturnValue:
    inbox_thread.require(conversation_id, me())
    chosen = request.form.get("opportunity", type=int)
    if chosen is None:
        raise Invalid("Choose one of the candidate's opportunities.", "opportunity")
    target.choose(conversation_id, chosen, me())
    return done(conversation_id, "The transcript will go to that opportunity.")


@bp.post("/inbox/<int:conversation_id>/refresh")
def refresh_from_lever(conversation_id: int) -> ResponseReturnValue:
    """The candidate as Lever has them now: of a changed phone number no webhook tells."""
    candidate_id = inbox_thread.get(conversation_id, me()).candidate_id
    if candidate_id is None:
        return refused(conversation_id, "Nobody in Lever is matched to this number yet.")
    end_read()
    try:
        refreshed = refresh.candidate(candidate_id)
    except DomainError as error:
        return refused(conversation_id, str(error))
    if refreshed.found and inbox_thread.is_visible(conversation_id, me()):
        return reload(conversation_id, "Up to date with Lever.")
    return _elsewhere(conversation_id, refreshed, has_moved=refreshed.candidate_id != candidate_id)


def _elsewhere(conversation_id: int, refreshed: Refreshed, *, has_moved: bool) -> ResponseReturnValue:
    """Lever told that this person is gone, or somebody else's record now; the texts are where that is."""
    if not refreshed.found:
        return _leave(conversation_id, "Lever no longer has this candidate. What was kept about them here is erased.")
    if not has_moved:
        return _leave(conversation_id, "Lever anonymised this candidate, or you may no longer see the conversation.")
    kept = inbox_thread.with_candidate(refreshed.candidate_id or 0, me())
    if kept is None or kept.candidate is None:
        return _leave(conversation_id, "Lever merged this candidate with another, whom you may not see.")
    flash(f"Lever merged this candidate with {kept.candidate.display_name}. The texts are here now.", "success")
    where = url_for("inbox.conversation", conversation_id=kept.id)
    return respond("", 200, redirect=where) if wants_partial() else redirect(where, 303)


def _leave(conversation_id: int, words: str) -> ResponseReturnValue:
    """There is no such conversation any more."""
    if not wants_partial():
        flash(words, "success")
        return redirect(url_for("inbox.index"), 303)
    toast = {"message": words, "category": "success"}
    return respond("", 200, trigger={"toast": toast, "inbox:leave": {}})


@bp.post("/inbox/<int:conversation_id>/opt-out")
def opt_out(conversation_id: int) -> ResponseReturnValue:
    """Recorded for the candidate, who said so; everything still waiting to go is cancelled."""
    found = inbox_thread.get(conversation_id, me())
    reason = request.form.get("reason", "").strip()
    if not reason:
        return refused(conversation_id, "Say how the candidate asked to stop; it is kept on record.")
    consent.opt_out(found.peer, ConsentHow.RECRUITER, me(), reason, message_id=found.opt_out_suggested_by_id)
    inbox_acts.settle_opt_out(conversation_id)
    return reload(conversation_id, "Opted out. Nothing more will be texted to this number.")


@bp.post("/inbox/<int:conversation_id>/opt-in")
def opt_in(conversation_id: int) -> ResponseReturnValue:
    """Undoes what a recruiter recorded; a candidate's own STOP only they can undo."""
    found = inbox_thread.get(conversation_id, me())
    reason = request.form.get("reason", "").strip()
    if not reason:
        return refused(conversation_id, "Say why this was a mistake; it is kept on record.")
    try:
        consent.opt_in(found.peer, ConsentHow.RECRUITER, me(), reason)
    except DomainError as error:
        return refused(conversation_id, str(error))
    return reload(conversation_id, "The opt-out is undone.")


@bp.post("/inbox/<int:conversation_id>/consent")
def record_consent(conversation_id: int) -> ResponseReturnValue:
    """What the candidate agreed to outside of the inbox, as the recruiter knows of it."""
    found = inbox_thread.get(conversation_id, me())
    form = request.form
    try:
        given = consent.Given(
            kind=ConsentKind(form.get("kind", "")),
            source=ConsentSource(form.get("source", "")),
            note=form.get("note", "")[:1000],
            wording=form.get("wording", "")[:4000],
            page_url=form.get("page_url", "")[:1000],
            opportunity_lever_id=found.opportunity.lever_id if found.opportunity is not None else None,
        )
    except ValueError:
        return refused(conversation_id, "Choose what they agreed to and where.")
    try:
        consent.record_given(found.peer, given, me())
    except DomainError as error:
        return refused(conversation_id, str(error))
    return reload(conversation_id, "Consent recorded. They can be texted.")


@bp.post("/inbox/<int:conversation_id>/not-opt-out")
def not_opt_out(conversation_id: int) -> ResponseReturnValue:
    """The candidate's sentence did not mean stop."""
    inbox_thread.require(conversation_id, me())
    inbox_acts.settle_opt_out(conversation_id)
    return reload(conversation_id, "Noted: not an opt-out.")


@bp.post("/inbox/<int:conversation_id>/number")
def number(conversation_id: int) -> ResponseReturnValue:
    """Text another of the candidate's numbers from now on."""
    inbox_thread.require(conversation_id, me())
    try:
        found = choosing_number.choose(conversation_id, request.form.get("phone", 0, type=int), me())
    except DomainError as error:
        return refused(conversation_id, str(error))
    return reload(conversation_id, f"Texts go to {phone(found.peer)} from now on, those that wait as well.")


@bp.post("/inbox/<int:conversation_id>/number/keep")
def keep_number(conversation_id: int) -> ResponseReturnValue:
    """The number is theirs, although Lever does not list it."""
    inbox_thread.require(conversation_id, me())
    choosing_number.keep(conversation_id, me())
    return reload(conversation_id, "Noted: the number is theirs.")


def reload(conversation_id: int, words: str) -> ResponseReturnValue:
    """The whole conversation anew: more than one part of it changed."""
    where = url_for("inbox.conversation", conversation_id=conversation_id)
    if not wants_partial():
        flash(words, "success")
        return redirect(where, 303)
    toast = {"message": words, "category": "success"}
    return respond("", 200, trigger={"toast": toast, "inbox:reload": {"url": where}})


def refused(conversation_id: int, words: str) -> ResponseReturnValue:
    """Nothing was done, and why."""
    if not wants_partial():
        flash(words, "error")
        return redirect(url_for("inbox.conversation", conversation_id=conversation_id), 303)
    return respond("", 204, trigger={"toast": {"message": words, "category": "error"}})
