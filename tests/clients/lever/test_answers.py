"""What each kind of answer from Lever turns into, a missing one included."""

from __future__ import annotations

import pytest
import requests

from grayscale.clients.errors import (
    ClientError,
    Disposition,
    Forbidden,
    NotAuthorised,
    NotFound,
    Permanent,
    Retryable,
    UnexpectedAnswer,
    UnknownOutcome,
)
from grayscale.clients.lever.client import InvalidOffset, LeverClient
from grayscale.clients.lever.limits import RateLimiter
from tests.clients.lever.calls import KEY, ROOT, WRITES, Call, answer, every_call, every_read, every_write
from tests.clients.wire import WireServer, json_answer, reply, reset


def refused(call: Call, client: LeverClient) -> ClientError:
    with pytest.raises(ClientError) as caught:
        call.do(client)
    assert KEY not in repr(caught.value)
    assert str(caught.value).endswith("."), "a sentence for people"
    return caught.value


@every_call
@pytest.mark.parametrize(
    ("status", "kind", "disposition"),
    [
        (400, Permanent, Disposition.GIVE_UP),
        (401, NotAuthorised, Disposition.RECONNECT),
        (403, Forbidden, Disposition.GIVE_UP),
        (404, NotFound, Disposition.GIVE_UP),
        (409, Permanent, Disposition.GIVE_UP),
        (429, Retryable, Disposition.RETRY),
    ],
)
def test_a_refusal_is_told_apart_by_its_status(client, lever, call, status, kind, disposition):
    answer(lever, call, status=status, json={"code": "SomeCode", "message": "Lever's own\nwords."})
    error = refused(call, client)
    assert type(error) is kind
    assert (error.status, error.code, error.disposition) == (status, "SomeCode", disposition)


@every_call
@pytest.mark.parametrize("body", [b"", b"<html>Bad gateway</html>", b"[]", b'"x"', b"\xff\xfe", b"[" * 100_000])
def test_an_error_without_levers_body_is_still_typed(client, lever, call, body):
    answer(lever, call, status=403, body=body)
    error = refused(call, client)
    assert isinstance(error, Forbidden)
    assert error.code is None


@every_write
@pytest.mark.parametrize("status", [500, 502, 503, 504, 408, 303, 304])
def test_a_write_that_failed_inside_lever_is_unknown_and_sent_once(client, lever, call, status):
    answer(lever, call, status=status, body="<html>")
    error = refused(call, client)
    assert isinstance(error, UnknownOutcome)
    assert not error.outcome_known
    assert len(lever.calls) == 1


@every_write
def test_a_write_refused_for_load_is_not_repeated_by_the_client(client, lever, call):
    answer(lever, call, status=429, headers={"Retry-After": "7"})
    error = refused(call, client)
    assert error.may_retry
    assert error.retry_after == 7.0
    assert len(lever.calls) == 1


@every_write
@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (requests.ReadTimeout(), UnknownOutcome),
        (requests.ConnectionError("reset"), UnknownOutcome),
        (requests.exceptions.ChunkedEncodingError(), UnknownOutcome),
        (requests.ConnectTimeout(), Retryable),
    ],
    ids=["read time-out", "reset", "cut", "connect time-out"],
)
def test_a_write_without_an_answer(client, lever, call, failure, kind):
    answer(lever, call, body=failure)
    assert type(refused(call, client)) is kind
    assert len(lever.calls) == 1


@pytest.mark.parametrize("call", [call for call in WRITES if call.status != 204], ids=str)
@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"data": null}', b'{"data": {}}', b'{"data": [3]}'])
def test_a_write_accepted_in_words_nobody_understands_is_unknown(client, lever, call, body):
    answer(lever, call, status=call.status, body=body)
    assert isinstance(refused(call, client), UnknownOutcome)


@every_read
@pytest.mark.parametrize("body", [b"", b"<html>Sign in</html>", b"[]", b"null", b'{"data"'])
def test_a_read_answered_with_something_else_may_pass_later(client, lever, call, body):
    answer(lever, call, body=body)
    assert type(refused(call, client)) is Retryable


