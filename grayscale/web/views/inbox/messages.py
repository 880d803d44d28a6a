"""Sending, and what can be done with a text that was sent or waits to go."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from grayscale.domain import drafts, inbox_thread
from grayscale.domain.errors import DomainError, Invalid
from grayscale.domain.texting import gate, outbound, submissions, uploads, wording
from grayscale.models import Message, MessageState
from grayscale.web.auth import me
from grayscale.web.filters import reader_zone
from grayscale.web.htmx import respond, wants_partial
from grayscale.web.views.inbox import listing
from grayscale.web.views.inbox.blueprint import bp
from grayscale.web.views.inbox.composer import composer_context, their_time
from grayscale.web.views.inbox.thread import conversation_context, new_submission_key
from grayscale.web.views.inbox.words import state_name

# What the notice above the composer asks and has the buttons for.
DECIDED_ABOVE = (gate.Code.UNLISTED_NUMBER, gate.Code.STOP_SUGGESTED)
# What the composer offers to put behind the words.
INTRODUCED = (gate.Code.NO_OPT_OUT_LINE, gate.Code.NO_NAMES)
DECIDE = "Nothing was sent: decide above first. Your text is still in the box."


@bp.post("/inbox/<int:conversation_id>/messages")
def send(conversation_id: int) -> ResponseReturnValue:
    """Send, now or later. What was typed comes back with whatever kept it from going."""
    inbox_thread.require(conversation_id, me())
    form = request.form
    body = form.get("body", "")
    key = form.get("submission_key") or None
    seen = max(form.get("seen_up_to", 0, type=int), form.get("confirmed_up_to", 0, type=int))
    if form.get("append"):
        return not_sent(conversation_id, f"{body.rstrip()} {form['append']}".strip(), status=200)
    try:
        is_repeated = submissions.first(key, conversation_id) is not None
        meanwhile = None if is_repeated else inbox_thread.replied_meanwhile(conversation_id, me(), seen)
        if meanwhile is not None:
            return not_sent(conversation_id, body, meanwhile=meanwhile)
        send_at = moment(conversation_id) if form.get("later") else None
        if form.get("later") and send_at is None:
            raise Invalid("Choose when to send it.", "send_at")
        message = outbound.submit(
            conversation_id,
            body,
            me(),
            submission_key=key,
            send_at=send_at,
            media=uploads.check((each.filename or "", each.read()) for each in request.files.getlist("media") if each),
        )
    except submissions.Differs as error:
        return not_sent(conversation_id, body, error=str(error), status=409, submission_key=new_submission_key())
    except outbound.Blocked as error:
        why = DECIDE if error.code in DECIDED_ABOVE else str(error)
        lacking = wording.lacking(body, me()) if error.code in INTRODUCED else ""
        return not_sent(conversation_id, body, error=why, blocked=True, lacking=lacking)
    except DomainError as error:
        return not_sent(conversation_id, body, error=str(error))
    drafts.save(conversation_id, me(), "")
    return taken(conversation_id, message)


def taken(conversation_id: int, message: Message) -> ResponseReturnValue:
    """The composer is empty again, and the thread shows the text."""
    words = outbound.notice(message)
    if not wants_partial():
        if words:
            flash(words, "success")
        return redirect(url_for("inbox.conversation", conversation_id=conversation_id), 303)
    sent = {"submission_key": new_submission_key(), "seen_up_to": message.id, "words": words or ""}
    events: dict[str, Any] = {"composer:sent": sent, "inbox:poll": {}}
    if words:
        events["toast"] = {"message": words, "category": "success"}
    return respond(composer_notes(), trigger=events)


def composer_notes(error: str = "", *, blocked: bool = False, lacking: str = "", meanwhile: Any = None) -> str:
    return render_template(
        "inbox/_composer_notes.html", error=error, blocked=blocked, lacking=lacking, meanwhile=meanwhile
    )


def not_sent(
    conversation_id: int,
    body: str,
    *,
    error: str = "",
    blocked: bool = False,
    lacking: str = "",
    meanwhile: Any = None,
    status: int = 422,
    submission_key: str | None = None,
) -> ResponseReturnValue:
    """The words again with what kept them from going; *submission_key* is a new one for them."""
    if wants_partial():
        html = composer_notes(error, blocked=blocked, lacking=lacking, meanwhile=meanwhile)
        anew = {"composer:anew": {"submission_key": submission_key}, "inbox:poll": {}} if submission_key else None
        return respond(html, status, trigger=anew)
    # Nothing else keeps them once this page is left.
    drafts.save(conversation_id, me(), body)
    if any(each.filename for each in request.files.getlist("media")):
        # A browser does not keep chosen files over a page that is sent anew.
        error = f"{error} Choose the pictures again.".strip()
    found = inbox_thread.get(conversation_id, me())
    context = conversation_context(found, me())
    context |= composer_context(
        found,
        me(),
        body=body,
        error=error,
        blocked=blocked,
        lacking=lacking,
        meanwhile=meanwhile,
        submission_key=submission_key or request.form.get("submission_key"),
        send_at=request.form.get("send_at", ""),
        whose_clock=request.form.get("clock", ""),
        seen_up_to=context["thread"].last_id,
    )
    context |= listing.context(me(), listing.asked(me()), selected=conversation_id)
    return render_template("inbox/index.html", **context, tick=0), status


@bp.get("/inbox/<int:conversation_id>/messages")
def look(conversation_id: int) -> ResponseReturnValue:
    """Whether a submission was taken, for a browser that did not hear; for a person, the conversation."""
    inbox_thread.require(conversation_id, me())
    key = request.args.get("submission_key")
    if key is None:
        return redirect(url_for("inbox.conversation", conversation_id=conversation_id))
    message = submissions.first(key, conversation_id)
    if message is None:
        return {"sent": False}
    sent = {"submission_key": new_submission_key(), "seen_up_to": message.id}
    return {"sent": True, "body": message.body, "words": submissions.became(message), **sent}


def moment(conversation_id: int) -> datetime | None:
    """The minute that was chosen, on the candidate's clock unless on one's own; None for none. Raises ``Invalid``."""
    chosen = request.form.get("send_at", "").strip()
    if not chosen:
        return None
    there = their_time(inbox_thread.get(conversation_id, me())) if request.form.get("clock") != "mine" else None
    try:
        zone = ZoneInfo(there.zone) if there is not None else reader_zone()
        return datetime.fromisoformat(chosen).replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid("That is not a date and time.", "send_at") from None


@bp.get("/inbox/<int:conversation_id>/templates/<int:template_id>")
def fill(conversation_id: int, template_id: int) -> ResponseReturnValue:
    """A template with this conversation's values, for the composer."""
    found = inbox_thread.get(conversation_id, me())
    filled = wording.fill(wording.template_of(template_id, me()).body, found, me())
    return {"body": filled.text, "missing": filled.sentence if filled.missing else ""}


