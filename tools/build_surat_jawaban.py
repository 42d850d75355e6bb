"""Builds templates/letters/surat_jawaban.docx, the template that office staff then edit in Word.

Hides the Word XML behind borders, numbering, fields and keep-together rules. Run it only to start over:
it replaces the file, and with it what the office has changed.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Cm, Pt, RGBColor
from PIL import Image, ImageDraw, ImageFont

TARGET = Path(__file__).resolve().parent.parent / "templates" / "letters" / "surat_jawaban.docx"
TEXT_WIDTH = Cm(16.5)
LABEL, COLON = Cm(2.1), Cm(2.55)
LEFT, CENTER, BOTH = WD_ALIGN_PARAGRAPH.LEFT, WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.JUSTIFY


def shield() -> io.BytesIO:
    """A place-holder for the lambang; staff put the city's own in by Change Picture."""
    picture = Image.new("RGB", (480, 590), "white")
    draw = ImageDraw.Draw(picture)
    outline = [(12, 12), (468, 12), (468, 400), (240, 576), (12, 400)]
    draw.line([*outline, outline[0], outline[1]], fill="black", width=9, joint="curve")
    draw.text(
        (240, 265),
        "LAMBANG\nDAERAH",
        fill="#666666",
        font=ImageFont.load_default(54),
        anchor="mm",
        align="center",
        spacing=14,
    )
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True, dpi=(300, 300))
    out.seek(0)
    return out


def style(
    document: Any,
    name: str,
    size: float = 11,
    *,
    align: Any = LEFT,
    before: float = 0,
    after: float = 0,
    line: float = 1.0,
    keep: bool = False,
) -> Any:
    made = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    made.base_style = document.styles["Normal"]
    made.quick_style = True
    made.font.size = Pt(size)
    rules = made.paragraph_format
    rules.alignment, rules.line_spacing = align, line
    rules.space_before, rules.space_after = Pt(before), Pt(after)
    rules.keep_with_next, rules.keep_together = keep, keep
    return made


def set_font(document: Any) -> None:
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = "Arial", Pt(11)
    fonts = normal.element.rPr.rFonts
    for slot in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
        fonts.set(qn(slot), "Arial")
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "id-ID")
    normal.element.rPr.append(language)
    normal.paragraph_format.widow_control = True
    normal.paragraph_format.space_after = Pt(0)


def define_styles(document: Any) -> None:
    set_font(document)
    style(document, "Surat Kop Pemerintah", 14, align=CENTER)
    style(document, "Surat Kop Kantor", 16, align=CENTER).font.bold = True
    style(document, "Surat Kop Alamat", 9, align=CENTER)
    head = style(document, "Surat Kepala")
    head.paragraph_format.left_indent = COLON
    head.paragraph_format.first_line_indent = -COLON
    for position in (LABEL, COLON):
        head.paragraph_format.tab_stops.add_tab_stop(position, WD_TAB_ALIGNMENT.LEFT)
    style(document, "Surat Tujuan", keep=True)
    text = style(document, "Surat Isi", align=BOTH, after=6, line=1.15)
    text.paragraph_format.first_line_indent = Cm(1.2)
    style(document, "Surat Butir", align=BOTH, after=4, line=1.15)
    closing = style(document, "Surat Penutup", align=BOTH, before=2, after=6, line=1.15, keep=True)
    closing.paragraph_format.first_line_indent = Cm(1.2)
    style(document, "Surat Tanda Tangan", align=CENTER, keep=True)
    style(document, "Surat Tembusan", 9)
    style(document, "Surat Kaki", 7.5)


def add_numbering(document: Any, number: int, left: int, hanging: int) -> int:
    """A numbering "1." with its indents in twentieths of a point; gives the id that paragraphs refer to."""
    numbering = document.part.numbering_part.element
    abstract = parse_xml(
        f'<w:abstractNum {nsdecls("w")} w:abstractNumId="{number}"><w:multiLevelType w:val="singleLevel"/>'
        '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/>'
        f'<w:lvlJc w:val="left"/><w:pPr><w:tabs><w:tab w:val="num" w:pos="{left}"/></w:tabs>'
        f'<w:ind w:left="{left}" w:hanging="{hanging}"/></w:pPr></w:lvl></w:abstractNum>'
    )
    numbering.insert(0, abstract)  # the schema wants every abstractNum before the first num
    return int(numbering.add_num(number).numId)


def use_numbering(styled: Any, number_id: int) -> None:
    properties = styled.element.get_or_add_pPr().get_or_add_numPr()
    properties.get_or_add_numId().val = number_id


