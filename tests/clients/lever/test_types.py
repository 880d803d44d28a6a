"""Reading Lever's records: the documented shape, the odd shapes seen live, and anything at all."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grayscale.clients.lever.types import (
    Application,
    ArchiveReason,
    Contact,
    DeletedOpportunity,
    Interview,
    InterviewDraft,
    MissingId,
    Note,
    Opportunity,
    Panel,
    Phone,
    Posting,
    Stage,
    User,
    from_ms,
    to_ms,
)

RECORDS = [User, Stage, ArchiveReason, Posting, Contact, Application, Opportunity, DeletedOpportunity, Interview, Panel]
every_record = pytest.mark.parametrize("record", [*RECORDS, Note])
NEW_YEAR = datetime(2026, 1, 1, 0, 0, 0, 123000, tzinfo=UTC)
OPPORTUNITY = {
    "id": "6f0f3c1e-8a52-4b0e-9d3c-1d2e3f4a5b6c",
    "name": "Mira Okafor",
    "contact": "0b9a8c7d-6e5f-4a3b-8c2d-1e0f9a8b7c6d",
    "headline": "Harbor Clinic, Lakeside College",
    "stage": "applicant-new",
    "confidentiality": "non-confidential",
    "location": "Duluth, MN",
    "phones": [{"type": "mobile", "value": "(218) 555-0142"}, {"value": "218.555.0190"}],
    "emails": ["mira.okafor@example.org"],
    "links": [],
    "archived": None,
    "tags": ["Night Shift RN", "Nursing"],
    "sources": ["Job site"],
    "stageChanges": [{"toStageId": "applicant-new", "toStageIndex": 3, "updatedAt": 1767225600123}],
    "origin": "applied",
    "sourcedBy": None,
    "owner": "c1a2b3c4-d5e6-4f70-8a91-b2c3d4e5f607",
    "followers": ["c1a2b3c4-d5e6-4f70-8a91-b2c3d4e5f607"],
    "applications": ["7d6c5b4a-3f2e-4d1c-9b8a-0f1e2d3c4b5a"],
    "createdAt": 1767225600123,
    "updatedAt": 1767225601456,
    "lastInteractionAt": 1767225600123,
    "lastAdvancedAt": 1767225600123,
    "snoozedUntil": None,
    "urls": {"list": "https://hire.lever.co/candidates", "show": "https://hire.lever.co/candidates/6f0f3c1e"},
    "isAnonymized": False,
    "dataProtection": {"store": {"allowed": True, "expiresAt": 1798761600000}, "contact": {"allowed": False}},
    "opportunityLocation": "Duluth",
}
ODD = [None, 7, -1.5, True, "text", [], {}, [None, 7, {}, []], {"id": 3}, {"id": True}, {"id": None}]


def opportunity(**changes) -> Opportunity:
    return Opportunity.parse({**OPPORTUNITY, **changes})


def test_the_documented_opportunity_is_read_whole_and_without_oddities():
    found = opportunity()
    assert found.oddities == ()
    assert found.name == "Mira Okafor"
    assert found.contact_id == OPPORTUNITY["contact"]
    assert found.stage_id == "applicant-new"
    assert found.phones == (Phone("(218) 555-0142", "mobile"), Phone("218.555.0190"))
    assert found.stage_changes[0].updated_at == NEW_YEAR
    assert found.created_at == NEW_YEAR
    assert found.snoozed_until is None
    assert found.url_show == "https://hire.lever.co/candidates/6f0f3c1e"
    assert not found.is_confidential
    assert not found.is_archived
    assert not found.may_contact
    assert found.data_protection.store_expires_at == datetime(2027, 1, 1, tzinfo=UTC)


def test_references_may_be_expanded():
    found = opportunity(
        contact={"id": "c", "name": "Mira", "location": {"name": "Duluth"}, "phones": [{"value": "1"}]},
        stage={"id": "applicant-new", "text": "New applicant"},
        owner={"id": "u", "name": "Jonas"},
        followers=[{"id": "u"}, "v", "u", None],
        applications=[{"id": "a", "posting": {"id": "p", "text": "RN"}, "candidateId": "o"}],
    )
    assert (found.contact_id, found.contact.location, found.contact.phones) == ("c", "Duluth", (Phone("1"),))
    assert (found.stage_id, found.stage.text) == ("applicant-new", "New applicant")
    assert (found.owner_id, found.owner.name) == ("u", "Jonas")
    assert found.follower_ids == ("u", "v")
    assert found.application_ids == ("a",)
    assert found.posting_id == "p"
    assert found.applications[0].opportunity_id == "o"
    assert found.oddities == ()


@pytest.mark.parametrize("key", [key for key in OPPORTUNITY if key != "id"])
@pytest.mark.parametrize(
    "value", [None, 7, -1.5, True, "text", [], {}, [None, 7, {}, []], {"id": 3}, {"id": True}, {"id": None}], ids=repr
)
def test_one_odd_field_spoils_nothing_else(key, value):
    whole, found = opportunity(), opportunity(**{key: value})
    belonging = {
        "contact": {"contact_id", "contact"},
        "stage": {"stage_id", "stage"},
        "owner": {"owner_id", "owner"},
        "sourcedBy": {"sourced_by_id"},
        "followers": {"follower_ids"},
        "applications": {"application_ids", "applications"},
        "stageChanges": {"stage_changes"},
        "urls": {"url_show"},
    }
    mine = belonging.get(key) or {"".join("_" + c.lower() if c.isupper() else c for c in key)}
    differing = {
        field.name
        for field in dataclasses.fields(Opportunity)
        if getattr(whole, field.name) != getattr(found, field.name)
    }
    assert differing <= mine | {"oddities"}


def test_missing_fields_are_not_odd():
    assert Opportunity.parse({"id": "o"}).oddities == ()


def test_unknown_fields_and_words_are_taken_as_they_are():
    found = opportunity(origin="teleported", brandNew={"a": 1})
    assert found.origin == "teleported"
    assert "brandNew" not in str(found.oddities)


@pytest.mark.parametrize("word", ["confidential", "secret", "", None, 3])
def test_only_the_word_for_it_opens_an_opportunity(word):
    assert opportunity(confidentiality=word).is_confidential
    assert Posting.parse({"id": "p", "confidentiality": word}).is_confidential


@pytest.mark.parametrize(
    ("protection", "may_contact"),
    [
        (None, True),
        ({}, True),
        ({"contact": None}, True),
        ({"contact": {"allowed": None}}, True),
        ({"contact": {"allowed": True}}, True),
        ({"contact": {"allowed": False}}, False),
        ({"contact": {"allowed": "no"}}, False),
        ({"contact": 3}, False),
    ],
)
def test_contact_is_forbidden_when_told_so_or_not_understood(protection, may_contact):
    assert opportunity(dataProtection=protection).may_contact is may_contact


@pytest.mark.parametrize(
    ("phones", "found"),
    [
        ([{"type": None, "value": "+1(1)5555555555"}], (Phone("+1(1)5555555555"),)),
        ([{"type": "skype", "value": "mira.o"}], (Phone("mira.o", "skype"),)),
        ([{"type": "mobile", "value": ""}, {"type": "mobile", "value": None}, {"type": "home"}], ()),
        (["2185550142"], (Phone("2185550142"),)),
        ([{"value": 2185550142}], (Phone("2185550142"),)),
        ([None, {"value": {}}, {"value": "1", "type": 4}], (Phone("1"),)),
        ("2185550142", ()),
    ],
)
def test_phones_in_every_shape(phones, found):
    assert opportunity(phones=phones).phones == found


@pytest.mark.parametrize(
    ("archived", "reason", "moment"),
    [
        ({"reason": "r", "archivedAt": 1767225600123}, "r", NEW_YEAR),
        ({"reason": None, "archivedAt": 1767225600123}, None, NEW_YEAR),
        ({}, None, None),
        ("yes", None, None),
    ],
)
def test_archived_is_known_even_when_its_reason_is_not(archived, reason, moment):
    found = opportunity(archived=archived)
    assert found.is_archived
    assert (found.archived.reason_id, found.archived.archived_at) == (reason, moment)


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (1767225600123, NEW_YEAR),
        (1767225600123.0, NEW_YEAR),
        ("1767225600123", NEW_YEAR),
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
        (-1, datetime(1970, 1, 1, tzinfo=UTC) - timedelta(milliseconds=1)),
        (True, None),
        ("2026-01-01T00:00:00Z", None),
        (10**30, None),
        (float("inf"), None),
        (float("nan"), None),
        ("²", None),
    ],
)
def test_times(value, moment):
    assert opportunity(updatedAt=value).updated_at == moment


def test_oddities_name_fields_and_never_values():
    found = opportunity(name=["Mira Okafor"], phones=[{"value": ["218"]}])
    assert found.oddities
    assert "Okafor" not in str(found.oddities)
    assert "218" not in str(found.oddities)


def test_an_id_no_column_keeps_is_none():
    endless = "a" * 101
    with pytest.raises(MissingId):
        Opportunity.parse({"id": endless})
    found = opportunity(stage=endless, owner={"id": endless}, followers=[endless, "u"])
    assert (found.stage_id, found.owner_id, found.follower_ids) == (None, None, ("u",))
    assert len(found.oddities) == 3


@pytest.mark.parametrize("parse", [Opportunity.parse, Posting.parse])
def test_only_an_address_of_the_web_is_a_link(parse):
    found = parse({"id": "x", "urls": {"show": "javascript:alert(1)"}})
    assert found.url_show is None
    assert found.oddities
    assert parse({"id": "x", "urls": {"show": "https://hire.lever.co/x"}}).url_show == "https://hire.lever.co/x"


@pytest.mark.parametrize(
    ("parse", "fields", "field"),
    [
        (Opportunity.parse, {"origin": "teleported"}, "origin"),
        (Opportunity.parse, {"confidentiality": "secret-ish"}, "confidentiality"),
        (Opportunity.parse, {"phones": [{"type": "Okafor's satellite", "value": "218"}] * 2}, "phones.type"),
        (Posting.parse, {"state": "hibernating"}, "state"),
        (ArchiveReason.parse, {"type": "mystery"}, "type"),
        (ArchiveReason.parse, {"status": "retired?"}, "status"),
        (Application.parse, {"type": "fax"}, "type"),
    ],
)
def test_a_word_lever_does_not_document_is_noted_once(parse, fields, field):
    assert parse({"id": "x", **fields}).oddities == (f"{field}: none of the words Lever documents",)


def test_text_no_database_stores_is_mended():
    found = opportunity(name="Mi\x00ra \ud83d", emails=["a\x00@example.org"], stage="s\x00", followers=["u\x00"])
    assert found.name == "Mira \ufffd"
    assert found.emails == ("a@example.org",)
    assert found.stage_id == "s"
    assert found.follower_ids == ("u",)


@every_record
@pytest.mark.parametrize("raw", [None, 3, "id", [], {}, {"id": None}, {"id": ""}, {"id": []}, {"id": {}}])
def test_a_record_without_an_id_is_refused(record, raw):
    with pytest.raises(MissingId):
        record.parse(raw)


LEVER_KEYS = sorted(
    {
        *OPPORTUNITY,
        *("text", "status", "type", "state", "categories", "user", "hiringManager", "requisitionCodes", "country"),
        *("fields", "secret", "completedAt", "deletedAt", "deletedBy", "noteId", "panel", "interviewers", "timezone"),
        *("date", "duration", "note", "subject", "feedbackTemplate", "postings", "canceledAt", "interviews", "start"),
        *("posting", "phone", "email", "candidateId", "username", "deactivatedAt", "linkedContactIds", "managerId"),
    }
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "value", "type", "reason", "allowed", "contact", "data"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)


@every_record
@settings(max_examples=60, deadline=None)
@given(fields=st.dictionaries(st.sampled_from(LEVER_KEYS), anything, max_size=8))
def test_anything_with_an_id_is_read_and_can_be_stored(record, fields):
    found = record.parse({"noteId": "n", **fields, "id": "x"} if record is not Note else {**fields, "noteId": "n"})
    stored = json.dumps(dataclasses.asdict(found), default=str, ensure_ascii=False)
    stored.encode()
    assert "\\u0000" not in stored


@settings(deadline=None)
@given(st.integers(min_value=to_ms(datetime(1, 1, 2, tzinfo=UTC)), max_value=to_ms(datetime(9999, 12, 30, tzinfo=UTC))))
def test_milliseconds_survive_the_round_trip(ms):
    assert to_ms(from_ms(ms)) == ms


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        to_ms(datetime(2026, 1, 1))


INTERVIEW = {
    "id": "i",
    "panel": "p",
    "subject": "Phone screen",
    "note": "Call",
    "interviewers": [{"id": "u", "name": "Jonas", "email": "j@example.org", "feedbackTemplate": "no-feedback"}],
    "timezone": "Europe/Kiev",
    "createdAt": 1767225600123,
    "date": 1767225600123,
    "duration": 30,
    "location": "Phone",
    "feedbackTemplate": None,
    "feedbackReminder": "daily",
    "user": None,
    "stage": {"id": "s", "text": "Screen"},
    "canceledAt": None,
    "postings": [],
    "gcalEventUrl": None,
}


def test_an_interview_ends_after_its_minutes():
    found = Interview.parse(INTERVIEW)
    assert found.oddities == ()
    assert found.ends_at == NEW_YEAR + timedelta(minutes=30)
    assert not found.is_canceled
    assert found.stage_id == "s"
    assert found.opportunity_id is None


def test_moving_an_interview_keeps_what_is_not_moved():
    draft = InterviewDraft.of(Interview.parse(INTERVIEW))
    moved = dataclasses.replace(draft, date=NEW_YEAR + timedelta(hours=1)).body()
    assert moved == {
        "panel": "p",
        "subject": "Phone screen",
        "note": "Call",
        "interviewers": [{"id": "u", "feedbackTemplate": "no-feedback"}],
        "date": 1767225600123 + 3_600_000,
        "duration": 30,
        "location": "Phone",
        "feedbackReminder": "daily",
    }


def test_an_interview_without_a_start_cannot_be_rewritten():
    with pytest.raises(ValueError, match="no start"):
        InterviewDraft.of(Interview.parse({"id": "i"}))


def test_a_note_is_a_thread_of_comments():
    note = Note.parse({"id": "n", "fields": [{"value": "One", "user": {"id": "u"}}, 3, {"value": "Two"}], "user": None})
    assert note.text == "One\n\nTwo"
    assert note.comments[0].user_id == "u"
    assert note.oddities == ("fields: unexpected int",)
