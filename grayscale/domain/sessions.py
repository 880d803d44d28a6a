"""How long a sign-in lasts, and ending all of a person's at once.

A session names its person and their session key; a new key ends every session that holds the old one. When it began
and when the person last did something travel in the signed cookie.
"""

import secrets
from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from grayscale import clock
from grayscale.database import transaction
from grayscale.models import User

# A working day and a night's pause end it; so does a fortnight, however busy.
IDLE_LIMIT = timedelta(hours=12)
ABSOLUTE_LIMIT = timedelta(days=14)
# The cookie is written again only this often.
SEEN_EVERY = timedelta(minutes=5)


def new_key() -> str:
    return secrets.token_hex(16)


def is_alive(began_at: float, seen_at: float) -> bool:
    """Whether a session that began and was last used at these moments (seconds, UTC) still counts."""
    now = clock.now()
    return (
        now - datetime.fromtimestamp(began_at, UTC) < ABSOLUTE_LIMIT
        and now - datetime.fromtimestamp(seen_at, UTC) < IDLE_LIMIT
    )


def end_all(user_id: int) -> None:
    """Sign this person out everywhere."""
    with transaction() as session:
        session.execute(
            update(User)
            .where(User.id == user_id)
            .values(session_key=new_key())
            .execution_options(synchronize_session="fetch")
        )
