"""How many segments a text costs, exactly as the carrier counts them.

A text is GSM-7 when every character is in the alphabet or its extension table, else UCS-2 as a whole. One segment
holds 160 septets or 70 UTF-16 units; once split, 153 or 67, because each part carries a header. A two-unit character
(extension pair, surrogate pair) never straddles two parts. Source: 3GPP TS 23.038 and 23.040.
"""

from dataclasses import dataclass

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("\f^{}\\[~]|€")
SINGLE = {"GSM-7": 160, "UCS-2": 70}
SPLIT = {"GSM-7": 153, "UCS-2": 67}
# The carrier's limit for one text, in characters.
LONGEST = 1600

# Punctuation and blanks that force UCS-2 and have a twin that does not. No letters: a name keeps its spelling.
LOOKALIKES = {
    "‘": "'", "’": "'", "‚": "'", "‛": "'", "′": "'", "`": "'", "´": "'",
    "“": '"', "”": '"', "„": '"', "‟": '"', "″": '"', "«": '"', "»": '"',
    "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "―": "-", "−": "-",
    "…": "...", "•": "-", "·": "-",
    "\u00a0": " ", "\u2002": " ", "\u2003": " ", "\u2007": " ", "\u2009": " ", "\u202f": " ", "\t": " ",
    "\u00ad": "", "\u200b": "", "\u2060": "", "\ufeff": "",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Segments:
    """*units* are septets or UTF-16 units as *encoding* says; *left* is what still fits into the last part."""

    encoding: str
    characters: int
    units: int
    parts: int
    left: int
    # Characters that force UCS-2, each once, in order of appearance.
    forced_by: tuple[str, ...] = ()


def count(text: str) -> Segments:
    """The cost of *text*; no parts for an empty one."""
    outside = tuple(dict.fromkeys(character for character in text if character not in BASIC | EXTENSION))
    encoding = "UCS-2" if outside else "GSM-7"
    sizes = [_size(character, encoding) for character in text]
    units = sum(sizes)
    if units <= SINGLE[encoding]:
        return Segments(encoding, len(text), units, 1 if text else 0, SINGLE[encoding] - units, outside)
    parts, used = _pack(sizes, SPLIT[encoding])
    return Segments(encoding, len(text), units, parts, SPLIT[encoding] - used, outside)


def plain(text: str) -> str:
    """*text* with look-alike punctuation and blanks swapped for what GSM-7 has."""
    return "".join(LOOKALIKES.get(character, character) for character in text)


def _size(character: str, encoding: str) -> int:
    if encoding == "UCS-2":
        return 2 if ord(character) > 0xFFFF else 1
    return 2 if character in EXTENSION else 1


def _pack(sizes: list[int], room: int) -> tuple[int, int]:
    """Parts needed, and the units used of the last one."""
    parts, used = 1, 0
    for size in sizes:
        if used + size > room:
            parts, used = parts + 1, 0
        used += size
    return parts, used
