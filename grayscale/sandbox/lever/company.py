"""What candidates refer to: the made-up company's stages, archive reasons, users and postings."""

from __future__ import annotations

import random
import unicodedata

from grayscale.sandbox.clock import DAY_MS, HOUR_MS, now_ms
from grayscale.sandbox.lever import names
from grayscale.sandbox.lever.http import stable_id
from grayscale.sandbox.lever.records import Json
from grayscale.sandbox.lever.store import LeverData

YEAR_MS = 365 * DAY_MS


class Company:
    """A clinic group without candidates. Its ids depend only on the seed, its times on this hour."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.now = now_ms() // HOUR_MS * HOUR_MS
        self.data = LeverData(seed=seed)
        self._stages()
        self._users()
        self._postings()
        self.stage_ids: list[str] = [stage["id"] for stage in self.data.stages]
        self.interview_stages = {stage["id"] for stage in self.data.stages if stage["hasInterview"]}
        taking = [p for p in self.data.postings.values() if p["state"] in {"published", "internal", "closed"}]
        self.open_postings = [p for p in taking if p["confidentiality"] == "non-confidential"]
        self.secret_postings = [p for p in taking if p["confidentiality"] == "confidential"]

    def posting(self, title: str) -> Json:
        return next(p for p in self.data.postings.values() if p["text"] == title)

    def stage(self, text: str) -> str:
        found: str = next(s["id"] for s in self.data.stages if s["text"] == text)
        return found

    def _stages(self) -> None:
        for slug, text, pipeline, rank, has_interview in names.STAGES:
            stage_id = slug or stable_id("stage", self.data.seed, text)
            self.data.stages.append(
                {
                    "id": stage_id,
                    "text": text,
                    "pipeline": pipeline,
                    "rank": rank,
                    "hasInterview": has_interview,
                }
            )
        for text, status, kind in names.ARCHIVE_REASONS:
            reason_id = stable_id("reason", self.data.seed, text)
            self.data.archive_reasons.append({"id": reason_id, "text": text, "status": status, "type": kind})
        reasons = self.data.archive_reasons
        self.hired = next(r["id"] for r in reasons if r["type"] == "hired")
        self.passed = [r["id"] for r in reasons if r["type"] != "hired"]

    def _users(self) -> None:
        for number, (name, role, title, gone) in enumerate(names.USERS):
            username = slug(name.split()[0]) if number < 2 else slug(name)
            user_id = stable_id("user", self.data.seed, name)
            self.data.users[user_id] = {
                "id": user_id,
                "name": name,
                "username": username,
                "email": f"{username}@harbor.example",
                "accessRole": role,
                "photo": None,
                "createdAt": self.now - 3 * YEAR_MS + number * 9 * DAY_MS,
                "deactivatedAt": self.now - 90 * DAY_MS if gone else None,
                "externalDirectoryId": None,
                "linkedContactIds": None,
                "jobTitle": title,
                "managerId": None,
            }
        people = list(self.data.users.values())
        self.ana, self.jonas = people[0]["id"], people[1]["id"]
        self.recruiters = [u["id"] for u in people if u["accessRole"] == "team member" and not u["deactivatedAt"]]
        self.former = [u["id"] for u in people if u["deactivatedAt"]]
        self.interviewers = [u for u in people if u["accessRole"] != "super admin" and not u["deactivatedAt"]]
        self.managers = [u["id"] for u in people if u["accessRole"] == "limited team member"]

    def _postings(self) -> None:
        for number, (title, team, department, place, commitment, workplace, state) in enumerate(names.POSTINGS):
            posting_id = stable_id("posting", self.data.seed, title)
            owner = self.jonas if number % 4 == 0 else self.recruiters[number % len(self.recruiters)]
            created = self.now - (200 + number * 7) * DAY_MS
            page = f"https://jobs.lever.co/harbor/{posting_id}"
            self.data.postings[posting_id] = {
                "id": posting_id,
                "text": title,
                "state": state,
                "distributionChannels": ["internal"] if state == "internal" else ["public", "internal"],
                "user": owner,
                "owner": owner,
                "hiringManager": self.managers[number % len(self.managers)] if number % 5 else None,
                "categories": {
                    "team": team,
                    "department": department,
                    "location": place,
                    "commitment": commitment,
                    "level": None,
                    "allLocations": [place],
                },
                "tags": [],
                "content": {
                    "description": f"Join {team} in {place}.",
                    "descriptionHtml": f"<div>Join {team} in {place}.</div>",
                    "lists": [],
                    "closing": "",
                    "closingHtml": "",
                },
                "country": "GB" if place == "London" else "US",
                "followers": [],
                "reqCode": None,
                "requisitionCodes": [],
                "urls": {"list": "https://jobs.lever.co/harbor", "show": page, "apply": f"{page}/apply"}
                if state != "draft"
                else None,
                "confidentiality": "confidential" if title in names.CONFIDENTIAL_POSTINGS else "non-confidential",
                "createdAt": created,
                "updatedAt": created + number * DAY_MS,
                "workplaceType": workplace,
                "transcribeInterviews": False,
                "screening": {"enabled": False},
            }


def slug(name: str) -> str:
    """A name as the local part of an address."""
    plain = unicodedata.normalize("NFKD", name.replace("ø", "o").replace("Ł", "L").replace("ł", "l").replace("ı", "i"))
    kept = "".join(c for c in plain.lower() if c.isascii() and (c.isalnum() or c == " "))
    return kept.strip().replace(" ", ".")
