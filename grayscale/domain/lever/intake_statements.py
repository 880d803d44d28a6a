"""The statements by which webhooks are stored, counted and noted, compiled once for each kind of database."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Dialect, Table, bindparam, case, func, null, or_, update
from sqlalchemy.dialects import postgresql, sqlite

from grayscale.direct import Direct
from grayscale.models import Delivery, WebhookTally, WebhookToken

_deliveries: Table = Delivery.__table__
_tallies: Table = WebhookTally.__table__
_tokens: Table = WebhookToken.__table__


def _coalesce(name: str) -> Any:
    """The value bound to *name* for the column of that meaning, or what the column holds."""
    column = {
        "accepted": "last_accepted_at", "verified": "last_verified_at", "previous": "previous_used_at",
        "earlier": "earlier_url_at",
    }[name]  # fmt: skip
    return func.coalesce(bindparam(name, type_=_tokens.c[column].type), _tokens.c[column])


_at = bindparam("at", type_=_tokens.c.last_accepted_at.type)
_this = _tokens.c.event == bindparam("webhook", type_=_tokens.c.event.type)
_is_accepted = bindparam("accepted", type_=_tokens.c.last_accepted_at.type).is_not(None)
# A test was signed rightly, but says nothing about the switch of its events: only one of those ends a silence, and is
# worth the news that the webhook is back, also when a test before it ended the refusals.
_is_unheard = _tokens.c.recovered_at.is_not(None) & (
    _tokens.c.last_accepted_at.is_(None) | (_tokens.c.recovered_at > _tokens.c.last_accepted_at)
)
_is_back = (_tokens.c.failing_count > 0) | (_is_accepted & ((_tokens.c.missed_count > 0) | _is_unheard))
_genuine = (
    update(_tokens)
    .where(_this)
    .values(
        last_accepted_at=_coalesce("accepted"),
        last_verified_at=_coalesce("verified"),
        previous_used_at=_coalesce("previous"),
        earlier_url_at=_coalesce("earlier"),
        recovered_at=case((_is_back, _at), else_=_tokens.c.recovered_at),
        failing_since=null(),
        failing_count=0,
        missed_since=case((_is_accepted, null()), else_=_tokens.c.missed_since),
        missed_count=case((_is_accepted, 0), else_=_tokens.c.missed_count),
    )
)
_reached = update(_tokens).where(_this).values(last_verified_at=_at)
# Noise is written down a little late: what was proven or changed meanwhile counts for more.
_is_late = or_(*(_tokens.c[name] > _at for name in ("last_accepted_at", "last_verified_at", "set_at")))
_failing = case((_is_late, 0), else_=bindparam("failing", type_=_tokens.c.failing_count.type))
_refused = (
    update(_tokens)
    .where(_this)
    .values(
        last_rejected_at=_at,
        last_rejected_reason=bindparam("reason", type_=_tokens.c.last_rejected_reason.type),
        failing_count=_tokens.c.failing_count + _failing,
        failing_since=case((_failing > 0, func.coalesce(_tokens.c.failing_since, _at)), else_=_tokens.c.failing_since),
    )
)


# What every delivery of an event has; those of one hour share a row of the count.
_DELIVERY = (
    "source", "external_id", "event", "payload", "received_at", "triggered_at", "opportunity_lever_id", "state",
    "attempts", "next_attempt_at", "token_digest",
)  # fmt: skip
REPEAT = ("source", "external_id")
_TALLY = ("source", "event", "verdict", "hour", "count", "last_at")


@dataclass(frozen=True, slots=True)
class Statements:
    """What a single delivery costs, without SQLAlchemy's own work at each statement: more than the database's."""

    insert: Direct
    count: Direct
    genuine: Direct
    reached: Direct
    refused: Direct


@lru_cache(maxsize=4)
def statements(dialect: Dialect) -> Statements:
    """Those of one kind of database."""
    return Statements(
        insert=Direct(delivery(dialect.name), dialect, _DELIVERY),
        count=Direct(_tally(dialect.name), dialect, _TALLY),
        genuine=Direct(_genuine, dialect),
        reached=Direct(_reached, dialect),
        refused=Direct(_refused, dialect),
    )


def delivery(dialect: str) -> Any:
    """Insert a delivery unless it is there. What it returns tells a new row from a repeat; the count of rows does not
    on both databases."""
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return (
        insert(_deliveries)
        .on_conflict_do_nothing()
        .returning(_deliveries.c.id, _deliveries.c.external_id)
    )


def _tally(dialect: str) -> Any:
    """Count one more of a verdict."""
    insert = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(_tallies)
    return insert.on_conflict_do_update(
        index_elements=["source", "event", "verdict", "hour"],
        set_={"count": _tallies.c.count + insert.excluded.count, "last_at": insert.excluded.last_at},
    )
