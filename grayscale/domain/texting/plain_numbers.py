"""Numbers that can be texted as plainly as most are written, told by two patterns.

``phonenumbers`` asks some thirty of them of every number, and a first sync reads tens of thousands. The patterns are
the library's own, put together once a country: whatever they do not clearly say yes to is the library's to judge.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata
from phonenumbers.phonemetadata import PhoneNumberDesc

_PLAIN = re.compile(r"\+[1-9][0-9]{6,14}")
# As the United States and Canada write their own.
_AMERICAN = re.compile(r"(?:\+?1[ .-]?)?\(?([2-9][0-9]{2})\)?[ .-]?([0-9]{3})[ .-]?([0-9]{4})")
_AMERICANS = ("US", "CA")
_LONGEST_CODE = 3


def e164(raw: str, region: str) -> str | None:
    """*raw* in E.164 if it is a valid number of a mobile, or of a country that does not tell those apart.

    *region* is for numbers without a country code. None says nothing about the number.
    """
    if _PLAIN.fullmatch(raw):
        plain = raw
    elif region in _AMERICANS and (found := _AMERICAN.fullmatch(raw)):
        plain = "+1" + "".join(found.groups())
    else:
        return None
    for end in range(2, _LONGEST_CODE + 2):
        code = int(plain[1:end])
        if code in COUNTRY_CODE_TO_REGION_CODE:
            mobiles = _mobiles(code)
            return plain if mobiles is not None and mobiles.has(plain[end:]) else None
    return None


@dataclass(frozen=True, slots=True)
class _Mobiles:
    lengths: frozenset[int]
    pattern: re.Pattern[str]

    def has(self, national: str) -> bool:
        return len(national) in self.lengths and self.pattern.fullmatch(national) is not None


@cache
def _mobiles(country_code: int) -> _Mobiles | None:
    """Of the country that has the code, the first of those that share it: what fits it is never another's number."""
    main = PhoneMetadata.metadata_for_region(COUNTRY_CODE_TO_REGION_CODE[country_code][0], None)
    if main is None or main.leading_digits is not None:
        return None
    general = main.general_desc
    mobile = main.fixed_line if main.same_mobile_and_fixed_line_pattern else main.mobile
    if general is None or mobile is None or not _pattern(general) or not _pattern(mobile):
        return None
    kinds = (
        main.premium_rate, main.toll_free, main.shared_cost, main.voip, main.personal_number, main.pager, main.uan,
        main.voicemail,
    )
    others = "|".join(filter(None, map(_pattern, kinds))) or "none"
    # What might be a prefix for calls at home, or begins with zero, is not plain.
    prefix = main.national_prefix_for_parsing or "0"
    pattern = f"(?!0|{prefix})(?!(?:{others})$)(?=(?:{_pattern(general)})$)(?:{_pattern(mobile)})"
    lengths = frozenset(general.possible_length) & frozenset(mobile.possible_length or general.possible_length)
    return _Mobiles(lengths, re.compile(pattern))


def _pattern(kind: PhoneNumberDesc | None) -> str:
    return (kind.national_number_pattern or "") if kind is not None else ""
