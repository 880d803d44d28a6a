"""Interviews and panels of an opportunity, with the rules of writing them through the API."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response

from grayscale.sandbox.lever import serialize
from grayscale.sandbox.lever.http import (
    bad_request,
    body,
    expand,
    forbidden,
    include,
    needs,
    not_found,
    one,
    perform_as,
    short_list,
    store,
)
from grayscale.sandbox.lever.opportunities import visible
from grayscale.sandbox.lever.records import Json, Opportunity
from grayscale.sandbox.lever.team import team

bp = Blueprint("interviews", __name__, url_prefix="/v1/opportunities/<opportunity_id>")

_INTERVIEW_EXPANDS = frozenset({"user", "stage", "postings", "feedbackForms"})
_PANEL_EXPANDS = frozenset({"user", "stage"})
_REMINDERS = {"once", "daily", "frequently", "none"}


@bp.get("/interviews")
@needs("List Opportunity Interviews")
def index(opportunity_id: str) -> Response:
    row, names = visible(opportunity_id), expand(_INTERVIEW_EXPANDS)
    rows = sorted(store().data.interviews.get(row.id, ()), key=lambda i: (i["createdAt"], i["id"]))
    return short_list(rows, lambda i: (i["createdAt"], i["id"]), lambda i: _expanded(i, names))


@bp.get("/interviews/<interview_id>")
@needs("Read Opportunity Interviews")
def show(opportunity_id: str, interview_id: str) -> Response:
    interview = _interview(visible(opportunity_id), interview_id)
    return one(include(_expanded(interview, expand(_INTERVIEW_EXPANDS))))


@bp.post("/interviews")
@needs("Create Opportunity Interview")
def create(opportunity_id: str) -> Response:
    row, user, wanted = visible(opportunity_id), perform_as(required=True), body()
    panel = _panel(row, str(wanted.get("panel")))
    _must_be_managed(panel)
    interview = team().create_interview(row.id, panel, _checked(wanted), user)
    return one(interview, 201)


@bp.put("/interviews/<interview_id>")
@needs("Update Opportunity Interview")
def update(opportunity_id: str, interview_id: str) -> Response:
    row = visible(opportunity_id)
    perform_as(required=True)
    interview = _interview(row, interview_id)
    _must_be_managed(_panel(row, interview["panel"]))
    return one(team().update_interview(row.id, interview_id, _checked(body())))


@bp.delete("/interviews/<interview_id>")
@needs("Delete Opportunity Interview")
def delete(opportunity_id: str, interview_id: str) -> Response:
    row = visible(opportunity_id)
    perform_as(required=True)
    interview = _interview(row, interview_id)
    if interview["canceledAt"] is not None:
        raise not_found("interviews", interview_id)
    _must_be_managed(_panel(row, interview["panel"]))
    team().cancel_interview(row.id, interview_id)
    return Response(status=204)


@bp.get("/panels")
@needs("List Opportunity Panels")
def panels(opportunity_id: str) -> Response:
    row, names = visible(opportunity_id), expand(_PANEL_EXPANDS)
    rows = sorted(store().data.panels.get(row.id, ()), key=lambda p: (p["createdAt"], p["id"]))
    return short_list(rows, lambda p: (p["createdAt"], p["id"]), lambda p: _show_panel(row, p, names))


@bp.get("/panels/<panel_id>")
@needs("Read Opportunity Panel")
def panel(opportunity_id: str, panel_id: str) -> Response:
    row = visible(opportunity_id)
    return one(_show_panel(row, _panel(row, panel_id), expand(_PANEL_EXPANDS)))


@bp.post("/panels")
@needs("Create Opportunity Panel")
def create_panel(opportunity_id: str) -> Response:
    row, user, wanted = visible(opportunity_id), perform_as(required=True), body()
    interviews = _checked_panel(wanted)
    made = team().create_panel(row.id, user=user, managed=True, **_panel_fields(wanted))
    for interview in interviews:
        team().create_interview(row.id, made, interview, user)
    return one(_show_panel(row, made), 201)


@bp.put("/panels/<panel_id>")
@needs("Update Opportunity Panel")
def update_panel(opportunity_id: str, panel_id: str) -> Response:
    row, user, wanted = visible(opportunity_id), perform_as(required=True), body()
    held = _panel(row, panel_id)
    _must_be_managed(held)
    interviews = _checked_panel(wanted)
    held.update({"note": None, "externalUrl": None, "feedbackReminder": "daily", **_panel_fields(wanted)})
    kept = {interview.get("id") for interview in interviews}
    for interview in interviews:
        if "id" in interview:
            team().update_interview(row.id, _interview(row, interview["id"])["id"], interview)
        else:
            kept.add(team().create_interview(row.id, held, interview, user)["id"])
    for existing in list(store().data.interviews.get(row.id, ())):
        if existing["panel"] == panel_id and existing["id"] not in kept and existing["canceledAt"] is None:
            team().cancel_interview(row.id, existing["id"])
    return one(_show_panel(row, held))


@bp.delete("/panels/<panel_id>")
@needs("Delete Opportunity Panel")
def delete_panel(opportunity_id: str, panel_id: str) -> Response:
    row = visible(opportunity_id)
    perform_as(required=True)
    _must_be_managed(_panel(row, panel_id))
    for interview in list(store().data.interviews.get(row.id, ())):
        if interview["panel"] == panel_id and interview["canceledAt"] is None:
            team().cancel_interview(row.id, interview["id"])
    return Response(status=204)


def _found(find: Callable[[str, str], Json], kind: str, row: Opportunity, object_id: str) -> Json:
    try:
        return find(row.id, object_id)
    except KeyError as error:
        raise not_found(kind, object_id) from error


def _interview(row: Opportunity, interview_id: str) -> Json:
    return _found(team().interview, "interviews", row, interview_id)


def _panel(row: Opportunity, panel_id: str) -> Json:
    return _found(team().panel, "panels", row, panel_id)


def _must_be_managed(panel: Json) -> None:
    if not panel["externallyManaged"]:
        raise forbidden("Only interviews in externally managed panels can be changed through the API.")


def _checked(wanted: Json) -> Json:
    """An interview as a caller may write it. Raises 400 naming the field at fault."""
    people = wanted.get("interviewers")
    if not isinstance(people, list) or not people:
        raise bad_request("Invalid body: expected at least one interviewer at /interviewers")
    for number, person in enumerate(people):
        if not isinstance(person, dict) or person.get("id") not in store().data.users:
            raise bad_request(f"user was not found at /interviewers/{number}/id")
    for name in ("date", "duration"):
        if not isinstance(wanted.get(name), int) or isinstance(wanted[name], bool) or wanted[name] < 1:
            raise bad_request(f"Invalid body: expected a positive integer at /{name}")
    if wanted.get("feedbackReminder") not in {None, *_REMINDERS}:
        raise bad_request("Invalid body: unknown reminder at /feedbackReminder")
    return wanted


def _checked_panel(wanted: Json) -> list[Json]:
    if not isinstance(wanted.get("timezone"), str):
        raise bad_request("Missing required parameter: timezone at /timezone")
    interviews = wanted.get("interviews")
    if not isinstance(interviews, list) or not interviews:
        raise bad_request("Invalid body: expected a non-empty list at /interviews")
    if wanted.get("applications") == []:
        raise bad_request("Invalid body: expected a non-empty list at /applications")
    return [_checked(interview) for interview in interviews]


def _panel_fields(wanted: Json) -> Json:
    names = ("timezone", "applications", "note", "externalUrl", "feedbackReminder")
    return {name: wanted[name] for name in names if name in wanted}


def _expanded(interview: Json, names: frozenset[str]) -> Json:
    value, data = dict(interview), store().data
    if "user" in names:
        value["user"] = data.users.get(interview["user"] or "")
    if "stage" in names:
        value["stage"] = serialize.stage(store().stage_by_id[interview["stage"]])
    if "postings" in names:
        value["postings"] = [data.postings[posting] for posting in interview["postings"]]
    return value


def _show_panel(row: Opportunity, panel: Json, names: frozenset[str] = frozenset()) -> Json:
    shown = ("id", "date", "duration", "feedbackReminder", "feedbackTemplate", "location", "note", "subject")
    value = dict(panel)
    value["interviews"] = [
        {
            **{name: interview[name] for name in shown},
            "interviewers": [{**person, "responseStatus": "needsAction"} for person in interview["interviewers"]],
        }
        for interview in store().data.interviews.get(row.id, ())
        if interview["panel"] == panel["id"] and interview["canceledAt"] is None
    ]
    if "user" in names:
        value["user"] = store().data.users.get(panel["user"] or "")
    if "stage" in names:
        value["stage"] = serialize.stage(store().stage_by_id[panel["stage"]])
    return value
