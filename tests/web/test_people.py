"""Pages for citizens without email: the counter's second form, the SOP on the page, late answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pipeline.office.sop import EventKind, TaskKind
from pipeline.office.words import word
from tests.kantor import Office, office


@pytest.fixture
def kantor(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as running:
        yield running


def test_each_langkah_shows_its_row_of_the_sop_and_langkah_1_the_peringatan(kantor: Office) -> None:
    kantor.citizen_sends("Lampu", "Lampu padam.")
    first = kantor.page(kantor.link("jfu-1", "laporkan"))
    assert word("sop.judul") in first.text
    assert "melaporkan aduan kepada Sekretaris" in first.text
    assert kantor.settings.sop.peringatan in first.text
    kantor.to_decision()
    head = kantor.page(kantor.link("kepala", "putuskan"))
    for said in (
        "Keputusan tindak lanjut pengaduan",
        "SOP Penyelenggaraan Rapat Dinas",
        "Menganalisa, merumuskan",
    ):
        assert said in head.text
    assert kantor.settings.sop.peringatan not in head.text


def test_the_counters_second_form_joins_by_number(kantor: Office) -> None:
    kantor.to_decision()
    number = kantor.complaints()[0].number
    kantor.know("jfu-1")
    kantor.citizen_sends("Wifi", "Wifi mati.", sender="wati@warga.example")
    page = f"{urlsplit(kantor.link('jfu-1', 'laporkan')).path}/catat"
    form = {"aksi": "tambah", "nomor_aduan": number, "kanal": "telepon", "isi": "Ada kabel jatuh!"}
    done = kantor.web.post(page, data=form)
    assert done.status_code == 303
    shown = kantor.web.get(done.headers["Location"])
    assert number in shown.text
    assert EventKind.CITIZEN_WROTE in kantor.events(number)
    assert "Ada kabel jatuh!" in kantor.page(kantor.link("kepala", "putuskan")).text
    wrong = kantor.web.post(page, data=form | {"nomor_aduan": "PGD-2026-000999"})
    assert wrong.status_code == 422
    assert word("galat.nomor_aduan") in wrong.text
    assert "Ada kabel jatuh!" in wrong.text  # what was typed is still there


def test_a_late_answer_by_the_old_link_is_taken_and_the_code_is_still_asked_for(
    kantor: Office,
) -> None:
    kantor.to_clarification()
    kantor.press("sekretaris", "tanya_unit", pertanyaan="Benar?", petugas=["kasubag-umum"])
    link = urlsplit(kantor.link("kasubag-umum", "jawab")).path
    kantor.press("sekretaris", "laporkan_kepala", hasil="Benar padam.")
    page = kantor.page(link)
    assert word("halaman.susulan") in page.text
    stranger = kantor.web.post(link, data={"aksi": "jawab", "jawaban": "Tiang 7."})
    assert "/kode/" in stranger.headers.get("Location", "")
    assert EventKind.UNIT_ANSWERED not in kantor.events()
    kantor.press("kasubag-umum", "jawab", jawaban="Tiang 7.")
    assert EventKind.UNIT_ANSWERED in kantor.events()
    assert "keterangan susulan" in kantor.page(kantor.link("kepala", "putuskan")).text
    assert kantor.tasks(TaskKind.KETERANGAN)[-1].closed_by == "kasubag-umum"
