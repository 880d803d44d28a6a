"""What the simulated Lever keeps. Slotted, because a bench asks for 200,000 of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(slots=True)
class Contact:
    """A person; name, phones and e-mails of every opportunity come from here."""

    id: str
    name: str
    headline: str
    location: str
    emails: list[str]
    phones: list[Json]
    links: list[str] = field(default_factory=list)
    is_anonymized: bool = False
    opportunities: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Application:
    id: str
    opportunity: str
    posting: str | None
    type: str
    user: str | None
    created_at: int
    archived: Json | None = None


@dataclass(slots=True)
class Opportunity:
    """One candidacy. Times are ms since the epoch, UTC."""

    id: str
    contact: str
    stage: str
    confidentiality: str
    origin: str
    created_at: int
    updated_at: int | None
    last_interaction_at: int | None
    last_advanced_at: int | None
    owner: str | None = None
    sourced_by: str | None = None
    followers: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    stage_changes: list[Json] = field(default_factory=list)
    archived: Json | None = None
    application: Application | None = None
    snoozed_until: int | None = None
    is_anonymized: bool = False
    data_protection: Json | None = None
    #: Posting location; None leaves the key out, as live answers do without a posting.
    location: str | None = None
    deleted_at: int | None = None
    deleted_by: str | None = None


@dataclass(slots=True)
class Rules:
    """Where nobody outside Lever knows what it does, and a client should cope with either."""

    #: Longest span `/opportunities/deleted` may be asked for, in days; None: any, or none at all.
    deleted_window_days: int | None = None
    #: Whether a Note posted without `perform_as` is refused.
    notes_need_perform_as: bool = False
    #: What a key without the grant gets for a single confidential opportunity: 403 or 404.
    confidential_status: int = 403


@dataclass(slots=True)
class ApiKey:
    name: str
    key: str
    permissions: frozenset[str]


@dataclass(slots=True)
class Webhook:
    """One event sent to one URL, signed with a token of its own."""

    id: str
    event: str
    url: str
    signature_token: str
    created_at: int
    updated_at: int
    origins: list[str] | None = None
    #: Made through the API (else on the settings page): each can only be changed where it was made.
    from_api: bool = False
