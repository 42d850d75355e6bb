"""`aduan audit`: whatever is changed behind the program's back is said, in every table and column that matters."""

from __future__ import annotations

import lzma
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, event, func, select, update

from pipeline import cases
from pipeline.cases import witness
from pipeline.cases.audit import audit, audit_size
from pipeline.cases.calendar import add_holiday
from pipeline.cases.chain import seal_day
from pipeline.data import schema
from pipeline.data.engine import reading, settle_erased, writing
from pipeline.data.tables import (
    Base,
    Complaint,
    Decided,
    Delegation,
    Document,
    Event,
    Holiday,
    Laporan,
    LetterNumber,
    Meeting,
    Outbox,
    Seal,
    Slip,
    Task,
    Witness,
)
from pipeline.notices import it_officer
from pipeline.office.sop import Stage
from pipeline.work import Work
from tests.desk import Desk, desk_in

MAIL = (
    b"From: Siti Rahmawati <siti@warga.example>\r\nSubject: Lampu padam di Mawar\r\nMessage-ID: <1@warga.example>"
    b"\r\n\r\nLampu di Jalan Mawar padam.\r\n"
)
ROBOT = (
    b"From: robot@toko.example\r\nSubject: Promo\r\nAuto-Submitted: auto-replied\r\nMessage-ID: <2@toko.example>"
    b"\r\n\r\nSaya sedang cuti.\r\n"
)
TODAY = date(2026, 11, 24)


def a_day_of_the_office(desk: Desk) -> None:
    """A case that went all the way, one that waits, a meeting, a delegation, a holiday, two seals and their mails."""
    desk.take_in(MAIL)
    desk.take_in(ROBOT)
    number = desk.to(Stage.KLARIFIKASI, desk.complaint().number)
    desk.press("sekretaris", "tanya_unit", petugas=["kasubag-umum"], pertanyaan="Sejak kapan?")
    desk.press("kasubag-umum", "jawab", jawaban="Sejak Senin.")
    desk.press("sekretaris", "laporkan_kepala", hasil="Benar padam.")
    desk.press(
        "kepala",
        "rapat",
        waktu="2026-12-01T09:00",
        tempat="Aula",
        agenda="Lampu",
        undangan=["kasubag-umum"],
    )
    desk.to(Stage.SELESAI, number)
    sealed(desk, TODAY)
    desk.later(days=1)
    desk.record(perihal="Jalan rusak", nik="3577010101900001")
    with desk.work() as work:
        by = cases.actor_of(desk.person("kepala"))
        cases.delegate(
            work,
            "sekretaris",
            "kasubag-umum",
            "plh",
            TODAY + timedelta(3),
            TODAY + timedelta(5),
            by,
        )
        add_holiday(work, date(2026, 12, 24), "Cuti bersama")
        about = {
            "kind": "bulan",
            "code": "2026-10",
            "name": "Oktober 2026",
            "signed_at": work.now,
            "signed_by": "kepala",
        }
        work.session.add(
            Laporan(**about, asked_at=work.now, figures=[1], corrections={}, lost=[], sha256="00")
        )  # one that was signed
    sealed(desk, TODAY + timedelta(1))


def sealed(desk: Desk, day: date) -> None:
    with desk.work() as work:
        cases.note_people(work.session, desk.settings.petugas)
        seal = seal_day(work, day)
        assert seal is not None
        it_officer.seal(Work(work.session, desk.settings, desk.clock()), seal)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kantor")
    with desk_in(folder) as desk:
        a_day_of_the_office(desk)
        settle_erased(desk.engine)
        assert desk.faults() == []
    return folder / "aduan.db"


