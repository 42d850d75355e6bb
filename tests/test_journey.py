"""The whole SOP told as stories: mail in, links pressed, draft edited, signed, letter delivered.

Each story runs twice: on the embedded mail host, and on Dovecot over TLS with an SMTP server that wants STARTTLS.
"""

from __future__ import annotations

import os
import re
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from io import BytesIO
from pathlib import Path

import pytest

from pipeline.data.tables import Complaint
from pipeline.office.sop import Channel, Decision, EventKind, Stage, TaskKind
from pipeline.register.book import COLUMNS
from tests.kantor import (
    SAMPLES,
    SIGNED,
    SITI,
    Office,
    Page,
    Post,
    bounce_of,
    compose,
    edited,
    embedded,
    office,
    over_smtp,
    production,
    words_of,
)

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PHOTO = ("lampu.jpg", "image/jpeg", SIGNED)
BUDI = "budi@warga.example"


@pytest.fixture(params=["embedded", "production"])
def post(request: pytest.FixtureRequest) -> Iterator[Post]:
    if request.param == "embedded":
        with embedded() as host:
            yield host
    else:
        with production(request.getfixturevalue("dovecot")) as host:
            yield host


@pytest.fixture
def kantor(post: Post, tmp_path: Path) -> Iterator[Office]:
    """An office without any complaint, on a Tuesday at 09.00."""
    with office(tmp_path, post=post) as running:
        yield running


def local(kantor: Office, at: datetime | None) -> str:
    """A time as the office's clock on the wall shows it."""
    assert at is not None
    return f"{at.astimezone(kantor.settings.zone):%d-%m %H.%M}"


# ---- the main story ------------------------------------------------------------------------------------------


def test_a_complaint_goes_through_all_five_langkah(kantor: Office) -> None:
    number = _langkah_1(kantor)
    _langkah_2(kantor)
    _langkah_3(kantor)
    _langkah_4(kantor)
    _signature(kantor)
    _langkah_5(kantor)
    _book(kantor, number)
    _citizen_sees_dates_only(kantor, number)
    assert kantor.audit() == []
    assert kantor.lanes() == {}


def _langkah_1(kantor: Office) -> str:
    """JFU, 30 menit: recorded, acknowledged, reported to the Sekretaris."""
    sent = kantor.citizen_sends(
        "Lampu jalan padam", "Lampu di Jalan Mawar padam sejak Senin.", files=[PHOTO]
    )
    complaint = kantor.complaint()
    assert complaint.number == "PGD-2026-000001"
    assert complaint.channel is Channel.EMAIL
    assert [d.name for d in kantor.documents("lampiran")] == ["lampu.jpg"]
    assert kantor.messages("INBOX") == []
    assert len(kantor.messages("Diproses")) == 1

    receipt = kantor.newest(SITI)
    assert complaint.number in receipt.subject
    assert complaint.number in receipt.words
    assert receipt.message["In-Reply-To"] == sent["Message-ID"]
    assert receipt.message["Auto-Submitted"] == "auto-generated"
    assert "7 Desember 2026" in receipt.words, "the day on which the answer comes at the latest"
    status = [url for url in receipt.links if "/s/" in url]
    assert kantor.page(status[0]).status == 200

    assert local(kantor, kantor.task(TaskKind.CATAT).due_at) == "24-11 09.30"
    page = kantor.page(kantor.link("jfu-1", "laporkan"))
    assert "Lampu di Jalan Mawar padam sejak Senin." in page.text
    assert set(page.forms) == {"laporkan", "gabungkan", "pisahkan", "tandai", "bukan_pengaduan"}
    kantor.later(minutes=12)
    done = kantor.press(
        "jfu-1",
        "laporkan",
        nama="Siti Rahmawati",
        alamat="Jalan Mawar 5",
        telepon="0812 0000 1111",
        ringkasan="Tiga lampu jalan padam di Jalan Mawar.",
        kategori="infrastruktur",
    )
    assert "Terima kasih. Pengaduan sudah dicatat dan dilaporkan." in done.text
    assert kantor.stage() is Stage.KLARIFIKASI
    return complaint.number


