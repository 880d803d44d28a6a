"""What the recruiting team (or Lever itself) does: each act changes the records and fires the events Lever fires."""

from __future__ import annotations

from typing import Any

from flask import current_app

from grayscale.sandbox.clock import now_ms
from grayscale.sandbox.lever.records import Application, Contact, Json, Opportunity
from grayscale.sandbox.lever.scheduling import Scheduling, new_id


def team() -> Team:
    """The team of the running application."""
    found: Team = current_app.extensions["lever_team"]
    return found


class Team(Scheduling):
    """Acts on opportunities and people. Raises KeyError for an unknown id, ValueError for what makes no sense."""

    # --- opportunities --------------------------------------------------------------------------------------

    def create(
        self,
        *,
        name: str = "",
        phones: list[Json] | None = None,
        emails: list[str] | None = None,
        location: str = "",
        headline: str = "",
        contact_id: str | None = None,
        posting_id: str | None = None,
        stage_id: str | None = None,
        owner_id: str | None = None,
        origin: str = "applied",
        user: str | None = None,
    ) -> Opportunity:
        """A new opportunity, of a new person, of `contact_id`, or of whoever already has one of the e-mails."""
        store, now = self.store, now_ms()
        with store.lock:
            data = store.data
            posting = data.postings[posting_id] if posting_id else None
            person = data.contacts[contact_id] if contact_id else self._known(emails or [])
            if person is None:
                person = Contact(new_id(), name, headline, location, list(emails or []), list(phones or []))
                data.contacts[person.id] = person
            if person.is_anonymized:
                raise ValueError("An anonymized contact cannot get new opportunities.")
            stage = stage_id or ("applicant-new" if posting else "lead-new")
            confidential = posting is not None and posting["confidentiality"] == "confidential"
            row = Opportunity(
                id=new_id(),
                contact=person.id,
                stage=store.stage_by_id[stage]["id"],
                confidentiality="confidential" if confidential else "non-confidential",
                origin=origin,
                created_at=now,
                updated_at=now,
                last_interaction_at=now,
                last_advanced_at=now,
                owner=owner_id or (posting["owner"] if posting else None),
                stage_changes=[self._change(stage, now, user)],
                location=posting["categories"]["location"] if posting else None,
            )
            row.followers = [row.owner] if row.owner else []
            if posting:
                row.tags = [posting["text"], posting["categories"]["team"], posting["categories"]["location"]]
                row.application = Application(new_id(), row.id, posting_id, "posting", None, now)
            store.add(row)
            self._log("applied", row, posting["text"] if posting else "no posting")
        if row.application:
            self._emit("applicationCreated", {"applicationId": row.application.id, **self._ids(row)}, row)
        return row

    def move(self, opportunity_id: str, stage_id: str, user: str | None = None) -> Opportunity:
        with self.store.lock:
            row, stage = self._row(opportunity_id), self.store.stage_by_id[stage_id]
            before = row.stage
            if before == stage_id:
                return row
            with self.store.changing(row):
                now = now_ms()
                row.stage = stage_id
                row.stage_changes.append(self._change(stage_id, now, user))
                row.last_advanced_at = row.last_interaction_at = now
            self._log("moved", row, stage["text"])
        self._emit("candidateStageChange", {**self._ids(row), "fromStageId": before, "toStageId": stage_id}, row)
        return row

    def archive(
        self, opportunity_id: str, reason_id: str, user: str | None = None, *, clean_interviews: bool = False
    ) -> Opportunity:
        """Archives; with a reason of type hired this is what a hire is in Lever, and two events tell of it."""
        with self.store.lock:
            row, reason = self._row(opportunity_id), self.store.reason_by_id[reason_id]
            before = row.archived
            after: Json = {"reason": reason_id, "archivedAt": now_ms()}
            with self.store.changing(row):
                row.archived = after
                row.last_interaction_at = after["archivedAt"]
                if row.application:
                    row.application.archived = dict(after)
            self._log("archived", row, reason["text"])
        if clean_interviews:
            for interview in list(self.store.data.interviews.get(row.id, ())):
                if interview["canceledAt"] is None and interview["date"] > now_ms():
                    self.cancel_interview(row.id, interview["id"])
        self._emit("candidateArchiveChange", {**self._ids(row), "fromArchived": before, "toArchived": after}, row)
        if reason["type"] == "hired":
            self._emit("candidateHired", self._ids(row), row)
        return row

    def unarchive(self, opportunity_id: str) -> Opportunity:
        with self.store.lock:
            row = self._row(opportunity_id)
            before = row.archived
            if before is None:
                return row
            with self.store.changing(row):
                row.archived = None
                row.last_interaction_at = now_ms()
                if row.application:
                    row.application.archived = None
            self._log("unarchived", row, "")
        self._emit("candidateArchiveChange", {**self._ids(row), "fromArchived": before, "toArchived": None}, row)
        return row

    def hire(self, opportunity_id: str) -> Opportunity:
        reason = next(r for r in self.store.data.archive_reasons if r["type"] == "hired" and r["status"] == "active")
        return self.archive(opportunity_id, reason["id"])

    def delete(self, opportunity_id: str, user: str | None = None) -> None:
        """Deletes the opportunity; the person goes with their last one."""
        with self.store.lock:
            row, data = self._row(opportunity_id), self.store.data
            ids = self._ids(row)
            self._log("deleted", row, "")
            self.store.remove(row)
            row.deleted_at, row.deleted_by = now_ms(), user
            data.deleted[row.id] = row
            for shelf in (data.notes, data.interviews, data.panels):
                shelf.pop(row.id, None)
            if not data.contacts[row.contact].opportunities:
                del data.contacts[row.contact]
        self._emit("candidateDeleted", ids, row)

    def anonymize(self, opportunity_id: str) -> None:
        """Anonymises one opportunity; the contact too, when it was the last that was not. No event tells of it."""
        with self.store.lock:
            row = self._row(opportunity_id)
            with self.store.changing(row):
                row.is_anonymized = True
            person = self.store.data.contacts[row.contact]
            if all(self.store.data.opportunities[o].is_anonymized for o in person.opportunities):
                person.is_anonymized = True
                person.name, person.headline, person.location = "", "", ""
                person.emails, person.phones, person.links = [], [], []
            self._log("anonymized", row, "")

    def set_confidential(self, opportunity_id: str, confidential: bool) -> None:
        with self.store.lock, self.store.changing(self._row(opportunity_id)) as row:
            row.confidentiality = "confidential" if confidential else "non-confidential"

    def change(self, opportunity_id: str, **fields: Any) -> Opportunity:
        """Sets plain fields (owner, followers, tags, data_protection, snoozed_until, …); stamps `updatedAt`."""
        with self.store.lock:
            row = self._row(opportunity_id)
            if fields.keys() - {
                "owner",
                "followers",
                "tags",
                "sources",
                "data_protection",
                "snoozed_until",
                "location",
            }:
                raise ValueError("not a field that can be set")
            with self.store.changing(row):
                for name, value in fields.items():
                    setattr(row, name, value)
        return row

    # --- people ---------------------------------------------------------------------------------------------

    def update_contact(self, contact_id: str, **fields: Any) -> Contact:
        """Changes name, phones, emails, headline or location; seen as a change of each opportunity."""
        with self.store.lock:
            person = self.store.data.contacts[contact_id]
            if person.is_anonymized:
                raise ValueError("An anonymized contact cannot be changed.")
            for name, value in fields.items():
                if name not in {"name", "phones", "emails", "headline", "location"}:
                    raise ValueError(f"a contact has no field {name}")
                setattr(person, name, value)
            self.store.touch_contact(person)
        self._emit("contactUpdated", {"contactId": contact_id}, None)
        return person

    def merge(self, keep_id: str, lose_id: str) -> None:
        """Merges two people: opportunities of the second move to the first, whose id stays. No event tells of it."""
        with self.store.lock:
            if keep_id == lose_id:
                raise ValueError("A contact cannot be merged with itself.")
            contacts = self.store.data.contacts
            keep, lose = contacts[keep_id], contacts[lose_id]
            for opportunity_id in list(lose.opportunities):
                with self.store.changing(self.store.data.opportunities[opportunity_id]) as row:
                    row.contact = keep_id
                keep.opportunities.append(opportunity_id)
            keep.emails = list(dict.fromkeys([*keep.emails, *lose.emails]))
            known = {phone["value"] for phone in keep.phones}
            keep.phones = [*keep.phones, *(phone for phone in lose.phones if phone["value"] not in known)]
            self.store.touch_contact(keep)
            del contacts[lose_id]

    # --- shared ---------------------------------------------------------------------------------------------

    def _known(self, emails: list[str]) -> Contact | None:
        wanted = {email.lower() for email in emails}
        if not wanted:
            return None
        people = self.store.data.contacts.values()
        return next((p for p in people if not wanted.isdisjoint(map(str.lower, p.emails))), None)

    def _change(self, stage_id: str, at: int, user: str | None) -> Json:
        ids = [stage["id"] for stage in self.store.data.stages]
        change: Json = {"toStageId": stage_id, "toStageIndex": ids.index(stage_id), "updatedAt": at}
        if user:
            change["userId"] = user
        return change
