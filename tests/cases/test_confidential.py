"""Other units read what was written for them: never who complains, their words, their subject or their files, until
the Sekretaris releases words or files."""

from __future__ import annotations

import io
import random
import re
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from pipeline import cases
from pipeline.casefile import privacy
from pipeline.cases import Changed
from pipeline.cases.chain import SYSTEM
from pipeline.cases.delegation import hand_over
from pipeline.cases.input import File
from pipeline.cases.record import citizen_wrote
from pipeline.cases.tasks import about
from pipeline.office.actions import COUNTER_FIELDS, Action
from pipeline.office.sop import Act, EventKind, Stage, TaskKind
from pipeline.office.traces import traces_of
from pipeline.register import paper, sheet
from pipeline.register.book import Filter
from pipeline.work import Work
from tests.desk import Desk, desk_in
from tests.kantor import SIGNED, Office, Page, compose, office
from tests.kantor import SITI as EMAIL

PHOTO = ("foto-rumah-siti.jpg", "image/jpeg", SIGNED)
NAME = "Siti Rahmawati"
UNIT = "kasubag@kominfo.example"
SUMMARY = "Lampu penerangan di Kelurahan Taman padam sejak Senin."


@pytest.fixture
def kantor(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as one:
        yield one


def asked(
    kantor: Office, isi: str = f"Saya {NAME}, lampu di depan rumah padam.", **fields: Any
) -> Page:
    """The page of a Kasubag who is asked about a complaint with a photo."""
    kantor.citizen_sends(f"Lampu {NAME} padam", isi, files=[PHOTO])
    kantor.press(
        "jfu-1", "laporkan", **{"perihal": f"Lampu di rumah {NAME}", "ringkasan": SUMMARY} | fields
    )
    kantor.press(
        "sekretaris", "tanya_unit", petugas="kasubag-umum", pertanyaan="Sejak kapan lampunya padam?"
    )
    return kantor.page(kantor.link("kasubag-umum", "jawab"))


def files_on(page: Page) -> list[str]:
    return [
        url
        for url in page.links("/t/")
        if any(f"/{place}/" in url for place in ("berkas", "gambar", "lihat"))
    ]


def test_another_unit_reads_the_summary_and_the_question(kantor: Office) -> None:
    page = asked(kantor)
    mail = kantor.newest(UNIT)
    for said in (page.text, mail.words):
        assert SUMMARY in said
        assert "Sejak kapan lampunya padam?" in said
        assert "Lampirannya tidak ditampilkan" in said
    assert files_on(page) == []
    assert "/berkas/" not in mail.html + mail.text


def test_who_guesses_the_address_of_an_attachment_gets_nothing(kantor: Office) -> None:
    asked(kantor)
    link = kantor.link("kasubag-umum", "jawab")
    (photo,) = kantor.documents("lampiran")
    assert [kantor.page(f"{link}/{place}/{photo.id}").status for place in ("berkas", "gambar")] == [
        404,
        404,
    ]


def test_released_attachments_are_shown(kantor: Office) -> None:
    asked(kantor, rahasia="ya")
    kantor.press("sekretaris", "tandai", prioritas="biasa", rahasia="ya", lampiran_terbuka="ya")
    page = kantor.page(kantor.link("kasubag-umum", "jawab"))
    assert files_on(page) != []
    assert "tidak ditampilkan" not in page.text
    assert kantor.download(files_on(page)[0]).data == SIGNED
    assert (
        "lampirannya boleh dilihat unit lain"
        in kantor.page(kantor.link("sekretaris", "laporkan_kepala")).text
    )


def test_one_attachment_is_released_and_no_other_opens(kantor: Office) -> None:
    kantor.citizen_sends(
        "Lampu padam", "Lampu padam.", files=[PHOTO, ("ktp.jpg", "image/jpeg", SIGNED)]
    )
    kantor.press("jfu-1", "laporkan", ringkasan=SUMMARY)
    kantor.press(
        "sekretaris", "tanya_unit", petugas="kasubag-umum", pertanyaan="Sejak kapan padam?"
    )
    photo, card = kantor.documents("lampiran")
    kantor.press("sekretaris", "tandai", prioritas="biasa", dibuka=str(photo.id))
    link = kantor.link("kasubag-umum", "jawab")
    page = kantor.page(link)
    assert {url.split("?")[0].rsplit("/", 1)[1] for url in files_on(page)} == {str(photo.id)}
    assert "Lampirannya tidak ditampilkan" in page.text
    assert [kantor.page(f"{link}/{place}/{card.id}").status for place in ("berkas", "gambar")] == [
        404,
        404,
    ]
    assert (
        f"boleh dilihat unit lain: {photo.name}"
        in kantor.page(kantor.link("sekretaris", "laporkan_kepala")).text
    )


def test_a_jfu_releases_nothing(desk: Desk) -> None:
    number = desk.record()
    desk.press(
        "jfu-1",
        "tandai",
        number=number,
        prioritas="biasa",
        teks_terbuka="ya",
        lampiran_terbuka="ya",
    )
    assert (desk.complaint(number).teks_terbuka, desk.complaint(number).lampiran_terbuka) == (
        False,
        False,
    )


def test_a_released_file_is_taken_back(desk: Desk) -> None:
    number = desk.to(Stage.KLARIFIKASI, desk.record(files=[File("foto.jpg", "image/jpeg", SIGNED)]))
    (photo,) = desk.documents(number)
    for chosen in ([photo.id], []):
        desk.press("sekretaris", "tandai", number=number, prioritas="biasa", dibuka=chosen)
        shown = not privacy.hides(desk.complaint(number), TaskKind.KETERANGAN, photo)
        assert shown is bool(chosen)
    assert desk.faults() == []


def test_another_cases_file_is_not_released_by_its_number(desk: Desk) -> None:
    other = desk.record(files=[File("ktp.jpg", "image/jpeg", SIGNED)])
    foreign = [d for d in desk.documents(other) if d.kind == "lampiran"]
    number = desk.to(Stage.KLARIFIKASI, desk.record())
    desk.press("sekretaris", "tandai", number=number, prioritas="biasa", dibuka=[foreign[0].id])
    assert desk.complaint(number).dibuka == ""


def test_nothing_is_released_that_came_after_the_page_was_opened(desk: Desk) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    seen = desk.seen(number)
    with desk.work() as work:
        citizen_wrote(work, desk.complaint(number).id, f"Saya {NAME}.", [], None)
    with pytest.raises(Changed):
        desk.press(
            "sekretaris", "tandai", number=number, seen=seen, prioritas="biasa", teks_terbuka="ya"
        )


def test_released_words_are_shown_and_later_ones_kept_back_again(kantor: Office) -> None:
    asked(kantor, isi="Lampu di depan balai kelurahan padam.")
    kantor.press("sekretaris", "tandai", prioritas="biasa", teks_terbuka="ya")
    link = kantor.link("kasubag-umum", "jawab")
    assert "balai kelurahan" in kantor.page(link).text
    assert (
        "isinya boleh dibaca unit lain"
        in kantor.page(kantor.link("sekretaris", "laporkan_kepala")).text
    )


def test_an_office_may_let_units_read_everything(tmp_path: Path) -> None:
    with desk_in(tmp_path, pengaduan={"tertutup": False}) as desk:
        c = desk.complaint(desk.record())
        assert (c.teks_terbuka, c.lampiran_terbuka, c.rahasia) == (True, True, False)
        assert privacy.matter(c) == c.isi


def test_summary_that_repeats_the_citizen_is_not_one(desk: Desk) -> None:
    """A JFU who presses the form as it is filled in, or answers LAPOR, wrote nothing for other units."""
    number = desk.record(isi=f"Saya {NAME}. Lampu padam.")
    desk.press("jfu-1", "laporkan", number=number, ringkasan=f"Saya {NAME}.\nLampu padam!")
    desk.press("sekretaris", "tanya_unit", petugas=["kasubag-umum"], pertanyaan="Sejak kapan?")
    (mail,) = desk.mails("tugas_keterangan")
    assert "Siti" not in mail.subject + mail.text + mail.html


def test_who_handles_the_case_reads_the_name(kantor: Office) -> None:
    asked(kantor, rahasia="ya")
    page = kantor.page(kantor.link("sekretaris", "laporkan_kepala"))
    assert f"Lampu di rumah {NAME}" in page.text
    assert files_on(page) != []


def test_release_stands_in_the_history(desk: Desk) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    desk.press(
        "sekretaris",
        "tandai",
        prioritas="biasa",
        rahasia="ya",
        lampiran_terbuka="ya",
        teks_terbuka="ya",
    )
    event, data = desk.events(number)[-1]
    assert (event.kind, data["rahasia"], data["lampiran"], data["isi"]) == (
        EventKind.MARKED,
        True,
        True,
        True,
    )
    assert desk.faults() == []


def test_line_of_a_digest_has_the_summary_for_other_units(desk: Desk) -> None:
    number = desk.record(perihal=f"Lampu di rumah {NAME}")
    desk.press(
        "jfu-1",
        "laporkan",
        perihal=f"Lampu di rumah {NAME}",
        nama=NAME,
        email=EMAIL,
        ringkasan=SUMMARY,
    )
    desk.press("sekretaris", "tanya_unit", petugas=["kasubag-umum"], pertanyaan="Sejak kapan?")
    (task,) = [t for t in desk.tasks(number) if t.kind is TaskKind.KETERANGAN]
    with desk.work() as work:
        line = about(Work(work.session, desk.settings, desk.clock()), task)["judul"]
    assert line.endswith(SUMMARY.rstrip(".")), "a title has no full stop"


def test_what_comes_after_the_release_is_kept_back_again(desk: Desk) -> None:
    """Nobody has looked at it yet."""
    number = desk.to(Stage.KLARIFIKASI)
    desk.press(
        "sekretaris",
        "tandai",
        prioritas="biasa",
        rahasia="ya",
        lampiran_terbuka="ya",
        teks_terbuka="ya",
    )
    later = [File("rumah.jpg", "image/jpeg", SIGNED)]
    with desk.work() as work:
        citizen_wrote(work, desk.complaint(number).id, "Tambahan.", [], None)
    assert (desk.complaint(number).lampiran_terbuka, desk.complaint(number).teks_terbuka) == (
        True,
        False,
    )
    for _twice in range(2):
        with desk.work() as work:
            citizen_wrote(work, desk.complaint(number).id, "Foto.", later, None)
    assert not desk.complaint(number).lampiran_terbuka
    assert desk.complaint(number).dibuka == ""


# ---- warnings ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (f"Apakah {NAME} sudah melapor?", "nama pengadu"),
        ("Pelapor, Bu Siti, menunggu.", "nama pengadu"),
        ("Hubungi +62 812-3456-7890.", "nomor telepon pengadu"),
        ("Rumahnya di jalan Mawar nomor 12.", "alamat pengadu"),
        (f"Kirim ke {EMAIL.upper()}", "alamat email pengadu"),
    ],
)
def test_form_warns_of_what_tells_who_complains(desk: Desk, text: str, what: str) -> None:
    number = desk.record(nama=NAME, telepon="0812 3456 7890", alamat="Jl. Mawar No. 12, RT 3")
    with pytest.raises(cases.Invalid) as warned:
        desk.press(
            "jfu-1",
            "laporkan",
            number=number,
            ringkasan=text,
            nama=NAME,
            telepon="0812 3456 7890",
            alamat="Jl. Mawar No. 12, RT 3",
            email=EMAIL,
        )
    assert what in warned.value.errors["ringkasan"]
    desk.press(
        "jfu-1",
        "laporkan",
        number=number,
        ringkasan=text,
        tetap="ya",
        nama=NAME,
        telepon="0812 3456 7890",
        alamat="Jl. Mawar No. 12, RT 3",
        email=EMAIL,
    )
    with pytest.raises(cases.Invalid):
        desk.press(
            "sekretaris", "tanya_unit", number=number, petugas=["kasubag-umum"], pertanyaan=text
        )
    desk.press(
        "sekretaris",
        "tanya_unit",
        number=number,
        petugas=["kasubag-umum"],
        pertanyaan=text,
        tetap="ya",
    )


