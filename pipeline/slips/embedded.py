"""What a PDF's page says that it holds, compared with what was drawn of it.

pdfium draws a page whose picture it cannot decode as white paper, without a word; such a page would pass for a blank
back. Hides pypdfium2's page objects and the marks by which a cut picture is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium_c
from PIL import Image

LARGE = 0.1  # of a page; a smaller picture is a logo or a stamp
EVEN = 2.0  # standard deviation of grey below which nothing is drawn
EACH_ROW = 0.5  # bytes that a blank row takes in the codings of faxes (T.6, JBIG2)
HEADS = 256  # bytes that such a coding takes beside its rows
END_OF_JPEG, TAIL = b"\xff\xd9", 4096  # libjpeg pads a picture without its end with grey, and is content
OWN_FORMATS = {"DCTDecode": "JPEG", "JPXDecode": "JPEG2000"}  # Pillow decodes these by itself, and says when one is cut


def lost(page: pypdfium2.PdfPage, drawn: Image.Image) -> bool:
    """Whether a large picture of this page could not be decoded, or not to its end."""
    width, height = page.get_size()
    for item in _pictures(page):
        left, bottom, right, top = item.get_bounds()
        share = (right - left) * (top - bottom) / max(width * height, 1.0)
        if share >= LARGE and (_undecodable(item) or _cut(item) or _vanished(item, drawn)):
            return True
    return False


def _pictures(page: pypdfium2.PdfPage) -> Iterator[Any]:
    """The page's pictures, those inside of forms too."""
    yield from page.get_objects(filter=(pdfium_c.FPDF_PAGEOBJ_IMAGE,), max_depth=5)


def _undecodable(item: Any) -> bool:
    try:
        bitmap = item.get_bitmap()
    except (pypdfium2.PdfiumError, ValueError):
        return True
    return not bitmap.width or not bitmap.height


def _cut(item: Any) -> bool:
    """Whether the picture's own data ends too early: pdfium pads it."""
    filters = item.get_filters()
    if not filters:
        return False
    kind = OWN_FORMATS.get(filters[-1])
    return kind is not None and not _whole(bytes(item.get_data(decode_simple=True)), kind)


def _whole(data: bytes, kind: str) -> bool:
    if kind == "JPEG" and END_OF_JPEG not in data[-TAIL:]:
        return False
    try:
        with Image.open(BytesIO(data), formats=(kind,)) as image:
            if image.format == "JPEG":
                image.draft("L", (image.width // 8, image.height // 8))
            image.load()
    except (OSError, SyntaxError, ValueError, EOFError):
        return False
    return True


def _vanished(item: Any, drawn: Image.Image) -> bool:
    """Whether nothing at all is drawn, though the picture takes more bytes than white paper would."""
    small = drawn.convert("L").resize((400, 560), Image.Resampling.BOX)
    if float(np.asarray(small).std()) > EVEN:
        return False
    filters = item.get_filters()
    if not filters or filters[-1] not in ("CCITTFaxDecode", "JBIG2Decode"):
        return False
    _, rows = item.get_px_size()
    return bool(len(item.get_data()) > rows * EACH_ROW + HEADS)
