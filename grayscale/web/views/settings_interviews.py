"""Settings › Interviews: reminders, and the rules of times candidates choose from."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from grayscale.domain import company, scheduling_policy
from grayscale.domain.errors import Invalid
from grayscale.web.auth import me, super_admin_only
from grayscale.web.forms import put_error
from grayscale.web.forms.interviews import InterviewsForm

bp = Blueprint("settings_interviews", __name__)


@bp.get("/settings/interviews")
@super_admin_only
def show() -> ResponseReturnValue:
    return render_template("interviews/settings.html", form=InterviewsForm(obj=company.scheduling_policy()))


@bp.post("/settings/interviews")
@super_admin_only
def save() -> ResponseReturnValue:
    form = InterviewsForm()
    if form.validate():
        rules = {name: getattr(form, name).data for name in scheduling_policy.Rules.__slots__}
        try:
            changed = scheduling_policy.save(scheduling_policy.Rules(**rules), me())
        except Invalid as error:
            put_error(form, error, "working_days")
        else:
            flash("Saved." if changed else "Nothing was changed.", "success")
            return redirect(url_for("settings_interviews.show"), 303)
    return render_template("interviews/settings.html", form=form), 422
