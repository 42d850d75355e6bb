"""Two at once, one of them held at the critical point; and what PostgreSQL takes less of than SQLite."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, select, text, update

from pipeline import cases
from pipeline.access import unsent
from pipeline.cases import Invalid
from pipeline.cases.chain import SYSTEM, Actor
from pipeline.cases.erasure import erase as erase_case
from pipeline.cases.input import File
from pipeline.cases.record import citizen_wrote
from pipeline.cases.slips import alike
from pipeline.cases.tasks import open_item_task
from pipeline.data import ledger, store
from pipeline.data.engine import reading, transact, writing
from pipeline.data.tables import DIALLED, Item, Outbox, SavedForm, Slip, SlipPage, Task
from pipeline.mail import outbox
from pipeline.mail.message import read
from pipeline.office.actions import Action, Field
from pipeline.office.sop import Act, Stage, TaskKind
from pipeline.work import Work
from tests.desk import Desk, desk_in
from tests.kantor import SITI, TUESDAY, compose
from tests.stall import stalled

OPERATOR = Actor("ti", "Petugas TI", "Petugas TI")


@pytest.fixture
def desk(tmp_path: Path, database_url: str) -> Iterator[Desk]:
    with desk_in(tmp_path, database_url) as one:
        yield one


@pytest.fixture
def big(tmp_path: Path, postgres_url: str) -> Iterator[Desk]:
    """A desk on PostgreSQL, where transactions run beside each other."""
    with desk_in(tmp_path, postgres_url) as one:
        yield one


def beside(work: Any) -> Future[Any]:
    """Run in a thread, which may have to wait for another."""
    result: Future[Any] = Future()

    def body() -> None:
        try:
            result.set_result(work())
        except Exception as error:
            result.set_exception(error)

    threading.Thread(target=body, daemon=True).start()
    return result


def two_slips(desk: Desk) -> tuple[Task, list[Slip]]:
    """A scan with two slips that nobody has settled."""
    item_id = desk.arrives(b"sebuah pindaian", source="scan", name="slip.png")
    with desk.work() as work:
        item = work.session.get_one(Item, item_id)
        ledger.done(item, "pindaian")
        page = SlipPage(item_id=item_id, number=1, state="read")
        work.session.add(page)
        work.session.flush()
        for _ in range(2):
            work.session.add(
                Slip(item_id=item_id, page_id=page.id, kind="slip", fields={}, ticks={})
            )
        open_item_task(work, item, TaskKind.PINDAI, "")
    with reading(desk.engine) as session:
        return desk.item_tasks(item_id)[0], list(session.scalars(select(Slip).order_by(Slip.id)))


def test_the_last_two_slips_settled_at_once_close_the_task(desk: Desk) -> None:
    """Each clerk sees the other's slip as open still; the second waits for the first."""
    task, slips = two_slips(desk)

    def settle(slip: Slip) -> object:
        return desk.press(
            "jfu-1", "bukan_pengaduan", task=task, slip=str(slip.id), alasan="Kosong."
        )

    with stalled("writing", 1) as point:
        first = point.run(lambda: settle(slips[0]))
        second = beside(lambda: settle(slips[1]))
        with pytest.raises(TimeoutError):
            second.result(1)
    first.result(30)
    second.result(30)
    assert [one.closed_at is not None for one in desk.item_tasks(task.item_id or 0)] == [True]


def sent(desk: Desk) -> None:
    with writing(desk.engine) as session:
        session.execute(update(Outbox).values(state="sent", told=True))


def attach(work: Work, number: str, content: bytes) -> None:
    complaint = cases.by_number(work, number)
    assert complaint is not None
    citizen_wrote(work, complaint.id, "Ini fotonya.", [File("a.jpg", "image/jpeg", content)], None)


def test_a_photo_that_another_case_gets_while_its_first_case_is_erased_stays(big: Desk) -> None:
    """Whoever erases waits for whoever keeps the same bytes, and then sees that they are needed."""
    photo = b"\xff\xd8\xff" + bytes(100)
    old, new = big.to(Stage.SELESAI), big.record(email="budi@warga.example")
    with big.work() as work:
        attach(work, old, photo)
    sent(big)

    def keep() -> None:
        with big.work() as work:
            attach(work, new, photo)

    def erase() -> None:
        with big.work() as work:
            erase_case(work, big.complaint(old).id, OPERATOR, "permintaan")

    with stalled("writing", 1) as point:
        keeping = point.run(keep)
        erasing = beside(erase)
        with pytest.raises(TimeoutError):
            erasing.result(1)
    keeping.result(30)
    erasing.result(30)
    with reading(big.engine) as session:
        assert store.get(session, store.digest_of(photo)) == photo


