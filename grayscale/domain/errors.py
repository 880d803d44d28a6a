"""What can go wrong in the domain, each with a sentence fit for the person who caused or met it."""


class DomainError(Exception):
    """Base of them all; ``str(error)`` is the sentence."""


class Invalid(DomainError):
    """Input that cannot be accepted. *field* names the form field it belongs to, if one."""

    def __init__(self, sentence: str, field: str | None = None) -> None:
        super().__init__(sentence)
        self.field = field


class NotFound(DomainError):
    """It does not exist, or not for this person: the two are not told apart."""


class NotAllowed(DomainError):
    """This person may not do this."""


class Conflict(DomainError):
    """Somebody or something was quicker; nothing was changed."""
