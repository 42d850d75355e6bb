"""The clerk and a stack of slips: scanned, read by the real lane, and settled in real Chromium."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from PIL import Image
from playwright.sync_api import Browser, Page
from sqlalchemy import select

from pipeline.data.engine import reading
from pipeline.data.tables import Complaint
from pipeline.office import numbers
from pipeline.office.sop import Channel, Stage
from pipeline.office.words import word
from pipeline.slips import layout
from tests.slips import generator
from tests.slips.generator import MM, Sample
from tests.web.house import House, house

pytestmark = pytest.mark.skipif(
    not generator.fonts(False), reason="the fonts for made-up slips are not installed"
)
ARTEFACTS = Path(__file__).parents[1] / "artefak"
STACK = 20


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path, baca=True) as one:
        yield one


def made(count: int, seed: int = 40) -> list[Sample]:
    """Printed slips with a telephone, so that each can be confirmed as it is."""
    rng = random.Random(seed)
    found: list[Sample] = []
    while len(found) < count:
        one = generator.filled(rng, False)
        if one.fields["telepon"]:
            found.append(generator.scaled(one, 150))
    return found


def pdf(samples: list[Sample]) -> bytes:
    pages = [Image.fromarray(one.picture) for one in samples]
    out = BytesIO()
    pages[0].save(out, "PDF", save_all=True, append_images=pages[1:], resolution=150)
    return out.getvalue()


def scan(home: House, content: bytes, name: str = "tumpukan.pdf") -> str:
    """Lay a file into the scanner's folder and let it be read; the link of the mail that tells of it."""
    home.scan(name, content)
    return home.office.link("jfu-1", "catat_slip")


def heading(page: Page) -> str:
    return page.locator("h1").inner_text()


def keep_picture(page: Page, name: str) -> None:
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / f"slip_{name}.png", full_page=True)


@pytest.mark.parametrize("width", [1280, 360])
def test_twenty_slips_are_confirmed_by_pressing_enter_alone(
    home: House, browser: Browser, width: int
) -> None:
    stack = made(STACK)
    link = scan(home, pdf(stack))
    assert f"{STACK} slip baru" in home.office.newest("jfu-1").subject
    context = browser.new_context(viewport={"width": width, "height": 900}, locale="id-ID")
    known = home.office.know("jfu-1")  # a browser that has entered its code before
    context.add_cookies([{"name": "aduan_jfu-1", "value": known, "url": home.base}])
    page = context.new_page()
    page.goto(link)
    keep_picture(page, f"pertama_{width}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    whole = page.locator("[accesskey=b]")  # one key opens the whole scan
    assert home.office.web.get(str(whole.get_attribute("href"))).mimetype == "image/jpeg"
    assert Axe().run(page).response["violations"] == []
    start = time.monotonic()
    for n in range(STACK):
        assert heading(page).startswith(f"Slip {n + 1} dari {STACK}")
        done = page.locator("h1").inner_text()
        for _ in range(12):  # Enter goes through the doubtful fields first
            page.keyboard.press("Enter")
            page.wait_for_timeout(60)
            page.wait_for_load_state()
            if page.locator("h1").inner_text() != done:
                break
    seconds = time.monotonic() - start
    assert seconds < 60
    assert heading(page) == "Terima kasih, tumpukan slip ini sudah selesai"
    keep_picture(page, f"selesai_{width}")
    assert Axe().run(page).response["violations"] == []
    context.close()
    with reading(home.office.engine) as session:
        rows = session.scalars(select(Complaint).order_by(Complaint.id)).all()
    assert [c.status_code for c in rows] == [one.serial for one in stack]
    assert [c.telepon for c in rows] == [numbers.phone(one.fields["telepon"]) for one in stack]
    assert {(c.channel, c.stage) for c in rows} == {(Channel.KOTAK, Stage.KLARIFIKASI)}
    assert home.office.audit() == []


def test_a_clerk_is_led_to_what_cannot_be_so(home: House) -> None:
    """A day that is still to come, a name of dots alone, a ring about a label: none of them is shown as clear."""
    described, blank = generator._blank()
    picture = blank.copy()
    generator._stamp_code(picture, described["qr"], layout.code_of(layout.new_serial()))
    pen = generator.Pen(picture, generator.fonts(False)[0], random.Random(1), False)
    places, box = described["fields"], described["checkboxes"]["rahasia"]
    pen.comb("28122026", places["tanggal"]["cells"], 4.5)
    name = places["nama"]
    pen.line(". . . .", name["x"] + 2, name["y"] + name["height"] - 2, 100, 9)
    ring = [
        (box["x"] + 23 + 22 * np.cos(a), box["y"] + 2.5 + 3.2 * np.sin(a))
        for a in np.linspace(0, 6.4, 60)
    ]
    points = np.array([(x * MM, y * MM) for x, y in ring], np.int32)
    cv2.polylines(picture, [points], False, 40, round(0.5 * MM), cv2.LINE_AA)
    page = home.office.page(
        scan(home, pdf([generator.scaled(Sample(picture, "cetak", "bersih", ""), 150)]))
    )
    assert word("slip.ragu.tanggal_lain") in page.text
    assert 'value="28-12-2026"' in page.html
    assert word("slip.ragu.tak_terbaca") in page.text
    assert "dianggap rahasia" in page.text
    (crop,) = re.findall(r'src="([^"]+kotak_\w+\.jpg)"', page.html)
    answer = home.office.web.get(crop)
    assert answer.mimetype == "image/jpeg"
    with Image.open(BytesIO(answer.data)) as shown:
        assert shown.width > shown.height > 60
        keep = ARTEFACTS / "slip_kotak.png"
        ARTEFACTS.mkdir(exist_ok=True)
        shown.save(keep)