@pytest.fixture
def kantor(made: Path, tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as desk:
        desk.engine.dispose()
        shutil.copyfile(made, tmp_path / "aduan.db")
        yield desk


def sql(desk: Desk, *statements: str) -> None:
    """What somebody does with the database's own tool."""
    with sqlite3.connect(str(desk.engine.url.database)) as file:
        for statement in statements:
            assert file.execute(statement).rowcount > 0, statement


# ---- what is covered -----------------------------------------------------------------------------------------

UNTOLD: dict[type[Base], set[str]] = {
    Complaint: {"id"},
    Document: {"id", "complaint_id", "laporan_id"},
    Task: {
        "id",
        "complaint_id",
        "item_id",
        "laporan_id",
        "remind_at",
        "reminders",
    },
    Decided: {"id", "complaint_id"},
    Meeting: {"id", "complaint_id"},
    LetterNumber: {"number", "complaint_id"},
    Slip: {
        "id",
        "item_id",
        "page_id",
        "fields",
        "ticks",
        "parent_id",
        "complaint_id",
        "location",
        "reason",
    },
    Outbox: {
        "id",
        "state",
        "slot",
        "pack_id",  # where its text stands; the text itself is witnessed
        "message_id",
        "complaint_id",
        "attempts",
        "next_at",
        "claimed_at",
        "sent_at",
        "told",
        "error",
        "html_hash",
    },
    Delegation: {"id"},
    Holiday: {"day"},
    # What is on its way, and what a later report corrects.
    Laporan: {"id", "name", "asked_at", "made_at", "corrections", "told", "lost"},
}


def test_every_column_is_either_witnessed_or_named_here() -> None:
    for table, rows in {**witness.OF_CASE, **witness.OF_OFFICE}.items():
        told = {*rows.columns, *rows.later, *UNTOLD[table]}
        assert told == set(table.__table__.columns.keys()), table.__name__
    assert {*witness.COLUMNS, "id"} == set(Complaint.__table__.columns.keys())


CHANGED = [(Complaint.__tablename__, column) for column in witness.COLUMNS] + [
    (table.__tablename__, column)
    for table, rows in {**witness.OF_CASE, **witness.OF_OFFICE}.items()
    for column in (*rows.columns, *rows.later)
    if table is not Slip  # there is none in this office; see test_slips
]
KEYS = [
    ("document", "complaint_id"),
    ("outbox", "complaint_id"),
    ("outbox", "message_id"),
    ("task", "complaint_id"),
    ("letter_number", "number"),
    ("meeting", "complaint_id"),
    ("delegation", "id"),
    ("holiday", "day"),
    ("item", "sha256"),
    ("item", "source"),
    ("item", "received_at"),
    ("seal", "hash"),
    ("seal", "complaints"),
    ("seal", "sealed_at"),
    ("seal", "number"),
    ("seal", "last_event"),
    ("seal", "last_item"),
    ("seal", "last_witness"),
    ("witness", "parts"),
    ("witness", "digest"),
    ("witness", "hash"),
    ("witness", "previous"),
    ("witness", "seq"),
    ("blob", "content"),
    ("blob", "size"),
    ("outbox", "html_hash"),
]
OTHER = {
    "at": "'2020-01-01 00:00:00.000000'",
    "date": "'2020-01-01'",
    "int": "coalesce({c}, 0) + 1",
    "json": "'[\"lain\"]'",
    "blob": "x'00'",
    "text": "coalesce({c}, '') || 'x'",
}
ENUMS = {
    ("complaint", "stage"): "'batal'",
    ("complaint", "channel"): "'surat'",
    ("complaint", "decision"): "'ditolak'",
    ("task", "kind"): "'jawaban'",
    ("decision", "outcome"): "'ditolak'",
    ("complaint", "parent_id"): "2",
}


def another(desk: Desk, table: str, column: str) -> str:
    """SQL for another value of a column's own type."""
    if (table, column) in ENUMS:
        return ENUMS[table, column]
    kind = str(Base.metadata.tables[table].columns[column].type).lower()
    name = (
        "json"
        if "json" in kind
        else "blob"
        if "blob" in kind
        else "at"
        if "datetime" in kind
        else "date"
        if kind == "date"
        else "int"
        if kind in ("integer", "boolean", "bigint")
        else "text"
    )
    return OTHER[name].format(c=f'"{column}"')


@pytest.mark.parametrize(("table", "column"), [*CHANGED, *KEYS], ids=lambda value: value)
def test_change_of_any_column_is_said(kantor: Desk, table: str, column: str) -> None:
    mine = " WHERE complaint_id IS NOT NULL" if table == "outbox" else ""
    which = (
        "min" if table == "item" else "max"
    )  # of an item that became no complaint its bytes alone are sealed
    last = f'(SELECT {which}(rowid) FROM "{table}"{mine})'
    sql(
        kantor,
        f'UPDATE "{table}" SET "{column}" = {another(kantor, table, column)} WHERE rowid = {last}',
    )
    assert kantor.faults() != []


ROWS = (
    "complaint",
    "document",
    "task",
    "meeting",
    "letter_number",
    "outbox",
    "event",
    "payload",
    "item",
    "seal",
    "witness",
    "blob",
    "delegation",
    "holiday",
    "laporan",
)


@pytest.mark.parametrize("which", ["min", "max"])
@pytest.mark.parametrize("table", ROWS)
def test_row_that_was_taken_out_is_said(kantor: Desk, table: str, which: str) -> None:
    mine = " WHERE complaint_id IS NOT NULL" if table == "outbox" else ""
    sql(kantor, f'DELETE FROM "{table}" WHERE rowid = (SELECT {which}(rowid) FROM "{table}"{mine})')
    assert kantor.faults() != []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE closing SET how = 'ditolak'",
        "UPDATE closing SET at = '2026-10-01 00:00:00.000000'",
        "UPDATE closing SET reopened_at = '2026-11-25 00:00:00.000000'",
        "DELETE FROM closing",
        "INSERT INTO closing (complaint_id, at, how) VALUES (2, '2026-11-25 00:00:00.000000', 'selesai')",
    ],
)
def test_end_that_reports_count_is_the_one_of_the_case(kantor: Desk, change: str) -> None:
    sql(kantor, change)
    assert any("kapan dan bagaimana berakhir" in fault for fault in kantor.faults())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE event SET kind = 'recieved' WHERE id = 1", "'recieved'"),
        ("UPDATE complaint SET stage = 'entah' WHERE id = 2", "'entah'"),
        ("UPDATE task SET opened_at = 'kemarin' WHERE id = 1", "'kemarin'"),
        ("UPDATE payload SET data = '{' WHERE event_id = 1", "keterangan peristiwa telah diubah"),
        ("UPDATE outbox SET text = '{' WHERE complaint_id = 2", "email"),
        ("UPDATE counter SET name = 'register:20xx' WHERE name = 'register:2026'", "20xx"),
    ],
)
def test_value_that_no_program_wrote_is_said_and_not_a_traceback(
    kantor: Desk, change: str, said: str
) -> None:
    sql(kantor, change)
    assert any(said in fault for fault in kantor.faults())


