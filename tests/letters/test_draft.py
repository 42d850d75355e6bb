"""The draft of the reply letter: its sentences, its look on paper, and the traps of templates and texts."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any, cast
from xml.etree import ElementTree as ET

import pypdfium2  # ships no types
import pytest
from docx import Document
from docx.enum.text import WD_TAB_ALIGNMENT
from docx.shared import Cm
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.files import libreoffice
from pipeline.letters.draft import clean, render, subject
from pipeline.letters.mark import (
    ALPHABET,
    from_identifier,
    from_properties,
    is_ours,
    new_code,
    read_code,
    sealed,
    to_identifier,
    to_properties,
)
from pipeline.letters.mark import CODE as CODE_FORM
from pipeline.letters.returned import inspect
from pipeline.letters.template.compile import MEMORY
from pipeline.letters.template.fields import TemplateError
from pipeline.letters.wording import points_from, read_wording
from tests.letters.sample import (
    CODE,
    MARK,
    TEMPLATE,
    TEMPLATES,
    WORDING,
    changed,
    draft,
    footer,
    letter,
    pack,
    parts,
    template_with,
    texts,
)
from tests.work import effort

# --- sentences ---


def test_opening_names_date_channel_register_and_perihal() -> None:
    opening = letter().opening
    for fact in (
        "10 November 2026",
        "melalui email",
        "PGD-2026-000123",
        "“Lampu jalan di Jalan",
    ):
        assert fact in opening


@pytest.mark.parametrize("channel", ["email", "kotak", "langsung", "telepon", "surat"])
@pytest.mark.parametrize("decision", ["ditindaklanjuti", "ditolak", "bukan_wewenang"])
def test_every_decision_and_channel_gives_whole_sentences(decision: str, channel: str) -> None:
    data = letter(decision=decision, channel=channel, agency="Dinas Perhubungan Kota Madiun")
    for sentence in (data.opening, *data.points, *data.closing.split("\n")):
        assert sentence.endswith((".", ":"))
        assert "{" not in sentence
        assert "  " not in sentence
    assert "terima kasih" in data.closing


def test_refusal_says_so_and_leaves_the_way_open() -> None:
    data = letter(decision="ditolak", instruction="Bahwa lokasi kejadian tidak disebutkan.")
    assert "Bahwa lokasi kejadian tidak disebutkan." in data.points
    assert "belum dapat kami tindak lanjuti" in data.points[-1]
    assert "bukti tambahan" in data.closing


def test_other_authority_is_named() -> None:
    data = letter(decision="bukan_wewenang", agency="PT PLN (Persero) ULP Madiun Kota")
    assert any("kewenangan PT PLN (Persero) ULP Madiun Kota" in point for point in data.points)


def test_other_authority_without_name_leaves_an_entry_that_blocks_sending() -> None:
    assert any("[ISI: nama instansi" in point for point in letter(decision="bukan_wewenang").points)


def test_anonymous_addressee() -> None:
    assert (letter(addressee=None).addressee, letter(addressee=" ").addressee) == (
        "Saudara Pengadu",
    ) * 2
    assert "Yth. Saudara Pengadu" in texts(draft(addressee=None))


def test_empty_perihal_leaves_no_empty_quotes() -> None:
    assert "000123, bersama" in letter(perihal=" ").opening


def test_lines_of_the_instruction_become_points() -> None:
    points = letter().points
    assert points[-2:] == (
        "Bahwa tiga titik lampu padam akibat kerusakan panel kontrol.",
        "Perbaikan telah dilaksanakan pada tanggal 18 November 2026.",
    )


def test_what_is_told_stands_word_for_word() -> None:
    told = "Gang 1; 2; dan 3 sudah diaspal\n- Lampu diganti. Warga telah diberi tahu."
    assert points_from(told, WORDING) == (
        "Gang 1; 2; dan 3 sudah diaspal",
        "Lampu diganti. Warga telah diberi tahu.",
    )


def test_instruction_without_text_leaves_an_entry_to_fill() -> None:
    assert points_from(" \n ", WORDING) == ("[ISI: uraian sesuai perintah Kepala Dinas]",)


def test_a_number_or_year_at_the_start_of_a_line_is_no_bullet() -> None:
    assert points_from("18 November lampu diganti\n2026.1 adalah nomor berkas", WORDING) == (
        "18 November lampu diganti",
        "2026.1 adalah nomor berkas",
    )


@pytest.mark.parametrize(
    ("told", "points"),
    [
        ("A. Yani 12 sudah terang.", ["A. Yani 12 sudah terang."]),
        ("H. Amir dan\nM. Yusuf hadir.", ["H. Amir dan", "M. Yusuf hadir."]),
        ("a. Lampu diganti.\nb) Tiang dicat.", ["Lampu diganti.", "Tiang dicat."]),
        ("1. Lampu:\na. diganti\nb. diuji", ["Lampu:", "diganti", "diuji"]),
        ("-5 derajat pada malam hari", ["-5 derajat pada malam hari"]),
        ("- 5 tiang\n•Lampu\n-- Kabel", ["5 tiang", "Lampu", "Kabel"]),
    ],
)
def test_an_initial_or_a_minus_is_no_mark_of_a_list(told: str, points: list[str]) -> None:
    """ "A. Yani 12" became "Yani 12" in the letter."""
    assert list(points_from(told, WORDING)) == points


def test_long_perihal_is_cut_in_view() -> None:
    cut = subject("lampu " * 100)
    assert len(cut) <= 200
    assert cut.endswith("…")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[umum", "bukan TOML yang benar, baris 1"),
        ("[umum]\nsifat = 'Biasa'", "[saluran]"),
        ("[umum]\nsifat = 3\n[saluran]", "“sifat”"),
    ],
)
def test_wording_errors_name_the_place(text: str, told: str) -> None:
    with pytest.raises(TemplateError, match=r"kalimat\.toml") as caught:
        read_wording(text)
    assert told in str(caught.value)


def test_unknown_word_in_a_sentence_is_told() -> None:
    text = (TEMPLATES / "kalimat.toml").read_text(encoding="utf-8").replace("{saluran}", "{salurn}")
    with pytest.raises(TemplateError, match="salurn"):
        letter(wording=read_wording(text))


@pytest.mark.parametrize("wrong", [{"decision": "diabaikan"}, {"channel": "faks"}])
def test_unknown_decision_or_channel_is_told(wrong: dict[str, str]) -> None:
    with pytest.raises(TemplateError, match=next(iter(wrong.values()))):
        letter(**wrong)


# --- the Word file ---


def test_every_part_of_a_surat_dinas_is_there() -> None:
    lines = texts(draft())
    assert "Nomor\t:\t400.14.5/123/401.109/2026\tMadiun, 23 November 2026" in lines
    for line in (
        "Sifat\t:\tBiasa",
        "Lampiran\t:\t-",
        "Yth. Sdr. Siti Rahmawati",
        "di",
        "Madiun",
        "Kepala Dinas Komunikasi dan Informatika\nKota Madiun,",
        "NOOR AFLAH, S.Kom",
        "Pembina",
        "NIP. 19760907 200312 1 007",
        "Tembusan:",
        "Wali Kota Madiun (sebagai laporan).",
    ):
        assert line in lines


def test_no_copies_no_heading() -> None:
    assert "Tembusan:" not in texts(draft(tembusan=()))


def test_footer_shows_register_code_and_page_fields() -> None:
    data = draft()
    assert f"Nomor register PGD-2026-000123  |  Kode dokumen {CODE}" in footer(data)
    foot = next(
        blob
        for name, blob in parts(data).items()
        if name.startswith("word/footer") and b"PAGE" in blob
    )
    assert b"NUMPAGES" in foot


def test_electronic_sentence_only_when_asked() -> None:
    assert "Balai Besar Sertifikasi Elektronik" in footer(draft(electronic=True))
    assert "Sertifikasi" not in footer(draft())


def test_room_for_a_number_does_not_collapse() -> None:
    line = next(
        t for t in texts(draft(number="400.14.5/      /401.109/2026")) if t.startswith("Nomor")
    )
    assert line.count("\u00a0") == 6
    blank = next(t for t in texts(draft(number="", day=None)) if t.startswith("Nomor"))
    assert blank.count("\u00a0") == 48


def test_closing_and_signature_stay_together() -> None:
    body = parts(draft())["word/document.xml"].decode()
    styles = parts(draft())["word/styles.xml"].decode()
    for name in ("Surat Penutup", "Surat Tanda Tangan"):
        rules = styles.split(f'<w:name w:val="{name}"/>')[1].split("</w:style>")[0]
        assert "<w:keepNext/>" in rules
    assert "widowControl" in styles
    assert "<w:cantSplit/>" in body.split("NOOR AFLAH")[0].rsplit("<w:tr>", 1)[1]


def test_same_input_gives_the_same_bytes() -> None:
    assert draft() == draft()


def test_mark_is_written_in_two_places_and_read_back() -> None:
    content = parts(draft())
    assert b"aduan_case" in content["docProps/custom.xml"]
    assert to_identifier(MARK).encode() in content["docProps/core.xml"]
    assert b"custom-properties+xml" in content["[Content_Types].xml"]
    assert from_identifier(to_identifier(MARK)) == MARK


def test_other_custom_properties_of_the_template_survive() -> None:
    first = to_properties(sealed(b"a", "lain", 1, CODE)).replace(b"aduan_case", b"klasifikasi")
    root = ET.fromstring(to_properties(MARK, first))
    assert from_properties(root) == MARK
    assert sorted(node.get("name", "") for node in root)[-1] == "klasifikasi"
    assert len({node.get("pid") for node in root}) == 5


# --- texts that citizens write ---


def test_markup_characters_survive() -> None:
    assert "Yth. Sdr. Siti & <RT 05> Budi" in texts(draft(addressee="Siti & <RT 05> Budi"))


@pytest.mark.parametrize(
    "text",
    [
        "{{ nama }}",
        "{% for a in b %}",
        "{{ 7 * 7 }}",
        "{_{ nama }_}",
        "{# d #}",
        "{%p if x %}",
        "}}{{",
        "9 %}",
    ],
)
def test_template_code_in_a_complaint_stays_text(text: str) -> None:
    assert any(text in line for line in texts(draft(perihal=f"a {text} b")))


def test_none_never_prints_none() -> None:
    data = replace(letter(), sifat=cast(Any, None), signer_rank=cast(Any, None))
    lines = texts(render(TEMPLATE, data, MARK))
    assert "Sifat\t:\t" in lines
    assert not any("None" in line for line in lines)


def test_lone_surrogate_does_not_cut_the_rest() -> None:
    assert any(
        "a\ufffdb padam semua" in line for line in texts(draft(perihal="a\ud800b padam semua"))
    )


def test_control_characters_make_no_page_and_no_paragraph() -> None:
    data = draft(addressee="Siti\x00\x07\x08\x0c Rahma\x1bwati\ufffe")
    assert "Yth. Sdr. Siti Rahmawati" in texts(data)
    assert b'w:type="page"' not in parts(data)["word/document.xml"]


def test_marks_that_reorder_text_vanish() -> None:
    assert clean("aman\u202egnp.exe\u2066") == "amangnp.exe"


def test_line_ends_become_paragraphs_or_lines() -> None:
    data = replace(letter(), closing="Satu.\r\n\r\nDua.", points=("baris satu\nbaris dua",))
    lines = texts(render(TEMPLATE, data, MARK))
    assert "Satu." in lines
    assert "Dua." in lines
    assert "baris satu\nbaris dua" in lines


def test_anchor_stands_once_whatever_the_complaint_says() -> None:
    data = draft(anchor="^", perihal="lampu ^ padam ^^", addressee="^Siti^")
    whole = "".join(texts(data)) + footer(data)
    assert whole.count("^") == 1
    assert "^" in texts(data)
    assert "#5" in "".join(texts(draft(anchor="^", perihal="Jalan Mawar #5")))


def test_no_anchor_unless_asked() -> None:
    assert not any(mark in "".join(texts(draft())) for mark in "^#$")


@settings(max_examples=25, deadline=None)
@given(st.text(alphabet=st.characters(codec=None), max_size=60))
def test_any_text_comes_out_as_it_was_cleaned(text: str) -> None:
    data = replace(letter(), points=(f"awal {text} akhir",))
    assert f"awal {clean(text)} akhir" in texts(render(TEMPLATE, data, MARK))


# --- templates ---


@pytest.mark.parametrize(
    "text",
    [
        "{{ nama.__class__.__mro__ }}",
        "{{ ''.__class__ }}",
        "{{ nama|attr('x') }}",
        "{{ 'a' * 200000000 }}",
        "{{ cycler() }}",
        "{{ range(10) }}",
        "{% set x = 1 %}",
        "{% include 'x' %}",
        "{% for a in butir_surat %}{% for b in butir_surat %}x{% endfor %}{% endfor %}",
        "{% for a in 'abc' %}x{% endfor %}",
        "{{ kode_qr.tpl }}",
        "{{ loop.changed }}",
    ],
)
def test_template_code_is_refused(text: str) -> None:
    with pytest.raises(TemplateError, match="Templat surat, badan surat"):
        render(template_with(text), letter(), MARK)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{{ nma }}", "Mungkin maksudnya “nama”?"),
        ("Dengan {{ nama", "kurung kurawal tidak lengkap"),
        ("Dengan { nama }}", "kurung kurawal tidak lengkap"),
        ("[ISI nama pejabat]", "[ISI …]"),
        ("{% if nama %}", "tidak dapat dibaca"),
        ("{%p if 5 % 2 %}", "Templat surat"),
        (
            "</w:t></w:r></w:p><w:p><w:ins w:id='1' w:author='A'><w:r><w:t>x</w:t></w:r></w:ins><w:r><w:t>",
            "perubahan terlacak",
        ),
    ],
)
def test_slips_in_a_template_are_told_with_their_place(text: str, told: str) -> None:
    with pytest.raises(TemplateError) as caught:
        render(template_with(text), letter(), MARK)
    assert told in str(caught.value)
    assert "badan surat" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"), [("Menurut {{ nama }}", True), ("Menurut peraturan", False)]
)
def test_a_field_in_a_footnote_is_told_for_nothing_fills_it(text: str, told: bool) -> None:
    content = parts(TEMPLATE)
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
    part = f'<Override PartName="/word/footnotes.xml" ContentType="{kind}"/></Types>'
    content["[Content_Types].xml"] = content["[Content_Types].xml"].replace(
        b"</Types>", part.encode()
    )
    relation = (
        '<Relationship Id="rIdCatatan" Target="footnotes.xml" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"/></Relationships>'
    )
    rels = "word/_rels/document.xml.rels"
    content[rels] = content[rels].replace(b"</Relationships>", relation.encode())
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    note = f'<w:footnote w:id="2"><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:footnote>'
    content["word/footnotes.xml"] = f'<w:footnotes xmlns:w="{space}">{note}</w:footnotes>'.encode()
    if not told:
        render(pack(content), letter(), MARK)
        return
    with pytest.raises(TemplateError, match="catatan kaki: mohon tidak memakai isian"):
        render(pack(content), letter(), MARK)


def test_known_fields_and_simple_conditions_are_allowed() -> None:
    extra = template_with(
        "{% if sifat == 'Biasa' and not lampiran == 'x' %}tambahan {{ hal }}{% endif %}"
    )
    assert "tambahan Jawaban Pengaduan Masyarakat" in texts(render(extra, letter(), MARK))


@pytest.mark.parametrize(
    "data", [b"", b"bukan zip", b"PK\x03\x04rusak", b"%PDF-1.7", TEMPLATE[:3000]]
)
def test_a_file_that_is_no_template_is_told(data: bytes) -> None:
    with pytest.raises(TemplateError, match="bukan berkas Word"):
        render(data, letter(), MARK)


def test_template_without_anchor_cannot_be_signed_electronically() -> None:
    content = parts(TEMPLATE)
    content["word/document.xml"] = content["word/document.xml"].replace(b"{{ jangkar }}", b"")
    with pytest.raises(TemplateError, match=r"tepat satu kali.*0 kali"):
        render(pack(content), letter(), MARK, anchor="^")


def test_tag_split_by_word_into_runs_still_fills() -> None:
    content = parts(TEMPLATE)
    body = content["word/document.xml"].decode()
    assert "{{ hal }}" in body
    split = "{{ h</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>al }}"
    content["word/document.xml"] = body.replace("{{ hal }}", split).encode()
    assert "Hal\t:\tJawaban Pengaduan Masyarakat" in texts(render(pack(content), letter(), MARK))


# --- document code and seal ---


def test_code_is_80_random_bits_in_letters_that_are_not_mistaken() -> None:
    codes = {new_code() for _ in range(200)}
    assert len(codes) == 200
    assert all(CODE_FORM.fullmatch(code) for code in codes)
    assert len(ALPHABET) == 32
    assert not set("ILOU") & set(ALPHABET)


@pytest.mark.parametrize(
    "text",
    [
        CODE,
        CODE.lower(),
        CODE.replace("-", ""),
        f" {CODE} ",
        f"https://aduan.kominfo.example/asli/{CODE}",
        f"HTTPS://ADUAN.KOMINFO.EXAMPLE/ASLI/{CODE}/",
        "7k3m 9qxf 2btr wd5h",
    ],
)
def test_code_is_read_however_it_was_typed_or_scanned(text: str) -> None:
    assert read_code(text) == CODE


def test_letters_that_are_mistaken_for_digits_are_taken_for_them() -> None:
    assert read_code("OIL0-0000-0000-0000") == "0110-0000-0000-0000"


@pytest.mark.parametrize(
    "text", ["", "7K3M", CODE + "X", "https://contoh.id/", "UUUU-UUUU-UUUU-UUUU", "x" * 10_000]
)
def test_anything_else_is_no_code(text: str) -> None:
    assert read_code(text) == ""


def test_seal_depends_on_key_case_version_and_code() -> None:
    made = [
        sealed(key, case, version, code).seal
        for key in (b"a", b"b")
        for case in ("1", "11")
        for version in (1, 11)
        for code in (CODE, new_code())
    ]
    assert len(set(made)) == 16
    assert is_ours(b"kunci uji", MARK)
    assert not is_ours(b"kunci lain", MARK)
    assert not is_ours(b"kunci uji", replace(MARK, version=3))


def test_seal_needs_a_key() -> None:
    with pytest.raises(ValueError, match="key"):
        sealed(b"", "kasus", 1, CODE)


# --- paper ---


def on_f4() -> bytes:
    """The template with the paper that offices call F4, 215 × 330 mm, chosen in Word."""
    return changed(
        TEMPLATE,
        "word/document.xml",
        '<w:pgSz w:w="11906" w:h="16838"',
        '<w:pgSz w:w="12189" w:h="18709"',
    )


def right_tab(content: bytes) -> int:
    """Where the date ends, in twentieths of a point from the left margin."""
    line = next(p for p in Document(BytesIO(content)).paragraphs if p.text.startswith("Nomor"))
    (tab,) = [t for t in line.paragraph_format.tab_stops if t.alignment == WD_TAB_ALIGNMENT.RIGHT]
    twips: int = round(tab.position.twips)
    return twips


def test_date_ends_at_the_right_margin_of_a4_and_of_f4() -> None:
    margins = round(Cm(2.5).twips) + round(Cm(2).twips)
    assert abs(right_tab(draft()) - (11906 - margins)) <= 2
    assert abs(right_tab(render(on_f4(), letter(), MARK)) - (12189 - margins)) <= 2


def test_tab_that_the_office_has_put_elsewhere_stays() -> None:
    moved = changed(
        TEMPLATE, "word/document.xml", 'w:pos="9354" w:val="right"', 'w:pos="7000" w:val="right"'
    )
    assert right_tab(render(moved, letter(), MARK)) == 7000


needs_office = pytest.mark.skipif(
    shutil.which("soffice") is None, reason="LibreOffice (soffice) tidak terpasang"
)


def to_pdf(data: bytes, _folder: Path) -> pypdfium2.PdfDocument:
    return pypdfium2.PdfDocument(libreoffice.to_pdf(data))


def page_text(pdf: pypdfium2.PdfDocument, number: int) -> str:
    return " ".join(str(pdf[number].get_textpage().get_text_range()).split())


@needs_office
def test_ordinary_letter_fills_one_page(tmp_path: Path) -> None:
    pdf = to_pdf(draft(anchor="^", electronic=True, agency="Dinas Perumahan Kota Madiun"), tmp_path)
    assert len(pdf) == 1
    text = page_text(pdf, 0)
    for line in (
        "DINAS KOMUNIKASI DAN INFORMATIKA",
        "Jawaban Pengaduan Masyarakat",
        "NIP. 19760907 200312 1 007",
        "Halaman 1 dari 1",
        CODE,
    ):
        assert line in text
    assert text.count("^") == 1


@needs_office
@pytest.mark.parametrize("count", [9, 10, 11])
def test_signature_never_stands_alone_on_the_next_page(tmp_path: Path, count: int) -> None:
    points = "\n".join(
        f"Hasil telaah ke-{n} atas keterangan yang disampaikan. " * 3 for n in range(count)
    )
    pdf = to_pdf(draft(instruction=points, day=date(2026, 11, 23)), tmp_path)
    assert len(pdf) == 2
    last = page_text(pdf, 1)
    assert "Demikian jawaban ini" in last
    assert "NOOR AFLAH" in last
    assert "Halaman 2 dari 2" in last


# --- the whole of a long complaint ---

AWKWARD = [
    "&",
    "<",
    ">",
    '"',
    "'",
    "&amp;",
    "]]>",
    "<!--",
    "{{ nama }}",
    "{% x %}",
    "\n",
    "\r\n",
    "\u2028",
    "\t",
    "\x00",
    "\x0b",
    "\u202e",
    "\ud800",
    "😀",
    "👩‍👩‍👧‍👦",
    "مرحبا",
    "ꦲꦤꦕꦫꦏ",
    "é",
    "e\u0301",
    "\u00a0",
    "^",
    "#",
    "$",
]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(AWKWARD), st.text(max_size=40)), max_size=40))
@example(["Lampu & jalan <padam> di RT 05. "] * 640)
@example(["😀مرحبا"] * 2900)
def test_letter_says_what_went_in(pieces: list[str]) -> None:
    """Up to 20,000 characters of a complaint, whatever they are: the letter's text is the cleaned text."""
    text = "".join(pieces)[:20_000]
    data = replace(letter(), points=(f"awal {text} akhir",))
    content = render(TEMPLATE, data, MARK)
    wanted = f"awal {clean(text)} akhir"
    assert wanted in texts(content)
    assert wanted.strip() in inspect(content).paragraphs


