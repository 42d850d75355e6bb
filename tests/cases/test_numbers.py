"""Register and letter numbers: gapless, unique, yearly, on both databases and under concurrency."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import event, select

from pipeline.cases.core import next_number
from pipeline.cases.record import New, Pengadu, record
from pipeline.data import store
from pipeline.data.engine import reading
from pipeline.data.tables import Complaint, Counter, Event, Outbox, Task
from pipeline.office.sop import Channel, Stage
from tests.desk import Desk, jakarta
from tests.letters.sample import texts

THREADS = 8


def at_once(count: int, job: Callable[[int], object]) -> None:
    """Run the job in so many threads that begin together; what one raises is raised here."""
    start = Barrier(count, timeout=120)

    def one(order: int) -> object:
        start.wait()
        return job(order)

    with ThreadPoolExecutor(count) as pool:
        for result in [pool.submit(one, order) for order in range(count)]:
            result.result(timeout=240)


def wait_for_their_turn(desk: Desk) -> None:
    """However long a slow machine lets a writer wait for SQLite's lock: what is tried is the numbers."""

    def patient(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA busy_timeout=200000")

    if desk.engine.dialect.name == "sqlite":
        event.listen(desk.engine, "connect", patient)
        desk.engine.dispose()


def full_disk(desk: Desk) -> None:
    """Record a complaint in a transaction that cannot be finished."""
    with desk.work() as work:
        record(
            work,
            [
                New(
                    Channel.EMAIL,
                    Pengadu(email="a@b.example"),
                    perihal="x",
                    isi="y",
                    received_at=desk.clock(),
                )
            ],
        )
        raise RuntimeError("disk penuh")


def numbers(desk: Desk) -> list[str]:
    return [c.number for c in desk.complaints()]


def test_first_number_follows_the_pattern_of_the_configuration(desk: Desk) -> None:
    assert desk.record() == "PGD-2026-000001"
    assert desk.record() == "PGD-2026-000002"


def test_numbers_are_gapless_and_unique_when_many_are_recorded_at_once(both: Desk) -> None:
    """Also the very first, when the counter's row does not exist yet."""
    each = 5
    wait_for_their_turn(both)

    def clerk(order: int) -> None:
        for n in range(each):
            with both.work() as work:
                person = Pengadu(email=f"warga{order}.{n}@warga.example")
                record(
                    work,
                    [New(Channel.EMAIL, person, perihal="x", isi="y", received_at=both.clock())],
                )

    at_once(THREADS, clerk)
    assert sorted(numbers(both)) == [f"PGD-2026-{n:06d}" for n in range(1, THREADS * each + 1)]
    assert both.faults() == []


def test_number_of_an_act_that_fails_is_not_used_up(both: Desk) -> None:
    """A counter row, not a sequence: what is rolled back leaves no hole in the book."""
    both.record()
    with pytest.raises(RuntimeError):
        full_disk(both)
    assert both.record() == "PGD-2026-000002"


def test_failed_act_leaves_nothing_at_all(desk: Desk) -> None:
    with pytest.raises(RuntimeError):
        full_disk(desk)
    assert [desk.count(t) for t in (Complaint, Task, Event, Outbox, Counter)] == [0, 0, 0, 0, 0]


def test_counter_that_two_transactions_begin_together_counts_both(both: Desk) -> None:
    taken: list[int] = []

    def clerk(_order: int) -> None:
        with both.work() as work:
            taken.append(next_number(work, "uji:2026"))

    at_once(THREADS, clerk)
    assert sorted(taken) == list(range(1, THREADS + 1))


def test_year_is_the_offices_year_at_recording(desk: Desk) -> None:
    """31 December 23.59 at Madiun is 16.59 in UTC; a minute later it is 2027 there, though not yet in UTC."""
    desk.clock.now = jakarta(31, 23, 59, month=12)
    assert desk.record() == "PGD-2026-000001"
    desk.later(minutes=1)
    assert desk.record() == "PGD-2027-000001"
    assert [c.year for c in desk.complaints()] == [2026, 2027]


def test_mail_of_the_old_year_that_is_recorded_in_the_new_one_counts_there(desk: Desk) -> None:
    desk.clock.now = jakarta(31, 23, 59, month=12) + timedelta(hours=9)
    with desk.work() as work:
        received = desk.clock() - timedelta(hours=10)
        (made,) = record(
            work, [New(Channel.EMAIL, Pengadu(), perihal="x", isi="y", received_at=received)]
        )
        assert (made.number, made.received_at) == ("PGD-2027-000001", received)


def test_void_entry_keeps_its_number(desk: Desk) -> None:
    first = desk.record()
    desk.press("jfu-1", "bukan_pengaduan", alasan="Iklan.")
    assert desk.record() == "PGD-2026-000002"
    assert numbers(desk)[0] == first


def test_letters_are_numbered_apart_and_without_gaps_when_handed_in_at_once(both: Desk) -> None:
    made = [both.to(Stage.JAWABAN) for _ in range(4)]
    assert {c.letter_number for c in both.complaints()} == {""}
    at_once(4, lambda n: both.press("sekretaris", "ajukan", number=made[n]))
    letters = sorted(c.letter_number for c in both.complaints())
    assert letters == [f"400.14.5/{n}/401.109/2026" for n in range(1, 5)]


def test_letter_has_the_date_of_the_day_on_which_it_goes_to_be_signed(desk: Desk) -> None:
    desk.to(Stage.JAWABAN)
    desk.clock.now = jakarta(26, 0, 30)
    desk.press("sekretaris", "ajukan")
    assert str(desk.complaint().letter_date) == "2026-11-26"


def test_number_of_december_and_a_letter_of_january_agree(desk: Desk) -> None:
    """Handed in in December, returned, handed in again in January: dated and numbered in the new year, on paper too."""
    desk.clock.now = jakarta(30, 10, month=12)
    number = desk.to(Stage.TANDA_TANGAN)
    assert desk.complaint(number).letter_number == "400.14.5/1/401.109/2026"
    desk.press("kepala", "kembalikan", number=number, alasan="Mohon diperjelas.")
    desk.clock.now = datetime(2027, 1, 4, 3, tzinfo=UTC)
    desk.to(Stage.TANDA_TANGAN, number)
    c = desk.complaint(number)
    assert (c.letter_number, str(c.letter_date)) == ("400.14.5/1/401.109/2027", "2027-01-04")
    with desk.work() as work:
        final = [d for d in desk.documents(number) if d.kind == "akhir"][-1]
        said = " ".join(texts(store.get(work.session, final.sha256)))
    assert "401.109/2027" in said
    assert "4 Januari 2027" in said
    assert "401.109/2026" not in said


def test_letter_that_is_returned_and_decided_anew_keeps_its_number(desk: Desk) -> None:
    """Returned to langkah 4, then 3, decided anew: one complaint, one letter number, no gap."""
    number = desk.to(Stage.TANDA_TANGAN)
    before = desk.complaint().letter_number
    desk.press("kepala", "kembalikan", alasan="Mohon diperjelas.")
    desk.press("sekretaris", "kembalikan", alasan="Mohon diperjelas.")
    desk.press(
        "kepala", "putuskan", keputusan="ditolak", disampaikan="Ini bukan layanan dinas kami."
    )
    desk.jobs()
    desk.press("sekretaris", "ajukan", number=number)
    assert desk.complaint(number).letter_number == before == "400.14.5/1/401.109/2026"
    other = desk.to(Stage.TANDA_TANGAN)
    assert desk.complaint(other).letter_number == "400.14.5/2/401.109/2026"


def test_status_codes_are_80_random_bits_and_never_the_number(desk: Desk) -> None:
    for _ in range(20):
        desk.record()
    codes = [c.status_code for c in desk.complaints()]
    assert len(set(codes)) == 20
    assert {len(code) for code in codes} == {16}
    with reading(desk.engine) as session:
        assert not session.scalars(
            select(Complaint).where(Complaint.number.contains(Complaint.status_code))
        ).all()
