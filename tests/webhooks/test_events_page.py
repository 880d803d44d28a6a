"""The Events page as a super admin sees it."""

from datetime import timedelta

import pytest
from flask import Flask

from grayscale import clock
from grayscale.database import transaction
from grayscale.domain.lever import deliveries
from grayscale.models import DeliveryState, Source, User
from tests import factories
from tests.page import Browser, Page
from tests.webhooks.lever import body, send
from tests.webhooks.test_deliveries import delivery, stored


def listed(page: Page) -> list[str]:
    return [" ".join(row.get_text(" ").split()) for row in page.select("#events-list > li")]


def test_newest_first_with_verdict_effect_and_candidate(connected: Flask, as_ana: Browser) -> None:
    mira = factories.candidate(name="Mira Okafor")
    factories.opportunity(mira, lever_id="opportunity-1")
    delivery(event="candidateStageChange", effect="Stage: Phone screen → Onsite", handled_at=clock.now())
    delivery(event="candidateHired", state=DeliveryState.DEAD, error="The API key is not permitted to do this (403).")

    rows = listed(as_ana.get("/events"))

    assert len(rows) == 2
    assert "Candidate Hired" in rows[0]
    assert "Parked" in rows[0]
    assert "not permitted" in rows[0]
    assert "Mira Okafor" in rows[1]
    assert "Done" in rows[1]
    assert "Stage: Phone screen → Onsite" in rows[1]


def test_only_super_admins_see_events_and_payloads(connected: Flask, as_jonas: Browser, client: Browser) -> None:
    row = delivery()
    for path in ("/events", f"/events/{row.id}"):
        assert as_jonas.get(path).status == 403
        assert client.get(path).status == 302
    for path in (f"/events/{row.id}/replay", "/events/replay-failed"):
        assert as_jonas.post(path).status == 403
    assert stored()[row.id].state is DeliveryState.DONE


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["Candidate Hired", "Candidate Archive State Change", "Candidate Stage Change", "Contact Updated"]),
        ("before=-1&verdict=dead", ["Candidate Stage Change"]),
        (f"before={10**30}", None),
        ("event=candidateHired", ["Candidate Hired"]),
        ("verdict=dead", ["Candidate Stage Change"]),
        ("verdict=unhandled", ["Contact Updated"]),
        ("candidate=okafor", ["Candidate Hired"]),
        ("candidate=sofía+PENA", ["Candidate Archive State Change"]),
        ("candidate=pena+okafor", []),
        ("candidate=-", []),
        ("candidate=opportunity-2", ["Candidate Stage Change"]),
        ("event=candidateHired&verdict=dead", []),
        ("source=twilio_inbound", ["Received text"]),
        ("event=nonsense&verdict=nonsense&source=nonsense&before=nonsense", None),
    ],
)
def test_filters(connected: Flask, as_ana: Browser, query: str, expected: list[str] | None) -> None:
    factories.opportunity(factories.candidate(name="Mira Okafor"), lever_id="opportunity-1")
    delivery(event="contactUpdated", state=DeliveryState.UNHANDLED, opportunity_lever_id=None)
    delivery(event="candidateStageChange", state=DeliveryState.DEAD, opportunity_lever_id="opportunity-2")
    factories.opportunity(factories.candidate(name="Peña, Sofía"), lever_id="opportunity-3")
    delivery(event="candidateArchiveChange", opportunity_lever_id="opportunity-3")
    delivery(event="candidateHired")
    delivery(event="inbound", source=Source.TWILIO_INBOUND)

    page = as_ana.get(f"/events?{query}")

    assert page.status == 200
    rows = listed(page)
    if expected is not None:
        assert [row.split(", event")[0].strip() for row in rows] == expected
    else:
        assert len(rows) == 4


def test_older_events_are_a_page_away(connected: Flask, as_ana: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "PAGE_SIZE", 2)
    ids = [delivery().id for _ in range(5)]
    seen = []
    path = "/events?event=candidateHired"
    while path:
        page = as_ana.get(path)
        seen += [int(row.split(", event ")[1].split()[0]) for row in listed(page)]
        older = page.select(".events-older a")
        path = older[0]["href"] if older else ""
    assert seen == sorted(ids, reverse=True)


