"""Asking Lever for one thing now: what a webhook named, or what somebody wants to see fresh."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from grayscale import clock
from grayscale.clients.errors import ClientError, Forbidden, NotAuthorised, NotFound, Permanent, UnexpectedAnswer
from grayscale.clients.lever import types
from grayscale.clients.lever.client import LeverClient
from grayscale.database import end_read
from grayscale.domain import errors
from grayscale.domain.lever import connection, erasure, mirror, permissions
from grayscale.domain.lever.mirror import Change
from grayscale.extensions import db
from grayscale.logging import get_logger
from grayscale.models import ArchiveReason, Candidate, Interview, LeverUser, Opportunity, Posting, Stage, Via

log = get_logger(__name__)

EXPAND = ("applications",)
# Of one opportunity's interviews.
MOST_PAGES = 100
LEVER_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
_PERMISSION = {"posting": "get_posting", "stage": "get_stage", "reason": "get_archive_reason", "user": "get_user"}


@dataclass(frozen=True, slots=True)
class Refreshed:
    """Whether Lever still has it, and what changed here.

    *is_news*: something was written, though *words* may not tell of it. *candidate_id* is who has the opportunities
    now, when a candidate was asked for: another one after a merge.
    """

    found: bool
    changes: tuple[Change, ...] = ()
    candidate_id: int | None = None
    is_news: bool = False

    @property
    def words(self) -> str:
        """The changes in one line, for people; empty when there was none."""
        return "; ".join(text for change in self.changes for text in change.words)


def opportunity(lever_id: str, via: Via) -> Refreshed:
    """Fetch one opportunity and apply it. ``found`` is False when Lever no longer has it; nothing is erased here.

    Raises ``connection.NotConnected``, ``Forbidden`` (confidential, without the grant) and what the client raises.
    """
    client = connection.client()
    fetched_at = clock.now()
    try:
        one = fetch(client, lever_id)
    except NotFound:
        return Refreshed(False)
    except NotAuthorised as error:
        connection.note_refused(error)
        raise
    resolve(client, references_of(one))
    applied = mirror.apply_opportunities([one], fetched_at, via)
    return Refreshed(True, applied.changes, is_news=applied.written > 0)


def ask_about(lever_id: str) -> None:
    """Best effort for an id somebody came with: whatever keeps Lever from answering, it stays unknown here."""
    if not LEVER_ID.fullmatch(lever_id):
        return
    try:
        opportunity(lever_id, Via.DEMAND)
    except (errors.DomainError, ClientError) as error:
        log.info("an unknown opportunity could not be asked for", reason=str(error))


def fetch(client: LeverClient, lever_id: str) -> types.Opportunity:
    """One opportunity with its application; without it when the key may not expand."""
    try:
        return client.get_opportunity(lever_id, expand=EXPAND)
    except NotFound:
        raise
    except NotAuthorised:
        raise
    except Permanent:
        return client.get_opportunity(lever_id, expand=None)


@dataclass(slots=True)
class References:
    """Ids of postings, stages, archive reasons and users that records name."""

    ids: dict[str, set[str]] = field(default_factory=lambda: {kind: set() for kind in _PERMISSION})

    def add(self, **references: str | None) -> None:
        for kind, lever_id in references.items():
            if lever_id:
                self.ids[kind].add(lever_id)


def references_of(one: types.Opportunity) -> References:
    found = References()
    reason = one.archived.reason_id if one.archived else None
    found.add(posting=one.posting_id, stage=one.stage_id, reason=reason, user=one.owner_id)
    return found


def resolve(client: LeverClient, references: References, *, most: int = 20) -> None:
    """Fetch the names the mirror does not have; at most *most* of a kind. A name never stops a record."""
    for kind, ids in references.ids.items():
        if not ids:
            continue
        model, get, apply = _single(client, kind)
        unknown = ids - set(db.session.scalars(select(model.lever_id).where(model.lever_id.in_(ids))))
        is_denied = bool(unknown) and permissions.may(_PERMISSION[kind]) is False
        end_read()
        if is_denied:
            continue
        for lever_id in sorted(unknown)[:most]:
            fetched_at = clock.now()
            try:
                found = get(lever_id)
            except Forbidden:
                permissions.learn(_PERMISSION[kind], granted=False)
                break
            except NotAuthorised:
                raise
            except ClientError as error:
                log.info("a name could not be fetched", kind=kind, reason=error.message)
                continue
            apply(found, fetched_at)


def _single(client: LeverClient, kind: str) -> tuple[Any, Callable[[str], Any], Callable[[Any, Any], int]]:
    if kind == "posting":
        return Posting, client.get_posting, lambda one, at: mirror.apply_postings([one], at)
    if kind == "stage":
        return Stage, client.get_stage, lambda one, at: mirror.apply_stages([one], at, first=None)
    if kind == "reason":
        return ArchiveReason, client.get_archive_reason, lambda one, at: mirror.apply_reasons([one], at)
    return LeverUser, client.get_user, lambda one, at: mirror.apply_users([one], at)


def interviews(lever_id: str, via: Via) -> list[Change]:
    """Fetch the interviews of an opportunity and apply them.

    Raises ``NotFound`` when Lever does not have the opportunity, and what the client raises.
    """
    listing = list_interviews(connection.client(), lever_id)
    return mirror.apply_interviews(lever_id, listing.interviews, listing.fetched_at, via, gone=listing.gone)


@dataclass(frozen=True, slots=True)
class Listing:
    """The complete list of an opportunity's interviews, and which known ones are proven to be gone."""

    interviews: tuple[types.Interview, ...]
    fetched_at: Any
    gone: tuple[str, ...] = ()


