"""A file from a scanner or a phone → pictures of its pages. Hides pdfium and Pillow, and keeps them bounded.

Runs in the child process (`worker`), never in one that holds the database: what it opens may be a bomb. The name of
a reason (`Broken.reason`) stands in templates/istilah.toml under [slip.masalah].
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

import pi_heif
import pypdfium2
from PIL import Image, ImageOps, ImageSequence

from pipeline.files import kinds, pictures
from pipeline.slips import arriving, embedded, jpeg

MAX_PAGES = 500
MAX_PIXELS = 90_000_000  # of a page; A3 at 600 dpi has 70 million
MAX_BYTES = 200 * 2**20
LONGEST = 4200  # pixels; what is larger is made smaller, A4 at 360 dpi
FAXES = ("group3", "group4", "tiff_ccitt")  # Pillow's names of TIFF 6.0's compressions 3, 4 and 2
STRIP_BYTES = 279  # TIFF 6.0: StripByteCounts
DECODERS = ("JPEG", "PNG", "TIFF", "WEBP", "BMP", "GIF", "HEIF")
pi_heif.register_heif_opener()


class UnreadablePageError(Exception):
    """A file or a page that gives no picture."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Pages:
    """How many pages a file has, and each as an RGB or grey picture, numbered from 1. `draw` may raise Broken."""

    count: int
    draw: Callable[[int], Image.Image]


def open_file(content: bytes) -> Pages:
    """The pages of a file; Broken for one that has none."""
    if not content:
        raise UnreadablePageError("kosong")
    if len(content) > MAX_BYTES:
        raise UnreadablePageError("terlalu_besar")
    kind = kinds.sniff(content)
    if kind == kinds.PDF:
        return _pdf(content)
    if kind in kinds.SCANS:
        return _picture(content)
    raise UnreadablePageError("jenis")


def _pdf(content: bytes) -> Pages:
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        raise UnreadablePageError(
            "terkunci" if "password" in str(error).lower() else "rusak"
        ) from error
    count = len(document)
    _bounded(count)
    pictured = embedded.holds_pictures(content)

    def draw(number: int) -> Image.Image:
        try:
            page = document[number - 1]
            width, height = page.get_size()
            scale = min(pictures.PDF_DPI / 72, LONGEST / max(width, height, 1))
            drawn: Image.Image = page.render(scale=scale).to_pil().convert("RGB")
            # pdfium leaves white what it cannot decode, or find
            if embedded.lost(page) or (pictured and embedded.left_out(page, drawn)):
                raise UnreadablePageError("gambar_hilang")
            return drawn
        except (pypdfium2.PdfiumError, ValueError, MemoryError) as error:
            raise UnreadablePageError("rusak") from error

    return Pages(count, draw)


def _bounded(count: int) -> None:
    if count < 1:
        raise UnreadablePageError("rusak")
    if count > MAX_PAGES:
        raise UnreadablePageError("terlalu_banyak")


def _picture(content: bytes) -> Pages:
    try:
        with Image.open(BytesIO(content), formats=DECODERS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise UnreadablePageError("terlalu_besar")
            count = sum(1 for _ in _frames(image))
            cut = _is_cut(image, content)
    except Image.DecompressionBombError as error:
        raise UnreadablePageError("terlalu_besar") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise UnreadablePageError("rusak") from error
    _bounded(count)
    if cut:
        raise UnreadablePageError("rusak")
    return Pages(count, lambda number: _frame(content, number))


def _is_cut(image: Image.Image, content: bytes) -> bool:
    """Whether a picture ends too early where its decoder would not tell."""
    if image.format in ("JPEG", "MPO"):
        return not jpeg.is_whole(content)
    return image.format in ("WEBP", "HEIF") and arriving.ends_reserved(content)


def _frames(image: Image.Image) -> ImageSequence.Iterator | list[Image.Image]:
    """The pages: only a TIFF has several. What else a phone puts into an MPO or HEIC (a second view, a small picture,
    a map of depth) shows the same paper."""
    return (
        ImageSequence.Iterator(image)
        if image.format == "TIFF" and getattr(image, "n_frames", 1) > 1
        else [image]
    )


def _frame(content: bytes, number: int) -> Image.Image:
    """One page of a picture, upright as the camera noted, on white where it is see-through, and not too large."""
    try:
        with warnings.catch_warnings(), Image.open(BytesIO(content), formats=DECODERS) as image:
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            if image.format == "TIFF":
                image.seek(number - 1)
            if image.width * image.height > MAX_PIXELS:
                raise UnreadablePageError("terlalu_besar")
            if image.format in ("JPEG", "MPO"):
                image.draft(None, (LONGEST, LONGEST))
            if _is_cut_fax(image):
                raise UnreadablePageError("rusak")
            return _plain(ImageOps.exif_transpose(image) or image)
    except (
        OSError,
        SyntaxError,
        ValueError,
        EOFError,
        MemoryError,
        Image.DecompressionBombError,
    ) as error:
        raise UnreadablePageError("rusak") from error


def _is_cut_fax(image: Image.Image) -> bool:
    """Whether a TIFF in the coding of faxes goes on as white paper where its data are none; libtiff says nothing."""
    tags = getattr(image, "tag_v2", None)
    if tags is None or image.info.get("compression") not in FAXES:
        return False
    return embedded.lost_of_fax(sum(tags.get(STRIP_BYTES, ())), image.convert("L"))


def _plain(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits
        image = image.point(lambda value: value / 256).convert("L")
    elif image.mode in ("RGBA", "LA", "PA", "P"):
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image).convert("RGB")
    elif image.mode not in ("L", "RGB"):
        image = image.convert("L" if image.mode == "1" else "RGB")
    factor = LONGEST / max(image.size)
    if factor < 1:
        size = (max(1, math.floor(image.width * factor)), max(1, math.floor(image.height * factor)))
        image = image.resize(size, Image.Resampling.BOX, reducing_gap=2.0)
    return image.copy()
