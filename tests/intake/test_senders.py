"""Whose complaint a mail is: forms of web sites, mails that officials pass on, and who may add to a case."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from pipeline.office.sop import EventKind, Stage
from tests.desk import Desk, desk_in
from tests.kantor import SITI, Mail, compose

INTAKE = "aduan@kominfo.example"
DATA = Path(__file__).parents[1] / "mail" / "data" / "pengirim"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as made:
        yield made


def mail(desk: Desk, sender: str, subject: str, text: str, **headers: str) -> EmailMessage:
    message = compose(sender, INTAKE, subject, text, desk.clock())
    for name, value in headers.items():
        del message[name.replace("_", "-")]
        message[name.replace("_", "-")] = value
    return message


def test_a_contact_form_is_answered_to_its_visitor(desk: Desk) -> None:
    desk.take_in((DATA / "wordpress-reply-to.eml").read_bytes())
    c = desk.complaint()
    assert (c.nama, c.email) == ("Budi Santoso", "budi@warga.example")
    assert "formulir situs" in c.isi
    assert desk.mails("tanda_terima") == [], "the JFU looks first"
    desk.press("jfu-1", "laporkan", email="budi@warga.example", nama="Budi Santoso")
    assert [m.recipient for m in desk.mails("tanda_terima")] == ["budi@warga.example"]


THIRD = {
    "a person": ("penyerang@jahat.example", {"Reply_To": "korban@warga.example"}),
    "a person of the same provider": (
        "siti@surel.example",
        {"Reply_To": "Siti <siti.lain@surel.example>"},
    ),
    "a form of anybody's": (
        "wordpress@situs.example",
        {"Reply_To": "Korban <korban@warga.example>"},
    ),
    "a form in the office's own name, which nobody vouches for": (
        "wordpress@kominfo.example",
        {"Reply_To": "korban@warga.example"},
    ),
    "a group": (
        "Korban via Info <info@jahat.example>",
        {"X_Original_From": "Korban <korban@warga.example>"},
    ),
    "nobody": ("", {"From": "", "Reply_To": "korban@warga.example"}),
}


@pytest.mark.parametrize("case", THIRD)
def test_a_third_person_gets_no_receipt_before_the_jfu_has_looked(desk: Desk, case: str) -> None:
    """Otherwise anybody has us write to whom they like, with their own words in it."""
    sender, headers = THIRD[case]
    raw = mail(desk, sender or "x@y.example", "Lampu", "Padam.", **headers)
    if not sender:
        del raw["From"]
    desk.take_in(raw.as_bytes())
    outside = [m.recipient for m in desk.mails() if not m.recipient.endswith("@kominfo.example")]
    assert outside == []


def test_the_offices_own_form_is_answered_at_once_where_a_trusted_server_vouches_for_it(
    tmp_path: Path,
) -> None:
    with desk_in(tmp_path, balasan={"server_tepercaya": ("mx.kominfo.example",)}) as desk:
        raw = mail(
            desk, "wordpress@kominfo.example", "Lampu", "Padam.", Reply_To="budi@warga.example"
        )
        raw["Authentication-Results"] = "mx.kominfo.example; dmarc=pass header.from=kominfo.example"
        desk.take_in(raw.as_bytes())
        assert [m.recipient for m in desk.mails("tanda_terima")] == ["budi@warga.example"]


def test_a_person_who_wants_the_answer_elsewhere_is_answered_there(desk: Desk) -> None:
    desk.take_in(
        mail(
            desk, "siti@kantor.example", "Lampu", "Padam.", Reply_To="siti@rumah.example"
        ).as_bytes()
    )
    assert desk.complaint().email == "siti@rumah.example"
    assert "siti@kantor.example" in desk.complaint().isi


@pytest.mark.parametrize(
    "reply_to",
    [
        INTAKE,
        "noreply@situs.example",
        "a@x.example, b@x.example",
        "bukan alamat",
        "kepala@kominfo.example",
    ],
)
def test_a_reply_to_that_names_no_person_is_not_followed(desk: Desk, reply_to: str) -> None:
    desk.take_in(mail(desk, "siti@rumah.example", "Lampu", "Padam.", Reply_To=reply_to).as_bytes())
    assert desk.complaint().email == "siti@rumah.example"


TYPED = "Nama: Budi Santoso\nEmail: budi@warga.example\nPesan: Lampu padam"
FORMS = {
    "WordPress, no Reply-To": (
        "WordPress <wordpress@kominfo.example>",
        "Dari: Budi Santoso <budi@warga.example>\nSubjek: Lampu padam\n\nIsi Pesan:\nLampu padam.",
    ),
    "WordPress of another domain": (
        "Situs Kota <mail@penyedia.example>",
        "From: Budi Santoso <budi@warga.example>\nSubject: Lampu padam\n\nMessage Body:\nLampu padam.\n\n-- \n"
        "This e-mail was sent from a contact form on Kota (https://kota.example)",
    ),
    "Elementor from the host": (
        "Dinas <info@penyedia.example>",
        f"{TYPED}\n\n---\n\nUser Agent: Mozilla\nRemote IP: 192.0.2.7\nPowered by: Elementor",
    ),
    "Google Forms": ("Google Forms <forms-receipts-noreply@google.example>", TYPED),
    "Jotform, a table": (
        "Jotform <noreply@jotform.example>",
        "Full Name    Budi Santoso\nE-mail    budi@warga.example\nPesan    Lampu padam",
    ),
    "Formspree, values below": (
        "Formspree <noreply@formspree.example>",
        "name:\nBudi Santoso\n\nemail:\nbudi@warga.example\n\nmessage:\nLampu padam",
    ),
    "Wix": ("notifications@crm.wix.example", f"Budi just submitted your form: Kontak\n\n{TYPED}"),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_visitor_whom_only_the_text_of_a_form_names_is_the_pengadu(
    desk: Desk, form: str
) -> None:
    """Read off a text that anybody can type, so the JFU looks before anything is sent there."""
    sender, text = FORMS[form]
    desk.take_in(mail(desk, "x@y.example", "Kontak", text, From=sender).as_bytes())
    c = desk.complaint()
    assert (c.nama, c.email) == ("Budi Santoso", "budi@warga.example")
    assert "formulir situs" in c.isi
    assert "dibaca dari isinya" in desk.task("laporkan").note
    assert [m.recipient for m in desk.mails() if not m.recipient.endswith("@kominfo.example")] == []


@pytest.mark.parametrize(
    ("sender", "text", "email"),
    [
        ("siti@warga.example", TYPED, "siti@warga.example"),
        ("noreply@situs.example", f"{TYPED}\nEmail: korban@warga.example", ""),
        ("noreply@situs.example", "Nama: Budi\nEmail: -\nPesan: Lampu padam", ""),
        ("noreply@situs.example", TYPED.replace("budi@warga", "kepala@kominfo.example, x"), ""),
        ("forms-noreply@situs.example", "Nama: Budi\nPesan: Lampu padam", ""),
    ],
    ids=["a person", "two addresses", "no address", "an official", "no field"],
)
def test_an_address_in_a_text_is_no_pengadus_where_that_is_not_certain(
    desk: Desk, sender: str, text: str, email: str
) -> None:
    desk.take_in(mail(desk, sender, "Kontak", text).as_bytes())
    assert desk.complaint().email == email


def test_what_is_typed_into_the_offices_own_form_gets_no_receipt_at_once(tmp_path: Path) -> None:
    with desk_in(tmp_path, balasan={"server_tepercaya": ("mx.kominfo.example",)}) as desk:
        raw = mail(desk, "wordpress@kominfo.example", "Kontak", TYPED)
        raw["Authentication-Results"] = "mx.kominfo.example; dmarc=pass header.from=kominfo.example"
        desk.take_in(raw.as_bytes())
        assert desk.complaint().email == "budi@warga.example"
        assert desk.mails("tanda_terima") == []


def test_who_else_was_written_to_is_shown_with_the_complaint(desk: Desk) -> None:
    message = mail(
        desk, "siti@rumah.example", "Lampu", "Padam.", Cc="Walikota <walikota@madiunkota.example>"
    )
    message.replace_header("To", f"{INTAKE}, ombudsman@ombudsman.example")
    desk.take_in(message.as_bytes())
    assert "Walikota <walikota@madiunkota.example>" in desk.complaint().isi
    assert "ombudsman@ombudsman.example" in desk.complaint().isi
    assert INTAKE not in desk.complaint().isi


BODY = "Bu, lampu di Jl. Mawar padam sudah seminggu."
FORWARDS = {
    "Gmail": "---------- Forwarded message ---------\nDari: Wati <wati@warga.example>\nDate: Sel, 24 Nov 2026 08.00\n"
    "Subject: Lampu padam\nTo: <sekretaris@kominfo.example>\nCc: Ombudsman <o@ombudsman.example>\n\n",
    "Outlook": "________________________________\nFrom: Wati <wati@warga.example>\n"
    "Sent: Tuesday, November 24, 2026 8:00 AM\n"
    "To: Ratih <sekretaris@kominfo.example>; Ombudsman <o@ombudsman.example>\nSubject: Lampu padam\n\n",
    "Outlook, id": "Dari: Wati [mailto:wati@warga.example]\nDikirim: 24 November 2026 8:00\n"
    "Kepada: Ratih\nTembusan: Ombudsman <o@ombudsman.example>\nPerihal: Lampu padam\n\n",
    "Thunderbird": "-------- Pesan Terusan --------\nPerihal: \tLampu padam\n"
    "Tanggal: \tTue, 24 Nov 2026 08:00:00 +0700\n"
    "Dari: \tWati <wati@warga.example>\nKepada: \tsekretaris@kominfo.example, o@ombudsman.example\n\n",
    "Apple": "Begin forwarded message:\n\n> From: Wati <wati@warga.example>\n> Subject: Lampu padam\n"
    "> Date: 24 November 2026 08.00.00 WIB\n> To: sekretaris@kominfo.example\n> Cc: o@ombudsman.example\n> \n> ",
    "Yahoo": "----- Pesan yang Diteruskan -----\nDari: Wati <wati@warga.example>\nKepada: sekretaris@kominfo.example"
    " <sekretaris@kominfo.example>\nCc: o@ombudsman.example\nTerkirim: Selasa, 24 November 2026 08.00.00 WIB\n"
    "Judul: Lampu padam\n\n",
}


@pytest.mark.parametrize("client", FORWARDS)
def test_a_mail_that_an_official_passes_on_is_of_who_wrote_it(desk: Desk, client: str) -> None:
    text = f"Mohon dicatat.\n\n{FORWARDS[client]}{BODY}\n"
    desk.take_in(mail(desk, "sekretaris@kominfo.example", "Fwd: Lampu padam", text).as_bytes())
    c = desk.complaint()
    assert (c.nama, c.email, c.perihal) == ("Wati", "wati@warga.example", "Lampu padam")
    assert c.isi.startswith(BODY)
    assert "Diteruskan oleh Ratih Kusumawardani, Sekretaris." in c.isi
    assert "Mohon dicatat." in c.isi
    assert "o@ombudsman.example" in c.isi


SUBJECTS = ["Meneruskan: Lampu padam", "Aduan warga", "Lampu padam"]


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("head", [FORWARDS["Outlook, id"], FORWARDS["Gmail"].partition("\n")[2]])
def test_a_forward_is_known_by_the_header_in_it_whatever_its_subject_says(
    desk: Desk, subject: str, head: str
) -> None:
    """Otherwise the official would be the pengadu, and get the receipt and the answer."""
    desk.take_in(
        mail(
            desk, "sekretaris@kominfo.example", subject, f"Mohon dicatat.\n\n{head}{BODY}\n"
        ).as_bytes()
    )
    assert (desk.complaint().nama, desk.complaint().email) == ("Wati", "wati@warga.example")
    assert desk.mails("tanda_terima") == []


ODD = {
    "Yahoo, in one line": "----- Pesan yang Diteruskan -----Dari: Wati <wati@warga.example>Kepada: sekretaris@kominfo."
    "example <sekretaris@kominfo.example>Terkirim: Selasa, 24 November 2026 08.00.00 WIBSubjek: Lampu padam\n",
    "a telephone": '---Pesan Asli---\nDari: "Wati"<wati@warga.example>\nTgl: Sel, 24 Nov 2026 08.00\n'
    'Ke: "sekretaris"<sekretaris@kominfo.example>;\nSubjek: Lampu padam\n\n',
    "stars": "---------- Pesan terusan ---------\nDari: *Wati* <wati@warga.example>\nTanggal: Sel, 24 Nov 2026\n"
    "Subjek: Lampu padam\nKepada: <sekretaris@kominfo.example>\n\n",
}


@pytest.mark.parametrize("client", ODD)
def test_a_forward_of_an_odd_form_is_of_who_wrote_it(desk: Desk, client: str) -> None:
    text = f"Mohon dicatat.\n\n{ODD[client]}{BODY}\n"
    desk.take_in(mail(desk, "sekretaris@kominfo.example", "Fwd: Lampu padam", text).as_bytes())
    c = desk.complaint()
    assert (c.nama, c.email, c.perihal) == ("Wati", "wati@warga.example", "Lampu padam")
    assert c.isi.startswith(BODY)


def test_an_official_who_answers_a_mail_and_copies_us_passes_nothing_on(desk: Desk) -> None:
    """Their words are the mail, the header below is its quote."""
    text = f"Sudah kami tangani.\n\n{FORWARDS['Outlook, id']}{BODY}\n"
    desk.take_in(mail(desk, "sekretaris@kominfo.example", "Re: Lampu padam", text).as_bytes())
    assert desk.complaint().email == "sekretaris@kominfo.example"


def test_a_mail_through_a_group_is_answered_to_its_writer_not_to_the_group(desk: Desk) -> None:
    """A group writes its own address into From where the writer's domain has a DMARC policy."""
    sender = "'Wati' via Info Kota <info-grup@kota.example>"
    desk.take_in(
        mail(
            desk, "x@y.example", "Lampu", BODY, From=sender, X_Original_From="Wati <wati@w.example>"
        ).as_bytes()
    )
    assert (desk.complaint().nama, desk.complaint().email) == ("Wati", "wati@w.example")
    desk.take_in(mail(desk, "x@y.example", "Jalan", BODY, From=sender).as_bytes())
    assert (desk.complaint().nama, desk.complaint().email) == ("Wati", "")


