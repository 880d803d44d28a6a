"""Two processes on one PostgreSQL send and note the same rows: each text and each Note once."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain.texting import outbound
from grayscale.domain.transcripts import posting
from grayscale.extensions import db
from grayscale.models import (
    Conversation,
    Message,
    MessageState,
    SendingNumber,
    TextingAccount,
    Transcript,
    TranscriptState,
    User,
)
from tests import factories
from tests.texting.carrier import Carrier
from tests.texting.conftest import FIRST
from tests.transcripts.conftest import connect, make_chat
from tests.transcripts.fake_lever import FakeLever

pytestmark = pytest.mark.postgresql
TEXTS, NOTES = 24, 12


@pytest.fixture
def database_url(postgresql_url: str) -> str:
    return postgresql_url


def both(app: Flask, work: Callable[[], int]) -> None:
    """Do *work* on two threads, each with a session of its own, until neither finds any."""
    begin, failed = threading.Barrier(2), []

    def run() -> None:
        with app.app_context():
            begin.wait()
            try:
                for _ in range(60):
                    work()
                    db.session.remove()
            except Exception as error:
                failed.append(error)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed


def test_each_text_goes_once(app: Flask, connected: SendingNumber, carrier: Carrier, jonas: User) -> None:
    with transaction() as session:
        numbers = [f"+1218{5560000 + index}" for index in range(TEXTS)]
        talks = [
            Conversation(
                sending_number_id=connected.id, peer=peer, created_at=clock.now(), last_activity_at=clock.now()
            )
            for peer in numbers
        ]
        session.add_all(talks)
        session.flush()
        for talk in talks:
            factories.message(
                talk, body=f"{FIRST} {talk.peer}", direction="outbound", state=MessageState.QUEUED, author_id=jonas.id,
                peer=talk.peer, send_at=clock.now() - timedelta(seconds=1), public_id=talk.peer, segments=1,
                carrier_id=None,
            )  # fmt: skip
        account = session.get_one(TextingAccount, 1)
        account.opens = account.closes
    both(app, outbound.send_due)
    assert sorted(carrier.bodies()) == sorted(f"{FIRST} {peer}" for peer in numbers)
    db.session.rollback()
    assert set(db.session.scalars(db.select(Message.state))) == {MessageState.ACCEPTED}


def test_each_note_is_posted_once(app: Flask, jonas: User, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeLever()
    monkeypatch.setattr("grayscale.domain.lever.connection.client", lambda priority="live": fake)
    connect()
    two_hours_ago = datetime.now(UTC) - timedelta(hours=2)
    for number in range(NOTES):
        make_chat(jonas).received(f"Text {number}", at=two_hours_ago)
    both(app, posting.post_due)
    db.session.rollback()
    assert set(db.session.scalars(db.select(Transcript.state))) == {TranscriptState.POSTED}
    assert len(fake.values) == NOTES
