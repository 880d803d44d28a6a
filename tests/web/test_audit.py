"""The audit record: what is written down, who reads it, and that nobody changes it."""

import ast
import csv
import io
import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import DatabaseError

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain import audit, audit_words, company, housekeeping, users
from grayscale.extensions import db
from grayscale.models import AuditEvent, LeverUser, Role, User
from grayscale.web.csv import inert
from tests import factories
from tests.conftest import ROOT
from tests.page import Browser


def line(**values: object) -> AuditEvent:
    return factories.add(AuditEvent(**{"at": clock.now(), "action": "template.saved", "subject": "x", **values}))


def shown(browser: Browser, query: str = "") -> list[str]:
    page = browser.get(f"/settings/audit{query}")
    assert page.status == 200
    return [" ".join(row.get_text(" ").split()) for row in page.select("#audit-list li")]


def test_it_says_who_did_what_to_whom_from_where(as_ana: Browser, jonas: User) -> None:
    as_ana.post(
        f"/settings/users/{jonas.id}", {"role": "super_admin", "lever_user_id": ""},
        environ_overrides={"REMOTE_ADDR": "203.0.113.9"},
    )
    (row,) = [row for row in shown(as_ana) if "role" in row]
    for words in ("Changed the role of jonas@harbor.example", "Ana Castillo", "203.0.113.9", "recruiter → super_admin"):
        assert words in row


def test_it_speaks_of_events_marks_and_changes_as_people_do(as_ana: Browser) -> None:
    line(action="lever.token_saved", subject="candidateStageChange")
    line(action="lever.opportunity_erased", subject="0123456789ab" + "c" * 52)
    line(action="company.changed", subject="", detail={"same": [False, False], "name": ["Harbor", "Port"]})
    page = " ".join(shown(as_ana))
    assert "Saved the signature token of Candidate Stage Change" in page
    assert "Erased an opportunity 0123456789ab…" in page
    assert "name: Harbor → Port" in page
    assert "no → no" not in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?who=application", ["Lever refused the API key"]),
        ("?what=sign-ins", ["Signed in: jonas@harbor.example"]),
        ("?words=JONAS", ["Signed in: jonas@harbor.example"]),
        ("?what=sign-ins&who=application", []),
        ("?what=no+such+kind&since=yesterday&who=%00&before=9223372036854775808", None),
        ("?who=99999999999999999999999", None),
        ("?who=%C2%B2", None),
    ],
)
def test_it_is_filtered(as_ana: Browser, ana: User, jonas: User, query: str, found: list[str] | None) -> None:
    line(action="template.saved", user_id=ana.id)
    line(action="user.signed_in", subject=jonas.email, user_id=jonas.id)
    line(action="lever.key_refused", subject="")
    rows = shown(as_ana, query)
    assert len(rows) == 3 if found is None else [row.split(" — ")[0].split(" Jonas")[0] for row in rows] == found


def test_it_is_filtered_by_the_readers_days(as_ana: Browser, ana: User) -> None:
    users.change_preferences(ana.id, name=ana.name, time_zone="Pacific/Auckland", enter_sends=True)
    now = clock.now()
    for days in (0, 2, 4):
        line(at=now - timedelta(days=days), subject=f"{days} days ago")
    day = (now - timedelta(days=2)).astimezone(ZoneInfo("Pacific/Auckland")).date()
    (row,) = shown(as_ana, f"?since={day}&until={day}")
    assert "2 days ago" in row


def test_it_is_paged(as_ana: Browser) -> None:
    with transaction() as session:
        session.add_all(AuditEvent(at=clock.now(), action="template.saved", subject=f"number {n}") for n in range(120))
    seen, path = [], "/settings/audit?what=texting"
    while path:
        page = as_ana.get(path)
        seen += [row.get_text() for row in page.select("#audit-list .audit-subject")]
        older = page.select(".events-older a")
        path = older[0]["href"] if older else ""
    assert seen == [f"number {n}" for n in range(119, -1, -1)]


def test_only_super_admins_read_it(as_jonas: Browser) -> None:
    assert as_jonas.get("/settings/audit").status == 403
    assert as_jonas.post("/settings/audit/export").status == 403
    assert "Audit" not in as_jonas.get("/account").words


def written_down() -> set[str]:
    """Every action that some line of the application writes down."""
    found = set()
    for path in (ROOT / "grayscale").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and ast.unparse(call.func).endswith(("record", "_down", "set_password")):
                words = {each.value for each in call.args if isinstance(each, ast.Constant)}
                found |= {word for word in words if re.fullmatch(r"[a-z_]+\.[a-z_]+", str(word))}
    return found


def test_every_line_speaks_words_and_is_found_by_its_kind() -> None:
    actions = written_down()
    assert len(actions) > 50
    assert {action for action in actions if action not in audit_words.WORDS} == set()
    prefixes = tuple(prefix for kind in audit_words.KINDS.values() for prefix in kind.prefixes)
    assert {action for action in actions if not action.startswith(prefixes)} == set()


