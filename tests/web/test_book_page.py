"""The book's page: every filter is a link, a row opens the case for those who may, and says where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import docx
import pytest

from tests.kantor import Office, office


@pytest.fixture
def kantor(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path, web={"kode_peramban": False}) as running:
        yield running


def test_row_opens_its_case_with_clocks_history_and_the_readers_own_task(kantor: Office) -> None:
    kantor.to_clarification()
    mine = kantor.link("sekretaris", "laporkan_kepala").partition("?")[0]
    page = kantor.page(f"{mine}/buku?kanal=email&urut=terlama")
    assert "2 Klarifikasi" in page.text
    (url,) = [link for link in page.links() if "/buku/1" in link]
    case = kantor.page(url)
    for said in ("PGD-2026-000001", "UU 25/2009 Pasal 50", "Riwayat", "Buka tugas saya"):
        assert said in case.text
    assert kantor.page(f"{mine}/buku/999").status == 404


def test_unreadable_filters_are_left_out(kantor: Office) -> None:
    kantor.to_clarification()
    mine = kantor.link("sekretaris", "laporkan_kepala").partition("?")[0]
    wrong = "dari=besok&sampai=9999-99-99&kanal=x&keputusan=%27&rahasia=9&urut=z&unit=%25&bulan=2026-13"
    assert kantor.page(f"{mine}/buku?{wrong}").status == 200


def test_case_about_the_reader_does_not_open(kantor: Office) -> None:
    kantor.to_clarification()
    mine = kantor.link("sekretaris", "laporkan_kepala").partition("?")[0]
    kantor.citizen_sends()
    kantor.press("jfu-1", "laporkan", ringkasan="Tentang Sekretaris.", terlapor=["sekretaris"])
    assert kantor.page(f"{mine}/buku/2").status == 404
    assert "PGD-2026-000002" not in kantor.page(f"{mine}/buku?q=Sekretaris").text
    printed = docx.Document(BytesIO(kantor.download(f"{mine}/buku/docx").data))
    assert [row.cells[0].text for row in printed.tables[0].rows][1:] == ["PGD-2026-000001"]
