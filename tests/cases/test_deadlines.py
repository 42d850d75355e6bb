"""Deadlines that officials trust: the morning's digest, lateness that goes up the line, more time with a reason, and
limits that are counted anew when the calendar changes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline import cases
from pipeline.cases import Invalid
from pipeline.cases.calendar import add_holiday, strike_holiday
from pipeline.cases.langkah_3 import extend_for
from pipeline.cases.record import citizen_wrote
from pipeline.data.tables import Task
from pipeline.office.sop import EventKind, Stage, TaskKind
from pipeline.running import poller
from pipeline.work import App
from tests.desk import Desk, desk_in, jakarta

HEAD, SECRETARY, CLERK = (
    "kepala@kominfo.example",
    "sekretaris@kominfo.example",
    "jfu@kominfo.example",
)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as made:
        yield made


@pytest.fixture
def singly(tmp_path: Path) -> Iterator[Desk]:
    """An office that wants each reminder as a mail of its own."""
    with desk_in(tmp_path, pengingat={"satuan": True}) as made:
        yield made


def lane(desk: Desk, at: datetime) -> None:
    desk.clock.now = at
    poller.remind(App(desk.settings, desk.engine, desk.clock))


def told(desk: Desk, name: str) -> list[str]:
    return [mail.recipient for mail in desk.mails(name)]


# ---- the morning's digest ------------------------------------------------------------------------------------


def test_one_digest_a_person_on_the_first_office_hour_with_what_waits(desk: Desk) -> None:
    first = desk.to(Stage.KLARIFIKASI)
    second = desk.to(Stage.KEPUTUSAN)
    lane(desk, jakarta(25, 7))
    assert told(desk, "ringkasan") == []
    lane(desk, jakarta(25, 7, 30))
    lane(desk, jakarta(25, 7, 45))
    assert sorted(told(desk, "ringkasan")) == [HEAD, SECRETARY]
    mails = {mail.recipient: mail for mail in desk.mails("ringkasan")}
    words = " ".join(mails[SECRETARY].text.split())
    assert (
        mails[SECRETARY].subject
        == "Tugas hari ini, Rabu, 25 November 2026: 1 menunggu, 1 terlambat"
    )
    assert "TERLAMBAT Klarifikasi: isi perihal" in words
    assert first in words
    assert second not in words
    assert len(mails[SECRETARY].links) == 2  # the task's, and the page of all
    assert "KEMUDIAN Mohon keputusan" in " ".join(mails[HEAD].text.split())


def test_no_digest_on_a_day_without_office_nor_where_nothing_waits(desk: Desk) -> None:
    desk.to(Stage.KEPUTUSAN)
    lane(desk, jakarta(28, 9))  # Saturday
    assert told(desk, "ringkasan") == []
    desk.press("kepala", "kembalikan", alasan="x")
    desk.press("sekretaris", "laporkan_kepala", hasil="y")
    desk.press("kepala", "putuskan", keputusan="ditolak", perintah="z", disampaikan="z")
    desk.jobs()
    for stage in (Stage.SELESAI,):
        desk.to(stage, desk.complaint().number)
    lane(desk, jakarta(30, 8))
    once = told(desk, "ringkasan")  # that it is over
    assert len(set(once)) == len(once) > 0
    lane(desk, jakarta(1, 8, month=12))
    assert told(desk, "ringkasan") == once


def test_what_waits_for_the_pengadu_alone_is_no_news(desk: Desk) -> None:
    desk.to(Stage.KLARIFIKASI)
    desk.press("sekretaris", "tanya_pengadu", pertanyaan="Tiang mana?")
    lane(desk, jakarta(25, 8))
    assert told(desk, "ringkasan") == []


def test_config_may_do_without(tmp_path: Path) -> None:
    with desk_in(
        tmp_path, pengingat={"ringkasan_pagi": False, "naik_setelah": (), "satuan": True}
    ) as desk:
        desk.to(Stage.KLARIFIKASI)
        for day in (25, 26, 27, 30):
            lane(desk, jakarta(day, 8))
        assert told(desk, "ringkasan") == told(desk, "naik") == []
        assert told(desk, "pengingat") == [SECRETARY] * 4


# ---- up the line ---------------------------------------------------------------------------------------------


def test_lateness_below_stands_in_the_morning_digest_of_who_is_above(desk: Desk) -> None:
    """The Sekretaris hears of the JFU's lateness once a morning, whatever the number of cases, the head two days on."""
    for _ in range(3):
        desk.record()
    for day in (24, 25, 26, 27):
        for hour in (9, 11, 14):
            lane(desk, jakarta(day, hour, 45))
    heard = {
        day: [
            m
            for m in desk.mails("ringkasan")
            if m.date.astimezone(desk.settings.zone).date() == date(2026, 11, day)
        ]
        for day in (25, 27)
    }
    assert {m.recipient for m in heard[25]} >= {SECRETARY}
    assert HEAD not in {m.recipient for m in heard[25]}
    (to_head,) = [m for m in heard[27] if m.recipient == HEAD]
    words = " ".join(to_head.text.split())
    assert "3 terlambat di bawah Bapak/Ibu" in to_head.subject
    assert "Dimas Prakoso (JFU Pelayanan Pengaduan) dan Sri Wahyuni" in words
    assert told(desk, "naik") == told(desk, "pengingat") == []
    assert desk.kinds().count(EventKind.ESCALATED) == 2, "once for each who is reached"
    assert desk.faults() == []


