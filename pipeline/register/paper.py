"""The paper book: the register as a Word document on F4, to be printed, bound and signed.

Hides WordprocessingML. All that the register shows, in fifteen columns (two facts of one kind share one), the head on
every page, void rows struck through, page numbers, the hash of
the newest seal at the foot, the signatures of JFU and Sekretaris at the end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from io import BytesIO
from xml.sax.saxutils import escape

from docx import Document
from docx.document import Document as Docx
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph
from sqlalchemy import select

from pipeline.data.tables import Seal
from pipeline.office import clock, procedure
from pipeline.office.config import Petugas
from pipeline.office.sop import Role, Stage
from pipeline.office.words import word
from pipeline.register.book import Filter, Row, printed_cells, printed_heads, rows
from pipeline.register.period import month_of
from pipeline.work import Work

NOT_XML = re.compile("[^\t\n\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
F4 = (330, 215)  # millimetres, lying
MARGIN = 10
WIDTHS = (
    21,
    19,
    17,
    19,
    21,
    22,
    38,
    21,
    24,
    19,
    22,
    21,
    18,
    11,
    17,
)  # millimetres, of the columns of PRINTED; with the margins the page's width
TWIPS = 56.7  # in a millimetre
CELL = '<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{shade}</w:tcPr><w:p><w:pPr><w:spacing w:after="0"/></w:pPr>{runs}</w:p></w:tc>'  # noqa: E501
RUN = '<w:r><w:rPr>{marks}<w:sz w:val="14"/></w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'
SHADE = '<w:shd w:val="clear" w:color="auto" w:fill="EEEBF6"/>'
HEAD = "<w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>"
BODY = "<w:trPr><w:cantSplit/></w:trPr>"
FIELD = '<w:fldSimple {ns} w:instr="{name}"><w:r><w:rPr><w:sz w:val="14"/></w:rPr><w:t>1</w:t></w:r></w:fldSimple>'


def span(wanted: Filter) -> str:
    """The time of the rows in words: a month, a range of days, or nothing."""
    if wanted.month:
        return month_of(wanted.month).name
    begin = clock.tanggal_pendek(wanted.first) if wanted.first else ""
    end = clock.tanggal_pendek(wanted.last) if wanted.last else ""
    return f"{begin} – {end}" if begin or end else ""


def docx(work: Work, wanted: Filter, period: str) -> bytes:
    """The rows that fit, oldest first. `period` is their time in words, as the title has it."""
    document = Document()
    _page(document, work)
    office, sop = work.settings.instansi, work.settings.sop
    title = f"{word('buku.judul').upper()} {period.upper()}".strip()
    for text in (office.pemerintah.upper(), office.nama.upper(), title):
        _centred(_line(document.add_paragraph(), text, bold=True))
    _centred(_line(document.add_paragraph(), f"SOP Nomor {sop.nomor}: {sop.nama}"))
    laws = [f"{n}. {law}" for n, law in enumerate(sop.dasar_hukum, 1)]
    about = "; ".join(procedure.heading(work.settings))
    for text in (f"{word('sop.dasar_hukum')}:", *laws, about):
        last = _line(document.add_paragraph(), text, size=7)
    last.paragraph_format.space_after = Pt(4)  # the table begins here
    table = parse_xml(_table(rows(work, wanted, oldest_first=True)))
    document.element.body.insert(-1, table)  # the last thing in a body says how its pages are
    _signatures(document, work)
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def _centred(paragraph: Paragraph) -> None:
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER


def _page(document: Docx, work: Work) -> None:
    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(F4[0]), Mm(F4[1])
    section.left_margin = section.right_margin = Mm(MARGIN)
    section.top_margin = section.bottom_margin = Mm(MARGIN)
    font = document.styles["Normal"].font
    font.name, font.size = "Arial", Pt(9)
    foot = _line(section.footer.paragraphs[0], _sealed(work), size=7)
    foot.add_run("   " + word("buku.halaman") + " ").font.size = Pt(7)
    for name, after in (("PAGE", " / "), ("NUMPAGES", "")):
        foot._p.append(parse_xml(FIELD.format(ns=nsdecls("w"), name=name)))
        foot.add_run(after).font.size = Pt(7)


def _sealed(work: Work) -> str:
    """The newest seal, so that the print can be held against what the IT officer was mailed."""
    seal = work.session.scalars(select(Seal).order_by(Seal.day.desc()).limit(1)).first()
    if seal is None:
        return word("buku.tanpa_segel")
    return word("buku.segel", hari=clock.tanggal(seal.day), segel=seal.hash)


def _line(paragraph: Paragraph, text: str, *, bold: bool = False, size: int = 9) -> Paragraph:
    run = paragraph.add_run(_plain(text))
    run.bold, run.font.size = bold, Pt(size)
    paragraph.paragraph_format.space_after = Pt(0)
    return paragraph


def _plain(text: str) -> str:
    """Without what XML 1.0 cannot hold."""
    return "".join(char for char in text if _is_xml(char))


def _table(found: Iterable[Row]) -> str:
    grid = "".join(f'<w:gridCol w:w="{int(width * TWIPS)}"/>' for width in WIDTHS)
    borders = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:color="888888"/>'
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    margins = "".join(f'<w:{side} w:w="40" w:type="dxa"/>' for side in ("left", "right"))
    shape = f'<w:tblBorders>{borders}</w:tblBorders><w:tblLayout w:type="fixed"/><w:tblCellMar>{margins}</w:tblCellMar>'
    lines = "".join(_lines(found))
    return f"<w:tbl {nsdecls('w')}><w:tblPr>{shape}</w:tblPr><w:tblGrid>{grid}</w:tblGrid>{lines}</w:tbl>"


def _lines(found: Iterable[Row]) -> Iterator[str]:
    yield _row(printed_heads(), HEAD, "<w:b/>", SHADE)
    for row in found:
        void = "<w:strike/>" if row.complaint.stage is Stage.BATAL else ""
        yield _row(printed_cells(row), BODY, void)


def _row(columns: Iterable[list[str]], kind: str, marks: str, shade: str = "") -> str:
    cells = (
        CELL.format(width=int(width * TWIPS), shade=shade, runs=_runs("\n".join(lines), marks))
        for width, lines in zip(WIDTHS, columns, strict=True)
    )
    return f"<w:tr>{kind}{''.join(cells)}</w:tr>"


def _runs(text: str, marks: str) -> str:
    pieces = (
        RUN.format(marks=marks, text=escape(line)) for line in _plain(text).splitlines() or [""]
    )
    return "<w:r><w:br/></w:r>".join(pieces)


def _is_xml(char: str) -> bool:
    """XML 1.0, 2.2: no control characters but the tabulator and line ends, no surrogates, not U+FFFE and U+FFFF."""
    if char < " ":
        return char in "\n\t"
    return not "\ud800" <= char <= "\udfff" and char not in "\ufffe\uffff"


def _signatures(document: Docx, work: Work) -> None:
    """Place and day; then the Sekretaris at the left and the JFU at the right."""
    settings = work.settings
    today = clock.tanggal_saja(work.now.astimezone(settings.zone))
    _line(document.add_paragraph(), f"\n{settings.instansi.kota}, {today}")
    sekretaris, *_ = settings.holders(Role.SEKRETARIS)
    jfu, *_ = settings.holders(Role.JFU)
    left, right = document.add_table(rows=1, cols=2).rows[0].cells
    _signature(left.paragraphs[0], sekretaris)
    _signature(right.paragraphs[0], jfu)


def _signature(paragraph: Paragraph, person: Petugas) -> None:
    paragraph.paragraph_format.keep_together = True
    _line(paragraph, f"{person.jabatan}\n\n\n\n")
    _line(paragraph, person.nama, bold=True)
    _line(paragraph, f"\nNIP. {person.nip}" if person.nip else "")
