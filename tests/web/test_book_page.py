"""The book's page: every filter is a link, a row opens the case for those who may, and says where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import docx
import pytest

from pipeline.office.sop import Stage, TaskKind
from tests.browser import Browser
from tests.desk import desk_in
from tests.kantor import Form, Office, office


@pytest.fixture
def kantor(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path, web={"kode_peramban": False}) as running:
        yield running


def test_row_opens_its_case_with_clocks_history_and_the_readers_own_task(kantor: Office) -> None:
    kantor.to_clarification()
    mine = kantor.link("sekretaris", "laporkan_kepala").partition("?")[0]
    page = kantor.page(f"{mine}/buku?kanal=email&urut=terlama")
    assert "2 Klarifikasi" in page.text
    (url,) = [link for link in page.links() if "/buku/1" in link]
    case = kantor.page(url)
    for said in ("PGD-2026-000001", "UU 25/2009 Pasal 50", "Riwayat", "Buka tugas saya"):
        assert said in case.text
    assert kantor.page(f"{mine}/buku/999").status == 404


def test_unreadable_filters_are_left_out(kantor: Office) -> None:
    kantor.to_clarification()
    mine = kantor.link("sekretaris", "laporkan_kepala").partition("?")[0]
    wrong = (
        "dari=besok&sampai=9999-99-99&kanal=x&keputusan=%27&rahasia=9&urut=z&unit=%25&bulan=2026-13"
    )
    assert kantor.page(f"{mine}/buku?{wrong}").status == 200


@pytest.mark.parametrize(
    ("name", "value", "label"),
    [
        ("bulan", "2026-02", "Februari 2026"),
        ("bulan", "2024-12", "Desember 2024"),
        ("bulan", "2027-03", "Maret 2027"),
        ("unit", "seksi-lama", "Seksi-lama"),
        ("kategori", "kategori-lama", "Kategori-lama"),
        ("klasifikasi", "kelas-lama", "Kelas-lama"),
    ],
)
def test_filter_in_force_stands_in_its_select(
    kantor: Office, name: str, value: str, label: str
) -> None:
    """An old month, or what the settings name no more: a second *Tampilkan* keeps it."""
    kantor.to_clarification()
    mine = kantor.link("sekretaris", "laporkan_kepala").partition("?")[0]
    page = kantor.page(f"{mine}/buku?{name}={value}")
    [chosen] = re.findall(rf'<option value="{value}"[^>]*selected[^>]*>([^<]*)', page.html)
    assert chosen == label


def test_month_of_last_year_is_chosen_and_shown(kantor: Office) -> None:
    """In February the office looks at November: it is offered, and the figures beside it end no earlier."""
    kantor.to_clarification()
    kantor.clock.now += timedelta(days=80)
    kantor.to_clarification()
    mine = kantor.link("sekretaris", "laporkan_kepala").partition("?")[0]
    page = kantor.page(f"{mine}/buku?bulan=2026-11")
    assert "Desember 2026" in page.text
    assert (
        "Pengaduan masuk tiap bulan: Mar 0, Apr 0, Mei 0, Jun 0, Jul 0, Agu 0, Sep 0, Okt 0, Nov 1"
        in page.html
    )


def test_case_about_the_reader_does_not_open(kantor: Office) -> None:
    kantor.to_clarification()
    mine = kantor.link("sekretaris", "laporkan_kepala").partition("?")[0]
    kantor.citizen_sends()
    kantor.press("jfu-1", "laporkan", ringkasan="Tentang Sekretaris.", terlapor=["sekretaris"])
    assert kantor.page(f"{mine}/buku/2").status == 404
    assert "PGD-2026-000002" not in kantor.page(f"{mine}/buku?q=Sekretaris").text
    printed = docx.Document(BytesIO(kantor.download(f"{mine}/buku/docx").data))
    assert [row.cells[0].text for row in printed.tables[0].rows][1:] == ["PGD-2026-000001"]


BUDI = "budi@warga.example"


def merging(kantor: Office, person: str, number: str) -> Form | None:
    """The form on a case's page in the book that merges it, as this person sees it."""
    (case,) = [c.id for c in kantor.complaints() if c.number == number]
    mine = kantor.links(kantor.inbox(person)[-1])[0]
    return kantor.page(f"{mine}/buku/{case}").forms.get("gabungkan")