def test_bytes_that_come_again_while_they_are_erased_are_kept_anew(big: Desk) -> None:
    photo = b"\xff\xd8\xff" + bytes(100)
    old, new = big.to(Stage.SELESAI), big.record(email="budi@warga.example")
    with big.work() as work:
        attach(work, old, photo)
    sent(big)

    def erase() -> None:
        with big.work() as work:
            erase_case(work, big.complaint(old).id, OPERATOR, "permintaan")

    def keep() -> None:
        with big.work() as work:
            attach(work, new, photo)

    with stalled("writing", 1) as point:
        erasing = point.run(erase)
        keeping = beside(keep)
        with pytest.raises(TimeoutError):
            keeping.result(1)
    erasing.result(30)
    keeping.result(30)
    with reading(big.engine) as session:
        assert store.get(session, store.digest_of(photo)) == photo


def test_of_two_delegations_that_overlap_one_stands(big: Desk) -> None:
    """Made at once, each would not see the other."""
    today = TUESDAY.date()

    def delegate(acting: str) -> object:
        with big.work() as work:
            return cases.delegate(
                work, "kepala", acting, "plh", today, today + timedelta(days=3), SYSTEM
            )

    with stalled("writing", 1) as point:
        first = point.run(lambda: delegate("sekretaris"))
        second = beside(lambda: delegate("kasubag-umum"))
        with pytest.raises(TimeoutError):
            second.result(1)
    first.result(30)
    with pytest.raises(Invalid):
        second.result(30)


def test_first_saves_of_a_form_at_once_are_both_heard(desk: Desk) -> None:
    number = desk.record()
    task = desk.task("laporkan", number)

    def save(words: str) -> bool:
        with desk.work() as work:
            row = work.session.get_one(Task, task.id)
            return unsent.put(
                work.session, row, "jfu-1", "laporkan", {"ringkasan": [words]}, desk.clock()
            )

    with stalled("writing", 1) as point:
        first = point.run(lambda: save("satu"))
        second = beside(lambda: save("dua"))
        with pytest.raises(TimeoutError):
            second.result(1)
    assert first.result(30)
    assert second.result(30)
    with reading(desk.engine) as session:
        assert [row.data for row in session.scalars(select(SavedForm))] == [{"ringkasan": ["dua"]}]


def test_who_loses_a_deadlock_is_run_again(big: Desk) -> None:
    """Two transactions lock two cases in the other order: PostgreSQL ends one, and it is done over; both act."""
    one, two = big.record(), big.record(email="budi@warga.example")
    ids = [big.complaint(number).id for number in (one, two)]
    met = threading.Barrier(2)

    def write(order: list[int], words: str) -> None:
        def step(session: Any) -> None:
            work = Work(session, big.settings, big.clock())
            citizen_wrote(work, order[0], words, [], None)
            if not met.broken:
                with suppress(threading.BrokenBarrierError):
                    met.wait(5)
                met.abort()
            citizen_wrote(work, order[1], words, [], None)

        transact(big.engine, step)

    results = [beside(lambda: write(ids, "satu")), beside(lambda: write(ids[::-1], "dua"))]
    for result in results:
        result.result(60)
    for number in (one, two):
        assert sorted(data["teks"] for _e, data in big.events(number)[1:]) == ["dua", "satu"]
    assert big.faults() == []


def test_a_view_is_one_moment_and_writes_nothing(big: Desk) -> None:
    """What another commits meanwhile is not seen, and a write is refused by the database."""
    big.record()
    with reading(big.engine) as session:
        before = session.scalar(text("SELECT count(*) FROM complaint"))
        big.record(email="budi@warga.example")
        assert session.scalar(text("SELECT count(*) FROM complaint")) == before
        with pytest.raises(Exception, match="read-only"):
            session.execute(text("DELETE FROM lane"))


