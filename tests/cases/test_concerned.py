"""Complaints by an official or about one, and letters to somebody without email: who decides, who signs, what stands
there."""

from __future__ import annotations

import io
from typing import Any

import pytest
from docx import Document

from pipeline.cases.chain import SYSTEM
from pipeline.cases.delegation import delegate
from pipeline.cases.input import Invalid
from pipeline.data import store
from pipeline.data.engine import reading
from pipeline.office.sop import Stage
from pipeline.register import book
from pipeline.register.book import Filter
from tests.desk import Desk

HEAD = "kepala@kominfo.example"


def letter(desk: Desk, number: str = "", kind: str = "konsep") -> str:
    newest = [d for d in desk.documents(number) if d.kind == kind][-1]
    with reading(desk.engine) as session:
        document = Document(io.BytesIO(store.get(session, newest.sha256)))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


def test_the_head_does_not_decide_or_sign_the_answer_to_his_own_complaint(desk: Desk) -> None:
    """The Kepala Dinas complains by mail as a citizen: the Sekretaris decides, and signs a.n."""
    number = desk.record(nama="Noor Aflah", email=HEAD.upper())
    desk.press("jfu-1", "laporkan", number=number, nama="Noor Aflah", email=HEAD)
    desk.press("sekretaris", "laporkan_kepala", number=number, hasil="Benar.")
    assert desk.task("putuskan", number).holder == "sekretaris"
    assert HEAD not in {m.recipient for m in desk.mails("tugas_keputusan")}
    desk.press(
        "sekretaris",
        "putuskan",
        number=number,
        keputusan="ditolak",
        perintah="x",
        disampaikan="Tidak.",
    )
    desk.jobs()
    text = letter(desk, number)
    secretary, head = desk.person("sekretaris"), desk.person("kepala")
    assert f"a.n. {head.jabatan}" in text
    assert secretary.nama in text
    assert head.nip not in text
    desk.press("sekretaris", "ajukan", number=number)
    desk.jobs()
    task = desk.task("tandatangani", number)
    assert task.holder == "sekretaris"
    assert secretary.nama in letter(desk, number, "akhir")


def test_a_complaint_about_the_head_is_signed_by_the_next_in_line(desk: Desk) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    desk.press("sekretaris", "tandai", number=number, prioritas="biasa", terlapor=["kepala"])
    desk.press("sekretaris", "laporkan_kepala", number=number, hasil="Benar.")
    desk.press(
        "sekretaris",
        "putuskan",
        number=number,
        keputusan="ditolak",
        perintah="x",
        disampaikan="Tidak.",
    )
    desk.jobs()
    assert desk.person("sekretaris").nama in letter(desk, number)
    desk.press("sekretaris", "ajukan", number=number)
    desk.jobs()
    assert desk.task("tandatangani", number).holder == "sekretaris"


def test_whom_a_merged_complaint_is_about_the_one_it_waits_for_is_about_too(desk: Desk) -> None:
    """It is seen late: the Kepala Dinas has the parent on the desk already."""
    siti, budi = desk.to(Stage.KLARIFIKASI), desk.record(nama="Budi")
    desk.press("jfu-1", "gabungkan", number=budi, nomor=siti)
    desk.to(Stage.KEPUTUSAN, siti)
    assert desk.task("putuskan", siti).holder == ""
    desk.press("jfu-1", "tandai", number=budi, prioritas="biasa", terlapor=["kepala"])
    assert desk.task("putuskan", siti).holder == "sekretaris"
    assert desk.complaint(siti).terlapor == "kepala"
    assert desk.faults() == []


def test_an_officials_own_complaint_is_not_merged_into_one_that_he_decides(desk: Desk) -> None:
    siti, his = desk.to(Stage.KLARIFIKASI), desk.record(nama="Noor Aflah", email=HEAD)
    with pytest.raises(Invalid, match="tidak digabungkan"):
        desk.press("jfu-1", "gabungkan", number=his, nomor=siti)
    assert desk.stage(his) is Stage.PENERIMAAN


def test_a_clerk_who_passes_on_what_somebody_said_still_has_the_case(desk: Desk) -> None:
    """A mail from the JFU's own address is a complaint of theirs in name only: nothing to decide or sign lies there."""
    number = desk.record(nama="Dimas", email="jfu@kominfo.example")
    assert desk.task("laporkan", number).holder == ""


def test_the_letter_to_somebody_without_email_bears_the_street(desk: Desk) -> None:
    number = desk.record(nama="Budi", email="", alamat="Jalan Kenanga 2")
    desk.press("jfu-1", "laporkan", number=number, nama="Budi", alamat="Jalan Kenanga 2")
    desk.to(Stage.JAWABAN, number)
    assert "Jalan Kenanga 2, Madiun" in letter(desk, number)
    other = desk.to(Stage.JAWABAN, desk.record(alamat="Jalan Mawar 5"))
    assert "Jalan Mawar" not in letter(desk, other)


