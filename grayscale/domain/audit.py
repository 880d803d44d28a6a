"""Writing down who did what."""

from typing import Any

from grayscale import clock
from grayscale.extensions import db
from grayscale.models import AuditEvent, User


def record(
    action: str,
    *,
    by: User | None,
    subject: str = "",
    detail: dict[str, Any] | None = None,
    address: str | None = None,
) -> None:
    """Add one line, inside the caller's transaction. *detail* holds no secret and no words of a candidate."""
    db.session.add(
        AuditEvent(
            at=clock.now(),
            user_id=by.id if by else None,
            action=action,
            subject=subject,
            detail=detail,
            address=address,
        )
    )
