"""A page → the slips on it, each laid flat: any turn, two or more on a page, photographed at an angle, marks missing.

Hides OpenCV. A slip is found by its ArUco marks and its QR; whichever of them are there are put together to one
perspective, and the printed words then correct what folds and missing marks leave open. Part of the extra `ocr`.
"""

from __future__ import annotations

from collections.abc import Sequence
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
# A printed word is surely this one; in another font, of a restyled form, it is less alike.
ALIKE = 0.75
CODE_RANGE, CODE_SPREAD = 40.0, 0.3  # greys of a QR: how far apart, and how far from their mean
CODE_DARK = (0.3, 0.7)  # the share of a QR that is dark
SHADE, WHITE = 0.1, 0.97  # of the paper's light, as black and as white in a picture for people
MARGIN = 3.0  # mm around a slip that are kept with it
SEEKING = 4  # pixels a mm at which printed words are looked for
MARKS, CODE = range(4), 4  # kinds of signs: the marks of a slip, and its QR


@dataclass(frozen=True)
class FoundSlip:
    """One slip of a page, laid flat. `image` begins MARGIN mm outside the slip's corner."""

    version: int
    serial: str  # "" when its QR could not be read
    marks: int  # how many of the four were seen
    aligned: bool  # whether the fields are known to lie where the layout says
    image: Grey
    corners: tuple[tuple[float, float], ...]  # of the slip's form part on the page, in pixels
    # By field: the mm by which the paper slipped there.
    shifts: dict[str, tuple[float, float]] = field(default_factory=dict)
    to_paper: Points | None = None  # pixels of the page → mm of the slip

    def crop(self, box: Box, name: str = "") -> Grey:
        """The pixels of a box of the layout, moved with the paper where it slipped."""
        dx, dy = self.shifts.get(name, (0.0, 0.0))
        left = round((box.x + dx + MARGIN) * SCALE)
        right = round((box.right + dx + MARGIN) * SCALE)
        top = round((box.y + dy + MARGIN) * SCALE)
        bottom = round((box.bottom + dy + MARGIN) * SCALE)
        rows = slice(max(top, 0), bottom)
        columns = slice(max(left, 0), right)
        return self.image[rows, columns]


@dataclass(frozen=True)
class _Sign:
    """A mark or a QR: where its four corners are on the page, and where the layout has them."""

    kind: int  # a mark's number, or CODE
    page: Points
    paper: Points
    version: int  # of the layout that has it
    text: str = ""


