"""How many of a number's texts the carriers' spam filters blocked (30007): a sign to look at what is written."""

from datetime import timedelta

from sqlalchemy import func, select

from grayscale import clock
from grayscale.domain.texting import phones
from grayscale.extensions import db
from grayscale.logging import get_logger
from grayscale.models import Conversation, Direction, Message, SendingNumber

log = get_logger(__name__)

FILTERED = 30007
WINDOW = timedelta(days=7)
# More than this share of a number's texts is worth an alert.
SHARE = 0.01


def count_again(number_id: int) -> None:
    """A text from this number was filtered: alert when too many were lately. Inside a transaction."""
    now = clock.now()
    since = now - WINDOW
    total, filtered = db.session.execute(
        select(func.count(), func.count().filter(Message.error_code == FILTERED))
        .select_from(Message)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(
            Conversation.sending_number_id == number_id,
            Conversation.last_outbound_at >= since,
            Message.direction == Direction.OUTBOUND,
            Message.occurred_at >= since,
            Message.handed_over_at.is_not(None),
        )
    ).one()
    if not total or filtered / total <= SHARE:
        return
    number = db.session.get_one(SendingNumber, number_id)
    number.filtered_at, number.filtered_words = now, f"{filtered} of {total}"
    log.error("carriers filter a number's texts", number=number_id, filtered=filtered, of=total)


def alert(number: SendingNumber) -> str | None:
    """What a super admin should know of *number*, while it is news."""
    if number.filtered_at is None or number.filtered_at < clock.now() - WINDOW:
        return None
    return (
        f"Carriers' spam filters blocked {number.filtered_words} texts from {phones.national(number.e164)} in 7 days."
        " The same words are blocked again: vary them, leave out shortened links, and check the number's registration."
    )
