"""Contacts that are merged, moved, anonymised or deleted in Lever, and what becomes of their threads."""

import sqlite3

import pytest
from flask import Flask
from sqlalchemy import func, select

from grayscale import clock
from grayscale.domain import visibility
from grayscale.domain.lever import erasure, mirror
from grayscale.domain.transcripts import cutting
from grayscale.extensions import db
from grayscale.models import (
    ArchiveReason,
    AuditEvent,
    Candidate,
    CandidatePhone,
    Consent,
    ConsentHow,
    ConsentState,
    Conversation,
    ConversationMember,
    Delivery,
    DeliveryState,
    Direction,
    Media,
    MediaState,
    Message,
    Opportunity,
    Source,
    Transcript,
    TranscriptPart,
    TranscriptState,
    User,
    Via,
)
from tests import factories
from tests.domain.lever_sync.makers import at, opportunity

SECRET = "Zanzibar-Quixote"
PHONE = "+12185550142"


def apply(*opportunities, minutes: float = 1, via: Via = Via.POLL) -> mirror.Applied:
    return mirror.apply_opportunities(opportunities, at(minutes), via)


def candidate(contact: str) -> Candidate | None:
    db.session.rollback()
    return db.session.scalar(select(Candidate).where(Candidate.contact_id == contact))


def thread_of(contact: str, lever_id: str | None = None, **values) -> Conversation:
    tied = db.session.scalar(select(Opportunity.id).where(Opportunity.lever_id == lever_id)) if lever_id else None
    return factories.conversation(candidate(contact), opportunity_id=tied, **values)


def bodies(conversation_id: int, direction: Direction = Direction.INBOUND) -> list[str]:
    db.session.rollback()
    query = select(Message.body).where(Message.conversation_id == conversation_id, Message.direction == direction)
    return list(db.session.scalars(query.order_by(Message.id)))


def threads() -> dict[int, Conversation]:
    db.session.rollback()
    return {one.id: one for one in db.session.scalars(select(Conversation))}


def test_a_merged_contact_brings_its_thread_along(app: Flask) -> None:
    apply(opportunity(id="a", contact="old"))
    thread = thread_of("old", "a")
    factories.message(thread, body="Is the night shift still open?")
    apply(opportunity(id="a", contact="new", updatedAt=at(5).timestamp() * 1000), minutes=6)
    assert candidate("old") is None
    assert threads()[thread.id].candidate_id == candidate("new").id
    assert bodies(thread.id) == ["Is the night shift still open?"]


def test_two_threads_with_a_merged_contact_become_one(app: Flask, jonas: User) -> None:
    apply(opportunity(id="a", contact="old"), opportunity(id="b", contact="new"))
    theirs, kept = thread_of("old", "a"), thread_of("new", "b")
    factories.message(theirs, body="one")
    factories.message(kept, body="two")
    factories.add(ConversationMember(conversation_id=theirs.id, user_id=jonas.id, follows=True, draft="Hi"))
    apply(opportunity(id="a", contact="new", updatedAt=at(5).timestamp() * 1000), minutes=6)
    assert list(threads()) == [kept.id]
    assert sorted(bodies(kept.id)) == ["one", "two"]
    member = db.session.get(ConversationMember, (kept.id, jonas.id))
    assert (member.follows, member.draft) == (True, "Hi")


@pytest.mark.parametrize("hidden", ["a", "b"])
def test_a_merge_notes_what_is_confidential_where_it_was_said_and_there_alone(app: Flask, hidden: str) -> None:
    secret, other = {"confidentiality": "confidential"}, "b" if hidden == "a" else "a"
    apply(opportunity(id=hidden, contact=hidden, **secret), opportunity(id=other, contact=other))
    factories.message(thread_of(hidden, hidden), body="About the secret role")
    factories.message(thread_of(other, other), body="About the ward")
    apply(opportunity(id="a", contact="b", updatedAt=at(5).timestamp() * 1000, **(secret if hidden == "a" else {})),
          minutes=6)  # fmt: skip
    [kept] = threads().values()
    factories.message(kept, body="And the salary?")
    cutting.cut(kept.id, asked=True)
    noted = db.session.execute(
        select(Transcript.opportunity_lever_id, Message.body).join(Message, Message.transcript_id == Transcript.id)
    ).all()
    assert sorted(tuple(one) for one in noted) == sorted(
        [(hidden, "About the secret role"), (other, "About the ward"), (hidden, "And the salary?")]
    )
    texts = db.session.execute(
        select(Transcript.opportunity_lever_id, TranscriptPart.text).join(
            TranscriptPart, TranscriptPart.transcript_id == Transcript.id
        )
    )
    assert {where for where, text in texts if "secret" in text} == {hidden}
    assert kept.restricted


