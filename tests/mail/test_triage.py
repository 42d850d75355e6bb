"""Robots are told from people, and failures name whom a mail did not reach."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.mail.message import read
from pipeline.mail.triage import LOOP_HEADER, Kind, Verdict, classify

DATA = Path(__file__).parent / "data"
OWN = frozenset({"Pengaduan@kota.example"})


def verdict(*headers: str, text: str = "Lampu jalan mati.") -> Verdict:
    return classify(read(("\n".join(headers) + "\n\n" + text).encode()), own_addresses=OWN)


def sample(name: str) -> Verdict:
    return classify(read((DATA / name).read_bytes()), own_addresses=OWN)


@pytest.mark.parametrize(
    "headers",
    [
        ("From: pengaduan@kota.example",),
        ("From: PENGADUAN@KOTA.EXAMPLE", "Auto-Submitted: auto-generated"),
        ("From: a@b.example", f"{LOOP_HEADER}: 1"),
    ],
)
def test_our_own_mail_that_comes_back_is_own(headers: tuple[str, ...]) -> None:
    assert verdict(*headers).kind is Kind.OWN


@pytest.mark.parametrize(
    "headers",
    [
        ("Auto-Submitted: auto-replied",),
        ("Auto-Submitted: auto-generated (vacation)",),
        ("X-Autoreply: yes",),
        ("Precedence: auto_reply",),
        ("X-MS-Exchange-Inbox-Rules-Loop: a@b.example",),
        ("Subject: Balasan otomatis: Laporan Anda",),
        ("Subject: Di luar kantor: Laporan Anda",),
        ("Subject: Sedang cuti sampai 30 November",),
        ("Subject: Automatic reply: Laporan Anda",),
        ("Subject: Out of Office",),
        ("Subject: Dibaca: Laporan Anda",),
        ("Subject: Automatic reply: a", "Return-Path: <>"),
        ("Subject: Pemberitahuan", "Return-Path: <>"),
    ],
)
def test_automatic_answers_are_recognised(headers: tuple[str, ...]) -> None:
    found = verdict("From: Putri <putri@kantor.example>", *headers)
    assert found.kind is Kind.AUTO_REPLY
    assert found.reason


@pytest.mark.parametrize(
    "headers",
    [
        ("Subject: Lampu jalan mati",),
        ("Subject: Cuti bersama: loket tutup tanpa pemberitahuan",),
        ("Subject: Di luar kantor kelurahan banyak sampah",),
        ("Subject: Re: Automatic reply: Laporan Anda",),
        ("Subject: Surat saya tidak sampai ke dinas",),
        ("Auto-Submitted: no", "Subject: a"),
        ("Subject: Paket bantuan dikembalikan", "Return-Path: <siti@surel.example>"),
        ("X-Spam-Status: No, score=0.1", "Subject: a"),
        ("Subject: Kotak surat RT penuh",),
    ],
)
def test_people_are_not_taken_for_robots(headers: tuple[str, ...]) -> None:
    assert verdict("From: Siti <siti@surel.example>", *headers).kind is Kind.PERSON


@pytest.mark.parametrize(
    ("headers", "text"),
    [
        (
            ("From: Siti <siti@surel.example>", "Subject: Paket tidak terkirim"),
            "Paket saya dari kantor pos gagal dikirim ke jalan@mawar.example, petugas tidak ditemukan.",
        ),
        (
            ("From: Siti <siti@surel.example>", "Subject: Email saya tidak terkirim ke dinas"),
            "Selamat pagi, email saya tidak terkirim ke alamat:\n\ninfo@dinas.example\n\n550 5.1.1 User unknown.",
        ),
        (
            ("From: Andi <bounce@toko.example>", "Subject: Pengiriman gagal"),
            "Paket bantuan untuk warga tidak terkirim. Mohon segera ditindaklanjuti.",
        ),
        (
            ("From: Rina <rina@surel.example>", "Subject: Delivery failed: bansos"),
            "Dear Sir, delivery of the aid failed and nobody at info@dinas.example answers (user unknown).",
        ),
        (
            ("From: Rina <rina@surel.example>", "Subject: Fwd: Undelivered Mail Returned to Sender"),
            "---------- Forwarded message ---------\nFrom: MAILER-DAEMON@mx.example\n\n"
            "<info@dinas.example>: host mx said: 550 5.1.1 User unknown",
        ),
        (
            ("From: Rina <rina@surel.example>", "Subject: Re: Undelivered Mail", "In-Reply-To: <1@mx.example>"),
            "Kenapa begini?\n> <info@dinas.example>: host mx said: 550 5.1.1 User unknown",
        ),
        (
            ("From: Web <noreply@situs.example>", "Subject: Formulir pengaduan: surat tidak terkirim"),
            "Nama: Siti\nEmail: siti@surel.example\nPesan: Surat tidak terkirim, kotak surat penuh.\n"
            "Email ini dikirim otomatis, mohon tidak membalas email ini.",
        ),
        (
            ("From: Web <notifikasi@situs.example>", "Reply-To: siti@surel.example", "Subject: Pesan baru"),
            "Lampu jalan mati.\nEmail ini dikirim otomatis.",
        ),
        (
            ("From: Postmaster Kota <postmaster@kantor.example>", "Subject: Lampu jalan mati"),
            "Lampu di depan kantor mati sejak Jumat.",
        ),
        (("From: siti@surel.example", "Subject: Cuti hamil ditolak kelurahan"), "Mohon penjelasan."),
        (("From: siti@surel.example", "Subject: Otomatis tertolak saat mendaftar"), "Mohon penjelasan."),
        (
            ("From: Ana (via Meja Bantu) <ana@dinas.example>", "X-Zendesk-From-Account-Id: 7", "Subject: Laporan"),
            "Kami teruskan laporan warga.",
        ),
    ],
)
def test_complaints_about_lost_mail_and_forms_of_web_sites_are_people(headers: tuple[str, ...], text: str) -> None:
    assert verdict(*headers, text=text).kind is Kind.PERSON


@pytest.mark.parametrize(
    "headers",
    [
        # vacation(1), Sieve (RFC 5230), Exchange, Domino, GroupWise, Gmail, cPanel, challenge-response
        ("Subject: away from my mail", "Precedence: bulk"),
        ("Subject: Auto: Laporan Anda", "Auto-Submitted: auto-replied (vacation)", "X-Sieve: Pigeonhole Sieve 0.5"),
        ("Subject: Automatic reply: Laporan", "X-Auto-Response-Suppress: All", "Auto-Submitted: auto-generated"),
        ("Subject: Putri Ayu is out of the office.", "X-Mailer: Lotus Domino Web Server", "Return-Path: <>"),
        ("Subject: Out of Office AutoReply: Laporan Anda",),
        ("Subject: Vacation reply", "X-Autoreply: yes", "Precedence: bulk"),
        ("Subject: Re: Laporan", "X-Autorespond: laporan", "Precedence: auto_reply"),
        ("Subject: Your email requires verification", "X-Boxtrapper: abc"),
        ("Subject: Terima kasih", "X-Mailer: vacation 1.2"),
        ("Subject: abuse report", "Content-Type: multipart/report; report-type=feedback-report; boundary=b"),
        ("Subject: x", "Content-Type: multipart/report; report-type=disposition-notification; boundary=b"),
        ("Subject: Telah dibaca: Laporan Anda",),
        ("Subject: Gelesen: Laporan",),
        ("Subject: Abwesenheitsnotiz: Laporan",),
        ("Subject: Automatische Antwort: Laporan",),
        ("Subject: Réponse automatique : Laporan",),
        ("Subject: Respuesta automática: Laporan",),
        ("Subject: Resposta automática: Laporan",),
        ("Subject: Risposta automatica: Laporan",),
        ("Subject: Automatisch antwoord: Laporan",),
        ("Subject: Autosvar: Laporan",),
        ("Subject: Automatisk svar: Laporan",),
        ("Subject: Automaattinen vastaus: Laporan",),
        ("Subject: Odpowiedź automatyczna: Laporan",),
        ("Subject: Automatická odpověď: Laporan",),
        ("Subject: Автоматический ответ: Laporan",),
        ("Subject: Otomatik Yanıt: Laporan",),
        ("Subject: Trả lời tự động: Laporan",),
        ("Subject: 自動返信: Laporan",),
        ("Subject: 自动答复: Laporan",),
        ("Subject: 자동 회신: Laporan",),
        ("Subject: Jawaban otomatis",),
        ("Subject: [Auto-Reply] Laporan",),
        ("Subject: Saya sedang cuti",),
        ("Subject: Tidak berada di kantor",),
    ],
)
def test_automatic_answers_of_many_programs_and_languages(headers: tuple[str, ...]) -> None:
    assert verdict("From: Putri <putri@kantor.example>", *headers).kind is Kind.AUTO_REPLY


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Antrean dikosongkan.", Kind.AUTO_REPLY),
        ("Your message was delivered to:\n\na@x.example", Kind.AUTO_REPLY),
        ("Ez egy ismeretlen nyelv:\n\na@x.example", Kind.BOUNCE),
    ],
)
def test_a_mail_server_is_no_person_whatever_it_says(text: str, kind: Kind) -> None:
    assert verdict("From: MAILER-DAEMON@mx.example", "Subject: Pemberitahuan", text=text).kind is kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Your message could not be delivered.\n\nReceived: from mx\nTo: a@x.example", Kind.BOUNCE),
        ("Terima kasih atas surat Anda.", Kind.AUTO_REPLY),
    ],
)
def test_an_empty_envelope_sender_with_the_mail_that_came_back_is_a_failure(text: str, kind: Kind) -> None:
    assert verdict("Return-Path: <>", "From: x@mx.example", "Subject: a", text=text).kind is kind


def test_a_person_who_quotes_a_failure_is_a_person() -> None:
    text = "Bu, surat saya kemarin gagal terkirim (550 user unknown). Saya kirim lagi."
    assert verdict("From: Siti <siti@surel.example>", "Subject: Laporan", text=text).kind is Kind.PERSON


CHALLENGE = """
The message you sent to budi@warga.example requires that you confirm
that you are a real person. Please reply to this message.

