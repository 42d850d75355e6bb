"""Boxes to be ticked: yes for a clean tick, no for a clean blank, and for anything else a question to the clerk.

Hides the arithmetic of ink in and around a box. People tick, cross, blacken, ring, scribble over and cross out, with
pencils and felt pens; some change their mind. What is neither a tick nor a blank is never guessed at.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.slips import layout as places
from pipeline.slips.layout import Box, Layout, Tick
from pipeline.slips.scan import SCALE, FoundSlip, Grey

BESIDE = 2.4  # mm left of, above and below a box that are looked at
BEFORE_WORDS = 1.1  # mm at its right: its label begins there
FRAME = 0.75  # mm inside of the printed line where its own blur does not reach
OUTSIDE = 0.55  # mm beyond it
WORDS = 0.3  # mm above print that its blur reaches
BRIGHT = 90  # percentile of the light about a box that is paper
OFF = 1.2  # mm by which folded paper may have moved a box
FRAMED = 0.3  # a frame is surely seen here
PALE = 0.82  # of the paper's light; a thin pencil is darker
TOUCH = 0.08  # share of a box that a slip of the pen may cover
TRACE = 0.03  # share of a box that a few specks may cover
TICKED = 0.12  # a tick covers more
FULL = 0.7  # a tick covers less; a scribble over one does not
# Shares of a box's height and width over which a tick goes; a dash, a dot, a letter's tail do not.
TALL, BROAD = 0.35, 0.15
THICK = 0.95  # mm; no stroke is wider from its middle to its edge
LEAVES = 0.25  # mm² of ink beside a box that are a stroke
LEAVES_RIGHT = 0.12  # the same where the label leaves little room
ASIDE = 1.2  # mm² beside an empty box: a tick that missed it
THROUGH = 0.6  # mm² above and below a box: a stroke that only passes through it
TO_LABEL = 1.4  # mm from a box to its label
LETTER = 1.45  # mm that a letter of a label is wide, in the mean
TEXT, LINE = 3.2, 3.4  # mm that a row of a label is high, and from one row to the next
OVER = 2.2  # mm above and below a label that are looked at
SHOWN = 14.0  # mm of a label that tell whose it is
CLEAR = 0.5  # mm beyond its letters where their blur does not reach
LONG = 0.5  # of a label's width: a stroke along so much of it means the label
CROSSES = 0.3  # mm² of ink above or below a label: a cross or a tick that was put onto it
# mm² that a printed frame comes to at the least; else the box is torn off, or folded away
THERE = 3.0
# mm² of ink on the frame of a box, beyond that of its neighbours: a ring that follows it
HIDDEN = 1.5
MOVES = 0.5  # mm by which a tick goes further up than its own stroke is wide


@dataclass(frozen=True)
class Ink:
    """Where there is ink about a box: `share` of its inside, `core` mm from the middle of the thickest stroke there to
    its edge, and mm² beside the middle of each side. `tall`, `broad`: over how much of the box's height and width it
    goes; `reach`: mm of that height beyond the width of its own stroke; `corners`: at how many of the two left corners
    a stroke passes outside of the box; `line`: mm² of ink on and close to its printed frame."""

    share: float
    core: float
    left: float
    right: float
    above: float
    below: float
    tall: float = 1.0
    broad: float = 1.0
    corners: int = 0
    reach: float = math.inf
    line: float = 0.0

    @property
    def around(self) -> int:
        """At how many sides a stroke passes outside of the box."""
        return sum(area > LEAVES for area in (self.left, self.right, self.above, self.below))

    @property
    def sprawls(self) -> bool:
        """Whether it goes as far up and aside as a tick does."""
        return self.tall >= TALL and self.broad >= BROAD and self.reach >= MOVES


def ticked(even: FoundSlip, tick: Tick) -> bool | None:
    """Whether a box is ticked; None where only a person can say: also where its label is ringed or underlined, and
    where the stroke in it may be the end of a ring about its neighbour's."""
    lay = places.layout(even.version)
    words = lay.spots["persetujuan"].y
    ink = ink_about(even, tick.box, words)
    told = judged(ink)
    if told is None or ink.line < THERE or _label_marked(even, tick, words):
        return None
    if not told and ink.line - _usual_line(even, lay) > HIDDEN:
        return None
    before = _before(lay, tick)
    return None if told and before and _label_marked(even, before, words) else told


def _usual_line(even: FoundSlip, lay: Layout) -> float:
    """What the printed frames of this slip's boxes come to, in mm²: that of the second least, as some are marked."""
    lines = sorted(ink_about(even, tick.box).line for tick in lay.ticks.values())
    return lines[min(1, len(lines) - 1)]


def with_label(tick: Tick) -> Box:
    """What a person looks at to tell: the box with paper around it, and where its label begins."""
    label = min(LETTER * _longest_row(tick), SHOWN)
    width = BESIDE + tick.box.width + TO_LABEL + label
    height = tick.box.height + BESIDE
    return Box(tick.box.x - BESIDE, tick.box.y - BESIDE / 2, width, height)


