"""A picture that stands for a signed and scanned letter, drawn from the letter's own text. For the demo only."""

from __future__ import annotations

import textwrap
from io import BytesIO

import segno
from PIL import Image, ImageDraw, ImageFont

from pipeline.demo.office import SAMPLES
from pipeline.letters.returned import inspect

PAGE = (1240, 1754)  # A4 at 150 dpi


def signed_scan(letter: bytes) -> bytes:
    """A JPEG: the text of a Word letter on paper, with the sample signature and the letter's code at its foot."""
    read = inspect(letter)
    page = Image.new("L", PAGE, 250)
    draw = ImageDraw.Draw(page)
    font = ImageFont.load_default(size=22)
    top = 110
    for paragraph in read.paragraphs:
        for line in textwrap.wrap(paragraph, 92) or [""]:
            if top < PAGE[1] - 420:
                draw.text((120, top), line, font=font, fill=30)
                top += 32
        top += 12
    with Image.open(SAMPLES / "tanda-tangan.jpg") as signature:
        mark = signature.convert("L")
        mark.thumbnail((430, 330))
        page.paste(mark, (680, min(top + 30, PAGE[1] - 380)))
    page.paste(_code(read.footer_code or "-"), (PAGE[0] - 200, PAGE[1] - 200))
    out = BytesIO()
    page.rotate(0.4, fillcolor=250).save(out, "JPEG", quality=80)
    return out.getvalue()


def _code(text: str) -> Image.Image:
    out = BytesIO()
    segno.make(text, micro=False, error="m").save(out, kind="png", scale=4, border=2)
    with Image.open(out) as code:
        return code.convert("L")
