"""Whether an interview can be scheduled from here, and if not, what is missing: told before a form is filled in."""

from dataclasses import dataclass

from sqlalchemy import select

from grayscale.clients.errors import ClientError, Forbidden
from grayscale.clients.lever.client import LeverClient
from grayscale.database import end_read
from grayscale.domain import visibility
from grayscale.domain.errors import DomainError, NotFound
from grayscale.domain.interviews import acting, asking, making
from grayscale.domain.lever import connection, permissions
from grayscale.extensions import db
from grayscale.models import Interview, Opportunity, User

INTO_EXISTING = "The API key may not create panels, so the interview goes into a panel this opportunity already has."


@dataclass(frozen=True, slots=True)
class Ability:
    """*why_not* is None when it can be done; *remark* is what there is to know about how."""

    why_not: str | None = None
    remark: str | None = None


def to_schedule(opportunity_id: int, by: User) -> Ability:
    """Whether *by* can schedule an interview of this opportunity. Asks Lever for its panels where that decides.

    Raises ``NotFound``.
    """
    opportunity = db.session.scalar(
        select(Opportunity).where(Opportunity.id == opportunity_id, visibility.opportunities_for(by))
    )
    if opportunity is None:
        raise NotFound(asking.HIDDEN)
    if opportunity.is_archived:
        return Ability("This opportunity is archived in Lever. Make it active there first.")
    if not acting.choices(opportunity, by):
        return Ability(acting.NOBODY)
    try:
        client = connection.client()
    except DomainError as error:
        return Ability(str(error))
    return Ability() if permissions.may("create_panel") is not False else _with_existing(opportunity_id, client)


def _with_existing(opportunity_id: int, client: LeverClient) -> Ability:
    """The key may not create panels: is there one?"""
    may_list = permissions.may("list_panels")
    lever_id = db.session.scalar(select(Opportunity.lever_id).where(Opportunity.id == opportunity_id))
    end_read()
    if may_list is not False and lever_id is not None:
        try:
            panels = making.managed_panels(lever_id, client)
        except Forbidden:
            permissions.learn("list_panels", granted=False)
        except ClientError as error:
            return Ability(remark=f"{INTO_EXISTING} Whether it has one could not be looked up now: {error.message}")
        else:
            return Ability(remark=INTO_EXISTING) if panels else Ability(making.NO_PANEL)
    has_known = db.session.scalar(
        select(Interview.id)
        .where(
            Interview.opportunity_id == opportunity_id,
            Interview.panel_lever_id.is_not(None),
            Interview.canceled_at.is_(None),
        )
        .limit(1)
    )
    return Ability(remark=INTO_EXISTING) if has_known else Ability(making.NO_PANEL)
