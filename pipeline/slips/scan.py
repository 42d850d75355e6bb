"""A page → the slips on it, each laid flat: any turn, two or more on a page, photographed at an angle, marks missing.

Hides OpenCV. A slip is found by its ArUco marks and its QR; whichever of them are there are put together to one
perspective, and the printed words then correct what folds and missing marks leave open. Part of the extra `ocr`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from io import BytesIO
from itertools import product
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline import files
from pipeline.slips import form
from pipeline.slips import layout as places
from pipeline.slips.layout import Box, Layout

Grey = NDArray[Any]  # of uint8; OpenCV's own types are wider
Points = NDArray[Any]  # of float64

SCALE = 10  # pixels a mm of a slip that is laid flat
LONGEST = 4200  # pixels; beyond that a page is made smaller before it is looked at
FIT = 1.2  # mm that marks of one slip may be off from where one perspective puts them
SEARCH = 4.0  # mm within which a printed word is looked for
ALIKE = 0.75  # a printed word is surely this one; in another font, of a restyled form, it is less alike
MARGIN = 3.0  # mm around a slip that are kept with it


@dataclass(frozen=True)
class Found:
    """One slip of a page, laid flat. `image` begins MARGIN mm outside the slip's corner."""

    version: int
    serial: str  # "" when its QR could not be read
    marks: int  # how many of the four were seen
    aligned: bool  # whether the fields are known to lie where the layout says
    image: Grey
    corners: tuple[tuple[float, float], ...]  # of the slip's form part on the page, in pixels
    shifts: dict[str, tuple[float, float]] = field(default_factory=dict)  # mm by which the paper slipped at a field

    def crop(self, box: Box, name: str = "") -> Grey:
        """The pixels of a box of the layout, moved with the paper where it slipped."""
        dx, dy = self.shifts.get(name, (0.0, 0.0))
        left, top = (round((at + MARGIN) * SCALE) for at in (box.x + dx, box.y + dy))
        right, bottom = (round((at + MARGIN) * SCALE) for at in (box.x + box.width + dx, box.y + box.height + dy))
        height, width = self.image.shape
        return self.image[max(top, 0) : min(bottom, height), max(left, 0) : min(right, width)]


@dataclass(frozen=True)
class _Sign:
    """A mark or a QR: where its four corners are on the page, and where the layout has them."""

    kind: int  # 0 to 3 a mark, 4 the slip's QR
    page: Points
    paper: Points
    text: str = ""


def slips(page: Grey) -> list[Found]:
    """All slips of a page, from left to right and top to bottom."""
    factor = min(1.0, LONGEST / max(page.shape))
    small = cv2.resize(page, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA) if factor < 1 else page
    signs = _signs(np.ascontiguousarray(small))
    found = [_lay_flat(np.ascontiguousarray(small), group) for group in _groups(signs)]
    found = [replace(one, corners=tuple((x / factor, y / factor) for x, y in one.corners)) for one in found]
    return sorted(found, key=lambda one: (round(min(y for _, y in one.corners) / page.shape[0] * 4), one.corners[0][0]))


# ---- marks and codes -----------------------------------------------------------------------------------------


@cache
def _detector() -> cv2.aruco.ArucoDetector:
    rules = cv2.aruco.DetectorParameters()
    rules.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    rules.adaptiveThreshWinSizeMax = 53
    rules.minMarkerPerimeterRate = 0.015
    rules.errorCorrectionRate = 0.6
    return cv2.aruco.ArucoDetector(cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50), rules)


def _signs(page: Grey) -> list[_Sign]:
    lay = places.layout()
    found = []
    corners, ids, _ = _detector().detectMarkers(page)
    for quad, kind in zip(corners, [] if ids is None else ids.ravel(), strict=True):
        if (number := int(kind)) < len(lay.marks):
            found.append(_Sign(number, quad.reshape(4, 2).astype(float), _paper(lay.marks[number])))
    for code in _codes(page):
        parsed = places.parse_code(code.text)
        if parsed and parsed[0] == lay.version:
            found.append(_Sign(4, np.array(code.corners, float), _paper(lay.qr), parsed[1]))
    return found


def _codes(page: Grey) -> list[files.Code]:
    """QRs of the page; if there is none, once more with the noise of a cheap scan smoothed away."""
    return files.qr_codes(page) or files.qr_codes(cv2.GaussianBlur(page, (0, 0), 1.2))


def _paper(box: Box) -> Points:
    return np.array(
        [
            [box.x, box.y],
            [box.x + box.width, box.y],
            [box.x + box.width, box.y + box.height],
            [box.x, box.y + box.height],
        ]
    )


def _groups(signs: Sequence[_Sign]) -> list[list[_Sign]]:
    """Which signs belong to one slip: the largest sets that one perspective explains, each sign once."""
    rest = list(signs)
    groups = []
    while rest:
        by_kind: list[list[_Sign | None]] = [[s for s in rest if s.kind == kind] + [None] for kind in range(5)]
        best: tuple[float, list[_Sign]] | None = None
        for choice in product(*(kinds[:6] for kinds in by_kind)):
            group = [one for one in choice if one]
            if not group or (best and len(group) < len(best[1])):
                continue
            error = _misfit(group)
            if error < FIT and (best is None or len(group) > len(best[1]) or error < best[0]):
                best = (error, group)
        assert best is not None  # a sign alone always fits
        groups.append(best[1])
        rest = [one for one in rest if not any(one is used for used in best[1])]
    return groups


