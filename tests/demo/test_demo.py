"""The demo as a newcomer meets it: it plays itself, and it can be played in a browser."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from click.testing import CliRunner
from playwright.sync_api import Page
from sqlalchemy import func, select

from pipeline.cli.main import main
from pipeline.data import engine
from pipeline.data.tables import Base, Complaint
from pipeline.demo.office import DemoOffice
from pipeline.demo.pages import register
from pipeline.demo.player import Player
from pipeline.office.sop import Role, Stage, TaskKind
from pipeline.office.words import table

ARTEFACTS = Path(__file__).parents[1] / "artefak"
HTTP = urllib3.PoolManager(retries=False)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoOffice]:
    with DemoOffice(tmp_path_factory.mktemp("demo"), 0, register) as running:
        running.send_next()
        running.settle()
        yield running


def url(office: DemoOffice, path: str = "/demo") -> str:
    return f"http://127.0.0.1:{office.port}{path}"


def test_it_plays_every_role_and_leaves_the_papers(tmp_path: Path) -> None:
    """`aduan demo --auto` ends with letters, the book and all mails; exit 0."""
    result = CliRunner().invoke(main, ["demo", "--auto", "--folder", str(tmp_path / "demo")])
    assert result.exit_code == 0, result.output
    assert "7 pengaduan melewati kelima langkah" in result.output
    folder = tmp_path / "demo"
    assert len(list(folder.glob("surat/*-ttd-*.pdf"))) == 7
    assert len(list(folder.glob("surat/*-konsep-*.docx"))) == 7
    mails = list(folder.glob("email/*/*.eml"))
    assert any("Jawaban-atas-pengaduan" in m.name for m in mails)
    with zipfile.ZipFile(folder / "Buku Pengaduan.xlsx") as book:
        rows = "".join(
            book.read(name).decode() for name in book.namelist() if name.endswith(".xml")
        )
    assert len(set(re.findall(r"PGD-\d{4}-\d{6}", rows))) == 7
    assert "wifi gratis di Taman Bantaran" in rows, "the summary is of this complaint"
    assert "Ringkasan yang ditulis" not in rows


def test_another_host_name_is_turned_away(office: DemoOffice) -> None:
    """A page of another site that points its own name at loopback reaches nothing."""
    answer = HTTP.request("GET", url(office), headers={"Host": f"evil.example:{office.port}"})
    assert answer.status == 421
    assert b"PGD" not in answer.data


@pytest.mark.parametrize("width", [360, 1280])
def test_playground_is_accessible(office: DemoOffice, page: Page, width: int) -> None:
    """axe-core finds nothing and nothing runs off, at a phone's and a desk's width."""
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(url(office))
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / f"demo_{width}.png", full_page=True)


def test_looking_changes_nothing(office: DemoOffice) -> None:
    """GET of the playground, of its mails and of every link in them leaves all tables as they are."""

    def rows() -> dict[str, int | None]:
        tables = [
            t for t in Base.metadata.sorted_tables if t.name not in ("lane", "reconciled")
        ]  # the lanes' own notes
        with engine.reading(office.engine) as session:
            return {t.name: session.scalar(select(func.count()).select_from(t)) for t in tables}

    before = rows()
    page = HTTP.request("GET", url(office)).data.decode()
    assert "Sekarang giliran <b>JFU</b>" in page
    frame = re.search(r'iframe src="([^"]+)"', page)
    assert frame
    mail = HTTP.request("GET", url(office, frame[1])).data.decode()
    for link in set(re.findall(r'href="(http://[^"]+)"', mail)):
        assert HTTP.request("GET", link.replace("&amp;", "&")).status == 200
        assert HTTP.request("HEAD", link.replace("&amp;", "&")).status == 200
    assert rows() == before


def test_the_controls_send_scan_jump_and_start_over(office: DemoOffice) -> None:
    """Each control does what it says, and starting over leaves one fresh complaint."""

    def press(control: str) -> str:
        answer = HTTP.request("POST", url(office), fields={"aksi": control}, redirect=False)
        assert answer.status == 303
        return HTTP.request("GET", url(office)).data.decode()

    day = office.clock().astimezone(office.settings.zone).date()
    press("lompat")
    assert office.clock().astimezone(office.settings.zone).date() > day
    press("kirim")
    assert "slip baru dari kotak pengaduan" in press("pindai")
    with engine.reading(office.engine) as session:
        assert session.scalar(select(func.count(Complaint.id))) == 2
    press("ulang")
    with engine.reading(office.engine) as session:
        numbers = session.scalars(select(Complaint.number)).all()
    assert len(numbers) == 1
    assert numbers[0].endswith("-000001")
    assert HTTP.request("POST", url(office), fields={"aksi": "hapus"}).status == 409


def test_a_newcomer_reaches_a_task_by_the_mail_s_button(office: DemoOffice, page: Page) -> None:
    """On a phone: the mail's button opens the task, its button acts, and the next person's turn is shown."""
    page.goto(url(office))
    with page.context.expect_page() as opened:
        page.frame_locator("iframe").get_by_role("link", name="Catat dan laporkan").click()
    task = opened.value
    task.get_by_label("Ringkasan pengaduan").fill("Wifi taman mati.")
    task.get_by_role("button", name="Laporkan kepada Sekretaris").click()
    task.get_by_role("heading", name="Terima kasih").wait_for()
    task.get_by_role("link", name="Kembali ke tempat mencoba").click()
    assert "Sekretaris" in task.locator("section.panel").inner_text()


@pytest.mark.parametrize("width", [390, 1280])
def test_the_mail_is_shown_whole(office: DemoOffice, page: Page, width: int) -> None:
    """No scroll bar in a page that scrolls itself; also after the window has changed."""
    page.set_viewport_size({"width": 700, "height": 800})
    page.goto(url(office))
    page.frame_locator("iframe").locator("h1").first.wait_for()
    page.set_viewport_size({"width": width, "height": 800})
    hidden = "f => f.contentDocument.documentElement.scrollHeight - f.clientHeight"
    page.wait_for_function(f"() => ({hidden})(document.querySelector('iframe')) <= 0")
    room = page.locator("iframe").evaluate(
        "f => f.clientHeight - f.contentDocument.body.scrollHeight"
    )
    assert room < 120  # nor an empty space below


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_the_button_that_comes_next_is_on_the_first_screen(
    office: DemoOffice, page: Page, width: int, height: int
) -> None:
    """Not only in the mail, which begins below it."""
    HTTP.request("POST", url(office), fields={"aksi": "ulang"}, redirect=False)
    office.settle()
    page.set_viewport_size({"width": width, "height": height})
    page.goto(url(office))
    button = page.get_by_role("link", name="Catat dan laporkan", exact=True)
    box = button.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= height
    button.click()
    page.get_by_label("Ringkasan pengaduan").wait_for()


def test_the_pengadu_answers_in_the_playground(office: DemoOffice) -> None:
    """A question to the pengadu is answered with the reply form under the mail; the clock runs again."""
    HTTP.request("POST", url(office), fields={"aksi": "ulang"}, redirect=False)
    player = Player(office)

    def newest(role: Role) -> str:
        office.settle()
        return player.link(office.mailbox(office.settings.holders(role)[0].email)[-1])

    player.press(newest(Role.JFU), "laporkan", None, ringkasan="Wifi taman mati.")
    link = newest(Role.SEKRETARIS)
    task = next(t for t in office.open_tasks() if t.kind is TaskKind.KLARIFIKASI)
    HTTP.request(
        "POST", link, fields={"aksi": "tanya_pengadu", "pertanyaan": "Sejak kapan?"}, redirect=False
    )
    page = HTTP.request("GET", url(office)).data.decode()
    assert "Sekarang giliran <b>Pengadu</b>" in page
    reply = re.search(r'action="(/demo/surat/[^"]+/balas)"', page)
    assert reply
    HTTP.request("POST", url(office, reply[1]), fields={"teks": "Sejak Senin."}, redirect=False)
    again = next(t for t in office.open_tasks() if t.id == task.id)
    assert again.paused_at is None
    assert again.due_at is not None


def test_the_slip_keeps_its_stage_words() -> None:
    """Every stage and every task has its words in the playground."""
    words = table("demo")
    assert {str(k) for k in TaskKind} - set(words) <= {"gabungan", "arsip", "pindai", "tertahan"}
    assert {str(s) for s in Stage} <= set(table("tahap"))
