"""Slowing down whoever guesses passwords, without letting them lock somebody else out.

Only wrong passwords count. A browser that has signed in as this person before carries a signed cookie and is counted
by itself, so nobody elsewhere can use its attempts up. All others are counted by address, and by account and address.
An account that is guessed at from everywhere gives each address fewer tries, but never none: its person still gets in.
"""

import hashlib
import ipaddress
import secrets
from dataclasses import dataclass
from datetime import timedelta

from flask import Response, current_app, request
from itsdangerous import BadSignature, URLSafeSerializer

from grayscale.config import current_config
from grayscale.database import transaction
from grayscale.domain.throttle import Limit, give_back, take, used

DEVICE_COOKIE = "device"
DEVICE_LIFE_SECONDS = 180 * 86400

WAIT = timedelta(minutes=15)
TOO_MANY = (
    "Too many wrong passwords came from here. Wait 15 minutes, or use a browser that signed in as you before: "
    "it is counted by itself."
)
PER_DEVICE = Limit("device", 10, WAIT)
PER_ACCOUNT_AND_ADDRESS = Limit("account and address", 8, WAIT)
PER_ADDRESS = Limit("address", 40, WAIT)
# From browsers never seen before, wherever they are. Past it a spread-out attack has this few tries an address.
PER_ACCOUNT = Limit("account", 200, timedelta(hours=1))
WHILE_UNDER_ATTACK = 2
PER_LINK_ADDRESS = Limit("wrong one-time links", 30, WAIT)
# A candidate's link to times: what a person and their phone need, and how many wrong ones an address may try.
PER_TIMES_LINK = Limit("times", 90, timedelta(minutes=1))
PER_WRONG_TIMES_LINK = Limit("wrong links to times", 30, WAIT)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One password about to be tried, counted already."""

    counted: tuple[tuple[Limit, tuple[str, ...]], ...]

    def was_right(self) -> None:
        """Only wrong ones count."""
        with transaction():
            for limit, whose in self.counted:
                give_back(limit, *whose)


def attempt(email: str) -> Attempt | None:
    """Count a try of this browser for this account; None when it has none left for now."""
    account, address = _account(email), _network(request.remote_addr or "")
    device = _devices().get(account)
    buckets: tuple[tuple[Limit, tuple[str, ...]], ...]
    if device is not None:
        buckets = ((PER_DEVICE, (device,)),)
        most = {PER_DEVICE: PER_DEVICE.count}
    else:
        buckets = (
            (PER_ACCOUNT_AND_ADDRESS, (account, address)), (PER_ADDRESS, (address,)), (PER_ACCOUNT, (account,)),
        )  # fmt: skip
        under_attack = used(PER_ACCOUNT, account) >= PER_ACCOUNT.count
        most = {
            PER_ACCOUNT_AND_ADDRESS: WHILE_UNDER_ATTACK if under_attack else PER_ACCOUNT_AND_ADDRESS.count,
            PER_ADDRESS: PER_ADDRESS.count,
        }
    # Who has none left costs no write.
    if any(limit in most and used(limit, *whose) >= most[limit] for limit, whose in buckets):
        return None
    with transaction():
        counts = {limit: take(limit, *whose) for limit, whose in buckets}
    if any(counts[limit] > allowed for limit, allowed in most.items()):
        return None
    return Attempt(buckets)


def may_guess_link() -> bool:
    """Count a one-time link that nobody was given; whether whoever tries such may go on."""
    address = _network(request.remote_addr or "")
    limit = PER_LINK_ADDRESS
    return used(limit, address) < limit.count and take(limit, address) <= limit.count


def may_open_times(link: str) -> bool:
    """Count one use of a link to times, named by the hash of its token; whether its holder may go on."""
    guesses = used(PER_WRONG_TIMES_LINK, _network(request.remote_addr or ""))
    return guesses < PER_WRONG_TIMES_LINK.count and take(PER_TIMES_LINK, link) <= PER_TIMES_LINK.count


def note_wrong_times_link() -> None:
    """Count a link to times that nobody was given."""
    take(PER_WRONG_TIMES_LINK, _network(request.remote_addr or ""))


def remember_device(response: Response, email: str) -> Response:
    """Mark the browser as one that signed in as this person."""
    known = _devices()
    known[_account(email)] = secrets.token_hex(8)
    # A shared computer: the last few people only.
    value = _serializer().dumps(dict(list(known.items())[-5:]))
    response.set_cookie(
        _cookie_name(), value, max_age=DEVICE_LIFE_SECONDS, secure=current_config().is_secure, httponly=True,
        samesite="Lax",
    )
    return response


def _account(email: str) -> str:
    return hashlib.sha256(email.strip().lower().encode()).hexdigest()[:24]


def _network(address: str) -> str:
    """Whoever has an IPv6 address has 2**64 of them: they count as one."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return address
    if parsed.ipv4_mapped is not None:
        # How a proxy that listens on both tells an IPv4 address: not all of IPv4 is one neighbour.
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def _devices() -> dict[str, str]:
    try:
        value = _serializer().loads(request.cookies.get(_cookie_name(), ""))
    except BadSignature:
        return {}
    return value if isinstance(value, dict) else {}


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt="device")


def _cookie_name() -> str:
    return f"__Host-{DEVICE_COOKIE}" if current_config().is_secure else DEVICE_COOKIE
