"""People: creating them, letting them in, what they may do, and who they are in Lever."""

from zoneinfo import ZoneInfo

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import func, select

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain import assignments, audit, passwords, sessions, ways_in
from grayscale.domain.company import company, ensure_rows
from grayscale.domain.errors import Conflict, Invalid, NotFound
from grayscale.extensions import db
from grayscale.models import LeverUser, Role, User

LAST_SUPER_ADMIN = (
    "This is the last super admin who can sign in: make somebody else one first. They count once they have {needed}."
)


def normalise_email(email: str) -> str:
    """Lower case and checked for shape only. Raises ``Invalid``."""
    try:
        checked = validate_email(email.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise Invalid(f"That is not an e-mail address: {error}", "email") from None
    return checked.normalized.lower()


def create(
    *, email: str, name: str, role: Role, password: str | None, by: User | None = None, by_operator: bool = False
) -> User:
    """Add a person; without *password* they cannot sign in before a one-time link let them choose one.

    An operator at the command line is held to less than people who choose their own password. Raises ``Invalid`` or,
    if the address is taken, ``Conflict``.
    """
    address = normalise_email(email)
    if not name.strip():
        raise Invalid("A name is needed.", "name")
    password_hash = None
    if password is not None:
        if by_operator:
            passwords.check_operators(password)
        else:
            passwords.check(password, name, address, company().name)
        password_hash = passwords.hash_of(password)
    ensure_rows()
    with transaction() as session:
        if session.scalar(select(User.id).where(User.email == address)):
            raise Conflict(f"There is already a user with the e-mail address {address}.")
        user = User(
            email=address,
            name=name.strip(),
            role=role,
            password_hash=password_hash,
            lever_user_id=_proposed(address),
            created_at=clock.now(),
        )
        session.add(user)
        session.flush()
        audit.record("user.created", by=by, subject=address, detail={"role": role.value})
        if user.lever_user_id:
            _note_mapping(user, None, by, because="the same e-mail address")
    return user


def authenticate(email: str, password: str) -> User | None:
    """The person with this address and password, or None; takes equally long either way."""
    user = db.session.scalar(select(User).where(User.email == email.strip().lower(), User.active.is_(True)))
    return user if passwords.fits(user.password_hash if user else None, password) else None


def called(email: str) -> User:
    """Whose address this is, also somebody's who is deactivated. Raises ``NotFound``."""
    user = db.session.scalar(select(User).where(User.email == email.strip().lower()))
    if user is None:
        raise NotFound(f"There is no user with the e-mail address {email.strip()}.")
    return user


def exist() -> bool:
    """Whether anybody can sign in yet."""
    return bool(db.session.scalar(select(func.count()).select_from(User)))


def everybody() -> list[User]:
    """All of them: who can sign in first, then by name."""
    return list(db.session.scalars(select(User).order_by(User.active.desc(), func.lower(User.name))))


def get(user_id: int) -> User:
    """Raises ``NotFound``."""
    user = db.session.get(User, user_id)
    if user is None:
        raise NotFound("There is no such user.")
    return user


def signed_in(user_id: int, by: str = "password") -> None:
    """Write down that this person signed in, and by what."""
    with transaction():
        user = get(user_id)
        user.last_signed_in_at = clock.now()
        audit.record("user.signed_in", by=user, subject=user.email, detail={"by": by})


def signed_out(user: User) -> None:
    """Write down that this person signed out here."""
    with transaction():
        audit.record("user.signed_out", by=user, subject=user.email)


def refused(email: str) -> None:
    """Write down a wrong password. Of an unknown address what was typed is not kept, but as much is written: the two
    must take equally long."""
    with transaction() as session:
        known = session.scalar(select(User.email).where(User.email == email.strip().lower()))
        audit.record("user.sign_in_refused", by=None, subject=known or "an unknown address")


def turned_away(why: str) -> None:
    """Write down that somebody came from the identity provider and was not let in."""
    with transaction():
        audit.record("user.sign_in_refused", by=None, detail={"single_sign_on": why})


def save(user_id: int, *, role: Role, lever_user_id: str | None, by: User) -> None:
    """Give a person both, or with an error neither. Raises as ``map_to_lever`` and ``change_role`` do."""
    with transaction():
        map_to_lever(user_id, lever_user_id, by)
        change_role(user_id, role, by)


def change_role(user_id: int, role: Role, by: User) -> None:
    """Raises ``Conflict`` when no super admin could sign in any more."""
    with transaction():
        user = get(user_id)
        if user.role is role:
            return
        super_admins = ways_in.hold_super_admins()
        before, user.role = user.role, role
        if user in super_admins:
            _keep_a_super_admin(super_admins)
        audit.record("user.role_changed", by=by, subject=user.email, detail={"from": before, "to": role})


def deactivate(user_id: int, by: User) -> int:
    """End every sign-in of this person and let them in no more. Their texts keep their name.

    Their conversations are nobody's then; answers how many. Raises ``Conflict`` for the last super admin who can sign
    in.
    """
    with transaction():
        user = get(user_id)
        if not user.active:
            return 0
        super_admins = ways_in.hold_super_admins()
        user.active = False
        if user in super_admins:
            _keep_a_super_admin(super_admins)
        sessions.end_all(user.id)
        user.link_hash = user.link_expires_at = None
        released = assignments.release_all_of(user)
        audit.record("user.deactivated", by=by, subject=user.email, detail={"unassigned": released})
    return released


def reactivate(user_id: int, by: User) -> None:
    with transaction():
        user = get(user_id)
        if not user.active:
            user.active = True
            audit.record("user.reactivated", by=by, subject=user.email)


def map_to_lever(user_id: int, lever_user_id: str | None, by: User) -> None:
    """Say who this person is in Lever: it decides which confidential candidates they see. Raises ``Invalid``."""
    with transaction() as session:
        user = get(user_id)
        if lever_user_id and not session.scalar(select(LeverUser.id).where(LeverUser.lever_id == lever_user_id)):
            raise Invalid("Lever has no such user; sync and try again.", "lever_user_id")
        before, user.lever_user_id = user.lever_user_id, lever_user_id or None
        if before != user.lever_user_id:
            _note_mapping(user, before, by)


def proposals() -> dict[int, LeverUser]:
    """Lever users by their e-mail address, for people who are mapped to none; key is our user's id."""
    rows = db.session.execute(
        select(User.id, LeverUser)
        .join(LeverUser, func.lower(LeverUser.email) == User.email)
        .where(User.lever_user_id.is_(None), LeverUser.deactivated_at.is_(None))
    )
    return {row.id: row.LeverUser for row in rows}


def lever_users() -> list[LeverUser]:
    """Those active in Lever, by name."""
    return list(
        db.session.scalars(
            select(LeverUser).where(LeverUser.deactivated_at.is_(None)).order_by(func.lower(LeverUser.name))
        )
    )


def change_preferences(user_id: int, *, name: str, time_zone: str | None, enter_sends: bool) -> None:
    """A person's own settings. Raises ``Invalid``."""
    if not name.strip():
        raise Invalid("A name is needed.", "name")
    if time_zone:
        check_zone(time_zone)
    with transaction():
        user = get(user_id)
        if user.name != name.strip():
            audit.record("user.renamed", by=user, subject=user.email, detail={"from": user.name, "to": name.strip()})
        user.name, user.time_zone, user.enter_sends = name.strip(), time_zone or None, enter_sends


def change_password(user_id: int, old: str, new: str) -> None:
    """Also ends every sign-in of this person, so the caller signs this one in again. Raises ``Invalid``."""
    user = get(user_id)
    if not passwords.fits(user.password_hash, old):
        with transaction():
            audit.record("user.password_change_refused", by=user, subject=user.email)
        raise Invalid("That is not your present password.", "old")
    passwords.check(new, user.name, user.email, company().name)
    set_password(user_id, passwords.hash_of(new), "user.password_changed")


def set_password(user_id: int, password_hash: str, action: str) -> None:
    """Store a hash made beforehand, end every sign-in and any one-time link."""
    with transaction():
        user = get(user_id)
        user.password_hash = password_hash
        sessions.end_all(user.id)
        user.link_hash = user.link_expires_at = None
        audit.record(action, by=user, subject=user.email)


def check_zone(name: str) -> None:
    """Raises ``Invalid`` for what is no time zone."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise Invalid("That is not a time zone.", "time_zone") from None


def _keep_a_super_admin(super_admins: list[User]) -> None:
    """Inside the transaction that changed one of them: refuse unless a super admin can still sign in."""
    if not ways_in.someone_can(super_admins):
        raise Conflict(LAST_SUPER_ADMIN.format(needed=ways_in.Doors.now().needed))


def _note_mapping(user: User, before: str | None, by: User | None, **detail: str) -> None:
    """Inside a transaction: write down who somebody is in Lever from now on, by name, for ids tell people nothing."""
    named = select(LeverUser.lever_id, LeverUser.name).where(LeverUser.lever_id.in_([before, user.lever_user_id]))
    names: dict[str | None, str] = {
        lever_id: f"{name} ({lever_id})" for lever_id, name in db.session.execute(named)
    }
    changed = {"from": names.get(before, before), "to": names.get(user.lever_user_id, user.lever_user_id)}
    audit.record("user.mapped", by=by, subject=user.email, detail={**changed, **detail})


def _proposed(address: str) -> str | None:
    """Who this address is in Lever."""
    return db.session.scalar(
        select(LeverUser.lever_id).where(func.lower(LeverUser.email) == address, LeverUser.deactivated_at.is_(None))
    )
