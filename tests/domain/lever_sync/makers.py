"""Opportunities as Lever sends them, with believable defaults."""

from datetime import UTC, datetime, timedelta
from typing import Any

from grayscale.clients.lever.types import Opportunity, to_ms

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def at(minutes: float = 0) -> datetime:
    """Minutes after noon of 20 November."""
    return NOON + timedelta(minutes=minutes)


def ms(minutes: float = 0) -> int:
    return to_ms(at(minutes))


def raw(**values: Any) -> dict[str, Any]:
    """The JSON of an opportunity of Mira Okafor; give fields to change, ``...`` to leave one out."""
    fields: dict[str, Any] = {
        "id": "6f0f3c1e-8a52-4b0e-9d3c-1d2e3f4a5b6c",
        "name": "Mira Okafor",
        "contact": "0b9a8c7d-6e5f-4a3b-8c2d-1e0f9a8b7c6d",
        "headline": "Harbor Clinic",
        "stage": "applicant-new",
        "confidentiality": "non-confidential",
        "location": "Duluth, MN",
        "phones": [{"type": "mobile", "value": "(218) 555-0142"}],
        "emails": ["mira.okafor@example.org"],
        "links": [],
        "archived": None,
        "tags": ["Nursing"],
        "sources": [],
        "stageChanges": [],
        "origin": "applied",
        "sourcedBy": None,
        "owner": None,
        "followers": [],
        "applications": [{"id": "app-1", "posting": "posting-rn", "type": "posting"}],
        "createdAt": ms(-3000),
        "updatedAt": ms(0),
        "lastInteractionAt": ms(-3000),
        "lastAdvancedAt": ms(-3000),
        "snoozedUntil": None,
        "urls": {"show": "https://hire.lever.co/candidates/6f0f3c1e"},
        "isAnonymized": False,
        "dataProtection": None,
    }
    return {key: value for key, value in (fields | values).items() if value is not ...}


def opportunity(**values: Any) -> Opportunity:
    return Opportunity.parse(raw(**values))
