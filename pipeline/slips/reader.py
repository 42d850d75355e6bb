"""The picture of a page → the slips on it, each read; or a free letter; or nothing on a blank back.

The one door to `scan` and `ocr`, for the child process (`worker`) and the benches. Part of the extra `ocr`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.files import pictures
from pipeline.slips import boxes, ground, ocr, repair, scan
from pipeline.slips import layout as places
from pipeline.slips.layout import BOX, Blank, Box
from pipeline.slips.repair import Repaired, is_clear
from pipeline.slips.scan import MARGIN, SCALE, FoundSlip, Grey

TEXT = "uraian"  # the field that a free letter fills
UNREAD, SEVERAL = (
    "tak_terbaca",
    2,
)  # ink that says nothing, and how many such fields tell of the pen
CUT = 0.5  # the most that a field is worth that is not wholly there
NAMED = 0.005  # share of the place of a field's name that its letters darken, in the thinnest print


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
    if not found and _parts_letters(grey):
        return [ReadSheet("pemisah", "", False, {}, {}, colour)]
    if whole := [one for one in found if one.aligned]:
        sheets = [_slip(one, units, found, colour) for one in whole]
        return sheets + _beside(grey, colour, found, whole)
    if backs := _printed_backs(grey):
        return _read_backs(grey, colour, backs)
    if ground.blank(_darkest(colour)):
        return []
    if front and front.side_by_side and (parts := ground.halves(_darkest(colour))):
        return _backs(grey, colour, parts, front)
    one = _letter(grey, colour, "surat", _serial(found))
    return [replace(one, ticks=_unseen_ticks()) if found else one]


def _parts_letters(grey: Grey) -> bool:
    """Whether a page is the sheet that is laid between two letters in a scanner."""
    return any(code.text == places.SEPARATOR for code in pictures.qr_codes(grey))


def front_of(sheets: Sequence[ReadSheet]) -> Front | None:
    """What the next page may be the back of; None where this page holds no slip."""
    slips = [sheet for sheet in sheets if sheet.kind == "slip"]
    return Front(tuple(sheet.serial for sheet in slips)) if slips else None


def _darkest(colour: Grey) -> Grey:
    """Each pixel as dark as its darkest colour: a marker's yellow is as light as paper in grey."""
    return np.ascontiguousarray(colour.min(axis=2))


def _unseen_ticks() -> dict[str, bool | None]:
    """The boxes of a slip whose boxes nobody could look at: none of them is called empty."""
    return dict.fromkeys(places.layout().ticks)


def _letter(grey: Grey, colour: Grey, kind: str, serial: str) -> ReadSheet:
    return ReadSheet(kind, serial, False, {TEXT: repair.letter(ocr.letter(grey))}, {}, colour)


def _beside(
    grey: Grey, colour: Grey, found: Sequence[FoundSlip], whole: Sequence[FoundSlip]
) -> list[ReadSheet]:
    """What lies on the glass with the slips: a free note, a torn slip."""
    torn = [one for one in found if not one.aligned]
    covered = [_outline(one, grey, whole) for one in whole]
    sheets = []
    for piece in ground.beside(_darkest(colour), covered):
        left, top, right, bottom = piece
        part = np.ascontiguousarray(grey[top:bottom, left:right])
        seen = colour[top:bottom, left:right]
        if backs := _printed_backs(part):
            sheets += _read_backs(part, seen, backs)
            continue
        inside = [one for one in torn if _within(one, piece)]
        sheet = _letter(part, seen, "surat", _serial(inside))
        sheets.append(replace(sheet, ticks=_unseen_ticks()) if inside else sheet)
        torn = [one for one in torn if one not in inside]
    return sheets + [_unreadable(one, colour) for one in torn]


def _within(one: FoundSlip, box: ground.Rect) -> bool:
    x, y = np.mean(one.corners, axis=0)
    return bool(box[0] <= x <= box[2] and box[1] <= y <= box[3])


def _unreadable(torn: FoundSlip, colour: Grey) -> ReadSheet:
    """A torn slip of which nothing but its marks was found."""
    fields = {TEXT: Repaired("", 0.0, "tak_terbaca")}
    return ReadSheet("surat", torn.serial, False, fields, _unseen_ticks(), colour)


def _outline(one: FoundSlip, page: Grey, all_found: Sequence[FoundSlip]) -> NDArray[np.float64]:
    """The paper of a slip on the page: with its stub, where that was not torn off, or lies under another slip."""
    lay = places.layout(one.version)
    to_page = _to_page(one, lay)
    hidden = any(_covers(other, one, lay.stub_qr) for other in all_found if other is not one)
    has_stub = hidden or scan.has_stub(page, to_page, lay)
    paper = Box(0, 0, lay.width, lay.height) if has_stub else lay.form
    return _on_page(paper, to_page).astype(np.float64)


