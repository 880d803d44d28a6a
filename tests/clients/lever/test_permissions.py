"""The checklist of permissions a super admin ticks in Lever."""

from __future__ import annotations

from grayscale.clients.lever.client import LeverClient
from grayscale.clients.lever.permissions import EXTRAS, PERMISSIONS


def test_the_guide_names_18_endpoints_and_the_confidential_toggle():
    assert len(PERMISSIONS) == 19
    assert [permission.name for permission in PERMISSIONS if permission.kind == "access"] == ["confidential"]
    assert PERMISSIONS[0].guide_label == "List Users"
    assert PERMISSIONS[-1].guide_label == "Confidential Data Access"
    assert [permission.name for permission in PERMISSIONS if permission.optional] == ["confidential"]
    assert all(permission.optional for permission in EXTRAS)


def test_every_permission_allows_a_call_the_client_can_make():
    for permission in (*PERMISSIONS, *EXTRAS):
        if permission.kind != "access":
            assert callable(getattr(LeverClient, permission.name))
            reads = permission.endpoint.startswith("GET ")
            assert permission.kind == ("read" if reads else "write")


def test_no_two_permissions_share_a_label():
    labels = [label for permission in (*PERMISSIONS, *EXTRAS) for label in {permission.guide_label, permission.label}]
    assert len(labels) == len(set(labels))