def test_page_shows_the_warning_with_a_tick_that_overrules_it(kantor: Office) -> None:
    kantor.citizen_sends("Lampu padam", "Lampu padam.")
    words = f"{NAME} melaporkan lampu."
    page = kantor.press(
        "jfu-1", "laporkan", status=422, perihal="Lampu", ringkasan=words, nama=NAME
    )
    assert "memuat nama pengadu" in page.text
    assert 'name="tetap"' in page.html
    assert (
        kantor.send(
            page.forms["laporkan"], {"ringkasan": words, "nama": NAME, "tetap": "ya"}
        ).status
        == 200
    )
    kantor.settle()
    assert kantor.link("sekretaris", "tanya_unit")


# ---- a secret identity ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wish",
    [
        "Mohon rahasiakan identitas saya.",
        "Tolong identitas saya dirahasiakan ya pak",
        "Nama saya mohon dirahasiakan.",
        "jangan sebutkan nama saya",
        "Mohon dirahasiakan.",
        "Saya melapor secara anonim.",
        "Mohon agar nama dan alamat saya tidak disebarkan dan dirahasiakan",
        "RAHASIAKAN IDENTITAS SAYA",
    ],
)
def test_wish_for_secrecy_is_noticed(desk: Desk, wish: str) -> None:
    number = desk.record(isi=f"Lampu padam. {wish}")
    assert desk.complaint(number).rahasia
    later = desk.record(isi="Lampu padam.")
    with desk.work() as work:
        citizen_wrote(work, desk.complaint(later).id, wish, [], None)
    assert desk.complaint(later).rahasia


