"""Fifty candidates want one time of one interviewer; what Lever does to the winner's interview moves the reminders."""

import contextlib
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import requests

from grayscale import clock, create_app
from grayscale.database import transaction
from grayscale.domain.slots import offers
from grayscale.extensions import db
from grayscale.models import (
    Conversation,
    KeyState,
    LeverEvent,
    LeverIntegration,
    LeverUser,
    Message,
    MessageState,
    SyncKind,
    SyncRun,
    SyncState,
    TextingAccount,
    User,
    WebhookToken,
)
from grayscale.sandbox import Sandbox, start_sandbox
from grayscale.sandbox.lever.permissions import ALL
from tests import factories
from tests.conftest import make_config
from tests.flow.product import RECRUITER, Product, eventually, running

pytestmark = [pytest.mark.flow, pytest.mark.postgresql, pytest.mark.timeout(180)]

CANDIDATES = 50
CHICAGO = ZoneInfo("America/Chicago")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with start_sandbox(candidates=140, seed=7, permissions=set(ALL)) as running_sandbox:
        yield running_sandbox


@pytest.fixture
def product(tmp_path: Path, sandbox: Sandbox, postgresql_url: str) -> Iterator[Product]:
    with running(tmp_path, sandbox, postgresql_url) as running_product:
        yield running_product


def test_one_of_fifty_wins_and_lever_moves_the_reminders_across_a_change_of_the_clocks(
    product: Product, sandbox: Sandbox
) -> None:
    # Saturday at two, the day before the clocks go forward.
    saturday = datetime(2027, 3, 13, 14, tzinfo=CHICAGO)
    app = create_app(make_config(product.database_url, public_url=product.url, lever_api_url=sandbox.lever_url,
                                 twilio_api_url=sandbox.carrier_url))  # fmt: skip
    with app.app_context(), contextlib.ExitStack() as stack:
        stack.callback(db.engine.dispose)
        stack.callback(db.session.remove)
        connect(product, sandbox)
        links = offer_all(sandbox, [saturday, saturday + timedelta(hours=2)])

        with ThreadPoolExecutor(CANDIDATES) as pool:
            answers = list(pool.map(lambda link: choose(link, saturday), links))
        won = [link for link, answer in zip(links, answers, strict=True) if answer.status_code == 303]
        lost = [answer for answer in answers if answer.status_code == 409]
        assert (len(won), len(lost)) == (1, CANDIDATES - 1)
        assert all("that time was just taken" in answer.text for answer in lost)
        assert all("4:00 PM" in answer.text and "2:00 PM" not in answer.text for answer in lost)
        # The winner's second click is the first one's.
        assert choose(won[0], saturday).status_code == 303

        opportunity, interview = eventually(lambda: made_in_lever(sandbox, saturday))
        assert "You are booked" in requests.get(won[0], timeout=10).text
        assert db.session.scalar(db.select(db.func.count()).where(Message.body.startswith("You are booked"))) == 1
        assert eventually(planned) == ["03-12 17:00", "03-13 13:00"]

        monday = saturday + timedelta(days=2)
        fields = {"date": to_ms(monday), "duration": 45, "interviewers": interview["interviewers"],
                  "subject": interview["subject"], "note": interview["note"]}  # fmt: skip
        sandbox.team.update_interview(opportunity, interview["id"], fields)
        eventually(lambda: planned() == ["03-14 17:00", "03-15 13:00"])
        assert "Monday 15 March" in requests.get(won[0], timeout=10).text
        sandbox.team.cancel_interview(opportunity, interview["id"])
        eventually(lambda: planned() == [])
        assert "This interview is cancelled" in requests.get(won[0], timeout=10).text


