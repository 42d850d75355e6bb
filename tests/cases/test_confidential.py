"""Rahasia: other units are told what it is about, not who complains; attachments only once they are released."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline import cases
from pipeline.sop import EventKind, Stage, TaskKind
from tests.desk import Desk
from tests.office import SIGNED, Office, Page, office
from tests.office import SITI as EMAIL

PHOTO = ("foto.jpg", "image/jpeg", SIGNED)
NAME = "Siti Rahmawati"


@pytest.fixture
def kantor(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as one:
        yield one


def asked(kantor: Office, **ticks: str) -> Page:
    """The page of a Kasubag who is asked about a complaint with a photo."""
    kantor.citizen_sends("Lampu padam", f"Saya {NAME}, lampu di depan rumah padam.", files=[PHOTO])
    kantor.press("jfu-1", "laporkan", perihal=f"Lampu di rumah {NAME}", ringkasan="Lampu padam.", **ticks)
    kantor.press("sekretaris", "tanya_unit", petugas="kasubag-umum", pertanyaan=f"Apakah {NAME} sudah melapor?")
    return kantor.page(kantor.link("kasubag-umum", "jawab"))


def files_on(page: Page) -> list[str]:
    return [url for url in page.links("/t/") if any(f"/{place}/" in url for place in ("berkas", "gambar", "lihat"))]


def test_attachments_of_a_confidential_complaint_are_not_shown_to_other_units(kantor: Office) -> None:
    page = asked(kantor, rahasia="ya")
    assert files_on(page) == []
    assert "Lampirannya tidak ditampilkan karena pengaduan ini rahasia" in page.text
    mail = kantor.newest("kasubag@kominfo.example")
    assert "/berkas/" not in mail.html + mail.text
    assert "Lampirannya tidak ditampilkan karena pengaduan ini rahasia" in mail.words


def test_who_guesses_the_address_of_an_attachment_gets_nothing(kantor: Office) -> None:
    asked(kantor, rahasia="ya")
    link = kantor.link("kasubag-umum", "jawab")
    (photo,) = kantor.documents("lampiran")
    assert [kantor.page(f"{link}/{place}/{photo.id}").status for place in ("berkas", "gambar")] == [404, 404]


def test_released_attachments_are_shown(kantor: Office) -> None:
    asked(kantor, rahasia="ya")
    kantor.press("sekretaris", "tandai", prioritas="biasa", rahasia="ya", lampiran_terbuka="ya")
    page = kantor.page(kantor.link("kasubag-umum", "jawab"))
    assert files_on(page) != []
    assert "tidak ditampilkan" not in page.text
    assert kantor.download(files_on(page)[0]).data == SIGNED
    assert "lampirannya boleh dilihat unit lain" in kantor.page(kantor.link("sekretaris", "laporkan_kepala")).text


def test_attachments_of_an_open_complaint_are_shown(kantor: Office) -> None:
    assert files_on(asked(kantor)) != []


def test_name_stands_in_nothing_that_another_unit_gets(kantor: Office) -> None:
    """Subject, heading, question, calendar: the perihal and the question name the pengadu here."""
    page = asked(kantor, rahasia="ya")
    assert NAME not in page.text
    kantor.press("sekretaris", "laporkan_kepala", hasil="Benar.")
    kantor.press(
        "kepala", "rapat", waktu="2026-12-01T09:00", tempat="Ruang Rapat", agenda=f"Keluhan {NAME}",
        undangan=["kasubag-umum"],
    )  # fmt: skip
    mails = kantor.inbox("kasubag@kominfo.example")
    assert {m.subject.split("]")[1].split()[0] for m in mails} >= {"Mohon", "Undangan"}
    for mail in mails:
        said = mail.subject + mail.text + mail.html + str(mail.message)
        assert NAME not in said
        assert EMAIL not in said


def test_who_handles_the_case_reads_the_name(kantor: Office) -> None:
    asked(kantor, rahasia="ya")
    page = kantor.page(kantor.link("sekretaris", "laporkan_kepala"))
    assert f"Lampu di rumah {NAME}" in page.text
    assert files_on(page) != []


def test_release_stands_in_the_history(desk: Desk) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    desk.press("sekretaris", "tandai", prioritas="biasa", rahasia="ya", lampiran_terbuka="ya")
    event, data = desk.events(number)[-1]
    assert (event.kind, data["rahasia"], data["lampiran"]) == (EventKind.MARKED, True, True)
    assert desk.faults() == []


def test_line_of_a_digest_is_masked_for_other_units(desk: Desk) -> None:
    number = desk.record(perihal=f"Lampu di rumah {NAME}", rahasia=True)
    desk.press("jfu-1", "laporkan", perihal=f"Lampu di rumah {NAME}", nama=NAME, email=EMAIL, rahasia="ya")
    desk.press("sekretaris", "tanya_unit", petugas=["kasubag-umum"])
    (task,) = [t for t in desk.tasks(number) if t.kind is TaskKind.KETERANGAN]
    with desk.work() as work:
        assert NAME not in cases.about(work.session, desk.settings, desk.clock(), task)["judul"]


def test_what_comes_after_the_release_is_kept_back_again(desk: Desk) -> None:
    """Nobody has looked at it yet."""
    number = desk.to(Stage.KLARIFIKASI)
    desk.press("sekretaris", "tandai", prioritas="biasa", rahasia="ya", lampiran_terbuka="ya")
    later = [cases.File("rumah.jpg", "image/jpeg", SIGNED)]
    with desk.work() as work:
        cases.citizen_wrote(work, desk.complaint(number).id, "Tambahan.", [], None)
    assert desk.complaint(number).lampiran_terbuka
    with desk.work() as work:
        cases.citizen_wrote(work, desk.complaint(number).id, "Foto.", later, None)
    assert not desk.complaint(number).lampiran_terbuka