def _to_page(one: FoundSlip, lay: places.Layout) -> NDArray[np.float64]:
    """The perspective from mm of a slip to pixels of its page."""
    paper = np.array(lay.form.corners, np.float32)
    page = np.array(one.corners, np.float32)
    return np.asarray(cv2.getPerspectiveTransform(paper, page), np.float64)


def _on_page(box: Box, to_page: NDArray[np.float64]) -> NDArray[np.float32]:
    """The four corners of a place of the slip, in pixels of the page."""
    corners = np.array([box.corners], np.float32)
    return np.asarray(cv2.perspectiveTransform(corners, to_page)[0], np.float32)


@dataclass(frozen=True)
class _Back:
    """The code that is printed on a back: its serial, and its four corners on the page."""

    serial: str
    code: NDArray[np.float64]

    @property
    def middle(self) -> NDArray[np.float64]:
        """About where the middle of its paper is on the page."""
        lay = places.layout()
        upper_left, upper_right, _, lower_left = self.code
        across = (upper_right - upper_left) / places.BACK_SIDE
        down = (lower_left - upper_left) / places.BACK_SIDE
        right, low = lay.width / 2 - places.BACK_AT, lay.height / 2 - places.BACK_AT
        return np.asarray(upper_left + right * across + low * down)


def _printed_backs(grey: Grey) -> list[_Back]:
    """The codes of backs on a page; none on a back that is not printed."""
    return [
        _Back(serial, np.array(code.corners, float))
        for code in pictures.qr_codes(grey)
        if (serial := places.parse_back(code.text))
    ]


def _read_backs(grey: Grey, colour: Grey, backs: Sequence[_Back]) -> list[ReadSheet]:
    """What is written on each back of a page: two people's backs belong to two slips."""
    sheets = []
    for (left, top, right, bottom), back in _parted(backs, grey.shape):
        part = np.ascontiguousarray(grey[top:bottom, left:right])
        seen = colour[top:bottom, left:right]
        if not ground.blank(_without_code(_darkest(seen))):
            sheets.append(_letter(part, seen, "balik", back.serial))
    return sheets


def _parted(backs: Sequence[_Back], shape: tuple[int, ...]) -> list[tuple[ground.Rect, _Back]]:
    """The whole page shared out among its backs: cut half way between the middles of their papers, so that whatever is
    written lies on one of them."""
    height, width = shape[:2]
    middles = np.array([back.middle for back in backs])
    spread = np.ptp(middles, axis=0)
    axis, long = (0, width) if spread[0] >= spread[1] else (1, height)
    order = np.argsort(middles[:, axis])
    along = middles[order, axis]
    inner = [round(float(cut)) for cut in (along[1:] + along[:-1]) / 2]
    cuts = [0, *np.clip(inner, 1, long - 1).tolist(), long]
    found = []
    for which, (start, end) in zip(order, pairwise(cuts), strict=True):
        piece = (start, 0, end, height) if axis == 0 else (0, start, width, end)
        found.append((piece, backs[int(which)]))
    return found


def _without_code(grey: Grey) -> Grey:
    """A printed back without what is printed there: its code, with its words beside it."""
    clean = grey.copy()
    for code in pictures.qr_codes(grey):
        if places.parse_back(code.text):
            cv2.fillPoly(clean, [_print_about(np.array(code.corners))], (255,))
    return clean


def _print_about(code: NDArray[np.float64]) -> NDArray[np.int32]:
    """The corners of all that is printed with a back's code, whose own four these are; turned as the code is."""
    upper_left, upper_right, _, lower_left = code
    side = float(np.linalg.norm(upper_right - upper_left))
    across = (upper_right - upper_left) / side
    down = (lower_left - upper_left) / side
    edge = side * 0.15
    words = side * places.BACK_WORDS / places.BACK_SIDE
    left, right, up = across * edge, across * (words + edge), down * edge
    around = [
        code[0] - left - up,
        code[1] + right - up,
        code[2] + right + up,
        code[3] - left + up,
    ]
    return np.array(around, np.int32)


def _backs(grey: Grey, colour: Grey, parts: Sequence[ground.Rect], front: Front) -> list[ReadSheet]:
    """Two people's backs on one sheet: behind the left slip lies the right half."""
    side_by_side = parts[0][2] < grey.shape[1]
    serials = reversed(front.serials) if side_by_side else front.serials
    sheets = []
    for (left, top, right, bottom), serial in zip(parts, serials, strict=False):
        part = np.ascontiguousarray(grey[top:bottom, left:right])
        sheets.append(_letter(part, colour[top:bottom, left:right], "punggung", serial))
    return sheets


