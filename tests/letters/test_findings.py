"""What may not be signed as it is, told in plain words with its place; and what a person may confirm."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pipeline.letters.findings import Expected, findings
from pipeline.letters.returned import Finding, inspect
from tests.letters.sample import changed, draft, parts

ROOM = "400.14.5/      /401.109/2026"
BODY = "word/document.xml"


def blank(**changes: Any) -> bytes:
    facts: dict[str, Any] = {"number": ROOM, "day": None, **changes}
    return draft(**facts)


EXPECTED = Expected(
    register="PGD-2026-000123",
    room=ROOM,
    number="",
    by_hand=False,
    place="Madiun",
    today="24 November 2026",
    addressee="Sdr. Siti Rahmawati",
    signer_name="NOOR AFLAH, S.Kom",
    signer_nip="19760907 200312 1 007",
    anchor="",
    draft=inspect(blank()).paragraphs,
)


def told(content: bytes, expected: Expected = EXPECTED) -> list[tuple[str, str]]:
    return [(f.level, f.message) for f in findings(inspect(content), expected) if f.level != "baik"]


def test_the_draft_is_in_order_and_says_what_was_looked_at() -> None:
    assert told(blank()) == []
    good = [f.message for f in findings(inspect(blank()), EXPECTED)]
    assert any("nama penerima" in m and "NIP" in m for m in good)


@pytest.mark.parametrize(
    ("old", "new", "level", "words"),
    [
        (
            "PGD-2026-000123",
            "PGD-2026-000999",
            "blokir",
            "Nomor register PGD-2026-000123 tidak ada lagi di isi",
        ),
        ("400.14.5/" + "\u00a0" * 6, "400.14.5/99", "blokir", "Nomor surat diisi atau diubah"),
        (">Nomor<", ">Number<", "blokir", "Baris Nomor tidak ada lagi"),
        ("NOOR AFLAH, S.Kom", "BUDI SANTOSO", "blokir", "Nama penanda tangan NOOR AFLAH, S.Kom"),
        ("19760907 200312 1 007", "1", "blokir", "NIP penanda tangan tidak ditemukan"),
        (
            "Siti Rahmawati",
            "Siti Rahmawati dan Keluarga",
            "lihat",
            "Nama penerima berbeda dari register",
        ),
        ("Yth. ", "Kepada ", "lihat", "Baris Yth. tidak ditemukan"),
        (
            "Madiun, " + "\u00a0" * 24,
            "Madiun, 2 Januari 2026",
            "lihat",
            "Tanggal surat sudah diisi 2 Januari 2026",
        ),
        ("Madiun, " + "\u00a0" * 24, "kemarin", "lihat", "Tanggal di samping"),
    ],
)
def test_each_fault_is_told_once_with_what_to_do(
    old: str, new: str, level: str, words: str
) -> None:
    content = blank()
    if old == ">Nomor<":
        old, new = "Nomor</w:t>", "Number</w:t>"
    found = told(changed(content, BODY, old, new))
    assert len(found) == 1, found
    assert found[0][0] == level
    assert words in found[0][1]
    assert "mohon" in found[0][1].lower() or level == "lihat"


def test_numbered_letter_keeps_its_number() -> None:
    numbered = replace(EXPECTED, number="400.14.5/7/401.109/2026")
    assert told(draft(number="400.14.5/7/401.109/2026", day=None), numbered) == []
    found = told(draft(number="400.14.5/8/401.109/2026", day=None), numbered)
    assert [level for level, _ in found] == ["blokir"]
    assert "Seharusnya 400.14.5/7/401.109/2026" in found[0][1]
    assert told(blank(), numbered) == [], "room for it will do"


def test_number_by_hand_may_be_typed_in_word() -> None:
    assert (
        told(draft(number="065/12/2026", day=None), replace(EXPECTED, by_hand=True, room="")) == []
    )


def test_nip_is_read_without_its_spaces() -> None:
    assert told(changed(blank(), BODY, "19760907 200312 1 007", "197609072003121007")) == []


def test_letter_without_sentences_is_empty() -> None:
    content = parts(blank())[BODY].decode()
    short = content
    for text in inspect(blank()).paragraphs:
        if len(text) > 40:
            short = short.replace(text, "x")
    found = told(changed(blank(), BODY, content, short))
    assert any("Isi surat kosong" in message for _level, message in found)


def test_anchor_of_the_electronic_signature_stands_exactly_once() -> None:
    expected = replace(EXPECTED, anchor="^")
    assert told(blank(anchor="^"), expected) == []
    twice = changed(blank(anchor="^"), BODY, "Pembina", "Pembina ^")
    assert any("sekarang 2 kali" in message for _level, message in told(twice, expected))
    assert any("sekarang 0 kali" in message for _level, message in told(blank(), expected))


def test_what_the_gate_let_in_with_a_remark_wants_a_look() -> None:
    field = '<w:p><w:fldSimple w:instr="ADDIN ZOTERO"/></w:p><w:sectPr'
    assert [level for level, _ in told(changed(blank(), BODY, "<w:sectPr", field))] == ["lihat"]


def test_what_the_reader_of_the_file_found_is_told_once_with_the_rest_what_blocks_first() -> None:
    own = (
        Finding("baik", "Kode cetak ada.", "kaki"),
        Finding("lihat", "Kolom berisi tanggal.", "isi surat"),
    )
    said = findings(
        replace(inspect(blank()), findings=own), replace(EXPECTED, register="PGD-2026-000999")
    )
    assert [finding for finding in said if finding in own] == [own[1], own[0]]
    assert [finding.level for finding in said] == sorted(
        (f.level for f in said), key=["blokir", "lihat", "baik"].index
    )
    assert said[0].level == "blokir"
