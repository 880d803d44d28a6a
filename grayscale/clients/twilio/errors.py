"""What can go wrong with Twilio, on the common hierarchy."""

from __future__ import annotations

from grayscale.clients.errors import NotAuthorised, NotFound, Permanent, Retryable, UnknownOutcome
from grayscale.clients.twilio.errors_table import Failure, FailureKind


class Rejected(Permanent):
    """Twilio refused, finally. ``failure`` explains it; ``code`` is Twilio's number as text, if it gave one."""

    def __init__(self, failure: Failure, *, status: int | None = None, detail: str = "") -> None:
        super().__init__(failure.user_text, status=status, code=None if failure.code is None else str(failure.code))
        self.failure = failure
        self.detail = detail

    @property
    def kind(self) -> FailureKind:
        return self.failure.kind


class CredentialsRejected(Rejected, NotAuthorised):
    """The Account SID or auth token is wrong."""


class NoSuchObject(Rejected, NotFound):
    """Twilio does not have it, or no longer."""


class Throttled(Retryable):
    """Not taken, because of load: the same call may be made after ``retry_after`` seconds."""


class NotSent(Retryable):
    """Proven never to have left this machine, or a read without an answer."""


class OutcomeUnknown(UnknownOutcome):
    """The text may have been sent: look it up, never send again by itself."""


class MediaRefused(Permanent):
    """The media is not at Twilio, too large, or not to be had."""
