"""How many pixels a picture says it has, told from its bytes as they come by; nothing is decoded and little is kept.

Hides the heads of PNG, JPEG, GIF, BMP, WEBP and TIFF. What is none of them has 0 pixels.
"""

from __future__ import annotations

import struct

HEAD = 64  # bytes in which all but JPEG and TIFF say it
WHOLE = (
    8 * 2**20
)  # bytes of a TIFF that are kept until its list of facts is found, wherever it lies
_SIZES = frozenset(
    [*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)]
)  # SOF of JPEG
_ALONE = frozenset([0x01, *range(0xD0, 0xDA)])  # markers without a length
TOO_LARGE = 2**40


class Ruler:
    """Feed it the pieces of a file in order; `pixels` is then what it says of itself."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self._skip = 0
        self._done = False
        self._kind = ""
        self.pixels = 0

    def feed(self, piece: bytes) -> None:
        if self._done:
            return
        if self._skip:
            jump = min(self._skip, len(piece))
            self._skip -= jump
            piece = piece[jump:]
        self._kept += piece
        self._kind = self._kind or _kind(self._kept)
        if self._kind == "jpeg":
            self._jpeg()
        elif self._kind == "tiff":
            self._tiff()
        elif len(self._kept) >= HEAD:
            self.pixels, self._done = _head(bytes(self._kept[:HEAD])), True
            self._kept.clear()

    def _jpeg(self) -> None:
        """From segment to segment by their lengths, up to the one that tells the size (ITU T.81, B.2)."""
        kept = self._kept
        at = 2 if kept[:2] == b"\xff\xd8" else 0
        while at + 9 <= len(kept):
            if kept[at] != 0xFF:
                self._done = True  # no JPEG from here on
                break
            marker = kept[at + 1]
            if marker in _SIZES:
                height, width = struct.unpack(">HH", kept[at + 5 : at + 9])
                self.pixels, self._done = height * width, True
                break
            at += (
                1
                if marker == 0xFF
                else 2
                if marker in _ALONE
                else 2 + struct.unpack(">H", kept[at + 2 : at + 4])[0]
            )
        self._skip = max(0, at - len(kept))
        del kept[:at]

    def _tiff(self) -> None:
        """The largest width and height of its first lists of facts (TIFF 6.0)."""
        kept = self._kept
        order = "<" if kept[:2] == b"II" else ">"
        (at,) = struct.unpack(f"{order}I", kept[4:8])
        if len(kept) > WHOLE or at > WHOLE:
            self.pixels, self._done = TOO_LARGE, True
            return
        if len(kept) < at + 2:
            return
        (count,) = struct.unpack(f"{order}H", kept[at : at + 2])
        first = at + 2
        if len(kept) < first + 12 * count:
            return
        sizes = {256: 0, 257: 0}  # ImageWidth, ImageLength
        for place in range(first, first + 12 * min(count, 1000), 12):
            tag, form = struct.unpack(f"{order}HH", kept[place : place + 4])
            if tag in sizes:
                value, width = (f"{order}H", 2) if form == 3 else (f"{order}I", 4)  # 3 is SHORT
                (sizes[tag],) = struct.unpack(value, kept[place + 8 : place + 8 + width])
        self.pixels, self._done = sizes[256] * sizes[257], True


def _kind(head: bytes | bytearray) -> str:
    if head[:3] == b"\xff\xd8\xff":
        return "jpeg"
    return "tiff" if bytes(head[:4]) in (b"II*\0", b"MM\0*") else ""


def _head(head: bytes) -> int:
    if head.startswith(b"\x89PNG"):
        width, height = struct.unpack(">II", head[16:24])
    elif head.startswith(b"GIF8"):
        width, height = struct.unpack("<HH", head[6:10])
    elif head.startswith(b"BM"):
        width, height = (abs(size) for size in struct.unpack("<ii", head[18:26]))
    elif head[:4] == b"RIFF" and head[8:15] == b"WEBPVP8":
        return _webp(head)
    else:
        return 0
    return int(width) * int(height)


def _webp(head: bytes) -> int:
    kind = head[15:16]
    if kind == b"X":
        return (int.from_bytes(head[24:27], "little") + 1) * (
            int.from_bytes(head[27:30], "little") + 1
        )
    if kind == b"L":
        bits = int.from_bytes(head[21:25], "little")
        return ((bits & 0x3FFF) + 1) * ((bits >> 14 & 0x3FFF) + 1)
    width, height = struct.unpack("<HH", head[26:30])
    return int(width & 0x3FFF) * int(height & 0x3FFF)
