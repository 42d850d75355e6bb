"""What arrives: once and never twice, to the right case or to nobody, held when it cannot be read."""

from __future__ import annotations

import io
import os
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from pipeline import cases
from pipeline.access import links
from pipeline.cases import AlreadyDone
from pipeline.data import ledger, store
from pipeline.data.engine import reading, writing
from pipeline.data.states import MailState
from pipeline.data.tables import Blob, Complaint, Item, Outbox, Sighting, Task
from pipeline.intake import mails, scans
from pipeline.mail import outbox
from pipeline.office import messages, rendering, words
from pipeline.office.sop import Channel, EventKind, Stage, TaskKind
from pipeline.running import collecting
from pipeline.work import App
from tests import kantor
from tests.desk import Desk, desk_in
from tests.kantor import INTAKE, SIGNED, SITI, Mail


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path, balasan={"server_tepercaya": ("mx.kominfo.example",)}) as made:
        yield made


def letter(
    desk: Desk, subject: str = "Lampu padam", text: str = "Lampu di Jalan Mawar padam.", **more: Any
) -> EmailMessage:
    """A mail of a pengadu as an ordinary program writes it."""
    return kantor.compose(more.pop("sender", SITI), INTAKE, subject, text, desk.clock(), **more)


def mail_of(row: Outbox, desk: Desk) -> Mail:
    """A mail of ours as it arrived."""
    from_row = EmailMessage()
    from_row["To"], from_row["Subject"], from_row["Message-ID"] = (
        row.recipient,
        row.subject,
        row.message_id,
    )
    from_row.set_content(row.text)
    return Mail(row.recipient, from_row.as_bytes().replace(b"\n", b"\r\n"))


def reply(desk: Desk, row: Outbox, text: str = "Terima kasih.", **more: Any) -> EmailMessage:
    """An answer to a mail of ours, by the one who got it unless `sender` says otherwise."""
    more = {"sender": row.recipient, "subject": f"Re: {row.subject}", **more}
    message = letter(desk, text=text, reply_to=mail_of(row, desk), **more)
    if more["sender"].endswith("@kominfo.example"):  # as the office's own server states
        message["Authentication-Results"] = (
            "mx.kominfo.example; dmarc=pass header.from=kominfo.example"
        )
    return message


def draft(desk: Desk) -> bytes:
    with reading(desk.engine) as session:
        return store.get(session, next(d for d in desk.documents() if d.kind == "konsep").sha256)


WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


# ---- a new complaint -----------------------------------------------------------------------------------------


def test_mail_of_a_person_becomes_a_complaint(desk: Desk) -> None:
    mail = letter(desk, name="Siti Rahmawati", files=[("foto.jpg", "image/jpeg", SIGNED)])
    item = desk.take_in(mail.as_bytes())
    complaint = desk.complaint()
    assert (item.state, item.reason) == ("done", "pengaduan baru")
    assert (complaint.channel, complaint.nama, complaint.email) == (
        Channel.EMAIL,
        "Siti Rahmawati",
        SITI,
    )
    assert (complaint.perihal, complaint.isi) == ("Lampu padam", "Lampu di Jalan Mawar padam.")
    assert (complaint.item_id, complaint.thread_id) == (item.id, mail["Message-ID"])
    assert [(d.kind, d.name, d.mime) for d in desk.documents()] == [
        ("lampiran", "foto.jpg", "image/jpeg")
    ]
    (answer,) = desk.mails("tanda_terima")
    assert answer.recipient == SITI
    assert answer.headers["in_reply_to"] == mail["Message-ID"], "in the thread of the complaint"


@pytest.mark.parametrize(
    ("subject", "perihal"),
    [
        ("Fwd: RE: fw: Lampu", "Lampu"),
        ("  Bls:   Lampu \t padam ", "Lampu padam"),
        ("", "Lampu di Jalan Mawar padam."),
        ("Re: ", "Lampu di Jalan Mawar padam."),
        ("x" * 400, f"{'x' * 149}…"),
        ("Renovasi: taman", "Renovasi: taman"),
    ],
)
def test_perihal_is_the_subject_without_its_answers_marks(
    desk: Desk, subject: str, perihal: str
) -> None:
    desk.take_in(letter(desk, subject).as_bytes())
    assert desk.complaint().perihal == perihal


def test_mail_without_any_words_is_still_a_complaint(desk: Desk) -> None:
    desk.take_in(letter(desk, "", "").as_bytes())
    assert (desk.complaint().perihal, desk.complaint().isi) == (
        "Tanpa perihal",
        "(Email ini tidak berisi tulisan.)",
    )


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n\r\n",
        b"bukan surat",
        b"\x00\xff" * 500,
        b"From: \r\n\r\nhalo",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n--x",
        b"From: " + b"<" * 5000 + b"\r\n\r\nhalo",
        b"From: a@b.example\r\nSubject: =?utf-8?b?////?=\r\n\r\nhalo",
        b"From: a@b.example\r\nSubject: a\x00b\r\n\r\nnul \x00 nul",
        b"From: a@b.example\r\nContent-Type: text/plain; charset=x-tidak-ada\r\n\r\nhalo \xe9",
        b"From: a@b.example\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\xed\xa0\x80 surrogate",
    ],
    ids=lambda raw: repr(raw[:24]),
)
def test_no_bytes_stop_the_intake(tmp_path: Path, database_url: str, raw: bytes) -> None:
    """Whatever arrives is settled, on either database: a complaint, or held with the JFU told."""
    with desk_in(tmp_path, database_url) as desk:
        item = desk.take_in(raw)
        assert item.state in ("done", "held")
        assert desk.take_in(letter(desk, name="Siti").as_bytes()).state == "done"
        assert desk.complaint().nama == "Siti"
        with reading(desk.engine) as session:
            assert store.get(session, item.sha256) == raw
        assert desk.faults() == []


# ---- nothing twice -------------------------------------------------------------------------------------------


def test_same_bytes_seen_twice_are_one_item_with_two_sightings(desk: Desk) -> None:
    raw = letter(desk).as_bytes()
    assert desk.take_in(raw).id == desk.take_in(raw).id
    assert [desk.count(t) for t in (Item, Sighting, Complaint, Blob)] == [1, 2, 1, 1]
    assert len(desk.mails("tanda_terima")) == 1


def test_same_place_seen_again_is_one_sighting(desk: Desk) -> None:
    """A run that was killed before the server moved the mail sees it again."""
    raw, where = letter(desk).as_bytes(), ledger.Arrival("kotak", "INBOX", 7, 42, desk.clock())
    for _ in range(3):
        with writing(desk.engine) as session:
            ledger.receive(session, "mail", [(raw, where)], desk.clock())
    assert desk.count(Sighting) == 1
    with reading(desk.engine) as session:
        assert ledger.seen(session, "kotak", "INBOX", 7, [41, 42, 43]) == {42}
        assert ledger.seen(session, "kotak", "INBOX", 8, [42]) == set(), (
            "another UIDVALIDITY is another place"
        )
        assert ledger.seen(session, "kotak", "INBOX", 7, []) == set()


def test_item_is_taken_in_once_however_often_it_is_asked_for(desk: Desk) -> None:
    item_id = desk.arrives(letter(desk).as_bytes())
    assert [mails.take_in(desk.app, item_id) for _ in range(3)] == ["done"] * 3
    assert desk.count(Complaint) == 1


