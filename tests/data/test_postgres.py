"""The same program on PostgreSQL: the tables, numbers under concurrency, presses at once, one whole journey.

What does not name PostgreSQL runs on SQLite too: the two must agree.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from psycopg.sql import SQL, Identifier
from sqlalchemy import inspect, select, text

from pipeline.cases import record as cases_record
from pipeline.cases.record import New, Pengadu, citizen_wrote
from pipeline.data import ledger, schema, store
from pipeline.data.engine import connect, is_current, migrate, writing
from pipeline.data.fulltext import is_of_search
from pipeline.data.tables import Base, Item
from pipeline.intake import mails
from pipeline.office.sop import Channel, Stage, TaskKind
from pipeline.running.lanes import Lanes
from pipeline.running.poller import STEPS
from pipeline.work import Work
from tests.kantor import SIGNED, SITI, Office, Page, compose, office, until
from tests.servers import Postgres

THREADS = 8


def together(jobs: list[Callable[[], object]]) -> list[object]:
    """Run all at once, each in a thread of its own; what they return or raise, in order."""
    barrier = threading.Barrier(len(jobs))

    def run(job: Callable[[], object]) -> object:
        barrier.wait(20)
        try:
            return job()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def test_migrations_make_every_table_from_empty(database_url: str, tmp_path: Path) -> None:
    engine = connect(database_url, tmp_path)
    assert inspect(engine).get_table_names() == []
    assert not is_current(engine)
    migrate(engine)
    assert is_current(engine)
    assert {name for name in inspect(engine).get_table_names() if not is_of_search(name)} == {
        *Base.metadata.tables,
        "alembic_version",
    }
    migrate(engine)  # a second start changes nothing
    engine.dispose()


def test_migrations_and_tables_in_the_code_agree(database_url: str, tmp_path: Path) -> None:
    engine = connect(database_url, tmp_path)
    migrate(engine)
    with engine.connect() as connection:
        ours = {"include_name": lambda name, *_: not is_of_search(name or "")}
        opts = {"compare_type": True, "render_as_batch": True, **ours}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_an_upgrade_renews_twins_and_marks_mails_of_which_the_head_alone_is_kept(
    database_url: str, tmp_path: Path
) -> None:
    raw = b"Subject: Lampu\r\n\r\n" + b"Padam.\r\n" * store.PART
    engine = connect(database_url, tmp_path)
    schema.migrate(engine, to="0013")
    old = text(
        "INSERT INTO item (sha256, twin, source, name, state, reason, message_id, received_at, attempts) "
        "VALUES (:sha256, 'lama', :source, '', 'held', :reason, '', '2026-11-24 02:00:00', 0)"
    )
    told = "Email ini berukuran 60 MB, lebih besar dari batas. Aslinya ada di sana; di sini hanya kepalanya."
    with writing(engine) as session:
        for content, source, reason in (
            (raw, "mail", "lain"),
            (b"Subject: x\r\n\r\n", "mail", told),
            (b"y", "scan", ""),
        ):
            session.execute(
                old, {"sha256": store.put(session, content), "source": source, "reason": reason}
            )
    migrate(engine)
    with writing(engine) as session:
        mail, head, scan = session.scalars(select(Item).order_by(Item.id))
        assert [one.full_size for one in (mail, head, scan)] == [None, 0, None]
        assert mail.twin == ledger.twin_of(raw)
        assert head.twin == ledger.twin_of_head(b"Subject: x\r\nX-Lain: y\r\n\r\nisi")
        assert scan.twin == "lama"
    engine.dispose()


def test_times_come_back_as_they_were_put(postgres_url: str, tmp_path: Path) -> None:
    """PostgreSQL keeps the instant whatever zone its session believes in."""
    with office(tmp_path, database_url=postgres_url) as kantor:
        kantor.citizen_sends()
        with kantor.engine.connect() as connection:
            connection.execute(text("SET TIME ZONE 'Asia/Jayapura'"))
            connection.commit()
        complaint = kantor.complaint()
        assert complaint.recorded_at == kantor.clock.now
        assert complaint.recorded_at.utcoffset() is not None


def test_register_numbers_are_gapless_and_unique_under_concurrency(
    database_url: str, tmp_path: Path
) -> None:
    """Also while every third transaction fails after it took a number."""
    with office(tmp_path, database_url=database_url) as kantor:
        together([lambda start=n: _record_some(kantor, start) for n in range(THREADS)])  # type: ignore[misc]
        numbers = [c.number for c in kantor.complaints()]
        assert sorted(numbers) == [f"PGD-2026-{n:06d}" for n in range(1, THREADS * 4 + 1)]
        assert kantor.audit() == []


class Abandoned(Exception):
    """A transaction that was given up."""


def _record_some(kantor: Office, start: int) -> None:
    for n in range(6):
        try:
            with writing(kantor.engine) as session:
                _record(
                    Work(session, kantor.settings, kantor.clock()),
                    f"warga-{start}-{n}@warga.example",
                )
                if n % 3 == 2:
                    raise Abandoned
        except Abandoned:
            continue


def _record(work: Work, address: str) -> None:
    person = Pengadu(nama="Warga", email=address)
    cases_record.record(
        work, [New(Channel.EMAIL, person, perihal="Lampu", isi="Padam.", received_at=work.now)]
    )


def test_of_two_presses_at_once_one_acts_and_the_other_is_told(
    database_url: str, tmp_path: Path
) -> None:
    with office(tmp_path, database_url=database_url) as kantor:
        kantor.citizen_sends()
        kantor.know("jfu-1")
        page = kantor.page(kantor.link("jfu-1", "laporkan"))
        form = page.forms["laporkan"]
        texts = [f"Ringkasan {n}." for n in range(4)]
        jobs: list[Callable[[], object]] = [
            partial(kantor.send, form, {"ringkasan": t}) for t in texts
        ]
        pages = together(jobs)
        taken = kantor.complaint().ringkasan
        for text, answer in zip(texts, pages, strict=True):
            assert isinstance(answer, Page), answer
            if text == taken:
                assert answer.status == 200
            else:
                assert (answer.status, text in answer.text) == (409, True), (
                    "what was typed is given back"
                )
        assert len(kantor.tasks(TaskKind.KLARIFIKASI)) == 1
        assert len(kantor.outbox("tugas_klarifikasi")) == 1
        assert kantor.audit() == []


def test_one_complaint_is_changed_from_two_sides_at_once(database_url: str, tmp_path: Path) -> None:
    """The pengadu writes while officials act: every event keeps its place in the chain."""
    with office(tmp_path, database_url=database_url) as kantor:
        complaint = kantor.to_clarification()
        form = kantor.page(kantor.link("sekretaris", "tanya_unit")).forms["tanya_unit"]

        def write(n: int) -> None:
            with writing(kantor.engine) as session:
                citizen_wrote(
                    Work(session, kantor.settings, kantor.clock()),
                    complaint.id,
                    f"Ke-{n}",
                    [],
                    None,
                )

        jobs: list[Callable[[], object]] = [lambda n=n: write(n) for n in range(4)]  # type: ignore[misc]
        jobs.append(
            lambda: kantor.send(form, {"petugas": ["kasubag-umum"], "pertanyaan": "Bagaimana?"})
        )
        results = together(jobs)
        assert [r for r in results if isinstance(r, Exception)] == []
        pressed = results[-1]
        assert isinstance(pressed, Page)
        if pressed.status == 409:  # the pengadu was first: what they wrote is to be read before
            page = kantor.page(kantor.link("sekretaris", "tanya_unit"))  # with all of it on it
            again = page.forms["tanya_unit"]
            asked = {"petugas": ["kasubag-umum"], "pertanyaan": "Bagaimana?"}
            assert kantor.send(again, asked).status == 200
        assert len(kantor.events()) == 2 + 5
        assert kantor.audit() == []


def test_the_same_mail_seen_by_two_pollers_is_one_complaint(
    database_url: str, tmp_path: Path
) -> None:
    """A poller that loses the race fails and comes again; nothing is doubled."""
    with office(tmp_path, database_url=database_url) as kantor:
        raw = compose(SITI, "aduan@kominfo.example", "Lampu", "Padam.", kantor.clock.now).as_bytes()

        def poll(uid: int) -> None:
            arrival = ledger.Arrival("kotak", "INBOX", 1, uid, kantor.clock.now)
            with writing(kantor.engine) as session:
                item_id = ledger.receive(session, "mail", [(raw, arrival)], kantor.clock.now)[0].id
            mails.take_in(kantor.app, item_id)

        for _ in range(2):
            together([lambda: poll(1), lambda: poll(2), lambda: poll(2)])
        assert len(kantor.complaints()) == 1
        assert len(kantor.outbox("tanda_terima")) == 1


def test_lanes_outlive_a_database_that_goes_away(
    postgres: Postgres, postgres_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """PostgreSQL restarts at night; in the morning every lane must still be there."""
    with office(tmp_path, database_url=postgres_url) as kantor:
        lanes = Lanes(kantor.app, dict.fromkeys(STEPS, 1.0))
        lanes.start()
        try:
            with _closed(postgres, postgres_url):
                until(lambda: _named(caplog.records) >= set(STEPS))
            kantor.citizen_sends(settle=False)
            until(lambda: len(kantor.inbox(SITI)) == 1)
            assert len([t for t in threading.enumerate() if t.name.startswith("lane-")]) == len(
                STEPS
            )
        finally:
            lanes.stop()


def _named(records: list[logging.LogRecord]) -> set[object]:
    """The lanes of which something was logged: their name comes first."""
    return {record.args[0] for record in records if isinstance(record.args, tuple) and record.args}


@contextmanager
def _closed(postgres: Postgres, url: str) -> Iterator[None]:
    """Every connection to a database is cut, and none is let in."""
    name = url.rpartition("/")[2]
    with psycopg.connect(postgres.url.replace("+psycopg", ""), autocommit=True) as admin:
        admin.execute(SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(Identifier(name)))
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )
        try:
            yield
        finally:
            admin.execute(SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(Identifier(name)))


def test_the_whole_journey_on_postgresql(postgres_url: str, tmp_path: Path) -> None:
    with office(tmp_path, database_url=postgres_url) as kantor:
        kantor.to_letter()
        [draft] = kantor.documents("konsep")
        kantor.press("sekretaris", "unggah", surat=("surat.docx", kantor.content(draft)))
        kantor.press("sekretaris", "ajukan")
        kantor.press("kepala", "tandatangani", bertanda_tangan=("ttd.jpg", SIGNED))
        kantor.press("jfu-1", "kirim_email")
        assert kantor.stage() is Stage.SELESAI
        assert list(kantor.newest(SITI).files.values()) == [
            kantor.content(kantor.documents("ttd")[-1])
        ]
        book = kantor.link("jfu-1", "koreksi") + "/buku"
        assert "PGD-2026-000001" in kantor.page(f"{book}?q=SITI&bulan=2026-11").text
        assert kantor.download(f"{book}/xlsx").status_code == 200
        assert kantor.status_page().status == 200
        kantor.next_workday()
        kantor.settle()
        assert kantor.audit() == []


@pytest.mark.parametrize(
    "text_of_citizen", ["huruf \x00 nol", "emoji 🚦 dan \ud800"], ids=["NUL", "surrogate"]
)
def test_what_postgresql_cannot_store_does_not_stop_the_intake(
    text_of_citizen: str, database_url: str, tmp_path: Path
) -> None:
    """A NUL or half a surrogate pair in a mail: taken in or held, never lost, and the next mail goes on."""
    with office(tmp_path, database_url=database_url) as kantor:
        raw = compose(SITI, "aduan@kominfo.example", "Lampu", "Padam.", kantor.clock.now).as_bytes()
        content = text_of_citizen.encode("utf-8", "surrogatepass")
        kantor.arrive(
            raw.replace(b"Padam.", content).replace(b"7bit", b"8bit").replace(b"us-ascii", b"utf-8")
        )
        kantor.citizen_sends("Wifi", "Wifi mati.", sender="budi@warga.example")
        assert [c.email for c in kantor.complaints()] == [SITI, "budi@warga.example"]
