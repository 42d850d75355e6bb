"""Each langkah's Waktu, spent and left, in office time: on every page of an official, on receipts, in mails."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.casefile import limits
from pipeline.office.sop import Stage
from tests.desk import Desk, desk_in, jakarta
from tests.kantor import Office, office

OFFICIALS = ("jfu-1", "sekretaris", "kasubag-umum", "kepala")


@pytest.fixture
def kantor(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as one:
        yield one


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as made:
        yield made


def words(text: str) -> str:
    return " ".join(text.split())


def test_page_code_and_receipt_of_a_task(kantor: Office) -> None:
    kantor.citizen_sends()
    kantor.later(minutes=4)
    link = kantor.link("jfu-1", "laporkan")
    assert "Sisa 26 menit kerja" in kantor.page(link).text
    assert "Terpakai 4 dari 30 menit." in kantor.page(link).text
    form = kantor.page(link).forms["laporkan"].filled({"ringkasan": "Padam."})
    asked = kantor.web.post(kantor.page(link).url, data=form)
    code = kantor.page(asked.headers["Location"])
    assert "Terpakai 4 dari 30 menit. Sisa 26 menit kerja." in code.text
    kantor.later(minutes=2)
    done = kantor.press("jfu-1", "laporkan", ringkasan="Padam.")
    assert "Terpakai 6 dari 30 menit. Sisa 24 menit kerja." in done.text
    spent = kantor.page(link)
    kantor.later(minutes=60)
    assert (
        "Terpakai 6 dari 30 menit. Sisa 24 menit kerja." in spent.text
    )  # as it was when it was done


def test_one_line_tells_an_hour_in_one_unit(desk: Desk) -> None:
    """ "0 dari 60 menit. Sisa 1 jam kerja" was two."""
    desk.to(Stage.JAWABAN)
    (asked,) = desk.mails("tugas_jawaban")
    assert "Terpakai 0 menit dari 1 jam. Sisa 1 jam kerja." in words(asked.text)


def test_a_limit_in_working_days_is_used_and_left_in_them(desk: Desk) -> None:
    number = desk.to(Stage.TANDA_TANGAN)
    (asked,) = desk.mails("tugas_tanda_tangan")
    assert "Terpakai 0 dari 1 hari kerja. Sisa 1 hari kerja." in words(asked.text)
    due = desk.task("tandatangani", number).due_at
    assert due is not None
    desk.clock.now = due - timedelta(hours=2)
    task = desk.task("tandatangani", number)
    assert (
        limits.time_words(desk.settings, task, desk.clock())
        == "Terpakai 1 dari 1 hari kerja. Sisa 2 jam kerja."
    )


def test_clock_that_stands_says_what_is_spent_and_what_will_be_left(kantor: Office) -> None:
    kantor.to_clarification()
    kantor.later(minutes=3)
    kantor.press("sekretaris", "tanya_pengadu", pertanyaan="Tiang nomor berapa?")
    kantor.later(hours=2)
    page = kantor.page(kantor.link("sekretaris", "laporkan_kepala"))
    assert "Terpakai 3 dari 10 menit." in page.text
    assert "Sisa 7 menit kerja setelah pengadu menjawab" in page.text


def test_my_tasks_and_the_digest_name_both_for_each(kantor: Office) -> None:
    kantor.to_decision()
    kantor.know("kepala")
    kantor.clock.now = jakarta(26, 7, 31)
    kantor.settle()
    mail = kantor.newest("kepala")
    assert mail.subject.startswith("Tugas hari ini") or "tugas" in mail.subject.lower()
    assert "Terpakai 2 dari 10 hari. Sisa 8 hari." in mail.words
    page = kantor.page(f"{kantor.link('kepala', 'putuskan')}/saya")
    assert "Terpakai 2 dari 10 hari." in page.text
    assert "Sisa 8 hari" in page.text


def test_unit_that_is_asked_has_a_share_of_what_is_left_of_langkah_2(kantor: Office) -> None:
    kantor.to_clarification()
    kantor.later(minutes=4)
    kantor.press("sekretaris", "tanya_unit", petugas="kasubag-umum", pertanyaan="Benarkah?")
    kantor.later(minutes=2)
    page = kantor.page(kantor.link("kasubag-umum", "jawab"))
    assert (
        "Terpakai 2 dari 4 menit. Batas ini 4 menit kerja sejak ditanyakan, yaitu sebagian dari sisa"
        in page.text
    )
    assert "Sisa 2 menit kerja" in page.text


def test_late_is_told_in_office_time(kantor: Office) -> None:
    """From Tuesday 09.30 to Wednesday 08.00 are seven working hours less one of pause, and half an hour."""
    kantor.citizen_sends()
    kantor.clock.now = jakarta(25, 8)
    page = kantor.page(kantor.link("jfu-1", "laporkan"))
    assert "Terlambat 6 jam kerja" in page.text
    assert "Terpakai 6 jam 30 menit dari 30 menit." in page.text


def test_every_mail_about_a_task_names_both(desk: Desk) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    desk.press("sekretaris", "tanya_unit", petugas=["kasubag-umum"])
    desk.press("kasubag-umum", "jawab")
    desk.to(Stage.SELESAI, number)
    with_limit = [
        m for m in desk.mails() if m.task_id and m.name not in ("tugas_arsip", "surat_jawaban")
    ]
    assert len({m.name for m in with_limit}) >= 8
    for mail in [*with_limit, *desk.mails("bukti_keputusan")]:
        for twin in (words(mail.text), words(re.sub(r"<[^>]+>", " ", mail.html))):
            used = r"Terpakai (\d+|\d+ menit) dari \d+ (menit|jam|hari|hari kerja)\. Sisa "
            assert re.search(used, twin), mail.name


def test_pengadu_reads_by_when_there_is_an_answer(kantor: Office) -> None:
    kantor.to_decision()
    promise = "Jawaban paling lambat Senin, 7 Desember 2026"
    assert promise in kantor.status_page().text
    assert promise in words(kantor.inbox()[0].text.replace(":", ""))
    kantor.press("kepala", "perpanjang", sampai="2026-12-14T16:00", alasan="Menunggu suku cadang.")
    assert "Jawaban paling lambat Selasa, 15 Desember 2026" in kantor.status_page().text


def test_the_book_names_both_for_what_runs(kantor: Office) -> None:
    kantor.citizen_sends()
    kantor.later(minutes=4)
    kantor.know("jfu-1")
    book = kantor.page(f"{kantor.link('jfu-1', 'laporkan').partition('?')[0]}/buku")
    assert "Sisa 26 menit kerja" in words(book.text)
    assert "Terpakai 4 dari 30 menit." in words(book.text)
