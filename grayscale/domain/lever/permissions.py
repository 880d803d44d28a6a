"""What the API key may do, found out by asking: read permissions by reading one thing, never by writing.

Lever checks a permission before it looks for the object, so 404 for an invented id still says "granted" (inferred; a
real id is used wherever one is known). Permissions to write stay unproven until a write told.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import select

from grayscale import clock
from grayscale.clients.errors import ClientError, Forbidden, NotAuthorised, NotFound
from grayscale.clients.lever.client import LeverClient
from grayscale.clients.lever.permissions import EXTRAS, PERMISSIONS, Permission
from grayscale.database import end_read, transaction
from grayscale.domain import audit
from grayscale.domain.company import lever_integration
from grayscale.domain.lever import connection
from grayscale.extensions import db
from grayscale.models import Interview, LeverIntegration, Opportunity, Transcript, TranscriptPart, User

State = Literal["granted", "missing", "unproven", "unknown"]

NOBODY = "00000000-0000-4000-8000-000000000000"
AT_ONCE = 6
WORDS: dict[State, str] = {
    "granted": "Granted",
    "missing": "Missing",
    "unproven": "Cannot be checked without writing to Lever",
    "unknown": "Not checked",
}


@dataclass(frozen=True, slots=True)
class PermissionLine:
    """One permission as the page lists it. *stops* says which feature is off, only when it is missing."""

    permission: Permission
    state: State
    words: str
    stops: str | None
    is_extra: bool

    @property
    def name(self) -> str:
        return self.permission.name

    @property
    def label(self) -> str:
        """The name Lever's page shows since August 2024."""
        return self.permission.label

    @property
    def guide_label(self) -> str:
        return self.permission.guide_label


def verify(by: User | None) -> None:
    """Probe the key for every permission and keep the answers. Writes nothing to Lever.

    Raises ``connection.NotConnected`` when there is no key or Lever refuses it.
    """
    client = connection.client()
    known = _known_ids()
    end_read()
    found: dict[str, State] = {}
    try:
        for probes in (_lists(client, known), _reads(client, known)):
            with ThreadPoolExecutor(AT_ONCE) as pool:
                found |= dict(zip(probes, pool.map(_probe, probes.values()), strict=True))
    except NotAuthorised as error:
        connection.note_refused(error)
        raise connection.NotConnected(error.message) from error
    with transaction() as session:
        integration = session.get_one(LeverIntegration, 1)
        # What a write once told is worth more than "cannot be checked".
        kept = {name: state for name, state in integration.permissions.items() if found.get(name) in (None, "unknown")}
        integration.permissions = {**found, **kept}
        integration.permissions_checked_at = clock.now()
        audit.record("lever.permissions_verified", by=by)
    connection.note_accepted()


def learn(name: str, *, granted: bool) -> None:
    """Keep what a call just showed: *name* is a permission of ``clients.lever.permissions``."""
    state = "granted" if granted else "missing"
    if lever_integration().permissions.get(name) == state:
        return
    with transaction() as session:
        integration = session.get_one(LeverIntegration, 1)
        integration.permissions = {**integration.permissions, name: state}


def may(name: str) -> bool | None:
    """Whether the key may do this; None when that is not known."""
    state = lever_integration().permissions.get(name)
    return {"granted": True, "missing": False}.get(str(state))


def checklist() -> list[PermissionLine]:
    """The guide's permissions in its order, then the ones that would add something."""
    stored = lever_integration().permissions
    lines = [_line(permission, stored.get(permission.name), is_extra=False) for permission in PERMISSIONS]
    return lines + [_line(permission, stored.get(permission.name), is_extra=True) for permission in EXTRAS]


def _line(permission: Permission, stored: object, *, is_extra: bool) -> PermissionLine:
    state: State = "unproven" if permission.kind == "write" else "unknown"
    if stored == "granted":
        state = "granted"
    elif stored == "missing":
        state = "missing"
    stops = None
    if state == "missing":
        stops = f"What stops: {permission.feature}."
        if permission.name == "confidential":
            stops = "Without it Lever leaves out confidential candidates silently: they are not synced."
    return PermissionLine(permission, state, WORDS[state], stops, is_extra)


