"""The five states in words, the counts, gaps found by polling, and the banner."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from time_machine import Traveller, travel

from grayscale.domain.lever import checklist, health, tokens, url_use
from grayscale.domain.lever.health import WebhookHealth
from grayscale.models import LeverEvent, User
from tests.webhooks import lever
from tests.webhooks.lever import body, send

STAGE = LeverEvent.STAGE_CHANGE
NOON = datetime(2026, 11, 20, 12, 2, tzinfo=UTC)
CHICAGO = ZoneInfo("America/Chicago")


def of(event: LeverEvent = STAGE) -> WebhookHealth:
    return next(one for one in health.of_all(CHICAGO) if one.event is event)


@pytest.fixture
def noon(connected: Flask) -> Iterator[Traveller]:
    with travel(NOON, tick=False) as moment:
        yield moment


def test_they_stand_in_the_order_and_words_of_the_guide(connected: Flask) -> None:
    assert [one.label for one in health.of_all()] == [
        "Application Created", "Candidate Stage Change", "Candidate Archive State Change", "Candidate Hired",
        "Candidate Deleted", "Interview Created", "Interview Updated", "Interview Deleted",
    ]  # fmt: skip


def test_no_token(connected: Flask, noon: Traveller) -> None:
    lever.set_token(STAGE, None)
    assert (of().state, of().words, of().detail) == ("no_token", "No token", ())

    send(connected, body(triggeredAt=lever.now_ms()))
    assert of().words == "No token"
    assert of().detail == (
        "1 event refused for lack of a token, last at 06:02. Lever tries again for some hours.",
    )


def test_removing_a_token_is_no_news_until_an_event_is_refused_for_lack_of_it(
    connected: Flask, noon: Traveller
) -> None:
    send(connected, body(signed_with="wrong"))
    noon.shift(60)
    tokens.remove(STAGE, None)
    assert (of().words, told()) == ("No token", [])
    assert of().detail == ("Last rejected 1 min ago: the signature does not fit the token.",)
    noon.shift(60)
    send(connected, body())
    assert [kind for kind, _ in told()] == ["bad"]
    assert of().detail[0].startswith("1 event refused for lack of a token, last at 06:04.")


def test_waiting_for_the_first_event(connected: Flask, noon: Traveller) -> None:
    assert (of().words, of().kind) == ("Waiting for the first event", "")
    with_test = body(data={}, triggeredAt=lever.now_ms())
    send(connected, with_test)
    noon.shift(240)
    assert of().words == "Waiting for the first event"
    assert of().detail == (
        "A connection test reached this URL 4 min ago, before a token could tell that it was Lever’s.",
    )

    tokens.save(STAGE, "another-token", None)
    send(connected, body(data={}, signed_with="another-token"))
    assert "Verify connection last worked a moment ago." in of().detail


def test_receiving(connected: Flask, noon: Traveller) -> None:
    send(connected, body())
    noon.shift(240)
    assert (of().words, of().kind) == ("Receiving, last 4 min ago", "good")
    assert not of().is_bad


def test_a_wrong_token_over_a_working_one_is_seen_before_the_overlap_ends(
    connected: Flask, noon: Traveller, ana: User
) -> None:
    step = lambda: checklist.steps()[3].evidence  # noqa: E731
    send(connected, body(triggeredAt=lever.now_ms()))
    noon.shift(60)
    tokens.save(STAGE, "wrong-one", ana)
    assert (of().words, of().kind) == ("Waiting for the first event with the new token", "")
    send(connected, body(triggeredAt=lever.now_ms()))
    assert (of().words, of().kind) == ("Lever still signs with the previous token", "warn")
    assert of().detail == (
        "The saved one was not seen so far. From 27 Nov, 06:03 the previous one is refused: is the saved one right?",
    )
    assert "1 still signed with the previous token" in step()
    noon.shift(60)
    send(connected, body(triggeredAt=lever.now_ms(), signed_with="wrong-one"))
    assert (of().words, "previous token" in step()) == ("Receiving, last a moment ago", False)


def test_signature_failing(connected: Flask, noon: Traveller) -> None:
    send(connected, body())
    noon.shift(60)
    for _ in range(12):
        send(connected, body(signed_with="wrong"))
        noon.shift(60)
    assert of().words == "Signature failing since 06:03, 12 rejected: is the token right?"
    assert of().detail[0] == "Last rejected 1 min ago: the signature does not fit the token."
    noon.shift(24 * 3600)
    assert of().words == "Signature failing since 20 Nov, 06:03, 12 rejected: is the token right?"

    send(connected, body())
    assert of().words == "Receiving, last a moment ago"


def test_silent_though_polling_found_changes(connected: Flask, noon: Traveller) -> None:
    send(connected, body())
    noon.shift(3 * 3600)
    health.note_missed(STAGE, 2)
    health.note_missed(STAGE)
    assert of().words == "Silent, though polling found 3 changes it should have told us"
    assert of().detail[0] == "Last accepted 3 h ago."
    assert of().words_7d == ("1 accepted", "3 missed")

    send(connected, body())
    assert of().words == "Receiving, last a moment ago"
    assert of().detail == ("Within 7 days polling found 3 changes that it had not told.",)


def test_counts_of_a_day_and_of_a_week(connected: Flask, noon: Traveller) -> None:
    def some(accepted: int, wrong: int) -> None:
        for _ in range(accepted):
            send(connected, body())
        for _ in range(wrong):
            send(connected, body(signed_with="wrong"))

    some(4, 1)
    noon.shift(3 * 86_400)
    some(2, 3)
    noon.shift(5 * 86_400)
    some(1, 0)
    assert (of().words_24h, of().words_7d) == (("1 accepted",), ("3 accepted", "3 rejected"))
    assert of().detail == ("Last rejected 5 d ago: the signature does not fit the token.",)
    assert of(LeverEvent.HIRED).words_7d == ()

    again = body(triggeredAt=lever.now_ms())
    for _ in range(3):
        send(connected, again)
    assert of().words_24h == ("2 accepted", "2 repeated")


def told() -> list[tuple[str, str]]:
    return [(banner.kind, banner.words) for banner in health.banners(CHICAGO)]


def test_the_banner_comes_when_one_turns_bad_and_says_when_it_is_back(
    connected: Flask, noon: Traveller
) -> None:
    assert told() == []
    send(connected, body(signed_with="wrong"))
    assert told() == [
        ("bad", "Webhook Candidate Stage Change: Signature failing since 06:02, 1 rejected: is the token right?")
    ]
    health.note_missed(LeverEvent.HIRED)
    assert told() == [("bad", "2 webhooks do not get through: Candidate Stage Change, Candidate Hired.")]
    send(connected, body())
    assert [kind for kind, _ in told()] == ["bad", "good"]

    send(connected, body("candidateHired"))
    assert told() == [("good", "Receiving again: Candidate Stage Change, Candidate Hired.")]
    noon.shift(timedelta(minutes=16).total_seconds())
    assert told() == []


def test_a_phone_is_not_filled_with_the_names_of_all_webhooks(connected: Flask, noon: Traveller) -> None:
    for event in list(LeverEvent)[:5]:
        send(connected, body(event.value, signed_with="wrong"))
    first = "Application Created, Candidate Stage Change, Candidate Archive State Change"
    assert told() == [("bad", f"5 webhooks do not get through: {first} and 2 more.")]
    for event in LeverEvent:
        health.note_missed(event)
        send(connected, body(event.value))
    assert told() == [("good", "Receiving again: all eight.")]


def test_only_an_event_brings_a_webhook_back_not_a_test_or_a_pasted_token(
    connected: Flask, noon: Traveller
) -> None:
    send(connected, body(signed_with="wrong"))
    send(connected, body(data={}))
    assert (of().words, told()) == ("Waiting for the first event", [])
    noon.shift(3600)
    send(connected, body(triggeredAt=lever.now_ms()))
    assert told() == [("good", "Receiving again: Candidate Stage Change.")]

    noon.shift(60)
    send(connected, body(signed_with="new"))
    send(connected, body(data={}))
    assert told() == []
    noon.shift(60)
    tokens.save(STAGE, "new", None)
    assert (of().words, told()) == ("Waiting for the first event with the new token", [])
    send(connected, body(triggeredAt=lever.now_ms()))
    assert (of().state, told()) == ("previous", [])


def test_a_test_does_not_end_a_silence(connected: Flask, noon: Traveller) -> None:
    health.note_missed(STAGE)
    send(connected, body(data={}))
    assert (of().state, [kind for kind, _ in told()]) == ("silent", ["bad"])


def test_a_webhook_without_a_token_is_bad_only_while_it_sends(
    connected: Flask, noon: Traveller
) -> None:
    lever.set_token(STAGE, None)
    assert told() == []
    send(connected, body())
    assert "no token is saved" in told()[0][1]
    noon.shift(25 * 3600)
    assert told() == []


def test_while_earlier_urls_work_it_is_told_which_webhooks_use_them(connected: Flask, noon: Traveller) -> None:
    for event in (STAGE, LeverEvent.HIRED, LeverEvent.DELETED):
        send(connected, body(event.value, triggeredAt=lever.now_ms()))
    assert url_use.of(health.of_all(CHICAGO)) is None
    noon.shift(60)
    tokens.rotate_webhook_key(None)
    noon.shift(60)
    send(connected, body(triggeredAt=lever.now_ms()))
    new = tokens.webhook_url().rsplit("/", 1)[1]
    send(connected, body("candidateHired", triggeredAt=lever.now_ms()), key=new)
    noon.shift(240)
    use = url_use.of(health.of_all(CHICAGO))
    assert use is not None
    assert use.sentences == (
        "Lever still calls the previous URL for: Candidate Stage Change (4 min ago).",
        "Nothing came since the new URL was made for: Candidate Deleted.",
        "1 webhook last came at the current URL.",
    )
    tokens.end_key_overlap(None)
    words = [of(event).words for event in (STAGE, LeverEvent.HIRED, LeverEvent.DELETED)]
    waiting = "Waiting for the first event at the current URL"
    assert words == [waiting, "Receiving, last 4 min ago", waiting]


@pytest.mark.parametrize("is_ended_by_hand", [True, False])
def test_what_lever_sends_to_an_ended_url_is_seen(
    connected: Flask, noon: Traveller, is_ended_by_hand: bool
) -> None:
    send(connected, body(triggeredAt=lever.now_ms()))
    tokens.rotate_webhook_key(None)
    if is_ended_by_hand:
        tokens.end_key_overlap(None)
    noon.shift(8 * 86_400)
    connected.extensions.pop("grayscale.lever_signing", None)
    assert send(connected, body("candidateHired", signed_with="a stranger's")).status_code == 404
    assert send(connected, body(key="no key of ours"), key="never-a-key").status_code == 404
    assert told() == []
    for _ in range(2):
        assert send(connected, body(triggeredAt=lever.now_ms())).status_code == 404
    words = "Lever calls a URL that was ended, 2 rejected since 06:02: give it the current one"
    assert told() == [("bad", f"Webhook Candidate Stage Change: {words}.")]
    assert of().detail[0] == "Last rejected a moment ago: it called a URL that was ended."
    assert of(LeverEvent.HIRED).words_24h == ("1 rejected",)
    assert "1 called a URL that was ended, not signed with the token." in of(LeverEvent.HIRED).detail
    assert checklist.steps()[2].evidence == "Lever calls one that was ended for 1 of 8 webhooks, see below."

    send(connected, body(triggeredAt=lever.now_ms()), key=tokens.webhook_url().rsplit("/", 1)[1])
    assert of().words == "Receiving, last a moment ago"
