"""Every endpoint of the Lever client: how it is called, what goes over the wire, what comes back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
import responses

from grayscale.clients.lever.client import LeverClient
from grayscale.clients.lever.types import InterviewDraft, Interviewer

KEY = "secret-api-key"
ROOT = "https://lever.test/v1"
START = datetime(2026, 1, 1, 0, 0, 0, 123000, tzinfo=UTC)
START_MS = 1767225600123
DRAFT = InterviewDraft(
    date=START,
    duration=30,
    interviewers=(Interviewer("u-1", "Jonas", "j@example.org", "no-feedback"), Interviewer("u-2")),
    panel_id="panel-1",
    subject="Phone screen",
)
DRAFT_BODY = {
    "date": START_MS,
    "duration": 30,
    "interviewers": [{"id": "u-1", "feedbackTemplate": "no-feedback"}, {"id": "u-2"}],
    "panel": "panel-1",
    "subject": "Phone screen",
}


@dataclass(frozen=True)
class Call:
    name: str
    do: Callable[[LeverClient], Any]
    path: str
    query: list[tuple[str, str]] = field(default_factory=list)
    method: str = "GET"
    body: Any = None
    status: int = 200
    is_list: bool = False

    @property
    def url(self) -> str:
        return ROOT + self.path

    def __str__(self) -> str:
        return self.name


FIRST = [("limit", "100")]
READS = [
    Call("list_users", lambda c: c.list_users(), "/users", FIRST, is_list=True),
    Call("get_user", lambda c: c.get_user("x"), "/users/x"),
    Call("list_stages", lambda c: c.list_stages(), "/stages", FIRST, is_list=True),
    Call("get_stage", lambda c: c.get_stage("x"), "/stages/x"),
    Call("list_archive_reasons", lambda c: c.list_archive_reasons(), "/archive_reasons", FIRST, is_list=True),
    Call("get_archive_reason", lambda c: c.get_archive_reason("x"), "/archive_reasons/x"),
    Call("list_postings", lambda c: c.list_postings(), "/postings", FIRST, is_list=True),
    Call("get_posting", lambda c: c.get_posting("x"), "/postings/x"),
    Call("list_opportunities", lambda c: c.list_opportunities(), "/opportunities", FIRST, is_list=True),
    Call("get_opportunity", lambda c: c.get_opportunity("x", expand=None), "/opportunities/x"),
    Call(
        "list_deleted_opportunities",
        lambda c: c.list_deleted_opportunities(deleted_at_start=START, deleted_at_end=START),
        "/opportunities/deleted",
        [("deleted_at_start", str(START_MS)), ("deleted_at_end", str(START_MS)), *FIRST],
        is_list=True,
    ),
    Call("get_contact", lambda c: c.get_contact("x"), "/contacts/x"),
    Call("get_application", lambda c: c.get_application("o", "x"), "/opportunities/o/applications/x"),
    Call("list_notes", lambda c: c.list_notes("o"), "/opportunities/o/notes", FIRST, is_list=True),
    Call("get_note", lambda c: c.get_note("o", "x"), "/opportunities/o/notes/x"),
    Call("list_interviews", lambda c: c.list_interviews("o"), "/opportunities/o/interviews", FIRST, is_list=True),
    Call("get_interview", lambda c: c.get_interview("o", "x"), "/opportunities/o/interviews/x"),
    Call("list_panels", lambda c: c.list_panels("o"), "/opportunities/o/panels", FIRST, is_list=True),
]
WRITES = [
    Call(
        "create_note",
        lambda c: c.create_note("o", "Hello"),
        "/opportunities/o/notes",
        method="POST",
        body={"value": "Hello", "secret": False, "notifyFollowers": False},
        status=201,
    ),
    Call(
        "create_interview",
        lambda c: c.create_interview("o", DRAFT, perform_as="u-9"),
        "/opportunities/o/interviews",
        [("perform_as", "u-9")],
        "POST",
        DRAFT_BODY,
        201,
    ),
    Call(
        "update_interview",
        lambda c: c.update_interview("o", "i", DRAFT, perform_as="u-9"),
        "/opportunities/o/interviews/i",
        [("perform_as", "u-9")],
        "PUT",
        DRAFT_BODY,
    ),
    Call(
        "delete_interview",
        lambda c: c.delete_interview("o", "i", perform_as="u-9"),
        "/opportunities/o/interviews/i",
        [("perform_as", "u-9")],
        "DELETE",
        status=204,
    ),
    Call(
        "create_panel",
        lambda c: c.create_panel("o", [DRAFT], timezone="America/Chicago", perform_as="u-9"),
        "/opportunities/o/panels",
        [("perform_as", "u-9")],
        "POST",
        {
            "timezone": "America/Chicago",
            "interviews": [{key: value for key, value in DRAFT_BODY.items() if key != "panel"}],
        },
        201,
    ),
]

every_call = pytest.mark.parametrize("call", READS + WRITES, ids=str)
every_read = pytest.mark.parametrize("call", READS, ids=str)
every_write = pytest.mark.parametrize("call", WRITES, ids=str)


def answer(lever: responses.RequestsMock, call: Call, **answered: Any) -> None:
    """What Lever says to the call."""
    lever.add(call.method, call.url, **answered)
