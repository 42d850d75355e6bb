"""Nobody acts on what they have not seen: who did what in which order, and what each of them got."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.cases.chain import SYSTEM
from pipeline.cases.delegation import delegate
from pipeline.data.engine import writing
from pipeline.office.sop import Decision, EventKind, Stage, TaskKind
from pipeline.work import Work
from tests.desk import SECOND_JFU, Desk, desk_in
from tests.kantor import SITI, Form, Office, office, sample

PEOPLE = tomllib.loads(sample() + SECOND_JFU)["petugas"]
NEWS = "Ada yang baru sejak halaman ini dibuka"


@pytest.fixture
def kantor(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path, petugas=PEOPLE) as one:
        one.know("jfu-1", "jfu-2", "sekretaris", "kepala", "kasubag-umum")
        yield one


def opened(kantor: Office, person: str, aksi: str) -> Form:
    """The form as somebody has it open in their browser."""
    return kantor.page(kantor.link(person, aksi)).forms[aksi]


def citizen_writes(kantor: Office, text: str) -> None:
    kantor.citizen_sends("Re: Lampu", text, reply_to=kantor.inbox(SITI)[0])


# ---- what others did meanwhile -------------------------------------------------------------------------------


def test_old_page_uncovers_no_identity(kantor: Office) -> None:
    """One JFU opens, another marks it rahasia, the first one's old page comes back, and then keeps it so."""
    kantor.citizen_sends()
    old = opened(kantor, "jfu-1", "laporkan")
    kantor.press("jfu-2", "tandai", prioritas="penting", rahasia="ya")
    page = kantor.send(old, {"ringkasan": "Lampu padam tiga malam."})
    assert page.status == 409
    assert NEWS in page.text
    assert "Sri Wahyuni" in page.text
    assert kantor.stage() is Stage.PENERIMAAN
    again = page.forms["laporkan"]
    assert again.values["ringkasan"] == ["Lampu padam tiga malam."]
    assert again.values["rahasia"] == ["ya"]
    assert kantor.send(again, {}).status == 200
    kantor.settle()
    assert kantor.complaint().rahasia
    assert "Siti" not in kantor.newest("sekretaris").words


def test_head_decides_nothing_over_the_citizens_last_word(kantor: Office) -> None:
    kantor.to_decision()
    old = opened(kantor, "kepala", "putuskan")
    citizen_writes(kantor, "Terima kasih, sudah menyala. Pengaduan saya cabut.")
    typed = {"keputusan": "ditolak", "perintah": "Sampaikan bahwa lampu bukan urusan kami."}
    page = kantor.send(old, typed)
    assert page.status == 409
    assert NEWS in page.text
    assert "Pengaduan saya cabut." in page.text
    assert kantor.complaint().decision is None
    again = page.forms["putuskan"]
    assert again.values["perintah"] == [typed["perintah"]]
    assert again.values["keputusan"] == ["ditolak"]
    assert kantor.send(again, {"keputusan": "ditindaklanjuti"}).status == 200
    assert kantor.complaint().decision is Decision.DITINDAKLANJUTI


def test_word_of_a_unit_is_read_before_the_report(kantor: Office) -> None:
    kantor.to_clarification()
    kantor.press("sekretaris", "tanya_unit", petugas=["kasubag-umum"], pertanyaan="Benarkah padam?")
    old = opened(kantor, "sekretaris", "laporkan_kepala")
    kantor.press("kasubag-umum", "jawab", jawaban="Tidak padam: sakelarnya dimatikan warga.")
    page = kantor.send(old, {"hasil": "Benar padam."})
    assert page.status == 409
    assert "sakelarnya dimatikan warga" in page.text
    assert kantor.stage() is Stage.KLARIFIKASI


def test_in_a_browser_that_is_not_known_too(kantor: Office) -> None:
    """The act waited for its code, and meanwhile somebody wrote."""
    kantor.to_decision()
    kantor.forget("kepala")
    old = opened(kantor, "kepala", "putuskan")
    answer = kantor.web.post(
        old.url, data=old.filled({"keputusan": "ditolak", "perintah": "Tolak."})
    )
    code = kantor.code()
    citizen_writes(kantor, "Mohon ditunggu, masih ada keterangan dari saya.")
    done = kantor.web.post(answer.headers["Location"], data={"kode": code})
    assert done.status_code == 409
    assert "Tolak." in done.text
    assert kantor.complaint().decision is None


def test_what_another_has_corrected_is_not_set_back(kantor: Office) -> None:
    """A field that this person left alone takes the other's value; what they typed themselves stays."""
    kantor.to_delivery()
    old = opened(kantor, "jfu-1", "koreksi")
    kantor.press("jfu-2", "koreksi", telepon="0812 5550 0117", alasan="Pengadu menelepon.")
    page = kantor.send(old, {"alamat": "Jalan Mawar 5", "alasan": "Alamat kurang lengkap."})
    assert page.status == 409
    again = page.forms["koreksi"]
    assert again.values["telepon"] == ["0812 5550 0117"]
    assert again.values["alamat"] == ["Jalan Mawar 5"]
    assert kantor.send(again, {}).status == 200
    assert (kantor.complaint().telepon, kantor.complaint().alamat) == (
        "0812 5550 0117",
        "Jalan Mawar 5",
    )


def test_ones_own_acts_and_the_machines_stop_nobody(tmp_path: Path) -> None:
    with office(tmp_path, petugas=PEOPLE, pengingat={"satuan": True}) as kantor:
        kantor.know("sekretaris", "kasubag-umum")
        _reminded_over_an_open_page(kantor)