@pytest.mark.parametrize(
    "text",
    [
        "Lampu padam.",
        "Dokumen rahasia dibuang di jalan.",
        "Nama saya Siti.",
        "Pak lurah merahasiakan anggarannya.",
    ],
)
def test_other_words_are_no_wish_for_secrecy(desk: Desk, text: str) -> None:
    assert not desk.complaint(desk.record(isi=text)).rahasia


def test_acknowledgement_promises_what_holds(desk: Desk) -> None:
    desk.record()
    desk.record(isi="Mohon rahasiakan identitas saya.")
    open_one, secret = desk.mails("tanda_terima")
    assert "hanya dibaca petugas yang menangani" not in open_one.text
    assert "instansi lain" in open_one.text
    assert "RAHASIAKAN IDENTITAS SAYA" in open_one.text
    assert "tidak ditulis pada surat" in " ".join(secret.text.split())


# ---- nothing leaks, however it is written --------------------------------------------------------------------

PHONE, NIK = "081234567890", "3577010101900001"


def phone_forms(digits: str) -> list[str]:
    """Twenty ways to write a number."""
    core, a, b, c, d = digits[1:], digits[:4], digits[4:8], digits[8:], digits[1:4]
    return [
        digits,
        f"{a}-{b}-{c}",
        f"{a} {b} {c}",
        f"{a}.{b}.{c}",
        f"({a}) {b} {c}",
        f"({a}) {b}-{c}",
        f"+62{core}",
        f"+62 {d}-{b}-{c}",
        f"+62 {d} {b} {c}",
        f"62{core}",
        f"62 {d} {b} {c}",
        f"0062{core}",
        f"+62 (0){core}",
        f"+62-{d}-{b}-{c}",
        f"{a}/{b}/{c}",
        " ".join(digits),
        f"{a} - {b} - {c}",
        f"wa.me/62{core}",
        f"{a}\u00a0{b}\u00a0{c}",
        "".join(chr(0xFF10 + int(one)) for one in digits),
    ]