def test_the_receipt_of_a_forwarded_mail_waits_until_the_jfu_has_looked(desk: Desk) -> None:
    desk.take_in((DATA / "terusan-pejabat.eml").read_bytes())
    assert desk.mails("tanda_terima") == []
    assert "Wati" in desk.task("laporkan").note
    desk.press("jfu-1", "laporkan", nama="Wati", email="wati@warga.example")
    assert [m.recipient for m in desk.mails("tanda_terima")] == ["wati@warga.example"]


def test_a_mail_that_is_passed_on_whole_is_of_who_wrote_it(desk: Desk) -> None:
    inner = compose(
        "wati@warga.example",
        "sekretaris@kominfo.example",
        "Lampu padam",
        BODY,
        desk.clock(),
        name="Wati",
    )
    outer = mail(desk, "sekretaris@kominfo.example", "Lampu padam", "Mohon dicatat.")
    outer.add_attachment(inner)
    desk.take_in(outer.as_bytes())
    assert (desk.complaint().nama, desk.complaint().email) == ("Wati", "wati@warga.example")
    assert desk.complaint().thread_id == str(inner["Message-ID"])


REPLY_TO = {
    "inline": "From: Situs <web@kota.example>\nReply-To: Wati <wati@warga.example>\nDate: Tue, 24 Nov 2026\n"
    "Subject: Lampu padam\nTo: sekretaris@kominfo.example\n\n",
    "second mailbox": "Dari: Wati <wati@kantor.example>\nBalas ke: wati@warga.example\nTanggal: 24 November 2026\n"
    "Perihal: Lampu padam\nPrioritas: Tinggi\n\n",
    "text of a form": "Dari: Situs <wordpress@kota.example>\nTanggal: 24 November 2026\nPerihal: Lampu padam\n\n"
    "Nama: Wati\nEmail: wati@warga.example\nPesan: ",
}