def test_copies_to_two_of_our_addresses_are_one_complaint(desk: Desk) -> None:
    """The same mail by two ways: only the header fields that the ways added differ."""
    mail = letter(desk).as_bytes()
    one = (
        b"Return-Path: <a@b.example>\r\nReceived: from mx1\r\n\tby kota; Tue\r\n"
        b"Delivered-To: aduan@kominfo.example\r\n"
    )
    two = (
        b"Delivered-To: humas@kominfo.example\r\nARC-Seal: i=1;\r\n b=xyz\r\nX-Received: by mx9\r\n"
    )
    first, second = desk.take_in(one + mail), desk.take_in(two + mail)
    assert first.sha256 != second.sha256
    assert (second.state, second.reason) == ("done", f"salinan item {first.id}")
    assert desk.count(Complaint) == 1
    assert len(desk.mails("tanda_terima")) == 1


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_trace_headers_are_left_out_with_their_continuation_lines_and_nothing_else(
    end: bytes,
) -> None:
    lines = [
        b"Received: a",
        b"\tb",
        b"Subject: Received: x",
        b"DKIM-Signature: v=1",
        b" b=c",
        b"From: a@b.example",
    ]
    body = [b"", b"Received: isi surat", b""]
    twin = ledger.twin_of(end.join([*lines, *body]))
    assert twin == ledger.twin_of(end.join([b"Subject: Received: x", b"From: a@b.example", *body]))
    assert twin != ledger.twin_of(end.join([*lines, b"", b"isi surat", b""])), (
        "the body is no header"
    )
    assert twin != ledger.twin_of(end.join([*lines[:2], *lines[3:], *body]))


ON_THE_WAY = """X-Forwarded-To X-Forwarded-For X-Rspamd-Server X-Rspamd-Queue-Id X-Virus-Scanned
    X-MS-Exchange-Organization-SCL X-MS-Exchange-CrossTenant-Id X-Apparently-To Resent-From Resent-To Resent-Date
    Resent-Message-ID X-Sieve DomainKey-Signature X-Proofpoint-Spam-Details Bcc Status X-Status X-UID X-Keywords
    X-Mozilla-Status X-Mozilla-Status2 Content-Length Lines List-Id List-Unsubscribe Precedence Errors-To Sender
    Delivered-To received ARC-SEAL X-Gmail-Labels X-Spam-Flag X-TM-AS-Result Thread-Index"""


def test_a_copy_that_met_other_relays_filters_and_mailboxes_is_one_complaint(desk: Desk) -> None:
    raw = letter(desk).as_bytes()
    first = desk.take_in(raw)
    for name in ON_THE_WAY.split():
        field = f"{name}: apa saja;\r\n\tterlipat\r\n".encode()
        for copy in (field + raw, raw.replace(b"\r\n\r\n", b"\r\n" + field + b"\r\n", 1)):
            assert ledger.twin_of(copy) == first.twin, name
    folded = raw.replace(b"Subject: ", b"SUBJECT:\r\n\t", 1)
    assert folded != raw
    second = desk.take_in(b"X-Spam-Flag: NO\r\n" + folded)
    assert second.reason == f"salinan item {first.id}"
    assert desk.count(Complaint) == 1


