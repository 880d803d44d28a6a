"""Nothing is changed by a form that is not ours."""

from flask import Flask

from tests.page import Browser
from tests.web.routes import path_of

# Signed or secret by themselves: from servers that know no token of ours, and from links only their holder knows.
WEBHOOKS = ("/webhooks/lever/", "/webhooks/twilio/", "/times/")
# Asked by the browser extension, which knows no token of ours either: what it carries in the request is the permission.
EXTENSION = ("/extension/token", "/extension/end", "/panel")


def test_the_extensions_requests_do_nothing_for_a_cookie(as_ana: Browser) -> None:
    for path in EXTENSION:
        assert as_ana.post(path, {"anything": "at all"}, check_csrf=True).status in (401, 403, 422), path
    assert as_ana.get("/account").status == 200


def test_every_post_without_the_pages_token_is_refused(app: Flask, as_ana: Browser) -> None:
    refused = 0
    for rule in app.url_map.iter_rules():
        if "POST" not in (rule.methods or ()) or rule.rule.startswith(WEBHOOKS) or rule.rule in EXTENSION:
            continue
        page = as_ana.post(path_of(rule), {"anything": "at all"}, check_csrf=True)
        assert page.status == 400, f"{rule} answered {page.status} to a form without a token"
        assert "out of date" in page.words
        refused += 1
    assert refused > 10


def test_a_form_with_the_pages_token_is_taken(as_ana: Browser) -> None:
    token = as_ana.get("/account").select("input[name=csrf_token]")[0]["value"]
    form = {"name": "Ana Maria", "time_zone": "", "enter_sends": "y", "theme": "", "csrf_token": token}
    page = as_ana.post("/account", form, check_csrf=True, headers={"Referer": "https://texting.test/account"})
    assert page.status == 303
    assert as_ana.get("/account").field("Name")["value"] == "Ana Maria"


def test_nothing_that_changes_anything_answers_to_get(app: Flask, as_ana: Browser) -> None:
    assert as_ana.get("/logout").status == 405
    for rule in app.url_map.iter_rules():
        if {"PUT", "DELETE", "PATCH"} & (rule.methods or set()):
            raise AssertionError(f"{rule}: forms know GET and POST only")