@pytest.mark.parametrize("way", REPLY_TO)
def test_a_form_that_an_official_passes_on_is_of_its_visitor(desk: Desk, way: str) -> None:
    """A Reply-To in the copied header made the official the pengadu."""
    text = f"Mohon dicatat.\n\n{REPLY_TO[way]}{BODY}\n"
    desk.take_in(mail(desk, "sekretaris@kominfo.example", "Fwd: Lampu padam", text).as_bytes())
    c = desk.complaint()
    assert (c.nama, c.email, c.perihal) == ("Wati", "wati@warga.example", "Lampu padam")


@pytest.mark.parametrize(
    ("headers", "email"),
    [
        ({"Reply-To": "Wati <wati@warga.example>"}, "wati@warga.example"),
        ({"Reply-To": "grup@kota.example", "List-Id": "<grup.kota.example>"}, "web@kota.example"),
        ({"Reply-To": "noreply@kota.example"}, "web@kota.example"),
    ],
    ids=["a visitor", "a list", "nobody"],
)
def test_a_mail_passed_on_whole_is_answered_where_its_writer_wants_it(
    desk: Desk, headers: dict[str, str], email: str
) -> None:
    inner = compose("web@kota.example", "x@kominfo.example", "Lampu padam", BODY, desk.clock())
    for name, value in headers.items():
        inner[name] = value
    outer = mail(desk, "sekretaris@kominfo.example", "Lampu padam", "Mohon dicatat.")
    outer.add_attachment(inner)
    desk.take_in(outer.as_bytes())
    assert desk.complaint().email == email


