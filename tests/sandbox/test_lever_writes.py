"""Writing to the simulated Lever: notes, interviews, panels, stages."""

import time
from collections.abc import Callable

import pytest

from grayscale.sandbox import Sandbox
from grayscale.sandbox.lever.records import Opportunity
from tests.sandbox.conftest import Lever

Find = Callable[[str], Opportunity]


def test_a_note_is_answered_in_full_and_read_back(sandbox: Sandbox, lever: Lever, find: Find) -> None:
    path = f"/opportunities/{find('Mira Okafor').id}/notes"
    answer = lever.post(path, json={"value": "First line\nsecond line"})
    assert answer.status_code == 201
    note = answer.json()["data"]
    assert note["noteId"] == note["id"]
    assert note["user"] is None
    held = lever.get(f"{path}/{note['id']}").json()["data"]
    assert held["fields"][0]["value"] == "First line\nsecond line"
    assert len(sandbox.notes(find("Mira Okafor").id)) == 1


def test_a_note_may_be_a_form_and_is_posted_twice_when_posted_twice(sandbox: Sandbox, lever: Lever, find: Find) -> None:
    path = f"/opportunities/{find('Mira Okafor').id}/notes"
    assert {lever.post(path, data={"value": "Hello"}).status_code for _ in range(2)} == {201}
    assert len(sandbox.notes(find("Mira Okafor").id)) == 2


def test_note_id_adds_a_comment_to_the_thread(
    sandbox: Sandbox, lever: Lever, lever_with: Callable[..., Lever], find: Find
) -> None:
    path, jonas = f"/opportunities/{find('Mira Okafor').id}/notes", next(iter(sandbox.lever.data.users))
    first = lever.post(path, json={"value": "1 of 2"}, params={"perform_as": jonas}).json()["data"]["noteId"]
    lever.post(path, json={"value": "2 of 2"}, params={"note_id": first, "perform_as": jonas})
    assert lever.get(path).status_code == 403, "the set-up guide's key may not list notes"
    notes = lever_with("List Opportunity Notes").walk(path)
    assert [[field["value"] for field in note["fields"]] for note in notes] == [["1 of 2", "2 of 2"]]
    assert notes[0]["user"] == jonas


@pytest.mark.parametrize(
    ("body", "at"),
    [
        ({}, "/value"),
        ({"value": "  "}, "/value"),
        ({"value": "x", "createdAt": int(time.time() * 1000) + 3_600_000}, "/createdAt"),
        ({"value": "x", "score": 5}, "/score"),
    ],
)
def test_a_note_that_makes_no_sense_is_refused(lever: Lever, find: Find, body: dict[str, object], at: str) -> None:
    answer = lever.post(f"/opportunities/{find('Mira Okafor').id}/notes", json=body)
    assert answer.status_code == 400
    assert answer.json()["message"].endswith(f"at {at}")


def test_a_note_notifies_the_users_it_mentions(sandbox: Sandbox, lever: Lever, find: Find) -> None:
    row = find("Mira Okafor")
    lever.post(f"/opportunities/{row.id}/notes", json={"value": "Ask @jonas, not @nobody or a@ana.example"})
    assert sandbox.notes(row.id)[0]["mentions"] == ["jonas"]


def test_only_notes_of_the_api_can_be_replaced_and_deleted(
    sandbox: Sandbox, lever_with: Callable[..., Lever], find: Find
) -> None:
    row, lever = find("Mira Okafor"), lever_with("Update Opportunity Note", "Delete Opportunity Note")
    path = f"/opportunities/{row.id}/notes"
    note_id = lever.post(path, json={"value": "old"}).json()["data"]["id"]
    assert lever.put(f"{path}/{note_id}", json={"values": [{"value": "new"}]}).json() == {"data": {"noteId": note_id}}
    assert sandbox.notes(row.id)[0]["fields"][0]["value"] == "new"
    assert lever.delete(f"{path}/{note_id}").status_code == 204
    assert sandbox.notes(row.id) == []


