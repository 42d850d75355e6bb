"""A child process that draws the pages of a PDF: `python -m pipeline.files.pdf_child WIDTH PAGES < file.pdf > pages`;
with WIDTH 0 it writes the text that is printed on them instead, with a negative WIDTH each page's own pictures before
it and nothing (a length of 0) between two pages, with "bare" the pages without their text. With "notes" it names the
comments and attached files, a line each. A phone's HEIC is one page.

Hides pdfium from the process that holds the database. Bounded in memory and time by itself; each JPEG is written
with its length before it (4 bytes, big-endian), the text as UTF-8.
"""

from __future__ import annotations

import resource
import struct
import sys
from collections.abc import Iterator
from io import BytesIO

import pi_heif
import pypdfium2
from PIL import Image, ImageOps
from pypdfium2 import raw

MEMORY = 800 * 2**20  # bytes of address space; a picture of MOST_PIXELS takes 500
SECONDS = 20  # of processor time
SCAN_WIDTH = 600  # pixels; a narrower picture is no scan of a page
MOST_PIXELS = (
    60_000_000  # of a picture that is unpacked whole; drawing a page unpacks a line at a time
)
DEPTH = 3  # of groups within groups in which pictures are looked for
NEXT = struct.pack(">I", 0)  # between two pages that are more than one picture each
NO_WORDS = 2  # bytes of an empty string in UTF-16, with its end
NOTES = {
    raw.FPDF_ANNOT_TEXT: "comment",
    raw.FPDF_ANNOT_CARET: "comment",
    raw.FPDF_ANNOT_FREETEXT: "typed",
    raw.FPDF_ANNOT_FILEATTACHMENT: "file",
    raw.FPDF_ANNOT_SOUND: "file",
}
MARKS = (
    raw.FPDF_ANNOT_HIGHLIGHT,
    raw.FPDF_ANNOT_UNDERLINE,
    raw.FPDF_ANNOT_SQUIGGLY,
    raw.FPDF_ANNOT_STRIKEOUT,
    raw.FPDF_ANNOT_SQUARE,
    raw.FPDF_ANNOT_CIRCLE,
    raw.FPDF_ANNOT_LINE,
)


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    width, pages = int(sys.argv[1]), int(sys.argv[2])
    own, width = width < 0, abs(width)
    content = sys.stdin.buffer.read()
    if content[4:8] == b"ftyp":
        pi_heif.register_heif_opener()
        with Image.open(BytesIO(content), formats=("HEIF",)) as photo:
            _write(ImageOps.exif_transpose(photo).convert("RGB"), width)
        return
    with pypdfium2.PdfDocument(content) as document:
        if sys.argv[3:] == ["notes"]:
            sys.stdout.write("".join(f"{one}\n" for one in _notes(document, pages)))
            return
        if not width:
            _write_text(document, pages)
            return
        document.init_forms()  # the seal of an electronic signature is a field
        for number in range(min(len(document), pages)):
            page = document[number]
            if own and number:
                sys.stdout.buffer.write(NEXT)
            if own:
                _write_own(page)
            if sys.argv[3:] == ["bare"]:
                _strip(page)
            scale = min(width / max(page.get_width(), 1), 8)
            _write(page.render(scale=scale).to_pil().convert("RGB"), width)


def _write_text(document: pypdfium2.PdfDocument, pages: int) -> None:
    """The words of the first pages, one after the other."""
    for number in range(min(len(document), pages)):
        text = document[number].get_textpage().get_text_range()
        sys.stdout.buffer.write(text.encode("utf-8", "replace"))


def _notes(document: pypdfium2.PdfDocument, pages: int) -> Iterator[str]:
    """What a PDF holds for its reader alone: comments (also those of a highlight), text typed onto it, files."""
    if document.count_attachments():
        yield "file"
    for number in range(min(len(document), pages)):
        page = document[number]
        for at in range(raw.FPDFPage_GetAnnotCount(page)):
            note = raw.FPDFPage_GetAnnot(page, at)
            kind = raw.FPDFAnnot_GetSubtype(note)
            says = raw.FPDFAnnot_GetStringValue(note, b"Contents", None, 0) > NO_WORDS
            raw.FPDFPage_CloseAnnot(note)
            if kind in NOTES:
                yield NOTES[kind]
            elif kind in MARKS and says:
                yield "comment"


def _strip(page: pypdfium2.PdfPage) -> None:
    """Take the text off a page: what is left was drawn, pasted or written on it."""
    for found in list(page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_TEXT], max_depth=1)):
        page.remove_obj(found)


def _pictures(page: pypdfium2.PdfPage) -> Iterator[tuple[pypdfium2.PdfImage, int, int]]:
    """The pictures of a page with their width and height in pixels as the PDF tells them, before any is unpacked."""
    for found in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=DEPTH):
        if isinstance(found, pypdfium2.PdfImage):
            yield found, *found.get_px_size()


def _write_own(page: pypdfium2.PdfPage) -> None:
    """The pictures of a page in their own pixels: a scan that is drawn anew at another size loses its small codes."""
    for found, width, height in _pictures(page):
        if width < SCAN_WIDTH or width * height > MOST_PIXELS:
            continue
        try:
            image = found.get_bitmap(render=False).to_pil().convert("L")
        except (pypdfium2.PdfiumError, ValueError, RuntimeError):
            continue
        _write(image, image.width)


def _write(image: Image.Image, width: int) -> None:
    image.thumbnail((width, width * 3))
    out = BytesIO()
    image.save(out, "JPEG", quality=80)
    sys.stdout.buffer.write(struct.pack(">I", out.tell()) + out.getvalue())
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
