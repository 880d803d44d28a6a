"""Settings › Texting, as a super admin fills it in."""

from datetime import time as clock_time

import pytest
from responses import matchers

from grayscale.domain.company import texting_account
from grayscale.domain.texting import account, outbound
from grayscale.extensions import db
from grayscale.models import AuditEvent, ConsentPolicy, SendingNumber
from tests.page import Browser
from tests.texting.carrier import API, OURS, PUBLIC, SID, TOKEN, Carrier

PATH = "/settings/texting"
RULES = {
    "opens": "09:00", "closes": "20:00", "require_opt_out_line": "y", "unanswered_limit": "3",
    "consent": "any_valid_number", "allow_live_replies": "y", "carrier_handles_keywords": "y", "help_text": "",
    "state_windows": "",
}  # fmt: skip
ACCOUNT = {"account_sid": SID, "auth_token": TOKEN, "phone_number": OURS}


def stored() -> object:
    db.session.rollback()
    db.session.expire_all()
    return texting_account()


def test_the_form_has_the_promised_labels_and_defaults(as_ana: Browser) -> None:
    page = as_ana.get(PATH)
    assert page.status == 200
    for label in ("Account SID", "Auth token", "Phone number"):
        assert page.field(label).get("value", "") == ""
    assert page.field("Texting opens")["value"] == "09:00"
    assert page.field("Texting closes")["value"] == "20:00"
    assert page.field("Require opt-out line in first text").has_attr("checked")
    assert page.field("Unanswered texts in 24 hours")["value"] == "3"
    assert page.field("Consent").select_one("option[selected]")["value"] == "any_valid_number"
    assert [button.get_text(strip=True) for button in page.select("button")].count("Save") == 1


def test_three_fields_and_save_make_it_able_to_text(as_ana: Browser, carrier: Carrier) -> None:
    answer = as_ana.post(PATH, RULES | ACCOUNT)
    assert answer.status == 303
    assert account.is_connected()
    assert [number.e164 for number in account.numbers()] == [OURS]
    page = as_ana.get(PATH)
    assert page.field("Account SID")["value"] == SID
    assert page.field("Auth token")["value"] == ""
    assert TOKEN not in page.text
    assert "by Ana" in page.words


def test_an_empty_token_keeps_the_stored_one(as_ana: Browser, carrier: Carrier) -> None:
    as_ana.post(PATH, RULES | ACCOUNT)
    as_ana.post(PATH, RULES | ACCOUNT | {"auth_token": "", "unanswered_limit": "5"})
    assert stored().auth_token == TOKEN
    assert stored().unanswered_limit == 5


def test_a_replaced_token_is_accepted_on_webhooks_for_a_while(as_ana: Browser, carrier: Carrier) -> None:
    as_ana.post(PATH, RULES | ACCOUNT)
    as_ana.post(PATH, RULES | ACCOUNT | {"auth_token": "another-token"})
    assert account.signing_tokens() == ("another-token", TOKEN)


def test_removing_the_token_takes_an_explicit_choice(as_ana: Browser, carrier: Carrier) -> None:
    as_ana.post(PATH, RULES | ACCOUNT)
    as_ana.post(PATH, RULES | ACCOUNT | {"auth_token": "", "remove_auth_token": "y"})
    assert stored().auth_token is None
    assert account.signing_tokens() == ()


def test_one_bad_value_discards_none_of_the_good_ones(as_ana: Browser, carrier: Carrier) -> None:
    page = as_ana.post(PATH, RULES | ACCOUNT | {"unanswered_limit": "-4"})
    assert page.status == 422
    assert "from 0" in page.words
    assert page.field("Unanswered texts in 24 hours")["value"] == "-4"
    assert account.is_connected()
    assert stored().unanswered_limit == 3


def test_a_token_the_carrier_refuses_is_kept_and_said(as_ana: Browser) -> None:
    page = as_ana.post(PATH, RULES | ACCOUNT)
    assert page.status == 303
    assert account.is_connected()
    assert "not proven" in as_ana.get(PATH).words


def test_credentials_the_carrier_refuses_say_so_and_what_helps(as_ana: Browser, carrier: Carrier) -> None:
    carrier.mock.replace("GET", f"{API}.json", json={"code": 20003, "message": "Authenticate"}, status=401)
    as_ana.post(PATH, RULES | ACCOUNT)
    assert "Twilio refused the Account SID or the Auth token (401)" in as_ana.get(PATH).one("#toasts").get_text()


