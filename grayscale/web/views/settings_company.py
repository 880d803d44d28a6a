"""Settings › Company: how texts name it, its zone, where its phone numbers are at home, how long things are kept."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from grayscale.domain import company
from grayscale.web.auth import me, super_admin_only
from grayscale.web.forms.company import CompanyForm, RetentionForm

bp = Blueprint("settings_company", __name__)


@bp.get("/settings/company")
@super_admin_only
def show() -> ResponseReturnValue:
    return _page(_stored(), _stored_retention())


@bp.post("/settings/company")
@super_admin_only
def save() -> ResponseReturnValue:
    form = CompanyForm()
    if not form.validate():
        return _page(form, _stored_retention(), 422)
    company.save(name=form.name.data, time_zone=form.time_zone.data, region=form.region.data, by=me())
    flash("Saved.", "success")
    return redirect(url_for("settings_company.show"), 303)


@bp.post("/settings/company/retention")
@super_admin_only
def save_retention() -> ResponseReturnValue:
    form = RetentionForm()
    if not form.validate():
        return _page(_stored(), form, 422)
    company.save_retention(
        audit_kept_days=form.audit_kept_days.data, texts_kept_days=form.texts_kept_days.data, by=me()
    )
    flash("Saved. What is past its time goes within the hour.", "success")
    return redirect(url_for("settings_company.show"), 303)


def _stored() -> CompanyForm:
    return CompanyForm(formdata=None, obj=company.company())


def _stored_retention() -> RetentionForm:
    return RetentionForm(formdata=None, obj=company.company())


def _page(form: CompanyForm, retention_form: RetentionForm, status: int = 200) -> ResponseReturnValue:
    return render_template("company/edit.html", form=form, retention_form=retention_form), status
