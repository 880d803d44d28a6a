"""As whom Notes are posted: the API key itself, or a chosen Lever user."""

from sqlalchemy import select

from grayscale.database import transaction
from grayscale.domain.company import lever_integration
from grayscale.extensions import db
from grayscale.models import LeverIntegration, LeverUser


def perform_as() -> str | None:
    """Id of the Lever user whose name Notes carry; None for the key's own identity.

    Somebody deactivated in Lever is passed over; ``warning`` says so.
    """
    user = _chosen()
    return None if user is not None and user.deactivated_at is not None else lever_integration().notes_as_user_id


def warning() -> str | None:
    """Why Notes carry another name than the super admins chose, as a sentence; None when they do not."""
    user = _chosen()
    if user is not None and user.deactivated_at is not None:
        return _words(f"{user.name or 'The chosen user'} is deactivated in Lever")
    return lever_integration().notes_warning


def tell(user_id: str | None, refusal: str | None) -> None:
    """What came of a Note posted for *user_id*: accepted, or refused in Lever's words and posted as the key itself."""
    if user_id is None or user_id != lever_integration().notes_as_user_id:
        return  # another was chosen meanwhile
    user, words = _chosen(), None
    if refusal is not None:
        words = _words(f"Lever refused {user.name if user else 'the chosen user'} as author ({refusal.rstrip('.')})")
    if lever_integration().notes_warning != words:
        with transaction() as session:
            session.get_one(LeverIntegration, 1).notes_warning = words


def _chosen() -> LeverUser | None:
    chosen = lever_integration().notes_as_user_id
    return db.session.scalar(select(LeverUser).where(LeverUser.lever_id == chosen)) if chosen else None


def _words(why: str) -> str:
    return f"{why}, so Notes are posted as the API key itself. Choose another user under Post notes as."
