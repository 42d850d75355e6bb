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

from pipeline.files import pictures
from pipeline.slips import form
from pipeline.slips import layout as places
from pipeline.slips.layout import Box, Layout

Grey = NDArray[Any]  # of uint8; OpenCV's own types are wider
Points = NDArray[Any]  # of float64

SCALE = 10  # pixels a mm of a slip that is laid flat
LONGEST = 4200  # pixels; beyond that a page is made smaller before it is looked at
FIT = 1.2  # mm that marks of one slip may be off from where one perspective puts them
SEARCH = 4.0  # mm within which a printed word is looked for
ALIKE = (
    0.75  # a printed word is surely this one; in another font, of a restyled form, it is less alike
)
CODE_RANGE, CODE_SPREAD, CODE_DARK = (
    40.0,
    0.3,
    (0.3, 0.7),
)  # greys of a QR: how far apart, and half of them dark
SHADE, WHITE = 0.1, 0.97  # of the paper's light, as black and as white in a picture for people
MARGIN = 3.0  # mm around a slip that are kept with it


@dataclass(frozen=True)
class FoundSlip:
    """One slip of a page, laid flat. `image` begins MARGIN mm outside the slip's corner."""

    version: int
    serial: str  # "" when its QR could not be read
    marks: int  # how many of the four were seen
    aligned: bool  # whether the fields are known to lie where the layout says
    image: Grey
    corners: tuple[tuple[float, float], ...]  # of the slip's form part on the page, in pixels
    shifts: dict[str, tuple[float, float]] = field(
        default_factory=dict
    )  # mm by which the paper slipped at a field
    to_paper: Points | None = None  # pixels of the page → mm of the slip

    def crop(self, box: Box, name: str = "") -> Grey:
        """The pixels of a box of the layout, moved with the paper where it slipped."""
        dx, dy = self.shifts.get(name, (0.0, 0.0))
        left, top = (round((at + MARGIN) * SCALE) for at in (box.x + dx, box.y + dy))
        right, bottom = (
            round((at + MARGIN) * SCALE) for at in (box.x + box.width + dx, box.y + box.height + dy)
        )
        height, width = self.image.shape
        return self.image[max(top, 0) : min(bottom, height), max(left, 0) : min(right, width)]


@dataclass(frozen=True)
class _Sign:
    """A mark or a QR: where its four corners are on the page, and where the layout has them."""

    kind: int  # 0 to 3 a mark, 4 the slip's QR
    page: Points
    paper: Points
    version: int  # of the layout that has it
    text: str = ""


