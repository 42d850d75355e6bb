"""Limits, pausing while the pengadu is asked, reminders, and two people who press at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select

from pipeline.cases import AlreadyDone, reminders
from pipeline.cases.record import citizen_wrote
from pipeline.data.engine import writing
from pipeline.data.tables import Event, Task
from pipeline.office.sop import EventKind, Stage, TaskKind
from pipeline.running import poller
from pipeline.work import App
from tests.desk import Desk, desk_in, jakarta
from tests.kantor import SIGNED, SITI


def asked(desk: Desk) -> str:
    """Langkah 2 with its clock stopped: at 09.04 the pengadu is asked, 6 of 10 minutes are left."""
    number = desk.to(Stage.KLARIFIKASI)
    desk.later(minutes=4)
    desk.press("sekretaris", "tanya_pengadu", pertanyaan="Tiang nomor berapa?")
    return number


def writes(desk: Desk, number: str, text: str = "Tiang nomor 7.") -> None:
    """The pengadu answers."""
    with desk.work() as work:
        citizen_wrote(work, desk.complaint(number).id, text, [], None)


def clarification(desk: Desk) -> Task:
    return next(t for t in reversed(desk.tasks()) if t.kind is TaskKind.KLARIFIKASI)


# ---- pause and resume ----------------------------------------------------------------------------------------


def test_question_to_the_pengadu_stops_the_clock(desk: Desk) -> None:
    asked(desk)
    task = clarification(desk)
    assert (task.due_at, task.paused_at, task.left_minutes) == (None, jakarta(24, 9, 4), 6)
    assert task.remind_at == jakarta(30, 7, 30)
    assert task.closed_at is None


def test_answer_starts_it_again_with_what_was_left(singly: Desk) -> None:
    number = asked(singly)
    singly.clock.now = jakarta(25, 10)
    writes(singly, number)
    task = clarification(singly)
    assert (task.due_at, task.paused_at, task.left_minutes) == (jakarta(25, 10, 6), None, None)
    assert task.remind_at == task.due_at


def test_time_that_stood_still_is_counted_in_office_minutes(desk: Desk) -> None:
    """09.04 to 16.00 less the hour of the break, and 07.30 to 10.00 of the next day."""
    number = asked(desk)
    desk.clock.now = jakarta(25, 10)
    writes(desk, number)
    assert clarification(desk).paused_minutes == (416 - 60) + 150


def test_second_pause_adds_to_the_first(desk: Desk) -> None:
    number = asked(desk)
    desk.later(minutes=5)
    writes(desk, number)
    desk.later(minutes=2)
    desk.press("sekretaris", "tanya_pengadu", pertanyaan="Sejak kapan?")
    assert clarification(desk).left_minutes == 4
    desk.later(minutes=7)
    writes(desk, number)
    task = clarification(desk)
    assert (task.paused_minutes, task.due_at) == (12, jakarta(24, 9, 22))


def test_second_question_while_waiting_does_not_stop_the_clock_twice(desk: Desk) -> None:
    asked(desk)
    desk.later(minutes=30)
    desk.press("sekretaris", "tanya_pengadu", pertanyaan="Sejak kapan?")
    task = clarification(desk)
    assert (task.paused_at, task.left_minutes) == (jakarta(24, 9, 4), 6)


def test_answer_in_the_evening_runs_from_the_next_opening(desk: Desk) -> None:
    number = asked(desk)
    desk.clock.now = jakarta(24, 22)
    writes(desk, number)
    assert clarification(desk).due_at == jakarta(25, 7, 36)


def test_limit_that_had_run_out_stays_run_out_whatever_is_asked(desk: Desk) -> None:
    """Lateness is not washed away by a question to the pengadu."""
    number = desk.to(Stage.KLARIFIKASI)
    before = clarification(desk).due_at
    assert before is not None
    desk.later(minutes=25)
    desk.press("sekretaris", "tanya_pengadu")
    desk.later(hours=1)
    writes(desk, number)
    assert clarification(desk).due_at == before


def test_answer_is_marked_as_one_and_told_to_sekretaris_and_jfu(desk: Desk) -> None:
    number = asked(desk)
    before = len(desk.mails())
    writes(desk, number)
    event, data = desk.events(number)[-1]
    assert (event.kind, data["menjawab"], event.task_id) == (
        EventKind.CITIZEN_WROTE,
        True,
        clarification(desk).id,
    )
    told = {m.recipient: m for m in desk.mails()[before:]}
    jfu = {"jfu@kominfo.example", "jfu2@kominfo.example"}
    assert set(told) == {"sekretaris@kominfo.example", *jfu, "siti@warga.example"}, (
        "and the pengadu hears that it came"
    )
    assert told["sekretaris@kominfo.example"].links, "who holds the task gets a link"
    assert told["sekretaris@kominfo.example"].task_id == clarification(desk).id
    assert told["jfu@kominfo.example"].task_id is None, (
        "a JFU is told, and may look, but holds no task here"
    )


def test_mail_of_the_pengadu_while_the_clock_runs_changes_no_limit(desk: Desk) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    before = clarification(desk).due_at
    writes(desk, number)
    assert clarification(desk).due_at == before
    assert desk.events(number)[-1][1]["menjawab"] is False


def test_stopped_task_can_be_finished_without_the_answer(desk: Desk) -> None:
    number = asked(desk)
    desk.press("sekretaris", "laporkan_kepala", hasil="Dijawab lewat telepon.")
    assert desk.stage(number) is Stage.KEPUTUSAN
    writes(desk, number)
    assert desk.stage(number) is Stage.KEPUTUSAN
    assert desk.faults() == []


def test_stopped_task_is_not_reminded_but_the_silence_is_told_after_three_office_days(
    desk: Desk,
) -> None:
    """Nobody waits for ever for a pengadu who does not answer."""
    asked(desk)
    before = len(desk.mails("pengingat"))
    desk.clock.now = jakarta(27, 10)
    assert poller.remind(App(desk.settings, desk.engine, desk.clock)) == {"pengingat": 0}
    desk.clock.now = jakarta(30, 10)
    assert poller.remind(App(desk.settings, desk.engine, desk.clock)) == {"pengingat": 1}
    assert len(desk.mails("pengingat")) == before
    assert [m.recipient for m in desk.mails("menunggu_pengadu")] == ["sekretaris@kominfo.example"]


def test_unit_that_is_asked_while_the_clock_stands_still_has_time_once_it_runs_again(
    desk: Desk,
) -> None:
    number = asked(desk)
    desk.press("sekretaris", "tanya_unit", petugas=["kasubag-umum"])
    assert desk.task("jawab").paused_at is not None
    writes(desk, number)
    task = desk.task("jawab")
    assert task.paused_at is None
    assert task.due_at is not None
    assert task.due_at > desk.clock()


def test_pengadu_without_an_address_is_asked_by_a_jfu(desk: Desk) -> None:
    number = desk.record(email="")
    desk.press("jfu-1", "laporkan", number=number)
    desk.press("sekretaris", "tanya_pengadu")
    assert clarification(desk).paused_at == desk.clock.now
    assert desk.mails("tanya_pengadu") == []
    assert desk.task("catat_jawaban", number).kind is TaskKind.TANYA


# ---- reminders, where each is a mail of its own ---------------------------------------------------------------


@pytest.fixture
def singly(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path, pengingat={"satuan": True}) as made:
        yield made


def remind(desk: Desk, at: datetime) -> int:
    desk.clock.now = at
    return poller.remind(App(desk.settings, desk.engine, desk.clock))["pengingat"]


def test_reminders_come_at_half_time_at_the_limit_and_then_each_office_day(singly: Desk) -> None:
    singly.record()  # Tuesday 09.00, due 09.30
    sent = [
        (at, remind(singly, at))
        for at in (
            jakarta(24, 9, 14),
            jakarta(24, 9, 15),
            jakarta(24, 9, 20),
            jakarta(24, 9, 30),
            jakarta(24, 15),
            jakarta(25, 7, 30),
            jakarta(25, 12, 30),
            jakarta(26, 7, 30),
        )
    ]
    assert [at for at, count in sent if count] == [
        jakarta(24, 9, 15),
        jakarta(24, 9, 30),
        jakarta(25, 7, 30),
        jakarta(26, 7, 30),
    ]
    assert len(singly.mails("pengingat")) == 8, "each time to both JFU"
    assert singly.kinds().count(EventKind.REMINDED) == 4


def test_nobody_is_reminded_outside_office_hours(singly: Desk) -> None:
    singly.record()
    assert remind(singly, jakarta(24, 20)) == 0
    assert remind(singly, jakarta(24, 12, 30)) == 0, "nor in the break"
    assert remind(singly, jakarta(28, 10)) == 0, "nor on Saturday"
    assert remind(singly, jakarta(30, 7, 30)) == 1


def test_reminders_stop_when_the_task_is_done(desk: Desk) -> None:
    desk.record()
    desk.press("jfu-1", "bukan_pengaduan", alasan="Iklan.")
    assert remind(desk, jakarta(26, 10)) == 0


def test_reminder_says_whether_the_limit_has_passed(singly: Desk) -> None:
    singly.record()
    remind(singly, jakarta(24, 9, 15))
    remind(singly, jakarta(24, 11))
    before, after = singly.mails("pengingat")[0], singly.mails("pengingat")[-1]
    assert before.subject.startswith("[PGD-2026-000001] Pengingat: ")
    assert after.subject.startswith("[PGD-2026-000001] Terlambat: ")
    assert "Terlambat 1 jam 30 menit kerja" in " ".join(after.text.split())


def test_two_reminder_lanes_at_once_remind_once(tmp_path: Path, database_url: str) -> None:
    with desk_in(tmp_path, database_url, pengingat={"satuan": True}) as desk:
        desk.record()
        desk.clock.now = jakarta(24, 9, 16)
        task_id = desk.tasks()[0].id

        def lane(_order: int) -> bool:
            with desk.work() as work:
                return reminders.remind(work, task_id)

        assert sorted(_together(2, lane)) == [False, True]


def test_first_reminder_of_ten_days_comes_after_five(desk: Desk) -> None:
    desk.to(Stage.KEPUTUSAN)
    assert remind(desk, jakarta(27, 16)) == 0
    assert remind(desk, jakarta(30, 7, 30)) == 1


# ---- two people at once --------------------------------------------------------------------------------------


def _together(count: int, job: Callable[[int], Any]) -> list[Any]:
    start = Barrier(count, timeout=120)

    def one(order: int) -> Any:
        start.wait()
        return job(order)

    with ThreadPoolExecutor(count) as pool:
        return [f.result(timeout=240) for f in [pool.submit(one, n) for n in range(count)]]


def test_two_people_press_at_once_and_one_acts(both: Desk) -> None:
    number = both.record()
    task = both.task("laporkan")

    def person(order: int) -> str:
        try:
            both.press(f"jfu-{order + 1}", "laporkan", task=task, email=SITI)
        except AlreadyDone as error:
            return f"sudah oleh {error.by}"
        return "dikerjakan"

    results = _together(2, person)
    winner = both.tasks(number)[0].closed_by
    assert sorted(results) == ["dikerjakan", f"sudah oleh {winner}"]
    assert both.kinds(number) == [EventKind.RECEIVED, EventKind.RECORDED]
    assert [t.kind for t in both.tasks(number, open_only=True)] == [TaskKind.KLARIFIKASI]
    assert len(both.mails("tugas_klarifikasi")) == 1


def test_two_different_actions_at_once_and_one_is_done(both: Desk) -> None:
    number = both.to(Stage.TANDA_TANGAN)
    task = both.task("tandatangani")

    def person(order: int) -> str:
        name = ("tandatangani", "kembalikan")[order]
        try:
            both.press("kepala", name, task=task, files={"bertanda_tangan": ("ttd.jpg", SIGNED)})
        except AlreadyDone:
            return ""
        return name

    (done,) = [r for r in _together(2, person) if r]
    assert (
        both.stage(number) is {"tandatangani": Stage.PENYAMPAIAN, "kembalikan": Stage.JAWABAN}[done]
    )
    assert len(both.tasks(number, open_only=True)) == 1
    assert both.faults() == []


def test_double_click_at_the_same_moment_asks_once(both: Desk) -> None:
    number = both.to(Stage.KLARIFIKASI)
    task, seen = both.task("tanya_unit"), both.seen(number)

    def click(_order: int) -> bool:
        try:
            both.press("sekretaris", "tanya_unit", task=task, seen=seen, petugas=["kasubag-umum"])
        except AlreadyDone:
            return False
        return True

    assert sorted(_together(3, click)) == [False, False, True]
    assert len(both.mails("tugas_keterangan")) == 1


def test_pengadu_writes_while_officials_act_and_the_chain_stays_whole(both: Desk) -> None:
    number = both.to(Stage.KLARIFIKASI)

    def anyone(order: int) -> None:
        if order == 0:
            both.press("sekretaris", "laporkan_kepala", number=number)
        else:
            writes(both, number, f"Tambahan {order}.")

    _together(6, anyone)
    assert [e.seq for e, _ in both.events(number)] == list(range(1, 9))
    assert both.faults() == []


def test_closed_task_stays_with_who_closed_it_first(desk: Desk) -> None:
    desk.record()
    task = desk.task("laporkan")
    desk.press("jfu-2", "laporkan", task=task)
    desk.later(minutes=1)
    with pytest.raises(AlreadyDone):
        desk.press("jfu-1", "bukan_pengaduan", task=task)
    with writing(desk.engine) as session:
        row = session.get_one(Task, task.id)
        assert (row.closed_by, row.outcome) == ("jfu-2", "laporkan")
        assert session.scalars(select(Event.kind).where(Event.kind == EventKind.VOIDED)).all() == []
