"""Phone numbers: which can be texted, and in which time zones their owners may be."""

from dataclasses import dataclass

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberType
from phonenumbers.timezone import time_zones_for_number

from grayscale.domain.texting import plain_numbers
from grayscale.domain.texting.places import STATE_OF_AREA_CODE, place_state, place_zone

__all__ = ["CONTINENTAL", "Parsed", "national", "parse", "place_state", "place_zone", "state", "zones"]

# A US number that could be anywhere: the zones of the mainland.
CONTINENTAL = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
)
# +1 is more than twenty countries; a text to the others is an expensive international one.
NORTH_AMERICA = frozenset({"US", "CA", "PR", "VI", "GU", "AS", "MP"})
# The library names all zones of a country code when a number's place says nothing.
_TELLS_NOTHING = 12

_REFUSED = {
    PhoneNumberType.TOLL_FREE: "This is a toll-free number, which cannot receive texts.",
    PhoneNumberType.PREMIUM_RATE: "This is a premium-rate number.",
    PhoneNumberType.SHARED_COST: "This is a shared-cost number, which cannot receive texts.",
    PhoneNumberType.UAN: "This is a company's service number, which cannot receive texts.",
    PhoneNumberType.VOICEMAIL: "This is a voicemail number.",
    PhoneNumberType.PAGER: "This is a pager's number.",
    PhoneNumberType.FIXED_LINE: "This is a landline, which cannot receive texts.",
}

_home_of_area: dict[int, str | None] = {}


@dataclass(frozen=True, slots=True)
class Parsed:
    """*e164* is None when the text is no phone number; *not_textable* says why it cannot be texted, None if it can."""

    e164: str | None
    not_textable: str | None = None

    @property
    def is_textable(self) -> bool:
        return self.e164 is not None and self.not_textable is None


def parse(raw: str, region: str = "US") -> Parsed:
    """Read *raw* as people write numbers; *region* (ISO 3166-1 alpha-2) is for numbers without a country code."""
    if not raw.strip():
        return Parsed(None, "There is no phone number.")
    plain = plain_numbers.e164(raw, region)
    return _judged(raw, region) if plain is None else Parsed(plain)


def _judged(raw: str, region: str) -> Parsed:
    try:
        number = phonenumbers.parse(raw, region or "US")
    except NumberParseException:
        return Parsed(None, "This is not a phone number.")
    if number.extension:
        return Parsed(None, "This number has an extension, which cannot be texted.")
    # The same as is_valid_number, whose work would be done twice.
    kind = phonenumbers.number_type(number)
    if kind == PhoneNumberType.UNKNOWN:
        if not phonenumbers.is_possible_number(number):
            return Parsed(None, "This number has too many or too few digits.")
        return Parsed(None, "There is no such phone number.")
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    refused = _REFUSED.get(kind)
    if refused is None and number.country_code == 1:
        home = _home(number)
        if home is not None and home not in NORTH_AMERICA and home != region:
            refused = "This is a number abroad although it begins with +1; texting it is not enabled."
    return Parsed(e164, refused)


def _home(number: PhoneNumber) -> str | None:
    """The country of a +1 number that may be texted; there the area code tells it."""
    area = (number.national_number or 0) // 10**7
    if area not in _home_of_area:
        _home_of_area[area] = phonenumbers.region_code_for_number(number)
    return _home_of_area[area]


def from_carrier(raw: str, longest: int = 20) -> str:
    """A number as the carrier names it, in E.164 where it is one; short codes and names stay as they are."""
    text = raw.strip()
    digits = "".join(filter(str.isdigit, text))
    if not text.startswith("+") and len(digits) > 10:
        text = f"+{digits}"
    if len(digits) < 10:
        return raw[:longest]
    return (parse(text).e164 or raw)[:longest]


def zones(e164: str) -> tuple[str, ...]:
    """Time zones the owner of *e164* may be in; none when the number tells nothing."""
    try:
        number = phonenumbers.parse(e164)
    except NumberParseException:
        return ()
    found = tuple(zone for zone in time_zones_for_number(number) if zone != "Etc/Unknown")
    if number.country_code == 1 and (not found or len(found) > _TELLS_NOTHING):
        return CONTINENTAL
    return found


def state(e164: str) -> str | None:
    """The US state *e164* was issued in, as far as texting hours differ there."""
    return STATE_OF_AREA_CODE.get(e164[2:5]) if e164.startswith("+1") and len(e164) == 12 else None


def national(e164: str) -> str:
    """*e164* as its own country writes it, with the country code; unchanged if it is no phone number."""
    try:
        number = phonenumbers.parse(e164)
    except NumberParseException:
        return e164
    if number.country_code == 1:
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
