"""Rows and messages are kept rendered; nobody may see one that is out of date or somebody else's."""

from collections.abc import Callable

import pytest

from grayscale.database import transaction
from grayscale.domain import candidates, inbox_acts
from grayscale.domain.candidates import Filters
from grayscale.domain.texting import consent
from grayscale.extensions import db
from grayscale.models import Candidate, ConsentHow, Conversation, Message, MessageState, Role, User
from grayscale.web.fragments import Fragments
from tests import factories
from tests.inbox.test_views import talk
from tests.page import Browser


def test_a_row_changes_with_whatever_it_shows(as_jonas: Browser, jonas: User, mei: User) -> None:
    made = talk("Mira Okafor")
    row = f"#row-{made.id}"
    assert "Mira Okafor" in as_jonas.get("/inbox?view=all").one(row).get_text()
    with transaction():
        db.session.get_one(Candidate, made.candidate_id).name = "Mira Okafor-Lind"
    assert "Mira Okafor-Lind" in as_jonas.get("/inbox?view=all").one(row).get_text()
    inbox_acts.assign(made.id, mei.id, jonas)
    assert "Assigned to Mei Tanaka" in as_jonas.get("/inbox?view=all").one(row).get_text()
    with transaction():
        db.session.get_one(User, mei.id).name = "Mei Sato"
    assert "Assigned to Mei Sato" in as_jonas.get("/inbox?view=all").one(row).get_text()


def test_the_same_text_is_yours_to_one_and_a_colleagues_to_another(
    jonas: User, mei: User, sign_in: Callable[[User], Browser]
) -> None:
    made = talk("Mira Okafor")
    by_mei = {"direction": "outbound", "state": MessageState.DELIVERED, "author_id": mei.id}
    factories.message(made, body="See you Tuesday", **by_mei)
    names = {
        reader.first_name: sign_in(reader).get(f"/inbox/{made.id}").select(".message .said-by")[-1].get_text(strip=True)
        for reader in (mei, jonas)
    }
    assert names["Mei"] == "You"
    assert names["Jonas"].endswith("Mei Tanaka")


def test_a_message_changes_with_its_state(as_jonas: Browser, jonas: User) -> None:
    made = talk("Mira Okafor")
    sent = factories.message(made, body="Hello", direction="outbound", state=MessageState.SENT, author_id=jonas.id)

    def foot() -> str:
        return " ".join(as_jonas.get(f"/inbox/{made.id}").one(f"#m-{sent.id}").get_text().split())

    assert "Sent" in foot()
    with transaction():
        db.session.get_one(Message, sent.id).state = MessageState.DELIVERED
    assert "Delivered" in foot()
    with transaction():
        message = db.session.get_one(Message, sent.id)
        message.state, message.error = MessageState.UNDELIVERED, "The phone is off."
    assert "Not delivered" in foot()
    assert "The phone is off." in foot()


def test_nothing_offers_to_send_to_who_opted_out(as_jonas: Browser, jonas: User) -> None:
    made = talk("Mira Okafor")
    factories.message(made, body="Hello", direction="outbound", state=MessageState.UNDELIVERED, author_id=jonas.id)
    assert "Try again" in as_jonas.get(f"/inbox/{made.id}").one("#tail").get_text()
    consent.opt_out(made.peer, ConsentHow.KEYWORD, reason="STOP")
    page = as_jonas.get(f"/inbox/{made.id}")
    assert "Try again" not in page.one("#tail").get_text()
    assert not page.select("#composer")
    assert "Nothing can be texted" in page.one("#gate").get_text()


def test_one_statement_serves_many_readers_and_shows_each_their_own(
    ana: User, jonas: User, mei: User, sign_in: Callable[[User], Browser]
) -> None:
    secret = talk("Hannah Weiss")
    with transaction():
        person = db.session.get_one(Conversation, secret.id).candidate
        tied = factories.opportunity(person, confidential=True, owner_lever_id="lever-mei")
        db.session.get_one(Conversation, secret.id).opportunity_id = tied.id
        # Both are known in Lever, so both are of one kind; a follower's id holds what LIKE would take for a wildcard.
        db.session.get_one(User, mei.id).lever_user_id = "lever-mei"
        db.session.get_one(User, jonas.id).lever_user_id = "lever_m%"
    seen = {
        reader.first_name: [sign_in(reader).get(path).status for path in ("/inbox?view=all", f"/inbox/{secret.id}")]
        + ["Hannah" in sign_in(reader).get("/inbox?view=all").text]
        for reader in (mei, jonas, ana, mei)
    }
    assert ana.role is Role.SUPER_ADMIN
    assert seen == {"Mei": [200, 200, True], "Jonas": [200, 404, False], "Ana": [200, 200, True]}


def test_candidates_without_a_name_come_last_over_all_pages(jonas: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "PAGE", 2)
    for name in ("", "Aisha Karim", "", "Zoe Brandt", ""):
        factories.candidate(name=name, phone=None)
    names: list[str] = []
    after, pages = None, 0
    while pages == 0 or after is not None:
        listing = candidates.page(jonas, Filters(), after=after)
        names += [profile.candidate.name for profile in listing.profiles]
        after = candidates.Place.parse(str(listing.after)) if listing.after else None
        pages += 1
    assert names == ["Aisha Karim", "Zoe Brandt", "", "", ""]
    assert pages == 3


def test_nothing_is_kept_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("grayscale.web.fragments.time.monotonic", lambda: now[0])
    kept, made = Fragments(), []

    def ask() -> None:
        kept.get("key", lambda: made.append(1) or "piece")  # type: ignore[func-returns-value, return-value]

    ask()
    ask()
    assert len(made) == 1
    now[0] += 121
    ask()
    assert len(made) == 2
