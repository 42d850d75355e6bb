"""The page of all that waits for one person; a fresh link for known holders, the same words for strangers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event, select
from werkzeug.test import TestResponse

from pipeline.data.engine import reading
from pipeline.data.tables import Event, Link, Wish
from pipeline.intake import wishes
from pipeline.office.sop import EventKind, Stage, TaskKind
from pipeline.running import poller
from tests.kantor import Office, office


@pytest.fixture
def kantor(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as one:
        yield one


def mine(kantor: Office, person: str) -> str:
    """The address of the page, from the person's newest mail."""
    return next(
        url
        for mail in reversed(kantor.inbox(person))
        for url in mail.links
        if url.endswith("/saya")
    )


def test_every_mail_to_an_official_leads_there_and_none_to_a_citizen(kantor: Office) -> None:
    kantor.to_delivery()
    officials = {p.email for p in kantor.settings.petugas}
    for mail in kantor.post.sent:
        assert any(url.endswith("/saya") for url in mail.links) == (mail.to in officials), (
            mail.subject
        )


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
    kantor.citizen_sends(
        "Wifi lambat", "Wifi di balai kelurahan lambat.", sender="budi@warga.example"
    )
    kantor.press("jfu-1", "laporkan", about="PGD-2026-000002", ringkasan="Wifi lambat.")
    kantor.know("sekretaris", "kepala", "jfu-1")
    page = kantor.page(mine(kantor, "sekretaris"))
    assert "1 tugas menunggu: 1 batasnya hari ini." in page.text
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


def test_a_clerk_finds_the_letters_that_they_may_hand_in(kantor: Office) -> None:
    """The mail tells of the first of a day alone."""
    kantor.to_signature()
    kantor.know("jfu-1")
    page = kantor.page(mine(kantor, "jfu-1"))
    assert "Menunggu tanda tangan, boleh diunggahkan" in page.text
    (url,) = [one for one in page.links("/t/") if not one.endswith("/saya") and "statis" not in one]
    assert "tandatangani" in kantor.page(url).forms


def test_a_known_address_gets_a_link_and_a_stranger_reads_the_same(kantor: Office) -> None:
    kantor.to_clarification()
    addresses = ("sekretaris@kominfo.example", "SEKRETARIS@kominfo.example", "lain@warga.example")
    answers = [kantor.web.post("/saya", data={"email": address}) for address in addresses]
    assert {(a.status_code, a.data) for a in answers} == {(200, answers[0].data)}
    assert "Bila alamat itu terdaftar" in answers[0].text
    kantor.settle()
    found = [m for m in kantor.post.sent if m.subject == "Tautan baru: tugas saya"]
    assert [m.to for m in found] == ["sekretaris@kominfo.example"], (
        "asked twice before it was answered"
    )
    kantor.know("sekretaris")
    url = next(url for url in found[0].links if url.endswith("/saya"))
    assert "1 tugas menunggu" in kantor.page(url).text
    bare = kantor.web.get(url.partition("example")[2].removesuffix("/saya"))
    assert bare.headers["Location"].endswith("/saya")  # the link opens no task by itself


def test_links_are_not_sent_without_end(kantor: Office) -> None:
    for _ in range(9):
        assert (
            kantor.web.post("/saya", data={"email": "sekretaris@kominfo.example"}).status_code
            == 200
        )
        poller.send(kantor.app)
    assert len(kantor.outbox("tautan_saya")) == kantor.settings.smtp.answers_per_hour


def test_page_works_the_same_for_known_and_unknown_addresses(kantor: Office) -> None:
    """The very same statements: the answer's time tells nothing. The lane does the rest, and forgets strangers."""
    said: list[str] = []
    event.listen(kantor.engine, "before_cursor_execute", lambda *args: said.append(args[2]))
    asked = []
    for address in ("sekretaris@kominfo.example", "lain@warga.example"):
        kantor.web.post("/saya", data={"email": address})
        asked.append(list(said))
        said.clear()
    assert asked[0] == asked[1]
    assert kantor.outbox("tautan_saya") == []
    poller.send(kantor.app)
    assert [mail.recipient for mail in kantor.outbox("tautan_saya")] == [
        "sekretaris@kominfo.example"
    ]
    with reading(kantor.engine) as session:
        assert session.query(Wish).count() == 0


def test_strangers_fill_no_table_with_addresses(kantor: Office) -> None:
    for number in range(wishes.MOST + 20):
        kantor.web.post("/saya", data={"email": f"orang{number % 60}@warga.example"})
    with reading(kantor.engine) as session:
        assert session.query(Wish).count() == wishes.MOST
        assert session.query(Link).count() == 0


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
    form = {
        "kepada": "kasubag-umum",
        "sebagai": "plh",
        "mulai": "2026-11-24",
        "sampai": "2026-11-25",
    }
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
    kantor.press(
        "kasubag-umum", "tanya_unit", petugas=["kasi-infrastruktur"], pertanyaan="Benarkah?"
    )
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


# ---- more time for somebody else --------------------------------------------------------------------------------


@pytest.fixture
def late(kantor: Office) -> Office:
    """The Sekretaris is late with langkah 2; the Kepala Dinas has a case too, and so a mail that leads to the page."""
    kantor.to_decision()
    kantor.citizen_sends(
        "Wifi lambat", "Wifi di balai kelurahan lambat.", sender="budi@warga.example"
    )
    kantor.press("jfu-1", "laporkan", about="PGD-2026-000002", ringkasan="Wifi lambat.")
    kantor.later(minutes=30)
    kantor.know("kepala", "sekretaris")
    return kantor


