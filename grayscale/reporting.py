"""Telling an error tracker (Sentry) of errors, where ``SENTRY_DSN`` names one: what broke and where, nobody's data.

Sent are the kinds of the exceptions and the lines of code they passed. Messages, local variables, requests,
log lines and users stay here.
"""

from typing import Any

import sentry_sdk
from sentry_sdk.transport import Transport

KEPT = ("event_id", "timestamp", "level", "platform", "release", "exception", "sdk", "environment")


def begin(dsn: str, *, release: str, transport: type[Transport] | None = None) -> None:
    """Report errors to *dsn* from here on."""
    sentry_sdk.init(
        dsn=dsn,
        release=release,
        transport=transport,
        # Each of them adds something of the request, the environment or the log.
        default_integrations=False,
        auto_enabling_integrations=False,
        include_local_variables=False,
        max_breadcrumbs=0,
        server_name="",
        before_send=scrub,
    )


def report(error: BaseException | None) -> None:
    """Send *error*, if there is one and anybody to send it to."""
    if error is not None and sentry_sdk.is_initialized():
        sentry_sdk.capture_exception(error)


def scrub(event: Any, _hint: Any) -> Any:
    """The event with only what names nobody."""
    kept = {name: event[name] for name in KEPT if name in event}
    for thrown in kept.get("exception", {}).get("values", []):
        thrown["value"] = "[not sent]"
        for frame in thrown.get("stacktrace", {}).get("frames", []):
            frame.pop("vars", None)
    return kept
