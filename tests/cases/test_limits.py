"""Limits that mean something, each told as a short story: who did what, and what each of them got."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pipeline import cases
from pipeline.casefile import limits
from pipeline.cases import calendar
from pipeline.cases.langkah_3 import extend_for
from pipeline.cases.record import citizen_wrote
from pipeline.data.engine import reading
from pipeline.data.tables import Task
from pipeline.office import clock
from pipeline.office.sop import EventKind, Stage, TaskKind
from pipeline.register import figures
from pipeline.work import Work
from tests.desk import Desk, desk_in, jakarta
from tests.kantor import SITI


def langkah_3(desk: Desk) -> figures.Punctuality:
    with reading(desk.engine) as session:
        steps = figures.recap(Work(session, desk.settings, desk.clock())).punctual
    return next(step for step in steps if step.kind is TaskKind.KEPUTUSAN)


def in_time(desk: Desk) -> tuple[int, int]:
    return langkah_3(desk).punctual, langkah_3(desk).counted


def decide(desk: Desk) -> None:
    desk.press("kepala", "putuskan", keputusan="ditolak", perintah="Tidak.", disampaikan="Tidak.")


def test_ten_days_run_on_over_returns(desk: Desk) -> None:
    """The head returns a case twice on day 9 and decides on day 9 of the third stay: 27 days of 10, and late."""
    desk.to(Stage.KEPUTUSAN)
    first = desk.task("putuskan").due_at
    assert first == jakarta(4, 16, 30, month=12)
    for _ in range(2):
        desk.later(days=9)
        desk.press("kepala", "kembalikan", alasan="Belum jelas.")
        desk.press("sekretaris", "laporkan_kepala", hasil="Sudah jelas.")
    task = desk.task("putuskan")
    assert task.due_at is not None
    assert task.due_at < desk.clock.now
    desk.later(days=9)
    decide(desk)
    assert in_time(desk) == (0, 1)
    assert desk.faults() == []


def test_a_short_return_leaves_what_is_left(desk: Desk) -> None:
    """Returned on day 4 and brought back two days later: six days are left, and the page says why."""
    desk.to(Stage.KEPUTUSAN)
    desk.later(days=4)
    desk.press("kepala", "kembalikan", alasan="Belum jelas.")
    desk.later(days=2)
    desk.press("sekretaris", "laporkan_kepala", hasil="Sudah jelas.")
    task = desk.task("putuskan")
    assert task.due_at == jakarta(6, 16, month=12)
    assert "4 hari sudah terpakai" in limits.limit_words(desk.settings, task)
    assert "4 dari 10 hari" in limits.used_words(desk.settings, task, desk.clock.now)
    decide(desk)
    assert in_time(desk) == (1, 1)


def test_a_reopened_case_has_ten_days_again(desk: Desk) -> None:
    desk.to(Stage.KEPUTUSAN)
    desk.later(days=9)
    number = desk.to(Stage.SELESAI, desk.complaint().number)
    desk.press("jfu-1", "buka_kembali", number=number, alasan="Keliru.")
    desk.to(Stage.KEPUTUSAN, number)
    begun = desk.clock.now
    assert desk.task("putuskan").due_at == clock.due(
        begun, desk.settings.sop.langkah[2].limit, desk.settings.hours
    )


def test_working_days_are_summed_as_such(desk: Desk) -> None:
    steps = list(desk.settings.sop.langkah)
    steps[2] = steps[2].model_copy(update={"waktu": "10 hari kerja"})
    sop = desk.settings.sop.model_copy(update={"langkah": tuple(steps)})
    desk.settings = desk.settings.model_copy(update={"sop": sop})
    desk.to(Stage.KEPUTUSAN)  # Tuesday
    desk.later(days=7)
    desk.press("kepala", "kembalikan", alasan="Belum jelas.")
    desk.later(days=7)
    desk.press("sekretaris", "laporkan_kepala", hasil="Sudah jelas.")
    assert desk.task("putuskan").due_at == jakarta(15, 16, month=12)  # five office days are left


def test_an_extension_after_the_limit_stays_late_and_the_citizen_hears_the_new_day(
    desk: Desk,
) -> None:
    """On day 12 the head gives himself until the 18th and decides in that time: late all the same. Siti is told."""
    desk.to(Stage.KEPUTUSAN)
    desk.later(days=12)
    desk.press(
        "kepala",
        "perpanjang",
        sampai="2026-12-18T16:00",
        alasan="Menunggu suku cadang dari Pak Joko.",
    )
    (mail,) = desk.mails("waktu_bertambah")
    assert mail.recipient == SITI
    assert "Senin, 21 Desember 2026" in mail.text
    assert "Joko" not in mail.text
    desk.later(days=2)
    decide(desk)
    assert in_time(desk) == (0, 1)
    assert "lewat" in next(
        data for event, data in desk.events() if event.kind is EventKind.EXTENDED
    )
    assert desk.faults() == []


def test_an_extension_in_time_mends_the_lateness_and_stands_apart(desk: Desk) -> None:
    desk.to(Stage.KEPUTUSAN)
    desk.later(days=3)
    desk.press("kepala", "perpanjang", sampai="2026-12-18T16:00", alasan="x")
    desk.clock.now = jakarta(17, 9, month=12)
    decide(desk)
    assert (in_time(desk), langkah_3(desk).extended) == ((0, 0), 1)


def test_an_extended_day_holds_over_a_return(desk: Desk) -> None:
    desk.to(Stage.KEPUTUSAN)
    desk.press("kepala", "perpanjang", sampai="2026-12-18T16:00", alasan="x")
    desk.later(days=8)
    desk.press("kepala", "kembalikan", alasan="y")
    desk.press("sekretaris", "laporkan_kepala", hasil="z")
    assert desk.task("putuskan").due_at == jakarta(18, 16, month=12)
    decide(desk)
    assert (in_time(desk), langkah_3(desk).extended) == ((1, 1), 0), "in the ten days of both stays"


def test_a_return_that_is_late_from_the_start_sends_no_reminder_of_its_own(desk: Desk) -> None:
    desk.to(Stage.KEPUTUSAN)
    desk.later(days=12)
    desk.press("kepala", "kembalikan", alasan="y")
    desk.press("sekretaris", "laporkan_kepala", hasil="z")
    assert desk.task("putuskan").remind_at is None
    assert desk.task("putuskan").kind is TaskKind.KEPUTUSAN


def test_neighbours_who_wait_for_the_same_answer_hear_the_new_day_too(desk: Desk) -> None:
    number, child = desk.record(), desk.record(nama="Wati", email="wati@warga.example")
    desk.press("jfu-1", "gabungkan", number=child, nomor=number)
    desk.to(Stage.KEPUTUSAN, number)
    desk.press("kepala", "perpanjang", number=number, sampai="2026-12-18T16:00", alasan="x")
    assert {mail.recipient for mail in desk.mails("waktu_bertambah")} == {
        SITI,
        "wati@warga.example",
    }


# ---- a question to a unit, within the rest of langkah 2 -------------------------------------------------------


def asked(desk: Desk) -> Task:
    desk.press("sekretaris", "tanya_unit", petugas=["kasubag-umum"], pertanyaan="Benar?")
    return desk.task("jawab")


def minutes_of(desk: Desk, task: Task) -> float:
    """How long somebody has, in office time."""
    assert task.due_at is not None
    return clock.elapsed(task.opened_at, task.due_at, desk.settings.hours) / clock.MINUTE


def test_a_question_leaves_the_one_who_asks_time_to_report(desk: Desk) -> None:
    desk.to(Stage.KLARIFIKASI)
    asking = desk.task("laporkan_kepala")
    desk.later(minutes=2)
    task = asked(desk)
    assert minutes_of(desk, task) == 5, "70 of a hundred of eight minutes"
    assert asking.due_at is not None
    assert task.due_at == asking.due_at - 3 * clock.MINUTE
    said = limits.limit_words(desk.settings, task)
    assert "5 menit kerja" in said
    told = " ".join(desk.mails("tugas_keterangan")[0].text.split())
    assert said in told
    assert "Terpakai 0 dari 5 menit. Sisa 5 menit kerja." in told
    assert desk.faults() == []


def test_a_question_just_before_closing_time_goes_on_in_the_morning(desk: Desk) -> None:
    desk.clock.now = jakarta(24, 15, 57)
    desk.to(Stage.KLARIFIKASI, desk.record())
    assert asked(desk).due_at == jakarta(25, 7, 34)


@pytest.mark.parametrize(("percent", "minutes"), [(10, 1), (90, 9)])
def test_the_share_is_a_setting(tmp_path: Path, percent: int, minutes: int) -> None:
    with desk_in(tmp_path, sop={"keterangan_persen": percent}) as desk:
        desk.to(Stage.KLARIFIKASI)
        assert minutes_of(desk, asked(desk)) == minutes


def test_a_question_in_the_last_minute_has_what_is_left(desk: Desk) -> None:
    desk.to(Stage.KLARIFIKASI)
    desk.later(minutes=9, seconds=30)
    task, asking = asked(desk), desk.task("laporkan_kepala")
    assert task.due_at == asking.due_at


def test_a_question_stands_still_with_its_share_while_the_pengadu_is_asked(desk: Desk) -> None:
    """One put before, and one put meanwhile to another unit: both end before the Sekretaris's limit."""
    desk.to(Stage.KLARIFIKASI)
    asked(desk)
    desk.later(minutes=2)
    desk.press("sekretaris", "tanya_pengadu", pertanyaan="Sejak kapan?")
    desk.later(minutes=30)
    desk.press("sekretaris", "tanya_unit", petugas=["kasi-infrastruktur"], pertanyaan="Benar?")
    desk.later(minutes=30)
    with desk.work() as work:
        citizen_wrote(work, desk.complaint().id, "Sejak Senin.", [], None)
    asking = desk.task("laporkan_kepala")
    first, second = (t for t in desk.tasks(open_only=True) if t.kind is TaskKind.KETERANGAN)
    now = desk.clock.now
    assert [t.due_at for t in (asking, first, second)] == [
        now + n * clock.MINUTE for n in (8, 5, 5)
    ]
    assert "Terpakai 2 dari 7 menit" in limits.used_words(desk.settings, first, now)
    with desk.work() as work:
        calendar.add_holiday(work, date(2026, 12, 9), "Hari Jadi")
    assert [t.due_at for t in desk.tasks(open_only=True)] == [
        asking.due_at,
        first.due_at,
        second.due_at,
    ]


