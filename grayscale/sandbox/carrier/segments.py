"""How many parts a text goes out in: GSM-7 or UCS-2, greedy, no character torn in two."""

from __future__ import annotations

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghij"
    "klmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€\f")


def count(text: str) -> int:
    """Parts of a text; an empty one (pictures only) is one."""
    gsm = all(c in _BASIC or c in _EXTENDED for c in text)
    sizes = [2 if (c in _EXTENDED if gsm else ord(c) > 0xFFFF) else 1 for c in text]
    single, part = (160, 153) if gsm else (70, 67)
    if sum(sizes) <= single:
        return 1
    parts, used = 1, 0
    for size in sizes:
        if used + size > part:
            parts, used = parts + 1, 0
        used += size
    return parts
