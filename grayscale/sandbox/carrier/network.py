"""The carrier itself: takes texts, moves them through their states, calls back, and plays the phones at the far end."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import requests

from grayscale.sandbox.carrier import replies, segments
from grayscale.sandbox.carrier.callbacks import Caller
from grayscale.sandbox.carrier.errors import MAGIC_FROM, MAGIC_OK, MAGIC_TO, CarrierError
from grayscale.sandbox.carrier.records import Media, Message, Number, new_sid, utcnow
from grayscale.sandbox.carrier.terms import ANSWERS, HELP_WORDS, START_WORDS, STOP_WORDS, Account, Settings
from grayscale.sandbox.faults import FaultBoard
from grayscale.sandbox.lanes import Lanes

_E164 = re.compile(r"\+[1-9]\d{6,14}")


class Network:
    """All messages, numbers and phones of one account. Thread-safe through one lock."""

    def __init__(self, account: Account, faults: FaultBoard, settings: Settings, seed: int = 1) -> None:
        self.account, self.faults, self.settings, self.seed = account, faults, settings, seed
        self.lock = threading.RLock()
        self.messages: dict[str, Message] = {}
        self.numbers: dict[str, Number] = {}
        #: Pairs (our number or service, phone) that said STOP.
        self.opted_out: set[tuple[str, str]] = set()
        self.lanes = Lanes("carrier")
        self.caller = Caller(account.auth_token, faults, self.lanes)
        #: Who has a phone number, for the web page; set by whoever knows.
        self.directory: Callable[[str], str | None] = lambda phone: None

    def add_number(self, phone_number: str, friendly_name: str, sms_url: str = "") -> Number:
        number = Number(new_sid("PN"), phone_number, friendly_name, sms_url=sms_url)
        self.numbers[phone_number] = number
        return number

    # --- texts to phones ------------------------------------------------------------------------------------

    def send(
        self,
        *,
        to: str,
        from_: str | None,
        service: str | None,
        body: str,
        media_urls: list[str],
        status_callback: str | None,
        scheduled: bool = False,
    ) -> Message:
        """Takes a text or refuses it with the code the carrier would. Raises CarrierError."""
        sender = self._sender(to, from_, service)
        self._check(body, media_urls, status_callback)
        with self.lock:
            if (service or sender, to) in self.opted_out:
                raise CarrierError(21610)
            first = "scheduled" if scheduled else "accepted" if service else "queued"
            message = Message(
                sid=new_sid("MM" if media_urls else "SM"),
                to=to,
                from_=sender,
                body=body,
                direction="outbound-api",
                status=first,
                segments=segments.count(body),
                service=service,
                media_urls=media_urls,
                status_callback=status_callback or self._default_callback(sender),
            )
            message.set_status(first)
            self.messages[message.sid] = message
        if not scheduled:
            steps = ["sending", "sent", "delivered"]
            self._advance(message, ["queued", *steps] if service else steps)
        return message

    def _sender(self, to: str, from_: str | None, service: str | None) -> str:
        """The number a text goes from. Raises CarrierError when either end will not do."""
        if not to:
            raise CarrierError(21604)
        if to in MAGIC_TO:
            raise CarrierError(MAGIC_TO[to])
        if not _E164.fullmatch(to):
            raise CarrierError(21211)
        if not from_ and not service:
            raise CarrierError(21603)
        if from_ in MAGIC_FROM:
            raise CarrierError(MAGIC_FROM[from_])
        if from_ and from_ != MAGIC_OK and from_ not in self.numbers:
            raise CarrierError(21606)
        return from_ or next(iter(self.numbers))

    def _check(self, body: str, media_urls: list[str], callback: str | None) -> None:
        if not body and not media_urls:
            raise CarrierError(21602)
        if len(body) > 1600:
            raise CarrierError(21617)
        if len(media_urls) > 10:
            raise CarrierError(21623)
        if callback:
            parts = urlsplit(callback)
            if parts.scheme not in {"http", "https"} or "_" in (parts.hostname or "_"):
                raise CarrierError(21609)

    def _default_callback(self, sender: str) -> str | None:
        number = self.numbers.get(sender)
        return (number.status_callback or None) if number else None

    def _advance(self, message: Message, steps: list[str]) -> None:
        """Schedules the next state of a text, and the callback that tells of it."""
        if not steps:
            self._answer_later(message)
            return

        def step() -> None:
            status, code, rest = steps[0], None, steps[1:]
            if status == "sending" and message.media_urls and not self._fetch_media(message):
                status, code, rest = "failed", 11200, []
            elif status == "delivered":
                outcome = self.faults.take("outcome", "*", message.to, kinds=("undelivered", "none"))
                if outcome is not None and outcome.kind == "none":
                    return
                if outcome is not None:
                    status, code = outcome.kind, outcome.code or 30008
            elif status == "sent":
                failed = self.faults.take("outcome", "*", message.to, kinds=("failed",))
                if failed is not None:
                    status, code, rest = "failed", failed.code or 30008, []
            with self.lock:
                if message.sid not in self.messages:
                    return  # deleted meanwhile
                message.set_status(status)
                message.error_code = code
            self._call_back(message)
            if status not in {"failed", "undelivered"}:
                self._advance(message, rest)

        self.lanes.submit(message.sid, step, self.settings.step_seconds)

    def _call_back(self, message: Message) -> None:
        if not message.status_callback:
            return
        form = {
            "MessageSid": message.sid,
            "MessageStatus": message.status,
            "SmsSid": message.sid,
            "SmsStatus": message.status,
            "AccountSid": self.account.sid,
            "From": message.from_ or "",
            "To": message.to,
            "ApiVersion": "2010-04-01",
        }
        if message.service:
            form["MessagingServiceSid"] = message.service
        if message.status in {"delivered", "undelivered"}:
            form["RawDlrDoneDate"] = utcnow().strftime("%y%m%d%H%M")
        if message.error_code is not None:
            form["ErrorCode"] = str(message.error_code)
        self.caller.call("callback", message.status, message.status_callback, form, lane=message.sid)

    def _fetch_media(self, message: Message) -> bool:
        """Fetches pictures of an outbound text, as the carrier must before sending them."""
        fetched = []
        for url in message.media_urls:
            try:
                answer = requests.get(url, timeout=10)
                answer.raise_for_status()
            except requests.RequestException:
                return False
            kind = answer.headers.get("Content-Type", "application/octet-stream").split(";")[0]
            fetched.append(Media(new_sid("ME"), kind, answer.content))
        message.media = fetched
        return True

    # --- texts from phones ----------------------------------------------------------------------------------

    def receive(self, *, from_: str, to: str, body: str, media: list[Media] | None = None) -> Message:
        """A phone texts one of our numbers: kept, keyword handled, webhook called. KeyError for a foreign number."""
        number = self.numbers[to]
        message = Message(
            sid=new_sid("MM" if media else "SM"),
            to=to,
            from_=from_,
            body=body,
            direction="inbound",
            status="received",
            segments=segments.count(body),
            media=list(media or []),
        )
        message.set_status("received")
        with self.lock:
            self.messages[message.sid] = message
        self._keyword(message)
        if number.sms_url:
            form = self._inbound_form(message)
            self.caller.call(
                "inbound",
                "received",
                number.sms_url,
                form,
                lane=from_,
                fallback=number.sms_fallback_url or None,
                on_answer=lambda texts: self._say_all(message, texts),
            )
        return message

    def _inbound_form(self, message: Message) -> dict[str, str]:
        form = {
            "ToCountry": "US",
            "ToState": "",
            "ToCity": "",
            "ToZip": "",
            "FromCountry": "US" if (message.from_ or "").startswith("+1") else "",
            "FromState": "",
            "FromCity": "",
            "FromZip": "",
            "SmsMessageSid": message.sid,
            "SmsSid": message.sid,
            "MessageSid": message.sid,
            "SmsStatus": "received",
            "AccountSid": self.account.sid,
            "From": message.from_ or "",
            "To": message.to,
            "Body": message.body,
            "NumMedia": str(len(message.media)),
            "NumSegments": str(message.segments),
            "ApiVersion": "2010-04-01",
        }
        for index, item in enumerate(message.media):
            form[f"MediaUrl{index}"] = self.media_url(message, item)
            form[f"MediaContentType{index}"] = item.content_type
        return form

    #: Scheme, host and port of the API; set once the port is known.
    origin = ""

    def media_url(self, message: Message, item: Media) -> str:
        return f"{self.origin}/2010-04-01/Accounts/{self.account.sid}/Messages/{message.sid}/Media/{item.sid}"

    def _keyword(self, message: Message) -> None:
        if not self.settings.handles_keywords:
            return
        word, phone = message.body.strip().upper(), message.from_ or ""
        pair = (message.to, phone)
        with self.lock:
            services = {(m.service, phone) for m in self.messages.values() if m.service and m.to == phone}
            if word in STOP_WORDS:
                self.opted_out |= {pair, *((str(s), p) for s, p in services)}
                self._say(message, ANSWERS["STOP"], hidden=True)
            elif word in START_WORDS and (pair in self.opted_out or word != "YES"):
                self.opted_out -= {pair, *((str(s), p) for s, p in services)}
                self._say(message, ANSWERS["START"], hidden=True)
            elif word in HELP_WORDS:
                self._say(message, ANSWERS["HELP"], hidden=True)

    def _say(self, cause: Message, body: str, *, hidden: bool = False) -> None:
        """A text back to the phone that nobody sent through the API: a keyword's answer, or what TwiML asked for."""
        with self.lock:
            text = Message(
                sid=new_sid("SM"),
                to=cause.from_ or "",
                from_=cause.to,
                body=body,
                direction="outbound-reply",
                status="delivered",
                segments=segments.count(body),
                hidden=hidden,
            )
            text.set_status("delivered")
            self.messages[text.sid] = text

    def _say_all(self, cause: Message, texts: list[str]) -> None:
        for text in texts:
            self._say(cause, text)

    def _answer_later(self, message: Message) -> None:
        """The simulated candidate reads the text and may answer."""
        after = self.settings.reply_after
        if after is None or message.from_ not in self.numbers:
            return
        with self.lock:
            turn = sum(m.direction == "outbound-api" and m.to == message.to for m in self.messages.values())
        body = replies.reply_to(message.body, seed=self.seed, phone=message.to, turn=turn)
        if body is not None:
            self.lanes.submit(
                f"reply {message.to}",
                lambda: self._answer(message, body),
                after,
            )

    def _answer(self, message: Message, body: str) -> None:
        self.receive(from_=message.to, to=message.from_ or "", body=body)

    # --- keeping --------------------------------------------------------------------------------------------

    @property
    def changes(self) -> object:
        """Differs whenever there is something new to keep."""
        with self.lock:
            addresses = tuple((n.sms_url, n.status_callback) for n in self.numbers.values())
            states = sum(len(message.history) for message in self.messages.values())
            return states, len(self.messages), len(self.opted_out), addresses

    def kept(self) -> dict[str, Any]:
        """What a restart should find again."""
        return {"messages": self.messages, "numbers": self.numbers, "opted_out": self.opted_out}

    def restore(self, kept: dict[str, Any]) -> None:
        self.messages, self.numbers, self.opted_out = kept["messages"], kept["numbers"], kept["opted_out"]

    # --- looking --------------------------------------------------------------------------------------------

    def listed(self) -> list[Message]:
        """What the API lists: newest first, without the carrier's own keyword answers."""
        with self.lock:
            rows = [message for message in self.messages.values() if not message.hidden]
        return rows[::-1]

    def thread(self, phone: str) -> list[Message]:
        """Everything a phone shows, oldest first."""
        with self.lock:
            return [m for m in self.messages.values() if phone in (m.to, m.from_)]