def test_letter_that_was_swapped_is_said(kantor: Desk) -> None:
    """Another file's bytes under the signed letter's row, or other bytes under its hash."""
    sql(
        kantor,
        "UPDATE document SET sha256 = (SELECT sha256 FROM document WHERE kind <> 'ttd' LIMIT 1) WHERE kind = 'ttd'",
    )
    assert any("berkas" in fault and "tidak sama" in fault for fault in kantor.faults())


def test_bytes_that_were_erased_by_hand_are_said(kantor: Desk) -> None:
    sql(
        kantor,
        "UPDATE blob SET size = -1, content = x'' WHERE sha256 = (SELECT sha256 FROM item WHERE id = 2)",
    )
    assert any("kiriman 2" in fault for fault in kantor.faults())
    sql(kantor, "UPDATE item SET state = 'erased' WHERE id = 2")
    assert any("Kiriman ke-2 ditandai terhapus" in fault for fault in kantor.faults())


@pytest.mark.parametrize(
    "row",
    [
        "INSERT INTO delegation (holder, acting, form, first, last, made_by, made_at)"
        " VALUES ('kepala', 'jfu-1', 'Plh.', '2026-11-20', '2027-11-20', '', '2026-11-20 00:00:00')",
        "INSERT INTO holiday (day, name, added_at) VALUES ('2026-11-30', 'Libur', '2026-11-20 00:00:00')",
        "INSERT INTO letter_number (number, complaint_id, kind, given_at)"
        " VALUES ('9/9', 1, 'jawaban', '2026-11-20 00:00:00')",
        "INSERT INTO document (complaint_id, kind, version, name, mime, sha256, created_at, actor, code)"
        " SELECT 1, 'ttd', 1, 'surat.pdf', mime, sha256, created_at, actor, '' FROM document LIMIT 1",
    ],
    ids=["delegation", "holiday", "letter number", "document"],
)
def test_row_that_was_put_in_is_said(kantor: Desk, row: str) -> None:
    sql(kantor, row)
    assert any("tidak pernah dicatat oleh sistem" in fault for fault in kantor.faults())


