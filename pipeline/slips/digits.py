"""The cells of a comb, each looked at alone: a second opinion on telephone numbers, NIK and dates.

Hides a small network (`angka.npz`, made by `bench/train_digits.py` from real digits and hands of the part "made"). The
recogniser reads a comb as one line of print and mistakes real people's digits with much certainty; this one sees
nothing but one digit. Part of the extra `ocr`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.slips.layout import Blank, Box
from pipeline.slips.scan import SCALE, Grey

DARK = 0.74 * 255  # darker is ink
LEAST = 0.25  # mm² of ink in a cell that are more than dirt
SIDE, ROOM = 28, 4  # pixels of the picture that the network sees, and how much of it stays free
KNOWN = 0.85  # a digit that is this sure is taken against the line's
STRANGE = 0.2  # share of its digits in which the network differs from the line in a hand that it does not know
NOTHING = 10  # the class of what is no digit: a stroke between, a sign, a letter
_FILE = Path(__file__).parent / "angka.npz"
_HOG = cv2.HOGDescriptor((SIDE, SIDE), (14, 14), (7, 7), (7, 7), 9)


@dataclass(frozen=True)
class Cell:
    """What one cell says: chances of the ten digits and of no digit, and where its ink is, in mm."""

    chances: NDArray[np.float32]
    left: float
    right: float

    @property
    def digit(self) -> str:
        """The likeliest digit, "" for what is none."""
        best = int(self.chances.argmax())
        return "" if best == NOTHING else str(best)

    @property
    def sure(self) -> float:
        """The chance of that."""
        return float(self.chances.max())


def cells(image: Grey, blank: Blank, reach: Box) -> list[Cell]:
    """The written cells of a comb from left to right. `image`: the crop `reach`, evened, without its rules."""
    dark = (image < DARK).astype(np.uint8)
    _, labels, _, centres = cv2.connectedComponentsWithStats(dark, connectivity=8)
    owners = [-1]  # of each stroke; label 0 is the ground
    for x, _ in centres[1:]:
        owners.append(_owner(x / SCALE + reach.x, blank))
    owner = np.array(owners)[labels]
    found = []
    for order in sorted(set(owners) - {-1}):
        mine = owner == order
        if mine.sum() >= LEAST * SCALE**2:
            found.append(_piece(image, mine))
    if not found:
        return []
    chances = judged(np.stack([features(one.ink, one.tall) for one in found]))
    return [
        Cell(chance, reach.x + one.left, reach.x + one.right)
        for chance, one in zip(chances, found, strict=True)
    ]


def _owner(x: float, blank: Blank) -> int:
    """The cell in or nearest to which a stroke has its middle."""
    return int(np.argmin([abs(x - cell.x - cell.width / 2) for cell in blank.cells]))


@dataclass(frozen=True)
class _Piece:
    """A cell's ink alone, and in mm how tall it is and where in the crop it begins and ends."""

    ink: Grey
    tall: float
    left: float
    right: float


