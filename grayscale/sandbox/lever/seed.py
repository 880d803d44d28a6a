"""Believable data for a made-up clinic group: the same for the same seed, its times relative to this hour."""

from __future__ import annotations

import gc
import uuid

from grayscale.sandbox.clock import DAY_MS, HOUR_MS
from grayscale.sandbox.lever import names
from grayscale.sandbox.lever.company import YEAR_MS, Company, slug
from grayscale.sandbox.lever.oddities import cast
from grayscale.sandbox.lever.permissions import GUIDE
from grayscale.sandbox.lever.records import ApiKey, Application, Contact, Json, Opportunity
from grayscale.sandbox.lever.store import LeverData

DEMO_API_KEY = "harbor-sandbox-lever-key-0001"
#: The sandbox carrier's own number is one of the fictional ones; no candidate gets it.
_TAKEN = {"+13125550100", "+13125550101"}


def seed_lever(candidates: int, seed: int = 1) -> LeverData:
    """A company with `candidates` opportunities."""
    collecting = gc.isenabled()
    gc.disable()  # a million new objects and no garbage: the collector would double the time
    try:
        return Seeder(seed).populate(candidates)
    finally:
        if collecting:
            gc.enable()


class Seeder(Company):
    """Draws people from one random generator, in a fixed order."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.data.keys.append(ApiKey("Grayscale", DEMO_API_KEY, frozenset(GUIDE)))
        self._numbers = self._pool()
        self._uk = 0
        #: Contacts made lately: who may get a second opportunity.
        self._recent: list[str] = []

    def populate(self, candidates: int) -> LeverData:
        for person in cast(self):
            if len(self.data.opportunities) >= candidates:
                break
            person()
        while len(self.data.opportunities) < candidates:
            self.candidate()
        return self.data

    def candidate(self) -> Opportunity:
        """One opportunity as they mostly are: of somebody new, or now and then of somebody known."""
        rng = self.random
        if rng.random() < 0.04 and len(self.data.contacts) > 20:
            person = self.data.contacts[rng.choice(self._recent)]
        else:
            person = self.person()
        sourced = rng.random() < 0.18
        posting = None if sourced else rng.choice(self.secret_postings if rng.random() < 0.015 else self.open_postings)
        stage = rng.choice(self.stage_ids[:3]) if sourced else self._stage()
        age = int(min(rng.expovariate(1 / 140), 900) * DAY_MS) + rng.randrange(HOUR_MS)
        return self.opportunity(person, posting, stage, age=age, archived=self._fate(age, sourced))

    def person(self, name: str | None = None, phones: list[Json] | None = None, **fields: str) -> Contact:
        """A contact; a phone is drawn (and with it a town) when none is given."""
        rng = self.random
        if name is None:
            first, last = names.FIRST_LAST[min(int(rng.expovariate(0.35)), len(names.FIRST_LAST) - 1)]
            name = f"{rng.choice(first)} {rng.choice(last)}"
        number, town = self.number()
        if phones is None:
            phones = self._phones(number)
        contact = Contact(
            id=self.uuid(),
            name=name,
            headline=fields.get("headline", rng.choice(names.HEADLINES)),
            location=fields.get("location", town if rng.random() < 0.8 else ""),
            emails=[fields["email"]] if "email" in fields else self._emails(name),
            phones=phones,
        )
        self.data.contacts[contact.id] = contact
        recent = self._recent
        recent.append(contact.id)
        if len(recent) > 400:
            del recent[:200]
        return contact

    def opportunity(
        self,
        person: Contact,
        posting: Json | None,
        stage: str,
        *,
        age: int,
        archived: str | None = None,
        owner: str | None = None,
    ) -> Opportunity:
        """A candidacy created `age` ms ago, walked through the stages up to `stage`."""
        rng, data = self.random, self.data
        created = self.now - age
        sourced = posting is None
        changes, at = self._walk(stage, created, sourced)
        moved = at
        archive: Json | None = (
            {"reason": archived, "archivedAt": min(at + rng.randrange(1, 20) * DAY_MS, self.now)} if archived else None
        )
        if archive:
            at = archive["archivedAt"]
        touched = at + int(rng.random() * min(2 * DAY_MS, self.now - at))
        owner = owner or (posting["owner"] if posting else rng.choice(self.recruiters))
        if owner is not None and rng.random() < 0.01:
            owner = rng.choice(self.former)
        row = Opportunity(
            id=self.uuid(),
            contact=person.id,
            stage=stage,
            confidentiality=posting["confidentiality"] if posting else "non-confidential",
            origin="sourced" if sourced else rng.choice(("applied", "applied", "applied", "referred", "agency")),
            created_at=created,
            updated_at=None if age > 500 * DAY_MS else touched,
            last_interaction_at=touched,
            last_advanced_at=archive["archivedAt"] if archive and rng.random() < 0.3 else moved,
            owner=owner,
            followers=[owner] if owner else [],
            sources=[rng.choice(names.SOURCES)],
            stage_changes=changes,
            archived=archive,
            location=posting["categories"]["location"] if posting else None,
        )
        if rng.random() < 0.03:
            row.followers = [*row.followers, *row.followers]  # seen live: the same follower twice
        if sourced:
            row.sourced_by = rng.choice(self.recruiters)
        elif posting:
            row.tags = [posting["text"], posting["categories"]["team"], posting["categories"]["location"]]
            row.application = Application(
                self.uuid(),
                row.id,
                posting["id"],
                "posting",
                None,
                created,
                dict(archive) if archive else None,
            )
            if rng.random() < 0.03:
                row.location = "unspecified"
        if rng.random() < 0.02:
            row.snoozed_until = self.now + rng.randrange(2, 40) * DAY_MS
        if rng.random() < 0.3:
            expires = self.now + YEAR_MS
            allowed = rng.random() >= 0.03
            row.data_protection = {
                "store": {"allowed": True, "expiresAt": expires},
                "contact": {"allowed": allowed, "expiresAt": expires if allowed else None},
            }
        data.opportunities[row.id] = row
        person.opportunities.append(row.id)
        if archive is None and posting and stage in self.interview_stages and rng.random() < 0.6:
            self.interview(row, rng.choice((-5, -2, 1, 2, 3, 5, 8)))
        return row

    def interview(self, row: Opportunity, in_days: int, *, managed: bool | None = None) -> None:
        """One interview `in_days` from today, at a working hour, on a panel of its own."""
        rng, person = self.random, self.data.contacts[row.contact]
        who = rng.sample(self.interviewers, rng.choice((1, 1, 2)))
        zone = rng.choice(("America/Chicago", "America/New_York", "America/Denver", "America/Los_Angeles"))
        start = (self.now // DAY_MS + in_days) * DAY_MS + rng.randrange(30, 44) * (HOUR_MS // 2)
        duration = rng.choice((30, 45, 60))
        panel_id, created = self.uuid(), max(row.created_at, self.now - 6 * DAY_MS)
        managed = rng.random() < 0.5 if managed is None else managed
        stage = next(s["text"] for s in self.data.stages if s["id"] == row.stage)
        self.data.panels.setdefault(row.id, []).append(
            {
                "id": panel_id,
                "applications": [row.application.id] if row.application else [],
                "canceledAt": None,
                "createdAt": created,
                "start": start,
                "end": start + duration * 60_000,
                "timezone": zone,
                "feedbackReminder": "daily",
                "user": row.owner,
                "stage": row.stage,
                "note": None,
                "externallyManaged": managed,
                "externalUrl": None,
            }
        )
        self.data.interviews.setdefault(row.id, []).append(
            {
                "id": self.uuid(),
                "panel": panel_id,
                "subject": f"{stage} - {person.name}",
                "note": None,
                "interviewers": [
                    {"id": u["id"], "name": u["name"], "email": u["email"], "feedbackTemplate": "no-feedback"}
                    for u in who
                ],
                "timezone": zone,
                "createdAt": created,
                "date": start,
                "duration": duration,
                "location": rng.choice(("Phone", "Video call", "Main clinic, room 204", None)),
                "feedbackTemplate": None,
                "feedbackForms": [],
                "feedbackReminder": "daily",
                "user": row.owner,
                "stage": row.stage,
                "canceledAt": None,
                "postings": [row.application.posting] if row.application else [],
                "gcalEventUrl": None,
                "opportunityId": row.id,
            }
        )

    # --- draws -------------------------------------------------------------------------------------------------------

    def uuid(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def number(self) -> tuple[str, str]:
        """A fictional number in E.164 and the town of its area code; repeats only when all are used up."""
        if self.random.random() < 0.02:
            self._uk += 1
            return f"+447700900{self._uk % 1000:03d}", "London"
        if not self._numbers:
            self._numbers = self._pool()
        code, line = self._numbers.pop()
        return f"+1{code}555{line:04d}", names.TOWNS[code]

    def _pool(self) -> list[tuple[str, int]]:
        pool = [(code, line) for code in names.TOWNS for line in range(100, 200)]
        pool = [(code, line) for code, line in pool if f"+1{code}555{line:04d}" not in _TAKEN]
        self.random.shuffle(pool)
        return pool

    def _phones(self, number: str) -> list[Json]:
        rng, draw = self.random, self.random.random()
        if draw < 0.10:
            return []
        phones: list[Json] = [{"type": "mobile", "value": written(number, rng.randrange(6))}]
        if draw < 0.16:
            phones = [{"value": written(number, rng.randrange(6))}]  # typeless
        elif draw < 0.20:
            phones[0]["type"] = rng.choice(("home", "work", "other"))
        elif draw < 0.23:
            phones.append({"type": "skype", "value": f"live:{rng.randrange(10**6)}"})
        elif draw < 0.28:
            phones.append({"type": "work", "value": written(self.number()[0], rng.randrange(6))})
        elif draw < 0.29:
            phones = [{"type": "mobile", "value": rng.choice(("+1(1)5555555555", "555-0100 x12", "n/a", "call me"))}]
        return phones

    def _emails(self, name: str) -> list[str]:
        if self.random.random() < 0.03:
            return []
        return [f"{slug(name)}{self.random.randrange(1000)}@example.{self.random.choice(('org', 'com', 'net'))}"]

    def _stage(self) -> str:
        weights = (0, 0, 0, 34, 20, 16, 9, 5, 6, 3, 2, 5)
        return self.random.choices(self.stage_ids, weights)[0]

    def _fate(self, age: int, sourced: bool) -> str | None:
        days = age / DAY_MS
        if self.random.random() > min(0.9, days / 120):
            return None
        hired = not sourced and self.random.random() < 0.12
        return self.hired if hired else self.random.choice(self.passed)

    def _walk(self, stage: str, created: int, sourced: bool) -> tuple[list[Json], int]:
        stages = self.stage_ids
        goal, first = stages.index(stage), 0 if sourced else 3
        steps = [first, *(i for i in range(first + 1, goal) if self.random.random() < 0.5)]
        if goal != first:
            steps.append(goal)
        at, changes = created, []
        for number, index in enumerate(steps):
            if number:
                at = min(at + int(self.random.expovariate(1 / 3) * DAY_MS) + 1, self.now)
            change: Json = {"toStageId": stages[index], "toStageIndex": index, "updatedAt": at}
            if self.random.random() < 0.25:
                change["userId"] = self.random.choice(self.recruiters)
            changes.append(change)
        return changes, at


def written(number: str, style: int) -> str:
    """An E.164 number as people type it."""
    if not number.startswith("+1"):
        return f"0{number[3:7]} {number[7:]}" if style % 2 else f"+44 {number[3:7]} {number[7:]}"
    code, middle, line = number[2:5], number[5:8], number[8:]
    return (
        f"({code}) {middle}-{line}",
        f"{code}.{middle}.{line}",
        f"{code}-{middle}-{line}",
        f"{code}{middle}{line}",
        number,
        f"+1 {code} {middle} {line}",
    )[style]
