"""The picture of a page → the slips on it, each read; or a free letter; or nothing on a blank back.

The one door to `scan` and `ocr`, for the child process (`worker`) and the benches. Part of the extra `ocr`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from PIL import Image

from pipeline import files
from pipeline.slips import layout as places
from pipeline.slips import ocr, scan
from pipeline.slips.layout import Box
from pipeline.slips.repair import Read
from pipeline.slips.scan import MARGIN, SCALE, Found, Grey

FAINT = 0.2  # of the paper's light; what is less dark than that shines through from the other side
BLANK = 0.0006  # of a page may be dark on a back that nobody wrote on
TEXT = "uraian"  # the field that a free letter fills


@dataclass(frozen=True)
class Sheet:
    """What is on a page: a slip or a letter. `picture` is it alone, laid flat; `boxes` are its fields there, in
    pixels (left, top, width, height). `serial` is "" where none could be read."""

    kind: str  # "slip" or "surat"
    serial: str
    aligned: bool
    fields: dict[str, Read]
    ticks: dict[str, bool | None]
    picture: Grey
    boxes: dict[str, tuple[int, int, int, int]] = field(default_factory=dict)
    marks: int = 0


def read(page: Image.Image, units: Sequence[str]) -> list[Sheet]:
    """All that is on a page; nothing for a blank one."""
    grey = np.asarray(page.convert("L"))
    found = scan.slips(grey)
    if not found and any(code.text == places.SEPARATOR for code in files.qr_codes(grey)):
        return [Sheet("pemisah", "", False, {}, {}, grey)]
    sheets = [_slip(one, units, found) for one in found if one.aligned]
    if sheets or blank(grey):
        return sheets
    text, sure = ocr.letter(grey)
    if not text:
        return [Sheet("surat", _serial(found), False, {TEXT: Read("", 0.0, "kosong")}, {}, grey)]
    read = Read(text, round(sure, 3), "" if sure > 0.9 else "kurang_jelas")
    return [Sheet("surat", _serial(found), False, {TEXT: read}, {}, grey)]


def _serial(found: Sequence[Found]) -> str:
    """The serial on a page whose form cannot be laid flat: torn, or crumpled beyond reading by fields."""
    return next((one.serial for one in found if one.serial), "")


def blank(page: Grey) -> bool:
    """Whether nobody wrote on a page: dust, a shadow at the edge and what shines through do not count."""
    scale = max(page.shape) / 297
    small = cv2.resize(page, None, fx=2 / scale, fy=2 / scale, interpolation=cv2.INTER_AREA)
    share = small / np.maximum(scan.paper_of(small, 2.0), 8.0)
    edge = round(0.03 * max(share.shape))
    inner = share[edge:-edge, edge:-edge]
    ink = 1 - max(FAINT, 0.5 * (1 - float(np.percentile(inner, 0.05))))
    return bool((inner < ink).mean() < BLANK)


def _slip(one: Found, units: Sequence[str], all_found: Sequence[Found]) -> Sheet:
    lay = places.layout(one.version)
    even = scan.flattened(one)
    reading = ocr.read(even, units)
    fields = dict(reading.fields)
    for name, blank in lay.blanks.items():
        if any(_covers(other, one, blank.box) for other in all_found if other is not one):
            fields[name] = Read("", 0.0, "tertutup")
    boxes = {name: _pixels(one, blank.box, name) for name, blank in lay.blanks.items()}
    return Sheet("slip", one.serial, one.aligned, fields, reading.ticks, even.image, boxes, one.marks)


def _pixels(one: Found, box: Box, name: str) -> tuple[int, int, int, int]:
    dx, dy = one.shifts.get(name, (0.0, 0.0))
    left, top = (max(round((at + MARGIN - 1) * SCALE), 0) for at in (box.x + dx, box.y + dy))
    return left, top, round((box.width + 2) * SCALE), round((box.height + 2) * SCALE)


def _covers(other: Found, under: Found, box: Box) -> bool:
    """Whether a slip with more marks lies over this part of one with fewer: what is read there is not its own."""
    if other.marks <= under.marks:
        return False
    lay = places.layout(under.version)
    paper = np.array([[0, 0], [lay.width, 0], [lay.width, lay.form_height], [0, lay.form_height]], np.float32)
    step = cv2.getPerspectiveTransform(paper, np.array(under.corners, np.float32))
    edges = np.array(
        [[[box.x, box.y], [box.x + box.width, box.y], [box.x + box.width, box.y + box.height],
          [box.x, box.y + box.height]]], np.float32,
    )  # fmt: skip
    on_page = cv2.perspectiveTransform(edges, step)[0]
    shared, _ = cv2.intersectConvexConvex(on_page, np.array(other.corners, np.float32))
    return bool(shared > 0.1 * cv2.contourArea(on_page))


def plain(sheet: Sheet) -> dict[str, object]:
    """A sheet as data for JSON, without its picture."""
    fields = {name: {"value": one.value, "confidence": one.confidence} for name, one in sheet.fields.items()}
    return {"serial": sheet.serial, "aligned": sheet.aligned, "fields": fields, "checkboxes": sheet.ticks}
