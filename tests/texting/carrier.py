"""A carrier at the wire: takes texts, remembers them, lists them, and misbehaves when told to."""

import itertools
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
import responses

from grayscale import clock
from grayscale.clients.twilio.signature import sign

SID = "AC" + "0" * 31 + "1"
TOKEN = "the-auth-token-of-the-tests"
API = "https://twilio.test/2010-04-01/Accounts/" + SID
OURS = "+12185550100"
PEER = "+12185550142"
PUBLIC = "https://texting.test"


class Killed(BaseException):
    """The process ended here."""


class Carrier:
    """What Twilio would have after what the application did. ``faults`` are used up, first one first.

    ``on_call`` is called before a request arrives and again before it is answered.
    """

    def __init__(self, mock: responses.RequestsMock) -> None:
        self.mock, self.url = mock, API
        self.texts: dict[str, dict[str, Any]] = {}
        self.posts: list[dict[str, str]] = []
        self.faults: list[Callable[[dict[str, str]], Any]] = []
        self.inbound: list[dict[str, Any]] = []
        self.hidden: set[str] = set()
        self.on_call: Callable[[], None] = lambda: None
        self._numbers = itertools.count(1)
        mock.add_callback("POST", f"{API}/Messages.json", self._post)
        mock.add_callback("GET", re.compile(re.escape(f"{API}/Messages.json")), self._list)
        mock.add_callback("GET", re.compile(re.escape(API) + r"/Messages/\w+\.json"), self._fetch)
        mock.add_callback("GET", f"{API}.json", lambda _request: (200, {}, f'{{"sid": "{SID}", "status": "active"}}'))
        mock.add_callback("GET", re.compile(re.escape(f"{API}/IncomingPhoneNumbers.json")), self._phone_numbers)

    def forget(self) -> None:
        """A carrier that never heard of us."""
        for held in (self.texts, self.posts, self.faults, self.inbound, self.hidden):
            held.clear()

    def sid(self) -> str:
        return f"SM{next(self._numbers):032x}"

    def take(self, form: dict[str, str]) -> dict[str, Any]:
        """The carrier has this text now."""
        text = {
            "sid": self.sid(), "status": "queued", "to": form["To"], "from": form.get("From"),
            "body": form.get("Body", ""), "direction": "outbound-api", "num_segments": "1", "num_media": "0",
            "date_created": format_datetime(clock.now()), "error_code": None,
            "callback": form.get("StatusCallback"), "at": clock.now(),
        }  # fmt: skip
        self.texts[text["sid"]] = text
        return text

    def bodies(self) -> list[str]:
        return [text["body"] for text in self.texts.values()]

    def receive(self, body: str, *, from_: str = PEER, to: str = OURS, at: datetime | None = None) -> dict[str, Any]:
        """A candidate's text that only the carrier's log knows."""
        when = at or clock.now()
        text = {
            "sid": self.sid(), "status": "received", "to": to, "from": from_, "body": body, "direction": "inbound",
            "num_segments": "1", "num_media": "0", "date_created": format_datetime(when),
            "date_sent": format_datetime(when),
        }  # fmt: skip
        self.inbound.append(text)
        return text

    def _post(self, request: requests.PreparedRequest) -> Any:
        form = dict(parse_qsl(str(request.body), keep_blank_values=True))
        self.on_call()
        self.posts.append(form)
        answer = self.faults.pop(0)(form) if self.faults else None
        if answer is None:
            answer = 201, {}, _json(self.take(form))
        self.on_call()
        return answer

    def _list(self, request: requests.PreparedRequest) -> Any:
        wanted = dict(parse_qsl(urlsplit(str(request.url)).query))
        rows = [*self.texts.values(), *self.inbound]
        to = re.sub(r"\D", "", wanted.get("To", ""))
        found = [row for row in rows if re.sub(r"\D", "", row["to"]) == to and row["sid"] not in self.hidden]
        return 200, {}, _json({"messages": found})

    def _fetch(self, request: requests.PreparedRequest) -> Any:
        sid = urlsplit(str(request.url)).path.rpartition("/")[2].removesuffix(".json")
        if sid not in self.texts:
            return 404, {}, _json({"code": 20404, "message": "not found", "status": 404})
        return 200, {}, _json(self.texts[sid])

    def _phone_numbers(self, _request: requests.PreparedRequest) -> Any:
        number = {"sid": "PN1", "phone_number": OURS, "capabilities": {"sms": True, "mms": True}}
        return 200, {}, _json({"incoming_phone_numbers": [number]})


def refusal(status: int, code: int, **headers: str) -> Callable[[dict[str, str]], Any]:
    """The carrier refuses, or fails, before it takes the text."""
    return lambda _form: (status, headers, _json({"code": code, "message": "no", "status": status}))


def lost_before(_form: dict[str, str]) -> Any:
    """No answer, and the text was not taken."""
    return requests.exceptions.ReadTimeout("no answer")


def lost_after(carrier: Carrier) -> Callable[[dict[str, str]], Any]:
    """No answer, yet the text was taken."""

    def fault(form: dict[str, str]) -> Any:
        carrier.take(form)
        return requests.exceptions.ReadTimeout("no answer")

    return fault


def never_left(_form: dict[str, str]) -> Any:
    """No connection at all."""
    return requests.exceptions.ConnectTimeout("no connection")


def signed(path: str, form: dict[str, str], *, token: str = TOKEN) -> dict[str, str]:
    """Headers of a webhook as the carrier sends it."""
    return {"X-Twilio-Signature": sign(PUBLIC + path, form.items(), token)}


def inbound_form(body: str, *, sid: str, from_: str = PEER, to: str = OURS, **more: str) -> dict[str, str]:
    return {
        "MessageSid": sid, "AccountSid": SID, "From": from_, "To": to, "Body": body, "NumMedia": "0",
        "NumSegments": "1", **more,
    }  # fmt: skip


def status_form(sid: str, status: str, error_code: int | None = None, to: str = PEER) -> dict[str, str]:
    form = {"MessageSid": sid, "AccountSid": SID, "MessageStatus": status, "To": to, "From": OURS}
    return form | ({"ErrorCode": str(error_code)} if error_code else {})


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


def _json(value: Any) -> str:
    return json.dumps(value, default=str)
