"""The rows there is exactly one of; migrations cannot make them, for they hold encrypted values."""

import secrets
from zoneinfo import ZoneInfo

from sqlalchemy import select

from grayscale import clock
from grayscale.database import transaction
from grayscale.extensions import db
from grayscale.models import ChangeClock, Company, LeverEvent, LeverIntegration, TextingAccount, WebhookToken


def ensure_rows() -> None:
    """Make the one-row tables' rows and the eight webhooks' where they are missing. Safe to call at any time."""
    if _complete():
        return
    with transaction() as session:
        if session.get(Company, 1) is None:
            session.add(Company(id=1, number_salt=secrets.token_hex(32), created_at=clock.now()))
        if session.get(ChangeClock, 1) is None:
            session.add(ChangeClock(id=1))
        if session.get(LeverIntegration, 1) is None:
            session.add(LeverIntegration(id=1, webhook_key=secrets.token_urlsafe(24)))
        if session.get(TextingAccount, 1) is None:
            session.add(TextingAccount(id=1))
        known = set(session.scalars(select(WebhookToken.event)))
        session.add_all(WebhookToken(event=event) for event in LeverEvent if event not in known)


def _complete() -> bool:
    return db.session.get(TextingAccount, 1) is not None and db.session.scalar(
        select(db.func.count()).select_from(WebhookToken)
    ) == len(LeverEvent)


def company() -> Company:
    return db.session.get_one(Company, 1)


def lever_integration() -> LeverIntegration:
    return db.session.get_one(LeverIntegration, 1)


def texting_account() -> TextingAccount:
    return db.session.get_one(TextingAccount, 1)


def company_zone() -> ZoneInfo:
    return ZoneInfo(company().time_zone)