@every_read
@pytest.mark.parametrize("body", [{}, {"data": None}, {"data": 3}, {"data": "x"}, {"message": "hi"}])
def test_a_read_of_the_wrong_shape_is_repeated_only_as_a_list_and_within_its_budget(client, lever, call, body):
    answer(lever, call, json=body)
    assert type(refused(call, client)) is UnexpectedAnswer
    assert len(lever.calls) == (3 if call.is_list else 1)


@pytest.mark.parametrize(
    "body",
    [{"data": None}, {"hasNext": False}, {"data": [], "hasNext": True}, {"data": [], "hasNext": True, "next": "here"}],
    ids=["null", "no list", "no token", "its own token"],
)
def test_a_list_that_was_no_page_once_is_asked_for_again(client, lever, slept, body):
    lever.get(ROOT + "/opportunities", json=body)
    lever.get(ROOT + "/opportunities", json={"data": [{"id": "x"}], "hasNext": True, "next": "there"})
    page = client.list_opportunities(offset="here")
    assert ([one.id for one in page.data], page.next_offset) == (["x"], "there")
    assert len(slept) == 1


@every_read
@pytest.mark.parametrize("hiccup", [429, 500, 502, 503, 504, requests.ConnectionError(), requests.ReadTimeout()])
def test_a_read_is_repeated_until_it_passes(client, lever, slept, call, hiccup):
    row = [{"id": "x"}] if call.is_list else {"id": "x"}
    for _ in range(2):
        answer(lever, call, **({"status": hiccup} if isinstance(hiccup, int) else {"body": hiccup}))
    answer(lever, call, json={"data": row})
    assert call.do(client)
    assert len(lever.calls) == 3
    assert len(slept) == 2


def test_a_person_waits_for_three_tries_and_background_work_for_seven(lever, limiter, slept):
    lever.get(ROOT + "/users/x", status=503)
    for priority, tries in (("live", 3), ("bulk", 7)):
        lever.calls.reset()
        slept.clear()
        with pytest.raises(Retryable):
            LeverClient(KEY, ROOT, limiter, priority=priority, sleep=slept.append).get_user("x")
        assert len(lever.calls) == tries
        assert all(0 <= pause <= 2.0**number for number, pause in enumerate(slept))


def test_a_wait_longer_than_the_budget_is_left_to_the_caller(client, lever, slept):
    lever.get(ROOT + "/users/x", status=503, headers={"Retry-After": "120"})
    with pytest.raises(Retryable) as caught:
        client.get_user("x")
    assert caught.value.retry_after == 120.0
    assert slept == []
    assert len(lever.calls) == 1


def test_the_wait_lever_asks_for_is_honoured(client, lever, slept):
    lever.get(ROOT + "/users/x", status=503, headers={"Retry-After": "4"})
    lever.get(ROOT + "/users/x", json={"data": {"id": "x"}})
    client.get_user("x")
    assert 4.0 <= slept[0] <= 5.0


def test_a_429_slows_the_shared_limiter(lever):
    limiter = RateLimiter()
    lever.post(ROOT + "/opportunities/o/notes", status=429, headers={"Retry-After": "0"})
    with pytest.raises(Retryable):
        LeverClient(KEY, ROOT, limiter).create_note("o", "x")
    assert limiter.rate < 6


def test_a_stale_page_token_is_an_error_of_its_own(client, lever):
    lever.get(
        ROOT + "/opportunities", status=400, json={"code": "BadRequestError", "message": "Invalid offset token: x"}
    )
    with pytest.raises(InvalidOffset):
        client.list_opportunities(offset="x")


def test_more_pages_without_a_token_is_an_error_not_the_end(client, lever):
    lever.get(ROOT + "/opportunities", json={"data": [], "hasNext": True})
    with pytest.raises(UnexpectedAnswer):
        client.list_opportunities()


def test_a_list_with_neither_has_next_nor_token_is_the_last_page(client, lever):
    lever.get(ROOT + "/stages", json={"data": [{"id": "s"}]})
    assert client.list_stages().next_offset is None


