"""The inbox as HTML: what a person sees and can do without JavaScript, and what htmx gets."""

from datetime import timedelta

import pytest

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain import drafts, presence
from grayscale.extensions import db
from grayscale.models import ArchiveReason, Conversation, Direction, Message, MessageState, User
from tests import factories
from tests.inbox.test_views import talk
from tests.page import Browser

pytestmark = pytest.mark.usefixtures("texting")


def test_an_empty_inbox_teaches_the_next_step(as_jonas: Browser, as_ana: Browser) -> None:
    assert as_jonas.get("/inbox").one(".conversation a.button")["href"] == "/candidates"
    page = as_ana.get("/inbox")
    assert "Connect Lever" in page.words


def test_the_search_is_a_plain_form_that_lists_links(jonas: User, as_jonas: Browser) -> None:
    conversation = talk("Mira Okafor", assignee_id=jonas.id)
    page = as_jonas.get("/inbox")
    field = page.field("Search conversations")
    assert field.find_parent("form")["method"] == "get"
    found = as_jonas.get(f"/inbox?{field['name']}=okafor")
    assert f"/inbox/{conversation.id}" in [link["href"] for link in found.select(".row-link")]
    assert "Nothing found" in as_jonas.get("/inbox?q=nobody").words


def test_a_text_is_sent_without_javascript(jonas: User, as_jonas: Browser) -> None:
    conversation = talk("Mira Okafor", assignee_id=jonas.id)
    page = as_jonas.get(f"/inbox/{conversation.id}")
    form = page.one("#composer")
    assert form["method"] == "post"
    data = {field["name"]: field.get("value", "") for field in form.select("input[type=hidden]")}
    answer = as_jonas.post(form["action"], data | {page.field("Message")["name"]: "Hello Mira"})
    assert (answer.status, answer.location) == (303, f"/inbox/{conversation.id}")
    again = as_jonas.post(form["action"], data | {"body": "Hello Mira"})
    assert again.status == 303
    texts = list(db.session.scalars(db.select(Message).where(Message.direction == Direction.OUTBOUND)))
    assert [text.body for text in texts] == ["Hello Mira"], "the same submission twice is one text"
    assert "Hello Mira" in as_jonas.get(f"/inbox/{conversation.id}").one("#tail").get_text()


def test_words_changed_after_a_lost_answer_are_kept_and_go_on_their_own(
    jonas: User, mei: User, as_jonas: Browser
) -> None:
    conversation = talk("Mira Okafor", assignee_id=jonas.id)
    here = f"/inbox/{conversation.id}/messages"
    data = {"body": "Meet at 3", "submission_key": "lost", "seen_up_to": "9999"}
    assert as_jonas.fetch("GET", f"{here}?submission_key=lost").json == {"sent": False}
    assert as_jonas.post(here, data).status == 303
    found = as_jonas.fetch("GET", f"{here}?submission_key=lost").json
    assert (found["sent"], found["body"], found["words"]) == (True, "Meet at 3", "Your text “Meet at 3” was sent.")
    # A colleague's text meanwhile does not make the first one unsent.
    factories.message(conversation, author_id=mei.id, direction=Direction.OUTBOUND, state=MessageState.SENT)
    assert as_jonas.post(here, data | {"seen_up_to": "0"}).status == 303
    page = as_jonas.post(here, data | {"body": "Meet at 3 pm"})
    assert page.status == 409
    said = page.one("#composer-notes").get_text()
    assert "Your text “Meet at 3” was sent. What is in the box now was not sent" in said
    assert page.field("Message").get_text().strip() == "Meet at 3 pm"
    assert "Meet at 3" in page.one("#tail").get_text()
    assert drafts.of(conversation.id, jonas) == "Meet at 3 pm"
    anew = page.one('[name="submission_key"]')["value"]
    part = as_jonas.post(here, data | {"body": "Meet at 3 pm"}, htmx=True)
    assert (part.status, "composer:anew" in part.headers["HX-Trigger"]) == (409, True)
    assert as_jonas.post(here, data | {"body": "Meet at 3 pm", "submission_key": anew}).status == 303
    texts = db.session.scalars(db.select(Message.body).where(Message.author_id == jonas.id).order_by(Message.id))
    assert list(texts) == ["Meet at 3", "Meet at 3 pm"]
    assert as_jonas.get(here).location == f"/inbox/{conversation.id}", "reloading what was refused"


