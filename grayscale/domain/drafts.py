"""What people have typed and not sent, kept per person and conversation."""

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain.inbox_member import member, membership
from grayscale.models import User

LONGEST = 100_000


def save(conversation_id: int, user: User, body: str) -> None:
    """Keep the words; blank forgets them. Cut at ``LONGEST`` characters, far beyond any text."""
    body = body[:LONGEST] if body.strip() else ""
    found = member(conversation_id, user)
    if (found.draft if found is not None else "") == body:
        return
    with transaction():
        row = membership(conversation_id, user)
        row.draft = body
        row.draft_saved_at = clock.now() if body else None


def of(conversation_id: int, user: User) -> str:
    """The words kept, or ''."""
    found = member(conversation_id, user)
    return found.draft if found is not None else ""
