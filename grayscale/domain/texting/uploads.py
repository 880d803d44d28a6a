"""Pictures and files: what they are by their first bytes, and what may be sent."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from grayscale.domain.errors import Invalid
from grayscale.domain.texting import previews
from grayscale.domain.texting.previews import Preview

# The carrier's limits for one text.
MOST_FILES = 10
MOST_BYTES = 5 * 1024 * 1024
SENDABLE = frozenset({"image/jpeg", "image/png", "image/gif"})
# Shown inside the page; everything else is only downloaded.
SHOWN = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
# What a refused file is, and what helps.
NOT_A_PICTURE = "is not a JPEG, PNG or GIF picture. Send a screenshot of it, or a link to it."
HELPS = {
    "image/heic": "is a HEIC photo, which a text cannot carry. Send a screenshot instead, or on the iPhone choose"
    " Settings › Camera › Formats › Most Compatible and take it again."
}

_MAGIC = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"BEGIN:VCARD", "text/vcard"),
    (b"PK\x03\x04", "application/zip"),
    (b"#!AMR", "audio/amr"),
    (b"ID3", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/msword"),
    (b"{\\rtf", "application/rtf"),
)
_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to send with a text."""

    file_name: str
    content_type: str
    content: bytes
    preview: Preview | None = None


def sniff(content: bytes, claimed: str = "") -> str | None:
    """The type of *content* by what it begins with; None for a kind that is not accepted. *claimed* only refines."""
    found = next((kind for magic, kind in _MAGIC if content.startswith(magic)), None)
    if found is None and content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        found = "image/webp"
    if found is None and content[4:8] == b"ftyp":
        brand = content[8:12]
        found = "image/heic" if brand in (b"heic", b"heix", b"mif1", b"heif") else "video/mp4"
        if brand.startswith(b"3g"):
            found = "video/3gpp"
    if found == "application/zip" and claimed == _DOCX:
        return _DOCX
    return None if found == "application/zip" else found


def check(files: Iterable[tuple[str, bytes]]) -> list[Upload]:
    """Files chosen in the composer, checked. Raises ``Invalid``."""
    uploads: list[Upload] = []
    for name, content in files:
        kind = sniff(content)
        if kind not in SENDABLE:
            raise Invalid(f"{name or 'The file'} {HELPS.get(kind or '', NOT_A_PICTURE)}", "media")
        uploads.append(Upload(name[:200], kind, content))
    if len(uploads) > MOST_FILES:
        raise Invalid(f"A text takes at most {MOST_FILES} pictures.", "media")
    if sum(len(upload.content) for upload in uploads) > MOST_BYTES:
        raise Invalid("The pictures of one text may have 5 MB together.", "media")
    return [replace(upload, preview=previews.of(upload.content)) for upload in uploads]
