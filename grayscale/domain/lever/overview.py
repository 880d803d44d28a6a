"""What was synced from Lever, in figures, and how Notes are written there."""

from sqlalchemy import func, select

from grayscale.database import transaction
from grayscale.domain import audit
from grayscale.domain.errors import Invalid
from grayscale.extensions import db
from grayscale.models import (
    ArchiveReason,
    Candidate,
    CandidatePhone,
    Interview,
    LeverIntegration,
    LeverUser,
    MirrorOddity,
    Opportunity,
    Posting,
    Stage,
    User,
)

ODDITIES_SHOWN = 200


def counts() -> dict[str, int]:
    """How many of each the mirror holds, by the words a page says."""
    active, archived = db.session.execute(
        select(
            func.count().filter(Opportunity.archived_at.is_(None)),
            func.count().filter(Opportunity.archived_at.is_not(None)),
        ).select_from(Opportunity)
    ).one()
    found = {
        "Candidates": _count(Candidate),
        "With a textable number": db.session.scalar(
            select(func.count(func.distinct(CandidatePhone.candidate_id))).where(CandidatePhone.e164.is_not(None))
        ) or 0,
        "Active opportunities": active,
        "Archived opportunities": archived,
    }
    lists = {"Interviews": Interview, "Postings": Posting, "Stages": Stage, "Archive reasons": ArchiveReason}
    return found | {words: _count(model) for words, model in lists.items()} | {"Lever users": _count(LeverUser)}


def oddity_count() -> int:
    return _count(MirrorOddity)


def oddities() -> list[MirrorOddity]:
    """What of Lever's data was not understood and therefore left out, newest first."""
    return list(
        db.session.scalars(
            select(MirrorOddity).order_by(MirrorOddity.seen_at.desc(), MirrorOddity.id).limit(ODDITIES_SHOWN)
        )
    )


def save_notes_settings(lever_user_id: str | None, *, notify_followers: bool, by: User) -> bool:
    """Whose name Notes carry (None: the key's own) and whether followers are told; whether anything changed.

    Raises ``Invalid`` for a person Lever does not know as active.
    """
    chosen = lever_user_id or None
    with transaction() as session:
        integration = session.get_one(LeverIntegration, 1)
        before = (integration.notes_as_user_id, integration.notify_followers)
        if before == (chosen, notify_followers):
            return False
        if chosen and chosen != integration.notes_as_user_id and not session.scalar(
            select(LeverUser.id).where(LeverUser.lever_id == chosen, LeverUser.deactivated_at.is_(None))
        ):
            raise Invalid("Lever has no such active user; sync and choose again.", "notes_as")
        integration.notes_as_user_id, integration.notify_followers = chosen, notify_followers
        if chosen != before[0]:
            integration.notes_warning = None
        audit.record("lever.notes_settings_saved", by=by, detail={
            "as": [_name(before[0]), _name(chosen)], "notify_followers": [before[1], notify_followers]
        })
    return True


def _name(lever_user_id: str | None) -> str | None:
    """Whom a line of the audit record means; the id of somebody who is not in the mirror any more."""
    if lever_user_id is None:
        return None
    return db.session.scalar(select(LeverUser.name).where(LeverUser.lever_id == lever_user_id)) or lever_user_id


def _count(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0