def test_refused_requests_are_counted_and_shown(connected: Flask, as_ana: Browser) -> None:
    for _ in range(3):
        send(connected, body(signed_with="wrong"))
    send(connected, b"{")
    assert "4 requests refused in the last 24 hours" in as_ana.get("/events").words
    rows = listed(as_ana.get("/events?verdict=refused"))
    assert len(rows) == 2
    assert any("Candidate Stage Change 3 times Signature wrong" in row for row in rows)
    assert any("Unknown event 1 time Not readable" in row for row in rows)
    page = as_ana.get("/events?verdict=refused&event=candidateStageChange&candidate=sofia")
    assert len(listed(page)) == 1
    assert "cannot be filtered by candidate" in page.words
    assert page.one("#filter-candidate").has_attr("disabled")
    assert "No older event" in as_ana.get("/events?before=1").words


def test_one_event_with_its_payload(connected: Flask, as_ana: Browser) -> None:
    send(connected, body(data={"opportunityId": "<script>alert(1)</script>"}))
    [row] = stored().values()
    page = as_ana.get(f"/events/{row.id}")
    assert page.status == 200
    assert '"event": "candidateStageChange"' in page.one(".payload").get_text()
    assert page.select("script:not([src]):not([nonce])") == []
    assert as_ana.get(f"/events/{row.id + 1}").status == 404


def test_half_a_character_in_a_payload_is_shown_as_what_it_is_not(connected: Flask, as_ana: Browser) -> None:
    assert send(connected, body(data={"opportunityId": "\ud800", "candidateId": "x"})).status_code == 200
    [row] = stored().values()
    page = as_ana.get(f"/events/{row.id}")
    assert "\N{REPLACEMENT CHARACTER}" in page.one("pre.payload").get_text()
    assert len(listed(as_ana.get("/events"))) == 1


def test_when_it_was_replayed_is_told_in_the_readers_zone(connected: Flask, as_ana: Browser, ana: User) -> None:
    row = delivery(effect="Replayed 2026-11-26T06:10Z. <b>Stage</b> at 2026-99-99T06:10Z")
    with transaction() as session:
        session.merge(ana).time_zone = "America/Chicago"
    for page in (as_ana.get("/events"), as_ana.get(f"/events/{row.id}")):
        words = "Replayed Thu 26 Nov 2026, 00:10 CST. <b>Stage</b> at 2026-99-99T06:10Z"
        assert words in page.one(".event-effect, .event-history").get_text(" ", strip=True).replace(" .", ".")


def test_a_purged_payload_says_so(connected: Flask, as_ana: Browser) -> None:
    row = delivery(payload=None, received_at=clock.now() - timedelta(days=20))
    assert "No longer kept" in as_ana.get(f"/events/{row.id}").words


def test_what_nobody_signed_is_not_shown_beside_whom_it_names(connected: Flask, as_ana: Browser) -> None:
    named = factories.opportunity(candidate_id=factories.candidate(name="Gonzalez").id)
    delivery(state=DeliveryState.UNHANDLED, event="contactCreated", opportunity_lever_id=named.lever_id)
    assert "Contact Created" in as_ana.get("/events").words
    assert "Gonzalez" not in as_ana.get("/events").words
    assert "No event fits" in as_ana.get("/events?candidate=Gonzalez").words


def test_replaying_one_and_all(connected: Flask, as_ana: Browser) -> None:
    one, other = delivery(state=DeliveryState.DEAD), delivery(state=DeliveryState.DEAD)
    answer = as_ana.post(f"/events/{one.id}/replay")
    assert (answer.status, answer.location) == (303, f"/events/{one.id}")
    assert stored()[one.id].state is DeliveryState.PENDING
    assert "Replaying" in as_ana.get(answer.location).words

    assert as_ana.post("/events/replay-failed").status == 303
    assert stored()[other.id].state is DeliveryState.PENDING
    assert "Replaying 1 failed event" in as_ana.get("/events").words


def test_the_first_page_of_a_new_deployment_says_what_to_do(connected: Flask, as_ana: Browser) -> None:
    page = as_ana.get("/events")
    assert "No event yet" in page.words
    assert page.select('a[href="/settings/ats/lever"]')
