"""Files from scanners and phones as pages: one paper is one page, and what is lost in a file is told."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.slips import pages
from pipeline.slips.pages import UnreadablePageError, open_file

DATA = Path(__file__).parent / "data"


def told(content: bytes) -> list[str]:
    """For each page "utuh", or why it gives nothing."""
    opened, said = open_file(content), []
    for number in range(1, opened.count + 1):
        try:
            opened.draw(number)
        except UnreadablePageError as error:
            said.append(error.reason)
        else:
            said.append("utuh")
    return said


def pdf(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "PDF")
    return out.getvalue()


def noise(mode: str = "L") -> Image.Image:
    grey = Image.fromarray(np.random.default_rng(1).integers(0, 255, (800, 600), np.uint8))
    return grey.point(lambda value: 255 if value > 128 else 0).convert("1") if mode == "1" else grey


def spoiled(content: bytes, share: float, with_: bytes = b"\0") -> bytes:
    """The first stream of a PDF, cut after this share of it; its place in the file stays."""
    start = content.index(b"stream\n") + 7
    end = content.index(b"endstream", start)
    cut = start + round((end - start) * share)
    return content[:cut] + with_ * (end - cut) + content[end:]


def test_a_page_whose_picture_cannot_be_decoded_is_told_and_the_others_are_shown() -> None:
    content = (DATA / "lima_halaman_hal3_junk.pdf").read_bytes()
    assert told(content) == ["utuh", "utuh", "gambar_hilang", "utuh", "utuh"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (pdf(noise()), "utuh"),
        (spoiled(pdf(noise()), 0.5), "gambar_hilang"),
        (spoiled(pdf(noise()), 0.0), "gambar_hilang"),
        (spoiled(pdf(noise("1")), 0.0), "gambar_hilang"),
        (pdf(Image.new("L", (600, 800), 255)), "utuh"),
        (pdf(Image.new("1", (600, 800), 1)), "utuh"),
    ],
    ids=["jpeg", "cut jpeg", "no jpeg", "no fax", "white jpeg", "white fax"],
)
def test_white_paper_is_told_from_a_picture_that_is_lost(content: bytes, said: str) -> None:
    assert told(content) == [said]


def test_a_phones_photo_with_two_frames_is_one_page() -> None:
    assert open_file((DATA / "26_mpo_phone.jpg").read_bytes()).count == 1


def test_a_tiff_has_as_many_pages_as_it_says() -> None:
    out = BytesIO()
    noise().save(out, "TIFF", save_all=True, append_images=[noise()] * 2)
    assert pages.open_file(out.getvalue()).count == 3


def test_a_heic_with_a_second_picture_is_one_page() -> None:
    import pi_heif

    heif = pi_heif.open_heif((DATA / "foto.heic").read_bytes())
    assert len(heif) >= 1
    assert open_file((DATA / "foto.heic").read_bytes()).count == 1
