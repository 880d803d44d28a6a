"""Whatever happens, in whatever order: each message in exactly one Note, in order, on its opportunity, never early.

People text and wait, the job runs and is killed at any commit or call, Lever answers, refuses, loses its answer before
or after the effect, or carries a request out a minute late; permissions come and go and people decide.
"""

import re
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import event
from time_machine import travel

from grayscale.clients.errors import UnknownOutcome
from grayscale.clients.lever.types import Note
from grayscale.database import transaction
from grayscale.domain.errors import Invalid
from grayscale.domain.lever import connection
from grayscale.domain.transcripts import attempt, checking, decide, posting, proof
from grayscale.domain.transcripts.rendering import bears
from grayscale.extensions import db
from grayscale.models import (
    Candidate,
    Conversation,
    LeverIntegration,
    Transcript,
    TranscriptState,
    User,
)
from tests.transcripts.conftest import HOUR, MINUTE, NOON, connect, make_chat
from tests.transcripts.fake_lever import FakeLever, Killed

TOKEN = re.compile(r"<(\d+)>")
REFERENCE = re.compile(r"GS-\w{10}")
LANDS_AFTER = timedelta(seconds=60)
FAULTS = ("lost_after", "lost_before", "stalled", "slow_down", "unreachable", "refuse", "unauthorised")


@dataclass(frozen=True)
class Spoken:
    """A message: whose, when, and whether a person asked not to wait for its hour."""

    chat: int
    at: datetime
    asked: bool = False


class StallingLever(FakeLever):
    """Also carries some requests out only after it stopped waiting with us."""

    def __init__(self, noticed: Callable[[str], None]) -> None:
        super().__init__()
        self.noticed = noticed
        self.stalled: list[tuple[datetime, tuple[Any, ...]]] = []

    def create_note(self, opportunity_id: str, value: str, **options: Any) -> Note:
        if self.faults and self.faults[0] == "stalled":
            self.faults.popleft()
            self.on_call("before the request")
            write = (opportunity_id, value, options["perform_as"], options["note_id"], options["notify_followers"])
            self.stalled.append((datetime.now(UTC) + LANDS_AFTER, write))
            raise UnknownOutcome("Lever did not confirm the change: no answer came in time.")
        return super().create_note(opportunity_id, value, **options)

    def _write(self, opportunity_id: str, value: str, *rest: Any) -> Any:
        self.noticed(value)
        return super()._write(opportunity_id, value, *rest)

    def land(self) -> None:
        """What stalled and is late enough now happens."""
        now = datetime.now(UTC)
        for at, write in [stalled for stalled in self.stalled if stalled[0] <= now]:
            self.stalled.remove((at, write))
            self._write(*write)