def test_a_secret_address_stays_off_the_letter(desk: Desk) -> None:
    number = desk.record(nama="Budi", email="", alamat="Jalan Kenanga 2", rahasia=True)
    desk.press(
        "jfu-1", "laporkan", number=number, nama="Budi", alamat="Jalan Kenanga 2", rahasia="ya"
    )
    desk.to(Stage.JAWABAN, number)
    assert "Kenanga" not in letter(desk, number)


def test_the_copy_for_a_merged_neighbour_bears_the_neighbours_street(desk: Desk) -> None:
    number = desk.record(nama="Budi", email="", alamat="Jalan Kenanga 2")
    desk.press("jfu-1", "laporkan", number=number, nama="Budi", alamat="Jalan Kenanga 2")
    child = desk.record(nama="Wati", email="", alamat="Jalan Kenanga 4")
    desk.press("jfu-1", "gabungkan", number=child, nomor=number)
    desk.to(Stage.TANDA_TANGAN, number)
    desk.jobs()
    assert desk.stage(child) is Stage.TANDA_TANGAN
    assert "Jalan Kenanga 4, Madiun" in letter(desk, child)
    assert "Jalan Kenanga 2" not in letter(desk, child)


def test_marks_are_shown_to_whoever_handles_the_case(desk: Desk) -> None:
    from pipeline.casefile import reported

    number = desk.record(email=HEAD)
    found = reported.official(desk.settings, desk.complaint(number))
    assert found is not None
    assert found.kode == "kepala"


# ---- unit terkait and the receipt ----------------------------------------------------------------------------


def test_langkah_2_says_that_no_unit_is_concerned(desk: Desk) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    desk.press("sekretaris", "laporkan_kepala", number=number, hasil="Benar.")
    with desk.work() as work:
        (row,) = book.rows(work, Filter())
    assert row.cells["unit"] == "tidak ada"
    other = desk.to(Stage.KLARIFIKASI, desk.record())
    with pytest.raises(Invalid) as refused:  # which of the two?
        desk.press(
            "sekretaris",
            "laporkan_kepala",
            number=other,
            hasil="Benar.",
            unit=["tidak_ada", "infrastruktur"],
        )
    assert "unit" in refused.value.errors
    desk.press(
        "sekretaris", "laporkan_kepala", number=other, hasil="Benar.", unit=["infrastruktur"]
    )
    assert desk.complaint(other).unit == "infrastruktur"


def test_the_receipt_has_contact_matter_place_day_and_officer(desk: Desk) -> None:
    desk.record(
        nama="Siti Rahmawati",
        telepon="0812 1111 2222",
        alamat="Jalan Mawar 5",
        perihal="Lampu padam",
    )
    text = desk.mails("tanda_terima")[0].text
    clerk = desk.person("jfu-1")
    for said in (
        "Siti Rahmawati",
        "Jalan Mawar 5",
        "0812 1111 2222",
        "Lampu padam",
        "Madiun, Selasa, 24 November 2026",
    ):
        assert said in text
    assert f"{clerk.nama}, {clerk.jabatan}" in text


def test_a_strangers_links_stay_out_of_the_receipt(desk: Desk) -> None:
    desk.record(nama="Menang di hadiah.com", alamat="klik https://hadiah.com/x")
    assert "hadiah" not in desk.mails("tanda_terima")[0].text


def test_a_kasubag_who_stands_in_for_the_head_decides_and_gets_the_receipt(desk: Desk) -> None:
    number = desk.to(Stage.KEPUTUSAN)
    today = desk.clock().astimezone(desk.settings.zone).date()
    with desk.work() as work:
        delegate(work, "kepala", "kasubag-umum", "plh", today, today, SYSTEM)
    said: dict[str, Any] = {"keputusan": "ditolak", "perintah": "x", "disampaikan": "Tidak."}
    desk.press("kasubag-umum", "putuskan", number=number, **said)
    (receipt,) = desk.mails("bukti_keputusan")
    assert receipt.recipient == desk.person("kasubag-umum").email


def test_a_kasubag_who_stands_in_for_the_head_is_mailed_what_the_head_would_be(desk: Desk) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    today = desk.clock().astimezone(desk.settings.zone).date()
    with desk.work() as work:
        delegate(work, "kepala", "kasubag-umum", "plh", today, today, SYSTEM)
    desk.to(Stage.KEPUTUSAN, number)
    (mail,) = desk.mails("tugas_keputusan")
    assert mail.recipient == desk.person("kasubag-umum").email
    assert desk.complaint(number).isi in mail.text
    assert "disamarkan" not in mail.text
