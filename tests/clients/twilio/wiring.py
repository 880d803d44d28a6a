"""The account the tests of the Twilio client use."""

from __future__ import annotations

from datetime import UTC, datetime

ROOT = "https://twilio.test"
SID = "AC" + "0" * 32
TOKEN = "auth-token-secret"
ACCOUNT = f"{ROOT}/2010-04-01/Accounts/{SID}"
MESSAGES = ACCOUNT + "/Messages.json"
NUMBERS = ACCOUNT + "/IncomingPhoneNumbers"
TO, FROM = "+12185550142", "+12185550100"
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CREATED = {
    "sid": "SM" + "1" * 32,
    "status": "queued",
    "num_segments": "2",
    "num_media": "0",
    "to": TO,
    "from": FROM,
    "direction": "outbound-api",
    "date_created": "Mon, 23 Nov 2026 12:00:00 +0000",
    "date_sent": None,
    "error_code": None,
    "price": None,
}
