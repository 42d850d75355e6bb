"""The pages around a stack of slips in real Chromium: handing in, progress, likely doubles, receipts, the board."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, FilePayload, Page
from sqlalchemy import select

from pipeline.data.engine import reading, writing
from pipeline.data.tables import Item, Slip
from pipeline.files import pictures
from pipeline.files.pdf import pdfium
from pipeline.intake import scans
from pipeline.office.sop import Stage
from pipeline.slips.layout import spoken
from pipeline.slips.worker import Sheet, Worker
from tests.kantor import SITI
from tests.web.house import SIGNED, House, house

ARTEFACTS = Path(__file__).parents[1] / "artefak"
SERIAL = "abcdefghijklmnop"
WIDTHS = (360, 1280)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as one:
        yield one


def scanned(pages: int, first: int = 1) -> bytes:
    """A PDF of so many pages, each with its number on it."""
    images = []
    for n in range(first, first + pages):
        image = Image.new("L", (600, 850), 255)
        ImageDraw.Draw(image).text((60, 200), f"halaman {n}", fill=0, font_size=60)
        images.append(image)
    out = BytesIO()
    images[0].save(out, "PDF", save_all=True, append_images=images[1:])
    return out.getvalue()


def task_of(home: House, first: int = 1) -> str:
    """A page comes in by the folder; the path of the task that it becomes."""
    home.scan("tumpukan.pdf", scanned(1, first))
    return urlsplit(home.office.link("jfu-1", "catat_slip")).path


def says(home: House, serial: str = SERIAL, **fields: str) -> None:
    """What the machine read on the one open slip."""
    with writing(home.office.engine) as session:
        slip = session.scalars(select(Slip).where(Slip.state == "baru").order_by(Slip.id)).first()
        assert slip is not None
        slip.serial = serial
        slip.fields = {
            name: {"value": value, "confidence": 0.97, "doubt": "", "box": None}
            for name, value in fields.items()
        }


def tab_of(home: House, browser: Browser, width: int = 1280) -> Page:
    """A browser that has entered the JFU's code before."""
    context = browser.new_context(viewport={"width": width, "height": 900}, locale="id-ID")
    context.add_cookies(
        [{"name": "aduan_jfu-1", "value": home.office.know("jfu-1"), "url": home.base}]
    )
    return context.new_page()


def looked_at(page: Page, url: str, name: str) -> None:
    """At a phone's and at a desk's width: nothing runs off, axe-core finds nothing; kept as a picture for people."""
    ARTEFACTS.mkdir(exist_ok=True)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(url)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert Axe().run(page).response["violations"] == []
        page.screenshot(path=ARTEFACTS / f"slip_{name}_{width}.png", full_page=True)


# ---- handing in ------------------------------------------------------------------------------------------------


def test_scans_and_photos_are_handed_in_on_a_page(home: House, browser: Browser) -> None:
    """Several at once; the originals are kept as they came, and each becomes a stack of its own."""
    task = task_of(home)
    page = tab_of(home, browser)
    looked_at(page, f"{home.base}{task}/unggah", "unggah")
    contents = {
        "kotak senin.pdf": scanned(3),
        "foto.heic": (Path(__file__).parents[1] / "slips/data/foto.heic").read_bytes(),
    }
    page.set_input_files(
        "#f-berkas",
        [FilePayload(name=n, mimeType="application/pdf", buffer=c) for n, c in contents.items()],
    )
    page.get_by_role("button", name="Unggah").click()
    said = page.locator("main").inner_text()
    assert "kotak senin.pdf\nMenunggu dibaca." in said
    home.tick()
    page.reload()
    assert "3 halaman, 3 slip; 3 menunggu dicocokkan." in page.locator("main").inner_text()
    with reading(home.office.engine) as session:
        kept = {
            item.name: item.sha256
            for item in session.scalars(select(Item).where(Item.source == "scan"))
        }
    assert {name: kept[name] for name in contents} == {
        name: sha256(c).hexdigest() for name, c in contents.items()
    }
    assert sum("slip baru" in mail.subject for mail in home.office.inbox("jfu-1")) == 3
    looked_at(page, f"{home.base}{task}/unggah", "unggah_terisi")


