"""Finding people and words, on either database."""

import pytest

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain import candidates, search, search_people
from grayscale.extensions import db
from grayscale.models import Candidate, Message, User
from tests import factories
from tests.inbox.test_views import talk


def people(user: User, query: str) -> list[str]:
    return [row.name for row in search.find(user, query).people]


def hits(user: User, query: str) -> list[str]:
    return ["".join(part for part, _ in hit.parts) for hit in search.find(user, query).hits]


@pytest.mark.parametrize("query", ["mira", "OKAF", "okafor mira", "Zoe", "zoë"])
def test_by_name_whatever_the_case_order_and_accents(jonas: User, query: str) -> None:
    talk("Mira Zoë Okafor")
    talk("Somebody Else", phone="+12185550143")
    assert people(jonas, query) == ["Mira Zoë Okafor"]


@pytest.mark.parametrize("query", ["Łukasz", "lukasz", "Øst", "ost", "YILDIRIM", "yıldırım"])
def test_letters_with_a_stroke_or_without_a_dot_are_found_plain_and_as_written(jonas: User, query: str) -> None:
    conversation = talk("Łukasz Østby Yıldırım")
    factories.message(conversation, body="To mówi Łukasz Østby Yıldırım")
    assert people(jonas, query) == ["Łukasz Østby Yıldırım"]
    assert hits(jonas, f"mowi {query}") == ["To mówi Łukasz Østby Yıldırım"]


@pytest.mark.parametrize(
    "query", ["+12185550142", "(218) 555-0142", "218.555.0142", "1 218 555 0142", "555-0142", "0142", "218555"]
)
def test_by_phone_in_any_notation(jonas: User, query: str) -> None:
    talk("Mira Okafor", phone="+12185550142")
    talk("Somebody Else", phone="+13035550199")
    assert people(jonas, query) == ["Mira Okafor"]


def test_by_posting_and_name_together(jonas: User) -> None:
    posting = factories.posting(title="Night Shift RN, ICU")
    for name, phone in (("Mira Okafor", "+12185550142"), ("Grace Lund", "+12185550143")):
        conversation = talk(name, phone=phone)
        assert conversation.candidate is not None
        factories.opportunity(conversation.candidate, posting_lever_id=posting.lever_id)
    talk("Mira Other", phone="+12185550144")
    assert set(people(jonas, "night icu")) == {"Mira Okafor", "Grace Lund"}
    assert people(jonas, "mira night") == ["Mira Okafor"]


def test_by_words_of_messages_with_the_match_marked(jonas: User) -> None:
    conversation = talk("Mira Okafor")
    factories.message(conversation, body="Is parking free at the east entrance?")
    found = search.find(jonas, "parking ent")
    assert [part for part, is_match in found.hits[0].parts if is_match] == ["parking", "entrance"]
    assert hits(jonas, "parking ramp") == []


@pytest.mark.parametrize("read", [1, 20_000])
def test_words_of_the_newest_and_of_the_oldest_texts_are_found_alike(
    jonas: User, monkeypatch: pytest.MonkeyPatch, read: int
) -> None:
    monkeypatch.setattr(search, "READ", read)
    said = ["My Résumé_1", "RESUME here", "résumés, all", "Zoë is my NAME", "presumed lost", "привет, Мира"]
    for n, body in enumerate(said):
        factories.message(talk(f"Person {n}", phone=f"+121855501{n:02}"), body=body)
    assert set(hits(jonas, "resum")) == {"My Résumé_1", "RESUME here", "résumés, all"}
    assert hits(jonas, "zoe NAM") == ["Zoë is my NAME"]
    assert hits(jonas, "Привет") == ["привет, Мира"]


def test_changed_and_deleted_words_are_found_no_more(jonas: User) -> None:
    conversation = talk("Mira Okafor")
    message = factories.message(conversation, body="secretword here")
    assert len(hits(jonas, "secretword")) == 1
    with transaction() as session:
        session.get_one(Message, message.id).body = "other"
    assert hits(jonas, "secretword") == []
    with transaction() as session:
        person = session.get_one(Candidate, conversation.candidate_id)
        session.execute(db.delete(Candidate).where(Candidate.id == person.id))
    assert people(jonas, "mira") == []
    assert hits(jonas, "other") == []


