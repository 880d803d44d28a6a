"""Lever's records as rows of the mirror, with the hash that tells whether a row would change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from grayscale.clients.lever.types import Opportunity
from grayscale.domain.texting import phones

Row = dict[str, Any]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
KNOWN_CONFIDENTIALITY = ("confidential", "non-confidential")


def content_hash(*values: object) -> str:
    """32 characters that change when any of *values* does."""
    plain = [value.timestamp() if type(value) is datetime else value for value in values]
    return blake2b(repr(plain).encode(), digest_size=16).hexdigest()


def version(updated_at: datetime | None, created_at: datetime | None) -> datetime:
    """Which of two versions is newer is told by Lever's updatedAt; rows never updated have only createdAt."""
    return updated_at or created_at or EPOCH


def is_newer(mine: tuple[datetime, datetime], theirs: tuple[datetime, datetime]) -> bool:
    """Each is (version, start of the request that brought it): newer, or equally new and asked for later."""
    return mine > theirs


@dataclass(slots=True)
class Prepared:
    """A batch of opportunities made ready outside of any transaction: one row each, the newest of repeated ones."""

    rows: dict[str, Row] = field(default_factory=dict)
    people: dict[str, Row] = field(default_factory=dict)
    phones: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    contact_of: dict[str, str] = field(default_factory=dict)
    oddities: dict[str, tuple[str, ...]] = field(default_factory=dict)
    oldest: datetime | None = None


def prepare(opportunities: Iterable[Opportunity], fetched_at: datetime, via: str) -> Prepared:
    """Rows for *opportunities*, asked for at *fetched_at* (start of the request). Touches no database."""
    prepared = Prepared()
    for one in opportunities:
        known = prepared.rows.get(one.id)
        if known is not None and version(one.updated_at, one.created_at) <= _version_of(known):
            continue
        prepared.rows[one.id] = _opportunity_row(one, fetched_at, via)
        oddities = _oddities(one)
        if oddities:
            prepared.oddities[one.id] = oddities
        contact_id = one.contact_id or f"opportunity:{one.id}"
        prepared.contact_of[one.id] = contact_id
        if one.created_at and (prepared.oldest is None or one.created_at < prepared.oldest):
            prepared.oldest = one.created_at
        person = prepared.people.get(contact_id)
        mine = version(one.updated_at, one.created_at)
        # An anonymised opportunity is blank: as long as another one shows the person, that one counts.
        if person is None or (person["anonymized"], -person["lever_updated_at"].timestamp()) > (
            one.is_anonymized,
            -mine.timestamp(),
        ):
            prepared.phones[contact_id] = numbers = phone_list(one)
            prepared.people[contact_id] = _person_row(one, contact_id, mine, fetched_at, numbers)
    return prepared


def _version_of(row: Mapping[str, Any]) -> datetime:
    return version(row["lever_updated_at"], row["lever_created_at"])


def phone_list(one: Opportunity) -> tuple[tuple[str, str], ...]:
    """(number as typed, type) without repeats, in Lever's order. A Skype name is no number."""
    found = {(phone.value.strip(), (phone.type or "")[:40]): None for phone in one.phones}
    return tuple((value, kind) for value, kind in found if value and kind != "skype")


def _opportunity_row(one: Opportunity, fetched_at: datetime, via: str) -> Row:
    archived = one.archived
    application = next(iter(one.applications), None)
    row: Row = {
        "lever_id": one.id,
        "stage_lever_id": one.stage_id,
        "posting_lever_id": one.posting_id,
        "owner_lever_id": one.owner_id,
        "hiring_manager_lever_id": application.posting_hiring_manager_id if application else None,
        "follower_lever_ids": list(one.follower_ids),
        "origin": one.origin[:40],
        "tags": list(one.tags),
        "confidential": one.is_confidential,
        "anonymized": one.is_anonymized,
        # Archived at a time Lever does not tell is archived all the same.
        "archived_at": (archived.archived_at or one.updated_at or one.created_at or EPOCH) if archived else None,
        "archive_reason_lever_id": archived.reason_id if archived else None,
        "location": one.opportunity_location or "",
        "url": one.url_show or "",
        "lever_created_at": one.created_at,
        "lever_updated_at": one.updated_at,
        "advanced_at": one.last_advanced_at,
        "snoozed_until": one.snoozed_until,
    }
    row["content_hash"] = content_hash(one.contact_id, *row.values())
    row["fetched_at"] = fetched_at
    row["via"] = via
    return row


def _person_row(
    one: Opportunity, contact_id: str, newest: datetime, fetched_at: datetime, numbers: tuple[tuple[str, str], ...]
) -> Row:
    row: Row = {
        "contact_id": contact_id,
        "name": one.name.strip(),
        "headline": one.headline,
        "location": one.location,
        "emails": list(one.emails),
        "anonymized": one.is_anonymized,
        "contact_forbidden": not one.may_contact,
    }
    # Told by the hash only where there is one: most have none.
    row["content_hash"] = content_hash(*row.values(), numbers, *filter(None, [one.contact_until]))
    row["contact_until"] = one.contact_until
    row["time_zone"] = place_zone(one.location)
    row["lever_updated_at"] = newest
    row["fetched_at"] = fetched_at
    return row


@lru_cache(maxsize=4096)
def place_zone(location: str) -> str | None:
    return phones.place_zone(location) if location else None


def _oddities(one: Opportunity) -> tuple[str, ...]:
    found = list(one.oddities)
    if one.confidentiality not in KNOWN_CONFIDENTIALITY:
        found.append("confidentiality: not understood, kept closed")
    if not one.contact_id:
        found.append("contact: missing")
    return tuple(found)
