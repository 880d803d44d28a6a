"""The company's account at the carrier: its credentials, its numbers, and whether it may be used."""

import re
import threading
from datetime import timedelta

from sqlalchemy import select

from grayscale import clock
from grayscale.clients import errors
from grayscale.clients.errors import ClientError
from grayscale.clients.twilio.client import TwilioClient
from grayscale.config import current_config
from grayscale.database import end_read, transaction
from grayscale.domain import audit
from grayscale.domain.company import ensure_rows, texting_account
from grayscale.domain.errors import DomainError, Invalid, NotFound
from grayscale.domain.nudges import Job, nudge
from grayscale.extensions import db
from grayscale.models import Delivery, DeliveryState, Registration, SendingNumber, Source, TextingAccount, User

# Seconds a send may take before its outcome counts as unknown.
TIMEOUT = 10.0
# How long the carrier may still sign with the token before.
OVERLAP = timedelta(days=7)
# Segments a second the carrier takes: a long code's queue is the carrier's own, so only floods are held back here.
LONG_CODE_PACE, SHORT_CODE_PACE = 10, 100
# Why a text to a number nobody here owns is parked; also how it is found again once the number is added.
UNKNOWN_NUMBER = "No sending number is"

_E164 = re.compile(r"\+[1-9]\d{6,14}")
_SHORT_CODE = re.compile(r"\d{5,6}")
_clients: dict[tuple[str, str, str], TwilioClient] = {}
_lock = threading.Lock()


class NotConnected(DomainError):
    """No credentials are saved, or no number."""

    def __init__(
        self, sentence: str = "Texting is not set up yet. A super admin can do it in Settings › Texting."
    ) -> None:
        super().__init__(sentence)


def client() -> TwilioClient:
    """The carrier's client for the saved credentials, kept for its open connections. Raises ``NotConnected``."""
    account = texting_account()
    if not account.account_sid or not account.auth_token:
        raise NotConnected
    key = (account.account_sid, account.auth_token, current_config().twilio_api_url)
    with _lock:
        if key not in _clients:
            _clients.clear()
            _clients[key] = TwilioClient(*key, timeout=TIMEOUT)
        return _clients[key]


def is_connected() -> bool:
    """Whether there are credentials to send with."""
    account = texting_account()
    return bool(account.account_sid and account.auth_token)


def signing_tokens() -> tuple[str, ...]:
    """What a webhook may be signed with: the auth token, and for a while the one before."""
    account = texting_account()
    tokens = [account.auth_token]
    if account.previous_auth_token_until and account.previous_auth_token_until > clock.now():
        tokens.append(account.previous_auth_token)
    return tuple(token for token in tokens if token)


def numbers() -> list[SendingNumber]:
    """Every number, in the order of the page."""
    return list(db.session.scalars(select(SendingNumber).order_by(SendingNumber.position, SendingNumber.id)))


def number_for(user: User | None) -> SendingNumber:
    """The number a new conversation of *user* is held from: their own, else a shared one. Raises ``NotConnected``."""
    active = [number for number in numbers() if number.active]
    own = [number for number in active if user is not None and number.user_id == user.id]
    usable = own or [number for number in active if number.user_id is None]
    if not usable:
        raise NotConnected("There is no number to text from. A super admin can add one in Settings › Texting.")
    return next((number for number in usable if number.can_send), usable[0])


def by_address(e164: str, messaging_service_sid: str | None = None) -> SendingNumber | None:
    """The number a text was sent to, by itself or by the messaging service it is a part of."""
    found = db.session.scalar(select(SendingNumber).where(SendingNumber.e164 == e164))
    if found is None and messaging_service_sid:
        found = db.session.scalars(
            select(SendingNumber)
            .where(SendingNumber.messaging_service_sid == messaging_service_sid)
            .order_by(SendingNumber.position, SendingNumber.id)
        ).first()
    return found


def save_credentials(account_sid: str, auth_token: str, by: User) -> None:
    """Keep the credentials; an empty *auth_token* keeps the stored one. Raises ``Invalid``.

    The token before goes on being accepted on webhooks for a while, because the carrier's switch is not ours.
    """
    sid, token = account_sid.strip(), auth_token.strip()
    if sid and not re.fullmatch(r"AC\w{1,62}", sid):
        raise Invalid("An Account SID begins with AC, as on the Twilio console's first page.", "account_sid")
    ensure_rows()
    with transaction() as session:
        account = session.get_one(TextingAccount, 1)
        before = account.account_sid
        changed = before != (sid or None) or (token and token != account.auth_token)
        account.account_sid = sid or None
        if token and token != account.auth_token:
            if account.auth_token:
                account.previous_auth_token = account.auth_token
                account.previous_auth_token_until = clock.now() + OVERLAP
            account.auth_token = token
            account.auth_token_set_at = clock.now()
            account.auth_token_set_by_id = by.id
        if changed:
            account.stopped_reason = None
            account.paused_until = None
            detail: dict[str, object] = {"account": [before, sid or None]} | ({"token": "replaced"} if token else {})
            audit.record("texting.credentials_saved", by=by, subject=sid, detail=detail)
            nudge(Job.OUTBOUND)


def remove_token(by: User) -> None:
    """Forget the auth token, and with it the one before: nothing is sent and no webhook accepted any more."""
    with transaction() as session:
        account = session.get_one(TextingAccount, 1)
        account.auth_token = account.previous_auth_token = account.previous_auth_token_until = None
        account.auth_token_set_at = account.auth_token_set_by_id = None
        audit.record("texting.token_removed", by=by)


