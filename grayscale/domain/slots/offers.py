"""What a recruiter does: finds times, offers them by a link in a text, takes an offer back."""

import hashlib
import re
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import groupby
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, or_, select
from sqlalchemy.exc import IntegrityError

from grayscale import clock
from grayscale.config import current_config
from grayscale.database import transaction
from grayscale.domain import audit, changes, locks, visibility
from grayscale.domain.company import company, scheduling_policy
from grayscale.domain.errors import Conflict, Invalid, NotFound
from grayscale.domain.interviews import acting, asking, people
from grayscale.domain.interviews.terms import Terms
from grayscale.domain.slots import holds, in_lever, telling
from grayscale.domain.slots.working_hours import Week, free_times
from grayscale.domain.texting import automated, gate, lines, outbound
from grayscale.domain.visibility import ReaderKind
from grayscale.extensions import db
from grayscale.models import Conversation, OfferState, Opportunity, Posting, Slot, SlotOffer, User
from grayscale.reading import Reading

MOST_TIMES = 60
LINK = re.compile(r"\{\{\s*link\s*\}\}")
LINK_FIELD = "{{ link }}"


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be offered. *interviewers* are ids of Lever users; *times* are starts."""

    subject: str
    duration_minutes: int
    interviewers: tuple[str, ...]
    location: str = ""
    note: str = ""
    perform_as: str | None = None
    times: tuple[datetime, ...] = ()


def suggest(draft: Draft, first: date, last: date, *, a_day: int = MOST_TIMES) -> list[datetime]:
    """Times from *first* to *last* within the working hours of all interviewers at which they are known to be free.

    At most *a_day* of one day, spread over it. Raises ``Invalid``.
    """
    if not draft.interviewers:
        raise Invalid("Choose at least one interviewer.", "interviewers")
    if last < first:
        raise Invalid("The last day is before the first.", "last")
    if draft.duration_minutes < 1:
        raise Invalid("Say how long it takes, in minutes.", "duration")
    policy, now, zones = scheduling_policy(), clock.now(), _zones(draft.interviewers)
    lead = ZoneInfo(zones[0])
    begin = datetime(first.year, first.month, first.day, tzinfo=lead).astimezone(UTC)
    end = datetime(last.year, last.month, last.day, tzinfo=lead).astimezone(UTC) + timedelta(days=1)
    found = free_times(
        first, last, minutes=draft.duration_minutes, zones=zones,
        week=Week(policy.works_from, policy.works_until, frozenset(policy.working_days)),
        busy=holds.taken(draft.interviewers, begin - timedelta(days=1), end + timedelta(days=1)),
        buffer=timedelta(minutes=policy.buffer_minutes),
        not_before=now + timedelta(hours=policy.notice_hours),
    )  # fmt: skip
    of_days = (list(times) for _, times in groupby(found, lambda start: start.astimezone(lead).date()))
    return [start for times in of_days for start in _spread(times, max(a_day, 1))][:MOST_TIMES]


def check_notice(start: datetime) -> None:
    """Raises ``Invalid`` for a time nearer than the notice candidates get."""
    hours = scheduling_policy().notice_hours
    if start <= clock.now() + timedelta(hours=hours):
        raise Invalid(f"Candidates get {hours} hours of notice. Leave out what is sooner.", "times")


def opportunities(conversation: Conversation, by: User) -> tuple[list[Opportunity], list[Opportunity]]:
    """Those of the candidate an interview can be offered for, the one the conversation is tied to first; and those the
    conversation may not speak of as long as it is tied to another one."""
    if conversation.candidate_id is None:
        return [], []
    found = db.session.scalars(
        select(Opportunity)
        .where(
            Opportunity.candidate_id == conversation.candidate_id, Opportunity.archived_at.is_(None),
            Opportunity.anonymized.is_(False), visibility.opportunities_for(by),
        )
        .order_by((Opportunity.id == conversation.opportunity_id).desc(), Opportunity.advanced_at.desc().nulls_last())
    ).all()  # fmt: skip
    here = [one for one in found if visibility.may_speak_of(one, conversation)]
    return here, [one for one in found if one not in here]


def titles(found: Sequence[Opportunity]) -> dict[int, str]:
    """The posting's title of each opportunity, by its id."""
    wanted = [one.posting_lever_id for one in found if one.posting_lever_id]
    names = dict(db.session.execute(select(Posting.lever_id, Posting.title).where(Posting.lever_id.in_(wanted))).all())
    return {one.id: names.get(one.posting_lever_id or "") or "General application" for one in found}


