"""Error answers of the messages API, by code."""

from __future__ import annotations

#: Code -> HTTP status and text (the texts are ours).
ERRORS: dict[int, tuple[int, str]] = {
    20003: (401, "Authenticate"),
    20404: (404, "The requested resource was not found"),
    20429: (429, "Too Many Requests"),
    20500: (500, "Internal Server Error"),
    21211: (400, "The 'To' number is not a valid phone number."),
    21212: (400, "The 'From' number is not a valid phone number."),
    21408: (400, "Permission to send an SMS has not been enabled for the region of the 'To' number."),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21606: (400, "The 'From' number is not a valid, message-capable number of this account."),
    21608: (400, "The 'To' number is unverified. Trial accounts cannot send to unverified numbers."),
    21609: (400, "The 'StatusCallback' URL is not a valid URL."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21611: (400, "This 'From' number has exceeded the maximum number of queued messages"),
    21612: (400, "The 'To' number is not currently reachable using the 'From' number."),
    21614: (400, "The 'To' number is not a valid mobile number."),
    21617: (400, "The concatenated message body exceeds the 1600 character limit"),
    21623: (400, "Number of media files exceeds allowed limit"),
    21635: (400, "The 'To' number is a landline."),
    30004: (400, "Message blocked"),
}

#: Numbers that always fail the same way, as the carrier's test credentials do.
MAGIC_FROM = {"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}
MAGIC_TO = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}
MAGIC_OK = "+15005550006"


class CarrierError(Exception):
    """An answer of the API that is not 2xx."""

    def __init__(self, code: int, status: int | None = None) -> None:
        known = ERRORS.get(code, (400, "Request refused"))
        super().__init__(known[1])
        self.code, self.status, self.message = code, status or known[0], known[1]

    def as_json(self) -> dict[str, object]:
        return {
            "code": self.code,
            "message": self.message,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }
