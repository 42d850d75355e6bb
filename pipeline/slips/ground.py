"""A page as ground that somebody may have written on: whether it is blank, and what lies beside the slips on the glass.

Hides the telling of ink from dust, from what shines through, from shadows, holes and the edges of the paper. In doubt
something is ink: a clerk lays aside a picture of dust in a second, a telephone number that was dropped is gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.slips import scan
from pipeline.slips.scan import Grey

PER_MM = 4  # pixels a mm at which a page is looked over
LONG_SIDE = 297.0  # mm that a page's longer side has at the most: A4
FAINT = 0.2  # of the paper's light; what is less dark than that shines through from the other side
HALF = 0.5  # of the darkest ink; what is less dark than that shines through as well
DUST = 0.35  # mm²
SMALL, HIGH = 0.9, 30.0  # mm; strokes of a pen lie between
HOLE = 9.0  # mm; a dark round thing up to this wide near an edge is a punched hole
EDGE = 4.0  # mm at the edges of a scan where shadows fall
FOLD = 45.0  # mm; a straight thin line that is longer is a fold or a streak of the scanner
WRITTEN = 2.0  # mm² of ink that a person left
PAPER = 0.72  # of the brightest paper; what is darker is a table
TOGETHER = 9.0  # mm; what lies nearer belongs together
FEWEST = 5  # strokes that make a note beside a slip
WAY_OUT = 3.0  # mm around a slip that still are its edge and its shadow
Rect = tuple[int, int, int, int]  # left, top, right, bottom in pixels of the page


@dataclass(frozen=True)
class Ground:
    """Ink of a page at `PER_MM`, stroke by stroke. `factor`: its pixels a pixel of the page."""

    strokes: NDArray[np.int32]  # label of each pixel, 0 none
    boxes: NDArray[np.int32]  # of each label: left, top, width, height, area
    factor: float


def look(page: Grey, covered: Sequence[NDArray[np.float64]] = ()) -> Ground:
    """Where there is ink on a page, outside of these polygons (in pixels of the page)."""
    factor = PER_MM * LONG_SIDE / max(page.shape)
    small = cv2.resize(page, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    light = scan.paper_of(small, float(PER_MM))
    edge = round(EDGE * PER_MM)
    free = np.zeros(small.shape, bool)
    free[edge:-edge, edge:-edge] = True
    if covered:
        free &= _paper(light)
        free &= ~_mask(small.shape, covered, factor)
    if not free.any():
        return Ground(np.zeros(small.shape, np.int32), np.zeros((1, 5), np.int32), factor)
    share = small / np.maximum(light, 8.0)
    labels, strokes, _ = _marks(share, free, FAINT)
    marks = labels > 0
    written = free & (strokes[labels] | ~marks)  # a hole or a streak is darker than any pencil
    if not written.any():
        return Ground(np.zeros(small.shape, np.int32), np.zeros((1, 5), np.int32), factor)
    darkest = float(np.percentile(share[written], 0.02))
    least = max(FAINT, HALF * (1 - darkest))  # how much darker than its paper ink must be
    labels, strokes, boxes = _marks(share, free, least)
    return Ground(
        np.where(strokes[labels], labels, 0), np.where(strokes[:, None], boxes, 0), factor
    )


def _marks(
    share: NDArray[np.float64], free: NDArray[np.bool_], least: float
) -> tuple[NDArray[np.int32], NDArray[np.bool_], NDArray[np.int32]]:
    """What is so much darker than its paper: the label of each pixel, which labels are strokes, and their boxes."""
    dark = (share < 1 - least) & free
    _, labels, boxes, _ = cv2.connectedComponentsWithStats(dark.astype(np.uint8), connectivity=8)
    strokes = [_is_stroke(box, share.shape) for box in boxes[1:]]
    is_stroke = np.array([False, *strokes])  # label 0 is the ground
    return np.asarray(labels, np.int32), is_stroke, np.asarray(boxes, np.int32)


def blank(page: Grey) -> bool:
    """Whether nobody wrote on a page."""
    return float(look(page).boxes[:, 4].sum()) < WRITTEN * PER_MM**2


def halves(page: Grey) -> list[Rect]:
    """A sheet of A4 that carried two slips side by side has two backs: those of its halves that are written on, unless
    the writing runs over the middle."""
    ground = look(page)
    height, width = ground.strokes.shape
    lies = width > height
    middle = (width if lies else height) // 2
    left, top, wide, high, area = ground.boxes.T
    start, length = (left, wide) if lies else (top, high)
    written = area > 0
    over_middle = (start < middle) & (start + length > middle)
    if bool((written & over_middle).any()):
        return []
    first = area[written & (start < middle)].sum()
    second = area[written & (start >= middle)].sum()
    if min(first, second) < WRITTEN * PER_MM**2:
        return []
    page_high, page_wide = page.shape
    if lies:
        half = page_wide // 2
        return [(0, 0, half, page_high), (half, 0, page_wide, page_high)]
    half = page_high // 2
    return [(0, 0, page_wide, half), (0, half, page_wide, page_high)]


def beside(page: Grey, covered: Sequence[NDArray[np.float64]]) -> list[Rect]:
    """What is written outside of the recognised slips: pieces of the page, each with a little room."""
    ground = look(page, covered)
    if not ground.strokes.any():
        return []
    reach = 2 * round(TOGETHER * PER_MM / 2) + 1
    near = cv2.dilate((ground.strokes > 0).astype(np.uint8), np.ones((reach, reach), np.uint8))
    _, groups, stats, _ = cv2.connectedComponentsWithStats(near, connectivity=8)
    found = []
    for number, box in enumerate(stats[1:], 1):
        ink = (groups == number) & (ground.strokes > 0)
        members = np.unique(ground.strokes[ink])
        area = ground.boxes[members, 4].sum() / PER_MM**2
        is_note = len(members) >= FEWEST or _crossed(ink) >= FEWEST
        if is_note and area >= 2 * WRITTEN:
            found.append(_on_page(box, ground.factor, page.shape))
    return found


def _crossed(ink: NDArray[np.bool_]) -> int:
    """How many strokes one straight line crosses at the most: a word in a joined script is a single piece of ink, and
    still goes up and down; an edge or a shadow does not."""
    across = (ink[:, 1:] & ~ink[:, :-1]).sum(axis=1)
    down = (ink[1:] & ~ink[:-1]).sum(axis=0)
    return int(max(across.max(), down.max()))


def _on_page(box: NDArray[np.int32], factor: float, shape: tuple[int, ...]) -> Rect:
    left, top, wide, high = (float(n) / factor for n in box[:4])
    page_high, page_wide = shape
    right = min(round(left + wide), page_wide)
    bottom = min(round(top + high), page_high)
    return max(round(left), 0), max(round(top), 0), right, bottom


def _paper(light: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Where there is paper, or the white lid of a scanner, away from the edge of a darker table."""
    brightest = float(np.percentile(light, 90))
    bright = (light > PAPER * brightest).astype(np.uint8)
    return np.asarray(cv2.erode(bright, _around()) > 0, bool)


