"""Where everything stands on a slip: templates/slips/slip-<version>.toml as frozen values, in mm from its top left.

Hides the file. The printer (`form`) and the reader (`scan`) both go by it, so a slip is read as it was printed.
"""

from __future__ import annotations

import base64
import re
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pipeline.office.messages import TEMPLATES

CURRENT = 2
BOX = "kotak_"  # before the name of a box to be ticked, some of which are called as fields are
# ArUco DICT_4X4_50, from marker 0 on; 1 is white. Printed by us, so that printing needs no OpenCV. Each version of the
# layout has four of its own, so that a slip whose code is torn off still tells how it is to be read.
MARKERS = (
    ("1011", "0101", "0011", "0010"),
    ("0000", "1111", "1001", "1010"),
    ("0011", "0011", "0010", "1101"),
    ("1001", "1001", "0100", "0110"),
    ("0101", "0100", "1001", "1110"),
    ("0111", "1001", "1100", "1101"),
    ("1001", "1110", "0010", "1110"),
    ("1100", "0100", "1111", "0010"),
)
SEPARATOR = "ADUAN-PEMISAH"  # the QR of a sheet that is put between letters of several pages
_CODE = re.compile(r"ADUAN(\d{1,3})-([A-Z2-7]{16})")
_BACK = re.compile(r"ADUAN\d{1,3}B-([A-Z2-7]{16})")
BACK_SIDE, BACK_WORDS = 12.0, 80.0  # mm: the code of a back, and the words beside it
BACK_AT = 8.0  # mm of that code from the left and from the top
_STUB = re.compile(r"https?://\S+/s/([a-z2-7]{16})")


@dataclass(frozen=True)
class Box:
    """A rectangle in mm."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def corners(self) -> tuple[tuple[float, float], ...]:
        """(x, y) of its four corners, from the upper left one on in the way of a clock's hands."""
        return (
            (self.x, self.y),
            (self.right, self.y),
            (self.right, self.bottom),
            (self.x, self.bottom),
        )

    def grown(self, by: float) -> Box:
        """The same, larger by so many mm on every side."""
        return Box(self.x - by, self.y - by, self.width + 2 * by, self.height + 2 * by)


@dataclass(frozen=True)
class Blank:
    """A field to be written into. `kind`: teks (one line), baris (ruled lines), angka or tanggal (a comb of cells)."""

    name: str
    kind: str
    label: str
    hint: str
    box: Box
    cells: tuple[Box, ...] = ()
    pitch: float = 0.0  # distance of ruled lines

    @property
    def lines(self) -> tuple[Box, ...]:
        """The lines to write on, from top to bottom; one for a field of a single line."""
        if not self.pitch:
            return (self.box,)
        count = round(self.box.height / self.pitch)
        return tuple(
            Box(self.box.x, self.box.y + n * self.pitch, self.box.width, self.pitch)
            for n in range(count)
        )

    @property
    def rules(self) -> tuple[float, ...]:
        """How far down the printed rules of its lines are; a comb has none."""
        return () if self.cells else tuple(line.bottom - 1.2 for line in self.lines)


@dataclass(frozen=True)
class Tick:
    """A box to be ticked."""

    name: str
    label: str
    box: Box


@dataclass(frozen=True)
class Layout:
    """One version of the slip."""

    version: int
    width: float
    height: float
    form_height: float
    marks: tuple[Box, ...]
    first_mark: int  # the number of the first of them in MARKERS
    qr: Box
    stub_qr: Box
    blanks: Mapping[str, Blank]
    ticks: Mapping[str, Tick]
    words: Mapping[str, str]
    sizes: Mapping[str, float]  # of print, in points
    spots: Mapping[str, Box]  # where words stand that belong to no field

    @property
    def form(self) -> Box:
        """The part that is read: all above the stub."""
        return Box(0, 0, self.width, self.form_height)


def versions() -> tuple[int, ...]:
    """Every version that this program can read, the newest first."""
    names = (path.stem.partition("-")[2] for path in (TEMPLATES / "slips").glob("slip-*.toml"))
    return tuple(sorted((int(name) for name in names if name.isdigit()), reverse=True))


@cache
def layout(version: int = CURRENT) -> Layout:
    """The layout of this version. KeyError for one that this program does not know."""
    path = TEMPLATES / "slips" / f"slip-{version}.toml"
    if not path.is_file():
        raise KeyError(version)
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    side = data["tanda"]["sisi"]
    tick = data["centang"]["sisi"]
    return Layout(
        data["versi"],
        data["lebar"],
        data["tinggi"],
        data["tinggi_slip"],
        tuple(Box(x, y, side, side) for x, y in data["tanda"]["letak"]),
        data["tanda"].get("nomor", 0),
        _square(data["qr"]),
        _square(data["qr_potongan"]),
        {name: _blank(name, one) for name, one in data["kolom"].items()},
        {
            name: Tick(name, one["label"], Box(one["x"], one["y"], tick, tick))
            for name, one in data["centang"]["kotak"].items()
        },
        data["kata"],
        data["huruf"],
        {name: Box(*box) for name, box in data["letak"].items()},
    )


def _square(data: Mapping[str, float]) -> Box:
    return Box(data["x"], data["y"], data["sisi"], data["sisi"])


def _blank(name: str, data: Mapping[str, Any]) -> Blank:
    box = Box(*data["kotak"])
    return Blank(
        name,
        data["jenis"],
        data["label"],
        data.get("petunjuk", ""),
        box,
        tuple(Box(x, box.y, width, box.height) for x, width in _cells(box, data.get("sel"))),
        data.get("jarak_baris", 0.0),
    )


def _cells(box: Box, data: Any) -> list[tuple[float, float]]:
    if not data:
        return []
    if isinstance(data, dict):
        return [(box.x + n * data["lebar"], data["lebar"]) for n in range(data["jumlah"])]
    return [(x, width) for x, width in data]


# ---- the serial ----------------------------------------------------------------------------------------------


def new_serial() -> str:
    """80 random bits in 16 letters, as a complaint's status code is: it becomes that code when the slip is recorded."""
    return base64.b32encode(secrets.token_bytes(10)).decode().lower()


def is_serial(text: str) -> bool:
    return re.fullmatch(r"[a-z2-7]{16}", text) is not None


def code_of(serial: str, version: int = CURRENT) -> str:
    """What the slip's QR says: the layout's version and the serial, in capitals, which make the smaller QR."""
    return f"ADUAN{version}-{serial.upper()}"


def parse_code(text: str) -> tuple[int, str] | None:
    """(layout version, serial) of a slip's QR; None for any other QR."""
    found = _CODE.fullmatch(text.strip())
    return (int(found[1]), found[2].lower()) if found else None


def parse_stub(text: str) -> str:
    """The serial in the QR of a stub, or ""."""
    found = _STUB.fullmatch(text.strip())
    return found[1] if found else ""


def back_code_of(serial: str, version: int = CURRENT) -> str:
    """What the QR on the back of a slip says: its serial, with a B for the back."""
    return f"ADUAN{version}B-{serial.upper()}"


def parse_back(text: str) -> str:
    """The serial in the QR of a back, or ""."""
    found = _BACK.fullmatch(text.strip())
    return found[1].lower() if found else ""


def spoken(serial: str) -> str:
    """The serial as it is printed: groups of four capitals."""
    return " ".join(serial[n : n + 4] for n in range(0, len(serial), 4)).upper()
