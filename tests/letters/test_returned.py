"""What comes back from Word: findings in plain words, and files refused before anything reads them."""

from __future__ import annotations

import io
import os
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from pipeline.letters.gate.cleaning import _SPACES
from pipeline.letters.mark import sealed, to_identifier
from pipeline.letters.numbering import date_in, has_room, number_in
from pipeline.letters.returned import NotALetter, inspect
from tests.letters.sample import CODE, MARK, TEMPLATE, changed, draft, pack, parts
from tests.work import calls, effort

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
BODY, TYPES, RELS = "word/document.xml", "[Content_Types].xml", "word/_rels/document.xml.rels"
END = "<w:sectPr"
DATA = Path(__file__).parents[1] / "data" / "surat"


def with_body(xml: str) -> bytes:
    return changed(draft(), BODY, END, xml + END)


def with_relation(kind: str, target: str, *, external: bool = True) -> bytes:
    mode = ' TargetMode="External"' if external else ""
    node = f'<Relationship Id="rIdX" Type="{R}/{kind}" Target="{target}"{mode}/></Relationships>'
    return changed(draft(), RELS, "</Relationships>", node)


def with_part(name: str, data: bytes = b"x") -> bytes:
    return pack({**parts(draft()), name: data})


def refused(data: bytes) -> str:
    with pytest.raises(NotALetter) as caught:
        inspect(data)
    return str(caught.value)


def messages(data: bytes, level: str = "blokir") -> list[str]:
    return [finding.message for finding in inspect(data).findings if finding.level == level]


# --- an honest letter ---


def test_the_draft_itself_is_in_order() -> None:
    letter = inspect(draft(electronic=True))
    assert (letter.mark, letter.identifier, letter.footer_code) == (MARK, MARK, CODE)
    assert {finding.level for finding in letter.findings} == {"baik"}
    assert not letter.blocked
    assert "Yth. Sdr. Siti Rahmawati" in letter.paragraphs


def test_text_of_tables_is_read() -> None:
    assert "NOOR AFLAH, S.Kom" in inspect(draft()).paragraphs


def test_inserted_text_is_read_and_deleted_text_is_not() -> None:
    data = with_body(
        '<w:p><w:ins w:id="1" w:author="Endah Lestari"><w:r><w:t>kalimat baru</w:t></w:r></w:ins>'
        '<w:del w:id="2" w:author="Endah Lestari"><w:r><w:delText>lama</w:delText></w:r></w:del></w:p>'
    )
    letter = inspect(data)
    assert letter.paragraphs[-1] == "kalimat baru"
    assert letter.blocked
    assert any("Masih ada 2 perubahan terlacak oleh Endah Lestari." in m for m in messages(data))


def test_tracked_changes_are_counted_for_each_person() -> None:
    change = '<w:p><w:ins w:id="1" w:author="{}"><w:r><w:t>x</w:t></w:r></w:ins></w:p>'
    told = messages(with_body(change.format("Ani") * 2 + change.format("Budi") + change.format("")))
    assert [m.split(".")[0] for m in told] == [
        "Masih ada 2 perubahan terlacak oleh Ani",
        "Masih ada 1 perubahan terlacak oleh Budi",
        "Masih ada 1 perubahan terlacak oleh seseorang",
    ]


def test_very_many_authors_give_few_findings() -> None:
    change = '<w:p><w:ins w:id="1" w:author="A{}"><w:r><w:t>x</w:t></w:r></w:ins></w:p>'
    assert len(messages(with_body("".join(change.format(n) for n in range(500))))) == 6


def test_comments_are_found() -> None:
    comment = f'<w:comments xmlns:w="{W}"><w:comment w:id="0" w:author="Ani"><w:p/></w:comment></w:comments>'
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.comments+xml"
    override = f'<Override PartName="/word/comments.xml" ContentType="{kind}"/></Types>'
    content = parts(changed(draft(), TYPES, "</Types>", override))
    content["word/comments.xml"] = comment.encode()
    assert any("1 komentar oleh Ani" in m for m in messages(pack(content)))


