"""Signing in by the company's identity provider (OpenID Connect), and whether passwords still do.

The first sign-in ties a person here, found by their e-mail address, to the provider's own id of them; from then on only
that id counts, so an address that changes hands opens nothing. The ties are of one registration: another provider, or
another client at which ids may differ, begins anew.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import select

from grayscale import clock
from grayscale.clients import oidc
from grayscale.clients.oidc import Identity, OidcError, Pending
from grayscale.config import LOOPBACK_HOSTS, current_config
from grayscale.database import end_read, transaction
from grayscale.domain import audit, users, ways_in
from grayscale.domain.errors import Conflict, Invalid, NotAllowed
from grayscale.extensions import db
from grayscale.models import Role, SingleSignOn, User

CALLBACK = "/login/sso/callback"
PASSWORDS_OFF = "People sign in with {name} here; passwords are switched off."
PROVE_FIRST = "Sign in with it yourself first: that proves it works before passwords are switched off."
PROVE_ANEW = "Leave passwords on while you replace the secret, and sign in with it yourself: that proves it works."
DOMAINS = (
    "No super admin who has signed in with {name} has an address of these domains, so none could sign in any more. Add"
    " the domain of one."
)
NOBODY_LEFT = (
    "No super admin has a password, so none could sign in any more. Let one choose a password first, by a one-time link"
    " under Settings › Users."
)
LINKS_ARE_OFF = " Such links work once password sign-in is switched on again: save that alone before."


@dataclass(frozen=True, slots=True)
class Settings:
    """What a super admin fills in; an empty *client_secret* keeps the stored one."""

    name: str
    discovery_url: str
    client_id: str
    client_secret: str
    domains: list[str]
    lets_join: bool
    passwords_off: bool


def settings() -> SingleSignOn | None:
    return db.session.get(SingleSignOn, 1)


def passwords_are_off() -> bool:
    return bool(db.session.scalar(select(SingleSignOn.passwords_off).where(SingleSignOn.id == 1)))


def redirect_uri() -> str:
    """The address to register at the provider."""
    return f"{current_config().public_url}{CALLBACK}"


def save(given: Settings, by: User) -> bool:
    """Keep the registration, once the provider answered at its discovery URL; whether it is another one than before,
    so that people are recognised by their address once more.

    Raises ``Invalid``, also when no super admin could sign in any more.
    """
    by_id, stored = by.id, settings()
    secret = given.client_secret or (stored.client_secret if stored else "")
    if not secret:
        raise Invalid("The client secret is needed.", "client_secret")
    if not given.domains:
        raise Invalid("Name at least one domain, such as harbor.example.", "domains")
    if given.passwords_off and by.sso_subject is None:
        raise Invalid(PROVE_FIRST, "passwords_off")
    if given.passwords_off and stored is not None and secret != stored.client_secret:
        raise Invalid(PROVE_ANEW, "passwords_off")
    provider = _provider(given.discovery_url, given.client_id, secret)
    end_read()
    try:
        issuer = oidc.discover(provider, fresh=True).issuer
    except OidcError as error:
        raise Invalid(str(error), "discovery_url") from None
    after = {
        "name": given.name, "discovery_url": given.discovery_url, "client_id": given.client_id,
        "domains": given.domains, "lets_join": given.lets_join, "passwords_off": given.passwords_off,
    }  # fmt: skip
    with transaction() as session:
        super_admins = ways_in.hold_super_admins()
        row = session.get(SingleSignOn, 1)
        were_off = row is not None and row.passwords_off
        untied = _untie(None if row is not None and row.client_id != given.client_id else issuer)
        before = {key: getattr(row, key) if row else None for key in after}
        if row is None:
            row = SingleSignOn(id=1)
            session.add(row)
        for key, value in after.items():
            setattr(row, key, value)
        row.client_secret, row.saved_at, row.saved_by_id = secret, clock.now(), by_id
        changed: dict[str, object] = {key: [before[key], after[key]] for key in after if before[key] != after[key]}
        if given.client_secret:
            changed |= {"client_secret": "replaced"}
        if untied:
            changed |= {"accounts_linked": "begins anew"}
        _keep_a_way_in(given, session.get_one(User, by_id), super_admins, were_off=were_off)
        audit.record("single_sign_on.changed", by=by, subject=given.name, detail=changed)
        return bool(untied)


def _keep_a_way_in(given: Settings, by: User, super_admins: list[User], *, were_off: bool) -> None:
    """Inside the transaction that saved what was *given*. Raises ``Invalid``."""
    if given.passwords_off and by.sso_subject is None:
        raise Invalid(PROVE_FIRST, "passwords_off")
    if ways_in.someone_can(super_admins):
        return
    if any(user.sso_subject is not None for user in super_admins):
        raise Invalid(DOMAINS.format(name=given.name), "domains")
    raise Invalid(NOBODY_LEFT + (LINKS_ARE_OFF if were_off else ""), "discovery_url")


def remove(by: User) -> None:
    """Forget the registration and who signed in with it; people sign in by password again.

    Raises ``Conflict`` when no super admin could.
    """
    with transaction() as session:
        super_admins = ways_in.hold_super_admins()
        row = session.get(SingleSignOn, 1)
        if row is None:
            return
        were_off = row.passwords_off
        _untie(None)
        session.delete(row)
        session.flush()
        if not ways_in.someone_can(super_admins):
            raise Conflict(NOBODY_LEFT + (LINKS_ARE_OFF if were_off else ""))
        audit.record("single_sign_on.removed", by=by, subject=row.name)


def allow_passwords() -> bool:
    """The operator's way back in when the provider fails; whether they were off."""
    with transaction() as session:
        row = session.get(SingleSignOn, 1)
        if row is None or not row.passwords_off:
            return False
        row.passwords_off = False
        audit.record("single_sign_on.passwords_allowed", by=None, subject=row.name)
        return True