def test_what_was_typed_comes_back_with_the_reason_it_did_not_go(jonas: User, as_jonas: Browser) -> None:
    conversation = talk("Mira Okafor", assignee_id=jonas.id)
    typed = "Hi {{ candidate.last_nam }} and {{ posting.title }}"
    page = as_jonas.post(f"/inbox/{conversation.id}/messages", {"body": typed, "submission_key": "k"})
    assert page.status == 422
    assert page.field("Message").get_text().lstrip("\n") == typed
    assert page.select(".field-error")


def test_a_new_text_is_told_before_the_reader_s_own_draft(jonas: User, as_jonas: Browser) -> None:
    conversation = talk("Mira Okafor", assignee_id=jonas.id)
    drafts.save(conversation.id, jonas, "Meet at 3")
    row = f"#row-{conversation.id}"
    page = as_jonas.get("/inbox")
    assert page.one(f"{row} .row-snippet").get_text() == "I am Mira Okafor"
    assert page.one(f"{row} .row-meta .draft").get_text() == "Draft"
    presence.here(conversation.id, jonas, typing=False, read_up_to_id=conversation.last_inbound_id)
    page = as_jonas.get("/inbox")
    assert page.one(f"{row} .row-snippet").get_text() == "Draft: Meet at 3"
    assert not page.select(f"{row} .row-meta .draft")


def test_htmx_gets_parts_and_history_gets_the_page(jonas: User, as_jonas: Browser) -> None:
    conversation = talk("Mira Okafor", assignee_id=jonas.id)
    part = as_jonas.get(f"/inbox/{conversation.id}", htmx=True)
    assert "<html" not in part.text
    assert part.one("#conversation")
    assert "HX-Request" in part.headers["Vary"]
    whole = as_jonas.get(f"/inbox/{conversation.id}", htmx=True, headers={"HX-History-Restore-Request": "true"})
    assert "<html" in whole.text


def test_who_said_what_is_told_by_words(jonas: User, mei: User, as_jonas: Browser) -> None:
    conversation = talk("Mira Okafor", assignee_id=jonas.id)
    sent = {"direction": Direction.OUTBOUND, "state": MessageState.DELIVERED}
    factories.message(conversation, body="from me", author_id=jonas.id, **sent)
    factories.message(conversation, body="from mei", author_id=mei.id, **sent)
    factories.message(conversation, body="from nobody", kind="automated", **sent)
    factories.message(conversation, body="an answer")
    factories.message(
        conversation,
        body="failed",
        author_id=jonas.id,
        direction=Direction.OUTBOUND,
        state=MessageState.FAILED,
        error="The phone is off.",
    )
    page = as_jonas.get(f"/inbox/{conversation.id}")
    said = {
        item.select_one(".body").get_text(): " ".join(item.get_text(" ").split()) for item in page.select(".message")
    }
    assert said["I am Mira Okafor"].startswith("Mira Okafor")
    assert said["from me"].startswith("You")
    assert "Delivered" in said["from me"]
    assert "Mei Tanaka" in said["from mei"]
    assert said["from nobody"].startswith("Automated")
    assert "Failed" in said["failed"]
    assert "The phone is off." in said["failed"]
    assert "Try again" in said["failed"]


def test_try_again_is_offered_until_it_was_done_and_a_stale_page_reads_the_truth(
    jonas: User, as_jonas: Browser
) -> None:
    conversation = talk("Mira Okafor", assignee_id=jonas.id)
    failed = factories.message(
        conversation, author_id=jonas.id, direction=Direction.OUTBOUND, state=MessageState.FAILED, error="Off."
    )
    retry = f"/inbox/messages/{failed.id}/retry"
    assert "It is sent once more." in as_jonas.post(retry, htmx=True).headers["HX-Trigger"]
    with transaction():
        again = db.session.scalars(db.select(Message).where(Message.retry_of_id == failed.id)).one()
        again.state = MessageState.DELIVERED
    page = as_jonas.get(f"/inbox/{conversation.id}")
    assert not page.select(f'[action="{retry}"]')
    assert page.one(f"#m-{failed.id} .message-acts a[href='#m-{again.id}']").get_text() == "Sent again"
    assert "It was tried again before: delivered." in as_jonas.post(retry, htmx=True).headers["HX-Trigger"]


