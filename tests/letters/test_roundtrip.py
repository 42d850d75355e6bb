"""The round trip with LibreOffice as the editor: what it saves is read, matched and checked like Word's own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pipeline.files.libreoffice import soffice
from pipeline.letters.compare import difference
from pipeline.letters.findings import findings
from pipeline.letters.gate.package import open_package
from pipeline.letters.numbering import numbered
from pipeline.letters.returned import inspect
from tests.letters.sample import CODE, MARK, changed, draft
from tests.letters.test_findings import EXPECTED

ROOM = "400.14.5/      /401.109/2026"
BODY = "word/document.xml"
pytestmark = pytest.mark.usefixtures("libreoffice")


def saved(content: bytes, folder: Path, *forms: str) -> bytes:
    """The file after LibreOffice opened and saved it, in each of these forms in turn."""
    folder.mkdir(parents=True, exist_ok=True)
    current = folder / "surat.docx"
    current.write_bytes(content)
    for order, form in enumerate(forms):
        out = folder / str(order)
        subprocess.run(
            [
                str(soffice()),
                f"-env:UserInstallation={(folder / 'profil').as_uri()}",
                "--headless",
                "--convert-to",
                form,
                "--outdir",
                str(out),
                str(current),
            ],
            check=True,
            capture_output=True,
            timeout=120,
        )
        current = out / f"surat.{form.partition(':')[0]}"
    return current.read_bytes()


DOCX = "docx:Office Open XML Text"


@pytest.fixture(scope="module")
def blank() -> bytes:
    return draft(number=ROOM, day=None, authenticity="https://aduan.kominfo.example/asli")


def test_letter_that_was_only_saved_is_the_same_letter(blank: bytes, tmp_path: Path) -> None:
    back = inspect(saved(blank, tmp_path, DOCX))
    assert (back.mark, back.identifier, back.footer_code) == (MARK, MARK, CODE)
    assert [f for f in findings(back, EXPECTED) if f.level != "baik"] == []
    assert difference(inspect(blank).paragraphs, back.paragraphs).paragraphs == ()


def test_number_goes_into_what_libreoffice_saved(blank: bytes, tmp_path: Path) -> None:
    done = numbered(
        saved(blank, tmp_path, DOCX), ROOM, "400.14.5/7/401.109/2026", "Madiun", "24 November 2026"
    )
    lines = inspect(done).paragraphs
    assert "Nomor\t:\t400.14.5/7/401.109/2026\tMadiun, 24 November 2026" in lines
    assert "Kota Madiun," in lines or any(line.endswith("\nKota Madiun,") for line in lines)


def test_changed_sentence_is_the_only_difference(blank: bytes, tmp_path: Path) -> None:
    edited = changed(blank, BODY, "18 November 2026", "19 November 2026 pukul 10.00")
    back = inspect(saved(edited, tmp_path, DOCX))
    found = difference(inspect(blank).paragraphs, back.paragraphs)
    assert [p.text for p in found.paragraphs[0] if p.kind != "tetap"] == [
        "18",
        "19",
        "2026.",
        "2026 pukul 10.00.",
    ]
    assert len(found.paragraphs) == 1


def test_tracked_changes_come_back_as_such_and_block_with_their_place(
    blank: bytes, tmp_path: Path
) -> None:
    old = "Perbaikan telah dilaksanakan pada tanggal 18 November 2026."
    runs = (
        'Perbaikan telah </w:t></w:r><w:del w:id="901" w:author="Endah Lestari" w:date="2026-11-24T02:00:00Z"><w:r>'
        '<w:delText xml:space="preserve">dilaksanakan </w:delText></w:r></w:del>'
        '<w:ins w:id="902" w:author="Endah Lestari" w:date="2026-11-24T02:00:00Z"><w:r>'
        '<w:t xml:space="preserve">selesai </w:t></w:r></w:ins>'
        "<w:r><w:t>pada tanggal 18 November 2026."
    )
    back = inspect(saved(changed(blank, BODY, old, runs), tmp_path, DOCX))
    found = [f for f in findings(back, EXPECTED) if f.level == "blokir"]
    assert [f.message.partition(".")[0] for f in found] == [
        "Masih ada 2 perubahan terlacak oleh Endah Lestari"
    ]
    assert "Perbaikan telah selesai" in found[0].where
    assert any(
        "Perbaikan telah selesai pada tanggal 18 November 2026." in text for text in back.paragraphs
    )


def test_letter_typed_wholly_under_tracked_changes_is_not_empty(tmp_path: Path) -> None:
    """python-docx leaves out what stands in `w:ins`."""
    text = "Seluruh isi surat ini diketik dengan perubahan terlacak, dan tetap terbaca."
    run = (
        f'<w:p><w:ins w:id="9" w:author="Endah"><w:r><w:t>{text}</w:t></w:r></w:ins></w:p><w:sectPr'
    )
    back = inspect(saved(changed(draft(), BODY, "<w:sectPr", run), tmp_path, DOCX))
    assert text in back.paragraphs


@pytest.mark.parametrize("form", ["odt", "doc"])
def test_sealed_mark_survives_another_format_in_between(
    blank: bytes, tmp_path: Path, form: str
) -> None:
    back = inspect(saved(blank, tmp_path, form, DOCX))
    assert back.mark == MARK
    assert back.footer_code == CODE


def test_what_libreoffice_saves_passes_the_gate(blank: bytes, tmp_path: Path) -> None:
    assert open_package(saved(blank, tmp_path, "odt", DOCX)).remarks == ()
