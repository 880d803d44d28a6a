"""Making an interview in Lever, and finding out whether one is there whose making had no answer.

Lever keeps interviews in panels and lets its API write only into externally managed ones. Where the key may create
panels, panel and interview are made in one call; where it may not, a panel of that opportunity is used if there is one.
"""

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import select

from grayscale.clients.errors import ClientError, Forbidden, NotAuthorised, NotFound, Permanent, UnknownOutcome
from grayscale.clients.lever.client import LeverClient
from grayscale.clients.lever.types import Interview, InterviewDraft, Interviewer, Panel
from grayscale.database import end_read
from grayscale.domain.interviews import attempt
from grayscale.domain.interviews.attempt import Hold, Wish
from grayscale.domain.interviews.terms import Terms, mark_of, same_people, with_mark
from grayscale.domain.lever import connection, permissions
from grayscale.extensions import db
from grayscale.models import ChangeState, InterviewChange
from grayscale.models import Interview as Known

#: Panels or interviews of one opportunity read at the most, in pages.
MOST_PAGES = 20
#: How far Lever's clock may be behind ours.
SKEW = timedelta(minutes=5)
NO_SUBJECT = "Interview"
NO_OPPORTUNITY = "Lever has no such opportunity any more (404), so nothing was scheduled."
NO_PANEL = (
    "Lever keeps interviews in panels. This API key may not create one (permission 'Create a panel'), and"
    " this opportunity has no panel yet that was made through Lever's API. Generate a new key in Lever with that"
    " permission, or schedule this interview in Lever."
)


def make(hold: Hold, wish: Wish, client: LeverClient) -> None:
    """Make the interview and write down what came of it. Raises what the client raises for a call without effect."""
    if permissions.may("create_panel") is not False:
        if not attempt.begin(hold):
            return
        try:
            interview, panel = _with_panel(wish, client)
        except NotAuthorised:
            raise
        except Forbidden:
            if not wish.confidential:  # there it may be the opportunity that is closed to the key
                permissions.learn("create_panel", granted=False)
        else:
            permissions.learn("create_panel", granted=True)
            attempt.done(hold, interview, panel)
            return
    for panel, is_sure in _panels(wish, client):
        if not attempt.begin(hold):
            return
        end_read()
        try:
            made = client.create_interview(wish.opportunity, draft(wish, panel), perform_as=wish.perform_as)
        except (NotAuthorised, NotFound):
            raise
        except Permanent:
            if is_sure:
                raise
            continue  # Lever does not take interviews into this one
        permissions.learn("create_interview", granted=True)
        attempt.done(hold, made.id, made.panel_id or panel)
        return
    attempt.refused(hold, NO_PANEL)


def draft(wish: Wish, panel: str | None = None) -> InterviewDraft:
    terms = wish.terms
    return InterviewDraft(
        date=terms.starts_at,
        duration=terms.duration_minutes,
        interviewers=tuple(Interviewer(person) for person in terms.interviewers),
        panel_id=panel,
        subject=terms.subject or NO_SUBJECT,
        note=with_mark(terms.note, wish.reference),
        location=terms.location or None,
    )


def _with_panel(wish: Wish, client: LeverClient) -> tuple[str, str]:
    end_read()
    panel = client.create_panel(
        wish.opportunity, [draft(wish)], timezone=wish.terms.time_zone, perform_as=wish.perform_as
    )
    if not panel.interviews:
        raise UnknownOutcome("Lever made the panel but did not name its interview.")
    return panel.interviews[0].id, panel.id


def _panels(wish: Wish, client: LeverClient) -> Iterator[tuple[str, bool]]:
    """Panels to add the interview to, the best first, and whether Lever is sure to take it.

    Where the key may not list panels, those of the interviews known here are asked one after the other: Lever refuses
    outright what it does not take.
    """
    may = permissions.may("list_panels")
    end_read()
    if may is not False:
        try:
            open_ones = managed_panels(wish.opportunity, client)
        except NotAuthorised:
            raise
        except Forbidden:
            permissions.learn("list_panels", granted=False)
        else:
            yield from ((panel.id, True) for panel in open_ones)
            return
    known = _known_panels(wish.opportunity_id)
    end_read()
    yield from ((panel, False) for panel in known)


def managed_panels(opportunity: str, client: LeverClient) -> list[Panel]:
    """The panels of an opportunity the API may write into, the newest first. Raises the client's errors."""
    found: list[Panel] = []
    offset = None
    for _ in range(MOST_PAGES):
        page = client.list_panels(opportunity, offset=offset)
        found += [panel for panel in page.data if panel.externally_managed and panel.canceled_at is None]
        offset = page.next_offset
        if offset is None:
            break
    return sorted(found, key=lambda panel: panel.created_at.timestamp() if panel.created_at else 0, reverse=True)


def _known_panels(opportunity_id: int) -> list[str]:
    """Panels of interviews that stand; the ones written into from here first."""
    standing = db.session.scalars(
        select(Known.panel_lever_id)
        .where(Known.opportunity_id == opportunity_id, Known.canceled_at.is_(None), Known.panel_lever_id.is_not(None))
        .order_by(Known.id.desc())
    ).all()
    ours = set(
        db.session.scalars(
            select(InterviewChange.panel_lever_id).where(
                InterviewChange.opportunity_id == opportunity_id, InterviewChange.state == ChangeState.DONE
            )
        )
    )
    return sorted(dict.fromkeys(str(panel) for panel in standing), key=lambda panel: panel not in ours)


def check(hold: Hold, wish: Wish, client: LeverClient) -> None:
    """Adopt the interview in doubt, prove it absent, or hand it to a person."""
    end_read()
    try:
        found = find(wish, client)
    except NotAuthorised as error:
        connection.note_refused(error)
        attempt.put_off(hold, error.message, in_doubt=True)
    except Forbidden:
        attempt.unsure(hold)
    except NotFound:
        attempt.refused(hold, NO_OPPORTUNITY)
    except ClientError as error:
        attempt.put_off(hold, error.message, in_doubt=True)
    else:
        if found is None:
            attempt.absent(hold)
        else:
            attempt.done(hold, found.id, found.panel_id)


def find(wish: Wish, client: LeverClient) -> Interview | None:
    """The interview a call may have made: the one that bears the reference, else one that is the same in everything
    and came to be since. Raises the client's errors."""
    alike: Interview | None = None
    offset = None
    for _ in range(MOST_PAGES):
        page = client.list_interviews(wish.opportunity, offset=offset)
        for one in page.data:
            if mark_of(one.note or "") == wish.reference:
                return one
            if _is_alike(one, wish):
                alike = one
        offset = page.next_offset
        if offset is None:
            break
    return alike


def _is_alike(one: Interview, wish: Wish) -> bool:
    """Somebody may have rewritten the note and the reference with it."""
    if one.date is None or one.created_at is None or wish.called_at is None or mark_of(one.note or ""):
        return False
    mine, theirs = wish.terms, Terms.of_lever(one)
    return (
        one.created_at >= wish.called_at - SKEW
        and theirs.starts_at == mine.starts_at
        and theirs.subject == (mine.subject or NO_SUBJECT)
        and same_people(theirs.interviewers, mine.interviewers)
    )
