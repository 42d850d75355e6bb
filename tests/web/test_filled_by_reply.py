"""The page that a reply has filled in: in a browser that nobody knows, with the reply's words and files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

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
    fields = {"aksi": "laporkan_kepala", "hasil": "Benar.", "unit": "tidak_ada", **struck}
    done = client(desk, "sekretaris").post(address, data=fields)
    assert done.status_code == 303
    assert desk.stage(number) is Stage.KEPUTUSAN
    assert (EventKind.ATTACHED in [event.kind for event, _ in desk.events(number)]) is kept