def test_seals_that_were_taken_out_with_their_trace_are_missed_by_their_mail(kantor: Desk) -> None:
    with writing(kantor.engine) as session:
        session.execute(delete(Seal))
        session.execute(delete(Witness).where(Witness.kind == witness.OFFICE))
    assert sum("Segel yang dikirim pada" in fault for fault in kantor.faults()) == 2


def test_mail_of_the_seal_tells_how_many_there_are(kantor: Desk) -> None:
    first, second = kantor.mails("segel")
    with reading(kantor.engine) as session:
        seals = list(session.scalars(select(Seal).order_by(Seal.day)))
    assert [seal.number for seal in seals] == [1, 2]
    assert "Segel ke\t" in first.text or "Segel ke" in first.text
    assert seals[1].hash[:32] in second.text


def test_what_is_written_later_does_not_cover_up_a_change(kantor: Desk) -> None:
    """The program goes on with the case, and writes the very row: the change stays told."""
    sql(kantor, "UPDATE complaint SET isi = 'Tidak ada apa-apa.' WHERE id = 2")
    kantor.press("jfu-1", "laporkan", number=kantor.complaint().number)
    kantor.press("sekretaris", "tandai", prioritas="segera")
    assert [fault for fault in kantor.faults() if "'isi' tidak sama" in fault]


def test_every_act_is_witnessed_on_both_databases(both: Desk) -> None:
    a_day_of_the_office(both)
    assert both.faults() == []


def test_act_that_fails_leaves_no_trace(kantor: Desk) -> None:
    before = kantor.count(Witness)

    def fail() -> None:
        with kantor.work() as work:
            work.session.get_one(Complaint, 2).isi = "lain"
            work.session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert (kantor.count(Witness), kantor.faults()) == (before, [])


def test_people_who_changed_in_the_settings_are_said_until_the_next_seal(kantor: Desk) -> None:
    people = [
        p.model_copy(update={"email": "lain@kominfo.example"}) if p.kode == "kepala" else p
        for p in kantor.settings.petugas
    ]
    with reading(kantor.engine) as session:
        found = dict(audit(session, people))
    assert found["kantor"] == ["'petugas kepala' tidak sama dengan yang tercatat"]
    with kantor.work() as work:
        assert cases.note_people(work.session, people) == ["kepala"]
    with reading(kantor.engine) as session:
        assert dict(audit(session, people))["kantor"] == []


def test_cases_of_an_earlier_version_are_witnessed_from_then_on(kantor: Desk) -> None:
    with writing(kantor.engine) as session:
        session.execute(delete(Witness))
        session.execute(delete(Seal))
        session.execute(delete(Outbox).where(Outbox.name == "segel"))
    assert any("keadaannya tidak pernah dicatat" in fault for fault in kantor.faults())
    with writing(kantor.engine) as session:
        assert cases.begin_all(session) == 2
    with writing(kantor.engine) as session:
        assert cases.begin_all(session) == 0
    assert kantor.faults() == []
    sql(kantor, "UPDATE complaint SET isi = 'lain' WHERE id = 1")
    assert kantor.faults() != []


