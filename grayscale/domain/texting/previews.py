"""The small picture of a thread in place of the one that came: a few kilobytes, and a size known before it is there."""

import warnings
from dataclasses import dataclass
from io import BytesIO

from grayscale.models import Media

FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
# The box a thread shows a picture in, in CSS pixels, and what is made for it: sharp on most screens, small on all.
SHOWN = 260
MADE = 320
# A JPEG is read at a fraction of its size; the others are unpacked whole, four bytes a dot, and wait their turn in the
# memory of the one process.
MOST_DOTS = {"JPEG": 120_000_000, "PNG": 16_000_000, "GIF": 16_000_000, "WEBP": 16_000_000}


@dataclass(frozen=True, slots=True)
class Preview:
    """What a picture looks like: its size as it is looked at, in dots, and a small WebP where that is lighter."""

    width: int
    height: int
    content: bytes | None


def of(picture: bytes) -> Preview | None:
    """Make one; None for what is no picture, is damaged, or is too large to be opened."""
    # Only here: whoever never gets a picture does without its memory.
    from PIL import Image, ImageOps  # noqa: PLC0415

    try:
        with warnings.catch_warnings(), Image.open(BytesIO(picture), formats=FORMATS) as image:
            # The bounds are ours, per format.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            width, height = image.size
            if image.getexif().get(0x0112, 1) >= 5:
                width, height = height, width
            if image.width * image.height > MOST_DOTS[image.format or ""]:
                return Preview(width, height, None)
            image.draft("RGB", (MADE, MADE))
            small = ImageOps.exif_transpose(image)
            small.thumbnail((MADE, MADE))
            if small.mode not in ("RGB", "RGBA"):
                small = small.convert("RGBA" if small.has_transparency_data else "RGB")
            made = BytesIO()
            small.save(made, "WEBP", quality=60)
    except Exception:  # whatever a stranger's bytes do to a decoder, the picture itself is still there
        return None
    content = made.getvalue()
    return Preview(width, height, content if len(content) < len(picture) else None)


def kept(medium: Media) -> Preview | None:
    """The one that was made for *medium*."""
    if medium.width is None or medium.height is None:
        return None
    return Preview(medium.width, medium.height, medium.preview)


def shown_size(width: int | None, height: int | None) -> tuple[int, int]:
    """Width and height a thread shows a picture of that size in, in CSS pixels; a usual one where it is not known."""
    if not width or not height:
        return SHOWN, SHOWN * 3 // 4
    scale = min(1, SHOWN / width, SHOWN / height)
    return max(1, round(width * scale)), max(1, round(height * scale))
