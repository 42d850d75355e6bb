"""Files from outside: what they are, whether they may come in, pictures of them; LibreOffice behind one function.

Hides magic numbers, Pillow, pypdfium2 and `soffice`. A declared type counts only where the content tells nothing;
every outside program runs bounded in time, in a folder of its own.
"""

from __future__ import annotations

import mimetypes
import re

from pipeline.office.numbers import decimal

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PDF = "application/pdf"
PICTURES = frozenset(
    {"image/jpeg", "image/png", "image/gif", "image/webp", "image/tiff", "image/bmp"}
)
ACCEPTED = PICTURES | {
    PDF,
    DOCX,
    "text/plain",
    "image/heic",
    "image/heif",
    "audio/mpeg",
    "audio/ogg",
    "video/mp4",
}
PHONE = frozenset({"image/heic", "image/heif"})
PHONE_WIDTH = 4000  # pixels
SCANS = (PICTURES | PHONE | {PDF}) - {"image/gif"}
SUFFIX = {PDF: ".pdf", DOCX: ".docx", "image/jpeg": ".jpg", "image/png": ".png"}


class FileError(Exception):
    """A file could not be turned into what was asked for; the message says why."""


_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"{\\rtf", "application/rtf"),
    (b"\x1f\x8b", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"\x78\x9f\x3e\x22", "application/ms-tnef"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"#!AMR", "audio/amr"),
    (b"\x7fELF", "application/x-executable"),
    (b"BEGIN:VCALENDAR", "text/calendar"),
    (b"BEGIN:VCARD", "text/vcard"),
)
_INSIDE_ZIP: tuple[tuple[bytes, str], ...] = (
    (b"word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (b"xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (b"ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    (b"AndroidManifest.xml", "application/vnd.android.package-archive"),
)
_FTYP = {
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heif",
    b"avif": "image/avif",
    b"qt  ": "video/quicktime",
    b"M4A ": "audio/mp4",
    b"3gp4": "video/3gpp",
    b"3gp5": "video/3gpp",
}
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
_OLE = {
    ".doc": "application/msword",
    ".xls": "application/vnd.ms-excel",
    ".ppt": "application/vnd.ms-powerpoint",
    ".msg": "application/vnd.ms-outlook",
}


def sniff(content: bytes, declared: str = "", name: str = "") -> str:
    """The media type of `content`: by magic, else as declared, else by the file's name."""
    return _by_magic(content, name) or _by_claim(declared, name)


def _by_magic(content: bytes, name: str) -> str:
    for magic, kind in _MAGIC:
        if content.startswith(magic):
            return kind
    if content.startswith(b"PK\x03\x04"):
        return _zip(content)
    if content.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        suffix = re.search(r"\.\w{1,5}$", name.lower())
        return _OLE.get(suffix[0] if suffix else "", "application/x-ole-storage")
    if content[4:8] == b"ftyp":
        return _FTYP.get(content[8:12], "video/mp4")
    if content.startswith(b"RIFF"):
        return _RIFF.get(content[8:12], "")
    if content.startswith(b"BM") and content[6:10] == b"\0\0\0\0":
        return "image/bmp"
    if content.startswith(b"MZ") and b"\0" in content[:256]:
        return "application/vnd.microsoft.portable-executable"
    return ""


def _zip(content: bytes) -> str:
    found = re.match(rb"mimetype(application/[\w.+-]+)", content[30:200])
    if found:
        return found[1].decode("ascii").removesuffix("PK")  # OpenDocument stores its type first
    # Names stand in the central directory at the end; the start holds those of small files.
    for inside, kind in _INSIDE_ZIP:
        if inside in content[:4_096] or inside in content[-16_384:]:
            return kind
    return "application/zip"


_VAGUE = {
    "",
    "application/octet-stream",
    "application/x-download",
    "application/force-download",
    "text/plain",
}


def _by_claim(declared: str, name: str) -> str:
    claimed = (
        declared
        if declared not in _VAGUE
        else mimetypes.guess_type(name, strict=False)[0] or declared
    )
    if (
        claimed in PICTURES or claimed == PDF
    ):  # those have magic: what claims to be one and is not is nothing
        return "application/octet-stream"
    return claimed or "application/octet-stream"


def size_words(count: int) -> str:
    """12 KB, 1,2 MB."""
    return f"{max(1, count // 1024)} KB" if count < 2**20 else f"{decimal(count / 2**20)} MB"
