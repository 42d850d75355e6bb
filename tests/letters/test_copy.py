"""The same letter for somebody else: what is another's is changed, what the Sekretaris wrote stays."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from docx import Document

from pipeline.files import kinds
from pipeline.files.pictures import read_codes
from pipeline.letters.copy import Changes, copied
from pipeline.letters.draft import qr
from pipeline.letters.mark import is_ours, read_code, sealed
from pipeline.letters.numbering import number_in
from pipeline.letters.returned import inspect
from tests.letters.sample import CODE, changed, draft, parts
from tests.letters.test_roundtrip import DOCX, saved

OTHER = "0A1B-2C3D-4E5F-6G7H"
KEY = b"kunci uji"
MARK = sealed(KEY, "PGD-2026-000124", 1, OTHER)
ADDRESS = "https://aduan.example/asli"
CHANGES = Changes(
    "Sdr. Budi Santoso",
    (("Madiun", "Tempat"),),
    (
        ("PGD-2026-000123", "PGD-2026-000124"),
        (
            "tanggal 10 November 2026 melalui email",
            "tanggal 12 November 2026 melalui telepon",
        ),
    ),
    CODE,
    MARK,
    qr(ADDRESS, OTHER),
)


def edited(*lines: tuple[str, str]) -> bytes:
    """The draft as Word saves it after somebody has typed into some of its lines."""
    document = Document(io.BytesIO(draft()))
    for paragraph in document.paragraphs:
        for old, new in lines:
            if paragraph.text == old:
                paragraph.runs[0].text = new
                for run in paragraph.runs[1:]:
                    run.text = ""
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def test_copy_bears_another_name_number_and_code_in_body_and_foot() -> None:
    before, after = inspect(draft()), inspect(copied(draft(), CHANGES))
    said = "\n".join((*after.paragraphs, *after.feet))
    assert "Yth. Sdr. Budi Santoso" in after.paragraphs
    assert "PGD-2026-000124" in after.paragraphs[11]
    assert "tanggal 12 November 2026 melalui telepon" in said
    assert after.footer_code == OTHER
    assert not [old for old in ("Siti", "PGD-2026-000123", CODE, "melalui email") if old in said]
    assert len(after.paragraphs) == len(before.paragraphs)


def test_copy_bears_a_mark_of_its_own_that_is_ours() -> None:
    after = inspect(copied(draft(), CHANGES))
    assert after.mark == after.identifier == MARK
    assert is_ours(KEY, MARK)
    assert not after.blocked


def test_words_of_the_sekretaris_stay_and_so_does_how_they_look() -> None:
    point = next(text for text in inspect(draft()).paragraphs if "panel" in text)
    content = edited((point, "Lampu sudah kami ganti dengan lampu LED."))
    after = inspect(copied(content, CHANGES))
    assert "Lampu sudah kami ganti dengan lampu LED." in after.paragraphs


def test_piece_is_found_where_word_has_split_it_into_runs() -> None:
    document = Document(io.BytesIO(draft()))
    (opening,) = [p for p in document.paragraphs if "nomor register PGD-2026-000123" in p.text]
    text = opening.text
    for run in opening.runs[1:]:
        run.text = ""
    opening.runs[0].text = ""
    for piece in (text[:100], text[100:150], text[150:]):
        opening.add_run(piece).bold = True
    out = io.BytesIO()
    document.save(out)
    after = inspect(copied(out.getvalue(), CHANGES))
    assert any("PGD-2026-000124" in text and "melalui telepon" in text for text in after.paragraphs)


def test_qr_says_the_code_of_the_copy() -> None:
    pictures = [
        part
        for name, part in parts(copied(draft(), CHANGES)).items()
        if name.startswith("word/media/")
    ]
    said = [read_code(text) for picture in pictures for text in read_codes(picture, "image/png")]
    assert said == [OTHER]


def test_letter_that_has_lost_its_marks_is_copied_all_the_same() -> None:
    content = changed(draft(), "docProps/custom.xml", "aduan_code", "entah")
    assert "Yth. Sdr. Budi Santoso" in inspect(copied(content, CHANGES)).paragraphs


@pytest.mark.usefixtures("libreoffice")
def test_letter_that_another_program_has_saved_is_copied_as_well(tmp_path: Path) -> None:
    """LibreOffice parts the text anew and writes the QR's picture under a name of its own."""
    after = inspect(copied(saved(draft(), tmp_path, DOCX), CHANGES))
    said = "\n".join((*after.paragraphs, *after.feet))
    assert "Yth. Sdr. Budi Santoso" in said
    assert after.footer_code == OTHER
    assert after.mark == MARK
    assert not [old for old in ("Siti", "PGD-2026-000123", CODE) if old in said]
    content = parts(copied(saved(draft(), tmp_path / "lagi", DOCX), CHANGES))
    pictures = [part for name, part in content.items() if name.startswith("word/media/")]
    codes = {read_code(text) for one in pictures for text in read_codes(one, kinds.sniff(one))}
    assert codes == {OTHER}


def test_number_is_emptied_on_its_own_line_and_nowhere_else() -> None:
    source = draft(
        number="12", instruction="Sebanyak 12 tiang diganti; Nomor 7 menyusul pekan depan."
    )
    said = inspect(copied(source, replace(CHANGES, room="\u00a0" * 6))).paragraphs
    assert any("Sebanyak 12 tiang diganti; Nomor 7 menyusul" in text for text in said)
    assert number_in(said) == ""