@pytest.mark.parametrize(
    "scrap", ["{{ nama }}", "[ISI: nomor berita acara]", "{%p endfor %}", "[isi"]
)
def test_entries_left_open_block(scrap: str) -> None:
    assert any(scrap in m for m in messages(with_body(f"<w:p><w:r><w:t>{scrap}</w:t></w:r></w:p>")))


def test_entry_left_open_across_runs_blocks() -> None:
    data = with_body("<w:p><w:r><w:t>[I</w:t></w:r><w:r><w:t>SI: tanggal]</w:t></w:r></w:p>")
    assert any("[ISI: tanggal]" in m for m in messages(data))


def test_draft_without_anything_to_tell_blocks() -> None:
    assert any("[ISI: uraian sesuai perintah" in m for m in messages(draft(instruction="")))


def test_the_bare_template_blocks() -> None:
    assert len(messages(TEMPLATE)) > 10


def test_hidden_text_is_shown() -> None:
    hidden = "<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>rahasia</w:t></w:r></w:p>"
    assert any("rahasia" in m for m in messages(with_body(hidden), "lihat"))
    assert not any("tersembunyi" in m for m in messages(with_body(hidden), "baik"))


def test_empty_letter_blocks() -> None:
    content = parts(draft())
    content[BODY] = f'<w:document xmlns:w="{W}"><w:body><w:p/></w:body></w:document>'.encode()
    assert any("kosong" in m for m in messages(pack(content)))


def test_text_box_is_read_once() -> None:
    box = "<w:txbxContent><w:p><w:r><w:t>dalam kotak</w:t></w:r></w:p></w:txbxContent>"
    mc = "http://schemas.openxmlformats.org/markup-compatibility/2006"
    data = with_body(
        f'<w:p><w:r><mc:AlternateContent xmlns:mc="{mc}"><mc:Choice Requires="wps">{box}</mc:Choice>'
        f"<mc:Fallback>{box}</mc:Fallback></mc:AlternateContent></w:r></w:p>"
    )
    assert inspect(data).paragraphs.count("dalam kotak") == 1


# --- which document is it ---


def test_lost_properties_leave_identifier_and_footer() -> None:
    content = parts(draft())
    content["docProps/custom.xml"] = content["docProps/custom.xml"].replace(b"aduan_case", b"lain")
    letter = inspect(pack(content))
    assert (letter.mark, letter.identifier, letter.footer_code) == (None, MARK, CODE)


def test_marks_that_disagree_block() -> None:
    other = sealed(b"kunci uji", "kasus-9", 1, CODE)
    data = changed(draft(), "docProps/core.xml", to_identifier(MARK), to_identifier(other))
    assert any("dua dokumen yang berbeda" in m for m in messages(data))


def test_footer_of_another_letter_blocks() -> None:
    name = next(
        n
        for n, blob in parts(draft()).items()
        if n.startswith("word/footer") and CODE.encode() in blob
    )
    letter = inspect(changed(draft(), name, CODE, "0000-1111-2222-3333"))
    assert letter.footer_code == "0000-1111-2222-3333"
    assert letter.blocked


def test_letter_without_any_mark_asks_for_a_look() -> None:
    content = {n: b.replace(CODE.encode(), b"") for n, b in parts(draft()).items()}
    assert any("Kode dokumen tidak ditemukan" in m for m in messages(pack(content), "lihat"))


# --- files of another kind ---


def old_office(inside: bytes) -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000) + inside


