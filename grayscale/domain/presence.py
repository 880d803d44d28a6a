"""Who is looking at a conversation now. Kept out of the change clock: it must not wake every open browser."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import and_, bindparam, exists, select, true

from grayscale import clock
from grayscale.database import shared_alias, transaction
from grayscale.domain import sessions
from grayscale.domain.inbox_member import membership
from grayscale.extensions import db
from grayscale.models import ChangeClock, ConversationMember, SessionKind, User, UserSession
from grayscale.models.types import UTCDateTime
from grayscale.reading import Prepared

# A browser says that it is still there every ten seconds.
VIEWING = timedelta(seconds=25)
TYPING = timedelta(seconds=12)

_colleague = shared_alias(User)
_own = shared_alias(ConversationMember)
_name = _colleague.name


@dataclass(frozen=True, slots=True)
class Viewer:
    """A colleague who has the conversation open."""

    user_id: int
    name: str
    is_typing: bool

    def __str__(self) -> str:
        return f"{self.user_id}{'t' if self.is_typing else ''}"


def here(conversation_id: int, user: User, *, typing: bool, read_up_to_id: int | None) -> bool:
    """This person has it open and has read that far. Answers whether something became read by it."""
    now = clock.now()
    with transaction():
        row = membership(conversation_id, user)
        row.viewing_until = now + VIEWING
        row.typing_until = now + TYPING if typing else None
        news = read_up_to_id is not None and read_up_to_id > row.read_up_to_id
        if news and read_up_to_id is not None:
            row.read_up_to_id = read_up_to_id
    return news


def gone(conversation_id: int, user: User) -> None:
    """This person closed it."""
    with transaction():
        row = membership(conversation_id, user)
        row.viewing_until = row.typing_until = None


def viewers(conversation_id: int, user: User) -> list[Viewer]:
    """The colleagues who have it open, by name."""
    now = clock.now()
    query = (
        select(User.id, User.name, ConversationMember.typing_until)
        .join(User, User.id == ConversationMember.user_id)
        .where(
            ConversationMember.conversation_id == conversation_id,
            ConversationMember.viewing_until > now,
            ConversationMember.user_id != user.id,
        )
        .order_by(User.name, User.id)
    )
    return [
        Viewer(user_id, name, typing_until is not None and typing_until > now)
        for user_id, name, typing_until in db.session.execute(query)
    ]


def key(present: list[Viewer]) -> str:
    """What a browser sends back to learn whether it changed."""
    return ".".join(str(viewer) for viewer in present)


@dataclass(frozen=True, slots=True)
class Glance:
    """All that tells an unchanged inbox: the change clock, and who else looks at one conversation (``key``)."""

    tick: int
    viewers: str


GLANCE = (
    select(ChangeClock.value, ConversationMember.user_id, ConversationMember.typing_until, _name)
    .select_from(UserSession)
    .join(User, and_(User.id == UserSession.user_id, User.active.is_(True)))
    .join(ChangeClock, true())
    .outerjoin(
        ConversationMember,
        and_(
            ConversationMember.conversation_id == bindparam("conversation_id"),
            ConversationMember.viewing_until > bindparam("now", type_=UTCDateTime()),
            ConversationMember.user_id != UserSession.user_id,
            # Nobody who has not opened it themselves is told: whoever may not see it cannot.
            exists().where(
                _own.conversation_id == bindparam("conversation_id"),
                _own.user_id == UserSession.user_id,
                _own.viewing_until > bindparam("now", type_=UTCDateTime()),
            ),
        ),
    )
    .outerjoin(_colleague, _colleague.id == ConversationMember.user_id)
    .where(
        UserSession.token_hash == bindparam("token_hash"),
        UserSession.kind == SessionKind.BROWSER,
        UserSession.lives_until > bindparam("now", type_=UTCDateTime()),
    )
    .order_by(_name, ConversationMember.user_id)
)


def glance(prepared: Prepared, token: str, conversation_id: int) -> Glance | None:
    """In one query by keys (``GLANCE``), as whoever is signed in with *token*; None when nobody is."""
    now = clock.now()
    lines = prepared.rows({"token_hash": sessions.hash_of(token), "conversation_id": conversation_id, "now": now})
    if not lines:
        return None
    present = [
        Viewer(user_id, name, typing_until is not None and typing_until > now)
        for _, user_id, typing_until, name in lines
        if user_id is not None
    ]
    return Glance(lines[0][0], key(present))
