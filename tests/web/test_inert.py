"""What outsiders write stays text wherever it is shown, named or logged; what they send stays within its limits."""

import json

import pytest
from flask import Flask

from grayscale import create_app
from grayscale.extensions import db
from grayscale.models import AuditEvent, Media, MediaState, User
from tests import factories
from tests.conftest import make_config
from tests.page import Browser

HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7 * 7 }}\r\nSet-Cookie: a=b\u202e"


def test_names_texts_and_files_of_candidates_are_shown_as_text(as_ana: Browser, ana: User) -> None:
    posting = factories.posting(title=HOSTILE)
    person = factories.candidate(name=HOSTILE)
    opportunity = factories.opportunity(person, posting_lever_id=posting.lever_id)
    thread = factories.conversation(person, opportunity_id=opportunity.id)
    message = factories.message(thread, body=HOSTILE)
    medium = factories.add(Media(
        message_id=message.id, state=MediaState.STORED, content=b"%PDF-1.7", size=8, content_type="application/pdf",
        file_name=HOSTILE,
    ))  # fmt: skip
    pages = (
        "/inbox?view=all", f"/inbox/{thread.id}", "/inbox?q=script", "/candidates", "/candidates?q=alert",
        f"/inbox/messages/{message.id}/trace", f"/notes/conversations/{thread.id}", "/notes?state=coming",
        f"/lever/{opportunity.lever_id}",
    )  # fmt: skip
    shown = 0
    for path in pages:
        # Each page is held to having no handler and no script without this answer's nonce.
        page = as_ana.get(path)
        assert page.status in (200, 302), path
        assert not page.select("img[src=x]"), path
        assert "alert(1)" not in "".join(script.get_text() for script in page.select("script")), path
        shown += "<script>alert(1)</script>" in page.soup.get_text()
    assert shown >= 5
    served = as_ana.get(f"/media/{medium.id}")
    disposition = served.headers["Content-Disposition"]
    assert served.status == 200
    assert "Set-Cookie" not in dict(served.headers)
    assert "<" not in disposition
    assert disposition.startswith("attachment")


def test_no_line_of_the_log_is_forged(client: Browser, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    client.fetch("GET", "/no-such\r\nlevel=error event=forged", headers={"X-Request-ID": "x\tlevel=error event=forged"})
    client.fetch("POST", "/login", data={"email": "a\r\nlevel=error event=forged", "password": "x"})
    written = capsys.readouterr()
    assert "forged" not in written.out + written.err


def test_bodies_beyond_their_limit_are_refused(client: Browser) -> None:
    form = {"content_type": "application/x-www-form-urlencoded"}
    assert client.fetch("POST", "/login", data=b"x" * (17 * 1024 * 1024), **form).status_code == 413


@pytest.mark.parametrize(("proxies", "address"), [(0, "127.0.0.1"), (1, "203.0.113.9"), (2, "198.51.100.1")])
def test_only_trusted_proxies_say_where_somebody_is(sqlite_url: str, proxies: int, address: str) -> None:
    app: Flask = create_app(make_config(sqlite_url, trusted_proxies=proxies))
    with app.app_context():
        user = factories.user(email="jonas@harbor.example")
        forged = {"X-Forwarded-For": "6.6.6.6, 198.51.100.1, 203.0.113.9", "X-Forwarded-Host": "evil.example"}
        answer = Browser(app, user).get("/settings/users", headers=forged)
        assert answer.status == 403
        Browser(app).post("/login", {"email": user.email, "password": "wrong password"}, headers=forged)
        line = db.session.scalars(db.select(AuditEvent).where(AuditEvent.action == "user.sign_in_refused")).one()
        assert line.address == address
        redirected = Browser(app).get("/inbox", headers=forged).location
        assert "evil" not in json.dumps(redirected)
        db.session.remove()
        db.engine.dispose()
