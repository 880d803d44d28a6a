"""GET /opportunities: the list order really seen, keyset tokens, filters; and what happened to deleted ones."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable

from flask import Blueprint, Response, request

from grayscale.sandbox.clock import DAY_MS, now_ms
from grayscale.sandbox.lever import serialize
from grayscale.sandbox.lever.http import (
    bad_request,
    body,
    decode_offset,
    expand,
    forbidden,
    include,
    limit,
    listing,
    may_see_confidential,
    milliseconds,
    needs,
    not_found,
    one,
    perform_as,
    short_list,
    store,
)
from grayscale.sandbox.lever.records import Opportunity
from grayscale.sandbox.lever.store import LeverStore, ListKey
from grayscale.sandbox.lever.team import team

bp = Blueprint("opportunities", __name__, url_prefix="/v1")

Test = Callable[[Opportunity], bool]
#: How many cut windows are remembered while nothing changes.
_CACHED_QUERIES = 64


def visible(opportunity_id: str) -> Opportunity:
    """The opportunity this key may see. Raises 404, or 403 without the confidential grant."""
    row = store().data.opportunities.get(opportunity_id)
    if row is None:
        raise not_found("opportunities", opportunity_id)
    if row.confidentiality == "confidential" and not may_see_confidential():
        if store().rules.confidential_status == 404:
            raise not_found("opportunities", opportunity_id)
        raise forbidden("This API key does not have access to confidential data.")
    return row


@bp.get("/opportunities")
@needs("List Opportunities")
def index() -> Response:
    lever, expanded, size = store(), expand(serialize.OPPORTUNITY_EXPANDS), limit()
    token = decode_offset((float, int, str))
    start: ListKey | None = (float(token[0]), -token[1], token[2]) if token else None
    keys = _page(lever, start, size + 1)
    rows = lever.data.opportunities
    data = [include(serialize.opportunity(lever, rows[key[2]], expanded)) for key in keys[:size]]
    following = keys[size] if len(keys) > size else None
    return listing(data, [_number(following[0]), -following[1], following[2]] if following else None)


def _number(rank: float) -> float:
    return int(rank) if rank == int(rank) else rank


def _page(lever: LeverStore, start: ListKey | None, size: int) -> list[ListKey]:
    tests = _tests(lever)
    spans = [
        (name, milliseconds(f"{name}_start"), milliseconds(f"{name}_end")) for name in ("created_at", "updated_at")
    ]
    spans = [span for span in spans if span[1] is not None or span[2] is not None]
    if spans:
        keys = _within(lever, spans, tests)
        at = bisect_left(keys, start) if start else 0
        return keys[at : at + size]
    found: list[ListKey] = []
    order, rows = lever.index.order, lever.data.opportunities
    at = bisect_left(order, start) if start else 0
    while at < len(order) and len(found) < size:
        key = order[at]
        at += 1
        if all(test(rows[key[2]]) for test in tests):
            found.append(key)
    return found


def _within(lever: LeverStore, spans: list[tuple[str, int | None, int | None]], tests: list[Test]) -> list[ListKey]:
    """Keys of one window in list order; cut once per state of the store, since a walk asks for many pages of it."""
    signature = tuple(sorted((k, v) for k, v in request.args.items(multi=True) if k not in _PAGING))
    cache = lever.windows()
    if signature not in cache:
        if len(cache) > _CACHED_QUERIES:
            del cache[next(iter(cache))]
        ids = lever.index.between(*spans[0])
        if len(spans) > 1:
            also = set(lever.index.between(*spans[1]))
            ids = [i for i in ids if i in also]
        rows, rank = lever.data.opportunities, lever.rank
        cache[signature] = sorted(
            (rank[row.stage], -(row.last_advanced_at or 0), row.id)
            for row in map(rows.__getitem__, ids)
            if all(test(row) for test in tests)
        )
    return cache[signature]


_PAGING = frozenset({"limit", "offset", "expand", "include"})


def _tests(lever: LeverStore) -> list[Test]:
    args = request.args
    tests: list[Test] = [_confidentiality()]

    def among(name: str, value: Callable[[Opportunity], object]) -> None:
        wanted = set(args.getlist(name))
        if wanted:
            tests.append(lambda row: value(row) in wanted)

    among("stage_id", lambda row: row.stage)
    among("origin", lambda row: row.origin)
    among("contact_id", lambda row: row.contact)
    among("location", lambda row: row.location)
    among("archive_reason_id", lambda row: row.archived and row.archived["reason"])
    among("posting_id", lambda row: row.application.posting if row.application and not row.archived else None)
    among(
        "archived_posting_id",
        lambda row: row.application.posting if row.application and row.archived else None,
    )
    if tags := set(args.getlist("tag")):
        tests.append(lambda row: not tags.isdisjoint(row.tags))
    if sources := set(args.getlist("source")):
        tests.append(lambda row: not sources.isdisjoint(row.sources))
    if emails := {email.strip().lower() for email in args.getlist("email")}:
        people = lever.data.contacts
        tests.append(lambda row: not emails.isdisjoint(map(str.lower, people[row.contact].emails)))
    archived, snoozed = _boolean("archived"), _boolean("snoozed")
    if archived is not None:
        tests.append(lambda row: (row.archived is not None) == archived)
    if snoozed is not None:
        now = now_ms()
        tests.append(lambda row: ((row.snoozed_until or 0) > now) == snoozed)
    _span(tests, "advanced_at", lambda row: row.last_advanced_at)
    _span(tests, "archived_at", lambda row: row.archived["archivedAt"] if row.archived else None)
    return tests


def _confidentiality() -> Test:
    asked = request.args.get("confidentiality", "non-confidential")
    if asked not in {"confidential", "non-confidential", "all"}:
        raise bad_request("Invalid parameter: must be one of confidential, non-confidential, all at /confidentiality")
    if asked != "non-confidential" and not may_see_confidential():
        raise forbidden("This API key does not have access to confidential data.")
    if asked == "all":
        return lambda row: True
    return lambda row: row.confidentiality == asked


def _boolean(name: str) -> bool | None:
    text = request.args.get(name)
    if text is None:
        return None
    if text not in {"true", "false"}:
        raise bad_request(f"Invalid parameter: expected true or false at /{name}")
    return text == "true"


def _span(tests: list[Test], name: str, value: Callable[[Opportunity], int | None]) -> None:
    start, end = milliseconds(f"{name}_start"), milliseconds(f"{name}_end")
    if start is None and end is None:
        return
    low, high = start if start is not None else 0, end if end is not None else 1 << 62

    def inside(row: Opportunity) -> bool:
        at = value(row)
        return at is not None and low <= at <= high

    tests.append(inside)


@bp.get("/opportunities/deleted")
@needs("List Opportunities")
def deleted() -> Response:
    start, end = milliseconds("deleted_at_start"), milliseconds("deleted_at_end")
    days = store().rules.deleted_window_days
    if days is not None and (start is None or end is None or end - start > days * DAY_MS):
        raise bad_request(f"Invalid parameter: the window may be {days} days at most at /deleted_at_start")
    low, high = start if start is not None else 0, end if end is not None else 1 << 62
    rows = [row for row in store().data.deleted.values() if low <= (row.deleted_at or 0) <= high]
    if not may_see_confidential():
        rows = [row for row in rows if row.confidentiality != "confidential"]
    rows.sort(key=lambda row: (-(row.deleted_at or 0), row.id))
    return short_list(rows, lambda row: (row.deleted_at or 0, row.id), lambda row: serialize.opportunity(store(), row))


@bp.get("/opportunities/<opportunity_id>")
@needs("Read Opportunity")
def show(opportunity_id: str) -> Response:
    expanded = expand(serialize.OPPORTUNITY_EXPANDS)
    return one(include(serialize.opportunity(store(), visible(opportunity_id), expanded)))


@bp.get("/opportunities/<opportunity_id>/applications")
@needs("List Opportunity Applications")
def applications(opportunity_id: str) -> Response:
    row = visible(opportunity_id)
    rows = [row.application] if row.application else []
    return short_list(rows, lambda app: (app.created_at, app.id), lambda app: serialize.application(store(), app))


@bp.get("/opportunities/<opportunity_id>/applications/<application_id>")
@needs("Read Opportunity Application")
def application(opportunity_id: str, application_id: str) -> Response:
    found = visible(opportunity_id).application
    if found is None or found.id != application_id:
        raise not_found("applications", application_id)
    return one(serialize.application(store(), found))


@bp.put("/opportunities/<opportunity_id>/stage")
@needs("Update Opportunity Stage")
def put_stage(opportunity_id: str) -> Response:
    row, user, stage_id = visible(opportunity_id), perform_as(required=False), body().get("stage")
    if stage_id not in store().stage_by_id:
        raise bad_request("Stage was not found at /stage")
    team().move(row.id, str(stage_id), user=user)
    return one(serialize.opportunity(store(), row, blanked=True))


@bp.put("/opportunities/<opportunity_id>/archived")
@needs("Update Opportunity Archived")
def put_archived(opportunity_id: str) -> Response:
    row, user, wanted = visible(opportunity_id), perform_as(required=False), body()
    if wanted.get("reason") is None:
        team().unarchive(row.id)
    elif wanted["reason"] not in store().reason_by_id:
        raise bad_request("Archive reason was not found at /reason")
    else:
        team().archive(row.id, wanted["reason"], user=user, clean_interviews=wanted.get("cleanInterviews") is True)
    return one(serialize.opportunity(store(), row, blanked=True))


@bp.post("/opportunities/<opportunity_id>/<any(addTags, removeTags):verb>")
@needs("Update Opportunity Tags")
def tags(opportunity_id: str, verb: str) -> Response:
    row, named = visible(opportunity_id), body().get("tags")
    if not isinstance(named, list) or not all(isinstance(tag, str) for tag in named):
        raise bad_request("Invalid body: expected a list of strings at /tags")
    with store().changing(row):
        kept = [tag for tag in row.tags if tag not in named]
        row.tags = kept + named if verb == "addTags" else kept
    return one(serialize.opportunity(store(), row, blanked=True))
