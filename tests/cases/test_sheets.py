"""A signed paper with more pages than its letter, or fewer: asked about once, on the page and after a reply."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import docx
import pytest
from PIL import Image, ImageDraw

from pipeline.demo.signed import signed_scan
from pipeline.files import libreoffice
from pipeline.files.pdf import pdf_pages
from pipeline.files.pictures import as_pdf
from pipeline.office.sop import Stage
from tests.cases.test_signed_paper import joined
from tests.kantor import SIGNED, Office, office

TICK = "halaman_sesuai"
BLANK = Image.new("L", (1240, 1754), 246)


@pytest.fixture
def kantor(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as running:
        running.know("kepala", "sekretaris", "jfu-1")
        yield running


def page_of(picture: Image.Image) -> bytes:
    out = BytesIO()
    picture.convert("L").save(out, "JPEG", quality=85)
    return as_pdf(out.getvalue())


def without_code(paper: bytes) -> bytes:
    """The page of a scanned letter with its foot cut off."""
    with Image.open(BytesIO(pdf_pages(as_pdf(paper), 1240, 1)[0])) as page:
        return page_of(page.crop((0, 0, page.width, page.height - 260)))


def long_page(number: int) -> Image.Image:
    page = Image.new("L", (1240, 1754), 250)
    for line in range(30):
        text = f"Lampiran {number}, baris {line}: lampu jalan nomor {line} sudah diperbaiki."
        ImageDraw.Draw(page).text((120, 150 + 40 * line), text, fill=30, font_size=26)
    return page


def signed(kantor: Office) -> bytes:
    return signed_scan(kantor.content(kantor.documents("akhir")[-1]))


@pytest.mark.usefixtures("libreoffice")
def test_picture_of_another_letter_behind_the_signed_one_is_asked_about(kantor: Office) -> None:
    """Its code is cut off; the first page bears ours. Nothing goes out until somebody says that it belongs."""
    kantor.to_signature()
    letter = signed(kantor)
    other = without_code(SIGNED)
    url = kantor.link("kepala", "tandatangani")
    assert TICK not in kantor.page(url).forms["tandatangani"].names, "asked where there is reason"
    paper = ("surat.pdf", joined(as_pdf(letter), other))
    asked = kantor.submit(url, "tandatangani", {"bertanda_tangan": paper, "ttd_terlihat": "ya"})
    assert asked.status == 422
    assert "berkas ini 2 halaman, sedangkan suratnya 1 halaman" in asked.text
    assert "tidak terbaca di halaman 2" in asked.text
    assert kantor.stage() is Stage.TANDA_TANGAN
    assert TICK in asked.forms["tandatangani"].names
    done = kantor.send(asked.forms["tandatangani"], {TICK: "ya"})
    assert done.status == 200
    kantor.settle()
    assert kantor.stage() is Stage.PENYAMPAIAN
    told = kantor.page(kantor.link("jfu-1", "kirim_email")).text
    assert "Halamannya dinyatakan benar oleh yang mengunggah" in told


@pytest.mark.usefixtures("libreoffice")
@pytest.mark.parametrize("backs", [(), (1, 1)], ids=["alone", "with empty backs"])
def test_paper_of_as_many_pages_as_the_letter_is_not_asked_about(
    kantor: Office, backs: tuple[int, ...]
) -> None:
    kantor.to_signature()
    paper = joined(as_pdf(signed(kantor)), *(page_of(BLANK) for _ in backs))
    kantor.press("kepala", "tandatangani", bertanda_tangan=("surat.pdf", paper))
    assert kantor.stage() is Stage.PENYAMPAIAN


@pytest.mark.usefixtures("libreoffice")
def test_letter_whose_page_came_twice_is_asked_about(kantor: Office) -> None:
    kantor.to_signature()
    page = as_pdf(signed(kantor))
    url = kantor.link("kepala", "tandatangani")
    paper = {"bertanda_tangan": ("surat.pdf", joined(page, page)), "ttd_terlihat": "ya"}
    asked = kantor.submit(url, "tandatangani", paper)
    assert asked.status == 422
    assert "berkas ini 2 halaman, sedangkan suratnya 1 halaman" in asked.text


@pytest.mark.usefixtures("libreoffice")
def test_half_of_a_letter_is_asked_about(kantor: Office) -> None:
    """The page with the signature alone would be half an answer."""
    to_long_letter(kantor)
    url = kantor.link("kepala", "tandatangani")
    given = {"bertanda_tangan": ("surat.jpg", signed(kantor)), "ttd_terlihat": "ya"}
    asked = kantor.submit(url, "tandatangani", given)
    assert asked.status == 422
    assert re.search("berkas ini 1 halaman, sedangkan suratnya [23] halaman", asked.text)


@pytest.mark.usefixtures("libreoffice")
def test_page_that_stands_for_one_of_the_letters_is_asked_about(kantor: Office) -> None:
    """As many pages as the letter has, and one of them is another's: the code tells which are ours."""
    to_long_letter(kantor)
    url = kantor.link("kepala", "tandatangani")
    mine = as_pdf(signed(kantor))
    given = {"bertanda_tangan": ("surat.pdf", mine), "ttd_terlihat": "ya"}
    half = kantor.submit(url, "tandatangani", given)
    [pages] = re.findall(r"sedangkan suratnya (\d) halaman", half.text)
    others = [page_of(long_page(number)) for number in range(2, int(pages) + 1)]
    given["bertanda_tangan"] = ("surat.pdf", joined(mine, *others))
    asked = kantor.submit(url, "tandatangani", given)
    assert asked.status == 422
    assert "kode surat ini tidak terbaca di halaman 2" in asked.text
    assert "sedangkan suratnya" not in asked.text
    assert kantor.stage() is Stage.TANDA_TANGAN


