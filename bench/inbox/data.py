"""Many conversations, written straight into a migrated database."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import Connection, insert, select, update

from grayscale.database import transaction
from grayscale.domain.company import ensure_rows
from grayscale.extensions import db
from grayscale.models import (
    Candidate,
    CandidatePhone,
    Conversation,
    Message,
    Opportunity,
    Posting,
    Role,
    SendingNumber,
    TextingAccount,
    User,
)

MESSAGES_EACH = 10
LONG_THREAD = 10_000
# Else the housekeeping would set about noting all of them in Lever while pages are measured.
NOT_NOTED = "Made for measuring."
# So many are made up; the rest are copies of them inside the database, other people at other times.
MADE_UP = 1_000
MINUTES_APART = 3
PASSWORD = "correct horse battery"
OUR_NUMBER = "+12185550100"
AUTH_TOKEN = "bench"
FIRST = ("Mira", "Tomás", "Priya", "Deshawn", "Grace", "Hannah", "Elena", "Oliver", "Aisha", "Noah", "Lucía", "Wei")
LAST = ("Okafor", "Herrera", "Raman", "Brooks", "Lindqvist", "Weiss", "Petrova", "Brandt", "Karim", "Fischer", "Zhang")
WORDS = [
    "hello",
    "thanks",
    "interview",
    "tomorrow",
    "parking",
    "shift",
    "license",
    "forklift",
    "schedule",
    "available",
    "morning",
    "evening",
    "call",
    "phone",
    "résumé",
    "manager",
    "offer",
    "start",
    "date",
    "weekend",
    "bring",
    "card",
    "badge",
    "entrance",
    "team",
    "question",
    "remote",
    "onsite",
    "salary",
    "great",
    "perfect",
    "yes",
    "no",
]


def fill(app: Flask, conversations: int, recruiters: int) -> None:
    """*conversations* of ``MESSAGES_EACH`` texts, the first one of ``LONG_THREAD``, dealt out to *recruiters*."""
    chance = random.Random(7)
    with app.app_context():
        ensure_rows()
        with db.engine.begin() as link:
            now = datetime.now(UTC)
            hashed = PasswordHasher().hash(PASSWORD)
            link.execute(
                insert(User),
                [
                    {
                        "email": f"recruiter{n}@bench.example",
                        "name": f"Recruiter {n}",
                        "role": Role.RECRUITER,
                        "password_hash": hashed,
                        "created_at": now,
                        "active": True,
                        "enter_sends": True,
                        "lever_user_id": f"u{n}",
                    }
                    for n in range(recruiters)
                ],
            )
            users = list(link.scalars(select(User.id)))
            link.execute(
                insert(SendingNumber),
                [{"e164": OUR_NUMBER, "label": "", "active": True, "position": 0, "segments_per_second": 100}],
            )
            number = link.scalar(select(SendingNumber.id))
            link.execute(
                insert(Posting),
                [
                    {
                        "lever_id": f"p{n}",
                        "title": f"Posting {n} {chance.choice(WORDS)}",
                        "state": "published",
                        "fetched_at": now,
                        "team": "",
                        "department": "",
                        "location": "",
                        "confidential": False,
                        "content_hash": "",
                    }
                    for n in range(200)
                ],
            )
        made = min(MADE_UP, conversations)
        _batch(chance, 1, made, users=users, number=number, now=now)
        _copy(made, conversations)
        _lengthen(chance, now)
        with db.engine.begin() as link:
            link.execute(
                update(TextingAccount).values(
                    account_sid="AC" + "0" * 32,
                    opens=datetime.min.time(),
                    closes=datetime.min.time(),
                    unanswered_limit=0,
                    require_opt_out_line=False,
                )
            )
        with transaction() as session:
            session.get_one(TextingAccount, 1).auth_token = AUTH_TOKEN
        with db.engine.connect() as link:
            link.exec_driver_sql("ANALYZE")
            link.commit()


FIRST_NUMBER = 12_182_000_000


def phone(n: int) -> str:
    return f"+{FIRST_NUMBER + n}"


def _copy(made: int, wanted: int) -> None:
    """Double what there is until there are *wanted* conversations."""
    with db.engine.connect() as link:
        on_sqlite = link.dialect.name == "sqlite"
        search = ""
        if on_sqlite:
            # Nothing here has to survive a power cut. The rows come in order, the search index is merged less often.
            for pragma in ("cache_size = -524288", "synchronous = OFF", "secure_delete = OFF"):
                link.connection.cursor().execute(f"PRAGMA {pragma}")
            _merge_search(link, at_once=64)
        elif wanted > made:
            # Built anew in one go it takes a fraction of the time.
            search = link.exec_driver_sql(
                "SELECT indexdef FROM pg_indexes WHERE indexname = 'ix_message_search'"
            ).scalar_one()
            link.exec_driver_sql("DROP INDEX ix_message_search")
        link.commit()
        while made < wanted:
            step = min(made, wanted - made)
            for model, changed in _copies(on_sqlite, made).items():
                table = model.__tablename__
                columns = [column.name for column in model.__table__.columns]
                values = ", ".join(changed.get(name, name) for name in columns)
                last = step * MESSAGES_EACH if model is Message else step
                link.exec_driver_sql(
                    f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {table} WHERE id <= {last}"
                )
            link.commit()
            made += step
        if search:
            link.exec_driver_sql(search)
            link.commit()
        if on_sqlite:
            _merge_search(link, at_once=1)
            # The next one to use this connection gets it as the application makes it.
            link.invalidate()


def _merge_search(link: Connection, *, at_once: int) -> None:
    """How many MB of new words the search index gathers before it writes them; 1 is its own default."""
    link.exec_driver_sql("INSERT INTO message_search (message_search, rank) VALUES ('hashsize', ?)", (at_once << 20,))
    link.commit()


def _copies(on_sqlite: bool, by: int) -> dict[Any, dict[str, str]]:
    """For each table what differs in the copy of a row, as SQL: it belongs to the conversation *by* further on."""

    def earlier(column: str) -> str:
        minutes = by * MINUTES_APART
        if on_sqlite:
            return f"strftime('%Y-%m-%d %H:%M:%f', {column}, '-{minutes} minutes') || '000'"
        return f"{column} - interval '{minutes} minutes'"

    def number(of: str) -> str:
        return f"'+' || ({FIRST_NUMBER + by} + {of})"

    further, said = f"+ {by}", f"+ {by * MESSAGES_EACH}"
    return {
        Candidate: {"id": f"id {further}", "contact_id": f"'c' || (id {further})"},
        CandidatePhone: {
            "id": f"id {further}", "candidate_id": f"candidate_id {further}",
            "raw": number("candidate_id"), "e164": number("candidate_id"),
        },
        Opportunity: {
            "id": f"id {further}", "lever_id": f"'o' || (id {further})", "candidate_id": f"candidate_id {further}",
        },
        Conversation: {
            "id": f"id {further}", "candidate_id": f"candidate_id {further}", "peer": number("id"),
            "opportunity_id": f"opportunity_id {further}", "last_message_id": f"last_message_id {said}",
            "last_inbound_id": f"last_inbound_id {said}",
            **{name: earlier(name) for name in ("created_at", "last_activity_at", "last_inbound_at", "archived_at")},
        },
        Message: {
            "id": f"id {said}", "conversation_id": f"conversation_id {further}", "peer": number("conversation_id"),
            **{name: earlier(name) for name in ("created_at", "occurred_at")},
        },
    }  # fmt: skip


def _batch(chance: random.Random, first: int, size: int, *, users: list[int], number: Any, now: datetime) -> None:
    people, phones, opportunities, talks, texts = [], [], [], [], []
    for n in range(first, first + size):
        at = now - timedelta(minutes=n * MINUTES_APART)
        people.append(
            {
                "id": n,
                "contact_id": f"c{n}",
                "name": f"{chance.choice(FIRST)} {chance.choice(LAST)} {n}",
                "fetched_at": now,
                "emails": [],
                "headline": "",
                "location": "",
                "anonymized": False,
                "contact_forbidden": False,
                "content_hash": "",
            }
        )
        phones.append({"id": n, "candidate_id": n, "position": 0, "raw": phone(n), "e164": phone(n), "type": "mobile"})
        opportunities.append(
            {
                "id": n,
                "lever_id": f"o{n}",
                "candidate_id": n,
                "posting_lever_id": f"p{n % 200}",
                "owner_lever_id": f"u{n % len(users)}",
                "stage_lever_id": f"s{n % 6}",
                "confidential": n % 50 == 27,
                "follower_lever_ids": [],
                "origin": "",
                "tags": [],
                "location": "",
                "url": "",
                "content_hash": "",
                "fetched_at": now,
                "via": "full",
            }
        )
        ids = [(n - 1) * MESSAGES_EACH + k + 1 for k in range(MESSAGES_EACH)]
        inbound_last = n % 10 == 0 or n % 40 == 7
        for k, message_id in enumerate(ids):
            inbound = (k % 2 == 1) == inbound_last if k == MESSAGES_EACH - 1 else k % 2 == 1
            texts.append(
                {
                    "id": message_id,
                    "conversation_id": n,
                    "direction": "inbound" if inbound else "outbound",
                    "kind": "manual",
                    "state": "received" if inbound else "delivered",
                    "author_id": None if inbound else users[n % len(users)],
                    "body": " ".join(chance.choices(WORDS, k=12)),
                    "peer": phone(n),
                    "encoding": "GSM-7",
                    "segments": 1,
                    "created_at": at,
                    "occurred_at": at - timedelta(minutes=MESSAGES_EACH - k),
                    "scheduled_by_person": False,
                    "attempts": 0,
                    "not_noted_reason": NOT_NOTED,
                }
            )
        talks.append(
            {
                "id": n,
                "candidate_id": n,
                "sending_number_id": number,
                "peer": phone(n),
                "opportunity_id": n,
                "opportunity_chosen": False,
                "assignee_id": None if n % 20 == 7 else users[n % len(users)],
                "created_at": at,
                "last_activity_at": at,
                "last_message_id": ids[-1],
                "last_inbound_id": ids[-1] if inbound_last else ids[-2],
                "last_inbound_at": at,
                "needs_reply": inbound_last,
                "has_failure": n % 500 == 0,
                "archived_at": at if n % 4 == 0 else None,
                "changed_at_tick": 0,
            }
        )
    with db.engine.begin() as link:
        for model, rows in (
            (Candidate, people),
            (CandidatePhone, phones),
            (Opportunity, opportunities),
            (Conversation, talks),
            (Message, texts),
        ):
            link.execute(insert(model), rows)


def _lengthen(chance: random.Random, now: datetime) -> None:
    rows = [
        {
            "conversation_id": 1,
            "direction": "inbound" if k % 2 else "outbound",
            "kind": "manual",
            "state": "received" if k % 2 else "delivered",
            "body": " ".join(chance.choices(WORDS, k=12)),
            "peer": phone(1),
            "encoding": "GSM-7",
            "segments": 1,
            "created_at": now,
            "occurred_at": now - timedelta(days=1, minutes=k),
            "scheduled_by_person": False,
            "attempts": 0,
            "not_noted_reason": NOT_NOTED,
        }
        for k in range(LONG_THREAD)
    ]
    with db.engine.begin() as link:
        if link.dialect.name == "postgresql":
            for name in ("candidate", "candidate_phone", "opportunity", "conversation", "message"):
                link.exec_driver_sql(
                    f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))"
                )
        link.execute(insert(Message), rows)
