"""The forms Twilio posts to us: a received text, and the state of a sent one. Verify the signature first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from grayscale.clients.text import clean

# Callbacks come in any order: a state is taken only when its rank is higher than the one known. Sent may be the last
# word for ever, because many carriers confirm nothing.
RANKS = {
    "accepted": 0,
    "scheduled": 0,
    "queued": 1,
    "sending": 2,
    "sent": 3,
    "delivered": 4,
    "undelivered": 4,
    "failed": 4,
    "canceled": 4,
    "read": 5,
}
FINAL = frozenset({"delivered", "undelivered", "failed", "canceled", "read"})
_MOST_MEDIA = 10


class Malformed(ValueError):
    """The form is not one of Twilio's."""


@dataclass(frozen=True, slots=True)
class MediaRef:
    url: str
    content_type: str


@dataclass(frozen=True, slots=True)
class InboundText:
    """``from_`` is E.164 as a rule, but a short code or a name can text too. ``opt_out_type`` is STOP, HELP or START
    when Twilio's advanced opt-out already answered. ``raw`` is the whole form, without NUL characters.
    """

    sid: str
    account_sid: str
    from_: str
    to: str
    body: str = ""
    media: tuple[MediaRef, ...] = ()
    segments: int = 1
    messaging_service_sid: str | None = None
    opt_out_type: str | None = None
    raw: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StatusEvent:
    """``rank`` is None for a word that is not known: log it and leave the message as it is."""

    sid: str
    account_sid: str
    status: str
    error_code: int | None = None
    error_message: str | None = None
    from_: str = ""
    to: str = ""
    raw: dict[str, str] = field(default_factory=dict)

    @property
    def rank(self) -> int | None:
        return RANKS.get(self.status)

    @property
    def is_final(self) -> bool:
        return self.status in FINAL


def parse_inbound(form: Iterable[tuple[str, str]]) -> InboundText:
    """Reads the form of a received text. Raises ``Malformed`` without a sid, a sender or a recipient."""
    raw = _fields(form)
    media = (
        MediaRef(raw.get(f"MediaUrl{index}", ""), raw.get(f"MediaContentType{index}", ""))
        for index in range(min(_number(raw.get("NumMedia")) or 0, _MOST_MEDIA))
    )
    return InboundText(
        sid=_required(raw, "MessageSid", "SmsMessageSid", "SmsSid"),
        account_sid=raw.get("AccountSid", ""),
        from_=_required(raw, "From"),
        to=_required(raw, "To"),
        body=raw.get("Body", ""),
        media=tuple(item for item in media if item.url),
        segments=_number(raw.get("NumSegments")) or 1,
        messaging_service_sid=raw.get("MessagingServiceSid") or None,
        opt_out_type=raw.get("OptOutType", "").upper() or None,
        raw=raw,
    )


def parse_status(form: Iterable[tuple[str, str]]) -> StatusEvent:
    """Reads the form of a status callback. Raises ``Malformed`` without a sid or a status."""
    raw = _fields(form)
    return StatusEvent(
        sid=_required(raw, "MessageSid", "SmsSid"),
        account_sid=raw.get("AccountSid", ""),
        status=_required(raw, "MessageStatus", "SmsStatus").lower(),
        error_code=_number(raw.get("ErrorCode")) or None,
        error_message=raw.get("ErrorMessage") or None,
        from_=raw.get("From", ""),
        to=raw.get("To", ""),
        raw=raw,
    )


def _fields(form: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The first value of each name; Twilio repeats none."""
    found: dict[str, str] = {}
    for name, value in form:
        found.setdefault(clean(name), clean(value))
    return found


def _required(raw: dict[str, str], *names: str) -> str:
    for name in names:
        if raw.get(name):
            return raw[name]
    raise Malformed(f"the form holds no {names[0]}")


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None
