"""Opportunities (one person in one pipeline) and what they embed.

Parsing is hot: a first sync reads 50,000 and more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self, TypeVar

from grayscale.clients.lever.application import Application, Archived, Phone, read_archived, read_phones
from grayscale.clients.lever.fields import Json, MissingId, Reader
from grayscale.clients.lever.people import Stage, User
from grayscale.clients.text import clean

T = TypeVar("T")
CONFIDENTIALITY = frozenset(("confidential", "non-confidential"))
ORIGINS = frozenset(("agency", "applied", "internal", "referred", "sourced", "university"))


@dataclass(frozen=True, slots=True)
class StageChange:
    """A move to a stage, oldest first in a list; ``user_id`` is missing on most imported rows."""

    to_stage_id: str | None = None
    updated_at: datetime | None = None
    user_id: str | None = None
    to_stage_index: int | None = None


@dataclass(frozen=True, slots=True)
class DataProtection:
    """What the person allowed. ``contact_allowed`` False means: do not contact."""

    store_allowed: bool | None = None
    store_expires_at: datetime | None = None
    contact_allowed: bool | None = None
    contact_expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """The person behind one or more opportunities."""

    id: str
    name: str = ""
    headline: str = ""
    location: str = ""
    emails: tuple[str, ...] = ()
    phones: tuple[Phone, ...] = ()
    is_anonymized: bool = False
    oddities: tuple[str, ...] = ()

    @classmethod
    def parse(cls, raw: object) -> Self:
        read = Reader(raw)
        location = read.get("location")
        name = location.get("name") if isinstance(location, dict) else location
        return cls(
            id=read.id(),
            name=read.text("name"),
            headline=read.text("headline"),
            location=clean(name) if isinstance(name, str) else "",
            emails=read.texts("emails"),
            phones=read_phones(read),
            is_anonymized=read.flag("isAnonymized"),
            oddities=read.oddities,
        )


@dataclass(frozen=True, slots=True)
class Opportunity:
    """One person in one pipeline. References are ids; what was expanded is beside them, else None or empty.

    ``updated_at`` is None on old rows, which no ``updated_at_*`` filter finds. An archived opportunity keeps its
    stage. Answers to opportunity *writes* have name, emails and phones blanked: never store a person from one.
    """

    id: str
    name: str = ""
    contact_id: str | None = None
    headline: str = ""
    location: str = ""
    phones: tuple[Phone, ...] = ()
    emails: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    stage_id: str | None = None
    stage_changes: tuple[StageChange, ...] = ()
    archived: Archived | None = None
    confidentiality: str = ""
    origin: str = ""
    sources: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    owner_id: str | None = None
    sourced_by_id: str | None = None
    follower_ids: tuple[str, ...] = ()
    application_ids: tuple[str, ...] = ()
    created_at: datetime | None = None
    updated_at: datetime | None = None
    last_interaction_at: datetime | None = None
    last_advanced_at: datetime | None = None
    snoozed_until: datetime | None = None
    url_show: str | None = None
    is_anonymized: bool = False
    data_protection: DataProtection | None = None
    opportunity_location: str | None = None
    contact: Contact | None = None
    stage: Stage | None = None
    owner: User | None = None
    applications: tuple[Application, ...] = ()
    oddities: tuple[str, ...] = ()

    @property
    def is_confidential(self) -> bool:
        """True unless Lever says it is not: an unknown word must not open what is closed."""
        return self.confidentiality != "non-confidential"

    @property
    def is_archived(self) -> bool:
        return self.archived is not None

    @property
    def may_contact(self) -> bool:
        """False when Lever's data protection forbids contacting the person; no policy forbids nothing."""
        return self.data_protection is None or self.data_protection.contact_allowed is not False

    @property
    def contact_until(self) -> datetime | None:
        """When that allowance ends (UTC): from then on Lever forbids contact without a change of ``updated_at``."""
        return self.data_protection.contact_expires_at if self.data_protection is not None else None

    @property
    def posting_id(self) -> str | None:
        """The posting applied to, known only when applications were expanded."""
        return next((application.posting_id for application in self.applications if application.posting_id), None)

    @classmethod
    def parse(cls, raw: object) -> Self:
        read = Reader(raw)
        urls = read.mapping("urls")
        return cls(
            id=read.id(),
            name=read.text("name"),
            contact_id=read.ref("contact"),
            headline=read.text("headline"),
            location=read.text("location"),
            phones=read_phones(read),
            emails=read.texts("emails"),
            links=read.texts("links"),
            stage_id=read.ref("stage"),
            stage_changes=_stage_changes(read),
            archived=read_archived(read),
            confidentiality=read.word("confidentiality", CONFIDENTIALITY),
            origin=read.word("origin", ORIGINS),
            sources=read.texts("sources"),
            tags=read.texts("tags"),
            owner_id=read.ref("owner"),
            sourced_by_id=read.ref("sourcedBy"),
            follower_ids=read.refs("followers"),
            application_ids=read.refs("applications"),
            created_at=read.time("createdAt"),
            updated_at=read.time("updatedAt"),
            last_interaction_at=read.time("lastInteractionAt"),
            last_advanced_at=read.time("lastAdvancedAt"),
            snoozed_until=read.time("snoozedUntil"),
            url_show=_link(read, urls),
            is_anonymized=read.flag("isAnonymized"),
            data_protection=_data_protection(read),
            opportunity_location=read.text_or_none("opportunityLocation"),
            contact=_expanded(read, "contact", Contact.parse),
            stage=_expanded(read, "stage", Stage.parse),
            owner=_expanded(read, "owner", User.parse),
            applications=_applications(read),
            oddities=read.oddities,
        )