def test_a_merge_notes_what_waits_where_it_was_said(app: Flask) -> None:
    apply(opportunity(id="a", contact="a"), opportunity(id="b", contact="b"))
    for name in "ab":
        factories.message(thread_of(name, name), body=f"About {name}")
    apply(opportunity(id="a", contact="b", updatedAt=at(5).timestamp() * 1000), minutes=6)
    noted = select(Message.body, Transcript.opportunity_lever_id).join(
        Transcript, Transcript.id == Message.transcript_id
    )
    assert sorted(tuple(one) for one in db.session.execute(noted)) == [("About a", "a"), ("About b", "b")]


def test_a_confidential_opportunity_that_leaves_the_person_takes_its_note_along(app: Flask) -> None:
    apply(opportunity(id="a", contact="old", confidentiality="confidential"), opportunity(id="c", contact="old"))
    apply(opportunity(id="b", contact="new", phones=[{"value": "218-555-0199"}]))
    thread = thread_of("old", "a")
    said = factories.message(thread, body="About the secret role")
    moved = {"phones": [{"value": "218-555-0199"}], "confidentiality": "confidential"}
    apply(opportunity(id="a", contact="new", updatedAt=at(5).timestamp() * 1000, **moved), minutes=6)
    assert threads()[thread.id].restricted
    transcript = db.session.get_one(Transcript, db.session.get_one(Message, said.id).transcript_id)
    assert transcript.opportunity_lever_id == "a"
    assert transcript.next_attempt_at > said.occurred_at


def test_an_opportunity_moved_to_another_contact_leaves_the_thread_with_the_person(app: Flask) -> None:
    apply(opportunity(id="a", contact="old"), opportunity(id="c", contact="old"))
    apply(opportunity(id="b", contact="new", phones=[{"value": "218-555-0199"}]))
    thread = thread_of("old", "a")
    apply(
        opportunity(id="a", contact="new", phones=[{"value": "218-555-0199"}], updatedAt=at(5).timestamp() * 1000),
        minutes=6,
    )
    moved = threads()[thread.id]
    assert moved.candidate_id == candidate("old").id
    tied = db.session.get(Opportunity, moved.opportunity_id)
    assert tied.lever_id == "c"


def test_anonymised_in_lever_is_forgotten_here(app: Flask) -> None:
    apply(opportunity(id="a", name=SECRET), opportunity(id="b", name=SECRET))
    thread = thread_of("0b9a8c7d-6e5f-4a3b-8c2d-1e0f9a8b7c6d", "a")
    factories.message(thread, body=f"It is {SECRET}")
    blank = {"name": "", "phones": [], "emails": [], "location": "", "headline": "", "isAnonymized": True}
    contact = "0b9a8c7d-6e5f-4a3b-8c2d-1e0f9a8b7c6d"
    apply(opportunity(id="a", updatedAt=at(5).timestamp() * 1000, **blank), minutes=6)
    # The other opportunity still shows the person.
    assert candidate(contact).name == SECRET
    assert thread.id in threads()
    apply(opportunity(id="b", updatedAt=at(7).timestamp() * 1000, **blank), minutes=8)
    person = candidate(contact)
    assert (person.name, person.emails, person.phones, person.anonymized) == ("", [], [], True)
    assert not threads()
    assert db.session.scalar(select(func.count()).select_from(Opportunity)) == 2
    # Seen again, there is nothing left to do.
    assert apply(opportunity(id="b", updatedAt=at(7).timestamp() * 1000, **blank), minutes=9).written == 0


