"""Ordinary Word files as offices make them: {name: bytes}. None may be refused.

`python -m tests.letters.harmless FOLDER` writes them all, to be put before any gate.
"""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from docx import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from PIL import Image

from pipeline.letters.gate.markup import RELATIONS
from tests.letters.hostile import (
    BODY,
    RELS,
    ROOT,
    TYPES,
    R,
    W,
    body,
    field,
    honest,
    related,
    with_parts,
)
from tests.letters.sample import changed, pack, parts

DATA = Path(__file__).resolve().parents[1] / "data" / "surat"
TTF = b"\x00\x01\x00\x00" + bytes(200)


def picture(kind: str = "PNG", size: int = 120) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((size, size), 90).convert("RGB").save(out, kind)
    return out.getvalue()


def saved(document: object) -> bytes:
    out = io.BytesIO()
    document.save(out)  # type: ignore[attr-defined]
    return out.getvalue()


def _made() -> Iterator[tuple[str, bytes]]:
    document = Document()
    document.add_heading("Notulen", 1)
    document.add_paragraph("Rapat dibuka pukul 09.00.").add_run(" Tebal.").bold = True
    table = document.add_table(3, 3)
    for cell in table._cells:
        cell.text = "isi"
    document.add_picture(io.BytesIO(picture()))
    document.sections[0].header.paragraphs[0].text = "Kepala"
    document.sections[0].footer.paragraphs[0].text = "Kaki"
    yield "tabel-gambar.docx", saved(document)
    document.add_comment(
        document.paragraphs[0].runs, "Mohon diperiksa", author="Endah Lestari", initials="EL"
    )
    yield "komentar.docx", saved(document)
    deep = Document()
    table = deep.add_table(1, 1)
    for _level in range(8):
        table = table.cell(0, 0).add_table(1, 1)
    yield "tabel-dalam-tabel.docx", saved(deep)
    long = Document()
    for number in range(2_000):
        long.add_paragraph(f"Alinea {number} tentang pelayanan publik di kota ini.").add_run(
            " Lanjut."
        ).italic = True
    yield "panjang.docx", saved(long)
    photos = Document()
    for _number in range(3):
        photos.add_picture(io.BytesIO(picture("JPEG", 1500)))
    yield "foto-besar.docx", saved(photos)


def _links() -> Iterator[tuple[str, bytes]]:
    for order, link in enumerate(
        ["https://madiunkota.go.id/?a=1&amp;b=2", "mailto:a@contoh.id", "tel:0351467327"]
    ):
        yield f"tautan-{order}.docx", related("hyperlink", link, "External")
    yield (
        "tautan-bidang.docx",
        body(field('HYPERLINK "https://madiunkota.go.id/" \\l "bab"'.replace('"', "&quot;"))),
    )
    yield "daftar-isi.docx", body(field('TOC \\o "1-3" \\h \\z \\u'.replace('"', "&quot;")))
    yield "tautan-berkas.docx", related("hyperlink", "lampiran/berita%20acara.pdf", "External")
    yield "gambar-hilang.docx", related("image", "NULL", "External")


def _word() -> Iterator[tuple[str, bytes]]:
    yield (
        "perubahan.docx",
        body(
            '<w:p><w:ins w:id="1" w:author="Endah"><w:r><w:t>baru</w:t></w:r></w:ins>'
            '<w:del w:id="2" w:author="Endah"><w:r><w:delText>lama</w:delText></w:r></w:del></w:p>'
        ),
    )
    kind = f"{RELATIONS}/metadata/thumbnail"
    thumb = (
        f'<Relationship Id="rIdT" Type="{kind}" Target="docProps/thumbnail.jpeg"/></Relationships>'
    )
    small = changed(honest(), ROOT, "</Relationships>", thumb)
    yield "gambar-kecil.docx", pack({**parts(small), "docProps/thumbnail.jpeg": picture("JPEG")})
    vector = b'<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0" fill="url(#a)"/></svg>'
    yield "ikon-svg.docx", related("image", "media/ikon.svg", more={"word/media/ikon.svg": vector})
    yield (
        "huruf-tertanam.docx",
        with_parts({"word/fonts/Roboto-regular.ttf": TTF, "word/fonts/font1.odttf": TTF}),
    )
    yield (
        "isian.docx",
        body(
            '<w:sdt><w:sdtPr><w:tag w:val="a"/></w:sdtPr><w:sdtContent><w:p><w:r><w:t>isi</w:t></w:r></w:p>'
            "</w:sdtContent></w:sdt>"
        ),
    )
    yield (
        "data-xml.docx",
        with_parts({"customXml/item1.xml": b"<a/>", "customXml/itemProps1.xml": b"<b/>"}),
    )
    yield "kutipan.docx", body(field("ADDIN ZOTERO_ITEM CSL_CITATION {}"))
    yield "tanggal.docx", body(field("DATE \\@ d MMMM yyyy") + field("=SUM(ABOVE)") + field("PAGE"))
    typed = '<Default Extension="bin" ContentType="application/vnd.openxmlformats-officedocument.oleObject"/></Types>'
    yield "jenis-tak-terpakai.docx", changed(honest(), TYPES, "</Types>", typed)
    yield "grafik.docx", _chart()
    utf16 = parts(honest())["docProps/app.xml"].decode().replace("UTF-8", "UTF-16").encode("utf-16")
    yield "utf16.docx", with_parts({"docProps/app.xml": utf16})


