"""As whom interviews are written: Lever wants a user's name on every one."""

from sqlalchemy import select

from grayscale.domain.company import lever_integration
from grayscale.domain.errors import Invalid
from grayscale.extensions import db
from grayscale.models import LeverUser, Opportunity, User

NOBODY = (
    "Lever wants to know who schedules, and your account is not linked to a Lever user. A super admin links it under"
    " Settings › Users, or chooses a user under 'Post notes as' in the Lever settings."
)


def choices(opportunity: Opportunity, by: User) -> list[LeverUser]:
    """The Lever users *by* may act as on this opportunity, the best guess first: themselves, the company's choice for
    Notes, its owner, its hiring manager. Only people active in Lever."""
    wanted = [
        by.lever_user_id,
        lever_integration().notes_as_user_id,
        opportunity.owner_lever_id,
        opportunity.hiring_manager_lever_id,
    ]
    ids = [lever_id for lever_id in dict.fromkeys(wanted) if lever_id]
    rows = db.session.scalars(
        select(LeverUser).where(LeverUser.lever_id.in_(ids), LeverUser.deactivated_at.is_(None))
    )
    known = {row.lever_id: row for row in rows}
    return [known[lever_id] for lever_id in ids if lever_id in known]


def chosen(opportunity: Opportunity, by: User, wanted: str | None) -> str:
    """The Lever user to act as: the one *wanted*, or the best guess. Raises ``Invalid``."""
    found = [user.lever_id for user in choices(opportunity, by)]
    if not found:
        raise Invalid(NOBODY, "perform_as")
    if wanted is None:
        return found[0]
    if wanted not in found:
        raise Invalid("Choose one of the people listed.", "perform_as")
    return wanted