def test_a_message_id_of_three_thousand_letters_is_taken_in_and_answered(desk: Desk) -> None:
    """It fits into no index; its hash does, and a mail that names it joins the case."""
    long = "".join(f"{n:x}" for n in range(1200))[:3000]
    raw = compose(SITI, "aduan@kominfo.example", "Lampu", "Lampu padam.", TUESDAY)
    del raw["Message-ID"]
    first = raw.as_bytes().replace(
        b"Subject:", f"Message-ID: <{long}@warga.example>\r\nSubject:".encode(), 1
    )
    item = desk.take_in(first)
    assert item.state == "done"
    assert len(item.message_id) <= 250
    again = compose(SITI, "aduan@kominfo.example", "Lampu", "Masih padam.", TUESDAY).as_bytes()
    again = again.replace(
        b"Subject:", f"References: <{long}@warga.example>\r\nSubject:".encode(), 1
    )
    assert read(again).references == (item.message_id.strip("<>"),)
    desk.take_in(again)
    assert len(desk.complaints()) == 1


def test_a_sender_of_three_thousand_letters_stops_nothing(desk: Desk) -> None:
    address = "a@" + ".".join(f"{n:x}" * 9 for n in range(400)) + ".example"
    ours = "aduan@kominfo.example"
    raw = (
        compose(SITI, ours, "Lampu", "Padam.", TUESDAY)
        .as_bytes()
        .replace(SITI.encode(), address.encode())
    )
    assert desk.take_in(raw).state in ("done", "held")
    assert (
        desk.take_in(compose("budi@warga.example", ours, "X", "Y.", TUESDAY).as_bytes()).state
        == "done"
    )


@pytest.mark.parametrize("field", ["nomor_surat", "nik"])
def test_a_text_longer_than_its_column_is_told_on_its_field(field: str, desk: Desk) -> None:
    given = {field: ["9" * 500]}
    with pytest.raises(Invalid) as refused:
        cases.read_fields(desk.settings, (Field(field),), "catat", given, {}, Action(Act.CATAT))
    assert list(refused.value.errors) == [field]


LOOKED_UP = {
    "was written to": (
        "SELECT id FROM outbox WHERE lower(recipient) = 'x' LIMIT 1",
        "ix_outbox_written_to",
    ),
    "made from": ("SELECT id FROM document WHERE source_id = 7", "ix_document_source_id"),
    "same NIK": ("SELECT id FROM complaint WHERE nik = 'x'", "ix_complaint_nik"),
    "same address": (
        "SELECT id FROM complaint WHERE lower(email) = 'x'",
        "ix_complaint_email_lower",
    ),
    "same telephone": (f"SELECT id FROM complaint WHERE {DIALLED} = 'x'", "ix_complaint_dialled"),
}


@pytest.mark.parametrize("what", LOOKED_UP)
def test_what_is_looked_up_has_an_index(what: str, desk: Desk) -> None:
    query, index = LOOKED_UP[what]
    assert index in plan(desk.engine, query)


def plan(engine: Engine, query: str) -> str:
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET enable_seqscan = off"))
            return str(connection.execute(text(f"EXPLAIN {query}")).all())
        return str(connection.execute(text(f"EXPLAIN QUERY PLAN {query}")).all())


def test_the_queries_of_the_program_use_these_indexes(desk: Desk) -> None:
    """As the program itself sends them: with the values bound, in the words in which an index is found."""
    sent: list[tuple[str, Any]] = []
    event.listen(desk.engine, "before_cursor_execute", lambda *a: sent.append((a[2], a[3])))
    with reading(desk.engine) as session:
        outbox.was_written_to(session, "x@warga.example")
        slip = Slip(
            item_id=1,
            page_id=1,
            kind="slip",
            serial="a" * 16,
            ticks={},
            fields={
                "telepon": {"value": "0812"},
                "email": {"value": "x@warga.example"},
                "nik": {"value": "1"},
            },
        )
        alike(Work(session, desk.settings, desk.clock()), slip)
    queries = [(q, p) for q, p in sent if "recipient" in q or "complaint" in q]
    assert len(queries) >= 4
    with desk.engine.connect() as connection:
        for query, given in queries:
            if desk.engine.dialect.name == "postgresql":
                connection.exec_driver_sql("SET enable_seqscan = off")
            explain = (
                "EXPLAIN " if desk.engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN "
            )
            said = str(connection.exec_driver_sql(explain + query, given).all())
            assert "ix_" in said or "uq_" in said or "autoindex" in said or "pk_" in said, (
                query,
                said,
            )