def _langkah_2(kantor: Office) -> None:
    """Sekretaris, 10 menit: asks two Kasubag/Kasi and the pengadu, whose answer starts the clock again."""
    assert local(kantor, kantor.task(TaskKind.KLARIFIKASI).due_at) == "24-11 09.22"
    kantor.later(minutes=3)
    everybody = ["kasubag-umum", "kasi-infrastruktur"]
    kantor.press(
        "sekretaris", "tanya_unit", petugas=everybody, pertanyaan="Berapa titik lampu yang padam?"
    )
    for person in everybody:
        assert "Berapa titik lampu yang padam?" in kantor.newest(person).words
    kantor.press("kasi-infrastruktur", "jawab", jawaban="Tiga titik, panel kontrol rusak.")
    assert "Tiga titik, panel kontrol rusak." in kantor.newest("sekretaris").words

    kantor.press("sekretaris", "tanya_pengadu", pertanyaan="Sejak jam berapa lampu padam?")
    stopped = kantor.task(TaskKind.KLARIFIKASI)
    assert stopped.due_at is None
    assert "Menunggu pengadu" in kantor.page(kantor.link("sekretaris", "laporkan_kepala")).text
    question = kantor.newest(SITI)
    assert "Sejak jam berapa lampu padam?" in question.words

    kantor.next_workday()
    kantor.citizen_sends(
        "Re: " + question.subject, "Sejak pukul 18.00, Bapak/Ibu.", reply_to=question
    )
    running = kantor.task(TaskKind.KLARIFIKASI)
    assert running.paused_at is None
    assert local(kantor, running.due_at) == "25-11 09.07", "seven of ten minutes were left"
    page = kantor.page(kantor.link("sekretaris", "laporkan_kepala"))
    assert "Sejak pukul 18.00, Bapak/Ibu." in page.text
    assert "Tiga titik, panel kontrol rusak." in page.text
    assert "1 pertanyaan belum dijawab: Kasubag Umum." in page.text

    kantor.press("sekretaris", "laporkan_kepala", hasil="Benar, tiga titik padam.", unit=["umum"])
    assert kantor.stage() is Stage.KEPUTUSAN
    assert set(kantor.complaint().unit.split(",")) == {"umum", "infrastruktur"}


def _langkah_3(kantor: Office) -> None:
    """Kepala Dinas, maks 10 hari: a rapat with its minutes, then the decision."""
    assert local(kantor, kantor.task(TaskKind.KEPUTUSAN).due_at) == "05-12 16.00", (
        "calendar days, a Saturday too"
    )
    assert "notulen" not in kantor.page(kantor.link("kepala", "putuskan")).forms
    kantor.press(
        "kepala",
        "rapat",
        waktu="2026-11-26T09:00",
        tempat="Ruang Rapat Lantai 2",
        peserta="Sekretaris, Kasi",
    )
    invitation = kantor.newest("sekretaris")
    assert "Ruang Rapat Lantai 2" in invitation.words
    assert "26 November 2026" in invitation.words
    assert "SOP Penyelenggaraan Rapat Dinas" in kantor.page(kantor.link("kepala", "putuskan")).text

    kantor.next_workday()
    kantor.later(hours=2)
    kantor.press(
        "kepala", "notulen", notulen="Panel diganti pekan ini.", berkas=("notulen.jpg", SIGNED)
    )
    assert [d.name for d in kantor.documents("notulen")] == ["notulen.jpg"]
    page = kantor.press(
        "kepala",
        "putuskan",
        keputusan="ditindaklanjuti",
        perintah="Mohon dijawab.",
        disampaikan="Bahwa panel kontrol diganti.\nLampu menyala kembali pada 27 November 2026.",
    )
    assert "Terima kasih. Keputusan Bapak/Ibu sudah tercatat." in page.text
    assert kantor.stage() is Stage.JAWABAN
    assert kantor.complaint().decision is Decision.DITINDAKLANJUTI


def _langkah_4(kantor: Office) -> None:
    """Sekretaris, 1 jam: the draft comes by mail; one version goes back on the page, one by mail."""
    mail = kantor.newest("sekretaris")
    [(name, draft)] = mail.files.items()
    assert name.endswith(".docx")
    assert "panel kontrol diganti" in words_of(draft)
    assert kantor.complaint().letter_number == "", (
        "the number comes when the letter goes to be signed"
    )

    first = edited(draft, "panel kontrol diganti", "panel kontrol sudah diganti")
    page = kantor.press("sekretaris", "unggah", surat=("Jawaban Siti.docx", first))
    assert "Surat sudah diperiksa dan disimpan." in page.text
    second = edited(first, "sudah diganti", "telah kami ganti")
    kantor.official_replies(mail, "Terlampir.", [("Jawaban Siti akhir.docx", DOCX, second)])
    assert len(kantor.documents("surat")) == 1, (
        "no server vouches for the sender: one look on the page first"
    )
    asked = kantor.newest("sekretaris")
    assert "Jawaban Siti akhir.docx" in asked.words
    [link] = kantor.links(asked)
    kantor.press(link, "unggah")
    assert kantor.stage() is Stage.JAWABAN
    versions = kantor.documents("surat")
    assert [(d.version, d.name) for d in versions] == [
        (1, "Jawaban Siti.docx"),
        (2, "Jawaban Siti akhir.docx"),
    ]
    assert [kantor.content(d) for d in versions] == [first, second]
    assert len(kantor.documents("konsep")) == 1

    kantor.press(link, "ajukan", catatan="Mohon diperiksa.")
    assert kantor.stage() is Stage.TANDA_TANGAN
    assert kantor.complaint().letter_number == "400.14.5/1/401.109/2026"


