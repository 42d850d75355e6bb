"""Whether a form can still be read after it was restyled: marks, codes and boxes where the layout has them.

Looks at the form as the reader would, from its pages. Part of the extra `ocr`. Each finding is a name in
templates/istilah.toml under [slip.periksa], with what it is about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from PIL import Image
from rapidfuzz import fuzz

from pipeline.slips import boxes, ocr, scan
from pipeline.slips import layout as places
from pipeline.slips.layout import Blank, Box, Layout
from pipeline.slips.scan import FoundSlip

ROOM = 0.01  # a form may be printed so much larger or smaller than it should be
SAID = 80  # of 100: so like what is looked for, words are there
# What a consent cannot do without (UU 27/2022 article 21): that one agrees, to what, and under which law.
CONSENT = (("setuju",), ("data",), ("pelindungan", "uupdp", "272022", "27tahun2022"))
GREY = 0.93 * 255  # a printed rule is darker than this


@dataclass(frozen=True)
class FormFault:
    """One thing that the reader would stumble over. `about`: the field, box or mark; `slip`: from 1 on the page."""

    name: str
    slip: int = 0
    about: str = ""


def look(page: Image.Image, dpi: float) -> list[FormFault]:
    """What is wrong with the forms on a page of so many dots per inch; nothing if all is well."""
    found = scan.slips(np.asarray(page.convert("L")))
    if not found:
        return [FormFault("tidak_ada")]
    return [fault for order, one in enumerate(found, 1) for fault in _slip(one, order, dpi)]


def _slip(one: FoundSlip, order: int, dpi: float) -> Iterator[FormFault]:
    lay = places.layout(one.version)
    if one.marks < len(lay.marks):
        yield FormFault("tanda", order, str(one.marks))
        return
    if not one.serial:
        yield FormFault("qr", order)
    width = float(np.linalg.norm(np.subtract(one.corners[1], one.corners[0]))) / dpi * 25.4
    if abs(width / lay.width - 1) > ROOM:
        yield FormFault("ukuran", order, f"{width / lay.width:.0%}")
    flat = replace(scan.flattened(one), shifts={})  # what has slipped is what is looked for
    yield from _places(flat, lay, order)
    yield from _words(flat, lay, order)


def _places(flat: FoundSlip, lay: Layout, order: int) -> Iterator[FormFault]:
    """Boxes that are written in already, or gone."""
    for blank in lay.blanks.values():
        if _written(flat, blank):
            yield FormFault("isi", order, blank.name)
        elif not _ruled(flat, blank):
            yield FormFault("garis", order, blank.name)
    for tick in lay.ticks.values():
        if boxes.ticked(flat, tick) is not False:
            yield FormFault("isi", order, tick.name)
        elif not _framed(flat, tick.box):
            yield FormFault("garis", order, tick.name)


def _words(flat: FoundSlip, lay: Layout, order: int) -> Iterator[FormFault]:
    """What people must be able to read: the consent, the serial, the names of the fields. Each is looked for where the
    layout has it, and on the whole slip only where it is not there: an office may move words."""
    spots, whole = lay.spots, _Whole(flat)
    consent = _bare(_text_at(flat, spots["persetujuan"]))
    if not (_agreed(consent) or _agreed(whole.text())):
        yield FormFault("persetujuan", order)
    if "nomor" in spots and flat.serial:
        number = _bare(_text_at(flat, spots["nomor"]))
        if not (
            _said(flat.serial, number) or _said("nomor", number)
        ):  # {{ nomor_1 }} in a form not yet filled
            yield FormFault("nomor", order)
    for blank in lay.blanks.values():
        name = _bare(blank.label)
        if not (
            _said(name, _bare(_text_at(flat, scan.label_box(blank.box, blank.hint))))
            or _said(name, whole.text())
        ):
            yield FormFault("nama_isian", order, blank.label)


class _Whole:
    """The text of a whole slip, read at most once: that takes seconds."""

    def __init__(self, flat: FoundSlip) -> None:
        self._flat, self._text = flat, ""

    def text(self) -> str:
        self._text = self._text or _bare(ocr.letter(self._flat.image).text)
        return self._text


def _agreed(text: str) -> bool:
    return all(any(_said(words, text) for words in ways) for ways in CONSENT)


def _text_at(flat: FoundSlip, box: Box) -> str:
    """The printed lines in a part of the slip."""
    image = flat.crop(box.grown(0.4))
    rows = (image < ocr.INK).sum(axis=1) > 2
    edges = np.flatnonzero(np.diff(np.concatenate([[0], rows.astype(np.int8), [0]])))
    spans = [
        (top, bottom)
        for top, bottom in zip(edges[::2], edges[1::2], strict=True)
        if bottom - top > 8
    ]
    parts = [image[max(top - 4, 0) : bottom + 4] for top, bottom in spans]
    return " ".join(ocr.engine().line(np.ascontiguousarray(part), ocr.LATIN).text for part in parts)


def _bare(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _said(words: str, text: str) -> bool:
    return len(text) >= len(words) and fuzz.partial_ratio(words, text) >= SAID


def _written(flat: FoundSlip, blank: Blank) -> bool:
    return bool(ocr.lines_of(flat, blank))


def _ruled(flat: FoundSlip, blank: Blank) -> bool:
    """Whether every line to write on is there."""
    bottoms = [(blank.cells or blank.lines)[0]] if blank.cells else list(blank.lines)
    heights = [line.y + line.height - (0 if blank.cells else 1.2) for line in bottoms]
    return all(
        _dark(flat, Box(blank.box.x + 1, y - 0.5, min(blank.box.width, 20) - 2, 1.0)) > 0.6
        for y in heights
    )


def _dark(flat: FoundSlip, box: Box) -> float:
    """The share of the columns of a narrow strip that hold something printed."""
    strip = flat.crop(box)
    return float((cv2.blur(strip, (5, 1)).min(axis=0) < GREY).mean()) if strip.size else 0.0


def _framed(flat: FoundSlip, box: Box) -> bool:
    return _dark(flat, Box(box.x + 0.5, box.y - 0.5, box.width - 1, 1.0)) > 0.6
