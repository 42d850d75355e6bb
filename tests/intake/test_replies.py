"""Officials act by replying: what acts, what comes back to be confirmed, and all that must never act."""

from __future__ import annotations

import sys
from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from pipeline import cases
from pipeline.access import links, unsent
from pipeline.cases.record import citizen_wrote
from pipeline.data import store
from pipeline.data.engine import reading, writing
from pipeline.data.states import DocumentKind
from pipeline.data.tables import Item, Outbox
from pipeline.demo.signed import signed_scan
from pipeline.intake import enclosed
from pipeline.office.actions import action
from pipeline.office.commands import COMMANDS
from pipeline.office.sop import EventKind, Stage, TaskKind
from pipeline.office.words import table
from tests.desk import Desk, desk_in
from tests.kantor import SIGNED, SITI, Mail, compose

INTAKE = "aduan@kominfo.example"
MAIL_OF = {
    Stage.PENERIMAAN: "tugas_catat",
    Stage.KLARIFIKASI: "tugas_klarifikasi",
    Stage.KEPUTUSAN: "tugas_keputusan",
    Stage.JAWABAN: "tugas_jawaban",
    Stage.TANDA_TANGAN: "tugas_tanda_tangan",
    Stage.PENYAMPAIAN: "tugas_penyampaian",
    Stage.SELESAI: "tugas_penyampaian",  # no mail tells that a case is over; the last one to them can be answered
}


LANGKAH_2 = ("tugas_klarifikasi", "pengadu_menulis")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path, balasan={"server_tepercaya": ("mx.kominfo.example",)}) as made:
        yield made


PASS = "mx.kominfo.example; dmarc=pass header.from=kominfo.example"


def written(
    desk: Desk,
    row: Outbox,
    text: str,
    *,
    sender: str = "",
    subject: str = "",
    found: str = PASS,
    **more: Any,
) -> EmailMessage:
    """A reply to one of our mails as a mail program writes it, and what the office's server found about its sender. One
    that answers for langkah 2 names the units terkait, in a line of its own."""
    if row.name in LANGKAH_2 and not any(
        word in text for word in ("nit terkait", "Unit:", "TANYA")
    ):
        text = f"Unit terkait: tidak ada\n{text}"
    asked = Mail(row.recipient, f"Message-ID: {row.message_id}\r\n\r\nx".encode())
    title = subject or f"Re: {row.subject}"
    message = compose(
        sender or row.recipient, INTAKE, title, text, desk.clock(), reply_to=asked, **more
    )
    if found:
        message["Authentication-Results"] = found
    return message


def confirm(desk: Desk, name: str, stage: Stage, number: str, **changes: object) -> None:
    """The holder opens the page that a reply has filled in, and presses its button."""
    task = desk.task(name, number)
    (mail, *_) = desk.mails("balasan_konfirmasi")[::-1]
    who = next(p.kode for p in desk.settings.petugas if p.email == mail.recipient)
    with reading(desk.engine) as session:
        filled = unsent.of_reply(session, task.id, desk.person(who))[name]
        given = action(task.kind, name)
        came = enclosed.waiting(session, task, desk.person(who), given)
    values = {key: [str(one) for one in many] for key, many in {**filled.values}.items()}
    values |= {key: [str(value)] for key, value in changes.items()}
    form = cases.check(
        desk.settings,
        task.kind,
        name,
        values,
        enclosed.placed(given, came, desk.settings, desk.engine),
    )
    with desk.work() as work:
        cases.attach(work, task, desk.person(who), enclosed.beside(given, came))
        cases.act(work, task.id, desk.person(who), form)
    assert desk.stage(number) is stage


def answer(desk: Desk, stage: Stage, text: str, **more: Any) -> Item:
    """The holder of a stage's task replies to its newest mail."""
    return desk.take_in(written(desk, desk.mails(MAIL_OF[stage])[-1], text, **more).as_bytes())


def quoted(text: str) -> str:
    return (
        "Pada Sel, 24 Nov 2026 pukul 09.00 Pengaduan <aduan@kominfo.example> menulis:\n"
        + "".join(f"> {line}\n" for line in text.splitlines())
    )


# ---- what acts -----------------------------------------------------------------------------------------------

ACTS = [
    (Stage.PENERIMAAN, "LAPOR: Lampu padam di Jalan Mawar.", Stage.KLARIFIKASI),
    (Stage.PENERIMAAN, "lapor", Stage.KLARIFIKASI),
    (
        Stage.KLARIFIKASI,
        "LAPOR\nBenar, tiga titik padam.\nSaran: ditindaklanjuti.",
        Stage.KEPUTUSAN,
    ),
    (Stage.KLARIFIKASI, "LAPOR: tidak ditemukan kerusakan di lokasi", Stage.KEPUTUSAN),
    (Stage.KLARIFIKASI, "KEMBALIKAN: alamatnya belum lengkap", Stage.PENERIMAAN),
    (Stage.KLARIFIKASI, "\n\n*LAPOR*: Benar padam.", Stage.KEPUTUSAN),
    (Stage.KEPUTUSAN, "KEMBALIKAN: mohon diperiksa lagi.", Stage.KLARIFIKASI),
    (Stage.JAWABAN, "Kembalikan: keputusannya belum jelas", Stage.KEPUTUSAN),
    (Stage.TANDA_TANGAN, "KEMBALIKAN : tanggalnya keliru", Stage.JAWABAN),
]
LOOKS = [  # what reaches a citizen, or signs: a page first
    (Stage.PENERIMAAN, "BUKAN PENGADUAN: penawaran dagang", "bukan_pengaduan", Stage.BATAL),
    (Stage.JAWABAN, "SETUJU", "ajukan", Stage.TANDA_TANGAN),
    (Stage.PENYAMPAIAN, "KIRIM", "kirim_email", Stage.PENGIRIMAN),
    (Stage.PENYAMPAIAN, "Kirim.", "kirim_email", Stage.PENGIRIMAN),
    (Stage.SELESAI, "BUKA KEMBALI: padam lagi", "buka_kembali", Stage.KLARIFIKASI),
]


@pytest.mark.parametrize(("stage", "text", "after"), ACTS)
def test_a_first_line_acts_as_the_button_does(
    desk: Desk, stage: Stage, text: str, after: Stage
) -> None:
    number = desk.to(stage)
    before = len(desk.mails("balasan_dikerjakan"))
    answer(desk, stage, f"{text}\n\n{quoted('Lampu padam.')}")
    assert desk.stage(number) is after
    (receipt,) = desk.mails("balasan_dikerjakan")[before:]
    assert receipt.recipient == desk.mails(MAIL_OF[stage])[-1].recipient
    assert desk.faults() == []


@pytest.mark.parametrize(("stage", "text", "name", "after"), LOOKS)
def test_what_a_citizen_hears_or_signs_comes_back_as_a_page(
    desk: Desk, stage: Stage, text: str, name: str, after: Stage
) -> None:
    number = desk.to(stage)
    answer(desk, stage, f"{text}\n\n{quoted('Lampu padam.')}")
    assert desk.stage(number) is stage
    (mail,) = desk.mails("balasan_konfirmasi")
    assert f"?aksi={name}" in mail.text
    confirm(desk, name, after, number)


