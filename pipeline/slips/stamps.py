"""Office stamps on a slip: where they lie, and the slip without them as far as their ink can be told from the pen's.

Hides how a ring or a frame is told from writing, and its colour from that of the pen. A stamp says nothing that a
citizen wrote: read as text, "DITERIMA" would be somebody's unit.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from pipeline.office.messages import TEMPLATES
from pipeline.slips.scan import SCALE, Grey

PER_MM = 4  # pixels a mm at which stamps are looked for
INKED = 0.86 * 255  # the pale ink of a stamp is darker than this
PRINTED = 225  # what is darker on an empty slip is print
ABOUT_PRINT = 0.5  # mm about the print where ink says nothing
SMALLEST, LARGEST = 7.0, 22.0  # mm of a ring's radius
LONG, APART = (
    11.0,
    (5.0, 40.0),
)  # mm that a side of a frame is long at least; how far its two long sides are apart
OFF = 0.6  # mm that ink may be off a perfect ring or frame
ASIDE = 1.4  # mm from an outline; there is less ink there than on it
COVERED, CONTRAST, KNOWN = (
    0.8,
    0.3,
    0.45,
)  # shares of an outline: with ink, more than beside it, not on print
PARTS, EVERY = 12, 0.5  # in so many parts of an outline there is as much ink at least
GAP = 2.0  # mm that print or a letter may hide of a side
STROKE, DRAWN = 0.9, 0.6  # mm aside of a frame's stroke, and share of it that has no ink there
PARALLEL, LEVEL = 3.0, 1.0  # degrees
MOST_LINES = 24  # straight strokes that are tried as sides of a frame
COLOURED = 12.0  # units of Lab; ink of more is coloured
PART_OF, TURN = 0.4, 35.0  # of the stamp's own colour, and degrees of hue: what still is its ink
EDGE = 1.2  # mm around a stamp that still are its ink
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Stamps:
    """`image`: the slip without their ink; `covers`: what lies within a ring or frame (same pixels). `apart`: whether
    their ink could be told from the pen's; if not, it still stands there but for their outlines."""

    image: Grey
    covers: Mask
    apart: bool


def find(
    image: Grey, coloured: Grey | None, printed: Grey, written: tuple[float, float]
) -> Stamps | None:
    """The stamps of a slip in even light; None where there is none. `coloured`: the same pixels in colour; `printed`:
    an empty slip at `PER_MM`; `written`: from where to where down the picture there are fields, in mm."""
    darkest = image if coloured is None else np.minimum(image, coloured.min(axis=2))
    small = _small(darkest)
    print_ = _print(printed, small.shape)
    top, bottom = (round(mm * PER_MM) for mm in written)
    print_[:top] = print_[bottom:] = True
    ink = (small < INKED) & ~print_
    outlines = [*_rings(ink, print_), *_frames(ink, print_)]
    if not outlines:
        return None
    within = np.zeros(small.shape, np.uint8)
    along = np.zeros(small.shape, np.uint8)
    for outline in outlines:
        points = np.round(outline).astype(np.int32)
        cv2.fillPoly(within, [points], 1)
        cv2.polylines(along, [points], True, 1, round(2 * OFF * PER_MM))
    covers = _large(cv2.dilate(within, _disc(EDGE)), image.shape)
    line = _large(along, image.shape)
    clean = image.copy()
    own = None if coloured is None else _own_ink(image, coloured, covers, line)
    clean[line if own is None else own] = 255
    return Stamps(clean, covers, own is not None)


def _small(image: Grey) -> Grey:
    factor = PER_MM / SCALE
    return cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)


def _large(mask: NDArray[np.uint8] | Grey, shape: tuple[int, ...]) -> Mask:
    size = (shape[1], shape[0])
    return np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST) > 0, bool)


def _disc(mm: float) -> NDArray[np.uint8]:
    side = 2 * round(mm * PER_MM) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def _print(printed: Grey, shape: tuple[int, ...]) -> Mask:
    dark = (printed < PRINTED).astype(np.uint8)
    wide = cv2.dilate(dark, _disc(ABOUT_PRINT)) > 0
    mask = np.ones(shape, bool)
    height, width = min(shape[0], wide.shape[0]), min(shape[1], wide.shape[1])
    mask[:height, :width] = wide[:height, :width]
    return mask


# ---- outlines ------------------------------------------------------------------------------------------------


