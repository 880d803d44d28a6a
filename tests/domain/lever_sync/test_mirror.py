"""The mirror holds what Lever said last, whatever the order in which it was heard."""

import itertools

import pytest
from flask import Flask
from sqlalchemy import event, select

from grayscale.clients.lever import types
from grayscale.database import transaction
from grayscale.domain.lever import mirror, mirror_bulk
from grayscale.extensions import db
from grayscale.models import Candidate, CandidatePhone, MirrorOddity, Opportunity, Posting, Via
from tests.domain.lever_sync.makers import at, ms, opportunity


def the_opportunity() -> Opportunity:
    db.session.rollback()
    return db.session.scalars(select(Opportunity)).one()


def the_candidate() -> Candidate:
    db.session.rollback()
    return db.session.scalars(select(Candidate)).one()


def phones() -> list[tuple[str, str | None]]:
    db.session.rollback()
    rows = db.session.scalars(select(CandidatePhone).order_by(CandidatePhone.position))
    return [(row.raw, row.e164) for row in rows]


def test_a_new_opportunity_brings_its_person(app: Flask) -> None:
    applied = mirror.apply_opportunities([opportunity()], at(1), Via.FULL)
    assert applied.written == 2
    one, person = the_opportunity(), the_candidate()
    assert (one.stage_lever_id, one.posting_lever_id, one.via) == ("applicant-new", "posting-rn", Via.FULL)
    assert one.candidate_id == person.id
    assert (person.name, person.time_zone) == ("Mira Okafor", "America/Chicago")
    assert phones() == [("(218) 555-0142", "+12185550142")]


VERSIONS = [
    (opportunity(updatedAt=ms(10), stage="applicant-new", name="Mira"), at(11)),
    (opportunity(updatedAt=ms(20), stage="phone-screen", name="Mira O."), at(21)),
    (opportunity(updatedAt=ms(30), stage="onsite", name="Mira Okafor"), at(31)),
]


@pytest.mark.parametrize("order", list(itertools.permutations(VERSIONS)))
def test_an_older_version_never_overwrites_a_newer_one(app: Flask, order: list) -> None:
    for version, fetched_at in order:
        mirror.apply_opportunities([version], fetched_at, Via.POLL)
    assert the_opportunity().stage_lever_id == "onsite"
    assert the_candidate().name == "Mira Okafor"


def test_an_older_version_that_was_looked_up_before_a_newer_one_came_gives_way(app: Flask) -> None:
    """Two processes: the rows are compared once more by the statement that writes them."""
    mirror.apply_opportunities([opportunity(updatedAt=ms(20), stage="onsite")], at(21), Via.POLL)
    late = mirror.prepare([opportunity(updatedAt=ms(10), stage="phone-screen")], at(30), Via.POLL)
    row = next(iter(late.rows.values())) | {"candidate_id": the_candidate().id}
    with transaction() as session:
        mirror_bulk.upsert(session, Opportunity.__table__, "lever_id", [row])
    assert the_opportunity().stage_lever_id == "onsite"


@pytest.mark.parametrize("updated_at", [None, ms(5)])
def test_of_two_equally_new_versions_the_one_asked_for_later_counts(app: Flask, updated_at: int | None) -> None:
    early = opportunity(updatedAt=updated_at, stage="phone-screen")
    late = opportunity(updatedAt=updated_at, stage="onsite")
    for version, fetched_at in ((late, at(20)), (early, at(10))):
        mirror.apply_opportunities([version], fetched_at, Via.POLL)
    assert the_opportunity().stage_lever_id == "onsite"


def test_an_unchanged_page_writes_nothing(app: Flask) -> None:
    mirror.apply_opportunities([opportunity()], at(1), Via.FULL)
    before = the_opportunity().fetched_at
    applied = mirror.apply_opportunities([opportunity()], at(5), Via.FULL)
    assert (applied.seen, applied.written) == (1, 0)
    assert the_opportunity().fetched_at == before


def test_a_page_may_hold_more_than_a_statement(app: Flask) -> None:
    many = 2 * mirror_bulk.AT_ONCE + 1
    page = [opportunity(id=f"opp-{n}", contact=f"contact-{n}", name=f"No. {n}") for n in range(many)]
    applied = mirror.apply_opportunities(page, at(1), Via.FULL)
    assert applied.written == 2 * many
    shown = select(Opportunity.lever_id, Candidate.name, CandidatePhone.e164).join(Opportunity.candidate)
    found = db.session.execute(shown.join(CandidatePhone))
    assert {tuple(row) for row in found} == {(f"opp-{n}", f"No. {n}", "+12185550142") for n in range(many)}


def test_pages_of_any_length_are_written_by_a_few_statements(app: Flask) -> None:
    """Each connection to SQLite keeps what it prepared, with a place for every value."""
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL is given a row at a time")
    asked: set[str] = set()

    def listen(_connection: object, _cursor: object, words: str, *_rest: object) -> None:
        asked.update([words] if words.startswith("INSERT INTO opportunity ") else [])

    event.listen(db.engine, "before_cursor_execute", listen)
    for length in range(1, 8):
        page = [opportunity(id=f"opp-{length}-{n}", contact=f"contact-{length}-{n}") for n in range(length)]
        mirror.apply_opportunities(page, at(1), Via.FULL)
    assert len(asked) == 3


def test_one_candidate_for_each_contact(app: Flask) -> None:
    first = opportunity(id="opp-1", updatedAt=ms(10))
    second = opportunity(id="opp-2", updatedAt=ms(20), headline="Lakeside College")
    mirror.apply_opportunities([second, first], at(30), Via.FULL)
    assert the_candidate().headline == "Lakeside College"
    assert {row.candidate_id for row in db.session.scalars(select(Opportunity))} == {the_candidate().id}


