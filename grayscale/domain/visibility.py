"""Who may see what: confidential opportunities, and the conversations and candidates that hang on them.

A confidential opportunity is visible to super admins and to its Lever owner, followers and hiring manager as mapped to
users. A conversation shares the fate of the opportunity it is tied to, and speaks of no other confidential one. A
candidate is visible when one of their opportunities is, or when they have none. The conditions belong into the query
itself: what may not be seen is not found, not counted and not searched.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, String, and_, bindparam, cast, false, or_, select, true

from grayscale.database import finds
from grayscale.extensions import db
from grayscale.models import Candidate, Conversation, Opportunity, User

MOVE_FIRST = (
    "This opportunity is confidential, and others read this conversation. Move the conversation to this opportunity"
    " first: then only those who may see it read it, earlier texts included."
)
# Of a text that waits: whoever reads the thread reads this too, so it does not say why.
NOT_HERE = "Not sent. It does not belong into this conversation any more."


@dataclass(frozen=True, slots=True)
class ReaderKind:
    """A reader in a statement that is put together once for all readers of a kind, and run with ``values``."""

    is_super_admin: bool
    is_in_lever: bool

    @classmethod
    def of(cls, user: User) -> "ReaderKind":
        return cls(user.is_super_admin, bool(user.lever_user_id))

    @property
    def id(self) -> Any:
        return bindparam("reader")

    @property
    def lever_user_id(self) -> Any:
        return bindparam("reader_in_lever") if self.is_in_lever else None


Reader = User | ReaderKind


def values(user: User) -> dict[str, Any]:
    """What a statement made for this person's ``ReaderKind`` is run with."""
    lever_id = user.lever_user_id or ""
    return {"reader": user.id, "reader_in_lever": lever_id, "reader_as_follower": _quoted(lever_id)}


def opportunities_for(user: Reader) -> ColumnElement[bool]:
    """Condition on ``Opportunity``: this person may see the row."""
    if user.is_super_admin:
        return true()
    return or_(Opportunity.confidential.is_(False), _belongs_to(user))


def _belongs_to(user: Reader) -> ColumnElement[bool]:
    lever_id = user.lever_user_id
    if lever_id is None or (isinstance(lever_id, str) and not lever_id):
        return false()
    follower = _quoted(lever_id) if isinstance(lever_id, str) else bindparam("reader_as_follower")
    return or_(
        Opportunity.owner_lever_id == lever_id,
        Opportunity.hiring_manager_lever_id == lever_id,
        # ``LIKE '%' || ? || '%'``: for a pattern that is a value SQLite prepares the whole statement anew each time.
        cast(Opportunity.follower_lever_ids, String).contains(follower, escape="/"),
    )


def _quoted(lever_id: str) -> str:
    """What to look for among the followers, a JSON list of opaque ids: the quotes make the match whole."""
    escaped = lever_id.replace("/", "//").replace("%", "/%").replace("_", "/_")
    return f'"{escaped}"'


def may_see(opportunity_id: int, user: User) -> bool:
    """Whether there is such an opportunity and *user* may see it."""
    seen = select(Opportunity.id).where(Opportunity.id == opportunity_id, opportunities_for(user))
    return db.session.scalar(seen) is not None


def may_speak_of(opportunity: Opportunity, conversation: Conversation) -> bool:
    """Whether a conversation with its candidate may: of a confidential one, only the conversation tied to it."""
    return not opportunity.confidential or conversation.opportunity_id == opportunity.id


def speaking_of() -> ColumnElement[bool]:
    """``may_speak_of`` as a condition on ``Conversation`` and ``Opportunity``."""
    return or_(Conversation.opportunity_id == Opportunity.id, Opportunity.confidential.is_(False))


def candidates_for(user: Reader) -> ColumnElement[bool]:
    """Condition on ``Candidate``: this person may see the row."""
    if user.is_super_admin:
        return true()
    theirs = Opportunity.candidate_id == Candidate.id
    return or_(
        ~finds(Opportunity, theirs, Opportunity.confidential.is_(True)),
        finds(Opportunity, theirs, opportunities_for(user)),
    )


def conversations_for(user: Reader) -> ColumnElement[bool]:
    """Condition on ``Conversation``: this person may see the row.

    Tied to an opportunity, that one decides; tied to none, the candidate does; a number nobody has is everybody's.
    """
    if user.is_super_admin:
        return true()
    tied = finds(Opportunity, Opportunity.id == Conversation.opportunity_id, opportunities_for(user))
    person = finds(Candidate, Candidate.id == Conversation.candidate_id, candidates_for(user))
    return and_(
        Conversation.restricted.is_(False),
        or_(
            Conversation.candidate_id.is_(None),
            and_(Conversation.opportunity_id.is_not(None), tied),
            and_(Conversation.opportunity_id.is_(None), person),
        ),
    )
