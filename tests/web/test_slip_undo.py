"""A slip that was settled by mistake is taken back; a letter of several pages is joined before it is recorded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from pipeline.data.engine import reading, writing
from pipeline.data.tables import Outbox, Slip
from pipeline.office.sop import Stage
from tests.web.house import House, house
from tests.web.test_slip_pages import SERIAL, says, scanned

pytestmark = pytest.mark.timeout(180)
UNDO = "Batalkan slip terakhir"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as one:
        yield one


def stack(home: House, pages: int) -> str:
    home.scan("tumpukan.pdf", scanned(pages))
    home.office.know("jfu-1")
    return home.base + urlsplit(home.office.link("jfu-1", "catat_slip")).path


def recorded(home: House, task: str, **fields: str) -> str:
    """The open slip is recorded as a complaint; its number."""
    home.office.submit(
        task, "catat_slip", {"isi": "Lampu jalan padam.", "perihal": "Lampu", **fields}
    )
    return home.office.complaint().number


def test_the_last_slip_lies_open_again_with_what_the_clerk_had_typed(home: House) -> None:
    task = stack(home, 1)
    says(home, uraian="Lampu jalan padam.")
    first = recorded(home, task, nama="Ibu Tri", email="tri@warga.example")
    page = home.office.page(task)  # the stack is done with: its task was closed
    assert UNDO in page.text
    page = home.office.send(page.forms["batalkan_slip"], {})
    assert "terbuka lagi" in page.text
    assert 'value="Ibu Tri"' in page.html
    assert home.office.stage(first) is Stage.BATAL
    again = recorded(home, task, nama="Ibu Tri")
    assert again != first
    assert home.office.complaint().status_code == SERIAL  # the stub leads to the new one
    assert home.office.audit() == []


def test_mails_of_what_was_taken_back_are_not_sent(home: House) -> None:
    task = stack(home, 2)
    recorded(home, task, email="tri@warga.example")
    page = home.office.page(task)
    home.office.send(page.forms["batalkan_slip"], {})
    with reading(home.office.engine) as session:
        states = set(session.scalars(select(Outbox.state).where(Outbox.complaint_id.is_not(None))))
    assert states == {"void"}


def test_after_ten_minutes_and_by_a_strange_browser_nothing_is_taken_back(home: House) -> None:
    task = stack(home, 1)
    number = recorded(home, task)
    form = home.office.page(task).forms["batalkan_slip"]
    home.office.forget("jfu-1")
    assert UNDO not in home.office.page(task).text
    asked = home.office.web.post(form.url, data=form.filled({}), content_type="multipart/form-data")
    assert "/kode/" in asked.headers.get("Location", "")
    home.office.know("jfu-1")
    home.office.later(minutes=11)
    assert UNDO not in home.office.page(task).text
    home.office.send(form, {})
    assert home.office.stage(number) is Stage.KLARIFIKASI


def test_what_others_have_begun_to_work_on_is_not_taken_back(home: House) -> None:
    task = stack(home, 2)
    number = recorded(home, task)
    home.tick()
    home.office.submit(
        home.office.link("sekretaris", "laporkan_kepala"),
        "laporkan_kepala",
        {"hasil": "Lampu diganti."},
    )
    page = home.office.page(task)
    answer = home.office.send(page.forms["batalkan_slip"], {})
    assert "sudah mulai dikerjakan" in answer.text
    assert home.office.stage(number) is Stage.KEPUTUSAN


def test_a_slip_that_was_laid_aside_comes_back_to_be_looked_at_whole(home: House) -> None:
    """What was read went when it was laid aside; its fields are not shown as left empty."""
    task = stack(home, 2)
    says(home, nama="Ibu Tri", uraian="Lampu jalan padam.")
    home.office.submit(task, "bukan_pengaduan", {"alasan": "Kertas coba-coba."})
    page = home.office.page(task)
    page = home.office.send(page.forms["batalkan_slip"], {})
    assert "2 isian mohon diperiksa" in page.text


def test_a_letter_of_several_pages_is_seen_whole_and_joined_before_it_is_recorded(
    home: House,
) -> None:
    task = stack(home, 4)
    with writing(home.office.engine) as session:
        slips = list(session.scalars(select(Slip).order_by(Slip.id)))
        for n, slip in enumerate(slips):
            slip.kind = "surat" if n < 3 else "slip"
            slip.fields = {
                "uraian": {"value": f"Halaman {n}.", "confidence": 0.97, "doubt": "", "box": None}
            }
        ids = [slip.id for slip in slips]
    page = home.office.page(task)
    assert (
        page.html.count("Gabungkan sampai halaman ini") == 2
    )  # the slip after them is no page of it
    form = {"aksi": "gabungkan_halaman", "slip": ids[0], "sampai": ids[2]}
    home.office.web.post(page.url, data=form, content_type="multipart/form-data")
    page = home.office.page(task)
    assert "Halaman 0.\nHalaman 1.\nHalaman 2." in page.html
    assert page.html.count("/lembar.jpg") == 3
    assert "Slip 1 dari 2" in page.text
