"""The page of all that waits for one person; a fresh link for known holders, the same words for strangers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.sop import Stage
from tests.office import Office, office


@pytest.fixture
def kantor(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as one:
        yield one


def mine(kantor: Office, person: str) -> str:
    """The address of the page, from the person's newest mail."""
    return next(url for mail in reversed(kantor.inbox(person)) for url in mail.links if url.endswith("/saya"))


def test_every_mail_to_an_official_leads_there_and_none_to_a_citizen(kantor: Office) -> None:
    kantor.to_delivery()
    officials = {p.email for p in kantor.settings.petugas}
    for mail in kantor.post.sent:
        assert any(url.endswith("/saya") for url in mail.links) == (mail.to in officials), mail.subject


def test_an_unknown_browser_is_asked_for_a_code_first(kantor: Office) -> None:
    kantor.to_clarification()
    url = mine(kantor, "sekretaris")
    page = kantor.page(url)
    assert "Peramban ini belum dikenal" in page.text
    assert "PGD-" not in page.text
    answer = kantor.web.post(f"{page.url}/kode")
    done = kantor.web.post(answer.headers["Location"], data={"kode": kantor.code()})
    assert "1 tugas menunggu" in kantor.page(done.headers["Location"]).text


def test_it_lists_what_waits_with_limits_and_links_that_act(kantor: Office) -> None:
    kantor.to_decision()
    kantor.citizen_sends("Wifi lambat", "Wifi di balai kelurahan lambat.", sender="budi@warga.example")
    kantor.press("jfu-1", "laporkan", about="Wifi", ringkasan="Wifi lambat.")
    kantor.know("sekretaris", "kepala", "jfu-1")
    page = kantor.page(mine(kantor, "sekretaris"))
    assert "1 tugas menunggu: 0 terlambat, 1 batasnya hari ini." in page.text
    assert "Klarifikasi: Wifi lambat" in page.text
    assert "Sisa 10 menit" in page.text
    kantor.later(minutes=30)
    page = kantor.page(mine(kantor, "sekretaris"))
    assert "1 tugas menunggu: 1 terlambat" in page.text
    (url,) = [one for one in page.links("/t/") if not one.endswith("/saya") and "statis" not in one]
    kantor.press(url, "laporkan_kepala", hasil="Benar.")
    assert kantor.stage() is Stage.KEPUTUSAN
    assert "Tidak ada tugas yang menunggu" in kantor.page(mine(kantor, "sekretaris")).text
    assert "2 tugas menunggu" in kantor.page(mine(kantor, "kepala")).text
    assert "Tidak ada tugas yang menunggu" in kantor.page(mine(kantor, "jfu-1")).text


def test_a_known_address_gets_a_link_and_a_stranger_reads_the_same(kantor: Office) -> None:
    kantor.to_clarification()
    addresses = ("sekretaris@kominfo.example", "SEKRETARIS@kominfo.example", "lain@warga.example")
    answers = [kantor.web.post("/saya", data={"email": address}) for address in addresses]
    assert {(a.status_code, a.data) for a in answers} == {(200, answers[0].data)}
    assert "Bila alamat itu terdaftar" in answers[0].text
    kantor.settle()
    found = [m for m in kantor.post.sent if m.subject == "Tautan baru: tugas saya"]
    assert [m.to for m in found] == ["sekretaris@kominfo.example"] * 2
    kantor.know("sekretaris")
    url = next(url for url in found[0].links if url.endswith("/saya"))
    assert "1 tugas menunggu" in kantor.page(url).text
    bare = kantor.web.get(url.partition("example")[2].removesuffix("/saya"))
    assert bare.headers["Location"].endswith("/saya")  # the link opens no task by itself


def test_links_are_not_sent_without_end(kantor: Office) -> None:
    for _ in range(9):
        assert kantor.web.post("/saya", data={"email": "sekretaris@kominfo.example"}).status_code == 200
    assert len(kantor.outbox("tautan_saya")) == kantor.settings.smtp.answers_per_hour


@pytest.mark.parametrize("address", ["", "bukan alamat", "x" * 9000])
def test_what_is_no_address_is_said(kantor: Office, address: str) -> None:
    answer = kantor.web.post("/saya", data={"email": address})
    assert answer.status_code == 422
    assert "Alamat email ini belum lengkap" in answer.text


def test_expired_links_are_made_anew_by_a_button(kantor: Office) -> None:
    kantor.to_clarification()
    kantor.later(days=29)
    kantor.web.post("/saya", data={"email": "sekretaris@kominfo.example"})
    kantor.settle()
    url = mine(kantor, "sekretaris")
    kantor.later(days=29)
    kantor.know("sekretaris")
    kantor.clock.now = kantor.clock.now.replace(hour=20)  # no reminder brings a new link
    with kantor.engine.connect():
        page = kantor.page(url)
    if "Perbarui tautan" in page.text:
        kantor.web.post(f"{page.url}/tautan")
        page = kantor.page(url)
    assert "Perbarui tautan" not in page.text
    assert "Klarifikasi" in page.text


def test_somebody_may_be_put_in_ones_place_and_taken_back(kantor: Office) -> None:
    kantor.to_clarification()
    kantor.know("sekretaris", "kasubag-umum")
    page = kantor.page(mine(kantor, "sekretaris"))
    form = {"kepada": "kasubag-umum", "sebagai": "plh", "mulai": "2026-11-24", "sampai": "2026-11-25"}
    answer = kantor.web.post(f"{page.url}/delegasi", data=form)
    assert answer.status_code == 303
    kantor.settle()
    page = kantor.page(mine(kantor, "sekretaris"))
    assert "Endah Lestari (Plh.)" in page.text
    assert "Tidak ada tugas yang menunggu" in page.text
    old = kantor.page(kantor.links(kantor.inbox("sekretaris")[0])[0])
    assert "Tugas ini sudah beralih" in old.text
    assert "Endah Lestari (Plh. Sekretaris)" in old.text
    theirs = kantor.page(mine(kantor, "kasubag-umum"))
    assert "Endah Lestari, Kasubag Umum, Plh. Sekretaris" in theirs.text
    kantor.press("kasubag-umum", "tanya_unit", petugas=["kasi-infrastruktur"], pertanyaan="Benarkah?")
    answer = kantor.web.post(f"{page.url}/delegasi/1")
    assert answer.status_code == 303
    kantor.settle()
    assert "1 tugas menunggu" in kantor.page(mine(kantor, "sekretaris")).text


def test_a_date_that_cannot_be_is_said_beside_its_field(kantor: Office) -> None:
    kantor.to_clarification()
    kantor.know("sekretaris")
    page = kantor.page(mine(kantor, "sekretaris"))
    form = {"kepada": "kasubag-umum", "sebagai": "plh", "mulai": "2026-11-20", "sampai": "kemarin"}
    answer = kantor.web.post(f"{page.url}/delegasi", data=form)
    assert answer.status_code == 422
    assert "Tanggal mulai paling awal hari ini" in answer.text


def test_an_unknown_browser_changes_nothing_there(kantor: Office) -> None:
    kantor.to_clarification()
    url = kantor.page(mine(kantor, "sekretaris")).url
    for part in ("delegasi", "delegasi/1", "tautan"):
        assert kantor.web.post(f"{url}/{part}").status_code == 403
