"""A field that only another choice asks for is out of the way, by style alone; a choice that a mail's button made is
told."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page

from pipeline.office.sop import Stage
from tests.browser import Browser
from tests.desk import desk_in

STYLE = Path(__file__).parents[2] / "templates" / "web" / "aduan.css"
FILLED = "Terisi sesuai tombol yang Anda pilih"
BELONGS = {
    "langsung": {"penerima"},
    "telepon": {"penerima"},
    "pos": {"resi"},
    "papan": {"tempat"},
}


def test_agency_is_asked_for_only_where_another_is_in_charge(page: Page, tmp_path: Path) -> None:
    with desk_in(tmp_path) as desk:
        number = desk.to(Stage.KEPUTUSAN)
        browser = Browser(desk)
        form = browser.web.get(browser.link("kepala", desk.task("putuskan", number)))
    page.set_content(form.text)
    page.add_style_tag(content=STYLE.read_text())
    agency = page.get_by_label("Instansi yang berwenang").first
    assert agency.is_visible(), "nothing is chosen yet"
    page.get_by_label("Ditolak").first.check()
    assert not agency.is_visible()
    page.get_by_label("Bukan wewenang").first.check()
    assert agency.is_visible()


def test_a_choice_made_by_the_mails_button_is_told_and_nothing_else_is_asked_for(
    page: Page, tmp_path: Path
) -> None:
    with desk_in(tmp_path) as desk:
        number = desk.to(Stage.KEPUTUSAN)
        browser = Browser(desk)
        link = browser.link("kepala", desk.task("putuskan", number))
        refused = browser.web.get(f"{link}?aksi=putuskan&keputusan=ditolak")
        elsewhere = browser.web.get(f"{link}?aksi=putuskan&keputusan=bukan_wewenang")
    page.set_content(refused.text)
    page.add_style_tag(content=STYLE.read_text())
    said = page.get_by_role("group", name="Pengaduan ini")
    assert said.get_by_text(FILLED).is_visible()
    assert page.get_by_label("Ditolak").first.is_checked()
    assert not page.get_by_label("Instansi yang berwenang").first.is_visible()
    page.set_content(elsewhere.text)
    page.add_style_tag(content=STYLE.read_text())
    assert page.get_by_label("Instansi yang berwenang").first.is_visible()


def test_nothing_is_told_of_a_button_that_has_chosen_nothing(tmp_path: Path) -> None:
    """Of the page without a choice, of a choice that is none, and of a form that was sent and refused."""
    with desk_in(tmp_path) as desk:
        number = desk.to(Stage.KEPUTUSAN)
        browser = Browser(desk)
        link = browser.link("kepala", desk.task("putuskan", number))
        by_button = browser.get(f"{link}?aksi=putuskan&keputusan=ditolak")
        assert FILLED in by_button.text
        assert FILLED not in browser.get(link).text
        assert FILLED not in browser.get(f"{link}?aksi=putuskan&keputusan=entah").text
        assert FILLED not in browser.get(f"{link}?aksi=kembalikan&keputusan=ditolak").text
        assert FILLED not in browser.send(by_button.forms["putuskan"], {"perintah": ""}).text


def test_a_delivery_asks_for_what_belongs_to_its_way(page: Page, tmp_path: Path) -> None:
    with desk_in(tmp_path) as desk:
        number = desk.to(Stage.PENYAMPAIAN)
        browser = Browser(desk)
        form = browser.web.get(browser.link("jfu-1", desk.task("sampaikan", number)))
    page.set_content(form.text)
    page.add_style_tag(content=STYLE.read_text())
    page.locator("details").evaluate_all("found => found.forEach(one => one.open = true)")
    delivery = page.locator("#aksi-sampaikan")
    asked = {"penerima", "resi", "tempat"}

    def visible() -> set[str]:
        return {name for name in asked if delivery.locator(f"[name={name}]").is_visible()}

    assert visible() == asked, "nothing is chosen yet"
    for way, belongs in BELONGS.items():
        delivery.locator(f"[name=cara][value={way}]").check()
        assert visible() == belongs, way
        assert delivery.locator("[name=waktu]").is_visible()


def test_no_unit_is_ticked_that_says_it_is_another_s_or_is_asked_no_more(tmp_path: Path) -> None:
    with desk_in(tmp_path) as desk:
        desk.to(Stage.KLARIFIKASI)
        both = ["kasubag-umum", "kasi-infrastruktur"]
        desk.press("sekretaris", "tanya_unit", petugas=both, pertanyaan="Benarkah?")
        browser, task = Browser(desk), desk.task("laporkan_kepala")
        assert _ticked(browser.open("sekretaris", task).html) == 2
        desk.press("sekretaris", "tarik_pertanyaan", ditarik=["kasubag-umum"])
        desk.press("kasi-infrastruktur", "bukan_bidang")
        assert _ticked(browser.open("sekretaris", task).html) == 0


def _ticked(page: str) -> int:
    return len(re.findall(r'<input[^>]*name="unit"[^>]*\bchecked', page))


def test_words_given_back_are_those_that_were_typed_and_no_codes(tmp_path: Path) -> None:
    with desk_in(tmp_path) as desk:
        desk.to(Stage.KLARIFIKASI)
        browser, task = Browser(desk), desk.task("laporkan_kepala")
        form = browser.open("sekretaris", task).forms["laporkan_kepala"]
        desk.press("sekretaris", "laporkan_kepala", hasil="Benar padam.")
        late = browser.send(form, {"hasil": "Kata yang terlambat.", "unit": "infrastruktur"})
    assert "Kata yang terlambat." in late.text
    given_back = late.text.partition("Yang tadi Bapak/Ibu ketik")[2].partition("Isi pengaduan")[0]
    assert "Unit terkait" not in given_back
    assert "infrastruktur" not in given_back