def _before(lay: Layout, tick: Tick) -> Tick | None:
    """The box left of this one, whose label ends at it."""
    row = [one for one in lay.ticks.values() if one.box.y == tick.box.y and one.box.x < tick.box.x]
    return max(row, key=lambda one: one.box.x, default=None)


def _longest_row(tick: Tick) -> int:
    """How many letters the longest row of a label has."""
    return max(len(row) for row in tick.label.split("\n"))


def _label_marked(even: FoundSlip, tick: Tick, words_below: float) -> bool:
    """Whether a stroke goes along a box's label, above or below it, or out of it: a ring, a line under it, a tick or a
    cross that was put onto it. A label that is struck out through its middle says no, and so does its box."""
    rows = tick.label.count("\n") + 1
    half = (TEXT + LINE * (rows - 1)) / 2 + CLEAR
    middle = tick.box.y + tick.box.height / 2
    upper, lower = middle - half, middle + half  # of the label, with the blur of its letters
    fields = [blank.box for blank in places.layout(even.version).blanks.values()]
    # The rules of the field above and the words below are print, no strokes.
    foot = max(box.bottom for box in fields if box.y < tick.box.y)
    top = max(upper - OVER, foot)
    low = min(lower + OVER, words_below - WORDS)
    left = tick.box.right + TO_LABEL
    width = LETTER * _longest_row(tick)
    above = _ink_in(even, Box(left, top, width, upper - top))
    below = _ink_in(even, Box(left, lower, width, low - lower))
    if _goes_along(above) or _goes_along(below):
        return True
    return _area(_from(above, -1)) + _area(_from(below, 0)) > CROSSES


def _ink_in(even: FoundSlip, band: Box) -> NDArray[np.bool_]:
    """Where there is ink in this part of a slip."""
    part = even.crop(band)
    if not part.size:
        return np.zeros((0, 0), bool)
    image = cv2.GaussianBlur(part, (0, 0), 1.2)
    return np.asarray(image < _paper(image) * PALE)


def _goes_along(ink: NDArray[np.bool_]) -> bool:
    """Whether one stroke goes along a band that is paper on a blank form."""
    if not ink.size:
        return False
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    return bool((stats[1:, cv2.CC_STAT_WIDTH] > LONG * ink.shape[1]).any())


def _from(ink: NDArray[np.bool_], side: int) -> NDArray[np.bool_]:
    """Of the ink beside a label what comes out of it, at the last row of the band (-1) or its first (0), and does not
    go on to the band's other side, where a line of the field above hangs down."""
    if not ink.size:
        return ink
    _, labels = cv2.connectedComponents(ink.astype(np.uint8), connectivity=8)
    near, far = labels[side], labels[-1 - side]
    return np.asarray(np.isin(labels, np.setdiff1d(near, [0, *far])))


def judged(ink: Ink) -> bool | None:
    """The rule, apart from how ink is found."""
    if ink.around >= 3:  # a ring, whatever is inside
        return None
    if ink.share < TOUCH:
        return False if _is_clean_blank(ink) else None
    if ink.share < TICKED or ink.share > FULL or ink.core > THICK or not ink.sprawls:
        return None
    crossed_out = ink.left > LEAVES and ink.right > LEAVES_RIGHT
    passes = min(ink.above, ink.below) > THROUGH  # a ring about the words beside it
    return None if crossed_out or passes else True


def _is_clean_blank(ink: Ink) -> bool:
    """Whether neither a box with hardly any ink nor what lies around it was meant by somebody."""
    missed = max(ink.left, ink.below) > ASIDE
    ringed = ink.around + ink.corners >= 2  # a wide ring passes by the corners
    faint = (
        ink.share > TRACE and ink.sprawls
    )  # a hard pencil leaves little, but goes as far as a tick
    return not (missed or ringed or faint)


def ink_about(even: FoundSlip, box: Box, words_below: float = math.inf) -> Ink:
    """Measure a box where its printed frame is found. A stain that covers all around it is paper. `words_below`: mm at
    which print begins that is not the box's own."""
    reach = BESIDE + OFF
    image = cv2.GaussianBlur(even.crop(box.grown(reach)), (0, 0), 1.2)
    side = round(box.width * SCALE)
    if image.shape[0] < side or image.shape[1] < side:  # cut off at the edge of the picture
        return Ink(TOUCH, 0.0, 0.0, 0.0, 0.0, 0.0)
    frame = _frame(image, side, round(reach * SCALE))
    around = _beside_mask(image.shape, frame)
    if words_below < math.inf:
        print_begins = round((words_below - WORDS - box.y + reach) * SCALE)
        around[print_begins:] = False
    paper = _paper(image[around])
    ink = image < paper * PALE
    inner = ink[frame.inside]
    tall, broad = _spread(inner, 1), _spread(inner, 0)
    to_edge = cv2.distanceTransform(np.pad(inner, 1).astype(np.uint8), cv2.DIST_L2, 3)
    core = float(to_edge.max() / SCALE)
    own = _own(ink & around, frame.top)
    left, right, above, below = _sides(own, frame)
    return Ink(
        share=float(inner.mean()),
        core=core,
        left=left,
        right=right,
        above=above,
        below=below,
        tall=tall,
        broad=broad,
        corners=_corners(own, frame),
        reach=tall * inner.shape[0] / SCALE - 2 * core,
        line=_area(ink[frame.with_line]) - _area(inner),
    )


