"""A limit that was set by a slip of the finger: refused where it is absurd, corrected where it is not; and what stands
still while the pengadu is asked."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import update

from pipeline.data.engine import writing
from pipeline.data.tables import Task
from pipeline.office import clock
from pipeline.office.sop import EventKind, TaskKind
from pipeline.office.words import word
from tests.kantor import Office, Page, office


@pytest.fixture
def kantor(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as running:
        yield running


def extended(kantor: Office, until: str, status: int = 200) -> Page:
    return kantor.press(
        "kepala", "perpanjang", sampai=until, alasan="Menunggu suku cadang.", status=status
    )


@pytest.mark.parametrize(
    "until", ["9999-12-31T16:00", "2062-12-14T16:00", "2099-01-01T08:00", "2027-04-30T16:00"]
)
def test_a_limit_that_is_too_far_off_is_refused_at_once(kantor: Office, until: str) -> None:
    kantor.to_decision()
    begun = time.process_time()
    page = extended(kantor, until, 422)
    assert time.process_time() - begun < 10
    assert any(
        said in page.text for said in (word("galat.waktu_jauh", hari=60), word("galat.waktu"))
    )
    assert EventKind.EXTENDED not in kantor.events()


def test_how_far_is_a_setting(tmp_path: Path) -> None:
    with office(tmp_path, sop={"perpanjangan_hari_kerja": 5}) as kantor:
        kantor.to_decision()
        extended(kantor, "2027-01-15T16:00", 422)
        extended(kantor, "2026-12-09T16:00")


def test_an_extension_can_be_corrected_with_a_reason(kantor: Office) -> None:
    kantor.to_decision()
    extended(kantor, "2027-01-29T16:00")
    extended(kantor, "2026-12-14T16:00")
    task = kantor.task(TaskKind.KEPUTUSAN)
    assert task.due_at == datetime(2026, 12, 14, 9, 0, tzinfo=UTC)
    assert task.remind_at == task.due_at
    assert kantor.events().count(EventKind.EXTENDED) == 2
    assert kantor.audit() == []


def test_without_an_extension_before_an_earlier_limit_is_refused(kantor: Office) -> None:
    kantor.to_decision()
    extended(kantor, "2026-11-25T16:00", 422)


def test_an_extension_of_somebody_elses_task_is_offered_for_correction(kantor: Office) -> None:
    kantor.to_clarification()
    task = kantor.task(TaskKind.KLARIFIKASI)
    kantor.know("kepala")
    kantor.later(hours=1)
    with writing(kantor.engine) as session:  # as an earlier version let it be
        far = datetime(2062, 12, 1, tzinfo=UTC)
        session.execute(
            update(Task).where(Task.id == task.id).values(due_at=far, remind_at=far, extended=True)
        )
    kantor.citizen_sends("Wifi", "Wifi mati.", sender="budi@warga.example")
    for _ in range(4):  # then what is late below stands in the head's digest
        kantor.next_workday()
        kantor.settle()
    home = next(
        url
        for mail in reversed(kantor.inbox("kepala"))
        for url in mail.links
        if url.endswith("/saya")
    )
    page = kantor.page(home)
    assert "1 Desember 2062" in page.text or "2062" in page.text
    data = {"tugas": str(task.id), "sampai": "2026-12-03T16:00", "alasan": "Salah ketik tahun."}
    assert kantor.web.post(f"{page.url}/perpanjang", data=data).status_code == 303
    assert kantor.tasks(TaskKind.KLARIFIKASI, number=kantor.complaints()[0].number)[
        -1
    ].due_at == datetime(2026, 12, 3, 9, 0, tzinfo=UTC)


def test_the_year_9999_in_the_database_costs_no_page(kantor: Office) -> None:
    kantor.to_decision()
    url = kantor.link("kepala", "putuskan")
    with writing(kantor.engine) as session:
        far = datetime(9999, 12, 31, 16, tzinfo=UTC)
        session.execute(
            update(Task)
            .where(Task.closed_at.is_(None))
            .values(due_at=far, remind_at=far, extended=True)
        )
    kantor.know("kepala")
    begun = time.process_time()
    assert kantor.page(url).status == 200
    assert kantor.page(f"{url}/buku").status == 200
    assert kantor.page(f"{url}/saya").status == 200
    kantor.next_workday()
    kantor.settle()
    assert time.process_time() - begun < 10


def test_asking_the_pengadu_stops_the_clock_of_the_unit_too(kantor: Office) -> None:
    """Whether the unit was asked before or is asked meanwhile; both go on with what was left."""
    kantor.to_clarification()
    kantor.press("sekretaris", "tanya_unit", pertanyaan="Benar?", petugas=["kasubag-umum"])
    kantor.later(minutes=4)
    kantor.press("sekretaris", "tanya_pengadu", pertanyaan="Tiang nomor berapa?")
    kantor.press(
        "sekretaris", "tanya_unit", pertanyaan="Sudah dilihat?", petugas=["kasi-infrastruktur"]
    )
    assert [t.due_at for t in kantor.tasks(TaskKind.KETERANGAN)] == [None, None]
    for _ in range(3):
        kantor.next_workday()
        kantor.settle()
    assert [m for m in kantor.inbox("kasubag-umum") if "terlambat" in m.subject.lower()] == []
    receipt = kantor.newest()
    kantor.citizen_sends("Re: Lampu", "Tiang 14.", reply_to=receipt)
    asked = [kantor.task(TaskKind.KLARIFIKASI), *kantor.tasks(TaskKind.KETERANGAN)]
    assert all(task.paused_at is None and task.due_at is not None for task in asked)
    assert all(task.due_at > kantor.clock.now for task in asked if task.due_at)


def test_a_question_moves_along_with_the_limit_of_who_asks(kantor: Office) -> None:
    """The Kasubag, whose time is a share of langkah 2's, is not late while the Sekretaris still has days."""
    kantor.to_clarification()
    kantor.press("sekretaris", "tanya_unit", pertanyaan="Benar?", petugas=["kasubag-umum"])
    asking, asked = kantor.task(TaskKind.KLARIFIKASI), kantor.task(TaskKind.KETERANGAN)
    kantor.know("kepala")
    kantor.later(hours=1)
    for _ in range(4):  # then what is late below stands in the head's digest
        kantor.next_workday()
        kantor.settle()
    home = next(u for m in reversed(kantor.inbox("kepala")) for u in m.links if u.endswith("/saya"))
    data = {"tugas": str(asking.id), "sampai": "2026-12-03T16:00", "alasan": "Menunggu cuaca."}
    assert kantor.web.post(f"{kantor.page(home).url}/perpanjang", data=data).status_code == 303
    now = [kantor.task(TaskKind.KLARIFIKASI), kantor.task(TaskKind.KETERANGAN)]
    until = datetime(2026, 12, 3, 9, 0, tzinfo=UTC)
    hours = kantor.settings.hours
    rest = clock.elapsed(kantor.clock.now, until, hours)
    own = clock.elapsed(kantor.clock.now, now[1].due_at or until, hours)
    assert now[0].due_at == until
    assert 0.69 < own / rest <= 0.7
    missed = [task.missed_at for task in now]
    assert missed == [asking.due_at, asked.due_at], "that it was late stays known"
    assert kantor.audit() == []
