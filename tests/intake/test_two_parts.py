"""Replies of two parts: a command and files, a command and a second thought. What cannot be taken whole does nothing,
and the answer says why."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from pipeline.access import unsent
from pipeline.data import store
from pipeline.data.engine import reading
from pipeline.data.tables import Outbox
from pipeline.office.sop import Stage
from tests.desk import Desk, desk_in
from tests.kantor import INTAKE, Mail, compose

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PASS = "mx.kominfo.example; dmarc=pass header.from=kominfo.example"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path, balasan={"server_tepercaya": ("mx.kominfo.example",)}) as made:
        yield made


def reply_to(desk: Desk, name: str, text: str, proven: bool = True) -> EmailMessage:
    row = desk.mails(name)[-1]
    asked = Mail(row.recipient, f"Message-ID: {row.message_id}\r\n\r\nx".encode())
    subject = f"Re: {row.subject}"
    message = compose(row.recipient, INTAKE, subject, text, desk.clock(), reply_to=asked)
    if proven:
        message["Authentication-Results"] = PASS
    return message


def attach(message: EmailMessage, name: str, content: bytes, **more: Any) -> None:
    main, _, sub = DOCX.partition("/")
    message.add_attachment(content, main, sub, filename=name, **more)


def draft(desk: Desk, number: str) -> bytes:
    with reading(desk.engine) as session:
        return store.get(session, desk.documents(number)[-1].sha256)


def told(desk: Desk) -> Outbox:
    """The newest answer to the Sekretaris."""
    return [row for row in desk.mails() if row.name.startswith("balasan_")][-1]


# ---- letters ---------------------------------------------------------------------------------------------------


def test_a_letter_that_came_empty_does_not_hand_in_the_draft(desk: Desk) -> None:
    """Phones send files of no bytes when the net breaks off; their owner believes that the letter has arrived."""
    number = desk.to(Stage.JAWABAN)
    message = reply_to(desk, "tugas_jawaban", "SETUJU")
    attach(message, "Surat.docx", b"")
    desk.take_in(message.as_bytes())
    answer = told(desk)
    assert answer.name == "balasan_tugas"
    assert "Surat.docx" in answer.text
    assert [d.kind for d in desk.documents(number)] == ["konsep"]


def test_an_empty_file_beside_a_report_stops_the_report(desk: Desk) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    message = reply_to(desk, "tugas_klarifikasi", "Unit terkait: tidak ada\nLAPOR: Benar padam.")
    message.add_attachment(b"", "image", "jpeg", filename="lokasi.jpg")
    desk.take_in(message.as_bytes())
    assert desk.stage(number) is Stage.KLARIFIKASI
    assert "lokasi.jpg" in told(desk).text


def test_a_letter_that_outlook_shows_in_the_text_is_still_a_letter(desk: Desk) -> None:
    number = desk.to(Stage.JAWABAN)
    message = reply_to(desk, "tugas_jawaban", "SETUJU")
    attach(message, "Surat.docx", draft(desk, number), disposition="inline", cid="<surat@kantor>")
    desk.take_in(message.as_bytes())
    assert [d.kind for d in desk.documents(number)] == ["konsep", "surat"]


def test_a_mail_that_is_attached_is_not_dropped_without_a_word(desk: Desk) -> None:
    """The letter may lie in it."""
    desk.to(Stage.JAWABAN)
    inner = EmailMessage()
    inner["Subject"] = "Surat terakhir"
    inner.set_content("Terlampir.")
    message = reply_to(desk, "tugas_jawaban", "SETUJU")
    message.add_attachment(inner, filename="surat terakhir.eml")
    desk.take_in(message.as_bytes())
    assert told(desk).name == "balasan_tugas"
    assert "surat terakhir" in told(desk).text.lower()


@pytest.mark.parametrize(
    "link",
    [
        "https://docs.google.com/document/d/1AbC/edit?usp=sharing",
        "https://1drv.ms/w/s!Ab12",
        "https://s.id/surat-lampu",
        "Surat.docx <https://kantor-my.sharepoint.com/:w:/g/personal/x>",
        "Surat terlampir.",
        "Suratnya sudah saya perbaiki.",
    ],
)
def test_a_letter_that_is_spoken_of_and_missing_does_not_hand_in_the_draft(
    desk: Desk, link: str
) -> None:
    number = desk.to(Stage.JAWABAN)
    desk.take_in(reply_to(desk, "tugas_jawaban", f"SETUJU\n\n{link}").as_bytes())
    assert told(desk).name == "balasan_tugas"
    assert [d.kind for d in desk.documents(number)] == ["konsep"]


@pytest.mark.parametrize("word", ["SETUJU", "KEMBALIKAN: keputusannya belum jelas"])
def test_the_word_beside_a_letter_that_waits_for_a_look_is_told_to_wait(
    desk: Desk, word: str
) -> None:
    number = desk.to(Stage.JAWABAN)
    message = reply_to(desk, "tugas_jawaban", word, proven=False)
    attach(message, "Surat.docx", draft(desk, number))
    desk.take_in(message.as_bytes())
    said = " ".join(told(desk).text.split())
    assert f"Kata {word.partition(':')[0]} dalam balasan itu belum kami kerjakan" in said
    assert desk.stage(number) is Stage.JAWABAN


def test_a_letter_that_was_kept_is_no_file_of_the_case_beside(desk: Desk) -> None:
    number = desk.to(Stage.JAWABAN)
    message = reply_to(desk, "tugas_jawaban", "KEMBALIKAN: keputusannya belum jelas")
    attach(message, "Surat.docx", draft(desk, number))
    desk.take_in(message.as_bytes())
    assert desk.stage(number) is Stage.KEPUTUSAN
    assert [d.kind for d in desk.documents(number)] == ["konsep", "surat"]


# ---- words -----------------------------------------------------------------------------------------------------

NO_RESULT = (
    "masih ditanyakan ke PLN",
    "Kasi belum menjawab",
    "belum selesai",
    "hasilnya besok",
    "noted pak",
    "oke nanti dikabari",
    "2 hari lagi ya pak",
    "sudah saya WA",
    "lihat surat terlampir",
    "sda",
    "saya sudah bukan Sekretaris",
    "Benar padam.\n\nTapi tunggu hasil cek dulu ya",
    "Benar padam.\nmaaf, yang tadi dibatalkan",
    "Benar padam.\n(tolong dicek lagi sebelum dikirim)",
    "Benar padam. Mohon tidak dikirim ke Kepala Dinas dulu",
    "Benar padam [draft]",
)
RESULTS = (
    "Benar.",
    "Tidak ada kerusakan.",
    "Belum diperbaiki karena suku cadang kosong.",
    "Sudah diganti kemarin.",
    "Nihil",
    "Sudah dicek: tiang nomor 12 padam.",
)


@pytest.mark.parametrize("text", NO_RESULT)
def test_what_is_no_result_yet_is_shown_before_it_is_reported(desk: Desk, text: str) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    said = f"Unit terkait: tidak ada\nLAPOR: {text}"
    desk.take_in(reply_to(desk, "tugas_klarifikasi", said).as_bytes())
    assert desk.stage(number) is Stage.KLARIFIKASI
    with reading(desk.engine) as session:
        kept = unsent.of_reply(session, desk.task("tanya_pengadu").id, desk.person("sekretaris"))
    assert kept["laporkan_kepala"].values["hasil"][0].split() == text.split()


@pytest.mark.parametrize("text", RESULTS)
def test_a_short_result_is_reported_at_once(desk: Desk, text: str) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    said = f"Unit terkait: tidak ada\nLAPOR: {text}"
    desk.take_in(reply_to(desk, "tugas_klarifikasi", said).as_bytes())
    assert desk.stage(number) is Stage.KEPUTUSAN