def test_seals_of_an_earlier_version_stay_good(kantor: Desk) -> None:
    """They were over the heads of all chains."""
    with writing(kantor.engine) as session:
        heads = {
            row.complaint_id: [row.complaint_id, row.seq, row.hash]
            for row in session.scalars(
                select(Event).where(Event.complaint_id == 1).order_by(Event.seq)
            )
        }
        old = witness.digest([TODAY.isoformat(), witness.START, [heads[1]]])
        first = session.scalars(select(Seal).order_by(Seal.day).limit(1)).one()
        last = session.scalar(select(func.max(Event.id)).where(Event.complaint_id == 1))
        session.execute(delete(Seal).where(Seal.day != first.day))
        session.execute(delete(Outbox).where(Outbox.name == "segel"))
        session.execute(
            update(Seal).values(
                number=None, last_item=None, last_witness=None, last_event=last, hash=old
            )
        )
        session.execute(delete(Witness))
    with writing(kantor.engine) as session:
        cases.begin_all(session)
    assert kantor.faults() == []
    kantor.later(days=3)
    sealed(kantor, TODAY + timedelta(days=3))
    assert kantor.faults() == []
    sql(kantor, "UPDATE event SET actor_name = 'x' WHERE id = 2")
    assert kantor.faults() != []


def test_audit_walks_each_table_once(kantor: Desk) -> None:
    """However many cases there are: no question for each."""
    for _ in range(30):
        kantor.record()
    asked: list[str] = []
    with reading(kantor.engine) as session:
        event.listen(
            session.connection().engine, "before_cursor_execute", lambda *a: asked.append(a[2])
        )
        steps: list[int] = []
        assert all(not faults for _name, faults in audit(session, tell=steps.append))
        assert sum(steps) == audit_size(session)
    assert len(asked) < 45


# ---- an office of before ---------------------------------------------------------------------------------------

OF_0081 = Path(__file__).parents[1] / "data/saksi/0081.db.xz"


@pytest.fixture
def upgraded(tmp_path: Path) -> Iterator[Desk]:
    """An office of the revision before later columns were witnessed, brought up to date."""
    with desk_in(tmp_path) as desk:
        desk.engine.dispose()
        (tmp_path / "aduan.db").write_bytes(lzma.decompress(OF_0081.read_bytes()))
        schema.migrate(desk.engine)
        yield desk


def test_chain_of_an_office_of_before_still_verifies(upgraded: Desk) -> None:
    assert upgraded.faults() == []
    number = upgraded.complaints()[0].number
    upgraded.press("sekretaris", "kembalikan", number=number)
    assert upgraded.faults() == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE document SET decision_id = 99 WHERE decision_id IS NOT NULL",
        "UPDATE task SET decision_id = NULL WHERE decision_id IS NOT NULL",
        "UPDATE task SET counted_from = '2026-11-26 00:00:00.000000' WHERE complaint_id IS NOT NULL",
        "UPDATE task SET missed_at = '2026-11-26 00:00:00.000000' WHERE complaint_id IS NOT NULL",
        "UPDATE task SET first_due_at = NULL WHERE first_due_at IS NOT NULL",
        "UPDATE outbox SET decision_id = 99 WHERE decision_id IS NOT NULL",
        "UPDATE outbox SET decision_id = 1 WHERE decision_id IS NULL AND complaint_id IS NOT NULL",
        "UPDATE decision SET pembuktian = 'tidak'",
    ],
)
def test_what_a_letter_a_task_or_a_mail_belongs_to_is_witnessed(
    upgraded: Desk, change: str
) -> None:
    sql(upgraded, change)
    assert any("tambahan " in fault for fault in upgraded.faults())


def test_a_register_of_more_ends_than_one_portion_is_looked_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.cases.audit.ROWS", 1)
    with desk_in(tmp_path) as desk:
        for n in range(3):
            desk.to(Stage.SELESAI, desk.record(email=f"warga{n}@warga.example"))
        assert desk.faults() == []
