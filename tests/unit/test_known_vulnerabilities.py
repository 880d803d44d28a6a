"""Packages with known vulnerabilities fail the run; a service that cannot be asked is said, not passed over."""

from typing import Any

from tools.known_vulnerabilities import judge

FINE = {"name": "flask", "version": "3.1.3", "vulns": []}
BAD: dict[str, Any] = {
    "name": "requests", "version": "2.0", "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["2.1"]}],
}  # fmt: skip
UNKNOWN = {"name": "ours", "skip_reason": "not found"}


def test_what_is_known_fails_and_says_what_mends_it() -> None:
    assert judge([FINE, BAD]) == (1, ["requests 2.0: PYSEC-1, mended in 2.1"])


def test_nothing_known_passes() -> None:
    assert judge([FINE, UNKNOWN])[0] == 0
    assert judge([FINE]) == (0, ["None of 1 packages has a known vulnerability."])


def test_a_service_out_of_reach_is_said() -> None:
    status, lines = judge(None)
    assert status == 0
    assert lines[0].startswith("NOT CHECKED")


def test_a_harmless_one_needs_a_reason(monkeypatch: Any) -> None:
    monkeypatch.setattr("tools.known_vulnerabilities.HARMLESS", {"CVE-1": "never reached"})
    assert judge([FINE, BAD])[0] == 0