class Machine(RuleBasedStateMachine):
    def __init__(self, recruiter: User) -> None:
        super().__init__()
        self.travel = travel(NOON, tick=False)
        self.time = self.travel.start()
        self.spoken: dict[int, Spoken] = {}
        self.too_early: list[str] = []
        self.lever = StallingLever(self.check_time)
        self.lever.on_call = lambda where: self.point()
        self.countdown: int | None = None
        self.is_dead = False
        connection.client = lambda priority="live": self.lever  # type: ignore[assignment,return-value]
        event.listen(db.session, "before_commit", self.point)
        with transaction() as session:
            session.execute(db.delete(Conversation))
            session.execute(db.delete(Candidate))
            session.get_one(LeverIntegration, 1).permissions = {}
        connect()
        self.person = recruiter
        self.chats = [make_chat(recruiter), make_chat(recruiter)]

    # Being killed

    def point(self, *_: object) -> None:
        """Before a commit or a call, or after Lever did it: where the process may die.

        Dying right after a commit is dying before the next of these: nothing happens in between.
        """
        if self.countdown is not None:
            self.countdown -= 1
            self.is_dead = self.is_dead or self.countdown < 0
        if self.is_dead:
            raise Killed

    def run(self, killed_at: int | None = None) -> None:
        self.countdown = killed_at
        try:
            while posting.post_due() and not self.is_dead:
                db.session.rollback()
        except BaseException:
            if not self.is_dead:
                raise
        finally:
            self.countdown, self.is_dead = None, False
            with suppress(Exception):
                db.session.rollback()

    # What happens

    def say(self, chat: int, sent: bool, long: bool = False, ago: int = 0) -> None:
        number = len(self.spoken) + 1
        at = datetime.now(UTC) - ago * MINUTE
        self.spoken[number] = Spoken(chat, at)
        body = f"<{number}>" + (" word" * 900 if long else "")
        (self.chats[chat].sent if sent else self.chats[chat].received)(body, at=at)

    @rule(chat=st.integers(0, 1), sent=st.lists(st.booleans(), min_size=1, max_size=4), long=st.booleans())
    def talk(self, chat: int, sent: list[bool], long: bool) -> None:
        for one in sent:
            self.say(chat, one, long)
            self.wait(1)

    @rule(chat=st.integers(0, 1), ago=st.sampled_from((5, 30, 90)))
    def recover_a_late_text(self, chat: int, ago: int) -> None:
        self.say(chat, sent=False, ago=ago)

    @rule(
        faults=st.lists(st.sampled_from(FAULTS), max_size=3),
        killed_at=st.none() | st.integers(0, 14),
        minutes=st.sampled_from((61, 61, 61, 59, 1500)),
    )
    def an_hour_passes(self, faults: list[Any], killed_at: int | None, minutes: int) -> None:
        self.lever.faults.extend(faults)
        self.wait(minutes)
        self.run(killed_at)

    @rule(minutes=st.sampled_from((0.3, 0.3, 3, 10)), killed_at=st.none() | st.integers(0, 14))
    def minutes_pass(self, minutes: float, killed_at: int | None) -> None:
        self.wait(minutes)
        self.run(killed_at)

    def wait(self, minutes: float) -> None:
        self.time.shift(minutes * MINUTE)
        self.lever.land()

    @rule(may_list=st.booleans(), may_read=st.booleans())
    def new_key(self, may_list: bool, may_read: bool) -> None:
        self.lever.may_list, self.lever.may_read = may_list, may_read
        connect(permissions={"list_notes": "granted"} if may_list else {})

    @rule(chat=st.integers(0, 1))
    def post_now(self, chat: int) -> None:
        with suppress(Invalid):
            decide.post_now(self.chats[chat].conversation.id, self.person)
        for number, spoken in self.spoken.items():
            if spoken.chat == chat:
                self.spoken[number] = replace(spoken, asked=True)

    @rule()
    def people_decide(self) -> None:
        """People look in Lever, where nothing is on its way any more, and press what is true."""
        self.time.shift(LANDS_AFTER)
        self.lever.land()
        for transcript in self.transcripts():
            if transcript.state is TranscriptState.FAILED:
                decide.try_again(transcript.id, self.person)
            if transcript.state is TranscriptState.UNSURE:
                part = attempt.open_part(transcript)
                mark = checking.mark_of(transcript, part.number if part else 0)
                of = transcript.opportunity_lever_id or ""
                found = [one.id for one in self.lever.threads(of) if any(bears(value, mark) for value in one.values)]
                if not found:
                    decide.post_again(transcript.id, self.person)
                    continue
                with suppress(Invalid):  # the key may not read it: it stays unsure until one may
                    decide.is_in_lever(transcript.id, self.person, found[0])

    # What must hold

    def check_time(self, value: str) -> None:
        """A comment arrives in Lever: its texts have been quiet for an hour, or go on for a day."""
        if ": <" not in value.split("\n\n", 1)[1]:
            return
        spoken = [self.spoken[int(number)] for number in TOKEN.findall(value)]
        now = datetime.now(UTC)
        is_quiet = all(now - one.at >= HOUR for one in spoken)
        goes_on = now - min(one.at for one in spoken) >= timedelta(days=1)
        if not (is_quiet or goes_on or all(one.asked for one in spoken)):
            self.too_early.append(value)  # raised here, the job would take it for a fault of Lever's

    @invariant()
    def at_most_once_in_order_in_place_and_time(self) -> None:
        seen: list[int] = []
        for index, chat in enumerate(self.chats):
            for thread in self.lever.threads(chat.opportunity.lever_id):
                numbers = [int(number) for value in thread.values for number in TOKEN.findall(value)]
                assert all(self.spoken[number].chat == index for number in numbers), "on another opportunity"
                assert numbers == sorted(numbers, key=lambda number: (self.spoken[number].at, number)), "out of order"
                seen += numbers
        assert len(seen) == len(set(seen)), "noted twice"
        threads = [{*REFERENCE.findall("\n".join(one.values))} for many in self.lever.notes.values() for one in many]
        assert len(set().union(*threads)) == sum(map(len, threads)), "one transcript in two Notes"
        assert not self.too_early, "noted before the hour was up"

    def teardown(self) -> None:
        try:
            self.settle()
            self.at_most_once_in_order_in_place_and_time()
            noted = {int(number) for value in self.lever.values for number in TOKEN.findall(value)}
            assert noted == set(self.spoken), "lost"
            for chat in self.chats:
                shown = proof.of_conversation(chat.conversation.id)
                assert shown.count("noted") == len(shown.messages)
                assert chat.due_at is None
        finally:
            self.travel.stop()
            event.remove(db.session, "before_commit", self.point)

    def settle(self) -> None:
        """Lever is well, the key may look, people decide, and time passes."""
        self.lever.faults.clear()
        self.new_key(True, True)
        for _ in range(8):
            self.wait(61)
            self.people_decide()
            self.run()

    def transcripts(self) -> list[Transcript]:
        db.session.rollback()
        return list(db.session.scalars(db.select(Transcript).order_by(Transcript.id)))


def _do_not_wait_for_the_disk(connection: Any, _record: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = OFF")


@pytest.fixture
def one_worker(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """One call after the other, so that what is found can be found again; and no waiting for the disk."""
    db.engine.dispose()
    event.listen(db.engine, "connect", _do_not_wait_for_the_disk)
    monkeypatch.setattr(posting, "AT_ONCE", 1)
    monkeypatch.setattr(connection, "client", connection.client)


def test_each_message_in_exactly_one_note(app: Flask, jonas: User, one_worker: None) -> None:
    run_state_machine_as_test(
        lambda: Machine(jonas),
        settings=settings(
            max_examples=25,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        ),
    )


def test_messages_stay_countable(app: Flask, jonas: User, one_worker: None) -> None:
    """The machine's own yardstick: it notices a message that is noted twice or early."""
    machine = Machine(jonas)
    try:
        machine.say(0, sent=False)
        value = "heading\n\n12:00 Mira Okafor: <1>\n\nref"
        machine.lever._write(machine.chats[0].opportunity.lever_id, value, None, None, False)
        with pytest.raises(AssertionError, match="before the hour"):
            machine.at_most_once_in_order_in_place_and_time()
        machine.too_early.clear()
        machine.wait(61)
        machine.lever._write(machine.chats[0].opportunity.lever_id, value, None, None, False)
        with pytest.raises(AssertionError, match="twice"):
            machine.at_most_once_in_order_in_place_and_time()
        machine.lever.notes.clear()
    finally:
        machine.teardown()
