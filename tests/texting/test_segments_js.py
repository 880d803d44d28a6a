"""The composer's live count and the stored one are the same."""

import random

import pytest

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


@pytest.mark.browser
def test_browser_and_server_count_alike() -> None:
    texts = bodies()
    page = shared_browser().new_page()
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
    page.close()
    ours = [segments.count(text) for text in texts]
    assert counted == [[cost.encoding, cost.units, cost.parts, cost.left] for cost in ours]
    assert swapped == 'It\'s "fine" - see you at nine, ' * 3