def _signature(kantor: Office) -> None:
    """Kepala Dinas: sends the letter back once, then uploads the signed scan."""
    asked = kantor.newest("kepala")
    [letter] = asked.files.values()
    assert "telah kami ganti" in words_of(letter), "the newest version is the one to be signed"
    kantor.press("kepala", "kembalikan", alasan="Mohon sebutkan tanggal pemasangan.")
    back = kantor.newest("sekretaris")
    assert "Mohon sebutkan tanggal pemasangan." in back.words
    third = edited(letter, "telah kami ganti", "telah kami ganti pada 26 November 2026")
    kantor.press("sekretaris", "unggah", surat=("Jawaban Siti 3.docx", third))
    kantor.press("sekretaris", "ajukan")
    kantor.press("kepala", "tandatangani", bertanda_tangan=("bertanda-tangan.jpg", SIGNED))
    assert kantor.stage() is Stage.PENYAMPAIAN


def _langkah_5(kantor: Office) -> None:
    """JFU, 30 menit: mails the letter; the complaint closes when the pengadu's server has it, not before."""
    assert list(kantor.newest("jfu-1").files.values()) == [
        kantor.content(kantor.documents("ttd")[-1])
    ]
    kantor.post.server.defer.add(SITI)
    page = kantor.press(
        "jfu-1", "kirim_email", pesan="Mohon maaf atas ketidaknyamanannya.", settle=False
    )
    assert "Surat jawaban sedang dikirim." in page.text
    kantor.tick()
    assert kantor.stage() is Stage.PENGIRIMAN
    assert kantor.complaint().delivered_at is None
    kantor.post.server.defer.clear()
    kantor.later(minutes=2)
    kantor.settle()
    assert kantor.stage() is Stage.SELESAI
    assert kantor.complaint().delivered_at == kantor.clock.now

    letter = kantor.newest(SITI)
    assert list(letter.files.values()) == [kantor.content(kantor.documents("ttd")[-1])]
    assert "Mohon maaf atas ketidaknyamanannya." in letter.words
    thread = str(letter.message["References"]).split()
    assert kantor.inbox(SITI)[0].message_id in thread, "in the thread of the complaint"
    assert [m.message_id for m in kantor.inbox(SITI)].count(letter.message_id) == 1
    assert [t.kind for t in kantor.tasks(open_only=True)] == [TaskKind.ARSIP]


def _book(kantor: Office, number: str) -> None:
    """The Buku Pengaduan: a row with all columns, on the page, in print and as a spreadsheet."""
    token = kantor.link("jfu-1", "koreksi")
    printed = kantor.page(f"{token}/buku/cetak")
    [row] = book_rows(printed)
    assert row == {
        "No. register": number,
        "Tanggal dan jam / Petugas penerima": "24-11-2026 09.00 / Dimas Prakoso",
        "Kanal / Nomor dan tanggal surat pengadu": "email",
        "Nama / NIK": "Siti Rahmawati",
        "Alamat": "Jalan Mawar 5",
        "Telepon/email": f"0812 0000 1111, {SITI}",
        "Isi ringkas": "Tiga lampu jalan padam di Jalan Mawar.",
        "Unit terkait": "Seksi Pengelolaan Infrastruktur, Subbagian Umum dan Kepegawaian",
        "Disposisi": "Mohon dijawab.",
        "Keputusan / Hasil": "Ditindaklanjuti",
        "Nomor dan tanggal surat": "400.14.5/1/401.109/2026, 26-11-2026",
        "Cara dan tanggal penyampaian": "Email, Kamis, 26 November 2026, pukul 11.02",
        "Lama / Keadaan": "2 hari 2 jam 2 menit / Selesai",
        "Paraf": "Dimas Prakoso",
        "Keterangan": "",
    }
    for part in (
        kantor.settings.sop.nomor,
        kantor.settings.sop.nama,
        *kantor.settings.sop.dasar_hukum,
    ):
        assert part in printed.text
    assert number in kantor.page(f"{token}/buku?q=siti").text
    assert number not in kantor.page(f"{token}/buku?q=budi").text
    with zipfile.ZipFile(BytesIO(kantor.download(f"{token}/buku/xlsx").data)) as sheet:
        content = unescape(
            "".join(
                sheet.read(name).decode() for name in sheet.namelist() if name.startswith("xl/")
            )
        )
    said = [part for cell in row.values() for part in cell.split(" / ") if part]
    numbers = ("24-11-2026 09.00", "2 hari 2 jam 2 menit")  # can be counted with, and are no words
    for words in (*COLUMNS.values(), *(part for part in said if part not in numbers)):
        assert words in " ".join(content.split()), words


