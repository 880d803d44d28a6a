"""Settings › Texting: the account at Twilio, its numbers, and the company's rules."""

from collections.abc import Callable
from datetime import time
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from grayscale.config import current_config
from grayscale.domain.company import company, texting_account
from grayscale.domain.errors import DomainError, Invalid
from grayscale.domain.inbox_acts import colleagues
from grayscale.domain.texting import account, filtering, hours, inbound, policy, trial
from grayscale.models import ConsentPolicy, Registration
from grayscale.web.auth import me, super_admin_only
from grayscale.web.filters import saved_note
from grayscale.web.forms import put_error
from grayscale.web.forms.texting import NumberForm, TextingForm, TrialForm

bp = Blueprint("settings_texting", __name__, url_prefix="/settings/texting")


@bp.get("")
@super_admin_only
def show() -> ResponseReturnValue:
    return _page()


@bp.post("")
@super_admin_only
def save() -> ResponseReturnValue:
    """Each part is saved by itself: one bad value never discards the good ones beside it."""
    form = TextingForm(formdata=_as_sent())
    form.validate()
    saved: list[str] = []
    if not (form.account_sid.errors or form.auth_token.errors):
        saved += _try(form, "account_sid", "account", lambda: _save_account(form))
    if not form.phone_number.errors:
        saved += _try(form, "phone_number", "number", lambda: _save_number(form))
    rules = (form.opens, form.closes, form.state_windows, form.unanswered_limit, form.consent, form.help_text)
    if not any(field.errors for field in rules):
        saved += _try(form, "opens", "rules", lambda: _save_policy(form))
    if not form.errors:
        flash(f"Saved: {', '.join(saved)}." if saved else "Nothing was changed.", "success")
    wrong = _check() if "account" in saved and account.is_connected() else None
    if wrong:
        flash(f"The account is saved, but not proven: {wrong}", "warning")
    if form.errors:
        return _page(form, 422, saved)
    return redirect(url_for("settings_texting.show"), 303)


@bp.post("/check")
@super_admin_only
def check() -> ResponseReturnValue:
    """Ask Twilio whether it knows the account."""
    wrong = _check()
    flash(wrong or "Twilio knows this account, and it is active.", "error" if wrong else "success")
    return redirect(url_for("settings_texting.show"), 303)


@bp.post("/numbers")
@super_admin_only
def add_number() -> ResponseReturnValue:
    form = NumberForm(colleagues())
    if form.validate():
        try:
            number = account.save_number(
                form.e164.data,
                me(),
                label=form.label.data or "",
                user_id=int(form.user_id.data) if form.user_id.data else None,
                messaging_service_sid=form.messaging_service_sid.data or "",
                segments_per_second=form.segments_per_second.data,
                registration=Registration(form.registration.data or Registration.APPROVED),
            )
        except Invalid as error:
            put_error(form, Invalid(str(error), "e164" if error.field == "phone_number" else error.field), "e164")
        else:
            flash(f"{number.e164} is saved." + (" It can be texted from." if number.can_send else ""), "success")
            return redirect(url_for("settings_texting.show"), 303)
    return _page(None, 422, number_form=form)


@bp.post("/numbers/<int:number_id>/<any(stop, resume):what>")
@super_admin_only
def switch_number(number_id: int, what: str) -> ResponseReturnValue:
    account.set_active(number_id, what == "resume", me())
    flash("The number is used again." if what == "resume" else "The number is not used any more.", "success")
    return redirect(url_for("settings_texting.show"), 303)


@bp.post("/numbers/<int:number_id>/point-here")
@super_admin_only
def point_here(number_id: int) -> ResponseReturnValue:
    """Have Twilio send what the number receives to this application."""
    try:
        trial.point_number_here(number_id, me())
    except DomainError as error:
        flash(f"It was not changed at Twilio. {error}", "error")
    else:
        flash("Twilio sends this number’s texts here now.", "success")
    return redirect(url_for("settings_texting.show"), 303)


@bp.post("/resume")
@super_admin_only
def resume() -> ResponseReturnValue:
    account.resume(me())
    flash("Texts are sent again.", "success")
    return redirect(url_for("settings_texting.show"), 303)