def test_a_file_that_cannot_be_read_says_so_where_it_was_handed_in(
    home: House, browser: Browser
) -> None:
    page = tab_of(home, browser)
    page.goto(f"{home.base}{task_of(home)}/unggah")
    page.set_input_files(
        "#f-berkas",
        [FilePayload(name="surat.pdf", mimeType="application/pdf", buffer=b"%PDF-1.7 rusak")],
    )
    page.get_by_role("button", name="Unggah").click()
    home.tick()
    page.reload()
    assert "surat.pdf\nBerkas atau halaman ini rusak" in page.locator("main").inner_text()


def test_nothing_chosen_is_asked_for_again(home: House) -> None:
    path = f"{task_of(home)}/unggah"
    home.office.know("jfu-1")
    answer = home.office.web.post(path, data={})
    assert answer.status_code == 422
    assert "f-berkas" in answer.text


def test_an_unknown_browser_hands_in_after_its_code(home: House) -> None:
    """The file waits with the form, and nothing is read before."""
    path = f"{task_of(home)}/unggah"
    home.office.web.delete_cookie("aduan_jfu-1", path="/")
    answer = home.office.web.post(path, data={"berkas": (BytesIO(scanned(2)), "a.pdf")})
    assert "/kode" in answer.headers["Location"]
    with reading(home.office.engine) as session:
        assert len(session.scalars(select(Item).where(Item.source == "scan")).all()) == 1


def test_only_a_jfu_hands_in(home: House) -> None:
    home.written("Lampu padam", "Lampu padam.")
    home.to_clarification()
    assert (
        home.office.web.get(f"{home.link('sekretaris', 'laporkan_kepala')}/unggah").status_code
        == 403
    )


