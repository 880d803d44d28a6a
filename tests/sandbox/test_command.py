"""`sandbox` as a process: says where it is, keeps its state when asked, leaves nothing behind."""

import re
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from tests.flow.product import eventually
from tests.processes import Process

COMMAND = ("flask", "--app", "app", "sandbox", "--lever-port", "0", "--carrier-port", "0")
Started = tuple[Process, dict[str, str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Started]]:
    """Starts the command; answers the process and what it printed, by name."""
    processes: list[Process] = []

    def run(*options: str) -> Started:
        process = Process(*COMMAND, *options, log=tmp_path / f"{len(processes)}.log")
        processes.append(process)
        eventually(lambda: "Serving" in process.log.read_text())
        text = process.log.read_text()
        found = {
            "lever": re.search(r"Sandbox Lever +(\S+)/ ", text),
            "carrier": re.search(r"Sandbox carrier +(\S+)/", text),
            "key": re.search(r"API key +(\S+)", text),
        }
        return process, {name: match.group(1) for name, match in found.items() if match}

    yield run
    for process in processes:
        process.kill()


@pytest.mark.parametrize("caught", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_told_to_stop_and_stops_at_once(start: Callable[..., Started], caught: signal.Signals) -> None:
    process, where = start("--candidates", "5")
    answer = requests.get(f"{where['lever']}/v1/opportunities", auth=(where["key"], ""), timeout=5)
    assert len(answer.json()["data"]) == 5
    asked = time.monotonic()
    process.send(caught)
    assert process.wait(5) == 0
    assert time.monotonic() - asked < 2
    with pytest.raises(requests.ConnectionError):
        requests.get(where["carrier"], timeout=1)


def test_the_state_survives_a_restart(start: Callable[..., Started], tmp_path: Path) -> None:
    options = ("--candidates", "5", "--state", str(tmp_path / "sandbox.state"))
    process, where = start(*options)
    tokens = requests.post(
        f"{where['lever']}/control/webhooks", json={"url": "http://127.0.0.1:9/hook"}, timeout=5
    ).json()
    sent = {"from": "+12185550142", "body": "Hello"}
    sid = requests.post(f"{where['carrier']}/control/inbound", json=sent, timeout=5).json()["sid"]
    process.send(signal.SIGTERM)
    process.wait(5)
    _, again = start(*options)
    state = requests.get(f"{again['lever']}/control/state?sections=webhooks", timeout=5).json()
    assert {w["event"]: w["configuration"]["signatureToken"] for w in state["webhooks"]} == tokens
    messages = requests.get(f"{again['carrier']}/control/messages", timeout=5).json()["messages"]
    assert [message["sid"] for message in messages] == [sid]


def test_a_taken_port_is_one_line_not_a_traceback(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        options = ("--carrier-port", port, "--candidates", "1")
        refused = Process(*COMMAND, *options, log=tmp_path / "refused.log")
        assert refused.wait(20) == 1
    assert port in refused.log.read_text()
    assert "Traceback" not in refused.log.read_text()