def first_words(conversation: Conversation) -> str:
    """What the text that carries the link says unless the recruiter rewords it."""
    first_name = conversation.candidate.first_name if conversation.candidate is not None else ""
    greeting = f"Hi {first_name}, please" if first_name else "Please"
    whom = f" with {company().name}" if company().name else ""
    words = f"{greeting} choose a time for your interview{whom}: {LINK_FIELD}"
    return automated.introduced(conversation, words, clock.now())


def offer(
    conversation_id: int, opportunity_id: int, draft: Draft, body: str, by: User, *, uid: str | None = None
) -> SlotOffer:
    """Offer times and intend the text with the link, in one commit; *uid* again answers the first offer.

    *body* says ``{{ link }}`` where the link stands, else it stands at the end. Raises ``NotFound``, ``Invalid``, and
    ``Blocked`` when the gate refuses the text.
    """
    uid = _uid(uid)
    if (first := _asked_before(uid, conversation_id)) is not None:
        return first
    token = secrets.token_urlsafe(16)
    try:
        with transaction() as session:
            conversation = locks.conversation(conversation_id, by)
            here, elsewhere = opportunities(conversation, by)
            if any(one.id == opportunity_id for one in elsewhere):
                raise Invalid(visibility.MOVE_FIRST, "opportunity")
            opportunity = next((one for one in here if one.id == opportunity_id), None)
            if opportunity is None:
                raise Invalid("Choose an active opportunity of this candidate.", "opportunity")
            made = _make(conversation, opportunity, draft, by, uid=uid, token=token)
            link = link_of(token)
            text = LINK.sub(link, body) if LINK.search(body) else f"{body.strip()} {link}"
            outbound.submit(conversation.id, text, by, submission_key=f"offer:{uid}")
            number = "One time" if len(made.slots) == 1 else f"{len(made.slots)} times"
            lines.add(conversation.id, f"{number} offered by {by.name}: {made.subject}")
            audit.record("slots.offered", by=by, subject=str(made.id), detail={"times": len(made.slots)})
            session.flush()
            changes.touch([conversation.id])
            return made
    except IntegrityError:
        # The same form twice at once: the other request's offer is the offer.
        if (first := _asked_before(uid, conversation_id)) is None:
            raise
        return first


def withdraw(offer_id: int, by: User) -> SlotOffer:
    """Take an offer back: its link says so from now on. Raises ``NotFound``, ``Conflict`` once a time is chosen."""
    with transaction():
        found = of(offer_id, by)
        locks.hold_conversations([found.conversation_id])
        db.session.refresh(found, with_for_update={"key_share": True})
        if found.state is OfferState.WITHDRAWN:
            return found
        if found.state is not OfferState.OPEN:
            raise Conflict("A time was chosen meanwhile. Cancel the interview instead.")
        found.state = OfferState.WITHDRAWN
        words = f"The times offered were withdrawn by {by.name}"
        lines.add(found.conversation_id, f"{words}: {found.subject}" if telling.may_say(found) else f"{words}.")
        audit.record("slots.withdrawn", by=by, subject=str(found.id))
        db.session.flush()
        changes.touch([found.conversation_id])
        return found


def try_again(offer_id: int, by: User) -> SlotOffer:
    """Ask for the chosen interview once more, after what kept it out of Lever is mended. Raises ``NotFound``."""
    of(offer_id, by)
    with transaction():
        held = in_lever.hold(offer_id)
        if held is None:
            raise NotFound("There is no such offer, or it is not visible to you.")
        if in_lever.may_try_again(held):
            in_lever.try_again(held)
        changes.touch([held.conversation_id])
        return held


def of(offer_id: int, by: User) -> SlotOffer:
    """One offer. Raises ``NotFound`` also for what *by* may not see."""
    found = db.session.scalar(
        select(SlotOffer).where(
            SlotOffer.id == offer_id,
            SlotOffer.conversation_id.in_(select(Conversation.id).where(visibility.conversations_for(by))),
            SlotOffer.opportunity_id.in_(select(Opportunity.id).where(visibility.opportunities_for(by))),
        )
    )
    if found is None:
        raise NotFound("There is no such offer, or it is not visible to you.")
    return found


