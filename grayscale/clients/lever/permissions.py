"""The permissions a Lever API key needs: 18 endpoints and the confidential toggle, in the order of the set-up guide.

Lever renamed them in August 2024; both names are kept because a key's page shows whichever the account has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["read", "write", "access"]


@dataclass(frozen=True, slots=True)
class Permission:
    """``name`` is the client method it allows; ``feature`` is what stops without it, fit for a list on a page."""

    name: str
    guide_label: str
    label: str
    endpoint: str
    feature: str
    kind: Kind = "read"
    optional: bool = False


PERMISSIONS: tuple[Permission, ...] = (
    Permission("list_users", "List Users", "Find all users", "GET /users", "owners and recruiters by name"),
    Permission(
        "list_opportunities",
        "List Opportunities",
        "Find all opportunities",
        "GET /opportunities",
        "syncing candidates",
    ),
    Permission("list_stages", "List Stages", "Find all stages", "GET /stages", "stages by name"),
    Permission("list_postings", "List Postings", "Find all postings", "GET /postings", "postings by name"),
    Permission(
        "list_interviews",
        "List Opportunity Interviews",
        "Find all opportunity interviews",
        "GET /opportunities/:opportunity/interviews",
        "showing interviews",
    ),
    Permission(
        "list_archive_reasons",
        "List Archive Reasons",
        "Find all archive reasons",
        "GET /archive_reasons",
        "telling hired from archived",
    ),
    Permission("get_user", "Read User", "Find a user", "GET /users/:user", "owners and recruiters by name"),
    Permission(
        "get_opportunity",
        "Read Opportunity",
        "Find an opportunity",
        "GET /opportunities/:opportunity",
        "following changes as they happen",
    ),
    Permission(
        "get_application",
        "Read Opportunity Application",
        "Find an opportunity application",
        "GET /opportunities/:opportunity/applications/:application",
        "new applicants",
    ),
    Permission(
        "get_note",
        "Read Opportunity Note",
        "Find an opportunity note",
        "GET /opportunities/:opportunity/notes/:note",
        "checking a posted transcript",
    ),
    Permission(
        "get_interview",
        "Read Opportunity Interviews",
        "Find an opportunity interview",
        "GET /opportunities/:opportunity/interviews/:interview",
        "following interview changes as they happen",
    ),
    Permission("get_stage", "Read Stage", "Find a stage", "GET /stages/:stage", "names of new stages"),
    Permission("get_posting", "Read Posting", "Find a posting", "GET /postings/:posting", "names of new postings"),
    Permission(
        "get_archive_reason",
        "Read Archive Reasons",
        "Find an archive reason",
        "GET /archive_reasons/:reason",
        "telling hired from archived",
    ),
    Permission(
        "create_note",
        "Create Opportunity Note",
        "Create an opportunity note",
        "POST /opportunities/:opportunity/notes",
        "posting transcripts to Lever",
        "write",
    ),
    Permission(
        "create_interview",
        "Create Opportunity Interview",
        "Create an opportunity interview",
        "POST /opportunities/:opportunity/interviews",
        "scheduling interviews",
        "write",
    ),
    Permission(
        "update_interview",
        "Update Opportunity Interview",
        "Update an opportunity interview",
        "PUT /opportunities/:opportunity/interviews/:interview",
        "moving interviews",
        "write",
    ),
    Permission(
        "delete_interview",
        "Delete Opportunity Interview",
        "Delete an opportunity interview",
        "DELETE /opportunities/:opportunity/interviews/:interview",
        "cancelling interviews",
        "write",
    ),
    Permission(
        "confidential",
        "Confidential Data Access",
        "Allow access to confidential data",
        "confidentiality=all",
        "confidential postings and their candidates",
        "access",
        optional=True,
    ),
)

# Not in the guide; each makes something work that otherwise has to be done by hand.
EXTRAS: tuple[Permission, ...] = (
    Permission(
        "list_notes",
        "List Opportunity Notes",
        "Find all opportunity notes",
        "GET /opportunities/:opportunity/notes",
        "looking up whether a transcript arrived when Lever's answer was lost",
        optional=True,
    ),
    Permission(
        "list_panels",
        "List Opportunity Panels",
        "Find all opportunity panels",
        "GET /opportunities/:opportunity/panels",
        "adding an interview to an existing panel",
        optional=True,
    ),
    Permission(
        "create_panel",
        "Create Opportunity Panel",
        "Create a panel",
        "POST /opportunities/:opportunity/panels",
        "scheduling interviews for candidates who have none yet (Lever keeps interviews in panels)",
        "write",
        optional=True,
    ),
    Permission(
        "get_contact",
        "Read Contact",
        "Find a contact",
        "GET /contacts/:contact",
        "details of a candidate's contact record",
        optional=True,
    ),
)