@pytest.mark.parametrize(
    "name", ["From", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Content-Type"]
)
def test_what_the_writer_made_differently_is_another_mail(desk: Desk, name: str) -> None:
    raw = letter(desk).as_bytes()
    assert ledger.twin_of(f"{name}: lain\r\n".encode() + raw) != ledger.twin_of(raw)


def test_lines_that_an_archive_escapes_make_no_difference(desk: Desk) -> None:
    raw = letter(
        desk, "x", "From tadi malam padam.\n>From sini gelap.\n> From sana juga.\n"
    ).as_bytes()
    archived = raw.replace(b"\n>From", b"\n>>From").replace(b"\nFrom tadi", b"\n>From tadi")
    assert archived != raw
    assert ledger.twin_of(archived) == ledger.twin_of(raw)
    assert ledger.twin_of(raw.replace(b"> From sana", b"From sana")) != ledger.twin_of(raw)


def test_message_id_that_is_used_again_for_other_words_is_another_complaint(desk: Desk) -> None:
    """Message-ID is only a hint: some programs give each mail the same one."""
    first = letter(desk)
    second = letter(desk, "Selokan", "Selokan mampet.")
    second.replace_header("Message-ID", first["Message-ID"])
    desk.take_in(first.as_bytes())
    assert desk.take_in(second.as_bytes()).reason == "pengaduan baru"
    assert [c.perihal for c in desk.complaints()] == ["Lampu padam", "Selokan"]
    assert [t.note for t in desk.tasks()] == [words.word("catatan.nomor_surat_sama")], (
        "the JFU is told"
    )


def test_same_words_sent_again_by_hand_are_a_complaint_of_their_own(desk: Desk) -> None:
    """Nothing is joined by likeness; the JFU sees the earlier one and merges."""
    desk.take_in(letter(desk).as_bytes())
    desk.take_in(letter(desk).as_bytes())
    assert desk.count(Complaint) == 2


# ---- robots --------------------------------------------------------------------------------------------------


def test_bounce_is_bound_to_the_mail_it_is_about(desk: Desk) -> None:
    number = desk.record()
    desk.record(email="lain@warga.example")
    ack = desk.mails("tanda_terima")[0]
    item = desk.take_in(kantor.bounce_of(mail_of(ack, desk), desk.clock()))
    event, data = desk.events(number)[-1]
    assert item.state == "done"
    assert (event.kind, data["surat"], data["tetap"]) == (EventKind.BOUNCED, ack.message_id, True)
    assert "User unknown" in data["teks"]
    assert {m.recipient for m in desk.mails("terpental")} == {
        "jfu@kominfo.example",
        "jfu2@kominfo.example",
    }
    assert desk.count(Complaint) == 2, "and is no complaint"


def test_a_mail_held_until_the_office_proves_to_be_human_is_told_to_the_jfu(desk: Desk) -> None:
    """The robot of the pengadu's mailbox wants an answer that the program will not give: they have not got ours."""
    number = desk.record()
    (ack,) = desk.mails("tanda_terima")
    text = f"To verify that you are human, reply to this message.\n\n> Message-ID: {ack.message_id}"
    item = desk.take_in(
        f"From: {SITI}\r\nSubject: Verifikasi\r\nAuto-Submitted: auto-replied\r\n"
        f"In-Reply-To: {ack.message_id}\r\n\r\n{text}".encode()
    )
    assert item.state == "done"
    assert desk.events(number)[-1][0].kind is EventKind.BOUNCED
    assert desk.mails("terpental")


def test_bounce_of_a_forwarded_mail_is_bound_by_our_message_id_alone(desk: Desk) -> None:
    """The address it names is where the pengadu's mail is forwarded to; our Message-ID cannot be guessed."""
    number = desk.to(Stage.PENYAMPAIAN)
    desk.press("jfu-1", "kirim_email")
    mail = desk.mails("surat_jawaban")[0]
    forwarded = kantor.bounce_of(Mail("orang@lain.example", mail_of(mail, desk).raw), desk.clock())
    assert desk.take_in(forwarded).state == "done"
    assert EventKind.BOUNCED in desk.kinds(number)
    assert desk.stage(number) is Stage.PENYAMPAIAN


def test_bounce_that_cannot_be_bound_is_held_if_we_ever_wrote_there(desk: Desk) -> None:
    """A report without our Message-ID, about an address that got mail from us: a JFU looks at it."""
    desk.record(email=SITI)
    item = desk.take_in(kantor.bounce_of(Mail(SITI, letter(desk).as_bytes()), desk.clock()))
    assert (item.state, len(desk.item_tasks(item.id))) == ("held", 1)


@pytest.mark.parametrize("written", ["Siti@Warga.Example", SITI.upper()])
def test_an_address_is_known_again_however_the_server_writes_its_letters(
    desk: Desk, written: str
) -> None:
    desk.record(email=SITI)
    item = desk.take_in(kantor.bounce_of(Mail(written, letter(desk).as_bytes()), desk.clock()))
    assert (item.state, item.reason) == ("held", words.word("ditahan.terpental"))


def test_bounce_of_an_officials_address_that_cannot_be_bound_is_told_to_the_it_officer_alone(
    desk: Desk,
) -> None:
    """Held, it would be told to the JFU, whose bad address sends that back as well, without end."""
    desk.record()
    before = len(desk.mails())
    for n in range(9):
        raw = kantor.bounce_of(
            Mail("JFU@kominfo.example", letter(desk, f"Tugas {n}").as_bytes()), desk.clock()
        )
        assert desk.take_in(raw).state == "done"
    told = desk.mails()[before:]
    assert {m.name for m in told} == {"petugas_tak_terjangkau"}
    assert {m.recipient for m in told} == {desk.settings.petugas_ti.email}
    assert len(told) == desk.settings.smtp.answers_per_hour
    assert "JFU@kominfo.example" in told[0].text


@pytest.mark.parametrize("action", ["delayed", "failed"])
def test_a_link_dies_with_the_mail_that_failed_and_lives_while_it_is_only_late(
    desk: Desk, action: str
) -> None:
    desk.to(Stage.JAWABAN)
    mail = desk.mails("tugas_jawaban")[0]
    report = kantor.bounce_of(mail_of(mail, desk), desk.clock()).replace(
        b"Action: failed", f"Action: {action}".encode()
    )
    assert desk.take_in(report).state == "done"
    with reading(desk.engine) as session:
        token = links.token(session, desk.settings.keys, mail.links[0])
        later = desk.clock() + timedelta(seconds=1)
        if action == "delayed":
            assert links.resolve(session, desk.settings, token, later).alive
        else:
            with pytest.raises(links.LinkError):
                links.resolve(session, desk.settings, token, later)


@pytest.mark.parametrize("end", ["bounced", "dead"])
@pytest.mark.parametrize("name", ["tugas_tertahan", "tugas_pindai"])
def test_of_a_mail_about_no_complaint_that_does_not_arrive_the_it_officer_hears(
    desk: Desk, name: str, end: str
) -> None:
    if name == "tugas_tertahan":
        desk.take_in(spam(desk).as_bytes())
    else:
        scan(desk, SIGNED)
    mail = desk.mails(name)[0]
    if end == "bounced":
        desk.take_in(kantor.bounce_of(mail_of(mail, desk), desk.clock()))
    else:
        with writing(desk.engine) as session:
            row = session.get_one(Outbox, mail.id)
            row.state, row.error = MailState.DEAD, "550 5.1.1 User unknown"
        mails.take_results(desk.app)
    (told,) = desk.mails("petugas_tak_terjangkau")
    assert told.recipient == desk.settings.petugas_ti.email
    assert mail.recipient in told.text
    assert "User unknown" in told.text


def test_bounce_of_a_mail_that_is_not_ours_is_kept_and_moves_nothing(desk: Desk) -> None:
    foreign = letter(desk).as_bytes()
    item = desk.take_in(kantor.bounce_of(Mail(SITI, foreign), desk.clock()))
    assert (item.state, desk.count(Complaint)) == ("done", 0)
    assert item.reason


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto-Submitted": "auto-replied"},
        {"X-Autoreply": "yes"},
        {"X-Aduan-Loop": "aduan@kominfo.example"},
        {"Return-Path": "<>"},
    ],
    ids=str,
)
def test_robot_is_neither_a_complaint_nor_answered(desk: Desk, headers: dict[str, str]) -> None:
    mail = letter(desk)
    for name, value in headers.items():
        mail[name] = value
    item = desk.take_in(mail.as_bytes())
    assert item.state == "done"
    assert item.reason
    assert [desk.count(t) for t in (Complaint, Outbox)] == [0, 0]


def test_away_notice_of_the_pengadu_does_not_start_the_stopped_clock(desk: Desk) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    desk.press("sekretaris", "tanya_pengadu")
    mail = reply(desk, desk.mails("tanya_pengadu")[0], "Saya sedang cuti.")
    mail["Auto-Submitted"] = "auto-replied"
    desk.take_in(mail.as_bytes())
    assert desk.kinds(number)[-1] is EventKind.CITIZEN_ASKED
    assert desk.task("laporkan_kepala").paused_at is not None


DOUBTFUL: list[tuple[str, str, dict[str, str]]] = [
    ("Tidak di tempat: petugas loket 3", "Sudah tiga kali saya datang.", {}),
    ("Terkirim: laporan jalan rusak", "Jalan Mawar rusak.", {}),
    (
        "Email ke kelurahan tidak bisa terkirim",
        "Tidak bisa terkirim ke lurah@kota3.example sejak Senin.",
        {},
    ),
    (
        "Pesan baru",
        "Lampu jalan mati.",
        {"Auto-Submitted": "auto-generated", "Reply-To": "ani@warga.example"},
    ),
    (
        "Penerusan",
        "Lampu jalan mati.",
        {"Auto-Submitted": "auto-generated", "X-Aduan-Loop": "aduan@lain.example"},
    ),
    ("Lampu mati", "Lampu jalan mati.", {"X-MS-Exchange-Inbox-Rules-Loop": "a@b.example"}),
    ("Tiket 7", "Ini adalah email otomatis, mohon tidak membalas email ini.", {}),
]


@pytest.mark.parametrize(("subject", "text", "headers"), DOUBTFUL)
def test_what_only_words_call_a_robot_waits_for_the_jfu_who_may_make_it_a_complaint(
    desk: Desk, subject: str, text: str, headers: dict[str, str]
) -> None:
    mail = letter(desk, subject, text)
    for name, value in headers.items():
        mail[name] = value
    item = desk.take_in(mail.as_bytes())
    assert item.state == "held"
    assert "belum pasti" in item.reason
    assert {m.name for m in desk.mails()} == {"tugas_tertahan"}, "nobody outside is answered"
    assert mails.release(desk.app, item.id) == "done"
    assert desk.complaint().perihal == subject
    assert [m.recipient for m in desk.mails("tanda_terima")] == [headers.get("Reply-To", SITI)]


