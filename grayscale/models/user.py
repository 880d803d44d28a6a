"""People who sign in."""

import enum
from datetime import datetime

from flask_login import UserMixin
from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from grayscale.extensions import db
from grayscale.models.types import LeverId, RowId, UTCDateTime, enum_type


@enum.unique
class Role(enum.StrEnum):
    SUPER_ADMIN = "super_admin"
    RECRUITER = "recruiter"


class User(UserMixin, db.Model):  # type: ignore[name-defined]
    """A person with an account here; *lever_user_id* says who they are in Lever."""

    __tablename__ = "user_account"
    __table_args__ = (CheckConstraint("email = lower(email)", name="email_lower"),)

    id: Mapped[RowId]
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[Role] = mapped_column(enum_type(Role, "role"))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    lever_user_id: Mapped[str | None] = mapped_column(LeverId, index=True)
    time_zone: Mapped[str | None] = mapped_column(String(64))
    active: Mapped[bool] = mapped_column(default=True)
    # Read by nothing since sign-ins are rows. Every INSERT of this version names it, and a deploy overlaps two
    # versions: the next one leaves it out of the model and gives the column a default, the one after drops it.
    session_key: Mapped[str] = mapped_column(String(64), default="", deferred=True)
    # The identity provider's issuer and id of them, once they signed in that way.
    sso_subject: Mapped[str | None] = mapped_column(String(600), unique=True, index=True)
    # Hash of the one-time link that sets a password (an invitation or a reset), and when it stops working.
    link_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    link_expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    enter_sends: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    last_signed_in_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    @property
    def is_active(self) -> bool:
        return self.active

    @property
    def is_super_admin(self) -> bool:
        return self.role is Role.SUPER_ADMIN

    @property
    def is_invited(self) -> bool:
        """Asked to join, and has not come in yet."""
        return self.active and self.last_signed_in_at is None and self.password_hash is None

    @property
    def first_name(self) -> str:
        return self.name.split()[0] if self.name.split() else self.name
