"""A code of 12 mm is read from clean scans of 150 dpi up: over dpi, turn and blur, as a picture and as a PDF."""

from __future__ import annotations

from io import BytesIO

import pytest
import segno
from PIL import Image, ImageFilter

from pipeline.files.kinds import PDF
from pipeline.files.pictures import read_codes

ADDRESS = "HTTPS://PENGADUAN.KOMINFO.EXAMPLE/ASLI/7K3M-9QXF-2BTR-WD5H"
FINE, INCH, SIDE = 600, 25.4, 12  # dpi of the paper before it is scanned; mm; mm of the code


def scanned(dpi: int, turn: float, blur: float) -> Image.Image:
    """An A4 page as a scanner sees it."""
    out = BytesIO()
    segno.make(ADDRESS, micro=False, error="m").save(out, kind="png", scale=8, border=2)
    edge = round(SIDE / INCH * FINE)
    with Image.open(out) as source:
        code = source.convert("L").resize((edge, edge), Image.Resampling.BICUBIC)
    page = Image.new("L", (4960, 7016), 250)
    page.paste(code, (4300, 6500))
    page = page.rotate(turn, resample=Image.Resampling.BICUBIC, fillcolor=250)
    size = (round(page.width * dpi / FINE), round(page.height * dpi / FINE))
    return page.resize(size, Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(blur))


@pytest.mark.parametrize("blur", [0, 0.6])
@pytest.mark.parametrize("turn", [0, 2])
@pytest.mark.parametrize("dpi", [150, 200, 242, 300])
def test_code_is_read_from_a_clean_scan(dpi: int, turn: float, blur: float) -> None:
    page = scanned(dpi, turn, blur)
    picture, pdf = BytesIO(), BytesIO()
    page.save(picture, "JPEG", quality=85)
    page.save(pdf, "PDF", resolution=dpi)
    assert read_codes(picture.getvalue(), "image/jpeg") == (ADDRESS,)
    assert read_codes(pdf.getvalue(), PDF) == (ADDRESS,)
