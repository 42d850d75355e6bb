"""Boxes to be ticked: yes for a clean tick, no for a clean blank, and for anything else a question to the clerk.

Hides the arithmetic of ink in and around a box. People tick, cross, blacken, ring, scribble over and cross out, with
pencils and felt pens; some change their mind. What is neither a tick nor a blank is never guessed at.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.slips.layout import Box, Tick
from pipeline.slips.scan import SCALE, FoundSlip, Grey

BESIDE = 2.4  # mm left of, above and below a box that are looked at
BEFORE_WORDS = 1.1  # mm at its right: its label begins there
FRAME = 0.75  # mm inside of the printed line where its own blur does not reach
OUTSIDE = 0.55  # mm beyond it
OFF = 1.2  # mm by which folded paper may have moved a box
FRAMED = 0.3  # a frame is surely seen here
PALE = 0.82  # of the paper's light; a thin pencil is darker
TOUCH = 0.08  # share of a box that a slip of the pen may cover
TICKED = 0.12  # a tick covers more
FULL = 0.85  # a tick covers less
THICK = 0.95  # mm; no stroke is wider from its middle to its edge
LEAVES = 0.25  # mm² of ink beside a box that are a stroke
ASIDE = 1.2  # mm² beside an empty box: a tick that missed it


@dataclass(frozen=True)
class Ink:
    """Where there is ink about a box: `share` of its inside, `core` mm from the middle of the thickest stroke there to
    its edge, and mm² beside the middle of each side."""

    share: float
    core: float
    left: float
    right: float
    above: float
    below: float

    @property
    def around(self) -> int:
        """At how many sides a stroke passes outside of the box."""
        return sum(area > LEAVES for area in (self.left, self.right, self.above, self.below))


def ticked(even: FoundSlip, tick: Tick) -> bool | None:
    """Whether a box is ticked; None where only a person can say."""
    return judged(ink_about(even, tick.box))


def judged(ink: Ink) -> bool | None:
    """The rule, apart from how ink is found."""
    if ink.around >= 3:  # a ring, whatever is inside
        return None
    if ink.share < TOUCH:
        beside = max(ink.left, ink.below) > ASIDE or ink.around == 2
        return None if beside else False
    if ink.share < TICKED or ink.share > FULL or ink.core > THICK:
        return None
    crossed_out = ink.left > LEAVES and ink.right > LEAVES
    return None if crossed_out else True


def ink_about(even: FoundSlip, box: Box) -> Ink:
    """Measure a box where its printed frame is found. A stain that covers all around it is paper."""
    reach = BESIDE + OFF
    image = cv2.GaussianBlur(even.crop(box.grown(reach)), (0, 0), 1.2)
    side = round(box.width * SCALE)
    if image.shape[0] < side or image.shape[1] < side:  # cut off at the edge of the picture
        return Ink(TOUCH, 0.0, 0.0, 0.0, 0.0, 0.0)
    left, top = _frame(image, side, round(reach * SCALE))
    beside = image[_beside_mask(image.shape, left, top, side)]
    paper = float(np.median(beside)) if beside.size else 255.0
    ink = image < paper * PALE
    edge = round(FRAME * SCALE)
    inner = ink[top + edge : top + side - edge, left + edge : left + side - edge]
    thickest = cv2.distanceTransform(np.pad(inner, 1).astype(np.uint8), cv2.DIST_L2, 3).max() / SCALE
    return Ink(float(inner.mean()), float(thickest), *_sides(_own(ink, left, top, side), left, top, side))


def _frame(image: Grey, side: int, margin: int) -> tuple[int, int]:
    """(left, top) of the printed frame in pixels; where the layout has it if none is seen."""
    off = round(OFF * SCALE)
    want: Grey = np.full((side + 8, side + 8), 255, np.uint8)
    cv2.rectangle(want, (4, 4), (side + 3, side + 3), 0, 3)
    want = cv2.GaussianBlur(want, (0, 0), 1.2)
    start = max(margin - off - 4, 0)
    near = image[start : margin + side + off + 4, start : margin + side + off + 4]
    if near.shape[0] < want.shape[0] or near.shape[1] < want.shape[1] or near.std() < 3:
        return margin, margin
    _, best, _, (x, y) = cv2.minMaxLoc(cv2.matchTemplate(near, want, cv2.TM_CCOEFF_NORMED))
    return (start + x + 4, start + y + 4) if best > FRAMED else (margin, margin)


def _beside_mask(shape: tuple[int, ...], left: int, top: int, side: int) -> NDArray[np.bool_]:
    """The band around a box, without the box and without its label."""
    mask = np.zeros(shape[:2], bool)
    far, near, words = (round(n * SCALE) for n in (BESIDE, OUTSIDE, BEFORE_WORDS))
    mask[max(top - far, 0) : top + side + far, max(left - far, 0) : left + side + words] = True
    mask[top - near : top + side + near, left - near : left + side + near] = False
    return mask


def _own(ink: NDArray[np.bool_], left: int, top: int, side: int) -> NDArray[np.bool_]:
    """Ink beside a box that is not the tail of a letter in the line above."""
    outside = ink & _beside_mask(ink.shape, left, top, side)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(outside.astype(np.uint8), connectivity=8)
    ceiling = max(top - round(BESIDE * SCALE), 0)
    for n in range(1, count):
        _, y, _, height, _ = stats[n]
        if y <= ceiling + 1 and y + height <= top:
            outside[labels == n] = False
    return np.asarray(outside, bool)


def _sides(ink: NDArray[np.bool_], left: int, top: int, side: int) -> tuple[float, float, float, float]:
    """mm² of ink beside the middle of each side (left, right, above, below); a cross leaves by the corners."""
    corner = round(side * 0.2)
    rows = ink[top + corner : top + side - corner]
    columns = ink[:, left + corner : left + side - corner]
    parts = rows[:, :left], rows[:, left + side :], columns[:top], columns[top + side :]
    areas = [float(part.sum()) / SCALE**2 for part in parts]
    return areas[0], areas[1], areas[2], areas[3]
