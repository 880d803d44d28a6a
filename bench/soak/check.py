"""After the storm: do Lever, the carrier and the database tell one story?"""

import re
from collections import Counter
from typing import Any

import psycopg

from bench.soak.deployment import DATABASE, Deployment
from bench.soak.people import Said
from tests.postgresql import Server

UNDECIDED = "('queued', 'scheduled', 'sending', 'checking')"
# A text of one of our recruiters, all of which differ.
OURS = re.compile(r"r\d+-\d+: ")
OPEN = "('due', 'posting', 'checking')"


def query(server: Server, statement: str) -> list[tuple[Any, ...]]:
    where = f"host=127.0.0.1 port={server.port} user=grayscale dbname={DATABASE}"
    with psycopg.connect(where, connect_timeout=5) as link:
        return link.execute(statement).fetchall()


def unsettled(server: Server) -> dict[str, int]:
    """What is still to be done, by kind; empty when all is."""
    counts = {
        "webhooks": "SELECT count(*) FROM delivery WHERE state IN ('pending', 'failed')",
        # What is planned for another day, reminders, is not waited for.
        "texts": f"SELECT count(*) FROM message WHERE state IN {UNDECIDED} AND send_at < now() + interval '5 minutes'",
        "transcripts": f"SELECT count(*) FROM transcript WHERE state IN {OPEN}",
        "quiet times": "SELECT count(*) FROM conversation WHERE transcript_due_at IS NOT NULL",
    }
    found = {kind: query(server, statement)[0][0] for kind, statement in counts.items()}
    return {kind: count for kind, count in found.items() if count}


def differences(deployment: Deployment, said: Said) -> list[str]:
    """Every way in which the three disagree; texts and Notes in doubt are a person's to decide and told apart."""
    return [
        *_texts(deployment, said), *_received(deployment, said), *_notes(deployment), *_webhooks(deployment),
        *_mirror(deployment),
    ]  # fmt: skip


def _texts(deployment: Deployment, said: Said) -> list[str]:
    carried = Counter(
        text.body for text in list(deployment.sandbox.carrier.messages.values()) if text.direction == "outbound-api"
    )
    rows = query(deployment.server, "SELECT body, state, carrier_id FROM message WHERE direction = 'outbound'")
    kept = Counter(body for body, _, _ in rows)
    unsure = {body for body, state, _ in rows if state == "unsure"}
    failed = {body for body, state, _ in rows if state in ("failed", "blocked", "overdue")}
    found = [f"text {body!r} went {count} times" for body, count in carried.items() if count > 1]
    found += [f"text {body!r} is kept {count} times" for body, count in kept.items() if count > 1 and OURS.match(body)]
    excused = unsure | failed
    found += [
        f"text {body!r} was taken and never went" for body in said.taken if not carried[body] and body not in excused
    ]
    found += [f"text {body!r} was taken and is not kept" for body in said.taken if not kept[body]]
    sids = Counter(sid for _, _, sid in rows if sid)
    ours = {text.sid for text in list(deployment.sandbox.carrier.messages.values()) if text.direction == "outbound-api"}
    found += [f"text {sid} is the carrier's and not ours" for sid in ours - sids.keys() if not unsure]
    found += [f"text {sid} is ours and not the carrier's" for sid in sids.keys() - ours]
    return found


def _received(deployment: Deployment, said: Said) -> list[str]:
    rows = query(deployment.server, "SELECT body FROM message WHERE direction = 'inbound'")
    kept = Counter(body for (body,) in rows)
    return [f"received {body!r} is kept {kept[body]} times" for body in said.received if kept[body] != 1]


def _notes(deployment: Deployment) -> list[str]:
    with deployment.sandbox.lever.lock:
        values = [
            value
            for notes in list(deployment.sandbox.lever.data.notes.values())
            for note in notes
            if note["deletedAt"] is None
            for value in _said_in(note)
        ]
    text = "\n".join(values)
    rows = query(
        deployment.server,
        "SELECT m.body, t.state FROM message m LEFT JOIN transcript t ON t.id = m.transcript_id"
        " WHERE m.direction IN ('inbound', 'outbound') AND m.state NOT IN"
        " ('failed', 'blocked', 'overdue', 'unsure', 'canceled', 'scheduled') AND m.not_noted_reason IS NULL"
        " AND m.kind = 'manual'",
    )
    found = []
    for body, state in rows:
        count = text.count(body)
        if count > 1:
            found.append(f"{body!r} is in {count} Notes")
        elif count == 0 and state not in ("unsure", "failed", "skipped"):
            found.append(f"{body!r} is in no Note; its transcript is {state}")
    return found


def _said_in(note: dict[str, Any]) -> list[str]:
    return [str(field.get("value", "")) for field in note.get("fields", [])] or [str(note.get("text", ""))]


def _webhooks(deployment: Deployment) -> list[str]:
    sent = {one.body["id"] for one in deployment.sandbox.webhooks.history if one.body["data"]}
    rows = query(deployment.server, "SELECT external_id, state FROM delivery WHERE source = 'lever'")
    stored = Counter(identity for identity, _ in rows)
    found = [f"webhook {one} is kept {stored[one]} times" for one in sent if stored[one] != 1]
    dead = query(deployment.server, "SELECT source, external_id, error FROM delivery WHERE state <> 'done'")
    return found + [f"{source} webhook {one} was not handled: {error}" for source, one, error in dead]


def _mirror(deployment: Deployment) -> list[str]:
    rows = query(deployment.server, "SELECT lever_id, stage_lever_id, archive_reason_lever_id FROM opportunity")
    mirror = {identity: (stage, reason) for identity, stage, reason in rows}
    with deployment.sandbox.lever.lock:
        truth = {
            row.id: (row.stage, row.archived["reason"] if row.archived else None)
            for row in list(deployment.sandbox.lever.data.opportunities.values())
        }
    return [
        f"opportunity {one}: Lever says {state}, the mirror {mirror.get(one)}"
        for one, state in truth.items()
        if mirror.get(one) != state
    ]