PUT_OFF = [  # texts that say that nothing is to be done yet, that ask, or that say nothing
    "lapor: sebentar, saya cek dulu",
    "LAPOR: mohon jangan dikirim dulu ke Kepala Dinas",
    "LAPOR: Benar padam. Tapi jangan dilaporkan dulu.",
    "LAPOR: jgn dikirim dulu",
    "LAPOR: ntar aja",
    "LAPOR: apakah perlu?",
    "LAPOR:?",
    "LAPOR: Benar padam.\nKEMBALIKAN: kurang lengkap",
    "LAPOR: abaikan email ini",
    "LAPOR: masih menunggu jawaban Kasubag",
    "LAPOR: (isi menyusul)",
    "LAPOR: hold",
    "LAPOR: nunggu kasi dulu ya",
    "LAPOR: ga jadi",
    "LAPOR: minta waktu sampai besok",
    "LAPOR: tes",
    "LAPOR: pending dulu",
    "LAPOR: lalu hasil klarifikasi",
    "LAPOR: hasil menyusul sore ini",
    "LAPOR: saya sudah pensiun",
    "LAPOR: saya sedang cuti, silakan hubungi Bu Endah",
    "LAPOR: salah, ini bukan tugas saya",
    "KEMBALIKAN: maaf salah kirim, abaikan",
    "KEMBALIKAN: LAPOR",
    "KEMBALIKAN: sebaiknya tidak",
]
REPORTS = [  # what only looks so: words of a report
    "LAPOR: Salah satu lampu padam. Pekerjaan ditunda karena hujan.",
    "LAPOR: Warga diminta menunggu; petugas datang besok.",
    "LAPOR: Warga minta agar datanya jangan disampaikan ke tetangga.",
    "LAPOR: Pelapor bertanya kapan diperbaiki? Sudah dijawab.",
    "LAPOR: Sudah dicek, belum diperbaiki karena menunggu suku cadang.",
]


@pytest.mark.parametrize("text", PUT_OFF)
def test_a_text_that_puts_the_act_off_is_asked_about(desk: Desk, text: str) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    before = len(desk.events(number))
    answer(desk, Stage.KLARIFIKASI, text)
    nothing_happened(desk, number, Stage.KLARIFIKASI, before)
    assert desk.mails("balasan_tugas")[-1].recipient == "sekretaris@kominfo.example"


@pytest.mark.parametrize("text", REPORTS)
def test_a_report_that_speaks_of_waiting_is_a_report(desk: Desk, text: str) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    answer(desk, Stage.KLARIFIKASI, text)
    assert desk.stage(number) is Stage.KEPUTUSAN


# ---- the units terkait (langkah 2) ---------------------------------------------------------------------------

NAMED = [
    ("LAPOR: Benar padam.\nUnit terkait: tidak ada", "tidak_ada"),
    ("LAPOR: Benar padam.\n\n*Unit terkait:* Tidak ada.", "tidak_ada"),
    ("Unit terkait: Seksi Pengelolaan Infrastruktur\nLAPOR: Benar padam.", "infrastruktur"),
    (
        "LAPOR: Benar padam.\nUnit: infrastruktur, umum\nSaran: ditindaklanjuti.",
        "infrastruktur,umum",
    ),
    ("LAPOR: Benar padam.\nUnit terkait: umum dan infrastruktur", "infrastruktur,umum"),
]


@pytest.mark.parametrize(("text", "units"), NAMED)
def test_a_reply_names_the_units_terkait_in_a_line_of_its_own(
    desk: Desk, text: str, units: str
) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    answer(desk, Stage.KLARIFIKASI, text)
    assert desk.stage(number) is Stage.KEPUTUSAN
    assert desk.complaint(number).unit == units
    assert desk.complaint(number).hasil.startswith("Benar padam.")
    assert "nit" not in desk.complaint(number).hasil


UNNAMED = [
    "LAPOR: Benar padam, unit terkait nanti menyusul.",
    "LAPOR: Benar padam.\nUnit terkait: Seksi yang mana ya",
    "LAPOR: Benar padam.\nUnit terkait: tidak ada\nUnit terkait: umum",
    "LAPOR: Benar padam.\nUnit terkait: umum, tidak ada",
    "LAPOR: Benar padam.\nUnit terkait:",
]


@pytest.mark.parametrize("text", UNNAMED)
def test_a_reply_that_does_not_say_which_unit_comes_back_as_a_page_that_asks(
    desk: Desk, text: str
) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    answer(desk, Stage.KLARIFIKASI, text)
    assert desk.stage(number) is Stage.KLARIFIKASI
    (mail,) = desk.mails("balasan_konfirmasi")
    assert "Mohon centang unit yang terkait" in " ".join(mail.text.split())
    assert "Benar padam" in mail.text, "nothing that was written is lost"
    confirm(desk, "laporkan_kepala", Stage.KEPUTUSAN, number, unit="umum")
    assert desk.complaint(number).unit == "umum"


def test_a_reply_without_the_line_stands_on_the_units_that_were_asked(desk: Desk) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    desk.press("sekretaris", "tanya_unit", petugas=["kasi-infrastruktur"], pertanyaan="Benarkah?")
    row = desk.mails("tugas_klarifikasi")[-1]
    asked = Mail(row.recipient, f"Message-ID: {row.message_id}\r\n\r\nx".encode())
    message = compose(
        row.recipient, INTAKE, f"Re: {row.subject}", "LAPOR: Benar.", desk.clock(), reply_to=asked
    )
    message["Authentication-Results"] = PASS
    desk.take_in(message.as_bytes())
    assert desk.stage(number) is Stage.KEPUTUSAN
    assert desk.complaint(number).unit == "infrastruktur"


UNPROVEN = [
    "",
    "mx.kominfo.example; none",
    "mx.kominfo.example; dmarc=none",
    "mx.kominfo.example; spf=softfail smtp.mailfrom=x@y.example; dkim=none",
    "mx.kominfo.example; spf=pass smtp.mailfrom=sekretaris@kominfo.example",
    "mx.kominfo.example; dkim=pass header.d=lain.example",
    "mx.kominfo.example; dkim=temperror header.d=kominfo.example; dmarc=temperror",
    "mx.kominfo.example; dmarc=pass header.from=lain.example",
    "mx.kominfo.example; dmarc=fail; dkim=pass header.d=kominfo.example",
    "mx.lain.example; dmarc=pass header.from=kominfo.example",
    "mx.kominfo.example (dmarc=pass; dmarc=pass); spf=none",
]


