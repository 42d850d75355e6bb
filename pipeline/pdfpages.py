"""A child process that draws the pages of a PDF: `python -m pipeline.pdfpages WIDTH PAGES < file.pdf > pages`; with
WIDTH 0 it writes the text that is printed on them instead. A phone's HEIC is one page.

Hides pdfium from the process that holds the database. Bounded in memory and time by itself; each JPEG is written
with its length before it (4 bytes, big-endian), the text as UTF-8.
"""

from __future__ import annotations

import resource
import struct
import sys
from io import BytesIO

import pi_heif
import pypdfium2
from PIL import Image, ImageOps

MEMORY = 1_500 * 2**20  # bytes
SECONDS = 20  # of processor time


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    width, pages = int(sys.argv[1]), int(sys.argv[2])
    content = sys.stdin.buffer.read()
    if content[4:8] == b"ftyp":
        pi_heif.register_heif_opener()
        with Image.open(BytesIO(content), formats=("HEIF",)) as photo:
            _write(ImageOps.exif_transpose(photo).convert("RGB"), width)
        return
    with pypdfium2.PdfDocument(content) as document:
        for number in range(min(len(document), pages)):
            page = document[number]
            if not width:
                text = page.get_textpage().get_text_range()
                sys.stdout.buffer.write(text.encode("utf-8", "replace"))
                continue
            _write(page.render(scale=min(width / max(page.get_width(), 1), 8)).to_pil().convert("RGB"), width)


def _write(image: Image.Image, width: int) -> None:
    image.thumbnail((width, width * 3))
    out = BytesIO()
    image.save(out, "JPEG", quality=80)
    sys.stdout.buffer.write(struct.pack(">I", out.tell()) + out.getvalue())
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
