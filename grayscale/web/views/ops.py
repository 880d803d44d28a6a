"""What monitors ask."""

from datetime import timedelta

from flask import Blueprint, Response, current_app, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from grayscale import clock, metrics
from grayscale.config import current_config
from grayscale.crypto import UnreadableSecret
from grayscale.domain import due, keys, workers
from grayscale.web.auth import public

bp = Blueprint("ops", __name__)

# The scheduler beats every 5 seconds, a worker process every 10.
BEAT_LIMIT = timedelta(seconds=30)


@bp.get("/healthz")
@public
def healthz() -> ResponseReturnValue:
    """The process serves; whatever else may be broken, restarting it would not help."""
    return jsonify(status="ok")


@bp.get("/readyz")
@public
def readyz() -> ResponseReturnValue:
    """Database and scheduler work; else 503 with the reasons."""
    reasons = []
    oldest: dict[str, int] = {}
    try:
        oldest = {kind: round(age) for kind, age in due.ages().items()}
        keys.check_readable()
    except UnreadableSecret as error:
        reasons.append(str(error))
    except SQLAlchemyError as error:
        reasons.append(f"the database does not answer ({type(error).__name__})")
    else:
        reasons += _workers_problem()
    reasons += _scheduler_problem()
    status = "unavailable" if reasons else "ready"
    return jsonify(status=status, reasons=reasons, oldest_due_seconds=oldest), 503 if reasons else 200


@bp.get("/metrics")
@public
def prometheus() -> ResponseReturnValue:
    """Prometheus text format; also while the database is away, when somebody looks most."""
    try:
        metrics.read_database(due.ages())
    except SQLAlchemyError:
        metrics.forget_database()
    return Response(metrics.render(), content_type="text/plain; version=0.0.4; charset=utf-8")


def _workers_problem() -> list[str]:
    if current_config().jobs != "workers":
        return []
    silent = workers.silent_for()
    if silent is None:
        return ["no worker process runs"]
    return [f"no worker process has said anything for {silent.total_seconds():.0f} s"] if silent > BEAT_LIMIT else []


def _scheduler_problem() -> list[str]:
    if current_config().jobs != "in-process":
        return []
    jobs = current_app.extensions.get("grayscale.jobs")
    if jobs is None:
        return ["the scheduler has not started"]
    if jobs.last_beat is None or clock.now() - jobs.last_beat > BEAT_LIMIT:
        return ["the scheduler does not tick"]
    return []
