"""Records as Lever's JSON."""

from __future__ import annotations

from typing import Any

from grayscale.sandbox.lever.records import Application, Contact, Json, Opportunity, Webhook
from grayscale.sandbox.lever.store import LeverStore

#: Stands for the person of a deleted opportunity once nothing else refers to them.
NOBODY = Contact("", "", "", "", [], [])
OPPORTUNITY_EXPANDS = frozenset({"applications", "stage", "owner", "followers", "sourcedBy", "contact"})


def stage(row: Json) -> Json:
    return {"id": row["id"], "text": row["text"]}


def contact(row: Contact) -> Json:
    return {
        "id": row.id,
        "name": row.name,
        "headline": row.headline,
        "isAnonymized": row.is_anonymized,
        "location": {"name": row.location},
        "emails": row.emails,
        "phones": row.phones,
        "dataProtection": {"interviewIntelligence": {"allowed": True, "expiresAt": None}},
    }


def application(store: LeverStore, row: Application) -> Json:
    person = store.data.contacts[store.data.opportunities[row.opportunity].contact]
    posting = store.data.postings.get(row.posting or "")
    typed = row.type == "posting"
    return {
        "id": row.id,
        "type": row.type,
        "candidateId": row.opportunity,
        "opportunityId": row.opportunity,
        "posting": row.posting,
        "postingHiringManager": posting["hiringManager"] if posting else None,
        "postingOwner": posting["owner"] if posting else None,
        "name": person.name if typed else None,
        "company": None,
        "phone": {"type": None, "value": person.phones[0]["value"]} if typed and person.phones else None,
        "email": person.emails[0] if typed and person.emails else None,
        "links": [],
        "comments": None,
        "user": row.user,
        "customQuestions": [],
        "createdAt": row.created_at,
        "archived": row.archived,
        "requisitionForHire": None,
        "ipAddress": None,
        "referer": None,
        "userAgent": None,
        "acceptLanguage": None,
        "timezone": None,
    }


def opportunity(
    store: LeverStore, row: Opportunity, expand: frozenset[str] = frozenset(), *, blanked: bool = False
) -> Json:
    """An opportunity; `blanked` leaves the person out, as Lever's answers to writes do."""
    person = store.data.contacts.get(row.contact, NOBODY)
    hidden = blanked or row.is_anonymized
    users = store.data.users
    value: Json = {
        "id": row.id,
        "name": "" if hidden else person.name,
        "contact": contact(person) if "contact" in expand else row.contact,
        "headline": "" if hidden else person.headline,
        "stage": stage(store.stage_by_id[row.stage]) if "stage" in expand else row.stage,
        "confidentiality": row.confidentiality,
        "location": "" if hidden else person.location,
        "phones": [] if hidden else person.phones,
        "emails": [] if hidden else person.emails,
        "links": [] if hidden else person.links,
        "archived": row.archived,
        "tags": row.tags,
        "sources": row.sources,
        "stageChanges": row.stage_changes,
        "origin": row.origin,
        "sourcedBy": users.get(row.sourced_by or "") if "sourcedBy" in expand else row.sourced_by,
        "owner": users.get(row.owner or "") if "owner" in expand else row.owner,
        "followers": [users[f] for f in row.followers] if "followers" in expand else row.followers,
        "applications": _applications(store, row, "applications" in expand),
        "createdAt": row.created_at,
        "updatedAt": row.updated_at,
        "lastInteractionAt": row.last_interaction_at,
        "lastAdvancedAt": row.last_advanced_at,
        "snoozedUntil": row.snoozed_until,
        "urls": {"list": f"{store.origin}/candidates", "show": f"{store.origin}/candidates/{row.id}"},
        "isAnonymized": row.is_anonymized,
        "dataProtection": row.data_protection,
    }
    if row.location is not None and not blanked:
        value["opportunityLocation"] = row.location
    if row.deleted_at is not None:
        value["deletedAt"], value["deletedBy"] = row.deleted_at, row.deleted_by
    return value


def _applications(store: LeverStore, row: Opportunity, expanded: bool) -> list[Any]:
    if row.application is None:
        return []
    return [application(store, row.application)] if expanded else [row.application.id]


def webhook(row: Webhook, *, with_token: bool = False) -> Json:
    """A subscription; its token is shown in the answer to its creation only."""
    configuration: Json = {}
    if row.origins is not None:
        configuration["conditions"] = {"origins": row.origins}
    if with_token:
        configuration["signatureToken"] = row.signature_token
    return {
        "id": row.id,
        "event": row.event,
        "url": row.url,
        "configuration": configuration,
        "createdAt": row.created_at,
        "updatedAt": row.updated_at,
    }
