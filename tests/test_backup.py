"""A backup is one moment of the book, from either database and into either."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from pipeline import backup, cases, db
from pipeline.cases import Pengadu, Work
from pipeline.config import Settings
from pipeline.db import Base, Complaint, reading, writing
from pipeline.sop import Channel
from tests.office import TUESDAY, office


def rows(engine: Engine) -> dict[str, int | None]:
    with reading(engine) as session:
        return {t.name: session.scalar(select(func.count()).select_from(t)) for t in Base.metadata.sorted_tables}


def record(engine: Engine, settings: Settings, title: str) -> None:
    with writing(engine) as session:
        work = Work(session, settings, TUESDAY)
        person = Pengadu(nama="Siti Rahmawati", email="siti@warga.example")
        cases.record(work, [cases.New(Channel.EMAIL, person, perihal=title, isi="Lampu padam.", received_at=TUESDAY)])


def test_a_restored_book_is_the_same_and_goes_on_counting(database_url: str, tmp_path: Path) -> None:
    """Every row comes back, the next complaint gets the next number and ids that are free."""
    with office(tmp_path, database_url=database_url) as kantor:
        for n in range(3):
            kantor.citizen_sends(f"Lampu {n}", "Lampu padam.", sender=f"warga{n}@contoh.example")
        file = tmp_path / "cadangan.db"
        backup.backup(kantor.engine, file)
        before = rows(kantor.engine)
        target = db.connect(f"sqlite:///{tmp_path / 'pulih.db'}")
        backup.restore(target, file)
        assert rows(target) == before
        record(target, kantor.settings, "Lampu lain")
        with reading(target) as session:
            numbers = session.scalars(select(Complaint.number).order_by(Complaint.id)).all()
            assert numbers[-1].endswith("-000004")
            assert all(not faults for _name, faults in cases.audit(session))
        target.dispose()


def test_sqlite_moves_to_postgresql(postgres_url: str, tmp_path: Path) -> None:
    """The same file fills a PostgreSQL database, whose own counters go on above what was copied."""
    with office(tmp_path) as kantor:
        kantor.citizen_sends("Lampu padam", "Lampu padam.")
        backup.backup(kantor.engine, tmp_path / "cadangan.db")
        target = db.connect(postgres_url)
        backup.restore(target, tmp_path / "cadangan.db")
        assert rows(target) == rows(kantor.engine)
        record(target, kantor.settings, "Lampu lain")
        with reading(target) as session:
            assert all(not faults for _name, faults in cases.audit(session))
        target.dispose()


def test_what_is_written_meanwhile_is_whole_or_not_there(database_url: str, tmp_path: Path) -> None:
    """Complaints come in while the copy is made: each is in it with its whole history, or not at all."""
    with office(tmp_path, database_url=database_url) as kantor:
        for n in range(10):
            record(kantor.engine, kantor.settings, f"Sebelum {n}")
        stop = threading.Event()

        def go_on() -> None:
            n = 0
            while not stop.is_set():
                record(kantor.engine, kantor.settings, f"Selama {n}")
                n += 1

        writer = threading.Thread(target=go_on)
        writer.start()
        try:
            backup.backup(kantor.engine, tmp_path / "cadangan.db")
        finally:
            stop.set()
            writer.join()
        copy = db.connect(f"sqlite:///{tmp_path / 'cadangan.db'}")
        with reading(copy) as session:
            count = session.scalar(select(func.count(Complaint.id))) or 0
            assert count >= 10
            assert all(not faults for _name, faults in cases.audit(session))
            numbers = session.scalars(select(Complaint.number).order_by(Complaint.id)).all()
            assert [int(n.rpartition("-")[2]) for n in numbers] == list(range(1, count + 1))
        copy.dispose()


def test_a_file_that_is_no_backup_is_refused_and_nothing_is_made(tmp_path: Path) -> None:
    (tmp_path / "foto.jpg").write_bytes(b"\xff\xd8\xff")
    target = db.connect(f"sqlite:///{tmp_path / 'pulih.db'}")
    with pytest.raises(backup.BackupError, match="bukan cadangan"):
        backup.restore(target, tmp_path / "foto.jpg")
    target.dispose()


def test_restoring_leaves_the_backup_as_it_was(tmp_path: Path) -> None:
    """The file may be the only copy; and a database of somebody else is no backup."""
    with office(tmp_path) as kantor:
        backup.backup(kantor.engine, tmp_path / "cadangan.db")
    before = (tmp_path / "cadangan.db").read_bytes()
    target = db.connect(f"sqlite:///{tmp_path / 'pulih.db'}")
    backup.restore(target, tmp_path / "cadangan.db")
    assert (tmp_path / "cadangan.db").read_bytes() == before
    foreign = tmp_path / "lain.db"
    with sqlite3.connect(foreign) as other:
        other.execute("CREATE TABLE resep (nama TEXT)")
    with pytest.raises(backup.BackupError, match="bukan cadangan"):
        backup.restore(target, foreign)
    target.dispose()