@pytest.mark.parametrize("sender", [INTAKE, INTAKE.upper()])
def test_mail_from_our_own_address_without_our_mark_waits_for_the_jfu(
    desk: Desk, sender: str
) -> None:
    """The form of the office's web site writes with the office's address."""
    mail = letter(desk, sender=sender)
    mail["Reply-To"] = SITI
    item = desk.take_in(mail.as_bytes())
    assert item.state == "held"
    assert {m.name for m in desk.mails()} == {"tugas_tertahan"}
    assert mails.release(desk.app, item.id) == "done"
    assert [m.recipient for m in desk.mails("tanda_terima")] == [SITI], (
        "who filled it in, not ourselves"
    )


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("", "Saya sedang cuti sampai Senin."),
        ("Tidak di tempat: petugas loket 3", "Loketnya kosong."),
    ],
)
def test_away_notice_without_headers_is_no_answer_of_the_pengadu_and_waits_for_the_jfu(
    desk: Desk, subject: str, text: str
) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    desk.press("sekretaris", "tanya_pengadu")
    asked = desk.mails("tanya_pengadu")[0]
    item = desk.take_in(
        reply(desk, asked, text, subject=subject or f"Re: {asked.subject}").as_bytes()
    )
    assert item.state == "held"
    assert desk.kinds(number)[-1] is EventKind.CITIZEN_ASKED
    assert desk.task("laporkan_kepala").paused_at is not None
    assert mails.release(desk.app, item.id) == "done"
    assert desk.kinds(number)[-1] is EventKind.CITIZEN_WROTE, "a JFU has read it: it is an answer"


def test_away_notice_of_an_official_is_laid_aside_and_nobody_is_asked_about_it(desk: Desk) -> None:
    """The JFU who is away would answer the mail about the held answer, and so on."""
    asked = at_letter(desk)
    before = desk.count(Outbox)
    for more in ({"subject": "Tidak di tempat: Re"}, {"text": "Saya sedang cuti."}):
        assert desk.take_in(reply(desk, asked, **more).as_bytes()).state == "done"
    assert desk.count(Outbox) == before
    desk.take_in(reply(desk, asked, "Saya sedang cuti.\n\nSETUJU").as_bytes())
    assert desk.mails("balasan_tugas"), "no robot writes a command: who wrote it hears what to do"
    files = [("surat.docx", WORD, draft(desk))]
    desk.take_in(
        reply(desk, asked, "Saya sedang cuti, suratnya terlampir.", files=files).as_bytes()
    )
    assert desk.documents()[-1].kind == "surat", "no robot attaches a letter"


def worded_bounce(message_id: str) -> bytes:
    """A report of a mail server that sends it as a person would, without a standard's form."""
    returned = f"\n\nMessage-ID: {message_id}\n" if message_id else "\n"
    return (
        "From: Layanan Surat <layanan@warga.example>\r\nSubject: Surat tidak terkirim\r\n\r\n"
        f"Tidak dapat dikirim ke: {SITI}{returned}"
    ).encode()


def test_a_report_in_words_alone_is_believed_where_it_names_a_mail_of_ours(desk: Desk) -> None:
    number = desk.record(email=SITI)
    (ack,) = desk.mails("tanda_terima")
    assert desk.take_in(worded_bounce(ack.message_id)).state == "done"
    assert desk.kinds(number)[-1] is EventKind.BOUNCED
    other = desk.take_in(worded_bounce("<lain@lain.example>"))
    assert (other.state, "belum pasti" in other.reason) == ("held", True)


def test_mail_of_ours_that_comes_back_as_it_left_ends_there(desk: Desk) -> None:
    """A forwarding mailbox sends the acknowledgement back to us."""
    desk.record()
    row = desk.mails("tanda_terima")[0]
    with reading(desk.engine) as session:
        raw = outbox.build(session.get_one(Outbox, row.id), desk.settings, {}, []).as_bytes()
    before = desk.count(Outbox)
    assert desk.take_in(raw).state == "done"
    assert (desk.count(Complaint), desk.count(Outbox)) == (1, before)


# ---- the pengadu writes again --------------------------------------------------------------------------------


def test_reply_of_the_pengadu_joins_the_case_and_only_its_new_words(desk: Desk) -> None:
    desk.take_in(letter(desk).as_bytes())
    ack = desk.mails("tanda_terima")[0]
    text = "Lampunya tiga tiang.\n\nPada Sel, 24 Nov 2026 pukul 09.00 Pengaduan menulis:\n> Terima kasih.\n> Nomor 1\n"
    item = desk.take_in(
        reply(desk, ack, text, files=[("foto.jpg", "image/jpeg", SIGNED)]).as_bytes()
    )
    event, data = desk.events()[-1]
    assert item.reason == "tambahan untuk PGD-2026-000001"
    assert (event.kind, data["teks"]) == (EventKind.CITIZEN_WROTE, "Lampunya tiga tiang.")
    assert [d.name for d in desk.documents()] == ["foto.jpg"]
    assert (desk.count(Complaint), len(desk.mails("tanda_terima"))) == (1, 1)


def test_second_mail_in_the_pengadus_own_thread_joins_too(desk: Desk) -> None:
    """They answer their own mail from the folder of sent ones."""
    first = letter(desk)
    desk.take_in(first.as_bytes())
    again = letter(desk, "Re: Lampu padam", "Sudah seminggu.")
    again["In-Reply-To"] = first["Message-ID"]
    assert desk.take_in(again.as_bytes()).reason == "tambahan untuk PGD-2026-000001"


def test_stranger_who_knows_a_message_id_does_not_join(desk: Desk) -> None:
    """A forwarded acknowledgement: a JFU reads the stranger's mail, who learns nothing before."""
    desk.take_in(letter(desk).as_bytes())
    ack = desk.mails("tanda_terima")[0]
    mail = reply(desk, ack, "Saya juga.", sender="orang@lain.example", subject="Lampu saya juga")
    item = desk.take_in(mail.as_bytes())
    assert item.state == "held"
    assert [c.email for c in desk.complaints()] == [SITI]
    assert desk.kinds("PGD-2026-000001") == [EventKind.RECEIVED]
    assert mails.release(desk.app, item.id) == "done"
    assert [c.email for c in desk.complaints()] == [SITI, "orang@lain.example"]
    answer = desk.mails("tanda_terima")[-1]
    for secret in ("PGD-2026-000001", desk.complaint("PGD-2026-000001").status_code, SITI):
        assert secret not in answer.text + answer.html + answer.subject


def test_stranger_in_the_pengadus_own_thread_does_not_join(desk: Desk) -> None:
    first = letter(desk)
    desk.take_in(first.as_bytes())
    other = letter(desk, "Re: Lampu padam", "Saya juga.", sender="orang@lain.example")
    other["References"] = first["Message-ID"]
    desk.take_in(other.as_bytes())
    assert desk.count(Complaint) == 2


@pytest.mark.parametrize("sender", [SITI, "orang@lain.example"])
@pytest.mark.parametrize(
    "subject",
    ["PGD-2026-000001", "Re: Tanda terima pengaduan PGD-2026-000001", "[PGD-2026-000001] lagi"],
)
def test_bare_number_in_a_subject_joins_nothing(desk: Desk, sender: str, subject: str) -> None:
    desk.take_in(letter(desk).as_bytes())
    desk.take_in(letter(desk, subject, "Tentang pengaduan itu.", sender=sender).as_bytes())
    assert desk.count(Complaint) == 2
    assert desk.kinds("PGD-2026-000001") == [EventKind.RECEIVED]


def test_sender_is_compared_without_regard_to_case(desk: Desk) -> None:
    desk.take_in(letter(desk).as_bytes())
    mail = reply(desk, desk.mails("tanda_terima")[0], sender="Siti@Warga.Example")
    assert desk.take_in(mail.as_bytes()).reason.startswith("tambahan")


