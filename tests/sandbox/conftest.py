"""Both simulated services on free ports, and a web server of ours for them to call."""

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from grayscale.sandbox import Sandbox, start_sandbox
from grayscale.sandbox.lever.records import Opportunity
from grayscale.sandbox.net import Server


class Lever(requests.Session):
    """A client of the simulated Lever: paths instead of URLs, one API key."""

    def __init__(self, root: str, key: str) -> None:
        super().__init__()
        self.root, self.auth, self.trust_env = root, (key, ""), False

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        return super().request(method, url if "://" in url else self.root + url, *args, **kwargs)

    def walk(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """Every row of a list, page by page."""
        rows: list[dict[str, Any]] = []
        while True:
            page = self.get(path, params=params).json()
            rows += page["data"]
            if not page.get("hasNext"):
                return rows
            params["offset"] = page["next"]


class Receiver:
    """A web server that keeps what it was sent and answers what it is told to, 200 otherwise."""

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []
        self.answers: list[tuple[str, str, bytes]] = []
        self._arrived = threading.Condition()
        self._server = Server("127.0.0.1", 0, self._app)
        self._server.start()
        self.url = f"http://127.0.0.1:{self._server.port}/hook"

    def _app(self, environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
        body = environ["wsgi.input"].read()
        with self._arrived:
            self.seen.append(
                {
                    "path": environ["PATH_INFO"],
                    "query": environ["QUERY_STRING"],
                    "agent": environ.get("HTTP_USER_AGENT"),
                    "signature": environ.get("HTTP_X_TWILIO_SIGNATURE"),
                    "type": environ.get("CONTENT_TYPE", ""),
                    "body": body,
                }
            )
            status, kind, content = self.answers.pop(0) if self.answers else ("200 OK", "text/xml", b"<Response />")
            self._arrived.notify_all()
        start_response(status, [("Content-Type", kind), ("Location", self.url)])
        return [content]

    def answer(self, status: str, kind: str = "text/plain", content: bytes = b"") -> None:
        self.answers.append((status, kind, content))

    def wait(self, number: int, timeout: float = 5) -> list[dict[str, Any]]:
        """What came, once there are `number` of them."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.seen) >= number, timeout), f"only {len(self.seen)} came"
            return list(self.seen)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(item["body"]) for item in self.seen]

    @property
    def forms(self) -> list[dict[str, str]]:
        return [
            {name: values[0] for name, values in parse_qs(item["body"].decode(), keep_blank_values=True).items()}
            for item in self.seen
        ]

    def stop(self) -> None:
        self._server.stop()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with start_sandbox(candidates=60) as running:
        yield running


@pytest.fixture
def lever(sandbox: Sandbox) -> Iterator[Lever]:
    with Lever(sandbox.lever_url, sandbox.api_key) as session:
        yield session


@pytest.fixture
def lever_with(sandbox: Sandbox) -> Iterator[Callable[..., Lever]]:
    """Makes a client whose key has these permissions besides the set-up guide's."""
    sessions = []

    def make(*extra: str, only: bool = False) -> Lever:
        permissions = [*extra, *([] if only else sandbox.lever.data.keys[0].permissions)]
        answer = requests.post(f"{sandbox.lever_origin}/control/keys", json={"permissions": permissions}, timeout=5)
        sessions.append(Lever(sandbox.lever_url, answer.json()["key"]))
        return sessions[-1]

    yield make
    for session in sessions:
        session.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    running = Receiver()
    yield running
    running.stop()


@pytest.fixture
def carrier(sandbox: Sandbox) -> Iterator[Client]:
    """The official SDK, pointed at the simulated carrier."""
    http = TwilioHttpClient(timeout=5)
    client = Client(sandbox.account_sid, sandbox.auth_token, http_client=http)
    client.api.base_url = sandbox.carrier_url
    yield client
    http.session.close()


@pytest.fixture
def find(sandbox: Sandbox) -> Callable[[str], Opportunity]:
    """The first opportunity of the person with this name."""

    def by_name(name: str) -> Opportunity:
        data = sandbox.lever.data
        return next(row for row in data.opportunities.values() if data.contacts[row.contact].name == name)

    return by_name


@pytest.fixture
def text_us(sandbox: Sandbox) -> Callable[..., str]:
    """Texts the account's number from a phone; answers the SID."""

    def send(phone: str, body: str, media: list[str] | None = None) -> str:
        given = {"from": phone, "body": body, "media": media or []}
        sid: str = requests.post(f"{sandbox.carrier_url}/control/inbound", json=given, timeout=5).json()["sid"]
        return sid

    return send