@pytest.mark.parametrize("who", ["jfu-1", "sekretaris"])
@pytest.mark.parametrize("stage", [Stage.KLARIFIKASI, Stage.KEPUTUSAN])
def test_jfu_and_sekretaris_merge_until_the_decision(
    kantor: Office, who: str, stage: Stage
) -> None:
    """Budi's complaint lies with the Sekretaris, or with the Kepala already; it turns out to be Siti's matter."""
    siti = kantor.to_clarification().number
    kantor.citizen_sends("Lampu mati", "Lampu Jalan Mawar mati.", sender=BUDI, name="Budi")
    budi = kantor.complaint().number
    kantor.press("jfu-1", "laporkan", about=budi, ringkasan="Lampu mati.")
    if stage is Stage.KEPUTUSAN:
        kantor.press("sekretaris", "laporkan_kepala", about=budi, hasil="Benar.")
    old = (
        kantor.page(kantor.link("kepala", "putuskan")).forms["putuskan"]
        if stage is Stage.KEPUTUSAN
        else None
    )
    form = merging(kantor, who, budi)
    if form is None:  # it is their own task: there the form stands on its page
        assert (who, stage) == ("sekretaris", Stage.KLARIFIKASI)
        return
    wrong = kantor.send(form, {"nomor": "PGD-2026-000099"})
    assert wrong.status == 422
    assert "PGD-2026-000099" in wrong.html
    done = kantor.send(form, {"nomor": siti})
    kantor.settle()
    assert done.status == 200
    assert kantor.stage(budi) is Stage.DIGABUNG
    assert f"Digabung dengan {siti}" in done.text
    assert [
        t for t in kantor.tasks(number=budi, open_only=True) if t.kind is not TaskKind.GABUNGAN
    ] == []
    if old is not None:
        assert kantor.send(old, {"keputusan": "ditolak", "perintah": "Tolak."}).status == 409
    assert kantor.audit() == []


def test_nobody_merges_from_the_book_after_the_decision_nor_whom_it_is_about(
    kantor: Office,
) -> None:
    siti = kantor.to_letter().number
    assert merging(kantor, "jfu-1", siti) is None
    mine = kantor.links(kantor.inbox("jfu-1")[-1])[0]
    assert kantor.web.post(f"{mine}/buku/1/gabungkan", data={"nomor": siti}).status_code == 409
    kantor.citizen_sends("Petugas kasar", "Petugas loket kasar.", sender=BUDI, name="Budi")
    kantor.press("jfu-1", "laporkan", ringkasan="Petugas kasar.", terlapor=["jfu-1"], status=200)
    assert kantor.web.post(f"{mine}/buku/2/gabungkan", data={"nomor": siti}).status_code == 404
    assert kantor.stage() is Stage.KLARIFIKASI


def test_letter_of_the_pengadu_has_its_number_and_day_in_the_book_and_is_found_by_it(
    tmp_path: Path,
) -> None:
    """Typed in at the counter, mended later; who came in person has no such letter."""
    with desk_in(tmp_path) as desk:
        browser = Browser(desk)
        counter = f"{browser.link('jfu-1', desk.task('laporkan', desk.record()))}/catat"
        said = {"nama": "Budi", "perihal": "Lampu", "isi": "Padam.", "telepon": "0812 3456 7890"}
        typed = said | {"surat_pengirim": "12/RT03/2026, 20 Novembr 2026"}
        browser.send(browser.get(counter).forms["catat"], typed | {"kanal": "surat"})
        browser.send(browser.get(counter).forms["catat"], typed | {"kanal": "langsung"})
        _mail, letter, visitor = (one.number for one in desk.complaints())
        desk.to(Stage.PENYAMPAIAN, letter)
        form = browser.open("jfu-1", desk.task("koreksi", letter)).forms["koreksi"]
        assert form.values["surat_pengirim"] == ["12/RT03/2026, 20 Novembr 2026"]
        mended = {"alasan": "Salah ketik.", "surat_pengirim": "12/RT03/2026, 20 November 2026"}
        browser.send(form, mended)
        link = browser.link("sekretaris", desk.task("koreksi", letter))
        page = browser.get(f"{link}/buku/{desk.complaint(letter).id}").text
        assert "Nomor dan tanggal surat pengadu 12/RT03/2026, 20 November 2026" in page
        found = browser.get(f"{link}/buku?q=12/RT03/2026").text
        assert letter in found
        assert visitor not in found
        desk.to(Stage.PENYAMPAIAN, visitor)
        form = browser.open("jfu-1", desk.task("koreksi", visitor)).forms["koreksi"]
        assert "surat_pengirim" not in form.values


def test_page_of_a_case_says_what_no_printed_book_does(tmp_path: Path) -> None:
    """Who took it, that there is a NIK and not which, whom and where it is about, what the Sekretaris found."""
    with desk_in(tmp_path) as desk:
        number = desk.record(nik="3577010101900001")
        about: dict[str, Any] = {"terlapor": ["kasubag-umum"], "lokasi_kejadian": "Jalan Mawar 7"}
        desk.press("jfu-2", "laporkan", number=number, **about)
        desk.press("sekretaris", "laporkan_kepala", number=number, hasil="Benar padam.")
        browser = Browser(desk)
        task = desk.task("putuskan", number)
        link = browser.link("kepala", task)
        page = browser.get(f"{link}/buku/{desk.complaint(number).id}").text
        for said in (
            "Keadaan",
            "Petugas penerima Sri Wahyuni",
            "NIK ada",
            "Kasubag Umum",
            "Jalan Mawar 7",
            "Benar padam.",
        ):
            assert said in page
        assert "3577010101900001" not in page