def test_mail_to_a_closed_case_is_attached_and_told_and_reopens_nothing(desk: Desk) -> None:
    desk.take_in(letter(desk).as_bytes())
    number = desk.to(Stage.SELESAI, desk.complaint().number)
    before = len(desk.mails())
    desk.take_in(reply(desk, desk.mails("tanda_terima")[0], "Lampu padam lagi.").as_bytes())
    assert (desk.stage(number), desk.kinds(number)[-1]) == (Stage.SELESAI, EventKind.CITIZEN_WROTE)
    assert {m.recipient for m in desk.mails()[before:]} >= {
        "jfu@kominfo.example",
        "jfu2@kominfo.example",
    }


def test_answer_to_a_question_starts_the_clock_of_langkah_2(desk: Desk) -> None:
    desk.to(Stage.KLARIFIKASI)
    desk.press("sekretaris", "tanya_pengadu")
    desk.later(hours=1)
    desk.take_in(reply(desk, desk.mails("tanya_pengadu")[0], "Tiang nomor 7.").as_bytes())
    task = desk.task("laporkan_kepala")
    assert task.paused_at is None
    assert task.due_at is not None
    assert task.due_at > desk.clock()


# ---- officials answer ----------------------------------------------------------------------------------------


def at_letter(desk: Desk) -> Outbox:
    """Langkah 4; the mail with the draft."""
    desk.to(Stage.JAWABAN)
    return desk.mails("tugas_jawaban")[0]


def test_letter_that_comes_by_mail_is_a_version_and_the_answer_has_the_link_that_sends_it_on(
    desk: Desk,
) -> None:
    asked = at_letter(desk)
    mail = reply(desk, asked, "Terlampir.", files=[("jawaban akhir.docx", WORD, draft(desk))])
    item = desk.take_in(mail.as_bytes())
    assert item.reason == "surat dari Word"
    event, data = desk.events()[-1]
    assert (event.kind, event.actor, data["lewat"]) == (
        EventKind.LETTER_STORED,
        "sekretaris",
        "email",
    )
    assert [(d.kind, d.version, d.name) for d in desk.documents()][1:] == [
        ("surat", 1, "jawaban akhir.docx")
    ]
    (answer,) = desk.mails("surat_tersimpan")
    assert (answer.recipient, len(answer.links)) == ("sekretaris@kominfo.example", 1)
    assert "?aksi=ajukan" in answer.text
    assert desk.stage() is Stage.JAWABAN, "a mail alone sends nothing on"
    assert answer.headers["in_reply_to"], "in the thread of the task"


def test_every_mailed_version_is_kept(desk: Desk) -> None:
    asked = at_letter(desk)
    for n in (1, 2):
        desk.take_in(reply(desk, asked, files=[(f"versi {n}.docx", WORD, draft(desk))]).as_bytes())
    assert [(d.version, d.name) for d in desk.documents()[1:]] == [
        (1, "versi 1.docx"),
        (2, "versi 2.docx"),
    ]


def test_reply_without_a_letter_gets_a_friendly_answer_with_a_link(desk: Desk) -> None:
    asked = at_letter(desk)
    item = desk.take_in(reply(desk, asked, "Nanti sore saya kirim.").as_bytes())
    (answer,) = desk.mails("balasan_tugas")
    assert item.reason == "balasan tugas"
    assert (answer.recipient, len(answer.links)) == ("sekretaris@kominfo.example", 1)
    assert (desk.count(Complaint), len(desk.documents())) == (1, 1)


@pytest.mark.parametrize("content", [b"bukan zip", b"PK\x03\x04rusak", b"%PDF-1.4"], ids=repr)
def test_file_that_is_no_letter_is_refused_with_the_reason(desk: Desk, content: bytes) -> None:
    asked = at_letter(desk)
    desk.take_in(reply(desk, asked, files=[("surat.docx", WORD, content)]).as_bytes())
    assert [d.kind for d in desk.documents()] == ["konsep"]
    (answer,) = desk.mails("balasan_tugas")
    assert "Word" in answer.text or ".docx" in answer.text


def test_of_two_letters_none_is_kept_before_it_is_told_which(desk: Desk) -> None:
    asked = at_letter(desk)
    files = [("lama.docx", WORD, b"rusak"), ("baru.docx", WORD, draft(desk))]
    desk.take_in(reply(desk, asked, files=files).as_bytes())
    assert desk.documents()[1:] == []
    assert "lama.docx, baru.docx" in " ".join(desk.mails("balasan_tugas")[-1].text.split())


def test_reply_to_a_task_that_is_done_says_so_without_a_link(desk: Desk) -> None:
    asked = at_letter(desk)
    desk.press("sekretaris", "ajukan")
    desk.take_in(reply(desk, asked, files=[("surat.docx", WORD, draft(desk))]).as_bytes())
    (answer,) = desk.mails("balasan_tugas")
    assert answer.links == []
    assert [d.kind for d in desk.documents()] == ["konsep"]


def test_letter_from_a_private_address_is_not_taken_for_the_officials(desk: Desk) -> None:
    asked = at_letter(desk)
    mail = reply(
        desk, asked, sender="ratih@rumah.example", files=[("surat.docx", WORD, draft(desk))]
    )
    desk.take_in(mail.as_bytes())
    assert [d.kind for d in desk.documents("PGD-2026-000001")] == ["konsep"]


def test_talkative_official_is_answered_a_few_times_an_hour_only(desk: Desk) -> None:
    asked = at_letter(desk)
    for n in range(13):
        desk.take_in(reply(desk, asked, f"Baik {n}.").as_bytes())
    waiting = [
        (mail.next_at - mail.date).total_seconds() / 3600 for mail in desk.mails("balasan_tugas")
    ]
    assert waiting == [0] * 5 + [1] * 5, "the later ones wait an hour; a robot is not fed for ever"


# ---- held ----------------------------------------------------------------------------------------------------


def spam(desk: Desk) -> EmailMessage:
    mail = letter(desk, "Hadiah", "Klik.")
    mail["X-Spam-Flag"] = "YES"
    return mail


def test_spam_is_held_and_every_jfu_is_told_and_the_sender_is_not(desk: Desk) -> None:
    item = desk.take_in(spam(desk).as_bytes())
    assert (item.state, item.reason) == ("held", "Ditandai sebagai spam oleh server email.")
    assert [(m.name, m.recipient) for m in desk.mails()] == [
        ("tugas_tertahan", "jfu@kominfo.example"),
        ("tugas_tertahan", "jfu2@kominfo.example"),
    ]
    assert [t.kind for t in desk.item_tasks(item.id)] == [TaskKind.TERTAHAN]


@pytest.mark.parametrize("header", [("Precedence", "bulk"), ("List-Id", "<warga.milis.example>")])
def test_list_mail_is_held_for_the_jfu_as_it_may_be_a_complaint_to_a_group_address(
    desk: Desk, header: tuple[str, str]
) -> None:
    mail = letter(desk)
    mail[header[0]] = header[1]
    assert desk.take_in(mail.as_bytes()).state == "held"
    assert {m.name for m in desk.mails()} == {"tugas_tertahan"}, "and the list is not answered"


