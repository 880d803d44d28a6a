"""A hundred recruiters who text and read, a hundred candidates who answer, and a team that works in Lever."""

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import requests

from bench.soak.deployment import Deployment
from tests.factories import PASSWORD
from tools.webforms import FormError, Page, Session

ANSWER_SECONDS = 45.0
OK, REFUSED = 400, 500


@dataclass
class Said:
    """What everybody said, to be looked for afterwards."""

    # Texts the product took, and those whose fate the recruiter never learned.
    taken: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    received: list[str] = field(default_factory=list)
    acts: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Recruiter:
    """One person with one candidate; a browser that sends again what broke, with the same key."""

    def __init__(self, deployment: Deployment, number: int, said: Said) -> None:
        self.deployment, self.number, self.said = deployment, number, said
        self.session = Session(deployment.url)
        self.chance = random.Random(number)
        self.conversation = 0
        self.phone = ""
        self._count = 0
        self._tick = "0"

    def sign_in(self, opportunities: list[tuple[str, str]]) -> None:
        """Sign in and start a conversation with the first candidate of *opportunities* (id, phone) who takes texts."""
        email = self.deployment.emails[self.number]
        self.session.submit("/login", {"Email": email, "Password": PASSWORD}, button="Sign in")
        while opportunities:
            try:
                opportunity, self.phone = opportunities.pop()
                answer = self.session.submit(f"/lever/{opportunity}", {}, button="Start conversation")
                self.conversation = int(answer.url.split("?")[0].rsplit("/", 1)[1])
                return
            except (FormError, ValueError):
                continue
        raise RuntimeError("too few candidates take texts")

    def work(self, until: float, pause: float) -> None:
        while time.monotonic() < until:
            time.sleep(pause * self.chance.uniform(0.5, 1.5))
            try:
                verb = self.chance.choices(("poll", "open", "list", "text"), (60, 10, 10, 20))[0]
                if verb == "text":
                    self._text(until)
                elif verb == "poll":
                    self._poll()
                else:
                    self._look(f"/inbox/{self.conversation}" if verb == "open" else "/inbox")
            except requests.RequestException:
                self._count_answer("no answer")

    def _count_answer(self, what: object) -> None:
        with self.said.lock:
            self.said.answers[str(what)] += 1

    def _look(self, path: str) -> None:
        answer = self.session.http.get(self.deployment.url + path, timeout=ANSWER_SECONDS)
        self._count_answer(answer.status_code)

    def _poll(self) -> None:
        asked = {"tick": self._tick, "c": str(self.conversation), "viewers": ""}
        answer = self.session.http.get(
            f"{self.deployment.url}/inbox/live", params=asked, headers={"HX-Request": "true"}, timeout=ANSWER_SECONDS
        )
        self._tick = answer.headers.get("X-Tick", self._tick)
        self._count_answer(answer.status_code)

    def _text(self, until: float) -> None:
        """Write one text; what ends in nothing is sent again as it was, as a browser's person would."""
        path = f"/inbox/{self.conversation}"
        answer = self.session.http.get(self.deployment.url + path, timeout=ANSWER_SECONDS)
        self._count_answer(answer.status_code)
        if not answer.ok:
            return
        form = next((form for form in Page(answer.text).forms if form.has({"Message"}, "Send")), None)
        if form is None:
            return
        self._count += 1
        body = f"r{self.number}-{self._count}: can you start on Monday?"
        values = {
            entry.name: body if entry.label == "Message" else entry.value
            for entry in form.fields
            if entry.name and (entry.kind not in ("checkbox", "radio", "file", "submit") or entry.checked)
        }
        while True:
            status = self.post(form.action or path, values)
            if status < OK:
                with self.said.lock:
                    self.said.taken.append(body)
                return
            if status < REFUSED:
                return
            if time.monotonic() > until + 30:
                with self.said.lock:
                    self.said.unknown.append(body)
                return
            time.sleep(1)

    def post(self, action: str, values: dict[str, str]) -> int:
        """Send a form once; the status of the answer, 599 when none came."""
        target = self.deployment.url + action if action.startswith("/") else action
        try:
            answer = self.session.http.post(
                target, values, timeout=ANSWER_SECONDS, allow_redirects=False,
                headers={"Referer": f"{self.deployment.url}/inbox"},
            )
        except requests.RequestException:
            self._count_answer("no answer")
            return 599
        self._count_answer(answer.status_code)
        return answer.status_code


def answer_all(recruiters: list[Recruiter], deployment: Deployment, said: Said, until: float, pause: float) -> None:
    """Candidates text, each now and then."""
    chance = random.Random(4711)
    counts: Counter[int] = Counter()
    while time.monotonic() < until:
        time.sleep(pause / len(recruiters) * chance.uniform(0.5, 1.5))
        one = chance.choice(recruiters)
        counts[one.number] += 1
        body = f"c{one.number}-{counts[one.number]}: yes, I can."
        deployment.sandbox.carrier.receive(from_=one.phone, to=deployment.sandbox.number, body=body)
        said.received.append(body)


def work_in_lever(deployment: Deployment, said: Said, until: float, pause: float) -> None:
    """The hiring team moves, archives and brings back."""
    chance = random.Random(11)
    team, lever = deployment.sandbox.team, deployment.sandbox.lever
    while time.monotonic() < until:
        time.sleep(pause * chance.uniform(0.5, 1.5))
        with lever.lock:
            ids = list(lever.data.opportunities)
            active = [one for one in ids if lever.data.opportunities[one].archived is None]
            stages = [stage["id"] for stage in lever.data.stages]
            reasons = [reason["id"] for reason in lever.data.archive_reasons if reason["type"] != "hired"]
        try:
            if chance.random() < 0.8:
                team.move(chance.choice(active), chance.choice(stages))
            elif chance.random() < 0.5:
                team.archive(chance.choice(active), chance.choice(reasons))
            else:
                team.unarchive(chance.choice([one for one in ids if one not in active] or ids))
        except (KeyError, ValueError):
            continue
        said.acts += 1
