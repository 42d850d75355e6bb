"""The page that a reply has filled in: in a browser that nobody knows, with the reply's words and files."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from PIL import Image

from pipeline.access import browsers, links
from pipeline.data.engine import reading, writing
from pipeline.office.sop import EventKind, Stage
from pipeline.web.app import create_app
from tests.desk import Desk, desk_in
from tests.intake.test_replies import answer
from tests.kantor import SIGNED


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as made:
        yield made


def client(desk: Desk, person: str = "") -> FlaskClient:
    browser = create_app(desk.settings, desk.engine, desk.clock).test_client()
    if person:
        with writing(desk.engine) as session:
            cookie = browsers.remember(
                session, desk.settings.keys, desk.person(person), "", desk.clock()
            )
        browser.set_cookie(
            browsers.cookie_name(person, desk.settings.web.base_url.startswith("https:")),
            cookie,
            path="/",
        )
    return browser


def link(desk: Desk, name: str) -> str:
    """The address in the newest mail of that name, as its reader sees it."""
    row = desk.mails(name)[-1]
    action = re.search(r"\?aksi=(\w+)", row.text)
    with reading(desk.engine) as session:
        token = links.token(session, desk.settings.keys, row.links[0])
    return f"/t/{token}" + (action[0] if action else "")


def test_the_link_shows_the_words_and_files_and_what_was_cut_off(desk: Desk) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    text = "LAPOR: Benar, tiga titik padam.\n\nHormat saya,\nRatih Kusumawardani\nHP 0812-3456-7890"
    answer(desk, Stage.KLARIFIKASI, text, files=[("lokasi.jpg", "image/jpeg", SIGNED)])
    assert desk.stage(number) is Stage.KLARIFIKASI
    page = client(desk).get(link(desk, "balasan_konfirmasi")).get_data(as_text=True)
    assert "Benar, tiga titik padam.</textarea>" in page
    assert "lokasi.jpg" in page
    assert "0812-3456-7890" in page.partition("<details")[2]
    assert "0812" not in re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)[1]  # type: ignore[index]


def test_another_link_to_the_task_shows_nothing_of_it_in_an_unknown_browser(desk: Desk) -> None:
    desk.to(Stage.KLARIFIKASI)
    answer(desk, Stage.KLARIFIKASI, "LAPOR: Kata dari surat palsu.")
    with reading(desk.engine) as session:
        token = links.token(
            session, desk.settings.keys, desk.mails("tugas_klarifikasi")[-1].links[0]
        )
        alive = links.resolve(
            session, desk.settings, token, desk.clock() + timedelta(seconds=1)
        ).alive
    assert alive, "a reply in somebody's name does not end the links of their mail"
    assert "Kata dari surat palsu" not in client(desk).get(f"/t/{token}").get_data(as_text=True)


@pytest.mark.parametrize(("struck", "kept"), [({}, True), ({"tanpa_lampiran": "ya"}, False)])
def test_one_press_does_it_with_the_files_of_the_reply(
    desk: Desk, struck: dict[str, str], kept: bool
) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    answer(desk, Stage.KLARIFIKASI, "LAPOR: Benar.", files=[("lokasi.jpg", "image/jpeg", SIGNED)])
    address = link(desk, "balasan_konfirmasi").partition("?")[0]
    browser = client(desk, "sekretaris")
    page = browser.get(address).get_data(as_text=True)
    shows = re.findall('name="kiriman" value="([0-9]+)"', page)
    fields = {"aksi": "laporkan_kepala", "hasil": "Benar.", "unit": "tidak_ada", **struck}
    done = browser.post(address, data={**fields, "kiriman": shows[:1]})
    assert done.status_code == 303
    assert desk.stage(number) is Stage.KEPUTUSAN
    assert (EventKind.ATTACHED in [event.kind for event, _ in desk.events(number)]) is kept


def scan_as(kind: str) -> tuple[str, str, bytes]:
    """The signed letter as people send it: a photograph, a PNG, a PDF of two pages."""
    picture, out = Image.open(io.BytesIO(SIGNED)).convert("RGB"), io.BytesIO()
    more: dict[str, object] = (
        {"save_all": True, "append_images": [picture]} if kind == "pdf" else {}
    )
    picture.save(out, kind.upper(), **more)
    return f"surat.{kind}", f"image/{kind}" if kind != "pdf" else "application/pdf", out.getvalue()


@pytest.mark.parametrize(("kind", "pages"), [("jpeg", 1), ("png", 1), ("pdf", 2)])
def test_paper_that_came_by_reply_is_seen_before_anybody_vouches_for_its_ink(
    desk: Desk, kind: str, pages: int
) -> None:
    desk.to(Stage.TANDA_TANGAN)
    answer(desk, Stage.TANDA_TANGAN, "SETUJU", files=[scan_as(kind)])
    stranger, address = client(desk), link(desk, "balasan_konfirmasi")
    page = stranger.get(address).get_data(as_text=True)
    shown = re.findall(r'<img class="muka" src="(/t/[^"]+/balasan/[^"]+)"', page)
    assert len(shown) == pages
    ink = page.index('name="ttd_terlihat"')
    assert all(page.index(url) < ink for url in shown), "it is looked at first"
    for url in shown:
        drawn = stranger.get(url)
        assert drawn.mimetype == "image/jpeg"
        assert drawn.data.startswith(b"\xff\xd8")
    assert stranger.get(shown[-1].replace(f"hal={pages}", "hal=9")).status_code == 404
    with reading(desk.engine) as session:
        other = links.token(session, desk.settings.keys, other_link(desk))
    of_another = re.sub(r"^/t/[^/]+", f"/t/{other}", shown[0])
    assert stranger.get(of_another).status_code == 404


def other_link(desk: Desk) -> int:
    """The link of the task's own mail to the Kepala Dinas."""
    address = desk.person("kepala").email
    rows = [row for row in desk.mails() if row.recipient == address and row.links]
    answered = desk.mails("balasan_konfirmasi")[-1].id
    return int([row for row in rows if row.id < answered][-1].links[0])


def test_file_that_is_no_picture_is_named_only(desk: Desk) -> None:
    desk.to(Stage.KLARIFIKASI)
    file = ("catatan.txt", "text/plain", b"Tiang 7 padam.")
    answer(desk, Stage.KLARIFIKASI, "LAPOR: Benar.", files=[file])
    page = client(desk).get(link(desk, "balasan_konfirmasi")).get_data(as_text=True)
    assert "catatan.txt" in page
    assert "/balasan/" not in page
