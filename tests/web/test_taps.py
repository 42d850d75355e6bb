"""How many taps each langkah costs on a phone that is known: the mail's button, each field, file and button after it.

A field is one tap and its words, a file two (the field, the file). docs/panduan.md has the table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page

from pipeline.demo.player import edit_letter
from pipeline.demo.signed import signed_scan
from pipeline.office.sop import NO_UNIT, EventKind, Stage
from tests.kantor import SAMPLES
from tests.web.house import House, house
from tests.web.test_browser_journey import follow

PEOPLE = ("jfu-1", "sekretaris", "kepala", "kasi-infrastruktur")


@dataclass
class Hand:
    """Somebody's hand: from the button of their newest mail on."""

    phone: BrowserContext
    home: House
    folder: Path
    taps: int = 0
    typed: int = 0

    def open(self, who: str, button: str) -> Page:
        self.taps = self.typed = 0
        self.taps += 1
        return follow(self.phone, self.home.office.newest(who), button, self.folder)

    def tap(self, what: Locator) -> None:
        what.click()
        self.taps += 1

    def type(self, what: Locator, words: str) -> None:
        what.fill(words)
        self.taps += 1
        self.typed += 1

    def choose(self, what: Locator, file: Path) -> None:
        what.set_input_files(file)
        self.taps += 2

    def sent(self) -> tuple[int, int]:
        """(taps, fields that were typed in) of what was done."""
        self.home.tick()
        return self.taps, self.typed


@pytest.fixture
def hand(browser: Browser, tmp_path: Path) -> Iterator[Hand]:
    with house(tmp_path) as home:
        phone = browser.new_context(viewport={"width": 390, "height": 844}, locale="id-ID")
        phone.set_default_timeout(30_000)  # milliseconds
        for who in PEOPLE:
            cookie = {
                "name": home.office.cookie(who),
                "value": home.office.know(who),
                "url": home.base,
            }
            phone.add_cookies([cookie])  # type: ignore[list-item]
        yield Hand(phone, home, tmp_path)
        phone.close()


def hand_in_signed(hand: Hand, paper: Path, *, readable: bool = True) -> None:
    """The Kepala uploads a letter that was signed with ink."""
    page = hand.open("kepala", "Unggah surat yang sudah ditandatangani")
    hand.choose(page.get_by_label("Surat yang sudah ditandatangani", exact=True), paper)
    hand.tap(page.get_by_label("Tanda tangan tinta"))
    if not readable:
        hand.tap(page.get_by_label("Kode QR tidak terbaca"))
    hand.tap(page.get_by_role("button", name="Unggah dan teruskan kepada JFU"))


def test_how_many_taps_each_langkah_costs(hand: Hand, tmp_path: Path) -> None:
    """None more than before the SOP's unit terkait was asked for: the button says that there is none. Langkah 1 is done
    without typing where the proposal fits."""
    kantor = hand.home.office
    hand.home.sample("01")

    page = hand.open("jfu-1", "Catat dan laporkan")
    assert "wifi gratis di Taman Bantaran" in page.get_by_label("Ringkasan pengaduan").input_value()
    hand.tap(page.get_by_role("button", name="Laporkan kepada Sekretaris"))
    counted = {"1": hand.sent()}

    page = hand.open("sekretaris", "Laporkan kepada Kepala Dinas")
    hand.type(page.get_by_label("Hasil klarifikasi"), "Benar, wifi mati.")
    hand.tap(page.get_by_role("button", name="Laporkan kepada Kepala Dinas, tanpa unit terkait"))
    assert kantor.complaint().unit == NO_UNIT
    counted["2"] = hand.sent()

    page = hand.open("kepala", "Ditindaklanjuti")
    hand.type(page.get_by_label("Perintah kepada Sekretaris"), "Mohon dibuatkan jawaban.")
    hand.tap(page.get_by_role("button", name="Kirim keputusan"))
    counted["3"] = hand.sent()

    draft = kantor.content(kantor.documents("konsep")[-1])
    (tmp_path / "surat.docx").write_bytes(edit_letter(draft, "Wifi menyala lagi."))
    page = hand.open("sekretaris", "Unggah surat")
    hand.choose(
        page.get_by_label("Surat yang sudah disunting", exact=True), tmp_path / "surat.docx"
    )
    hand.tap(page.get_by_role("button", name="Unggah dan periksa"))
    hand.tap(page.get_by_role("button", name="Ajukan untuk tanda tangan"))
    counted["4"] = hand.sent()

    paper = tmp_path / "tanda-tangan.pdf"
    paper.write_bytes(signed_scan(kantor.content(kantor.documents("akhir")[-1])))
    hand_in_signed(hand, paper)
    counted["tanda tangan"] = hand.sent()

    page = hand.open("jfu-1", "Kirim lewat email")
    hand.tap(page.get_by_role("button", name="Kirim surat kepada pengadu"))
    counted["5"] = hand.sent()

    assert kantor.stage() is Stage.SELESAI
    assert counted == {
        "1": (2, 0),
        "2": (3, 1),
        "3": (3, 1),
        "4": (5, 0),
        "tanda tangan": (5, 0),
        "5": (2, 0),
    }


def test_a_paper_whose_code_cannot_be_read_costs_one_tap_more(hand: Hand) -> None:
    hand.home.sample("01")
    hand.home.to_signature()
    hand_in_signed(hand, SAMPLES / "tanda-tangan.jpg", readable=False)
    assert hand.sent() == (6, 0)
    assert hand.home.office.stage() is Stage.PENYAMPAIAN


def test_a_question_and_its_answer_in_langkah_2(hand: Hand) -> None:
    """The Kasubag/Kasi opens, types and sends; the Sekretaris also says whom they ask."""
    hand.home.sample("01")
    hand.home.to_clarification()
    page = hand.open("sekretaris", "Minta keterangan Kasubag/Kasi")
    question = page.locator("#aksi-tanya_unit")
    hand.tap(question.get_by_label("Kasi Pengelolaan Infrastruktur"))
    hand.type(question.get_by_label("Pertanyaan"), "Sejak kapan wifi mati?")
    hand.tap(question.get_by_role("button", name="Kirim pertanyaan"))
    assert hand.sent() == (4, 1)
    page = hand.open("kasi-infrastruktur", "Beri keterangan")
    hand.type(page.get_by_label("Keterangan Bapak/Ibu"), "Sejak kemarin malam.")
    hand.tap(page.get_by_role("button", name="Kirim keterangan"))
    assert hand.sent() == (3, 1)
    assert EventKind.UNIT_ANSWERED in hand.home.office.events()