def _paper(beside: Grey) -> float:
    """How bright the paper is about a box, though much of it may be covered by a thick pen."""
    return float(np.percentile(beside, BRIGHT)) if beside.size else 255.0


def _spread(inner: NDArray[np.bool_], axis: int) -> float:
    """Over how much of the height (axis 1) or width (axis 0) of a box its ink goes."""
    lines = np.flatnonzero(inner.any(axis=axis))
    return float(lines[-1] - lines[0] + 1) / inner.shape[1 - axis] if len(lines) else 0.0


@dataclass(frozen=True)
class _Frame:
    """Where the printed frame of a box lies in the crop about it, in pixels."""

    left: int
    top: int
    side: int

    @property
    def right(self) -> int:
        return self.left + self.side

    @property
    def bottom(self) -> int:
        return self.top + self.side

    @property
    def corner(self) -> int:
        """How far from its ends a side is taken for its corners."""
        return round(self.side * 0.2)

    @property
    def inside(self) -> tuple[slice, slice]:
        """What lies within the printed line and its blur."""
        edge = round(FRAME * SCALE)
        rows = slice(self.top + edge, self.bottom - edge)
        columns = slice(self.left + edge, self.right - edge)
        return rows, columns

    @property
    def with_line(self) -> tuple[slice, slice]:
        """The box with its printed line and the blur of that."""
        beyond = round(OUTSIDE * SCALE)
        rows = slice(max(self.top - beyond, 0), self.bottom + beyond)
        columns = slice(max(self.left - beyond, 0), self.right + beyond)
        return rows, columns


def _frame(image: Grey, side: int, margin: int) -> _Frame:
    """The printed frame; where the layout has it if none is seen."""
    as_laid = _Frame(margin, margin, side)
    printed: Grey = np.full((side + 8, side + 8), 255, np.uint8)
    cv2.rectangle(printed, (4, 4), (side + 3, side + 3), 0, 3)
    printed = cv2.GaussianBlur(printed, (0, 0), 1.2)
    reach = round(OFF * SCALE) + 4
    start, end = max(margin - reach, 0), margin + side + reach
    near = image[start:end, start:end]
    too_small = near.shape[0] < printed.shape[0] or near.shape[1] < printed.shape[1]
    if too_small or near.std() < 3:
        return as_laid
    likeness = cv2.matchTemplate(near, printed, cv2.TM_CCOEFF_NORMED)
    _, best, _, (x, y) = cv2.minMaxLoc(likeness)
    return _Frame(start + x + 4, start + y + 4, side) if best > FRAMED else as_laid


def _beside_mask(shape: tuple[int, ...], frame: _Frame) -> NDArray[np.bool_]:
    """The band around a box, without the box and without its label."""
    far = round(BESIDE * SCALE)
    near = round(OUTSIDE * SCALE)
    label = frame.right + round(BEFORE_WORDS * SCALE)
    mask = np.zeros(shape[:2], bool)
    mask[max(frame.top - far, 0) : frame.bottom + far, max(frame.left - far, 0) : label] = True
    mask[
        frame.top - near : frame.bottom + near,
        frame.left - near : frame.right + near,
    ] = False
    return mask


def _own(outside: NDArray[np.bool_], top: int) -> NDArray[np.bool_]:
    """Ink beside a box that is not the tail of a letter in the line above."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        outside.astype(np.uint8), connectivity=8
    )
    ceiling = max(top - round(BESIDE * SCALE), 0)
    for n in range(1, count):
        _, y, _, height, _ = stats[n]
        if y <= ceiling + 1 and y + height <= top:
            outside[labels == n] = False
    return np.asarray(outside, bool)


def _sides(ink: NDArray[np.bool_], frame: _Frame) -> tuple[float, float, float, float]:
    """mm² of ink beside the middle of each side (left, right, above, below); a cross leaves by the corners."""
    corner = frame.corner
    rows = ink[frame.top + corner : frame.bottom - corner]
    columns = ink[:, frame.left + corner : frame.right - corner]
    left = _area(rows[:, : frame.left])
    right = _area(rows[:, frame.right :])
    above = _area(columns[: frame.top])
    below = _area(columns[frame.bottom :])
    return left, right, above, below


def _corners(ink: NDArray[np.bool_], frame: _Frame) -> int:
    """At how many of the two left corners a stroke passes; at the right stands the label."""
    beside = ink[:, : frame.left + frame.corner]
    upper = beside[: frame.top + frame.corner]
    lower = beside[frame.bottom - frame.corner :]
    return sum(_area(part) > LEAVES for part in (upper, lower))


def _area(ink: NDArray[np.bool_]) -> float:
    """How many mm² of ink these are."""
    return float(ink.sum()) / SCALE**2
