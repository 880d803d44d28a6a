"""Verify permissions asks, writes nothing to Lever, and keeps what it learned."""

import pytest
from flask import Flask

from grayscale.domain.lever import connection, permissions
from grayscale.domain.lever.connection import NotConnected
from grayscale.extensions import db
from grayscale.models import AuditEvent, KeyState, LeverIntegration, SyncKind
from grayscale.sandbox import Sandbox
from tests.domain.lever_sync.conftest import run


def states() -> dict[str, str]:
    db.session.rollback()
    return {line.name: line.state for line in permissions.checklist()}


def test_every_permission_of_the_guide_is_told(connected: Flask, lever: Sandbox) -> None:
    permissions.verify(None)
    found = states()
    written = ["create_note", "create_interview", "update_interview", "delete_interview"]
    guide = [line.name for line in permissions.checklist() if not line.is_extra]
    assert len(guide) == 19
    assert {found[name] for name in guide if name not in written} == {"granted"}
    assert {found[name] for name in written} == {"unproven"}
    words = {line.words for line in permissions.checklist() if line.name in written}
    assert words == {"Cannot be checked without writing to Lever"}
    assert all(row["method"] == "GET" for row in lever.lever_requests.entries)


@pytest.mark.parametrize(
    ("label", "name"),
    [("List Archive Reasons", "list_archive_reasons"), ("Read Opportunity Note", "get_note"),
     ("Confidential Data Access", "confidential"), ("Read Stage", "get_stage")],
)
def test_a_missing_permission_is_named_with_what_it_stops(
    connected: Flask, lever: Sandbox, label: str, name: str
) -> None:
    key = lever.lever.data.keys[0]
    key.permissions = key.permissions - {label}
    permissions.verify(None)
    line = next(line for line in permissions.checklist() if line.name == name)
    assert (line.state, line.guide_label) == ("missing", label)
    assert line.stops
    assert permissions.may(name) is False
    others = {other.name: other.state for other in permissions.checklist() if not other.is_extra}
    assert [other for other, state in others.items() if state == "missing"] == [name]


def test_a_permission_granted_later_comes_back(connected: Flask, lever: Sandbox) -> None:
    key = lever.lever.data.keys[0]
    whole = key.permissions
    key.permissions = whole - {"List Users"}
    run(SyncKind.INITIAL)
    assert states()["list_users"] == "missing"
    key.permissions = whole
    permissions.verify(None)
    assert states()["list_users"] == "granted"


def test_what_a_write_showed_is_kept(connected: Flask) -> None:
    permissions.learn("create_note", granted=True)
    permissions.verify(None)
    assert states()["create_note"] == "granted"


def test_a_refused_key_is_said_to_be(connected: Flask, lever: Sandbox) -> None:
    lever.lever.data.keys[0].key = "another"
    with pytest.raises(NotConnected, match="401"):
        permissions.verify(None)
    db.session.rollback()
    assert db.session.get_one(LeverIntegration, 1).key_state is KeyState.REFUSED


def test_a_key_is_saved_checked_and_starts_the_sync(connected: Flask, lever: Sandbox, ana) -> None:
    connection.remove_key(ana)
    with pytest.raises(NotConnected):
        connection.client()
    connection.save_key(f"  {lever.api_key}\n", ana)
    db.session.rollback()
    integration = db.session.get_one(LeverIntegration, 1)
    assert (integration.api_key, integration.key_state) == (lever.api_key, KeyState.ACCEPTED)
    assert run().kind is SyncKind.INITIAL
    details = [(event.action, event.detail) for event in db.session.query(AuditEvent)]
    assert "lever.key_saved" in dict(details)
    assert lever.api_key not in str(details)


def test_a_key_lever_refuses_is_not_saved(connected: Flask, lever: Sandbox, ana) -> None:
    with pytest.raises(connection.Invalid, match="401"):
        connection.save_key("wrong-key", ana)
    db.session.rollback()
    assert db.session.get_one(LeverIntegration, 1).api_key == lever.api_key


@pytest.mark.parametrize("raw", ["", "   ", "two words", "x" * 600])
def test_what_cannot_be_a_key_is_refused_without_asking_lever(connected: Flask, lever: Sandbox, raw: str) -> None:
    with pytest.raises(connection.Invalid):
        connection.save_key(raw, None)
    assert not lever.lever_requests.entries


def test_a_key_is_kept_when_lever_does_not_answer(connected: Flask, lever: Sandbox, no_waiting: None) -> None:
    connection.remove_key(None)
    lever.faults.add("lever", "status", status=503, times=None)
    connection.save_key(lever.api_key, None)
    db.session.rollback()
    assert db.session.get_one(LeverIntegration, 1).key_state is KeyState.UNCHECKED
