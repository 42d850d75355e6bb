"""Files from scanners and phones as pages: one paper is one page, and what is lost in a file is told."""

from __future__ import annotations

import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from pipeline.slips import form, pages
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


END = b"\xff\xd9"  # of a JPEG


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
        (spoiled(pdf(noise()), 0.5, END), "gambar_hilang"),
        (spoiled(pdf(noise()), 0.0), "gambar_hilang"),
        (spoiled(pdf(noise("1")), 0.0), "gambar_hilang"),
        (pdf(Image.new("L", (600, 800), 255)), "utuh"),
        (pdf(Image.new("1", (600, 800), 1)), "utuh"),
    ],
    ids=[
        "jpeg",
        "cut jpeg",
        "cut jpeg that was closed",
        "no jpeg",
        "no fax",
        "white jpeg",
        "white fax",
    ],
)
def test_white_paper_is_told_from_a_picture_that_is_lost(content: bytes, said: str) -> None:
    assert told(content) == [said]


Pictured = tuple[
    bytes, str, tuple[float, float, float, float]
]  # data, its dictionary, (x, y, width, height) on A5


def drawn(*pictures: Pictured) -> bytes:
    """A PDF of one page with these pictures, as scanners write it."""
    names = " ".join(f"/I{n} {n + 5} 0 R" for n in range(len(pictures)))
    marks = "\n".join(
        f"q {w} 0 0 {h} {x} {y} cm /I{n} Do Q" for n, (_, _, (x, y, w, h)) in enumerate(pictures)
    )
    streams = [
        ("", marks.encode()),
        *((f"/Type/XObject/Subtype/Image{head}", data) for data, head, _ in pictures),
    ]
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 420 595]/Contents 4 0 R/Resources<</XObject<<{names}>>>>>>".encode(),
        *(
            f"<<{head}/Length {len(data)}>>stream\n".encode() + data + b"\nendstream"
            for head, data in streams
        ),
    ]
    body, places = b"%PDF-1.5\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n" % number + one + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    end = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (size, len(body))
    return body + b"xref\n0 %d\n0000000000 65535 f \n" % size + table + end


JUNK = np.random.default_rng(2).integers(0, 256, 30000, np.uint8).tobytes()
WHOLE = (0.0, 0.0, 420.0, 595.0)
GREY = "/Width 600/Height 800/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/FlateDecode"
MASK = "/Width 600/Height 800/ImageMask true/BitsPerComponent 1/Filter/"
FAX = "CCITTFaxDecode/DecodeParms<</K -1/Columns 600/Rows 800>>"
PACKED = zlib.compress(noise().tobytes())


def jpeg(image: Image.Image, **way: Any) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", **way)
    return out.getvalue()


