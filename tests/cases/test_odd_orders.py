"""Orders that nobody listed: what is asked, held and said while something else stands still. Each a short story, told at
the real pages and in the mails."""

from __future__ import annotations

from datetime import timedelta

from pipeline.cases.record import citizen_wrote
from pipeline.data.tables import Task
from pipeline.office import clock
from pipeline.office.sop import Stage, TaskKind
from pipeline.running import poller
from tests.browser import Browser
from tests.desk import Desk, jakarta

MINUTES = timedelta(minutes=1)


def open_task(desk: Desk, kind: TaskKind, number: str = "") -> Task:
    (task,) = [one for one in desk.tasks(number, open_only=True) if one.kind is kind]
    return task


# ---- the clock of langkah 2 stands still ---------------------------------------------------------------------


def test_who_is_asked_while_the_pengadu_is_asked_is_told_that_the_clock_stands(desk: Desk) -> None:
    """The Sekretaris asks the pengadu, then a Kasubag: mail and page name no hour, for none is counted yet, and both say
    the same share. Once the pengadu has answered it runs."""
    number = desk.to(Stage.KLARIFIKASI)
    desk.later(minutes=2)
    desk.press("sekretaris", "tanya_pengadu", pertanyaan="Tiang nomor berapa?")
    desk.press("sekretaris", "tanya_unit", petugas=["kasubag-umum"], pertanyaan="Tiang siapa?")
    (mail,) = desk.mails("tugas_keterangan")
    page = Browser(desk).open("kasubag-umum", open_task(desk, TaskKind.KETERANGAN))
    left = "Sisa 5 menit kerja setelah pengadu menjawab"
    assert "batas" not in mail.subject
    assert f"Terpakai 0 dari 5 menit. {left}." in " ".join(mail.text.split())
    assert "PALING LAMBAT" not in mail.text
    assert left in page.text
    desk.later(days=1)
    with desk.work() as work:
        citizen_wrote(work, desk.complaint(number).id, "Tiang 7.", [], None)
    assert open_task(desk, TaskKind.KETERANGAN).due_at == desk.clock.now + 5 * MINUTES


def test_the_wait_for_a_pengadu_ends_when_its_time_is_over(desk: Desk) -> None:
    """Asked on Tuesday 24 November, with ten office days to answer: on the morning of the eleventh langkah 2 goes on."""
    desk.to(Stage.KLARIFIKASI)
    desk.press("sekretaris", "tanya_pengadu", pertanyaan="Tiang nomor berapa?")
    still = []
    for _ in range(11):
        opening = clock.next_workday(desk.clock.now, desk.settings.hours)
        desk.clock.now = opening + 10 * MINUTES
        poller.remind(desk.app)
        still.append(open_task(desk, TaskKind.KLARIFIKASI).paused_at is not None)
    assert still == [True] * 10 + [False]
    assert open_task(desk, TaskKind.KLARIFIKASI).due_at == jakarta(9, 7, 50, month=12)
