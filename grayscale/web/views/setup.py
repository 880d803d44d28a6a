"""The first start: one link makes the first super admin."""

from flask import Blueprint, abort, flash, render_template, url_for
from flask.typing import ResponseReturnValue

from grayscale.domain import setup
from grayscale.domain.errors import Invalid, NotFound
from grayscale.web import throttle
from grayscale.web.auth import public
from grayscale.web.forms import put_error
from grayscale.web.forms.auth import SetupForm
from grayscale.web.letting_in import let_in

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
    answer = let_in(user, url_for("settings_lever.show"))
    flash(f"Welcome, {user.first_name}. Next: connect Lever, in four steps.", "success")
    return answer


def _page(token: str, form: SetupForm, status: int = 200) -> ResponseReturnValue:
    try:
        setup.check(token)
    except NotFound:
        if not throttle.may_guess_link():
            abort(429)
        raise
    return render_template("setup/first.html", form=form, token=token), status
