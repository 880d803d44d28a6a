"""Panels and interviews: made, moved, cancelled; and what every act of the team has in common."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from grayscale.sandbox.clock import now_ms
from grayscale.sandbox.lever.records import Json, Opportunity
from grayscale.sandbox.lever.store import LeverStore

Emit = Callable[[str, Json, Opportunity | None], None]


def new_id() -> str:
    return str(uuid.uuid4())


class Acts:
    """Changes the records, keeps the diary, fires events. Raises KeyError for an unknown id."""

    def __init__(self, store: LeverStore, emit: Emit) -> None:
        self.store = store
        self._emit = emit

    def _row(self, opportunity_id: str) -> Opportunity:
        return self.store.data.opportunities[opportunity_id]

    def _interacted(self, row: Opportunity) -> None:
        with self.store.changing(row):
            row.last_interaction_at = now_ms()

    def _ids(self, row: Opportunity) -> Json:
        return {"opportunityId": row.id, "candidateId": row.id, "contactId": row.contact}

    def _log(self, what: str, row: Opportunity, detail: str) -> None:
        name = self.store.data.contacts[row.contact].name
        self.store.activity.append(
            {"at": now_ms(), "what": what, "opportunity": row.id, "name": name, "detail": detail}
        )


class Scheduling(Acts):
    """What one does with interviews."""

    def create_panel(self, opportunity_id: str, *, user: str | None, managed: bool, **fields: Any) -> Json:
        with self.store.lock:
            row = self._row(opportunity_id)
            panel: Json = {
                "id": new_id(),
                "applications": fields.get("applications") or ([row.application.id] if row.application else []),
                "canceledAt": None,
                "createdAt": now_ms(),
                "start": None,
                "end": None,
                "timezone": fields.get("timezone", "America/Chicago"),
                "feedbackReminder": fields.get("feedbackReminder", "daily"),
                "user": user,
                "stage": row.stage,
                "note": fields.get("note"),
                "externallyManaged": managed,
                "externalUrl": fields.get("externalUrl"),
            }
            self.store.data.panels.setdefault(opportunity_id, []).append(panel)
            return panel

    def create_interview(self, opportunity_id: str, panel: Json, fields: Json, user: str | None) -> Json:
        """`fields` as the API takes them: interviewers, date (ms), duration (minutes), subject, note, location."""
        with self.store.lock:
            row = self._row(opportunity_id)
            interview: Json = {
                "id": fields.get("id") or new_id(),
                "panel": panel["id"],
                "subject": None,
                "note": None,
                "interviewers": [],
                "timezone": panel["timezone"],
                "createdAt": now_ms(),
                "date": 0,
                "duration": 30,
                "location": None,
                "feedbackTemplate": None,
                "feedbackForms": [],
                "feedbackReminder": "frequently",
                "user": user,
                "stage": row.stage,
                "canceledAt": None,
                "postings": [row.application.posting] if row.application and row.application.posting else [],
                "gcalEventUrl": None,
                "opportunityId": opportunity_id,
            }
            self._fill(interview, fields)
            self.store.data.interviews.setdefault(opportunity_id, []).append(interview)
            self._span(opportunity_id, panel["id"])
            self._interacted(row)
            self._log("interview scheduled", row, interview["subject"] or "")
        self._emit("interviewCreated", {"interviewId": interview["id"], **self._ids(row)}, row)
        return interview

    def update_interview(self, opportunity_id: str, interview_id: str, fields: Json) -> Json:
        """Replaces the whole of what a caller may set: a field left out is cleared."""
        with self.store.lock:
            row, interview = self._row(opportunity_id), self.interview(opportunity_id, interview_id)
            cleared = {"subject": None, "note": None, "location": None, "feedbackTemplate": None}
            self._fill(interview, {**cleared, "feedbackReminder": "frequently", **fields})
            self._span(opportunity_id, interview["panel"])
            self._interacted(row)
            self._log("interview moved", row, interview["subject"] or "")
        self._emit("interviewUpdated", {"interviewId": interview_id, **self._ids(row)}, row)
        return interview

    def cancel_interview(self, opportunity_id: str, interview_id: str) -> None:
        """Cancels: the row stays with `canceledAt`; a panel without interviews left goes."""
        with self.store.lock:
            row, interview = self._row(opportunity_id), self.interview(opportunity_id, interview_id)
            interview["canceledAt"] = now_ms()
            self._span(opportunity_id, interview["panel"])
            self._interacted(row)
            self._log("interview canceled", row, interview["subject"] or "")
        self._emit("interviewDeleted", {"interviewId": interview_id, **self._ids(row)}, row)

    def interview(self, opportunity_id: str, interview_id: str) -> Json:
        for interview in self.store.data.interviews.get(opportunity_id, ()):
            if interview["id"] == interview_id:
                return interview
        raise KeyError(interview_id)

    def panel(self, opportunity_id: str, panel_id: str) -> Json:
        for panel in self.store.data.panels.get(opportunity_id, ()):
            if panel["id"] == panel_id:
                return panel
        raise KeyError(panel_id)

    def _fill(self, interview: Json, fields: Json) -> None:
        for name in (
            "subject",
            "note",
            "location",
            "feedbackTemplate",
            "date",
            "duration",
            "feedbackReminder",
        ):
            if name in fields:
                interview[name] = fields[name]
        if "interviewers" in fields:
            users = self.store.data.users
            interview["interviewers"] = [
                {
                    "id": person["id"],
                    "name": users[person["id"]]["name"],
                    "email": users[person["id"]]["email"],
                    "feedbackTemplate": person.get("feedbackTemplate") or "no-feedback",
                }
                for person in fields["interviewers"]
            ]

    def _span(self, opportunity_id: str, panel_id: str) -> None:
        panels = self.store.data.panels.get(opportunity_id, [])
        alive = [
            interview
            for interview in self.store.data.interviews.get(opportunity_id, ())
            if interview["panel"] == panel_id and interview["canceledAt"] is None
        ]
        for panel in panels:
            if panel["id"] == panel_id and alive:
                panel["start"] = min(i["date"] for i in alive)
                panel["end"] = max(i["date"] + i["duration"] * 60_000 for i in alive)
        if not alive:
            panels[:] = [panel for panel in panels if panel["id"] != panel_id]