def test_what_is_confidential_is_not_found(jonas: User, ana: User) -> None:
    person = factories.candidate(name="Hannah Weiss", phone="+16465550139")
    opportunity = factories.opportunity(person, confidential=True, owner_lever_id="someone")
    hidden = factories.conversation(person, opportunity_id=opportunity.id)
    factories.message(hidden, body="the board meets at nine")
    for query in ("hannah", "6465550139", "board meets"):
        assert not search.find(jonas, query), query
        assert search.find(ana, query), query


def test_a_confidential_posting_does_not_tell_who_is_in_it(jonas: User, ana: User) -> None:
    conversation = talk("Mira Okafor")
    assert conversation.candidate is not None
    factories.opportunity(conversation.candidate)
    secret = factories.posting(title="Chief Nursing Officer", confidential=True)
    factories.opportunity(conversation.candidate, posting_lever_id=secret.lever_id, confidential=True)
    for user, found in ((jonas, []), (ana, ["Mira Okafor"])):
        assert people(user, "chief nursing") == found
        listed = candidates.page(user, candidates.Filters(words="chief nursing")).profiles
        assert [profile.candidate.name for profile in listed] == found


@pytest.fixture
def common(monkeypatch: pytest.MonkeyPatch) -> None:
    """What more than two rows match counts as common, and no more than two conversations are gone through."""
    monkeypatch.setattr(search_people, "FEW", 2)
    monkeypatch.setattr(search_people, "FEW_BY_NAME", 2)
    monkeypatch.setattr(search_people, "RECENT", 2)


def nurses(count: int) -> None:
    """People of the posting "Night Shift RN", the first one last active."""
    posting = factories.posting()
    for n in range(count):
        conversation = talk(f"Nurse{n} Okafor", phone=f"+121855501{n:02}", minutes=n + 1)
        assert conversation.candidate is not None
        factories.opportunity(conversation.candidate, posting_lever_id=posting.lever_id)


@pytest.mark.usefixtures("common")
@pytest.mark.parametrize("query", ["night", "night okafor", "2185550", "okafor 218555"])
def test_a_common_word_is_looked_for_in_the_newest_conversations_only(jonas: User, query: str) -> None:
    nurses(4)
    found = search.find(jonas, query)
    assert [row.name for row in found.people] == ["Nurse0 Okafor", "Nurse1 Okafor"]
    assert not found.is_all
    listed = candidates.page(jonas, candidates.Filters(words=query)).profiles
    assert len(listed) == 4


@pytest.mark.usefixtures("common")
@pytest.mark.parametrize("query", ["night nurse3", "okafor nurse3", "5550103", "okafor 5550103"])
def test_a_rare_word_finds_the_oldest_beside_common_ones(jonas: User, query: str) -> None:
    nurses(4)
    found = search.find(jonas, query)
    assert [row.name for row in found.people] == ["Nurse3 Okafor"]
    assert found.is_all
    listed = candidates.page(jonas, candidates.Filters(words=query)).profiles
    assert [profile.candidate.name for profile in listed] == ["Nurse3 Okafor"]