def book_rows(page: Page) -> list[dict[str, str]]:
    """The rows of the printed book by their column titles; " / " between what stands under each other."""
    found = page.html.replace("<br>", " / ")
    titles = re.findall(r'<th scope="col">([^<]+)</th>', found)
    assert {part for title in titles for part in title.split(" / ")} == set(COLUMNS.values())
    cells = [
        " ".join(unescape(text).split()) for text in re.findall(r"<td>(.*?)</td>", found, re.DOTALL)
    ]
    return [
        dict(zip(titles, cells[start : start + len(titles)], strict=True))
        for start in range(0, len(cells), len(titles))
    ]


def _citizen_sees_dates_only(kantor: Office, number: str) -> None:
    page = kantor.status_page()
    assert number in page.text
    for langkah in kantor.settings.sop.langkah:
        assert langkah.nama in page.text
    assert "26 Nov" in page.text
    private = (
        "Siti",
        SITI,
        "Mawar",
        "0812",
        "padam",
        "panel",
        "Dimas",
        "Ratih",
        "Ditindaklanjuti",
        "400.14.5",
    )
    assert [word for word in private if word in page.text] == []
    assert kantor.page(f"/s/{number}").status == 404, "never by register number"


# ---- returns -------------------------------------------------------------------------------------------------


def test_every_langkah_can_be_sent_back_with_a_reason(kantor: Office) -> None:
    """Each return reaches the one before with its reason, keeps number and letter number, and is an event."""
    kantor.to_clarification()
    _back(kantor, "sekretaris", "jfu-1", Stage.PENERIMAAN, "Alamat belum lengkap.")
    kantor.press("jfu-1", "laporkan", alamat="Jalan Mawar 5", ringkasan="Lampu padam.")
    kantor.press("sekretaris", "laporkan_kepala", hasil="Benar.")
    _back(kantor, "kepala", "sekretaris", Stage.KLARIFIKASI, "Mohon tanya Kasi.")
    kantor.press("sekretaris", "laporkan_kepala", hasil="Benar, menurut Kasi.")
    kantor.press(
        "kepala",
        "putuskan",
        keputusan="ditolak",
        perintah="Jelaskan bahwa lampu milik warga.",
        disampaikan="Bahwa lampu milik warga.",
    )
    _back(kantor, "sekretaris", "kepala", Stage.KEPUTUSAN, "Lampu itu milik Dinas.")
    kantor.press(
        "kepala",
        "putuskan",
        keputusan="ditindaklanjuti",
        perintah="Sampaikan bahwa lampu menyala.",
        disampaikan="Bahwa lampu menyala.",
    )
    kantor.press("sekretaris", "ajukan")
    letter_number = kantor.complaint().letter_number
    _back(kantor, "kepala", "sekretaris", Stage.JAWABAN, "Hal surat keliru.")
    kantor.press("sekretaris", "ajukan")
    kantor.press("kepala", "tandatangani", bertanda_tangan=("ttd.jpg", SIGNED))
    _back(kantor, "jfu-1", "sekretaris", Stage.JAWABAN, "Nama pengadu salah tulis.")
    kantor.press("sekretaris", "ajukan")
    kantor.press("kepala", "tandatangani", bertanda_tangan=("ttd-2.jpg", SIGNED))
    kantor.press("jfu-1", "kirim_email")

    complaint = kantor.complaint()
    assert complaint.stage is Stage.SELESAI
    assert complaint.number == "PGD-2026-000001"
    assert complaint.letter_number == letter_number == "400.14.5/1/401.109/2026"
    assert complaint.decision is Decision.DITINDAKLANJUTI
    assert len(kantor.documents("konsep")) == 2, "one draft for each decision"
    assert kantor.events().count(EventKind.RETURNED) == 5
    assert len(kantor.inbox(SITI)) == 2, (
        "the pengadu hears of none of it: acknowledgement and letter"
    )
    assert kantor.audit() == []


def _back(kantor: Office, who: str, to: str, stage: Stage, reason: str) -> None:
    kantor.press(who, "kembalikan", alasan=reason)
    assert kantor.stage() is stage
    mail = kantor.newest(to)
    assert reason in mail.words
    assert reason in kantor.page(kantor.links(mail)[0]).text


# ---- other ways in and out -----------------------------------------------------------------------------------