def _misfit(group: Sequence[_Sign]) -> float:
    """How far, in mm, one perspective puts the corners of these signs from where they should be, at the worst."""
    if len(group) == 1:
        return 0.0
    to_paper = _perspective(group)
    if to_paper is None:
        return np.inf
    page, paper = np.vstack([s.page for s in group]), np.vstack([s.paper for s in group])
    there = cv2.perspectiveTransform(page[None], to_paper)[0]
    off = np.linalg.norm(there - paper, axis=1)
    slack = np.array([1.5 if s.kind == 4 else 0.0 for s in group for _ in range(4)])  # a QR's corners are coarse
    return float((off - slack).max())


def _perspective(group: Iterable[_Sign]) -> Points | None:
    """Page → paper. One sign alone gives no more than turn, size and place."""
    signs = list(group)
    page, paper = np.vstack([s.page for s in signs]), np.vstack([s.paper for s in signs])
    if len(signs) == 1:
        plain, _ = cv2.estimateAffinePartial2D(page, paper, method=cv2.LMEDS)
        return None if plain is None else np.vstack([plain, [0, 0, 1]])
    found, _ = cv2.findHomography(page, paper, 0)
    return found


# ---- laying flat ---------------------------------------------------------------------------------------------


def _lay_flat(page: Grey, group: Sequence[_Sign]) -> Found:
    lay = places.layout()
    marks = [s for s in group if s.kind < 4]
    used = marks if len(marks) >= 3 else group  # a QR's corners are coarser than three marks need
    to_paper = _perspective(used)
    assert to_paper is not None
    image = _warp(page, to_paper, lay)
    sure = len(marks) >= 3
    if not sure:
        image, to_paper, sure = _corrected(page, image, to_paper, lay)
    shifts = _shifts(image, lay)
    edges = np.array([[[0, 0], [lay.width, 0], [lay.width, lay.form_height], [0, lay.form_height]]], float)
    corners = cv2.perspectiveTransform(edges, np.linalg.inv(to_paper))[0]
    serial = next((s.text for s in group if s.text), "") or _serial(image, lay)
    return Found(lay.version, serial, len(marks), sure, image, tuple((float(x), float(y)) for x, y in corners), shifts)


def _warp(page: Grey, to_paper: Points, lay: Layout) -> Grey:
    """The form part in SCALE pixels a mm, with its margin."""
    size = tuple(round((n + 2 * MARGIN) * SCALE) for n in (lay.width, lay.form_height))
    place = np.array([[SCALE, 0, MARGIN * SCALE], [0, SCALE, MARGIN * SCALE], [0, 0, 1.0]])
    return np.ascontiguousarray(
        cv2.warpPerspective(page, place @ to_paper, size, flags=cv2.INTER_CUBIC, borderValue=(255, 255, 255))
    )


def _serial(image: Grey, lay: Layout) -> str:
    """A last look at the QR alone, larger: small or smeared ones are read there."""
    top, left = (round((at - 4 + MARGIN) * SCALE) for at in (lay.qr.y, lay.qr.x))
    side = round((lay.qr.width + 8) * SCALE)
    part = image[max(top, 0) : top + side, left : left + side]
    for tried in (part, cv2.GaussianBlur(part, (0, 0), 2.0), cv2.medianBlur(part, 7)):
        for code in files.qr_codes(np.ascontiguousarray(tried)):
            if parsed := places.parse_code(code.text):
                return parsed[1]
    return ""


@cache
def _printed(scale: int) -> Grey:
    """An empty slip without the office's own words, in so many pixels a mm, with the margin."""
    lay = places.layout()
    drawn = np.asarray(Image.open(BytesIO(form.skeleton(round(scale * 25.4 * 2)))))
    size = (round(lay.width * scale), round(lay.height * scale))
    flat = cv2.resize(drawn, size, interpolation=cv2.INTER_AREA)
    edge = round(MARGIN * scale)
    whole = cv2.copyMakeBorder(flat, edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=(255, 255, 255))
    return np.ascontiguousarray(whole[: round((lay.form_height + 2 * MARGIN) * scale)])


def _anchors(lay: Layout) -> dict[str, Box]:
    """Printed words by which a place is recognised: the label of each field, the title, the ticks, the sentence."""
    found = {f"label {b.name}": _label_box(b.box, b.hint, lay) for b in lay.blanks.values()}
    found |= {f"centang {t.name}": Box(t.box.x - 1, t.box.y - 1, 18, 6.5) for t in lay.ticks.values()}
    found["judul"] = Box(17, 12, 72, 7)
    found["persetujuan"] = Box(17, 160.5, 60, 8)
    found |= {f"tanda {n}": box.grown(1) for n, box in enumerate(lay.marks)}
    return found