def _rings(ink: Mask, print_: Mask) -> list[NDArray[np.float64]]:
    picture = ink.astype(np.uint8) * 255
    seen = cv2.HoughCircles(
        cv2.GaussianBlur(picture, (0, 0), 1.0),
        cv2.HOUGH_GRADIENT,
        dp=2,
        minDist=4 * PER_MM,
        param1=100,
        param2=60,
        minRadius=round(SMALLEST * PER_MM),
        maxRadius=round(LARGEST * PER_MM),
    )
    if seen is None:
        return []
    found: list[NDArray[np.float64]] = []
    angles = np.linspace(0, 2 * np.pi, 180, endpoint=False)
    around = np.column_stack([np.cos(angles), np.sin(angles)])
    wider = (
        np.arange(0, LARGEST, OFF / 2) * PER_MM
    )  # a stamp's inner ring may be the one that was seen
    for x, y, radius in seen[0][:12]:
        if not _is_ring((x, y), radius, around, ink, print_):
            continue
        tried = radius + wider[wider <= LARGEST * PER_MM - radius]
        rings = [one for one in tried if _is_ring((x, y), one, around, ink, print_)]
        found += [np.array([x, y]) + around * one for one in rings]
    return found


def _is_ring(
    middle: tuple[float, float],
    radius: float,
    around: NDArray[np.float64],
    ink: Mask,
    print_: Mask,
) -> bool:
    aside = ASIDE * PER_MM
    rings = [np.array(middle) + around * (radius + by) for by in (0, aside, -aside)]
    return _is_outline(rings, ink, print_)


def _frames(ink: Mask, print_: Mask) -> list[NDArray[np.float64]]:
    lines = cv2.HoughLinesP(
        ink.astype(np.uint8) * 255, 1, np.pi / 360, 40, None, LONG * PER_MM, GAP * PER_MM
    )
    if lines is None:
        return []
    ends = lines.reshape(-1, 2, 2).astype(float)
    longest = np.argsort(-np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1))
    found = []
    straight = [ends[n] for n in longest if _is_drawn(ends[n], ink, print_)][:MOST_LINES]
    for one, other in combinations(straight, 2):
        corners = _corners(one, other)
        if corners is None:
            continue
        middle = corners.mean(axis=0)
        short = min(
            np.linalg.norm(corners[1] - corners[0]), np.linalg.norm(corners[2] - corners[1])
        )
        by = ASIDE * PER_MM / (short / 2)
        sizes = [middle + (corners - middle) * size for size in (1.0, 1 + by, 1 - by)]
        if _is_outline([_along(size) for size in sizes], ink, print_):
            found.append(corners)
    return found