@pytest.mark.parametrize("found", UNPROVEN)
def test_a_sender_whom_no_trusted_server_vouches_for_confirms_on_a_page(
    desk: Desk, found: str
) -> None:
    """From can be written by anybody, and a Message-ID stands in every backup: the holder's own mailbox decides."""
    number = desk.to(Stage.KLARIFIKASI)
    before = len(desk.events(number))
    answer(desk, Stage.KLARIFIKASI, "LAPOR: Benar padam.", found=found)
    nothing_happened(desk, number, Stage.KLARIFIKASI, before)
    (mail,) = desk.mails("balasan_konfirmasi")
    assert mail.recipient == "sekretaris@kominfo.example"
    assert "?aksi=laporkan_kepala" in mail.text
    confirm(desk, "laporkan_kepala", Stage.KEPUTUSAN, number)
    assert desk.complaint(number).hasil == "Benar padam."


@pytest.mark.parametrize(
    "found",
    [
        PASS,
        "mx.kominfo.example; dmarc=none; dkim=pass header.d=kominfo.example",
        "MX.kominfo.example 1; dmarc=pass",
    ],
)
def test_a_sender_whom_a_trusted_server_vouches_for_acts_at_once(desk: Desk, found: str) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    answer(desk, Stage.KLARIFIKASI, "LAPOR: Benar padam.", found=found)
    assert desk.stage(number) is Stage.KEPUTUSAN


def test_a_reply_does_not_act_on_what_its_writer_has_not_seen(desk: Desk) -> None:
    """The citizen wrote after the mail that is answered: one look at the page first, with a word that there is news."""
    number = desk.to(Stage.KLARIFIKASI)
    shown = desk.mails(MAIL_OF[Stage.KLARIFIKASI])[-1]
    desk.later(minutes=5)
    with desk.work() as work:
        citizen_wrote(work, desk.complaint(number).id, "Ternyata lampunya sudah menyala.", [], None)
    desk.later(minutes=5)
    desk.take_in(written(desk, shown, "LAPOR: Benar padam.").as_bytes())
    assert desk.stage(number) is Stage.KLARIFIKASI
    (mail,) = desk.mails("balasan_konfirmasi")
    assert "ada yang baru pada pengaduan ini" in " ".join(mail.text.split())
    confirm(desk, "laporkan_kepala", Stage.KEPUTUSAN, number)


def test_a_reply_of_whom_the_case_is_about_is_held_and_tells_them_nothing(desk: Desk) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    shown = desk.mails(MAIL_OF[Stage.KLARIFIKASI])[-1]
    desk.press("sekretaris", "tandai", number=number, prioritas="biasa", terlapor=["sekretaris"])
    before = len([m for m in desk.mails() if m.recipient == shown.recipient])
    item = desk.take_in(written(desk, shown, "LAPOR: Tidak benar.").as_bytes())
    assert item.state == "held"
    assert desk.stage(number) is Stage.KLARIFIKASI
    assert len([m for m in desk.mails() if m.recipient == shown.recipient]) == before


def test_a_reply_to_the_mail_that_tells_the_news_acts(desk: Desk) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    desk.later(minutes=5)
    with desk.work() as work:
        citizen_wrote(work, desk.complaint(number).id, "Ternyata lampunya sudah menyala.", [], None)
    told = next(
        m
        for m in desk.mails("pengadu_menulis")[::-1]
        if m.recipient == "sekretaris@kominfo.example"
    )
    desk.later(minutes=5)
    desk.take_in(written(desk, told, "LAPOR: Sudah menyala.").as_bytes())
    assert desk.stage(number) is Stage.KEPUTUSAN


AMBIGUOUS = [
    "{own}, x@lain.example",
    "pejabat: {own}, x@lain.example;",
    "{own}: x@lain.example;",
    "<@lain.example:{own}>",
    "=?utf-8?q?{own}>,?= <x@lain.example>",
]


@pytest.mark.parametrize("line", AMBIGUOUS)
def test_a_from_that_names_several_proves_nobody(desk: Desk, line: str) -> None:
    """A server that checks another address than is read here may pass it, and need not say which (RFC 8601, 2.7)."""
    number = desk.to(Stage.KLARIFIKASI)
    before = len(desk.events(number))
    message = written(
        desk, desk.mails(MAIL_OF[Stage.KLARIFIKASI])[-1], "LAPOR: Benar padam.", found=""
    )
    del message["From"]
    head = f"Authentication-Results: mx.kominfo.example; dmarc=pass\r\nFrom: {line}\r\n"
    desk.take_in(head.format(own="sekretaris@kominfo.example").encode() + message.as_bytes())
    nothing_happened(desk, number, Stage.KLARIFIKASI, before)


def test_an_office_that_names_no_server_confirms_everything_on_a_page(tmp_path: Path) -> None:
    with desk_in(tmp_path) as desk:
        number = desk.to(Stage.KLARIFIKASI)
        answer(desk, Stage.KLARIFIKASI, "LAPOR: Benar padam.")
        assert desk.stage(number) is Stage.KLARIFIKASI
        confirm(desk, "laporkan_kepala", Stage.KEPUTUSAN, number)


def test_a_header_that_came_with_the_mail_does_not_count(desk: Desk) -> None:
    """Below the Received of the next hop: whoever wrote it, it was not our server."""
    number = desk.to(Stage.KLARIFIKASI)
    message = written(desk, desk.mails("tugas_klarifikasi")[-1], "LAPOR: Benar padam.", found="")
    head = b"Authentication-Results: mx.kominfo.example; spf=none\r\nReceived: from x by mx.kominfo.example\r\n"
    forged = b"Authentication-Results: mx.kominfo.example; dmarc=pass\r\n"
    desk.take_in(head + forged + message.as_bytes())
    assert desk.stage(number) is Stage.KLARIFIKASI


def test_a_forged_header_does_not_count_while_the_offices_filter_is_down(desk: Desk) -> None:
    """Nothing of ours stands above the server's own Received; what stands below came with the mail."""
    number = desk.to(Stage.KLARIFIKASI)
    message = written(desk, desk.mails("tugas_klarifikasi")[-1], "LAPOR: Benar padam.", found="")
    taken = b"Received: from x (evil.example [198.51.100.9]) by mx.kominfo.example (Postfix) with ESMTP id 4F; Tue\r\n"
    forged = b"Authentication-Results: mx.kominfo.example; dmarc=pass\r\n"
    desk.take_in(taken + forged + message.as_bytes())
    assert desk.stage(number) is Stage.KLARIFIKASI


def test_a_second_address_of_the_holder_counts_as_theirs(tmp_path: Path) -> None:
    with desk_in(tmp_path, balasan={"server_tepercaya": ("mx.kominfo.example",)}) as desk:
        people = tuple(
            p.model_copy(update={"email_lain": ("ratih@pribadi.example",)})
            if p.kode == "sekretaris"
            else p
            for p in desk.settings.petugas
        )
        desk.settings = desk.settings.model_copy(update={"petugas": people})
        number = desk.to(Stage.KLARIFIKASI)
        found = "mx.kominfo.example; dmarc=pass header.from=pribadi.example"
        answer(
            desk,
            Stage.KLARIFIKASI,
            "LAPOR: Benar padam.",
            sender="ratih@pribadi.example",
            found=found,
        )
        assert desk.stage(number) is Stage.KEPUTUSAN
        assert desk.mails("balasan_dikerjakan")[-1].recipient == "sekretaris@kominfo.example"


