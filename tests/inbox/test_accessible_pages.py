"""axe finds nothing on the pages around the inbox, and nothing there is cut off on a phone or at twice the size.

One browser page shows them all, one after the other at three widths, every other one in dark: they share their parts.
"""

from collections.abc import Iterator
from datetime import timedelta
from itertools import cycle
from typing import Literal

import pytest
from flask.sessions import SecureCookieSessionInterface
from playwright.sync_api import Page

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain import invitations, sessions, setup, users
from grayscale.domain.company import lever_integration
from grayscale.domain.slots import offers
from grayscale.extensions import db
from grayscale.models import (
    Delivery,
    DeliveryState,
    LeverEvent,
    OfferState,
    Role,
    SessionKind,
    Slot,
    SlotOffer,
    Source,
    Transcript,
    TranscriptState,
    User,
    WebhookToken,
)
from grayscale.web import panel
from grayscale.web.auth import CARRIED
from tests.inbox.conftest import Office
from tests.inbox.test_accessible import show, violations
from tools import demo_states

pytestmark = pytest.mark.browser
LAPTOP, TWICE, PHONE = 1280, 640, 390
EXTENSION = f"chrome-extension://{'a' * 32}"
NO_RAIL = {"include": ["html"], "exclude": [".rail"]}


def looks(page: Page, path: str, scheme: Literal["light", "dark"]) -> list[str]:
    """What is wrong with a page. The rail, the same on all, is looked at with the inbox."""
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": LAPTOP, "height": 800})
    show(page, path)
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    found = violations(page, NO_RAIL)
    for width in (TWICE, PHONE):
        page.set_viewport_size({"width": width, "height": 800})
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if over > 0:
            found.append(f"{over} px too wide at {width}")
    return found


def busy(office: Office) -> tuple[list[str], str]:
    """Rows behind the states of the pages a super admin and a candidate see; their paths, and that of an invitation."""
    now = clock.now()
    with office.app.app_context(), transaction() as session:
        talk = demo_states.conversation_of("Mira Okafor")
        ana = session.scalars(db.select(User).where(User.role == Role.SUPER_ADMIN)).first()
        assert ana is not None
        for event, state in zip(LeverEvent, [*DeliveryState, *DeliveryState], strict=False):
            failed = state in (DeliveryState.FAILED, DeliveryState.DEAD)
            session.add(
                Delivery(
                    source=Source.LEVER, external_id=event.value, event=event.value, payload='{"id": "1"}', state=state,
                    received_at=now, triggered_at=now, next_attempt_at=now,
                    error="Lever did not answer." if failed else None, effect=None if failed else "stage: A → B",
                )
            )  # fmt: skip
        for token in session.scalars(db.select(WebhookToken).limit(4)):
            token.token, token.set_at, token.set_by_id = "a" * 32, now, ana.id
        for state in TranscriptState:
            session.add(
                Transcript(
                    conversation_id=talk.id, opportunity_id=talk.opportunity_id, opportunity_lever_id="o",
                    reference=f"r-{state.value}", first_at=now, last_at=now, message_count=2, state=state,
                    next_attempt_at=now, created_at=now, posted_at=now if state is TranscriptState.POSTED else None,
                    error="Lever refused the Note (403)." if state is TranscriptState.FAILED else None,
                )
            )  # fmt: skip
        for n, (state, expires) in enumerate(((OfferState.OPEN, 1), (OfferState.BOOKED, 1), (OfferState.OPEN, -1))):
            offer = SlotOffer(
                token_hash=offers.hash_of(f"link-{n}"), uid=f"uid-{n}", conversation_id=talk.id,
                opportunity_id=talk.opportunity_id, created_at=now, expires_at=now + timedelta(days=expires),
                state=state, subject="Phone interview", duration_minutes=30, location="Harbor St 3", interviewers=[],
                time_zone="America/Chicago", notice_hours=1, change_hours=1,
                starts_at=now + timedelta(hours=30) if state is OfferState.BOOKED else None,
            )  # fmt: skip
            session.add(offer)
            session.flush()
            session.add_all(Slot(offer_id=offer.id, starts_at=now + timedelta(hours=h)) for h in (30, 31, 55))
        session.flush()
        transcript = session.scalar(db.select(db.func.min(Transcript.id)))
        delivery = session.scalar(db.select(Delivery.id).where(Delivery.state == DeliveryState.DEAD).limit(1))
        _, token = invitations.invite(email="new@harbor.example", name="New", role=Role.RECRUITER, by=ana)
        return [
            "/settings/ats/lever", "/settings/ats/lever/edit", "/events", f"/events/{delivery}", "/settings/texting",
            "/settings/templates", "/settings/interviews", "/settings/company", "/settings/users",
            f"/settings/users/{ana.id}", "/settings/users/invite", "/settings/single-sign-on", "/settings/audit",
            "/account", "/text-from-lever", "/extension/connected?failed",
            f"/extension/connect?challenge={'a' * 43}&origin={EXTENSION}",
            "/notes", f"/notes/{transcript}", f"/notes/conversations/{talk.id}",
            f"/inbox/{talk.id}", f"/inbox/{talk.id}/times", f"/inbox/messages/{talk.last_message_id}/trace",
            f"/inbox/{talk.id}/interviews/new?opportunity={talk.opportunity_id}", "/candidates", "/nowhere",
            "/times/link-0", "/times/link-1", "/times/link-2", "/times/wrong",
        ], f"/join/{token}"  # fmt: skip


def beside_lever(office: Office, page: Page) -> None:
    """Sit in the extension's frame: its cookie alone makes a page one of the frame's."""
    with office.app.app_context():
        ana = db.session.scalars(db.select(User).where(User.role == Role.SUPER_ADMIN)).first()
        assert ana is not None
        token = sessions.begin(ana.id, label="Chromium", kind=SessionKind.EXTENSION)
    signer = SecureCookieSessionInterface().get_signing_serializer(office.app)
    assert signer is not None
    value = str(signer.dumps({CARRIED: token, panel.ORIGIN: EXTENSION}))
    page.context.add_cookies([{"name": panel.COOKIE, "value": value, "url": office.url}])


def test_the_pages_around_the_inbox(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    paths, invitation = busy(office)
    page = office.sit_down("Ana", path="/account")
    schemes: Iterator[Literal["light", "dark"]] = cycle(["light", "dark"])
    wrong = {path: looks(page, path, next(schemes)) for path in paths}
    with office.app.app_context(), transaction():
        lever_integration().api_key = None
    monkeypatch.setitem(office.app.view_functions, "notes.index", lambda: 1 / 0)
    for path in ("/settings/ats/lever", "/notes"):
        wrong[f"{path}, without"] = looks(page, path, next(schemes))
    page.context.clear_cookies()
    beside_lever(office, page)
    for path in (next(path for path in paths if path.startswith("/inbox/")), "/settings/users", "/panel/ended"):
        wrong[f"{path}, beside Lever"] = looks(page, path, next(schemes))
    page.context.clear_cookies()
    monkeypatch.setattr(users, "exist", lambda: False)
    with office.app.app_context():
        first_link = (setup.link_if_needed() or "").removeprefix(office.url)
    for path in ("/login", invitation, "/join/wrong", "/setup/wrong", first_link):
        wrong[path] = looks(page, path, next(schemes))
    assert {path: found for path, found in wrong.items() if found} == {}