def test_the_list_tells_unsure_from_failed(as_jonas: Browser) -> None:
    for name, state in (("Mira Okafor", MessageState.UNSURE), ("Tomas Vale", MessageState.FAILED)):
        conversation = talk(name)
        last = factories.message(conversation, author_id=None, direction=Direction.OUTBOUND, state=state)
        with transaction():
            conversation.has_failure = True
            conversation.last_message_id = last.id
    badges = {row.select_one(".row-name").get_text(): row.select_one(".badge").get_text()
              for row in as_jonas.get("/inbox").select(".row-item")}
    assert badges == {"Mira Okafor": "Unsure", "Tomas Vale": "Failed"}


def test_the_unread_line_stands_above_what_is_new_and_opening_reads_it(jonas: User, as_jonas: Browser) -> None:
    conversation = talk("Mira Okafor", assignee_id=jonas.id)
    first = as_jonas.get(f"/inbox/{conversation.id}")
    assert first.one("#unread-line").find_next_sibling("li")["id"].startswith("m-")
    assert not as_jonas.get(f"/inbox/{conversation.id}").select("#unread-line")


def test_a_colleagues_answer_meanwhile_is_told_before_sending(jonas: User, mei: User, as_jonas: Browser) -> None:
    conversation = talk("Mira Okafor", assignee_id=jonas.id)
    page = as_jonas.get(f"/inbox/{conversation.id}")
    seen = page.one('[name="seen_up_to"]')["value"]
    theirs = factories.message(
        conversation, body="I told her already", author_id=mei.id, direction=Direction.OUTBOUND, state=MessageState.SENT
    )
    data = {"body": "Park at the ramp", "seen_up_to": seen, "submission_key": "k1"}
    stopped = as_jonas.post(f"/inbox/{conversation.id}/messages", data)
    assert stopped.status == 422
    assert "Mei Tanaka answered while you were writing" in stopped.words
    confirmed = stopped.one('[name="confirmed_up_to"]')["value"]
    assert confirmed == str(theirs.id)
    sent = as_jonas.post(f"/inbox/{conversation.id}/messages", data | {"confirmed_up_to": confirmed})
    assert sent.status == 303


@pytest.mark.parametrize(
    ("whose", "hours", "shown"), [("theirs", (20, 21), "15:00"), ("mine", (15,), ("09:00", "10:00"))]
)
def test_send_later_is_on_the_candidates_clock_unless_on_mine(
    jonas: User, as_jonas: Browser, whose: str, hours: tuple[int, ...], shown: str | tuple[str, ...]
) -> None:
    """Mira's number is of Minnesota, Jonas reads in UTC."""
    with transaction():
        db.session.get_one(User, jonas.id).time_zone = "UTC"
    conversation = talk("Mira Okafor", assignee_id=jonas.id)
    here = f"/inbox/{conversation.id}"
    assert [option["value"] for option in as_jonas.get(here).select("#send-at-clock option")] == ["theirs", "mine"]
    tomorrow = f"{clock.now() + timedelta(days=1):%Y-%m-%d}T15:00"
    data = {"body": "Later then", "later": "1", "send_at": tomorrow, "clock": whose, "submission_key": "k2"}
    assert as_jonas.post(f"{here}/messages", data).status == 303
    message = db.session.scalars(db.select(Message).where(Message.body == "Later then")).one()
    assert message.state is MessageState.SCHEDULED
    assert message.send_at is not None
    assert message.send_at.hour in hours, "15:00 in Minnesota is 20:00 or 21:00 in UTC"
    page = as_jonas.get(here)
    assert "Scheduled for" in page.one(".waiting").get_text()
    edited = page.one(f"#edit-at-{message.id}")["value"]
    assert edited.endswith(shown), "the form to edit it is on their clock"
    as_jonas.post(f"/inbox/messages/{message.id}/edit", {"body": "Later then", "send_at": edited, "clock": "theirs"})
    db.session.expire_all()
    assert db.session.get_one(Message, message.id).send_at == message.send_at
    assert db.session.get_one(Message, message.id).send_at.hour in hours
    as_jonas.post(f"/inbox/messages/{message.id}/cancel")
    assert "Cancelled" in as_jonas.get(here).words


