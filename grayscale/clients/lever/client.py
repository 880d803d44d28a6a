"""Lever's Data API: one method per endpoint, typed in and out.

Errors are those of ``grayscale.clients.errors`` and ``InvalidOffset``. Reads are retried here within a budget;
writes are sent exactly once, because Lever knows no idempotency key. Times in filters are aware datetimes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote

from grayscale.clients.errors import NotFound, UnexpectedAnswer, UnknownOutcome
from grayscale.clients.lever.connection import InvalidOffset, LeverConnection, unwrap
from grayscale.clients.lever.fields import MissingId, to_ms
from grayscale.clients.lever.interviews import panel_body
from grayscale.clients.lever.pages import NotAPage, read_page
from grayscale.clients.lever.types import (
    Application,
    ArchiveReason,
    Contact,
    DeletedOpportunity,
    Interview,
    InterviewDraft,
    Note,
    Opportunity,
    Page,
    Panel,
    Posting,
    Stage,
    User,
)
from grayscale.clients.text import clean

__all__ = ["InvalidOffset", "LeverClient"]

T = TypeVar("T")
Value = str | int | bool | datetime | Iterable[str] | None


class LeverClient(LeverConnection):
    """``LeverClient(api_key, base_url, limiter, timeout=(connect, read), priority="live" | "bulk")``.

    ``base_url`` ends in ``/v1``. Thread-safe; clients of one key share one ``limiter``.
    """

    # People, stages, reasons, postings

    def list_users(
        self,
        *,
        include_deactivated: bool = False,
        email: str | None = None,
        limit: int = 100,
        offset: str | None = None,
    ) -> Page[User]:
        """Newest first; only active users unless asked otherwise."""
        return self._list(
            "list_users",
            "/users",
            User.parse,
            includeDeactivated=True if include_deactivated else None,
            email=email,
            limit=limit,
            offset=offset,
        )

    def get_user(self, user_id: str) -> User:
        return self._get("get_user", f"/users/{_segment(user_id)}", User.parse)

    def list_stages(self, *, limit: int = 100, offset: str | None = None) -> Page[Stage]:
        """In the order of the pipeline."""
        return self._list("list_stages", "/stages", Stage.parse, limit=limit, offset=offset)

    def get_stage(self, stage_id: str) -> Stage:
        return self._get("get_stage", f"/stages/{_segment(stage_id)}", Stage.parse)

    def list_archive_reasons(
        self, *, type: str | None = None, limit: int = 100, offset: str | None = None
    ) -> Page[ArchiveReason]:
        """``type`` is ``hired`` or ``non-hired``; asked for ``hired``, Lever may answer with a single object."""
        return self._list(
            "list_archive_reasons", "/archive_reasons", ArchiveReason.parse, type=type, limit=limit, offset=offset
        )

    def get_archive_reason(self, reason_id: str) -> ArchiveReason:
        return self._get("get_archive_reason", f"/archive_reasons/{_segment(reason_id)}", ArchiveReason.parse)

    def list_postings(
        self,
        *,
        state: Iterable[str] | str | None = None,
        confidentiality: str | None = None,
        updated_at_start: datetime | None = None,
        updated_at_end: datetime | None = None,
        limit: int = 100,
        offset: str | None = None,
    ) -> Page[Posting]:
        """Lever lets the ``updated_at`` window be combined with ``confidentiality`` only."""
        return self._list(
            "list_postings",
            "/postings",
            Posting.parse,
            state=state,
            confidentiality=confidentiality,
            updated_at_start=updated_at_start,
            updated_at_end=updated_at_end,
            limit=limit,
            offset=offset,
        )

    def get_posting(self, posting_id: str) -> Posting:
        return self._get("get_posting", f"/postings/{_segment(posting_id)}", Posting.parse)

    # Opportunities

    def list_opportunities(
        self,
        *,
        created_at_start: datetime | None = None,
        created_at_end: datetime | None = None,
        updated_at_start: datetime | None = None,
        updated_at_end: datetime | None = None,
        advanced_at_start: datetime | None = None,
        advanced_at_end: datetime | None = None,
        archived_at_start: datetime | None = None,
        archived_at_end: datetime | None = None,
        archived: bool | None = None,
        archive_reason_id: Iterable[str] | str | None = None,
        confidentiality: str | None = None,
        posting_id: Iterable[str] | str | None = None,
        archived_posting_id: Iterable[str] | str | None = None,
        contact_id: Iterable[str] | str | None = None,
        stage_id: Iterable[str] | str | None = None,
        email: Iterable[str] | str | None = None,
        origin: Iterable[str] | str | None = None,
        source: Iterable[str] | str | None = None,
        tag: Iterable[str] | str | None = None,
        snoozed: bool | None = None,
        expand: Iterable[str] | str | None = None,
        include: Iterable[str] | str | None = None,
        limit: int = 100,
        offset: str | None = None,
    ) -> Page[Opportunity]:
        """Active and archived mixed; non-confidential only unless ``confidentiality`` is ``all`` (403 without grant).

        The order moves while one reads (stage, then last advance): a row may come twice or be missed, so upsert,
        and follow a full read by one with ``updated_at_start``. Rows never updated match no ``updated_at`` filter.
        """
        filters = {name: value for name, value in locals().items() if name != "self"}
        return self._list("list_opportunities", "/opportunities", Opportunity.parse, **filters)

    def get_opportunity(
        self, opportunity_id: str, *, expand: Iterable[str] | str | None = ("applications", "stage", "owner")
    ) -> Opportunity:
        path = f"/opportunities/{_segment(opportunity_id)}"
        return self._get("get_opportunity", path, Opportunity.parse, expand=expand)

    def list_deleted_opportunities(
        self,
        *,
        deleted_at_start: datetime | None = None,
        deleted_at_end: datetime | None = None,
        limit: int = 100,
        offset: str | None = None,
    ) -> Page[DeletedOpportunity]:
        """Ask for windows of at most 30 days."""
        return self._list(
            "list_deleted_opportunities",
            "/opportunities/deleted",
            DeletedOpportunity.parse,
            deleted_at_start=deleted_at_start,
            deleted_at_end=deleted_at_end,
            limit=limit,
            offset=offset,
        )

    def get_contact(self, contact_id: str) -> Contact:
        return self._get("get_contact", f"/contacts/{_segment(contact_id)}", Contact.parse)

    def get_application(self, opportunity_id: str, application_id: str) -> Application:
        path = f"/opportunities/{_segment(opportunity_id)}/applications/{_segment(application_id)}"
        return self._get("get_application", path, Application.parse)

    # Notes

    def list_notes(self, opportunity_id: str, *, limit: int = 100, offset: str | None = None) -> Page[Note]:
        """Needs a permission that is not in the set-up guide: be ready for ``Forbidden``."""
        path = f"/opportunities/{_segment(opportunity_id)}/notes"
        return self._list("list_notes", path, Note.parse, limit=limit, offset=offset)

    def get_note(self, opportunity_id: str, note_id: str) -> Note:
        path = f"/opportunities/{_segment(opportunity_id)}/notes/{_segment(note_id)}"
        return self._get("get_note", path, Note.parse)

    def create_note(
        self,
        opportunity_id: str,
        value: str,
        *,
        perform_as: str | None = None,
        note_id: str | None = None,
        notify_followers: bool = False,
        secret: bool = False,
        score: int | None = None,
        created_at: datetime | None = None,
    ) -> Note:
        """Posts a note, or with ``note_id`` a comment on one. ``perform_as`` is a Lever user id.

        Lever notifies people named by ``@username`` in ``value`` and refuses a ``created_at`` in the future.
        """
        body: dict[str, Any] = {"value": clean(value)}
        if created_at is not None:
            body["createdAt"] = to_ms(created_at)
        if note_id is None:  # a comment takes only the two above
            body |= {"secret": secret, "notifyFollowers": notify_followers}
            if score is not None:
                body["score"] = score
        path = f"/opportunities/{_segment(opportunity_id)}/notes"
        return self._write("create_note", "POST", path, Note.parse, body, perform_as=perform_as, note_id=note_id)

    # Interviews and panels

    def list_interviews(self, opportunity_id: str, *, limit: int = 100, offset: str | None = None) -> Page[Interview]:
        """Cancelled ones too. ``opportunity_id`` of a row may be missing here: it is the one asked for."""
        path = f"/opportunities/{_segment(opportunity_id)}/interviews"
        return self._list("list_interviews", path, Interview.parse, limit=limit, offset=offset)

    def get_interview(self, opportunity_id: str, interview_id: str) -> Interview:
        path = f"/opportunities/{_segment(opportunity_id)}/interviews/{_segment(interview_id)}"
        return self._get("get_interview", path, Interview.parse)

    def create_interview(self, opportunity_id: str, draft: InterviewDraft, *, perform_as: str) -> Interview:
        """Needs the id of an externally managed panel in the draft."""
        path = f"/opportunities/{_segment(opportunity_id)}/interviews"
        return self._write("create_interview", "POST", path, Interview.parse, draft.body(), perform_as=perform_as)

    def update_interview(
        self, opportunity_id: str, interview_id: str, draft: InterviewDraft, *, perform_as: str
    ) -> Interview:
        """Replaces the interview: whatever the draft leaves out is cleared."""
        path = f"/opportunities/{_segment(opportunity_id)}/interviews/{_segment(interview_id)}"
        return self._write("update_interview", "PUT", path, Interview.parse, draft.body(), perform_as=perform_as)

    def delete_interview(self, opportunity_id: str, interview_id: str, *, perform_as: str) -> None:
        """Deletes the interview, and its panel with the last one."""
        path = f"/opportunities/{_segment(opportunity_id)}/interviews/{_segment(interview_id)}"
        self.write("delete_interview", "DELETE", path, _params({"perform_as": perform_as}))

    def list_panels(self, opportunity_id: str, *, limit: int = 100, offset: str | None = None) -> Page[Panel]:
        path = f"/opportunities/{_segment(opportunity_id)}/panels"
        return self._list("list_panels", path, Panel.parse, limit=limit, offset=offset)

    def create_panel(
        self,
        opportunity_id: str,
        interviews: Iterable[InterviewDraft],
        *,
        timezone: str,
        perform_as: str,
        applications: Iterable[str] | None = None,
        note: str | None = None,
        external_url: str | None = None,
        feedback_reminder: str | None = None,
    ) -> Panel:
        """Makes an externally managed panel with its interviews; ``timezone`` is an IANA name."""
        body = panel_body(
            interviews,
            timezone,
            applications=applications,
            note=note,
            external_url=external_url,
            feedback_reminder=feedback_reminder,
        )
        path = f"/opportunities/{_segment(opportunity_id)}/panels"
        return self._write("create_panel", "POST", path, Panel.parse, body, perform_as=perform_as)

    def _get(self, name: str, path: str, parse: Callable[[object], T], **params: Value) -> T:
        try:
            return self.read(name, path, _params(params), lambda body: parse(unwrap(body)))
        except MissingId as error:
            raise UnexpectedAnswer("Lever's answer holds no object with an id.", status=200) from error

    def _list(self, name: str, path: str, parse: Callable[[object], T], **params: Value) -> Page[T]:
        offset = params.get("offset")
        asked = offset if isinstance(offset, str) else None
        try:
            return self.read(name, path, _params(params), lambda body: read_page(body, parse, asked))
        except NotAPage as error:
            raise UnexpectedAnswer(error.message, status=error.status) from error

    def _write(
        self,
        name: str,
        method: str,
        path: str,
        parse: Callable[[object], T],
        body: dict[str, Any],
        **params: Value,
    ) -> T:
        answer = self.write(name, method, path, _params(params), body)
        try:
            return parse(unwrap(answer))
        except MissingId as error:
            raise UnknownOutcome("Lever accepted the change but did not name what it made.") from error


def _params(values: dict[str, Value]) -> list[tuple[str, str]]:
    """Query parameters in Lever's spelling: lists repeat their key, times are milliseconds, None is left out."""
    pairs: list[tuple[str, str]] = []
    for name, value in values.items():
        if value is None:
            continue
        if isinstance(value, bool):
            pairs.append((name, "true" if value else "false"))
        elif isinstance(value, datetime):
            pairs.append((name, str(to_ms(value))))
        elif isinstance(value, str | int):
            pairs.append((name, str(value)))
        else:
            pairs += [(name, item) for item in value]
    return pairs


def _segment(id: str) -> str:
    """An id as one segment of a path. Ids reach us in webhooks, whose data is not signed."""
    if not id or id in (".", ".."):
        raise NotFound(f"Lever has no object with the id {id!r}.")
    return quote(clean(id), safe="")