def connect(product: Product, sandbox: Sandbox) -> None:
    """Both accounts, the webhooks of interviews, and a recruiter who is somebody in Lever."""
    url = f"{product.url}/webhooks/lever/{db.session.get_one(LeverIntegration, 1).webhook_key}"
    people = [user for user in sandbox.lever.data.users.values() if user["deactivatedAt"] is None]
    with transaction() as session:
        integration = session.get_one(LeverIntegration, 1)
        integration.api_key, integration.key_state = sandbox.api_key, KeyState.ACCEPTED
        # As if all were synced a moment ago: what matters here is told by webhooks.
        now = clock.now()
        integration.last_full_sync_at = integration.polled_until = integration.deletions_polled_until = now
        session.add(SyncRun(kind=SyncKind.FULL, state=SyncState.DONE, started_at=now, finished_at=now))
        account = session.get_one(TextingAccount, 1)
        account.account_sid, account.auth_token = sandbox.account_sid, sandbox.auth_token
        account.opens = account.closes = time(0)
        # What a carrier makes of texts is tested elsewhere; here they only wait.
        account.paused_until = clock.now() + timedelta(hours=1)
        for event in (LeverEvent.INTERVIEW_CREATED, LeverEvent.INTERVIEW_UPDATED, LeverEvent.INTERVIEW_DELETED):
            sandbox.webhooks.set_page_url(event.value, url)
            webhook = sandbox.webhooks.page_webhook(event.value)
            assert webhook is not None
            session.get_one(WebhookToken, event).token = webhook.signature_token
        recruiter = session.scalars(db.select(User).where(User.email == RECRUITER)).one()
        recruiter.lever_user_id = people[0]["id"]
        for person in people[:2]:
            session.add(LeverUser(lever_id=person["id"], name=person["name"], email=person["email"],
                                  fetched_at=clock.now()))  # fmt: skip
        number = factories.SendingNumber(e164=sandbox.number, label="", active=True, position=0,
                                         segments_per_second=10000)  # fmt: skip
        session.add(number)


def offer_all(sandbox: Sandbox, times: list[datetime]) -> list[str]:
    """The same times of the same interviewer to every candidate; their links."""
    data = sandbox.lever.data
    recruiter = db.session.scalars(db.select(User).where(User.email == RECRUITER)).one()
    interviewer = db.session.scalars(
        db.select(LeverUser.lever_id).where(LeverUser.lever_id != recruiter.lever_user_id)
    ).one()
    by_contact = {row.contact: row for row in data.opportunities.values() if row.archived is None}
    rows = [row for row in by_contact.values() if row.confidentiality == "non-confidential"][:CANDIDATES]
    assert len(rows) == CANDIDATES
    links = []
    for index, row in enumerate(rows):
        data.contacts[row.contact].location = row.location = "Chicago, IL"
        candidate = factories.candidate(
            name=f"Candidate {index}", contact_id=row.contact, phone=f"+1312555{1000 + index}", location="Chicago, IL"
        )
        opportunity = factories.opportunity(candidate, lever_id=row.id)
        thread: Conversation = factories.conversation(candidate, opportunity_id=opportunity.id)
        draft = offers.Draft("Meet the ward", 45, (interviewer,), times=tuple(at.astimezone(UTC) for at in times))
        offers.offer(thread.id, opportunity.id, draft, "Choose: {{ link }} Reply STOP to opt out.", recruiter)
        body = db.session.scalars(
            db.select(Message.body).where(Message.conversation_id == thread.id, Message.body.contains("http"))
        ).one()
        found = re.search(r"http\S+", body)
        assert found is not None
        links.append(found.group())
    return links


def choose(link: str, at: datetime) -> requests.Response:
    form = {"slot": at.astimezone(UTC).isoformat(), "zone": "America/Chicago"}
    return requests.post(f"{link}/choose", data=form, timeout=60, allow_redirects=False)


def made_in_lever(sandbox: Sandbox, at: datetime) -> tuple[str, dict] | None:
    with sandbox.lever.lock:
        found = [
            (opportunity, interview)
            for opportunity, interviews in sandbox.lever.data.interviews.items()
            for interview in interviews
            if interview["subject"] == "Meet the ward"
        ]
    assert len(found) <= 1
    return found[0] if found and found[0][1]["date"] == to_ms(at) else None


def planned() -> list[str]:
    """When the reminders of this interview that wait will go, on the candidate's clock."""
    db.session.rollback()
    rows = db.session.scalars(
        db.select(Message.send_at)
        .where(Message.state == MessageState.SCHEDULED, Message.body.contains("March 1"))
        .order_by(Message.send_at)
    )
    return [f"{at.astimezone(CHICAGO):%m-%d %H:%M}" for at in rows if at is not None]


def to_ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