def to_long_letter(kantor: Office) -> None:
    """A letter of several pages that is to be signed."""
    kantor.to_letter()
    letter = docx.Document(BytesIO(kantor.content(kantor.documents("konsep")[-1])))
    point = next(one for one in letter.paragraphs if one.text.startswith("Apabila"))
    for number in range(60):
        point.insert_paragraph_before(f"Lampu nomor {number} sudah kami perbaiki.")
    out = BytesIO()
    letter.save(out)
    kantor.press("sekretaris", "unggah", surat=("surat.docx", out.getvalue()))
    kantor.press("sekretaris", "ajukan")


@pytest.mark.usefixtures("libreoffice")
def test_all_questions_about_a_paper_come_at_once_and_show_each_of_its_pages(
    kantor: Office,
) -> None:
    kantor.to_signature()
    paper = joined(as_pdf(signed(kantor)), *(page_of(long_page(number)) for number in range(5)))
    url = kantor.link("kepala", "tandatangani")
    asked = kantor.submit(url, "tandatangani", {"bertanda_tangan": ("surat.pdf", paper)})
    assert asked.status == 422
    assert "tidak dapat memastikan" in asked.text
    assert "tidak terbaca di halaman 2, 3, 4, 5, dan 6" in asked.text
    shown = asked.links("/terpilih/")
    assert [one.rpartition("=")[2] for one in dict.fromkeys(shown)] == [*"123456"]
    assert kantor.web.get(shown[-1]).mimetype == "image/jpeg"
    assert kantor.web.get(shown[-1].replace("hal=6", "hal=7")).status_code == 404
    done = kantor.send(asked.forms["tandatangani"], {TICK: "ya", "ttd_terlihat": "ya"})
    assert done.status == 200


@pytest.mark.usefixtures("libreoffice")
def test_paper_that_came_by_reply_is_asked_about_on_its_page(kantor: Office) -> None:
    kantor.to_signature()
    paper = joined(as_pdf(signed(kantor)), *(page_of(long_page(number)) for number in range(4)))
    task = kantor.newest(kantor.address("kepala"))
    kantor.official_replies(task, "SETUJU", files=[("surat.pdf", "application/pdf", paper)])
    answer = kantor.newest(kantor.address("kepala"))
    asked = kantor.submit(kantor.links(answer)[0], "tandatangani", {"ttd_terlihat": "ya"})
    assert asked.status == 422
    assert "berkas ini 5 halaman, sedangkan suratnya 1 halaman" in asked.text
    assert kantor.stage() is Stage.TANDA_TANGAN
    shown = dict.fromkeys(asked.links("/balasan/"))
    assert [one.rpartition("=")[2] for one in shown] == [*"12345"]
    done = kantor.send(asked.forms["tandatangani"], {TICK: "ya"})
    assert done.status == 200
    kantor.settle()
    assert kantor.stage() is Stage.PENYAMPAIAN


def test_where_no_letter_is_drawn_its_pages_are_known_by_their_code(
    kantor: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(libreoffice, "soffice", lambda: "")
    kantor.to_signature()
    page = as_pdf(signed(kantor))
    url = kantor.link("kepala", "tandatangani")
    paper = {"bertanda_tangan": ("surat.pdf", joined(page, without_code(SIGNED)))}
    asked = kantor.submit(url, "tandatangani", paper | {"ttd_terlihat": "ya"})
    assert asked.status == 422
    assert "tidak terbaca di halaman 2" in asked.text
    kantor.press("kepala", "tandatangani", bertanda_tangan=("surat.pdf", joined(page, page)))
    assert kantor.stage() is Stage.PENYAMPAIAN