def test_somebody_else_who_quotes_a_task_is_held_and_the_holder_gets_a_fresh_link(
    desk: Desk,
) -> None:
    desk.to(Stage.KLARIFIKASI)
    row = desk.mails("tugas_klarifikasi")[-1]
    receipts = len(desk.mails("tanda_terima"))
    item = answer(desk, Stage.KLARIFIKASI, "LAPOR: Benar padam.", sender="ratih@pribadi.example")
    assert item.state == "held"
    assert len(desk.mails("tanda_terima")) == receipts
    with reading(desk.engine) as session:
        token = links.token(session, desk.settings.keys, row.links[0])
    bare = compose(
        "teman@pribadi.example",
        INTAKE,
        "Fwd: tugas",
        f"Ini apa?\n\nhttps://x/t/{token}",
        desk.clock(),
    )
    assert desk.take_in(bare.as_bytes()).state == "held"
    assert len(desk.mails("tanda_terima")) == receipts
    assert desk.mails("balasan_tugas")[-1].recipient == "sekretaris@kominfo.example"
    assert desk.mails("balasan_tugas")[-1].links


WRAPPED = {
    "Safe Links": "https://nam02.safelinks.protection.outlook.com/?url=https%3A%2F%2Faduan.example%2Ft%2F{n}-{mac}%3Faksi"
    "%3Dlaporkan&data=05%7C02",
    "twice": "https://x.example/?u=https%253A%252F%252Faduan.example%252Ft%252F{n}-{mac}",
    "urldefense 2": "https://urldefense.proofpoint.com/v2/url?u=https-3A__aduan.example_t_{n}-2D{mac}-3Faksi-3Dx&d=DwM",
    "urldefense 3": "https://urldefense.com/v3/__https://aduan.example/t/{n}-{mac}?aksi=laporkan__;!!Abc!x$",
    "capitals": "HTTPS://ADUAN.EXAMPLE/T/{n}-{MAC}",
    "broken": "https://aduan.example/t/{n}-{mac1}\n> {mac2}?aksi=x",
    "Barracuda": "https://linkprotect.cudasvc.com/url?a=https%3a%2f%2faduan.example%2ft%2f{n}-{mac}%3faksi%3dx&c=E,1,a",
    "Sophos": "https://eu-central-1.protection.sophos.com?d=aduan.example&u={b64}&i=NjA",
    "a dash by name": "https://aduan.example/t/{n}&#45;{mac}",
    "a dash of print": "https://aduan.example/t/{n}\u2011{mac}",
    "a soft hyphen": "https://aduan.example/t/{n}-{mac1}\u00ad{mac2}",
    "a joint that nobody sees": "https://aduan.example/t/{n}-{mac1}\u200b{mac2}",
}


@pytest.mark.parametrize("form", WRAPPED)
@pytest.mark.parametrize("kind", ["plain", "html"])
def test_a_link_that_comes_back_is_recognised_masked_and_ended(
    desk: Desk, form: str, kind: str
) -> None:
    desk.to(Stage.KLARIFIKASI)
    row = desk.mails("tugas_klarifikasi")[-1]
    with reading(desk.engine) as session:
        token = links.token(session, desk.settings.keys, row.links[0])
    n, mac = token.split("-")
    encoded = b64encode(f"https://aduan.example/t/{token}?aksi=laporkan".encode()).decode()
    text = WRAPPED[form].format(
        n=n, mac=mac, MAC=mac.upper(), mac1=mac[:9], mac2=mac[9:], b64=encoded
    )
    message = compose("teman@pribadi.example", INTAKE, "Terusan: tugas", "Ini apa?", desk.clock())
    if kind == "plain":
        message.set_content(f"Ini apa?\n\n> {text}\n")
    else:
        message.add_alternative(f'<p>Ini apa?</p><a href="{text}">Kerjakan</a>', subtype="html")
    desk.take_in(message.as_bytes())
    with reading(desk.engine) as session:
        later = desk.clock() + timedelta(seconds=1)
        with pytest.raises(links.LinkError):
            links.resolve(session, desk.settings, token, later)
    assert links.found(text) == [token]
    assert mac not in links.masked(text)
    assert mac.upper() not in links.masked(text)
    assert encoded not in links.masked(text)


def test_the_words_of_the_reply_are_kept_and_those_of_the_history_are_not(desk: Desk) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    text = f"LAPOR: Benar padam.\nTiang nomor 7.\n\n{quoted('rahasia lama')}"
    answer(desk, Stage.KLARIFIKASI, text)
    assert desk.complaint(number).hasil == "Benar padam.\nTiang nomor 7."
    event = next(e for e, _ in desk.events(number) if e.kind is EventKind.REPORTED)
    assert (event.actor, event.actor_title) == ("sekretaris", "Sekretaris")


def test_a_confidential_case_confirms_nothing_by_itself(desk: Desk) -> None:
    """What the case knows is filled in; that a paper whose code cannot be read is the right one, a person must say."""
    number = desk.record(rahasia=True)
    desk.press("jfu-1", "laporkan", number=number, nama="Siti Rahmawati", email=SITI, rahasia="ya")
    desk.to(Stage.TANDA_TANGAN, number)
    answer(desk, Stage.TANDA_TANGAN, "SETUJU", files=[("surat.jpg", "image/jpeg", SIGNED)])
    assert desk.stage(number) is Stage.TANDA_TANGAN


def test_a_report_keeps_what_is_known_of_the_pengadu(desk: Desk) -> None:
    number = desk.record(alamat="Jalan Mawar 5", telepon="0811 111 222", rahasia=True)
    answer(desk, Stage.PENERIMAAN, "LAPOR: Lampu padam.")
    c = desk.complaint(number)
    assert (c.nama, c.alamat, c.telepon, c.rahasia) == (
        "Siti Rahmawati",
        "Jalan Mawar 5",
        "0811 111 222",
        True,
    )
    assert c.ringkasan == "Lampu padam."


def test_a_question_to_the_pengadu_is_shown_before_it_is_sent(desk: Desk) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    answer(desk, Stage.KLARIFIKASI, "TANYA: Tiang nomor berapa?")
    assert desk.mails("tanya_pengadu") == []
    assert "Tiang nomor berapa?" in desk.mails("balasan_konfirmasi")[-1].text
    confirm(desk, "tanya_pengadu", Stage.KLARIFIKASI, number)
    assert desk.task("laporkan_kepala").paused_at is not None
    assert desk.mails("tanya_pengadu")


