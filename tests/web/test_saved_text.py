"""What is typed is not lost, in real Chromium: in a second tab, offline, when the tab is left, and where no
script runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.web.house import House, house

TYPED = "Tiga lampu padam; suku cadang tersedia pada hari Jumat."


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as one:
        one.written("Lampu taman padam", "Lampu taman di Jalan Mawar padam sejak Senin.")
        one.to_clarification(perihal="Lampu taman padam", ringkasan="Tiga lampu taman padam.")
        one.pages["tugas"] = one.link("sekretaris", "laporkan_kepala")
        yield one


@pytest.fixture
def desk(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="id-ID")
    context.set_default_timeout(30_000)  # milliseconds
    yield context
    context.close()


def opened(desk: BrowserContext, home: House) -> Page:
    page = desk.new_page()
    page.goto(home.base + home.pages["tugas"])
    return page


def result(page: Page) -> Any:
    return expect(page.get_by_label("Hasil klarifikasi"))


def said(page: Page) -> Any:
    return expect(page.locator("form:has(#laporkan_kepala-hasil) [data-kabar]"))


def test_a_second_tab_shows_what_was_typed_in_the_first(desk: BrowserContext, home: House) -> None:
    first = opened(desk, home)
    first.get_by_label("Hasil klarifikasi").press_sequentially(TYPED)
    said(first).to_contain_text("Tersimpan pukul", timeout=30_000)
    result(opened(desk, home)).to_have_value(TYPED)


def test_a_tab_that_is_left_before_the_pause_is_over_has_saved(
    desk: BrowserContext, home: House
) -> None:
    first = opened(desk, home)
    first.get_by_label("Hasil klarifikasi").press_sequentially(TYPED)
    first.goto("about:blank")
    first.wait_for_timeout(1_000)
    result(opened(desk, home)).to_have_value(TYPED)


def test_text_outlives_a_lost_connection(desk: BrowserContext, home: House) -> None:
    page = opened(desk, home)
    desk.set_offline(True)
    page.get_by_label("Hasil klarifikasi").fill(TYPED)
    said(page).to_contain_text("sambungan terputus", timeout=30_000)
    desk.set_offline(False)
    page.reload()
    result(page).to_have_value(TYPED)


@pytest.mark.parametrize("status", [503, 500, 409])
def test_text_outlives_a_server_that_refuses_to_save(
    desk: BrowserContext, home: House, status: int
) -> None:
    page = opened(desk, home)
    page.route("**/simpan", lambda route: route.fulfill(status=status, body=""))
    page.get_by_label("Hasil klarifikasi").fill(TYPED)
    page.get_by_label("Hasil klarifikasi").blur()
    page.wait_for_timeout(500)
    page.unroute("**/simpan")
    page.reload()
    result(page).to_have_value(TYPED)


def test_an_act_that_is_sent_while_the_server_is_away_is_given_back(
    desk: BrowserContext, home: House
) -> None:
    page = opened(desk, home)
    page.get_by_label("Hasil klarifikasi").fill(TYPED)
    page.route(
        "**/t/*",
        lambda route: route.abort() if route.request.method == "POST" else route.continue_(),
    )
    page.route("**/simpan", lambda route: route.abort())
    page.get_by_role("button", name="Laporkan kepada Kepala Dinas").click()
    page.wait_for_timeout(500)
    page.unroute_all()
    page.goto(home.base + home.pages["tugas"])
    result(page).to_have_value(TYPED)


def test_without_script_a_button_saves_and_a_second_tab_has_it(
    browser: Browser, home: House
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = opened(context, home)
    page.get_by_label("Hasil klarifikasi").fill(TYPED)
    page.locator("form:has(#laporkan_kepala-hasil)").get_by_role(
        "button", name="Simpan sementara"
    ).click()
    result(page).to_have_value(TYPED)
    result(opened(context, home)).to_have_value(TYPED)
    context.close()


def test_text_outlives_a_page_that_was_asked_for_before_it_was_saved(
    desk: BrowserContext, home: House
) -> None:
    """The reloaded page is drawn while the save is still on its way: it shows the text all the same."""
    page = opened(desk, home)
    on_its_way: list[Route] = []

    def draw_first(route: Route) -> None:
        drawn = route.fetch()
        with page.expect_response("**/simpan"):
            on_its_way[0].continue_()
        route.fulfill(response=drawn)

    page.route("**/simpan", lambda route: on_its_way.append(route))
    page.get_by_label("Hasil klarifikasi").fill(TYPED)
    page.wait_for_timeout(4_000)  # the pause after the last letter
    assert len(on_its_way) == 1
    page.route(f"**{home.pages['tugas']}", draw_first)
    page.reload()
    result(page).to_have_value(TYPED)


def test_a_form_of_one_short_field_is_saved_too(desk: BrowserContext, home: House) -> None:
    first = opened(desk, home)
    first.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
    first.locator("#gabungkan-nomor").press_sequentially("PGD-2026-000009")
    expect(first.locator("form:has(#gabungkan-nomor) [data-kabar]")).to_contain_text(
        "Tersimpan pukul", timeout=30_000
    )
    second = opened(desk, home)
    expect(second.locator("#gabungkan-nomor")).to_have_value("PGD-2026-000009")


# ---- forms that belong to no task ----------------------------------------------------------------------------


def known(context: BrowserContext, home: House, who: str, page: str) -> Page:
    """A page that only its holder sees, in a browser that is known to be theirs."""
    value = home.office.know(who)
    cookie = {"name": home.office.cookie(who), "value": value, "url": home.base}
    context.add_cookies([cookie])  # type: ignore[list-item]
    opening = {"jfu-1": "laporkan", "sekretaris": "laporkan_kepala"}[who]
    tab = context.new_page()
    tab.goto(f"{home.base}{home.link(who, opening).partition('?')[0]}{page}")
    tab.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
    return tab


COUNTER = ("jfu-1", "/catat", "#catat-isi", TYPED)
LATER = ("jfu-1", "/catat", "#tambah-isi", TYPED)
STAND_IN = ("sekretaris", "/saya", "#delegasi-mulai", "2026-12-01")


@pytest.mark.parametrize(("who", "where", "field", "text"), [COUNTER, LATER, STAND_IN])
@pytest.mark.parametrize("with_script", [True, False])
def test_what_is_typed_beside_a_task_is_saved_too(
    browser: Browser, home: House, who: str, where: str, field: str, text: str, with_script: bool
) -> None:
    """The counter's two forms and the delegation: a second tab has the text, whichever link opened it."""
    if who == "jfu-1":
        home.written("Jalan rusak", "Jalan Kenanga berlubang.")  # the JFU has a link of their own
    context = browser.new_context(java_script_enabled=with_script)
    page = known(context, home, who, where)
    page.locator(field).fill(text)
    form = page.locator(f"form:has({field})")
    if with_script:
        expect(form.locator("[data-kabar]")).to_contain_text("Tersimpan pukul", timeout=30_000)
    else:
        form.get_by_role("button", name="Simpan sementara").click()
        expect(page.get_by_role("status")).to_contain_text("sudah disimpan")
        expect(page.locator(field)).to_have_value(text)
    expect(known(context, home, who, where).locator(field)).to_have_value(text)
    context.close()


def test_counter_gives_back_what_was_typed_offline_and_nothing_that_was_recorded(
    desk: BrowserContext, home: House
) -> None:
    home.written("Jalan rusak", "Jalan Kenanga berlubang.")
    page = known(desk, home, "jfu-1", "/catat")
    desk.set_offline(True)
    page.locator("#catat-isi").fill(TYPED)
    form = page.locator("form:has(#catat-isi)")
    expect(form.locator("[data-kabar]")).to_contain_text("Belum tersimpan", timeout=30_000)
    desk.set_offline(False)
    page.reload()
    expect(page.locator("#catat-isi")).to_have_value(TYPED)
    page.locator("#catat-nama").fill("Budi")
    page.locator("#catat-perihal").fill("Lampu padam")
    page.get_by_label("Telepon", exact=True).first.check()
    page.get_by_role("button", name="Catat", exact=False).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Tanda terima")
    page.go_back()
    page.goto(page.url.partition("/tanda-terima")[0].removesuffix("/catat") + "/catat")
    expect(page.locator("#catat-isi")).to_have_value("")
