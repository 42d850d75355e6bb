"""A picture that stands for a signed and scanned letter, drawn from the letter's own text. For the demo only."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from pipeline.demo.office import SAMPLES

PAGE = (1240, 1754)  # A4 at 150 dpi


def signed_scan(paragraphs: Iterable[str]) -> bytes:
    """A JPEG: the paragraphs of a letter on paper, with the sample signature at its foot."""
    page = Image.new("L", PAGE, 250)
    draw = ImageDraw.Draw(page)
    font = ImageFont.load_default(size=22)
    top = 110
    for paragraph in paragraphs:
        for line in textwrap.wrap(paragraph, 92) or [""]:
            if top < PAGE[1] - 420:
                draw.text((120, top), line, font=font, fill=30)
                top += 32
        top += 12
    with Image.open(SAMPLES / "tanda-tangan.jpg") as signature:
        mark = signature.convert("L")
        mark.thumbnail((430, 330))
        page.paste(mark, (680, min(top + 30, PAGE[1] - 380)))
    out = BytesIO()
    page.rotate(0.4, fillcolor=250).save(out, "JPEG", quality=80)
    return out.getvalue()
