"""Interviews from within a conversation: schedule, move, cancel, and text the candidate about it."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from grayscale import clock
from grayscale.domain import candidates, drafts, inbox_thread, visibility
from grayscale.domain.errors import DomainError, Invalid, NotFound
from grayscale.domain.interviews import (
    ability,
    acting,
    altering,
    asking,
    clashes,
    deciding,
    listing,
    ours,
    people,
    words,
)
from grayscale.domain.interviews.terms import Terms, differing
from grayscale.domain.interviews.times import abbreviation
from grayscale.domain.texting import automated, gate, wording
from grayscale.models import Conversation, Interview, Opportunity
from grayscale.web.auth import me
from grayscale.web.filters import local
from grayscale.web.htmx import respond, wants_partial
from grayscale.web.views.inbox import interview_form
from grayscale.web.views.inbox.blueprint import bp
from grayscale.web.views.inbox.composer import their_time
from grayscale.web.views.inbox.interview_form import Sheet
from grayscale.web.zones import zone_choices


@bp.route("/inbox/<int:conversation_id>/interviews/new", methods=["GET", "POST"])
def interview_new(conversation_id: int) -> ResponseReturnValue:
    """The form of a new interview; or what is missing for it."""
    found = inbox_thread.get(conversation_id, me())
    chosen = request.values.get("opportunity", type=int) or found.opportunity_id
    opportunity = listing.opportunity_of(found, chosen or 0, me())
    can = ability.to_schedule(opportunity.id, me())
    # Lever may have been asked: what was read before is read anew.
    found, opportunity = inbox_thread.get(conversation_id, me()), listing.opportunity_of(found, opportunity.id, me())
    if can.why_not is not None:
        return sheet_page("inbox/_interview_cannot.html", found, opportunity=opportunity, why_not=can.why_not)
    sheet = interview_form.blank() if request.method == "GET" else interview_form.filled(request.form)
    if request.method == "GET" or request.form.get("search"):
        return form_page(found, opportunity, sheet, remark=can.remark)
    try:
        asking.schedule(
            opportunity.id, sheet.terms(), by=me(), reference=sheet.reference, perform_as=sheet.perform_as,
            anyway=sheet.anyway,
        )  # fmt: skip
    except clashes.Clash as clash:
        return form_page(found, opportunity, replace(sheet, busy=tuple(clash.busy)), status=422, remark=can.remark)
    except Invalid as error:
        return form_page(found, opportunity, sheet.with_error(error), status=422, remark=can.remark)
    return done(conversation_id, "The interview is being scheduled in Lever.")


@bp.route("/inbox/<int:conversation_id>/interviews/<int:interview_id>/edit", methods=["GET", "POST"])
def interview_edit(conversation_id: int, interview_id: int) -> ResponseReturnValue:
    """The form of an interview that exists."""
    found, interview = _known(conversation_id, interview_id)
    if (why_not := ours.why_not(interview)) is not None:
        return cannot_page(found, interview, why_not)
    now = Terms.of(interview)
    sheet = interview_form.of(now) if request.method == "GET" else interview_form.filled(request.form)
    if request.method == "GET" or request.form.get("search"):
        return form_page(found, interview.opportunity, sheet, interview=interview)
    try:
        asking.move(
            interview_id, sheet.terms(), by=me(), reference=sheet.reference, seen=sheet.seen,
            perform_as=sheet.perform_as, anyway=sheet.anyway,
        )  # fmt: skip
    except asking.ChangedMeanwhile as changed:
        sheet = replace(interview_form.over(sheet, changed.seen, changed.now), meanwhile=_told(changed))
    except clashes.Clash as clash:
        sheet = replace(sheet, busy=tuple(clash.busy))
    except DomainError as error:
        sheet = sheet.with_error(error if isinstance(error, Invalid) else Invalid(str(error)))
    else:
        return done(conversation_id, "The interview is being changed in Lever.")
    found, interview = _known(conversation_id, interview_id)
    return form_page(found, interview.opportunity, sheet, interview=interview, status=422)


@bp.route("/inbox/<int:conversation_id>/interviews/<int:interview_id>/cancel", methods=["GET", "POST"])
def interview_cancel(conversation_id: int, interview_id: int) -> ResponseReturnValue:
    """Asks by naming it; cancels on the answer."""
    found, interview = _known(conversation_id, interview_id)
    if (why_not := ours.why_not(interview)) is not None:
        return cannot_page(found, interview, why_not)
    sheet = interview_form.of(Terms.of(interview)) if request.method == "GET" else interview_form.filled(request.form)
    if request.method == "POST":
        try:
            asking.cancel(interview_id, by=me(), reference=sheet.reference, seen=sheet.seen)
        except asking.ChangedMeanwhile as changed:
            sheet = replace(interview_form.of(changed.now), meanwhile=_told(changed))
        except DomainError as error:
            sheet = sheet.with_error(Invalid(str(error)))
        else:
            return done(conversation_id, "The interview is being cancelled in Lever.")
        found, interview = _known(conversation_id, interview_id)
    status = 200 if request.method == "GET" else 422
    return sheet_page(
        "inbox/_interview_cancel.html", found, status=status, opportunity=interview.opportunity, interview=interview,
        sheet=sheet,
    )  # fmt: skip


@bp.get("/inbox/<int:conversation_id>/interviewers")
def interviewers(conversation_id: int) -> ResponseReturnValue:
    """The people chosen and the people found, for the form."""
    inbox_thread.require(conversation_id, me())
    chosen = tuple(dict.fromkeys(filter(None, request.args.getlist("interviewer"))))
    return respond(render_template("inbox/_interview_people.html", **_people(chosen, request.args.get("find", ""))))


@bp.post("/inbox/<int:conversation_id>/interview-changes/<int:change_id>/<any(again, there, drop):what>")
def interview_decide(conversation_id: int, change_id: int, what: str) -> ResponseReturnValue:
    """Try again, it is in Lever, or give it up."""
    deciding.require(change_id, inbox_thread.get(conversation_id, me()).candidate_id)
    acts = {
        "again": (deciding.try_again, "It is tried again."),
        "there": (deciding.is_in_lever, "Noted: it is in Lever."),
        "drop": (deciding.drop, "Given up. Nothing was changed in Lever."),
    }
    act, told = acts[what]
    try:
        act(change_id, me())
    except DomainError as error:
        return done(conversation_id, str(error), category="error")
    return done(conversation_id, told)


@bp.route(
    "/inbox/<int:conversation_id>/interviews/<int:interview_id>/text/<any(scheduled, moved, cancelled):about>",
    methods=["GET", "POST"],
)
def interview_text(conversation_id: int, interview_id: int, about: str) -> ResponseReturnValue:
    """The words for a text about it: for the composer's script, or kept as the draft the composer opens with."""
    found, interview = _known(conversation_id, interview_id)
    if interview.starts_at is None:
        raise Invalid(ours.NO_START)
    if not visibility.may_speak_of(interview.opportunity, found):
        raise Invalid(visibility.MOVE_FIRST)
    terms = Terms.of(interview)
    filled = wording.fill(words.template(about, terms, me()), found, me(), interview=terms)
    body = automated.introduced(found, filled.text, clock.now())
    if request.method == "GET":
        return {"body": body, "missing": filled.sentence}
    kept = drafts.of(conversation_id, me())
    drafts.save(conversation_id, me(), f"{kept}\n\n{body}" if kept.strip() else body)
    if filled.missing:
        flash(filled.sentence, "warning")
    return redirect(url_for("inbox.conversation", conversation_id=conversation_id, _anchor="message"), 303)


