"""Permissions of an API key, by the name Lever's set-up guides use and by the name its page shows since August 2024."""

from __future__ import annotations

CONFIDENTIAL = "Confidential Data Access"

#: What the set-up guide of a texting integration asks for: 18 endpoints and the confidential toggle.
GUIDE: dict[str, str] = {
    "List Users": "Find all users",
    "List Opportunities": "Find all opportunities",
    "List Stages": "Find all stages",
    "List Postings": "Find all postings",
    "List Opportunity Interviews": "Find all opportunity interviews",
    "List Archive Reasons": "Find all archive reasons",
    "Read User": "Find a user",
    "Read Opportunity": "Find an opportunity",
    "Read Opportunity Application": "Find an opportunity application",
    "Read Opportunity Note": "Find an opportunity note",
    "Read Opportunity Interviews": "Find an opportunity interview",
    "Read Stage": "Find a stage",
    "Read Posting": "Find a posting",
    "Read Archive Reasons": "Find an archive reason",
    "Create Opportunity Note": "Create an opportunity note",
    "Create Opportunity Interview": "Create an opportunity interview",
    "Update Opportunity Interview": "Update an opportunity interview",
    "Delete Opportunity Interview": "Delete an opportunity interview",
    CONFIDENTIAL: "Allow access to confidential data",
}

OPTIONAL: dict[str, str] = {
    "List Opportunity Notes": "Find all opportunity notes",
    "Update Opportunity Note": "Update an opportunity note",
    "Delete Opportunity Note": "Delete an opportunity note",
    "List Opportunity Applications": "Find all opportunity applications",
    "List Opportunity Panels": "Find all opportunity panels",
    "Read Opportunity Panel": "Find an opportunity panel",
    "Create Opportunity Panel": "Create a panel",
    "Update Opportunity Panel": "Update a panel",
    "Delete Opportunity Panel": "Delete a panel",
    "Read Contact": "Find a contact",
    "Update Contact": "Update a contact",
    "Create Opportunity": "Create an opportunity",
    "Update Opportunity Stage": "Update an opportunity stage",
    "Update Opportunity Archived": "Update an opportunity archived state",
    "Update Opportunity Tags": "Add or remove opportunity tags",
    "List Webhooks": "Find all webhooks",
    "Create Webhook": "Create a webhook",
    "Update Webhook": "Update a webhook",
    "Delete Webhook": "Delete a webhook",
}

ALL = {**GUIDE, **OPTIONAL}
