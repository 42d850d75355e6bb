"""On the Kepala's page a field that only another choice asks for is out of the way, by style alone."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

from pipeline.office.sop import Stage
from tests.browser import Browser
from tests.desk import desk_in

STYLE = Path(__file__).parents[2] / "templates" / "web" / "aduan.css"


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