def _label_box(box: Box, hint: str, lay: Layout) -> Box:
    if box.x < 20:
        return Box(box.x - 0.5, box.y - 5, 30, 4.5)
    return Box(5.5, box.y, 25.5, 8.5 if hint else 5)


def _seek(image: Grey, anchor: Box, scale: int, reach: float) -> tuple[float, float, float]:
    """(dx, dy in mm, likeness) of where a printed word lies in a flat image of so many pixels a mm."""
    want = _part(_printed(scale), anchor, scale)
    near = _part(image, anchor.grown(reach), scale)
    if near.shape[0] <= want.shape[0] or near.shape[1] <= want.shape[1] or want.std() < 5 or near.std() < 5:
        return 0.0, 0.0, 0.0
    likeness = cv2.matchTemplate(near, want, cv2.TM_CCOEFF_NORMED)
    _, best, _, (x, y) = cv2.minMaxLoc(likeness)
    offset_x = min(reach, anchor.x + MARGIN)  # the search may be cut off at the edge
    offset_y = min(reach, anchor.y + MARGIN)
    return x / scale - offset_x, y / scale - offset_y, float(best)


def _part(image: Grey, box: Box, scale: int) -> Grey:
    left, top = max(round((box.x + MARGIN) * scale), 0), max(round((box.y + MARGIN) * scale), 0)
    return image[top : round((box.y + box.height + MARGIN) * scale), left : round((box.x + box.width + MARGIN) * scale)]


def _corrected(page: Grey, image: Grey, to_paper: Points, lay: Layout) -> tuple[Grey, Points, bool]:
    """Too few marks: the perspective that the printed words agree on, looked for far, then near."""
    sure = False
    for reach in (14.0, 5.0, 2.0):
        small = np.ascontiguousarray(cv2.resize(image, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA))
        seen, meant = [], []
        for anchor in _anchors(lay).values():
            dx, dy, likeness = _seek(small, anchor, 4, reach)
            if likeness > 0.5:
                middle = (anchor.x + anchor.width / 2, anchor.y + anchor.height / 2)
                seen.append((middle[0] + dx, middle[1] + dy))
                meant.append(middle)
        if len(seen) < 6:
            return image, to_paper, sure
        exact = len(seen) >= 8 and reach < 10
        method = cv2.RANSAC
        if exact:
            step, kept = cv2.findHomography(np.array(seen), np.array(meant), method, 1.0)
        else:
            plain, kept = cv2.estimateAffine2D(
                np.array(seen), np.array(meant), method=method, ransacReprojThreshold=2.0
            )
            step = None if plain is None else np.vstack([plain, [0, 0, 1]])
        if step is None or kept.sum() < 6:
            return image, to_paper, sure
        to_paper = step @ to_paper
        image = _warp(page, to_paper, lay)
        sure = exact and bool(kept.sum() >= 8)
    return image, to_paper, sure


def _shifts(image: Grey, lay: Layout) -> dict[str, tuple[float, float]]:
    """How far the paper has slipped at each field (a fold, a curl), by the words printed beside it."""
    small = np.ascontiguousarray(cv2.resize(image, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA))
    anchors, found = _anchors(lay), {}
    for name in lay.blanks:
        dx, dy, likeness = _seek(small, anchors[f"label {name}"], 4, SEARCH)
        if likeness > ALIKE and max(abs(dx), abs(dy)) > 0.6:
            found[name] = (dx, dy)
    return found


# ---- light ---------------------------------------------------------------------------------------------------


def paper_of(image: Grey, scale: float) -> NDArray[np.float32]:
    """How bright the paper is at each pixel: the brightest within some mm, smoothed. `scale`: pixels a mm."""
    small = cv2.resize(image, None, fx=1 / scale, fy=1 / scale, interpolation=cv2.INTER_AREA)
    bright = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((11, 11), np.uint8))
    smooth = cv2.GaussianBlur(bright.astype(np.float32), (0, 0), 2.0)
    return np.asarray(cv2.resize(smooth, (image.shape[1], image.shape[0]), interpolation=cv2.INTER_LINEAR), np.float32)


def evened(image: Grey, scale: float, black: float | None = None) -> Grey:
    """The image with its paper at 255 and its black at 0, whatever light it was taken in."""
    share = image / np.maximum(paper_of(image, scale), 8.0)
    if black is None:
        black = float(np.clip(np.percentile(share, 0.3), 0.0, 0.75))
    return np.asarray(np.clip((share - black) / max(1 - black, 0.1), 0, 1) * 255, np.uint8)


def flattened(found: Found) -> Found:
    """The slip in even light, with the black of its own printed marks as black."""
    lay = places.layout(found.version)
    share = found.image / np.maximum(paper_of(found.image, SCALE), 8.0)
    dark = [float(np.percentile(p, 10)) for b in (*lay.marks, lay.qr) if (p := _part(share, b, SCALE)).size]
    black = float(np.clip(np.median(dark), 0.0, 0.75))
    return replace(found, image=np.asarray(np.clip((share - black) / max(1 - black, 0.1), 0, 1) * 255, np.uint8))
