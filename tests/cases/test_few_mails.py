"""Few mails: beside those of new tasks nobody gets more than two a day; what is kept back stands in the digest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.cases.record import citizen_wrote
from pipeline.office.sop import Stage
from pipeline.running import poller
from tests.desk import Desk, desk_in, jakarta
from tests.kantor import SIGNED

PAPER = {"bertanda_tangan": ("s.jpg", SIGNED)}
HEAD = "kepala@kominfo.example"


def beside_tasks(desk: Desk, address: str) -> list[str]:
    """The mails to an official that were sent and brought no new task."""
    mails = [m for m in desk.mails() if m.recipient == address and m.state != "folded"]
    return [m.name for m in mails if not m.name.startswith("tugas_")]


def decided(desk: Desk, count: int) -> list[str]:
    return [desk.to(Stage.JAWABAN) for _ in range(count)]


@pytest.fixture
def singly(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path, pengingat={"satuan": True}) as made:
        yield made


def test_a_third_mail_for_information_waits_for_the_next_digest(desk: Desk) -> None:
    numbers = decided(desk, 4)
    assert beside_tasks(desk, HEAD) == ["bukti_keputusan"] * 2
    desk.clock.now = jakarta(25, 7, 31)
    poller.remind(desk.app)
    digest = desk.mails("ringkasan")
    (mine,) = [m for m in digest if m.recipient == HEAD]
    told = mine.text.partition("KABAR SEJAK RINGKASAN TERAKHIR")[2]
    assert [n for n in numbers if n in told] == numbers[2:], "what was mailed is not told again"


def test_what_a_digest_told_is_not_told_by_the_next(desk: Desk) -> None:
    numbers = decided(desk, 3)
    for day in (25, 26):
        desk.clock.now = jakarta(day, 7, 31)
        poller.remind(desk.app)
    digests = [
        m.text.partition("KABAR SEJAK RINGKASAN TERAKHIR")[2]
        for m in desk.mails("ringkasan")
        if m.recipient == HEAD
    ]
    assert [numbers[2] in told for told in digests] == [True, False]


def test_digest_of_the_day_counts_as_one_of_the_two(desk: Desk) -> None:
    desk.to(Stage.TANDA_TANGAN)
    desk.clock.now = jakarta(25, 7, 31)
    poller.remind(desk.app)
    decided(desk, 3)
    on_the_day = [m for m in desk.mails() if m.recipient == HEAD and m.date >= jakarta(25, 0)]
    sent = [m.name for m in on_the_day if m.state != "folded" and not m.name.startswith("tugas_")]
    assert len(sent) == 2, sent
    assert "ringkasan" in sent


def test_before_opening_one_place_is_kept_for_the_digest(desk: Desk) -> None:
    desk.clock.now = jakarta(25, 6)
    decided(desk, 2)
    assert beside_tasks(desk, HEAD) == ["bukti_keputusan"]


def test_setting_brings_each_mail_back(singly: Desk) -> None:
    decided(singly, 4)
    assert beside_tasks(singly, HEAD) == ["bukti_keputusan"] * 4
    assert not [m for m in singly.mails() if m.state == "folded"]


def digest_for(desk: Desk, code: str, day: int) -> str:
    """What the digest of a morning tells somebody."""
    desk.clock.now = jakarta(day, 7, 31)
    before = len(desk.mails("ringkasan"))
    poller.remind(desk.app)
    (mine,) = [
        m for m in desk.mails("ringkasan")[before:] if m.recipient == desk.person(code).email
    ]
    return mine.text


@pytest.mark.parametrize("code", ["jfu-1", "jfu-2", "sekretaris"])
def test_a_case_that_is_over_is_a_line_of_the_digest_and_no_mail(desk: Desk, code: str) -> None:
    number = desk.to(Stage.SELESAI)
    finished = [m for m in desk.mails("tugas_arsip") if m.recipient == desk.person(code).email]
    assert [m.state for m in finished] == ["folded"]
    told = digest_for(desk, code, 25).partition("SELESAI SEJAK RINGKASAN TERAKHIR")[2]
    assert f"[{number}] Selesai: " in told
    assert told.count("tautan.") >= 2, "it leads to what can still be done"


def test_hundreds_that_are_over_are_counted_and_the_newest_named(desk: Desk) -> None:
    numbers = [desk.record(email=f"warga{n}@warga.example") for n in range(25)]
    for number in numbers:
        desk.press("jfu-1", "bukan_pengaduan", number=number, alasan="Penawaran dagang.")
    told = digest_for(desk, "sekretaris", 25)
    assert "SELESAI SEJAK RINGKASAN TERAKHIR: 25" in told
    assert [n for n in numbers if n in told] == numbers[-10:]
    assert f"[{numbers[-1]}] Bukan pengaduan: " in told, (
        "what was no complaint is not called answered"
    )
    assert "15 pengaduan selesai lainnya ada di Buku Pengaduan." in told


def test_news_beyond_what_a_digest_holds_is_counted(desk: Desk) -> None:
    numbers = [
        desk.to(Stage.KEPUTUSAN, desk.record(email=f"warga{n}@warga.example")) for n in range(45)
    ]
    for number in numbers:
        with desk.work() as work:
            citizen_wrote(work, desk.complaint(number).id, "Masih padam.", [], None)
    kept = [m for m in desk.mails("pengadu_menulis") if m.recipient == HEAD and m.state == "folded"]
    told = digest_for(desk, "kepala", 25)
    assert f"{len(kept) - 40} kabar yang lebih lama" in told


def test_what_was_opened_again_before_the_morning_is_not_called_finished(desk: Desk) -> None:
    number = desk.to(Stage.SELESAI)
    desk.press("sekretaris", "buka_kembali", number=number, alasan="Padam lagi.")
    desk.clock.now = jakarta(25, 7, 31)
    poller.remind(desk.app)
    assert not [m for m in desk.mails("ringkasan") if f"[{number}] Selesai" in m.text]


def test_single_mails_tell_the_end_of_each_case(singly: Desk) -> None:
    singly.to(Stage.SELESAI)
    assert {m.state for m in singly.mails("tugas_arsip")} == {"due"}


def test_a_turn_that_comes_back_is_told_at_once_however_many_there_are(desk: Desk) -> None:
    """The clock runs again: the Sekretaris must not learn of it on the next morning."""
    numbers = [
        desk.to(Stage.KLARIFIKASI, desk.record(email=f"warga{n}@warga.example")) for n in range(4)
    ]
    for number in numbers:
        desk.press("sekretaris", "tanya_pengadu", number=number, pertanyaan="Sejak kapan padam?")
        with desk.work() as work:
            citizen_wrote(work, desk.complaint(number).id, "Sejak Senin.", [], None)
    told = [
        m for m in desk.mails("pengadu_menjawab") if m.recipient == desk.person("sekretaris").email
    ]
    assert [m.state for m in told] == ["due"] * 4


def test_letters_that_a_clerk_may_hand_in_are_no_new_tasks_of_theirs(desk: Desk) -> None:
    """A day on which the Kepala Dinas signed nothing brought the JFU 120 mails beside those of their own tasks."""
    for n in range(5):
        desk.to(Stage.TANDA_TANGAN, desk.record(email=f"warga{n}@warga.example"))
    mine = desk.person("jfu-1").email
    told = [m.state for m in desk.mails("boleh_unggah") if m.recipient == mine]
    assert told == ["due"] * 2 + ["folded"] * 3


def test_digest_names_the_letters_that_still_wait_for_a_signature(desk: Desk) -> None:
    numbers = [
        desk.to(Stage.TANDA_TANGAN, desk.record(email=f"warga{n}@warga.example")) for n in range(5)
    ]
    desk.press("kepala", "tandatangani", number=numbers[3], files=PAPER)
    told = digest_for(desk, "jfu-1", 25).partition("KABAR SEJAK RINGKASAN TERAKHIR")[2]
    assert [n for n in numbers if n in told] == [numbers[2], numbers[4]]


def test_unit_that_answers_late_brings_the_head_no_turn(desk: Desk) -> None:
    """The case is with the Kepala Dinas already: their task came long ago."""
    for n in range(3):
        number = desk.to(Stage.KLARIFIKASI, desk.record(email=f"warga{n}@warga.example"))
        desk.press(
            "sekretaris", "tanya_unit", number=number, petugas=["kasubag-umum"], pertanyaan="Benar?"
        )
        asked = desk.task("jawab", number)
        desk.press("sekretaris", "laporkan_kepala", number=number, hasil="Benar padam.")
        desk.press("kasubag-umum", "jawab", task=asked, jawaban="Kabelnya putus.")
    told = desk.mails("dijawab_susulan")
    assert [m.state for m in told if m.recipient == HEAD] == ["due", "due", "folded"]
    assert "Lanjutkan klarifikasi" not in told[0].text
    assert "Keterangan susulan" in told[0].subject


def test_only_the_last_answer_of_those_asked_gives_the_turn_back(desk: Desk) -> None:
    desk.to(Stage.KLARIFIKASI)
    units = ["kasubag-umum", "kasi-infrastruktur"]
    desk.press("sekretaris", "tanya_unit", petugas=units, pertanyaan="Benarkah?")
    for unit in units:
        desk.press(unit, "jawab", jawaban="Benar.")
    first, last = desk.mails("dijawab_sebagian", "dijawab_unit")
    assert (first.name, last.name) == ("dijawab_sebagian", "dijawab_unit")
    assert f"Masih ditunggu: {desk.person('kasi-infrastruktur').jabatan}" in " ".join(
        first.text.split()
    )
    assert "Masih ditunggu" not in last.text
