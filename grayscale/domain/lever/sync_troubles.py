"""What a list that could not be read means for the run: once more otherwise, without it, or a failure."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace

from grayscale.clients.errors import ClientError, Forbidden, NotFound, Permanent, UnexpectedAnswer
from grayscale.clients.lever.client import InvalidOffset
from grayscale.domain.lever import permissions
from grayscale.domain.lever.sync_walks import PERMISSION, Options, Walk
from grayscale.logging import get_logger

log = get_logger(__name__)

MOST_RESTARTS = 5
MOST_REREADS = 2
NEEDED = ("opportunities", "changes")


@enum.unique
class Verdict(enum.Enum):
    AGAIN = "again"
    # The run is complete without it: the key or the server has it not.
    OFF = "off"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Judgement:
    kind: Verdict
    words: str
    options: Options


def judge(walk: Walk, error: Exception | None, asked: Options, now: Options) -> Judgement:
    """*asked* are the options the page was asked with, *now* those in force meanwhile."""
    words = error.message if isinstance(error, ClientError) else "Something unexpected went wrong."
    if not isinstance(error, ClientError):
        log.error("a page could not be read", resource=walk.resource, exc_info=error)
    if asked != now or _may_begin_anew(walk, error, now):
        return Judgement(Verdict.AGAIN, words, now)
    if isinstance(error, Forbidden):
        return _forbidden(walk, words, now)
    if isinstance(error, NotFound) and walk.resource not in NEEDED:
        return Judgement(Verdict.OFF, "This Lever account does not offer it.", now)
    if walk.resource in NEEDED and _is_refused(error):
        return _not_understood(words, now)
    return Judgement(Verdict.FAILED, words, now)


def _may_begin_anew(walk: Walk, error: Exception | None, now: Options) -> bool:
    """Whether the window is walked once more from its first page; so often only that this comes to an end."""
    if isinstance(error, InvalidOffset):
        walk.restarts += 1
        return walk.restarts <= MOST_RESTARTS
    if isinstance(error, UnexpectedAnswer) and walk.offset is not None:
        # The client asked for this page again and again; another cursor may not lead to it.
        walk.restarts += 1
        return walk.restarts <= MOST_REREADS
    if walk.resource == "postings" and now.confidential and not walk.is_public and _is_refused(error):
        # The list or its confidential rows: what comes without them tells, of this list and no other.
        walk.is_public = True
        return True
    return False


def _is_refused(error: Exception | None) -> bool:
    """The question itself, not the page or the key."""
    return isinstance(error, Permanent) and error.status in (400, 403) and not isinstance(error, InvalidOffset)


def _not_understood(words: str, now: Options) -> Judgement:
    """The question itself was refused: ask for less, one thing after the other."""
    if now.expand:
        return Judgement(Verdict.AGAIN, words, replace(now, expand=False))
    if now.confidential:
        return Judgement(Verdict.AGAIN, words, replace(now, confidential=False))
    return Judgement(Verdict.FAILED, words, now)


def _forbidden(walk: Walk, words: str, now: Options) -> Judgement:
    """The confidential grant and the expansion may be what is missing, rather than the list itself."""
    if walk.resource in NEEDED and now.confidential:
        permissions.learn("confidential", granted=False)
        return Judgement(Verdict.AGAIN, words, replace(now, confidential=False))
    if walk.resource in NEEDED and now.expand:
        return Judgement(Verdict.AGAIN, words, replace(now, expand=False))
    name = PERMISSION[walk.resource]
    permissions.learn(name, granted=False)
    if walk.resource in NEEDED:
        return Judgement(Verdict.FAILED, "The API key may not list opportunities, so no candidate can be synced.", now)
    return Judgement(Verdict.OFF, "The API key lacks the permission to list these.", now)