@dataclass(slots=True)
class _Known:
    """Ids to read. Filled from the mirror, then from what the lists show."""

    user: str = NOBODY
    stage: str = NOBODY
    posting: str = NOBODY
    reason: str = NOBODY
    opportunity: str = NOBODY
    contact: str = NOBODY
    application: str = NOBODY
    interview: tuple[str, str] | None = None
    note: tuple[str, str] | None = None


def _known_ids() -> _Known:
    known = _Known()
    interview = db.session.execute(
        select(Opportunity.lever_id, Interview.lever_id)
        .join(Interview, Interview.opportunity_id == Opportunity.id)
        .where(Opportunity.confidential.is_(False))
        .order_by(Interview.id.desc())
    ).first()
    note = db.session.execute(
        select(Transcript.opportunity_lever_id, TranscriptPart.note_id)
        .join(TranscriptPart, TranscriptPart.transcript_id == Transcript.id)
        .where(TranscriptPart.note_id.is_not(None), Transcript.opportunity_lever_id.is_not(None))
        .order_by(TranscriptPart.id.desc())
    ).first()
    known.interview = (interview[0], interview[1]) if interview else None
    known.note = (str(note[0]), str(note[1])) if note else None
    return known


Probe = Callable[[], object]


def _lists(client: LeverClient, known: _Known) -> dict[str, Probe]:
    def users() -> None:
        known.user = next((row.id for row in client.list_users(limit=1).data), known.user)

    def stages() -> None:
        known.stage = next((row.id for row in client.list_stages(limit=1).data), known.stage)

    def reasons() -> None:
        known.reason = next((row.id for row in client.list_archive_reasons(limit=1).data), known.reason)

    def postings() -> None:
        known.posting = next((row.id for row in client.list_postings(limit=1).data), known.posting)

    def opportunities() -> None:
        for row in client.list_opportunities(limit=20).data:
            known.opportunity, known.contact = row.id, row.contact_id or NOBODY
            if row.application_ids:
                known.application = row.application_ids[0]
                break

    return {
        "list_users": users,
        "list_opportunities": opportunities,
        "list_stages": stages,
        "list_postings": postings,
        "list_archive_reasons": reasons,
        "confidential": lambda: client.list_opportunities(confidentiality="confidential", limit=1),
    }


def _reads(client: LeverClient, known: _Known) -> dict[str, Probe]:
    interview_of, interview = known.interview or (known.opportunity, NOBODY)
    note_of, note = known.note or (known.opportunity, NOBODY)
    return {
        "list_interviews": lambda: client.list_interviews(known.opportunity, limit=1),
        "get_user": lambda: client.get_user(known.user),
        "get_opportunity": lambda: client.get_opportunity(known.opportunity, expand=None),
        "get_application": lambda: client.get_application(known.opportunity, known.application),
        "get_note": lambda: client.get_note(note_of, note),
        "get_interview": lambda: client.get_interview(interview_of, interview),
        "get_stage": lambda: client.get_stage(known.stage),
        "get_posting": lambda: client.get_posting(known.posting),
        "get_archive_reason": lambda: client.get_archive_reason(known.reason),
        "list_notes": lambda: client.list_notes(known.opportunity, limit=1),
        "list_panels": lambda: client.list_panels(known.opportunity, limit=1),
        "get_contact": lambda: client.get_contact(known.contact),
    }


def _probe(probe: Probe) -> State:
    try:
        probe()
    except NotAuthorised:
        raise
    except Forbidden:
        return "missing"
    except NotFound as error:
        # Of an object it tells that the key got that far; of the whole path nothing.
        return "unknown" if "does not exist" in error.message else "granted"
    except ClientError:
        return "unknown"
    return "granted"
