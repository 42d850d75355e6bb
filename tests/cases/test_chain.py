"""The history: append-only, chained, sealed; changes are found, erasure of what is personal is not one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from pipeline.cases.chain import CITIZEN, SYSTEM, gather, log, seal_day, verify
from pipeline.data.engine import wait_for_writers, writing
from pipeline.data.tables import Complaint, Event, Link, Outbox, Payload, Seal, Task
from pipeline.office.sop import EventKind, Stage
from tests.desk import Desk

Change = Callable[[Event], Any]

COLUMNS: dict[str, Change] = {
    "complaint_id": lambda e: 2,
    "seq": lambda e: e.seq + 10,
    "at": lambda e: e.at + timedelta(microseconds=1),
    "kind": lambda e: EventKind.VOIDED,
    "actor": lambda e: "jfu-2",
    "actor_name": lambda e: e.actor_name + " ",
    "actor_title": lambda e: "Kepala Dinas",
    "task_id": lambda e: (e.task_id or 0) + 1,
    "payload_hash": lambda e: "0" * 64,
    "previous": lambda e: "1" * 64,
    "hash": lambda e: "2" * 64,
}


@pytest.fixture
def told(desk: Desk) -> str:
    """A case of several events; the second complaint's id is free for tampering."""
    number = desk.to(Stage.KEPUTUSAN)
    desk.record()
    assert desk.faults() == []
    return number


def event_ids(desk: Desk, number: str) -> list[int]:
    return [event.id for event, _ in desk.events(number)]


def test_every_column_of_an_event_is_covered_below() -> None:
    assert set(COLUMNS) == set(Event.__table__.columns.keys()) - {"id"}


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("which", [0, 1, -1], ids=["first", "middle", "last"])
def test_change_of_any_column_of_an_event_is_found(
    desk: Desk, told: str, column: str, which: int
) -> None:
    event_id = event_ids(desk, told)[which]
    with writing(desk.engine) as session:
        event = session.get_one(Event, event_id)
        value = COLUMNS[column](event)
        # An event that is moved to another case may not stand in the place of that case's own.
        beside = {"seq": event.seq + 20} if column == "complaint_id" else {}
        session.execute(update(Event).where(Event.id == event_id).values({column: value, **beside}))
    assert desk.faults()


@pytest.mark.parametrize(
    "change",
    [
        {"salt": "00" * 16},
        {"data": {}},
        {"data": {"teks": "lain"}},
        {"data": {"teks": "Benar padam.", "unit": "", "baru": 1}},
    ],
    ids=["salt", "emptied", "other words", "one more"],
)
def test_change_of_any_column_of_a_payload_is_found(
    desk: Desk, told: str, change: dict[str, Any]
) -> None:
    with writing(desk.engine) as session:
        session.execute(
            update(Payload).where(Payload.event_id == event_ids(desk, told)[-1]).values(change)
        )
    (fault,) = desk.faults()
    assert told in fault
    assert "keterangan peristiwa telah diubah" in fault


def test_payloads_that_change_places_are_found(desk: Desk, told: str) -> None:
    first, second, *_ = event_ids(desk, told)
    with writing(desk.engine) as session:
        one, two = session.get_one(Payload, first), session.get_one(Payload, second)
        one.data, two.data, one.salt, two.salt = two.data, one.data, two.salt, one.salt
    assert len(desk.faults()) == 2


def test_erasing_a_payload_leaves_the_chain_valid(desk: Desk, told: str) -> None:
    """UU PDP: the words go, that something happened, when and by whom stays; an event says that they were erased."""
    before = event_ids(desk, told)
    erased(desk, told)
    for event_id in before:
        with writing(desk.engine) as session:
            session.execute(delete(Payload).where(Payload.event_id == event_id))
        assert desk.faults() == []
    assert len(desk.events(told)) == len(event_ids(desk, told)) > 0


def test_words_that_go_without_an_erasure_are_missed(desk: Desk, told: str) -> None:
    first, *_rest = event_ids(desk, told)
    with writing(desk.engine) as session:
        session.execute(delete(Payload).where(Payload.event_id == first))
    (fault,) = desk.faults()
    assert "keterangan peristiwa hilang" in fault


def erased(desk: Desk, number: str) -> None:
    with desk.work() as work:
        complaint = work.session.scalars(select(Complaint).where(Complaint.number == number)).one()
        log(work, complaint, EventKind.ERASED, SYSTEM, teks="permintaan")


def test_history_goes_on_after_an_erasure(desk: Desk, told: str) -> None:
    for complaint in desk.complaints():
        erased(desk, complaint.number)
    with writing(desk.engine) as session:
        session.execute(delete(Payload))
    desk.to(Stage.SELESAI, told)
    assert desk.faults() == []


@pytest.mark.parametrize("which", [0, 1])
def test_event_that_was_taken_out_is_found(desk: Desk, told: str, which: int) -> None:
    _remove(desk, event_ids(desk, told)[which])
    assert any("hilang" in fault for fault in desk.faults())


