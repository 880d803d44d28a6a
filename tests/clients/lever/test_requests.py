"""What the Lever client sends: the exact request of every endpoint."""

from __future__ import annotations

import base64
import json
import re
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from grayscale.clients.errors import NotAuthorised, NotFound
from grayscale.clients.lever.client import LeverClient
from tests.clients.lever.calls import KEY, ROOT, START, START_MS, answer, every_call


def only_request(lever) -> requests.PreparedRequest:
    assert len(lever.calls) == 1
    return lever.calls[0].request


@every_call
def test_the_request_is_exactly_what_lever_documents(client, lever, call):
    row = {"id": "x"}
    body = {"data": [row]} if call.is_list else {"data": row}
    answer(lever, call, status=call.status, **({} if call.status == 204 else {"json": body}))
    found = call.do(client)
    if call.status == 204:
        assert found is None
    else:
        assert (found.data[0] if call.is_list else found).id == "x"
    sent = only_request(lever)
    assert urlsplit(sent.url).path == "/v1" + call.path
    assert sorted(parse_qsl(urlsplit(sent.url).query)) == sorted(call.query)
    assert sent.headers["Authorization"] == "Basic " + base64.b64encode(f"{KEY}:".encode()).decode()
    assert sent.headers["User-Agent"].startswith("Grayscale-for-Lever/")
    if call.body is None:
        assert sent.body is None
    else:
        assert sent.headers["Content-Type"] == "application/json"
        assert json.loads(sent.body) == call.body


def test_filters_repeat_their_key_and_times_are_milliseconds(client, lever):
    lever.get(ROOT + "/opportunities", json={"data": []})
    client.list_opportunities(
        updated_at_start=START,
        archived=False,
        confidentiality="all",
        posting_id=("p-1", "p-2"),
        expand=("applications", "stage"),
        limit=50,
    )
    assert sorted(parse_qsl(urlsplit(only_request(lever).url).query)) == [
        ("archived", "false"),
        ("confidentiality", "all"),
        ("expand", "applications"),
        ("expand", "stage"),
        ("limit", "50"),
        ("posting_id", "p-1"),
        ("posting_id", "p-2"),
        ("updated_at_start", str(START_MS)),
    ]


def test_the_next_token_goes_back_exactly_as_it_came(client, lever):
    token = "%5B101%2C1767225600123%2C%22abc%22%5D"
    lever.get(ROOT + "/opportunities", json={"data": [], "hasNext": True, "next": token})
    lever.get(ROOT + "/opportunities", json={"data": [], "hasNext": False})
    page = client.list_opportunities()
    assert page.next_offset == token
    assert client.list_opportunities(offset=page.next_offset).next_offset is None
    assert dict(parse_qsl(urlsplit(lever.calls[1].request.url).query))["offset"] == token


@pytest.mark.parametrize(("said", "token"), [({}, "more"), ({"hasNext": None}, "more"), ({"hasNext": True}, 200)])
def test_a_token_without_has_next_still_means_another_page(client, lever, said, token):
    lever.get(ROOT + "/stages", json={"data": [], "next": token, **said})
    lever.get(ROOT + "/stages", json={"data": [], "next": None})
    assert client.list_stages().next_offset == str(token)
    assert client.list_stages(offset=str(token)).next_offset is None


def test_deactivated_users_only_when_asked_for(client, lever):
    lever.get(ROOT + "/users", json={"data": []})
    client.list_users(include_deactivated=True)
    assert "includeDeactivated=true" in only_request(lever).url


def test_a_comment_on_a_note_carries_only_its_text_and_time(client, lever):
    lever.post(ROOT + "/opportunities/o/notes", json={"data": {"noteId": "n"}}, status=201)
    client.create_note("o", "More", perform_as="u", note_id="n", created_at=START, notify_followers=True)
    sent = only_request(lever)
    assert json.loads(sent.body) == {"value": "More", "createdAt": START_MS}
    assert parse_qsl(urlsplit(sent.url).query) == [("perform_as", "u"), ("note_id", "n")]


@pytest.mark.parametrize("hostile", ["../users", "a/b?c=d#e", "x y", "é", "\ud800"])
def test_an_id_never_leaves_its_place_in_the_path(client, lever, hostile):
    lever.get(re.compile(r".*"), json={"data": {"id": "x"}})
    client.get_opportunity(hostile, expand=None)
    path = urlsplit(only_request(lever).url).path
    assert path.startswith("/v1/opportunities/")
    assert path.count("/") == 3


@pytest.mark.parametrize("empty", ["", ".", ".."])
def test_an_id_that_would_name_another_path_is_not_found_without_asking(client, lever, empty):
    with pytest.raises(NotFound):
        client.get_opportunity(empty)
    assert len(lever.calls) == 0


def test_a_key_pasted_with_odd_characters_is_still_a_typed_error(limiter, lever):
    lever.get(ROOT + "/users/x", status=401, json={"code": "UnauthorizedError"})
    with pytest.raises(NotAuthorised):
        LeverClient("schlüssel–\U0001f511", ROOT, limiter).get_user("x")


def test_the_key_is_not_in_what_logs_print_of_a_client(client):
    assert KEY not in f"{client} {client!r}"