def test_limits_of_minutes_send_nothing_by_themselves(desk: Desk) -> None:
    """Half an hour is over before a mail is read: the page and the digest tell it."""
    desk.record()
    for minute in (10, 15, 20, 30, 45):
        lane(desk, jakarta(24, 9, minute))
    assert told(desk, "pengingat") == []


def test_ten_days_are_reminded_of_once_at_half_time(desk: Desk) -> None:
    desk.to(Stage.KEPUTUSAN)
    for day in (30, 31):
        lane(desk, jakarta(day, 9, month=11) if day == 30 else jakarta(1, 9, month=12))
    for day in (4, 7, 8):
        lane(desk, jakarta(day, 9, month=12))
    assert told(desk, "pengingat") == [HEAD]


def test_lateness_of_the_jfu_reaches_the_sekretaris_and_then_the_head(singly: Desk) -> None:
    singly.record()
    heard = {}
    for day in (24, 25, 26, 27, 30):
        before = len(singly.mails("naik"))
        lane(singly, jakarta(day, 9, 45))
        heard[day] = sorted(set(told(singly, "naik")[before:]))
    assert heard == {
        24: [],
        25: [SECRETARY],
        26: [SECRETARY],
        27: [HEAD, SECRETARY],
        30: [HEAD, SECRETARY],
    }
    assert EventKind.ESCALATED in singly.kinds()
    words = " ".join(singly.mails("naik")[-1].text.split())
    assert "Dimas Prakoso (JFU Pelayanan Pengaduan) dan Sri Wahyuni" in words
    assert singly.faults() == []


def test_nothing_goes_up_from_the_head_nor_about_what_is_done(singly: Desk) -> None:
    singly.to(Stage.KEPUTUSAN)
    for day in (7, 8, 9, 10, 11):
        lane(singly, jakarta(day, 9, month=12))
    assert told(singly, "naik") == []
    number = singly.record()
    lane(singly, jakarta(14, 9, month=12))
    singly.press("jfu-1", "laporkan", number=number)
    before = len(singly.mails("naik"))
    task = next(t for t in singly.tasks(number) if t.kind is TaskKind.CATAT)
    lane(singly, jakarta(15, 9, month=12))
    assert all(mail.task_id != task.id for mail in singly.mails("naik")[before:])