def test_a_draft_is_kept_per_person_and_forgotten_once_sent(jonas: User, mei: User, as_jonas: Browser) -> None:
    conversation = talk("Mira Okafor", assignee_id=jonas.id)
    assert as_jonas.post(f"/inbox/{conversation.id}/draft", {"body": "Half a sent"}).status == 204
    page = as_jonas.get(f"/inbox/{conversation.id}")
    assert page.field("Message").get_text().strip() == "Half a sent"
    snippet = as_jonas.get("/inbox").one("#rows .row-snippet").get_text()
    assert " ".join(snippet.split()) == "Draft: Half a sent", "one's own words, not the candidate's"
    assert drafts.of(conversation.id, mei) == ""
    as_jonas.post(f"/inbox/{conversation.id}/messages", {"body": "Half a sentence", "submission_key": "k3"})
    assert drafts.of(conversation.id, jonas) == ""


def test_a_long_thread_is_read_in_pages(jonas: User, as_jonas: Browser) -> None:
    conversation = talk("Mira Okafor", assignee_id=jonas.id, minutes=500)
    with transaction() as session:
        session.add_all(
            Message(
                conversation_id=conversation.id,
                direction=Direction.INBOUND,
                kind="manual",
                state="received",
                body=f"Line {number}",
                peer=conversation.peer,
                created_at=clock.now(),
                occurred_at=clock.now() - timedelta(minutes=200 - number),
            )
            for number in range(120)
        )
    page = as_jonas.get(f"/inbox/{conversation.id}")
    assert "Line 119" in page.words
    assert "Line 69" not in page.words
    seen = [item.get_text() for item in page.select("#tail .body")]
    while page.select("#earlier a"):
        page = as_jonas.get(page.one("#earlier a")["hx-get"], htmx=True)
        seen = [item.get_text() for item in page.select(".body")] + seen
    assert seen == ["I am Mira Okafor", *(f"Line {number}" for number in range(120))]


def test_a_candidates_words_are_inert(jonas: User, as_jonas: Browser) -> None:
    conversation = talk("<script>alert(1)</script>", assignee_id=jonas.id)
    factories.message(conversation, body='<img src=x onerror=alert(1)> see https://evil.example/?a="b')
    page = as_jonas.get(f"/inbox/{conversation.id}")
    assert not page.select("#tail img")
    link = page.one("#tail .body a")
    assert link["href"] == "https://evil.example/?a="
    assert "noopener" in link["rel"]


