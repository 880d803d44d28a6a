"""Every route, as every person, against every kind of row, compared with one table of who may see what."""

import itertools
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.routing.converters import AnyConverter

from grayscale import clock
from grayscale.extensions import db
from grayscale.models import (
    Interview,
    Media,
    MediaState,
    Message,
    Role,
    SlotOffer,
    Transcript,
    TranscriptPart,
    TranscriptState,
    User,
    Via,
)
from grayscale.models.interview_change import ChangeKind, ChangeState, InterviewChange
from tests import factories
from tests.page import Browser

CONFIDENTIAL = {"confidential": True}
# What an opportunity is like, and what its thread is.
ROWS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "open": ({}, {}),
    "owned": (CONFIDENTIAL | {"owner_lever_id": "lever-owner"}, {}),
    "followed": (CONFIDENTIAL | {"follower_lever_ids": ["lever-other", "lever-follower"]}, {}),
    "hired for": (CONFIDENTIAL | {"hiring_manager_lever_id": "lever-manager"}, {}),
    "nobody's": (CONFIDENTIAL, {}),
    # Its opportunity was confidential once; the person is known to all, what was said is not.
    "once confidential": ({}, {"restricted": True}),
    "unknown number": ({}, {"candidate_id": None, "opportunity_id": None, "peer": "+12185550190"}),
}
ALL, PERSON_ONLY, NOTHING = "all", "person only", "nothing"
BASE = {"open": ALL, "once confidential": PERSON_ONLY, "unknown number": ALL}
# Whoever is not named in a row's line sees nothing of it.
TABLE: dict[str, dict[str, str]] = {
    "super admin": dict.fromkeys(ROWS, ALL),
    "owner": BASE | {"owned": ALL},
    "follower": BASE | {"followed": ALL},
    "manager": BASE | {"hired for": ALL},
    "colleague": BASE,
    "not mapped": BASE,
}
NOT_FOUND = (403, 404)
LISTS = (
    "/inbox", "/inbox?view=all", "/inbox?view=unassigned", "/inbox?view=unread", "/inbox?view=needs_reply",
    "/inbox?view=archived", "/candidates", "/notes", "/notes?state=failed", "/notes?state=posted",
    "/notes?state=unsure", "/notes?state=coming", "/inbox/live?tick=-1",
)  # fmt: skip


@dataclass
class Row:
    """One kind of row with everything that hangs on it; the two words nobody else has."""

    name: str
    values: dict[str, Any] = field(default_factory=dict)
    person: str = ""
    said: str = ""