def _piece(image: Grey, mine: NDArray[np.bool_]) -> _Piece:
    """What of a picture is marked as one cell's."""
    rows = np.flatnonzero(mine.any(axis=1))
    columns = np.flatnonzero(mine.any(axis=0))
    top, bottom = rows[0], rows[-1] + 1
    left, right = columns[0], columns[-1] + 1
    near = cv2.dilate(mine.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    alone = np.where(near, image, 255)
    return _Piece(
        ink=np.asarray(alone[top:bottom, left:right], np.uint8),
        tall=(bottom - top) / SCALE,
        left=left / SCALE,
        right=right / SCALE,
    )


def features(part: Grey, tall: float) -> NDArray[np.float32]:
    """What the network is told of a piece of ink (dark on 255) that is so many mm tall: its picture, then its slopes
    and its shape."""
    ink = 255 - part.astype(np.float32)
    darkest = max(float(np.percentile(ink, 98)), 40)
    ink = np.minimum(ink * (255 / darkest), 255)
    drawn = _in_square(ink)
    slopes = np.ravel(_HOG.compute(drawn.astype(np.uint8)))
    height, width = part.shape
    shape = [tall / 7, width / height / 2]
    return np.concatenate([drawn.ravel() / 255, slopes, shape]).astype(np.float32)


def _in_square(ink: NDArray[np.float32]) -> NDArray[np.float32]:
    """The ink in the middle of the picture that the network sees, as large as fits."""
    height, width = ink.shape
    fit = (SIDE - 2 * ROOM) / max(height, width)
    wide, high = max(round(width * fit), 1), max(round(height * fit), 1)
    smooth = cv2.INTER_AREA if fit < 1 else cv2.INTER_LINEAR
    small = cv2.resize(ink, (wide, high), interpolation=smooth)
    left, top = (SIDE - wide) // 2, (SIDE - high) // 2
    drawn = np.zeros((SIDE, SIDE), np.float32)
    drawn[top : top + high, left : left + wide] = small
    return drawn


def judged(told: NDArray[np.float32]) -> NDArray[np.float32]:
    """Chances of each class (columns) for each piece of ink (rows)."""
    net = _network()
    seen, *_ = convolved(told, net)
    hidden = np.maximum(seen @ net["one"] + net["one_bias"], 0)
    out = hidden @ net["two"] + net["two_bias"]
    # Softmax; the largest is taken off so that nothing overflows.
    grown = np.exp(out - out.max(axis=1, keepdims=True))
    chances = grown / grown.sum(axis=1, keepdims=True)
    return np.asarray(chances, np.float32)


Net = Mapping[str, NDArray[np.float32]]


def convolved(told: NDArray[np.float32], net: Net) -> tuple[NDArray[np.float32], ...]:
    """(what two rounds of strokes that are looked for see in each piece, with what it was told beside the picture; and
    for the training what stands between: patches and their answers of the first round, and of the second)"""
    drawn = told[:, : SIDE**2].reshape(-1, SIDE, SIDE, 1)
    near = patches(drawn, 5)
    strokes = np.maximum(near @ net["near"] + net["near_bias"], 0)
    far = patches(strokes, 3)
    shapes = np.maximum(far @ net["far"] + net["far_bias"], 0)
    seen = np.concatenate([shapes.reshape(len(told), -1), told[:, SIDE**2 :]], axis=1)
    return seen, near, strokes, far, shapes


def patches(drawn: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """The squares of so many pixels about every second pixel, each as one row: (piece, down, across, patch)."""
    edge = side // 2
    padded = np.pad(drawn, ((0, 0), (edge, edge), (edge, edge), (0, 0)))
    every = np.lib.stride_tricks.sliding_window_view(padded, (side, side), axis=(1, 2))
    second = every[:, ::2, ::2]
    return second.reshape(*second.shape[:3], -1)


@cache
def _network() -> dict[str, NDArray[np.float32]]:
    with np.load(_FILE) as kept:
        return {name: kept[name].astype(np.float32) for name in kept.files}


@dataclass(frozen=True)
class Weighed:
    """A comb as line and cells together say it: the text, how sure each digit is, and the other opinion on it."""

    text: str
    sure: tuple[float, ...]
    second: str


def weighed(text: str, sure: Sequence[float], some: Sequence[Cell]) -> Weighed:
    """The line's reading and the cells' put together. Where both see the same digits each is as sure as the less sure
    of the two; where they differ the better founded one is taken, and `second` is what the other saw."""
    alone = "".join(cell.digit for cell in some)
    line = [(c, chance) for c, chance in zip(text, sure, strict=False) if c.isdigit()]
    written = [cell for cell in some if cell.digit]
    # A cell that says nothing may hold what the line says.
    seen = some if len(line) == len(some) else written
    if len(line) != len(seen):
        surely = tuple(cell.sure for cell in written)
        cells_are_known = min(surely, default=0.0) > KNOWN
        return (
            Weighed(alone, surely, text) if cells_are_known else Weighed(text, tuple(sure), alone)
        )
    taken = _each_better(line, seen)
    first = "".join(digit for digit, _ in line)
    value = "".join(digit for digit, _ in taken)
    chances = tuple(chance for _, chance in taken)
    if value == first:
        return Weighed(text, chances, alone)
    return Weighed(value, chances, first)


def _each_better(
    line: Sequence[tuple[str, float]], cells: Sequence[Cell]
) -> list[tuple[str, float]]:
    """Of as many digits of the line as there are cells, each as line and cell together say it."""
    pairs = list(zip(line, cells, strict=True))
    apart = sum(cell.digit not in ("", digit) for (digit, _), cell in pairs)
    strange = apart > max(1, len(line) * STRANGE)
    return [_better(one, cell, strange) for one, cell in pairs]


def _better(line: tuple[str, float], cell: Cell, strange: bool) -> tuple[str, float]:
    """The digit of a cell and how sure it is. `strange`: the network does not know this hand."""
    digit, sure = line
    if digit == cell.digit:
        return digit, min(sure, cell.sure)
    if cell.digit and not strange and cell.sure > min(sure, KNOWN):
        return cell.digit, cell.sure / 2
    return digit, sure / 2
