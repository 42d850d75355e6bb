"""The report of a period: its tables in Word and Excel, what is public of it, and what a wrong template says."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import date
from io import BytesIO
from pathlib import Path

import pypdfium2  # ships no types
import pytest
from docx import Document

from pipeline.data.engine import reading
from pipeline.files.libreoffice import to_pdf
from pipeline.office.sop import Channel, Stage
from pipeline.register import report
from pipeline.register.period import Period, span
from pipeline.work import Work
from tests.desk import Desk, desk_in

NOVEMBER = span("bulan", 2026, 11)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as made:
        yield made


def gathered(desk: Desk, period: Period = NOVEMBER, *, public: bool = False) -> report.PeriodReport:
    with reading(desk.engine) as session:
        return report.gather(Work(session, desk.settings, desk.clock()), period, public=public)


def in_word(desk: Desk, found: report.PeriodReport, template: bytes | None = None) -> bytes:
    with reading(desk.engine) as session:
        return report.docx(Work(session, desk.settings, desk.clock()), found, template)


def busy(desk: Desk) -> None:
    desk.to(Stage.SELESAI)
    desk.record(nama="=1+1", perihal="=1+1")
    desk.press("jfu-1", "laporkan", kategori="Soal Pak Budi", perihal="=1+1", nama="=1+1")
    desk.later(hours=5)


def test_report_says_in_words_and_tables_what_the_figures_are(desk: Desk) -> None:
    busy(desk)
    found = gathered(desk)
    assert found.sentences[0].startswith("Selama November 2026 masuk 2 pengaduan")
    document = Document(BytesIO(in_word(desk, found)))
    text = "\n".join(p.text for p in document.paragraphs)
    assert "LAPORAN PENANGANAN PENGADUAN" in text
    assert all(sentence in text for sentence in found.sentences)
    assert len(document.tables) == len(found.tables) == 8
    for shown, table in zip(document.tables, found.tables, strict=True):
        assert [cell.text for cell in shown.rows[0].cells] == list(table.heads)
        rows = [[cell.text for cell in row.cells] for row in shown.rows[1:]]
        assert len(rows) == len(report.told(table))
        assert not [row for row in rows if "0" in row], "a count of nothing is a dash"
    assert document.tables[0].rows[1].cells[0].text == "Email"
    assert document.tables[6].rows[1].cells[0].text == "PGD-2026-000002"
    assert len(document.inline_shapes) == 2
    assert "{" not in text


def pages(content: bytes) -> list[str]:
    """The text of each page as LibreOffice prints it."""
    pdf = pypdfium2.PdfDocument(to_pdf(content))
    return [page.get_textpage().get_text_range() for page in pdf]


def test_no_word_of_a_table_is_broken_and_a_long_cell_leaves_room_for_others(desk: Desk) -> None:
    for channel in Channel:
        desk.record(channel=channel, kategori="Lampu jalan dan taman di seluruh kelurahan kota ini")
    desk.to(Stage.SELESAI, "PGD-2026-000001")
    found = gathered(desk)
    printed = " ".join(pages(in_word(desk, found))).split()
    for table in found.tables:
        cells = [str(cell) for row in [table.heads, *report.told(table)] for cell in row]
        words = {one for cell in cells for one in cell.split() if one.isalpha()}
        assert words <= set(printed), f"{table.name}: {words - set(printed)}"
    kategori, _unit, masuk = [
        column.width or 0 for column in Document(BytesIO(in_word(desk, found))).tables[1].columns
    ][:3]
    assert masuk < kategori < 4 * masuk


def test_who_signs_never_stands_alone_on_a_page(desk: Desk) -> None:
    """Nor are there bars of nothing."""
    found = gathered(desk, span("bulan", 2025, 3))
    content = in_word(desk, found)
    assert not Document(BytesIO(content)).inline_shapes
    assert all("Maret 2025" in page for page in pages(content) if "NIP." in page)
    desk.to(Stage.SELESAI)
    *_others, last = pages(in_word(desk, gathered(desk)))
    assert len(last.split()) > 20


def test_name_of_a_period_amid_a_sentence_has_its_capital_where_it_is_a_month(desk: Desk) -> None:
    said = {
        kind: gathered(desk, span(kind, 2026)).sentences[0]
        for kind in ("bulan", "triwulan", "semester", "tahun")
    }
    assert [text.partition(" tidak")[0] for text in said.values()] == [
        "Selama Januari 2026",
        "Selama triwulan I 2026",
        "Selama semester I 2026",
        "Selama tahun 2026",
    ]


def test_public_form_names_nobody(desk: Desk) -> None:
    busy(desk)
    told = repr(gathered(desk, public=True))
    for name in ("Budi", "PGD-", "Sekretaris", "Siti"):
        assert name not in told


def test_report_of_a_time_without_cases_is_whole(desk: Desk) -> None:
    found = gathered(desk, span("tahun", 2020))
    assert "Tidak ada." in "\n".join(
        p.text for p in Document(BytesIO(in_word(desk, found))).paragraphs
    )


def test_excel_holds_every_table_as_numbers_with_charts_of_its_own(desk: Desk) -> None:
    busy(desk)
    out = BytesIO()
    report.xlsx(gathered(desk), out)
    with zipfile.ZipFile(out) as archive:
        names = archive.namelist()
        sheets = b"".join(archive.read(n) for n in names if "worksheets/sheet" in n)
    assert sum("worksheets/sheet" in name and "_rels" not in name for name in names) == 8
    assert sum("charts/chart" in name for name in names) == 2
    assert b"<f>" not in sheets


@pytest.mark.parametrize(
    "tag", ["{{ tidak_ada }}", "{% for x in tabel %}", "{{ kantor.__class__.__mro__[1] }}"]
)
def test_template_with_a_wrong_field_says_so(desk: Desk, tag: str) -> None:
    document = Document()
    document.add_paragraph(f"Laporan {tag}")
    out = BytesIO()
    document.save(out)
    with pytest.raises(report.BadTemplate, match=r"laporan\.docx"):
        in_word(desk, gathered(desk), out.getvalue())


def test_place_of_an_electronic_signature_stands_once(desk: Desk) -> None:
    surat = desk.settings.surat.model_copy(update={"jangkar": "#"})
    there = Desk(desk.settings.model_copy(update={"surat": surat}), desk.engine, desk.clock)
    texts = [p.text for p in Document(BytesIO(in_word(there, gathered(there)))).paragraphs]
    assert texts.count("#") == 1
    assert "#" not in [p.text for p in Document(BytesIO(in_word(desk, gathered(desk)))).paragraphs]


def test_offices_own_template_is_used(desk: Desk) -> None:
    document = Document()
    document.add_paragraph("Laporan kami, {{ periode }}")
    (desk.settings.folder / "letters").mkdir()
    document.save(str(desk.settings.folder / "letters" / "laporan.docx"))
    made = Document(BytesIO(in_word(desk, gathered(desk))))
    assert [p.text for p in made.paragraphs] == ["Laporan kami, November 2026"]


@pytest.mark.usefixtures("libreoffice")
def test_report_becomes_a_pdf(desk: Desk) -> None:
    busy(desk)
    assert to_pdf(in_word(desk, gathered(desk))).startswith(b"%PDF")
    assert date(2026, 12, 1) == NOVEMBER.after
