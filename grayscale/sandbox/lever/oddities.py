"""The first people of every seed: those a person meets in the demo, and one of each oddity live data really has."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from grayscale.sandbox.clock import DAY_MS, HOUR_MS
from grayscale.sandbox.lever.records import Json, Opportunity

if TYPE_CHECKING:
    from grayscale.sandbox.lever.seed import Seeder

#: Name, phones, posting, stage, age in hours.
_PLAIN: tuple[tuple[str, list[Json], str, str, int], ...] = (
    ("Theo Marchetti", [{"type": "mobile", "value": "(612) 555-0119"}], "Night Shift RN", "Phone screen", 26),
    ("Aaliyah Brooks", [{"type": "mobile", "value": "773.555.0148"}], "Registered Nurse, Med-Surg", "Onsite", 50),
    ("Nguyen Thi Hoa", [{"type": "mobile", "value": "480-555-0136"}], "ICU Nurse", "New applicant", 7),
    (
        "Caleb Standing Bear",
        [{"type": "mobile", "value": "+17015550123"}],
        "Home Health Aide",
        "Skills assessment",
        100,
    ),
    ("Owain Pritchard", [{"type": "mobile", "value": "07700 900142"}], "Medical Coder", "Phone screen", 96),
    # two people, one phone
    ("Rosa Delgado", [{"type": "home", "value": "(414) 555-0155"}], "Licensed Practical Nurse", "New applicant", 30),
    ("Miguel Delgado", [{"type": "home", "value": "(414) 555-0155"}], "Licensed Practical Nurse", "New applicant", 31),
    # phones that are none
    ("Ben Carter", [{"type": "mobile", "value": "+1(1)5555555555"}], "Front Desk Associate", "New applicant", 24),
    ("Julia Ross", [{"type": "work", "value": "555-0100 x12"}], "Front Desk Associate", "New applicant", 25),
    ("Omar Haddad", [{"type": "skype", "value": "omar.haddad"}], "Front Desk Associate", "New applicant", 27),
    ("Wanda Sikora", [{"type": "", "value": "815 555 0172"}], "Front Desk Associate", "New applicant", 28),
)


def cast(s: Seeder) -> list[Callable[[], object]]:
    """One function an opportunity."""
    plain = [_plain(s, number) for number in range(len(_PLAIN))]
    return [
        lambda: _mira(s),
        lambda: _mira_long_ago(s),
        *plain[:4],
        lambda: _two_open(s, "ICU Nurse", "Phone screen", 6),
        lambda: _two_open(s, "Registered Nurse, Med-Surg", "New applicant", 2),
        lambda: _interviewing(s),
        lambda: _confidential(s),
        lambda: _hired(s),
        *plain[4:],
        lambda: s.opportunity(s.person("Karen Lindqvist", []), None, "lead-new", age=20 * DAY_MS),
        lambda: _nameless(s),
        lambda: _do_not_contact(s),
        lambda: _never_touched(s),
        lambda: _former_owner(s),
    ]


def _plain(s: Seeder, number: int) -> Callable[[], object]:
    name, phones, title, stage, hours = _PLAIN[number]
    owner = s.jonas if number < 3 else None

    def make() -> Opportunity:
        person = s.person(name, [dict(phone) for phone in phones])
        return s.opportunity(person, s.posting(title), s.stage(stage), age=hours * HOUR_MS, owner=owner)

    return make


def _mira(s: Seeder) -> None:
    person = s.person(
        "Mira Okafor",
        [{"type": "mobile", "value": "(218) 555-0142"}, {"value": "218.555.0190"}],
        email="mira.okafor@example.org",
        location="Duluth, MN",
        headline="Harbor Clinic, Lakeside College",
    )
    s.opportunity(person, s.posting("Night Shift RN"), "applicant-new", age=3 * HOUR_MS, owner=s.jonas)


def _mira_long_ago(s: Seeder) -> None:
    person = next(iter(s.data.contacts.values()))
    review = s.stage("Application review")
    s.opportunity(person, s.posting("Home Health Aide"), review, age=400 * DAY_MS, archived=s.passed[1])


def _two_open(s: Seeder, title: str, stage: str, days: int) -> None:
    """One person, two candidacies at once."""
    person = next((p for p in s.data.contacts.values() if p.name == "Luis Peña"), None)
    if person is None:
        person = s.person("Luis Peña", [{"type": "mobile", "value": "602-555-0117"}], location="Phoenix, AZ")
    s.opportunity(person, s.posting(title), s.stage(stage), age=days * DAY_MS, owner=s.jonas)


def _interviewing(s: Seeder) -> None:
    """Past and coming interviews, one changeable through the API and one not."""
    person = s.person("Dana Whitehorse", [{"type": "mobile", "value": "(505) 555-0133"}])
    row = s.opportunity(person, s.posting("Physical Therapist"), s.stage("Reference check"), age=9 * DAY_MS)
    s.interview(row, 1, managed=True)
    s.interview(row, -3, managed=False)


def _confidential(s: Seeder) -> None:
    person = s.person("Eleanor Voss", [{"type": "mobile", "value": "312 555 0177"}])
    s.opportunity(person, s.posting("Chief Medical Officer"), s.stage("Onsite"), age=12 * DAY_MS, owner=s.ana)


def _hired(s: Seeder) -> None:
    person = s.person("Tomás Rivera", [{"type": "mobile", "value": "+1 (303) 555-0164"}])
    s.opportunity(person, s.posting("Medical Assistant"), "offer", age=40 * DAY_MS, archived=s.hired, owner=s.jonas)


def _nameless(s: Seeder) -> None:
    s.opportunity(s.person("", [{"type": "mobile", "value": "702.555.0121"}]), None, "lead-new", age=15 * DAY_MS)


def _do_not_contact(s: Seeder) -> None:
    person = s.person("Pauline Beck", [{"type": "mobile", "value": "617-555-0188"}])
    row = s.opportunity(person, s.posting("Medical Coder"), s.stage("Phone screen"), age=5 * DAY_MS)
    row.data_protection = {
        "store": {"allowed": True, "expiresAt": s.now + 200 * DAY_MS},
        "contact": {"allowed": False, "expiresAt": None},
    }


def _never_touched(s: Seeder) -> None:
    """So old that `updatedAt` is null."""
    person = s.person("Frank Odom", [{"type": "mobile", "value": "(901) 555-0109"}])
    s.opportunity(person, s.posting("Billing Analyst"), "applicant-new", age=800 * DAY_MS, archived=s.passed[2])


def _former_owner(s: Seeder) -> None:
    """Owned by somebody who left, followed twice by the same."""
    person = s.person("Iris Tan", [{"type": "mobile", "value": "(206) 555-0126"}])
    row = s.opportunity(person, s.posting("Physical Therapist"), "applicant-new", age=70 * DAY_MS)
    row.owner = s.former[0]
    row.followers = [s.former[0], s.former[0], s.jonas]