def test_held_mail_that_is_a_complaint_after_all_is_typed_in(desk: Desk) -> None:
    item = desk.take_in(spam(desk).as_bytes())
    (task,) = desk.item_tasks(item.id)
    made = desk.press(
        "jfu-1", "catat_slip", task=task, perihal="Lampu", isi="Lampu padam.", nama="Siti"
    )
    assert made is not None
    assert (made.item_id, made.channel, made.stage) == (item.id, Channel.EMAIL, Stage.KLARIFIKASI)
    with pytest.raises(AlreadyDone):
        desk.press("jfu-2", "catat_slip", task=task, perihal="Lampu", isi="Lampu padam.")
    assert desk.count(Complaint) == 1


def test_held_mail_may_be_laid_aside(desk: Desk) -> None:
    item = desk.take_in(spam(desk).as_bytes())
    (task,) = desk.item_tasks(item.id)
    assert desk.press("jfu-2", "bukan_pengaduan", task=task, alasan="Memang spam.") is None
    assert (desk.item_tasks(item.id)[0].closed_by, desk.count(Complaint)) == ("jfu-2", 0)


def test_second_copy_of_a_held_mail_asks_nobody_again(desk: Desk) -> None:
    raw = spam(desk).as_bytes()
    item = desk.take_in(raw)
    desk.take_in(raw)
    assert len(desk.item_tasks(item.id)) == 1
    assert len(desk.mails()) == 2


