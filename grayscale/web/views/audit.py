"""Settings › Audit: who did what to what, from where, when."""

from datetime import date, datetime, time, timedelta

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from grayscale.domain import audit, audit_words
from grayscale.domain.company import company
from grayscale.web import csv
from grayscale.web.auth import me, super_admin_only
from grayscale.web.filters import reader_zone

bp = Blueprint("audit", __name__, url_prefix="/settings/audit")

HEADER = ["When (UTC)", "Who", "Email", "What", "Object", "Details", "From where"]


@bp.get("")
@super_admin_only
def index() -> ResponseReturnValue:
    asked = {name: request.args.get(name, "").strip()[:200] for name in ("who", "what", "since", "until", "words")}
    return render_template(
        "audit/index.html",
        asked=asked,
        chosen={name: value for name, value in asked.items() if value},
        found=audit.find(_filters(asked), before=request.args.get("before", type=int)),
        people=audit.people(),
        kinds=audit_words.KINDS,
        kept_days=company().audit_kept_days,
    )


@bp.post("/export")
@super_admin_only
def export() -> Response:
    asked = {name: request.form.get(name, "").strip()[:200] for name in ("who", "what", "since", "until", "words")}
    rows = [
        [line.at.isoformat(timespec="seconds"), line.who or "", line.email or "", line.words, line.subject,
         "; ".join(line.details), line.address or ""]
        for line in audit.export(_filters(asked), me())
    ]  # fmt: skip
    return csv.sheet("audit", HEADER, rows)


def _filters(asked: dict[str, str]) -> audit.Filters:
    """What is asked for; what nobody offers, or is no date, filters nothing. Days are the reader's."""
    since, until = _midnight(asked["since"]), _midnight(asked["until"], after=1)
    return audit.Filters(who=asked["who"], what=asked["what"], since=since, until=until, words=asked["words"])


def _midnight(day: str, after: int = 0) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(day) + timedelta(days=after), time(), tzinfo=reader_zone())
    except (ValueError, OverflowError):
        return None