def _around() -> NDArray[np.uint8]:
    """The square by which an edge is moved as far as it and its shadow reach."""
    side = 2 * round(WAY_OUT * PER_MM) + 1
    return np.ones((side, side), np.uint8)


def _mask(
    shape: tuple[int, ...], covered: Sequence[NDArray[np.float64]], factor: float
) -> NDArray[np.bool_]:
    """Where these polygons lie, each with its edge and its shadow."""
    mask = np.zeros(shape, np.uint8)
    for polygon in covered:
        cv2.fillPoly(mask, [np.round(polygon * factor).astype(np.int32)], 1)
    return np.asarray(cv2.dilate(mask, _around()) > 0, bool)


def _is_stroke(box: NDArray[np.int32], shape: tuple[int, ...]) -> bool:
    """Whether this is what a pen leaves: no dust, hole, fold, streak, or shadow of an edge."""
    left, top, wide, high, area = (int(n) for n in box)
    longer, shorter = max(wide, high) / PER_MM, min(wide, high) / PER_MM
    is_dust = area < DUST * PER_MM**2 or longer < SMALL
    is_fold = longer > FOLD and shorter < 1.5
    if is_dust or is_fold:
        return False
    is_round = 0.8 < wide / max(high, 1) < 1.25 and area > 0.6 * wide * high
    is_hole = is_round and 3.0 < longer <= HOLE and _is_at_rim(left, top, wide, high, shape)
    return not is_hole and longer <= HIGH * 4


def _is_at_rim(left: int, top: int, wide: int, high: int, shape: tuple[int, ...]) -> bool:
    """Whether something lies where a page is punched."""
    rim = 18 * PER_MM
    height, width = shape
    at_side = left < rim or left + wide > width - rim
    at_end = top < rim or top + high > height - rim
    return at_side or at_end