def _known(conversation_id: int, interview_id: int) -> tuple[Conversation, Interview]:
    found = inbox_thread.get(conversation_id, me())
    if found.candidate is None:
        raise NotFound(asking.HIDDEN_INTERVIEW)
    return found, listing.interview_of(found, interview_id, me())


def _told(changed: asking.ChangedMeanwhile) -> tuple[str, ...]:
    return tuple(altering.told(changed.seen, changed.now, differing(changed.seen, changed.now)))


bp.add_app_template_global(visibility.may_speak_of)


@bp.app_template_global("their_clock")
def their_clock(moment: datetime, conversation: Conversation) -> str:
    """"Tue 10:00 CDT for them" where the candidate's clocks differ from the reader's; empty where they agree, or where
    it is not sure in which zone the candidate is."""
    known: dict[int, set[str]] = g.setdefault("their_zones", {})
    if conversation.id not in known:
        known[conversation.id] = set(gate.zones_of(conversation))
    theirs = [moment.astimezone(ZoneInfo(zone)) for zone in known[conversation.id]]
    if len({at.utcoffset() for at in theirs}) != 1 or theirs[0].utcoffset() == local(moment).utcoffset():
        return ""
    return f"{theirs[0]:%a %H:%M} {abbreviation(theirs[0])} for them"


def _people(chosen: tuple[str, ...], find: str) -> dict[str, Any]:
    return {
        "chosen": people.known(chosen),
        "found": people.search(find, but=chosen),
        "find": find,
        "most_found": people.MOST_FOUND,
    }


def form_page(
    conversation: Conversation,
    opportunity: Opportunity,
    sheet: Sheet,
    *,
    interview: Interview | None = None,
    remark: str | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    return sheet_page(
        "inbox/_interview_form.html", conversation, status=status, opportunity=opportunity, sheet=sheet,
        interview=interview, remark=remark, zones=zone_choices(), actors=acting.choices(opportunity, me()),
        their_time=their_time(conversation), **_people(sheet.interviewers, sheet.find),
    )  # fmt: skip


def cannot_page(conversation: Conversation, interview: Interview, why_not: str) -> ResponseReturnValue:
    """Why this interview cannot be changed here, where its form would be."""
    return sheet_page(
        "inbox/_interview_cannot.html", conversation, opportunity=interview.opportunity, why_not=why_not,
        interview=interview,
    )  # fmt: skip


def sheet_page(name: str, conversation: Conversation, *, status: int = 200, **context: Any) -> ResponseReturnValue:
    """A partial for the dialog of the conversation, or a page around it."""
    context["conversation"] = conversation
    context["posting"] = _posting(conversation, context["opportunity"])
    if wants_partial():
        return respond(render_template(name, **context), status, trigger={"interview:open": {}})
    return render_template("inbox/interview.html", sheet_name=name, **context), status


def _posting(conversation: Conversation, opportunity: Opportunity) -> str:
    if conversation.candidate is None:
        return ""
    found = candidates.profile(conversation.candidate, me(), conversation_id=conversation.id).candidacies
    return next((each.posting for each in found if each.opportunity.id == opportunity.id), "")


def done(conversation_id: int, told: str, *, category: str = "success") -> ResponseReturnValue:
    """Back to the conversation, which shows what became of it."""
    if not wants_partial():
        flash(told, category)
        return redirect(url_for("inbox.conversation", conversation_id=conversation_id), 303)
    events = {"interview:close": {}, "toast": {"message": told, "category": category}, "inbox:poll": {}}
    return respond("", 200, trigger=events)
