"""The picture of a page → the slips on it, each read; or a free letter; or nothing on a blank back.

The one door to `scan` and `ocr`, for the child process (`worker`) and the benches. Part of the extra `ocr`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.files import pictures
from pipeline.slips import boxes, ground, ocr, repair, scan
from pipeline.slips import layout as places
from pipeline.slips.layout import BOX, Box
from pipeline.slips.repair import Repaired, is_clear
from pipeline.slips.scan import MARGIN, SCALE, FoundSlip, Grey

TEXT = "uraian"  # the field that a free letter fills


@dataclass(frozen=True)
class ReadSheet:
    """What is on a page: a slip or a letter. `picture` is it alone, laid flat; `boxes` are its fields there, and the
    boxes to be ticked that are unsure, in pixels (left, top, width, height). `serial` is "" where none could be read.
    """

    kind: str  # "slip", "surat", "balik" (a back with its serial), "punggung" (probably a back) or "pemisah"
    serial: str
    aligned: bool
    fields: dict[str, Repaired]
    ticks: dict[str, bool | None]
    picture: Grey
    boxes: dict[str, tuple[int, int, int, int]] = field(default_factory=dict)
    marks: int = 0


@dataclass(frozen=True)
class Front:
    """The slips of a page, by their serials, from left to right."""

    serials: tuple[str, ...]

    @property
    def side_by_side(self) -> bool:
        return len(self.serials) == 2


def read(page: Image.Image, units: Sequence[str], front: Front | None = None) -> list[ReadSheet]:
    """All that is on a page; nothing for a blank one. `front`: the page before, of which this may be the back."""
    colour = np.asarray(page.convert("RGB"))
    grey = np.asarray(page.convert("L"))
    found = scan.slips(grey)
    if not found and any(code.text == places.SEPARATOR for code in pictures.qr_codes(grey)):
        return [ReadSheet("pemisah", "", False, {}, {}, colour)]
    whole = [one for one in found if one.aligned]
    sheets = [_slip(one, units, found, colour) for one in whole]
    if sheets:
        return sheets + _beside(grey, colour, found, whole)
    if serial := _back_of(grey):
        return [] if ground.blank(_without_code(grey)) else [_letter(grey, colour, "balik", serial)]
    if ground.blank(grey):
        return []
    if front and front.side_by_side and (parts := ground.halves(grey)):
        return _backs(grey, colour, parts, front)
    one = _letter(grey, colour, "surat", _serial(found))
    return [replace(one, ticks=dict.fromkeys(places.layout().ticks)) if found else one]


def front_of(sheets: Sequence[ReadSheet]) -> Front | None:
    """What the next page may be the back of; None where this page holds no slip."""
    slips = [sheet for sheet in sheets if sheet.kind == "slip"]
    return Front(tuple(sheet.serial for sheet in slips)) if slips else None


def _letter(grey: Grey, colour: Grey, kind: str, serial: str) -> ReadSheet:
    return ReadSheet(kind, serial, False, {TEXT: repair.letter(ocr.letter(grey))}, {}, colour)


def _beside(
    grey: Grey, colour: Grey, found: Sequence[FoundSlip], whole: Sequence[FoundSlip]
) -> list[ReadSheet]:
    """What lies on the glass with the slips: a free note, a torn slip."""
    torn = [one for one in found if not one.aligned]
    sheets = []
    for left, top, right, bottom in ground.beside(
        grey, [_outline(one, grey, whole) for one in whole]
    ):
        part = np.ascontiguousarray(grey[top:bottom, left:right])
        inside = [one for one in torn if _within(one, (left, top, right, bottom))]
        sheets.append(_letter(part, colour[top:bottom, left:right], "surat", _serial(inside)))
        torn = [one for one in torn if one not in inside]
    return sheets + [
        ReadSheet("surat", one.serial, False, {TEXT: Repaired("", 0.0, "tak_terbaca")}, {}, colour)
        for one in torn
    ]


def _within(one: FoundSlip, box: ground.Rect) -> bool:
    x, y = np.mean(one.corners, axis=0)
    return bool(box[0] <= x <= box[2] and box[1] <= y <= box[3])


def _outline(one: FoundSlip, page: Grey, all_found: Sequence[FoundSlip]) -> NDArray[np.float64]:
    """The paper of a slip on the page: with its stub, where that was not torn off, or lies under another slip."""
    lay = places.layout(one.version)
    paper = np.array(
        [[0, 0], [lay.width, 0], [lay.width, lay.form_height], [0, lay.form_height]], np.float32
    )
    step = cv2.getPerspectiveTransform(paper, np.array(one.corners, np.float32))
    hidden = any(_covers(other, one, lay.stub_qr) for other in all_found if other is not one)
    low = lay.height if hidden or scan.has_stub(page, step, lay) else lay.form_height
    edges = np.array([[[0, 0], [lay.width, 0], [lay.width, low], [0, low]]], np.float32)
    return np.asarray(cv2.perspectiveTransform(edges, step)[0], np.float64)


def _back_of(grey: Grey) -> str:
    """The serial that is printed on a back; "" where none is."""
    return next(
        filter(None, (places.parse_back(code.text) for code in pictures.qr_codes(grey))), ""
    )


def _without_code(grey: Grey) -> Grey:
    """A printed back without what is printed there: its code, with its words beside it."""
    clean = grey.copy()
    for code in pictures.qr_codes(grey):
        if places.parse_back(code.text):
            corners = np.array(code.corners)
            side = float(np.linalg.norm(corners[1] - corners[0]))
            across, down = (corners[1] - corners[0]) / side, (corners[3] - corners[0]) / side
            room = side * places.BACK_WORDS / places.BACK_SIDE
            edge = side * 0.15
            right, up = across * (room + edge), down * edge
            around = [
                corners[0] - across * edge - up,
                corners[1] + right - up,
                corners[2] + right + up,
                corners[3] - across * edge + up,
            ]
            cv2.fillPoly(clean, [np.array(around, np.int32)], (255,))
    return clean


def _backs(grey: Grey, colour: Grey, parts: Sequence[ground.Rect], front: Front) -> list[ReadSheet]:
    """Two people's backs on one sheet: behind the left slip lies the right half."""
    across = parts[0][2] < grey.shape[1]
    order = reversed(front.serials) if across else front.serials
    return [
        _letter(
            np.ascontiguousarray(grey[top:bottom, left:right]),
            colour[top:bottom, left:right],
            "punggung",
            serial,
        )
        for (left, top, right, bottom), serial in zip(parts, order, strict=False)
    ]


