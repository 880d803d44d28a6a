"""Signing in and out, and choosing a password by one-time link."""

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from grayscale.domain import invitations, single_sign_on, users
from grayscale.domain.errors import Invalid, NotFound
from grayscale.models import User
from grayscale.web import throttle
from grayscale.web.auth import me, public, safe_next, sign_out
from grayscale.web.forms import put_error
from grayscale.web.forms.auth import ChoosePasswordForm, SignInForm
from grayscale.web.letting_in import let_in

bp = Blueprint("auth", __name__)

WRONG = "The e-mail address or the password is wrong."


@bp.get("/login")
@public
def login() -> ResponseReturnValue:
    if current_user.is_authenticated:
        return redirect(safe_next(request.args.get("next")))
    return _login_page(SignInForm(formdata=None))


@bp.post("/login")
@public
def submit_login() -> ResponseReturnValue:
    form = SignInForm()
    if not form.validate():
        return _login_page(form, 422)
    provider = single_sign_on.settings()
    if provider is not None and provider.passwords_off:
        return _login_page(form, 422, single_sign_on.PASSWORDS_OFF.format(name=provider.name))
    email = form.email.data
    attempt = throttle.attempt(email)
    if attempt is None:
        return _login_page(form, 429, throttle.TOO_MANY)
    user = users.authenticate(email, form.password.data)
    if user is None:
        users.refused(email)
        return _login_page(form, 422, WRONG)
    attempt.was_right()
    return let_in(user, safe_next(request.args.get("next")))


@bp.post("/logout")
@public
def logout() -> ResponseReturnValue:
    if current_user.is_authenticated:
        users.signed_out(me())
    sign_out()
    flash("You are signed out.", "success")
    return redirect(url_for("auth.login"), 303)


@bp.get("/join/<token>")
@public
def join(token: str) -> ResponseReturnValue:
    return _join_page(token, ChoosePasswordForm(formdata=None))


@bp.post("/join/<token>")
@public
def submit_join(token: str) -> ResponseReturnValue:
    _holder(token)
    form = ChoosePasswordForm()
    if not form.validate():
        return _join_page(token, form, 422)
    try:
        user = invitations.accept(token, form.password.data)
    except Invalid as error:
        put_error(form, error, "password")
        return _join_page(token, form, 422)
    return let_in(user, url_for("inbox.index"))


def _login_page(form: SignInForm, status: int = 200, problem: str = "") -> ResponseReturnValue:
    action = url_for("auth.submit_login", next=request.args.get("next") or None)
    provider = single_sign_on.settings()
    sso_url = url_for("sso.start", next=request.args.get("next") or None) if provider else ""
    page = render_template(
        "auth/login.html", form=form, action=action, problem=problem, provider=provider, sso_url=sso_url
    )
    response = make_response(page, status)
    if status == 429:
        response.headers["Retry-After"] = str(int(throttle.WAIT.total_seconds()))
    return response


def _join_page(token: str, form: ChoosePasswordForm, status: int = 200) -> ResponseReturnValue:
    provider = single_sign_on.settings()
    return render_template("auth/join.html", form=form, token=token, holder=_holder(token), provider=provider), status


def _holder(token: str) -> User:
    """Whose link it is. Only wrong ones count, so nobody at the same address uses up an invited person's tries."""
    try:
        return invitations.holder(token)
    except NotFound:
        if not throttle.may_guess_link():
            abort(429)
        raise
