"""Settings › Users: who may sign in, as what, and who they are in Lever."""

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from grayscale.domain import invitations, sessions, users
from grayscale.domain.errors import Conflict, Invalid
from grayscale.domain.extension import connecting
from grayscale.models import Role, User
from grayscale.web.auth import me, super_admin_only
from grayscale.web.forms import put_error
from grayscale.web.forms.users import ROLE_WORDS, InviteForm, UserForm

bp = Blueprint("settings_users", __name__, url_prefix="/settings/users")

NEW_LINK = "new_link"


@bp.get("")
@super_admin_only
def index() -> ResponseReturnValue:
    lever_names = {user.lever_id: user.name for user in users.lever_users()}
    return render_template(
        "users/index.html", people=users.everybody(), role_words=ROLE_WORDS, lever_names=lever_names,
        proposals=users.proposals(), connected=connecting.connected(),
    )


@bp.get("/invite")
@super_admin_only
def invite() -> ResponseReturnValue:
    return render_template("users/invite.html", form=InviteForm(formdata=None))


@bp.post("/invite")
@super_admin_only
def submit_invite() -> ResponseReturnValue:
    form = InviteForm()
    if not form.validate():
        return render_template("users/invite.html", form=form), 422
    try:
        user, token = invitations.invite(
            email=form.email.data, name=form.name.data, role=Role(form.role.data), by=me()
        )
    except Invalid as error:
        put_error(form, error, "email")
        return render_template("users/invite.html", form=form), 422
    except Conflict as error:
        form.email.errors = [str(error)]
        return render_template("users/invite.html", form=form), 409
    return _show_link(user, token)


@bp.get("/<int:user_id>")
@super_admin_only
def show(user_id: int) -> ResponseReturnValue:
    user = users.get(user_id)
    return _page(user, _form(user, filled=True))


@bp.post("/<int:user_id>")
@super_admin_only
def save(user_id: int) -> ResponseReturnValue:
    user = users.get(user_id)
    form = _form(user, filled=False)
    if not form.validate():
        return _page(user, form, 422)
    try:
        users.save(user_id, role=Role(form.role.data), lever_user_id=form.lever_user_id.data, by=me())
    except Invalid as error:
        put_error(form, error, "lever_user_id")
        return _page(user, form, 422)
    except Conflict as error:
        form.role.errors = [str(error)]
        return _page(user, form, 409)
    flash(f"Saved {user.name}.", "success")
    return redirect(url_for("settings_users.index"), 303)


@bp.post("/<int:user_id>/link")
@super_admin_only
def make_link(user_id: int) -> ResponseReturnValue:
    try:
        token = invitations.renew(user_id, me())
    except Invalid as error:
        flash(str(error), "error")
        return redirect(url_for("settings_users.show", user_id=user_id), 303)
    return _show_link(users.get(user_id), token)


@bp.post("/<int:user_id>/lever-user")
@super_admin_only
def accept_proposal(user_id: int) -> ResponseReturnValue:
    users.map_to_lever(user_id, request.form.get("lever_user_id"), me())
    flash(f"{users.get(user_id).name} is mapped.", "success")
    return redirect(url_for("settings_users.index"), 303)


@bp.post("/<int:user_id>/deactivate")
@super_admin_only
def deactivate(user_id: int) -> ResponseReturnValue:
    try:
        released = users.deactivate(user_id, me())
    except Conflict as error:
        flash(str(error), "error")
        return redirect(url_for("settings_users.show", user_id=user_id), 303)
    said = f"{users.get(user_id).name} is deactivated and signed out everywhere."
    if released:
        theirs = "One conversation is" if released == 1 else f"{released} conversations are"
        said += f" {theirs} unassigned now."
    flash(said, "success")
    return redirect(url_for("settings_users.index"), 303)


@bp.post("/<int:user_id>/sign-out")
@super_admin_only
def sign_out_everywhere(user_id: int) -> ResponseReturnValue:
    name = users.get(user_id).name
    ended = sessions.end_all(user_id, by=me())
    flash(f"{name} is signed out everywhere." if ended else f"{name} was not signed in anywhere.", "success")
    return redirect(url_for("settings_users.show", user_id=user_id), 303)


@bp.post("/<int:user_id>/reactivate")
@super_admin_only
def reactivate(user_id: int) -> ResponseReturnValue:
    users.reactivate(user_id, me())
    flash(f"{users.get(user_id).name} may sign in again.", "success")
    return redirect(url_for("settings_users.show", user_id=user_id), 303)


def _form(user: User, *, filled: bool) -> UserForm:
    stored = {"formdata": None, "role": user.role.value, "lever_user_id": user.lever_user_id or ""}
    form = UserForm(**stored) if filled else UserForm()
    known = {"": "Nobody"} | {
        lever.lever_id: f"{lever.name} ({lever.email})" if lever.email else lever.name for lever in users.lever_users()
    }
    if user.lever_user_id:
        known.setdefault(user.lever_user_id, "The one chosen before, now deactivated in Lever")
    form.lever_user_id.choices = known
    return form


def _show_link(user: User, token: str) -> ResponseReturnValue:
    """To the person's page, which shows the link this once."""
    session[NEW_LINK] = [user.id, token]
    return redirect(url_for("settings_users.show", user_id=user.id), 303)


def _page(user: User, form: UserForm, status: int = 200) -> ResponseReturnValue:
    made_for, token = session.pop(NEW_LINK, None) or (None, None)
    link = invitations.address(token) if token and made_for == user.id else ""
    proposal = users.proposals().get(user.id)
    return render_template(
        "users/show.html", user=user, form=form, link=link, proposal=proposal, sessions=sessions.of(user.id)
    ), status