def _reminded_over_an_open_page(kantor: Office) -> None:
    kantor.to_clarification()
    old = opened(kantor, "sekretaris", "laporkan_kepala")
    kantor.press("sekretaris", "tanya_unit", petugas=["kasubag-umum"], pertanyaan="Benarkah padam?")
    kantor.later(minutes=20)
    kantor.settle()
    assert EventKind.REMINDED in kantor.events()
    assert kantor.send(old, {"hasil": "Benar padam."}).status == 200
    assert kantor.stage() is Stage.KEPUTUSAN


def test_head_gives_no_more_time_over_the_citizens_last_word(kantor: Office) -> None:
    kantor.to_decision()
    old = opened(kantor, "kepala", "perpanjang")
    citizen_writes(kantor, "Sudah menyala. Pengaduan saya cabut.")
    until = (kantor.clock.now + timedelta(days=12)).strftime("%Y-%m-%dT12:00")
    page = kantor.send(old, {"sampai": until, "alasan": "Menunggu suku cadang."})
    assert page.status == 409
    assert NEWS in page.text
    assert "Pengaduan saya cabut." in page.text
    again = page.forms["perpanjang"]
    assert (again.values["sampai"], again.values["alasan"]) == ([until], ["Menunggu suku cadang."])
    assert EventKind.EXTENDED not in kantor.events()
    assert kantor.send(again, {}).status == 200
    assert EventKind.EXTENDED in kantor.events()


# ---- ticks that protect somebody -----------------------------------------------------------------------------


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as made:
        yield made


@pytest.mark.parametrize("tampak", ["", "lampiran_terbuka", "rahasia"])
def test_secrecy_goes_off_only_by_a_form_that_showed_it(desk: Desk, tampak: str) -> None:
    """A reply, or a page from before: without the tick, and without having shown it."""
    number = desk.record(rahasia=True)
    desk.press("jfu-1", "tandai", number=number, prioritas="biasa", rahasia="", tampak=tampak)
    assert desk.complaint(number).rahasia is (tampak != "rahasia")
    desk.press("jfu-1", "laporkan", number=number, tampak=tampak)
    assert desk.complaint(number).rahasia is (tampak != "rahasia")


def test_page_takes_secrecy_off_when_somebody_means_it(kantor: Office) -> None:
    kantor.citizen_sends("Layanan 112", "Mohon nama saya dirahasiakan.")
    kantor.press("jfu-1", "tandai", prioritas="biasa", rahasia="ya")
    form = opened(kantor, "jfu-2", "laporkan")
    del form.values["rahasia"]
    assert kantor.send(form, {"ringkasan": "Layanan 112."}).status == 200
    assert not kantor.complaint().rahasia


def test_form_that_was_saved_before_the_mark_is_shown_with_it(kantor: Office) -> None:
    kantor.citizen_sends()
    old = opened(kantor, "jfu-1", "laporkan")
    kantor.web.post(f"{old.url}/simpan", data=old.filled({"ringkasan": "Belum selesai"}))
    kantor.press("jfu-2", "tandai", prioritas="biasa", rahasia="ya")
    again = opened(kantor, "jfu-1", "laporkan")
    assert again.values["ringkasan"] == ["Belum selesai"]
    assert again.values["rahasia"] == ["ya"]


# ---- what is offered -----------------------------------------------------------------------------------------


def test_kasubag_who_is_asked_twice_has_one_open_question(kantor: Office) -> None:
    kantor.to_clarification()
    kantor.press("sekretaris", "tanya_unit", petugas=["kasubag-umum"], pertanyaan="Benarkah padam?")
    old = opened(kantor, "kasubag-umum", "jawab")
    kantor.press(
        "sekretaris",
        "tanya_unit",
        petugas=["kasubag-umum", "kasi-infrastruktur"],
        pertanyaan="Sejak kapan?",
    )
    waiting = [
        t for t in kantor.tasks(TaskKind.KETERANGAN, open_only=True) if t.holder == "kasubag-umum"
    ]
    assert [t.note for t in waiting] == ["Benarkah padam?\n\nSejak kapan?"]
    assert "Sejak kapan?" in kantor.newest("kasubag-umum").text
    page = kantor.send(old, {"jawaban": "Ya, padam."})
    assert page.status == 409, "the second question was not on the page"
    assert "Sejak kapan?" in page.text
    assert kantor.send(page.forms["jawab"], {"jawaban": "Ya, sejak Senin."}).status == 200
    assert not [
        t for t in kantor.tasks(TaskKind.KETERANGAN, open_only=True) if t.holder == "kasubag-umum"
    ]


def test_question_to_somebody_else_stops_no_answer(kantor: Office) -> None:
    kantor.to_clarification()
    kantor.press("sekretaris", "tanya_unit", petugas=["kasubag-umum"], pertanyaan="Benarkah padam?")
    old = opened(kantor, "kasubag-umum", "jawab")
    kantor.press(
        "sekretaris", "tanya_unit", petugas=["kasi-infrastruktur"], pertanyaan="Sejak kapan?"
    )
    citizen_writes(kantor, "Masih padam.")
    assert kantor.send(old, {"jawaban": "Ya, padam."}).status == 200


def test_letter_is_handed_in_only_where_that_can_be_done(kantor: Office) -> None:
    """The draft names the Kepala Dinas; who signs from today on is somebody else."""
    kantor.to_letter()
    link = kantor.link("sekretaris", "ajukan")
    today = kantor.clock().astimezone(kantor.settings.zone).date()
    with writing(kantor.engine) as session:
        work = Work(session, kantor.settings, kantor.clock())
        delegate(work, "kepala", "kasubag-umum", "plh", today, today, SYSTEM)
    page = kantor.page(link)
    assert "ajukan" not in page.forms
    assert "unggah" in page.forms
    assert "Endah Lestari" in page.text