def test_none_of_it_outside_office_hours(desk: Desk) -> None:
    desk.record()
    for at in (
        jakarta(24, 12, 30),
        jakarta(24, 20),
        jakarta(25, 7, 29),
        jakarta(28, 10),
        jakarta(29, 10),
    ):
        lane(desk, at)
    assert told(desk, "naik") == told(desk, "pengingat") == told(desk, "ringkasan") == []


# ---- more time -----------------------------------------------------------------------------------------------


def extend(desk: Desk, task: Task, until: str, who: str = "kepala") -> None:
    values = {"sampai": [until], "alasan": ["Menunggu hasil uji."]}
    form = cases.check(desk.settings, TaskKind.KEPUTUSAN, "perpanjang", values, {})
    with desk.work() as work:
        extend_for(work, work.session.get_one(Task, task.id), desk.person(who), form)


def test_the_head_extends_the_own_limit_with_a_reason(desk: Desk) -> None:
    number = desk.to(Stage.KEPUTUSAN)
    desk.press("kepala", "perpanjang", sampai="2026-12-18T16:00", alasan="Menunggu hasil uji.")
    assert desk.task("putuskan").due_at == jakarta(18, 16, month=12)
    event, data = desk.events(number)[-1]
    assert (event.kind, data["teks"]) == (EventKind.EXTENDED, "Menunggu hasil uji.")
    lane(desk, jakarta(10, 9, month=12))
    assert told(desk, "pengingat") == []
    lane(desk, jakarta(21, 9, month=12))
    assert told(desk, "pengingat") == [HEAD]
    assert "diperpanjang oleh Kepala Dinas" in desk.mails("pengingat")[-1].text


def test_the_head_extends_somebody_elses_and_they_hear_of_it(desk: Desk) -> None:
    desk.to(Stage.KLARIFIKASI)
    task = desk.task("laporkan_kepala")
    extend(desk, task, "2026-11-25T10:00")
    assert desk.task("laporkan_kepala").due_at == jakarta(25, 10)
    (mail,) = desk.mails("diperpanjang")
    assert mail.recipient == SECRETARY
    assert "Menunggu hasil uji." in mail.text
    assert "Rabu, 25 November 2026, pukul 10.00" in " ".join(mail.text.split())


@pytest.mark.parametrize("until", ["2026-11-24T09:05", "2026-11-20T09:00", "kemarin", ""])
def test_a_limit_is_not_extended_backwards(desk: Desk, until: str) -> None:
    desk.to(Stage.KLARIFIKASI)
    before = desk.task("laporkan_kepala").due_at
    with pytest.raises(Invalid) as refused:
        extend(desk, desk.task("laporkan_kepala"), until)
    assert "sampai" in refused.value.errors
    assert desk.task("laporkan_kepala").due_at == before


def test_no_limit_lies_before_its_own_task_when_the_clock_was_set_back(desk: Desk) -> None:
    """The machine's clock ran ahead by a day when the Sekretaris got the case and asked a unit."""
    desk.to(Stage.KLARIFIKASI)
    desk.press("sekretaris", "tanya_unit", petugas=["kasubag-umum"])
    extend(desk, desk.task("laporkan_kepala"), "2026-11-27T10:00")
    desk.clock.now -= timedelta(days=1)
    with pytest.raises(Invalid):
        extend(desk, desk.task("laporkan_kepala"), "2026-11-23T15:00")
    extend(desk, desk.task("laporkan_kepala"), "2026-11-24T15:00")
    for kind in ("laporkan_kepala", "jawab"):
        task = desk.task(kind)
        assert task.due_at is not None
        assert task.opened_at < task.due_at <= jakarta(24, 15)


# ---- another calendar ----------------------------------------------------------------------------------------


def add(desk: Desk, day: date, name: str = "Cuti bersama") -> int:
    with desk.work() as work:
        return add_holiday(work, day, name)


