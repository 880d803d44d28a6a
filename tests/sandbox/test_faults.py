"""Faults on demand, over the control API: each does what it says, where it says, as often as it says."""

import time
from collections.abc import Callable

import pytest
import requests

from grayscale.sandbox import Sandbox
from grayscale.sandbox.lever.records import Opportunity
from tests.sandbox.conftest import Lever

Find = Callable[[str], Opportunity]


@pytest.fixture
def fault(sandbox: Sandbox) -> Callable[..., requests.Response]:
    def add(**rule: object) -> requests.Response:
        return requests.post(f"{sandbox.lever_origin}/control/faults", json=rule, timeout=5)

    return add


def test_a_status_as_often_as_asked(lever: Lever, fault: Callable[..., requests.Response]) -> None:
    fault(target="lever", kind="status", status=429, retry_after=3, times=2, path="/v1/users")
    assert lever.get("/stages").status_code == 200
    first = lever.get("/users")
    assert (first.status_code, first.headers["Retry-After"]) == (429, "3")
    assert set(first.json()) == {"code", "message"}
    assert [lever.get("/users").status_code for _ in range(2)] == [429, 200]


@pytest.mark.parametrize("kind", ["drop", "timeout"])
@pytest.mark.parametrize(("when", "written"), [("before", 0), ("after", 1)])
def test_no_answer_before_or_after_the_effect(
    sandbox: Sandbox,
    lever: Lever,
    fault: Callable[..., requests.Response],
    find: Find,
    kind: str,
    when: str,
    written: int,
) -> None:
    fault(target="lever", kind=kind, when=when, method="POST", path="*/notes", seconds=0.3)
    row = find("Mira Okafor")
    with pytest.raises((requests.ConnectionError, requests.ReadTimeout)):
        lever.post(f"/opportunities/{row.id}/notes", json={"value": "x"}, timeout=0.1)
    assert len(sandbox.notes(row.id)) == written


def test_latency_and_html_and_a_refused_offset(lever: Lever, fault: Callable[..., requests.Response]) -> None:
    fault(target="lever", kind="latency", seconds=0.1)
    started = time.monotonic()
    assert lever.get("/stages").status_code == 200
    assert time.monotonic() - started >= 0.1
    fault(target="lever", kind="html", status=502)
    answer = lever.get("/stages")
    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "text/html; charset=utf-8")
    fault(target="lever", kind="bad_offset")
    page = lever.get("/stages", params={"limit": 2}).json()
    refused = lever.get("/stages", params={"limit": 2, "offset": page["next"]})
    assert refused.status_code == 400
    assert "Invalid offset token" in refused.json()["message"]
    assert lever.get("/stages", params={"limit": 2, "offset": page["next"]}).status_code == 200


def test_rules_can_be_seen_removed_and_are_refused_when_they_make_no_sense(
    sandbox: Sandbox, lever: Lever, fault: Callable[..., requests.Response]
) -> None:
    url = f"{sandbox.lever_origin}/control/faults"
    assert fault(target="lever", kind="sing").status_code == 400
    assert fault(target="lever", kind="status", colour="red").status_code == 400
    kept = fault(target="lever", kind="status", status=500, times=None).json()
    assert {lever.get("/stages").status_code for _ in range(3)} == {500}
    assert requests.get(url, timeout=5).json()["faults"][0]["fired"] == 3
    requests.delete(f"{url}/{kept['id']}", timeout=5)
    assert lever.get("/stages").status_code == 200
    fault(target="lever", kind="status", times=None)
    requests.delete(url, timeout=5)
    assert lever.get("/stages").status_code == 200


def test_requests_are_counted_by_endpoint_and_status(sandbox: Sandbox, lever: Lever, find: Find) -> None:
    for name in ("Mira Okafor", "Theo Marchetti"):
        lever.get(f"/opportunities/{find(name).id}")
    lever.get("/opportunities/unknown")
    sandbox.faults.add("lever", "drop")
    with pytest.raises(requests.ConnectionError):
        lever.get("/stages")
    counted = requests.get(f"{sandbox.lever_origin}/control/requests?log=1", timeout=5).json()
    assert counted["endpoints"]["GET /v1/opportunities/:id"] == {"200": 2}
    assert counted["endpoints"]["GET /v1/stages"] == {"0": 1}
    assert counted["log"][0]["fault"] == "drop:before"


def test_a_stopped_sandbox_answers_nobody(sandbox: Sandbox, lever: Lever) -> None:
    assert lever.get("/stages").status_code == 200
    sandbox.stop()
    with pytest.raises(requests.ConnectionError):
        lever.get("/stages")
