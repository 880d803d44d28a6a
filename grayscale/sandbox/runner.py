"""Starts both services in this process and hands out handles to them."""

from __future__ import annotations

from types import TracebackType

from grayscale.sandbox import saved
from grayscale.sandbox.carrier.app import create_carrier
from grayscale.sandbox.carrier.network import Network
from grayscale.sandbox.carrier.records import Message
from grayscale.sandbox.carrier.terms import Account, Settings
from grayscale.sandbox.faults import FaultBoard
from grayscale.sandbox.gate import RequestLog
from grayscale.sandbox.lever.app import create_lever
from grayscale.sandbox.lever.http import Bucket
from grayscale.sandbox.lever.phonebook import PhoneBook
from grayscale.sandbox.lever.records import Json
from grayscale.sandbox.lever.seed import DEMO_API_KEY, seed_lever
from grayscale.sandbox.lever.sender import WebhookSender
from grayscale.sandbox.lever.store import LeverData, LeverStore
from grayscale.sandbox.lever.team import Team
from grayscale.sandbox.net import Server

DEMO_ACCOUNT_SID = "AC5a6d1b2c3d4e5f60718293a4b5c6d7e8"
DEMO_AUTH_TOKEN = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
DEMO_NUMBER = "+13125550100"


class Sandbox:
    """Both services, running. Also a context manager that stops them.

    For assertions and for playing the other side: `team` acts as the recruiting team in Lever, `lever` is Lever's
    memory, `webhooks` its sender, `carrier` the phone network, `faults` what should go wrong.
    """

    def __init__(
        self,
        *,
        candidates: int = 50,
        seed: int = 1,
        lever_port: int = 0,
        carrier_port: int = 0,
        host: str = "127.0.0.1",
        api_key: str = DEMO_API_KEY,
        permissions: frozenset[str] | set[str] | None = None,
        rate: float | None = 10.0,
        burst: float = 20.0,
        latency_ms: float = 0.0,
        webhook_retry_scale: float = 1.0,
        account_sid: str = DEMO_ACCOUNT_SID,
        auth_token: str = DEMO_AUTH_TOKEN,
        number: str = DEMO_NUMBER,
        inbound_url: str = "",
        status_url: str = "",
        step_seconds: float = 0.4,
        reply_after: float | None = None,
        state_file: str | None = None,
    ) -> None:
        self.faults = FaultBoard(seed)
        kept_as = (candidates, seed, api_key, number)
        kept = saved.load(state_file, kept_as) if state_file else None
        data: LeverData = kept["lever"] if kept else seed_lever(candidates, seed)
        if not kept:
            data.keys[0].key = api_key
        if permissions is not None:
            data.keys[0].permissions = frozenset(permissions)
        self.lever = LeverStore(data)
        self.webhooks = WebhookSender(self.lever, self.faults, retry_scale=webhook_retry_scale, seed=seed)
        self.team = Team(self.lever, self.webhooks.emit)
        bucket = Bucket(rate, burst) if rate is not None else None
        app, self._lever_gate = create_lever(
            store=self.lever,
            sender=self.webhooks,
            team=self.team,
            faults=self.faults,
            bucket=bucket,
            latency_ms=latency_ms,
        )
        settings = Settings(step_seconds=step_seconds, reply_after=reply_after)
        self.carrier = Network(Account(account_sid, auth_token), self.faults, settings, seed)
        if kept:
            self.carrier.restore(kept["carrier"])
        held = self.carrier.numbers.get(number) or self.carrier.add_number(number, "Harbor recruiting")
        held.sms_url = inbound_url or held.sms_url
        held.status_callback = status_url or held.status_callback
        self.carrier.directory = PhoneBook(self.lever).name
        carrier_app, self._carrier_gate = create_carrier(self.carrier, self.faults, latency_ms)

        self._lever_server = Server(host, lever_port, app)
        try:
            self._carrier_server = Server(host, carrier_port, carrier_app)
        except OSError:
            self._lever_server.server_close()
            raise
        self.lever_origin = f"http://{host}:{self._lever_server.port}"
        #: Root of Lever's API, `/v1` included.
        self.lever_url = f"{self.lever_origin}/v1"
        #: Root of the carrier's API (without the version path, as Twilio's root is given).
        self.carrier_url = f"http://{host}:{self._carrier_server.port}"
        self.lever.origin, self.carrier.origin = self.lever_origin, self.carrier_url
        self.account_sid, self.auth_token, self.number = account_sid, auth_token, number
        self._keeper: saved.Keeper | None = None
        if state_file:
            self._keeper = saved.Keeper(state_file, self._mark, lambda: self._pack(kept_as))
        self._lever_server.start()
        self._carrier_server.start()

    @property
    def api_key(self) -> str:
        """The first key: the one the set-up guide would have made."""
        return self.lever.data.keys[0].key

    @property
    def lever_requests(self) -> RequestLog:
        return self._lever_gate.log

    @property
    def carrier_requests(self) -> RequestLog:
        return self._carrier_gate.log

    def set_latency(self, ms: float) -> None:
        """Adds `ms` to every API request from now on."""
        self._lever_gate.latency_ms = self._carrier_gate.latency_ms = ms

    def notes(self, opportunity_id: str) -> list[Json]:
        """Notes of one opportunity as kept, oldest first, deleted ones left out."""
        with self.lever.lock:
            return [n for n in self.lever.data.notes.get(opportunity_id, ()) if n["deletedAt"] is None]

    def texts_to(self, phone: str) -> list[Message]:
        """Texts sent through the API to one phone, oldest first."""
        return [m for m in self.carrier.thread(phone) if m.direction == "outbound-api"]

    def settle(self, timeout: float = 5.0) -> bool:
        """Waits until webhooks, callbacks and answers due within a second are done; False when that took longer."""
        self.carrier.caller.settle()
        return self.webhooks.settle(timeout) and self.carrier.lanes.idle(timeout)

    def stop(self) -> None:
        """Stops at once: open connections are cut, what was still to be sent is not."""
        self.faults.stopped.set()
        self.webhooks.lanes.stop()
        self.carrier.lanes.stop()
        self._lever_server.stop()
        self._carrier_server.stop()
        if self._keeper:
            self._keeper.stop()

    def _mark(self) -> object:
        return self.lever.generation, self.carrier.changes

    def _pack(self, kept_as: object) -> bytes:
        with self.lever.lock, self.carrier.lock:
            return saved.packed(kept_as, {"lever": self.lever.data, "carrier": self.carrier.kept()})

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start_sandbox(
    *,
    candidates: int = 50,
    seed: int = 1,
    lever_port: int = 0,
    carrier_port: int = 0,
    host: str = "127.0.0.1",
    api_key: str = DEMO_API_KEY,
    permissions: frozenset[str] | set[str] | None = None,
    rate: float | None = None,
    burst: float = 20.0,
    latency_ms: float = 0.0,
    webhook_retry_scale: float = 0.001,
    account_sid: str = DEMO_ACCOUNT_SID,
    auth_token: str = DEMO_AUTH_TOKEN,
    number: str = DEMO_NUMBER,
    inbound_url: str = "",
    status_url: str = "",
    step_seconds: float = 0.005,
    reply_after: float | None = None,
) -> Sandbox:
    """A sandbox as tests want it: ephemeral ports, no rate limit, retries and delivery states within milliseconds."""
    return Sandbox(
        candidates=candidates,
        seed=seed,
        lever_port=lever_port,
        carrier_port=carrier_port,
        host=host,
        api_key=api_key,
        permissions=permissions,
        rate=rate,
        burst=burst,
        latency_ms=latency_ms,
        webhook_retry_scale=webhook_retry_scale,
        account_sid=account_sid,
        auth_token=auth_token,
        number=number,
        inbound_url=inbound_url,
        status_url=status_url,
        step_seconds=step_seconds,
        reply_after=reply_after,
    )
