"""As whom Notes are posted: the API key itself, or a chosen Lever user."""

from sqlalchemy import select

from grayscale.database import transaction
from grayscale.domain.company import lever_integration
from grayscale.extensions import db
from grayscale.models import LeverIntegration, LeverUser


def perform_as() -> str | None:
    """Id of the Lever user whose name Notes carry; None for the key's own identity.

    Somebody deactivated in Lever is passed over, with a warning to the super admins.
    """
    chosen = lever_integration().notes_as_user_id
    if chosen is None:
        return None
    user = db.session.scalar(select(LeverUser).where(LeverUser.lever_id == chosen))
    if user is not None and user.deactivated_at is not None:
        warn(f"{user.name or 'The chosen user'} is deactivated in Lever")
        return None
    return chosen


def tell(user_id: str | None, refusal: str | None) -> None:
    """What came of a Note posted for *user_id*: accepted, or refused in Lever's words and posted as the key itself."""
    if user_id is None:
        return
    if refusal is None:
        _clear_warning()
        return
    user = db.session.scalar(select(LeverUser).where(LeverUser.lever_id == user_id))
    warn(f"Lever refused {user.name if user else 'the chosen user'} as author ({refusal.rstrip('.')})")


def warn(why: str) -> None:
    """Tell the super admins that Notes carry another name than they chose."""
    words = f"{why}, so Notes are posted as the API key itself. Choose another user under Post notes as."
    if lever_integration().notes_warning != words:
        with transaction() as session:
            session.get_one(LeverIntegration, 1).notes_warning = words


def _clear_warning() -> None:
    if lever_integration().notes_warning is not None:
        with transaction() as session:
            session.get_one(LeverIntegration, 1).notes_warning = None