def test_who_did_it_is_told_by_an_address_nobody_gives_themselves(
    as_ana: Browser, as_jonas: Browser, jonas: User
) -> None:
    as_jonas.post("/account", {"name": "Ana Castillo", "time_zone": "", "enter_sends": "y", "theme": ""})
    (row,) = [row for row in shown(as_ana) if "Changed the name" in row]
    assert row.count("jonas@harbor.example") == 2, "whose name, and who did it"
    sheet = as_ana.post("/settings/audit/export", {"what": "people"}).text
    assert next(csv.DictReader(io.StringIO(sheet.lstrip("\ufeff"))))["Email"] == "jonas@harbor.example"


def test_who_somebody_becomes_in_lever_is_written_down_by_name(as_ana: Browser) -> None:
    factories.add(LeverUser(lever_id="lever-fi", name="Fiona G.", email="fiona@harbor.example", fetched_at=clock.now()))
    as_ana.post("/settings/users/invite", {"name": "Fiona", "email": "fiona@harbor.example", "role": "recruiter"})
    (row,) = [row for row in shown(as_ana) if "Mapped to Lever" in row]
    assert "nothing → Fiona G. (lever-fi)" in row


def test_a_download_runs_no_formula_and_is_written_down(as_ana: Browser) -> None:
    nasty = ["=HYPERLINK(1)", "+1", "-1+2", "@SUM(A1)", "\t=1", " =1", 'quote " and, comma', "two\nlines"]
    for subject in nasty:
        line(subject=subject)
    answer = as_ana.post("/settings/audit/export", {"what": "texting"})
    assert answer.headers["Content-Disposition"] == 'attachment; filename="audit.csv"'
    rows = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff"))))
    cells = [row[4] for row in rows[1:]]
    assert [cell.lstrip("'") for cell in cells] == nasty[::-1]
    assert not [cell for row in rows for cell in row if cell.lstrip(" ")[:1] in set("=+-@\t")]
    assert shown(as_ana)[0].startswith("Exported the audit record")


@given(st.text())
def test_no_cell_of_any_sheet_is_a_formula(cell: str) -> None:
    made = inert(cell)
    assert made.lstrip(" ")[:1] not in set("=+-@\t\r\n＝＋－＠")
    assert made.removeprefix("'") == cell.replace("\x00", "") or made == cell.replace("\x00", "")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET action = 'x'",
        "UPDATE audit_event SET user_id = 1",
        "UPDATE audit_event SET address = NULL",
        "DELETE FROM audit_event",
    ],
)
def test_the_database_itself_changes_no_line(ana: User, statement: str) -> None:
    kept = line(user_id=ana.id, address="203.0.113.9").id
    with pytest.raises(DatabaseError, match="append-only"), transaction() as session:
        session.execute(db.text(statement))
    assert db.session.get_one(AuditEvent, kept, populate_existing=True).action == "template.saved"


def test_no_line_takes_the_place_of_another(ana: User) -> None:
    kept = line().id
    statement = "INTO audit_event (id, at, action, subject) SELECT id, at, 'x', subject FROM audit_event WHERE true"
    if db.engine.dialect.name == "sqlite":
        statement = f"INSERT OR REPLACE {statement}"
    else:
        statement = f"INSERT {statement} ON CONFLICT (id) DO UPDATE SET action = 'x'"
    with pytest.raises(DatabaseError, match="append-only"), transaction() as session:
        session.execute(db.text(statement))
    assert db.session.get_one(AuditEvent, kept, populate_existing=True).action == "template.saved"


def test_it_is_kept_for_the_time_that_was_set(ana: User) -> None:
    company.save_retention(audit_kept_days=200, texts_kept_days=None, by=ana)
    now = clock.now()
    for days in (100, 199, 201, 1000):
        line(at=now - timedelta(days=days), subject=f"{days} days ago")
    housekeeping.tidy()
    of_these = db.select(AuditEvent.subject).where(AuditEvent.action == "template.saved")
    left = db.session.scalars(of_these.order_by(AuditEvent.at.desc())).all()
    assert left == ["100 days ago", "199 days ago"]


def test_a_person_who_is_gone_leaves_their_lines(mei: User) -> None:
    kept = line(user_id=mei.id).id
    with transaction() as session:
        session.delete(session.get_one(User, mei.id))
    assert db.session.get_one(AuditEvent, kept, populate_existing=True).user_id is None


@pytest.mark.usefixtures("app")
def test_what_the_command_line_does_says_so() -> None:
    with audit.acting_from("command line"):
        users.create(email="new@harbor.example", name="New", role=Role.RECRUITER, password=None)
    users.create(email="other@harbor.example", name="Other", role=Role.RECRUITER, password=None)
    assert db.session.scalars(db.select(AuditEvent.address).order_by(AuditEvent.id)).all() == ["command line", None]
