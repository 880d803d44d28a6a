"""One-time links that let a person choose a password: invitations and resets.

Only the hash of a link's token is kept. A person has one link at a time; using it, a newer one or its end of life
make it worthless.
"""

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import select

from grayscale import clock
from grayscale.config import current_config
from grayscale.database import transaction
from grayscale.domain import audit, passwords, single_sign_on, users
from grayscale.domain.company import company
from grayscale.domain.errors import Invalid, NotFound
from grayscale.extensions import db
from grayscale.models import Role, User

LIFE = timedelta(days=3)
GONE = "This link has been used or has expired. Ask a super admin for a new one."


def invite(*, email: str, name: str, role: Role, by: User) -> tuple[User, str]:
    """A new person and the token of their link. Raises ``Invalid``, ``Conflict``."""
    with transaction():
        user = users.create(email=email, name=name, role=role, password=None, by=by)
        token = _new_link(user)
        audit.record("user.invited", by=by, subject=user.email)
    return user, token


def renew(user_id: int, by: User | None) -> str:
    """The token of a new link for somebody who was invited or forgot their password. Raises ``Invalid``.

    Nobody makes it who is at the command line.
    """
    with transaction():
        user = users.get(user_id)
        if not user.active:
            raise Invalid("This person is deactivated: let them in again first.")
        token = _new_link(user)
        audit.record("user.link_made", by=by, subject=user.email)
    return token


def address(token: str) -> str:
    """The link itself."""
    return f"{current_config().public_url}/join/{token}"


def holder(token: str) -> User:
    """Whose link this is. Raises ``NotFound`` when it no longer counts."""
    user = db.session.scalar(
        select(User).where(
            User.link_hash == hash_of(token), User.active.is_(True), User.link_expires_at > clock.now()
        )
    )
    if user is None:
        raise NotFound(GONE)
    return user


def accept(token: str, password: str) -> User:
    """Choose a password by link; ends every sign-in of that person. Raises ``NotFound``, ``Invalid``."""
    user = holder(token)
    if single_sign_on.passwords_are_off():
        raise Invalid("Passwords are switched off here: sign in with your company's account.", "password")
    passwords.check(password, user.name, user.email, company().name)
    password_hash = passwords.hash_of(password)
    with transaction():
        user = holder(token)
        users.set_password(user.id, password_hash, "user.password_chosen")
    return user


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _new_link(user: User) -> str:
    token = secrets.token_urlsafe(32)
    user.link_hash, user.link_expires_at = hash_of(token), clock.now() + LIFE
    return token
