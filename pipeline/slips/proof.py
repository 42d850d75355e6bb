"""Whether a form can still be read after it was restyled: marks, codes and boxes where the layout has them.

Looks at the form as the reader would, from its pages. Part of the extra `ocr`. Each finding is a name in
templates/istilah.toml under [slip.periksa], with what it is about.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from PIL import Image

from pipeline.slips import layout as places
from pipeline.slips import ocr, scan
from pipeline.slips.layout import Blank, Box
from pipeline.slips.scan import Found

ROOM = 0.01  # a form may be printed so much larger or smaller than it should be
GREY = 0.93 * 255  # a printed rule is darker than this


@dataclass(frozen=True)
class Fault:
    """One thing that the reader would stumble over. `about`: the field, box or mark; `slip`: from 1 on the page."""

    name: str
    slip: int = 0
    about: str = ""


def look(page: Image.Image, dpi: float) -> list[Fault]:
    """What is wrong with the forms on a page of so many dots per inch; nothing if all is well."""
    found = scan.slips(np.asarray(page.convert("L")))
    if not found:
        return [Fault("tidak_ada")]
    return [fault for order, one in enumerate(found, 1) for fault in _slip(one, order, dpi)]


def _slip(one: Found, order: int, dpi: float) -> Iterator[Fault]:
    lay = places.layout(one.version)
    if one.marks < len(lay.marks):
        yield Fault("tanda", order, str(one.marks))
        return
    if not one.serial:
        yield Fault("qr", order)
    width = float(np.linalg.norm(np.subtract(one.corners[1], one.corners[0]))) / dpi * 25.4
    if abs(width / lay.width - 1) > ROOM:
        yield Fault("ukuran", order, f"{width / lay.width:.0%}")
    flat = replace(scan.flattened(one), shifts={})  # what has slipped is what is looked for
    for blank in lay.blanks.values():
        if _written(flat, blank):
            yield Fault("isi", order, blank.name)
        elif not _ruled(flat, blank):
            yield Fault("garis", order, blank.name)
    for tick in lay.ticks.values():
        if ocr.ticked(flat, tick) is not False:
            yield Fault("isi", order, tick.name)
        elif not _framed(flat, tick.box):
            yield Fault("garis", order, tick.name)


def _written(flat: Found, blank: Blank) -> bool:
    return bool(ocr.lines_of(flat, blank))


def _ruled(flat: Found, blank: Blank) -> bool:
    """Whether every line to write on is there."""
    bottoms = [(blank.cells or blank.lines)[0]] if blank.cells else list(blank.lines)
    heights = [line.y + line.height - (0 if blank.cells else 1.2) for line in bottoms]
    return all(_dark(flat, Box(blank.box.x + 1, y - 0.5, min(blank.box.width, 20) - 2, 1.0)) > 0.6 for y in heights)


def _dark(flat: Found, box: Box) -> float:
    """The share of the columns of a narrow strip that hold something printed."""
    strip = flat.crop(box)
    return float((cv2.blur(strip, (5, 1)).min(axis=0) < GREY).mean()) if strip.size else 0.0


def _framed(flat: Found, box: Box) -> bool:
    return _dark(flat, Box(box.x + 0.5, box.y - 0.5, box.width - 1, 1.0)) > 0.6