def _chart() -> bytes:
    sheet = pack({TYPES: b"<Types/>", "xl/workbook.xml": b"<workbook/>"})
    rels = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
        f'Type="{R}/package" Target="../embeddings/Microsoft_Excel_Worksheet.xlsx"/></Relationships>'
    )
    more = {
        "word/charts/chart1.xml": b'<c:chart xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"/>',
        "word/charts/_rels/chart1.xml.rels": rels.encode(),
        "word/embeddings/Microsoft_Excel_Worksheet.xlsx": sheet,
    }
    return related("chart", "charts/chart1.xml", more=more)


def _cleaned() -> Iterator[tuple[str, bytes]]:
    """Let in after something was taken away."""
    yield "templat-setempat.docx", (DATA / "ok_normal_dotm.docx").read_bytes()
    for order, place in enumerate(
        ("file:///C:\\Templat\\surat.dotm", "Normal.dotm", "C:\\a\\b.dotx")
    ):
        yield f"templat-{order}.docx", related("attachedTemplate", place, "External")
    pane = "http://schemas.microsoft.com/office/2011/relationships/webextensiontaskpanes"
    node = f'<Relationship Id="rIdX" Type="{pane}" Target="word/webextensions/taskpanes.xml"/></Relationships>'
    add_in = parts(changed(honest(), ROOT, "</Relationships>", node))
    yield "panel.docx", pack({**add_in, "word/webextensions/taskpanes.xml": b"<a/>"})
    keys = "http://schemas.microsoft.com/office/2006/relationships/keyMapCustomizations"
    node = f'<Relationship Id="rIdX" Type="{keys}" Target="customizations.xml"/></Relationships>'
    typed = (
        '<Override PartName="/word/customizations.xml" '
        'ContentType="application/vnd.ms-word.keyMapCustomizations+xml"/></Types>'
    )
    mapped = changed(changed(honest(), RELS, "</Relationships>", node), TYPES, "</Types>", typed)
    yield "tombol.docx", pack({**parts(mapped), "word/customizations.xml": b"<a/>"})
    yield "tautan-aneh.docx", related("hyperlink", "skype:nama?call", "External")
    ole = {"word/embeddings/oleObject1.bin": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(400)}
    shown = (
        '<w:p><w:r><w:object><v:shape xmlns:v="urn:schemas-microsoft-com:vml"><v:imagedata '
        f'xmlns:r="{R}" r:id="rId1"/></v:shape><o:OLEObject xmlns:o="urn:schemas-microsoft-com:office:office" '
        f'xmlns:r="{R}" Type="Embed" r:id="rIdX"/></w:object></w:r></w:p><w:sectPr'
    )
    yield (
        "objek-bergambar.docx",
        changed(
            related("oleObject", "embeddings/oleObject1.bin", more=ole), BODY, "<w:sectPr", shown
        ),
    )
    out = io.BytesIO()
    Image.new("RGB", (80, 60), "navy").save(out, "PDF")
    yield (
        "gambar-mac.docx",
        related("image", "media/image7.pdf", more={"word/media/image7.pdf": out.getvalue()}),
    )


def _attributes() -> Iterator[tuple[str, bytes]]:
    yield (
        "sama-dengan.docx",
        body(f'<w:p w:rsidR="{"=" * 3_000}"><w:r><w:t>{"=" * 3_000}</w:t></w:r></w:p>'),
    )
    yield (
        "gambar-tanpa-akhiran.docx",
        with_parts({"word/media/image8": picture(), "word/media/a.tmp": picture("JPEG")}),
    )


def _writers() -> Iterator[tuple[str, bytes]]:
    """The same letter as other programs pack it."""
    out = io.BytesIO()
    with zipfile.ZipFile(_Unseekable(out), "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
        for name, blob in parts(honest()).items():
            archive.writestr(name, blob)
    yield "google.docx", out.getvalue()  # sizes behind the content, as a stream is written
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("word/", b"")
        for name, blob in parts(honest()).items():
            with archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as stream:
                stream.write(blob)
    yield "zip64.docx", out.getvalue()
    content = parts(honest())
    content["word/document2.xml"] = content.pop(BODY)
    content["word/_rels/document2.xml.rels"] = content.pop(RELS)
    for name in (TYPES, ROOT):
        content[name] = content[name].replace(b"word/document.xml", b"word/document2.xml")
    yield "word-online.docx", pack(content)


class _Unseekable:
    """A stream to write to, as a server's answer is."""

    def __init__(self, out: io.BytesIO) -> None:
        self.write, self.flush = out.write, out.flush


def _heavy() -> Iterator[tuple[str, bytes]]:
    """Close to every limit at once: what costs the gate the most and is let in."""
    one = (
        '<w:p w:rsidR="00A1" w:rsidRDefault="00A1"><w:r w:rsidRPr="00B2">'
        '<w:t xml:space="preserve">{}</w:t></w:r></w:p>'
    )
    text = "kalimat yang panjang " * 12
    table = "".join(one.format(text) for _ in range(18_000))
    noise = {f"word/media/a{n}.bmp": b"BM" + bytes(200) + picture("PNG", 1100) for n in range(2)}
    xml = f'<w:document xmlns:w="{W}"><w:body>{table}</w:body></w:document>'.encode()
    yield "terberat.docx", pack({**parts(honest()), BODY: xml, **noise})


def files() -> Iterator[tuple[str, bytes]]:
    yield "konsep.docx", honest()
    for family in (_made, _links, _word, _cleaned, _attributes, _writers, _heavy):
        yield from family()
    rule = parse_xml(f"<w:p {nsdecls('w')}/>")
    empty = Document()
    empty.element.body.insert(0, rule)
    yield "kosong.docx", saved(empty)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files():
        (folder / name).write_bytes(data)
