"""Settings › ATS Integration › Lever › Edit. Saving one bad value never discards the good ones beside it."""

from collections.abc import Callable
from functools import partial

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from grayscale.domain import users
from grayscale.domain.company import lever_integration
from grayscale.domain.errors import Invalid
from grayscale.domain.lever import connection, health, overview, tokens
from grayscale.models import KeyState, LeverEvent
from grayscale.web.auth import me, super_admin_only
from grayscale.web.filters import reader_zone, saved_note
from grayscale.web.forms.lever import LeverForm
from grayscale.web.views.settings_lever.blueprint import bp

KEY_LABEL = "Lever API Key"


@bp.get("/edit")
@super_admin_only
def edit() -> ResponseReturnValue:
    integration = lever_integration()
    form = LeverForm(
        users.lever_users(),
        formdata=None,
        notes_as=integration.notes_as_user_id or "",
        notify_followers=integration.notify_followers,
    )
    return _page(form)


@bp.post("/edit")
@super_admin_only
def save() -> ResponseReturnValue:
    form = LeverForm(users.lever_users())
    if not form.validate():
        return _page(form, 422)
    # The key first: what is pasted beside it once more is no token.
    key = _save_key(form)
    saved = _save_tokens(form) + _save_notes(form) + key
    _warn_of_short(form, saved)
    _warn_of_shared(saved)
    _warn_of_unchecked(saved)
    if form.errors:
        return _page(form, 422, saved)
    flash(_sentence(saved) if saved else "Nothing was changed.", "success")
    return redirect(url_for("settings_lever.show"), 303)


def _save_key(form: LeverForm) -> list[str]:
    field = form.api_key
    if request.form.get("remove_api_key") and not (field.data or "").strip():
        connection.remove_key(me())
        return [f"{KEY_LABEL} removed"]
    return _try(form, field.name, KEY_LABEL, lambda raw: connection.save_key(raw, me()))


def _save_tokens(form: LeverForm) -> list[str]:
    saved = []
    for event in LeverEvent:
        if request.form.get(f"remove_{event.value}") and not (form.token(event).data or "").strip():
            tokens.remove(event, me())
            saved.append(f"{event.label} removed")
        else:
            saved += _try(form, event.value, event.label, partial(_save_token, event))
    return saved


def _save_token(event: LeverEvent, raw: str) -> None:
    tokens.save(event, raw, me())


def _warn_of_short(form: LeverForm, saved: list[str]) -> None:
    for event in LeverEvent:
        typed = (form.token(event).data or "").strip()
        if typed and event.label in saved and tokens.is_suspiciously_short(typed):
            have = f"{len(typed)} character{'' if len(typed) == 1 else 's'}"
            flash(
                f"The token of {event.label} has {have}; Lever’s have {tokens.USUAL_LENGTH}. If it is not whole, copy"
                " it again.",
                "warning",
            )


def _warn_of_shared(saved: list[str]) -> None:
    for events in tokens.shared():
        labels = [event.label for event in events]
        if not set(labels).isdisjoint(saved):
            names = f"{', '.join(labels[:-1])} and {labels[-1]}"
            flash(f"{names} have the same token. Lever gives each webhook its own: copy them again.", "warning")


def _warn_of_unchecked(saved: list[str]) -> None:
    integration = lever_integration()
    if KEY_LABEL in saved and integration.key_state is KeyState.UNCHECKED:
        flash(f"{integration.key_error} The key is kept, and checked again by itself.", "warning")


def _save_notes(form: LeverForm) -> list[str]:
    try:
        changed = overview.save_notes_settings(
            form.notes_as.data, notify_followers=form.notify_followers.data, by=me()
        )
    except Invalid as error:
        form.notes_as.errors = [str(error)]
        return []
    return ["Notes settings"] if changed else []


def _try(form: LeverForm, name: str, label: str, save_it: Callable[[str], object]) -> list[str]:
    """Save one secret if one was typed; a refusal stands beside its own field only."""
    raw = (form[name].data or "").strip()
    if not raw:
        return []
    try:
        save_it(raw)
    except Invalid as error:
        form[name].errors = [str(error)]
        return []
    return [label]


def _sentence(saved: list[str]) -> str:
    return f"Saved: {', '.join(saved)}."


def _page(form: LeverForm, status: int = 200, saved: list[str] | None = None) -> ResponseReturnValue:
    integration = lever_integration()
    hooks = [
        (form.token(one.event), saved_note(one.set_at, one.set_by_id) if one.has_token else "", one.overlap_until)
        for one in health.of_all(reader_zone())
    ]
    key_note = saved_note(integration.api_key_set_at, integration.api_key_set_by_id) if integration.api_key else ""
    return render_template(
        "lever/edit.html", form=form, hooks=hooks, key_note=key_note, saved=_sentence(saved) if saved else "",
        integration=integration, webhook_url=tokens.webhook_url(),
    ), status
