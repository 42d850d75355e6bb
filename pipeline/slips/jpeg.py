"""Whether a JPEG's picture goes to its end. Hides what its decoder does not tell.

libjpeg pads a picture that was cut with grey, in silence where an end marker follows: a transfer that broke off and was
closed, a program that "mended" the file.
"""

from __future__ import annotations

import hashlib
import re
from io import BytesIO

from PIL import Image

END, SCAN = 0xD9, 0xDA
ALONE = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a length
_MARKER = re.compile(
    rb"\xff+([^\x00\xff\xd0-\xd7])"
)  # in a scan: what neither stands for the byte FF nor restarts it
_FILL = (
    hashlib.shake_256(b"aduan").digest(4096).replace(b"\xff", b"\x5a")
)  # as bytes of a picture are: any
COARSE = (
    8  # a picture whose lines are coded one after the other is compared at this part of its size
)


def is_whole(data: bytes) -> bool:
    """Whether the picture is coded to its last line. Bytes put before its end marker change nothing in one that is;
    where something is missing they are taken for it, and another picture comes out."""
    end = end_of(data)
    if end is None:
        return False
    try:
        return _drawn(data[:end] + data[end : end + 2]) == _drawn(
            data[:end] + _FILL + data[end : end + 2]
        )
    except (OSError, SyntaxError, ValueError, EOFError):
        return False


def end_of(data: bytes) -> int | None:
    """Where the end marker of the first picture stands (ITU T.81): not that of a small one in its head, nor of others
    that a phone appends; None where there is none."""
    at = 2
    while at + 2 <= len(data) and data[at] == 0xFF:
        kind = data[at + 1]
        if kind == END:
            return at
        if kind == 0xFF:  # a byte that fills
            at += 1
        elif kind in ALONE:
            at += 2
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
            if kind == SCAN:
                found = _MARKER.search(data, at)
                at = found.start() if found else len(data)
    return None


def _drawn(data: bytes) -> bytes:
    with Image.open(BytesIO(data), formats=("JPEG",)) as image:
        if (
            "progressive" not in image.info
        ):  # of one that gets finer scan by scan, the last ones show at its full size
            image.draft("L", (image.width // COARSE, image.height // COARSE))
        return image.tobytes()