def odt() -> bytes:
    return pack({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<a/>"})


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "kosong"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"{\\rtf1\\ansi surat}", "RTF"),
        (old_office(b"WordDocument"), "Word lama (.doc)"),
        (old_office("EncryptedPackage".encode("utf-16-le")), "kata sandi"),
        (odt(), "OpenDocument"),
        (b"<html><body>surat</body></html>", "HTML"),
        (b"\x89PNG\r\n\x1a\n", "gambar"),
        (b"MZ\x90", "bukan dokumen Word"),
        (pack({"a.xml": b"<a/>"}), "bukan dokumen Word"),
        (draft()[:-400], "rusak"),
        (b"PK\x03\x04" + bytes(200), "rusak"),
    ],
    ids=[
        "kosong",
        "pdf",
        "rtf",
        "doc",
        "terenkripsi",
        "odt",
        "html",
        "png",
        "exe",
        "zip",
        "terpotong",
        "palsu",
    ],
)
def test_another_kind_of_file_is_named_with_what_to_do(data: bytes, told: str) -> None:
    message = refused(data)
    assert told in message
    assert "Mohon" in message


def test_spreadsheet_renamed_to_docx() -> None:
    word, sheet = "wordprocessingml.document.main", "spreadsheetml.sheet.main"
    assert "jenis Office yang lain" in refused(changed(draft(), TYPES, word, sheet))


def test_strict_open_xml_is_read_through_a_transitional_copy() -> None:
    content = parts(draft())
    for new, old in _SPACES:
        content = {name: blob.replace(old, new) for name, blob in content.items()}
    assert b"purl.oclc.org/ooxml/wordprocessingml/main" in content[BODY]
    letter = inspect(pack(content))
    assert letter.paragraphs == inspect(draft()).paragraphs
    assert letter.mark == MARK
    assert any("Strict" in m for m in messages(pack(content), "baik"))


def test_zip_with_password() -> None:
    data = bytearray(draft())
    data[6] |= 1
    start = 0
    while (start := data.find(b"PK\x01\x02", start)) >= 0:
        data[start + 8] |= 1
        start += 4
    assert "kata sandi" in refused(bytes(data))


def test_too_large() -> None:
    with pytest.raises(NotALetter, match="terlalu besar"):
        inspect(draft(), max_bytes=1000)


# --- hostile files ---


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (with_part("word/vbaProject.bin"), "makro"),
        (with_part("word/activeX/activeX1.xml", b"<a/>"), "ActiveX"),
        (with_part("word/embeddings/oleObject1.bin"), "objek tertanam"),
        (with_part("word/sisip.html"), "tidak lazim"),
        (with_part("word/media/a.svg"), "rusak"),
        (with_part("word/afchunk.xml", b"<a/>"), "sisipan"),
        (
            changed(
                draft(), TYPES, "wordprocessingml.document.main", "ms-word.document.macroEnabled"
            ),
            "makro",
        ),
        (with_relation("image", "http://contoh.id/a.png"), "ditautkan dari luar"),
        (with_relation("attachedTemplate", "http://contoh.id/x.dotm"), "templat"),
        (with_relation("oleObject", "file:///C:/x.xlsx"), "objek tertanam"),
        (with_relation("image", "http://contoh.id/a.png", external=False), "ditautkan dari luar"),
        (with_relation("hyperlink", "file://peladen/berkas"), "tautan"),
        (with_relation("aFChunk", "a.html", external=False), "sisipan"),
        (with_body(f'<w:altChunk xmlns:r="{R}" r:id="rId1"/>'), "sisipan"),
        (with_body("<w:p><w:r><w:object/></w:r></w:p>"), "objek tertanam"),
        (
            with_body('<w:p><w:fldSimple w:instr="INCLUDEPICTURE http://a.id"/></w:p>'),
            "INCLUDEPICTURE",
        ),
        (
            with_body(
                '<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>DDE</w:instrText></w:r><w:r>'
                '<w:instrText>AUTO c:\\cmd</w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'
            ),
            "DDEAUTO",
        ),
        (with_body("<w:p><w:r><w:instrText>QUOTE 68 68</w:instrText></w:r></w:p>"), "QUOTE"),
        (
            with_body(
                '<w:p><w:r><w:pict><v:imagedata xmlns:v="urn:schemas-microsoft-com:vml" '
                'src="http://contoh.id/a.png"/></w:pict></w:r></w:p>'
            ),
            "ditautkan dari luar",
        ),
        (changed(draft(), BODY, "<w:document", '<!DOCTYPE a [<!ENTITY b "c">]><w:document'), "DTD"),
        (with_body("<w:p>" * 200 + "</w:p>" * 200), "terlalu dalam"),
        (with_body("<w:p>"), "rusak pada bagian"),
        (with_part("../../etc/cron.xml", b"<a/>"), "nama yang tidak wajar"),
        (with_part("/word/lain.xml", b"<a/>"), "nama yang tidak wajar"),
        (with_part("word\\lain.xml", b"<a/>"), "nama yang tidak wajar"),
        (with_part("word/%2e%2e/%2e%2e/lain.xml", b"<a/>"), "nama yang tidak wajar"),
        (with_part("word/DOCUMENT.xml", b"<a/>"), "nama yang sama"),
        (
            pack({**parts(draft()), **{f"word/{n}.xml": b"<a/>" for n in range(600)}}),
            "terlalu banyak untuk",
        ),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_dangerous_content_is_refused_in_words(data: bytes, told: str) -> None:
    message = refused(data)
    assert told in message
    assert "Mohon" in message


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_duplicate_entries_are_refused() -> None:
    content = parts(draft())
    assert "nama yang sama" in refused(pack(content, ((BODY, content[BODY]),)))