def test_an_official_who_complains_is_the_pengadu_as_anybody_is(desk: Desk) -> None:
    desk.take_in(
        mail(desk, "kasi@kominfo.example", "Lampu padam", "Lampu di rumah saya padam.").as_bytes()
    )
    assert desk.complaint().email == "kasi@kominfo.example"


# ---- who may add to a case -----------------------------------------------------------------------------------


def answer(desk: Desk, name: str, sender: str, text: str = "Tiang nomor tujuh.") -> Any:
    row = desk.mails(name)[-1]
    asked = Mail(row.recipient, f"Message-ID: {row.message_id}\r\n\r\nx".encode())
    return desk.take_in(
        compose(sender, INTAKE, "Re: x", text, desk.clock(), reply_to=asked).as_bytes()
    )


def wrote(desk: Desk, number: str) -> int:
    return sum(event.kind is EventKind.CITIZEN_WROTE for event, _ in desk.events(number))


def test_the_present_address_of_the_pengadu_joins_the_case(desk: Desk) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    answer(desk, "tanda_terima", SITI)
    assert wrote(desk, number) == 1


def test_an_address_that_was_corrected_since_does_not(desk: Desk) -> None:
    number = desk.record(email="salah@asing.example")
    desk.press("jfu-1", "laporkan", number=number, nama="Siti", email=SITI)
    assert answer(desk, "tanda_terima", "salah@asing.example").state == "held"
    assert wrote(desk, number) == 0
    answer(desk, "tanda_terima", SITI)
    assert wrote(desk, number) == 1