def given_until(desk: Desk, task: Task, until: str) -> None:
    """The Kepala gives a task another limit."""
    typed = {"sampai": [until], "alasan": ["x"]}
    form = cases.check(desk.settings, TaskKind.KEPUTUSAN, "perpanjang", typed, {}, 0)
    with desk.work() as work:
        mine = work.session.get_one(Task, task.id)
        extend_for(work, mine, desk.person("kepala"), form)


def test_a_date_that_the_head_gave_to_the_unit_itself_stays(desk: Desk) -> None:
    desk.to(Stage.KLARIFIKASI)
    question, asking = asked(desk), desk.task("laporkan_kepala")
    given_until(desk, question, "2026-11-27T16:00")
    given_until(desk, asking, "2026-11-26T16:00")
    assert desk.task("jawab").due_at == jakarta(27, 16)


def test_a_corrected_extension_takes_the_question_back_along(desk: Desk) -> None:
    """A slip of the finger gave weeks; the unit must not keep them."""
    desk.to(Stage.KLARIFIKASI)
    asked(desk)
    for until in ("2026-12-18T16:00", "2026-11-25T16:00"):
        given_until(desk, desk.task("laporkan_kepala"), until)
    due = desk.task("jawab").due_at
    assert due is not None
    assert due < jakarta(25, 16)
