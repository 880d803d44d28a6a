"""Applications, and the phones and archive marks that they share with opportunities."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from grayscale.clients.lever.fields import Reader
from grayscale.clients.text import clean

TYPES = frozenset(("referral", "user", "posting"))
PHONE_TYPES = frozenset(("mobile", "home", "work", "skype", "other", ""))


@dataclass(frozen=True, slots=True)
class Phone:
    """A number as somebody typed it; ``type`` (mobile, home, work, skype, other) is often missing or wrong."""

    value: str
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Archived:
    """When and why something was archived; Lever may leave the reason null."""

    reason_id: str | None = None
    archived_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Application:
    """An opportunity's application. Its phone and email are what was typed on the form: text the opportunity's."""

    id: str
    type: str = ""
    opportunity_id: str | None = None
    posting_id: str | None = None
    posting_owner_id: str | None = None
    posting_hiring_manager_id: str | None = None
    user_id: str | None = None
    name: str | None = None
    email: str | None = None
    phone: Phone | None = None
    company: str | None = None
    created_at: datetime | None = None
    archived: Archived | None = None
    timezone: str | None = None
    oddities: tuple[str, ...] = ()

    @classmethod
    def parse(cls, raw: object) -> Self:
        read = Reader(raw)
        phone = read.get("phone")
        return cls(
            id=read.id(),
            type=read.word("type", TYPES),
            opportunity_id=read.ref("opportunityId") or read.ref("candidateId"),
            posting_id=read.ref("posting"),
            posting_owner_id=read.ref("postingOwner"),
            posting_hiring_manager_id=read.ref("postingHiringManager"),
            user_id=read.ref("user"),
            name=read.text_or_none("name"),
            email=read.text_or_none("email"),
            phone=None if phone is None else read_phone(read, "phone", phone),
            company=read.text_or_none("company"),
            created_at=read.time("createdAt"),
            archived=read_archived(read),
            timezone=read.text_or_none("timezone"),
            oddities=read.oddities,
        )


def read_phone(read: Reader, key: str, item: object) -> Phone | None:
    kind: object = None
    value = item
    if isinstance(item, dict):
        kind, value = item.get("type"), item.get("value")
        if value is None:
            return None
    else:
        read.odd(key, item)
    if kind is not None and not isinstance(kind, str):
        read.odd(key, kind)
        kind = None
    if kind is not None and kind.lower() not in PHONE_TYPES:
        read.unknown_word(f"{key}.type")
    if type(value) is int:
        read.odd(key, value)
        value = str(value)
    if not isinstance(value, str):
        read.odd(key, value)
        return None
    value = clean(value)
    return Phone(value, clean(kind) if isinstance(kind, str) else None) if value.strip() else None


def read_phones(read: Reader) -> tuple[Phone, ...]:
    found = [read_phone(read, "phones", item) for item in read.items("phones") if item is not None]
    return tuple(phone for phone in found if phone is not None)


def read_archived(read: Reader) -> Archived | None:
    value = read.get("archived")
    if value is None or value is False:
        return None
    if not isinstance(value, dict):
        read.odd("archived", value)
        return Archived()  # something says archived; in what words is not understood
    inner = Reader(value)
    found = Archived(inner.ref("reason"), inner.time("archivedAt"))
    if inner.oddities:
        read.odd("archived", value)
    return found
