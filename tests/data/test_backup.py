"""A backup is one moment of the book, from either database and into either."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from pipeline.cases import record as cases_record
from pipeline.cases.audit import audit
from pipeline.cases.record import New, Pengadu
from pipeline.data import backup, restore
from pipeline.data.engine import connect, is_current, reading, writing
from pipeline.data.tables import Base, Complaint
from pipeline.mail import outbox
from pipeline.office.config import Settings
from pipeline.office.sop import Channel
from pipeline.running import poller
from pipeline.work import App, Work
from tests.fresh import fresh
from tests.kantor import TUESDAY, office


def rows(engine: Engine) -> dict[str, int | None]:
    with reading(engine) as session:
        return {
            t.name: session.scalar(select(func.count()).select_from(t))
            for t in Base.metadata.sorted_tables
        }


def record(engine: Engine, settings: Settings, title: str) -> None:
    with writing(engine) as session:
        work = Work(session, settings, TUESDAY)
        person = Pengadu(nama="Siti Rahmawati", email="siti@warga.example")
        cases_record.record(
            work,
            [New(Channel.EMAIL, person, perihal=title, isi="Lampu padam.", received_at=TUESDAY)],
        )


def test_a_restored_book_is_the_same_and_goes_on_counting(
    database_url: str, tmp_path: Path
) -> None:
    """Every row comes back, the next complaint gets the next number and ids that are free."""
    with office(tmp_path, database_url=database_url) as kantor:
        for n in range(3):
            kantor.citizen_sends(f"Lampu {n}", "Lampu padam.", sender=f"warga{n}@contoh.example")
        file = tmp_path / "cadangan.db"
        backup.backup(kantor.engine, file)
        before = rows(kantor.engine)
        target = connect(f"sqlite:///{tmp_path / 'pulih.db'}")
        restore.restore(target, file)
        assert rows(target) == before
        record(target, kantor.settings, "Lampu lain")
        with reading(target) as session:
            numbers = session.scalars(select(Complaint.number).order_by(Complaint.id)).all()
            assert numbers[-1].endswith("-000004")
            assert all(not faults for _name, faults in audit(session))
        target.dispose()


def test_a_restored_office_does_not_send_mails_of_the_past_unless_told_to(
    database_url: str, tmp_path: Path
) -> None:
    """They may have left since the backup was made; once told, each leaves once, or never."""
    with office(tmp_path, database_url=database_url) as kantor:
        file, target = tmp_path / "cadangan.db", connect(f"sqlite:///{tmp_path / 'pulih.db'}")
        record(kantor.engine, kantor.settings, "Lampu padam")
        backup.backup(kantor.engine, file)
        kantor.settle()
        sent = len(kantor.post.sent)
        assert sent > 0
        restore.restore(target, file, wish=restore.RestoreWish(hold=True))
        restored = App(kantor.settings, target, kantor.clock)
        poller.send(restored)
        assert len(kantor.post.sent) == sent
        with reading(target) as session:
            kept = [one.id for one in outbox.held(session)]
        assert 0 < len(kept) <= sent
        with restored.writing() as work:
            assert outbox.let_go(work.session, work.now) == len(kept)
        poller.send(restored)
        assert len(kantor.post.sent) == sent + len(kept)
        target.dispose()


def test_sqlite_moves_to_postgresql(postgres_url: str, tmp_path: Path) -> None:
    """The same file fills a PostgreSQL database, whose own counters go on above what was copied."""
    with office(tmp_path) as kantor:
        kantor.citizen_sends("Lampu padam", "Lampu padam.")
        backup.backup(kantor.engine, tmp_path / "cadangan.db")
        target = connect(postgres_url)
        restore.restore(target, tmp_path / "cadangan.db")
        assert rows(target) == rows(kantor.engine)
        record(target, kantor.settings, "Lampu lain")
        with reading(target) as session:
            assert all(not faults for _name, faults in audit(session))
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
        copy = connect(f"sqlite:///{tmp_path / 'cadangan.db'}")
        with reading(copy) as session:
            count = session.scalar(select(func.count(Complaint.id))) or 0
            assert count >= 10
            assert all(not faults for _name, faults in audit(session))
            numbers = session.scalars(select(Complaint.number).order_by(Complaint.id)).all()
            assert [int(n.rpartition("-")[2]) for n in numbers] == list(range(1, count + 1))
        copy.dispose()


def test_a_file_that_is_no_backup_is_refused_and_nothing_is_made(tmp_path: Path) -> None:
    (tmp_path / "foto.jpg").write_bytes(b"\xff\xd8\xff")
    target = connect(f"sqlite:///{tmp_path / 'pulih.db'}")
    with pytest.raises(backup.BackupError, match="bukan cadangan"):
        restore.restore(target, tmp_path / "foto.jpg")
    assert not (tmp_path / "pulih.db").exists()
    target.dispose()


def test_refused_restore_leaves_an_office_that_was_only_made(tmp_path: Path) -> None:
    """Its database was taken away, and each command said that it was never made."""
    (tmp_path / "foto.jpg").write_bytes(b"\xff\xd8\xff")
    target = fresh(f"sqlite:///{tmp_path / 'baru.db'}", tmp_path)
    with pytest.raises(backup.BackupError, match="bukan cadangan"):
        restore.restore(target, tmp_path / "foto.jpg")
    assert is_current(target)
    target.dispose()


def test_restoring_leaves_the_backup_as_it_was(tmp_path: Path) -> None:
    """The file may be the only copy; and a database of somebody else is no backup."""
    with office(tmp_path) as kantor:
        backup.backup(kantor.engine, tmp_path / "cadangan.db")
    before = (tmp_path / "cadangan.db").read_bytes()
    target = connect(f"sqlite:///{tmp_path / 'pulih.db'}")
    restore.restore(target, tmp_path / "cadangan.db")
    assert (tmp_path / "cadangan.db").read_bytes() == before
    foreign = tmp_path / "lain.db"
    with sqlite3.connect(foreign) as other:
        other.execute("CREATE TABLE resep (nama TEXT)")
    with pytest.raises(backup.BackupError, match="bukan cadangan"):
        restore.restore(target, foreign)
    target.dispose()
