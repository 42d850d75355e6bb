"""Pictures: photos and scans as PDF, what is shown of them, the codes that stand in them."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pypdfium2
import zxingcpp
from PIL import Image, ImageOps

from pipeline.files.kinds import PDF, FileError
from pipeline.files.pdf import one_at_a_time, pdf_scans
from pipeline.office.messages import say
from pipeline.office.words import word

PDF_DPI = 250.0  # to which a scanned PDF is drawn
CODE_WIDTH = 2000  # pixels across a page: 240 dpi, at which a code of 1.5 cm is read surely
MOST_SCANNED = 30  # pages of a signed paper; each is looked at for a code
MAX_PIXELS = 30_000_000
MAX_PHOTO = 120_000_000
_DECODERS = (
    "JPEG",
    "PNG",
    "GIF",
    "WEBP",
    "TIFF",
    "BMP",
)  # never those that start other programs (EPS)
Image.MAX_IMAGE_PIXELS = MAX_PHOTO


def check_scan(content: bytes, mime: str) -> None:
    """Whether these bytes are a signed paper: a PDF with pages, or a picture. ValueError tells what to do if not."""
    try:
        if mime == PDF:
            with one_at_a_time, pypdfium2.PdfDocument(content) as document:
                if len(document) > MOST_SCANNED:
                    raise ValueError(word("galat.pindaian_panjang", paling=MOST_SCANNED))
                if len(document):
                    return
        elif mime in ("image/jpeg", "image/png"):
            picture(content, 200)  # down to the last pixel: a broken-off upload has a good head
            return
    except (pypdfium2.PdfiumError, FileError, OSError) as error:
        raise ValueError(word("galat.pindaian_rusak")) from error
    raise ValueError(word("galat.pindaian"))


def read_codes(content: bytes, mime: str, pages: int = MOST_SCANNED) -> tuple[str, ...]:
    """What the QRs on a scan, a photo or the pages of a PDF say. A PDF is drawn by a bounded child process."""
    by_page = codes_by_page(content, mime, pages)
    return tuple(dict.fromkeys(text for page in by_page for text in page))


def codes_by_page(
    content: bytes, mime: str, pages: int = MOST_SCANNED
) -> tuple[tuple[str, ...], ...]:
    """The same, page by page."""
    drawn = pdf_scans(content, CODE_WIDTH, pages) if mime == PDF else [[content]]
    return tuple(tuple(text for one in page for text in _codes_of(one)) for page in drawn)


def _codes_of(picture_: bytes) -> list[str]:
    try:
        with one_at_a_time, Image.open(BytesIO(picture_), formats=_DECODERS) as source:
            source.draft(
                "L", (CODE_WIDTH * 2, CODE_WIDTH * 2)
            )  # a photo is decoded no larger than needed
            image = ImageOps.exif_transpose(source).convert("L")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return []
    return _codes_at_scales(image)


def _codes_at_scales(image: Image.Image) -> list[str]:
    """The codes of a page in its own pixels, else where it is drawn larger or smaller: a blurred code is read at one
    size and not at another."""
    for scale in (1.0, 2.0, 1.5, 0.5):
        width, height = round(image.width * scale), round(image.height * scale)
        if scale != 1.0 and width * height > MAX_PIXELS:
            continue
        drawn = image if scale == 1.0 else image.resize((width, height), Image.Resampling.LANCZOS)
        if found := [code.text for code in qr_codes(drawn)]:
            return found
    return []


def as_pdf(content: bytes) -> bytes:
    """A picture of a signed paper as a PDF of one page, as wide as A4."""
    try:
        with one_at_a_time, Image.open(BytesIO(content), formats=_DECODERS) as source:
            source.draft("RGB", (CODE_WIDTH * 2, CODE_WIDTH * 3))
            image = ImageOps.exif_transpose(source).convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise FileError(str(error)) from error
    out = BytesIO()
    image.save(out, "PDF", resolution=image.width / 8.27, quality=85)
    return out.getvalue()


@dataclass(frozen=True)
class Code:
    """A QR in a picture: what it says and its corners in pixels, clockwise from the symbol's own top left."""

    text: str
    corners: tuple[tuple[float, float], ...]


def qr_codes(picture: Any) -> list[Code]:
    """Every QR in a picture (a Pillow image or an array of grey values), whichever way it is turned."""
    found = zxingcpp.read_barcodes(picture, formats=zxingcpp.barcode_formats_from_str("QRCode"))
    return [Code(one.text, tuple((p.x, p.y) for p in _corners(one.position))) for one in found]


def _corners(position: Any) -> tuple[Any, ...]:
    return position.top_left, position.top_right, position.bottom_right, position.bottom_left


def picture(content: bytes, width: int) -> bytes:
    """A JPEG of at most `width` pixels across, made anew from the pixels alone. FileError if it is no picture."""
    try:
        with one_at_a_time, Image.open(BytesIO(content), formats=_DECODERS) as source:
            if source.width * source.height > (
                MAX_PHOTO if source.format == "JPEG" else MAX_PIXELS
            ):
                raise FileError(say("program.gambar_besar"))
            source.draft("RGB", (width, width * 4))  # a JPEG is decoded small
            source.thumbnail((width, width * 4))
            image = ImageOps.exif_transpose(source).convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise FileError(str(error)) from error
    image.thumbnail((width, width * 4))
    out = BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()


def dpi_of(content: bytes) -> float:
    """To how many dots an inch `slips.pages` draws it: fixed for a PDF; a picture says it itself."""
    if content.startswith(b"%PDF-"):
        return PDF_DPI
    try:
        with Image.open(BytesIO(content), formats=_DECODERS) as image:
            return float(image.info.get("dpi", (PDF_DPI, PDF_DPI))[0]) or PDF_DPI
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return PDF_DPI  # who reads it says what is wrong with it
