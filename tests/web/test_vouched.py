"""A tick about a file, and the files of a reply, are about what the page showed, and about nothing that came after."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from pipeline.files.pictures import as_pdf
from pipeline.office.sop import EventKind, Stage
from tests.cases.test_signed_paper import joined
from tests.desk import Desk, desk_in
from tests.intake.test_replies import answer
from tests.kantor import SIGNED, Form, Office, _FormReader, office
from tests.web.test_filled_by_reply import client, link

ANSWERS = {"halaman_sesuai": "ya", "ttd_terlihat": "ya", "tanpa_kode": "ya"}


@pytest.fixture
def kantor(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as running:
        running.know("kepala", "sekretaris", "jfu-1")
        yield running


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as made:
        yield made


def paper(grey: int, pages: int = 2) -> bytes:
    """A scan without a code; each grey is another's."""
    out = io.BytesIO()
    sheet = Image.new("L", (1240, 1754), 250)
    sheet.paste(grey, (200, 300, 1000, 900))
    sheet.save(out, "JPEG")
    return joined(*[as_pdf(out.getvalue())] * pages)


def test_tick_says_nothing_of_a_paper_that_is_chosen_afterwards(kantor: Office) -> None:
    kantor.to_signature()
    url = kantor.link("kepala", "tandatangani")
    first = {"bertanda_tangan": ("surat.pdf", paper(60))}
    asked = kantor.submit(url, "tandatangani", first)
    form = asked.forms["tandatangani"]
    assert "surat.pdf" in asked.text, "the paper that is asked about is kept"
    ticks = {name: "ya" for name in ANSWERS if name in form.names}
    other = {"bertanda_tangan": ("surat-lain.pdf", paper(120))}
    again = kantor.send(form, {**ticks, **other})
    assert again.status == 422
    assert kantor.stage() is Stage.TANDA_TANGAN
    form = again.forms["tandatangani"]
    assert not set(ticks) & {name for name, many in form.values.items() if many == ["ya"]}
    answered = again
    while answered.status == 422:  # each question is answered for this paper
        form = answered.forms["tandatangani"]
        fresh = {name: "ya" for name in ANSWERS if name in form.names}
        answered = kantor.send(form, fresh)
    assert kantor.stage() is Stage.PENYAMPAIAN


def test_tick_that_was_typed_and_not_sent_does_not_come_back(kantor: Office) -> None:
    """It would be about the file of then, or the letter of then."""
    kantor.to_signature()
    url = kantor.link("kepala", "tandatangani")
    page = kantor.page(url)
    kept = {"aksi": "tandatangani", "ttd_terlihat": "ya", "tanpa_kode": "ya"}
    kantor.web.post(f"{page.url}/simpan", data=kept)
    form = kantor.page(url).forms["tandatangani"]
    assert not {"ttd_terlihat", "tanpa_kode"} & set(form.values)


def shown(desk: Desk, page: str, url: str, aksi: str) -> Form:
    reader = _FormReader(url)
    reader.feed(page)
    return next(form for form in reader.forms if form.aksi == aksi)


def test_files_of_a_reply_that_came_after_the_page_are_looked_at_first(desk: Desk) -> None:
    """The form that was open shows nothing of them; the reply may be forged."""
    number = desk.to(Stage.KLARIFIKASI)
    answer(desk, Stage.KLARIFIKASI, "LAPOR: Benar.", files=[("satu.jpg", "image/jpeg", SIGNED)])
    browser, address = client(desk, "sekretaris"), link(desk, "balasan_konfirmasi").split("?")[0]
    open_page = shown(desk, browser.get(address).text, address, "laporkan_kepala")
    answer(
        desk, Stage.KLARIFIKASI, "LAPOR: Lain.", files=[("dua.jpg", "image/jpeg", SIGNED + b"2")]
    )
    sent = open_page.filled({})
    stopped = browser.post(address, data=sent)
    assert stopped.status_code == 422
    assert "dua.jpg" in stopped.text
    assert desk.stage(number) is Stage.KLARIFIKASI
    looked_at = shown(desk, stopped.text, address, "laporkan_kepala")
    assert browser.post(address, data=looked_at.filled({})).status_code == 303
    assert desk.stage(number) is Stage.KEPUTUSAN


def test_files_of_a_reply_do_not_go_along_with_a_page_that_does_not_show_them(desk: Desk) -> None:
    """Whoever opens the task's own mail in a new browser sees nothing of a reply in their name, forged or not."""
    number = desk.to(Stage.KLARIFIKASI)
    own = link(desk, "tugas_klarifikasi").split("?")[0]
    answer(desk, Stage.KLARIFIKASI, "LAPOR: Palsu.", files=[("palsu.jpg", "image/jpeg", SIGNED)])
    browser = client(desk)
    page = browser.get(own).text
    assert "palsu.jpg" not in page
    form = shown(desk, page, own, "laporkan_kepala")
    asked = browser.post(own, data=form.filled({"hasil": "Benar."}))
    assert asked.status_code == 303
    code = desk.mails("kode")[-1]
    entered = browser.post(asked.headers["Location"], data={"kode": digits(code.text)})
    assert entered.status_code == 303
    assert desk.stage(number) is Stage.KEPUTUSAN
    assert EventKind.ATTACHED not in [event.kind for event, _ in desk.events(number)]


def digits(text: str) -> str:
    return next(word for word in text.split() if len(word) == 6 and word.isdigit())