def broken_template(desk: Desk, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """The office has edited the acknowledgement and left a mistake in it."""
    shutil.copytree(messages.TEMPLATES, folder / "templates")
    (folder / "templates" / "email" / "tanda_terima" / "body.jinja").write_text(
        "{{ salah_ketik }}", "utf-8"
    )
    monkeypatch.setattr(rendering, "TEMPLATES", folder / "templates")
    rendering._environment.cache_clear()


def test_template_that_is_broken_holds_the_mail_and_the_next_one_goes_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with monkeypatch.context() as patch:
        broken_template(desk, patch, tmp_path)
        held = desk.take_in(letter(desk).as_bytes())
        assert held.state == "held"
        assert "UndefinedError" in held.reason
        assert desk.count(Complaint) == 0, "no number is used up"
        assert desk.take_in(letter(desk, sender="a@b").as_bytes()).state == "done", (
            "nobody is thanked, so it goes on"
        )
    rendering._environment.cache_clear()
    desk.later(minutes=5)
    assert mails.release(desk.app, held.id) == "done"
    assert desk.complaint().email == SITI
    assert desk.item(held.id).attempts == 1
    assert [(t.closed_by, t.outcome) for t in desk.item_tasks(held.id)] == [("sistem", "terbaca")]


def test_release_of_what_was_taken_for_spam_makes_it_a_complaint(desk: Desk) -> None:
    """A person has decided; the headers of the server count no more."""
    item = desk.take_in(spam(desk).as_bytes())
    assert mails.release(desk.app, item.id) == "done"
    assert desk.count(Complaint) == 1


def test_release_of_what_stays_unreadable_holds_it_again_without_a_second_task(desk: Desk) -> None:
    desk.record(email=SITI)
    item = desk.take_in(kantor.bounce_of(Mail(SITI, letter(desk).as_bytes()), desk.clock()))
    assert mails.release(desk.app, item.id) == "held"
    again = desk.item(item.id)
    assert (again.state, again.attempts) == ("held", 2)
    assert len(desk.item_tasks(item.id)) == 1


@pytest.mark.parametrize("state", ["done", "missing"])
def test_only_held_items_can_be_released(desk: Desk, state: str) -> None:
    item_id = desk.take_in(letter(desk).as_bytes()).id if state == "done" else 999
    with pytest.raises(KeyError):
        mails.release(desk.app, item_id)


def test_settled_mail_is_moved_once_held_mail_to_its_own_folder(desk: Desk) -> None:
    desk.take_in(letter(desk).as_bytes())
    desk.take_in(spam(desk).as_bytes())
    fresh = desk.arrives(letter(desk).as_bytes())
    with writing(desk.engine) as session:
        waiting = ledger.settled(session, "kotak", "INBOX", 1)
        assert waiting == {"done": [1], "held": [2]}
        assert ledger.settled(session, "kotak", "INBOX", 1, [2]) == {"held": [2]}
        ledger.moved(session, "kotak", "INBOX", 1, [1, 2], desk.clock())
    with reading(desk.engine) as session:
        assert ledger.settled(session, "kotak", "INBOX", 1) == {}
        assert ledger.new_items(session) == [fresh]
        assert (
            session.scalars(select(Sighting.moved_at).where(Sighting.moved_at.is_not(None))).all()
            == [desk.clock()] * 2
        )


def test_a_reply_in_its_thread_joins_though_the_spam_filter_flags_it(desk: Desk) -> None:
    first = letter(desk)
    desk.take_in(first.as_bytes())
    answer = letter(desk, "Re: Lampu padam", "Masih padam.")
    answer["In-Reply-To"] = first["Message-ID"]
    answer["X-Spam-Flag"] = "YES"
    assert desk.take_in(answer.as_bytes()).reason == f"tambahan untuk {desk.complaint().number}"
    stranger = letter(desk, "Re: Lampu padam", "Klik.", sender="lain@warga.example")
    stranger["In-Reply-To"] = first["Message-ID"]
    stranger["X-Spam-Flag"] = "YES"
    assert desk.take_in(stranger.as_bytes()).state == "held"


# ---- the state by mail, and numbers that are only named ----------------------------------------------------------


@pytest.mark.parametrize(
    "subject",
    [
        "STATUS {}",
        "status: {}",
        "  Status   {}  ",
        "Re: STATUS {}",
        "Cek status {}?",
        "STATUS #{}.",
    ],
)
def test_the_pengadu_who_asks_for_the_status_gets_it_and_nothing_is_recorded(
    desk: Desk, subject: str
) -> None:
    number = desk.record(email=SITI)
    before = desk.count(Complaint)
    item = desk.take_in(letter(desk, subject.format(number.lower()), "").as_bytes())
    (answer,) = desk.mails("status")
    assert (item.reason, answer.recipient, answer.complaint_id) == (
        "permintaan status",
        SITI,
        desk.complaint(number).id,
    )
    assert number in answer.subject
    assert "Lampu padam" in answer.text
    assert "/s/" in answer.text
    assert desk.count(Complaint) == before


def test_who_did_not_write_the_complaint_hears_the_same_as_about_a_number_that_is_not_there(
    desk: Desk,
) -> None:
    number = desk.record(email=SITI)
    for asked in (number, "PGD-2026-999999"):
        desk.take_in(letter(desk, f"STATUS {asked}", sender="lain@warga.example").as_bytes())
    told = [
        m.text.replace(number, "X").replace("PGD-2026-999999", "X") for m in desk.mails("status")
    ]
    assert len(told) == 2
    assert told[0] == told[1]
    assert "Lampu" not in told[0]
    assert "/s/" not in told[0]
    assert [m.complaint_id for m in desk.mails("status")] == [None, None]


def test_status_is_answered_within_the_cap_for_one_address(desk: Desk) -> None:
    number = desk.record(email=SITI)
    for _ in range(9):
        desk.take_in(letter(desk, f"STATUS {number}", kantor.SITI).as_bytes())
    assert len(desk.mails("status")) == desk.settings.smtp.answers_per_hour - 1, (
        "the receipt was the first answer"
    )


@pytest.mark.parametrize(
    "subject", ["Status perbaikan jalan", "STATUS", "STATUS PGD-2026-000001 bagaimana?", "STATUS 5"]
)
def test_other_subjects_with_the_word_are_complaints(desk: Desk, subject: str) -> None:
    assert desk.take_in(letter(desk, subject).as_bytes()).reason == "pengaduan baru"


@pytest.mark.parametrize("sender", [SITI, "lain@warga.example"])
def test_a_bare_number_joins_nothing_and_is_a_note_for_the_jfu(desk: Desk, sender: str) -> None:
    number = desk.record(email=SITI)
    desk.take_in(
        letter(desk, f"Tambahan {number.lower()}", "Dan PGD-2026-777777.", sender=sender).as_bytes()
    )
    other = desk.complaint()
    assert other.number != number
    assert desk.count(Complaint) == 2
    assert desk.task("laporkan").note == words.word("catatan.menyebut", nomor=number)
    assert number in desk.mails("tugas_catat")[-1].text


def test_what_a_question_for_the_status_says_besides_is_held_for_the_jfu(desk: Desk) -> None:
    number = desk.record()
    words = "Lampunya roboh menimpa anak saya tadi malam, tolong segera."
    item = desk.take_in(letter(desk, f"STATUS {number}", words).as_bytes())
    assert [len(desk.mails("status")), item.state] == [1, "held"]
    assert number in item.reason
    assert mails.release(desk.app, item.id) == "done"
    assert (len(desk.mails("status")), desk.complaint().isi) == (1, words)
    polite = desk.take_in(
        letter(
            desk, f"STATUS {number}", "Yth. Admin, mohon info perkembangan laporan saya."
        ).as_bytes()
    )
    assert (polite.state, polite.reason) == ("done", "permintaan status")


def test_what_a_reply_folds_is_kept_with_the_case_and_shown_on_the_page(desk: Desk) -> None:
    number = desk.record()
    ack = desk.mails("tanda_terima")[-1]
    forwarded = "---------- Pesan terusan ----------\nDari: Ketua RT <rt@warga.example>\nTiangnya miring sejak Senin."
    desk.take_in(reply(desk, ack, f"Ini jawaban ketua RT.\n\n{forwarded}").as_bytes())
    data = desk.events(number)[-1][1]
    assert data["teks"] == "Ini jawaban ketua RT."
    assert "Tiangnya miring" in data["lipatan"]
    assert "kutipan atau tanda tangan" in " ".join(desk.mails("pengadu_menulis")[-1].text.split())


def test_a_subject_that_says_more_is_kept(desk: Desk) -> None:
    number = desk.record()
    raw = reply(desk, desk.mails("tanda_terima")[-1], "")
    del raw["Subject"]
    raw["Subject"] = "Re: Nomor rumah saya 27"
    desk.take_in(raw.as_bytes())
    assert desk.events(number)[-1][1]["teks"] == "Nomor rumah saya 27"
    long = " ".join(f"kata{n}" for n in range(60))
    desk.take_in(letter(desk, long, "Dikirim dari iPhone saya").as_bytes())
    assert desk.complaint().isi.startswith(f"{long}\n\n")


def test_the_form_of_a_web_site_is_answered_to_who_filled_it_in(desk: Desk) -> None:
    raw = letter(
        desk, "Formulir kontak", "Jalan rusak di depan sekolah.", sender="noreply@situs.example"
    )
    raw["Reply-To"] = "Budi Santoso <budi@warga.example>"
    desk.take_in(raw.as_bytes())
    assert (desk.complaint().email, desk.complaint().nama) == ("budi@warga.example", "Budi Santoso")
    assert desk.mails("tanda_terima") == [], "anybody can name another's address there"
    assert "minta dijawab ke alamat lain: budi@warga.example" in " ".join(
        desk.mails("tugas_catat")[-1].text.split()
    )
    desk.press("jfu-1", "laporkan", email="budi@warga.example", nama="Budi Santoso")
    assert [m.recipient for m in desk.mails("tanda_terima")] == ["budi@warga.example"]


def test_a_jfu_takes_in_a_held_mail_as_it_is(desk: Desk) -> None:
    raw = letter(desk, "Jawaban otomatis: petugas tidak membantu", "Mohon ditangani.")
    raw["List-Id"] = "<kabar.warga.example>"
    item = desk.take_in(raw.as_bytes())
    (task,) = desk.item_tasks(item.id)
    desk.press("jfu-1", "terima", task=task)
    assert (desk.item(item.id).state, desk.count(Complaint)) == ("new", 0)
    with pytest.raises(AlreadyDone):
        desk.press("jfu-2", "terima", task=task)
    assert collecting.take_in(App(desk.settings, desk.engine, desk.clock)) == {
        "diproses": 1,
        "ditahan": 0,
    }
    assert (desk.item(item.id).state, desk.complaint().isi) == ("done", "Mohon ditangani.")
    assert desk.mails("tanda_terima")[-1].recipient == SITI


# ---- many at once, big ones ----------------------------------------------------------------------------------


def test_many_are_settled_in_one_go_and_one_that_makes_trouble_stops_only_itself(
    desk: Desk,
) -> None:
    ids = [desk.arrives(letter(desk, f"Lampu {n}").as_bytes()) for n in range(5)]
    with (
        closing(sqlite3.connect(str(desk.engine.url.database))) as file,
        file,
    ):  # the bytes of the third are lost
        file.execute(
            "DELETE FROM blob WHERE sha256 = (SELECT sha256 FROM item WHERE id = ?)", (ids[2],)
        )
    assert mails.take_in_all(desk.app, ids) == ["done", "done", "held", "done", "done"]
    assert [c.perihal for c in desk.complaints()] == ["Lampu 0", "Lampu 1", "Lampu 3", "Lampu 4"]
    assert [c.number[-1] for c in desk.complaints()] == ["1", "2", "3", "4"], "no gap"


def test_copies_in_one_go_are_one_complaint(desk: Desk) -> None:
    raw = letter(desk).as_bytes()
    ids = [desk.arrives(f"Received: {n}\r\n".encode() + raw) for n in range(3)]
    assert mails.take_in_all(desk.app, ids) == ["done"] * 3
    assert desk.count(Complaint) == 1


def big(desk: Desk, megabytes: int) -> bytes:
    """A mail with one attachment that does not shrink."""
    noise = os.urandom(megabytes * 2**20)
    return letter(desk, files=[("rekaman.bin", "application/octet-stream", noise)]).as_bytes()


def test_a_large_mail_is_settled_by_a_process_of_its_own(tmp_path: Path, database_url: str) -> None:
    with desk_in(tmp_path, database_url) as desk:
        raw = big(desk, 10)
        assert len(raw) > mails.LARGE
        item = desk.take_in(raw)
        assert (item.state, item.reason) == ("done", "pengaduan baru")
        (kept,) = desk.documents()
        with reading(desk.engine) as session:
            assert store.size(session, kept.sha256) == 10 * 2**20
            assert store.get(session, item.sha256) == raw
        assert [m.name for m in desk.mails()][:1] == ["tanda_terima"]
        assert desk.faults() == []


def test_a_large_mail_that_ends_its_process_is_held_and_the_jfu_is_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mails, "LARGE_SECONDS", 0.05)
    item = desk.take_in(big(desk, 9))
    assert (item.state, item.reason) == ("held", words.word("ditahan.terlalu_berat"))
    assert [m.name for m in desk.mails()] == ["tugas_tertahan"] * 2
    monkeypatch.undo()
    assert mails.release(desk.app, item.id) == "done"


