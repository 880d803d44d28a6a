"""What can go wrong when another service is asked, told apart by what may be done next.

Every message is a sentence fit for a person: it names what happened and holds no secret. A caller that wants
one answer for all of them asks ``error.disposition``.
"""

from __future__ import annotations

from enum import StrEnum, unique


@unique
class Disposition(StrEnum):
    """What a caller may do after an error."""

    RETRY = "retry"  # nothing happened, or it was only a read: the same call may be made again
    LOOK_UP = "look_up"  # a write that may have happened: look before doing it again
    RECONNECT = "reconnect"  # the credentials are refused: stop until a person changes them
    GIVE_UP = "give_up"  # the same call will fail again


class ClientError(Exception):
    """The other service did not do what was asked.

    ``message`` is shown to people. ``status`` is the HTTP status if there was an answer, ``code`` the service's
    own code if it gave one (a string for Lever, the digits for Twilio).
    """

    disposition = Disposition.GIVE_UP

    def __init__(self, message: str, *, status: int | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code

    @property
    def may_retry(self) -> bool:
        return self.disposition is Disposition.RETRY

    @property
    def outcome_known(self) -> bool:
        """False when the write may have taken effect."""
        return self.disposition is not Disposition.LOOK_UP

    def __str__(self) -> str:
        return self.message

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.message!r}, status={self.status}, code={self.code!r})"


class Retryable(ClientError):
    """Known not to have taken effect, or a read that may pass later. ``retry_after`` in seconds, if told."""

    disposition = Disposition.RETRY

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        status: int | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message, status=status, code=code)
        self.retry_after = retry_after


class Permanent(ClientError):
    """Refused, and the same call will be refused again."""


class NotAuthorised(Permanent):
    """The credentials are not accepted (401)."""

    disposition = Disposition.RECONNECT


class Forbidden(Permanent):
    """The credentials are accepted, yet lack the permission for this call or object (403)."""


class NotFound(Permanent):
    """There is no such object, or no longer (404)."""


class UnexpectedAnswer(Permanent):
    """The service answered a read with something this client does not understand."""


class UnknownOutcome(ClientError):
    """A write was sent and its effect is not known: time-out, reset, or a 5xx answer."""

    disposition = Disposition.LOOK_UP