def everything(app: Flask, jonas: User) -> Conversation:
    """A person with one of everything that could tell who they were."""
    apply(opportunity(id="a", contact="contact", name=SECRET, emails=[f"{SECRET}@example.org"]))
    thread = thread_of("contact", "a")
    said = factories.message(thread, body=f"I am {SECRET}")
    factories.add(Media(message_id=said.id, content=SECRET.encode(), state=MediaState.STORED, file_name=SECRET))
    factories.add(ConversationMember(conversation_id=thread.id, user_id=jonas.id, draft=f"Dear {SECRET}"))
    transcript = factories.add(
        Transcript(
            conversation_id=thread.id, opportunity_lever_id="a", reference="GS-1", first_at=at(), last_at=at(),
            state=TranscriptState.UNSURE, next_attempt_at=at(), created_at=at(),
        )
    )
    factories.add(TranscriptPart(transcript_id=transcript.id, number=1, text=f"{SECRET}: hello", sha256="0" * 64))
    for number, values in enumerate(({"opportunity_lever_id": "a"}, {"phone": PHONE})):
        factories.add(
            Delivery(
                source=Source.TWILIO_INBOUND, external_id=f"SM{number}", event="message", payload=f"Body={SECRET}",
                received_at=at(), state=DeliveryState.DONE, next_attempt_at=at(), effect=f"from {SECRET}", **values,
            )
        )
    factories.add(
        Consent(number_hash="f" * 64, e164=PHONE, state=ConsentState.OPTED_OUT, how=ConsentHow.KEYWORD, at=at())
    )
    return thread


def test_an_erased_person_is_gone_from_every_table_and_from_the_file(app: Flask, jonas: User) -> None:
    everything(app, jonas)
    assert erasure.erase_opportunity("a", "deleted in Lever")
    # Only SQLite's search index keeps words back until it is told.
    assert erasure.tidy() is (db.engine.dialect.name == "sqlite")
    assert not erasure.tidy()
    db.session.remove()
    for model in (Candidate, CandidatePhone, Opportunity, Conversation, Message, Media, Transcript, TranscriptPart):
        assert db.session.scalar(select(func.count()).select_from(model)) == 0, model
    consent = db.session.scalars(select(Consent)).one()
    assert (consent.number_hash, consent.e164, consent.state) == ("f" * 64, None, ConsentState.OPTED_OUT)
    assert [row.payload for row in db.session.scalars(select(Delivery))] == [None, None]
    receipt = db.session.scalars(select(AuditEvent).where(AuditEvent.action == erasure.CANDIDATE_ERASED)).one()
    assert receipt.detail["messages"] == 1
    if db.engine.dialect.name != "sqlite":
        return
    path = app.config["SQLALCHEMY_DATABASE_URI"].removeprefix("sqlite:///")
    db.session.remove()
    for end in ("", "-wal"):
        with open(path + end, "rb") as file:
            content = file.read().lower()
        for trace in (SECRET.lower().encode(), PHONE.encode(), b"5550142"):
            assert trace not in content, (trace, end)
    with sqlite3.connect(path) as connection:
        for table in ("message_search", "candidate_search", "phone_search", "peer_search"):
            found = connection.execute(f"SELECT count(*) FROM {table} WHERE {table} MATCH ?", ('"zanzibar"',))
            assert found.fetchone() == (0,)


def test_the_other_opportunities_of_a_person_live_on(app: Flask) -> None:
    apply(opportunity(id="a"), opportunity(id="b"))
    thread = thread_of("0b9a8c7d-6e5f-4a3b-8c2d-1e0f9a8b7c6d", "a")
    factories.message(thread)
    assert erasure.erase_opportunity("a", "deleted in Lever")
    left = threads()[thread.id]
    assert db.session.get(Opportunity, left.opportunity_id).lever_id == "b"
    assert bodies(thread.id) == ["Hello"]
    assert bodies(thread.id, Direction.INTERNAL) == [
        "Deleted in Lever: the opportunity of this conversation. Transcripts now go to another opportunity.",
    ]


def test_a_thread_says_where_it_went_when_its_opportunity_is_deleted(app: Flask) -> None:
    factories.posting(lever_id="posting-nights", title="Night Shift RN")
    factories.posting(lever_id="posting-home", title="Home Health Aide")
    archived = {"archived": {"archivedAt": at(10).timestamp() * 1000, "reason": "reason-1"}}
    apply(
        opportunity(id="a", applications=[{"id": "1", "posting": "posting-nights"}]),
        opportunity(id="b", applications=[{"id": "2", "posting": "posting-home"}], **archived),
    )
    thread = thread_of("0b9a8c7d-6e5f-4a3b-8c2d-1e0f9a8b7c6d", "a")
    erasure.erase_opportunity("a", "deleted in Lever")
    erasure.erase_opportunity("a", "deleted in Lever")
    assert bodies(thread.id, Direction.INTERNAL) == [
        "Deleted in Lever: Night Shift RN. Transcripts now go to Home Health Aide, archived."
    ]


