"""People: creating them and letting them in."""

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from email_validator import EmailNotValidError, validate_email
from sqlalchemy import func, select

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain import audit
from grayscale.domain.company import ensure_rows
from grayscale.domain.errors import Conflict, Invalid
from grayscale.extensions import db
from grayscale.models import Role, User

SHORTEST_PASSWORD = 10

_hasher = PasswordHasher()
# Verified against when there is no such user, so that both answers take equally long.
_nobody = _hasher.hash(secrets.token_hex(16))


def normalise_email(email: str) -> str:
    """Lower case and checked for shape only. Raises ``Invalid``."""
    try:
        checked = validate_email(email.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise Invalid(f"That is not an e-mail address: {error}", "email") from None
    return checked.normalized.lower()


def create(*, email: str, name: str, role: Role, password: str, by: User | None = None) -> User:
    """Add a person who can sign in. Raises ``Invalid`` or, if the address is taken, ``Conflict``."""
    address = normalise_email(email)
    if not name.strip():
        raise Invalid("A name is needed.", "name")
    check_password(password)
    ensure_rows()
    password_hash = _hasher.hash(password)
    with transaction() as session:
        if session.scalar(select(User.id).where(User.email == address)):
            raise Conflict(f"There is already a user with the e-mail address {address}.")
        user = User(
            email=address,
            name=name.strip(),
            role=role,
            password_hash=password_hash,
            session_key=secrets.token_hex(16),
            created_at=clock.now(),
        )
        session.add(user)
        session.flush()
        audit.record("user.created", by=by, subject=address, detail={"role": role.value})
    return user


def check_password(password: str) -> None:
    """Raises ``Invalid`` for a password that is too easy to guess."""
    if len(password) < SHORTEST_PASSWORD:
        raise Invalid(f"A password needs at least {SHORTEST_PASSWORD} characters.", "password")


def authenticate(email: str, password: str) -> User | None:
    """The person with this address and password, or None; takes equally long either way."""
    user = db.session.scalar(select(User).where(User.email == email.strip().lower(), User.active.is_(True)))
    stored = user.password_hash if user is not None and user.password_hash else _nobody
    try:
        _hasher.verify(stored, password)
    except (VerifyMismatchError, InvalidHashError):
        return None
    return user if user is not None and user.password_hash else None


def exist() -> bool:
    """Whether anybody can sign in yet."""
    return bool(db.session.scalar(select(func.count()).select_from(User)))
