"""A deploy while a text is on its way to the carrier."""

import time
from datetime import time as clock_time
from pathlib import Path

import pytest

from grayscale import clock, create_app
from grayscale.config import load_config
from grayscale.database import transaction
from grayscale.domain.texting import outbound
from grayscale.extensions import db
from grayscale.models import HANDED_OVER, Conversation, Message, MessageState, SendingNumber, TextingAccount
from grayscale.sandbox import Sandbox
from tests import factories
from tests.flow.product import Product, eventually

# What the carrier takes for its answer: longer than the process would need to end by itself.
ANSWER_SECONDS = 4.0


@pytest.mark.flow
def test_sigterm_finishes_the_call_under_way_and_the_next_process_sends_nothing_twice(
    sqlite_url: str, tmp_path: Path
) -> None:
    with Sandbox(candidates=1, step_seconds=0.05) as sandbox:
        product = Product(tmp_path, sandbox, sqlite_url)
        app = create_app(load_config(product.environment, instance=tmp_path))
        with app.app_context():
            sandbox.faults.add("carrier", "latency", method="POST", path="*/Messages.json", seconds=ANSWER_SECONDS)
            queue_one(sandbox)
            product.start()
            try:
                eventually(lambda: state() is MessageState.SENDING)
                began = time.monotonic()
                product.stop()
                took = time.monotonic() - began
                left_in = state()
                product.start(wait=False)
                submit("two")
                eventually(lambda: len(sandbox.carrier.messages) > 1, within=40)
            finally:
                product.kill()
                db.session.remove()
                db.engine.dispose()
        assert took < 25
        assert left_in in HANDED_OVER, "the call under way was waited for"
        assert sorted(text.body for text in sandbox.carrier.messages.values()) == ["Text one.", "Text two."]


def queue_one(sandbox: Sandbox) -> None:
    with transaction() as session:
        account = session.get_one(TextingAccount, 1)
        account.account_sid, account.auth_token = sandbox.account_sid, sandbox.auth_token
        account.opens = account.closes = clock_time(0)
        account.require_opt_out_line = False
        number = SendingNumber(e164=sandbox.number, label="", active=True, position=0, segments_per_second=100)
        session.add(number)
        session.flush()
        now = clock.now()
        thread = Conversation(sending_number_id=number.id, peer="+12185560000", created_at=now, last_activity_at=now)
        session.add(thread)
    submit("one")


def submit(name: str) -> None:
    thread = db.session.scalars(db.select(Conversation)).one()
    outbound.submit(thread.id, f"Text {name}.", factories.user(), submission_key=name)


def state() -> MessageState | None:
    db.session.rollback()
    return db.session.scalar(db.select(Message.state).order_by(Message.id).limit(1))