def bare_table(where: Any, rows: int, widths: list[Any], **extra: Any) -> Any:
    table = where.add_table(rows, len(widths), **extra)
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    for row in table.rows:
        for cell, width in zip(row.cells, widths, strict=True):
            cell.width = width
    margins = parse_xml(
        f'<w:tblCellMar {nsdecls("w")}><w:left w:w="0" w:type="dxa"/><w:right w:w="0" w:type="dxa"/></w:tblCellMar>'
    )
    table._tbl.tblPr.append(margins)
    for column, width in zip(table._tbl.tblGrid.gridCol_lst, widths, strict=True):
        column.w = width
    return table


def border(paragraph: Any, side: str, kind: str, size: int, space: int = 1) -> None:
    """`size` in eighths of a point; pBdr has its fixed place in pPr, before the spacing."""
    properties = paragraph._p.get_or_add_pPr()
    borders = parse_xml(
        f'<w:pBdr {nsdecls("w")}><w:{side} w:val="{kind}" w:sz="{size}" w:space="{space}" w:color="000000"/></w:pBdr>'
    )
    properties.insert_element_before(
        borders, "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )


def kop(document: Any) -> None:
    table = bare_table(document, 1, [Cm(2.2), Cm(14.3)])
    emblem, text = table.rows[0].cells
    emblem.paragraphs[0].add_run().add_picture(shield(), height=Cm(2.1))
    picture = emblem._tc.xpath(".//wp:docPr")[0]
    picture.set("name", "Lambang daerah")
    picture.set("descr", "Lambang daerah (ganti dengan lambang yang sebenarnya)")
    text.paragraphs[0].text = "{{ pemerintah }}"
    text.paragraphs[0].style = "Surat Kop Pemerintah"
    text.add_paragraph("{{ kantor }}", "Surat Kop Kantor")
    text.add_paragraph("{{ alamat }}", "Surat Kop Alamat")
    text.add_paragraph("{{ kontak }}", "Surat Kop Alamat")
    rule = document.add_paragraph()
    rule.paragraph_format.line_spacing = Pt(5)
    rule.paragraph_format.space_after = Pt(7)
    border(rule, "bottom", "thickThinMediumGap", 24)


def head(document: Any) -> None:
    first = document.add_paragraph("Nomor\t:\t{{ nomor }}\t{{ tempat_tanggal }}", "Surat Kepala")
    first.paragraph_format.tab_stops.add_tab_stop(TEXT_WIDTH, WD_TAB_ALIGNMENT.RIGHT)
    for label, field in (("Sifat", "sifat"), ("Lampiran", "lampiran"), ("Hal", "hal")):
        line = document.add_paragraph(f"{label}\t:\t{{{{ {field} }}}}", "Surat Kepala")
        line.paragraph_format.right_indent = Cm(4.5)


def addressee(document: Any) -> None:
    first = document.add_paragraph("Yth. {{ tujuan }}", "Surat Tujuan")
    first.paragraph_format.space_before = Pt(18)
    first.paragraph_format.left_indent, first.paragraph_format.first_line_indent = Cm(0.9), Cm(-0.9)
    first.paragraph_format.right_indent = Cm(5)
    document.add_paragraph("{%p if tempat_tujuan %}")
    document.add_paragraph("di", "Surat Tujuan").paragraph_format.left_indent = Cm(0.9)
    document.add_paragraph("{{ tempat_tujuan }}", "Surat Tujuan").paragraph_format.left_indent = Cm(
        1.6
    )
    document.add_paragraph("{%p endif %}")
    gap = document.add_paragraph(style="Surat Tujuan")
    gap.paragraph_format.line_spacing = Pt(14)


def repeat(document: Any, item: str, items: str, styled: str) -> None:
    document.add_paragraph(f"{{%p for {item} in {items} %}}")
    document.add_paragraph(f"{{{{ {item} }}}}", styled)
    document.add_paragraph("{%p endfor %}")


def signature(document: Any) -> None:
    """One row that never splits: LibreOffice 7.4 at times breaks a chain of keep-with-next paragraphs."""
    table = bare_table(document, 1, [Cm(7.5), Cm(9)])
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    left, cell = table.rows[0].cells
    left.paragraphs[0].style = "Surat Tanda Tangan"  # in Word, Tembusan follow the whole row
    title = cell.paragraphs[0]
    title.text, title.style = "{{ jabatan }},", "Surat Tanda Tangan"
    title.paragraph_format.space_before = Pt(14)
    room = cell.add_paragraph(style="Surat Tanda Tangan")
    room.paragraph_format.space_before, room.paragraph_format.space_after = Pt(26), Pt(26)
    room.add_run("{{ jangkar }}").font.color.rgb = RGBColor(0x99, 0x99, 0x99)
    name = cell.add_paragraph(style="Surat Tanda Tangan").add_run("{{ nama }}")
    name.bold, name.underline = True, True
    cell.add_paragraph("{%p if pangkat %}")
    cell.add_paragraph("{{ pangkat }}", "Surat Tanda Tangan")
    cell.add_paragraph("{%p endif %}")
    cell.add_paragraph("{%p if nip %}")
    cell.add_paragraph("NIP. {{ nip }}", "Surat Tanda Tangan")
    cell.add_paragraph("{%p endif %}")


def copies(document: Any) -> None:
    document.add_paragraph("{%p if tembusan %}")
    title = document.add_paragraph("Tembusan:", "Surat Tembusan")
    title.paragraph_format.space_before, title.paragraph_format.keep_with_next = Pt(14), True
    repeat(document, "salinan", "tembusan", "Surat Butir Tembusan")
    document.add_paragraph("{%p endif %}")


def field(paragraph: Any, code: str) -> None:
    simple = parse_xml(
        f'<w:fldSimple {nsdecls("w")} w:instr=" {code} "><w:r><w:t>1</w:t></w:r></w:fldSimple>'
    )
    paragraph._p.append(simple)


def footer(document: Any) -> None:
    foot = document.sections[0].footer
    lead = foot.paragraphs[0]
    lead.style = "Surat Kaki"
    lead.paragraph_format.line_spacing = Pt(4)
    border(lead, "bottom", "single", 4)
    widths = [Cm(14.8), Cm(1.7)]
    text, code = bare_table(foot, 1, widths, width=TEXT_WIDTH).rows[0].cells
    line = text.paragraphs[0]
    line.style = "Surat Kaki"
    line.paragraph_format.space_before = Pt(3)
    line.paragraph_format.tab_stops.add_tab_stop(widths[0] - Cm(0.3), WD_TAB_ALIGNMENT.RIGHT)
    line.add_run(
        "Nomor register {{ nomor_register }}  |  Kode dokumen {{ kode_dokumen }}\tHalaman "
    )
    field(line, "PAGE")
    line.add_run(" dari ")
    field(line, "NUMPAGES")
    text.add_paragraph("{%p if laman_keaslian %}")
    text.add_paragraph("Keaslian surat dapat diperiksa di {{ laman_keaslian }}", "Surat Kaki")
    text.add_paragraph("{%p endif %}")
    text.add_paragraph("{%p if kalimat_elektronik %}")
    sentence = text.add_paragraph("{{ kalimat_elektronik }}", "Surat Kaki")
    sentence.paragraph_format.right_indent = Cm(0.3)
    text.add_paragraph("{%p endif %}")
    code.paragraphs[0].style = "Surat Kaki"
    code.paragraphs[0].text = "{{ kode_qr }}"
    code.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT
    code.paragraphs[0].paragraph_format.space_before = Pt(2)
    end = foot.add_paragraph(style="Surat Kaki")
    end.paragraph_format.line_spacing = Pt(1)


def page(document: Any) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin, section.right_margin = Cm(2.5), Cm(2)
    section.top_margin, section.bottom_margin = Cm(1.5), Cm(2.8)
    section.header_distance, section.footer_distance = Cm(1), Cm(0.9)


def slim(document: Any) -> None:
    """Leave out what python-docx's own start document brings and no letter uses: 160 table styles, a thumbnail."""
    styles = document.styles.element
    for node in list(styles):
        own = node.get(qn("w:default")) == "1" or node.get(qn("w:styleId")) in ("Header", "Footer")
        if node.tag in (qn("w:style"), qn("w:latentStyles")) and not own:
            styles.remove(node)
    for owner in (document.part.package, document.part):
        for number, relation in list(owner.rels.items()):
            if relation.reltype.endswith(("/thumbnail", "/stylesWithEffects", "/customXml")):
                del owner.rels[number]


def build() -> bytes:
    """The template as .docx."""
    document = Document()
    slim(document)
    page(document)
    define_styles(document)
    use_numbering(document.styles["Surat Butir"], add_numbering(document, 90, 680, 368))
    copy = style(document, "Surat Butir Tembusan", 9)
    use_numbering(copy, add_numbering(document, 91, 340, 340))
    kop(document)
    head(document)
    addressee(document)
    repeat(document, "alinea", "pembuka", "Surat Isi")
    repeat(document, "butir", "butir_surat", "Surat Butir")
    repeat(document, "alinea", "penutup", "Surat Penutup")
    signature(document)
    copies(document)
    footer(document)
    core = document.core_properties
    core.title, core.author, core.comments, core.language = "Templat surat jawaban", "", "", "id-ID"
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET
    target.write_bytes(build())
    print(f"Templat ditulis: {target.name}")