def test_a_kasi_answers_with_a_photo(desk: Desk) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    desk.press(
        "sekretaris", "tanya_unit", number=number, petugas=["kasubag-umum", "kasi-infrastruktur"]
    )
    for row, name in zip(desk.mails("tugas_keterangan"), ("a", "b"), strict=True):
        text = f"Jawab: Tim {name} sudah ke lokasi."
        desk.take_in(
            written(desk, row, text, files=[("foto.jpg", "image/jpeg", SIGNED)]).as_bytes()
        )
    answers = [data for event, data in desk.events(number) if event.kind is EventKind.UNIT_ANSWERED]
    assert [a["teks"] for a in answers] == ["Tim a sudah ke lokasi.", "Tim b sudah ke lokasi."]
    assert all(a["lampiran"] for a in answers)


def test_a_signed_letter_comes_by_reply_and_is_looked_at_once_more(desk: Desk) -> None:
    number = desk.to(Stage.TANDA_TANGAN)
    answer(desk, Stage.TANDA_TANGAN, "Setuju.", files=[("ttd.jpg", "image/jpeg", SIGNED)])
    assert "ttd.jpg" in desk.mails("balasan_konfirmasi")[-1].text
    with pytest.raises(cases.Invalid, match="tidak terbaca"):
        confirm(desk, "tandatangani", Stage.TANDA_TANGAN, number)
    with reading(desk.engine) as session:
        letter = store.get(
            session, next(d for d in desk.documents(number) if d.kind == "akhir").sha256
        )
    answer(
        desk, Stage.TANDA_TANGAN, "Setuju.", files=[("ttd.jpg", "image/jpeg", signed_scan(letter))]
    )
    with pytest.raises(cases.Invalid, match="tidak dapat memastikan"):
        confirm(desk, "tandatangani", Stage.TANDA_TANGAN, number)
    assert desk.stage(number) is Stage.TANDA_TANGAN
    confirm(desk, "tandatangani", Stage.PENYAMPAIAN, number, ttd_terlihat="ya")


def test_two_signed_letters_come_in_any_order(desk: Desk) -> None:
    """Each goes where its own code says."""
    number = desk.to(Stage.KEPUTUSAN)
    desk.press(
        "kepala",
        "putuskan",
        number=number,
        keputusan="bukan_wewenang",
        instansi="PLN",
        perintah="Milik PLN.",
        disampaikan="Milik PLN.",
    )
    desk.jobs()
    desk.to(Stage.TANDA_TANGAN, number)
    with reading(desk.engine) as session:
        final = {
            d.kind: store.get(session, d.sha256)
            for d in desk.documents(number)
            if d.kind.endswith("akhir")
        }
    papers = [
        (f"{kind}.jpg", "image/jpeg", signed_scan(final[kind]))
        for kind in (DocumentKind.PENGANTAR_AKHIR, DocumentKind.AKHIR)
    ]
    answer(desk, Stage.TANDA_TANGAN, "SETUJU", files=papers)
    confirm(desk, "tandatangani", Stage.PENYAMPAIAN, number, ttd_terlihat="ya")
    assert {"ttd", "pengantar_ttd"} <= {d.kind for d in desk.documents(number)}


def test_signed_papers_are_not_read_while_mail_is_taken_in(desk: Desk) -> None:
    """Reading takes seconds each, and anybody can write in the name of the Kepala Dinas."""
    number = desk.to(Stage.TANDA_TANGAN)
    read: list[str] = []

    def called(frame: Any, what: str, _argument: Any) -> None:
        if what == "call" and frame.f_code.co_name in (
            "read_codes",
            "as_pdf",
            "read_scan",
            "pdf_pages",
        ):
            read.append(frame.f_code.co_name)

    papers = [(f"{n}.jpg", "image/jpeg", SIGNED + bytes([n])) for n in range(8)]
    message = written(desk, desk.mails(MAIL_OF[Stage.TANDA_TANGAN])[-1], "Setuju.", files=papers)
    sys.setprofile(called)
    try:
        desk.take_in(message.as_bytes())
    finally:
        sys.setprofile(None)
    assert read == []
    assert desk.stage(number) is Stage.TANDA_TANGAN


def test_an_edited_letter_and_setuju_go_to_the_signature_in_one_reply(desk: Desk) -> None:
    number = desk.to(Stage.JAWABAN)
    with reading(desk.engine) as session:
        content = store.get(session, desk.documents(number)[-1].sha256)
    docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    answer(desk, Stage.JAWABAN, "SETUJU", files=[("Surat.docx", docx, content)])
    assert [d.kind for d in desk.documents(number)][-1] == "surat"
    confirm(desk, "ajukan", Stage.TANDA_TANGAN, number)


def test_a_reply_that_lost_its_thread_is_known_by_the_link_it_quotes(desk: Desk) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    row = desk.mails("tugas_klarifikasi")[-1]
    with reading(desk.engine) as session:
        token = links.token(session, desk.settings.keys, row.links[0])
    quote = quoted(f"https://aduan.kominfo.example/t/{token}?aksi=laporkan_kepala")
    text = f"LAPOR: Benar.\nUnit terkait: tidak ada\n\n{quote}"
    bare = compose(row.recipient, INTAKE, "Balasan", text, desk.clock())
    bare["Authentication-Results"] = PASS
    desk.take_in(bare.as_bytes())
    assert desk.stage(number) is Stage.KEPUTUSAN
    with reading(desk.engine) as session:
        later = desk.clock() + timedelta(seconds=1)
        assert not links.resolve(session, desk.settings, token, later).alive, (
            "the mail that holds it is kept"
        )


def test_a_link_in_a_mail_from_outside_is_kept_nowhere(desk: Desk) -> None:
    """An aide answers the forwarded mail of the Kepala Dinas: a JFU looks at it."""
    desk.to(Stage.KEPUTUSAN)
    row = desk.mails("tugas_keputusan")[-1]
    with reading(desk.engine) as session:
        token = links.token(session, desk.settings.keys, row.links[0])
    text = f"Yth., ini dari ajudan.\n\n{quoted(f'https://aduan.kominfo.example/t/{token}?aksi=putuskan')}"
    item = desk.take_in(written(desk, row, text, sender="ajudan@pribadi.example").as_bytes())
    assert item.state == "held"
    assert token not in item.reason
    with reading(desk.engine) as session, pytest.raises(links.LinkError):
        links.resolve(session, desk.settings, token, desk.clock() + timedelta(seconds=1))


# ---- decisions -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("SETUJU Sampaikan bahwa lampu menyala.", {"keputusan": ["ditindaklanjuti"]}),
        ("setuju\nSampaikan bahwa lampu menyala.", {"keputusan": ["ditindaklanjuti"]}),
        ("TOLAK Sampaikan bahwa lampu menyala.", {"keputusan": ["ditolak"]}),
        ("BUKAN WEWENANG PLN Madiun\nSampaikan bahwa lampu menyala.", {"instansi": ["PLN Madiun"]}),
    ],
)
def test_a_decision_comes_back_filled_in_and_has_not_acted(
    desk: Desk, text: str, filled: dict[str, Any]
) -> None:
    number = desk.to(Stage.KEPUTUSAN)
    answer(desk, Stage.KEPUTUSAN, text)
    assert desk.stage(number) is Stage.KEPUTUSAN
    (mail,) = desk.mails("balasan_konfirmasi")
    assert "?aksi=putuskan" in mail.text
    assert "lampu menyala" in " ".join(mail.text.split())
    assert "menyala" not in mail.subject
    with reading(desk.engine) as session:
        values = unsent.of_reply(session, desk.task("putuskan").id, desk.person("kepala"))[
            "putuskan"
        ].values
    assert {**values, **filled} == values
    assert values["perintah"] == ["Sampaikan bahwa lampu menyala."]


