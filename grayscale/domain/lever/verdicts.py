"""What can come of a request to the webhook URL."""

import enum


@enum.unique
class Outcome(enum.StrEnum):
    """How a request was judged; the value is what it is counted under."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    # Lever's "Verify connection", signed as it should be.
    VERIFIED = "verified"
    # The same before that webhook's token was saved: it proves only that somebody who knows the URL asked.
    REACHED = "reached"
    UNHANDLED = "unhandled"
    BAD_SIGNATURE = "bad_signature"
    NO_TOKEN = "no_token"  # noqa: S105 - a verdict, not a secret
    STALE = "stale"
    # Signed rightly, but what was signed came before with another body.
    REPLAYED = "replayed"
    # Signed rightly or not: it came at a webhook URL whose overlap is over.
    ENDED_URL = "ended_url"
    MALFORMED = "malformed"
    TOO_LARGE = "too_large"

    @property
    def status(self) -> int:
        """The HTTP status Lever gets. Only a 2xx ends its tries."""
        return STATUS.get(self, 200)

    @property
    def words(self) -> str:
        return WORDS[self]


STATUS = {
    Outcome.BAD_SIGNATURE: 401,
    Outcome.NO_TOKEN: 409,
    Outcome.STALE: 403,
    Outcome.REPLAYED: 403,
    Outcome.ENDED_URL: 404,
    Outcome.MALFORMED: 400,
    Outcome.TOO_LARGE: 413,
}
REFUSED = tuple(STATUS)
# Signed with a token that is stored: proof that the webhook works.
GENUINE = (Outcome.ACCEPTED, Outcome.DUPLICATE, Outcome.VERIFIED)
# Which say that nothing of a webhook gets through until somebody mends it.
FAILING = (Outcome.BAD_SIGNATURE, Outcome.NO_TOKEN, Outcome.ENDED_URL)
# Also counted, though no request of its own: changes that polling found and no webhook told.
MISSED = "missed"

WORDS = {
    Outcome.ACCEPTED: "Accepted",
    Outcome.DUPLICATE: "Came again",
    Outcome.VERIFIED: "Connection verified",
    Outcome.REACHED: "Connection test before the token was saved",
    Outcome.UNHANDLED: "Not handled",
    Outcome.BAD_SIGNATURE: "Signature wrong",
    Outcome.NO_TOKEN: "Came too early: no token saved",
    Outcome.STALE: "Time too far from now",
    Outcome.REPLAYED: "Signature of another event",
    Outcome.ENDED_URL: "Called a URL that was ended",
    Outcome.MALFORMED: "Not readable",
    Outcome.TOO_LARGE: "Too large",
}

# As a refusal's reason, which tells it from a signature that does not fit.
ENDED_URL_REASON = "it called a URL that was ended"
