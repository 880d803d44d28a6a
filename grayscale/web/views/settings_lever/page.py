"""Settings › ATS Integration › Lever: the set-up guide on one page, ticked off by evidence."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from grayscale.config import current_config
from grayscale.domain import users
from grayscale.domain.company import lever_integration
from grayscale.domain.errors import Invalid
from grayscale.domain.lever import checklist, connection, health, overview, permissions, sync, tokens, url_use
from grayscale.domain.transcripts import author
from grayscale.models import LeverEvent
from grayscale.web.auth import me, super_admin_only
from grayscale.web.filters import reader_zone, saved_note
from grayscale.web.forms.lever import KEY_IDENTITY
from grayscale.web.htmx import respond, wants_partial
from grayscale.web.views.settings_lever.blueprint import bp


@bp.get("")
@super_admin_only
def show() -> ResponseReturnValue:
    return render_template(
        "lever/show.html",
        **steps_context(),
        **health_context(),
        **sync_context(),
        **permissions_context(),
        webhook_url=tokens.webhook_url(),
        url_use=url_use.of(health.of_all()),
        notes_as=_notes_as(),
        notes_warning=author.warning(),
        transcript_delay=current_config().transcript_delay_seconds,
        oddity_count=overview.oddity_count(),
    )


@bp.get("/steps")
@super_admin_only
def steps() -> ResponseReturnValue:
    return respond(render_template("lever/_steps.html", **steps_context()))


@bp.get("/health")
@super_admin_only
def webhook_health() -> ResponseReturnValue:
    return respond(render_template("lever/_health.html", **health_context()))


@bp.get("/webhook-url")
@super_admin_only
def earlier_urls() -> ResponseReturnValue:
    return respond(render_template("lever/_url_use.html", url_use=url_use.of(health.of_all())))


@bp.get("/sync")
@super_admin_only
def sync_progress() -> ResponseReturnValue:
    """The sync's state; the answer that it is over says so aloud, once, because it asks no more."""
    context = sync_context()
    status = context["sync"]
    trigger: dict[str, Any] | None = None
    if not status.is_running:
        words = {"done": "The sync is complete.", "canceled": "The sync was cancelled."}.get(status.state)
        trigger = {"toast": {"message": words or "The sync stopped.", "category": "success" if words else "error"}}
    return respond(render_template("lever/_sync.html", **context), trigger=trigger)


@bp.post("/sync")
@super_admin_only
def start_sync() -> ResponseReturnValue:
    if not connection.is_connected():
        return _refused_sync("There is no key that Lever accepts. Save one first.")
    sync.request(me())
    return _after_sync("The sync is under way.")


@bp.post("/sync/cancel")
@super_admin_only
def cancel_sync() -> ResponseReturnValue:
    stopped = sync.cancel(me())
    return _after_sync("Cancelling: it stops at its next step." if stopped else "No sync is running.")


@bp.post("/permissions")
@super_admin_only
def verify_permissions() -> ResponseReturnValue:
    try:
        permissions.verify(me())
    except connection.NotConnected as error:
        if wants_partial():
            return respond(
                render_template("lever/_permissions.html", **permissions_context(str(error))), 422
            )
        flash(str(error), "error")
        return redirect(url_for("settings_lever.show"), 303)
    context = permissions_context()
    silent = sum(line.state == "unknown" for line in context["guide_permissions"])
    words, category = "Permissions verified.", "success"
    if silent:
        words, category = f"Lever did not answer for {silent} of the permissions. Try again in a minute.", "warning"
    if wants_partial():
        trigger = {"toast": {"message": words, "category": category}}
        return respond(render_template("lever/_permissions.html", **context), trigger=trigger)
    flash(words, category)
    return redirect(url_for("settings_lever.show", _anchor="permissions"), 303)


@bp.post("/webhook-url")
@super_admin_only
def rotate_webhook_url() -> ResponseReturnValue:
    tokens.rotate_webhook_key(me())
    flash("There is a new URL. Give it to all eight webhooks in Lever; the old one works for a week.", "success")
    return redirect(url_for("settings_lever.show", _anchor="webhook-url-section"), 303)


@bp.post("/webhook-url/end-overlap")
@super_admin_only
def end_url_overlap() -> ResponseReturnValue:
    tokens.end_key_overlap(me())
    flash("The old webhook URL no longer works.", "success")
    return redirect(url_for("settings_lever.show", _anchor="webhook-url-section"), 303)


@bp.post("/tokens/<event>/end-overlap")
@super_admin_only
def end_token_overlap(event: str) -> ResponseReturnValue:
    known = _event(event)
    tokens.end_overlap(known, me())
    flash(f"The previous token of {known.label} is no longer accepted.", "success")
    return redirect(url_for("settings_lever.show", _anchor="webhooks"), 303)


@bp.get("/oddities")
@super_admin_only
def oddities() -> ResponseReturnValue:
    return render_template("lever/oddities.html", oddities=overview.oddities(), total=overview.oddity_count())


def steps_context() -> dict[str, Any]:
    found = checklist.steps()
    return {"steps": found, "is_complete": all(step.done for step in found)}


def health_context() -> dict[str, Any]:
    found = health.of_all(reader_zone())
    notes = [(one, saved_note(one.set_at, one.set_by_id) if one.has_token else "") for one in found]
    return {"webhooks": notes, "doubts": tokens.doubts()}


def sync_context(problem: str = "") -> dict[str, Any]:
    status = sync.status()
    return {
        "sync": status,
        "counts": overview.counts() if not status.is_running else {},
        "is_connected": connection.is_connected(),
        "lever_holds_until": connection.holds_until(),
        "sync_problem": problem,
    }


def permissions_context(problem: str = "") -> dict[str, Any]:
    lines = permissions.checklist()
    integration = lever_integration()
    return {
        "guide_permissions": [line for line in lines if not line.is_extra],
        "extra_permissions": [line for line in lines if line.is_extra],
        "confidential": next(line.state for line in lines if line.name == "confidential"),
        "permissions_checked_at": integration.permissions_checked_at,
        "integration": integration,
        "key_note": saved_note(integration.api_key_set_at, integration.api_key_set_by_id),
        "problem": problem,
    }


def _notes_as() -> str:
    chosen = lever_integration().notes_as_user_id
    if chosen is None:
        return KEY_IDENTITY
    return next((user.name for user in users.lever_users() if user.lever_id == chosen), "A user deactivated in Lever")


def _event(name: str) -> LeverEvent:
    try:
        return LeverEvent(name)
    except ValueError:
        raise Invalid("Lever has no such webhook.") from None


def _after_sync(words: str) -> ResponseReturnValue:
    if wants_partial():
        return respond(
            render_template("lever/_sync.html", **sync_context()),
            trigger={"toast": {"message": words, "category": "success"}},
        )
    flash(words, "success")
    return redirect(url_for("settings_lever.show", _anchor="sync"), 303)


def _refused_sync(words: str) -> ResponseReturnValue:
    if wants_partial():
        return respond(render_template("lever/_sync.html", **sync_context(words)), 422)
    flash(words, "error")
    return redirect(url_for("settings_lever.show", _anchor="sync"), 303)
