"""What a first text must say: how to opt out and, where the company asks for it, who writes and for whom.

A text is a first one when nothing was said either way for a month. Where names are asked for, so is the first text of
each further recruiter.
"""

import re
from datetime import datetime, timedelta

from sqlalchemy import or_, select

from grayscale.domain.company import company, texting_account
from grayscale.extensions import db
from grayscale.models import HANDED_OVER, Direction, Message, MessageState, User

# Taken by the carrier, and not known to have come to nothing.
DELIVERABLE = tuple(state for state in HANDED_OVER if state is not MessageState.UNDELIVERED)
# After so long a silence a text is a first one again.
SILENCE = timedelta(days=30)
# States in which a text counts against the limit: it reached them, or may have.
COUNTED = (*DELIVERABLE, MessageState.SENDING, MessageState.CHECKING, MessageState.UNSURE)
# States in which a text may still come to be handed over, which alone makes it an introduction.
ON_ITS_WAY = (MessageState.SCHEDULED, MessageState.QUEUED, MessageState.SENDING, MessageState.CHECKING)
# An instruction, not the bare word: "I cannot stop thinking about your resume" tells nobody how.
SAYS_HOW_TO_OPT_OUT = re.compile(
    r"\bSTOP\b"
    r"|(?i:\b(?:reply|respond|answer|text|txt|send|type|write)\b[^.!?\n]{0,25}\b(?:stop|quit|unsubscribe|end|cancel)\b)"
    r"|(?i:\bto\s+(?:opt[\s-]?out|unsubscribe)\b|\byou\s+(?:can|may)\s+(?:opt[\s-]?out|unsubscribe)\b)"
    r"|(?i:\bstop\s+to\s+(?:opt|end|quit|cancel|unsub))"
)


def is_wanted(peer: str, at: datetime, author: User | None, *, message: Message | None = None) -> bool:
    """Whether a text of *author*'s to *peer* has to introduce itself; *message* is its row, once it has one."""
    account = texting_account()
    if not (account.require_opt_out_line or account.require_names):
        return False
    if is_first_text(peer, at):
        return True
    return account.require_names and is_new_recruiter(peer, author, message=message)


def lacks_opt_out_line(body: str) -> bool:
    return texting_account().require_opt_out_line and SAYS_HOW_TO_OPT_OUT.search(body) is None


def missing_names(body: str, author: User | None) -> list[str]:
    """Who writes and for whom, as far as it is known and *body* does not say it."""
    if not texting_account().require_names:
        return []
    wanted = filter(None, (author.first_name if author is not None else "", company().name))
    return [name for name in wanted if name.casefold() not in body.casefold()]


def is_first_text(peer: str, at: datetime) -> bool:
    """Whether nothing was said either way for a month before *at*; one of ours counts once the carrier has it."""
    said = select(Message.id).where(
        Message.peer == peer,
        Message.occurred_at >= at - SILENCE,
        or_(
            Message.direction == Direction.INBOUND,
            (Message.direction == Direction.OUTBOUND) & Message.state.in_(HANDED_OVER),
        ),
    )
    return db.session.scalar(said.limit(1)) is None


def is_ahead(peer: str, at: datetime, author: User | None, *, message: Message | None = None) -> bool:
    """Whether a text that introduces *author* too will have been called to the carrier before one sent at *at*."""
    on_its_way = select(Message).where(
        Message.on_its_way,
        Message.state.in_(ON_ITS_WAY),
        Message.peer == peer,
        Message.direction == Direction.OUTBOUND,
        Message.send_at <= at,
        Message.id != (message.id if message is not None else 0),
    )
    by_name = texting_account().require_names and author is not None
    return any(
        not lacks_opt_out_line(other.body)
        and not missing_names(other.body, other.author)
        and not (by_name and author is not None and other.author_id != author.id)
        for other in db.session.scalars(on_its_way)
    )


def is_new_recruiter(peer: str, author: User | None, *, message: Message | None = None) -> bool:
    """Whether somebody else texted *peer* and *author* never did: a stranger in that conversation."""
    if author is None:
        return False
    sent = select(Message.author_id).where(
        Message.peer == peer,
        Message.direction == Direction.OUTBOUND,
        Message.author_id.is_not(None),
        Message.state.in_(HANDED_OVER),
        Message.id != (message.id if message is not None else 0),
    )
    writers = set(db.session.scalars(sent.distinct()))
    return bool(writers) and author.id not in writers
