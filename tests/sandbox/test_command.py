"""`sandbox` as a process: says where it is, keeps its state when asked, leaves nothing behind."""

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

CODE = "from grayscale.sandbox.cli import sandbox; sandbox()"
Started = tuple[subprocess.Popen[str], dict[str, str]]


@pytest.fixture
def start() -> Iterator[Callable[..., Started]]:
    """Starts the command; answers the process and what it printed, by name."""
    processes = []

    def run(*options: str) -> Started:
        command = [sys.executable, "-c", CODE, "--lever-port", "0", "--carrier-port", "0", *options]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        processes.append(process)
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("Serving"):
                break
        text = "".join(lines)
        found = {
            "lever": re.search(r"Sandbox Lever +(\S+)/ ", text),
            "carrier": re.search(r"Sandbox carrier +(\S+)/", text),
            "key": re.search(r"API key +(\S+)", text),
        }
        return process, {name: match.group(1) for name, match in found.items() if match}

    yield run
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


@pytest.mark.parametrize("caught", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_told_to_stop_and_stops_at_once(start: Callable[..., Started], caught: signal.Signals) -> None:
    process, where = start("--candidates", "5")
    answer = requests.get(f"{where['lever']}/v1/opportunities", auth=(where["key"], ""), timeout=5)
    assert len(answer.json()["data"]) == 5
    asked = time.monotonic()
    process.send_signal(caught)
    assert process.wait(timeout=5) == 0
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
    process.terminate()
    process.wait(timeout=5)
    _, again = start(*options)
    state = requests.get(f"{again['lever']}/control/state?sections=webhooks", timeout=5).json()
    assert {w["event"]: w["configuration"]["signatureToken"] for w in state["webhooks"]} == tokens
    messages = requests.get(f"{again['carrier']}/control/messages", timeout=5).json()["messages"]
    assert [message["sid"] for message in messages] == [sid]


def test_a_taken_port_is_one_line_not_a_traceback() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-c", CODE, "--lever-port", "0", "--carrier-port", port, "--candidates", "1"]
        refused = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert refused.returncode == 1
    assert port in refused.stderr
    assert "Traceback" not in refused.stderr