@pytest.mark.parametrize("few", [0, 5000])
def test_what_is_confidential_takes_nobodys_place(
    jonas: User, ana: User, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(search_people, "FEW", few)
    monkeypatch.setattr(search, "PEOPLE", 1)
    talk("Mira Seen", minutes=9)
    for n in range(3):
        person = factories.candidate(name=f"Mira Hidden{n}", phone=f"+164655501{n:02}")
        opportunity = factories.opportunity(person, confidential=True, owner_lever_id="someone")
        factories.conversation(person, opportunity_id=opportunity.id, peer=f"+164655501{n:02}")
    assert people(jonas, "mira") == ["Mira Seen"]
    assert people(ana, "mira") == ["Mira Hidden2"]


def test_a_confidential_text_takes_nobodys_place(jonas: User, ana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "WIDEST", 1)
    monkeypatch.setattr(search, "HITS", 1)
    factories.message(talk("Mira Seen"), body="parking please")
    person = factories.candidate(name="Hannah Weiss", phone="+16465550139")
    opportunity = factories.opportunity(person, confidential=True, owner_lever_id="someone")
    hidden = factories.conversation(person, opportunity_id=opportunity.id, peer="+16465550139")
    factories.message(hidden, body="parking for the board")
    assert hits(jonas, "parking") == ["parking please"]
    assert hits(ana, "parking") == ["parking for the board"]


def test_archived_conversations_are_gone_through_as_well(jonas: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_people, "FEW", 0)
    talk("Mira Open", minutes=9)
    talk("Mira Away", phone="+12185550143", archived_at=clock.now())
    assert people(jonas, "mira") == ["Mira Away", "Mira Open"]
    assert search.find(jonas, "mira").is_all


def test_many_words_of_a_message_are_all_asked_for(jonas: User) -> None:
    conversation = talk("Mira Okafor")
    factories.message(conversation, body="Is parking free at the east entrance on Sundays?")
    assert len(hits(jonas, "parking entrance sundays free is at on")) == 1
    assert hits(jonas, "parking entrance sundays free is at no") == []


@pytest.mark.parametrize("read", [1, 20_000])
def test_one_long_talk_does_not_hide_the_others(jonas: User, monkeypatch: pytest.MonkeyPatch, read: int) -> None:
    monkeypatch.setattr(search, "WIDEST", 2)
    monkeypatch.setattr(search, "READ", read)
    older = talk("Older", phone="+12185550143")
    factories.message(older, body="parking please")
    long = talk("Long")
    for _ in range(3):
        factories.message(long, body="parking again")
    first = search.find(jonas, "parking")
    names = [hit.row.name for hit in first.hits]
    if db.engine.dialect.name == "postgresql" and read > 1:
        # From one conversation on to the next.
        assert (names, first.before) == (["Long", "Older"], None)
        return
    assert names == ["Long"]
    assert [hit.row.name for hit in search.find(jonas, "parking", before=first.before).hits] == ["Long", "Older"]


@pytest.mark.parametrize("read", [3, 20_000])
def test_more_conversations_than_are_shown_are_paged_through(
    jonas: User, monkeypatch: pytest.MonkeyPatch, read: int
) -> None:
    monkeypatch.setattr(search, "HITS", 2)
    monkeypatch.setattr(search, "READ", read)
    for n in range(5):
        conversation = talk(f"Person {n}", phone=f"+121855501{n:02}")
        for _ in range(2):
            factories.message(conversation, body="parking please, at the gate")
    pages, before = [], None
    while not pages or before:
        found = search.find(jonas, "parking gate please at the", before=before)
        pages.append([hit.row.name for hit in found.hits])
        before = found.before
    assert pages[0] == ["Person 4", "Person 3"]
    assert {name for page in pages for name in page} == {f"Person {n}" for n in range(5)}


@pytest.mark.parametrize(
    "query", ["", "   ", '"', "a", "*", "' OR 1=1", "AND", "NEAR(", "---", "%", "\x00", "😀", "(((("]
)
def test_odd_queries_do_no_harm(jonas: User, query: str) -> None:
    talk("Mira Okafor")
    search.find(jonas, query)


def test_deleted_words_leave_the_index_file(jonas: User, request: pytest.FixtureRequest) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL vacuums its own")
    conversation = talk("Mira Okafor")
    message = factories.message(conversation, body="xylophonecandidate")
    with transaction() as session:
        session.delete(session.get_one(Message, message.id))
    while search.forget_deleted():
        pass
    with transaction() as session:
        blocks = session.execute(db.text("SELECT block FROM message_search_data")).scalars().all()
    assert not any(b"xylophonecandidate" in bytes(block) for block in blocks)
