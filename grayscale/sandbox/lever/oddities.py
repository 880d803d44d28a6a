"""The first people of every seed: those a person meets in the demo, and one of each oddity live data really has."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from grayscale.sandbox.clock import DAY_MS, HOUR_MS

if TYPE_CHECKING:
    from grayscale.sandbox.lever.seed import Seeder


def cast(s: Seeder) -> list[Callable[[], object]]:
    """One function a person (some add two opportunities, as real people have)."""

    def mira() -> None:
        person = s.person(
            "Mira Okafor",
            [{"type": "mobile", "value": "(218) 555-0142"}, {"value": "218.555.0190"}],
            email="mira.okafor@example.org",
            location="Duluth, MN",
            headline="Harbor Clinic, Lakeside College",
        )
        s.opportunity(person, s.posting("Night Shift RN"), "applicant-new", age=3 * HOUR_MS, owner=s.jonas)

    def mira_again() -> None:
        person = next(iter(s.data.contacts.values()))
        s.opportunity(
            person,
            s.posting("Home Health Aide"),
            s.stage("Application review"),
            age=400 * DAY_MS,
            archived=s.passed[1],
        )

    def simple(name: str, phone: str, title: str, stage: str, hours: int, *, mine: bool = True) -> Callable[[], object]:
        def make() -> None:
            person = s.person(name, [{"type": "mobile", "value": phone}])
            posting = s.posting(title)
            s.opportunity(person, posting, s.stage(stage), age=hours * HOUR_MS, owner=s.jonas if mine else None)

        return make

    def two_open() -> None:
        person = s.person("Luis Peña", [{"type": "mobile", "value": "602-555-0117"}], location="Phoenix, AZ")
        s.opportunity(person, s.posting("ICU Nurse"), s.stage("Phone screen"), age=6 * DAY_MS, owner=s.jonas)

    def two_open_second() -> None:
        person = next(p for p in s.data.contacts.values() if p.name == "Luis Peña")
        s.opportunity(person, s.posting("Registered Nurse, Med-Surg"), "applicant-new", age=2 * DAY_MS)

    def interviewing() -> None:
        person = s.person("Dana Whitehorse", [{"type": "mobile", "value": "(505) 555-0133"}])
        row = s.opportunity(person, s.posting("Physical Therapist"), s.stage("Reference check"), age=9 * DAY_MS)
        s.interview(row, 1, managed=True)
        s.interview(row, -3, managed=False)

    def confidential() -> None:
        person = s.person("Eleanor Voss", [{"type": "mobile", "value": "312 555 0177"}])
        s.opportunity(person, s.posting("Chief Medical Officer"), s.stage("Onsite"), age=12 * DAY_MS, owner=s.ana)

    def hired() -> None:
        person = s.person("Tomás Rivera", [{"type": "mobile", "value": "+1 (303) 555-0164"}])
        s.opportunity(person, s.posting("Medical Assistant"), "offer", age=40 * DAY_MS, archived=s.hired, owner=s.jonas)

    def shared_phone(name: str) -> Callable[[], object]:
        def make() -> None:
            person = s.person(name, [{"type": "home", "value": "(414) 555-0155"}])
            s.opportunity(person, s.posting("Licensed Practical Nurse"), "applicant-new", age=30 * HOUR_MS)

        return make

    def phone(name: str, *phones: dict[str, str]) -> Callable[[], object]:
        def make() -> None:
            s.opportunity(s.person(name, list(phones)), s.posting("Front Desk Associate"), "applicant-new", age=DAY_MS)

        return make

    def no_phone() -> None:
        s.opportunity(s.person("Karen Lindqvist", []), None, "lead-new", age=20 * DAY_MS)

    def nameless() -> None:
        person = s.person("", [{"type": "mobile", "value": "702.555.0121"}])
        s.opportunity(person, None, "lead-new", age=15 * DAY_MS)

    def do_not_contact() -> None:
        person = s.person("Pauline Beck", [{"type": "mobile", "value": "617-555-0188"}])
        row = s.opportunity(person, s.posting("Medical Coder"), s.stage("Phone screen"), age=5 * DAY_MS)
        row.data_protection = {
            "store": {"allowed": True, "expiresAt": s.now + 200 * DAY_MS},
            "contact": {"allowed": False, "expiresAt": None},
        }

    def british() -> None:
        person = s.person("Owain Pritchard", [{"type": "mobile", "value": "07700 900142"}], location="London")
        s.opportunity(person, s.posting("Registered Nurse, Community Team"), s.stage("Phone screen"), age=4 * DAY_MS)

    def never_touched() -> None:
        person = s.person("Frank Odom", [{"type": "mobile", "value": "(901) 555-0109"}])
        s.opportunity(person, s.posting("Billing Analyst"), "applicant-new", age=800 * DAY_MS, archived=s.passed[2])

    def former_owner() -> None:
        person = s.person("Iris Tan", [{"type": "mobile", "value": "(206) 555-0126"}])
        row = s.opportunity(person, s.posting("Physical Therapist"), "applicant-new", age=70 * DAY_MS)
        row.owner = s.former[0]
        row.followers = [s.former[0], s.former[0], s.jonas]

    return [
        mira,
        mira_again,
        simple("Theo Marchetti", "(612) 555-0119", "Night Shift RN", "Phone screen", 26),
        simple("Aaliyah Brooks", "773.555.0148", "Registered Nurse, Med-Surg", "Hiring manager interview", 50),
        simple("Nguyen Thi Hoa", "480-555-0136", "ICU Nurse", "New applicant", 7),
        simple("Caleb Standing Bear", "+17015550123", "Home Health Aide", "Skills assessment", 100, mine=False),
        two_open,
        two_open_second,
        interviewing,
        confidential,
        hired,
        shared_phone("Rosa Delgado"),
        shared_phone("Miguel Delgado"),
        phone("Ben Carter", {"type": "mobile", "value": "+1(1)5555555555"}),
        phone("Julia Ross", {"type": "work", "value": "555-0100 x12"}),
        phone("Omar Haddad", {"type": "skype", "value": "omar.haddad"}),
        phone("Wanda Sikora", {"type": "", "value": "815 555 0172"}),
        no_phone,
        nameless,
        do_not_contact,
        british,
        never_touched,
        former_owner,
    ]