def test_the_line_of_a_deletion_names_nothing_confidential(app: Flask) -> None:
    factories.posting(lever_id="posting-secret", title="Chief Nurse")
    apply(
        opportunity(id="a", applications=[{"id": "1", "posting": "posting-secret"}], confidentiality="confidential"),
        opportunity(id="b"),
    )
    thread = thread_of("0b9a8c7d-6e5f-4a3b-8c2d-1e0f9a8b7c6d", "a")
    erasure.erase_opportunity("a", "deleted in Lever")
    [line] = bodies(thread.id, Direction.INTERNAL)
    assert line.startswith("Deleted in Lever: ")
    assert "Chief Nurse" not in line


def test_a_number_somebody_else_has_too_keeps_its_consent(app: Flask, jonas: User) -> None:
    everything(app, jonas)
    apply(opportunity(id="z", contact="sister", name="Sister"))
    erasure.erase_opportunity("a", "deleted in Lever")
    db.session.rollback()
    assert db.session.scalars(select(Consent.e164)).one() == PHONE


def test_an_answer_that_crossed_the_deletion_brings_nobody_back(app: Flask) -> None:
    asked = clock.now()
    one = opportunity(id="a")
    mirror.apply_opportunities([one], asked, Via.FULL)
    erasure.erase_opportunity("a", "deleted in Lever")
    mirror.apply_opportunities([opportunity(id="a", updatedAt=at(99).timestamp() * 1000)], asked, Via.FULL)
    assert candidate("0b9a8c7d-6e5f-4a3b-8c2d-1e0f9a8b7c6d") is None


def test_what_was_never_here_is_erased_without_a_word(app: Flask) -> None:
    assert not erasure.erase_opportunity("unheard-of", "deleted in Lever")


@pytest.mark.parametrize("via", [Via.WEBHOOK, Via.POLL])
def test_a_stage_change_is_told_once_in_the_thread(app: Flask, via: Via) -> None:
    factories.stage(lever_id="applicant-new", text="New applicant")
    factories.stage(lever_id="onsite", text="Onsite")
    apply(opportunity(id="a"))
    thread = thread_of("0b9a8c7d-6e5f-4a3b-8c2d-1e0f9a8b7c6d", "a")
    tick = thread.changed_at_tick
    activity = thread.last_activity_at
    for minutes in (6, 7, 8):
        apply(opportunity(id="a", stage="onsite", updatedAt=at(5).timestamp() * 1000), minutes=minutes, via=via)
    assert bodies(thread.id, Direction.INTERNAL) == ["Stage: New applicant → Onsite"]
    assert threads()[thread.id].changed_at_tick > tick
    assert threads()[thread.id].last_activity_at == activity


def test_archiving_is_told_by_its_reason_and_never_guessed(app: Flask) -> None:
    factories.add(ArchiveReason(lever_id="r-hired", text="Hired", type="hired", fetched_at=at()))
    factories.add(ArchiveReason(lever_id="r-other", text="Withdrew", type="non-hired", fetched_at=at()))
    apply(opportunity(id="a"))
    thread = thread_of("0b9a8c7d-6e5f-4a3b-8c2d-1e0f9a8b7c6d", "a")
    told = []
    for minutes, reason in ((5, "r-other"), (6, None), (7, "r-hired"), (8, None), (9, "not readable")):
        archived = {"reason": reason, "archivedAt": at(minutes).timestamp() * 1000} if reason else None
        applied = apply(
            opportunity(id="a", archived=archived, updatedAt=at(minutes).timestamp() * 1000), minutes=minutes + 0.5
        )
        told.append([event.value for change in applied.changes for event in change.events])
    assert bodies(thread.id, Direction.INTERNAL) == [
        "Archived: Withdrew", "Active again", "Hired", "Active again", "Archived",
    ]
    assert told[2] == ["candidateArchiveChange", "candidateHired"]
    assert told[4] == ["candidateArchiveChange"]


def test_texts_of_a_deleted_confidential_opportunity_stay_hidden(app: Flask) -> None:
    candidate = factories.candidate()
    secret = factories.opportunity(candidate, confidential=True)
    factories.opportunity(candidate)
    thread = factories.conversation(candidate, opportunity_id=secret.id)
    factories.message(thread, body="About the secret role")
    assert erasure.erase_opportunity(secret.lever_id, "deleted in Lever")
    recruiter = factories.user()
    assert db.session.scalar(select(Conversation.id).where(visibility.conversations_for(recruiter))) is None