def test_the_it_officer_and_a_former_official_do_not(desk: Desk) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    people = tuple(
        p.model_copy(update={"email": "baru@kominfo.example"}) if p.kode == "sekretaris" else p
        for p in desk.settings.petugas
    )
    desk.settings = desk.settings.model_copy(update={"petugas": people})
    assert answer(desk, "tugas_klarifikasi", "sekretaris@kominfo.example").state == "held"
    assert answer(desk, "tugas_klarifikasi", desk.settings.petugas_ti.email).state == "held"
    assert wrote(desk, number) == 0


ONE_MAIL = {
    "Gmail": (
        "Ada dua, Bu.\n\n---------- Forwarded message ---------\nDari: Wati <wati@warga.example>\n"
        "Date: Sel, 24 Nov 2026 08.00\nSubject: Lampu padam\nTo: <sekretaris@kominfo.example>\n\n"
        "Lampu di Jl. Mawar padam.\n\n---------- Forwarded message ---------\nDari: Budi <budi@warga.example>\n"
        "Date: Sel, 24 Nov 2026 08.10\nSubject: Sampah menumpuk\nTo: <sekretaris@kominfo.example>\n\n"
        "Sampah di pasar lama.\n"
    ),
    "Outlook": (
        "________________________________\nFrom: Wati <wati@warga.example>\nSent: Tuesday, November 24, 2026 8:00 AM\n"
        "To: Ratih <sekretaris@kominfo.example>\nSubject: Lampu padam\n\nLampu di Jl. Mawar padam.\n\n"
        "________________________________\nFrom: Budi <budi@warga.example>\nSent: Tuesday, November 24, 2026 8:10 AM\n"
        "To: Ratih <sekretaris@kominfo.example>\nSubject: Sampah menumpuk\n\nSampah di pasar lama.\n"
    ),
}


@pytest.mark.parametrize("client", ONE_MAIL)
def test_several_mails_that_an_official_passes_on_in_one_are_a_complaint_each(
    desk: Desk, client: str
) -> None:
    """Otherwise Budi's words stand under Wati's name, and Budi is never answered."""
    desk.take_in(
        mail(desk, "sekretaris@kominfo.example", "Fwd: dua aduan", ONE_MAIL[client]).as_bytes()
    )
    told = [(c.nama, c.email, c.perihal, c.isi.partition("\n")[0]) for c in desk.complaints()]
    assert told == [
        ("Wati", "wati@warga.example", "Lampu padam", "Lampu di Jl. Mawar padam."),
        ("Budi", "budi@warga.example", "Sampah menumpuk", "Sampah di pasar lama."),
    ]
    assert "Sampah" not in desk.complaints()[0].isi
    assert "____" not in desk.complaints()[0].isi
    assert desk.mails("tanda_terima") == []
    for c in desk.complaints():
        assert (
            "masing-masing dicatat sebagai pengaduan sendiri"
            in desk.task("laporkan", c.number).note
        )


def test_an_earlier_mail_of_the_same_writer_below_is_no_second_complaint(desk: Desk) -> None:
    text = ONE_MAIL["Gmail"].replace("Budi <budi@warga.example>", "Wati <wati@warga.example>")
    desk.take_in(mail(desk, "sekretaris@kominfo.example", "Fwd: dua aduan", text).as_bytes())
    assert [c.nama for c in desk.complaints()] == ["Wati"]
    assert "Sampah di pasar lama." in desk.complaint().isi