def test_chain_that_was_taken_out_whole_is_found(desk: Desk, told: str) -> None:
    for event_id in event_ids(desk, told):
        _remove(desk, event_id)
    assert f"{told}: {told}: tidak mempunyai riwayat" in desk.faults()


def test_event_that_was_put_in_between_is_found(desk: Desk, told: str) -> None:
    with writing(desk.engine) as session:
        complaint = session.scalars(select(Complaint).where(Complaint.number == told)).one()
        last = session.scalars(
            select(Event).where(Event.complaint_id == complaint.id).order_by(Event.seq)
        ).all()[-1]
        columns = {c: getattr(last, c) for c in COLUMNS} | {"kind": EventKind.RETURNED}
        session.execute(update(Event).where(Event.id == last.id).values(seq=last.seq + 1))
        session.add(Event(**columns))
    assert desk.faults()


def test_chain_that_was_forged_from_an_event_on_is_found_by_the_seal(desk: Desk, told: str) -> None:
    """Who writes the database may compute every hash anew; the mailed seal tells."""
    with desk.work() as work:
        assert seal_day(work, date(2026, 11, 24)) is not None
    _remove(desk, event_ids(desk, told)[-1])
    with desk.work() as work:
        complaint = work.session.scalars(select(Complaint).where(Complaint.number == told)).one()
        assert list(verify(work.session, complaint)) == []
        log(work, complaint, EventKind.REPORTED, SYSTEM, teks="Dipalsukan.")
        assert list(verify(work.session, complaint)) == []
    assert desk.faults() == ["segel: Segel 2026-11-24: riwayat tidak sama dengan saat disegel"]


def _remove(desk: Desk, event_id: int) -> None:
    with writing(desk.engine) as session:
        session.execute(delete(Payload).where(Payload.event_id == event_id))
        session.execute(delete(Event).where(Event.id == event_id))


# ---- order ---------------------------------------------------------------------------------------------------


def test_clock_that_steps_back_does_not_turn_the_history_around(desk: Desk) -> None:
    number = desk.record()
    desk.later(hours=-2)
    desk.press("jfu-1", "laporkan")
    times = [event.at for event, _ in desk.events(number)]
    assert times == sorted(times)
    assert desk.faults() == []


def test_actor_is_kept_as_of_then(desk: Desk) -> None:
    """A promotion does not rewrite who signed."""
    number = desk.to(Stage.KEPUTUSAN)
    petugas = tuple(
        p.model_copy(update={"jabatan": "Plt. Sekretaris"}) if p.kode == "sekretaris" else p
        for p in desk.settings.petugas
    )
    desk.settings = desk.settings.model_copy(update={"petugas": petugas})
    desk.press("kepala", "kembalikan", number=number)
    desk.press("sekretaris", "laporkan_kepala", number=number)
    titles = [e.actor_title for e, _ in desk.events(number) if e.actor == "sekretaris"]
    assert titles == ["Sekretaris", "Plt. Sekretaris"]
    assert desk.faults() == []


def test_same_words_in_two_events_have_different_hashes(desk: Desk) -> None:
    """Salted: an erased payload cannot be found again by guessing it."""
    number = desk.record()
    with desk.work() as work:
        complaint = work.session.scalars(select(Complaint).where(Complaint.number == number)).one()
        one = log(work, complaint, EventKind.CITIZEN_WROTE, CITIZEN, teks="ya")
        two = log(work, complaint, EventKind.CITIZEN_WROTE, CITIZEN, teks="ya")
    assert one.payload_hash != two.payload_hash


@pytest.mark.parametrize("text", ["", "a" * 20_000, "🙏 ñ \u2028", '"\\', "1e5"])
def test_payload_of_any_words_survives_the_way_to_the_database_and_back(
    both: Desk, text: str
) -> None:
    number = both.record()
    with both.work() as work:
        complaint = work.session.scalars(select(Complaint).where(Complaint.number == number)).one()
        log(
            work,
            complaint,
            EventKind.CITIZEN_WROTE,
            CITIZEN,
            teks=text,
            daftar=[1, None, True, 1.5, {"a": "b"}],
        )
    assert both.faults() == []


# ---- the seal ------------------------------------------------------------------------------------------------


def test_day_is_sealed_once(desk: Desk, told: str) -> None:
    with desk.work() as work:
        seal = seal_day(work, date(2026, 11, 24))
    assert seal is not None
    assert (seal.complaints, seal.last_event) == (
        2,
        max(event_ids(desk, told) + event_ids(desk, "PGD-2026-000002")),
    )
    with desk.work() as work:
        assert seal_day(work, date(2026, 11, 24)) is None
    assert desk.count(Seal) == 1


