"""Notes of an opportunity: the thread starter and the comments under it."""

from __future__ import annotations

import re

from flask import Blueprint, Response, request

from grayscale.sandbox.clock import now_ms
from grayscale.sandbox.lever.http import (
    bad_request,
    body,
    current_key,
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
from grayscale.sandbox.lever.scheduling import new_id

bp = Blueprint("notes", __name__, url_prefix="/v1/opportunities/<opportunity_id>/notes")

MENTION = re.compile(r"(?<![\w.])@([A-Za-z0-9][\w.-]*\w)")
#: How far a caller's clock may be ahead of ours.
_CLOCK_SKEW_MS = 2_000
#: Kept with a note, never shown by the API.
_PRIVATE = ("apiKey", "mentions", "notifyFollowers")


@bp.get("")
@needs("List Opportunity Notes")
def index(opportunity_id: str) -> Response:
    row = visible(opportunity_id)
    rows = [note for note in _notes(row) if note["deletedAt"] is None]
    rows.sort(key=lambda note: (-note["createdAt"], note["id"]))
    expanded = expand(frozenset({"user"}))
    return short_list(rows, lambda note: (note["createdAt"], note["id"]), lambda note: _show(note, expanded))


@bp.get("/<note_id>")
@needs("Read Opportunity Note")
def show(opportunity_id: str, note_id: str) -> Response:
    return one(include(_show(_note(visible(opportunity_id), note_id), expand(frozenset({"user"})))))


@bp.post("")
@needs("Create Opportunity Note")
def create(opportunity_id: str) -> Response:
    row, wanted = visible(opportunity_id), body()
    user = perform_as(required=store().rules.notes_need_perform_as)
    now = now_ms()
    field = _comment(wanted, row, user, now)
    mentions = _mentions(field["value"])
    thread_id = request.args.get("note_id")
    with store().changing(row):
        row.last_interaction_at = now
        if thread_id:
            note = _note(row, thread_id)
            note["fields"].append(field)
            note["mentions"].extend(mentions)
        else:
            note = {
                "id": new_id(),
                "text": "Note",
                "fields": [field],
                "user": user,
                "secret": _flag(wanted, "secret"),
                "createdAt": field["createdAt"],
                "completedAt": field["createdAt"],
                "deletedAt": None,
                "apiKey": current_key().name,
                "mentions": mentions,
                "notifyFollowers": _flag(wanted, "notifyFollowers"),
            }
            store().data.notes.setdefault(row.id, []).append(note)
    return one({**_show(note), "noteId": note["id"]}, 201)


@bp.put("/<note_id>")
@needs("Update Opportunity Note")
def replace(opportunity_id: str, note_id: str) -> Response:
    row, wanted = visible(opportunity_id), body()
    note = _made_by_api(row, note_id)
    values = wanted.get("values")
    if not isinstance(values, list) or not values:
        raise bad_request("Invalid body: expected a non-empty list at /values")
    with store().changing(row):
        note["fields"] = [_comment({**wanted, **value}, row, note["user"], now_ms()) for value in values]
        note["secret"] = _flag(wanted, "secret")
    return one({"noteId": note_id})


@bp.delete("/<note_id>")
@needs("Delete Opportunity Note")
def delete(opportunity_id: str, note_id: str) -> Response:
    row = visible(opportunity_id)
    note = _made_by_api(row, note_id)
    with store().changing(row):
        note["deletedAt"] = now_ms()
    return Response(status=204)


def _notes(row: Opportunity) -> list[Json]:
    return store().data.notes.get(row.id, [])


def _note(row: Opportunity, note_id: str) -> Json:
    for note in _notes(row):
        if note["id"] == note_id and note["deletedAt"] is None:
            return note
    raise not_found("notes", note_id)


def _made_by_api(row: Opportunity, note_id: str) -> Json:
    note = _note(row, note_id)
    if note["apiKey"] is None:
        raise forbidden("Only notes created through the API can be changed.")
    return note


def _comment(wanted: Json, row: Opportunity, user: str | None, now: int) -> Json:
    value, score = wanted.get("value"), wanted.get("score")
    if not isinstance(value, str) or not value.strip():
        raise bad_request("Missing required parameter: value at /value")
    try:
        created = int(wanted.get("createdAt") or now)
        score = None if score is None else int(score)
    except (TypeError, ValueError) as error:
        raise bad_request("Invalid body: expected an integer at /createdAt") from error
    if created > now + _CLOCK_SKEW_MS:
        raise bad_request("Invalid body: createdAt must be in the past at /createdAt")
    if score is not None and not 1 <= score <= 4:
        raise bad_request("Invalid body: score must be between 1 and 4 at /score")
    return {
        "type": "note",
        "text": "Comment",
        "value": value,
        "createdAt": created,
        "user": user,
        "score": score,
        "stage": row.stage,
    }


def _flag(wanted: Json, name: str) -> bool:
    return wanted.get(name) in {True, "true"}


def _mentions(value: str) -> list[str]:
    """User names this text would notify."""
    known = {user["username"] for user in store().data.users.values()}
    return [name for name in MENTION.findall(value) if name in known]


def _show(note: Json, expanded: frozenset[str] = frozenset()) -> Json:
    value = {name: field for name, field in note.items() if name not in _PRIVATE}
    if "user" in expanded:
        value["user"] = store().data.users.get(note["user"] or "")
    return value