def test_a_complaint_that_came_in_person_is_answered_in_person(kantor: Office) -> None:
    """Typed in on the catat page that any mail of a JFU leads to, with a receipt to print; handed over with a proof."""
    kantor.citizen_sends("Aplikasi antrean", "Aplikasi tidak dapat dibuka.")
    token = kantor.link("jfu-1", "laporkan")
    kantor.know("jfu-1")
    counter = kantor.page(token).links("/catat")
    assert kantor.page(counter[0]).status == 200
    receipt = kantor.press(
        counter[0],
        "catat",
        kanal="langsung",
        nama="Pak Wiryo",
        alamat="Jalan Melati 2",
        telepon="0351 555 000",
        perihal="Suara bising menara",
        isi="Menara di belakang rumah berisik setiap malam.",
    )
    complaint = kantor.complaint()
    assert complaint.number == "PGD-2026-000002"
    assert complaint.channel is Channel.LANGSUNG
    assert complaint.stage is Stage.KLARIFIKASI, "the JFU has done all of langkah 1 at the counter"
    for words in (
        "Tanda terima pengaduan",
        complaint.number,
        "Pak Wiryo",
        "Suara bising menara",
        "7 Desember 2026",
    ):
        assert words in receipt.text
    [code] = receipt.links("/qr")
    assert kantor.download(code).mimetype == "image/svg+xml"
    assert kantor.page(f"/s/{complaint.status_code}").status == 200
    assert len(kantor.inbox("sekretaris")) == 1
    assert len(kantor.outbox("tanda_terima")) == 1, "who left no address gets no mail"

    number = complaint.number
    assert "tanya_pengadu" in kantor.page(kantor.link("sekretaris", "laporkan_kepala")).forms, (
        "a JFU would ask"
    )
    kantor.press("sekretaris", "laporkan_kepala", hasil="Benar.")
    kantor.press(
        "kepala",
        "putuskan",
        keputusan="ditindaklanjuti",
        perintah="Sampaikan bahwa peredam dipasang.",
        disampaikan="Bahwa peredam dipasang.",
    )
    kantor.press("sekretaris", "ajukan")
    kantor.press("kepala", "tandatangani", bertanda_tangan=("ttd.jpg", SIGNED))
    page = kantor.page(kantor.link("jfu-1", "sampaikan", number))
    assert "kirim_email" not in page.forms
    refused = kantor.press(page.url, "sampaikan", status=422, cara="langsung")
    assert "tanda terima yang sudah ditandatangani" in refused.text
    assert kantor.stage() is Stage.PENYAMPAIAN, "without a proof it stays open"
    done = kantor.press(
        page.url,
        "sampaikan",
        cara="langsung",
        penerima="Pak Wiryo sendiri",
        berkas=("bukti.jpg", SIGNED),
    )
    assert done.links(f"/tanda-terima/{complaint.id}"), "the receipt can be printed again"
    complaint = kantor.complaint(number)
    assert complaint.stage is Stage.SELESAI
    assert complaint.delivered_at == kantor.clock.now
    assert [d.name for d in kantor.documents("bukti")] == ["bukti.jpg"]
    row = next(
        r for r in book_rows(kantor.page(f"{token}/buku/cetak")) if r["No. register"] == number
    )
    assert row["Kanal / Nomor dan tanggal surat pengadu"] == "datang langsung"
    assert row["Cara dan tanggal penyampaian"].startswith(
        "Diserahkan langsung, Selasa, 24 November 2026"
    )
    assert kantor.audit() == []


def test_a_scanned_slip_becomes_a_page_with_its_picture_and_then_a_complaint(
    post: Post, tmp_path: Path
) -> None:
    folder = tmp_path / "pindaian"
    folder.mkdir()
    with office(tmp_path, post=post, scan={"folder": "pindaian", "baca": False}) as kantor:
        slip = folder / "slip-001.jpg"
        slip.write_bytes((SAMPLES / "slip.jpg").read_bytes())
        kantor.settle()
        assert slip.exists(), "a file that may still be written is left alone"
        os.utime(slip, times=(time.time() - 60,) * 2)
        kantor.settle()
        assert not slip.exists()
        assert (folder / "diproses" / "slip-001.jpg").is_file()
        assert kantor.complaints() == []

        page = kantor.page(kantor.link("jfu-1", "catat_slip"))
        pictures = page.links("/lembar.jpg")
        assert kantor.download(pictures[0]).mimetype == "image/jpeg"
        done = kantor.press(
            page.url,
            "catat_slip",
            nama="Ibu Tri",
            alamat="Jalan Kenanga 3",
            perihal="Wifi taman mati",
            isi="Wifi di taman tidak menyala.",
        )
        complaint = kantor.complaint()
        assert "PGD-2026-000001" in done.text or "Slip sudah dicatat" in done.text
        assert complaint.channel is Channel.KOTAK
        assert complaint.stage is Stage.KLARIFIKASI
        assert [d.name for d in kantor.documents("lampiran")] == [
            "Slip PGD-2026-000001 lembar 1.jpg"
        ]
        assert "tumpukan slip ini sudah selesai" in kantor.page(page.url).html
        assert kantor.page(kantor.link("sekretaris", "laporkan_kepala")).links("/gambar/")
        assert kantor.audit() == []