def test_data_in_front_of_the_archive_is_refused() -> None:
    front = pack({"a.xml": b"<a/>"})
    assert "tidak diterima" in refused(front[:40] + draft())


def test_archive_comment_is_refused() -> None:
    data = draft()
    assert "ditempelkan" in refused(data[:-2] + struct.pack("<H", 3) + b"abc")


@pytest.mark.parametrize(
    "link", ["https://madiunkota.go.id/", "mailto:kominfo@contoh.id", "http://contoh.id"]
)
def test_ordinary_links_pass(link: str) -> None:
    assert not inspect(with_relation("hyperlink", link)).blocked


@pytest.mark.parametrize(
    "code",
    ["PAGE", " NUMPAGES  \\* MERGEFORMAT ", 'HYPERLINK "https://a.id"', "PAGE\\* ARABIC", ""],
)
def test_ordinary_fields_pass(code: str) -> None:
    escaped = code.replace('"', "&quot;")
    assert not inspect(with_body(f'<w:p><w:fldSimple w:instr="{escaped}"/></w:p>')).blocked


def fast_refusal(data: bytes) -> str:
    """The refusal, at the cost of at most 100 loops of a million and, run once more, under 100 MB."""
    message = refused(data)
    assert effort(lambda: refused(data)) < 100
    tracemalloc.start()
    try:
        refused(data)
        assert tracemalloc.get_traced_memory()[1] < 100 * 1024 * 1024
    finally:
        tracemalloc.stop()
    return message


def test_300_000_paragraphs_are_refused_fast() -> None:
    body = f'<w:document xmlns:w="{W}"><w:body>' + "<w:p/>" * 300_000 + "</w:body></w:document>"
    assert "terlalu banyak" in fast_refusal(pack({**parts(draft()), BODY: body.encode()}))


def test_300_000_full_paragraphs_are_refused_fast() -> None:
    body = f'<w:document xmlns:w="{W}"><w:body>' + "<w:p><w:r><w:t>a</w:t></w:r></w:p>" * 300_000
    data = pack({**parts(draft()), BODY: (body + "</w:body></w:document>").encode()})
    assert "mengembang" in fast_refusal(data)


def test_zip_bomb_is_refused_without_unpacking() -> None:
    data = pack({**parts(draft()), "word/media/image9.png": bytes(100 * 1024 * 1024)})
    assert "mengembang" in fast_refusal(data)


def test_understated_sizes_do_not_open_a_bomb() -> None:
    honest = pack({**parts(draft()), "word/lain.xml": b"<a>" + b" " * 50_000_000 + b"</a>"})
    with zipfile.ZipFile(io.BytesIO(honest)) as archive:
        size = archive.getinfo("word/lain.xml").file_size
    lying = honest.replace(struct.pack("<I", size), struct.pack("<I", 100))
    assert "tidak sebesar" in fast_refusal(lying)


