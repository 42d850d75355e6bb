"""A day of an office at the finest level of its log: nobody of it stands there."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select, text

from pipeline.data.engine import reading, writing
from pipeline.data.tables import Complaint
from pipeline.office import logs
from pipeline.running.poller import tick
from pipeline.work import App
from tests.kantor import INTAKE, SITI, Office, bounce_of, office
from tests.servers import free_port

BUDI = "budi.hartono@warga.example"
WORDS = (
    "Saya Budi Hartono, NIK 3577012203850004, telepon 0813 3456 7788, Jalan Cendrawasih 17 Madiun."
)


@contextmanager
def written(form: logging.Formatter) -> Iterator[io.StringIO]:
    """What goes into the log meanwhile, all levels of the program."""
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    handler.setFormatter(form)
    root, ours = logging.getLogger(), logging.getLogger("pipeline")
    before = root.level, ours.level
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    ours.setLevel(logging.DEBUG)
    try:
        yield said
    finally:
        root.removeHandler(handler)
        root.setLevel(before[0])
        ours.setLevel(before[1])


def a_day(kantor: Office) -> None:
    """Letters answered and refused, mail that cannot be read, servers and a table that are away, a page that fails."""
    kantor.to_end()
    kantor.post.server.reject.add(BUDI)
    kantor.citizen_sends("Wifi Budi Hartono", WORDS, sender=BUDI, name="Budi Hartono")
    receipt = next(mail for mail in kantor.inbox() if "Tanda terima" in mail.subject)
    kantor.arrive(bounce_of(receipt, kantor.clock.now, f"550 5.1.1 <{SITI}> Siti unknown"))
    kantor.arrive(f"From: Budi <{BUDI}>\r\nContent-Type: multipart/mixed\r\n\r\n{WORDS}".encode())
    tick(kantor.app)
    dead = kantor.settings.imap.model_copy(update={"port": free_port()})
    away = kantor.settings.smtp.model_copy(update={"port": free_port()})
    tick(
        App(
            kantor.settings.model_copy(update={"imap": dead, "smtp": away}),
            kantor.engine,
            kantor.clock,
        )
    )
    with writing(kantor.engine) as session:
        session.execute(text("ALTER TABLE outbox RENAME TO pindah"))
    tick(kantor.app)
    kantor.web.get("/sehat")
    kantor.citizen_sends(
        "Lampu Budi Hartono", WORDS, sender=BUDI, name="Budi Hartono", settle=False
    )
    tick(kantor.app)
    with writing(kantor.engine) as session:
        session.execute(text("ALTER TABLE pindah RENAME TO outbox"))
        session.execute(text("ALTER TABLE complaint RENAME COLUMN perihal TO hal"))
        code = session.execute(text("SELECT status_code FROM complaint")).scalars().first()
    assert kantor.web.get(f"/s/{code}").status_code == 500
    tick(kantor.app)
    with writing(kantor.engine) as session:
        session.execute(text("ALTER TABLE complaint RENAME COLUMN hal TO perihal"))


@pytest.mark.parametrize("form", [logs.Lines(), logs.JsonLines()], ids=["teks", "json"])
def test_nobody_of_the_office_stands_in_a_days_log(tmp_path: Path, form: logging.Formatter) -> None:
    with office(tmp_path) as kantor, written(form) as said:
        a_day(kantor)
        with reading(kantor.engine) as session:
            cases = session.scalars(select(Complaint)).all()
    log = said.getvalue()
    assert log.count("\n") > 5, log
    assert "galat" in log, "the page that failed is told with its places"
    people = (
        [one.nama for one in kantor.settings.petugas]
        + [one.nama for one in cases]
        + ["Budi Hartono"]
    )
    words = {
        word
        for name in people
        for word in name.replace(",", " ").split()
        if len(word) > 3 and "." not in word
    }
    private = words | {one.email for one in kantor.settings.petugas} | {SITI, BUDI, INTAKE}
    private |= {one.status_code for one in cases} | {
        "3577012203850004",
        "0813 3456 7788",
        "Cendrawasih",
        "Mawar",
    }
    assert {one for one in private if one.lower() in log.lower()} == set(), log
    for line in log.splitlines():
        assert line.startswith("waktu=") or json.loads(line)["pesan"]


def test_a_warning_of_a_library_is_a_line_of_the_log() -> None:
    """In a process of its own: how a process logs is for all of it."""
    script = "import warnings\nfrom pipeline.office import logs\nlogs.begin()\nwarnings.warn('pustaka lama')\n"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    (line,) = done.stderr.splitlines()
    assert line.startswith("waktu=")
    assert "pustaka lama" in line


def test_refusal_of_the_database_is_told_by_its_code_and_by_what_was_being_done(
    tmp_path: Path,
) -> None:
    """Under a lock each line was a dozen places within SQLAlchemy: neither the reason nor the step could be read."""
    with office(tmp_path) as kantor, written(logs.Lines()) as said:
        with writing(kantor.engine) as session:
            session.execute(text("ALTER TABLE outbox RENAME TO pindah"))
        tick(kantor.app)
        with writing(kantor.engine) as session:
            session.execute(text("ALTER TABLE pindah RENAME TO outbox"))
    (line,) = [one for one in said.getvalue().splitlines() if "send: " in one]
    assert "OperationalError (SQLITE_ERROR)" in line
    assert "mail/outbox.py" in line or "intake/" in line
