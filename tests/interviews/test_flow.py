"""Over real HTTP, by a process that is killed: made once, moved once, cancelled by us and by Lever."""

import shutil
import sqlite3
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from bs4 import BeautifulSoup, Tag

from grayscale import clock, create_app
from grayscale.extensions import db
from grayscale.models import Opportunity
from grayscale.sandbox import Sandbox, start_sandbox
from grayscale.sandbox.lever.permissions import GUIDE
from tests import factories
from tests.conftest import make_config
from tests.flow.product import ADMIN, PASSWORD, RECRUITER, Product
from tests.flow.product import eventually as soon
from tests.interviews.forms import fields
from tools.connect import connect
from tools.demo import Demo
from tools.webforms import Session

ZONE = "America/St_Johns"  # on a half hour
PERMISSIONS = set(GUIDE) | {"Create Opportunity Panel"}


eventually = partial(soon, within=45.0)


class Database:
    """The product's database, read from outside."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def ask(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.path, timeout=10) as connection:
            return connection.execute(query, values).fetchall()

    def states(self) -> list[str]:
        return [row[0] for row in self.ask("SELECT state FROM interview_change ORDER BY id")]

    def interview(self, lever_id: str, *, cancelled: bool = False) -> int | None:
        """The id of the mirror's row, once it is there; with *cancelled* once it is cancelled."""
        rows = self.ask("SELECT id, canceled_at FROM interview WHERE lever_id = ?", lever_id)
        return next((row[0] for row in rows if row[1] or not cancelled), None)

    def let_time_pass(self) -> bool:
        """The waits between looks are over."""
        self.ask("UPDATE interview_change SET next_attempt_at = '2026-01-01 00:00:00' WHERE state = 'checking'")
        return True


class Recruiter:
    """Fills in the forms of one conversation."""

    def __init__(self, product: Product, conversation_id: int) -> None:
        self.session = Session(product.url)
        self.session.submit("/login", {"Email": RECRUITER, "Password": PASSWORD}, button="Sign in")
        self.product, self.path = product, f"/inbox/{conversation_id}/interviews"

    def submit(self, what: str, **values: Any) -> None:
        url = f"{self.product.url}{self.path}/{what}"
        page = BeautifulSoup(self.session.http.get(url, timeout=30).text, "lxml")
        form = page.select_one("#interview-dialog form")
        assert isinstance(form, Tag), page.get_text(" ", strip=True)[-600:]
        answer = self.session.http.post(
            f"{self.product.url}{form['action']}", data=fields(form, **values), timeout=30, allow_redirects=False,
            headers={"Referer": url},
        )  # fmt: skip
        assert answer.status_code == 303, BeautifulSoup(answer.text, "lxml").get_text(" ", strip=True)[-600:]


def interviews(sandbox: Sandbox, opportunity: str) -> list[dict[str, Any]]:
    with sandbox.lever.lock:
        return [dict(row) for row in sandbox.lever.data.interviews.get(opportunity, ())]


def connected(product: Product, sandbox: Sandbox, database: Database) -> tuple[str, int, str]:
    """Lever set up and synced; an opportunity without interviews, its conversation, and somebody to interview."""
    product.create_user(ADMIN, "Ana Castillo", "super_admin")
    product.create_user(RECRUITER, "Jonas Rehn", "recruiter")
    product.start(wait=False)
    eventually(product.is_ready)
    demo = Demo(
        app_url=product.url, lever_origin=sandbox.lever_origin, carrier_url="", api_key=sandbox.api_key, email=ADMIN,
        password=PASSWORD,
    )  # fmt: skip
    connect(demo)
    eventually(lambda: database.ask("SELECT 1 FROM sync_run WHERE state = 'done'"))
    people = [row[0] for row in database.ask("SELECT lever_id FROM lever_user WHERE deactivated_at IS NULL")]
    app = create_app(make_config(product.database_url, lever_api_url=sandbox.lever_url))
    with app.app_context():
        row = next(
            row for row in db.session.scalars(db.select(Opportunity).order_by(Opportunity.id))
            if not row.is_archived and not row.confidential and not row.interviews
        )  # fmt: skip
        conversation = factories.conversation(row.candidate, opportunity_id=row.id, peer="+12185550142")
        found = row.lever_id, conversation.id
        db.session.remove()
        db.engine.dispose()
    database.ask("UPDATE user_account SET lever_user_id = ? WHERE email = ?", people[0], RECRUITER)
    return *found, people[1]


@pytest.mark.flow
@pytest.mark.timeout(240)
def test_an_interview_is_made_moved_and_cancelled_once(migrated: Path, tmp_path: Path) -> None:
    path = tmp_path / "product.db"
    shutil.copyfile(migrated, path)
    day = (clock.now() + timedelta(days=10)).date()
    with start_sandbox(candidates=12, permissions=PERMISSIONS) as sandbox:
        database, product = Database(path), Product(tmp_path, sandbox, f"sqlite:///{path}")
        try:
            opportunity, conversation, interviewer = connected(product, sandbox, database)
            sandbox.faults.add("lever", "timeout", method="POST", path="*/panels", when="after", seconds=60)
            jonas = Recruiter(product, conversation)
            wanted = {"date": str(day), "duration": "45", "zone": ZONE, "interviewer": [interviewer]}
            jonas.submit("new", subject="Phone screen", time="09:00", **wanted)
            eventually(lambda: interviews(sandbox, opportunity))
            product.kill()  # in the middle of the call
            assert database.states() == ["sending"]
            product.start(wait=False)
            eventually(lambda: database.states() == ["done"])
            eventually(product.is_ready)

            sandbox.faults.add("lever", "drop", method="PUT", path="*/interviews/*", when="after")
            first_id = eventually(lambda: database.interview(interviews(sandbox, opportunity)[0]["id"]))
            jonas.submit(f"{first_id}/edit", time="10:30", zone=ZONE, date=str(day))
            eventually(lambda: database.let_time_pass() and database.states() == ["done", "done"])

            jonas.submit("new", subject="Second talk", time="15:00", **wanted)
            eventually(lambda: len(interviews(sandbox, opportunity)) == 2 and database.states()[-1] == "done")
            first, second = interviews(sandbox, opportunity)
            second_id = eventually(lambda: database.interview(second["id"]))
            sandbox.team.cancel_interview(opportunity, first["id"])  # somebody in Lever
            eventually(lambda: database.interview(first["id"], cancelled=True))
            jonas.submit(f"{second_id}/cancel")
            eventually(lambda: database.interview(second["id"], cancelled=True))
            said = [row[0] for row in database.ask("SELECT body FROM message WHERE direction = 'internal' ORDER BY id")]
        finally:
            product.kill()
        first, second = interviews(sandbox, opportunity)
        moved_to = datetime.fromisoformat(f"{day}T10:30").replace(tzinfo=ZoneInfo(ZONE))
        assert first["date"] == moved_to.timestamp() * 1000
        assert (first["subject"], first["duration"], first["timezone"]) == ("Phone screen", 45, ZONE)
        assert first["canceledAt"]
        assert second["canceledAt"]
        writes = [sandbox.lever_requests.count(method, "/interviews") for method in ("POST", "PUT", "DELETE")]
        assert writes == [0, 1, 1], "made with their panels, changed once each"
        assert [line.partition(":")[0] for line in said] == [
            "Interview", "Interview moved", "Interview", "Interview cancelled", "Interview cancelled"
        ]
        assert [line.endswith("(by Jonas Rehn)") for line in said] == [True, True, True, False, True]