@dataclass(frozen=True, slots=True)
class DeletedOpportunity:
    id: str
    deleted_at: datetime | None = None
    deleted_by_id: str | None = None
    contact_id: str | None = None
    oddities: tuple[str, ...] = ()

    @classmethod
    def parse(cls, raw: object) -> Self:
        read = Reader(raw)
        return cls(
            id=read.id(),
            deleted_at=read.time("deletedAt"),
            deleted_by_id=read.ref("deletedBy"),
            contact_id=read.ref("contact"),
            oddities=read.oddities,
        )


def _link(read: Reader, urls: Json | None) -> str | None:
    if not urls:
        return None
    inner = Reader(urls)
    found = inner.link("show")
    if inner.oddities:
        read.odd("urls", urls)
    return found


def _stage_changes(read: Reader) -> tuple[StageChange, ...]:
    found = []
    for item in read.items("stageChanges"):
        if not isinstance(item, dict):
            read.odd("stageChanges", item)
            continue
        inner = Reader(item)
        found.append(
            StageChange(
                inner.ref("toStageId"), inner.time("updatedAt"), inner.ref("userId"), inner.number("toStageIndex")
            )
        )
        if inner.oddities:
            read.odd("stageChanges", item)
    return tuple(found)


def _data_protection(read: Reader) -> DataProtection | None:
    value = read.mapping("dataProtection")
    if value is None:
        return None
    store_allowed, store_expires_at = _allowance(read, value.get("store"))
    contact_allowed, contact_expires_at = _allowance(read, value.get("contact"))
    return DataProtection(store_allowed, store_expires_at, contact_allowed, contact_expires_at)


def _allowance(read: Reader, value: Any) -> tuple[bool | None, datetime | None]:
    if value is None:
        return None, None
    if not isinstance(value, dict):
        read.odd("dataProtection", value)
        return False, None
    inner = Reader(value)
    allowed = inner.get("allowed")
    if allowed is not None and not isinstance(allowed, bool):
        # A permission that cannot be read is not a permission.
        read.odd("dataProtection.allowed", allowed)
        allowed = False
    return allowed, inner.time("expiresAt")


def _expanded(read: Reader, key: str, parse: Callable[[object], T]) -> T | None:
    """The object in a field that may hold just its id; what is odd about the id was noted with the id."""
    value = read.get(key)
    try:
        return parse(value) if isinstance(value, dict) else None
    except MissingId:
        return None


def _applications(read: Reader) -> tuple[Application, ...]:
    found = []
    for item in read.items("applications"):
        if isinstance(item, dict):
            try:
                found.append(Application.parse(item))
            except MissingId:
                read.odd("applications", item)
    return tuple(found)
