"""Who can sign in by what is on now, so that there always is a super admin who can.

A password counts unless passwords are switched off; single sign-on counts while it is set up, for who has signed in
with that registration and has an address of an allowed domain. An invitation counts for nothing before it is accepted.
"""

from dataclasses import dataclass

from sqlalchemy import select

from grayscale.database import in_transaction
from grayscale.extensions import db
from grayscale.models import Role, SingleSignOn, User


@dataclass(frozen=True, slots=True)
class Doors:
    """What is on: passwords, and single sign-on by its *name* for *domains*, None where it is not set up."""

    passwords: bool
    name: str | None
    domains: frozenset[str]

    @classmethod
    def now(cls) -> "Doors":
        row = db.session.get(SingleSignOn, 1)
        if row is None:
            return cls(True, None, frozenset())
        return cls(not row.passwords_off, row.name, frozenset(row.domains))

    def let_in(self, user: User) -> bool:
        """Whether this person can sign in."""
        by_provider = user.sso_subject is not None and user.email.rpartition("@")[2] in self.domains
        return user.active and (by_provider or (self.passwords and user.password_hash is not None))

    @property
    def needed(self) -> str:
        """What somebody must have done to be let in, as the end of a sentence."""
        by_provider = f"signed in with {self.name} here" if self.name is not None else ""
        return " or ".join(filter(None, ["chosen a password" if self.passwords else "", by_provider]))


def hold_super_admins() -> list[User]:
    """The active super admins, held until the transaction ends: of two who each remove the other, the second finds the
    first one gone. Before anything is changed, so that locks are taken in one order."""
    if not in_transaction():
        raise RuntimeError("who can sign in is changed inside a transaction()")
    rows = select(User).where(User.role == Role.SUPER_ADMIN, User.active.is_(True)).order_by(User.id)
    return list(
        db.session.scalars(rows.with_for_update(key_share=True).execution_options(populate_existing=True))
    )


def someone_can(super_admins: list[User]) -> bool:
    """Whether one of them, as they and the doors stand in this transaction, is a super admin and can sign in."""
    doors = Doors.now()
    return any(user.is_super_admin and doors.let_in(user) for user in super_admins)