def slips(page: Grey) -> list[FoundSlip]:
    """All slips of a page, from left to right and top to bottom."""
    factor = min(1.0, LONGEST / max(page.shape))
    small = (
        cv2.resize(page, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        if factor < 1
        else page
    )
    signs = _signs(np.ascontiguousarray(small))
    groups = [
        group
        for version in places.versions()
        for group in _groups([s for s in signs if s.version == version])
    ]
    found = [_lay_flat(np.ascontiguousarray(small), group) for group in groups]
    found = [_enlarged(one, factor) for one in found]
    return sorted(
        found,
        key=lambda one: (
            round(min(y for _, y in one.corners) / page.shape[0] * 4),
            one.corners[0][0],
        ),
    )


def _enlarged(one: FoundSlip, factor: float) -> FoundSlip:
    """Its places on the page as it was before that was made smaller by this factor."""
    corners = tuple((x / factor, y / factor) for x, y in one.corners)
    assert one.to_paper is not None
    return replace(one, corners=corners, to_paper=one.to_paper @ np.diag([factor, factor, 1.0]))


def as_seen(colour: Grey, one: FoundSlip) -> Grey:
    """The slip laid flat in its own colours, its contrast stretched: what the reader looked at, for people."""
    assert one.to_paper is not None
    flat = _warp(colour, one.to_paper, places.layout(one.version), cv2.INTER_LINEAR)
    return stretched(flat)


def stretched(image: Grey) -> Grey:
    """The same picture with its paper white, whatever its light; ink keeps its colour, pale ink becomes darker."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if image.ndim == 3 else image
    paper = np.maximum(paper_of(grey, SCALE), 8.0).astype(np.uint8)
    parts = [_stretched(np.ascontiguousarray(part), paper) for part in cv2.split(image)]
    return np.asarray(cv2.merge(parts))


def _stretched(part: Grey, paper: Grey) -> Grey:
    """One channel; OpenCV's own arithmetic saturates, and takes a fifth of numpy's time."""
    slope = 255 / (WHITE - SHADE)
    share = cv2.divide(part, paper, scale=slope, dtype=cv2.CV_16S)
    return np.asarray(cv2.subtract(share, np.full(1, SHADE * slope), dtype=cv2.CV_8U))


def has_stub(page: Grey, to_page: Points, lay: Layout) -> bool:
    """Whether the stub still hangs on a slip: its code, or any other print where its code would be."""
    place = np.array([[0, 0, 0], [0, 0, 0], [0, 0, 1.0]])
    place[0, 0] = place[1, 1] = 1 / SCALE
    place[0, 2], place[1, 2] = lay.stub_qr.x, lay.stub_qr.y
    side = round(lay.stub_qr.width * SCALE)
    flags = cv2.INTER_AREA | cv2.WARP_INVERSE_MAP
    part = cv2.warpPerspective(page, to_page @ place, (side, side), flags=flags, borderValue=(255,))
    dark, bright = float(np.percentile(part, 2)), float(np.percentile(part, 98))
    share = float((part < (dark + bright) / 2).mean())
    return (
        bright - dark > CODE_RANGE
        and part.std() > CODE_SPREAD * (bright - dark)
        and CODE_DARK[0] < share < CODE_DARK[1]
    )


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
    """Marks and codes, each with the version of the layout that prints it: every version has marks of its own."""
    lays = [places.layout(version) for version in places.versions()]
    found = []
    corners, ids, _ = _detector().detectMarkers(page)
    marks = {lay.first_mark + kind: (lay, kind) for lay in lays for kind in range(len(lay.marks))}
    for quad, number in zip(corners, [] if ids is None else ids.ravel(), strict=True):
        if int(number) in marks:
            lay, kind = marks[int(number)]
            found.append(
                _Sign(kind, quad.reshape(4, 2).astype(float), _paper(lay.marks[kind]), lay.version)
            )
    known = {lay.version: lay for lay in lays}
    for code in _codes(page):
        parsed = places.parse_code(code.text)
        if parsed and (of := known.get(parsed[0])):
            found.append(
                _Sign(4, np.array(code.corners, float), _paper(of.qr), of.version, parsed[1])
            )
    return found


def _codes(page: Grey) -> list[pictures.Code]:
    """QRs of the page; if there is none, once more with the noise of a cheap scan smoothed away."""
    return pictures.qr_codes(page) or pictures.qr_codes(cv2.GaussianBlur(page, (0, 0), 1.2))


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
        by_kind: list[list[_Sign | None]] = [
            [s for s in rest if s.kind == kind] + [None] for kind in range(5)
        ]
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
    slack = np.array(
        [1.5 if s.kind == 4 else 0.0 for s in group for _ in range(4)]
    )  # a QR's corners are coarse
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


def _lay_flat(page: Grey, group: Sequence[_Sign]) -> FoundSlip:
    lay = places.layout(group[0].version)
    marks = [s for s in group if s.kind < 4]
    used = marks if len(marks) >= 3 else group  # a QR's corners are coarser than three marks need
    to_paper = _perspective(used)
    assert to_paper is not None
    image = _warp(page, to_paper, lay)
    sure = len(marks) >= 3
    if not sure:
        image, to_paper, sure = _corrected(page, image, to_paper, lay)
    shifts = _shifts(image, lay)
    edges = np.array(
        [[[0, 0], [lay.width, 0], [lay.width, lay.form_height], [0, lay.form_height]]], float
    )
    corners = cv2.perspectiveTransform(edges, np.linalg.inv(to_paper))[0]
    serial = next((s.text for s in group if s.text), "") or _serial(image, lay)
    places_ = tuple((float(x), float(y)) for x, y in corners)
    return FoundSlip(lay.version, serial, len(marks), sure, image, places_, shifts, to_paper)


def _warp(page: Grey, to_paper: Points, lay: Layout, flags: int = cv2.INTER_CUBIC) -> Grey:
    """The form part in SCALE pixels a mm, with its margin."""
    size = tuple(round((n + 2 * MARGIN) * SCALE) for n in (lay.width, lay.form_height))
    place = np.array([[SCALE, 0, MARGIN * SCALE], [0, SCALE, MARGIN * SCALE], [0, 0, 1.0]])
    return np.ascontiguousarray(
        cv2.warpPerspective(page, place @ to_paper, size, flags=flags, borderValue=(255, 255, 255))
    )


def _serial(image: Grey, lay: Layout) -> str:
    """A last look at the QR alone, larger: small or smeared ones are read there."""
    top, left = (round((at - 4 + MARGIN) * SCALE) for at in (lay.qr.y, lay.qr.x))
    side = round((lay.qr.width + 8) * SCALE)
    part = image[max(top, 0) : top + side, left : left + side]
    for tried in (part, cv2.GaussianBlur(part, (0, 0), 2.0), cv2.medianBlur(part, 7)):
        for code in pictures.qr_codes(np.ascontiguousarray(tried)):
            if parsed := places.parse_code(code.text):
                return parsed[1]
    return ""


@cache
def _printed(scale: int, version: int) -> Grey:
    """An empty slip without the office's own words, in so many pixels a mm, with the margin."""
    lay = places.layout(version)
    drawn = np.asarray(Image.open(BytesIO(form.skeleton(round(scale * 25.4 * 2), version))))
    size = (round(lay.width * scale), round(lay.height * scale))
    flat = cv2.resize(drawn, size, interpolation=cv2.INTER_AREA)
    edge = round(MARGIN * scale)
    whole = cv2.copyMakeBorder(
        flat, edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=(255, 255, 255)
    )
    return np.ascontiguousarray(whole[: round((lay.form_height + 2 * MARGIN) * scale)])


def _anchors(lay: Layout) -> dict[str, Box]:
    """Printed words by which a place is recognised: the label of each field, the title, the ticks, the sentence."""
    found = {f"label {b.name}": label_box(b.box, b.hint) for b in lay.blanks.values()}
    found |= {
        f"centang {t.name}": Box(t.box.x - 1, t.box.y - 1, 18, 6.5) for t in lay.ticks.values()
    }
    found["judul"] = Box(17, 12, 72, 7)
    consent = lay.spots["persetujuan"]
    found["persetujuan"] = Box(consent.x - 1, consent.y - 1, 60, 8)
    found |= {f"tanda {n}": box.grown(1) for n, box in enumerate(lay.marks)}
    return found


def label_box(box: Box, hint: str) -> Box:
    """Where the name of a field stands, with its hint."""
    if box.x < 20:
        return Box(box.x - 0.5, box.y - 5, 30, 4.5)
    return Box(5.5, box.y, box.x - 6.5, 8.5 if hint else 5)


def _seek(
    image: Grey, anchor: Box, scale: int, reach: float, version: int
) -> tuple[float, float, float]:
    """(dx, dy in mm, likeness) of where a printed word lies in a flat image of so many pixels a mm."""
    want = _part(_printed(scale, version), anchor, scale)
    near = _part(image, anchor.grown(reach), scale)
    if (
        near.shape[0] <= want.shape[0]
        or near.shape[1] <= want.shape[1]
        or want.std() < 5
        or near.std() < 5
    ):
        return 0.0, 0.0, 0.0
    likeness = cv2.matchTemplate(near, want, cv2.TM_CCOEFF_NORMED)
    _, best, _, (x, y) = cv2.minMaxLoc(likeness)
    offset_x = min(reach, anchor.x + MARGIN)  # the search may be cut off at the edge
    offset_y = min(reach, anchor.y + MARGIN)
    return x / scale - offset_x, y / scale - offset_y, float(best)


def _part(image: Grey, box: Box, scale: int) -> Grey:
    left, top = max(round((box.x + MARGIN) * scale), 0), max(round((box.y + MARGIN) * scale), 0)
    return image[
        top : round((box.y + box.height + MARGIN) * scale),
        left : round((box.x + box.width + MARGIN) * scale),
    ]


def _corrected(page: Grey, image: Grey, to_paper: Points, lay: Layout) -> tuple[Grey, Points, bool]:
    """Too few marks: the perspective that the printed words agree on, looked for far, then near."""
    sure = False
    for reach in (14.0, 5.0, 2.0):
        small = np.ascontiguousarray(
            cv2.resize(image, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA)
        )
        seen, meant = [], []
        for anchor in _anchors(lay).values():
            dx, dy, likeness = _seek(small, anchor, 4, reach, lay.version)
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
    small = np.ascontiguousarray(
        cv2.resize(image, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA)
    )
    anchors, found = _anchors(lay), {}
    for name in lay.blanks:
        dx, dy, likeness = _seek(small, anchors[f"label {name}"], 4, SEARCH, lay.version)
        if likeness > ALIKE and max(abs(dx), abs(dy)) > 0.6:
            found[name] = (dx, dy)
    return found


# ---- light ---------------------------------------------------------------------------------------------------


def paper_of(image: Grey, scale: float) -> NDArray[np.float32]:
    """How bright the paper is at each pixel: the brightest within some mm, smoothed. `scale`: pixels a mm."""
    small = cv2.resize(image, None, fx=1 / scale, fy=1 / scale, interpolation=cv2.INTER_AREA)
    bright = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((11, 11), np.uint8))
    smooth = cv2.GaussianBlur(bright.astype(np.float32), (0, 0), 2.0)
    return np.asarray(
        cv2.resize(smooth, (image.shape[1], image.shape[0]), interpolation=cv2.INTER_LINEAR),
        np.float32,
    )


def evened(image: Grey, scale: float, black: float | None = None) -> Grey:
    """The image with its paper at 255 and its black at 0, whatever light it was taken in."""
    share = image / np.maximum(paper_of(image, scale), 8.0)
    if black is None:
        black = float(np.clip(np.percentile(share, 0.3), 0.0, 0.75))
    return np.asarray(np.clip((share - black) / max(1 - black, 0.1), 0, 1) * 255, np.uint8)


def flattened(found: FoundSlip) -> FoundSlip:
    """The slip in even light, with the black of its own printed marks as black."""
    lay = places.layout(found.version)
    share = found.image / np.maximum(paper_of(found.image, SCALE), 8.0)
    dark = [
        float(np.percentile(p, 10))
        for b in (*lay.marks, lay.qr)
        if (p := _part(share, b, SCALE)).size
    ]
    black = float(np.clip(np.median(dark), 0.0, 0.75))
    return replace(
        found,
        image=np.asarray(np.clip((share - black) / max(1 - black, 0.1), 0, 1) * 255, np.uint8),
    )