def act(
    message_id: int, what: Callable[[], object], words: str | Callable[[Any], str], *, undo: str | None = None
) -> ResponseReturnValue:
    """Do it and show the thread anew, or say why not."""
    conversation_id = inbox_thread.conversation_of(message_id, me())
    try:
        done = what()
    except DomainError as error:
        words, category, undo = str(error), "error", None
    else:
        category = "success"
        words = words if isinstance(words, str) else words(done)
        words = (outbound.notice(done) if isinstance(done, Message) else None) or words
    if not wants_partial():
        flash({"words": words, "undo": undo} if undo else words, category)  # type: ignore[arg-type]
        return redirect(url_for("inbox.conversation", conversation_id=conversation_id), 303)
    toast = {"message": words, "category": category} | ({"undo": undo} if undo else {})
    return respond("", 200, trigger={"toast": toast, "inbox:poll": {}})


@bp.post("/inbox/messages/<int:message_id>/cancel")
def cancel(message_id: int) -> ResponseReturnValue:
    undo = url_for("inbox.restore", message_id=message_id)
    return act(message_id, lambda: outbound.cancel(message_id, me()) and None, "The text is cancelled.", undo=undo)


@bp.post("/inbox/messages/<int:message_id>/restore")
def restore(message_id: int) -> ResponseReturnValue:
    return act(message_id, lambda: outbound.restore(message_id, me()), "Waits to be sent again.")


@bp.post("/inbox/messages/<int:message_id>/send-now")
def send_now(message_id: int) -> ResponseReturnValue:
    return act(message_id, lambda: outbound.send_now(message_id, me()), "It goes now.")


@bp.post("/inbox/messages/<int:message_id>/edit")
def edit(message_id: int) -> ResponseReturnValue:
    def change() -> object:
        send_at = moment(inbox_thread.conversation_of(message_id, me()))
        return outbound.edit(message_id, request.form.get("body", ""), send_at, me())

    return act(message_id, change, "Changed.")


@bp.post("/inbox/messages/<int:message_id>/retry")
def retry(message_id: int) -> ResponseReturnValue:
    """Once: a page that still offers it reads what came of it."""

    def came(again: Message) -> str:
        if again.state in (MessageState.QUEUED, MessageState.SCHEDULED, MessageState.SENDING):
            return "It is sent once more."
        return f"It was tried again before: {state_name(again.state).lower()}."

    return act(message_id, lambda: outbound.try_again(message_id, me()), came)


@bp.post("/inbox/messages/<int:message_id>/resolve")
def resolve(message_id: int) -> ResponseReturnValue:
    sent = request.form.get("sent") == "1"
    words = "Noted: it was sent." if sent else "It is sent once more."
    return act(message_id, lambda: outbound.resolve_unsure(message_id, sent, me()), words)