def _is_drawn(ends: NDArray[np.float64], ink: Mask, print_: Mask) -> bool:
    """Whether this is one straight stroke, and no row of letters: ink on it and none on either side of it. A level one
    may be a printed rule that folded paper has moved; a stamp that stands level is known by its upright sides."""
    start, end = ends
    way = (end - start) / np.linalg.norm(end - start)
    if abs(way[1]) < np.sin(np.radians(LEVEL)):
        return False
    across = np.array([-way[1], way[0]]) * STROKE * PER_MM
    points = start + np.linspace(0, 1, 80)[:, None] * (end - start)
    x, y = np.round(points).astype(int).T
    known = ~print_[np.clip(y, 0, ink.shape[0] - 1), np.clip(x, 0, ink.shape[1] - 1)]
    near = cv2.dilate(ink.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    alone = _at(points, near) & ~_at(points + across, ink) & ~_at(points - across, ink)
    return bool(known.sum() > 20 and alone[known].mean() >= DRAWN)


def _at(points: NDArray[np.float64], ink: Mask) -> Mask:
    x, y = np.round(points).astype(int).T
    there = (x >= 0) & (y >= 0) & (x < ink.shape[1]) & (y < ink.shape[0])
    seen = np.zeros(len(points), bool)
    seen[there] = ink[y[there], x[there]]
    return seen


def _corners(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """The four corners of the frame that has these two sides; None where they are none."""
    way = (one[1] - one[0]) / np.linalg.norm(one[1] - one[0])
    their = (other[1] - other[0]) / np.linalg.norm(other[1] - other[0])
    if abs(float(way @ their)) < np.cos(np.radians(PARALLEL)):
        return None
    across = np.array([-way[1], way[0]])
    apart = float((other.mean(axis=0) - one.mean(axis=0)) @ across)
    if not APART[0] * PER_MM <= abs(apart) <= APART[1] * PER_MM:
        return None
    first, second = sorted((one - one[0]) @ way), sorted((other - one[0]) @ way)
    overlap = min(first[1], second[1]) - max(first[0], second[0])
    start, end = min(first[0], second[0]), max(first[1], second[1])
    if overlap < 0.7 * (end - start):
        return None
    edges = (one[0] + way * start, one[0] + way * end)
    return np.array([edges[0], edges[1], edges[1] + across * apart, edges[0] + across * apart])


def _along(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points along a frame, a half mm apart."""
    points = []
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        steps = max(round(2 * float(np.linalg.norm(end - start)) / PER_MM), 2)
        points.append(start + np.linspace(0, 1, steps, endpoint=False)[:, None] * (end - start))
    return np.concatenate(points)


def _is_outline(lines: list[NDArray[np.float64]], ink: Mask, print_: Mask) -> bool:
    """Whether there is ink all along the first of these lines, and less along the others, which run beside it. A row of
    writing has ink along it, too, but none along the ends of the frame that two rows would make."""
    near = cv2.dilate(ink.astype(np.uint8), _disc(OFF)) > 0
    on, *beside = [_covered(line, near if not n else ink, print_) for n, line in enumerate(lines)]
    if on < COVERED or on - max(beside) < CONTRAST:
        return False
    parts = [_covered(part, near, print_, EVERY) for part in np.array_split(lines[0], PARTS)]
    return min(parts) >= EVERY


def _covered(points: NDArray[np.float64], ink: Mask, print_: Mask, unknown: float = 0.0) -> float:
    """The share of these points that have ink, of those of which anybody can say; `unknown` where that are few."""
    x, y = np.round(points).astype(int).T
    there = (x >= 0) & (y >= 0) & (x < ink.shape[1]) & (y < ink.shape[0])
    x, y = x[there], y[there]
    known = ink[y, x] | ~print_[y, x]
    if known.sum() < KNOWN * len(points):
        return unknown
    return float(ink[y, x][known].mean())


# ---- colour --------------------------------------------------------------------------------------------------


def _own_ink(image: Grey, coloured: Grey, covers: Mask, line: Mask) -> Mask | None:
    """The pixels of the stamps' ink; None where it cannot be told from the pen's, or has no colour."""
    lab = cv2.cvtColor(coloured, cv2.COLOR_RGB2LAB)
    hue = lab[:, :, 1:].astype(np.float32) - 128
    stamp = _median(hue[line & (image < INKED)])
    strength = float(np.linalg.norm(stamp))
    if strength < COLOURED:
        return None
    part = hue @ (stamp / strength)
    across = np.abs(hue @ np.array([-stamp[1], stamp[0]], np.float32) / strength)
    alike = (part > PART_OF * strength) & (across < np.tan(np.radians(TURN)) * part)
    dark = image < INKED
    pen = dark & ~covers
    if pen.any() and float(alike[pen].mean()) > 0.15:  # somebody wrote in this colour
        return None
    wide = cv2.dilate((alike & covers).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return np.asarray(wide & ((part > PART_OF * strength / 2) | ~dark), bool)


def _median(some: NDArray[np.float32]) -> NDArray[np.float32]:
    if not len(some):
        return np.zeros(2, np.float32)
    return np.asarray(np.median(some, axis=0), np.float32)


# ---- words ---------------------------------------------------------------------------------------------------


@cache
def _words() -> dict[str, list[str]]:
    return tomllib.loads((TEMPLATES / "slips" / "cap.toml").read_text(encoding="utf-8"))


def says_only_stamp(text: str, office: Iterable[str] = ()) -> bool:
    """Whether a text is what stamps say and nothing else: a day alone, or a word that only they say, and beside it
    days, numbers, the office's own name, and scraps of a ring that was read as letters."""
    words = re.findall(r"[a-z]{3,}", text.lower())
    told = _words()
    if re.fullmatch(r"\d{1,2}\W*[a-z]{3,9}\W*(?:20)?\d\d", text.lower().strip()) and words:
        return _is_like(words[0], told["bulan"])
    own = [part for name in office for part in re.findall(r"[a-z]{3,}", name.lower())]
    if not any(_is_like(word, told["hanya_cap"]) for word in words):
        return False
    beside = [*told["hanya_cap"], *told["juga_cap"], *told["bulan"], *own]
    return all(_is_like(word, beside) for word in words)


def _is_like(word: str, known: list[str]) -> bool:
    """Whether a word is one of these, or a piece of one, as a ring cuts it off."""
    return process.extractOne(word, known, scorer=fuzz.ratio, score_cutoff=75) is not None or any(
        len(word) > 3 and word in one for one in known
    )
