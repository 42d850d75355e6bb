"""The book on paper and in Excel: it opens readable, every row is in it, and nobody's words become anything else."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import pytest
import xlsxwriter
from docx import Document
from docx.enum.section import WD_ORIENT

from pipeline.cases.chain import seal_day
from pipeline.data.engine import reading
from pipeline.data.tables import Seal
from pipeline.files.libreoffice import to_pdf
from pipeline.files.pdf import pdf_text
from pipeline.office import procedure
from pipeline.office.sop import Stage
from pipeline.register import paper, sheet
from pipeline.register.book import COLUMNS, Filter
from pipeline.work import Work
from tests.desk import Desk, desk_in

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
ODD = "<b>&\x01 =1+1\nbaris \ud83d\udc4d".encode("utf-16", "surrogatepass").decode("utf-16")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as made:
        yield made


def printed(desk: Desk) -> bytes:
    with reading(desk.engine) as session:
        work = Work(session, desk.settings, desk.clock())
        return paper.docx(work, Filter(month=date(2026, 11, 1)), "November 2026")


def test_paper_book_holds_every_row_in_fifteen_columns_with_void_ones_struck_through(
    desk: Desk,
) -> None:
    desk.record(nama=ODD)
    desk.record()
    desk.press("jfu-1", "bukan_pengaduan", alasan="Iklan.")
    with desk.work() as work:
        seal_day(work, date(2026, 11, 24))
        seal = work.session.query(Seal).one().hash
    document = Document(BytesIO(printed(desk)))
    table = document.tables[0]
    heads = [cell.text for cell in table.rows[0].cells]
    assert heads[:3] == [
        "No. register",
        "Tanggal dan jam\nPetugas penerima",
        "Kanal\nNomor dan tanggal surat pengadu",
    ]
    assert {line for head in heads for line in head.splitlines()} == set(COLUMNS.values())
    assert "w:tblHeader" in table.rows[0]._tr.xml
    assert [row.cells[0].text for row in table.rows[1:]] == ["PGD-2026-000001", "PGD-2026-000002"]
    assert table.rows[1].cells[3].text == ODD.replace("\x01", "")
    assert ["w:strike" in row._tr.xml for row in table.rows[1:]] == [False, True]
    assert seal in document.sections[0].footer.paragraphs[0].text
    signed = " ".join(cell.text for cell in document.tables[1].rows[0].cells)
    assert all(desk.person(code).nama in signed for code in ("sekretaris", "jfu-1"))
    section = document.sections[0]
    assert section.page_width is not None
    assert section.page_height is not None
    assert (section.orientation, round(section.page_width.mm), round(section.page_height.mm)) == (
        WD_ORIENT.LANDSCAPE,
        330,
        215,
    )
    assert sum(paper.WIDTHS) + 2 * paper.MARGIN <= paper.F4[0] + 10


def test_heading_of_the_paper_book_tells_the_sop_with_its_law_and_its_days(desk: Desk) -> None:
    text = "\n".join(one.text for one in Document(BytesIO(printed(desk))).paragraphs)
    for law in desk.settings.sop.dasar_hukum:
        assert law in text
    for line in procedure.heading(desk.settings):
        assert line in text
    assert "Tanggal Pengesahan" in text


@pytest.mark.usefixtures("libreoffice")
def test_paper_book_becomes_a_pdf(desk: Desk) -> None:
    for _ in range(40):
        desk.record()
    text = pdf_text(to_pdf(printed(desk)))
    assert "PGD2026000040" in re.sub(r"[^A-Z0-9]", "", text)
    assert text.count("Keterangan") > 1, "the head stands on every page"


def test_excel_keeps_nothing_of_the_rows_that_it_has_written(desk: Desk) -> None:
    """50,000 rows take no more memory than 100: none of them stays."""
    for _ in range(30):
        desk.record()
    with (
        reading(desk.engine) as session,
        xlsxwriter.Workbook(BytesIO(), {"constant_memory": True}) as book,
    ):
        page = book.add_worksheet()
        work = Work(session, desk.settings, desk.clock())
        sheet._rows(page, work, Filter(), 0, sheet._formats(book))
        assert len(page.row_info) + len(page.row_sizes) + len(page.table) < 10


def test_excel_has_dates_durations_and_rows_as_high_as_their_words(desk: Desk) -> None:
    desk.to(Stage.SELESAI, desk.record(perihal="Lampu"))
    for _ in range(4):  # heights are forgotten row by row, as they are written
        desk.record(perihal="kata " * 200)
    with reading(desk.engine) as session:
        content = sheet.xlsx(Work(session, desk.settings, desk.clock()), Filter())
    with zipfile.ZipFile(BytesIO(content)) as archive:
        page = ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml"))
    cells = {cell.get("r"): cell for cell in page.iter(f"{MAIN}c")}
    moment = datetime(1899, 12, 30) + timedelta(days=float("".join(cells["B10"].itertext())))
    assert f"{moment + timedelta(milliseconds=1):%d-%m-%Y %H.%M}" == "24-11-2026 09.00"
    assert cells["M10"].get("t") in (None, "n")
    heights = {row.get("r"): float(row.get("ht", 15)) for row in page.iter(f"{MAIN}row")}
    assert all(heights[line] > 5 * 15 for line in ("11", "12", "13", "14"))
    setup = next(page.iter(f"{MAIN}pageSetup"))
    assert (setup.get("orientation"), setup.get("paperSize"), setup.get("fitToHeight")) == (
        "landscape",
        "14",
        "0",
    )