def nik_forms(digits: str) -> list[str]:
    groups = [digits[start : start + 4] for start in range(0, 16, 4)]
    return [
        digits,
        " ".join(groups),
        ".".join(groups),
        "-".join(groups),
        f"{digits[:6]} {digits[6:12]} {digits[12:]}",
    ]


def letter(rng: random.Random) -> str:
    """A complaint that tells who wrote it, in one of many ways, with a signature."""
    return "\n".join(
        [
            f"Saya {rng.choice([NAME, NAME.upper(), 'Bu Siti', 'SITI  RAHMAWATI'])}, lampu padam.",
            f"Telepon {rng.choice(phone_forms(PHONE))}, NIK {rng.choice(nik_forms(NIK))}.",
            f"Rumah: {rng.choice(['Jl. Mawar No. 12', 'jalan mawar 12', 'Jln Mawar no 12 RT 3'])}.",
            f"-- \n{NAME}\n{EMAIL}",
        ]
    )


def told(*texts: str) -> tuple[str, ...]:
    person = traces_of(
        [
            ("nama", NAME),
            ("telepon", PHONE),
            ("nik", NIK),
            ("email", EMAIL),
            ("alamat", "Jl. Mawar 12"),
        ]
    )
    return person.kinds_in(unquote("\n".join(texts)))


@pytest.mark.parametrize("form", [*phone_forms(PHONE), *nik_forms(NIK)])
def test_every_written_form_is_known(form: str) -> None:
    assert told(f"Hubungi {form} ya")


