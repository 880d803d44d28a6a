"""Rows to test with: each maker has believable defaults and commits."""

import itertools
from datetime import timedelta
from typing import Any

from grayscale import clock
from grayscale.database import transaction
from grayscale.extensions import db
from grayscale.models import (
    Candidate,
    CandidatePhone,
    Conversation,
    Direction,
    Interview,
    Kind,
    Message,
    MessageState,
    Opportunity,
    Posting,
    Role,
    SendingNumber,
    Stage,
    User,
    Via,
)

_numbers = itertools.count(1)
PASSWORD = "correct horse battery"
# Its argon2id, and a light one: hashing for every test, and verifying it, would be much of the suite's time.
PASSWORD_HASH = "$argon2id$v=19$m=64,t=1,p=1$v/OG9DGaMZ0yiuX+XXkGJw$09njzj9WJ1rXP2lsOqYbf4vPZGEVmYnrz4Bccv1KhqE"


def unique(prefix: str) -> str:
    return f"{prefix}-{next(_numbers)}"


def add(row: Any) -> Any:
    with transaction() as session:
        session.add(row)
        session.flush()
    return row


def update(row: Any, **values: Any) -> None:
    """Change a stored row."""
    with transaction() as session:
        session.execute(db.update(type(row)).where(type(row).id == row.id).values(**values))


def user(**values: Any) -> User:
    defaults = {
        "name": "Jonas Rehn",
        "email": f"{unique('user')}@harbor.example",
        "role": Role.RECRUITER,
        "password_hash": PASSWORD_HASH,
        "created_at": clock.now(),
    }
    return add(User(**{**defaults, **values}))


def posting(**values: Any) -> Posting:
    defaults = {
        "lever_id": unique("posting"),
        "title": "Night Shift RN",
        "state": "published",
        "fetched_at": clock.now(),
    }
    return add(Posting(**{**defaults, **values}))


def stage(**values: Any) -> Stage:
    defaults = {"lever_id": unique("stage"), "text": "Phone screen", "fetched_at": clock.now()}
    return add(Stage(**{**defaults, **values}))


def candidate(*, phone: str | None = "+12185550142", **values: Any) -> Candidate:
    defaults = {"contact_id": unique("contact"), "name": "Mira Okafor", "fetched_at": clock.now()}
    with transaction():
        made: Candidate = add(Candidate(**{**defaults, **values}))
        if phone is not None:
            add(CandidatePhone(candidate_id=made.id, position=0, raw=phone, type="mobile", e164=phone))
    return made


def opportunity(of: Candidate | None = None, **values: Any) -> Opportunity:
    with transaction():
        of = of or candidate()
        defaults = {
            "lever_id": unique("opportunity"),
            "candidate_id": of.id,
            "lever_created_at": clock.now() - timedelta(days=3),
            "advanced_at": clock.now() - timedelta(days=2),
            "fetched_at": clock.now(),
            "via": Via.FULL,
        }
        return add(Opportunity(**{**defaults, **values}))


def interview(of: Opportunity, **values: Any) -> Interview:
    """One that was scheduled in Lever unless *values* say otherwise."""
    defaults = {
        "lever_id": unique("interview"),
        "opportunity_id": of.id,
        "panel_lever_id": unique("panel"),
        "subject": "Earlier interview",
        "starts_at": clock.now() + timedelta(days=7),
        "duration_minutes": 30,
        "time_zone": "America/Chicago",
        "fetched_at": clock.now(),
        "via": Via.FULL,
    }
    return add(Interview(**{**defaults, **values}))


def sending_number(**values: Any) -> SendingNumber:
    return add(SendingNumber(**{"e164": "+12185550100", "label": "Recruiting", **values}))


def conversation(of: Candidate | None = None, **values: Any) -> Conversation:
    with transaction():
        of = of or candidate()
        number = values.pop("number", None) or db.session.scalar(db.select(SendingNumber)) or sending_number()
        phones = of.phones
        defaults = {
            "candidate_id": of.id,
            "sending_number_id": number.id,
            "peer": phones[0].e164 if phones else "+12185550142",
            "created_at": clock.now(),
            "last_activity_at": clock.now(),
        }
        return add(Conversation(**{**defaults, **values}))


def message(inside: Conversation, *, body: str = "Hello", **values: Any) -> Message:
    """A received text unless *values* say otherwise."""
    defaults = {
        "conversation_id": inside.id,
        "direction": Direction.INBOUND,
        "kind": Kind.MANUAL,
        "state": MessageState.RECEIVED,
        "body": body,
        "peer": inside.peer,
        "carrier_id": unique("SM"),
        "created_at": clock.now(),
        "occurred_at": clock.now(),
    }
    return add(Message(**{**defaults, **values}))