def shown(conversation: Conversation, by: User) -> Sequence[SlotOffer]:
    """The offers a recruiter should see beside the thread: open ones, and chosen ones until Lever has the interview."""
    values = visibility.values(by) | {"of": conversation.id, "now": clock.now()}
    ids = [row[0] for row in _shown(ReaderKind.of(by)).rows(values)]
    if not ids:
        return []
    return db.session.scalars(select(SlotOffer).where(SlotOffer.id.in_(ids)).order_by(SlotOffer.id.desc())).all()


@lru_cache(maxsize=8)
def _shown(reader: ReaderKind) -> Reading:
    awaited = or_(SlotOffer.interview_lever_id.is_(None), SlotOffer.lever_behind, SlotOffer.lever_error.is_not(None))
    now = bindparam("now", type_=SlotOffer.expires_at.type)
    return Reading(
        select(SlotOffer.id)
        .join(Opportunity, Opportunity.id == SlotOffer.opportunity_id)
        .where(
            SlotOffer.conversation_id == bindparam("of"),
            visibility.opportunities_for(reader),
            ((SlotOffer.state == OfferState.OPEN) & (SlotOffer.expires_at > now))
            | ((SlotOffer.state == OfferState.BOOKED) & (SlotOffer.starts_at > now) & awaited),
        )
        .order_by(SlotOffer.id.desc())
        .limit(5)
    )


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def link_of(token: str) -> str:
    return f"{current_config().public_url}/times/{token}"


def _make(
    conversation: Conversation, opportunity: Opportunity, draft: Draft, by: User, *, uid: str, token: str
) -> SlotOffer:
    policy, now, zone = scheduling_policy(), clock.now(), gate.zones_of(conversation)[0]
    times = sorted(set(draft.times))
    if not times:
        raise Invalid("Choose at least one time.", "times")
    if len(times) > MOST_TIMES:
        raise Invalid(f"At most {MOST_TIMES} times in one offer.", "times")
    check_notice(times[0])
    terms = asking.checked(
        Terms(times[-1], draft.duration_minutes, draft.interviewers, draft.subject, draft.location, draft.note, zone)
    )
    if not terms.subject:
        raise Invalid("Say what it is; the candidate reads it.", "subject")
    names = people.names(terms.interviewers)
    made = SlotOffer(
        token_hash=hash_of(token), uid=uid, conversation_id=conversation.id, opportunity_id=opportunity.id,
        created_by_id=by.id, created_at=now, state=OfferState.OPEN,
        expires_at=min(now + timedelta(days=policy.link_days), times[-1] - timedelta(hours=policy.notice_hours)),
        subject=terms.subject, duration_minutes=terms.duration_minutes, location=terms.location, note=terms.note,
        interviewers=[{"id": one, "name": names[one]} for one in terms.interviewers],
        perform_as=acting.chosen(opportunity, by, draft.perform_as), time_zone=zone,
        notice_hours=policy.notice_hours, change_hours=policy.change_hours, sequence=0, lever_behind=False,
        slots=[Slot(starts_at=start) for start in times],
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    if busy := len(times) - len(holds.free(made, times)):
        number = "One of the times is" if busy == 1 else f"{busy} of the times are"
        raise Invalid(f"{number} taken meanwhile by another interview. Look for times again.", "times")
    return made


def _spread(times: list[datetime], most: int) -> list[datetime]:
    """At most *most* of *times*, as evenly over them as can be."""
    if len(times) <= most:
        return times
    return [times[index * len(times) // most] for index in range(most)]


def _zones(interviewers: Sequence[str]) -> list[str]:
    """The zones interviewers work in: of those who sign in here their own, else the company's."""
    rows = db.session.execute(
        select(User.lever_user_id, User.time_zone).where(User.lever_user_id.in_(interviewers), User.active.is_(True))
    )
    own = {lever_id: zone for lever_id, zone in rows if zone}
    return list(dict.fromkeys(own.get(one, company().time_zone) for one in interviewers))


def _uid(asked: str | None) -> str:
    try:
        return str(uuid.UUID(asked)) if asked else str(uuid.uuid4())
    except ValueError:
        raise Invalid("The form did not come back whole. Open it again.") from None


def _asked_before(uid: str, conversation_id: int) -> SlotOffer | None:
    return db.session.scalar(
        select(SlotOffer).where(SlotOffer.uid == uid, SlotOffer.conversation_id == conversation_id)
    )