def test_an_unknown_number_can_be_matched(
    jonas: User, as_jonas: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.candidate(name="Elena Petrova", phone=None)
    number = factories.sending_number()
    unknown = factories.add(
        Conversation(
            sending_number_id=number.id, peer="+12185550190", created_at=clock.now(), last_activity_at=clock.now()
        )
    )
    factories.message(unknown, body="Who is this?")
    page = as_jonas.get(f"/inbox/{unknown.id}")
    assert "Nobody in Lever has this number" in page.words
    choices = as_jonas.get(f"/inbox/{unknown.id}/match?q=petrova", htmx=True)
    assert "There are more" not in choices.text
    with monkeypatch.context() as few:
        few.setattr("grayscale.web.views.inbox.matching.MOST_FOUND", 0)
        assert "There are more" in as_jonas.get(f"/inbox/{unknown.id}/match?q=petrova", htmx=True).text
    found = as_jonas.get(f"/inbox/{unknown.id}/match?q=petrova").one(".match-choice")["href"]
    assert found == choices.one(".match-choice")["href"], "nor does it need JavaScript"
    asked = as_jonas.get(found)
    assert "Is (218) 555-0190 the number of Elena Petrova?" in asked.words
    answer = as_jonas.post(f"/inbox/{unknown.id}/match", {"candidate": asked.one("[name=candidate]")["value"]})
    assert answer.status == 303
    matched = as_jonas.get(answer.location)
    assert "Elena Petrova" in matched.one("#head h2").get_text()
    undone = as_jonas.post(matched.one("#toasts form")["action"], {})
    assert undone.location == f"/inbox/{unknown.id}"
    assert "Nobody in Lever has this number" in as_jonas.get(undone.location).words


def test_a_shared_number_is_shown_as_such_and_its_texts_can_be_moved(jonas: User, as_jonas: Browser) -> None:
    mira, ada = factories.candidate(), factories.candidate(name="Ada Okafor")
    factories.opportunity(factories.candidate(name="Zora Okafor"), confidential=True)
    conversation = factories.conversation(mira)
    factories.message(conversation, body="It is me")
    page = as_jonas.get(f"/inbox/{conversation.id}")
    assert "Zora" not in page.words
    assert page.one("#panel .match-choice").get_text(" ", strip=True).startswith("Ada Okafor")
    moved = as_jonas.post(f"/inbox/{conversation.id}/match", {"candidate": str(ada.id)})
    page = as_jonas.get(moved.location)
    assert "Ada Okafor" in page.one("#head h2").get_text()
    assert "It is me" in page.words


@pytest.mark.parametrize(("kind", "words"), [("hired", "Hired"), ("non-hired", "Archived in Lever")])
def test_the_header_tells_hired_from_archived(jonas: User, as_jonas: Browser, kind: str, words: str) -> None:
    reason = factories.add(ArchiveReason(lever_id="reason-1", text="Said yes", type=kind, fetched_at=clock.now()))
    person = factories.candidate()
    tied = factories.opportunity(person, archived_at=clock.now(), archive_reason_lever_id=reason.lever_id)
    conversation = factories.conversation(person, opportunity_id=tied.id, assignee_id=jonas.id)
    header = as_jonas.get(f"/inbox/{conversation.id}").one("#head .head-who p").get_text(" ", strip=True)
    assert header == f"{words} · (218) 555-0142"


def test_archiving_is_undone_without_javascript(jonas: User, as_jonas: Browser) -> None:
    thread = talk("Mira", assignee_id=jonas.id)
    undo = as_jonas.get(as_jonas.post(f"/inbox/{thread.id}/archive").location).one("#toasts form")
    assert "Archived" in undo.parent.text
    back = as_jonas.post(undo["action"])
    assert back.location == f"/inbox/{thread.id}"
    assert not as_jonas.get(back.location).select("#toasts form, #head .badge")


def test_beside_a_conversation_stands_a_list_that_holds_it(jonas: User, mei: User, as_jonas: Browser) -> None:
    mine = talk("Mira", assignee_id=jonas.id)
    hers = talk("Aisha", assignee_id=mei.id, phone="+12185550143")
    away = talk("Grace", archived_at=clock.now(), phone="+12185550144")
    as_jonas.get("/inbox?view=mine")
    for thread, view in ((mine, "mine"), (hers, "all"), (away, "archived")):
        page = as_jonas.get(f"/inbox/{thread.id}")
        assert page.one("#list")["data-view"] == view
        assert page.one("#rows .row-link[aria-current]")["data-id"] == str(thread.id)
    assert as_jonas.get(f"/inbox/{hers.id}?view=mine").one("#list")["data-view"] == "mine"
    assert as_jonas.get("/inbox").one("#list")["data-view"] == "mine"


def test_the_folded_filters_of_candidates_say_how_many_are_set(as_jonas: Browser) -> None:
    address = "/candidates?q=mira&state=active&textable=1"
    summary = as_jonas.get(address).one(".filters details:not([open]) > summary")
    assert summary.get_text().split() == ["Filters", "2", "active"]
    anew = as_jonas.get(address, htmx=True).one("#filters-chosen[hx-swap-oob]")
    assert anew.get_text().split() == ["2", "active"]