def make(kind: str) -> Row:
    of_opportunity, of_thread = ROWS[kind]
    row = Row(kind, person="P" + secrets.token_hex(6), said="s" + secrets.token_hex(6))
    now = clock.now()
    known = of_thread.get("candidate_id", 0) is not None
    candidate = factories.candidate(name=f"Mira {row.person}", phone=f"+1218555{next(_numbers):04d}")
    opportunity = factories.opportunity(candidate, **of_opportunity)
    thread = factories.conversation(candidate, **{"opportunity_id": opportunity.id, "needs_reply": True} | of_thread)
    message = factories.message(thread, body=f"I said {row.said}")
    thread.last_message_id = thread.last_inbound_id = message.id
    thread.last_inbound_at = now
    db.session.commit()
    content = f"\x89PNG {row.said}".encode()
    medium = factories.add(Media(
        message_id=message.id, state=MediaState.STORED, content=content, size=len(content), content_type="image/png",
        file_name=f"{row.said}.png",
    ))  # fmt: skip
    transcript = factories.add(Transcript(
        conversation_id=thread.id, opportunity_id=opportunity.id if known else None, reference=row.said, first_at=now,
        last_at=now, state=TranscriptState.FAILED, next_attempt_at=now, created_at=now, error=f"No: {row.said}",
    ))  # fmt: skip
    factories.add(TranscriptPart(transcript_id=transcript.id, number=1, text=f"Note of {row.said}", sha256="0" * 64))
    interview = factories.add(Interview(
        lever_id=f"interview-{row.said}", opportunity_id=opportunity.id, subject=f"Talk {row.said}", fetched_at=now,
        via=Via.FULL, starts_at=now + timedelta(days=1), duration_minutes=30,
    ))  # fmt: skip
    change = factories.add(InterviewChange(
        opportunity_id=opportunity.id, kind=ChangeKind.CREATE, state=ChangeState.UNSURE, reference=row.said,
        next_attempt_at=now, created_at=now, perform_as="lever-x", wanted={"subject": f"Talk {row.said}"},
    ))  # fmt: skip
    offer = factories.add(SlotOffer(
        token_hash=row.said, uid=row.said, conversation_id=thread.id, opportunity_id=opportunity.id, created_at=now,
        expires_at=now + timedelta(days=1), subject=f"Times {row.said}", duration_minutes=30, perform_as="lever-x",
        time_zone="America/Chicago", notice_hours=1, change_hours=1,
    ))  # fmt: skip
    row.values = {
        "conversation_id": thread.id, "message_id": message.id, "media_id": medium.id, "transcript_id": transcript.id,
        "interview_id": interview.id, "change_id": change.id, "offer_id": offer.id,
    }  # fmt: skip
    if known:
        row.values |= {"candidate_id": candidate.id, "opportunity_id": opportunity.lever_id}
    else:
        row.person = row.said
    return row


_numbers = itertools.count(200)


@dataclass
class Office:
    app: Flask
    rows: dict[str, Row]
    people: dict[str, Browser]

    def hidden(self, who: str) -> Iterator[tuple[Row, list[str]]]:
        """The rows this person may not see, and the words that must not reach them."""
        for kind, row in self.rows.items():
            seen = TABLE[who].get(kind, NOTHING)
            if seen is not ALL:
                yield row, [row.said] if seen is PERSON_ONLY else [row.person, row.said]


@pytest.fixture
def office(app: Flask) -> Office:
    def person(name: str, **values: Any) -> Browser:
        user: User = factories.user(name=name, **values)
        return Browser(app, user)

    people = {
        "super admin": person("Admin", role=Role.SUPER_ADMIN),
        "owner": person("Owner", lever_user_id="lever-owner"),
        "follower": person("Follower", lever_user_id="lever-follower"),
        "manager": person("Manager", lever_user_id="lever-manager"),
        "colleague": person("Colleague", lever_user_id="lever-colleague"),
        "not mapped": person("Unmapped"),
    }
    return Office(app, {kind: make(kind) for kind in ROWS}, people)


def paths(app: Flask, method: str, row: Row, mixed: Row | None = None) -> Iterator[str]:
    """Every path of the application with this row's ids in it; with *mixed*, the thread is that row's instead."""
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        wanted = set(rule.arguments) - {"what", "about", "filename"}
        if method not in (rule.methods or ()) or getattr(view, "is_public", False) or not wanted & row.values.keys():
            continue
        values = dict(row.values)
        if mixed is not None:
            if not {"conversation_id"} < wanted:
                continue
            values["conversation_id"] = mixed.values["conversation_id"]
        yield from _built(rule, values)


def _built(rule: Rule, values: dict[str, Any]) -> Iterator[str]:
    given = {}
    for name in rule.arguments:
        converter = rule._converters[name]
        given[name] = next(iter(converter.items)) if isinstance(converter, AnyConverter) else values.get(name, 1)
    built = rule.build(given, append_unknown=False)
    if built is not None:
        yield built[1]


def test_lists_searches_and_the_poll_hold_what_the_table_says(office: Office) -> None:
    for who in TABLE:
        _lists_hold_what_the_table_says(office, who)


