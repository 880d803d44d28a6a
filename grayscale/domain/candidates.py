"""Candidates as recruiters look them up: the list with its filters, and one person's profile."""

import re
from dataclasses import dataclass, field
from functools import lru_cache

from sqlalchemy import ColumnElement, Select, bindparam, func, literal, or_, select, tuple_
from sqlalchemy.orm import selectinload
from sqlalchemy.orm.attributes import set_committed_value

from grayscale.database import finds
from grayscale.domain import search_people, search_words, visibility
from grayscale.domain.errors import NotFound
from grayscale.domain.visibility import ReaderKind
from grayscale.extensions import db
from grayscale.models import (
    ArchiveReason,
    Candidate,
    CandidatePhone,
    Conversation,
    Interview,
    LeverUser,
    Opportunity,
    Posting,
    Stage,
    User,
)
from grayscale.reading import Loading, Reading, each, several

PAGE = 50
# A front desk's number may be many people's.
MOST_SHARING = 10


@dataclass(frozen=True, slots=True)
class Filters:
    """What to look for; empty means no matter. *state* is '', 'active' or 'archived'."""

    words: str = ""
    posting: str = ""
    stage: str = ""
    owner: str = ""
    state: str = ""
    textable: bool = False

    @property
    def chosen(self) -> int:
        """How many are set beside the words."""
        return sum(map(bool, (self.posting, self.stage, self.owner, self.state, self.textable)))

    def __bool__(self) -> bool:
        return bool(self.words or self.chosen)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a person stands in the list by name."""

    name: str
    id: int

    def __str__(self) -> str:
        return f"{self.id}~{self.name}"

    @classmethod
    def parse(cls, text: str | None) -> "Place | None":
        row_id, _, name = (text or "").partition("~")
        return cls(name, int(row_id)) if re.fullmatch("[0-9]{1,18}", row_id) else None


@dataclass(frozen=True, slots=True)
class Candidacy:
    """One opportunity in words."""

    opportunity: Opportunity
    posting: str
    stage: str
    owner: str
    archive_reason: str
    is_hired: bool
    interviews: list[Interview]


@dataclass(frozen=True, slots=True)
class Profile:
    """A person with what this reader may see of them, the liveliest opportunity first."""

    candidate: Candidate
    candidacies: list[Candidacy] = field(default_factory=list)
    conversation_id: int | None = None

    @property
    def textable(self) -> CandidatePhone | None:
        return next((phone for phone in self.candidate.phones if phone.e164 and not phone.not_textable), None)


@dataclass(frozen=True, slots=True)
class Listing:
    profiles: list[Profile]
    after: Place | None


@dataclass(frozen=True, slots=True)
class Choices:
    """What the filters offer: Lever's id and the words."""

    postings: list[tuple[str, str]]
    stages: list[tuple[str, str]]
    owners: list[tuple[str, str]]


def page(user: User, filters: Filters, *, after: Place | None = None) -> Listing:
    """Candidates this person may see, by name; those without one come last."""
    query = select(Candidate).where(visibility.candidates_for(user), *_conditions(user, filters))
    if filters.words:
        terms = search_words.parse(filters.words)
        if not terms:
            return Listing([], None)
        query = query.where(*search_people.candidates(user, terms))
    found: list[Candidate] = []
    if after is None or after.name:
        found = _some(query.where(Candidate.name != ""), after, PAGE + 1)
    if len(found) <= PAGE:
        past = after if after is not None and not after.name else None
        found += _some(query.where(Candidate.name == ""), past, PAGE + 1 - len(found))
    more = len(found) > PAGE
    found = found[:PAGE]
    return Listing(profiles(found, user), Place(found[-1].name, found[-1].id) if more else None)


def _some(query: Select[Candidate], after: Place | None, most: int) -> list[Candidate]:
    if after is not None:
        query = query.where(tuple_(Candidate.name, Candidate.id) > tuple_(literal(after.name), literal(after.id)))
    query = query.options(selectinload(Candidate.phones)).order_by(Candidate.name, Candidate.id).limit(most)
    return list(db.session.scalars(query))