@pytest.mark.parametrize("scrap", ["{{", "{%", "[ISI ", "Kode dokumen ", "Kode  "])
def test_a_huge_hostile_paragraph_does_not_stall_the_reader(scrap: str) -> None:
    noise = os.urandom(50_000).hex()  # keeps the archive below the ratio that would refuse it
    text = scrap * 60_000 + " " * 60_000 + noise
    data = with_body(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>")
    assert effort(lambda: inspect(data)) < 150


def many_changes(count: int) -> bytes:
    """One paragraph with so many tracked insertions."""
    one = '<w:ins w:id="1" w:author="a"><w:r><w:t>x</w:t></w:r></w:ins>'
    return with_body(f"<w:p>{one * count}</w:p>")


def test_twice_as_many_changes_in_one_paragraph_are_twice_the_work() -> None:
    few, many = many_changes(1000), many_changes(2000)
    inspect(few)
    assert calls(lambda: inspect(many)) < 2.3 * calls(lambda: inspect(few))


def test_letter_of_thousands_of_insertions_in_one_paragraph_is_read_at_once() -> None:
    data = (DATA / "quad_inserts_one_paragraph.docx").read_bytes()
    assert any("8000 perubahan terlacak" in message for message in messages(data))
    assert effort(lambda: inspect(data)) < 150


@pytest.mark.parametrize(
    "text", ["Nomor" + " " * 200_000, "Madiun," + " " * 200_000 + "x", "\tMadiun," + " " * 99_999]
)
def test_long_runs_of_spaces_in_the_number_line_are_read_once(text: str) -> None:
    assert (
        effort(lambda: (number_in((text,)), has_room((text,), ""), date_in((text,), "Madiun"))) < 20
    )


def test_random_damage_is_refused_or_read_but_never_breaks() -> None:
    whole = draft()
    refusals = 0
    for place in range(0, len(whole), 499):
        data = bytearray(whole)
        data[place] ^= 0xFF
        try:
            inspect(bytes(data))
        except NotALetter:
            refusals += 1
    assert refusals > 10


# --- what nobody sees, and what moves ---


def run(look: str, text: str = "rahasia") -> bytes:
    return with_body(f"<w:p><w:r><w:rPr>{look}</w:rPr><w:t>{text}</w:t></w:r></w:p>")


@pytest.mark.parametrize(
    ("look", "told"),
    [
        ('<w:color w:val="FFFFFF"/>', "berwarna putih"),
        ('<w:color w:val="auto" w:themeColor="background1"/>', "berwarna putih"),
        ('<w:sz w:val="2"/>', "di bawah 4 poin"),
        ("<w:vanish/>", "tersembunyi"),
    ],
)
def test_text_that_nobody_sees_is_told(look: str, told: str) -> None:
    assert any(told in m and "rahasia" in m for m in messages(run(look), "lihat"))


@pytest.mark.parametrize(
    "look",
    [
        '<w:color w:val="FFFFFF"/><w:shd w:val="clear" w:fill="1F3864"/>',
        '<w:sz w:val="16"/>',
        "<w:b/>",
    ],
)
def test_white_on_blue_and_small_print_are_ordinary(look: str) -> None:
    assert messages(run(look), "lihat") == []


@pytest.mark.parametrize(
    "code", ["DATE", "TIME", "SAVEDATE", "PRINTDATE", 'DATE \\@ "d MMMM yyyy"']
)
def test_field_that_changes_by_itself_is_told(code: str) -> None:
    simple = with_body(f'<w:p><w:fldSimple w:instr="{code.replace(chr(34), "&quot;")}"/></w:p>')
    begin, end = (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r>',
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>',
    )
    split = "".join(
        f"<w:r><w:instrText>{piece.replace(chr(34), '&quot;')}</w:instrText></w:r>"
        for piece in (code[:2], code[2:])
    )
    for data in (simple, with_body(f"<w:p>{begin}{split}{end}</w:p>")):
        assert any("berubah sendiri" in m for m in messages(data, "lihat"))