def test_nothing_that_a_kasubag_gets_tells_who_complains(kantor: Office) -> None:
    """Every page and mail of twelve complaints: asked, reminded, invited, told that it is called off, digest."""
    rng = random.Random(2026)
    for n in range(4):
        kantor.citizen_sends(f"{NAME} {rng.choice(phone_forms(PHONE))}", letter(rng), files=[PHOTO])
        kantor.press(
            "jfu-1",
            "laporkan",
            perihal=f"Lampu {NAME}",
            ringkasan=SUMMARY,
            nama=NAME,
            telepon=PHONE,
        )
        kantor.press("sekretaris", "tanya_unit", petugas="kasubag-umum", pertanyaan="Sejak kapan?")
        link = kantor.link("kasubag-umum", "jawab")
        pages = [kantor.page(link), kantor.page(f"{link}/saya")]
        kantor.press("sekretaris", "laporkan_kepala", hasil=f"Benar, {NAME} sudah ditemui.")
        kantor.press(
            "kepala",
            "rapat",
            waktu=f"2026-12-0{n + 1}T09:00",
            tempat="Aula",
            undangan=["kasubag-umum"],
        )
        kantor.press("kepala", "batal_rapat", alasan="Kepala Dinas dinas luar.")
        pages.append(kantor.page(link))
        for page in pages:
            assert told(page.text, page.html) == ()
    mails = kantor.inbox(UNIT)
    assert len(mails) >= 12
    for mail in mails:
        assert told(mail.subject, mail.text, mail.html, str(mail.message)) == ()
        assert not re.search("foto-rumah", str(mail.message))


# ---- whom it is about ----------------------------------------------------------------------------------------


def test_complaint_about_the_sekretaris_goes_to_the_kepala(desk: Desk) -> None:
    number = desk.record()
    desk.press("jfu-1", "laporkan", number=number, ringkasan=SUMMARY, terlapor=["sekretaris"])
    assert [t.holder for t in desk.tasks(number, open_only=True)] == ["kepala"]
    address = desk.person("sekretaris").email
    desk.press(
        "kepala", "tanya_unit", number=number, petugas=["kasubag-umum"], pertanyaan="Sejak kapan?"
    )
    desk.press("kepala", "laporkan_kepala", number=number)
    assert [m.name for m in desk.mails() if m.recipient == address] == []


def test_marking_later_takes_the_task_and_the_link_away(kantor: Office) -> None:
    asked(kantor)
    link = kantor.link("sekretaris", "laporkan_kepala")
    told = kantor.press("sekretaris", "tandai", prioritas="biasa", terlapor=["sekretaris"])
    assert "kini ditangani petugas lain" in told.text
    assert kantor.page(link).status == 410
    assert kantor.link("kepala", "laporkan_kepala")


def at_the_counter(desk: Desk, *about: str, **more: list[str]) -> str:
    values = {
        "kanal": ["langsung"],
        "perihal": ["Pungutan"],
        "isi": ["Diminta membayar."],
        "terlapor": list(about),
    }
    form = cases.read_fields(
        desk.settings, COUNTER_FIELDS, "catat", values | more, {}, Action(Act.CATAT)
    )
    with desk.work() as work:
        return cases.record_at_counter(work, desk.person("jfu-1"), form).number


def test_what_comes_by_the_counter_goes_past_whom_it_is_about(desk: Desk) -> None:
    number = at_the_counter(desk, "sekretaris")
    assert [t.holder for t in desk.tasks(number, open_only=True)] == ["kepala"]
    assert [m.name for m in desk.mails() if m.recipient == desk.person("sekretaris").email] == []


def test_second_slip_of_the_same_matter_takes_the_first_past_them_too(desk: Desk) -> None:
    parent = desk.to(Stage.KLARIFIKASI)
    number = desk.record()
    desk.press("jfu-1", "tandai", number=number, prioritas="biasa", terlapor=["sekretaris"])
    desk.press("jfu-1", "gabungkan", number=number, nomor=parent)
    assert [t.holder for t in desk.tasks(parent, open_only=True)] == ["kepala"]


def test_no_list_shows_it_to_whom_it_is_about(kantor: Office) -> None:
    """The register, its spreadsheet and print, their own tasks, what is late with others."""
    kantor.citizen_sends("Lampu padam", "Lampu padam.")
    kantor.to_decision()
    kepala = kantor.link("kepala", "putuskan").partition("?")[0]
    kantor.know("kepala", "sekretaris")
    kantor.citizen_sends("Kepala Dinas meminta uang", "Saya diminta membayar.")
    kantor.press("jfu-1", "laporkan", ringkasan="Pungutan.", terlapor="kepala")
    about = kantor.complaint().number
    kantor.clock.now += timedelta(days=3)
    own = kantor.page(f"{kepala}/buku")
    pages = [
        own,
        kantor.page(f"{kepala}/buku?q=uang"),
        kantor.page(f"{kepala}/buku/cetak"),
        kantor.page(f"{kepala}/saya"),
    ]
    assert own.status == 200
    assert [about in page.text or "meminta uang" in page.text for page in pages] == [False] * 4
    assert about not in cells(kantor.download(f"{kepala}/buku/xlsx").data)
    other = kantor.link("sekretaris", "laporkan_kepala").partition("?")[0]
    assert about in kantor.page(f"{other}/buku").text