def check() -> str | None:
    """Ask the carrier whether it knows the account; what is wrong in a sentence, or None."""
    carrier = client()
    end_read()
    try:
        found = carrier.account()
    except errors.NotAuthorised:
        return "Twilio refused the Account SID or the Auth token (401). Copy both anew from Twilio’s console."
    except errors.NotFound:
        return "Twilio has no account with this Account SID (404). Copy it anew from Twilio’s console."
    except ClientError as error:
        return str(error)
    if found.status not in ("", "active"):
        return f"Twilio says the account is {found.status}."
    return None


def normalise_number(raw: str) -> str:
    """A sending number in E.164, or a short code. Raises ``Invalid``."""
    digits = re.sub(r"[\s().\-]", "", raw)
    if re.fullmatch(r"\d{10}", digits):
        digits = "+1" + digits
    if re.fullmatch(r"1\d{10}", digits):
        digits = "+" + digits
    if not _E164.fullmatch(digits) and not _SHORT_CODE.fullmatch(digits):
        raise Invalid("A number is written with its country code, for example +12185550100.", "phone_number")
    return digits


def save_number(
    raw: str, by: User, *, label: str = "", messaging_service_sid: str = "", user_id: int | None = None,
    segments_per_second: int | None = None, registration: Registration = Registration.APPROVED,
) -> SendingNumber:
    """Add a number, or change the one that is already there. Raises ``Invalid``."""
    e164 = normalise_number(raw)
    service = messaging_service_sid.strip()
    if service and not re.fullmatch(r"MG\w{1,62}", service):
        raise Invalid("A messaging service's SID begins with MG.", "messaging_service_sid")
    with transaction() as session:
        number = session.scalar(select(SendingNumber).where(SendingNumber.e164 == e164))
        if number is None:
            last = session.scalar(select(db.func.max(SendingNumber.position)))
            number = SendingNumber(
                e164=e164, position=0 if last is None else last + 1, active=True,
                segments_per_second=SHORT_CODE_PACE if _SHORT_CODE.fullmatch(e164) else LONG_CODE_PACE,
            )
            session.add(number)
        number.label = label.strip()[:100]
        number.messaging_service_sid = service or None
        number.user_id = user_id
        number.active = True
        number.registration = registration
        if segments_per_second:
            number.segments_per_second = segments_per_second
        session.flush()
        _take_parked_texts(e164)
        audit.record("texting.number_saved", by=by, subject=e164, detail={"registration": registration.value})
        nudge(Job.OUTBOUND)
    return number


def save_first_number(raw: str, by: User) -> bool:
    """Make *raw* the number new conversations are held from, adding it if need be; whether anything changed.

    A number that was first before stays for its conversations. Raises ``Invalid``.
    """
    e164 = normalise_number(raw)
    known = numbers()
    if known and known[0].e164 == e164 and known[0].active:
        return False
    with transaction() as session:
        number = session.scalar(select(SendingNumber).where(SendingNumber.e164 == e164))
        number = number or save_number(e164, by)
        number.active = True
        lowest = session.scalar(select(db.func.min(SendingNumber.position)))
        number.position = (lowest or 0) - 1
    return True


def set_active(number_id: int, active: bool, by: User) -> None:
    """Stop or resume the use of a number; its conversations stay. Resuming forgets why the carrier stopped it, and
    says that its registration is approved."""
    with transaction() as session:
        number = session.get(SendingNumber, number_id)
        if number is None:
            raise NotFound("There is no such number.")
        number.active = active
        if active:
            number.stopped_reason = None
            number.registration = Registration.APPROVED
        audit.record("texting.number_resumed" if active else "texting.number_stopped", by=by, subject=number.e164)
        nudge(Job.OUTBOUND)


def resume(by: User) -> None:
    """Send again after the carrier had refused the account."""
    with transaction() as session:
        session.get_one(TextingAccount, 1).stopped_reason = None
        audit.record("texting.resumed", by=by)
        nudge(Job.OUTBOUND)


def recheck_stops() -> None:
    """Lift a stop that the carrier itself no longer upholds; asked only while something is stopped."""
    account = texting_account()
    stopped = [number for number in numbers() if number.active and number.stopped_reason]
    if not is_connected() or not (account.stopped_reason or stopped):
        return
    healthy = check() is None
    usable: set[str] = set()
    if healthy and stopped:
        carrier = client()
        end_read()
        try:
            usable = {number.phone_number for number in carrier.list_numbers() if number.sms_capable}
        except ClientError:
            usable = set()
    if not healthy:
        return
    with transaction() as session:
        session.get_one(TextingAccount, 1).stopped_reason = None
        for number in session.scalars(select(SendingNumber).where(SendingNumber.e164.in_(usable))):
            # A registration the carriers miss does not show in the list of numbers: that is left to a person.
            number.stopped_reason = None
        nudge(Job.OUTBOUND)


def _take_parked_texts(e164: str) -> None:
    """Texts to this number that came before it was known are handled now."""
    db.session.execute(
        db.update(Delivery)
        .where(
            Delivery.source == Source.TWILIO_INBOUND,
            Delivery.state == DeliveryState.DEAD,
            Delivery.error == f"{UNKNOWN_NUMBER} {e164}.",
        )
        .values(state=DeliveryState.PENDING, next_attempt_at=clock.now(), error=None)
    )
    nudge(Job.CARRIER_EVENTS)
