"""What a PDF's page says that it holds, compared with what was drawn of it.

pdfium draws a page whose picture it cannot decode as white paper, without a word; such a page would pass for a blank
back. Hides pypdfium2's page objects and the marks by which a cut picture is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium_c
from PIL import Image, ImageChops

from pipeline.slips import jpeg

SMALL = (
    0.005  # of a page; a smaller picture is no part of a scan, of which some come in narrow strips
)
EACH_ROW = 0.5  # bytes that a blank row takes in the codings of faxes (T.6, JBIG2)
EACH_EDGE = 3.0  # bytes that they take at the most where black begins or ends
HEADS = 256  # bytes that such a coding takes beside its rows
OWN_FORMATS = {
    "DCTDecode": "JPEG",
    "JPXDecode": "JPEG2000",
}  # Pillow decodes these by itself, and says when one is cut
PLAIN = frozenset(
    {"FlateDecode", "LZWDecode", "RunLengthDecode", "ASCII85Decode", "ASCIIHexDecode"}
)
_PICTURE = re.compile(rb"/Subtype\s*/Image\b")  # ISO 32000-1, table 89; never inside of a stream
WHITE = 250  # greys of a page on which nothing was drawn
SPECK, MUCH = 0.0005, 0.002  # of a page: dust on white paper, and ink of which more should be seen


def lost(page: pypdfium2.PdfPage) -> bool:
    """Whether a picture of this page, or a strip of one, could not be decoded, or not to its end."""
    width, height = page.get_size()
    for item in _pictures(page):
        left, bottom, right, top = item.get_bounds()
        share = (right - left) * (top - bottom) / max(width * height, 1.0)
        if share >= SMALL and (_undecodable(item) or _cut(item)):
            return True
    return False


def holds_pictures(content: bytes) -> bool:
    """Whether a PDF has a picture somewhere: then its pages are scans, and blank paper is a picture as well."""
    return _PICTURE.search(content) is not None


def left_out(page: pypdfium2.PdfPage, drawn: Image.Image) -> bool:
    """Whether a page of a file that holds pictures came out white though it has none, or one with much on it: what
    names it, or itself, is lost, it lies beyond the page's edge, or white lies over it."""
    grey = drawn.convert("L")
    dark = sum(grey.histogram()[:WHITE])
    found = list(_pictures(page))
    if not found:
        return dark == 0
    if dark > SPECK * grey.width * grey.height:
        return False
    return sum(_ink_of(item, page) for item in found) > MUCH


def _ink_of(item: Any, page: pypdfium2.PdfPage) -> float:
    """Which share of its page a picture would darken, whichever of its two greys stands for ink."""
    left, bottom, right, top = item.get_bounds()
    width, height = page.get_size()
    greys = item.get_bitmap().to_pil().convert("L").histogram()
    dark = sum(greys[:128]) / sum(greys)
    return float(min(dark, 1 - dark) * (right - left) * (top - bottom) / max(width * height, 1.0))


def lost_of_fax(size: int, drawn: Image.Image) -> bool:
    """Whether a fax's coding of so many bytes shows far less than that many would tell."""
    return size > _edges(drawn) * EACH_EDGE + drawn.height * EACH_ROW + HEADS


def _pictures(page: pypdfium2.PdfPage) -> Iterator[Any]:
    """The page's pictures, those inside of forms too."""
    yield from page.get_objects(filter=(pdfium_c.FPDF_PAGEOBJ_IMAGE,), max_depth=5)


def _undecodable(item: Any) -> bool:
    """Whether pdfium gives nothing for it, or, of a fax's coding, far less than so many bytes would tell."""
    try:
        bitmap = item.get_bitmap()
    except (pypdfium2.PdfiumError, ValueError):
        return True
    if not bitmap.width or not bitmap.height:
        return True
    filters = item.get_filters()
    if not filters or filters[-1] not in ("CCITTFaxDecode", "JBIG2Decode"):
        return False
    return lost_of_fax(len(item.get_data()), bitmap.to_pil())


def _edges(drawn: Image.Image) -> int:
    """How often a pixel differs from the one left of it, in each colour."""
    width, height = drawn.size
    differs = ImageChops.difference(
        drawn.crop((1, 0, width, height)), drawn.crop((0, 0, width - 1, height))
    )
    counts = differs.histogram()
    return sum(counts) - sum(counts[::256])


def _cut(item: Any) -> bool:
    """Whether the picture's own data ends too early: pdfium pads it, or leaves white paper."""
    filters = item.get_filters()
    kind = OWN_FORMATS.get(filters[-1]) if filters else None
    if kind is not None:
        return not _whole(bytes(item.get_data(decode_simple=True)), kind)
    if not set(filters) <= PLAIN:
        return False
    told = item.get_metadata()
    whole = told.height * (told.width * told.bits_per_pixel // 8)
    return bool(len(item.get_data(decode_simple=True)) < whole)


def _whole(data: bytes, kind: str) -> bool:
    if kind == "JPEG":
        return jpeg.is_whole(data)
    try:
        with Image.open(BytesIO(data), formats=(kind,)) as image:
            image.load()
    except (OSError, SyntaxError, ValueError, EOFError):
        return False
    return True
