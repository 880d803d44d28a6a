"""A person's own settings."""

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from grayscale.config import current_config
from grayscale.domain import sessions, users
from grayscale.domain.company import company
from grayscale.domain.errors import Invalid
from grayscale.web import throttle
from grayscale.web.auth import me, my_session, sign_in, sign_out
from grayscale.web.forms import put_error
from grayscale.web.forms.auth import ChangePasswordForm, PreferencesForm
from grayscale.web.navigation import THEME_COOKIE, THEMES

bp = Blueprint("account", __name__)

YEAR_SECONDS = 365 * 86400


@bp.get("/account")
def show() -> ResponseReturnValue:
    return _page(_preferences(), ChangePasswordForm(formdata=None))


@bp.post("/account")
def save() -> ResponseReturnValue:
    form = PreferencesForm()
    if not form.validate():
        return _page(form, ChangePasswordForm(formdata=None), 422)
    try:
        users.change_preferences(
            me().id, name=form.name.data, time_zone=form.time_zone.data, enter_sends=form.enter_sends.data == "y"
        )
    except Invalid as error:
        put_error(form, error, "name")
        return _page(form, ChangePasswordForm(formdata=None), 422)
    flash("Saved.", "success")
    response = make_response(redirect(url_for("account.show"), 303))
    if form.theme.data in THEMES:
        response.set_cookie(
            THEME_COOKIE, form.theme.data, max_age=YEAR_SECONDS, samesite="Lax", secure=current_config().is_secure
        )
    else:
        response.delete_cookie(THEME_COOKIE)
    return response


@bp.post("/account/password")
def change_password() -> ResponseReturnValue:
    form = ChangePasswordForm()
    if not form.validate():
        return _page(_preferences(), form, 422)
    # A sign-in left open must not become the password by guessing.
    attempt = throttle.attempt(me().email)
    if attempt is None:
        put_error(form, Invalid(throttle.TOO_MANY, "old"), "old")
        return _page(_preferences(), form, 429)
    try:
        users.change_password(me().id, form.old.data, form.password.data)
    except Invalid as error:
        if error.field != "old":
            attempt.was_right()
        put_error(form, error, "password")
        return _page(_preferences(), form, 422)
    attempt.was_right()
    sign_in(users.get(me().id))
    flash("Your password is changed. Other devices were signed out.", "success")
    return redirect(url_for("account.show"), 303)


@bp.post("/account/sign-out-everywhere")
def sign_out_everywhere() -> ResponseReturnValue:
    sessions.end_all(me().id, by=me())
    sign_out()
    flash("You are signed out on every device.", "success")
    return redirect(url_for("auth.login"), 303)


@bp.post("/account/sessions/<int:session_id>/sign-out")
def sign_out_one(session_id: int) -> ResponseReturnValue:
    flash(f"{sessions.end_one(session_id, me())} is signed out.", "success")
    return redirect(url_for("account.show"), 303)


def _preferences() -> PreferencesForm:
    user = me()
    return PreferencesForm(
        formdata=None,
        name=user.name,
        time_zone=user.time_zone or "",
        enter_sends="y" if user.enter_sends else "n",
        theme=request.cookies.get(THEME_COOKIE, ""),
    )


def _page(form: PreferencesForm, password_form: ChangePasswordForm, status: int = 200) -> ResponseReturnValue:
    return render_template(
        "account/show.html", form=form, password_form=password_form, company_zone=company().time_zone,
        sessions=sessions.of(me().id), mine=my_session().id,
    ), status
