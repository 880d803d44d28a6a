"""Random lives of texts: never texted while opted out, never twice, never backwards.

A recruiter writes, schedules, changes and cancels; the application plans texts of its own; the candidate stops and
returns; the carrier takes, loses, refuses and reports in any order; and every job dies before any commit, before a
call, or between a call and its answer, or has another process working beside it during the call.
"""

import os
import random
import sqlite3
from collections import Counter
from collections.abc import Callable
from datetime import time as clock_time
from datetime import timedelta
from typing import Any, Literal

import pytest
import time_machine
from flask import Flask
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import event

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain.errors import DomainError
from grayscale.domain.texting import automated, checks, consent, inbound, outbound, reconcile, sending
from grayscale.domain.texting.states import FINAL_RANK, _rank
from grayscale.extensions import db
from grayscale.models import (
    CANCELABLE,
    Consent,
    ConsentRecord,
    ConsentState,
    Conversation,
    Delivery,
    Message,
    MessageState,
    SendingNumber,
    TextingAccount,
    User,
)
from tests import factories
from tests.page import Browser
from tests.texting import carrier as wire
from tests.texting.carrier import Killed
from tests.texting.conftest import NOON, hook

STATUSES = ["queued", "sending", "sent", "delivered", "undelivered", "failed"]
ACTS = ["cancel", "send_now", "try_again", "sent", "not_sent", "edit"]
EXAMPLES = int(os.environ.get("TEXTING_EXAMPLES", "6"))
SEND = outbound.send_due
JOBS = [SEND, inbound.handle_waiting, SEND, reconcile.catch_up, SEND, checks.check_unknown, SEND]
FAULTS = ["lost_after", "ok", "429", "ok", "never_left", "21610", "21612", "ok", "500", "lost_before"]
# After these the carrier is known not to have the text, which may be called again.
NOT_TAKEN = ("never_left", "429", "21610", "21612")