def test_a_new_holiday_moves_the_limits_that_run_over_it(desk: Desk) -> None:
    desk.clock.now = jakarta(24, 15, 50)
    number = desk.record()
    assert desk.task("laporkan", number).due_at == jakarta(25, 7, 50)
    assert add(desk, date(2026, 11, 25)) == 1
    assert desk.task("laporkan", number).due_at == jakarta(26, 7, 50)
    event, data = desk.events(number)[-1]
    assert event.kind is EventKind.RESCHEDULED
    assert data["teks"] == "Rabu, 25 November 2026 libur: Cuti bersama"
    lane(desk, jakarta(25, 9))
    assert told(desk, "pengingat") == told(desk, "ringkasan") == []  # the office is closed now
    with desk.work() as work:
        assert strike_holiday(work, date(2026, 11, 25)) == 1
        with pytest.raises(KeyError):
            strike_holiday(work, date(2026, 11, 25))
    assert desk.task("laporkan", number).due_at == jakarta(25, 7, 50)
    assert desk.faults() == []


def test_a_limit_of_calendar_days_stays_and_so_does_one_that_was_set(desk: Desk) -> None:
    """SOP, Reading: "10 hari" are calendar days, never moved."""
    desk.to(Stage.KEPUTUSAN)
    desk.to(Stage.KLARIFIKASI)
    extend(desk, desk.task("laporkan_kepala"), "2026-11-26T10:00")
    assert add(desk, date(2026, 11, 26)) == 0


def test_time_that_a_pause_gave_back_is_kept(desk: Desk) -> None:
    desk.clock.now = jakarta(24, 15, 30)
    number = desk.to(Stage.KLARIFIKASI)
    desk.press("sekretaris", "tanya_pengadu", pertanyaan="Tiang mana?")
    desk.later(minutes=25)
    with desk.work() as work:
        citizen_wrote(work, desk.complaint(number).id, "Nomor 7.", [], None)
    before = desk.task("laporkan_kepala").due_at
    assert before == jakarta(25, 7, 35)
    assert add(desk, date(2026, 11, 25)) == 1
    assert desk.task("laporkan_kepala").due_at == jakarta(26, 7, 35)


def test_a_stopped_clock_is_left_alone_and_counts_with_the_new_calendar_afterwards(
    desk: Desk,
) -> None:
    desk.clock.now = jakarta(24, 15, 55)
    number = desk.to(Stage.KLARIFIKASI)
    desk.press("sekretaris", "tanya_pengadu", pertanyaan="Tiang mana?")
    assert add(desk, date(2026, 11, 25)) == 0
    desk.clock.now = jakarta(24, 15, 58)
    with desk.work() as work:
        citizen_wrote(work, desk.complaint(number).id, "Nomor 7.", [], None)
    assert desk.task("laporkan_kepala").due_at == jakarta(26, 7, 38)


def test_what_is_late_already_stays_late(desk: Desk) -> None:
    desk.record()
    desk.clock.now = jakarta(26, 9)
    assert add(desk, date(2026, 11, 27)) == 0
    assert desk.task("laporkan").due_at == jakarta(24, 9, 30)


# ---- spent and left ------------------------------------------------------------------------------------------


def test_a_mail_names_what_is_spent_and_what_is_left(singly: Desk) -> None:
    singly.record()
    assert "Terpakai 0 dari 30 menit. Sisa 30 menit kerja." in " ".join(
        singly.mails("tugas_catat")[-1].text.split()
    )
    lane(singly, jakarta(24, 9, 18) + timedelta(seconds=40))  # in one rounding: both make the limit
    assert "Terpakai 18 dari 30 menit. Sisa 12 menit kerja." in " ".join(
        singly.mails("pengingat")[-1].text.split()
    )


def test_a_late_one_says_so(singly: Desk) -> None:
    singly.record()
    lane(singly, jakarta(24, 9, 45))
    lane(singly, jakarta(24, 10, 30))
    mails: list[Any] = [m for m in singly.mails("pengingat") if "Terlambat" in m.subject]
    assert "Terlambat 15 menit" in " ".join(mails[0].text.split())
