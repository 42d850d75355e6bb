"""The folder of the bytes is gone while the office works: nothing is lost, people are told politely, the IT officer
hears of it, and mails that need no bytes go on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline.data import ledger
from pipeline.data.ledger import Arrival
from pipeline.notices import watching
from pipeline.office.sop import Stage
from tests.kantor import INTAKE, SIGNED, Office, compose, office

BERKAS = {"tempat": "berkas"}


@pytest.fixture
def kantor(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path, simpanan=BERKAS) as one:
        yield one


@contextmanager
def away(kantor: Office) -> Iterator[None]:
    """The disk of the folder is not mounted: an empty folder stands there."""
    folder, hidden = kantor.folder / "simpanan", kantor.folder / "terlepas"
    folder.rename(hidden)
    folder.mkdir()
    yield
    folder.rmdir()
    hidden.rename(folder)


def kinds_of_trouble(kantor: Office) -> set[str]:
    now = kantor.clock()
    found = watching.look(kantor.engine, kantor.settings, now)
    return {
        one.kind for one in (*found, *watching.health(kantor.engine, kantor.settings, now, now))
    }


def test_mail_waits_in_the_mailbox_and_comes_once(kantor: Office) -> None:
    kantor.citizen_sends("Pertama")
    with away(kantor):
        kantor.citizen_sends("Kedua", "Air keruh.", settle=False)
        for _ in range(2):
            assert "gagal_mail" in kantor.tick()
        assert len(kantor.complaints()) == 1
        assert len(kantor.messages()) == 1
    kantor.later(hours=1)
    kantor.settle()
    assert [one.perihal for one in kantor.complaints()] == ["Pertama", "Kedua"]
    assert kantor.audit() == []


def test_what_was_taken_in_before_waits_and_is_not_held(kantor: Office) -> None:
    kantor.citizen_sends("Pertama")
    raw = compose("wati@warga.example", INTAKE, "Kedua", "Air keruh.", kantor.clock()).as_bytes()
    with kantor.app.writing() as work:
        seen = Arrival("kotak", "INBOX", 1, 99, kantor.clock())
        ledger.receive(work.session, "mail", [(raw, seen)], kantor.clock())
    with away(kantor):
        assert "gagal_take_in" in kantor.tick()
        assert len(kantor.complaints()) == 1
    kantor.later(hours=1)
    kantor.settle()
    assert len(kantor.complaints()) == 2


def test_letters_wait_and_other_mails_go_on(kantor: Office) -> None:
    """A code at the screen must not wait for an attachment."""
    kantor.to_delivery()
    kantor.press("jfu-1", "kirim_email", settle=False)
    with away(kantor):
        assert "gagal_send" not in kantor.tick()
        waiting = [one for one in kantor.outbox() if one.state == "due"]
        assert waiting
        assert all(one.attachments and one.attempts == 0 for one in waiting)
    kantor.later(minutes=5)
    kantor.settle()
    assert all(one.state in ("sent", "folded") for one in kantor.outbox())


def test_pages_say_it_and_lose_nothing_that_was_typed(kantor: Office) -> None:
    kantor.to_signature()
    url = kantor.link("kepala", "tandatangani")
    with away(kantor):
        page = kantor.press(
            url,
            "tandatangani",
            status=503,
            settle=False,
            bertanda_tangan=("surat.jpg", SIGNED),
        )
        assert "penyimpanan" in page.text
        assert "coba lagi" in page.text
        assert kantor.stage() is Stage.TANDA_TANGAN
        [draft] = kantor.documents("akhir")
        file = kantor.web.get(f"{url}/berkas/{draft.id}")
        assert file.status_code == 503
        assert "Traceback" not in file.text
    kantor.press(url, "tandatangani", bertanda_tangan=("surat.jpg", SIGNED))
    assert kantor.stage() is not Stage.TANDA_TANGAN
    assert kantor.audit() == []


def test_the_it_officer_is_told_also_where_nobody_writes(kantor: Office) -> None:
    kantor.citizen_sends()
    assert "simpanan" not in kinds_of_trouble(kantor)
    with away(kantor):
        kantor.later(minutes=20)
        kantor.tick()
        assert "simpanan" in kinds_of_trouble(kantor)
    kantor.later(minutes=20)
    kantor.tick()
    assert "simpanan" not in kinds_of_trouble(kantor)
