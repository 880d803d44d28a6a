"""What Twilio answers with, typed. Odd or missing fields never raise except for a missing sid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Self

from grayscale.clients.text import clean


class MissingSid(ValueError):
    """The record has no sid, or is not a record at all."""


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message as Twilio lists it, in either direction. ``from_`` is None until a pool sender is picked.

    ``segments`` is 0 at first when sent through a messaging service. Times are aware UTC.
    """

    sid: str
    status: str = ""
    segments: int = 0
    to: str = ""
    from_: str | None = None
    body: str = ""
    direction: str = ""
    media_count: int = 0
    messaging_service_sid: str | None = None
    error_code: int | None = None
    date_created: datetime | None = None
    date_sent: datetime | None = None
    date_updated: datetime | None = None

    @property
    def is_inbound(self) -> bool:
        return self.direction == "inbound" or self.status in ("received", "receiving")

    @classmethod
    def parse(cls, raw: object) -> Self:
        row = _row(raw)
        return cls(
            sid=_sid(row),
            status=_text(row, "status").lower(),
            segments=_count(row, "num_segments"),
            to=_text(row, "to"),
            from_=_text(row, "from") or None,
            body=_text(row, "body"),
            direction=_text(row, "direction"),
            media_count=_count(row, "num_media"),
            messaging_service_sid=_text(row, "messaging_service_sid") or None,
            error_code=_count(row, "error_code") or None,
            date_created=_time(row, "date_created"),
            date_sent=_time(row, "date_sent"),
            date_updated=_time(row, "date_updated"),
        )


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A number of the account and where it sends what it receives."""

    sid: str
    phone_number: str = ""
    friendly_name: str = ""
    sms_url: str = ""
    sms_fallback_url: str = ""
    sms_capable: bool = False
    mms_capable: bool = False

    @classmethod
    def parse(cls, raw: object) -> Self:
        row = _row(raw)
        able = row.get("capabilities")
        able = able if isinstance(able, Mapping) else {}
        return cls(
            sid=_sid(row),
            phone_number=_text(row, "phone_number"),
            friendly_name=_text(row, "friendly_name"),
            sms_url=_text(row, "sms_url"),
            sms_fallback_url=_text(row, "sms_fallback_url"),
            sms_capable=able.get("sms", able.get("SMS")) is True,
            mms_capable=able.get("mms", able.get("MMS")) is True,
        )


@dataclass(frozen=True, slots=True)
class Account:
    """``status`` is active, suspended or closed; ``type`` Trial or Full."""

    sid: str
    friendly_name: str = ""
    status: str = ""
    type: str = ""

    @classmethod
    def parse(cls, raw: object) -> Self:
        row = _row(raw)
        return cls(_sid(row), _text(row, "friendly_name"), _text(row, "status"), _text(row, "type"))


@dataclass(frozen=True, slots=True)
class MediaItem:
    """A medium of a stored message: ``path`` is relative to the API root."""

    sid: str
    content_type: str
    path: str

    @classmethod
    def parse(cls, raw: object) -> Self:
        row = _row(raw)
        return cls(_sid(row), _text(row, "content_type"), _text(row, "uri").removesuffix(".json"))


@dataclass(frozen=True, slots=True)
class MediaContent:
    """``content_type`` is what the server claims: sniff before serving."""

    content: bytes
    content_type: str


def _row(raw: object) -> Mapping[str, Any]:
    if not isinstance(raw, Mapping):
        raise MissingSid("the record is not an object")
    return raw


def _sid(row: Mapping[str, Any]) -> str:
    sid = _text(row, "sid")
    if not sid:
        raise MissingSid("the record has no sid")
    return sid


def _text(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    return clean(value) if isinstance(value, str) else ""


def _count(row: Mapping[str, Any], key: str) -> int:
    """Twilio writes counts as text."""
    value = row.get(key)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    return value if type(value) is int and 0 <= value < 2**31 else 0


def _time(row: Mapping[str, Any], key: str) -> datetime | None:
    """RFC 2822 in GMT, as documented; ISO 8601, as Twilio's newer resources write it, is read as well."""
    written = _text(row, key)
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = read(written)
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, TypeError, OverflowError):
            continue
    return None
