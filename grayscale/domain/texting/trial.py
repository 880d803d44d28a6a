"""Trying the set-up: a test text, and having the carrier send a number's texts here."""

import secrets

from grayscale.clients.errors import ClientError
from grayscale.config import current_config
from grayscale.database import end_read, transaction
from grayscale.domain import audit, conversations
from grayscale.domain.company import company
from grayscale.domain.errors import Invalid, NotFound
from grayscale.domain.texting import account, outbound, phones
from grayscale.extensions import db
from grayscale.models import SendingNumber, User

WORDS = "This is a test text from Grayscale for Lever. Reply STOP to opt out."


def send(raw: str, by: User) -> tuple[int, str]:
    """Text *raw*, a person's own number, by the same path as any text.

    Answers the conversation to watch it in, and a sentence. Raises ``Invalid``, ``Blocked``, ``NotConnected``.
    """
    parsed = phones.parse(raw, company().region)
    if parsed.e164 is None or parsed.not_textable:
        raise Invalid(parsed.not_textable or "This is not a phone number.", "number")
    number = account.number_for(by)
    with transaction():
        conversation = conversations.for_inbound(parsed.e164, number)
    message = outbound.submit(conversation.id, WORDS, by, submission_key=f"test:{secrets.token_hex(16)}")
    return conversation.id, outbound.notice(message) or "The test text is on its way."


def point_number_here(number_id: int, by: User) -> None:
    """Set the address Twilio posts a number's received texts to. Raises ``NotFound`` or ``Invalid``."""
    number = db.session.get(SendingNumber, number_id)
    if number is None:
        raise NotFound("There is no such number.")
    e164, carrier = number.e164, account.client()
    url = f"{current_config().public_url}/webhooks/twilio/inbound"
    end_read()
    try:
        held = next((one for one in carrier.list_numbers() if one.phone_number == e164), None)
        if held is None:
            raise NotFound(f"Twilio's account has no number {e164}.")
        carrier.configure_number(held.sid, url)
    except ClientError as error:
        raise Invalid(str(error)) from error
    with transaction():
        audit.record("texting.number_pointed_here", by=by, subject=e164)