def slips(page: Grey) -> list[FoundSlip]:
    """All slips of a page, from left to right and top to bottom."""
    factor = min(1.0, LONGEST / max(page.shape))
    small = page
    if factor < 1:
        small = cv2.resize(page, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    small = np.ascontiguousarray(small)
    signs = _signs(small)
    groups: list[list[_Sign]] = []
    for version in places.versions():
        groups += _groups([sign for sign in signs if sign.version == version])
    found = [_enlarged(_lay_flat(small, group), factor) for group in groups]

    def place(one: FoundSlip) -> tuple[int, float]:
        """(which quarter of the page, from the top, where from the left)"""
        top = min(y for _, y in one.corners)
        left = one.corners[0][0]
        return round(top / page.shape[0] * 4), left

    return sorted(found, key=place)


def _enlarged(one: FoundSlip, factor: float) -> FoundSlip:
    """Its places on the page as it was before that was made smaller by this factor."""
    assert one.to_paper is not None
    corners = tuple((x / factor, y / factor) for x, y in one.corners)
    smaller = np.diag([factor, factor, 1.0])
    return replace(one, corners=corners, to_paper=one.to_paper @ smaller)


def as_seen(colour: Grey, one: FoundSlip) -> Grey:
    """The slip laid flat in its own colours, its contrast stretched: what the reader looked at, for people."""
    assert one.to_paper is not None
    flat = _warp(colour, one.to_paper, places.layout(one.version), cv2.INTER_LINEAR)
    return stretched(flat)


def stretched(image: Grey) -> Grey:
    """The same picture with its paper white, whatever its light; ink keeps its colour, pale ink becomes darker."""
    is_coloured = image.ndim == 3
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if is_coloured else image
    paper = np.maximum(paper_of(grey, SCALE), 8.0).astype(np.uint8)
    channels = [np.ascontiguousarray(channel) for channel in cv2.split(image)]
    return np.asarray(cv2.merge([_stretched(channel, paper) for channel in channels]))


def _stretched(part: Grey, paper: Grey) -> Grey:
    """One channel; OpenCV's own arithmetic saturates, and takes a fifth of numpy's time."""
    slope = 255 / (WHITE - SHADE)
    share = cv2.divide(part, paper, scale=slope, dtype=cv2.CV_16S)
    black = np.full(1, SHADE * slope)
    return np.asarray(cv2.subtract(share, black, dtype=cv2.CV_8U))


def has_stub(page: Grey, to_page: Points, lay: Layout) -> bool:
    """Whether the stub still hangs on a slip: its code, or any other print where its code would be."""
    code = lay.stub_qr
    place = np.array([[1 / SCALE, 0, code.x], [0, 1 / SCALE, code.y], [0, 0, 1.0]])
    side = round(code.width * SCALE)
    flags = cv2.INTER_AREA | cv2.WARP_INVERSE_MAP
    part = cv2.warpPerspective(page, to_page @ place, (side, side), flags=flags, borderValue=(255,))
    dark = float(np.percentile(part, 2))
    bright = float(np.percentile(part, 98))
    apart = bright - dark
    if apart <= CODE_RANGE or part.std() <= CODE_SPREAD * apart:
        return False
    middle = (dark + bright) / 2
    share = float((part < middle).mean())
    return CODE_DARK[0] < share < CODE_DARK[1]


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
    lays = {version: places.layout(version) for version in places.versions()}
    found = []
    corners, ids, _ = _detector().detectMarkers(page)
    printed = {}
    for lay in lays.values():
        for kind, box in enumerate(lay.marks):
            printed[lay.first_mark + kind] = (kind, box, lay.version)
    numbers = [] if ids is None else [int(number) for number in ids.ravel()]
    for quad, number in zip(corners, numbers, strict=True):
        if number in printed:
            kind, box, version = printed[number]
            found.append(_Sign(kind, quad.reshape(4, 2).astype(float), _paper(box), version))
    for code in _codes(page):
        parsed = places.parse_code(code.text)
        if parsed and parsed[0] in lays:
            version, serial = parsed
            box = lays[version].qr
            found.append(_Sign(CODE, np.array(code.corners, float), _paper(box), version, serial))
    return found


def _codes(page: Grey) -> list[pictures.Code]:
    """QRs of the page; if there is none, once more with the noise of a cheap scan smoothed away."""
    return pictures.qr_codes(page) or pictures.qr_codes(cv2.GaussianBlur(page, (0, 0), 1.2))


def _paper(box: Box) -> Points:
    return np.array(box.corners)


def _groups(signs: Sequence[_Sign]) -> list[list[_Sign]]:
    """Which signs belong to one slip: the largest sets that one perspective explains, each sign once."""
    rest = list(signs)
    groups = []
    while rest:
        best = _best_group(rest)
        groups.append(best)
        rest = [one for one in rest if not any(one is used for used in best)]
    return groups


def _best_group(signs: Sequence[_Sign]) -> list[_Sign]:
    """The most signs of different kinds that one perspective explains; of as many those that fit best. A sign alone
    always fits."""
    # Of each kind one of the first six, or none where there are fewer: on a page of many slips this ends in time.
    by_kind: list[list[_Sign | None]] = []
    for kind in (*MARKS, CODE):
        alike = [sign for sign in signs if sign.kind == kind]
        by_kind.append([*alike, None][:6])
    best: list[_Sign] = []
    least = np.inf
    for choice in product(*by_kind):
        group = [sign for sign in choice if sign]
        if not group or len(group) < len(best):
            continue
        error = _misfit(group)
        if error < FIT and (len(group) > len(best) or error < least):
            best, least = group, error
    return best


def _misfit(group: Sequence[_Sign]) -> float:
    """How far, in mm, one perspective puts the corners of these signs from where they should be, at the worst."""
    if len(group) == 1:
        return 0.0
    to_paper = _perspective(group)
    if to_paper is None:
        return np.inf
    worst = -np.inf
    for sign in group:
        there = cv2.perspectiveTransform(sign.page[None], to_paper)[0]
        off = np.linalg.norm(there - sign.paper, axis=1)
        slack = 1.5 if sign.kind == CODE else 0.0  # a QR's corners are coarse
        worst = max(worst, float(off.max()) - slack)
    return worst


def _perspective(group: Sequence[_Sign]) -> Points | None:
    """Page → paper. One sign alone gives no more than turn, size and place."""
    page = np.vstack([sign.page for sign in group])
    paper = np.vstack([sign.paper for sign in group])
    if len(group) == 1:
        plain, _ = cv2.estimateAffinePartial2D(page, paper, method=cv2.LMEDS)
        return None if plain is None else np.vstack([plain, [0, 0, 1]])
    found, _ = cv2.findHomography(page, paper, 0)
    return found


# ---- laying flat ---------------------------------------------------------------------------------------------


def _lay_flat(page: Grey, group: Sequence[_Sign]) -> FoundSlip:
    lay = places.layout(group[0].version)
    marks = [sign for sign in group if sign.kind != CODE]
    enough = len(marks) >= 3
    # A QR's corners are coarser than three marks need.
    to_paper = _perspective(marks if enough else group)
    assert to_paper is not None
    image = _warp(page, to_paper, lay)
    aligned = enough
    if not enough:
        image, to_paper, aligned = _corrected(page, image, to_paper, lay)
    form_part = np.array([lay.form.corners], float)
    on_page = cv2.perspectiveTransform(form_part, np.linalg.inv(to_paper))[0]
    corners = tuple((float(x), float(y)) for x, y in on_page)
    serial = next((sign.text for sign in group if sign.text), "") or _serial(image, lay)
    shifts = _shifts(image, lay)
    return FoundSlip(lay.version, serial, len(marks), aligned, image, corners, shifts, to_paper)


def _warp(page: Grey, to_paper: Points, lay: Layout, flags: int = cv2.INTER_CUBIC) -> Grey:
    """The form part in SCALE pixels a mm, with its margin."""
    whole = lay.form.grown(MARGIN)
    size = (round(whole.width * SCALE), round(whole.height * SCALE))
    edge = MARGIN * SCALE
    to_picture = np.array([[SCALE, 0, edge], [0, SCALE, edge], [0, 0, 1.0]])
    white = (255, 255, 255)
    flat = cv2.warpPerspective(page, to_picture @ to_paper, size, flags=flags, borderValue=white)
    return np.ascontiguousarray(flat)


def _serial(image: Grey, lay: Layout) -> str:
    """A last look at the QR alone, larger: small or smeared ones are read there."""
    part = _part(image, lay.qr.grown(4), SCALE)
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


def empty(version: int) -> Grey:
    """An empty slip in `SEEKING` pixels a mm, with the margin: where there is print."""
    return _printed(SEEKING, version)


def _anchors(lay: Layout) -> dict[str, Box]:
    """Printed words by which a place is recognised: the label of each field, the title, the ticks, the sentence."""
    found = {}
    for blank in lay.blanks.values():
        found[f"label {blank.name}"] = label_box(blank.box, blank.hint)
    for tick in lay.ticks.values():
        found[f"centang {tick.name}"] = Box(tick.box.x - 1, tick.box.y - 1, 18, 6.5)
    found["judul"] = Box(17, 12, 72, 7)
    consent = lay.spots["persetujuan"]
    found["persetujuan"] = Box(consent.x - 1, consent.y - 1, 60, 8)
    for number, mark in enumerate(lay.marks):
        found[f"tanda {number}"] = mark.grown(1)
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
    too_small = near.shape[0] <= want.shape[0] or near.shape[1] <= want.shape[1]
    if too_small or want.std() < 5 or near.std() < 5:
        return 0.0, 0.0, 0.0
    likeness = cv2.matchTemplate(near, want, cv2.TM_CCOEFF_NORMED)
    _, best, _, (x, y) = cv2.minMaxLoc(likeness)
    offset_x = min(reach, anchor.x + MARGIN)  # the search may be cut off at the edge
    offset_y = min(reach, anchor.y + MARGIN)
    return x / scale - offset_x, y / scale - offset_y, float(best)


def _part(image: Grey, box: Box, scale: int) -> Grey:
    """A place of the layout in a flat image of so many pixels a mm, or what of it lies in there."""
    left, right = round((box.x + MARGIN) * scale), round((box.right + MARGIN) * scale)
    top, bottom = round((box.y + MARGIN) * scale), round((box.bottom + MARGIN) * scale)
    rows = slice(max(top, 0), bottom)
    columns = slice(max(left, 0), right)
    return image[rows, columns]


def _corrected(page: Grey, image: Grey, to_paper: Points, lay: Layout) -> tuple[Grey, Points, bool]:
    """Too few marks: the perspective that the printed words agree on, looked for far, then near."""
    sure = False
    for reach in (14.0, 5.0, 2.0):
        seen, meant = _words_found(image, lay, reach)
        if len(seen) < 6:
            return image, to_paper, sure
        exact = len(seen) >= 8 and reach < 10
        if exact:
            step, kept = cv2.findHomography(seen, meant, cv2.RANSAC, 1.0)
        else:
            plain, kept = cv2.estimateAffine2D(
                seen, meant, method=cv2.RANSAC, ransacReprojThreshold=2.0
            )
            step = None if plain is None else np.vstack([plain, [0, 0, 1]])
        if step is None or kept.sum() < 6:
            return image, to_paper, sure
        to_paper = step @ to_paper
        image = _warp(page, to_paper, lay)
        sure = exact and bool(kept.sum() >= 8)
    return image, to_paper, sure


def _words_found(image: Grey, lay: Layout, reach: float) -> tuple[Points, Points]:
    """The middles, in mm, of printed words that were found within `reach` mm: where they lie, and where they should."""
    small = _smaller(image)
    seen, meant = [], []
    for anchor in _anchors(lay).values():
        dx, dy, likeness = _seek(small, anchor, SEEKING, reach, lay.version)
        if likeness > 0.5:
            x, y = anchor.x + anchor.width / 2, anchor.y + anchor.height / 2
            seen.append((x + dx, y + dy))
            meant.append((x, y))
    return np.array(seen), np.array(meant)


def _smaller(image: Grey) -> Grey:
    """A flat image at SEEKING pixels a mm, in which words are looked for."""
    factor = SEEKING / SCALE
    small = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(small)


def _shifts(image: Grey, lay: Layout) -> dict[str, tuple[float, float]]:
    """How far the paper has slipped at each field (a fold, a curl), by the words printed beside it."""
    small = _smaller(image)
    anchors = _anchors(lay)
    found = {}
    for name in lay.blanks:
        dx, dy, likeness = _seek(small, anchors[f"label {name}"], SEEKING, SEARCH, lay.version)
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


def evened(image: Grey, scale: float) -> Grey:
    """The image with its paper at 255 and its black at 0, whatever light it was taken in. `scale`: pixels a mm."""
    share = _share_of_paper(image, scale)
    return _from_black(share, float(np.percentile(share, 0.3)))


def flattened(found: FoundSlip) -> FoundSlip:
    """The slip in even light, with the black of its own printed marks as black."""
    lay = places.layout(found.version)
    share = _share_of_paper(found.image, SCALE)
    printed = [_part(share, box, SCALE) for box in (*lay.marks, lay.qr)]
    dark = [float(np.percentile(part, 10)) for part in printed if part.size]
    return replace(found, image=_from_black(share, float(np.median(dark))))


def _share_of_paper(image: Grey, scale: float) -> NDArray[np.float64]:
    """How bright each pixel is, 1 being the paper about it."""
    return np.asarray(image / np.maximum(paper_of(image, scale), 8.0))


def _from_black(share: NDArray[np.float64], black: float) -> Grey:
    """The picture in which what has this share of the paper's light is 0, and the paper 255."""
    black = float(np.clip(black, 0.0, 0.75))
    lighter = (share - black) / max(1 - black, 0.1)
    return np.asarray(np.clip(lighter, 0, 1) * 255, np.uint8)
