"""The SOP as a Word document in the form of the agency's own table. Pure. Hides python-docx."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

from pipeline.letters.draft import clean
from pipeline.office.procedure import COLUMNS, Procedure
from pipeline.office.words import word

WIDTHS = (
    1.0,
    7.6,
    2.1,
    2.1,
    2.1,
    2.1,
    3.4,
    2.2,
    3.6,
    2.8,
)  # cm: number, text, four roles, three of Mutu Baku, remark
MIDDLE = WD_ALIGN_PARAGRAPH.CENTER


def write(sop: Procedure) -> bytes:
    """The form on F4 across: head and boxes, then the table of langkah, then who signs."""
    document = Document()
    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Cm(33), Cm(21.5)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Cm(2)
    style = document.styles["Normal"]
    style.font.name, style.font.size = "Arial", Pt(9)
    style.paragraph_format.space_after = Pt(0)
    document.core_properties.title = dict(sop.head).get(word("sop.nama"), "")
    _head(document, sop)
    document.add_paragraph()
    _steps(document, sop)
    document.add_paragraph()
    _signed(document, sop.signer)
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def _head(document: Any, sop: Procedure) -> None:
    """The agency on the left, the SOP's number and days on the right; below them the boxes, two abreast."""
    own_rows = len(sop.head)
    pairs = [sop.boxes[n : n + 2] for n in range(0, len(sop.boxes), 2)]
    table = document.add_table(rows=own_rows + len(pairs), cols=3)
    table.style = "Table Grid"
    agency = table.cell(0, 0).merge(table.cell(own_rows - 1, 0))
    _fill(agency, sop.agency, bold=True, middle=True)
    for row, (name, value) in enumerate(sop.head):
        _fill(table.cell(row, 1), [name], bold=True)
        _fill(table.cell(row, 2), [value])
    for row, (left, right) in enumerate(pairs, own_rows):
        beside = table.cell(row, 1).merge(table.cell(row, 2))
        _box(table.cell(row, 0), *left)
        _box(beside, *right)
    _widths(table, (13.0, 5.0, 11.0))


def _box(cell: Any, name: str, lines: Sequence[str]) -> None:
    _fill(cell, [f"{name}:"], bold=True)
    for line in lines:
        cell.add_paragraph(clean(line))


def _steps(document: Any, sop: Procedure) -> None:
    table = document.add_table(rows=2, cols=len(WIDTHS))
    table.style = "Table Grid"
    last = len(WIDTHS) - 1
    for column, name in ((0, "no"), (1, "uraian"), (last, "keterangan")):
        _fill(
            table.cell(0, column).merge(table.cell(1, column)),
            [word(f"sop.{name}")],
            bold=True,
            middle=True,
        )
    after = 2 + len(COLUMNS)
    _fill(
        table.cell(0, 2).merge(table.cell(0, after - 1)),
        [word("sop.pelaksana")],
        bold=True,
        middle=True,
    )
    _fill(
        table.cell(0, after).merge(table.cell(0, last - 1)),
        [word("sop.mutu")],
        bold=True,
        middle=True,
    )
    names = [
        *(word(f"peran.{role}") for role in COLUMNS),
        *(word(f"sop.{n}") for n in ("kelengkapan", "waktu", "output")),
    ]
    for column, name in enumerate(names, 2):
        _fill(table.cell(1, column), [name], bold=True, middle=True)
    for step in sop.steps:
        cells = table.add_row().cells
        values = (
            str(step.number),
            step.description,
            *step.marks,
            step.needs,
            step.time,
            step.output,
            step.remark,
        )
        for column, (cell, value) in enumerate(zip(cells, values, strict=True)):
            _fill(cell, [value], middle=column == 0 or 2 <= column < after)
    for row in table.rows[:2]:
        _repeats(row)
    _widths(table, WIDTHS)


def _signed(document: Any, lines: Sequence[str]) -> None:
    """Title, room to sign, then name, rank and NIP."""
    shown = [*lines[:1], "", "", "", *lines[1:]] if lines else []
    last = len(shown) - 1
    for number, line in enumerate(shown):
        paragraph = document.add_paragraph()
        paragraph.paragraph_format.left_indent = Cm(19)
        paragraph.paragraph_format.keep_with_next = number < last
        is_title_or_name = line in lines[:2]
        paragraph.add_run(clean(line)).bold = is_title_or_name


def _fill(cell: Any, lines: Sequence[str], *, bold: bool = False, middle: bool = False) -> None:
    for number, line in enumerate(lines):
        paragraph = cell.paragraphs[0] if number == 0 else cell.add_paragraph()
        paragraph.add_run(clean(line)).bold = bold
        if middle:
            paragraph.alignment = MIDDLE


def _widths(table: Any, widths: Sequence[float]) -> None:
    table.autofit = False
    for row in table.rows:
        for cell, width in zip(row.cells, widths, strict=True):
            cell.width = Cm(width)


def _repeats(row: Any) -> None:
    """The head of the table stands on each page."""
    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(mark)