def test_a_decision_acts_at_once_where_config_says_so(tmp_path: Path) -> None:
    balasan = {"keputusan_langsung": True, "server_tepercaya": ("mx.kominfo.example",)}
    with desk_in(tmp_path, balasan=balasan) as desk:
        number = desk.to(Stage.KEPUTUSAN)
        answer(desk, Stage.KEPUTUSAN, "SETUJU: Sampaikan bahwa lampu menyala.")
        assert desk.stage(number) is Stage.JAWABAN
        other = desk.to(Stage.KEPUTUSAN)
        answer(desk, Stage.KEPUTUSAN, "BUKAN WEWENANG")  # no agency named
        assert desk.stage(other) is Stage.KEPUTUSAN
        assert "instansi" in desk.mails("balasan_konfirmasi")[-1].text


# ---- what never acts -----------------------------------------------------------------------------------------


def nothing_happened(desk: Desk, number: str, stage: Stage, before: int) -> None:
    assert desk.stage(number) is stage
    assert len(desk.events(number)) == before


def test_a_reply_from_another_address_does_not_act(desk: Desk) -> None:
    """A colleague to whom the mail was forwarded, another official, a stranger: none of them holds this link."""
    number = desk.to(Stage.KLARIFIKASI)
    before = len(desk.events(number))
    for sender in ("kepala@kominfo.example", "jfu@kominfo.example", "ratih@pribadi.example"):
        answer(desk, Stage.KLARIFIKASI, "LAPOR: Benar padam.", sender=sender)
        nothing_happened(desk, number, Stage.KLARIFIKASI, before)


def test_a_forwarded_mail_does_not_act(desk: Desk) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    before = len(desk.events(number))
    for subject in ("Fwd: tugas", "FW: tugas", "Trs: tugas", "Terusan: tugas"):
        answer(desk, Stage.KLARIFIKASI, "LAPOR: Benar padam.", subject=subject)
        nothing_happened(desk, number, Stage.KLARIFIKASI, before)
    assert "Email terusan" in desk.mails("balasan_tugas")[-1].text


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto-Submitted": "auto-replied"},
        {"X-Autoreply": "yes"},
        {"Precedence": "auto_reply"},
        {"X-Vacation": "1"},
    ],
)
def test_an_out_of_office_never_acts_and_is_not_answered(
    desk: Desk, headers: dict[str, str]
) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    before, mails = len(desk.events(number)), len(desk.mails())
    message = written(
        desk, desk.mails("tugas_klarifikasi")[-1], "LAPOR: Saya sedang cuti sampai 30 November."
    )
    for name, value in headers.items():
        message[name] = value
    desk.take_in(message.as_bytes())
    nothing_happened(desk, number, Stage.KLARIFIKASI, before)
    assert len(desk.mails()) == mails


@pytest.mark.parametrize(
    "text",
    [
        quoted("LAPOR: Benar padam."),
        "Terima kasih.\n\n" + quoted("LAPOR: Benar padam."),
        "-----Pesan Asli-----\nDari: Pengaduan\n\nLAPOR Benar padam.",
        "Baik, nanti saya lapor.",
        "LAPOR?",
        "Laporan menyusul.",
        "Belum dapat LAPOR.",
        "Saya sedang cuti.\nLAPOR",
        "",
    ],
)
def test_quoted_commands_and_sentences_do_not_act(desk: Desk, text: str) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    before = len(desk.events(number))
    answer(desk, Stage.KLARIFIKASI, text)
    nothing_happened(desk, number, Stage.KLARIFIKASI, before)
    (mail,) = desk.mails("balasan_tugas")
    words = " ".join(mail.text.split())
    assert "LAPOR lalu hasil klarifikasi" in words
    assert "KEMBALIKAN lalu alasannya" in words
    assert mail.links


@pytest.mark.parametrize(
    "introduced",
    [
        "Aduan, 24 Nov 2026 09.00:",
        "Dari: Aduan <aduan@kominfo.example>\nTanggal: Sel, 24 Nov 2026 09.00",
        "--- begin ---",
    ],
)
def test_our_own_mail_never_goes_on_to_the_pengadu_however_it_is_quoted(
    desk: Desk, introduced: str
) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    row = desk.mails("tugas_klarifikasi")[-1]
    answer(desk, Stage.KLARIFIKASI, f"TANYA: Tiang nomor berapa?\n\n{introduced}\n\n{row.text}")
    confirm(desk, "tanya_pengadu", Stage.KLARIFIKASI, number)
    (asked,) = desk.mails("tanya_pengadu")
    assert "Tiang nomor berapa?" in asked.text
    assert "Ringkasan" not in asked.text
    assert "Yth. Bapak/Ibu" not in asked.text


@pytest.mark.parametrize(
    ("stage", "text"),
    [
        (Stage.PENERIMAAN, "Lapor ke siapa ini ya?"),
        (Stage.PENERIMAAN, "BUKAN PENGADUAN BIASA, INI DARURAT"),
        (Stage.KLARIFIKASI, "TANYA KE BAGIAN LAIN DULU"),
        (Stage.KLARIFIKASI, "LAPOR Benar padam."),
        (Stage.KLARIFIKASI, "LAPOR: jangan dulu, belum selesai"),
        (Stage.KLARIFIKASI, "LAPOR: tidak jadi"),
        (Stage.KLARIFIKASI, "LAPOR\nKEMBALIKAN"),
        (Stage.KEPUTUSAN, "Setuju: tidak"),
        (Stage.JAWABAN, "SETUJU\nTapi tanggalnya keliru"),
        (Stage.JAWABAN, "SETUJU\nTanggalnya keliru"),
        (Stage.TANDA_TANGAN, "SETUJU\nAlamatnya salah"),
        (Stage.TANDA_TANGAN, "SETUJU dengan catatan tanggal diganti"),
        (Stage.PENYAMPAIAN, "KIRIM BESOK SAJA, ALAMATNYA MASIH SALAH"),
        (Stage.PENYAMPAIAN, "KIRIM JANGAN DULU"),
        (Stage.PENYAMPAIAN, "KIRIM: jangan dulu"),
        (Stage.PENERIMAAN, "Bukan pengaduan menurut saya, tapi tolong dicek dulu."),
        (Stage.KLARIFIKASI, "Lapor ke saya besok kalau sudah dicek lapangan."),
        (Stage.KLARIFIKASI, "Tanya ke Pak Budi dulu ya, nomor pelapor dicatat belum?"),
        (Stage.KLARIFIKASI, "Kembalikan buku saya kalau sudah selesai dibaca."),
        (Stage.JAWABAN, "Setuju, tapi alamatnya salah. Saya perbaiki dulu, jangan dikirim."),
        (Stage.PENYAMPAIAN, "Kirim besok saja, saya mau cek alamatnya dulu."),
        (Stage.PENYAMPAIAN, "Kirim lewat pos saja, pengadu tidak punya email."),
    ],
)
def test_a_sentence_that_begins_with_the_word_asks_whether_it_is_meant(
    desk: Desk, stage: Stage, text: str
) -> None:
    number = desk.to(stage)
    before, sent = (
        len(desk.events(number)),
        len(desk.mails("surat_jawaban", "tanya_pengadu", "bukan_pengaduan")),
    )
    answer(desk, stage, text)
    nothing_happened(desk, number, stage, before)
    assert len(desk.mails("surat_jawaban", "tanya_pengadu", "bukan_pengaduan")) == sent
    (mail,) = desk.mails("balasan_tugas")
    assert "belum jelas apakah itu perintah" in " ".join(mail.text.split())