def test_worst_template_that_the_lint_lets_in_is_filled_in_seconds() -> None:
    many = "</w:t></w:r></w:p>" + "<w:p><w:r><w:t>{{ hal }} teks</w:t></w:r></w:p>" * 250
    worst = template_with(many + "<w:p><w:r><w:t>" + "x" * 800_000)
    assert effort(lambda: render(worst, letter(), MARK)) < 500


@pytest.mark.parametrize("text", ["{{" * 200_000, "{%tr " * 50_000])
def test_template_that_would_be_checked_for_hours_is_told_after_seconds(text: str) -> None:
    """Patterns that take squared time: the child process that checks it is ended, and says what to do."""
    with pytest.raises(
        TemplateError, match=r"terlalu banyak waktu atau memori\. Mohon sederhanakan"
    ):
        render(template_with(text), letter(), MARK)


def test_template_is_checked_by_a_process_that_is_bounded_in_memory() -> None:
    source = (
        f"from pipeline.letters.template import compile; compile.bounded(); bytearray({2 * MEMORY})"
    )
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=False
    )
    assert "MemoryError" in done.stderr


def test_loop_that_would_grow_a_letter_beyond_all_bounds_is_stopped() -> None:
    start, end = "{%p for b in butir_surat %}", "{%p endfor %}"
    body = f"{start}</w:t></w:r></w:p><w:p><w:r><w:t>{'x' * 900_000}</w:t></w:r></w:p><w:p><w:r><w:t>{end}"
    data = replace(letter(), points=tuple("abcdefgh"))
    with pytest.raises(TemplateError, match="terlalu panjang"):
        render(template_with(body), data, MARK)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{{ pembuka }}", "berupa daftar"),
        ("{%tc for b in butir_surat %}", "hanya {%p"),
        ("{{ " + "not " * 3000 + "nama }}", "tidak dapat dibaca"),
    ],
)
def test_further_slips_are_told(text: str, told: str) -> None:
    with pytest.raises(TemplateError, match=told):
        render(template_with(text), letter(), MARK)


def test_all_faults_are_told_at_once_and_what_is_missing() -> None:
    content = parts(TEMPLATE)
    content["word/document.xml"] = content["word/document.xml"].replace(
        b"{{ hal }}", b"{{ hall }} {{ nma }}"
    )
    with pytest.raises(TemplateError) as caught:
        render(pack(content), letter(), MARK)
    lines = str(caught.value).split("\n")
    assert any("“hall” tidak dikenal. Mungkin maksudnya “hal”?" in line for line in lines)
    assert any("“nma” tidak dikenal" in line for line in lines)
    assert any("isian {{ hal }} tidak ada" in line for line in lines)