def _step(name: str, **arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    return st.tuples(st.just(name), st.fixed_dictionaries(arguments))


_write = _step(
    "write", how=st.sampled_from(["submit", "plan", "again", "submit"]), later=st.sampled_from([0, 5, 90, 0, 0]),
    lasts=st.sampled_from([None, 30, 240]), fault=st.sampled_from([None, *FAULTS]),
)  # fmt: skip
_work = _step(
    "work", job=st.sampled_from(JOBS), killed_at=st.sampled_from([None, 0, 1, None, 2, 4, 6, 8, 3]),
    faults=st.lists(st.sampled_from(FAULTS), max_size=3), beside=st.booleans(),
)  # fmt: skip
STEPS = st.one_of(
    _step("time_passes", seconds=st.sampled_from([40, 1, 600, 4000, 600, 130])),
    _write,
    _step("callback", which=st.integers(0, 9), status=st.sampled_from(STATUSES)),
    _work,
    _step(
        "candidate_texts", body=st.sampled_from(["START", "Hello", "STOP", "Yes", "please stop texting me", "START"]),
        killed_at=st.none() | st.integers(0, 3),
    ),
    _write,
    _step("recruiter_acts", which=st.integers(0, 9), act=st.sampled_from(ACTS)),
    _work,
    _write,
    _work,
)  # fmt: skip


class Lives(RuleBasedStateMachine):
    """One conversation, a recruiter, a candidate, a carrier, a clock, and crashes."""

    app: Flask
    carrier: wire.Carrier
    time: time_machine.Traveller
    jonas_id: int
    number_id: int

    def __init__(self) -> None:
        super().__init__()
        self.time.move_to(NOON)
        self.carrier.forget()
        self.countdown: int | None = None
        self.is_beside = False
        self.carrier.on_call = self.during_a_call
        event.listen(db.session, "before_commit", self.point)
        with transaction() as session:
            for table in (Conversation, Consent, ConsentRecord, Delivery):
                session.execute(db.delete(table))
            account = session.get_one(TextingAccount, 1)
            account.paused_until = account.stopped_reason = account.reconciled_until = None
            number = session.get_one(SendingNumber, self.number_id)
            number.free_at = number.stopped_reason = None
        number = db.session.get_one(SendingNumber, self.number_id)
        self.conversation_id = factories.conversation(factories.candidate(), number=number).id
        self.client = Browser(self.app)
        self.written = 0
        self.out_since: Any = None
        self.not_taken: Counter[str] = Counter()
        self.cancelled: dict[str, int] = {}
        self.highest: dict[int, int] = {}
        self.finished: dict[int, MessageState] = {}

    def teardown(self) -> None:
        self.countdown = None
        event.remove(db.session, "before_commit", self.point)
        db.session.rollback()

    @property
    def jonas(self) -> User:
        return db.session.get_one(User, self.jonas_id)

    def messages(self) -> list[Message]:
        db.session.rollback()
        db.session.expire_all()
        return list(db.session.scalars(db.select(Message).where(Message.public_id.is_not(None)).order_by(Message.id)))

    def attempt(self, act: Any, *arguments: Any, **values: Any) -> None:
        self.was_accepted = True
        try:
            act(*arguments, **values)
        except DomainError:
            self.was_accepted = False
            db.session.rollback()

    @rule(step=STEPS)
    def live(self, step: tuple[str, dict[str, Any]]) -> None:
        """One rule for all: a life without any writing or sending would show nothing."""
        name, arguments = step
        self.time_passes(2)
        getattr(self, name)(**arguments)

    def write(
        self, how: Literal["submit", "plan", "again"], later: int, lasts: int | None, fault: str | None
    ) -> None:
        """A text is intended, and goes at once unless *fault* is None."""
        self.written += how != "again"
        body, key = f"Text {self.written}", f"key-{self.written}"
        at = clock.now() + timedelta(minutes=later)
        if how == "plan":
            until = at + timedelta(minutes=lasts) if lasts else None
            automated.plan(self.conversation_id, body, key=key, send_at=at, useless_after=until)
        else:
            self.attempt(
                outbound.submit, self.conversation_id, body, self.jonas, submission_key=key,
                send_at=at if later else None,
            )  # fmt: skip
        if fault is not None:
            self.work(SEND, None, [fault], beside=False)

    def fault(self, name: str) -> Callable[[dict[str, str]], Any]:
        misbehave: Callable[[dict[str, str]], Any] = {
            "ok": lambda _form: None,
            "lost_before": wire.lost_before,
            "lost_after": wire.lost_after(self.carrier),
            "never_left": wire.never_left,
            "429": wire.refusal(429, 20429),
            "500": wire.refusal(500, 20500),
            "21610": wire.refusal(400, 21610),
            "21612": wire.refusal(400, 21612),
        }[name]

        def fault(form: dict[str, str]) -> Any:
            self.not_taken[form["StatusCallback"]] += name in NOT_TAKEN
            return misbehave(form)

        return fault

    def work(self, job: Callable[[], int], killed_at: int | None, faults: list[str], beside: bool) -> None:
        """A job runs, perhaps with another process *beside* it during its calls, and perhaps dies at its n-th commit
        or call; dying right after one is dying before the next."""
        self.carrier.faults = [self.fault(fault) for fault in faults]
        self.countdown, self.is_beside = killed_at, beside
        try:
            job()
        except Killed:
            pass
        finally:
            self.countdown, self.is_beside = None, False
            self.carrier.faults = []
            db.session.rollback()

    def during_a_call(self) -> None:
        self.point()
        if self.is_beside:
            self.is_beside = False
            with self.app.app_context():
                checks.check_unknown()
                outbound.send_due()

    def point(self, *_: object) -> None:
        """Where the process may die; once dead it does nothing more, on no thread."""
        if self.countdown is None:
            return
        self.countdown -= 1
        if self.countdown < 0:
            raise Killed

    def time_passes(self, seconds: int) -> None:
        Lives.time.shift(timedelta(seconds=seconds))

    def callback(self, which: int, status: str) -> None:
        if not self.carrier.texts:
            return
        text = list(self.carrier.texts.values())[which % len(self.carrier.texts)]
        code = 30003 if status in ("failed", "undelivered") else None
        path = text["callback"].removeprefix(wire.PUBLIC)
        form = wire.status_form(text["sid"], status, code)
        assert hook(self.client, path, form).status_code == 200
        inbound.handle_waiting()

    def candidate_texts(self, body: str, killed_at: int | None) -> None:
        form = wire.inbound_form(body, sid=self.carrier.sid())
        assert hook(self.client, "/webhooks/twilio/inbound", form).status_code == 200
        if killed_at is not None:
            self.work(inbound.handle_waiting, killed_at, [], beside=False)
            self.time_passes(130)
        inbound.handle_waiting()

    def recruiter_acts(self, which: int, act: str) -> None:
        messages = self.messages()
        if not messages:
            return
        chosen = messages[which % len(messages)].id
        if act in ("sent", "not_sent"):
            # A recruiter looks before they say so.
            if any(text["at"] and self.is_of(text, chosen) for text in self.carrier.texts.values()) == (act == "sent"):
                self.attempt(outbound.resolve_unsure, chosen, sent=act == "sent", by=self.jonas)
            return
        if act == "edit":
            self.attempt(outbound.edit, chosen, "Edited", clock.now() + timedelta(minutes=20), self.jonas)
            return
        key = db.session.get_one(Message, chosen).public_id or ""
        self.attempt(getattr(outbound, act), chosen, self.jonas)
        if act == "cancel" and self.was_accepted:
            self.cancelled[key] = self.posts_of(key)

    def posts_of(self, key: str) -> int:
        return sum(post["StatusCallback"].endswith(key) for post in self.carrier.posts)

    def is_of(self, text: dict[str, Any], message_id: int) -> bool:
        return str(text["callback"]).endswith(db.session.get_one(Message, message_id).public_id or "-")

    @invariant()
    def nothing_is_sent_to_who_opted_out(self) -> None:
        opted_out = consent.is_opted_out(wire.PEER)
        if not opted_out:
            self.out_since = None
            return
        if self.out_since is None:
            self.out_since = len(self.carrier.posts)
        assert len(self.carrier.posts) == self.out_since

    @invariant()
    def nothing_written_before_a_stop_waits_after_it(self) -> None:
        found = consent.state_of(wire.PEER)
        if found is None or found.state is not ConsentState.OPTED_OUT:
            return
        at = found.at
        assert not [one.id for one in self.messages() if one.state in CANCELABLE and one.created_at < at]

    @invariant()
    def no_row_is_texted_twice(self) -> None:
        callbacks = [text["callback"] for text in self.carrier.texts.values()]
        assert len(callbacks) == len(set(callbacks))

    @invariant()
    def no_call_is_repeated_unless_it_is_known_to_have_failed(self) -> None:
        called = Counter(post["StatusCallback"] for post in self.carrier.posts)
        assert all(count - self.not_taken[key] <= 1 for key, count in called.items())

    @invariant()
    def what_was_cancelled_stays(self) -> None:
        assert {key: self.posts_of(key) for key in self.cancelled} == self.cancelled

    @invariant()
    def no_state_goes_back(self) -> None:
        for message in self.messages():
            rank = _rank(message.state)
            assert rank >= self.highest.get(message.id, 0)
            self.highest[message.id] = rank
            if rank == FINAL_RANK:
                assert self.finished.setdefault(message.id, message.state) is message.state


def _do_not_wait_for_the_disk(connection: Any, _record: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = OFF")


@pytest.mark.timeout(600)
def test_no_order_of_events_breaks_the_promises(
    app: Flask, time: time_machine.Traveller, carrier: wire.Carrier, connected: SendingNumber, jonas: User,
    policy: Callable[..., None], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    # One call after the other, so that what is found can be found again.
    monkeypatch.setattr(sending, "AT_ONCE", 1)
    db.engine.dispose()
    event.listen(db.engine, "connect", _do_not_wait_for_the_disk)
    policy(opens=clock_time(0), closes=clock_time(0), unanswered_limit=0, require_opt_out_line=False)
    Lives.app, Lives.time, Lives.carrier = app, time, carrier
    Lives.jonas_id, Lives.number_id = jonas.id, connected.id
    first = 0 if settings().derandomize else random.randrange(2**32)
    for number in range(EXAMPLES):
        # Of many in one run most are copies of the first few; of two, the second is new.
        run_state_machine_as_test(
            seed(first + number)(Lives),
            settings=settings(
                max_examples=2, stateful_step_count=40, deadline=None, database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )  # fmt: skip
