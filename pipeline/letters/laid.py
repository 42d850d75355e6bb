"""A paper that was printed and scanned, laid on our page; pure, and needs OpenCV (the extra `ocr`): see `unsigned`.

Hides how a paper is turned, stretched, lit and cut until it lies on ours. What ink it has where ours has none is
counted: a page that was signed or stamped has more there, and is not recognised.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from pipeline.letters.unsigned import (
    EDGE,
    FAR,
    FLAT,
    HEIGHT,
    LESS,
    MARGIN,
    MORE,
    NEAR,
    PART,
    SPECK,
    WIDTH,
)

Ink = npt.NDArray[np.uint8]  # 255 where there is ink, else 0
SMALL = 300, 425  # the same, where it is laid on another
WIDE = 1200  # pixels of width at which a page is evened
LIGHT = 31  # pixels there within which paper is seen beside any ink
BLUE, MORE_BLUE = (
    35,
    100,
)  # how much bluer than red or green a pen or a stamp is; pixels of it, at WIDTH, that are one
TURNS, CLOSE = 60, 1e-5  # how long, and how closely, a paper is laid on ours
COMPARED, LAID = 8, 3  # pages of a paper that are compared with one of ours, and laid on it
ASKEW = 0.15  # how far a paper may be turned, stretched or moved: of one, of its height
UNCUT = 0.08  # how much a whole page's shape may differ from ours
DARK = 128  # of 255: the middle grey of a page whose colours were turned round


def is_unsigned(paper: Sequence[bytes], ours: Sequence[bytes]) -> bool:
    """Whether each of our pages (JPEG) stands among the pages of the paper with nothing added: as we drew it, saved by
    another program, or printed and scanned a little askew."""
    drawn = [_Page(page) for page in paper]
    return bool(ours) and all(_stands_among(drawn, _Page(page)) for page in ours)


# ---- a paper and our page ------------------------------------------------------------------------------------


class _Page:
    """One page: its ink as it lies, and what of it is blue."""

    def __init__(self, page: bytes) -> None:
        with Image.open(BytesIO(page)) as source:
            picture = source.convert("RGB")
        picture.thumbnail((WIDE, 2 * WIDE), Image.Resampling.BOX)
        grey = np.asarray(picture.convert("L"), np.uint8)
        greys, blues = [grey], [_blue(picture)]
        if np.median(grey) < DARK:  # a negative: dark paper
            greys.insert(0, 255 - grey)
            blues.append(_blue(ImageOps.invert(picture)))
        paper = _paper(grey)
        if paper.shape != grey.shape:
            greys.append(paper)
        self.greys = [_evened(one) for one in greys]
        self.upright = _shapes(self.greys[0])
        self.size = np.count_nonzero(self.upright[0])
        self.blue = min(blues)
        self.form = grey.shape[0] / grey.shape[1]  # height to width

    def turned(self) -> Iterator[tuple[Ink, Ink]]:
        """The page as it lies, and as it was perhaps laid into the scanner: upside down, or on its side."""
        yield self.upright
        for number, grey in enumerate(self.greys):
            if number > 0:
                yield _shapes(grey)
            height, width = grey.shape
            for quarters in (1, 3) if width > height else (2,):
                yield _shapes(np.ascontiguousarray(np.rot90(grey, quarters)))


def _shapes(grey: Ink) -> tuple[Ink, Ink]:
    """The ink of a page: as it lies on the paper, and cut to its bounds (a screen shot has none)."""
    bounds = _bounds(_ink(grey))
    return _ink(_sized(grey)), _ink(_sized(grey[bounds]))


def _paper(grey: Ink) -> Ink:
    """A photograph cut to the paper on the table: to the rows and columns that are bright for the most part."""
    bright = _ink(grey) == 0
    rows = np.flatnonzero(bright.mean(axis=1) > 0.5)
    columns = np.flatnonzero(bright.mean(axis=0) > 0.5)
    if not rows.size or not columns.size:
        return grey
    return np.ascontiguousarray(grey[_from_to(rows), _from_to(columns)])


def _from_to(places: npt.NDArray[np.intp]) -> slice:
    """From the first of these places to the last."""
    return slice(places[0], places[-1] + 1)


def _evened(grey: Ink) -> Ink:
    """The page in even light: each point against the brightest near it, so that a shadow is paper and so is a table."""
    brightest = cv2.dilate(grey, np.ones((LIGHT, LIGHT), np.uint8))
    light = cv2.GaussianBlur(brightest, (0, 0), LIGHT / 3)
    return np.asarray(cv2.divide(grey, np.maximum(light, 1), scale=255), np.uint8)


def _blue(picture: Image.Image) -> int:
    """Pixels, at WIDTH, of what a printer in black does not draw: a blue pen, a violet stamp."""
    small = picture.resize((WIDTH, HEIGHT), Image.Resampling.BOX)
    colours = np.asarray(small, np.int16)  # signed, so that a difference may be negative
    red, green, blue = np.moveaxis(colours, -1, 0)
    bluer_than_red = blue - red > BLUE
    bluer_than_green = blue - green > BLUE
    found = np.where(bluer_than_red & bluer_than_green, 255, 0)
    return _without_specks(found.astype(np.uint8))


def _sized(grey: Ink) -> Ink:
    drawn = Image.fromarray(grey).resize((WIDTH, HEIGHT), Image.Resampling.BOX)
    return np.asarray(drawn, np.uint8)


def _ink(grey: Ink) -> Ink:
    """Ink by a threshold between paper and print, wherever those lie (Otsu); none on a page of one grey."""
    if int(grey.max()) - int(grey.min()) < FLAT:
        return np.zeros_like(grey)
    _threshold, ink = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    return np.asarray(ink, np.uint8)


def _bounds(ink: Ink) -> tuple[slice, slice]:
    """The rows and columns between which there is ink; all where there is none."""
    rows = np.flatnonzero(ink.any(axis=1))
    columns = np.flatnonzero(ink.any(axis=0))
    if not rows.size:
        return slice(None), slice(None)
    return _from_to(rows), _from_to(columns)


def _stands_among(drawn: Sequence[_Page], ours: _Page) -> bool:
    """Only the pages with about as much ink as ours are compared, and the nearest of them laid on it: that costs a
    tenth of a second each, and a paper may have many pages. One with more blue than ours has a pen's ink on it."""
    printed = [page for page in drawn if page.blue <= 2 * ours.blue + MORE_BLUE]
    near = sorted(printed, key=lambda page: abs(page.size - ours.size))
    return (
        any(_lies_as(page, ours) for page in near[:COMPARED])
        or any(_can_be_laid_on(page, ours) for page in near[:LAID])
        or any(_is_part(part, ours) for page in near[:COMPARED] for part in page.greys)
    )