def test_an_older_opportunity_does_not_turn_the_person_back(app: Flask) -> None:
    mirror.apply_opportunities([opportunity(id="opp-2", updatedAt=ms(20), name="Mira Okafor-Lind")], at(30), Via.POLL)
    mirror.apply_opportunities([opportunity(id="opp-1", updatedAt=ms(10), name="Mira Okafor")], at(40), Via.POLL)
    assert the_candidate().name == "Mira Okafor-Lind"


def test_a_changed_phone_list_keeps_the_numbers_that_stay(app: Flask) -> None:
    mirror.apply_opportunities(
        [opportunity(phones=[{"type": "mobile", "value": "218-555-0142"}, {"value": "218-555-0190"}])], at(1), Via.FULL
    )
    kept = db.session.scalars(select(CandidatePhone.id).where(CandidatePhone.raw == "218-555-0190")).one()
    mirror.apply_opportunities(
        [opportunity(updatedAt=ms(9), phones=[{"value": "218-555-0190"}, {"type": "home", "value": "218-555-0155"}])],
        at(10),
        Via.POLL,
    )
    assert phones() == [("218-555-0190", "+12185550190"), ("218-555-0155", "+12185550155")]
    assert db.session.scalars(select(CandidatePhone.id).where(CandidatePhone.raw == "218-555-0190")).one() == kept


def test_numbers_stand_in_levers_order_also_when_that_changes(app: Flask) -> None:
    first, second = {"value": "218-555-0142"}, {"value": "218-555-0190"}
    mirror.apply_opportunities([opportunity(phones=[first, second])], at(1), Via.FULL)
    mirror.apply_opportunities([opportunity(updatedAt=ms(9), phones=[second, first])], at(10), Via.POLL)
    assert [raw for raw, _ in phones()] == ["218-555-0190", "218-555-0142"]


@pytest.mark.parametrize("value", ["+1(1)5555555555", "555-0100 x12", "218-555-0142 x12", "see résumé"])
def test_a_malformed_phone_is_kept_and_not_textable(app: Flask, value: str) -> None:
    mirror.apply_opportunities([opportunity(phones=[{"type": "", "value": value}])], at(1), Via.FULL)
    row = db.session.scalars(select(CandidatePhone)).one()
    assert row.raw == value
    assert row.not_textable


def test_a_skype_name_is_no_number(app: Flask) -> None:
    phones_ = [{"type": "skype", "value": "mira.okafor"}, {"type": None, "value": "218-555-0142"}]
    mirror.apply_opportunities([opportunity(phones=phones_)], at(1), Via.FULL)
    assert phones() == [("218-555-0142", "+12185550142")]


def test_two_people_may_share_a_phone(app: Flask) -> None:
    mirror.apply_opportunities(
        [opportunity(id="opp-1", contact="contact-1"), opportunity(id="opp-2", contact="contact-2")], at(1), Via.FULL
    )
    assert [e164 for _, e164 in phones()] == ["+12185550142", "+12185550142"]


def test_odd_records_are_kept_as_far_as_understood(app: Flask) -> None:
    odd = opportunity(
        confidentiality="top-secret", origin="carrier-pigeon", owner=17, followers=[None, {"id": "u-1"}, "u-1"],
        updatedAt="soon", emails=None, contact=..., urls=..., newField={"x": 1},
    )
    mirror.apply_opportunities([odd, opportunity(id="opp-2")], at(1), Via.FULL)
    db.session.rollback()
    rows = {row.lever_id: row for row in db.session.scalars(select(Opportunity))}
    kept = rows["6f0f3c1e-8a52-4b0e-9d3c-1d2e3f4a5b6c"]
    assert len(rows) == 2
    assert kept.confidential  # what is not understood stays closed
    assert (kept.origin, kept.follower_lever_ids) == ("carrier-pigeon", ["u-1"])
    notes = " ".join(db.session.scalars(select(MirrorOddity.note)))
    assert "confidentiality" in notes
    assert "contact" in notes


def test_do_not_contact_is_kept_with_the_person(app: Flask) -> None:
    mirror.apply_opportunities([opportunity()], at(1), Via.FULL)
    assert not the_candidate().contact_forbidden
    # Lever changes this by policy without a new updatedAt.
    forbidden = opportunity(dataProtection={"contact": {"allowed": False, "expiresAt": None}})
    mirror.apply_opportunities([forbidden], at(2), Via.POLL)
    assert the_candidate().contact_forbidden


def test_until_when_contact_is_allowed_is_kept_and_renewed_without_a_new_version(app: Flask) -> None:
    for until, seen in ((at(60), 1), (at(90), 2), (None, 3)):
        contact = {"allowed": True, "expiresAt": int(until.timestamp() * 1000) if until else None}
        mirror.apply_opportunities([opportunity(dataProtection={"contact": contact})], at(seen), Via.POLL)
        assert the_candidate().contact_until == until


def test_what_small_lists_hold_that_lever_does_not_document_is_told(app: Flask) -> None:
    mirror.apply_postings([types.Posting.parse({"id": "p", "text": "Nurse", "state": "hibernating"})], at(0))
    mirror.apply_reasons([types.ArchiveReason.parse({"id": "r", "text": "Other", "type": "mystery"})], at(0))
    told = db.session.execute(select(MirrorOddity.resource, MirrorOddity.lever_id).order_by(MirrorOddity.id)).all()
    assert told == [("posting", "p"), ("archive reason", "r")]
    assert db.session.scalars(select(Posting)).one().state == "hibernating"
