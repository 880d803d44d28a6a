"""Calls the customer's URLs: signed forms, Twilio's time limits and retry overrides, faults on demand."""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urldefrag
from xml.etree import ElementTree

import requests
from urllib3.exceptions import NewConnectionError

from grayscale.sandbox.carrier.records import new_sid, utcnow
from grayscale.sandbox.carrier.signature import sign
from grayscale.sandbox.faults import FaultBoard
from grayscale.sandbox.lanes import Lanes

#: A reordered call that nothing overtakes goes after this long.
_HELD_SECONDS = 30.0
#: Pause before a retry; Twilio retries at once or nearly so.
_RETRY_SECONDS = 0.25


@dataclass(frozen=True)
class Call:
    """One webhook to be made, and remade where the address asks for it."""

    target: str
    label: str
    url: str
    form: dict[str, str]
    wrongly_signed: bool
    fallback: str | None
    on_answer: Callable[[list[str]], None] | None


class Caller:
    """Posts status callbacks and received texts; keeps a log of each try."""

    def __init__(self, auth_token: str, faults: FaultBoard, lanes: Lanes) -> None:
        self.auth_token, self.faults, self.lanes = auth_token, faults, lanes
        self.log: deque[dict[str, Any]] = deque(maxlen=5000)
        self._held: list[Callable[[], None]] = []
        self._lock = threading.Lock()
        self._local = threading.local()

    def call(
        self,
        target: str,
        label: str,
        url: str,
        form: dict[str, str],
        *,
        lane: str,
        fallback: str | None = None,
        on_answer: Callable[[list[str]], None] | None = None,
    ) -> None:
        """Queues one call. `target` is `callback` or `inbound`; `label` is what a fault's path is matched with."""
        fault = self.faults.take(target, "POST", label)
        kind = fault.kind if fault else None
        call = Call(target, label, url, form, kind == "bad_signature", fallback, on_answer)

        def go() -> None:
            self._make(call)

        if kind == "drop":
            self._note(call, None, "dropped on demand")
            return
        if kind == "reorder":
            with self._lock:
                self._held.append(go)
            self.lanes.submit(f"held {lane}", self._release, _HELD_SECONDS)
            return
        self.lanes.submit(lane, go, fault.seconds if fault and kind == "delay" else 0)
        if kind == "duplicate":
            self.lanes.submit(lane, go)
        with self._lock:
            held, self._held = self._held, []
        for earlier in held:
            self.lanes.submit(lane, earlier, 0.05)

    def settle(self) -> None:
        """Lets go of what waited to be overtaken."""
        self._release()

    def _release(self) -> None:
        with self._lock:
            held, self._held = self._held, []
        for earlier in held:
            earlier()

    def _make(self, call: Call) -> None:
        overrides = parse_qs(urldefrag(call.url).fragment)
        retries = min(int(overrides.get("rc", ["1"])[0]), 5)
        policy = set(overrides.get("rp", ["ct"])[0].split(","))
        limits = (int(overrides.get("ct", ["5000"])[0]) / 1000, int(overrides.get("rt", ["15000"])[0]) / 1000)
        event = new_sid("")
        for attempt in range(retries + 1):
            answer, failure = self._post(call, call.url, limits, event if attempt else None)
            self._note(call, answer, failure)
            if answer is not None and answer.ok:
                if call.on_answer:
                    call.on_answer(_texts(answer))
                return
            if not _retried(policy, answer, failure):
                break
            self.faults.stall(_RETRY_SECONDS)
        if call.fallback:
            answer, failure = self._post(call, call.fallback, limits, None)
            self._note(call, answer, failure)

    def _post(
        self, call: Call, url: str, limits: tuple[float, float], event: str | None
    ) -> tuple[requests.Response | None, str | None]:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            session.trust_env = False
        target = urldefrag(url).url
        signature = "A" * 27 + "=" if call.wrongly_signed else sign(self.auth_token, target, call.form)
        headers = {"User-Agent": "TwilioProxy/1.1", "X-Twilio-Signature": signature}
        if event:
            headers["I-Twilio-Idempotency-Token"] = event
        try:
            return session.post(target, data=call.form, headers=headers, timeout=limits, allow_redirects=False), None
        except requests.ConnectTimeout:
            return None, "ct"
        except requests.ReadTimeout:
            return None, "rt"
        except requests.ConnectionError as error:
            session.close()
            refused = isinstance(getattr(error.args[0], "reason", None), NewConnectionError)
            return None, "ct" if refused else "rt"

    def _note(self, call: Call, answer: requests.Response | None, failure: str | None) -> None:
        self.log.append(
            {
                "at": utcnow().timestamp(),
                "target": call.target,
                "label": call.label,
                "url": call.url,
                "sid": call.form.get("MessageSid"),
                "status": answer.status_code if answer is not None else None,
                "failure": failure,
            }
        )


def _retried(policy: set[str], answer: requests.Response | None, failure: str | None) -> bool:
    if answer is None:
        return "all" in policy or failure in policy
    family = f"{answer.status_code // 100}xx"
    return family in {"4xx", "5xx"} and ("all" in policy or family in policy)


def _texts(answer: requests.Response) -> list[str]:
    """What the answer asks to be texted back: TwiML messages, or a plain body as it is."""
    kind = answer.headers.get("Content-Type", "").split(";")[0].strip()
    if kind == "text/plain":
        return [answer.text] if answer.text.strip() else []
    if not re.search(r"xml", kind) or not answer.content.strip():
        return []
    try:
        root = ElementTree.fromstring(answer.content)
    except ElementTree.ParseError:
        return []
    return ["".join(node.itertext()).strip() for node in root.iter("Message")]
