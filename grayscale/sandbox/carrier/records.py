"""What the simulated carrier keeps."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from grayscale.sandbox.clock import rfc2822

Json = dict[str, Any]
VERSION = "2010-04-01"


def utcnow() -> datetime:
    return datetime.now(UTC)


def new_sid(prefix: str) -> str:
    return prefix + secrets.token_hex(16)


@dataclass
class Media:
    sid: str
    content_type: str
    content: bytes
    created_at: datetime = field(default_factory=utcnow)


@dataclass
class Message:
    """One text, in either direction."""

    sid: str
    to: str
    from_: str | None
    body: str
    direction: str
    status: str
    segments: int
    service: str | None = None
    media: list[Media] = field(default_factory=list)
    media_urls: list[str] = field(default_factory=list)
    status_callback: str | None = None
    error_code: int | None = None
    created_at: datetime = field(default_factory=utcnow)
    updated_at: datetime = field(default_factory=utcnow)
    sent_at: datetime | None = None
    #: Every status it went through, with the time.
    history: list[tuple[str, datetime]] = field(default_factory=list)
    #: The carrier's own answer to a keyword: on the phone, but in nobody's message list.
    hidden: bool = False

    def set_status(self, status: str) -> None:
        self.status, self.updated_at = status, utcnow()
        self.history.append((status, self.updated_at))
        if status in {"sent", "delivered", "received"} and self.sent_at is None:
            self.sent_at = self.updated_at

    def as_json(self, account_sid: str) -> Json:
        uri = f"/{VERSION}/Accounts/{account_sid}/Messages/{self.sid}"
        queued_by_service = self.service is not None and self.status == "accepted"
        return {
            "sid": self.sid,
            "account_sid": account_sid,
            "api_version": VERSION,
            "body": self.body,
            "date_created": rfc2822(self.created_at),
            "date_updated": rfc2822(self.updated_at),
            "date_sent": rfc2822(self.sent_at),
            "direction": self.direction,
            "error_code": self.error_code,
            "error_message": None,
            "from": None if queued_by_service else self.from_,
            "messaging_service_sid": self.service,
            "num_media": str(len(self.media) or len(self.media_urls)),
            "num_segments": "0" if queued_by_service else str(self.segments),
            "price": None,
            "price_unit": "USD",
            "status": self.status,
            "to": self.to,
            "uri": f"{uri}.json",
            "subresource_uris": {"media": f"{uri}/Media.json"},
        }


@dataclass
class Number:
    """A number of the account and where its texts go."""

    sid: str
    phone_number: str
    friendly_name: str
    sms_url: str = ""
    sms_method: str = "POST"
    sms_fallback_url: str = ""
    status_callback: str = ""

    def as_json(self, account_sid: str) -> Json:
        return {
            "sid": self.sid,
            "account_sid": account_sid,
            "api_version": VERSION,
            "phone_number": self.phone_number,
            "friendly_name": self.friendly_name,
            "capabilities": {"voice": True, "sms": True, "mms": True, "fax": False},
            "sms_url": self.sms_url,
            "sms_method": self.sms_method,
            "sms_fallback_url": self.sms_fallback_url,
            "sms_fallback_method": "POST",
            "status_callback": self.status_callback,
            "status_callback_method": "POST",
            "status": "in-use",
            "origin": "twilio",
            "uri": f"/{VERSION}/Accounts/{account_sid}/IncomingPhoneNumbers/{self.sid}.json",
        }