def _serial(found: Sequence[FoundSlip]) -> str:
    """The serial on a page whose form cannot be laid flat: torn, or crumpled beyond reading by fields."""
    return next((one.serial for one in found if one.serial), "")


def _slip(
    one: FoundSlip, units: Sequence[str], all_found: Sequence[FoundSlip], colour: Grey
) -> ReadSheet:
    lay = places.layout(one.version)
    even = scan.flattened(one)
    picture = scan.as_seen(colour, one)
    reading = ocr.read(even, units, picture)
    fields = dict(reading.fields)
    for name, blank in lay.blanks.items():
        if any(_covers(other, one, blank.box) for other in all_found if other is not one):
            fields[name] = Repaired("", 0.0, "tertutup")
    places_of = {name: _pixels(one, blank.box, name) for name, blank in lay.blanks.items()}
    for name, tick in lay.ticks.items():
        if reading.ticks[name] is None:
            places_of[f"{BOX}{name}"] = _pixels(one, boxes.with_label(tick), "")
    return ReadSheet(
        "slip", one.serial, one.aligned, fields, reading.ticks, picture, places_of, one.marks
    )


def _pixels(one: FoundSlip, box: Box, name: str) -> tuple[int, int, int, int]:
    dx, dy = one.shifts.get(name, (0.0, 0.0))
    left, top = (max(round((at + MARGIN - 1) * SCALE), 0) for at in (box.x + dx, box.y + dy))
    return left, top, round((box.width + 2) * SCALE), round((box.height + 2) * SCALE)


def _covers(other: FoundSlip, under: FoundSlip, box: Box) -> bool:
    """Whether a slip with more marks lies over this part of one with fewer: what is read there is not its own."""
    if other.marks <= under.marks:
        return False
    lay = places.layout(under.version)
    paper = np.array(
        [[0, 0], [lay.width, 0], [lay.width, lay.form_height], [0, lay.form_height]], np.float32
    )
    step = cv2.getPerspectiveTransform(paper, np.array(under.corners, np.float32))
    edges = np.array(
        [
            [
                [box.x, box.y],
                [box.x + box.width, box.y],
                [box.x + box.width, box.y + box.height],
                [box.x, box.y + box.height],
            ]
        ],
        np.float32,
    )
    on_page = cv2.perspectiveTransform(edges, step)[0]
    shared, _ = cv2.intersectConvexConvex(on_page, np.array(other.corners, np.float32))
    return bool(shared > 0.1 * cv2.contourArea(on_page))


def plain(sheet: ReadSheet) -> dict[str, object]:
    """A sheet as data for JSON, without its picture."""
    fields = {
        name: {
            "value": one.value,
            "confidence": one.confidence,
            "doubt": one.doubt,
            "clear": is_clear(one),
        }
        for name, one in sheet.fields.items()
    }
    return {
        "serial": sheet.serial,
        "aligned": sheet.aligned,
        "fields": fields,
        "checkboxes": sheet.ticks,
    }