def list_interviews(client: LeverClient, lever_id: str) -> Listing:
    """All pages. A known interview that is missing in them is asked for by itself before it counts as gone."""
    fetched_at = clock.now()
    known = known_interviews([lever_id]).get(lever_id, ())
    end_read()
    return list_known(client, lever_id, known, fetched_at)


def list_known(client: LeverClient, lever_id: str, known: Iterable[str], fetched_at: Any) -> Listing:
    """``list_interviews`` without the database: *known* are the ones to miss."""
    found: list[types.Interview] = []
    offset: str | None = None
    for _ in range(MOST_PAGES):
        page = client.list_interviews(lever_id, offset=offset)
        found += page.data
        offset = page.next_offset
        if offset is None:
            break
    else:
        # What is missing in half a list is not gone.
        raise UnexpectedAnswer("Lever's list of interviews does not come to an end.")
    missing = set(known) - {one.id for one in found}
    gone = [one for one in sorted(missing) if _is_gone(client, lever_id, one)]
    return Listing(tuple(found), fetched_at, tuple(gone))


def known_interviews(lever_ids: Iterable[str]) -> dict[str, list[str]]:
    """Interviews the mirror shows as standing, by the opportunity's Lever id."""
    found: dict[str, list[str]] = {}
    query = (
        select(Opportunity.lever_id, Interview.lever_id)
        .join(Interview, Interview.opportunity_id == Opportunity.id)
        .where(Opportunity.lever_id.in_(list(lever_ids)), Interview.canceled_at.is_(None))
    )
    for opportunity_id, interview_id in db.session.execute(query):
        found.setdefault(opportunity_id, []).append(interview_id)
    return found


def _is_gone(client: LeverClient, lever_id: str, interview_id: str) -> bool:
    try:
        one = client.get_interview(lever_id, interview_id)
    except (NotFound, Forbidden):
        return True  # not listed, and by itself either gone or not for this key
    return one.is_canceled


def candidate(candidate_id: int) -> Refreshed:
    """'Refresh from Lever': every opportunity of a candidate and their interviews, now. Erases what Lever deleted.

    Raises ``connection.NotConnected``, ``errors.NotFound``, and ``errors.Conflict`` when Lever did not answer.
    """
    try:
        return _refresh(candidate_id)
    except ClientError as error:
        raise errors.Conflict(f"It could not be refreshed. {error.message}") from error


def _refresh(candidate_id: int) -> Refreshed:
    if db.session.get(Candidate, candidate_id) is None:
        raise errors.NotFound("There is no such candidate.")
    lever_ids = list(
        db.session.scalars(
            select(Opportunity.lever_id)
            .where(Opportunity.candidate_id == candidate_id)
            .order_by(Opportunity.archived_at.is_not(None), Opportunity.advanced_at.desc())
        )
    )
    found: list[Change] = []
    still_there = False
    for lever_id in lever_ids:
        try:
            refreshed = opportunity(lever_id, Via.DEMAND)
        except Forbidden:
            continue
        if not refreshed.found:
            erasure.erase_opportunity(lever_id, "deleted in Lever")
            continue
        still_there = True
        found += refreshed.changes
        if permissions.may("list_interviews") is not False:
            try:
                found += interviews(lever_id, Via.DEMAND)
            except Forbidden:
                permissions.learn("list_interviews", granted=False)
            except NotFound:
                continue
    theirs = set(db.session.scalars(select(Opportunity.candidate_id).where(Opportunity.lever_id.in_(lever_ids))))
    return Refreshed(still_there, tuple(found), candidate_id if candidate_id in theirs else min(theirs, default=None))
