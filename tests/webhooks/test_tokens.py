"""Saving, replacing and removing what webhooks are held against."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, text

from grayscale import clock
from grayscale.domain.errors import Invalid
from grayscale.domain.lever import tokens
from grayscale.extensions import db
from grayscale.models import AuditEvent, LeverEvent, User
from tests.webhooks import lever
from tests.webhooks.lever import body, send

HIRED = LeverEvent.HIRED


def hired(app: Flask, token: str) -> int:
    return send(app, body("candidateHired", signed_with=token)).status_code


def test_a_saved_token_counts_at_once(connected: Flask, ana: User) -> None:
    lever.set_token(HIRED, None)
    assert hired(connected, "first") == 409
    assert tokens.save(HIRED, "  first\n", ana) is True
    assert hired(connected, "first") == 200
    row = lever.webhook(HIRED)
    assert (row.set_by_id, row.previous_token) == (ana.id, None)


def test_replacing_one_loses_no_event_until_the_overlap_ends(connected: Flask, ana: User) -> None:
    assert hired(connected, lever.TOKEN) == 200
    tokens.save(HIRED, "second", ana)
    assert (hired(connected, lever.TOKEN), hired(connected, "second")) == (200, 200)
    tokens.end_overlap(HIRED, ana)
    assert (hired(connected, lever.TOKEN), hired(connected, "second")) == (401, 200)


def test_one_that_never_fitted_an_event_is_dropped_at_once(connected: Flask, ana: User) -> None:
    tokens.save(HIRED, "short", ana)
    assert hired(connected, "right") == 401
    tokens.save(HIRED, "right", ana)
    assert (hired(connected, "short"), hired(connected, "right")) == (401, 200)


def test_a_slip_between_two_good_ones_does_not_end_the_overlap_of_the_first(connected: Flask, ana: User) -> None:
    assert hired(connected, lever.TOKEN) == 200
    tokens.save(HIRED, "short", ana)
    assert hired(connected, lever.TOKEN) == 200
    tokens.save(HIRED, "right", ana)
    assert (hired(connected, lever.TOKEN), hired(connected, "short"), hired(connected, "right")) == (200, 401, 200)


def test_the_overlap_ends_by_itself(connected: Flask, ana: User) -> None:
    hired(connected, lever.TOKEN)
    tokens.save(HIRED, "second", ana)
    with time_machine.travel(clock.now() + tokens.OVERLAP + timedelta(minutes=1)):
        connected.extensions.pop("grayscale.lever_signing", None)
        assert (hired(connected, lever.TOKEN), hired(connected, "second")) == (401, 200)


def test_saving_the_same_again_changes_nothing(connected: Flask, ana: User) -> None:
    assert tokens.save(HIRED, lever.TOKEN, ana) is False
    assert lever.webhook(HIRED).previous_token is None


def test_a_new_token_starts_with_a_clean_record(connected: Flask, ana: User) -> None:
    hired(connected, "wrong")
    assert lever.webhook(HIRED).failing_count == 1
    tokens.save(HIRED, "wrong", ana)
    assert (lever.webhook(HIRED).failing_count, lever.webhook(HIRED).failing_since) == (0, None)


def test_removing_one_takes_the_previous_with_it(connected: Flask, ana: User) -> None:
    tokens.save(HIRED, "second", ana)
    tokens.remove(HIRED, ana)
    assert (hired(connected, lever.TOKEN), hired(connected, "second")) == (409, 409)


@pytest.mark.parametrize("raw", ["", "   ", "two words", "tab\tbetween", "ключ", "x" * 501, "a\x00b",
                                 "https://hooks.example/x", "<b>token</b>"])
def test_what_cannot_be_a_token_is_refused(connected: Flask, ana: User, raw: str) -> None:
    with pytest.raises(Invalid) as refused:
        tokens.save(HIRED, raw, ana)
    assert refused.value.field == "candidateHired"
    assert hired(connected, lever.TOKEN) == 200


def test_rotating_the_url_keeps_the_old_one_for_a_while(connected: Flask, ana: User) -> None:
    old = tokens.webhook_url()
    assert old == f"https://texting.test/webhooks/lever/{lever.KEY}"
    tokens.rotate_webhook_key(ana)
    new_key = tokens.webhook_url().rsplit("/", 1)[1]
    assert len(new_key) >= 32
    assert send(connected, body(), key=lever.KEY).status_code == 200
    assert send(connected, body(), key=new_key).status_code == 200
    tokens.end_key_overlap(ana)
    assert send(connected, body(), key=lever.KEY).status_code == 404
    assert send(connected, body(), key=new_key).status_code == 200


def test_making_two_new_urls_leaves_the_one_lever_uses(connected: Flask, ana: User) -> None:
    for _ in range(2):
        tokens.rotate_webhook_key(ana)
        assert send(connected, body(), key=lever.KEY).status_code == 200
    tokens.end_key_overlap(ana)
    assert send(connected, body(), key=lever.KEY).status_code == 404


def test_all_of_it_is_audited_and_nothing_of_it_readable(connected: Flask, ana: User) -> None:
    hired(connected, lever.TOKEN)
    tokens.save(HIRED, "very-secret-token", ana)
    tokens.end_overlap(HIRED, ana)
    tokens.remove(HIRED, ana)
    tokens.rotate_webhook_key(ana)
    tokens.end_key_overlap(ana)
    lines = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
    assert [line.action for line in lines] == [
        "lever.token_saved", "lever.token_overlap_ended", "lever.token_removed", "lever.webhook_key_rotated",
        "lever.webhook_key_overlap_ended",
    ]  # fmt: skip
    assert {line.user_id for line in lines} == {ana.id}
    tokens.save(HIRED, "very-secret-token", ana)
    stored = db.session.scalar(text("SELECT token FROM webhook_token WHERE event = 'candidateHired'"))
    assert "very-secret-token" not in stored
