"""A connected account, a carrier to talk to, and a candidate to text, at noon on a Wednesday in Chicago."""

import itertools
from collections.abc import Callable, Iterator

import pytest
import responses
import time_machine
from flask import Flask
from werkzeug.test import TestResponse

from grayscale.database import transaction
from grayscale.domain.texting import inbound, outbound
from grayscale.extensions import db
from grayscale.models import Conversation, Message, SendingNumber, TextingAccount, User
from tests import factories
from tests.page import Browser
from tests.texting.carrier import OURS, PUBLIC, SID, TOKEN, Carrier, inbound_form, signed, status_form, utc

NOON = utc(2026, 6, 3, 17)
FIRST = "Hi Mira, this is Jonas from Harbor. Reply STOP to opt out."
_sids = itertools.count(1)


@pytest.fixture
def time() -> Iterator[time_machine.Traveller]:
    """The clock, stopped; ``shift`` moves it."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def carrier() -> Iterator[Carrier]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield Carrier(mock)


@pytest.fixture
def connected(app: Flask) -> SendingNumber:
    """The account is saved and there is one shared number."""
    with transaction() as session:
        account = session.get_one(TextingAccount, 1)
        account.account_sid, account.auth_token = SID, TOKEN
    return factories.sending_number(e164=OURS, segments_per_second=1000)


@pytest.fixture
def conversation(time: time_machine.Traveller, connected: SendingNumber, jonas: User) -> Conversation:
    """Jonas's with Mira, in which nothing was said yet."""
    mira = factories.candidate()
    return factories.conversation(mira, number=connected, assignee_id=jonas.id)


@pytest.fixture
def policy(app: Flask) -> Callable[..., None]:
    """Changes the company's policy."""

    def change(**values: object) -> None:
        with transaction() as session:
            account = session.get_one(TextingAccount, 1)
            for name, value in values.items():
                setattr(account, name, value)

    return change


@pytest.fixture
def submit(jonas: User) -> Callable[..., Message]:
    def call(conversation: Conversation, body: str = FIRST, **values: object) -> Message:
        values.setdefault("submission_key", factories.unique("submission"))
        return outbound.submit(conversation.id, body, jonas, **values)  # type: ignore[arg-type]

    return call


@pytest.fixture
def text_in(client: Browser) -> Callable[..., TestResponse]:
    """A candidate texts: the carrier's webhook, handled."""

    def call(body: str, *, sid: str | None = None, handle: bool = True, **values: str) -> TestResponse:
        form = inbound_form(body, sid=sid or f"SMin{next(_sids):028x}", **values)
        answer = hook(client, "/webhooks/twilio/inbound", form)
        if handle:
            inbound.handle_waiting()
        return answer

    return call


@pytest.fixture
def say(client: Browser) -> Callable[..., TestResponse]:
    """The carrier says how far a text is: the status callback, handled."""

    def call(sid: str, status: str, error_code: int | None = None, *, m: str | None = None) -> TestResponse:
        path = "/webhooks/twilio/status" + (f"?m={m}" if m else "")
        form = status_form(sid, status, error_code)
        answer = hook(client, path, form)
        inbound.handle_waiting()
        return answer

    return call


def hook(client: Browser, path: str, form: dict[str, str], **headers: str) -> TestResponse:
    """A webhook of the carrier's, signed by it unless *headers* say otherwise."""
    return client.client.post(path, data=form, headers=headers or signed(path, form), base_url=PUBLIC)


def fresh(row: Message | Conversation) -> Message | Conversation:
    """The row as it is stored now."""
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(type(row), row.id)