def test_a_refused_account_is_said_beside_a_bad_field_too_and_what_it_was_before(as_ana: Browser) -> None:
    as_ana.post(PATH, RULES | ACCOUNT)
    as_ana.get(PATH)
    page = as_ana.post(PATH, RULES | {"account_sid": "ACother", "auth_token": "another", "unanswered_limit": "-4"})
    assert page.status == 422
    assert "The account is saved, but not proven" in page.one("#toasts").get_text()
    event = db.session.scalars(db.select(AuditEvent).order_by(AuditEvent.id.desc())).first()
    assert event.detail == {"account": [SID, "ACother"], "token": "replaced"}


def test_the_policy_is_saved_as_typed(as_ana: Browser, carrier: Carrier) -> None:
    changed = RULES | {
        "opens": "08:30", "closes": "08:30", "unanswered_limit": "0", "consent": "recorded_consent",
        "state_windows": "TX mon-sat 10:00-18:00\nwa: sun 12:00-13:00",
    }  # fmt: skip
    changed.pop("require_opt_out_line")
    assert as_ana.post(PATH, changed).status == 303
    held = stored()
    assert (held.opens, held.closes) == (clock_time(8, 30), clock_time(8, 30))
    assert held.require_opt_out_line is False
    assert held.unanswered_limit == 0
    assert held.consent is ConsentPolicy.RECORDED_CONSENT
    assert held.state_windows["WA"] == {"sun": ["12:00", "13:00"]}
    assert "TX mon-sat 10:00-18:00" in as_ana.get(PATH).field("Hours by state").get_text()


@pytest.mark.parametrize("line", ["TX", "TX whenever", "TX mon 9-17", "Texas mon 09:00-17:00", "TX mon 25:00-26:00"])
def test_hours_that_cannot_be_read_name_the_line(as_ana: Browser, line: str) -> None:
    page = as_ana.post(PATH, RULES | {"state_windows": line})
    assert page.status == 422
    assert line in page.words


def test_a_changed_phone_number_is_what_new_conversations_use(as_ana: Browser, carrier: Carrier) -> None:
    as_ana.post(PATH, RULES | ACCOUNT)
    as_ana.post(PATH, RULES | ACCOUNT | {"auth_token": "", "phone_number": "(218) 555-0101"})
    assert account.number_for(None).e164 == "+12185550101"
    assert {number.e164 for number in account.numbers()} == {OURS, "+12185550101"}


def test_a_recruiter_may_not_open_or_save_it(as_jonas: Browser) -> None:
    assert as_jonas.get(PATH).status == 403
    assert as_jonas.post(PATH, RULES | ACCOUNT).status == 403
    assert not account.is_connected()


def test_the_account_alone_leaves_the_rules_as_they_are(as_ana: Browser, carrier: Carrier) -> None:
    as_ana.post(PATH, RULES | {"opens": "07:15", "unanswered_limit": "9", "state_windows": "WA sun 12:00-13:00"})
    assert as_ana.post(PATH, ACCOUNT).status == 303
    held = stored()
    assert account.is_connected()
    assert held.opens == clock_time(7, 15)
    assert held.require_opt_out_line is True
    assert held.unanswered_limit == 9
    assert held.state_windows == {"WA": {"sun": ["12:00", "13:00"]}}


def test_a_number_is_pointed_here_at_the_carrier_and_a_test_text_can_be_watched(
    as_ana: Browser, carrier: Carrier
) -> None:
    as_ana.post(PATH, RULES | ACCOUNT | {"closes": "09:00"})
    number = account.numbers()[0]
    carrier.mock.post(
        f"{carrier.url}/IncomingPhoneNumbers/PN1.json", json={"sid": "PN1", "phone_number": OURS},
        match=[
            matchers.urlencoded_params_matcher({"SmsUrl": f"{PUBLIC}/webhooks/twilio/inbound", "SmsMethod": "POST"})
        ],
    )  # fmt: skip
    as_ana.post(f"{PATH}/numbers/{number.id}/point-here")
    assert "here now" in as_ana.get(PATH).words
    sent = as_ana.post(f"{PATH}/test", {"number": "(218) 555-0142"})
    assert sent.status == 303
    assert sent.location.startswith("/inbox/")
    outbound.send_due()
    assert "test text" in carrier.bodies()[0]
    refused = as_ana.post(f"{PATH}/test", {"number": "12"})
    assert refused.status == 422
    assert refused.field("Send it to")["value"] == "12"


def test_a_number_waiting_for_its_registration_is_said_so_and_approved_with_one_click(
    as_ana: Browser, connected: SendingNumber
) -> None:
    as_ana.post(f"{PATH}/numbers", {"e164": OURS, "label": "Nurses", "user_id": "", "registration": "pending"})
    page = as_ana.get(PATH)
    assert "Waiting for approval" in page.one("#numbers tbody").text
    number = account.numbers()[0]
    as_ana.post(f"{PATH}/numbers/{number.id}/resume")
    assert "In use" in as_ana.get(PATH).one("#numbers tbody").text
    assert account.number_for(None).can_send