def _lists_hold_what_the_table_says(office: Office, who: str) -> None:
    browser = office.people[who]
    everything = "".join(browser.fetch("GET", path).get_data(as_text=True) for path in LISTS)
    for kind, row in office.rows.items():
        seen = TABLE[who].get(kind, NOTHING)
        everything_asked = everything
        for path, query in (("/inbox?q={}", row.said), ("/inbox?q={}", row.person), ("/candidates?q={}", row.person)):
            answer = browser.fetch("GET", path.format(query)).get_data(as_text=True)
            # What was asked for is repeated where one may go on from it.
            for place in ('value="{}"', "“{}”", "q={}", 'data-q="{}"', "q:{}"):
                answer = answer.replace(place.format(query), "")
            everything_asked += answer
        live = browser.fetch("GET", f"/inbox/live?tick=-1&c={row.values['conversation_id']}", htmx=True)
        everything_asked += live.get_data(as_text=True)
        assert (row.said in everything_asked) == (seen is ALL), f"what {kind} said, to {who}"
        assert (row.person in everything_asked) == (seen is not NOTHING), f"who {kind} is, to {who}"


def test_by_id_one_gets_what_the_table_says(office: Office) -> None:
    for who, (kind, row) in itertools.product(TABLE, office.rows.items()):
        browser = office.people[who]
        seen = TABLE[who].get(kind, NOTHING)
        thread = browser.fetch("GET", f"/inbox/{row.values['conversation_id']}")
        picture = browser.fetch("GET", f"/media/{row.values['media_id']}")
        note = browser.fetch("GET", f"/notes/{row.values['transcript_id']}")
        expected = 200 if seen is ALL else 404
        assert (thread.status_code, picture.status_code, note.status_code) == (expected,) * 3, f"{kind}, to {who}"
        if "opportunity_id" in row.values:
            link = browser.fetch("GET", f"/lever/{row.values['opportunity_id']}")
            assert (row.person in link.get_data(as_text=True) or link.status_code == 302) == (seen is not NOTHING) or (
                seen is PERSON_ONLY
            ), f"deep link of {kind}, to {who}"


def test_no_route_at_all_shows_what_is_hidden(office: Office) -> None:
    browser, open_row = office.people["colleague"], office.rows["open"]
    asked = 0
    for row, words in office.hidden("colleague"):
        for path in (*paths(office.app, "GET", row), *paths(office.app, "GET", row, mixed=open_row)):
            for htmx in (False, True):
                answer = browser.fetch("GET", path, htmx=htmx)
                assert answer.status_code < 500, path
                told = answer.get_data(as_text=True) + str(answer.headers)
                assert not [word for word in words if word in told], f"{path} tells of {row.name}"
                asked += 1
    assert asked > 80


def test_nobody_changes_what_is_hidden(office: Office) -> None:
    browser, open_row = office.people["colleague"], office.rows["open"]
    before = _everything()
    for row, words in office.hidden("colleague"):
        own = list(paths(office.app, "POST", row))
        for path in (*own, *paths(office.app, "POST", row, mixed=open_row)):
            if row.name == "once confidential" and "/candidates/" in path:
                continue  # the person may be texted; it leads to the thread, which is not shown
            form = {"body": "x", "reason": "x", "candidate": str(open_row.values["candidate_id"])}
            answer = browser.fetch("POST", path, data=form)
            assert answer.status_code < 500, path
            refused = answer.status_code in NOT_FOUND or answer.headers.get("Location", "").startswith("/candidates")
            assert path not in own or refused, f"{path} answered {answer.status_code}"
            told = answer.get_data(as_text=True) + str(answer.headers)
            assert not [word for word in words if word in told], f"{path} tells of {row.name}"
    assert _everything() == before


def _everything() -> list[tuple[Any, ...]]:
    db.session.rollback()
    rows: list[tuple[Any, ...]] = []
    for table in (Message, Transcript, Interview, InterviewChange, SlotOffer):
        found = db.session.execute(db.select(*table.__table__.columns).order_by(table.id))
        rows += [tuple(map(str, row)) for row in found]
    return rows