def _lies_as(page: _Page, ours: _Page) -> bool:
    return any(_same(shapes, ours.upright) for shapes in page.turned())


def _can_be_laid_on(page: _Page, ours: _Page) -> bool:
    whole = ours.upright[0]
    return any(_alike(_laid(ink, whole), whole, MARGIN) for ink, _cut in page.turned())


def _is_part(grey: Ink, ours: _Page) -> bool:
    """Whether a page is a piece of ours, cut across or along, with nothing added: nobody has signed what is left."""
    height, width = grey.shape
    share = height / width / ours.form  # of our height, where the width is whole
    if abs(share - 1) < UNCUT or not PART < share < 1 / PART:
        return False
    size = (WIDTH, round(HEIGHT * share)) if share < 1 else (round(WIDTH / share), HEIGHT)
    drawn = Image.fromarray(grey).resize(size, Image.Resampling.BOX)
    part = _ink(np.asarray(drawn, np.uint8))
    whole = ours.upright[0]
    paper, piece = cv2.GaussianBlur(whole, (0, 0), 3), cv2.GaussianBlur(part, (0, 0), 3)
    fits = cv2.matchTemplate(paper, piece, cv2.TM_CCOEFF_NORMED)
    _least, _most, _worst, (left, top) = cv2.minMaxLoc(fits)
    laid = np.zeros_like(whole)
    laid[top : top + part.shape[0], left : left + part.shape[1]] = part
    return _alike(laid, whole, MARGIN)


def _same(paper: tuple[Ink, Ink], ours: tuple[Ink, Ink]) -> bool:
    return _alike(paper[0], ours[0], MARGIN) or _alike(paper[1], ours[1], EDGE)


def _laid(paper: Ink, ours: Ink) -> Ink:
    """The paper turned, moved and stretched until it lies on ours, as far as that can be found (ECC, Evangelidis and
    Psarakis 2008)."""
    wanted = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, TURNS, CLOSE)
    start = np.eye(2, 3, dtype=np.float32)
    try:
        _fit, found = cv2.findTransformECC(
            _small(ours), _small(paper), start, cv2.MOTION_AFFINE, wanted
        )
    except cv2.error:  # nothing in common
        return paper
    turned = np.abs(found[:, :2] - np.eye(2)).max()
    moved = np.abs(found[:, 2]).max() / SMALL[1]
    if turned > ASKEW or moved > ASKEW:
        return paper  # no scanner lays a paper like that
    found[:, 2] = found[:, 2] * (WIDTH / SMALL[0])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    laid = cv2.warpAffine(paper, found, (WIDTH, HEIGHT), flags=flags)
    return np.where(laid > 127, 255, 0).astype(np.uint8)


def _small(ink: Ink) -> Ink:
    """Blurred, so that strokes that nearly meet attract each other."""
    small = cv2.resize(ink, SMALL, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(small, (0, 0), 3), np.uint8)


def _alike(paper: Ink, ours: Ink, edge: int) -> bool:
    """Whether nothing was added to our page, and little of it is missing as far as the paper reaches: half a page, or
    one whose other half is covered, is unsigned as well."""
    reach = _bounds(paper)
    ink, whole = np.count_nonzero(ours[reach]), np.count_nonzero(ours)
    less = np.count_nonzero((ours & ~_thick(paper, NEAR))[reach])
    if ink <= max(MORE, PART * whole) or less > LESS * ink:
        return False
    added = paper & ~_thick(ours, FAR)
    added[:edge] = added[-edge:] = 0
    added[:, :edge] = added[:, -edge:] = 0
    return _without_specks(added) <= MORE


def _thick(ink: Ink, size: int) -> Ink:
    return np.asarray(cv2.dilate(ink, np.ones((size, size), np.uint8)), np.uint8)


def _without_specks(ink: Ink) -> int:
    """How many pixels of ink there are in pieces that are no dust."""
    return sum(int(piece[4]) for piece in _pieces(ink) if piece[4] >= SPECK)


def _pieces(ink: Ink) -> Any:
    """(left, top, width, height, pixels) of each connected piece."""
    return cv2.connectedComponentsWithStats(ink, connectivity=8)[2][1:]