def strip(number: int, *, cut: bool = False) -> Pictured:
    """One of twenty strips of a page."""
    data = jpeg(noise().crop((0, number * 40, 600, number * 40 + 40)))
    head = "/Width 600/Height 40/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/DCTDecode"
    return (
        data[: len(data) // 2] if cut else data,
        head,
        (0, 595 - (number + 1) * 29.75, 420, 29.75),
    )


PAPER = (
    jpeg(noise().resize((200, 280)).point(lambda value: 230 + value // 16)),
    "/Width 200/Height 280/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/DCTDecode",
    WHOLE,
)
PACKED_JPEG = PAPER[1].replace("/DCTDecode", "[/FlateDecode/DCTDecode]")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (drawn((PACKED, GREY, WHOLE)), "utuh"),
        (drawn((PACKED[: len(PACKED) // 2], GREY, WHOLE)), "gambar_hilang"),
        (drawn((JUNK, GREY, WHOLE)), "gambar_hilang"),
        (drawn(PAPER), "utuh"),
        (drawn((zlib.compress(PAPER[0]), PACKED_JPEG, WHOLE)), "utuh"),
        (drawn(PAPER, (JUNK, MASK + FAX, WHOLE)), "gambar_hilang"),
        (drawn(PAPER, (JUNK, MASK + "JBIG2Decode", WHOLE)), "gambar_hilang"),
        (drawn(*(strip(n) for n in range(20))), "utuh"),
        (drawn(*(strip(n, cut=n == 9) for n in range(20))), "gambar_hilang"),
    ],
    ids=[
        "packed",
        "cut packed",
        "no packed",
        "paper",
        "jpeg packed once more",
        "no writing on paper",
        "no jbig2 on paper",
        "strips",
        "cut strip",
    ],
)
def test_a_lost_layer_strip_or_packed_picture_is_told(content: bytes, said: str) -> None:
    """The writing of a page may be a layer of its own, the page may come in strips; none is left out silently."""
    assert told(content) == [said]


def without_its_marks(content: bytes) -> bytes:
    """A page whose own marks were lost: a share that gave zeros for a block of the file."""
    start, end = content.index(b"q 420"), content.index(b"Do Q") + 4
    return content[:start] + bytes(end - start) + content[end:]


ONE_PAGE = drawn(PAPER)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (ONE_PAGE, "utuh"),
        (ONE_PAGE.replace(b"/I0 Do", b"/I9 Do"), "gambar_hilang"),
        (ONE_PAGE.replace(b"/I0 5 0 R", b"/I0 9 0 R"), "gambar_hilang"),
        (without_its_marks(ONE_PAGE), "gambar_hilang"),
        (drawn(), "utuh"),
    ],
    ids=["whole", "no such name", "no such object", "no marks", "a blank page of a text"],
)
def test_a_page_of_a_scan_that_lost_its_picture_is_no_blank_back(content: bytes, said: str) -> None:
    """Nothing of it is drawn, and pdfium says nothing; a scan's blank paper is a picture, too."""
    assert told(content) == [said]


WRITTEN_ON = (jpeg(noise()), GREY.replace("Flate", "DCT"), WHOLE)
BLANK = Image.new("L", (600, 800), 255)
DUSTY = BLANK.copy()
for spot in ((100, 100), (300, 500), (511, 90)):
    DUSTY.putpixel(spot, 0)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (drawn((*WRITTEN_ON[:2], (900.0, 0.0, 420.0, 595.0))), "gambar_hilang"),
        (drawn(WRITTEN_ON).replace(b"q 420", b"0 0 1 1 re W n q 420"), "gambar_hilang"),
        (drawn(WRITTEN_ON, (jpeg(BLANK), WRITTEN_ON[1], WHOLE)), "gambar_hilang"),
        (drawn((jpeg(BLANK), WRITTEN_ON[1], WHOLE)), "utuh"),
        (drawn((zlib.compress(DUSTY.tobytes()), GREY, WHOLE)), "utuh"),
    ],
    ids=["beyond the edge", "clipped away", "under white", "blank", "blank with dust"],
)
def test_a_page_that_shows_nothing_of_its_picture_is_no_blank_back(
    content: bytes, said: str
) -> None:
    """What the picture holds by itself is compared with what came out."""
    assert told(content) == [said]


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_a_fax_in_a_tiff_whose_end_is_zeros_is_told(share: float) -> None:
    """A share that reserved the room for a file and never got its end: libtiff goes on with white lines."""
    out = BytesIO()
    Image.open(BytesIO(form.skeleton(200))).convert("1").save(out, "TIFF", compression="group4")
    content = out.getvalue()
    with TiffImageFile(BytesIO(content)) as image:
        start, size = image.tag_v2[273][0], sum(image.tag_v2[279])
    end = start + size
    cut = start + round(size * share)
    assert told(content) == ["utuh"]
    assert told(content[:cut] + bytes(end - cut) + content[end:]) == ["rusak"]


@pytest.mark.parametrize("share", [0.3, 0.7, 0.95, 0.995])
@pytest.mark.parametrize(
    "way",
    [
        {},
        {"progressive": True},
        {"subsampling": 0},
        {"restart_marker_rows": 1},
        {"optimize": True, "quality": 40},
    ],
    ids=str,
)
def test_a_cut_photo_with_an_end_put_behind_it_is_told(way: dict[str, Any], share: float) -> None:
    """libjpeg draws what is missing as grey, and says nothing."""
    content = jpeg(noise(), **way)
    assert told(content) == ["utuh"]
    assert told(content + b"what a phone appends" + content[:500]) == ["utuh"]
    with pytest.raises(UnreadablePageError, match="rusak"):
        open_file(content[: round(len(content) * share)] + END)


def test_a_cut_photo_with_its_small_picture_in_the_head_is_told() -> None:
    photo = (DATA / "26_mpo_phone.jpg").read_bytes()
    with pytest.raises(UnreadablePageError, match="rusak"):
        open_file(photo[:60_000] + END)


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
