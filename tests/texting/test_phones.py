"""Numbers as people write them, and where their owners may be."""

import random

import phonenumbers
import pytest

from grayscale.domain.texting import phones, plain_numbers


@pytest.mark.parametrize(
    "raw",
    ["(218) 555-0142", "218.555.0142", "+1 218 555 0142", "1-218-555-0142",
     "tel:+12185550142", "\u202a+12185550142\u202c"],
)
def test_a_number_is_read_however_it_is_written(raw: str) -> None:
    assert phones.parse(raw) == phones.Parsed("+12185550142")


def _near_real_numbers() -> list[tuple[str, str]]:
    """Of every country: examples of each kind of number, some with other digits at the end, as people write them."""
    chance = random.Random(7)
    found = []
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        code = phonenumbers.country_code_for_region(region)
        kinds = ("mobile", "fixed_line", "toll_free", "premium_rate", "voip", "pager", "uan", "personal_number")
        metadata = phonenumbers.PhoneMetadata.metadata_for_region(region, None)
        for kind in kinds:
            example = getattr(getattr(metadata, kind), "example_number", None)
            if example:
                kept = chance.randrange(len(example))
                changed = example[:kept] + "".join(chance.choices("0123456789", k=len(example) - kept))
                found += [(f"+{code}{example}", "US"), (f"+{code}{changed}", region)]
    for _ in range(300):
        area, office, line = chance.randrange(200, 1000), chance.randrange(1000), chance.randrange(10_000)
        written = chance.choice(["+1{}{}{}", "({}) {}-{}", "1-{}-{}-{}", "+1 ({}) {}-{}", "{}.{}.{}", "{}) {} {}"])
        raw = written.format(area, f"{office:03}", f"{line:04}")
        found.append((raw, chance.choice(["US", "CA", "GB"])))
    return found


def test_a_plain_number_is_read_as_the_library_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {(raw, region): plain_numbers.e164(raw, region) for raw, region in _near_real_numbers()}
    plain = {written: e164 for written, e164 in told.items() if e164 is not None}
    assert len(plain) > 300
    monkeypatch.setattr(plain_numbers, "e164", lambda raw, region: None)
    for (raw, region), e164 in plain.items():
        assert phones.parse(raw, region) == phones.Parsed(e164), (raw, region)


def test_the_region_is_for_numbers_without_a_country_code() -> None:
    assert phones.parse("07911 123456", "GB").e164 == "+447911123456"
    assert phones.parse("07911 123456", "US").e164 is None


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ("", "no phone number"),
        ("ask my mum", "not a phone number"),
        ("12345", "digits"),
        ("+1 555 123 4567", "no such phone number"),
        ("218-555-0142 ext. 7", "extension"),
        ("1-800-356-9377", "toll-free"),
        ("+44 20 7946 0958", "landline"),
        ("+1 876 555 0123", "abroad"),
    ],
)
def test_what_cannot_be_texted_says_why(raw: str, why: str) -> None:
    parsed = phones.parse(raw)
    assert not parsed.is_textable
    assert why in (parsed.not_textable or "")


def test_a_number_that_tells_no_place_may_be_anywhere_on_the_mainland() -> None:
    assert phones.zones("+12185550142") == ("America/Chicago",)
    assert phones.zones("+15005550006") == phones.CONTINENTAL
    assert phones.zones("32665") == ()


@pytest.mark.parametrize(
    ("location", "zone"),
    [
        ("Duluth, MN", "America/Chicago"),
        ("Duluth, MN 55802", "America/Chicago"),
        ("Minneapolis, Minnesota, United States", "America/Chicago"),
        ("London", "Europe/London"),
        ("London, ON", "America/Toronto"),
        ("Remote - Denver, CO", "America/Denver"),
        ("El Paso, TX", "America/Denver"),
        ("Austin, TX", "America/Chicago"),
        ("San Francisco Bay Area", "America/Los_Angeles"),
        ("São Paulo", "America/Sao_Paulo"),
        ("Washington, D.C.", "America/New_York"),
    ],
)
def test_a_sure_place_has_a_zone(location: str, zone: str) -> None:
    assert phones.place_zone(location) == zone


@pytest.mark.parametrize(
    "location", ["", "Remote", "Remote (US)", "Portland", "Springfield", "Paris, TX", "New York / London", "Berlin, DE"]
)
def test_a_place_that_could_be_two_has_none(location: str) -> None:
    assert phones.place_zone(location) is None
