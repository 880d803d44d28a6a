"""Signing in by the company's identity provider (OpenID Connect), and whether passwords still do.

The first sign-in ties a person here, found by their e-mail address, to the provider's own id of them; from then on only
that id counts, so an address that changes hands opens nothing.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import delete, select

from grayscale import clock
from grayscale.clients import oidc
from grayscale.clients.oidc import Identity, OidcError, Pending
from grayscale.config import LOOPBACK_HOSTS, current_config
from grayscale.database import end_read, transaction
from grayscale.domain import audit, users
from grayscale.domain.errors import Invalid, NotAllowed
from grayscale.extensions import db
from grayscale.models import Role, SingleSignOn, User

CALLBACK = "/login/sso/callback"
PASSWORDS_OFF = "People sign in with {name} here; passwords are switched off."
PROVE_FIRST = "Sign in with it yourself first: that proves it works before passwords are switched off."


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


def save(given: Settings, by: User) -> None:
    """Keep the registration, once the provider answered at its discovery URL. Raises ``Invalid``."""
    by_id, stored = by.id, settings()
    secret = given.client_secret or (stored.client_secret if stored else "")
    if not secret:
        raise Invalid("The client secret is needed.", "client_secret")
    if not given.domains:
        raise Invalid("Name at least one domain, such as harbor.example.", "domains")
    if given.passwords_off and by.sso_subject is None:
        raise Invalid(PROVE_FIRST, "passwords_off")
    provider = _provider(given.discovery_url, given.client_id, secret)
    end_read()
    try:
        oidc.discover(provider, fresh=True)
    except OidcError as error:
        raise Invalid(str(error), "discovery_url") from None
    after = {
        "name": given.name, "discovery_url": given.discovery_url, "client_id": given.client_id,
        "domains": given.domains, "lets_join": given.lets_join, "passwords_off": given.passwords_off,
    }  # fmt: skip
    with transaction() as session:
        row = session.get(SingleSignOn, 1)
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
        audit.record("single_sign_on.changed", by=by, subject=given.name, detail=changed)


def remove(by: User) -> None:
    """Forget the registration; people sign in by password again."""
    with transaction() as session:
        row = session.get(SingleSignOn, 1)
        if row is not None:
            session.execute(delete(SingleSignOn))
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