def test_rows_without_an_id_are_left_out_and_told(client, lever):
    lever.get(ROOT + "/stages", json={"data": [{"id": "s"}, {"text": "?"}, None, 3, {"id": "t"}]})
    page = client.list_stages()
    assert [stage.id for stage in page.data] == ["s", "t"]
    assert len(page.oddities) == 3
    assert set(page.oddities) == {
        "a record has no id, or one that is longer than any of Lever's", "expected a record, got NoneType",
        "expected a record, got int",
    }


def test_one_archive_reason_may_come_without_a_list(client, lever):
    lever.get(ROOT + "/archive_reasons", json={"data": {"id": "r", "text": "Hired", "type": "hired"}})
    assert [reason.is_hired for reason in client.list_archive_reasons(type="hired").data] == [True]


@pytest.mark.parametrize(
    "data",
    [
        {"noteId": "n"},
        {"id": "n"},
        {"noteId": "n", "id": "n", "fields": [{"value": "Hello"}]},
        {"data": {"noteId": "n"}},
        {"data": [{"id": "n"}]},
    ],
)
def test_the_id_of_a_note_is_found_in_every_answer_seen(client, lever, data):
    lever.post(ROOT + "/opportunities/o/notes", json={"data": data}, status=201)
    assert client.create_note("o", "Hello").id == "n"


@pytest.mark.parametrize("data", [{"id": "i"}, {"data": [{"id": "i"}]}, {"data": {"id": "i"}}, [{"id": "i"}]])
def test_the_id_of_an_interview_is_found_in_every_answer_seen(client, lever, data):
    call = WRITES[1]
    lever.post(call.url, json={"data": data}, status=201)
    assert call.do(client).id == "i"


# Redirects


def test_a_read_follows_a_redirect_on_the_same_server_only(client, lever):
    lever.get(ROOT + "/users/x", status=301, headers={"Location": "/v1/users/y"})
    lever.get(ROOT + "/users/y", json={"data": {"id": "y"}})
    assert client.get_user("x").id == "y"


@pytest.mark.parametrize("elsewhere", ["https://evil.test/v1/users/x", "http://lever.test/v1/users/x", "//evil.test/"])
def test_the_key_is_not_carried_elsewhere(client, lever, elsewhere):
    lever.get(ROOT + "/users/x", status=302, headers={"Location": elsewhere})
    with pytest.raises(Permanent):
        client.get_user("x")
    assert len(lever.calls) == 1


def test_a_redirect_in_circles_ends(client, lever):
    lever.get(ROOT + "/users/x", status=301, headers={"Location": "/v1/users/x"})
    with pytest.raises(Permanent):
        client.get_user("x")


@every_write
def test_a_redirected_write_did_not_happen(client, lever, call):
    answer(lever, call, status=301, headers={"Location": "/v1/elsewhere"})
    error = refused(call, client)
    assert isinstance(error, Permanent)
    assert len(lever.calls) == 1


# Real sockets


def test_a_note_whose_answer_was_lost_is_on_the_wire_once(limiter):
    with WireServer(reset, reply(json_answer("201 Created", b'{"data": {"noteId": "n"}}'))) as server:
        client = LeverClient(KEY, server.url + "/v1", limiter)
        with pytest.raises(UnknownOutcome):
            client.create_note("o", "Hello")
        assert len(server.requests) == 1
        client.close()


def test_a_note_to_a_server_that_is_down_may_be_sent_again(limiter):
    with WireServer() as server:
        url = server.url
    with pytest.raises(Retryable, match="could not be reached"):
        LeverClient(KEY, url + "/v1", limiter).create_note("o", "Hello")


def test_each_call_is_reported_with_its_endpoint_and_status(limiter, lever):
    heard = []
    lever.get(ROOT + "/users/x", status=503)
    lever.get(ROOT + "/users/x", json={"data": {"id": "x"}})
    client = LeverClient(
        KEY, ROOT, limiter, on_response=lambda *event: heard.append(event[:2]), sleep=lambda seconds: None
    )
    client.get_user("x")
    assert heard == [("get_user", 503), ("get_user", 200)]