def _conditions(user: User, filters: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    by_id = {
        Opportunity.posting_lever_id: filters.posting,
        Opportunity.stage_lever_id: filters.stage,
        Opportunity.owner_lever_id: filters.owner,
    }
    asked = [column == value for column, value in by_id.items() if value]
    state = {
        "active": [Opportunity.archived_at.is_(None)],
        "archived": [Opportunity.archived_at.is_not(None)],
    }.get(filters.state, [])
    seen = visibility.opportunities_for(user)
    if asked:
        # Led by the opportunities: few of all candidates are in one posting or stage.
        conditions.append(Candidate.id.in_(select(Opportunity.candidate_id).where(*asked, *state, seen)))
    elif state:
        conditions.append(finds(Opportunity, Opportunity.candidate_id == Candidate.id, *state, seen))
    if filters.textable:
        conditions.append(
            finds(
                CandidatePhone,
                CandidatePhone.candidate_id == Candidate.id,
                CandidatePhone.e164.is_not(None),
                CandidatePhone.not_textable.is_(None),
            )
        )
    return conditions


def get(candidate_id: int, user: User) -> Candidate:
    """Raises ``NotFound`` also for somebody *user* may not see."""
    found = db.session.scalar(
        select(Candidate)
        .where(Candidate.id == candidate_id, visibility.candidates_for(user))
        .options(selectinload(Candidate.phones))
    )
    if found is None:
        raise NotFound("There is no such candidate, or they are not visible to you.")
    return found


def opportunity_of(lever_id: str, user: User) -> Opportunity | None:
    """The opportunity with Lever's id, if this person may see it."""
    return db.session.scalar(
        select(Opportunity).where(Opportunity.lever_id == lever_id, visibility.opportunities_for(user))
    )


def thread_open_to_more(conversation_id: int, wanted: Opportunity) -> str | None:
    """Where a conversation is noted, if that lets more people read it than *wanted*, a confidential opportunity."""
    if not wanted.confidential:
        return None
    row = db.session.execute(
        select(Opportunity.id, Opportunity.confidential, Posting.title)
        .select_from(Conversation)
        .outerjoin(Opportunity, Opportunity.id == Conversation.opportunity_id)
        .outerjoin(Posting, Posting.lever_id == Opportunity.posting_lever_id)
        .where(Conversation.id == conversation_id)
    ).one()
    if row.id == wanted.id or row.confidential:
        return None
    return row.title or ("General application" if row.id else "no opportunity yet")


def profile(candidate: Candidate, user: User, *, conversation_id: int | None = None) -> Profile:
    """One person with all that is known of their opportunities and interviews. *conversation_id* if it is known."""
    theirs = _candidacies([candidate.id], user, interviews=True).get(candidate.id, [])
    if conversation_id is None:
        conversation_id = _conversations([candidate.id], user).get(candidate.id)
    return Profile(candidate, theirs, conversation_id)


def profiles(candidates: list[Candidate], user: User) -> list[Profile]:
    """Many persons without their interviews, with two queries for all of them."""
    if not candidates:
        return []
    ids = [candidate.id for candidate in candidates]
    theirs = _candidacies(ids, user, interviews=False)
    held = _conversations(ids, user)
    return [Profile(candidate, theirs.get(candidate.id, []), held.get(candidate.id)) for candidate in candidates]


def sharing(conversation: Conversation, user: User) -> list[Profile]:
    """Others who have the number of *conversation* in Lever: whose its texts may be."""
    values = visibility.values(user) | {"peer": conversation.peer, "but": conversation.candidate_id or 0}
    ids = [row[0] for row in _sharing(ReaderKind.of(user)).rows(values)]
    if not ids:
        return []
    found = {one.id: one for one in db.session.scalars(select(Candidate).where(Candidate.id.in_(ids)))}
    return profiles([found[each] for each in ids if each in found], user)


@lru_cache(maxsize=8)
def _sharing(reader: ReaderKind) -> Reading:
    """Led by the number: led by the names, it would read them all."""
    return Reading(
        select(Candidate.id)
        .join_from(CandidatePhone, Candidate, Candidate.id == CandidatePhone.candidate_id)
        .where(
            CandidatePhone.e164 == bindparam("peer"),
            Candidate.id != bindparam("but"),
            visibility.candidates_for(reader),
        )
        .group_by(Candidate.id, Candidate.name)
        .order_by(Candidate.name, Candidate.id)
        .limit(MOST_SHARING)
    )


def _conversations(candidate_ids: list[int], user: User) -> dict[int, int]:
    values = visibility.values(user) | each("candidate", candidate_ids)
    return dict(_held(ReaderKind.of(user), len(candidate_ids)).rows(values))  # type: ignore[arg-type]


# These are made once for as many candidates as a page has: that takes longer than running them.


@lru_cache(maxsize=64)
def _held(reader: ReaderKind, count: int) -> Reading:
    return Reading(
        select(Conversation.candidate_id, func.max(Conversation.id))
        .where(Conversation.candidate_id.in_(several("candidate", count)), visibility.conversations_for(reader))
        .group_by(Conversation.candidate_id)
    )


def _candidacies(candidate_ids: list[int], user: User, *, interviews: bool) -> dict[int, list[Candidacy]]:
    """What this person may see, with Lever's names of postings, stages, owners and reasons, the liveliest first."""
    values = visibility.values(user) | each("candidate", candidate_ids)
    found = _applied(ReaderKind.of(user), len(candidate_ids)).rows(values)
    agreed = _interviews([row[0] for row in found]) if interviews else {}
    theirs: dict[int, list[Candidacy]] = {}
    for opportunity, posting, stage, owner, reason, reason_type in found:
        theirs.setdefault(opportunity.candidate_id, []).append(
            Candidacy(
                opportunity,
                posting or "",
                stage or "",
                owner or "",
                reason or "",
                reason_type == "hired",
                agreed.get(opportunity.id, []),
            )
        )
    for candidacies in theirs.values():
        candidacies.sort(key=lambda candidacy: _liveliest(candidacy.opportunity))
    return theirs


@lru_cache(maxsize=64)
def _applied(reader: ReaderKind, count: int) -> Loading:
    return Loading(
        (Opportunity,),
        lambda query: query.select_from(Opportunity)
        .outerjoin(Posting, Posting.lever_id == Opportunity.posting_lever_id)
        .outerjoin(Stage, Stage.lever_id == Opportunity.stage_lever_id)
        .outerjoin(LeverUser, LeverUser.lever_id == Opportunity.owner_lever_id)
        .outerjoin(ArchiveReason, ArchiveReason.lever_id == Opportunity.archive_reason_lever_id)
        .where(
            Opportunity.candidate_id.in_(several("candidate", count)), visibility.opportunities_for(reader)
        ),
        also=(Posting.title, Stage.text, LeverUser.name, ArchiveReason.text, ArchiveReason.type),
    )


def _interviews(opportunities: list[Opportunity]) -> dict[int, list[Interview]]:
    """Those of each, by id; from here on the opportunities know them as well."""
    found: dict[int, list[Interview]] = {opportunity.id: [] for opportunity in opportunities}
    if found:
        for (interview,) in _agreed(len(found)).rows(each("opportunity", list(found))):
            found[interview.opportunity_id].append(interview)
    for opportunity in opportunities:
        set_committed_value(opportunity, "interviews", found[opportunity.id])
    return found


@lru_cache(maxsize=64)
def _agreed(count: int) -> Loading:
    return Loading(
        (Interview,),
        lambda query: query.where(Interview.opportunity_id.in_(several("opportunity", count))).order_by(
            Interview.starts_at
        ),
    )


def _liveliest(opportunity: Opportunity) -> tuple[bool, float]:
    at = opportunity.advanced_at or opportunity.lever_created_at
    return opportunity.is_archived, -at.timestamp() if at else 0.0


def choices(user: User) -> Choices:
    """Postings that are open, stages in Lever's order, and people who own something."""
    return Choices(_postings(user.is_super_admin).rows({}), _STAGES.rows({}), _OWNERS.rows({}))  # type: ignore[arg-type]


@lru_cache(maxsize=2)
def _postings(is_super_admin: bool) -> Reading:
    # Each spelled out: a list cannot be bound.
    query = select(Posting.lever_id, Posting.title).where(
        or_(Posting.state == "published", Posting.state == "internal")
    )
    if not is_super_admin:
        query = query.where(Posting.confidential.is_(False))
    return Reading(query.order_by(Posting.title).limit(500))


_STAGES = Reading(select(Stage.lever_id, Stage.text).order_by(Stage.position, Stage.text))
_OWNERS = Reading(
    select(LeverUser.lever_id, LeverUser.name)
    .where(LeverUser.deactivated_at.is_(None))
    .order_by(LeverUser.name)
    .limit(500)
)
