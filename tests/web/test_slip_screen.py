"""One slip on one screen of a desk: what is read stands beside its crop, what is empty is folded."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from PIL import Image, ImageDraw
from playwright.sync_api import Browser
from sqlalchemy import select

from pipeline.data.engine import writing
from pipeline.data.tables import Slip
from pipeline.web import slips
from tests.web.house import House, house
from tests.web.test_slip_pages import ARTEFACTS, scanned, tab_of

pytestmark = pytest.mark.timeout(180)
TICKS = ("rahasia", "surat", "telepon", "email", "papan")
LINES = (
    "Got di gang buntu meluap, baunya sampai ke kamar. Kabel listrik hampir putus di atas warung saya. "
    * 2
)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as one:
        yield one


def slip_of(home: House, *empty: str, ticked: bool | None = False) -> str:
    """A full slip, each of its fields with a crop as large as on paper; the task's address. `ticked`: every box."""
    home.scan("penuh.pdf", scanned(2))
    values = {
        "tanggal": "04-05-2026",
        "nama": "Siti Wulandari",
        "alamat": "Jl. Bali No. 3 RT 02/RW 01 Kuncen",
        "telepon": "081234567890",
        "email": "siti@warga.example",
        "nik": "3577014505900001",
        "unit": "Dinas Perhubungan",
        "uraian": LINES,
    }
    with writing(home.office.engine) as session:
        for slip in session.scalars(select(Slip).where(Slip.state == "baru")):
            slip.fields = {
                name: {
                    "value": "" if name in empty else value,
                    "confidence": 0.97 if name != "alamat" else 0.5,
                    "doubt": "kosong"
                    if name in empty
                    else "dua_bacaan"
                    if name == "alamat"
                    else "",
                    "box": [10, 100, 560, {"uraian": 200, "alamat": 80}.get(name, 45)],
                }
                for name, value in values.items()
            }
            if ticked is None:
                slip.fields |= {f"kotak_{name}": {"box": [10, 100, 260, 90]} for name in TICKS}
            slip.kind = "slip"
            slip.ticks = dict.fromkeys(TICKS, ticked)
    return home.base + urlsplit(home.office.link("jfu-1", "catat_slip")).path


def test_a_full_slip_fits_one_screen(home: House, browser: Browser) -> None:
    page = tab_of(home, browser)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(slip_of(home))
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / "slip_satu_layar.png")
    for name in ("f-tanggal", "f-isi", "simpan"):
        box = page.locator(f"#{name}").bounding_box()
        assert box is not None
        assert box["y"] >= 0, name
        assert box["y"] + box["height"] <= 800, name
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    assert page.locator(".slip img").first.bounding_box()["height"] >= 30  # type: ignore[index]
    assert Axe().run(page).response["violations"] == []


def test_on_a_phone_the_button_is_on_the_first_screen(home: House, browser: Browser) -> None:
    page = tab_of(home, browser)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(slip_of(home))
    button = page.locator("#simpan").bounding_box()
    assert button is not None
    assert button["y"] >= 0
    assert button["y"] + button["height"] <= 844
    page.locator("footer").scroll_into_view_if_needed()
    foot, bar = page.locator("footer").bounding_box(), page.locator(".kirim").bounding_box()
    assert foot is not None
    assert bar is not None
    assert foot["y"] + foot["height"] <= bar["y"], "nothing is covered for ever"


def test_unsure_boxes_leave_the_button_on_the_screen(home: House, browser: Browser) -> None:
    """All of them: each is marked and shows its crop, and what to do stands once."""
    page = tab_of(home, browser)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(slip_of(home, ticked=None))
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / "slip_kotak_ragu.png")
    assert page.locator("fieldset .hati").count() == 4
    crops = page.locator(".opsi img").evaluate_all(
        "some => some.map(one => one.complete && one.naturalWidth > 0)"
    )
    assert crops == [True] * len(TICKS)
    box = page.locator("#simpan").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 800
    assert Axe().run(page).response["violations"] == []


def test_what_was_left_empty_is_folded_and_still_there(home: House, browser: Browser) -> None:
    page = tab_of(home, browser)
    page.goto(slip_of(home, "tanggal", "email", "nik"))
    assert not page.locator("#f-email").is_visible()
    summary = page.locator(".lipat summary")
    assert "NIK" in summary.inner_text()
    assert page.evaluate("document.activeElement.name") == "alamat"
    summary.click()
    assert page.locator("#f-email").is_visible()


@pytest.mark.parametrize("pen", [(245, 240, 90), (195, 195, 195), (30, 60, 180)], ids=str)
def test_a_crop_goes_as_far_as_anything_is_written(pen: tuple[int, int, int]) -> None:
    """What is empty at its right is left out; a marker's yellow and a thin pencil are not empty."""
    slip = Image.new("RGB", (1080, 90), (250, 250, 250))
    draw = ImageDraw.Draw(slip)
    draw.line((20, 40, 60, 50), fill=(20, 20, 20), width=5)
    draw.line((900, 30, 960, 50), fill=pen, width=6)
    out = BytesIO()
    slip.save(out, "JPEG", quality=72)
    with Image.open(BytesIO(slips._cropped(out.getvalue(), (0, 0, 1080, 90)))) as crop:
        assert crop.width > 960
