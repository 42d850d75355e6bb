"""What mails of a case that is over said stands together in the database, and everything reads as before."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import select, text, update

from pipeline import cases
from pipeline.cases import remains
from pipeline.cases.erasure import erase
from pipeline.data import backup, restore
from pipeline.data.engine import connect, reading, writing
from pipeline.data.packed import RUINED
from pipeline.data.tables import MailPack, Outbox
from pipeline.mail import settled
from pipeline.mail.settled import Texts
from pipeline.office.sop import Stage
from pipeline.running import sweep as daily
from pipeline.running.sweep import sweep
from tests.desk import Desk, desk_in


@pytest.fixture
def desk(tmp_path: Path, database_url: str) -> Iterator[Desk]:
    with desk_in(tmp_path, database_url) as one:
        yield one


def told(desk: Desk) -> None:
    """All that waits has gone, and its end was heard of."""
    with writing(desk.engine) as session:
        session.execute(update(Outbox).values(state="sent", told=True))


def over(desk: Desk) -> str:
    """A case that ended a month ago, after the sweep; its number."""
    number = desk.to(Stage.SELESAI)
    told(desk)
    desk.later(days=30)
    sweep(desk.engine, desk.clock())
    return number


def texts(desk: Desk) -> dict[int, str]:
    with reading(desk.engine) as session:
        texts = Texts(session)
        rows = session.scalars(select(Outbox).where(Outbox.complaint_id.is_not(None)))
        return {row.id: texts.of(row.id, row.text, row.pack_id) for row in rows}


def test_what_mails_said_stays_to_be_read_and_witnessed(desk: Desk) -> None:
    desk.to(Stage.SELESAI)
    before = texts(desk)
    told(desk)
    desk.later(days=30)
    sweep(desk.engine, desk.clock())
    assert desk.count(MailPack) == 1
    assert texts(desk) == before
    assert not any(mail.text for mail in desk.mails() if mail.complaint_id)
    assert desk.faults() == []


def test_case_that_is_not_over_or_has_mails_that_wait_keeps_them_as_they_are(desk: Desk) -> None:
    desk.to(Stage.KEPUTUSAN)
    told(desk)
    desk.later(days=30)
    sweep(desk.engine, desk.clock())
    assert desk.count(MailPack) == 0
    assert all(mail.text for mail in desk.mails())


def test_mails_of_a_case_that_was_opened_again_are_packed_when_it_is_over_again(desk: Desk) -> None:
    number = over(desk)
    desk.press("sekretaris", "buka_kembali", number=number, alasan="Belum ditangani.")
    later = {mail.id for mail in desk.mails() if mail.complaint_id and mail.text}
    assert later, "what is written now stands in its row"
    assert desk.faults() == []
    desk.to(Stage.SELESAI, number)
    told(desk)
    desk.later(days=30)
    sweep(desk.engine, desk.clock())
    assert desk.count(MailPack) == 2
    assert desk.faults() == []


def test_pack_that_was_changed_or_taken_away_is_told(desk: Desk) -> None:
    over(desk)
    with writing(desk.engine) as session:
        kept = session.scalars(select(MailPack)).one().texts
        first = min(kept)
        session.execute(update(MailPack).values(texts={**kept, first: "Lain."}))
    assert len(desk.faults()) == 1
    with writing(desk.engine) as session:
        session.execute(text("UPDATE mail_pack SET texts = NULL"))
    assert len(desk.faults()) == len(kept)
    assert set(texts(desk).values()) == {RUINED}


def test_text_that_is_damaged_stays_where_a_copy_may_mend_it(desk: Desk) -> None:
    desk.to(Stage.SELESAI)
    told(desk)
    damaged = next(mail for mail in desk.mails() if mail.complaint_id)
    with writing(desk.engine) as session:
        session.execute(update(Outbox).where(Outbox.id != damaged.id).values(html=""))
    spoilt = {"sqlite": "x'0102'", "postgresql": r"'\x0102'::bytea"}[desk.engine.dialect.name]
    with desk.engine.begin() as connection:
        connection.execute(text(f"UPDATE outbox SET text = {spoilt} WHERE id = {damaged.id}"))
    desk.later(days=30)
    sweep(desk.engine, desk.clock())
    assert [mail.text for mail in desk.mails() if mail.complaint_id and mail.text] == [RUINED]
    assert any("email" in fault for fault in desk.faults())


def test_erased_person_is_in_no_pack_and_others_keep_theirs(desk: Desk) -> None:
    number = over(desk)
    other = desk.record(nama="Budi Santoso", email="budi@warga.example")
    desk.to(Stage.SELESAI, other)
    told(desk)
    desk.later(days=30)
    sweep(desk.engine, desk.clock())
    assert desk.count(MailPack) == 2
    case = desk.complaint(number)
    with reading(desk.engine) as session:
        person = remains.person_of(session, case)
    assert any("mail_pack" in place for place, *_ in remains.search(desk.engine, person).found)
    with desk.work() as work:
        erase(work, case.id, cases.actor_of(desk.person("kepala")), "permintaan tertulis")
    assert not [one for one in remains.search(desk.engine, person).found if one[2] == number]
    assert desk.count(MailPack) == 1
    said = texts(desk)
    assert {said[mail.id] for mail in desk.mails() if mail.complaint_id == case.id} == {""}
    assert all(said[mail.id] for mail in desk.mails() if mail.complaint_id not in (None, case.id))
    assert desk.faults() == []


def test_mail_of_another_case_that_quotes_the_erased_one_is_erased_out_of_its_pack(
    desk: Desk,
) -> None:
    number = over(desk)
    with writing(desk.engine) as session:
        pack = session.scalars(select(MailPack)).one()
        quoting, *others = sorted(pack.texts)
        session.execute(update(Outbox).where(Outbox.id == quoting).values(name="pengadu_menulis"))
        pack.texts = {**pack.texts, quoting: "Menyangkut PGD-2026-009999: kabelnya jatuh."}
    with writing(desk.engine) as session:
        remains.erased_mails(session, "PGD-2026-009999", set(), complaint_id=0)
    with reading(desk.engine) as session:
        assert sorted(session.scalars(select(MailPack)).one().texts) == others
    assert texts(desk)[quoting] == ""
    assert number


def test_backup_and_restore_bring_packs_along(desk: Desk, tmp_path: Path) -> None:
    over(desk)
    before = texts(desk)
    backup.backup(desk.engine, tmp_path / "cadangan.db")
    engine = connect(f"sqlite:///{tmp_path / 'pulih.db'}")
    restore.restore(engine, tmp_path / "cadangan.db")
    with reading(engine) as session:
        reader, rows = Texts(session), session.scalars(select(Outbox))
        read = {one.id: reader.of(one.id, one.text, one.pack_id) for one in rows}
    engine.dispose()
    assert {mail_id: read[mail_id] for mail_id in before} == before


@contextmanager
def asking(desk: Desk) -> Iterator[list[int]]:
    """Somebody who asks for the file's lock every 100 ms, as SQLite itself does for whoever waits; how many packs there
    were each time it was free."""
    seen: list[int] = []
    enough = threading.Event()

    def ask() -> None:
        with closing(sqlite3.connect(str(desk.engine.url.database), timeout=0)) as other:
            other.isolation_level = None
            while not enough.wait(0.1):
                with suppress(sqlite3.OperationalError):
                    other.execute("BEGIN IMMEDIATE")
                    seen.extend(other.execute("SELECT count(*) FROM mail_pack").fetchone())
                    other.execute("ROLLBACK")

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield seen
    finally:
        enough.set()
        thread.join()


def test_years_of_mails_are_packed_without_holding_others_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Portion followed portion at once: a page of an old office waited ten seconds for the lock, and failed."""
    monkeypatch.setattr(settled, "CASES", 1)
    with desk_in(tmp_path) as desk:
        for _ in range(3):
            desk.to(Stage.SELESAI)
        told(desk)
        desk.later(days=30)
        with asking(desk) as seen:
            sweep(desk.engine, desk.clock())
        assert desk.count(MailPack) == 3
        assert {1, 2} <= set(seen)


def test_what_is_not_packed_in_its_time_is_packed_the_next_day(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settled, "CASES", 1)
    for _ in range(2):
        desk.to(Stage.SELESAI)
    told(desk)
    desk.later(days=30)
    before = texts(desk)
    with monkeypatch.context() as short:
        short.setattr(daily, "LONGEST", 0.0)
        sweep(desk.engine, desk.clock())
    assert desk.count(MailPack) == 1
    sweep(desk.engine, desk.clock())
    assert desk.count(MailPack) == 2
    assert texts(desk) == before
    assert desk.faults() == []
