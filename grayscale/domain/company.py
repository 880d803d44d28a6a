"""The rows there is exactly one of; migrations cannot make them, for they hold encrypted values."""

import secrets
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import inspect, select
from sqlalchemy.orm import InstanceState

from grayscale import clock
from grayscale.database import INSERT, transaction
from grayscale.domain import audit
from grayscale.extensions import db
from grayscale.models import (
    ChangeClock,
    Company,
    LeverEvent,
    LeverIntegration,
    SchedulingPolicy,
    TextingAccount,
    User,
    WebhookToken,
)
from grayscale.reading import Loading, Reading

Row = TypeVar("Row", Company, LeverIntegration, SchedulingPolicy, TextingAccount)


def ensure_rows() -> None:
    """Make the one-row tables' rows and the eight webhooks' where they are missing. Safe to call at any time."""
    if _complete():
        return
    insert = INSERT[db.engine.dialect.name]
    with transaction() as session:
        # Two processes may be the first at the same time; the later one finds the rows there.
        for row in (
            insert(Company).values(id=1, number_salt=secrets.token_hex(32), created_at=clock.now()),
            insert(ChangeClock).values(id=1),
            insert(LeverIntegration).values(id=1, webhook_key=secrets.token_urlsafe(24)),
            insert(TextingAccount).values(id=1),
            insert(SchedulingPolicy).values(id=1),
            insert(WebhookToken).values([{"event": event} for event in LeverEvent]),
        ):
            session.execute(row.on_conflict_do_nothing())


def _complete() -> bool:
    return db.session.get(SchedulingPolicy, 1) is not None and db.session.scalar(
        select(db.func.count()).select_from(WebhookToken)
    ) == len(LeverEvent)


def _the_one(model: type[Row]) -> Row:
    """Read once in a session, and anew after each transaction: many ask, and a session by itself forgets what nobody
    holds."""
    held: dict[type, Row] = db.session.info.setdefault("rows there is one of", {})
    found = held.get(model)
    state: InstanceState[Row] | None = inspect(found) if found is not None else None
    if found is None or state is None or not state.persistent or state.expired:
        [rows] = _ONE[model].rows({})
        held.update((type(row), row) for row in rows)
        found = held[model]
    return found


# Who needs one of the first two nearly always needs the other one as well.
_COMPANY = Loading(
    (Company, TextingAccount), lambda query: query.join_from(Company, TextingAccount, TextingAccount.id == Company.id)
)
_ONE: dict[type, Loading] = {
    Company: _COMPANY,
    TextingAccount: _COMPANY,
    LeverIntegration: Loading((LeverIntegration,), lambda query: query),
    SchedulingPolicy: Loading((SchedulingPolicy,), lambda query: query),
}


def company() -> Company:
    return _the_one(Company)


def lever_integration() -> LeverIntegration:
    return _the_one(LeverIntegration)


def texting_account() -> TextingAccount:
    return _the_one(TextingAccount)


def scheduling_policy() -> SchedulingPolicy:
    return _the_one(SchedulingPolicy)


class Glance(NamedTuple):
    """What every page needs of these rows."""

    time_zone: str
    region: str
    stopped_reason: str | None


def glance() -> Glance:
    """As it is now, without loading the rows themselves."""
    [found] = _GLANCE.rows({})
    return Glance(*found)


_GLANCE = Reading(
    select(Company.time_zone, Company.region, TextingAccount.stopped_reason).join(
        TextingAccount, TextingAccount.id == Company.id
    )
)


def save(*, name: str, time_zone: str, region: str, by: User) -> None:
    """Say who the company is; *region* is where numbers without a country code are at home (ISO 3166-1 alpha-2)."""
    with transaction():
        _change(company(), {"name": name.strip(), "time_zone": time_zone, "region": region}, by)


def save_retention(*, audit_kept_days: int, texts_kept_days: int | None, by: User) -> None:
    """Say how long the audit record and the texts are kept; texts for ever if None."""
    with transaction():
        row = company()
        after = {"audit_kept_days": audit_kept_days, "texts_kept_days": texts_kept_days}
        _change(row, after, by)


def _change(row: Company, after: dict[str, Any], by: User) -> None:
    """Inside a transaction: set what differs, and write down what it was."""
    changed = {key: [getattr(row, key), value] for key, value in after.items() if getattr(row, key) != value}
    for key, value in after.items():
        setattr(row, key, value)
    if changed:
        audit.record("company.changed", by=by, subject=row.name, detail=changed)


def company_zone() -> ZoneInfo:
    return ZoneInfo(company().time_zone)
