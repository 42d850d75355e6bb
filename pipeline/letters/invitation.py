"""The invitation to a rapat as a letter in Word. Pure. Hides python-docx; the words come from the caller."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Cm, Pt

from pipeline.letters.draft import clean


@dataclass(frozen=True)
class Invite:
    """What stands in the letter, top to bottom. `rows` are (name, value): hari, waktu, tempat, agenda."""

    head: Sequence[str]
    place_day: str
    subject: str
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
    _line(document, one.place_day).alignment = WD_ALIGN_PARAGRAPH.RIGHT
    _line(document, one.subject).runs[0].bold = True
    for line in one.to:
        _line(document, line, after=0)
    _line(document, "")
    _line(document, one.opening, after=10)
    table = document.add_table(rows=0, cols=2)
    for name, value in one.rows:
        cells = table.add_row().cells
        cells[0].width, cells[1].width = Cm(3.5), Cm(13)
        cells[0].text, cells[1].text = clean(name), f": {clean(value)}"
    _line(document, "")
    _line(document, one.closing, after=24)
    for line in one.signer:
        paragraph = _line(document, line, after=0)
        paragraph.paragraph_format.left_indent = Cm(8.5)
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def _line(document, text: str, after: int = 6):  # type: ignore[no-untyped-def]
    paragraph = document.add_paragraph(clean(text))
    paragraph.paragraph_format.space_after = Pt(after)
    if not paragraph.runs:
        paragraph.add_run("")
    return paragraph
