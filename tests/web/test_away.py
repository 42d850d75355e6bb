"""Pages while the database is away: kindly, as something that passes, and without a word that frightens."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event

from pipeline.office.sop import Stage
from tests.intake.test_database_away import cutting
from tests.kantor import Office, office

REPORTED = {"nama": "Siti", "alamat": "Mawar 5", "ringkasan": "Lampu padam."}


@contextmanager
def locked(kantor: Office) -> Iterator[None]:
    """Another program has the file's lock, for longer than anybody waits (here a tenth of a second)."""

    def hurry(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA busy_timeout=100")

    event.listen(kantor.engine, "connect", hurry)
    kantor.engine.dispose()
    with closing(sqlite3.connect(str(kantor.engine.url.database), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def test_press_while_the_file_is_locked_is_asked_to_come_again(tmp_path: Path) -> None:
    with office(tmp_path) as kantor:
        kantor.citizen_sends()
        link = kantor.link("jfu-1", "laporkan")
        kantor.know("jfu-1")
        form = kantor.page(link).forms["laporkan"]
        with locked(kantor):
            page = kantor.send(form, REPORTED)
        assert page.status == 503
        assert "belum tersimpan" in page.text
        assert "Mohon coba lagi" in page.text
        assert "Lampu padam." in page.text, "what was typed is given back"
        assert kantor.send(form, REPORTED).status == 200
        assert kantor.stage() == Stage.KLARIFIKASI


def test_page_that_is_only_opened_does_not_say_that_something_was_not_kept(
    tmp_path: Path, postgres_url: str
) -> None:
    """A citizen who looks how their complaint stands read that what they sent was not kept."""
    with office(tmp_path, database_url=postgres_url) as kantor:
        kantor.citizen_sends()
        path = f"/s/{kantor.complaint().status_code}"
        with cutting(kantor.engine, "SELECT"):
            page = kantor.page(path)
        assert page.status == 503
        assert "belum tersimpan" not in page.text
        assert "yang sudah tercatat tetap aman" in page.text
        assert kantor.page(path).status == 200