def begin() -> tuple[str, Pending]:
    """Where to send the browser, and what to remember. Raises ``Invalid``."""
    provider = _stored()
    end_read()
    try:
        return oidc.begin(provider, redirect_uri())
    except OidcError as error:
        raise Invalid(str(error)) from None


def finish(pending: Pending, code: str) -> User:
    """The person the provider sent back. Raises ``Invalid``, or ``NotAllowed`` for somebody who may not come in."""
    provider = _stored()
    end_read()
    try:
        identity = oidc.finish(provider, redirect_uri(), pending, code)
    except OidcError as error:
        raise Invalid(str(error)) from None
    with transaction() as session:
        subject = f"{identity.issuer} {identity.subject}"
        user = session.scalar(select(User).where(User.sso_subject == subject)) or _met_first(identity, subject)
        if not user.active:
            raise NotAllowed(f"{user.email} is deactivated here. Ask a super admin of your company.")
        _check_domain(user.email)
        return user


def _untie(issuer: str | None) -> int:
    """Inside a transaction: forget the ties to any other provider than *issuer*, all with None; how many."""
    tied = db.session.scalars(select(User).where(User.sso_subject.is_not(None))).all()
    others = [user for user in tied if issuer is None or not str(user.sso_subject).startswith(f"{issuer} ")]
    for user in others:
        user.sso_subject = None
    return len(others)


def _met_first(identity: Identity, subject: str) -> User:
    """Inside a transaction: who this is here, tied to the provider's id of them from now on."""
    try:
        address = users.normalise_email(identity.email)
    except Invalid:
        raise NotAllowed("The provider did not say your e-mail address; it has to be shared.") from None
    if identity.email_verified is False:
        raise NotAllowed(f"The provider has not verified that {address} is yours.")
    _check_domain(address)
    user = db.session.scalar(select(User).where(User.email == address))
    if user is None:
        row = settings()
        if row is None or not row.lets_join:
            raise NotAllowed(f"Nobody invited {address} here. Ask a super admin of your company.")
        user = users.create(
            email=address, name=identity.name.strip()[:200] or address, role=Role.RECRUITER, password=None
        )
    if user.sso_subject is not None:
        raise NotAllowed(f"{address} belongs to another account of the provider. Ask a super admin of your company.")
    user.sso_subject = subject
    audit.record("user.tied_to_provider", by=user, subject=address)
    return user


def _check_domain(address: str) -> None:
    row = settings()
    domain = address.rpartition("@")[2]
    if row is None or domain not in row.domains:
        raise NotAllowed(f"Addresses of {domain} may not sign in here.")


def _stored() -> oidc.Provider:
    row = settings()
    if row is None:
        raise Invalid("Single sign-on is not set up.")
    return _provider(row.discovery_url, row.client_id, row.client_secret)


def _provider(discovery_url: str, client_id: str, secret: str) -> oidc.Provider:
    is_local = urlsplit(current_config().public_url).hostname in LOOPBACK_HOSTS
    return oidc.Provider(discovery_url, client_id, secret, loopback=is_local)
