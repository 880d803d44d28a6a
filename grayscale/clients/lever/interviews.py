"""Interviews and the panels that hold them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from grayscale.clients.lever.fields import MissingId, Reader, to_ms


@dataclass(frozen=True, slots=True)
class Interviewer:
    """A Lever user in an interview; only ``id`` and ``feedback_template`` matter when writing."""

    id: str
    name: str = ""
    email: str = ""
    feedback_template: str | None = None


@dataclass(frozen=True, slots=True)
class Interview:
    """``date`` is the start, ``duration`` minutes. There is no time of last change: listing again is the only way.

    A deleted interview may go on being listed with ``canceled_at`` set.
    """

    id: str
    opportunity_id: str | None = None
    panel_id: str | None = None
    subject: str | None = None
    note: str | None = None
    interviewers: tuple[Interviewer, ...] = ()
    timezone: str | None = None
    date: datetime | None = None
    duration: int | None = None
    location: str | None = None
    feedback_template: str | None = None
    feedback_reminder: str | None = None
    user_id: str | None = None
    stage_id: str | None = None
    posting_ids: tuple[str, ...] = ()
    created_at: datetime | None = None
    canceled_at: datetime | None = None
    oddities: tuple[str, ...] = ()

    @property
    def ends_at(self) -> datetime | None:
        return None if self.date is None else self.date + timedelta(minutes=self.duration or 0)

    @property
    def is_canceled(self) -> bool:
        return self.canceled_at is not None

    @classmethod
    def parse(cls, raw: object) -> Self:
        read = Reader(raw)
        return cls(
            id=read.id(),
            opportunity_id=read.ref("opportunityId") or read.ref("candidateId"),
            panel_id=read.ref("panel"),
            subject=read.text_or_none("subject"),
            note=read.text_or_none("note"),
            interviewers=_interviewers(read),
            timezone=read.text_or_none("timezone"),
            date=read.time("date"),
            duration=read.number("duration"),
            location=read.text_or_none("location"),
            feedback_template=read.ref("feedbackTemplate"),
            feedback_reminder=read.text_or_none("feedbackReminder"),
            user_id=read.ref("user"),
            stage_id=read.ref("stage"),
            posting_ids=read.refs("postings"),
            created_at=read.time("createdAt"),
            canceled_at=read.time("canceledAt"),
            oddities=read.oddities,
        )


@dataclass(frozen=True, slots=True)
class InterviewDraft:
    """An interview to write. Lever's PUT replaces the whole: start from ``of(interview)`` and change what changes."""

    date: datetime
    duration: int  # minutes, 1 or more
    interviewers: tuple[Interviewer, ...]
    panel_id: str | None = None
    subject: str | None = None
    note: str | None = None
    location: str | None = None
    feedback_template: str | None = None
    feedback_reminder: str | None = None

    @classmethod
    def of(cls, interview: Interview) -> Self:
        """The draft that would leave the interview as it is. Raises ValueError when it has no start."""
        if interview.date is None:
            raise ValueError("the interview has no start")
        return cls(
            date=interview.date,
            duration=max(interview.duration or 1, 1),
            interviewers=interview.interviewers,
            panel_id=interview.panel_id,
            subject=interview.subject,
            note=interview.note,
            location=interview.location,
            feedback_template=interview.feedback_template,
            feedback_reminder=interview.feedback_reminder,
        )

    def body(self) -> dict[str, Any]:
        """The JSON body; what is None is left out, which Lever reads as empty."""
        optional = {
            "panel": self.panel_id,
            "subject": self.subject,
            "note": self.note,
            "location": self.location,
            "feedbackTemplate": self.feedback_template,
            "feedbackReminder": self.feedback_reminder,
        }
        return {
            "date": to_ms(self.date),
            "duration": self.duration,
            "interviewers": [_interviewer_body(person) for person in self.interviewers],
            **{key: value for key, value in optional.items() if value is not None},
        }


@dataclass(frozen=True, slots=True)
class Panel:
    """Interviews planned together. Only those of an ``externally_managed`` panel can be changed through the API."""

    id: str
    application_ids: tuple[str, ...] = ()
    externally_managed: bool = False
    interviews: tuple[Interview, ...] = ()
    start: datetime | None = None
    end: datetime | None = None
    timezone: str | None = None
    note: str | None = None
    external_url: str | None = None
    user_id: str | None = None
    stage_id: str | None = None
    created_at: datetime | None = None
    canceled_at: datetime | None = None
    oddities: tuple[str, ...] = ()

    @classmethod
    def parse(cls, raw: object) -> Self:
        read = Reader(raw)
        interviews = []
        for item in read.items("interviews"):
            try:
                interviews.append(Interview.parse(item))
            except MissingId:
                read.odd("interviews", item)
        return cls(
            id=read.id(),
            application_ids=read.refs("applications"),
            externally_managed=read.flag("externallyManaged"),
            interviews=tuple(interviews),
            start=read.time("start"),
            end=read.time("end"),
            timezone=read.text_or_none("timezone"),
            note=read.text_or_none("note"),
            external_url=read.text_or_none("externalUrl"),
            user_id=read.ref("user"),
            stage_id=read.ref("stage"),
            created_at=read.time("createdAt"),
            canceled_at=read.time("canceledAt"),
            oddities=read.oddities,
        )


def panel_body(
    interviews: Iterable[InterviewDraft],
    timezone: str,
    *,
    applications: Iterable[str] | None = None,
    note: str | None = None,
    external_url: str | None = None,
    feedback_reminder: str | None = None,
) -> dict[str, Any]:
    """The JSON body of a new panel; without ``applications`` Lever takes the active ones."""
    optional: dict[str, Any] = {
        "applications": list(applications or ()) or None,
        "note": note,
        "externalUrl": external_url,
        "feedbackReminder": feedback_reminder,
    }
    return {
        "timezone": timezone,
        "interviews": [{k: v for k, v in draft.body().items() if k != "panel"} for draft in interviews],
        **{key: value for key, value in optional.items() if value is not None},
    }


def _interviewers(read: Reader) -> tuple[Interviewer, ...]:
    found = []
    for item in read.items("interviewers"):
        try:
            inner = Reader({"id": item} if isinstance(item, str) else item)
            found.append(
                Interviewer(inner.id(), inner.text("name"), inner.text("email"), inner.ref("feedbackTemplate"))
            )
        except MissingId:
            read.odd("interviewers", item)
    return tuple(found)


def _interviewer_body(person: Interviewer) -> dict[str, str]:
    body = {"id": person.id}
    if person.feedback_template:
        body["feedbackTemplate"] = person.feedback_template
    return body
