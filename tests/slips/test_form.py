"""The printable slip: what is drawn can be read, each has a serial of its own, staff may restyle it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from click.testing import CliRunner
from docx import Document
from docx.shared import Mm
from PIL import Image, ImageDraw

from pipeline.cli.main import main
from pipeline.files import libreoffice, pictures
from pipeline.office.config import SAMPLE, load
from pipeline.office.messages import TEMPLATES
from pipeline.slips import boxes, form, form_word, layout, ocr, pages, scan, worker

SETTINGS = load(SAMPLE)


def drawn(pdf: bytes, number: int = 1) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.asarray(pages.open_file(pdf).draw(number).convert("L"))


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["--config", str(SAMPLE), *arguments])
    return done.exit_code, done.output


def test_two_slips_lie_on_a_sheet_and_each_has_its_own_serial() -> None:
    serials = [layout.new_serial() for _ in range(4)]
    pdf = form.pdf(SETTINGS, serials)
    assert len(pypdfium2.PdfDocument(pdf)) == 2
    found = [one for number in (1, 2) for one in scan.slips(drawn(pdf, number))]
    assert [one.serial for one in found] == serials
    assert all(one.marks == 4 and one.aligned for one in found)


@pytest.mark.parametrize("version", layout.versions())
def test_a_slip_of_every_layout_that_was_ever_printed_is_read_by_it(version: int) -> None:
    """What lies in a drawer for years was printed by an older layout; its code says which."""
    serials = [layout.new_serial() for _ in range(2)]
    found = scan.slips(drawn(form.pdf(SETTINGS, serials, version=version)))
    assert [(one.serial, one.version, one.marks, one.aligned) for one in found] == [
        (serial, version, 4, True) for serial in serials
    ]
    flat = scan.flattened(found[0])
    assert not any(ocr.lines_of(flat, blank) for blank in layout.layout(version).blanks.values())
    assert {boxes.ticked(flat, tick) for tick in layout.layout(version).ticks.values()} == {False}


def test_slips_of_two_layouts_on_one_sheet_are_told_apart_by_their_marks_alone() -> None:
    """The codes are torn off or smeared: each version has corner marks of its own."""
    pages_of = [
        np.array(Image.open(BytesIO(form.page(SETTINGS, "a" * 16, 200, v))))
        for v in layout.versions()
    ]
    for picture in pages_of:
        picture[: round(28 * 200 / 25.4), round(106 * 200 / 25.4) : round(131 * 200 / 25.4)] = 255
    found = scan.slips(np.ascontiguousarray(np.hstack(pages_of)))
    assert [(one.version, one.serial, one.aligned) for one in found] == [
        (v, "", True) for v in layout.versions()
    ]


def test_the_newest_layout_is_readable_for_people() -> None:
    """Instructions of 9 pt, consent of 8, boxes of 5 mm, the serial on the part that stays with the office."""
    lay, serial = layout.layout(), layout.new_serial()
    assert min(lay.sizes[n] for n in ("petunjuk", "petunjuk_kolom", "centang", "potongan")) >= 9
    assert lay.sizes["persetujuan"] >= 8
    assert {tick.box.width for tick in lay.ticks.values()} == {5.0}
    (page,) = pypdfium2.PdfDocument(form.pdf(SETTINGS, [serial]))
    text = " ".join(page.get_textpage().get_text_range().split())
    assert text.count(layout.spoken(serial)) == 2
    for said in (
        "hanya untuk menangani",
        SETTINGS.scan.masa_simpan,
        "menarik persetujuan",
        "Hubungi",
        "Contoh",
    ):
        assert said in text


def test_a_serial_has_80_random_bits_and_becomes_the_status_code() -> None:
    serial = layout.new_serial()
    assert re.fullmatch("[a-z2-7]{16}", serial)
    assert len({layout.new_serial() for _ in range(1000)}) == 1000
    assert layout.parse_code(layout.code_of(serial)) == (layout.CURRENT, serial)
    assert layout.parse_code("https://contoh.example") is None


def test_the_stub_leads_to_the_state_of_the_slip() -> None:
    serial = layout.new_serial()
    codes = [
        code.text
        for code in pictures.qr_codes(drawn(form.pdf(SETTINGS, [serial, layout.new_serial()])))
    ]
    assert f"{SETTINGS.web.base_url}/s/{serial}" in codes
    assert layout.parse_stub(f"{SETTINGS.web.base_url}/s/{serial}") == serial


def test_the_code_is_20_mm_wide() -> None:
    picture = np.asarray(Image.open(BytesIO(form.page(SETTINGS, layout.new_serial()))))
    (code,) = [one for one in pictures.qr_codes(picture) if layout.parse_code(one.text)]
    assert (
        abs(np.subtract(code.corners[1], code.corners[0])[0] / form.DPI * 25.4 - 20) < 0.9
    )  # one module


def test_the_layout_tells_where_everything_is_with_a_blank_page(tmp_path: Path) -> None:
    code, output = run("slip", "layout", "--serial", "a" * 16)
    told = json.loads(output)
    assert code == 0
    assert list(told["fields"]) == [
        "tanggal",
        "nama",
        "alamat",
        "telepon",
        "email",
        "nik",
        "unit",
        "uraian",
    ]
    assert list(told["checkboxes"]) == ["rahasia", "surat", "telepon", "email", "papan"]
    assert len(told["fields"]["nik"]["cells"]) == 16
    assert len(told["fields"]["uraian"]["lines"]) == 5
    assert told["image"]["width"] == pytest.approx(
        told["page"]["width"] * told["image"]["pixels_per_mm"], abs=2
    )
    code, output = run("slip", "layout", "--gambar", str(tmp_path / "kosong.png"))
    assert Image.open(tmp_path / "kosong.png").size == (
        told["image"]["width"],
        told["image"]["height"],
    )


def test_cetak_writes_pdf_and_docx_with_an_even_number_of_slips(tmp_path: Path) -> None:
    code, output = run("slip", "cetak", "--jumlah", "3", "--folder", str(tmp_path))
    assert code == 0
    assert "4 slip pada 2 lembar" in output
    (pdf,), (docx,) = tmp_path.glob("*.pdf"), tmp_path.glob("*.docx")
    assert len(pypdfium2.PdfDocument(pdf)) == 2
    text = "\n".join(p.text for p in Document(str(docx)).paragraphs)
    assert "{{" not in text
    assert SETTINGS.instansi.nama in text
    assert len(set(re.findall(r"Nomor slip {2}((?:[A-Z2-7]{4} ?){4})", text))) == 4


@pytest.mark.skipif(libreoffice.soffice() is None, reason="LibreOffice is not installed")
def test_the_word_form_prints_where_the_reader_looks() -> None:
    serials = [layout.new_serial(), layout.new_serial()]
    docx = form_word.fill((TEMPLATES / "slips" / "slip.docx").read_bytes(), SETTINGS, serials)
    assert [one.serial for one in scan.slips(drawn(libreoffice.to_pdf(docx)))] == serials
    assert worker.proof(docx) == []


def test_an_offices_own_form_of_an_older_layout_gets_codes_of_that_layout() -> None:
    """Its boxes stand where the older layout has them; forms of the first layout do not name their version."""
    document = Document(str(TEMPLATES / "slips" / "slip.docx"))
    for named in document.element.body.iter("{*}docPr"):
        named.set("name", named.get("name").removesuffix(" v2"))
    older = BytesIO()
    document.save(older)
    for content, version in (
        (older.getvalue(), 1),
        ((TEMPLATES / "slips" / "slip.docx").read_bytes(), 2),
    ):
        filled = Document(BytesIO(form_word.fill(content, SETTINGS, ["a" * 16, "b" * 16])))
        blobs = [part.blob for part in filled.part.package.image_parts]
        codes = [
            c.text
            for blob in blobs
            for c in pictures.qr_codes(framed(blob))
            if layout.parse_code(c.text)
        ]
        assert {layout.code_of(serial, version) for serial in ("a" * 16, "b" * 16)} <= set(codes)


def framed(picture: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """A code with the white around it that the page gives it."""
    return np.pad(np.asarray(Image.open(BytesIO(picture)).convert("L")), 60, constant_values=255)


@pytest.mark.skipif(libreoffice.soffice() is None, reason="LibreOffice is not installed")
def test_a_restyled_form_is_checked(tmp_path: Path) -> None:
    """Another font and colour are fine; a picture moved over a field is not."""
    document = Document(str(TEMPLATES / "slips" / "slip.docx"))
    document.styles["Normal"].font.name = "Liberation Serif"
    document.save(str(tmp_path / "baik.docx"))
    assert run("slip", "check", str(tmp_path / "baik.docx"))[0] == 0
    for position in document.element.body.iter("{*}positionV"):
        if position.getparent().find("{*}docPr").get("name") == "kotak 1":
            position[0].text = str(Mm(12))
    document.save(str(tmp_path / "geser.docx"))
    code, output = run("slip", "check", str(tmp_path / "geser.docx"))
    assert code == 1
    assert "perlu diperbaiki" in output


def spoiled(draw: str) -> bytes:
    image = Image.open(BytesIO(form.page(SETTINGS, layout.new_serial()))).convert("L")
    pen, mm = ImageDraw.Draw(image), form.DPI / 25.4
    if draw == "mark":
        pen.rectangle((0, 0, 16 * mm, 16 * mm), fill=255)
    elif draw == "logo":
        pen.ellipse((60 * mm, 44.5 * mm, 80 * mm, 49.5 * mm), fill=0)
    elif draw == "rule":
        pen.rectangle((33 * mm, 49 * mm, 145 * mm, 52 * mm), fill=255)
    elif draw == "consent":
        pen.rectangle((17 * mm, 163.5 * mm, 131.5 * mm, 181 * mm), fill=255)
    elif draw == "serial":
        pen.rectangle((106 * mm, 29 * mm, 147 * mm, 33 * mm), fill=255)
    elif draw == "label":
        pen.rectangle((5 * mm, 69 * mm, 33 * mm, 76 * mm), fill=255)
    elif draw == "small":
        image = image.resize((image.width * 9 // 10, image.height * 9 // 10))
    out = BytesIO()
    image.save(out, "PNG", dpi=(form.DPI, form.DPI))
    return out.getvalue()


@pytest.mark.parametrize(
    ("draw", "said"),
    [
        ("mark", "3 dari 4 tanda"),
        ("logo", "di dalam kotak 'nama'"),
        ("rule", "kotak 'nama' hilang"),
        ("consent", "persetujuan"),
        ("serial", "nomor slip di bagian atas"),
        ("label", "'Telepon/HP'"),
        ("small", "90%"),
    ],
)
def test_what_the_reader_would_stumble_over_is_named(draw: str, said: str) -> None:
    (fault,) = worker.proof(spoiled(draw))
    assert said in fault


def test_a_page_without_a_form_is_told(tmp_path: Path) -> None:
    Image.new("L", (800, 1200), 255).save(tmp_path / "kosong.png")
    code, output = run("slip", "check", str(tmp_path / "kosong.png"))
    assert code == 1
    assert "Tidak ada slip" in output


@pytest.mark.parametrize(
    ("missing", "said"), [("rapidocr", "aduan[ocr]"), ("soffice", "sebagai PDF")]
)
def test_a_check_that_cannot_be_made_says_what_is_missing(
    tmp_path: Path, missing: str, said: str
) -> None:
    """Without the extra, and for a Word file without LibreOffice; printing needs neither."""
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as u\nfound = u.find_spec\n"
        f"u.find_spec = lambda name, *a: None if name == {missing!r} else found(name, *a)\n"
    )
    environment = {
        "PYTHONPATH": f"{tmp_path}{os.pathsep}{TEMPLATES.parent}",
        "PATH": str(tmp_path),
        "LC_ALL": "C.UTF-8",
    }

    def aduan(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pipeline.cli", "--config", str(SAMPLE), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    done = aduan("slip", "check", str(TEMPLATES / "slips" / "slip.docx"))
    assert done.returncode == 2
    assert said in done.stdout + done.stderr
    assert aduan("slip", "cetak", "--jumlah", "2", "--folder", str(tmp_path)).returncode == 0
