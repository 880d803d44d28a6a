"""What a super admin must know wherever they are."""

from dataclasses import dataclass

from flask import Flask, request

from grayscale.domain.company import lever_integration
from grayscale.domain.lever import health
from grayscale.domain.texting import filtering
from grayscale.domain.texting.account import numbers
from grayscale.domain.transcripts import author
from grayscale.models import KeyState
from grayscale.web.auth import me
from grayscale.web.filters import glance, reader_zone

COOKIE = "put-away"


@dataclass(frozen=True, slots=True)
class Banner:
    words: str
    kind: str = "warn"
    url: str = ""
    link: str = ""
    # Names it where the person may put it away.
    key: str = ""


def put_away() -> set[str]:
    """The keys of what the signed-in person put away in this browser; what is news again has another key."""
    whose, _, keys = request.cookies.get(COOKIE, "").partition(":")
    return set(keys.split(".")) - {""} if whose == str(me().id) else set()


def init_app(app: Flask) -> None:
    app.jinja_env.globals["banners"] = banners


def banners() -> list[Banner]:
    """The banners for the signed-in person; recruiters see only what stops their own work."""
    found = []
    stopped = glance().stopped_reason
    if stopped:
        words = f"Texting is stopped: {stopped}"
        found.append(
            Banner(words, "bad", "/settings/texting", "Texting settings")
            if me().is_super_admin
            else Banner(f"{words} A super admin can mend it. What you write is kept and goes when it is.", "bad")
        )
    if not me().is_super_admin:
        return found
    away = put_away()
    for number in numbers():
        blocked = filtering.alert(number)
        key = f"f{number.id}-{int(number.filtered_at.timestamp())}" if number.filtered_at is not None else ""
        if blocked and key not in away:
            found.append(Banner(blocked, "warn", "/settings/texting#numbers", "Numbers", key))
    integration = lever_integration()
    lever = "/settings/ats/lever"
    if integration.key_state is KeyState.REFUSED:
        found.append(Banner(integration.key_error or "Lever refused the key.", "bad", lever, "Lever settings"))
    webhooks = health.banners(reader_zone())
    found += [Banner(one.words, one.kind, f"{lever}#webhooks", "Webhooks") for one in webhooks]
    notes_warning = author.warning()
    if notes_warning:
        found.append(Banner(notes_warning, "warn", lever, "Lever settings"))
    return found
