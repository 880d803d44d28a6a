"""Which conversations are in which view, for whom, and in what order."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain import changes, inbox, inbox_acts, inbox_counts, inbox_news
from grayscale.domain.inbox import View
from grayscale.domain.inbox_member import mark_read, mark_unread
from grayscale.extensions import db
from grayscale.models import Conversation, User
from tests import factories
from tests.page import Browser


def talk(name: str, *, minutes: int = 5, phone: str = "+12185550142", **values: object) -> Conversation:
    """A conversation whose candidate texted *minutes* ago."""
    person = factories.candidate(name=name, phone=phone)
    at = clock.now() - timedelta(minutes=minutes)
    made = factories.conversation(person, last_activity_at=at, needs_reply=True, **values)
    message = factories.message(made, body=f"I am {name}", occurred_at=at)
    with transaction():
        found = db.session.get_one(Conversation, made.id)
        found.last_message_id = found.last_inbound_id = message.id
        found.last_inbound_at = at
    return made


def names(user: User, view: View) -> list[str]:
    return [row.name for row in inbox.page(user, view).rows]


def test_newest_activity_stands_first(jonas: User) -> None:
    talk("Old", minutes=60)
    talk("New", minutes=1)
    assert names(jonas, View.ALL) == ["New", "Old"]


def test_each_view_holds_its_own(jonas: User, mei: User) -> None:
    talk("Mine", assignee_id=jonas.id)
    talk("Hers", assignee_id=mei.id)
    talk("Nobody's")
    talk("Failed", assignee_id=mei.id, has_failure=True)
    talk("Put away", archived_at=clock.now())
    assert names(jonas, View.MINE) == ["Mine"]
    assert names(jonas, View.UNASSIGNED) == ["Nobody's"]
    assert names(jonas, View.FAILED) == ["Failed"]
    assert names(jonas, View.ARCHIVED) == ["Put away"]
    assert set(names(jonas, View.ALL)) == {"Mine", "Hers", "Nobody's", "Failed"}
    assert inbox_counts.counts(jonas) == {
        View.MINE: 1,
        View.UNASSIGNED: 1,
        View.ALL: 4,
        View.UNREAD: 2,
        View.NEEDS_REPLY: 4,
        View.FAILED: 1,
        View.ARCHIVED: 1,
    }


def test_unread_concerns_what_is_mine_followed_or_nobodys(jonas: User, mei: User) -> None:
    talk("Mine", assignee_id=jonas.id)
    talk("Nobody's")
    hers = talk("Hers", assignee_id=mei.id)
    assert set(names(jonas, View.UNREAD)) == {"Mine", "Nobody's"}
    inbox_acts.follow(hers.id, jonas, True)
    assert set(names(jonas, View.UNREAD)) == {"Mine", "Nobody's", "Hers"}


def test_reading_is_mine_alone_and_can_be_undone(jonas: User, mei: User) -> None:
    conversation = talk("Mira")
    newest = conversation.last_inbound_id or 0
    assert mark_read(conversation.id, jonas, newest)
    assert not mark_read(conversation.id, jonas, newest)
    assert names(jonas, View.UNREAD) == []
    assert names(mei, View.UNREAD) == ["Mira"]
    mark_unread(conversation.id, jonas)
    assert names(jonas, View.UNREAD) == ["Mira"]


def test_the_newest_unread_text_is_one_that_concerns_and_may_be_seen(jonas: User, mei: User) -> None:
    assert inbox_news.newest_unread(jonas) is None
    mine = talk("Mine", assignee_id=jonas.id, minutes=9)
    talk("Hers", assignee_id=mei.id)
    secret = talk("Secret")
    with transaction() as session:
        tied = factories.opportunity(secret.candidate, confidential=True, owner_lever_id="someone")
        session.get_one(Conversation, secret.id).opportunity_id = tied.id
    assert inbox_news.newest_unread(jonas) == (mine.last_inbound_id, mine.id)
    mark_read(mine.id, jonas, mine.last_inbound_id or 0)
    assert inbox_news.newest_unread(jonas) is None


def test_pages_follow_on_without_gaps_or_repeats(jonas: User) -> None:
    at = clock.now()
    for position in range(7):
        # Two at the same moment: the id decides.
        talk(f"Person {position}", phone=f"+1218555010{position}", minutes=position // 2)
    with transaction():
        db.session.execute(db.update(Conversation).where(Conversation.id <= 4).values(last_activity_at=at))
    seen: list[str] = []
    after = None
    while True:
        page = inbox.page(jonas, View.ALL, after=after, limit=2)
        seen += [row.name for row in page.rows]
        after = page.after
        if after is None:
            break
        assert inbox.Place.parse(str(after)) == after
    assert len(seen) == len(set(seen)) == 7


def test_a_count_stops_at_the_cap(jonas: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox_counts, "COUNT_CAP", 3)
    monkeypatch.setattr(inbox_counts, "_full", {})
    for position in range(5):
        talk(f"Person {position}", phone=f"+1218555010{position}")
    assert inbox_counts.counts(jonas)[View.ALL] == 3


def test_what_was_full_is_counted_again_after_a_few_seconds(jonas: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox_counts, "COUNT_CAP", 2)
    monkeypatch.setattr(inbox_counts, "_full", {})
    for position in range(3):
        talk(f"Person {position}", phone=f"+1218555010{position}", assignee_id=jonas.id)
    assert inbox_counts.counts(jonas)[View.MINE] == 2
    with transaction() as session:
        session.execute(db.update(Conversation).values(assignee_id=None))
    assert inbox_counts.counts(jonas)[View.MINE] == 2
    later = inbox_counts.monotonic() + 11
    monkeypatch.setattr(inbox_counts, "monotonic", lambda: later)
    found = inbox_counts.counts(jonas)
    assert (found[View.MINE], found[View.UNASSIGNED], found[View.FAILED]) == (0, 2, 0)


def test_a_confidential_conversation_is_neither_listed_nor_counted_nor_opened(
    jonas: User, as_jonas: Browser, as_ana: Browser
) -> None:
    person = factories.candidate(name="Hannah Weiss")
    opportunity = factories.opportunity(person, confidential=True, owner_lever_id="someone")
    hidden = factories.conversation(person, opportunity_id=opportunity.id)
    assert names(jonas, View.ALL) == []
    assert inbox_counts.counts(jonas)[View.ALL] == 0
    for path in (f"/inbox/{hidden.id}", f"/inbox/{hidden.id}/earlier?before=2026-01-01T00:00:00+00:00~1"):
        assert as_jonas.get(path).status == 404
    for act in ("archive", "assign", "follow", "unread", "draft", "here", "messages", "opt-out"):
        assert as_jonas.post(f"/inbox/{hidden.id}/{act}", {"body": "x", "reason": "x"}).status == 404, act
    assert "Hannah" not in as_jonas.get(f"/inbox/live?tick=-1&c={hidden.id}").text
    assert as_ana.get(f"/inbox/{hidden.id}").status == 200


def test_nobody_is_made_responsible_for_what_they_may_not_see(jonas: User, as_ana: Browser) -> None:
    person = factories.candidate(name="Hannah Weiss")
    secret = factories.opportunity(person, confidential=True, owner_lever_id="someone")
    hidden = factories.conversation(person, opportunity_id=secret.id)
    refused = as_ana.post(f"/inbox/{hidden.id}/assign", {"assignee": str(jonas.id)})
    assert refused.status == 422
    assert f"{jonas.name} may not see this" in refused.words
    db.session.rollback()
    assert db.session.get_one(Conversation, hidden.id, populate_existing=True).assignee_id is None


def test_nobody_learns_who_looks_at_what_they_may_not_see(ana: User, as_jonas: Browser, as_ana: Browser) -> None:
    person = factories.candidate(name="Hannah Weiss")
    opportunity = factories.opportunity(person, confidential=True, owner_lever_id="someone")
    hidden = factories.conversation(person, opportunity_id=opportunity.id)
    assert as_ana.post(f"/inbox/{hidden.id}/here").status == 204
    answer = as_jonas.get(f"/inbox/live?tick=-1&c={hidden.id}")
    assert ana.name not in answer.text
    assert not answer.headers["X-Viewers"]
    tick = changes.current_tick()
    for guess in ("", str(ana.id), f"{ana.id}t"):
        asked, unknown = (
            as_jonas.get(f"/inbox/live?tick={tick}&c={number}&viewers={guess}", htmx=True)
            for number in (hidden.id, 9999)
        )
        assert (asked.status, dict(asked.headers).keys()) == (unknown.status, dict(unknown.headers).keys()), guess


def test_who_has_it_open_learns_who_else_has(jonas: User, ana: User, as_jonas: Browser, as_ana: Browser) -> None:
    thread = talk("Mira")
    for browser in (as_jonas, as_ana):
        assert browser.post(f"/inbox/{thread.id}/here").status == 204
    unseen = f"/inbox/live?tick={changes.current_tick()}&c={thread.id}&viewers="
    assert ana.name in as_jonas.get(unseen, htmx=True).text
    assert as_jonas.get(f"{unseen}{ana.id}", htmx=True).status == 204


def test_acts_without_javascript(jonas: User, mei: User, sign_in: Callable[[User], Browser]) -> None:
    conversation = talk("Mira", assignee_id=jonas.id)
    browser = sign_in(jonas)
    page = browser.post(f"/inbox/{conversation.id}/archive")
    assert (page.status, page.location) == (303, "/inbox")
    assert names(jonas, View.ARCHIVED) == ["Mira"]
    browser.post(f"/inbox/{conversation.id}/unarchive")
    assert names(jonas, View.MINE) == ["Mira"]
    browser.post(f"/inbox/{conversation.id}/assign", {"assignee": str(mei.id)})
    assert names(mei, View.MINE) == ["Mira"]
    browser.post(f"/inbox/{conversation.id}/assign", {"assignee": ""})
    assert names(jonas, View.UNASSIGNED) == ["Mira"]
    refused = browser.post(f"/inbox/{conversation.id}/assign", {"assignee": "999"})
    assert refused.status == 422


def test_reading_what_arrived_while_it_is_open_tells_the_row_too(jonas: User, as_jonas: Browser) -> None:
    thread = talk("Mira", assignee_id=jonas.id)
    shown = as_jonas.get("/inbox?view=mine").one("#rows")
    assert "unread" in shown.li["class"]
    newest = db.session.get_one(Conversation, thread.id).last_inbound_id
    here = f"/inbox/{thread.id}/here?view=mine&shown=1&c={thread.id}&rows={shown['data-rows']}"
    answer = as_jonas.post(here, {"read_up_to": str(newest)}, htmx=True)
    assert "unread" not in answer.one("#rows").li["class"]
    assert as_jonas.post(here, {"read_up_to": str(newest)}, htmx=True).status == 204
