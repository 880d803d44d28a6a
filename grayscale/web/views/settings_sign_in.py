"""Settings › Single sign-on: the company's identity provider, and whether passwords still work."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from grayscale.domain import single_sign_on
from grayscale.domain.errors import Conflict, Invalid
from grayscale.web.auth import me, super_admin_only
from grayscale.web.filters import saved_note
from grayscale.web.forms import put_error
from grayscale.web.forms.single_sign_on import SingleSignOnForm

bp = Blueprint("settings_sign_in", __name__, url_prefix="/settings/single-sign-on")


@bp.get("")
@super_admin_only
def show() -> ResponseReturnValue:
    stored = single_sign_on.settings()
    if stored is None:
        return _page(SingleSignOnForm(formdata=None))
    form = SingleSignOnForm(
        formdata=None, name=stored.name, discovery_url=stored.discovery_url, client_id=stored.client_id,
        domains=", ".join(stored.domains), lets_join=stored.lets_join, passwords_off=stored.passwords_off,
    )  # fmt: skip
    return _page(form)


@bp.post("")
@super_admin_only
def save() -> ResponseReturnValue:
    form = SingleSignOnForm()
    if not form.validate():
        return _page(form, 422)
    given = single_sign_on.Settings(
        name=form.name.data.strip(),
        discovery_url=form.discovery_url.data.strip(),
        client_id=form.client_id.data.strip(),
        client_secret=(form.client_secret.data or "").strip(),
        domains=form.domain_list(),
        lets_join=form.lets_join.data,
        passwords_off=form.passwords_off.data,
    )
    try:
        anew = single_sign_on.save(given, me())
    except Invalid as error:
        put_error(form, error, "discovery_url")
        return _page(form, 422)
    more = " At their next sign-in people are recognised by their e-mail address once more." if anew else ""
    flash(f"Saved. {given.name} answered.{more}", "success")
    return redirect(url_for("settings_sign_in.show"), 303)


@bp.post("/remove")
@super_admin_only
def remove() -> ResponseReturnValue:
    try:
        single_sign_on.remove(me())
    except Conflict as error:
        flash(str(error), "error")
    else:
        flash("Single sign-on is removed; people sign in by password.", "success")
    return redirect(url_for("settings_sign_in.show"), 303)


def _page(form: SingleSignOnForm, status: int = 200) -> ResponseReturnValue:
    stored = single_sign_on.settings()
    return render_template(
        "users/single_sign_on.html", form=form, is_set_up=stored is not None,
        stored_note=saved_note(stored.saved_at, stored.saved_by_id) if stored else "",
        redirect_uri=single_sign_on.redirect_uri(), is_proven=me().sso_subject is not None,
    ), status  # fmt: skip
