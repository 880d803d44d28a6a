"""What the composer works out while one types is what the server works out after."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page

from grayscale.domain.texting import segments
from tests.chromium import shared_browser
from tests.conftest import ROOT

ALPHABET = "abcdefgh XYZ 0123 @£éàñÜ \n €{}[]~\\^| ’“–…\u00a0 íçêÁ 🙂👩‍👧🇺🇸 中文"


def bodies() -> list[str]:
    """Random texts around every border, in both alphabets."""
    dice = random.Random(5)
    plain = "".join(character for character in ALPHABET if character in segments.BASIC | segments.EXTENSION)
    lengths = [0, 1, 69, 70, 71, 134, 135, 152, 153, 159, 160, 161, 306, 307, 460, 700]
    return [
        "".join(dice.choice(alphabet) for _ in range(length)).strip()
        for alphabet in (ALPHABET, plain, "a€", "í🙂")
        for length in lengths
        for _ in range(4)
    ]


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    page = shared_browser().new_page()
    yield page
    page.close()


@pytest.mark.browser
def test_browser_and_server_read_a_minute_alike_where_clocks_change(page: Page) -> None:
    page.set_content(
        '<input id="at" data-when><select id="at-clock" data-mine="Europe/Berlin" data-theirs="America/New_York">'
        '<option value="theirs"><option value="mine"></select><p id="at-other"></p>'
    )
    page.add_script_tag(path=ROOT / "static" / "js" / "inbox" / "when.js")
    for whose, minute in [
        ("theirs", "2027-03-14T02:30"), ("theirs", "2027-11-07T01:30"), ("theirs", "2027-06-01T20:00"),
        ("mine", "2027-10-31T02:30"), ("mine", "2027-03-28T02:15"),
    ]:  # fmt: skip
        page.locator("#at-clock").select_option(whose)
        page.locator("#at").fill(minute)
        mine, theirs = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
        typed, other = (theirs, mine) if whose == "theirs" else (mine, theirs)
        shown = datetime.fromisoformat(minute).replace(tzinfo=typed).astimezone(UTC).astimezone(other)
        words = page.locator("#at-other").inner_text()
        assert f"{shown:%H:%M}" in words
        assert (f"{shown:%b} {shown.day}" in words) == (f"{shown:%Y-%m-%d}" != minute[:10])


@pytest.mark.browser
def test_browser_and_server_count_alike(page: Page) -> None:
    texts = bodies()
    page.set_content('<textarea id="body"></textarea><span data-count-for="body"></span>')
    page.add_script_tag(path=ROOT / "static" / "js" / "segments.js")
    counted = page.evaluate(
        """texts => {
          const area = document.getElementById("body"), found = [];
          document.addEventListener("segments:changed", event => found.push(event.detail));
          for (const text of texts) {
            area.value = text;
            area.dispatchEvent(new Event("input", {bubbles: true}));
          }
          return found.map(cost => [cost.encoding, cost.units, cost.parts, cost.left]);
        }""",
        texts,
    )
    page.fill("#body", "It’s “fine” – see you at nine, " * 3)
    page.get_by_role("button").click()
    swapped = page.input_value("#body")
    ours = [segments.count(text) for text in texts]
    assert counted == [[cost.encoding, cost.units, cost.parts, cost.left] for cost in ours]
    assert swapped == 'It\'s "fine" - see you at nine, ' * 3