def extension(kantor: Office, **fields: str) -> TestResponse:
    """The form under the late task is filled in and sent as it stands on the page."""
    page = kantor.page(mine(kantor, "kepala"))
    found = re.findall(r'<input type="hidden" name="tugas" value="(\d+)">', page.html)
    form = {
        "tugas": found[0],
        "sampai": "2026-11-25T12:00",
        "alasan": "Menunggu laporan lapangan.",
        **fields,
    }
    return kantor.web.post(f"{page.url}/perpanjang", data=form)


def test_head_sees_what_is_late_elsewhere_and_gives_more_time(late: Office) -> None:
    page = late.page(mine(late, "kepala"))
    assert "Tugas orang lain yang terlambat" in page.text
    assert "Pada Ratih Kusumawardani (Sekretaris)." in page.text
    answer = extension(late)
    assert answer.status_code == 303
    late.settle()
    page = late.page(answer.headers["Location"])
    assert "Batas waktu sudah diperpanjang dan pemegang tugasnya diberi tahu." in page.text
    assert "25 November 2026, pukul 12.00" in page.text, (
        "it stays listed, for a slip of the finger may be corrected"
    )
    mail = late.newest("sekretaris")
    assert "Menunggu laporan lapangan." in mail.text
    assert "Rabu, 25 November 2026, pukul 12.00" in mail.words
    task = late.page(late.link("sekretaris", "laporkan_kepala"))
    assert "Batas ini diperpanjang oleh Kepala Dinas." in task.text
    assert late.events()[-1] is EventKind.EXTENDED
    assert late.audit() == []


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        ({"alasan": ""}, "alasan", "Alasan: Mohon diisi."),
        ({"sampai": "besok"}, "sampai", "Batas waktu yang baru: Hari dan jam belum dapat dibaca."),
        (
            {"sampai": "2026-11-23T09:00"},
            "sampai",
            "Batas yang baru harus sesudah batas yang sekarang.",
        ),
    ],
)
def test_what_is_wrong_with_an_extension_is_said_beside_its_field(
    late: Office, fields: dict[str, str], field: str, said: str
) -> None:
    """What was typed stays, the fold is open, the summary leads to the field; nothing has changed."""
    before = late.tasks(TaskKind.KLARIFIKASI)[-1].due_at
    answer = extension(late, **fields)
    page = answer.text
    assert answer.status_code == 422
    assert said in page
    (target,) = re.findall(rf'<a href="#(t\d+-{field})">', page)
    assert re.search(rf'id="{target}"[^>]*aria-invalid="true"', page)
    assert page.count('<details class="lain" open>') == 1
    if field == "sampai":
        assert "Menunggu laporan lapangan." in page
    assert late.tasks(TaskKind.KLARIFIKASI)[-1].due_at == before


@pytest.mark.parametrize("number", ["", "0", "999999", "abc", "9" * 40, "-1"])
def test_task_that_is_none_is_refused_kindly(late: Office, number: str) -> None:
    answer = extension(late, tugas=number)
    assert answer.status_code == 409
    assert "Tindakan ini tidak tersedia" in answer.text
    answer = extension(late, tugas=number, sampai="besok")
    assert answer.status_code == 422


def test_task_that_was_done_meanwhile_is_told(late: Office) -> None:
    page = late.page(mine(late, "kepala"))
    (number,) = re.findall(r'name="tugas" value="(\d+)"', page.html)
    late.press("sekretaris", "laporkan_kepala", hasil="Benar.")
    form = {"tugas": number, "sampai": "2026-11-25T12:00", "alasan": "Menunggu."}
    answer = late.web.post(f"{page.url}/perpanjang", data=form)
    assert "Tugas itu sudah selesai dikerjakan" in late.page(answer.headers["Location"]).text


def test_nobody_else_gives_more_time(late: Office) -> None:
    page = late.page(mine(late, "sekretaris"))
    assert "perpanjang" not in page.html
    (task,) = late.tasks(TaskKind.KLARIFIKASI, open_only=True)
    form = {"tugas": str(task.id), "sampai": "2026-11-25T12:00", "alasan": "Menunggu."}
    answer = late.web.post(f"{page.url}/perpanjang", data=form)
    assert answer.status_code == 409
    assert late.tasks(TaskKind.KLARIFIKASI)[-1].due_at == task.due_at


def test_acting_head_gives_more_time_too(late: Office) -> None:
    """Plh. Kepala Dinas: the event names the form in which they act."""
    late.know("kepala", "sekretaris", "kasubag-umum")
    head = late.page(mine(late, "kepala"))
    form = {
        "kepada": "kasubag-umum",
        "sebagai": "plh",
        "mulai": "2026-11-24",
        "sampai": "2026-11-25",
    }
    assert late.web.post(f"{head.url}/delegasi", data=form).status_code == 303
    late.settle()
    page = late.page(mine(late, "kasubag-umum"))
    (number,) = re.findall(r'name="tugas" value="(\d+)"', page.html)
    form = {"tugas": number, "sampai": "2026-11-25T12:00", "alasan": "Menunggu."}
    answer = late.web.post(f"{page.url}/perpanjang", data=form)
    assert answer.headers["Location"].endswith("pesan=diperpanjang")
    with reading(late.engine) as session:
        event = session.scalars(select(Event).order_by(Event.id.desc())).first()
        assert event is not None
        assert (event.kind, event.actor_title) == (
            EventKind.EXTENDED,
            "Plh. Kepala Dinas Komunikasi dan Informatika",
        )
