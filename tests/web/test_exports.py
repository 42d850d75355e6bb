"""A large register is made into a spreadsheet by a job: asked for on a page, told by mail, fetched by who asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from docx import Document as Docx
from sqlalchemy import func, select

from pipeline.data.engine import reading
from pipeline.data.tables import Export, Task
from pipeline.office.sop import Channel, Decision
from pipeline.register import exports
from pipeline.register.book import Filter
from pipeline.running import drafting, sweep
from pipeline.work import App
from tests.kantor import Office, office


@pytest.fixture
def kantor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setattr(exports, "AT_ONCE", 1)
    with office(tmp_path) as running:
        yield running


def waiting(kantor: Office) -> int:
    with reading(kantor.engine) as session:
        return session.scalar(select(func.count()).select_from(Export)) or 0


def test_it_is_asked_for_made_told_and_fetched(kantor: Office) -> None:
    kantor.citizen_sends()
    kantor.citizen_sends("Jalan rusak", sender="budi@warga.example")
    book = f"{kantor.link('jfu-1', 'laporkan').partition('?')[0]}/buku"
    kantor.press("jfu-1", "laporkan", ringkasan="Jalan rusak.")
    other = f"{kantor.link('sekretaris', 'laporkan_kepala').partition('?')[0]}/buku"
    kantor.know("jfu-1", "sekretaris")
    assert "Buku ini besar" in kantor.page(f"{book}/xlsx").text
    assert waiting(kantor) == 0, "a look makes nothing"
    for _twice in range(2):
        assert kantor.web.post(f"{urlsplit(book).path}/xlsx").status_code == 303
    assert waiting(kantor) == 1
    assert "sedang disiapkan" in kantor.page(f"{book}/xlsx").text
    drafting.pictures(App(kantor.settings, kantor.engine, kantor.clock))
    kantor.settle()
    told = kantor.newest("jfu@kominfo.example")
    assert "sudah siap" in told.subject
    (link,) = [url for url in told.links if "/buku/ekspor/" in url]
    assert kantor.download(link).data[:2] == b"PK"
    assert "sudah siap" in kantor.page(f"{book}/xlsx").text
    assert kantor.page(f"{other}/ekspor/{link.rpartition('/')[2]}").status == 404
    sweep.sweep(kantor.engine, kantor.clock() + timedelta(days=2))
    assert waiting(kantor) == 0


def test_a_large_print_is_made_by_a_job_too(kantor: Office) -> None:
    """Never while the page waits: the print is a Word document, asked for, told and fetched like the spreadsheet."""
    kantor.citizen_sends()
    kantor.citizen_sends("Jalan rusak", sender="budi@warga.example")
    book = f"{kantor.link('jfu-1', 'laporkan').partition('?')[0]}/buku"
    kantor.know("jfu-1")
    for path in ("cetak", "docx"):
        assert "Siapkan Word" in kantor.page(f"{book}/{path}").text
    assert "Siapkan PDF" in kantor.page(f"{book}/pdf").text
    assert kantor.web.post(f"{urlsplit(book).path}/docx").status_code == 303
    assert "sedang disiapkan" in kantor.page(f"{book}/cetak").text
    drafting.pictures(App(kantor.settings, kantor.engine, kantor.clock))
    kantor.settle()
    told = kantor.newest("jfu@kominfo.example", "sudah siap")
    assert "sebagai Word" in told.words
    (link,) = [url for url in told.links if "/buku/ekspor/" in url]
    made = kantor.download(link)
    assert "Buku Pengaduan.docx" in made.headers["Content-Disposition"]
    assert "PGD-2026-000002" in "".join(
        c.text for row in Docx(BytesIO(made.data)).tables[0].rows for c in row.cells
    )


def test_every_filter_of_the_page_reaches_the_job(kantor: Office) -> None:
    wanted = Filter(
        "x",
        date(2026, 11, 1),
        date(2026, 11, 2),
        date(2026, 11, 3),
        2,
        True,
        Channel.SURAT,
        "a",
        "b",
        "c",
        Decision.DITOLAK,
        True,
        False,
        "batas",
        "jfu-1",
    )
    assert all(value for name, value in vars(wanted).items() if name != "merged"), (
        "a filter that is new"
    )
    kantor.to_clarification()
    with kantor.app.writing() as work:
        person = work.settings.person("jfu-1")
        task = work.session.scalars(select(Task)).first()
        assert person
        assert task
        exports.ask(work, person, task, wanted)
        row = exports.asked(work.session, person, wanted)
        assert row
        work.session.expire(row)
        assert exports.filters(row) == wanted


def test_a_stranger_with_the_link_fetches_nothing(kantor: Office) -> None:
    kantor.citizen_sends()
    book = f"{kantor.link('jfu-1', 'laporkan').partition('?')[0]}/buku"
    assert kantor.web.post(f"{urlsplit(book).path}/xlsx").status_code == 403
    assert waiting(kantor) == 0
