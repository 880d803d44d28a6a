"""The first start: one link makes the first super admin."""

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from grayscale.domain import setup, users
from grayscale.domain.errors import Invalid
from grayscale.web import throttle
from grayscale.web.auth import public, sign_in
from grayscale.web.forms import put_error
from grayscale.web.forms.auth import SetupForm

bp = Blueprint("setup", __name__)


@bp.get("/setup/<token>")
@public
def show(token: str) -> ResponseReturnValue:
    return _page(token, SetupForm(formdata=None))


@bp.post("/setup/<token>")
@public
def complete(token: str) -> ResponseReturnValue:
    form = SetupForm()
    if not form.validate():
        return _page(token, form, 422)
    try:
        user = setup.complete(
            token,
            company_name=form.company_name.data,
            time_zone=form.time_zone.data,
            email=form.email.data,
            name=form.name.data,
            password=form.password.data,
        )
    except Invalid as error:
        put_error(form, error, "password")
        return _page(token, form, 422)
    sign_in(user)
    users.signed_in(user.id)
    flash(f"Welcome, {user.first_name}. Next: connect Lever, in four steps.", "success")
    return redirect(url_for("settings_lever.show"), 303)


def _page(token: str, form: SetupForm, status: int = 200) -> ResponseReturnValue:
    if not throttle.may_try_link():
        abort(429)
    setup.check(token)
    return render_template("setup/first.html", form=form, token=token), status
