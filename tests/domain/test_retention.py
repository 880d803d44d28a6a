"""Texts past their time are erased, everywhere they are kept, and nothing younger is."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from grayscale import clock
from grayscale.domain import company, housekeeping, search
from grayscale.extensions import db
from grayscale.models import (
    AuditEvent,
    ConsentHow,
    ConsentRecord,
    ConsentState,
    Conversation,
    Delivery,
    DeliveryState,
    Media,
    MediaState,
    Message,
    MessageState,
    Source,
    Transcript,
    TranscriptState,
    User,
)
from tests import factories
from tests.page import Browser

WORDS = "Marmalade at dawn"


def ago(days: int) -> dict[str, object]:
    at = clock.now() - timedelta(days=days)
    return {"occurred_at": at, "created_at": at, "not_noted_reason": "test"}


def bodies() -> list[str]:
    return list(db.session.scalars(select(Message.body).order_by(Message.id)))


@pytest.fixture
def kept_100_days(ana: User) -> None:
    company.save_retention(audit_kept_days=400, texts_kept_days=100, by=ana)


def test_by_default_everything_stays(jonas: User) -> None:
    factories.message(factories.conversation(), **ago(5000))
    housekeeping.tidy()
    assert bodies() == ["Hello"]


@pytest.mark.usefixtures("kept_100_days")
def test_old_texts_go_with_all_they_left_behind(ana: User) -> None:
    now = clock.now()
    thread = factories.conversation()
    old = factories.message(thread, body=WORDS, **ago(101))
    factories.message(thread, body="Still young", **ago(99))
    factories.add(Media(message_id=old.id, state=MediaState.STORED, content=WORDS.encode(), size=1, content_type="x/y"))
    factories.add(Delivery(
        source=Source.TWILIO_INBOUND, external_id=old.carrier_id, event="inbound", payload=f"Body={WORDS}",
        state=DeliveryState.DEAD, received_at=now - timedelta(days=85), next_attempt_at=now,
    ))
    factories.add(ConsentRecord(
        number_hash="x", state=ConsentState.OPTED_OUT, how=ConsentHow.KEYWORD, words=WORDS, message_id=old.id, at=now
    ))
    assert search.find(ana, "marmalade")

    housekeeping.tidy()

    assert bodies() == ["Still young"]
    assert not search.find(ana, "marmalade")
    assert db.session.scalar(select(func.count()).select_from(Media)) == 0
    assert db.session.scalars(select(Delivery.payload)).all() == [None]
    assert db.session.scalars(select(ConsentRecord.words)).all() == [""]
    receipt = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "retention.applied")).one()
    assert receipt.detail == {"older_than_days": 100, "texts": 1, "conversations": 0}
    assert not receipt.subject


@pytest.mark.usefixtures("kept_100_days")
def test_a_thread_left_without_texts_goes_too() -> None:
    silent = factories.conversation(last_activity_at=clock.now() - timedelta(days=101))
    factories.message(silent, **ago(101))
    started = factories.conversation(of=factories.candidate(phone="+12185550143"))
    factories.message(started, **ago(101))
    housekeeping.tidy()
    assert db.session.scalars(select(Conversation.id)).all() == [started.id]


@pytest.mark.usefixtures("kept_100_days")
@pytest.mark.parametrize("state", [MessageState.UNSURE, MessageState.QUEUED, MessageState.SENT])
def test_what_is_not_settled_stays(state: MessageState) -> None:
    factories.message(factories.conversation(), state=state, **ago(101))
    housekeeping.tidy()
    assert bodies() == ["Hello"]


@pytest.mark.usefixtures("kept_100_days")
@pytest.mark.parametrize("state", list(TranscriptState))
def test_a_text_stays_until_its_note_is_in_lever(state: TranscriptState) -> None:
    opportunity = factories.opportunity()
    thread = factories.conversation(
        of=opportunity.candidate, opportunity_id=opportunity.id, transcript_due_at=clock.now() + timedelta(hours=1)
    )
    now = clock.now()
    transcript = factories.add(Transcript(
        conversation_id=thread.id, reference="r", first_at=now, last_at=now, state=state, next_attempt_at=now,
        created_at=now,
    ))
    factories.message(thread, body="in a transcript", **ago(101) | {"transcript_id": transcript.id})
    factories.message(thread, body="waits for one", **ago(101) | {"not_noted_reason": None})
    housekeeping.tidy()
    done = state in (TranscriptState.POSTED, TranscriptState.SKIPPED)
    assert bodies() == ([] if done else ["in a transcript"]) + ["waits for one"]


@pytest.mark.usefixtures("kept_100_days")
def test_with_nobody_in_lever_nothing_waits_for_a_note() -> None:
    thread = factories.conversation(transcript_due_at=clock.now(), candidate_id=None, peer="+12185550177")
    factories.message(thread, **ago(101) | {"not_noted_reason": None})
    housekeeping.tidy()
    assert bodies() == []


def test_it_is_set_on_the_company_page(as_ana: Browser, ana: User) -> None:
    page = as_ana.post("/settings/company/retention", {"texts_kept_days": "7", "audit_kept_days": "30"})
    assert page.status == 422
    assert "from 30 to 36,500, or empty." in page.words
    assert "from 90 to 36,500." in page.words
    page = as_ana.post("/settings/company/retention", {"texts_kept_days": "abc", "audit_kept_days": "99999999999999"})
    assert "integer" not in page.words
    assert page.words.count("A whole number of days from") == 2
    values = {"texts_kept_days": "365", "audit_kept_days": "800"}
    assert as_ana.post("/settings/company/retention", values).status == 303
    page = as_ana.get("/settings/company")
    assert page.field("Days texts are kept")["value"] == "365"
    assert page.field("Days the audit record is kept")["value"] == "800"
    line = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "company.changed")).one()
    assert line.detail == {"audit_kept_days": [400, 800], "texts_kept_days": [None, 365]}
    as_ana.post("/settings/company/retention", {"texts_kept_days": "", "audit_kept_days": "800"})
    assert company.company().texts_kept_days is None