def cells(spreadsheet: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(spreadsheet)) as book:
        return "".join(
            book.read(name).decode() for name in book.namelist() if name.endswith(".xml")
        )


def test_who_stands_in_and_is_the_one_it_is_about_gets_nothing(desk: Desk) -> None:
    """The Kepala Dinas goes on leave; the Sekretaris, whom the complaint is about, acts for them."""
    number = at_the_counter(desk, "sekretaris")
    assert [t.holder for t in desk.tasks(number, open_only=True)] == ["kepala"]
    today = desk.clock().date()
    with desk.work() as work:
        cases.delegate(
            work, "kepala", "sekretaris", "plh", today, today + timedelta(days=3), SYSTEM
        )
    with desk.work() as work:
        hand_over(Work(work.session, desk.settings, desk.clock()))
    (task,) = desk.tasks(number, open_only=True)
    assert task.holder not in ("kepala", "sekretaris")
    address = desk.person("sekretaris").email
    assert [m.name for m in desk.mails() if m.recipient == address and number in m.subject] == []


def test_letter_names_who_signs_instead(desk: Desk) -> None:
    number = at_the_counter(desk, "kepala")
    desk.press("sekretaris", "laporkan_kepala", number=number)
    (task,) = desk.tasks(number, open_only=True)
    desk.press(
        task.holder,
        "putuskan",
        number=number,
        keputusan="ditindaklanjuti",
        perintah="Beri jawaban.",
        disampaikan="Sudah diperiksa.",
    )
    desk.jobs()
    (draft,) = [d for d in desk.documents(number) if d.kind == "konsep"]
    said = " ".join((draft.facts or {})["alinea"])
    assert desk.person("kepala").nama not in said
    assert desk.person(task.holder).nama in said


def test_rapat_leaves_out_whom_it_is_about(desk: Desk) -> None:
    number = at_the_counter(desk, "sekretaris")
    desk.press("kepala", "laporkan_kepala", number=number)
    at = "2026-12-10T09:00"
    with pytest.raises(cases.Invalid):
        desk.press(
            "kepala", "rapat", number=number, waktu=at, tempat="Aula", undangan=["sekretaris"]
        )
    desk.press("kepala", "rapat", number=number, waktu=at, tempat="Aula", undangan=["kasubag-umum"])
    assert desk.person("sekretaris").email not in {mail.recipient for mail in desk.mails("rapat")}


def test_kasubag_whom_it_is_about_is_not_asked(desk: Desk) -> None:
    number = desk.record()
    desk.press("jfu-1", "laporkan", number=number, ringkasan=SUMMARY, terlapor=["kasubag-umum"])
    with pytest.raises(cases.Invalid):
        desk.press("sekretaris", "tanya_unit", number=number, petugas=["kasubag-umum"])


def test_complaint_about_the_kepala_goes_to_the_pengawas(desk: Desk) -> None:
    outside = desk.person("kepala").model_copy(
        update={"kode": "inspektorat", "email": "inspektorat@kota.example", "peran": ("pengawas",)}
    )
    desk.settings = desk.settings.model_copy(update={"petugas": (*desk.settings.petugas, outside)})
    number = desk.record()
    desk.press("jfu-1", "laporkan", number=number, ringkasan=SUMMARY, terlapor=["kepala"])
    desk.press("sekretaris", "laporkan_kepala", number=number)
    assert [t.holder for t in desk.tasks(number, open_only=True)] == ["inspektorat"]
    assert [m.name for m in desk.mails() if m.recipient == desk.person("kepala").email] == []


# ---- subjects of mails ---------------------------------------------------------------------------------------

SECRET_SUBJECT = "Zamrud hilang di loket tujuh"
AGENCY = "pengaduan@pln.example"
STAFF = ("jfu-1", "sekretaris", "kepala", "kasubag-umum")


def heads(kantor: Office) -> list[str]:
    """All headers of the mails to anybody but the pengadu, decoded, and what calendars show as a title."""
    mails = [mail for mail in kantor.post.sent if mail.to != EMAIL]
    files = [
        one.decode("utf-8", "replace")
        for mail in mails
        for name, one in mail.files.items()
        if ".ics" in name
    ]
    return [*(f"{name}: {value}" for mail in mails for name, value in mail.message.items()), *files]