def _serial(found: Sequence[FoundSlip]) -> str:
    """The serial on a page whose form cannot be laid flat: torn, or crumpled beyond reading by fields."""
    return next((one.serial for one in found if one.serial), "")


def _slip(
    one: FoundSlip, units: Sequence[str], all_found: Sequence[FoundSlip], colour: Grey
) -> ReadSheet:
    lay = places.layout(one.version)
    picture = scan.as_seen(colour, one)
    even = scan.flattened(one)
    reading = ocr.read(even, units, picture)
    others = [other for other in all_found if other is not one]
    fields = dict(reading.fields)
    places_of = {}
    for name, blank in lay.blanks.items():
        places_of[name] = _pixels(one, blank.box, name)
        if any(_covers(other, one, blank.box) for other in others):
            fields[name] = Repaired("", 0.0, "tertutup")
        elif _is_cut(one, blank.box, colour.shape) or _is_gone(even, blank, fields[name]):
            fields[name] = replace(
                fields[name], doubt="terpotong", confidence=min(fields[name].confidence, CUT)
            )
    fields = _without_sure_blanks(fields)
    for name, tick in lay.ticks.items():
        if reading.ticks[name] is None:
            places_of[f"{BOX}{name}"] = _pixels(one, boxes.with_label(tick), "")
    return ReadSheet(
        "slip", one.serial, one.aligned, fields, reading.ticks, picture, places_of, one.marks
    )


def _without_sure_blanks(fields: dict[str, Repaired]) -> dict[str, Repaired]:
    """The fields of a slip, none of them surely empty where the pen was too pale to be read in several: copied
    twice, it may be too pale to be seen in the others."""
    unread = [one for one in fields.values() if not one.value and one.doubt == UNREAD]
    if len(unread) < SEVERAL:
        return fields
    return {
        name: replace(one, doubt=UNREAD, confidence=CUT) if one.doubt == "kosong" else one
        for name, one in fields.items()
    }


def _is_cut(one: FoundSlip, box: Box, page: tuple[int, ...]) -> bool:
    """Whether a place of a slip lies in part beyond the edge of the scan."""
    place = _on_page(box, _to_page(one, places.layout(one.version)))
    height, width = page[:2]
    return bool(place.min() < 0 or place[:, 0].max() > width or place[:, 1].max() > height)


def _is_gone(even: FoundSlip, blank: Blank, read: Repaired) -> bool:
    """Whether a field is empty because it is not there, or not wholly: neither its printed name, or not what is printed
    next below it. Torn off, or folded away."""
    if read.doubt != "kosong":
        return False
    lay = places.layout(even.version)
    names = {name: scan.label_box(one.box, one.hint) for name, one in lay.blanks.items()}
    printed = [*names.values(), *(tick.box for tick in lay.ticks.values())]
    under = [box for box in printed if box.y >= blank.box.bottom - 1]
    next_below = min(under, key=lambda box: box.y)
    return _is_bare(even, names[blank.name], blank.name) or _is_bare(even, next_below, blank.name)


def _is_bare(even: FoundSlip, box: Box, field: str) -> bool:
    """Whether there is nothing where something is printed. It is looked for where the paper slipped at a field."""
    part = even.crop(box.grown(1), field)
    return not part.size or float((part < ocr.INK).mean()) < NAMED


def _pixels(one: FoundSlip, box: Box, name: str) -> tuple[int, int, int, int]:
    """Left, top, width and height of a place in the picture of a slip, with 1 mm of paper around it."""
    dx, dy = one.shifts.get(name, (0.0, 0.0))
    around = box.grown(1)
    left = max(round((around.x + dx + MARGIN) * SCALE), 0)
    top = max(round((around.y + dy + MARGIN) * SCALE), 0)
    width = round(around.width * SCALE)
    height = round(around.height * SCALE)
    return left, top, width, height


def _covers(other: FoundSlip, under: FoundSlip, box: Box) -> bool:
    """Whether a slip with more marks lies over this part of one with fewer: what is read there is not its own."""
    if other.marks <= under.marks:
        return False
    to_page = _to_page(under, places.layout(under.version))
    place = _on_page(box, to_page)
    shared, _ = cv2.intersectConvexConvex(place, np.array(other.corners, np.float32))
    return bool(shared > 0.1 * cv2.contourArea(place))


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