# ---- after the letter ----------------------------------------------------------------------------------------


def test_a_letter_that_bounces_reopens_the_case_under_its_number(kantor: Office) -> None:
    """The report comes after the server had accepted the letter; the JFU corrects the address and sends again."""
    number = kantor.to_end().number
    kantor.later(minutes=20)
    kantor.arrive(bounce_of(kantor.newest(SITI), kantor.clock.now))
    kantor.settle()
    complaint = kantor.complaint()
    assert (complaint.number, complaint.stage) == (number, Stage.PENYAMPAIAN)
    assert complaint.delivered_at is None
    assert complaint.closed_at is None
    told = kantor.newest("jfu-1")
    assert "550 5.1.1 User unknown" in told.words
    assert "Surat dikembalikan" in kantor.page(kantor.links(told)[0]).text
    assert kantor.events()[-2:] == [EventKind.BOUNCED, EventKind.REOPENED]
    assert len(kantor.inbox(SITI)) == 2, "a robot is not answered"

    kantor.press(
        "jfu-1",
        "koreksi",
        email="siti.rahmawati@warga.example",
        alasan="Alamat lama tidak berlaku.",
    )
    kantor.press("jfu-1", "kirim_email")
    assert kantor.stage() is Stage.SELESAI
    assert list(kantor.newest("siti.rahmawati@warga.example").files.values()) == [
        kantor.content(kantor.documents("ttd")[-1])
    ]
    assert len(kantor.complaints()) == 1
    assert kantor.audit() == []


def test_a_letter_that_the_server_refuses_comes_back_to_the_jfu(kantor: Office) -> None:
    kantor.to_delivery()
    kantor.post.server.reject.add(SITI)
    kantor.press("jfu-1", "kirim_email")
    assert kantor.stage() is Stage.PENYAMPAIAN
    assert EventKind.SEND_FAILED in kantor.events()
    assert EventKind.DELIVERED not in kantor.events()
    assert "550 5.1.1 User unknown" in kantor.newest("jfu-1").words
    kantor.press("jfu-1", "koreksi", alamat="Jalan Mawar 5", alasan="Disebut lewat telepon.")
    kantor.press("jfu-1", "sampaikan", cara="pos", resi="JT 0001")
    assert kantor.stage() is Stage.SELESAI


def test_a_bounced_acknowledgement_is_told_and_changes_nothing(kantor: Office) -> None:
    kantor.citizen_sends()
    kantor.arrive(bounce_of(kantor.newest(SITI), kantor.clock.now))
    kantor.settle()
    assert kantor.stage() is Stage.PENERIMAAN
    assert "550 5.1.1 User unknown" in kantor.newest("jfu-1").words
    assert len(kantor.complaints()) == 1


@pytest.mark.parametrize("over", [False, True], ids=["while it runs", "after its end"])
def test_a_later_mail_of_the_pengadu_joins_the_case_and_reaches_the_jfu(
    kantor: Office, over: bool
) -> None:
    complaint = kantor.to_end() if over else kantor.to_decision()
    receipt = kantor.inbox(SITI)[0]
    kantor.citizen_sends(
        f"Re: {receipt.subject}", "Lampunya padam lagi.", reply_to=receipt, files=[PHOTO]
    )
    assert len(kantor.complaints()) == 1
    told = kantor.newest("jfu-1")
    assert "Lampunya padam lagi." in told.words
    assert complaint.number in told.subject
    assert kantor.stage() is complaint.stage
    assert kantor.events()[-1] is EventKind.CITIZEN_WROTE
    assert [d.name for d in kantor.documents("lampiran")] == ["lampu.jpg"]
    page = kantor.page(kantor.links(kantor.newest("jfu-1" if over else "kepala"))[0])
    assert "Lampunya padam lagi." in page.text
    if over:
        kantor.press("jfu-1", "buka_kembali", alasan="Lampu padam lagi.")
        assert kantor.stage() is Stage.KLARIFIKASI
        assert kantor.complaint().number == complaint.number


def test_a_number_in_the_subject_alone_joins_nothing(kantor: Office) -> None:
    """Register numbers can be guessed: a stranger who names one has written a complaint of their own."""
    first = kantor.to_decision()
    kantor.citizen_sends(f"Tambahan {first.number}", "Saya juga.", sender=BUDI, name="Budi")
    assert [c.email for c in kantor.complaints()] == [SITI, BUDI]
    assert EventKind.CITIZEN_WROTE not in kantor.events(first.number)