def test_subjects_of_officials_and_agencies_never_have_the_citizens_own(kantor: Office) -> None:
    """Subjects stand in lists, on locked screens and in logs: number and a short title, from the first mail on."""
    kantor.citizen_sends(SECRET_SUBJECT, f"Saya {NAME}. Barang saya tertinggal.")
    kantor.press("jfu-1", "laporkan", ringkasan="Barang tertinggal di loket.")
    kantor.press("sekretaris", "tanya_unit", petugas="kasubag-umum", pertanyaan="Adakah?")
    kantor.press("kasubag-umum", "jawab", jawaban="Tidak ada.")
    kantor.press("sekretaris", "laporkan_kepala", hasil="Tidak ditemukan.")
    kantor.press(
        "kepala", "rapat", waktu="2026-12-04T09:00", tempat="Aula", undangan=["kasubag-umum"]
    )
    kantor.press(
        "kepala",
        "putuskan",
        keputusan="bukan_wewenang",
        instansi="PLN Madiun",
        perintah="Teruskan.",
        disampaikan="Barang itu ada di PLN.",
    )
    kantor.press("sekretaris", "ajukan")
    signed = ("surat.jpg", SIGNED)
    kantor.press("kepala", "tandatangani", bertanda_tangan=signed, pengantar_bertanda_tangan=signed)
    kantor.press("jfu-1", "kirim_pengantar", alamat_instansi=AGENCY)
    said = heads(kantor)
    assert {mail.to for mail in kantor.post.sent} >= {
        AGENCY,
        *(kantor.address(one) for one in STAFF),
    }
    assert [line for line in said if re.search("zamrud|siti|rahmawati", line, re.IGNORECASE)] == []
    assert any(
        line.startswith("Subject:") and ": Barang tertinggal di loket" in line for line in said
    )
    assert SECRET_SUBJECT in kantor.inbox(EMAIL)[0].subject


def test_a_complaint_that_is_sent_on_has_no_subject_of_the_citizen(kantor: Office) -> None:
    kantor.citizen_sends(SECRET_SUBJECT)
    kantor.press("jfu-1", "laporkan", ringkasan="Barang hilang.")
    kantor.press("sekretaris", "teruskan", instansi="PLN Madiun", alamat_instansi=AGENCY)
    (mail,) = kantor.inbox(AGENCY)
    assert "Zamrud" not in mail.subject
    assert SECRET_SUBJECT in mail.words, "the matter itself is what the agency needs"


def test_reminders_and_held_mails_name_no_subject_of_a_stranger(tmp_path: Path) -> None:
    with office(tmp_path, pengingat={"satuan": True}) as kantor:
        kantor.citizen_sends(SECRET_SUBJECT)
        held = compose(
            "x@warga.example", "aduan@kominfo.example", SECRET_SUBJECT, "Rapat", kantor.clock.now
        )
        held["Auto-Submitted"] = "auto-generated"
        kantor.arrive(held.as_bytes())
        kantor.settle()
        for _day in range(4):
            kantor.next_workday()
            kantor.settle()
        late = [mail.subject for mail in kantor.post.sent if "Terlambat" in mail.subject]
        assert len(late) >= 2, late
        assert not any("Zamrud" in line for line in heads(kantor))


def test_a_summary_that_tells_who_complains_is_no_subject(desk: Desk) -> None:
    number = desk.record(perihal=SECRET_SUBJECT)
    said: dict[str, Any] = {
        "ringkasan": f"{NAME} kehilangan barang.",
        "kategori": "layanan",
        "tetap": "ya",
    }
    desk.press("jfu-1", "laporkan", number=number, perihal=SECRET_SUBJECT, nama=NAME, **said)
    (mail,) = desk.mails("tugas_klarifikasi")
    assert (NAME in mail.subject, "Pelayanan dan petugas" in mail.subject) == (False, True)


