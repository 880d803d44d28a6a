"""What a candidate is texted about an interview: fields for templates, and words to begin with."""

from sqlalchemy import or_, select

from grayscale.domain.interviews import people
from grayscale.domain.interviews.terms import Terms
from grayscale.domain.interviews.times import spoken
from grayscale.extensions import db
from grayscale.models import Template, User

#: Names of templates that are used for these texts when somebody wrote one: their own first, then a shared one.
NAMES = {
    "scheduled": "Interview scheduled",
    "moved": "Interview moved",
    "cancelled": "Interview cancelled",
}
_BEGIN = {
    "scheduled": "Hi {{ candidate.first_name }}, your {{ interview.subject }} is set for {{ interview.starts_at }}"
    " ({{ interview.duration }}) with {{ interview.interviewers }}.",
    "moved": "Hi {{ candidate.first_name }}, your {{ interview.subject }} has moved to {{ interview.starts_at }}"
    " ({{ interview.duration }}).",
    "cancelled": "Hi {{ candidate.first_name }}, your {{ interview.subject }} on {{ interview.starts_at }} is"
    " cancelled. We will be in touch.",
}
_WHERE = " Where: {{ interview.location }}"
FIELDS = {
    "interview.starts_at": "when the next interview starts, in the candidate's time",
    "interview.subject": "what the next interview is about",
    "interview.duration": "how long the next interview takes",
    "interview.location": "where the next interview is, or its link",
    "interview.interviewers": "who interviews",
}


def values(terms: Terms, zone: str) -> dict[str, str]:
    """The fields of one interview, for a candidate in *zone*."""
    minutes = terms.duration_minutes
    hours, rest = divmod(minutes, 60)
    whole = f"{hours} hour{'s' if hours > 1 else ''}" if hours else ""
    part = f"{rest} minutes" if rest else ""
    return {
        "interview.starts_at": spoken(terms.starts_at, zone),
        "interview.subject": terms.subject.strip() or "interview",
        "interview.duration": " ".join(filter(None, (whole, part))),
        "interview.location": terms.location.strip(),
        "interview.interviewers": _listed(list(people.names(terms.interviewers).values())),
    }


def template(about: str, terms: Terms, by: User) -> str:
    """The template for a text *about* an interview that is scheduled, moved or cancelled: the one people wrote, else
    ours. Raises ``KeyError`` for anything else."""
    written = db.session.scalar(
        select(Template.body)
        .where(
            db.func.lower(Template.name) == NAMES[about].lower(),
            or_(Template.owner_id == by.id, Template.owner_id.is_(None)),
        )
        .order_by(Template.owner_id.is_(None))
        .limit(1)
    )
    if written:
        return written
    return _BEGIN[about] + (_WHERE if terms.location.strip() and about != "cancelled" else "")


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else ""
