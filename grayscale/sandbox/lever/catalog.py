"""Users, stages, archive reasons, postings, contacts: what opportunities refer to."""

from __future__ import annotations

from flask import Blueprint, Response, request

from grayscale.sandbox.lever import serialize
from grayscale.sandbox.lever.http import (
    answer,
    bad_request,
    body,
    expand,
    forbidden,
    include,
    may_see_confidential,
    milliseconds,
    needs,
    not_found,
    one,
    perform_as,
    short_list,
    store,
)
from grayscale.sandbox.lever.records import Json
from grayscale.sandbox.lever.team import team

bp = Blueprint("catalog", __name__, url_prefix="/v1")

_POSTING_EXPANDS = frozenset({"user", "owner", "hiringManager", "followers"})
_CATEGORIES = ("team", "department", "location", "commitment", "level")


@bp.get("/users")
@needs("List Users")
def users() -> Response:
    rows = list(store().data.users.values())
    if request.args.get("includeDeactivated") != "true":
        rows = [user for user in rows if user["deactivatedAt"] is None]
    for argument, field in (
        ("email", "email"),
        ("accessRole", "accessRole"),
        ("external_directory_id", "externalDirectoryId"),
    ):
        wanted = request.args.getlist(argument)
        if wanted:
            rows = [user for user in rows if user[field] in wanted]
    rows.sort(key=lambda user: (-user["createdAt"], user["id"]))
    return short_list(rows, _created, dict)


@bp.get("/users/<user_id>")
@needs("Read User")
def user(user_id: str) -> Response:
    found = store().data.users.get(user_id)
    if found is None:
        raise not_found("users", user_id)
    return one(found)


@bp.get("/stages")
@needs("List Stages")
def stages() -> Response:
    return short_list(store().data.stages, lambda row: (row["rank"], row["id"]), serialize.stage)


@bp.get("/stages/<stage_id>")
@needs("Read Stage")
def stage(stage_id: str) -> Response:
    found = store().stage_by_id.get(stage_id)
    if found is None:
        raise not_found("stages", stage_id)
    return one(serialize.stage(found))


@bp.get("/disposition_stages")
@needs("List Stages")
def disposition_stages() -> Response:
    return one({"stages": store().data.stages})


@bp.get("/archive_reasons")
@needs("List Archive Reasons")
def archive_reasons() -> Response:
    wanted = request.args.get("type")
    if wanted not in {None, "hired", "non-hired"}:
        raise bad_request("Invalid parameter: must be one of hired, non-hired at /type")
    rows = [row for row in store().data.archive_reasons if wanted is None or row["type"] == wanted]
    return short_list(rows, lambda row: (rows.index(row), row["id"]), dict)


@bp.get("/archive_reasons/<reason_id>")
@needs("Read Archive Reasons")
def archive_reason(reason_id: str) -> Response:
    found = store().reason_by_id.get(reason_id)
    if found is None:
        raise not_found("archive_reasons", reason_id)
    return one(found)


@bp.get("/postings")
@needs("List Postings")
def postings() -> Response:
    args, rows = request.args, list(store().data.postings.values())
    asked = args.get("confidentiality", "non-confidential")
    if asked != "non-confidential" and not may_see_confidential():
        raise forbidden("This API key does not have access to confidential data.")
    if asked != "all":
        rows = [row for row in rows if row["confidentiality"] == asked]
    start, end = milliseconds("updated_at_start"), milliseconds("updated_at_end")
    if start is not None or end is not None:
        others = set(args) - {"updated_at_start", "updated_at_end", "confidentiality", "limit", "offset"}
        if others - {"expand", "include"}:
            raise bad_request("Invalid parameter: updated_at may be combined only with confidentiality at /updated_at")
        rows = [row for row in rows if (start or 0) <= row["updatedAt"] <= (end if end is not None else 1 << 62)]
    states, channels = args.getlist("state"), args.getlist("distributionChannel")
    if states:
        rows = [row for row in rows if row["state"] in states]
        if "published" in states and not channels:
            rows = [r for r in rows if r["state"] != "published" or "public" in (r["distributionChannels"] or [])]
    if channels:
        rows = [row for row in rows if not set(channels).isdisjoint(row["distributionChannels"] or [])]
    for name in _CATEGORIES:
        if wanted := args.getlist(name):
            rows = [row for row in rows if row["categories"][name] in wanted]
    if tags := set(args.getlist("tag")):
        rows = [row for row in rows if not tags.isdisjoint(row["tags"])]
    rows.sort(key=lambda row: (-row["createdAt"], row["id"]))
    expanded = expand(_POSTING_EXPANDS)
    return short_list(rows, _created, lambda row: _expanded(row, expanded))


@bp.get("/postings/deleted")
@needs("List Postings")
def deleted_postings() -> Response:
    return answer({"data": [], "hasNext": False})


@bp.get("/postings/<posting_id>")
@needs("Read Posting")
def posting(posting_id: str) -> Response:
    found = store().data.postings.get(posting_id)
    if found is None:
        raise not_found("postings", posting_id)
    if found["confidentiality"] == "confidential" and not may_see_confidential():
        raise forbidden("This API key does not have access to confidential data.")
    return one(include(_expanded(found, expand(_POSTING_EXPANDS))))


def _expanded(row: Json, names: frozenset[str]) -> Json:
    people = store().data.users
    value = dict(row)
    for name in names:
        held = row[name]
        value[name] = [people[i] for i in held] if isinstance(held, list) else people.get(held or "")
    return value


@bp.get("/contacts/<contact_id>")
@needs("Read Contact")
def contact(contact_id: str) -> Response:
    found = store().data.contacts.get(contact_id)
    if found is None:
        raise not_found("contacts", contact_id)
    return one(serialize.contact(found))


@bp.put("/contacts/<contact_id>")
@needs("Update Contact")
def put_contact(contact_id: str) -> Response:
    if contact_id not in store().data.contacts:
        raise not_found("contacts", contact_id)
    try:
        person = team().update_contact(contact_id, **body())
    except ValueError as error:
        raise bad_request(str(error)) from error
    value = serialize.contact(person)
    del value["isAnonymized"]  # missing in the live answer
    return one(value)


@bp.post("/opportunities")
@needs("Create Opportunity")
def create_opportunity() -> Response:
    user_id, wanted = perform_as(required=True), body()
    chosen = wanted.get("postings") or []
    before = len(store().data.contacts)
    row = team().create(
        name=wanted.get("name", ""),
        phones=wanted.get("phones"),
        emails=wanted.get("emails"),
        headline=wanted.get("headline", ""),
        location=wanted.get("location", ""),
        contact_id=wanted.get("contact"),
        posting_id=chosen[0] if chosen else None,
        stage_id=wanted.get("stage"),
        owner_id=wanted.get("owner"),
        origin=wanted.get("origin", "sourced"),
        user=user_id,
    )
    deduped = len(store().data.contacts) == before
    return answer({"deduped": deduped, "data": serialize.opportunity(store(), row)}, 201)


def _created(row: Json) -> tuple[int, str]:
    return row["createdAt"], row["id"]
