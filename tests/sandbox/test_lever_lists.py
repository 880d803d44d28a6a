"""Lists of the simulated Lever: order, offsets, filters, permissions, limits."""

import json
import time
from collections.abc import Callable
from urllib.parse import unquote

import pytest
import requests

from grayscale.sandbox import Sandbox, start_sandbox
from grayscale.sandbox.lever.records import Opportunity
from tests.sandbox.conftest import Lever


def test_opportunities_come_by_stage_rank_then_latest_advance_then_id(sandbox: Sandbox, lever: Lever) -> None:
    rows = lever.walk("/opportunities", limit=7, confidentiality="all")
    keys = [(sandbox.lever.rank[row["stage"]], -(row["lastAdvancedAt"] or 0), row["id"]) for row in rows]
    assert keys == sorted(keys)
    assert {row["id"] for row in rows} == set(sandbox.lever.data.opportunities)


def test_an_offset_is_the_first_row_of_the_next_page_percent_encoded(lever: Lever) -> None:
    first = lever.get("/opportunities", params={"limit": 5}).json()
    _rank, advanced, row_id = json.loads(unquote(first["next"]))
    assert first["next"].startswith("%5B")
    encoded_twice = lever.get("/opportunities", params={"limit": 5, "offset": first["next"]}).json()
    encoded_once = lever.get("/opportunities", params={"limit": 5, "offset": unquote(first["next"])}).json()
    assert encoded_twice["data"][0]["id"] == row_id
    assert encoded_twice["data"][0]["lastAdvancedAt"] == advanced
    assert encoded_once == encoded_twice


def test_the_last_page_has_no_next(lever: Lever) -> None:
    page = lever.get("/opportunities", params={"limit": 100}).json()
    assert page["hasNext"] is False
    assert "next" not in page


def test_a_candidate_moved_back_while_walking_is_missed(sandbox: Sandbox, lever: Lever) -> None:
    first = lever.get("/opportunities", params={"limit": 10, "archived": "false"}).json()
    rest = lever.walk("/opportunities", archived="false", offset=first["next"])
    moved = rest[-1]["id"]
    sandbox.team.move(moved, "lead-new")
    again = lever.walk("/opportunities", archived="false", offset=first["next"])
    assert moved not in {row["id"] for row in first["data"] + again}
    afresh = lever.walk("/opportunities", archived="false", limit=10)
    assert afresh[0]["id"] == moved, "the newest of the first stage leads the list"
    assert len(afresh) == len(first["data"]) + len(rest)


@pytest.mark.parametrize("offset", ["%5B1%2C2%5D", "nonsense", '[1767225600123,"no-such-list"]'])
def test_a_foreign_or_broken_offset_is_refused(lever: Lever, offset: str) -> None:
    answer = lever.get("/opportunities", params={"offset": offset})
    assert answer.status_code == 400
    assert "Invalid offset token" in answer.json()["message"]


@pytest.mark.parametrize("limit", ["0", "101", "ten"])
def test_a_limit_outside_1_to_100_is_refused(lever: Lever, limit: str) -> None:
    assert lever.get("/users", params={"limit": limit}).status_code == 400