def test_an_interview_needs_somebody_to_perform_it_and_a_managed_panel(
    sandbox: Sandbox, lever_with: Callable[..., Lever], find: Find
) -> None:
    row, lever = find("Mira Okafor"), lever_with("Create Opportunity Panel", "List Opportunity Panels")
    user = next(iter(sandbox.lever.data.users))
    foreign = sandbox.team.create_panel(row.id, user=user, managed=False)
    wanted = {"interviewers": [{"id": user}], "date": 1_900_000_000_000, "duration": 30, "panel": foreign["id"]}
    path = f"/opportunities/{row.id}/interviews"
    missing = lever.post(path, json=wanted)
    assert missing.json() == {"code": "BadRequestError", "message": "Missing required parameter: perform_as"}
    assert lever.post(path, json=wanted, params={"perform_as": user}).status_code == 403
    panel = lever.post(
        f"/opportunities/{row.id}/panels",
        params={"perform_as": user},
        json={"timezone": "America/Chicago", "interviews": [wanted]},
    )
    assert panel.status_code == 201
    assert panel.json()["data"]["externallyManaged"] is True
    second = {**wanted, "panel": panel.json()["data"]["id"], "subject": "Second"}
    assert lever.post(path, json=second, params={"perform_as": user}).status_code == 201
    for broken in ({"interviewers": []}, {"duration": 0}, {"date": "soon"}):
        assert lever.post(path, json={**second, **broken}, params={"perform_as": user}).status_code == 400


def test_put_clears_what_it_leaves_out_and_delete_leaves_a_cancelled_row(
    sandbox: Sandbox, lever: Lever, find: Find
) -> None:
    row, user = find("Dana Whitehorse"), next(iter(sandbox.lever.data.users))
    managed = {panel["id"] for panel in sandbox.lever.data.panels[row.id] if panel["externallyManaged"]}
    held = next(i for i in sandbox.lever.data.interviews[row.id] if i["panel"] in managed)
    path, as_user = f"/opportunities/{row.id}/interviews/{held['id']}", {"perform_as": user}
    body = {"interviewers": [{"id": user}], "date": held["date"] + 3_600_000, "duration": 45}
    after = lever.put(path, json=body, params=as_user).json()["data"]
    assert (after["date"], after["subject"], after["panel"]) == (body["date"], None, held["panel"])
    assert lever.delete(path, params=as_user).status_code == 204
    assert lever.get(path).json()["data"]["canceledAt"] is not None
    assert held["panel"] not in {panel["id"] for panel in sandbox.lever.data.panels[row.id]}


def test_answers_to_opportunity_writes_leave_the_person_out(
    sandbox: Sandbox, lever_with: Callable[..., Lever], find: Find
) -> None:
    row, lever = find("Mira Okafor"), lever_with("Update Opportunity Stage", "Update Opportunity Archived")
    moved = lever.put(f"/opportunities/{row.id}/stage", json={"stage": "offer"}).json()["data"]
    assert (moved["stage"], moved["name"], moved["phones"], "opportunityLocation" in moved) == ("offer", "", [], False)
    reason = sandbox.lever.data.archive_reasons[1]["id"]
    archived = lever.put(f"/opportunities/{row.id}/archived", json={"reason": reason}).json()["data"]
    assert archived["archived"]["reason"] == reason
    assert lever.get(f"/opportunities/{row.id}").json()["data"]["stage"] == "offer"


def test_a_deleted_opportunity_is_gone_and_listed_as_deleted(sandbox: Sandbox, lever: Lever, find: Find) -> None:
    row, before = find("Theo Marchetti"), int(time.time() * 1000)
    sandbox.team.delete(row.id)
    assert lever.get(f"/opportunities/{row.id}").status_code == 404
    listed = lever.walk("/opportunities/deleted", deleted_at_start=before)
    assert [item["id"] for item in listed] == [row.id]
    assert listed[0]["deletedAt"] >= before
    assert lever.walk("/opportunities/deleted", deleted_at_end=before - 1) == []


def test_a_merge_moves_the_opportunities_to_the_contact_that_stays(
    sandbox: Sandbox, lever_with: Callable[..., Lever], find: Find
) -> None:
    lever, keep, lose = lever_with("Read Contact"), find("Rosa Delgado"), find("Miguel Delgado")
    gone = lose.contact
    sandbox.team.merge(keep.contact, lose.contact)
    assert lever.get(f"/opportunities/{lose.id}").json()["data"]["contact"] == keep.contact
    assert lever.get(f"/contacts/{gone}").status_code == 404
    assert len(lever.get(f"/contacts/{keep.contact}").json()["data"]["phones"]) == 1


def test_anonymising_every_opportunity_empties_the_contact(
    sandbox: Sandbox, lever_with: Callable[..., Lever], find: Find
) -> None:
    lever, mira = lever_with("Read Contact"), find("Mira Okafor")
    both = [row["id"] for row in lever.walk("/opportunities", contact_id=mira.contact)]
    sandbox.team.anonymize(both[0])
    assert lever.get(f"/contacts/{mira.contact}").json()["data"]["name"] == "Mira Okafor"
    assert lever.get(f"/opportunities/{both[0]}").json()["data"]["phones"] == []
    sandbox.team.anonymize(both[1])
    person = lever.get(f"/contacts/{mira.contact}").json()["data"]
    assert (person["name"], person["phones"], person["isAnonymized"]) == ("", [], True)
