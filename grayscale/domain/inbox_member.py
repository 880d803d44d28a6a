"""One person's own side of a conversation: what they have read, and their row for it."""

from sqlalchemy import bindparam, select
from sqlalchemy.orm.util import identity_key

from grayscale.database import INSERT, transaction
from grayscale.domain.errors import NotFound
from grayscale.extensions import db
from grayscale.models import Conversation, ConversationMember, User
from grayscale.reading import Loading


def member(conversation_id: int, user: User) -> ConversationMember | None:
    key = conversation_id, user.id
    if identity_key(ConversationMember, key) in db.session.identity_map:
        return db.session.get(ConversationMember, key)
    for (found,) in _MEMBER.rows({"of": conversation_id, "reader": user.id}):
        return found  # type: ignore[no-any-return]
    return None


_MEMBER = Loading(
    (ConversationMember,),
    lambda query: query.where(
        ConversationMember.conversation_id == bindparam("of"), ConversationMember.user_id == bindparam("reader")
    ),
)


def membership(conversation_id: int, user: User) -> ConversationMember:
    """The person's row for this conversation, made if need be. Inside the caller's transaction."""
    # Lever may have had the candidate erased since the page was asked for; while this is held it is not.
    held = select(Conversation.id).where(Conversation.id == conversation_id).with_for_update(read=True, key_share=True)
    if db.session.scalar(held) is None:
        raise NotFound("There is no such conversation, or it is not visible to you.")
    insert = INSERT[db.engine.dialect.name]
    # Two of their tabs may be the first at the same time.
    db.session.execute(
        insert(ConversationMember)
        .values(conversation_id=conversation_id, user_id=user.id, read_up_to_id=0, follows=False, draft="")
        .on_conflict_do_nothing()
    )
    return db.session.get_one(ConversationMember, (conversation_id, user.id), populate_existing=True)


def read_up_to(conversation_id: int, user: User) -> int:
    """The id every message up to which this person has read."""
    found = member(conversation_id, user)
    return found.read_up_to_id if found is not None else 0


def mark_read(conversation_id: int, user: User, up_to_id: int) -> bool:
    """Everything up to a message is read; writes only if that is news. Answers whether it was."""
    if up_to_id <= read_up_to(conversation_id, user):
        return False
    with transaction():
        row = membership(conversation_id, user)
        row.read_up_to_id = max(row.read_up_to_id, up_to_id)
    return True


def mark_unread(conversation_id: int, user: User) -> None:
    """The newest received text counts as not read, for this person alone."""
    with transaction() as session:
        newest = session.scalar(select(Conversation.last_inbound_id).where(Conversation.id == conversation_id))
        row = membership(conversation_id, user)
        row.read_up_to_id = (newest or 1) - 1
        row.viewing_until = None
