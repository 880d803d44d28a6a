"""What is compressed, what is not, and why that tells nobody a secret."""

import gzip
from pathlib import Path
from urllib.parse import urlsplit

import brotli
import pytest
from werkzeug.test import TestResponse

from grayscale.csrf import mask, unmask
from grayscale.web.bundles import BUNDLES
from tests.page import Browser

ACCEPTS = {"Accept-Encoding": "gzip, deflate, br"}
GZIP = {"Accept-Encoding": "gzip"}
# All that a page may weigh with the headers of its answers, on a first visit and on any other.
# The rest of the 100 kB is for the lines of a full list and thread.
FIRST_VISIT_BYTES = 64_500
LATER_VISIT_BYTES = 20_000


def test_a_page_and_its_files_come_compressed(as_jonas: Browser) -> None:
    page = as_jonas.client.get("/inbox", headers=ACCEPTS, base_url="https://texting.test")
    assert page.headers["Content-Encoding"] == "br"
    assert "Accept-Encoding" in page.headers["Vary"]
    assert b"<h1" in brotli.decompress(page.data)
    older = as_jonas.client.get("/inbox", headers=GZIP, base_url="https://texting.test")
    assert b"<h1" in gzip.decompress(older.data)
    assert "Content-Encoding" not in as_jonas.get("/inbox").headers
    linked = as_jonas.get("/inbox").select("script[src], link[href]")
    addresses = {element.get("src") or element.get("href") for element in linked}
    addresses |= {"/static/icons.svg"}
    weight = weight_of(page)
    for address in addresses:
        answer = as_jonas.client.get(address, headers=ACCEPTS, base_url="https://texting.test")
        again = as_jonas.client.get(address, headers=ACCEPTS, base_url="https://texting.test")
        assert answer.status_code == 200
        assert answer.headers["Content-Encoding"] == "br"
        assert again.data == answer.data
        assert "immutable" in answer.headers["Cache-Control"]
        assert "max-age=31536000" in answer.headers["Cache-Control"]
        weight += weight_of(answer)
    bundles = {Path(urlsplit(address).path).name for address in addresses}
    assert bundles >= {"base.css", "base.js", "inbox.css", "inbox.js"}
    assert weight < FIRST_VISIT_BYTES
    assert weight_of(page) < LATER_VISIT_BYTES


def test_no_line_of_a_script_lies_within_a_string() -> None:
    """Bundles leave out the lines that are comments: a template over several lines could hold one."""
    for name in sorted(name for names in BUNDLES.values() for name in names if name.startswith("js/")):
        for line in Path("static", name).read_text().splitlines():
            assert line.count("`") % 2 == 0, f"{name}: {line}"


def weight_of(answer: TestResponse) -> int:
    return len(answer.data) + sum(len(f"{name}: {value}\r\n") for name, value in answer.headers)


@pytest.mark.parametrize("path", ["/static/js/start.js", "/static/bundles/inbox.js"])
def test_a_file_reaches_whoever_takes_it_only_plain(as_jonas: Browser, path: str) -> None:
    well, older, plain = (
        as_jonas.client.get(path, headers=headers, base_url="https://texting.test") for headers in (ACCEPTS, GZIP, {})
    )
    assert "Content-Encoding" not in plain.headers
    assert brotli.decompress(well.data) == gzip.decompress(older.data) == plain.data
    assert len({answer.headers["ETag"] for answer in (well, older, plain)}) == 3
    plain.close()
    known = {"If-None-Match": plain.headers["ETag"]}
    again = as_jonas.client.get(path, headers=known, base_url="https://texting.test")
    assert again.status_code == 304
    again.close()


@pytest.mark.parametrize("path", ["/settings/ats/lever", "/settings/ats/lever/edit", "/account", "/settings/users"])
def test_pages_with_secrets_are_sent_as_they_are(as_ana: Browser, path: str) -> None:
    answer = as_ana.client.get(path, headers=ACCEPTS, base_url="https://texting.test")
    assert answer.status_code == 200
    assert "Content-Encoding" not in answer.headers


def test_the_token_is_another_one_in_every_answer(as_jonas: Browser) -> None:
    tokens = [as_jonas.get("/account").select("input[name=csrf_token]")[0]["value"] for _ in range(2)]
    assert tokens[0] != tokens[1]
    # The signed value begins alike in all of a session; under the mask nothing does.
    assert tokens[0][:12] != tokens[1][:12]
    for token in tokens:
        form = {"name": "Jonas Rehn", "time_zone": "", "enter_sends": "y", "theme": "", "csrf_token": token}
        headers = {"Referer": "https://texting.test/account"}
        assert as_jonas.post("/account", form, headers=headers, check_csrf=True).status in (200, 302, 303)


@pytest.mark.parametrize("odd", ["~", "~abc", "~ü", "~" + "A" * 7, "plain", ""])
def test_an_odd_token_is_refused_not_an_error(as_jonas: Browser, odd: str) -> None:
    headers = {"Referer": "https://texting.test/account"}
    assert as_jonas.post("/account", {"csrf_token": odd}, headers=headers, check_csrf=True).status == 400


def test_a_mask_comes_off() -> None:
    assert unmask(mask("a.token-with_signs")) == "a.token-with_signs"
    assert mask("same") != mask("same")