def test_progress_is_shown_while_a_scan_is_read(
    home: House, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked at between two pages of a real reading."""
    task = task_of(home)
    tab, seen = tab_of(home, browser), []

    class Watched(Worker):
        def page(self, number: int, *, plain: bool = False) -> tuple[bytes, list[Sheet]]:
            if number == 3:
                looked_at(tab, f"{home.base}{task}/unggah", "unggah_dibaca")
            seen.append(home.office.page(f"{home.base}{task}/unggah").text)
            return super().page(number, plain=plain)

    monkeypatch.setattr(scans, "Worker", Watched)
    home.scan("lima.pdf", scanned(5))
    assert [re.findall(r"Sedang dibaca: (\d) dari 5 halaman", text) for text in seen] == [
        [str(n)] for n in range(5)
    ]
    assert "Sedang dibaca" not in home.office.page(f"{home.base}{task}/unggah").text


# ---- stubs -----------------------------------------------------------------------------------------------------


def test_the_stub_of_a_photocopied_form_opens_nobodys_complaint(home: House) -> None:
    """Two people hold the same serial: neither sees the other's case, and both are told why."""
    task = recorded(home, nama="Suharti")
    code = home.office.complaint().status_code
    assert code == SERIAL
    assert home.office.web.get(f"/s/{SERIAL}").status_code == 200
    home.scan("fotokopi.pdf", scanned(1, 9))
    says(home, uraian="Hal lain sama sekali.")
    with writing(home.office.engine) as session:
        for slip in session.scalars(select(Slip)):
            slip.kind = "slip"
    answer = home.office.web.get(f"/s/{SERIAL}")
    assert answer.status_code == 409
    assert "lebih dari satu formulir" in answer.text
    assert home.office.complaint().number not in answer.text
    assert task


# ---- doubtful fields -------------------------------------------------------------------------------------------


def doubted(home: House, pages: int) -> str:
    """A stack of slips with two doubtful fields each, the first with an unclear box for secrecy; the task's path."""
    home.scan("ragu.pdf", scanned(pages, 50))
    with writing(home.office.engine) as session:
        for n, slip in enumerate(
            session.scalars(select(Slip).where(Slip.state == "baru").order_by(Slip.id))
        ):
            clear, box = (
                {"confidence": 0.97, "doubt": "", "box": [10, 10, 400, 60]},
                {"box": [10, 100, 400, 60]},
            )
            slip.fields = {
                "nama": {"value": f"Siti {n}", **clear},
                "alamat": {
                    "value": "Jl. Mawar 3",
                    "seen": "JI. Mawar 3",
                    "doubt": "diperbaiki",
                    "confidence": 0.5,
                    **box,
                },
                "email": {
                    "value": f"siti{n}@mail.com",
                    "perhaps": "gmail.com",
                    "doubt": "email_mirip",
                    "confidence": 0.5,
                    **box,
                },
                "uraian": {"value": "Lampu jalan padam.", **clear},
            }
            slip.ticks = {"rahasia": None if n == 0 else False, "surat": False}
    return urlsplit(home.office.link("jfu-1", "catat_slip")).path


def test_what_was_repaired_and_what_may_be_meant_is_shown(home: House) -> None:
    page = home.office.page(home.base + doubted(home, 1))
    assert "Dibaca “JI. Mawar 3”, diperbaiki menjadi “Jl. Mawar 3”." in page.text
    assert "Mungkin “gmail.com”?" in page.text
    assert 'value="siti0@mail.com"' in page.html


def test_unsure_about_secrecy_is_secret_until_the_clerk_says_no(home: House) -> None:
    task = doubted(home, 1)
    assert "dianggap rahasia" in home.office.page(home.base + task).text
    home.office.submit(home.base + task, "catat_slip", {})
    assert home.office.complaint().rahasia is True


def test_enter_goes_through_every_doubtful_field_before_it_records(
    home: House, browser: Browser
) -> None:
    """Twenty slips with two doubtful fields each, by keyboard alone, in less than a minute and a half."""
    page = tab_of(home, browser)
    page.goto(home.base + doubted(home, 20))
    start = time.monotonic()
    for n in range(20):
        assert page.locator("h1").inner_text().startswith(f"Slip {n + 1} dari 20")
        assert page.evaluate("document.activeElement.name") == "alamat"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.name") == "email"
        if n == 0:
            page.keyboard.press("Enter")
            assert page.evaluate("document.activeElement.name") == "rahasia"
        with page.expect_navigation():
            page.keyboard.press("Enter")
    assert time.monotonic() - start < 90
    assert "sudah selesai" in page.locator("h1").inner_text()


# ---- likely doubles --------------------------------------------------------------------------------------------

WORDS = "Lampu jalan di depan sekolah padam sejak hari Senin sehingga warga takut lewat."


@pytest.mark.parametrize(
    ("read", "told"),
    [
        ({"telepon": "081255500117", "uraian": "Hal lain."}, "telepon sama"),
        ({"email": "SITI@warga.example", "uraian": "Hal lain."}, "alamat email sama"),
        ({"nik": "3577024105730032", "uraian": "Hal lain."}, "NIK sama"),
        (
            {"uraian": "Sejak Senin lampu jalan di depan sekolah padam, warga takut lewat situ."},
            "isinya mirip",
        ),
    ],
    ids=["telepon", "email", "nik", "kata"],
)
def test_a_known_complaint_that_a_slip_may_double_is_suggested(
    home: House, read: dict[str, str], told: str
) -> None:
    """However the number was written there; the clerk is told what is alike, and one number joins them."""
    recorded(home, telepon="+62 812-5550-0117", nik="3577024105730032", email="siti@warga.example")
    first = home.office.complaint().number
    task = task_of(home, first=2)
    says(home, "", **read)
    page = home.office.page(home.base + task)
    assert f'<b class="no">{first}</b>' in page.html
    assert told in page.text
    home.office.submit(home.base + task, "catat_slip", {"sama": first})
    second = home.office.complaint()
    assert (second.stage, home.office.complaint(first).id) == (Stage.DIGABUNG, second.parent_id)


def test_another_persons_matter_is_not_suggested(home: House, browser: Browser) -> None:
    home.written("Lampu padam", WORDS, sender="siti@warga.example")
    home.to_clarification(telepon="0812 5550 0117")
    task = task_of(home)
    says(
        home,
        telepon="081255500118",
        email="budi@warga.example",
        uraian="Sampah di pasar besar belum diangkut petugas.",
    )
    assert "Mungkin sama dengan" not in home.office.page(home.base + task).text
    says(home, telepon="081255500117", uraian=WORDS)
    looked_at(tab_of(home, browser), home.base + task, "serupa")


# ---- receipts and the board ------------------------------------------------------------------------------------


def recorded(home: House, **fields: object) -> str:
    """One slip is recorded; the path of its task, whose page now shows the end of the stack."""
    task = task_of(home)
    says(home, uraian=WORDS)
    home.office.submit(home.base + task, "catat_slip", fields)
    home.tick()
    return task


def prints(page: Page, name: str, *, sheets: int = 1) -> None:
    """What the printer gets: one sheet of A4, without the buttons."""
    pdf = page.pdf(format="A4", print_background=True)
    with pdfium(pdf) as document:
        assert len(document) == sheets
        document[0].render(scale=1.5).to_pil().save(ARTEFACTS / f"slip_{name}_cetak.png")
    page.emulate_media(media="print")
    assert not page.locator(".layar").first.is_visible()
    page.emulate_media(media="screen")


def test_a_receipt_for_the_stubs_serial(home: House, browser: Browser) -> None:
    """For a pengadu who comes with the stub: its serial, the register number, and the stub's own code."""
    task = recorded(home, nama="Suharti", telepon="0812 5550 0117")
    complaint = home.office.complaint()
    assert complaint.status_code == SERIAL
    page = tab_of(home, browser)
    page.goto(home.base + task)
    link = page.get_by_role("link", name=f"Cetak tanda terima {complaint.number}")
    url = home.base + str(link.get_attribute("href"))
    looked_at(page, home.base + task, "selesai_satu")
    looked_at(page, url, "tanda_terima")
    said = page.locator("main").inner_text()
    assert spoken(SERIAL) in said
    assert complaint.number in said
    prints(page, "tanda_terima")
    page.get_by_alt_text("Kode QR").screenshot(path=ARTEFACTS / "slip_kode.png")
    (code,) = pictures.qr_codes(Image.open(ARTEFACTS / "slip_kode.png").convert("L"))
    assert code.text == f"{home.base}/s/{SERIAL}"
    assert complaint.number in home.office.page(code.text).text


def delivered_to(home: House, **fields: object) -> str:
    """A slip whose letter is signed; the path of its langkah 5."""
    recorded(home, **fields)
    number = home.office.complaint().number
    home.press("sekretaris", "laporkan_kepala", hasil="Benar, tiga lampu padam.")
    home.press(
        "kepala",
        "putuskan",
        keputusan="ditindaklanjuti",
        perintah="Sampaikan bahwa lampu sudah menyala.",
        disampaikan="Bahwa lampu sudah menyala.",
    )
    home.press("sekretaris", "ajukan")
    home.press("kepala", "tandatangani", bertanda_tangan=SIGNED)
    assert home.office.stage(number) is Stage.PENYAMPAIAN
    return urlsplit(home.office.link("jfu-1", "sampaikan")).path


def test_an_anonymous_slip_is_answered_on_the_board(home: House, browser: Browser) -> None:
    """Langkah 5 leads to the announcement; it names neither the person nor the matter, nor the whole serial."""
    task = delivered_to(home)
    page = tab_of(home, browser)
    page.goto(home.base + task)
    page.get_by_role("link", name="Cetak pengumuman untuk papan").click()
    url = page.url
    said = page.locator("main").inner_text()
    complaint = home.office.complaint()
    assert complaint.number in said
    assert complaint.letter_number in said
    assert spoken(SERIAL)[:9] in said
    assert spoken(SERIAL) not in said
    assert not [w for w in ("lampu", "sekolah", "warga") if w in said.lower()]
    looked_at(page, url, "pengumuman")
    answer = page.get_by_role("textbox", name="Jawaban kami")
    answer.press_sequentially("Lampunya sudah menyala. ")
    assert "Lampunya sudah menyala. Pengaduan Saudara kami tindak lanjuti." in answer.inner_text()
    prints(page, "pengumuman")
    proof = ("papan.jpg", SIGNED[1])
    home.press(task, "sampaikan", cara="papan", tempat="Papan pengumuman lobi", berkas=proof)
    assert home.office.complaint().delivery == "papan"


@pytest.mark.parametrize(
    ("asked", "offered"), [({"lewat_papan": "ya"}, True), ({"lewat_telepon": "ya"}, False)]
)
def test_who_left_a_telephone_is_answered_on_the_board_only_if_the_slip_asks_for_it(
    home: House, asked: dict[str, str], offered: bool
) -> None:
    task = delivered_to(home, nama="Suharti", telepon="0812 5550 0117", **asked)
    links = home.office.page(home.base + task).links("/pengumuman/")
    assert bool(links) is offered
    given = {"cara": "papan", "tempat": "Lobi", "berkas": ("papan.jpg", SIGNED[1])}
    answer = home.office.submit(home.base + task, "sampaikan", given)
    assert (answer.status == 200) is offered
    assert home.office.complaint().delivery == ("papan" if offered else "")


def test_an_announcement_opens_by_its_own_case_only(home: House) -> None:
    task = delivered_to(home)
    mine = home.office.complaint().id
    home.written("Lain", "Hal lain.", sender=SITI)
    assert home.office.web.get(f"{task}/pengumuman/{mine}").status_code == 200
    assert home.office.web.get(f"{task}/pengumuman/{home.office.complaint().id}").status_code == 404
    assert home.office.web.get(f"{task}/pengumuman/999999").status_code == 404