@pytest.mark.parametrize("stated", ["dmarc=fail", "spf=fail", "dkim=fail; spf=pass"])
def test_a_sender_that_our_own_server_doubts_does_not_act(desk: Desk, stated: str) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    before = len(desk.events(number))
    answer(desk, Stage.KLARIFIKASI, "LAPOR: Benar padam.", found=f"mx.kominfo.example; {stated}")
    nothing_happened(desk, number, Stage.KLARIFIKASI, before)


def test_what_other_servers_state_counts_for_nothing(desk: Desk) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    message = written(desk, desk.mails("tugas_klarifikasi")[-1], "LAPOR: Benar padam.")
    message["Authentication-Results"] = "mx.lain.example; dmarc=fail"
    desk.take_in(message.as_bytes())
    assert desk.stage(number) is Stage.KEPUTUSAN


def test_a_guessed_message_id_or_a_bare_mail_does_not_act(desk: Desk) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    row = desk.mails("tugas_klarifikasi")[-1]
    before = len(desk.events(number))
    for thread in ("<tebakan@kominfo.example>", ""):
        bare = compose(
            row.recipient, INTAKE, f"Re: {row.subject}", f"LAPOR: {number}", desk.clock()
        )
        if thread:
            bare["In-Reply-To"] = thread
        desk.take_in(bare.as_bytes())
    nothing_happened(desk, number, Stage.KLARIFIKASI, before)


def test_somebody_elses_link_in_the_text_does_not_act(desk: Desk) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    before = len(desk.events(number))
    with reading(desk.engine) as session:
        token = links.token(
            session, desk.settings.keys, desk.mails("tugas_klarifikasi")[-1].links[0]
        )
    text = f"LAPOR: Benar.\n\n{quoted(f'https://aduan.kominfo.example/t/{token}')}"
    desk.take_in(
        compose("kepala@kominfo.example", INTAKE, "Balasan", text, desk.clock()).as_bytes()
    )
    nothing_happened(desk, number, Stage.KLARIFIKASI, before)


def test_a_task_that_is_done_stays_done(desk: Desk) -> None:
    number = desk.to(Stage.KEPUTUSAN)
    before = len(desk.events(number))
    answer(desk, Stage.KLARIFIKASI, "KEMBALIKAN: keliru")
    nothing_happened(desk, number, Stage.KEPUTUSAN, before)
    assert "sudah selesai dikerjakan" in " ".join(desk.mails("balasan_tugas")[-1].text.split())


def test_the_same_reply_twice_acts_once(desk: Desk) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    message = written(desk, desk.mails("tugas_klarifikasi")[-1], "LAPOR: Benar padam.")
    desk.take_in(message.as_bytes())
    before = len(desk.events(number))
    del message["Message-ID"]
    message["Message-ID"] = "<lagi@kominfo.example>"
    desk.take_in(message.as_bytes())
    nothing_happened(desk, number, Stage.KEPUTUSAN, before)


def test_a_reply_does_not_act_over_what_came_after_the_mail_it_answers(desk: Desk) -> None:
    """The Sekretaris answers yesterday's mail; Siti has written since. The report comes back as a page."""
    number = desk.to(Stage.KLARIFIKASI)
    mail = desk.mails("tugas_klarifikasi")[-1]
    desk.later(minutes=2)
    with desk.work() as work:
        citizen_wrote(
            work, desk.complaint(number).id, "Sudah menyala. Pengaduan saya cabut.", [], None
        )
    item = desk.take_in(written(desk, mail, "LAPOR: Benar padam.").as_bytes())
    assert "menunggu konfirmasi" in item.reason
    assert desk.stage(number) is Stage.KLARIFIKASI
    confirm(desk, "laporkan_kepala", Stage.KEPUTUSAN, number)


def test_what_is_refused_half_way_leaves_nothing_behind(desk: Desk) -> None:
    """KIRIM without an address of the pengadu: the task is open still, and nothing of the act is kept."""
    number = desk.to(Stage.PENYAMPAIAN)
    desk.press("jfu-1", "koreksi", number=number, nama="Siti", email="")
    before = len(desk.events(number))
    answer(desk, Stage.PENYAMPAIAN, "KIRIM")
    nothing_happened(desk, number, Stage.PENYAMPAIAN, before)
    assert desk.task("kirim_email", number).closed_at is None


# ---- the words -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(TaskKind))
def test_every_word_names_an_action_and_a_field_of_its_task_and_is_explained(
    kind: TaskKind,
) -> None:
    for command in COMMANDS[kind]:
        given = action(kind, command.action)
        assert given is not None
        names = {field.name for field in given.fields}
        assert {command.field, command.first, *(name for name, _ in command.fixed)} - {""} <= names
    assert {c.word for c in COMMANDS[kind]} == set(table(f"balas.{kind}"))


def test_the_mail_lists_the_words_that_its_task_knows(desk: Desk) -> None:
    desk.to(Stage.SELESAI)
    for kind in (
        TaskKind.CATAT,
        TaskKind.KLARIFIKASI,
        TaskKind.KEPUTUSAN,
        TaskKind.JAWABAN,
        TaskKind.TANDA_TANGAN,
    ):
        mail = desk.mails(f"tugas_{kind}")[0]
        for command in COMMANDS[kind]:
            assert f"{command.word} " in mail.text


def test_what_was_filled_in_is_forgotten_when_the_task_closes(desk: Desk) -> None:
    desk.to(Stage.KEPUTUSAN)
    answer(desk, Stage.KEPUTUSAN, "SETUJU Sampaikan bahwa lampu menyala.")
    task = desk.task("putuskan")
    desk.press("kepala", "kembalikan", alasan="Periksa lagi.")
    with writing(desk.engine) as session:
        assert unsent.of(session, task.id, "kepala", desk.person("kepala").mark) == {}


