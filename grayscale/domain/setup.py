"""The very first start: a one-time link makes the first super admin."""

import secrets

from grayscale.config import current_config
from grayscale.database import transaction
from grayscale.domain import audit, passwords, users
from grayscale.domain.company import company, ensure_rows
from grayscale.domain.errors import Invalid, NotFound
from grayscale.domain.invitations import hash_of
from grayscale.models import Role, User


def link_if_needed() -> str | None:
    """A fresh one-time link to print while nobody can sign in, else None. An earlier link stops working."""
    ensure_rows()
    if users.exist():
        return None
    token = secrets.token_urlsafe(32)
    with transaction():
        company().setup_token_hash = hash_of(token)
    return f"{current_config().public_url}/setup/{token}"


def check(token: str) -> None:
    """Raises ``NotFound`` unless this is the link of the first start."""
    stored = company().setup_token_hash
    if stored is None or not secrets.compare_digest(stored, hash_of(token)) or users.exist():
        raise NotFound("This set-up link is no longer valid. Set-up happens once; afterwards people are invited.")


def complete(token: str, *, company_name: str, time_zone: str, email: str, name: str, password: str) -> User:
    """Name the company and make the first super admin. Raises ``NotFound``, ``Invalid``."""
    check(token)
    users.check_zone(time_zone)
    if not company_name.strip():
        raise Invalid("The company's name is needed.", "company_name")
    passwords.check(password, name, email, company_name)
    with transaction():
        check(token)
        user = users.create(email=email, name=name, role=Role.SUPER_ADMIN, password=password)
        row = company()
        row.name, row.time_zone, row.setup_token_hash = company_name.strip(), time_zone, None
        audit.record("company.set_up", by=user, subject=row.name)
    return user
