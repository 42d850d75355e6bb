"""Ink that nobody can check: a stamp is no signature, and what is told of a scan is what somebody has said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from pipeline.demo.signed import signed_scan
from pipeline.files.pdf import pdf_pages
from pipeline.files.pictures import as_pdf
from pipeline.office.sop import Stage
from tests.kantor import SIGNED, Office, office

NOT_SAID = {"tanpa_kode": "ya", "ttd_terlihat": ""}


@pytest.fixture
def kantor(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as running:
        running.know("kepala", "sekretaris", "jfu-1")
        running.to_signature()
        yield running


def jpeg(picture: Image.Image) -> bytes:
    out = BytesIO()
    picture.convert("RGB").save(out, "JPEG", quality=85)
    return out.getvalue()


def received(page: Image.Image) -> bytes:
    """The unsigned letter, stamped by whoever took it in."""
    page = page.convert("RGB")
    pen = ImageDraw.Draw(page)
    pen.rectangle((120, 160, 560, 290), outline=(30, 30, 30), width=8)
    pen.text((150, 180), "DITERIMA", fill=(30, 30, 30), font_size=80)
    return jpeg(page)


def sealed(page: Image.Image) -> bytes:
    """The unsigned letter with the office's round stamp where the signature belongs."""
    page = page.convert("RGB")
    pen = ImageDraw.Draw(page)
    for inset, width in ((0, 8), (40, 4)):
        ring = (1000 + inset, 1200 + inset, 1260 - inset, 1460 - inset)
        pen.ellipse(ring, outline=(60, 50, 140), width=width)
    return jpeg(page)


@pytest.mark.usefixtures("libreoffice")
def test_stamp_on_an_unsigned_letter_is_shown_and_asked_about(kantor: Office) -> None:
    (page,) = pdf_pages(kantor.content(kantor.documents("pdf")[-1]), 1654, 1)
    with Image.open(BytesIO(page)) as drawn:
        papers = [("diterima.jpg", received(drawn)), ("cap.jpg", sealed(drawn))]
    url = kantor.link("kepala", "tandatangani")
    for paper in papers:
        asked = kantor.submit(url, "tandatangani", {"bertanda_tangan": paper})
        assert asked.status == 422
        assert "tidak dapat memastikan" in asked.text
        assert kantor.stage() is Stage.TANDA_TANGAN
        (picture,) = set(asked.links("/terpilih/"))
        shown = kantor.web.get(picture)
        with Image.open(BytesIO(shown.data)) as seen:
            assert seen.format == "JPEG"
            assert seen.width > 1000, "large enough to see whether a hand has signed"


@pytest.mark.parametrize("as_file", [lambda scan: scan, as_pdf], ids=["foto", "PDF"])
def test_who_says_that_the_signature_is_there_need_not_choose_the_paper_again(
    kantor: Office, as_file: object
) -> None:
    assert callable(as_file)
    scan = as_file(signed_scan(kantor.content(kantor.documents("akhir")[-1])))
    url = kantor.link("kepala", "tandatangani")
    asked = kantor.submit(url, "tandatangani", {"bertanda_tangan": ("surat", scan)})
    assert "ttd_terlihat" in asked.forms["tandatangani"].names
    assert len(set(asked.links("/terpilih/"))) == 1
    done = kantor.send(asked.forms["tandatangani"], {"ttd_terlihat": "ya"})
    assert done.status == 200
    kantor.settle()
    assert kantor.stage() is Stage.PENYAMPAIAN

    code = kantor.documents("ttd")[-1].code
    public = kantor.page(f"/asli/{code}").text
    assert "sistem tidak memastikan tanda tangan tinta" in public
    told = kantor.page(kantor.link("jfu-1", "kirim_email")).text
    assert "Tanda tangan tinta dinyatakan terlihat oleh yang mengunggah" in told


def test_picture_of_a_chosen_paper_is_shown_to_no_other_task(kantor: Office) -> None:
    url = kantor.link("kepala", "tandatangani")
    asked = kantor.submit(
        url, "tandatangani", {"bertanda_tangan": ("surat.jpg", SIGNED), "tanpa_kode": "ya"}
    )
    (picture,) = set(asked.links("/terpilih/"))
    digest = re.findall(r"/terpilih/([0-9a-f]{64})", picture)[0]
    other = kantor.links(kantor.newest("sekretaris"))[0]
    assert kantor.web.get(picture).status_code == 200
    for path in (
        f"{kantor.page(other).url}/terpilih/{digest}?hal=1",
        picture.replace("hal=1", "hal=9"),
    ):
        assert kantor.web.get(path).status_code == 404
