"""What Lever's API answers with, typed. Field facts: Lever developer documentation, section per object.

``parse`` never raises for odd data except ``MissingId``; ``oddities`` names the fields that were not as documented.
Enumerations stay text, because Lever adds values without notice. All times are aware UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Self, TypeVar

from grayscale.clients.lever.application import Application, Archived, Phone
from grayscale.clients.lever.fields import MissingId, Reader, from_ms, to_ms
from grayscale.clients.lever.interviews import Interview, InterviewDraft, Interviewer, Panel
from grayscale.clients.lever.opportunity import (
    CONFIDENTIALITY,
    Contact,
    DataProtection,
    DeletedOpportunity,
    Opportunity,
    StageChange,
)
from grayscale.clients.lever.people import Stage, User

__all__ = [
    "Application",
    "ArchiveReason",
    "Archived",
    "Contact",
    "DataProtection",
    "DeletedOpportunity",
    "Interview",
    "InterviewDraft",
    "Interviewer",
    "MissingId",
    "Note",
    "NoteComment",
    "Opportunity",
    "Page",
    "Panel",
    "Phone",
    "Posting",
    "Stage",
    "StageChange",
    "User",
    "from_ms",
    "to_ms",
]

T = TypeVar("T")
POSTING_STATES = frozenset(("published", "internal", "closed", "draft", "pending", "rejected"))
REASON_STATUS = frozenset(("active", "inactive"))
REASON_TYPES = frozenset(("hired", "non-hired"))


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list. ``next_offset`` is the token for the next page, None on the last.

    ``oddities`` tells of rows that were left out because they had no id.
    """

    data: tuple[T, ...]
    next_offset: str | None = None
    oddities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ArchiveReason:
    id: str
    text: str = ""
    status: str = "active"
    type: str = "non-hired"
    oddities: tuple[str, ...] = ()

    @property
    def is_hired(self) -> bool:
        return self.type == "hired"

    @classmethod
    def parse(cls, raw: object) -> Self:
        read = Reader(raw)
        return cls(
            id=read.id(),
            text=read.text("text"),
            status=read.word("status", REASON_STATUS) or "active",
            type=read.word("type", REASON_TYPES) or "non-hired",
            oddities=read.oddities,
        )


@dataclass(frozen=True, slots=True)
class Posting:
    id: str
    text: str = ""
    state: str = ""
    confidentiality: str = ""
    owner_id: str | None = None
    hiring_manager_id: str | None = None
    user_id: str | None = None
    follower_ids: tuple[str, ...] = ()
    team: str = ""
    department: str = ""
    location: str = ""
    commitment: str = ""
    all_locations: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    requisition_codes: tuple[str, ...] = ()
    country: str | None = None
    workplace_type: str = ""
    url_show: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    oddities: tuple[str, ...] = ()

    @property
    def is_confidential(self) -> bool:
        """True unless Lever says it is not: an unknown word must not open what is closed."""
        return self.confidentiality != "non-confidential"

    @classmethod
    def parse(cls, raw: object) -> Self:
        read = Reader(raw)
        categories = Reader(read.mapping("categories") or {})
        urls = Reader(read.mapping("urls") or {})
        return cls(
            id=read.id(),
            text=read.text("text"),
            state=read.word("state", POSTING_STATES),
            confidentiality=read.word("confidentiality", CONFIDENTIALITY),
            owner_id=read.ref("owner"),
            hiring_manager_id=read.ref("hiringManager"),
            user_id=read.ref("user"),
            follower_ids=read.refs("followers"),
            team=categories.text("team"),
            department=categories.text("department"),
            location=categories.text("location"),
            commitment=categories.text("commitment"),
            all_locations=categories.texts("allLocations"),
            tags=read.texts("tags"),
            requisition_codes=read.texts("requisitionCodes"),
            country=read.text_or_none("country"),
            workplace_type=read.text("workplaceType"),
            url_show=urls.link("show"),
            created_at=read.time("createdAt"),
            updated_at=read.time("updatedAt"),
            oddities=read.oddities + categories.oddities + urls.oddities,
        )


@dataclass(frozen=True, slots=True)
class NoteComment:
    """One comment of a note's thread."""

    value: str = ""
    user_id: str | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """A thread of comments; ``user_id`` is None when it was posted as the API key itself."""

    id: str
    comments: tuple[NoteComment, ...] = ()
    user_id: str | None = None
    secret: bool = False
    created_at: datetime | None = None
    completed_at: datetime | None = None
    deleted_at: datetime | None = None
    oddities: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """All comments, oldest first, a blank line between them."""
        return "\n\n".join(comment.value for comment in self.comments)

    @classmethod
    def parse(cls, raw: object) -> Self:
        read = Reader(raw)
        comments: list[NoteComment] = []
        odd: list[str] = []
        for item in read.items("fields"):
            if not isinstance(item, dict):
                read.odd("fields", item)
                continue
            field = Reader(item)
            comments.append(NoteComment(field.text("value"), field.ref("user"), field.time("createdAt")))
            odd += field.oddities
        if not comments and (value := read.text("value")):
            comments.append(NoteComment(value, read.ref("user"), read.time("createdAt")))
        return cls(
            # The answer to a POST carries noteId, documented as the only key.
            id=read.id("noteId", "id"),
            comments=tuple(comments),
            user_id=read.ref("user"),
            secret=read.flag("secret"),
            created_at=read.time("createdAt"),
            completed_at=read.time("completedAt"),
            deleted_at=read.time("deletedAt"),
            oddities=read.oddities + tuple(odd),
        )
