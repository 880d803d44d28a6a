"""Changing and cancelling an interview in Lever.

Lever's PUT replaces the whole interview, so it is read, changed where somebody wanted it changed, and written. Reading
first is also what makes doing it again safe: what is as wanted is not written again.
"""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from grayscale.clients.errors import Forbidden, NotAuthorised, NotFound, Permanent
from grayscale.clients.lever.client import LeverClient
from grayscale.clients.lever.types import Interview, InterviewDraft, Interviewer
from grayscale.database import end_read
from grayscale.domain.company import company_zone
from grayscale.domain.interviews import attempt, people
from grayscale.domain.interviews.attempt import Hold, Wish
from grayscale.domain.interviews.making import MOST_PAGES
from grayscale.domain.interviews.terms import Terms, differing, mark_of, merged, with_mark
from grayscale.domain.lever import permissions
from grayscale.models import ChangeKind

GONE = "It was cancelled in Lever meanwhile, so nothing of yours was written."
MAY_NOT_CHANGE = (
    "{said} Either the API key lacks the permission '{permission}', or Lever does not let its API change this"
    " interview. Change it in Lever."
)
WORDS = {
    "starts_at": "start",
    "duration_minutes": "duration",
    "interviewers": "interviewers",
    "subject": "subject",
    "location": "location",
    "note": "note",
}


def change(hold: Hold, wish: Wish, client: LeverClient) -> None:
    """Write what is wanted of the interview, unless somebody changed the same of it meanwhile.

    Raises what the client raises for a call without effect.
    """
    now = _read(wish, client)
    if now is None or now.is_canceled or now.date is None:
        attempt.refused(hold, GONE)
        return
    before = Terms.of_lever(now)
    after = merged(before, wish.wanted)
    if not differing(before, after):
        attempt.done(hold, now.id, now.panel_id)
        return
    seen = Terms.load(wish.seen)
    if theirs := [name for name in differing(seen, before) if name in wish.wanted]:
        attempt.refused(hold, f"Changed in Lever meanwhile: {'; '.join(told(seen, before, theirs))}."
                              " Nothing of yours was written. Try again to write it over that.")
        return
    if not attempt.begin(hold):
        return
    end_read()
    try:
        client.update_interview(wish.opportunity, now.id, _draft(now, before, after), perform_as=wish.perform_as)
    except NotAuthorised:
        raise
    except Forbidden as error:
        attempt.refused(hold, _may_not(error, "Update an opportunity interview"))
        return
    permissions.learn("update_interview", granted=True)
    attempt.done(hold, now.id, now.panel_id)


def cancel(hold: Hold, wish: Wish, client: LeverClient) -> None:
    """Delete the interview, unless it was moved meanwhile. Raises what the client raises for a call without effect."""
    now = _read(wish, client)
    if now is None or now.is_canceled:
        attempt.done(hold, wish.interview, None)
        return
    seen = Terms.load(wish.seen)
    if now.date is not None and now.date != seen.starts_at:
        moved = told(seen, Terms.of_lever(now), ["starts_at"])[0]
        attempt.refused(hold, f"Moved in Lever meanwhile: {moved}. It was not cancelled. Try again to cancel it.")
        return
    if not attempt.begin(hold):
        return
    end_read()
    try:
        client.delete_interview(wish.opportunity, now.id, perform_as=wish.perform_as)
    except NotAuthorised:
        raise
    except NotFound:
        pass  # somebody else cancelled it in between
    except Forbidden as error:
        attempt.refused(hold, _may_not(error, "Delete an opportunity interview"))
        return
    else:
        permissions.learn("delete_interview", granted=True)
    attempt.done(hold, now.id, now.panel_id)


def told(before: Terms, after: Terms, names: list[str]) -> list[str]:
    """How two versions differ in these fields, one phrase each."""
    zone = ZoneInfo(after.time_zone) if after.time_zone else company_zone()
    return [f"{WORDS[name]} {_shown(before, name, zone)} → {_shown(after, name, zone)}" for name in names]


def _shown(terms: Terms, name: str, zone: ZoneInfo) -> str:
    value = getattr(terms, name)
    if name == "interviewers":
        return ", ".join(people.names(value).values()) or "nobody"
    if isinstance(value, datetime):
        local = value.astimezone(zone)
        return f"{local:%a} {local.day} {local:%b %H:%M %Z}"
    if name == "duration_minutes":
        return f"{value} min"
    return f"“{value}”" if value else "nothing"


def _read(wish: Wish, client: LeverClient) -> Interview | None:
    """The interview as Lever has it; None when it is gone."""
    end_read()
    if wish.interview is None:
        return None
    try:
        return client.get_interview(wish.opportunity, wish.interview)
    except NotFound:
        return None
    except NotAuthorised:
        raise
    except Forbidden:
        return _read_from_list(wish, client)


def _read_from_list(wish: Wish, client: LeverClient) -> Interview | None:
    offset = None
    for _ in range(MOST_PAGES):
        page = client.list_interviews(wish.opportunity, offset=offset)
        for one in page.data:
            if one.id == wish.interview:
                return one
        offset = page.next_offset
        if offset is None:
            break
    return None


def _draft(now: Interview, before: Terms, after: Terms) -> InterviewDraft:
    """All of the interview, with what is wanted of it. Interviewers who stay keep their feedback forms."""
    staying = {person.id: person for person in now.interviewers}
    changes: dict[str, object] = {
        "starts_at": {"date": after.starts_at},
        "duration_minutes": {"duration": after.duration_minutes},
        "interviewers": {"interviewers": tuple(staying.get(id, Interviewer(id)) for id in after.interviewers)},
        "subject": {"subject": after.subject or None},
        "location": {"location": after.location or None},
        "note": {"note": _note(now, after)},
    }
    draft = InterviewDraft.of(now)
    for name in differing(before, after):
        draft = replace(draft, **changes[name])  # type: ignore[arg-type]
    return draft


def _note(now: Interview, after: Terms) -> str | None:
    mark = mark_of(now.note or "")
    return with_mark(after.note, mark) if mark else after.note or None


def _may_not(error: Permanent, permission: str) -> str:
    return MAY_NOT_CHANGE.format(said=error.message, permission=permission)


def run(hold: Hold, wish: Wish, client: LeverClient) -> None:
    """Change or cancel, as wished."""
    (cancel if wish.kind is ChangeKind.CANCEL else change)(hold, wish, client)
