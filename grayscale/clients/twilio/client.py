"""Twilio's Messages API on plain requests.

A text is sent with one POST and never repeated here: there is no idempotency key, so a repeated POST texts a person
twice. Consent, quiet hours, pacing and retries live above this client.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

import requests

from grayscale.clients.errors import ClientError, UnexpectedAnswer
from grayscale.clients.http import (
    Answer,
    NoAnswer,
    Observer,
    Params,
    TooLarge,
    Transport,
    new_session,
    retry_after_seconds,
)
from grayscale.clients.retry import Budget, retrying
from grayscale.clients.text import clean
from grayscale.clients.twilio.errors import (
    CredentialsRejected,
    MediaRefused,
    NoSuchObject,
    NotSent,
    OutcomeUnknown,
    Rejected,
    Throttled,
)
from grayscale.clients.twilio.errors_table import Retry, explain
from grayscale.clients.twilio.media import MediaGuard
from grayscale.clients.twilio.types import (
    Account,
    MediaContent,
    MediaItem,
    MissingSid,
    PhoneNumber,
    SentMessage,
)

T = TypeVar("T")

_READS = Budget(attempts=3, seconds=20.0, longest_wait=2.0)
_QUEUE_DRAINS = 300.0  # seconds before another try when a sender's queue is full (21611)
_PAGES = 50
_MEDIA_BYTES = 5 * 1024 * 1024
_MEDIA_SECONDS = 10.0


class TwilioClient:
    """One Twilio account; thread-safe.

    ``base_url`` has no path (``https://api.twilio.com``), ``timeout`` is in seconds.
    """

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        base_url: str,
        *,
        timeout: float | tuple[float, float] = 10.0,
        session_factory: Callable[[], requests.Session] = new_session,
        on_response: Observer | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.account_sid = account_sid
        self.base_url = base_url.rstrip("/")
        # Bytes, because requests only takes text that fits Latin-1 and people paste what they paste.
        self._auth = (account_sid.encode(errors="replace"), auth_token.encode(errors="replace"))
        self._account_path = f"/2010-04-01/Accounts/{quote(clean(account_sid), safe='')}"
        self._sleep = sleep
        self._guard = MediaGuard(self.base_url)
        self._transport = Transport(
            timeout=timeout if isinstance(timeout, tuple) else (timeout, timeout),
            session_factory=session_factory,
            on_response=on_response,
            max_seconds=60.0,
        )

    def __repr__(self) -> str:
        return f"TwilioClient({self.account_sid!r}, {self.base_url!r})"

    def close(self) -> None:
        self._transport.close()

    def send(
        self,
        to: str,
        from_: str | None,
        body: str,
        status_callback: str | None,
        *,
        media_urls: Sequence[str] = (),
        messaging_service_sid: str | None = None,
        validity_period: int | None = None,
    ) -> SentMessage:
        """Sends one text; numbers are E.164, ``validity_period`` seconds (1 to 36000).

        Raises ``Rejected`` (final), ``Throttled`` and ``NotSent`` (nothing happened), ``OutcomeUnknown``.
        """
        form = [("To", to)]
        form += [("From", from_)] if from_ else []
        form += [("MessagingServiceSid", messaging_service_sid)] if messaging_service_sid else []
        form += [("Body", clean(body))] if body or not media_urls else []
        form += [("MediaUrl", url) for url in media_urls]
        form += [("StatusCallback", status_callback)] if status_callback else []
        form += [("ValidityPeriod", str(validity_period))] if validity_period is not None else []
        return self._write("send", f"{self._account_path}/Messages.json", form, SentMessage.parse)

    def find(self, to: str, from_: str | None, since: datetime) -> list[SentMessage]:
        """Texts sent to a number since a time, newest first as Twilio lists them.

        Only ``To`` is filtered by Twilio: a queued text has no date sent yet, and one sent through a service has no
        sender yet, so filters on those would hide just the text one is looking for.
        """
        found = self._pages("find", f"{self._account_path}/Messages.json", [("To", to)], "messages", SentMessage.parse)
        return [
            message
            for message in found
            if not message.is_inbound
            and _same_number(message.to, to)
            and (from_ is None or message.from_ is None or _same_number(message.from_, from_))
            and (message.date_created is None or message.date_created >= since.replace(microsecond=0))
        ]

    def fetch(self, sid: str) -> SentMessage:
        return self._get("fetch", f"{self._account_path}/Messages/{_segment(sid)}.json", SentMessage.parse)

    def list_inbound(self, to: str, since: datetime) -> list[SentMessage]:
        """Texts received by one of our numbers since a time."""
        moment = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        params = [("To", to), ("DateSent>", moment)]
        found = self._pages(
            "list_inbound", f"{self._account_path}/Messages.json", params, "messages", SentMessage.parse
        )
        return [message for message in found if message.is_inbound]

    def list_media(self, message_sid: str) -> list[str]:
        """The addresses of a stored message's media, for ``fetch_media``."""
        path = f"{self._account_path}/Messages/{_segment(message_sid)}/Media.json"
        return [
            self.base_url + item.path
            for item in self._pages("list_media", path, [], "media_list", MediaItem.parse)
            if item.path.startswith("/")
        ]

    def list_numbers(self) -> list[PhoneNumber]:
        path = f"{self._account_path}/IncomingPhoneNumbers.json"
        return list(self._pages("list_numbers", path, [], "incoming_phone_numbers", PhoneNumber.parse))

    def configure_number(self, sid: str, sms_url: str, *, sms_fallback_url: str | None = None) -> PhoneNumber:
        """Points a number's received texts at ``sms_url``. Doing it twice does no harm."""
        form = [("SmsUrl", sms_url), ("SmsMethod", "POST")]
        if sms_fallback_url is not None:
            form += [("SmsFallbackUrl", sms_fallback_url), ("SmsFallbackMethod", "POST")]
        path = f"{self._account_path}/IncomingPhoneNumbers/{_segment(sid)}.json"
        return self._write("configure_number", path, form, PhoneNumber.parse)

    def account(self) -> Account:
        """The account itself: the cheapest proof that the credentials work."""
        return self._get("account", f"{self._account_path}.json", Account.parse)

    def fetch_media(self, url: str) -> MediaContent:
        """Downloads a medium: at most 5 MB in 10 s, only from Twilio, credentials only to Twilio's API.

        Raises ``MediaRefused``, ``NotSent``, ``Throttled``, ``NoSuchObject`` and ``CredentialsRejected``.
        """
        deadline = time.monotonic() + _MEDIA_SECONDS
        if url.startswith("/") and not url.startswith("//"):
            url = self.base_url + url
        if not self._guard.may_start(url):
            raise MediaRefused("The attachment is not stored at Twilio.")
        with_credentials = True
        for _ in range(4):
            try:
                answer = self._exchange(
                    "fetch_media",
                    "GET",
                    url,
                    auth=self._auth if with_credentials else None,
                    max_bytes=_MEDIA_BYTES,
                    max_seconds=max(deadline - time.monotonic(), 0.1),
                )
            except UnexpectedAnswer as error:
                raise MediaRefused("The attachment is larger than 5 MB.") from error
            location = answer.headers.get("Location")
            if answer.status in (301, 302, 303, 307, 308) and location:
                target = urljoin(url, location)
                if not self._guard.may_follow(target):
                    raise MediaRefused("The attachment's address leads away from Twilio.")
                # Once away from the API, credentials stay behind for good.
                with_credentials = with_credentials and self._guard.same_origin(url, target)
                url = target
                continue
            if answer.status != 200:
                raise self._refusal(answer, writing=False)
            return MediaContent(answer.body, answer.headers.get("Content-Type", "").split(";")[0].strip().lower())
        raise MediaRefused("The attachment's address leads in circles.")

    def _get(self, name: str, path: str, parse: Callable[[object], T]) -> T:
        try:
            return parse(self._read(name, self.base_url + path))
        except MissingSid as error:
            raise UnexpectedAnswer("Twilio's answer is not what was asked for.", status=200) from error

    def _pages(self, name: str, path: str, params: Params, key: str, parse: Callable[[object], T]) -> Iterator[T]:
        url: str | None = self.base_url + path
        query: Params = [*params, ("PageSize", "1000")]
        for _ in range(_PAGES):
            if url is None:
                return
            body = self._read(name, url, query)
            rows = body.get(key)
            if not isinstance(rows, list):
                raise UnexpectedAnswer("Twilio's answer holds no list.", status=200)
            for row in rows:
                try:
                    yield parse(row)
                except MissingSid:  # nothing could be done with it
                    continue
            following = body.get("next_page_uri")
            url = self._here(following) if isinstance(following, str) and following else None
            query = ()
        raise UnexpectedAnswer("Twilio's list does not end.", status=200)

    def _here(self, link: str) -> str:
        """Where *link* leads on the API we talk to. Links are relative, or name the host Twilio knows itself by; the
        credentials go to the configured one alone.
        """
        try:
            parts = urlsplit(urljoin(self.base_url, link))
        except ValueError as error:
            raise UnexpectedAnswer("Twilio's list goes on at no address.", status=200) from error
        return self.base_url + urlunsplit(("", "", parts.path, parts.query, ""))

    def _read(self, name: str, url: str, params: Params = ()) -> dict[str, Any]:
        return retrying(_READS, self._sleep)(self._read_once, name, url, params)

    def _read_once(self, name: str, url: str, params: Params) -> dict[str, Any]:
        answer = self._exchange(name, "GET", url, auth=self._auth, params=list(params))
        if answer.status != 200:
            raise self._refusal(answer, writing=False)
        try:
            return _json_object(answer)
        except ValueError as error:
            raise NotSent("Twilio's answer could not be read.", status=answer.status) from error

    def _write(self, name: str, path: str, form: list[tuple[str, str]], parse: Callable[[object], T]) -> T:
        answer = self._exchange(name, "POST", self.base_url + path, auth=self._auth, data=form)
        if not 200 <= answer.status < 300:
            raise self._refusal(answer, writing=True)
        try:
            return parse(_json_object(answer))
        except ValueError as error:
            raise OutcomeUnknown(
                "Twilio accepted it but its answer could not be read.", status=answer.status
            ) from error

    def _exchange(self, name: str, method: str, url: str, **request: Any) -> Answer:
        try:
            return self._transport.exchange(name, method, url, **request)
        except NoAnswer as error:
            if error.never_left:
                raise NotSent(f"Twilio could not be reached: {error.reason}.") from error
            if method == "GET" and isinstance(error, TooLarge):
                raise UnexpectedAnswer("Twilio's answer is larger than it may be.") from error
            if method == "GET":
                raise NotSent(f"Twilio did not answer: {error.reason}.") from error
            raise OutcomeUnknown(f"Twilio did not confirm it: {error.reason}.") from error

    def _refusal(self, answer: Answer, *, writing: bool) -> ClientError:
        """What an answer other than success means."""
        status = answer.status
        try:
            body = _json_object(answer)
        except ValueError:
            body = {}
        given = body.get("code")
        code = given if type(given) is int else None
        retry_after = retry_after_seconds(answer.headers)
        details: dict[str, Any] = {"status": status, "code": None if code is None else str(code)}
        if status == 429:
            return Throttled("Twilio is busy.", retry_after=retry_after, **details)
        if status >= 500 or status == 408 or status < 400:
            if writing:
                return OutcomeUnknown(f"Twilio failed while taking it ({status}).", **details)
            if status >= 400:
                return NotSent(f"Twilio has a problem at the moment ({status}).", retry_after=retry_after, **details)
        failure = explain(code if code is not None or status != 401 else 20003)
        if failure.retry is Retry.LATER:
            return Throttled(failure.user_text, retry_after=retry_after or _QUEUE_DRAINS, **details)
        kind = {401: CredentialsRejected, 404: NoSuchObject}.get(status, Rejected)
        return kind(failure, status=status, detail=_detail(body))


def _json_object(answer: Answer) -> dict[str, Any]:
    try:
        body = json.loads(answer.body)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(body, dict):
        raise ValueError("not an object")
    return body


def _detail(body: dict[str, Any]) -> str:
    message = body.get("message")
    return " ".join(message.split())[:300] if isinstance(message, str) else ""


def _same_number(one: str, other: str) -> bool:
    """Whether two notations are the same number: short codes and names are compared as they are."""
    digits = ["".join(filter(str.isdigit, number)) for number in (one, other)]
    return one == other or (len(digits[0]) > 6 and digits[0] == digits[1])


def _segment(sid: str) -> str:
    if not sid or sid in (".", ".."):
        raise NoSuchObject(explain(20404), status=404)
    return quote(clean(sid), safe="")
