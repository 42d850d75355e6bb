"""Where the seal of an electronic signature is seen on a letter. For the child process that signs (`pades`).

Hides pdfium's search. The anchor, one character that holds the place, goes from the page: nobody should wonder what a
stray sign above the name means.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

import pypdfium2
from pypdfium2.raw import FPDF_PAGEOBJ_TEXT

Bounds = tuple[float, float, float, float]  # left, bottom, right, top, as pdfium tells them
Box = tuple[int, int, int, int]  # left, bottom, right, top, in points from the lower left corner
WIDE, HIGH, GAP = 190, 34, 8  # points


@dataclass(frozen=True)
class VisibleSeal:
    """What is seen, and what shows the place: a character of its own, or the name that stands below."""

    text: str
    anchor: str = ""
    person: str = ""


def place_of(content: bytes, seal: VisibleSeal) -> tuple[bytes, int, Box]:
    """(the PDF without the anchor, the page, the box of the seal). The same bytes where there is no anchor."""
    with pypdfium2.PdfDocument(content) as document:
        for number in reversed(range(len(document))):
            page = document[number]
            if (at := _found(page, seal.anchor)) is not None:
                box = _box(page, at, above=False)
                return _saved(document) if _without(page, at) else content, number, box
            if (at := _found(page, seal.person)) is not None:
                return content, number, _box(page, at, above=True)
        last = len(document) - 1
        right = int(document[last].get_width()) - 40
        return content, last, (max(0, right - WIDE), 60, right, 60 + HIGH)


def _found(page: pypdfium2.PdfPage, sought: str) -> Bounds | None:
    """The last place at which a text stands on a page."""
    if not sought:
        return None
    text, place = page.get_textpage(), None
    search = text.search(sought, match_case=True)
    while (hit := search.get_next()) is not None:
        index, count = hit
        boxes = [text.get_charbox(index + n) for n in range(count)]
        lefts, bottoms, rights, tops = zip(*boxes, strict=True)
        place = min(lefts), min(bottoms), max(rights), max(tops)
    return place


def _without(page: pypdfium2.PdfPage, at: Bounds) -> bool:
    """Take away the text that is nothing but what stands there; whether there was such."""
    at_left, at_bottom, at_right, at_top = at
    across, up = (at_left + at_right) / 2, (at_bottom + at_top) / 2
    # A whole line that holds the anchor is more than the anchor.
    widest = 3 * (at_right - at_left) + 2
    for one in list(page.get_objects(filter=[FPDF_PAGEOBJ_TEXT], max_depth=1)):
        left, bottom, right, top = one.get_bounds()
        covers = left - 1 <= across <= right + 1 and bottom - 1 <= up <= top + 1
        if covers and right - left < widest:
            page.remove_obj(one)
            page.gen_content()
            return True
    return False


def _saved(document: pypdfium2.PdfDocument) -> bytes:
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def _box(page: pypdfium2.PdfPage, at: Bounds, *, above: bool) -> Box:
    """Around the anchor, or above the name, in one middle with it; within the page from side to side."""
    left, bottom, right, top = at
    middle = (left + right) / 2
    room = int(page.get_width()) - WIDE
    box_left = max(0, min(int(middle - WIDE / 2), room))
    box_bottom = int(top) + GAP if above else int((bottom + top - HIGH) / 2)
    return box_left, box_bottom, box_left + WIDE, box_bottom + HIGH
