"""Twilio's error codes as data: what each means for a text and what a person is told.

Codes and names: twilio.com/docs/api/errors. What may be retried is decided here: Twilio's own wording may change, so
only the number is trusted. "Sync" codes come with the answer to a send, "async" ones in a status callback.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique


@unique
class FailureKind(StrEnum):
    INVALID_NUMBER = "invalid_number"
    NOT_TEXTABLE = "not_textable"  # a landline, or no route to it
    OPTED_OUT = "opted_out"
    NOT_PERMITTED = "not_permitted"  # the account may not text there, or not yet
    SENDER_PROBLEM = "sender_problem"
    TOO_LONG = "too_long"
    AUTH = "auth"
    SUSPENDED = "suspended"
    THROTTLED = "throttled"
    UNREACHABLE = "unreachable"
    BLOCKED = "blocked"
    FILTERED = "filtered"
    QUIET_HOURS = "quiet_hours"
    OTHER = "other"


@unique
class Retry(StrEnum):
    NEVER = "never"
    ONCE = "once"  # a person may try once more
    LATER = "later"  # may be sent again by itself, after a while


@dataclass(frozen=True, slots=True)
class Failure:
    """``user_text`` is for recruiters, ``admin_text`` for super admins and says what to do."""

    code: int | None
    kind: FailureKind
    retry: Retry
    user_text: str
    admin_text: str

    @property
    def may_retry(self) -> bool:
        return self.retry is not Retry.NEVER


_ROWS = (
    # Sync, about the account. 20003: 401. 20429: 429, not processed. 20500: 5xx, outcome unknown (docs/api/errors).
    Failure(
        20003,
        FailureKind.AUTH,
        Retry.NEVER,
        "Texting is disconnected.",
        "Twilio refused the Account SID or auth token. Enter the current ones in the texting settings.",
    ),
    Failure(
        20404,
        FailureKind.OTHER,
        Retry.NEVER,
        "Twilio does not have this, or no longer.",
        "There is no such message or number on this Twilio account.",
    ),
    Failure(
        20429,
        FailureKind.THROTTLED,
        Retry.LATER,
        "Twilio is busy. This text goes out by itself.",
        "Too many requests to Twilio at once. Nothing was lost.",
    ),
    Failure(
        20500,
        FailureKind.OTHER,
        Retry.NEVER,
        "We could not confirm that this was sent.",
        "Twilio failed while taking the text. It may or may not have been sent.",
    ),
    # Sync, about the recipient.
    Failure(
        21211,
        FailureKind.INVALID_NUMBER,
        Retry.NEVER,
        "This number is not valid.",
        "Twilio does not accept the recipient's number. Correct it in Lever.",
    ),
    Failure(
        21408,
        FailureKind.NOT_PERMITTED,
        Retry.NEVER,
        "Texting to this country is not enabled.",
        "Enable the country under Messaging geographic permissions in the Twilio console.",
    ),
    Failure(
        21610,
        FailureKind.OPTED_OUT,
        Retry.NEVER,
        "This person opted out of texts.",
        "The recipient replied STOP to this sender. Only they can undo it, by texting START.",
    ),
    Failure(
        21612,
        FailureKind.NOT_TEXTABLE,
        Retry.NEVER,
        "This number cannot be reached from our number.",
        "Twilio has no route between the sender and this recipient.",
    ),
    Failure(
        21614,
        FailureKind.NOT_TEXTABLE,
        Retry.NEVER,
        "This number cannot receive texts.",
        "The recipient's number is not a mobile number.",
    ),
    Failure(
        21635,
        FailureKind.NOT_TEXTABLE,
        Retry.NEVER,
        "This number cannot receive texts.",
        "The recipient's number is a landline.",
    ),
    # Sync, about the text.
    Failure(21602, FailureKind.OTHER, Retry.NEVER, "The text is empty.", "The text had neither words nor media."),
    Failure(
        21617,
        FailureKind.TOO_LONG,
        Retry.NEVER,
        "The text is too long.",
        "The text is over Twilio's limit of 1,600 characters.",
    ),
    # Sync, about the sender.
    Failure(
        21212,
        FailureKind.SENDER_PROBLEM,
        Retry.NEVER,
        "There is a problem with our number.",
        "Twilio does not accept the sending number. Check it in the texting settings.",
    ),
    Failure(
        21606,
        FailureKind.SENDER_PROBLEM,
        Retry.NEVER,
        "There is a problem with our number.",
        "The sending number is not on this Twilio account or cannot send texts.",
    ),
    Failure(
        21659,
        FailureKind.SENDER_PROBLEM,
        Retry.NEVER,
        "There is a problem with our number.",
        "The sending number is not on this Twilio account or cannot send texts.",
    ),
    Failure(
        21608,
        FailureKind.NOT_PERMITTED,
        Retry.NEVER,
        "Our texting account is still on trial.",
        "A trial account, or one without an approved compliance profile, texts only verified numbers.",
    ),
    Failure(
        21611,
        FailureKind.THROTTLED,
        Retry.LATER,
        "Our number has a long queue. This text goes out by itself.",
        "The sender's queue at Twilio holds more than it can send in 10 hours.",
    ),
    # Async, from status callbacks.
    Failure(
        30001,
        FailureKind.THROTTLED,
        Retry.LATER,
        "Our number has a long queue. This text goes out by itself.",
        "The sender's queue at Twilio overflowed.",
    ),
    Failure(
        30002,
        FailureKind.SUSPENDED,
        Retry.NEVER,
        "Texting is suspended.",
        "Twilio suspended the account. Look in the Twilio console.",
    ),
    Failure(
        30003,
        FailureKind.UNREACHABLE,
        Retry.ONCE,
        "The phone could not be reached. It may be off or out of range.",
        "The handset was off, roaming or not served. One later try is reasonable.",
    ),
    Failure(
        30004,
        FailureKind.BLOCKED,
        Retry.NEVER,
        "The text was blocked.",
        "The carrier or the recipient blocks texts from this sender.",
    ),
    Failure(
        30005,
        FailureKind.INVALID_NUMBER,
        Retry.NEVER,
        "This number is not in service.",
        "The number is unknown or no longer active.",
    ),
    Failure(
        30006,
        FailureKind.NOT_TEXTABLE,
        Retry.NEVER,
        "This number is a landline or cannot be reached.",
        "A landline, or a carrier Twilio does not reach. After a picture message this is not certain.",
    ),
    Failure(
        30007,
        FailureKind.FILTERED,
        Retry.NEVER,
        "A carrier's filter blocked this text.",
        "Filtered as spam. Do not send the same words again; watch how often this happens per sender.",
    ),
    Failure(
        30008,
        FailureKind.OTHER,
        Retry.ONCE,
        "The carrier did not deliver this text.",
        "The carrier gave no reason. One more try is reasonable.",
    ),
    # 30023 and 30027 are not confirmed by Twilio's pages read so far: registered campaigns' caps.
    Failure(
        30023,
        FailureKind.THROTTLED,
        Retry.LATER,
        "Our daily limit is reached. This text goes out tomorrow.",
        "The registered brand reached a carrier's daily cap.",
    ),
    Failure(
        30024,
        FailureKind.SENDER_PROBLEM,
        Retry.NEVER,
        "Our number is not ready yet.",
        "The sender is not provisioned at the recipient's carrier yet.",
    ),
    Failure(
        30027,
        FailureKind.THROTTLED,
        Retry.LATER,
        "Our daily limit is reached. This text goes out tomorrow.",
        "The registered campaign reached T-Mobile's daily cap.",
    ),
    Failure(
        30032,
        FailureKind.SENDER_PROBLEM,
        Retry.NEVER,
        "Our number is not verified.",
        "The toll-free number is not verified. Complete its verification in the Twilio console.",
    ),
    Failure(
        30034,
        FailureKind.SENDER_PROBLEM,
        Retry.NEVER,
        "Our number is not registered.",
        "US carriers need A2P 10DLC registration. Register the brand and campaign in the Twilio console.",
    ),
    Failure(
        30035,
        FailureKind.SENDER_PROBLEM,
        Retry.NEVER,
        "Our number is not ready yet.",
        "The number's registration is still being set up at the carriers.",
    ),
    Failure(
        30450,
        FailureKind.BLOCKED,
        Retry.NEVER,
        "The text was blocked by fraud protection.",
        "Twilio's SMS pumping protection blocked it. Look in the Twilio console.",
    ),
    Failure(
        30610,
        FailureKind.QUIET_HOURS,
        Retry.LATER,
        "Outside the hours in which texts are allowed. This text goes out later.",
        "Twilio's own quiet hours blocked it.",
    ),
    # 35114 to 35117: a scheduled time outside Twilio's window. Scheduling is done here, so these should not occur.
    *(
        Failure(
            code,
            FailureKind.OTHER,
            Retry.NEVER,
            "The text could not be scheduled.",
            "Twilio refused the scheduled time.",
        )
        for code in (35114, 35115, 35116, 35117)
    ),
)

FAILURES: dict[int, Failure] = {row.code: row for row in _ROWS if row.code is not None}


def explain(code: int | None) -> Failure:
    """What a code means; an unknown one is never retried by itself."""
    known = FAILURES.get(code) if code is not None else None
    if known is not None:
        return known
    named = "" if code is None else f" (Twilio error {code})"
    return Failure(
        code,
        FailureKind.OTHER,
        Retry.NEVER,
        f"The text was not delivered{named}.",
        f"Twilio gave a reason that is not in our table{named}: see twilio.com/docs/api/errors.",
    )