def test_a_merged_complaint_has_its_own_langkah_5(kantor: Office) -> None:
    """Langkah 2 to 4 run on the parent; each pengadu gets a letter of their own, and neither sees the other's."""
    parent = kantor.to_clarification().number
    kantor.citizen_sends("Lampu mati", "Lampu Jalan Mawar mati.", sender=BUDI, name="Budi Santoso")
    child = kantor.complaint().number
    refused = kantor.press("jfu-1", "gabungkan", about=child, nomor="PGD-2026-009999", status=422)
    assert "Nomor ini tidak ditemukan" in refused.text
    kantor.press("jfu-1", "gabungkan", about=child, nomor=parent)
    assert kantor.stage(child) is Stage.DIGABUNG

    kantor.press("sekretaris", "laporkan_kepala", hasil="Benar.")
    kantor.press(
        "kepala",
        "putuskan",
        keputusan="ditindaklanjuti",
        perintah="Sampaikan bahwa lampu menyala.",
        disampaikan="Bahwa lampu menyala.",
    )
    kantor.press("sekretaris", "ajukan")
    assert (kantor.stage(parent), kantor.stage(child)) == (Stage.TANDA_TANGAN, Stage.TANDA_TANGAN)
    for number in (parent, child):
        kantor.press("kepala", "tandatangani", about=number, bertanda_tangan=("ttd.jpg", SIGNED))
        kantor.press("jfu-1", "kirim_email", about=number)
        assert kantor.stage(number) is Stage.SELESAI
    answer = kantor.newest(BUDI)
    assert "lampu menyala." in answer.words
    assert list(answer.files) == [f"Surat jawaban {child}.pdf"]
    assert "Siti" not in answer.words
    row = next(r for r in book_rows(_print(kantor)) if r["No. register"] == child)
    assert parent in row["Keterangan"]
    assert row["Cara dan tanggal penyampaian"].startswith("Email, ")
    assert kantor.audit() == []


def _print(kantor: Office) -> Page:
    return kantor.page(f"{kantor.link('jfu-1', 'koreksi')}/buku/cetak")


def test_one_mail_about_two_things_becomes_two_complaints(kantor: Office) -> None:
    kantor.citizen_sends("Lampu dan wifi", "Lampu padam. Wifi taman juga mati.")
    page = kantor.press(
        "jfu-1", "pisahkan", perihal_lain="Wifi taman", isi_lain="Wifi taman juga mati."
    )
    assert "mendapat nomor sendiri" in page.text
    first, second = kantor.complaints()
    assert (first.item_id, first.stage) == (second.item_id, second.stage)
    assert second.number == "PGD-2026-000002"
    assert [m.subject for m in kantor.inbox(SITI) if second.number in m.subject] != []
    kantor.press("jfu-1", "laporkan", about=first.number, ringkasan="Lampu padam.")
    assert (kantor.stage(first.number), kantor.stage(second.number)) == (
        Stage.KLARIFIKASI,
        Stage.PENERIMAAN,
    )


def test_what_is_no_complaint_stays_in_the_book_as_void(kantor: Office) -> None:
    kantor.citizen_sends("Selamat ulang tahun", "Selamat hari jadi untuk Dinas.")
    kantor.press("jfu-1", "bukan_pengaduan", alasan="Ucapan selamat, bukan pengaduan.")
    assert kantor.stage() is Stage.BATAL
    assert "Ucapan selamat, bukan pengaduan." in kantor.newest(SITI).words
    [row] = book_rows(_print(kantor))
    assert row["Keputusan / Hasil"] == "Bukan pengaduan"
    assert row["Keterangan"] == "Ucapan selamat, bukan pengaduan."
    kantor.press("jfu-1", "buka_kembali", alasan="Ternyata pengaduan.")
    assert kantor.stage() is Stage.PENERIMAAN


# ---- people --------------------------------------------------------------------------------------------------


def test_of_two_who_hold_a_role_the_first_acts_and_the_other_sees_who(
    post: Post, tmp_path: Path
) -> None:
    with office(tmp_path, post=post, petugas=_two_clerks()) as kantor:
        kantor.citizen_sends()
        links = {code: kantor.link(code, "laporkan") for code in ("jfu-1", "jfu-2")}
        stale = kantor.page(links["jfu-2"]).forms["laporkan"]
        kantor.press(links["jfu-1"], "laporkan", ringkasan="Lampu padam.")
        late = kantor.send(stale, {"ringkasan": "Yang ini tidak boleh tercatat."})
        assert late.status == 409
        assert "Sudah dikerjakan" in late.text
        assert "dikerjakan oleh Dimas Prakoso" in late.text
        assert kantor.complaint().ringkasan == "Lampu padam."
        assert len(kantor.inbox("sekretaris")) == 1


