"""Settings › Events: every webhook that was kept, what came of it, and replaying what failed."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from grayscale.domain.errors import Invalid
from grayscale.domain.lever import deliveries, health
from grayscale.domain.lever.receiving import NAMED
from grayscale.models import DeliveryState, LeverEvent, Source
from grayscale.web.auth import me, super_admin_only

bp = Blueprint("events", __name__, url_prefix="/events")

REFUSED = "refused"
VERDICTS = {
    "": "All",
    **{state.value: words for state, words in deliveries.STATE_WORDS.items()},
    REFUSED: "Refused",
}

LARGEST_ID = 2**63

Choice = TypeVar("Choice", bound=StrEnum)


@bp.get("")
@super_admin_only
def index() -> ResponseReturnValue:
    filters = _filters(request.args)
    verdict = request.args.get("verdict", "")
    is_refused = verdict == REFUSED
    before = request.args.get("before", type=int)
    before = before if before is not None and 0 < before < LARGEST_ID else None
    chosen = {
        "source": filters.source.value if filters.source and filters.source is not Source.LEVER else None,
        "event": filters.event or None,
        "verdict": verdict if verdict in VERDICTS else None,
        "candidate": None if is_refused else filters.candidate or None,
    }
    return render_template(
        "events/index.html",
        filters=filters,
        verdict=chosen["verdict"] or "",
        before=before,
        chosen={name: value for name, value in chosen.items() if value},
        found=None if is_refused else deliveries.find(filters, before=before),
        refusals=health.refusals(filters.event) if is_refused else (),
        refused_today=health.refused_today(),
        counts=deliveries.counts(),
        events=[(name, deliveries.event_label(name)) for name in (*LeverEvent, *sorted(_others()))],
        verdicts=VERDICTS,
        sources=deliveries.SOURCE_WORDS,
        label=deliveries.event_label,
    )


@bp.get("/<int:delivery_id>")
@super_admin_only
def show(delivery_id: int) -> ResponseReturnValue:
    line, payload = deliveries.get(delivery_id)
    return render_template(
        "events/show.html", line=line, payload=payload, kept_days=deliveries.PAYLOADS_KEPT.days,
        sources=deliveries.SOURCE_WORDS,
    )


@bp.post("/<int:delivery_id>/replay")
@super_admin_only
def replay(delivery_id: int) -> ResponseReturnValue:
    try:
        deliveries.replay(delivery_id, me())
    except Invalid as error:
        flash(str(error), "warning")
    else:
        flash("Replaying. What came of it shows here in a moment.", "success")
    return redirect(url_for("events.show", delivery_id=delivery_id), 303)


@bp.post("/replay-failed")
@super_admin_only
def replay_failed() -> ResponseReturnValue:
    count = deliveries.replay_failed(me())
    if count:
        flash(f"Replaying {count} failed event{'' if count == 1 else 's'}.", "success")
    else:
        flash("No event has failed; there was nothing to replay.", "success")
    return redirect(url_for("events.index"), 303)


def _filters(given: Mapping[str, Any]) -> deliveries.Filters:
    """What the query asks for; a value nobody offers filters nothing."""
    return deliveries.Filters(
        source=_one_of(Source, given.get("source")) or Source.LEVER,
        event=given.get("event", "") if given.get("event", "") in NAMED else "",
        state=_one_of(DeliveryState, given.get("verdict")),
        candidate=given.get("candidate", "").strip()[:200],
    )


def _one_of(choices: type[Choice], value: str | None) -> Choice | None:
    return choices(value) if value in {choice.value for choice in choices} else None


def _others() -> set[str]:
    return NAMED - {event.value for event in LeverEvent}