def test_clock_that_was_set_back_over_midnight_seals_no_earlier_day(desk: Desk, told: str) -> None:
    """Otherwise every audit would raise a false alarm for ever."""
    with desk.work() as work:
        assert seal_day(work, date(2026, 11, 24)) is not None
    desk.press("kepala", "kembalikan", number=told)
    with desk.work() as work:
        assert seal_day(work, date(2026, 11, 23)) is None
        assert seal_day(work, date(2026, 11, 25)) is not None
    assert desk.faults() == []


def test_later_events_do_not_break_earlier_seals(desk: Desk, told: str) -> None:
    for day in (24, 25, 26):
        with desk.work() as work:
            seal_day(work, date(2026, 11, day))
        desk.later(days=1)
        desk.press(
            "sekretaris" if day == 25 else "kepala",
            "laporkan_kepala" if day == 25 else "kembalikan",
            number=told,
        )
    assert desk.faults() == []


def test_seals_hold_each_other(desk: Desk, told: str) -> None:
    """A seal that is replaced breaks the ones after it."""
    for day in (24, 25):
        with desk.work() as work:
            seal_day(work, date(2026, 11, day))
    with writing(desk.engine) as session:
        session.execute(update(Seal).where(Seal.day == date(2026, 11, 24)).values(hash="3" * 64))
    assert len([fault for fault in desk.faults() if fault.startswith("segel")]) == 2


def test_whole_complaint_that_was_taken_out_is_found_by_the_seal(desk: Desk, told: str) -> None:
    with desk.work() as work:
        seal_day(work, date(2026, 11, 24))
    for event_id in event_ids(desk, told):
        _remove(desk, event_id)
    with writing(desk.engine) as session:
        number = session.scalars(select(Complaint.id).where(Complaint.number == told)).one()
        tasks = select(Task.id).where(Task.complaint_id == number)
        session.execute(delete(Link).where(Link.task_id.in_(tasks)))
        session.execute(delete(Outbox).where(Outbox.complaint_id == number))
        session.execute(delete(Task).where(Task.complaint_id == number))
        session.execute(delete(Complaint).where(Complaint.id == number))
    assert "segel: Segel 2026-11-24: riwayat tidak sama dengan saat disegel" in desk.faults()


def test_empty_office_is_sealed_too(desk: Desk) -> None:
    with desk.work() as work:
        seal = seal_day(work, date(2026, 11, 24))
    assert seal is not None
    assert (seal.complaints, seal.last_event) == (0, 0)
    desk.record()
    assert desk.faults() == []


def test_what_comes_while_a_day_is_read_for_its_seal_belongs_to_the_next(both: Desk) -> None:
    """Nobody waits for the reading: others write on, and both seals hold."""
    both.record()
    found = gather(both.engine, date(2026, 11, 24))
    assert found is not None
    both.record(email="budi@warga.example")
    with both.work() as work:
        first = seal_day(work, date(2026, 11, 24), found)
    both.later(days=1)
    with both.work() as work:
        second = seal_day(work, date(2026, 11, 25), gather(both.engine, date(2026, 11, 25)))
    assert first is not None
    assert second is not None
    assert (first.complaints, second.complaints) == (1, 2)
    assert both.faults() == []


def test_of_two_that_seal_at_once_one_seal_stands(both: Desk) -> None:
    """The other finds the day sealed, or reads anew what came since."""
    both.record()
    days = (date(2026, 11, 24), date(2026, 11, 25))
    stale = [gather(both.engine, day) for day in (*days, days[0])]
    for day, found in zip((*days, days[0]), stale, strict=True):
        with both.work() as work:
            seal_day(work, day, found)
        both.record()
    assert gather(both.engine, days[1]) is None
    assert both.count(Seal) == 2
    assert both.faults() == []


def test_event_that_is_written_while_the_day_is_sealed_is_no_false_alarm(both: Desk) -> None:
    """On PostgreSQL an event may take its id before another's and be committed after it: the seal waits for it."""
    one, two = both.record(), both.record()
    sealed: list[object] = []

    def seal() -> None:
        with both.work() as work:
            sealed.append(seal_day(work, date(2026, 11, 24)))

    thread = Thread(target=seal)
    with both.work() as work:
        complaint = work.session.scalars(select(Complaint).where(Complaint.number == one)).one()
        log(work, complaint, EventKind.CITIZEN_WROTE, CITIZEN, teks="dahulu")
        work.session.flush()
        if both.engine.dialect.name == "postgresql":
            with both.work() as other:
                second = other.session.scalars(
                    select(Complaint).where(Complaint.number == two)
                ).one()
                log(other, second, EventKind.CITIZEN_WROTE, CITIZEN, teks="kemudian")
        thread.start()
        thread.join(0.5)
        assert thread.is_alive()
    thread.join(30)
    assert len(sealed) == 1
    assert both.faults() == []


def test_waiting_for_writers_is_allowed_on_both_databases(both: Desk) -> None:
    with both.work() as work:
        wait_for_writers(work.session, Event)
    assert both.record()
