"""What a page shows of a file: pictures that the lane has drawn, never drawn while somebody waits."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from tests.kantor import office


def pdf(pages: int) -> bytes:
    out = BytesIO()
    images = [Image.new("L", (600, 850), 200) for _ in range(pages)]
    images[0].save(out, "PDF", save_all=True, append_images=images[1:])
    return out.getvalue()


def test_a_pdf_is_drawn_by_the_lane_and_the_page_says_so_meanwhile(
    database_url: str, tmp_path: Path
) -> None:
    with office(tmp_path, database_url=database_url) as kantor:
        kantor.citizen_sends(files=[("bukti.pdf", "application/pdf", pdf(2))])
        kantor.know("jfu-1")
        (look,) = kantor.page(kantor.link("jfu-1", "laporkan")).links("/lihat/")
        first = kantor.page(look).text
        assert "sedang disiapkan" in first
        assert "<img" not in first
        kantor.settle()
        shown = re.findall(r'src="([^"]+/gambar/[^"]+)"', kantor.web.get(look).text)
        assert len(shown) == 2
        assert kantor.download(shown[1].replace("&amp;", "&")).mimetype == "image/jpeg"


def test_a_pdf_that_cannot_be_drawn_is_offered_as_a_download(tmp_path: Path) -> None:
    with office(tmp_path) as kantor:
        kantor.citizen_sends(files=[("bukti.pdf", "application/pdf", b"%PDF-1.4\nrusak")])
        kantor.know("jfu-1")
        (look,) = kantor.page(kantor.link("jfu-1", "laporkan")).links("/lihat/")
        kantor.page(look)
        kantor.settle()
        assert "tidak dapat digambar" in kantor.page(look).text


@pytest.mark.parametrize(
    "address", ["/asli/%00", "/s/%00", "/t/%00", "/asli?kode=a%00b", "/s/x?%00=1"]
)
def test_a_nul_in_an_address_is_a_page_that_is_not_there(
    address: str, postgres_url: str, tmp_path: Path
) -> None:
    with office(tmp_path, database_url=postgres_url) as kantor:
        assert kantor.web.get(address).status_code == 404