def _two_clerks() -> list[dict[str, object]]:
    def person(kode: str, nama: str, peran: str) -> dict[str, object]:
        return {
            "kode": kode,
            "nama": nama,
            "jabatan": nama,
            "email": f"{kode}@kominfo.example",
            "peran": [peran],
        }

    return [
        person("kepala", "Kepala Dinas", "kepala"),
        person("sekretaris", "Sekretaris", "sekretaris"),
        person("kasi-infrastruktur", "Kasi", "kasi"),
        person("jfu-1", "Dimas Prakoso", "jfu"),
        person("jfu-2", "Ayu Wulandari", "jfu"),
    ]


def test_the_name_of_a_pengadu_who_asks_for_secrecy_stays_out_of_mails_and_book(
    kantor: Office,
) -> None:
    kantor.citizen_sends("Layanan 112", "Petugas tidak sopan. Mohon nama saya dirahasiakan.")
    kantor.press("jfu-1", "laporkan", ringkasan="Petugas 112 tidak sopan.", rahasia="ya")
    mail = kantor.newest("sekretaris")
    assert "Siti" not in mail.words + mail.subject
    assert SITI not in mail.words
    kantor.press("sekretaris", "laporkan_kepala", hasil="Benar.")
    assert "Siti" not in kantor.newest("kepala").words
    kantor.know("kepala")
    row = book_rows(kantor.page(f"{kantor.link('kepala', 'putuskan')}/buku/cetak"))[0]
    assert (row["Nama / NIK"], row["Alamat"], row["Telepon/email"]) == ("Dirahasiakan", "", "")


# ---- reminders -----------------------------------------------------------------------------------------------


def reminders(kantor: Office, task_kind: TaskKind) -> int:
    """How many reminders of the newest task of this kind have gone out."""
    kantor.settle()
    task = kantor.task(task_kind)
    return len(
        [
            row
            for row in kantor.outbox("pengingat")
            if row.task_id == task.id and row.state == "sent"
        ]
    )


def test_what_is_late_is_told_once_a_morning_and_stops_when_it_is_done(kantor: Office) -> None:
    kantor.citizen_sends()  # 09.00, 30 minutes
    for _ in range(3):
        kantor.later(minutes=16)
        assert reminders(kantor, TaskKind.CATAT) == 0, (
            "limits of minutes send nothing by themselves"
        )
    kantor.next_workday()
    kantor.settle()
    digest = kantor.newest("jfu-1")
    assert "1 menunggu, 1 terlambat" in digest.subject
    kantor.later(hours=1)
    kantor.settle()
    assert kantor.newest("jfu-1").subject == digest.subject, "once"
    kantor.press("jfu-1", "laporkan", ringkasan="Lampu padam.")
    before = len(kantor.inbox("jfu-1"))
    for _ in range(3):
        kantor.next_workday()
        kantor.settle()
    assert len(kantor.inbox("jfu-1")) == before, "it is the Sekretaris's turn now"


def test_nobody_is_told_outside_office_hours(kantor: Office) -> None:
    """A complaint of a Friday night is due on Monday morning; nobody is disturbed before."""
    kantor.clock.now = datetime(2026, 11, 27, 14, 0, tzinfo=UTC)  # Friday 21.00
    kantor.citizen_sends()
    assert local(kantor, kantor.task(TaskKind.CATAT).due_at) == "30-11 08.00"
    before = len(kantor.inbox("jfu-1"))
    for _ in range(9):
        kantor.later(hours=6)
        kantor.settle()
    assert len(kantor.inbox("jfu-1")) == before


def test_the_link_of_a_reminder_works(kantor: Office) -> None:
    kantor.citizen_sends()
    kantor.next_workday()
    kantor.settle()
    [link] = kantor.links(kantor.newest("jfu-1"))
    kantor.press(link, "laporkan", ringkasan="Lampu padam.")
    assert kantor.stage() is Stage.KLARIFIKASI


def test_a_complaint_comes_in_over_smtp(tmp_path: Path) -> None:
    """On the embedded host the mail of a citizen takes the same way as in the world: SMTP, mailbox, IMAP."""
    with embedded() as host, office(tmp_path, post=host) as kantor:
        over_smtp(
            host, compose(SITI, "aduan@kominfo.example", "Halo", "Wifi mati.", kantor.clock.now)
        )
        kantor.settle()
        complaint: Complaint = kantor.complaint()
        assert (complaint.perihal, complaint.isi) == ("Halo", "Wifi mati.")
        assert abs(complaint.recorded_at - kantor.clock.now) < timedelta(seconds=1)
