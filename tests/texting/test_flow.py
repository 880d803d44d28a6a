"""Two hundred texts through a carrier that misbehaves, by an application that is killed five times: one text each."""

import contextlib
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import time as clock_time
from pathlib import Path

import pytest

from grayscale import clock, create_app
from grayscale.database import transaction
from grayscale.domain.texting import messages, outbound
from grayscale.domain.texting.states import STATE_OF
from grayscale.extensions import db
from grayscale.models import Conversation, Kind, Message, MessageState, SendingNumber, TextingAccount, User
from grayscale.sandbox import Sandbox
from tests import factories
from tests.conftest import FERNET_KEY, make_config
from tests.processes import Process
from tools.demo import free_port

TEXTS = 200
KILLS = 5
UNDECIDED = (MessageState.QUEUED, MessageState.SCHEDULED, MessageState.SENDING, MessageState.CHECKING)


class Application:
    """The application as a process, killed and started at will."""

    def __init__(self, url: str, sandbox: Sandbox, folder: Path) -> None:
        self.port = free_port(0)
        self.log = folder / "app.log"
        self.environment = {
            **os.environ, "SECRET_KEY": "a-secret-key-for-tests-only", "FERNET_KEYS": FERNET_KEY, "DATABASE_URL": url,
            "PUBLIC_URL": f"http://127.0.0.1:{self.port}", "PORT": str(self.port),
            "LEVER_API_URL": sandbox.lever_url, "TWILIO_API_URL": sandbox.carrier_url,
        }  # fmt: skip
        self.process: Process | None = None

    def start(self) -> None:
        self.process = Process("tests.texting.app_process", environment=self.environment, log=self.log)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(candidates=1, step_seconds=0.1, reply_after=None) as running:
        yield running


def wait_for(check: Callable[[], bool], application: Application, *, within: float) -> None:
    deadline = time.monotonic() + within
    while not check():
        assert time.monotonic() < deadline, application.log.read_text()[-3000:]
        time.sleep(0.1)


def misbehave(sandbox: Sandbox) -> None:
    add = sandbox.faults.add
    send = {"method": "POST", "path": "*/Messages.json"}
    for when in ("before", "after"):
        add("carrier", "status", status=500, when=when, times=6, probability=0.08, **send)
        add("carrier", "drop", when=when, times=6, probability=0.08, **send)
        add("carrier", "timeout", when=when, times=3, probability=0.08, seconds=1.0, **send)
    add("carrier", "status", status=429, times=20, probability=0.15, **send)
    for kind in ("duplicate", "reorder", "drop"):
        add("callback", kind, times=60, probability=0.2)


@pytest.mark.flow
@pytest.mark.timeout(600)
def test_two_hundred_texts_arrive_once_each(sqlite_url: str, sandbox: Sandbox, tmp_path: Path) -> None:
    app = create_app(make_config(sqlite_url, twilio_api_url=sandbox.carrier_url))
    application = Application(sqlite_url, sandbox, tmp_path)
    with app.app_context(), contextlib.ExitStack() as stack:
        stack.callback(db.engine.dispose)
        stack.callback(db.session.remove)
        stack.callback(application.kill)
        jonas = factories.user()
        write(jonas, sandbox)
        misbehave(sandbox)
        application.start()
        for kill in range(1, KILLS + 1):
            share = kill * TEXTS // (KILLS + 1)
            wait_for(lambda at=share: len(sandbox.carrier.messages) >= at, application, within=120)
            application.kill()
            application.start()
        wait_for(lambda: not waiting(), application, within=120)
        decide(jonas)
        wait_for(lambda: not waiting() and agrees(sandbox), application, within=120)
        bodies = Counter(text.body for text in sandbox.carrier.messages.values())
        assert len(bodies) == TEXTS
        assert set(bodies.values()) == {1}


def write(jonas: User, sandbox: Sandbox) -> None:
    """All texts, waiting to be sent."""
    with transaction() as session:
        account = session.get_one(TextingAccount, 1)
        account.account_sid, account.auth_token = sandbox.account_sid, sandbox.auth_token
        account.opens = account.closes = clock_time(0)
        number = SendingNumber(e164=sandbox.number, label="", active=True, position=0, segments_per_second=10000)
        session.add(number)
        session.flush()
        conversations = [
            Conversation(
                sending_number_id=number.id, peer=f"+1218{5560000 + index}", created_at=clock.now(),
                last_activity_at=clock.now(),
            )
            for index in range(TEXTS)
        ]  # fmt: skip
        session.add_all(conversations)
        session.flush()
        # As rows: the gate is asked by the job that sends, and asking it twice is not what this is about.
        for index, conversation in enumerate(conversations):
            messages.create(
                conversation, f"Hi, text {index} from Harbor. Reply STOP to opt out.", author=jonas, kind=Kind.MANUAL,
                state=MessageState.QUEUED, send_at=clock.now(),
            )  # fmt: skip


def states() -> dict[MessageState, int]:
    db.session.rollback()
    found = db.session.execute(db.select(Message.state, db.func.count()).group_by(Message.state))
    return {state: count for state, count in found}  # noqa: C416 - a Row is not a pair to dict()


def waiting() -> int:
    return sum(count for state, count in states().items() if state in UNDECIDED)


def decide(jonas: User) -> None:
    """What a recruiter does who looks whether the text arrived: it did not, so it is sent again."""
    unsure = list(db.session.scalars(db.select(Message.id).where(Message.state == MessageState.UNSURE)))
    for message_id in unsure:
        outbound.resolve_unsure(message_id, sent=False, by=jonas)


def agrees(sandbox: Sandbox) -> bool:
    """Whether the database says of every text what the carrier does."""
    db.session.rollback()
    rows = db.session.execute(db.select(Message.carrier_id, Message.state).where(Message.carrier_id.is_not(None)))
    ours = {sid: state for sid, state in rows}  # noqa: C416 - a Row is not a pair to dict()
    theirs = {text.sid: STATE_OF[text.status] for text in sandbox.carrier.messages.values()}
    return ours == theirs
