"""The states of a webhook and the sentences that tell them, by the evidence of its row."""

import enum
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from grayscale import clock
from grayscale.domain.lever.verdicts import ENDED_URL_REASON, MISSED, REFUSED, Outcome

WEEK = timedelta(days=7)


@enum.unique
class HealthState(enum.StrEnum):
    NO_TOKEN = "no_token"  # noqa: S105 - a state, not a secret
    WAITING = "waiting"
    RECEIVING = "receiving"
    # A token was saved over a working one, and Lever goes on with the one before: it is refused when the overlap ends.
    PREVIOUS = "previous"
    FAILING = "failing"
    SILENT = "silent"

    @property
    def kind(self) -> str:
        """How it is coloured: "good", "bad", "warn" or plain."""
        kinds = {"receiving": "good", "failing": "bad", "silent": "bad", "no_token": "warn", "previous": "warn"}
        return kinds.get(self.value, "")


def words_of(state: HealthState, row: Any, zone: ZoneInfo) -> str:
    if state is HealthState.RECEIVING and row.last_accepted_at is not None:
        return f"Receiving, last {ago(row.last_accepted_at)}"
    if state is HealthState.FAILING and row.failing_since is not None:
        since = _clock(row.failing_since, zone)
        count = f"{row.failing_count:,} rejected"
        is_astray = row.last_rejected_reason == ENDED_URL_REASON
        return (
            f"Lever calls a URL that was ended, {count} since {since}: give it the current one"
            if is_astray
            else f"Signature failing since {since}, {count}: is the token right?"
        )
    if state is HealthState.SILENT:
        changes = "1 change" if row.missed_count == 1 else f"{row.missed_count} changes"
        return f"Silent, though polling found {changes} it should have told us"
    if state is HealthState.PREVIOUS:
        return "Lever still signs with the previous token"
    if state is HealthState.WAITING and row.last_accepted_at is not None:
        is_new_token = row.set_at is not None and (newest_of(row) or row.set_at) < row.set_at
        return f"Waiting for the first event {'with the new token' if is_new_token else 'at the current URL'}"
    return "No token" if state is HealthState.NO_TOKEN else "Waiting for the first event"


def counts_of(counts: Mapping[str, int]) -> tuple[str, ...]:
    """"12 accepted", "3 repeated", "1 rejected", "2 missed" of the counts by verdict, as far as there are any."""
    found = {
        "accepted": counts.get(Outcome.ACCEPTED, 0),
        "repeated": counts.get(Outcome.DUPLICATE, 0),
        "rejected": sum(counts.get(outcome, 0) for outcome in REFUSED),
        "missed": counts.get(MISSED, 0),
    }
    return tuple(f"{count:,} {name}" for name, count in found.items() if count)


def evidence_of(
    state: HealthState, row: Any, week: Mapping[str, int], overlap: datetime | None, zone: ZoneInfo
) -> list[str]:
    found = []
    if state is HealthState.NO_TOKEN and row.failing_count:
        events = "1 event" if row.failing_count == 1 else f"{row.failing_count:,} events"
        last = f", last at {_clock(row.last_rejected_at, zone)}" if row.last_rejected_at else ""
        found.append(f"{events} refused for lack of a token{last}. Lever tries again for some hours.")
    elif row.last_rejected_reason and row.last_rejected_at > clock.now() - WEEK:
        found.append(f"Last rejected {ago(row.last_rejected_at)}: {row.last_rejected_reason}.")
    elif astray := week.get(Outcome.ENDED_URL):
        found.append(f"{astray:,} called a URL that was ended, not signed with the token.")
    if row.last_verified_at is not None and row.last_accepted_at is None:
        # A test before the token was saved proves the URL, not the token.
        proves_token = row.has_token and row.set_at is not None and row.last_verified_at >= row.set_at
        when = ago(row.last_verified_at)
        found.append(
            f"Verify connection last worked {when}."
            if proves_token
            else f"A connection test reached this URL {when}, before a token could tell that it was Lever’s."
        )
    if state in (HealthState.FAILING, HealthState.SILENT):
        heard = f"Last accepted {ago(row.last_accepted_at)}." if row.last_accepted_at else "Nothing accepted so far."
        found.append(heard)
    if state is HealthState.SILENT:
        found.append("The changes themselves were found by polling. Is the webhook switched on in Lever?")
    elif week.get(MISSED):
        changes = "1 change" if week[MISSED] == 1 else f"{week[MISSED]:,} changes"
        found.append(f"Within 7 days polling found {changes} that it had not told.")
    if overlap is not None and state is HealthState.PREVIOUS:
        until = _clock(overlap, zone)
        found.append(
            f"The saved one was not seen so far. From {until} the previous one is refused: is the saved one right?"
        )
    elif overlap is not None:
        used = f"last used {ago(row.previous_used_at)}" if row.previous_used_at else "not used since"
        found.append(f"The previous token is accepted until {_clock(overlap, zone)}; {used}.")
    return found


def newest_of(row: Any) -> datetime | None:
    """When the last one came that was signed rightly, event or test."""
    return max((at for at in (row.last_accepted_at, row.last_verified_at) if at is not None), default=None)


def is_at_earlier_url(row: Any) -> bool:
    """Whether that was at a URL before the current one, as far as Lever was heard from at all."""
    newest = newest_of(row)
    return newest is not None and row.earlier_url_at is not None and row.earlier_url_at >= newest


def ago(moment: datetime | None) -> str:
    """"a moment ago", "4 min ago", "3 h ago", "2 d ago"."""
    if moment is None:
        return "never"
    seconds = (clock.now() - moment).total_seconds()
    if seconds < 45:
        return "a moment ago"
    if seconds < 3570:
        return f"{max(1, round(seconds / 60))} min ago"
    if seconds < 84600:
        return f"{max(1, round(seconds / 3600))} h ago"
    return f"{max(1, round(seconds / 86400))} d ago"


def _clock(moment: datetime, zone: ZoneInfo) -> str:
    """"14:02", with the day when it is not today."""
    at = moment.astimezone(zone)
    same_day = at.date() == clock.now().astimezone(zone).date()
    return f"{at:%H:%M}" if same_day else f"{at.day} {at:%b}, {at:%H:%M}"