def test_windows_by_creation_split_the_whole_without_gap_or_overlap(sandbox: Sandbox, lever: Lever) -> None:
    times = sorted(row.created_at for row in sandbox.lever.data.opportunities.values())
    middle = times[len(times) // 2]
    early = lever.walk("/opportunities", confidentiality="all", created_at_end=middle - 1, limit=9)
    late = lever.walk("/opportunities", confidentiality="all", created_at_start=middle, limit=9)
    assert len(early) + len(late) == len(times)
    assert all(row["createdAt"] < middle for row in early)


def test_rows_never_updated_match_no_updated_filter(lever: Lever, find: Callable[[str], Opportunity]) -> None:
    frank = find("Frank Odom")
    assert frank.updated_at is None
    ids = {row["id"] for row in lever.walk("/opportunities", updated_at_start=0)}
    assert ids
    assert frank.id not in ids


def test_a_change_moves_a_row_into_the_updated_window(
    sandbox: Sandbox, lever: Lever, find: Callable[[str], Opportunity]
) -> None:
    since = int(time.time() * 1000) - 1
    assert lever.walk("/opportunities", updated_at_start=since) == []
    mira = find("Mira Okafor")
    sandbox.team.update_contact(mira.contact, phones=[{"type": "mobile", "value": "(218) 555-0111"}])
    changed = lever.walk("/opportunities", updated_at_start=since)
    assert {row["contact"] for row in changed} == {mira.contact}
    assert len(changed) == 2


@pytest.mark.parametrize(
    ("params", "matches"),
    [
        ({"archived": "false"}, lambda row: row.archived is None),
        ({"archived": "true"}, lambda row: row.archived is not None),
        ({"stage_id": ["lead-new", "offer"]}, lambda row: row.stage in {"lead-new", "offer"}),
        ({"origin": "sourced"}, lambda row: row.origin == "sourced"),
        ({"origin": "sourced", "archived": "false"}, lambda row: row.origin == "sourced" and row.archived is None),
    ],
)
def test_filters(
    sandbox: Sandbox, lever: Lever, params: dict[str, object], matches: Callable[[Opportunity], bool]
) -> None:
    expected = {row.id for row in sandbox.lever.data.opportunities.values() if matches(row)}
    assert expected
    assert {row["id"] for row in lever.walk("/opportunities", confidentiality="all", **params)} == expected


def test_by_contact_email_and_posting(lever: Lever, find: Callable[[str], Opportunity]) -> None:
    mira = find("Mira Okafor")
    assert mira.application is not None
    assert len(lever.walk("/opportunities", contact_id=mira.contact)) == 2
    assert len(lever.walk("/opportunities", email="MIRA.okafor@example.org")) == 2
    assert mira.id in {row["id"] for row in lever.walk("/opportunities", posting_id=mira.application.posting)}


def test_include_is_subtractive_and_expand_wins(lever: Lever, find: Callable[[str], Opportunity]) -> None:
    params = {"include": ["name", "stage"], "expand": ["stage", "applications"]}
    data = lever.get(f"/opportunities/{find('Mira Okafor').id}", params=params).json()["data"]
    assert set(data) == {"name", "stage", "applications"}
    assert data["stage"] == {"id": "applicant-new", "text": "New applicant"}
    assert data["applications"][0]["type"] == "posting"


def test_posting_is_not_expandable_on_opportunities(lever: Lever) -> None:
    answer = lever.get("/opportunities", params={"expand": "posting"})
    assert answer.status_code == 400
    assert answer.json()["message"] == "posting is not expandable"


def test_confidential_rows_need_the_grant_and_the_question(
    lever: Lever, lever_with: Callable[..., Lever], find: Callable[[str], Opportunity]
) -> None:
    secret = find("Eleanor Voss").id
    assert secret not in {row["id"] for row in lever.walk("/opportunities")}
    assert secret in {row["id"] for row in lever.walk("/opportunities", confidentiality="all")}
    plain = lever_with("List Opportunities", "Read Opportunity", only=True)
    assert plain.get("/opportunities", params={"confidentiality": "all"}).status_code == 403
    assert plain.get(f"/opportunities/{secret}").status_code == 403
    assert plain.get("/opportunities").status_code == 200


def test_users_newest_first_without_the_deactivated(sandbox: Sandbox, lever: Lever) -> None:
    active = lever.walk("/users", limit=4)
    everyone = lever.walk("/users", limit=4, includeDeactivated="true")
    assert [user["createdAt"] for user in everyone] == sorted((u["createdAt"] for u in everyone), reverse=True)
    assert {u["id"] for u in everyone} - {u["id"] for u in active} == {
        user["id"] for user in sandbox.lever.data.users.values() if user["deactivatedAt"]
    }
    assert {"ana@harbor.example", "jonas@harbor.example"} <= {user["email"] for user in active}


def test_postings_update_filter_combines_only_with_confidentiality(lever: Lever) -> None:
    rows = lever.walk("/postings", updated_at_start=0, confidentiality="all", limit=10)
    assert any(row["confidentiality"] == "confidential" for row in rows)
    assert lever.get("/postings", params={"updated_at_start": 0, "state": "published"}).status_code == 400
    assert all("public" in r["distributionChannels"] for r in lever.walk("/postings", state="published"))


def test_errors_in_levers_words(sandbox: Sandbox, lever: Lever) -> None:
    nobody = requests.get(f"{sandbox.lever_url}/users", timeout=5)
    assert (nobody.status_code, nobody.json()) == (
        401,
        {"code": "UnauthorizedError", "message": "The request requires authentication."},
    )
    assert lever.get("/users", auth=("wrong", "")).status_code == 401
    missing = lever.get("/opportunities/6f0f3c1e-8a52-4b0e-9d3c-1d2e3f4a5b6c")
    assert missing.status_code == 404
    assert missing.json()["message"] == "opportunities 6f0f3c1e-8a52-4b0e-9d3c-1d2e3f4a5b6c was not found"
    assert lever.get("/nowhere").json()["message"] == "/v1/nowhere does not exist"
    assert lever.get("/contacts/x").status_code == 403


def test_the_bucket_lets_a_burst_through_and_then_the_rate() -> None:
    with start_sandbox(candidates=3, rate=10, burst=5) as limited, Lever(limited.lever_url, limited.api_key) as lever:
        statuses = [lever.get("/stages").status_code for _ in range(12)]
        assert statuses[:5] == [200] * 5
        assert 429 in statuses
        assert limited.lever_requests.summary(10)["throttled"] == statuses.count(429)


def test_the_same_seed_makes_the_same_people(sandbox: Sandbox) -> None:
    with start_sandbox(candidates=60) as other, start_sandbox(candidates=60, seed=2) as third:
        assert list(other.lever.data.opportunities) == list(sandbox.lever.data.opportunities)
        assert list(third.lever.data.opportunities) != list(sandbox.lever.data.opportunities)


def test_rules_nobody_knows_can_be_the_other_way(
    sandbox: Sandbox, lever: Lever, lever_with: Callable[..., Lever], find: Callable[[str], Opportunity]
) -> None:
    given = {"deleted_window_days": 30, "notes_need_perform_as": True, "confidential_status": 404}
    assert requests.post(f"{sandbox.lever_origin}/control/rules", json=given, timeout=5).json() == given
    day = 86_400_000
    assert lever.get("/opportunities/deleted").status_code == 400
    assert lever.get("/opportunities/deleted?deleted_at_start=0&deleted_at_end=" + str(31 * day)).status_code == 400
    assert lever.get("/opportunities/deleted?deleted_at_start=0&deleted_at_end=" + str(30 * day)).status_code == 200
    note = lever.post(f"/opportunities/{find('Mira Okafor').id}/notes", json={"value": "x"})
    assert note.json()["message"] == "Missing required parameter: perform_as"
    plain = lever_with("Read Opportunity", only=True)
    assert plain.get(f"/opportunities/{find('Eleanor Voss').id}").status_code == 404