def forty(kind: str) -> bytes:
    """A mail of 40 MB made to be hard on the memory."""
    head, size = b"From: siti@warga.example\r\nSubject: Lampu\r\nMIME-Version: 1.0\r\n", 40 * 2**20
    made = {
        "parts": b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
        + b"--b\r\n\r\nx\r\n" * (size // 10),
        "fields": b"X-A: b\r\n" * (size // 8) + b"\r\nPadam.\r\n",
        "lines": b"\r\n" + b"a\n" * (size // 2),
        "html": b"Content-Type: text/html\r\n\r\n" + b"<ul><li>x" * (size // 9),
        "quoted": b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b"=41" * (size // 3),
    }
    return head + made[kind]


@pytest.mark.parametrize("kind", ["parts", "fields", "lines", "html", "quoted"])
def test_forty_megabytes_made_to_take_much_memory_are_read_within_the_bound(
    desk: Desk, kind: str
) -> None:
    item = desk.take_in(forty(kind))
    assert (item.state, item.reason) == ("done", "pengaduan baru")


def test_a_mail_that_takes_more_memory_than_it_may_is_held_with_its_reason(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mails, "LARGE_MEMORY", 110 * 2**20)
    item = desk.take_in(forty("parts"))
    assert (item.state, item.reason) == ("held", words.word("ditahan.terlalu_berat"))
    assert [m.name for m in desk.mails()] == ["tugas_tertahan"] * 2
    desk.take_in(letter(desk).as_bytes())
    assert desk.complaint().perihal == "Lampu padam", "the next ones go on"


@pytest.mark.parametrize(("megabytes", "ends"), [(400, 0), (650, 1)])
def test_the_bound_is_one_of_the_system(megabytes: int, ends: int) -> None:
    rooms = "from pipeline.intake import large, mails"
    program = f"{rooms}; large.bound(mails.LARGE_MEMORY); bytearray({megabytes} << 20)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.returncode, "MemoryError" in done.stderr) == (ends, bool(ends))


# ---- scans ---------------------------------------------------------------------------------------------------


def scan(desk: Desk, content: bytes, name: str = "slip.jpg") -> Item:
    """A scan that is taken in and read."""
    item = desk.take_in(content, source="scan", name=name)
    scans.read_all(desk.app)
    with reading(desk.engine) as session:
        return session.get_one(Item, item.id)


def test_scanned_slip_becomes_a_task_with_its_picture_and_no_complaint_yet(desk: Desk) -> None:
    item = scan(desk, SIGNED)
    assert (item.state, item.reason) == ("done", "pindaian")
    assert [t.kind for t in desk.item_tasks(item.id)] == [TaskKind.PINDAI]
    assert desk.count(Complaint) == 0
    assert {m.name for m in desk.mails()} == {"tugas_pindai"}


def test_slip_that_is_typed_in_is_a_complaint_from_the_box_with_its_picture(desk: Desk) -> None:
    item = scan(desk, SIGNED)
    desk.press(
        "jfu-1", "catat_slip", task=desk.item_tasks(item.id)[0], perihal="Lampu", isi="Lampu padam."
    )
    complaint = desk.complaint()
    assert (complaint.channel, complaint.item_id) == (Channel.KOTAK, item.id)
    assert [(d.name, d.mime) for d in desk.documents()] == [
        ("Slip PGD-2026-000001 lembar 1.jpg", "image/jpeg")
    ]


def test_same_scan_twice_is_one_task(desk: Desk) -> None:
    assert scan(desk, SIGNED).id == scan(desk, SIGNED, "salinan.jpg").id
    assert len(desk.mails("tugas_pindai")) == 2


def _archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", "a")
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [SIGNED[:300], b"", b"halo", b"%PDF-1.7 rusak", _archive()],
    ids=lambda c: repr(c[:8]),
)
def test_scan_that_cannot_be_read_is_held(desk: Desk, content: bytes) -> None:
    item = scan(desk, content)
    assert item.state == "held"
    assert [t.kind for t in desk.item_tasks(item.id)] == [TaskKind.TERTAHAN]
    assert desk.item_tasks(item.id)[0].note == item.reason != ""


def test_of_two_copies_the_held_one_may_be_released_without_losing_the_complaint(
    desk: Desk,
) -> None:
    """Whichever copy is held, releasing it never ends as a copy of a copy."""
    first = letter(desk).as_bytes()
    held = desk.take_in(b"X-Spam-Flag: YES\r\n" + first)
    assert held.state == "held"
    copy = desk.take_in(b"Received: from lain by sini\r\nX-Spam-Flag: YES\r\n" + first)
    assert copy.reason.startswith("salinan")
    assert mails.release(desk.app, held.id) == "done"
    assert desk.count(Complaint) == 1


def test_links_that_come_back_quoted_in_a_reply_open_nothing_any_more(desk: Desk) -> None:
    """The raw mail is kept, and so is its backup: no token in it may act (DESIGN rule 5)."""
    desk.to(Stage.JAWABAN)
    mail = desk.mails("tugas_jawaban")[0]
    with reading(desk.engine) as session:
        quoted = links.token(session, desk.settings.keys, mail.links[0])
    text = f"Baik.\n\n> {desk.settings.web.base_url}/t/{quoted}"
    reply = kantor.compose(
        mail.recipient, kantor.INTAKE, "Re", text, desk.clock(), reply_to=mail_of(mail, desk)
    )
    desk.take_in(reply.as_bytes())
    with reading(desk.engine) as session:
        with pytest.raises(links.LinkError):
            links.resolve(session, desk.settings, quoted, desk.clock() + timedelta(seconds=1))
        fresh = links.token(session, desk.settings.keys, desk.mails("balasan_tugas")[-1].links[0])
        assert links.resolve(session, desk.settings, fresh, desk.clock()).holder == "sekretaris"


def test_held_mail_that_is_typed_in_keeps_the_mail_and_its_thread(desk: Desk) -> None:
    item = desk.take_in(spam(desk).as_bytes())
    with desk.work() as work:
        task = work.session.scalars(select(Task).where(Task.item_id == item.id)).one()
        values = {"perihal": ["Lampu"], "isi": ["Lampu padam."]}
        form = cases.check(desk.settings, task.kind, "catat_slip", values, {})
        made = cases.act(work, task.id, desk.person("jfu-1"), form)
        assert made is not None
        number = made.number
    assert desk.complaint(number).thread_id == f"<{desk.item(item.id).message_id}>"
    assert [d.mime for d in desk.documents(number)] == ["message/rfc822"]


def test_busy_pengadu_gets_every_receipt_but_only_so_many_an_hour(desk: Desk) -> None:
    """Five at once, the next ones an hour later: nobody is left without a number, and no robot is fed."""
    for number in range(12):
        desk.take_in(letter(desk, subject=f"Lampu {number}").as_bytes())
    receipts = desk.mails("tanda_terima")
    waits = [(mail.next_at - mail.date).total_seconds() / 3600 for mail in receipts]
    assert waits == [0] * 5 + [1] * 5 + [2] * 2