The headers of the message sent from your address are shown below:

Message-ID: <surat-1@kota.example>
Subject: Jawaban atas pengaduan
"""


@pytest.mark.parametrize("mark", ["Auto-Submitted: auto-replied", "Return-Path: <>"])
def test_a_mail_held_until_its_writer_proves_to_be_human_has_not_arrived(mark: str) -> None:
    found = verdict("From: budi@warga.example", "Subject: Please verify", mark, text=CHALLENGE)
    assert found.kind is Kind.AUTO_REPLY
    (failure,) = found.failures
    assert (failure.recipient, failure.permanent) == ("budi@warga.example", True)
    assert failure.original_message_id == "surat-1@kota.example"


def test_a_person_who_asks_about_such_a_mail_is_a_person() -> None:
    text = "Saya menerima surat di bawah ini, apa maksudnya?\n\n> " + CHALLENGE.strip().replace("\n", "\n> ")
    assert verdict("From: budi@warga.example", "Subject: Fwd: Please verify", text=text).kind is Kind.PERSON


def test_what_a_virus_scanner_says_of_a_mail_is_a_failure() -> None:
    text = "This is an automatically generated message. A virus was found in your mail, it has been blocked."
    assert verdict("From: noreply@pemindai.example", "Subject: Virus found", text=text).kind is Kind.BOUNCE


def test_a_person_who_complains_of_a_virus_is_a_person() -> None:
    text = "Komputer di kelurahan terkena virus dan akun saya diblokir (blocked). Mohon dibantu."
    assert verdict("From: siti@warga.example", "Subject: Virus", text=text).kind is Kind.PERSON


@pytest.mark.parametrize("header", ["List-Id: <warga.example>", "Precedence: bulk", "List-Post: <x:y>"])
def test_lists_are_recognised(header: str) -> None:
    assert verdict("From: a@b.example", header).kind is Kind.LIST


@pytest.mark.parametrize("header", ["X-Spam-Flag: YES", "X-Spam-Status: Yes, score=9"])
def test_spam_is_what_the_server_says(header: str) -> None:
    assert verdict("From: a@b.example", header).kind is Kind.SPAM


def test_a_delivery_report_names_failed_and_delayed_recipients_only() -> None:
    found = sample("gagal-kirim.eml")
    assert found.kind is Kind.BOUNCE
    failed, delayed = found.failures
    assert (failed.recipient, failed.status, failed.permanent) == ("wulan@surel.example", "5.2.2", True)
    assert failed.diagnostic == "smtp; 552 5.2.2 Mailbox full"
    assert (delayed.recipient, delayed.permanent) == ("lambat@surel.example", False)
    assert {f.original_message_id for f in found.failures} == {"surat-77@kota.example"}


def test_a_report_in_words_names_who_failed_and_not_all_readers() -> None:
    found = sample("gagal-qmail.eml")
    assert found.kind is Kind.BOUNCE
    assert [(f.recipient, f.permanent, f.original_message_id) for f in found.failures] == [
        ("wulan@surel.example", True, "surat-78@kota.example")
    ]


@pytest.mark.parametrize(
    ("text", "recipients"),
    [
        ("Could not be delivered to: <a@x.example>\nas the mailbox is full.", ["a@x.example"]),
        ("550 a@x.example... User unknown", ["a@x.example"]),
        (">>> RCPT To:<a@x.example>\n<<< 550 no", ["a@x.example"]),
        ("There was an error delivering your mail to <a@x.example>.", ["a@x.example"]),
        (
            "following list of recipients:\n\na@x.example: 550 full\n\nb@y.example: 550 unknown",
            ["a@x.example", "b@y.example"],
        ),
        (
            "Your message\n\n  To: milis@z.example\n  Subject: a\n\ndid not reach the following recipient(s):\n\n"
            "a@x.example on Fri, 20 Jul 2001\n  unknown",
            ["a@x.example"],
        ),
        ("a@x.example Invalid Address, ERROR_CODE :550", ["a@x.example"]),
        ("Surat tidak dapat dikirim ke alamat berikut:\n\n  a@x.example\n\nHubungi admin@mx.example", ["a@x.example"]),
    ],
)
def test_reports_of_many_servers(text: str, recipients: list[str]) -> None:
    found = verdict(
        "From: MAILER-DAEMON@mx.example", "To: pengaduan@kota.example", "Subject: Undeliverable mail", text=text
    )
    assert found.kind is Kind.BOUNCE
    assert [f.recipient for f in found.failures] == recipients


def test_a_warning_of_delay_is_not_permanent() -> None:
    text = "Your message has not yet been delivered to:\n\n  a@x.example\n\nNo action is required."
    sender = "From: Mail System <mailer-daemon@mx.example>"
    found = verdict(sender, "Subject: Warning: message delayed", text=text)
    assert [(f.recipient, f.permanent) for f in found.failures] == [("a@x.example", False)]


def test_a_report_of_success_is_no_failure() -> None:
    raw = (
        b"From: postmaster@mx.example\n"
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        b"--b\nContent-Type: message/delivery-status\n\n"
        b"Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; a@x.example\n"
        b"Action: delivered\nStatus: 2.0.0\n\n--b--\n"
    )
    found = classify(read(raw), own_addresses=OWN)
    assert (found.kind, found.failures) == (Kind.AUTO_REPLY, ())
@pytest.mark.parametrize(
    "text",
    [
        "Terjadi masalah sementara saat mengirim pesan Anda ke a@x.example. Server akan mencoba lagi selama 45 jam.",
        "Surat belum dapat dikirim ke alamat berikut:\n\n  a@x.example\n\nKami akan mencoba lagi selama 4 hari.",
        "Pengiriman ke a@x.example ditunda.",
        "Surel Anda belum sampai ke a@x.example dan masih dicoba.",
        "Belum bisa dikirim: a@x.example. Alamat server tidak ditemukan, akan dicoba kembali.",
        "Penghantaran ke a@x.example ditangguhkan. Pelayan akan terus mencuba selama 2 hari.",
        "Tidak terkirim ke a@x.example. Anda tidak perlu mengirim ulang.",
    ],
)
@pytest.mark.parametrize("sender", ["MAILER-DAEMON@mx.example", "postmaster@mx.example"])
def test_a_delay_told_in_indonesian_is_not_permanent(sender: str, text: str) -> None:
    found = verdict(f"From: {sender}", "Subject: Surat belum dapat dikirim", text=text)
    assert [(f.recipient, f.permanent) for f in found.failures] == [("a@x.example", False)]


@pytest.mark.parametrize(
    "text",
    [
        "Surat tidak dapat dikirim ke a@x.example: alamat tidak ditemukan. Silakan periksa alamat dan coba lagi.",
        "Surat Anda belum dapat dikirim ke a@x.example dan server tidak akan mencoba lagi.",
        "Kesalahan permanen, bukan sementara: a@x.example tidak dikenal.",
        "Pesan tidak terkirim ke a@x.example. Kotak surat penuh.",
    ],
)
def test_a_failure_told_in_indonesian_is_permanent(text: str) -> None:
    found = verdict("From: MAILER-DAEMON@mx.example", "Subject: Surat tidak terkirim", text=text)
    assert [(f.recipient, f.permanent) for f in found.failures] == [("a@x.example", True)]