def test_a_later_wish_for_secrecy_covers_what_the_summary_tells(desk: Desk) -> None:
    """The JFU let the name stand in the summary while it was no secret."""
    number = desk.record(nama=NAME)
    desk.press(
        "jfu-1", "laporkan", number=number, nama=NAME, ringkasan=f"Rumah {NAME} gelap.", tetap="ya"
    )
    with desk.work() as work:
        citizen_wrote(work, desk.complaint(number).id, "Mohon rahasiakan identitas saya.", [], None)
    desk.press(
        "sekretaris",
        "tanya_unit",
        number=number,
        petugas=["kasubag-umum"],
        pertanyaan="Padamkah lampunya?",
    )
    about: dict[str, Any] = {
        "waktu": "2026-11-26T10:00",
        "tempat": "Aula",
        "undangan": ["kasubag-umum"],
    }
    desk.press(
        "sekretaris",
        "teruskan",
        number=number,
        instansi="PLN",
        alamat_instansi="pln@listrik.example",
    )
    desk.press("sekretaris", "laporkan_kepala", number=number)
    desk.press("kepala", "rapat", number=number, agenda="Lampu", **about)
    unit = desk.person("kasubag-umum").email
    told = [mail for mail in desk.mails() if mail.recipient in (unit, "pln@listrik.example")]
    assert {mail.name for mail in told} == {"tugas_keterangan", "rapat", "terusan_instansi"}
    assert not [mail.name for mail in told if NAME in f"{mail.subject}{mail.text}{mail.html}"]


def test_what_was_released_is_so_no_more_once_the_identity_is_secret(desk: Desk) -> None:
    number = desk.record(nama=NAME, isi=f"Saya {NAME}. Lampu padam.")
    desk.press("jfu-1", "laporkan", number=number, nama=NAME, ringkasan="Lampu padam.")
    desk.press(
        "sekretaris",
        "tandai",
        number=number,
        prioritas="biasa",
        teks_terbuka="ya",
        lampiran_terbuka="ya",
    )
    assert desk.complaint(number).teks_terbuka
    desk.press("sekretaris", "kembalikan", number=number, alasan="Identitasnya harus dirahasiakan.")
    desk.press(
        "jfu-1", "laporkan", number=number, nama=NAME, ringkasan="Lampu padam.", rahasia="ya"
    )
    secret = desk.complaint(number)
    assert (secret.rahasia, secret.teks_terbuka, secret.lampiran_terbuka) == (True, False, False)
    desk.press(
        "sekretaris",
        "tanya_unit",
        number=number,
        petugas=["kasubag-umum"],
        pertanyaan="Padamkah lampunya?",
    )
    (asked,) = desk.mails("tugas_keterangan")
    assert NAME not in asked.text


def test_register_that_is_printed_or_passed_on_does_not_tell_who_complains_in_secret(
    desk: Desk,
) -> None:
    """The name stands in the citizen's subject, and in a summary that was taken from their words."""
    desk.record(perihal=f"Lampu {NAME} padam", rahasia=True)
    number = desk.record(perihal="Lampu padam", rahasia=True, email="lain@warga.example")
    said: dict[str, Any] = {
        "ringkasan": f"Rumah {NAME} gelap.",
        "tetap": "ya",
        "rahasia": "ya",
        "nama": NAME,
        "perihal": "Lampu padam",
    }
    desk.press("jfu-1", "laporkan", number=number, **said)
    open_one = desk.record(
        perihal="Lampu Budi Hartono padam", nama="Budi Hartono", email="budi@warga.example"
    )
    with desk.app.reading() as work:
        sheets = [sheet.xlsx(work, Filter()), paper.docx(work, Filter(), "")]
    for made in map(cells, sheets):
        assert (NAME in made, "menyebut pengadu" in made) == (False, True)
        assert open_one in made
        assert "Lampu Budi Hartono padam" in made


def test_jfus_perihal_titles_the_later_mails_and_the_pengadus_own_does_not(desk: Desk) -> None:
    number = desk.record(perihal="TOLONG!!! saya kesal sekali")
    desk.press(
        "jfu-1",
        "laporkan",
        number=number,
        perihal="Lampu taman padam",
        ringkasan="Lampu di taman kota padam.",
    )
    assert "Lampu taman padam" in desk.mails("tugas_klarifikasi")[-1].subject
    other = desk.record(
        perihal="TOLONG!!! saya kesal sekali", nama="Budi Santoso", email="budi@warga.example"
    )
    desk.press(
        "jfu-1",
        "laporkan",
        number=other,
        perihal="TOLONG!!! saya kesal sekali",
        ringkasan="Jalan rusak.",
    )
    assert ": Jalan rusak (" in desk.mails("tugas_klarifikasi")[-1].subject
    third = desk.record(perihal="x", nama="Budi Santoso", email="budi@warga.example")
    desk.press(
        "jfu-1",
        "laporkan",
        number=third,
        perihal="Aduan Budi Santoso",
        nama="Budi Santoso",
        ringkasan="Rusak.",
    )
    assert "Budi" not in desk.mails("tugas_klarifikasi")[-1].subject
