"""How times, phones and faults read on the sandbox's pages."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Flask
from markupsafe import Markup

from grayscale.sandbox.clock import now_ms
from grayscale.sandbox.desk import describe


def register(app: Flask, *, service: str, title: str) -> None:
    app.jinja_env.filters.update(when=when, ago=ago, field_time=field_time, fault=describe, initials=initials)
    app.jinja_env.globals.update(service=service, service_title=title)


def _moment(value: int | float | datetime) -> datetime:
    """Milliseconds, or seconds when too small for them, or a datetime, as a UTC time."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC)


def when(value: int | float | datetime | None) -> Markup | str:
    """A full time in UTC, as an element."""
    if value is None:
        return "never"
    at = _moment(value)
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(), at.strftime("%a %-d %b %Y, %H:%M:%S UTC"))


def ago(value: int | float | datetime | None) -> Markup | str:
    """How long ago (or ahead), the full time on hover."""
    if value is None:
        return "never"
    at = _moment(value)
    seconds = now_ms() / 1000 - at.timestamp()
    text = _span(abs(seconds))
    text = "just now" if text == "0 s" else f"{text} ago" if seconds >= 0 else f"in {text}"
    full = at.strftime("%a %-d %b %Y, %H:%M:%S UTC")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(at.isoformat(), full, text)


def _span(seconds: float) -> str:
    for size, unit in ((365 * 86400, "y"), (30 * 86400, "mo"), (86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds)} s"


def field_time(value: int) -> str:
    """Milliseconds as the value of a `datetime-local` field, in UTC."""
    return _moment(value).strftime("%Y-%m-%dT%H:%M")


def initials(name: str) -> str:
    parts = name.split()
    return "".join(part[0] for part in (parts[:1] + parts[-1:] if len(parts) > 1 else parts)).upper() or "?"
