"""Templates and company snippets: the words recruiters text with."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from grayscale.domain.errors import Conflict, Invalid
from grayscale.domain.texting import segments, wording
from grayscale.models import Template
from grayscale.web.auth import me, super_admin_only
from grayscale.web.forms import put_error
from grayscale.web.forms.texting import SnippetForm, TemplateForm

bp = Blueprint("wording", __name__, url_prefix="/settings/templates")


@bp.get("")
def show() -> ResponseReturnValue:
    return _page()


@bp.post("")
def add() -> ResponseReturnValue:
    return _save(None)


@bp.get("/<int:template_id>")
def edit(template_id: int) -> ResponseReturnValue:
    template = wording.template_of(template_id, me())
    form = TemplateForm(formdata=None, name=template.name, body=template.body, shared=template.owner_id is None)
    return _edit_page(form, template)


@bp.post("/<int:template_id>")
def save(template_id: int) -> ResponseReturnValue:
    return _save(wording.template_of(template_id, me()))


@bp.post("/<int:template_id>/delete")
def delete(template_id: int) -> ResponseReturnValue:
    name = wording.delete_template(template_id, me())
    flash(f"“{name}” was deleted.", "success")
    return redirect(url_for("wording.show"), 303)


@bp.post("/snippets")
@super_admin_only
def add_snippet() -> ResponseReturnValue:
    form = SnippetForm()
    if form.validate():
        try:
            snippet = wording.save_snippet(form.snippet_name.data, form.value.data, me())
        except Invalid as error:
            put_error(form, error, "snippet_name")
        else:
            flash(f"Write {{{{ company.{snippet.name} }}}} to insert it.", "success")
            return redirect(url_for("wording.show"), 303)
    return _page(snippet_form=form, status=422)


@bp.post("/snippets/<int:snippet_id>/delete")
@super_admin_only
def delete_snippet(snippet_id: int) -> ResponseReturnValue:
    name = wording.delete_snippet(snippet_id, me())
    flash(f"company.{name} was deleted. Templates that use it say so when they are inserted.", "success")
    return redirect(url_for("wording.show"), 303)


def _save(template: Template | None) -> ResponseReturnValue:
    form = TemplateForm()
    if form.validate():
        try:
            saved = wording.save_template(
                template.id if template else None,
                name=form.name.data, body=form.body.data, shared=form.shared.data, by=me(),
            )
        except Invalid as error:
            put_error(form, error, "body")
        except Conflict as error:
            form.shared.errors = [str(error)]
        else:
            flash(f"“{saved.name}” was saved.", "success")
            return redirect(url_for("wording.show"), 303)
    return _edit_page(form, template, 422) if template else _page(form=form, status=422)


def _page(
    form: TemplateForm | None = None, snippet_form: SnippetForm | None = None, status: int = 200
) -> ResponseReturnValue:
    return render_template(
        "wording/show.html",
        form=form or TemplateForm(formdata=None),
        snippet_form=snippet_form or SnippetForm(formdata=None),
        templates=wording.templates_of(me()),
        snippets=wording.snippets(),
        fields=wording.FIELDS,
        max_body=segments.LONGEST,
        adds=form is not None,
    ), status


def _edit_page(form: TemplateForm, template: Template, status: int = 200) -> ResponseReturnValue:
    return render_template(
        "wording/edit.html",
        form=form,
        template=template,
        may_change=template.owner_id is not None or me().is_super_admin,
        fields=wording.FIELDS,
        max_body=segments.LONGEST,
        snippets=wording.snippets(),
    ), status
