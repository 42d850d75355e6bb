"""Files in the scanner's folder: which are scans, and whether one is written to its end. Pure.

Scanners write while they feed, some pause for seconds between pages, some save anew under the same name. A file is
whole when it is quiet *and* has the end that its format prescribes.
"""

from __future__ import annotations

import struct
from datetime import timedelta
from pathlib import Path

SUFFIXES = frozenset(
    {".pdf", ".jpg", ".jpeg", ".png", ".tif", ".tiff", ".heic", ".heif", ".webp", ".bmp"}
)
UNFINISHED = frozenset(
    {".part", ".tmp", ".partial", ".filepart", ".crdownload", ".writing"}
)  # renamed when done
SYSTEM = frozenset({"thumbs.db", "desktop.ini", "ehthumbs.db"})
SYSTEM_FOLDERS = frozenset({"lost+found", "system volume information"})  # of a file server's own
# zeros in a row at the end of a packed picture: room that was reserved and not filled
RESERVED = 512
STILL = timedelta(seconds=3)  # nobody has written to it for so long
STILL_GROWING = timedelta(seconds=20)  # a TIFF is whole after each of its pages
GIVEN_UP = timedelta(
    minutes=10
)  # without its end for so long, it will not get one: it is taken in and shown as it is
ABANDONED = timedelta(days=1)  # a file under its unfinished name for so long
AHEAD = timedelta(minutes=2)  # by which a file server's clock may be ahead
TAIL = 2048  # bytes at the end of a file where its end stands
MOST_PAGES = 5000


def is_ignored(name: str) -> bool:
    """Hidden files, AppleDouble (RFC 1740), what a desktop leaves behind."""
    return name.startswith((".", "~$")) or name.lower() in SYSTEM


def is_scan(name: str) -> bool:
    """Whether a file is called as scanners call theirs."""
    return not is_ignored(name) and Path(name).suffix.lower() in SUFFIXES


def is_system_folder(name: str) -> bool:
    """Whether a file server keeps this folder for itself: hidden ones, waste baskets, small pictures (@eaDir)."""
    return name.startswith((".", "@", "#", "$")) or name.lower() in SYSTEM_FOLDERS


def ends_reserved(content: bytes) -> bool:
    """Whether a file's room was reserved at its full size and never filled to its end, as SMB clients do."""
    return content.endswith(bytes(RESERVED))


def is_unfinished(name: str) -> bool:
    """Whether the scanner names a file so until it is done, and then renames it."""
    return any(name.lower().endswith(suffix) for suffix in UNFINISHED)


def waits(name: str) -> timedelta:
    """How long a file of this name must be quiet before it is looked at."""
    if is_unfinished(name):
        return ABANDONED
    return STILL if any(name.lower().endswith(suffix) for suffix in SUFFIXES) else GIVEN_UP


def patience(content: bytes) -> timedelta:
    """How long a whole file must be quiet."""
    return STILL_GROWING if content[:4] in (b"II*\0", b"MM\0*") else STILL


def has_end(content: bytes) -> bool:
    """Whether the file ends as its format says: a PDF's trailer, a JPEG's EOI, a PNG's IEND, a TIFF's last directory,
    the sizes that HEIC, WebP and BMP tell. Formats without an end that is known here count as whole."""
    if content.startswith(b"%PDF-"):
        return b"%%EOF" in content[-TAIL:]
    if content.startswith(b"\xff\xd8\xff"):
        return _jpeg_ends(content)
    if content.startswith(b"\x89PNG"):
        return b"IEND" in content[-TAIL:]
    if content[:4] in (b"II*\0", b"MM\0*"):
        return _tiff_ends(content)
    if content.startswith(b"RIFF") and len(content) >= 12:
        whole = len(content) >= int.from_bytes(content[4:8], "little") + 8
        return whole and not ends_reserved(content)
    if content[4:8] == b"ftyp":
        return _boxes_end(content) and not ends_reserved(content)
    if content.startswith(b"BM") and len(content) >= 6:
        return len(content) >= int.from_bytes(content[2:6], "little")
    return bool(content)


def _jpeg_ends(content: bytes) -> bool:
    """Whether a JPEG's own picture ends: not the small one in its head, and whatever a phone appends (ITU T.81)."""
    at = 2
    while at + 4 <= len(content) and content[at] == 0xFF:
        if content[at + 1] == 0xDA:  # start of scan
            return b"\xff\xd9" in content[at:]
        if content[at + 1] == 0xFF:  # a byte that fills
            at += 1
            continue
        at += 2 + _number(content, ">H", at + 2)
    return False


def _boxes_end(content: bytes) -> bool:
    """Whether the outermost boxes of a HEIC lie inside of the file (ISO/IEC 14496-12); one of size 0 has no end."""
    at = 0
    while at + 8 <= len(content):
        size = _number(content, ">I", at)
        size = _number(content, ">Q", at + 8) if size == 1 else size
        if size == 0:
            return True
        if size < 8:
            return False
        at += size
    return at == len(content)


def _tiff_ends(content: bytes) -> bool:
    """Whether every directory of a TIFF, and the strips that it names, lie inside of the file."""
    order = "<" if content[:2] == b"II" else ">"
    at, seen = _number(content, order + "I", 4), set[int]()
    while at:
        if at in seen or len(seen) > MOST_PAGES or at + 2 > len(content):
            return False
        seen.add(at)
        count = _number(content, order + "H", at)
        end = at + 2 + 12 * count
        if end + 4 > len(content) or not _strips_inside(content, order, at + 2, count):
            return False
        at = _number(content, order + "I", end)
    return bool(seen)


def _strips_inside(content: bytes, order: str, start: int, count: int) -> bool:
    """Whether a page's picture lies inside of the file; read where it has one strip (TIFF 6.0: tags 273 and 279)."""
    found = {}
    for entry in range(start, start + 12 * count, 12):
        tag, kind, number = struct.unpack_from(order + "HHI", content, entry)
        if tag in (273, 279) and number == 1:
            found[tag] = _number(content, order + ("H" if kind == 3 else "I"), entry + 8)
    return found.get(273, 0) + found.get(279, 0) <= len(content)


def _number(content: bytes, form: str, at: int) -> int:
    if at + struct.calcsize(form) > len(content):
        return 0
    return int(struct.unpack_from(form, content, at)[0])
