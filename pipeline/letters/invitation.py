"""The invitation to a rapat as a letter in Word. Pure. Hides python-docx; the words come from the caller."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

from pipeline.letters.draft import clean


@dataclass(frozen=True)
class Invite:
    """What stands in the letter, top to bottom. `about` and `rows` are (name, value): nomor, sifat, hal; hari, waktu,
    tempat, agenda."""

    head: Sequence[str]
    place_day: str
    about: Sequence[tuple[str, str]]
    to: Sequence[str]
    opening: str
    rows: Sequence[tuple[str, str]]
    closing: str
    signer: Sequence[str]


def write(one: Invite) -> bytes:
    """The letter, for the Sekretaris to number, print and have signed."""
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21.5), Cm(33)
    section.left_margin = section.right_margin = Cm(2.5)
    style = document.styles["Normal"]
    style.font.name, style.font.size = "Arial", Pt(11)
    for number, line in enumerate(one.head):
        paragraph = document.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.paragraph_format.space_after = Pt(0 if number < len(one.head) - 1 else 18)
        paragraph.add_run(clean(line)).bold = number < 2
        if number == len(one.head) - 1:
            _rule(paragraph)
    _line(document, one.place_day).alignment = WD_ALIGN_PARAGRAPH.RIGHT
    _table(document, one.about)
    _line(document, "", after=0)
    for line in one.to:
        _line(document, line, after=0)
    _line(document, "")
    _line(document, one.opening, after=10)
    _table(document, one.rows)
    _line(document, "")
    _line(document, one.closing, after=24)
    for line in one.signer:
        paragraph = _line(document, line, after=0)
        paragraph.paragraph_format.left_indent = Cm(8.5)
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def _table(document, rows: Sequence[tuple[str, str]]) -> None:  # type: ignore[no-untyped-def]
    widths = (Cm(3.2), Cm(13.3))
    table = document.add_table(rows=0, cols=2)
    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    for name, value in rows:
        texts = (name, f": {value}")
        for cell, width, text in zip(table.add_row().cells, widths, texts, strict=True):
            cell.width = width  # Word goes by the cells, LibreOffice by the columns
            cell.text = clean(text)
            cell.paragraphs[0].paragraph_format.space_after = Pt(2)


def _rule(paragraph) -> None:  # type: ignore[no-untyped-def]
    """The double line under the head of an official letter."""
    borders = OxmlElement("w:pBdr")
    bottom = OxmlElement("w:bottom")
    for name, value in (
        ("val", "thinThickSmallGap"),
        ("sz", "18"),
        ("space", "4"),
        ("color", "auto"),
    ):
        bottom.set(qn(f"w:{name}"), value)
    borders.append(bottom)
    paragraph._p.get_or_add_pPr().append(borders)


def _line(document, text: str, after: int = 6):  # type: ignore[no-untyped-def]
    paragraph = document.add_paragraph(clean(text))
    paragraph.paragraph_format.space_after = Pt(after)
    if not paragraph.runs:
        paragraph.add_run("")
    return paragraph