@bp.post("/test")
@super_admin_only
def send_test() -> ResponseReturnValue:
    form = TrialForm()
    if form.validate():
        try:
            conversation_id, words = trial.send(form.number.data, me())
        except DomainError as error:
            form.number.errors = [str(error)]
        else:
            flash(words, "success")
            return redirect(f"/inbox/{conversation_id}", 303)
    return _page(None, 422, test_form=form)


def _as_sent() -> MultiDict[str, str]:
    """The form; a script that sends the account alone leaves the rules as they are."""
    sent = MultiDict(request.form)
    if "opens" not in sent:
        rules = {name: value for name, value in _stored().items() if name not in sent and value is not False}
        sent.update({name: _typed(value) for name, value in rules.items()})
    return sent


def _typed(value: object) -> str:
    """A stored value as a browser would send it."""
    if isinstance(value, time):
        return f"{value:%H:%M}"
    return "y" if value is True else str(value)


def _stored() -> dict[str, Any]:
    """What the form shows of what is stored."""
    held, numbers = texting_account(), account.numbers()
    windows = hours.STATE_WINDOWS if held.state_windows is None else held.state_windows
    return {
        **{name: getattr(held, name) for name in policy.Policy.__slots__},
        "account_sid": held.account_sid or "",
        "phone_number": numbers[0].e164 if numbers else "",
        "consent": held.consent.value,
        "state_windows": policy.write_windows(windows),
    }


def _save_account(form: TextingForm) -> bool:
    held = texting_account()
    if request.form.get("remove_auth_token") and not (form.auth_token.data or "").strip():
        account.remove_token(me())
        return True
    before = (held.account_sid, held.auth_token_set_at)
    account.save_credentials(form.account_sid.data or "", form.auth_token.data or "", me())
    held = texting_account()
    return before != (held.account_sid, held.auth_token_set_at)


def _save_number(form: TextingForm) -> bool:
    raw = (form.phone_number.data or "").strip()
    return bool(raw) and account.save_first_number(raw, me())


def _save_policy(form: TextingForm) -> bool:
    return policy.save(
        policy.Policy(
            opens=form.opens.data,
            closes=form.closes.data,
            require_opt_out_line=form.require_opt_out_line.data,
            require_names=form.require_names.data,
            unanswered_limit=form.unanswered_limit.data,
            consent=ConsentPolicy(form.consent.data),
            allow_live_replies=form.allow_live_replies.data,
            carrier_handles_keywords=form.carrier_handles_keywords.data,
            help_text=(form.help_text.data or "").strip(),
            state_windows=policy.read_windows(form.state_windows.data or ""),
        ),
        me(),
    )


def _try(form: TextingForm, fallback: str, what: str, save_it: Callable[[], bool]) -> list[str]:
    try:
        return [what] if save_it() else []
    except Invalid as error:
        put_error(form, error, fallback)
        return []


def _check() -> str | None:
    try:
        return account.check()
    except DomainError as error:
        return str(error)


def _page(
    form: TextingForm | None = None,
    status: int = 200,
    saved: list[str] | None = None,
    *,
    number_form: NumberForm | None = None,
    test_form: TrialForm | None = None,
) -> ResponseReturnValue:
    held, numbers, people = texting_account(), account.numbers(), colleagues()
    if form is None:
        form = TextingForm(formdata=None, **_stored())
    public_url = current_config().public_url
    return render_template(
        "texting/show.html",
        form=form,
        number_form=number_form or NumberForm(people, formdata=None),
        test_form=test_form or TrialForm(formdata=None),
        account=held,
        numbers=numbers,
        alerts={number.id: filtering.alert(number) for number in numbers},
        names={person.id: person.name for person in people},
        token_note=saved_note(held.auth_token_set_at, held.auth_token_set_by_id) if held.auth_token else "",
        inbound_url=f"{public_url}/webhooks/twilio/inbound",
        status_url=f"{public_url}/webhooks/twilio/status",
        default_help=inbound.default_help(),
        company=company(),
        is_connected=account.is_connected(),
        saved=saved or [],
    ), status
