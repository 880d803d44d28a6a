"""Settings › Company: its name as texts give it, its zone, where its phone numbers are at home."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from grayscale.domain import company
from grayscale.web.auth import me, super_admin_only
from grayscale.web.forms.company import CompanyForm

bp = Blueprint("settings_company", __name__)


@bp.get("/settings/company")
@super_admin_only
def show() -> ResponseReturnValue:
    return render_template("company/edit.html", form=CompanyForm(obj=company.company()))


@bp.post("/settings/company")
@super_admin_only
def save() -> ResponseReturnValue:
    form = CompanyForm()
    if not form.validate():
        return render_template("company/edit.html", form=form), 422
    company.save(name=form.name.data, time_zone=form.time_zone.data, region=form.region.data, by=me())
    flash("Saved.", "success")
    return redirect(url_for("settings_company.show"), 303)
