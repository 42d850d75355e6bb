"""The receipt after an act: who is told, also those whose mail waits for a letter that is still being made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kantor import Office, office


@pytest.fixture
def kantor(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as one:
        yield one


def test_receipt_of_a_decision_names_who_hears_of_it_later(kantor: Office) -> None:
    """The Sekretaris is told once the draft is made: a minute later their mail is there and the receipt is as true."""
    kantor.to_decision()
    done = kantor.press(
        "kepala",
        "putuskan",
        keputusan="ditolak",
        perintah="Sudah dijelaskan.",
        disampaikan="Sudah dijelaskan.",
        settle=False,
    )
    assert (
        "Ratih Kusumawardani : tugas menyiapkan surat jawaban, menyusul begitu suratnya selesai dibuat"
        in done.text
    )
    assert "NOOR AFLAH, S.Kom : bukti keputusan" in done.text
    kantor.settle()
    assert "Siapkan surat jawaban" in kantor.newest("sekretaris").subject


def test_receipt_of_a_report_names_who_has_been_told(kantor: Office) -> None:
    kantor.to_clarification()
    done = kantor.press("sekretaris", "laporkan_kepala", hasil="Benar.")
    assert "NOOR AFLAH, S.Kom : permintaan keputusan" in done.text
    assert "menyusul begitu" not in done.text


def test_sekretaris_reads_for_whom_else_the_letter_is(kantor: Office) -> None:
    kantor.to_clarification()
    first = kantor.complaint().number
    kantor.citizen_sends(
        "Lampu mati", "Lampu juga mati.", sender="budi@warga.example", name="Budi Santoso"
    )
    second = kantor.complaint().number
    kantor.press("jfu-1", "gabungkan", about=second, nomor=first)
    kantor.press("sekretaris", "laporkan_kepala", hasil="Benar.")
    kantor.press(
        "kepala",
        "putuskan",
        keputusan="ditindaklanjuti",
        perintah="Sampaikan bahwa lampu menyala.",
        disampaikan="Bahwa lampu menyala.",
    )
    page = kantor.page(kantor.link("sekretaris", "ajukan"))
    assert f"Surat ini disalin juga untuk {second}" in page.text
    assert f"Surat ini disalin juga untuk {second}" in kantor.newest("sekretaris").words
    kantor.press("sekretaris", "ajukan")
    assert (
        f"Surat ini disalin juga untuk {second}"
        in kantor.page(kantor.link("kepala", "tandatangani", first)).text
    )