# ---- files ---------------------------------------------------------------------------------------------------

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def draft_of(desk: Desk, number: str) -> bytes:
    with reading(desk.engine) as session:
        return store.get(session, desk.documents(number)[-1].sha256)


@pytest.mark.parametrize(
    ("name", "mime", "content"),
    [
        ("Surat.pdf", "application/pdf", b"%PDF-1.4 x"),
        ("Surat.doc", "application/msword", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600),
        ("Surat.odt", "application/vnd.oasis.opendocument.text", b"PK\x03\x04x"),
        ("Surat.docx", DOCX, b"PK\x03\x04 rusak"),
    ],
)
@pytest.mark.parametrize("text", ["SETUJU", "KEMBALIKAN: periksa lagi"])
def test_a_letter_that_cannot_be_taken_stops_the_whole_reply(
    desk: Desk, name: str, mime: str, content: bytes, text: str
) -> None:
    """Not even the machine's own draft is handed in instead."""
    number = desk.to(Stage.JAWABAN)
    before = len(desk.events(number))
    answer(desk, Stage.JAWABAN, text, files=[(name, mime, content)])
    nothing_happened(desk, number, Stage.JAWABAN, before)
    assert desk.mails("balasan_konfirmasi") == []
    assert name in desk.mails("balasan_tugas")[-1].text


def test_the_letter_of_another_case_stops_the_whole_reply(desk: Desk) -> None:
    other = desk.to(Stage.JAWABAN)
    content = draft_of(desk, other)
    number = desk.to(Stage.JAWABAN, desk.record(perihal="Jalan rusak", email="lain@warga.example"))
    before = len(desk.events(number))
    answer(desk, Stage.JAWABAN, "SETUJU", files=[("Surat.docx", DOCX, content)])
    nothing_happened(desk, number, Stage.JAWABAN, before)
    assert desk.mails("balasan_konfirmasi") == []


def test_of_two_letters_it_is_asked_which(desk: Desk) -> None:
    number = desk.to(Stage.JAWABAN)
    before, content = len(desk.events(number)), draft_of(desk, number)
    answer(
        desk, Stage.JAWABAN, "SETUJU", files=[("a.docx", DOCX, content), ("b.docx", DOCX, content)]
    )
    nothing_happened(desk, number, Stage.JAWABAN, before)
    text = " ".join(desk.mails("balasan_tugas")[-1].text.split())
    assert "a.docx, b.docx" in text


def test_a_letter_that_nobody_vouches_for_is_not_read_and_waits_for_a_look(desk: Desk) -> None:
    number = desk.to(Stage.JAWABAN)
    before, content = len(desk.events(number)), draft_of(desk, number)
    answer(desk, Stage.JAWABAN, "SETUJU", found="", files=[("Surat.docx", DOCX, content)])
    nothing_happened(desk, number, Stage.JAWABAN, before)
    assert "?aksi=unggah" in desk.mails("balasan_konfirmasi")[-1].text
    confirm(desk, "unggah", Stage.JAWABAN, number)
    assert [d.kind for d in desk.documents(number)][-1] == "surat"


ATTACHING = [
    (Stage.PENERIMAAN, "LAPOR: Lampu padam.", "", Stage.KLARIFIKASI),
    (Stage.KLARIFIKASI, "KEMBALIKAN: alamat kurang", "", Stage.PENERIMAAN),
    (Stage.KLARIFIKASI, "TANYA: Tiang mana?", "tanya_pengadu", Stage.KLARIFIKASI),
    (Stage.SELESAI, "BUKA KEMBALI: padam lagi", "buka_kembali", Stage.KLARIFIKASI),
]


@pytest.mark.parametrize(("stage", "text", "name", "after"), ATTACHING)
def test_files_of_a_reply_join_the_case_and_the_answer_names_them(
    desk: Desk, stage: Stage, text: str, name: str, after: Stage
) -> None:
    number = desk.to(stage)
    answer(desk, stage, text, files=[("lokasi.jpg", "image/jpeg", SIGNED)])
    if name:
        assert "lokasi.jpg" in desk.mails("balasan_konfirmasi")[-1].text
        confirm(desk, name, after, number)
    else:
        assert "lokasi.jpg" in desk.mails("balasan_dikerjakan")[-1].text
    assert desk.stage(number) is after
    assert "lokasi.jpg" in [d.name for d in desk.documents(number)]
    assert EventKind.ATTACHED in [event.kind for event, _ in desk.events(number)]
    assert desk.faults() == []


def test_a_file_of_a_kind_that_is_not_taken_stops_the_whole_reply(desk: Desk) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    before = len(desk.events(number))
    answer(
        desk,
        Stage.KLARIFIKASI,
        "LAPOR: Benar.",
        files=[("alat.exe", "application/octet-stream", b"MZ\x00\x01")],
    )
    nothing_happened(desk, number, Stage.KLARIFIKASI, before)
    assert "alat.exe" in desk.mails("balasan_tugas")[-1].text


# ---- what is no part of the words ------------------------------------------------------------------------------

SIGNED_OFF = """TANYA: Tiang nomor berapa, dan sejak kapan padam?

Terima kasih.

Hormat saya,
Ratih Kusumawati
Sekretaris Dinas Kominfo
HP 0812-3456-7890
Telp. (0351) 123456

Email ini rahasia dan hanya untuk penerima yang dituju.
Bila Anda bukan penerimanya, mohon dihapus."""


def test_a_signature_a_telephone_number_and_a_disclaimer_do_not_reach_the_citizen(
    desk: Desk,
) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    answer(desk, Stage.KLARIFIKASI, SIGNED_OFF)
    mail = desk.mails("balasan_konfirmasi")[-1]
    assert "Tidak ikut dipakai".upper() in mail.text
    confirm(desk, "tanya_pengadu", Stage.KLARIFIKASI, number)
    (asked,) = desk.mails("tanya_pengadu")
    assert "Tiang nomor berapa, dan sejak kapan padam?" in " ".join(asked.text.split())
    for private in ("0812", "123456", "rahasia dan hanya", "Hormat saya", "Sekretaris Dinas"):
        assert private not in asked.text


def test_a_reply_keeps_what_the_clerk_has_noted_before(desk: Desk) -> None:
    """Recorded, returned to the JFU, and reported once more by reply: place and klasifikasi stay."""
    number = desk.record()
    noted: dict[str, Any] = {"klasifikasi": "informasi", "lokasi_kejadian": "Jalan Mawar 7"}
    desk.press("jfu-1", "laporkan", number=number, ringkasan="Padam.", **noted)
    desk.press("sekretaris", "kembalikan", number=number, alasan="Mohon dilengkapi.")
    answer(desk, Stage.PENERIMAAN, "LAPOR: Lampu di depan nomor 7 padam.")
    assert desk.stage(number) is Stage.KLARIFIKASI
    assert desk.complaint(number).lokasi_kejadian == "Jalan Mawar 7"
    assert desk.complaint(number).klasifikasi == "informasi"
