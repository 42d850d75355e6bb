"""Reading mails: what people see in them, and that nothing breaks the reader."""

from __future__ import annotations

import base64
import re
import tracemalloc
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.mail import message, reply, triage
from pipeline.mail.addresses import Address
from pipeline.mail.message import Message, read
from tests.work import effort

DATA = Path(__file__).parent / "data"
SAMPLES = sorted(DATA.glob("*.eml"))
NEC = b"\x1b$B-!" + "電灯".encode("iso2022_jp").removeprefix(
    b"\x1b$B"
)  # a number in a circle, by vendor


def sample(name: str) -> Message:
    return read((DATA / name).read_bytes())


def test_a_complaint_with_photo_and_letter_is_read_whole() -> None:
    mail = sample("keluhan-foto.eml")
    assert mail.sender == Address("Wulandari, S.Pd.", "Wulan.Dari@surel.example")
    assert mail.to == (Address("Layanan Pengaduan", "pengaduan@kota.example"),)
    assert mail.cc == (Address("", "kelurahan@kota.example"),)
    assert mail.subject == "Lampu jalan mati – RT 03"
    assert mail.date == datetime(2026, 11, 23, 0, 5, tzinfo=UTC)
    assert mail.message_id == "keluhan-1@surel.example"
    assert mail.text == "Lampu jalan di RT 03 mati sejak Jumat. Terima kasih 🙏"


def test_inline_picture_and_attached_letter_are_told_apart() -> None:
    photo, letter = sample("keluhan-foto.eml").attachments
    assert (photo.name, photo.content_type) == ("foto.png", "image/png")
    assert (photo.inline, photo.content_id) == (True, "foto@1")
    assert (letter.name, letter.content_type, letter.inline) == (
        "Surat pengantar – RT 03.pdf",
        "application/pdf",
        False,
    )
    assert letter.content == b"%PDF-1.4\n"


def test_html_keeps_lists_and_links_and_loses_scripts() -> None:
    text = sample("balasan-outlook.eml").text
    assert "lokasi ini <https://peta.example/rt03>" in text
    assert "* Lampu" in text
    assert "* Kabel – baru" in text
    assert "alert" not in text
    assert "color" not in text


def test_headers_come_decoded_in_raw_order() -> None:
    mail = read(b"Received: dua\nReceived: satu\nX-Nama: =?utf-8?q?Bu_N=C3=A9?=\n\n")
    assert mail.headers == (("Received", "dua"), ("Received", "satu"), ("X-Nama", "Bu Né"))
    assert mail.all("received") == ("dua", "satu")
    assert mail.header("x-nama") == "Bu Né"
    assert mail.header("Tiada") == ""


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"=?utf-8?B?w4k=?= =?utf-8?B?w4k=?=", "ÉÉ"),
        (b"=?gb2312?B?xOO6ww==?=", "你好"),
        (b"=?x-unknown?Q?Bu_N=E9?=", "Bu Né"),
        (b"=?iso-8859-1?Q?Bu_N=C3=A9?=", "Bu Né"),
        (b"=?utf-7?Q?Fr+APY-sche?=", "Frösche"),
        (b"Bu N\xe9", "Bu Né"),
        (b"Bu N\xc3\xa9", "Bu Né"),
        (b"satu\r\n dua", "satu dua"),
        (b"=?utf-8?Q?a=00b=0Dc?=", "ab c"),
        (b"=?UTF-8?B?TGFtcHUg8J+S?= =?utf-8?B?oSBtYXRp?=", "Lampu 💡 mati"),
        (b"=?utf-8?Q?Jl=2E_=E2?=\n =?utf-8?Q?=80=93_RT?=", "Jl. – RT"),
        (b"=?utf-8?Q?lampu mati di RT?=", "lampu mati di RT"),
        (b"=?UTF-8*id?Q?lampu=20mati?=", "lampu mati"),
        (b"Re: =?utf-8?Q?lampu?=mati", "Re: lampumati"),
        (
            b"=?ISO-2022-JP?B?" + base64.b64encode("電灯の故障".encode("iso2022_jp")) + b"?=",
            "電灯の故障",
        ),
        ("電灯の故障".encode("iso2022_jp"), "電灯の故障"),
        (b"=?iso-2022-jp?B?" + base64.b64encode(NEC) + b"?=", "①電灯"),
        (b"=?koi8-r?Q?" + b"=EC=C1=CD=D0=C1?=", "Лампа"),
        (
            "Улица темная, лампа не горит уже неделю".encode(),
            "Улица темная, лампа не горит уже неделю",
        ),
        (b"=?windows1251?Q?=CB=E0=EC=EF=E0?=", "Лампа"),
        (b"=?big5?B?" + base64.b64encode("路燈".encode("big5")) + b"?=", "路燈"),
        (b"=?euc-kr?B?sKG3zrXu?=", "가로등"),
    ],
    ids=repr,
)
def test_subjects_of_wild_mailers(raw: bytes, expected: str) -> None:
    """Cut characters, wrong and unknown charsets, raw 8-bit, folding, control characters."""
    subject = read(b"Subject: " + raw + b"\n\n").subject
    assert subject == expected


@pytest.mark.parametrize(
    ("charset", "data", "expected"),
    [
        ("X-GBK", "路灯坏了".encode("gbk"), "路灯坏了"),
        ("windows-874", "ไฟถนนเสีย".encode("cp874"), "ไฟถนนเสีย"),
        ("X-UNKNOWN", "Jl. Melati – mati".encode(), "Jl. Melati – mati"),
        ("us-ascii", b"Jl. Melati \x96 mati", "Jl. Melati – mati"),
        ("utf-8", b"Jl. Melati \x96 mati", "Jl. Melati \ufffd mati"),
        ("iso-8859-1", "Jl. Melati – mati".encode(), "Jl. Melati – mati"),
        ("zlib", b"Jl. Melati", "Jl. Melati"),
        ("unicode_escape", b"Jl. \\u0041", "Jl. \\u0041"),
        ("utf-7", b"Fr+APY-sche", "Frösche"),
        ("utf-8", "\ufeffJl. Melati".encode(), "Jl. Melati"),
        ("us-ascii", "Jl. Melati".encode("utf-16"), "Jl. Melati"),
        ("utf8mb4", "Jl. Melati – mati".encode(), "Jl. Melati – mati"),
        ("iso_8859-1:1987", b"Bu N\xe9", "Bu Né"),
        ("ISO8859_15", b"10 \xa4", "10 €"),
        ("Windows 1252", b"Jl. Melati \x96 mati", "Jl. Melati – mati"),
        ("cp-1251", "лампа".encode("cp1251"), "лампа"),
        ("koi8-ru", "лампа".encode("koi8-u"), "лампа"),
        ("iso-2022-jp", NEC, "①電灯"),
        ("euc-jp", "①電灯".encode("euc_jis_2004"), "①電灯"),
        ("x-sjis", "①電灯".encode("cp932"), "①電灯"),
        ("x-unknown", "가로등".encode("iso2022_kr"), "가로등"),
        ("hz-gb-2312", "路灯".encode("hz"), "路灯"),
        ("big5", "路燈".encode("big5"), "路燈"),
    ],
)
def test_charset_declared_then_detected(charset: str, data: bytes, expected: str) -> None:
    """Declared names that Python lacks, lies, and codecs that are no charsets."""
    text = read(b'Content-Type: text/plain; charset="' + charset.encode() + b'"\n\n' + data).text
    assert text == expected


@pytest.mark.parametrize(
    ("raw", "email", "name"),
    [
        ("Siti <siti@Surel.Example>", "siti@surel.example", "Siti"),
        ("siti@surel.example (Bu Siti)", "siti@surel.example", "Bu Siti"),
        ('"Siti, Bu" <siti@surel.example>', "siti@surel.example", "Siti, Bu"),
        ("=?utf-8?q?Bu_Siti_=3Csiti=40surel=2Eexample=3E?=", "siti@surel.example", "Bu Siti"),
        ("Siti <siti@surel.example", "siti@surel.example", "Siti"),
        ("<<siti@surel.example>>", "siti@surel.example", ""),
        ("Siti <tanpa-alamat>", "", "Siti"),
        ("mailto:siti@surel.example", "siti@surel.example", ""),
        ('"<i>Siti & Co</i>" <siti@surel.example>', "siti@surel.example", "<i>Siti & Co</i>"),
        (
            '"Siti <bu@surel.example>" <siti@surel.example>',
            "siti@surel.example",
            "Siti <bu@surel.example>",
        ),
        ('"bu@surel.example" <siti@surel.example>', "siti@surel.example", "bu@surel.example"),
        ("Wati, Siti <siti@surel.example>", "siti@surel.example", "Wati, Siti"),
        ("siti@surel.example (Siti (Bu))", "siti@surel.example", "Siti (Bu)"),
        ("<siti@surel.example> Siti", "siti@surel.example", "Siti"),
        ("Siti [siti@surel.example]", "siti@surel.example", "Siti"),
        ("<@satu.example,@dua.example:siti@surel.example>", "siti@surel.example", ""),
        ("=?utf-8?Q?Siti_<siti@surel.example>?=", "siti@surel.example", "Siti"),
        ("Siti <siti@surél.example>", "siti@surél.example", "Siti"),
        ("Siti <tiada>, Budi <budi@surel.example>", "budi@surel.example", "Budi"),
    ],
)
def test_senders_of_wild_mailers(raw: str, email: str, name: str) -> None:
    """A From that RFC 5322 forbids still names its sender; one without an address is unknown."""
    sender = read(f"From: {raw}\n\n".encode()).sender
    assert sender is not None
    assert (sender.email, sender.name) == (email, name)


def test_missing_from_is_no_sender() -> None:
    assert read(b"Subject: a\n\n").sender is None


def test_a_mail_without_from_is_from_whom_it_wants_the_answer_sent_to() -> None:
    for name in ("Sender", "X-Original-Sender", "Reply-To"):
        sender = read(f"{name}: siti@surel.example\n\n".encode()).sender
        assert sender == Address("", "siti@surel.example")


def test_groups_and_undisclosed_recipients_name_nobody() -> None:
    assert read(b"To: undisclosed-recipients:;\n\n").to == ()
    group = read(b"To: Warga: a@x.example, b@x.example;\n\n").to
    assert [a.email for a in group] == ["a@x.example", "b@x.example"]


def test_line_ends_in_an_address_cannot_make_headers() -> None:
    sender = read(b"From: =?utf-8?q?a=0D=0ABcc=3A_x=40y=2Eexample?= <a@b.example>\n\n").sender
    assert sender is not None
    assert "\n" not in sender.name
    assert "\r" not in sender.name
    assert sender.email == "a@b.example"


@pytest.mark.parametrize(
    ("written", "address"),
    [
        (b"root (Cron Daemon)", Address("Cron Daemon", "root")),
        (b"Siti", Address("Siti", "Siti")),
        (b"Siti Aminah", Address("Siti Aminah", "")),
        (b"Siti <>", Address("Siti", "")),
        (b"Siti, Siti <siti@surel.example>", Address("Siti, Siti", "siti@surel.example")),
    ],
)
def test_a_bare_word_is_an_address_on_the_senders_own_host(
    written: bytes, address: Address
) -> None:
    assert read(b"From: " + written + b"\n\n").sender == address


@pytest.mark.parametrize(
    "body",
    [
        b"JVBERi0xLjQK",
        b"JVBERi0xLjQ",
        b"JVBE\r\nRi0x LjQK",
        b"JVBERi0xLjQ==Cg==",
        b"!JVBERi0xLjQK*",
    ],
)
def test_damaged_base64_gives_what_is_there(body: bytes) -> None:
    raw = b"Content-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\n" + body
    assert read(raw).attachments[0].content.startswith(b"%PDF-1.4")


def test_a_lost_boundary_is_found_again() -> None:
    raw = (
        b"Content-Type: multipart/mixed; boundary=hilang\n\n--lain\nContent-Type: text/plain\n\nHalo\n"
        b"--lain\nContent-Type: application/pdf; name=a.pdf\n\n%PDF-1\n--lain--\n"
    )
    mail = read(raw)
    assert mail.text == "Halo"
    assert [a.name for a in mail.attachments] == ["a.pdf"]


def test_a_forwarded_mail_is_a_file_and_readable() -> None:
    inner = b"From: Budi <budi@surel.example>\nSubject: Jalan/rusak\n\nJalan berlubang di depan pasar.\n"
    raw = (
        b"Subject: Fwd\nContent-Type: multipart/mixed; boundary=b\n\n"
        b"--b\n\nMohon dibantu.\n--b\nContent-Type: message/rfc822\n\n" + inner + b"\n--b--\n"
    )
    mail = read(raw)
    assert mail.attachments[0].name == "Jalan_rusak.eml"
    assert mail.attachments[0].content.strip() == inner.strip()
    assert "Dari: Budi <budi@surel.example>" in mail.text
    assert "Jalan berlubang di depan pasar." in mail.text
    assert reply.split(mail.text).new == "Mohon dibantu."


@pytest.mark.parametrize(
    ("head", "body", "note"),
    [
        (b"application/pkcs7-mime; smime-type=enveloped-data", b"x", message.ENCRYPTED_SMIME),
        (b"application/x-pkcs7-mime; smime-type=signed-data", b"x", message.OPAQUE_SMIME),
        (b"multipart/encrypted; boundary=b", b"--b\n\nx\n--b--", message.ENCRYPTED_PGP),
        (b"text/plain", b"-----BEGIN PGP MESSAGE-----\nx", message.ENCRYPTED_PGP),
        (b"multipart/signed; boundary=b", b"--b\n\nx\n--b--", message.SIGNED),
        (b"application/ms-tnef; name=winmail.dat", b"x", message.TNEF),
        (b"text/calendar", b"BEGIN:VCALENDAR", message.CALENDAR),
    ],
)
def test_what_the_office_cannot_read_is_noted(head: bytes, body: bytes, note: str) -> None:
    assert note in read(b"Content-Type: " + head + b"\n\n" + body).notes


def test_an_ordinary_mail_has_no_notes() -> None:
    assert sample("keluhan-foto.eml").notes == ()


def test_the_plain_version_that_only_points_to_html_is_not_shown() -> None:
    raw = (
        b"Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\n"
        b"Your email client does not support HTML.\n--b\nContent-Type: text/html\n\n<p>"
        + b"Air PDAM mati sejak pagi. " * 10
        + b"</p>\n--b--\n"
    )
    assert read(raw).text.startswith("Air PDAM mati")


def test_the_type_is_read_from_the_content_not_from_the_claim() -> None:
    raw = b"Content-Type: image/jpeg; name=foto.jpg\n\nMZ\x90\x00\x03\x00\x00\x00"
    assert read(raw).attachments[0].content_type == "application/vnd.microsoft.portable-executable"


def test_a_file_declared_as_text_is_not_shown_as_text() -> None:
    for head in (b"Content-Type: text/plain; name=a.pdf", b"Content-Type: text/html; name=a.htm"):
        mail = read(head + b"\n\n%PDF-1.4\x00\x01\x02")
        assert (mail.text, [a.content_type for a in mail.attachments]) == ("", ["application/pdf"])


def test_dates_that_cannot_be_are_none() -> None:
    assert read(b"Date: Senin pagi\n\n").date is None
    assert read(b"Date: Mon, 99 Foo 2026 99:99:99 +9999\n\n").date is None
    assert read(b"Date: Mon, 23 Nov 2026 10:15:00\n\n").date == datetime(
        2026, 11, 23, 10, 15, tzinfo=UTC
    )


def test_old_mailers_files_inside_the_text_are_attachments() -> None:
    raw = b"Content-Type: text/plain\n\nTerlampir.\nbegin 644 a.txt\n#0V%T\n`\nend\n"
    mail = read(raw)
    assert mail.text.strip() == "Terlampir."
    assert [(a.name, a.content) for a in mail.attachments] == [("a.txt", b"Cat")]


# --- broken structure -----------------------------------------------------------------------


def mixed(*parts: bytes, boundary: bytes = b"b", head: bytes = b"") -> bytes:
    """A multipart/mixed of these parts, each with its own head."""
    body = b"".join(b"--" + boundary + b"\n" + part + b"\n" for part in parts)
    return (
        head
        + b'Content-Type: multipart/mixed; boundary="'
        + boundary
        + b'"\n\n'
        + body
        + b"--"
        + boundary
        + b"--\n"
    )


HALO = b"Content-Type: text/plain\n\nHalo"
PDF_PART = b"Content-Type: application/pdf; name=a.pdf\n\n%PDF-1"


@pytest.mark.parametrize(
    "raw",
    [
        b"Subject: lampu\nFrom: a@x.example\n\nHalo",
        b"Subject: lampu\r\nFrom: a@x.example\r\n\r\nHalo",
        b"Subject: lampu\rFrom: a@x.example\r\rHalo",
        b"Subject: lampu\r\r\nFrom: a@x.example\r\r\n\r\r\nHalo",
        b"\r\n\nSubject: lampu\nFrom: a@x.example\n\nHalo",
        b"\xef\xbb\xbfSubject: lampu\nFrom: a@x.example\n\nHalo",
        b"From a@x.example Mon Nov 23 10:15:00 2026\nSubject: lampu\nFrom: a@x.example\n\nHalo",
        b">From a@x.example Mon Nov 23 10:15:00 2026\nSubject: lampu\nFrom: a@x.example\n\nHalo",
        b"+OK 99 octets\nSubject: lampu\nFrom: a@x.example\n\nHalo",
        b"Subject : lampu\nFrom\t: a@x.example\n\nHalo",
        b"Subject: lampu\n: tanpa nama\nFrom: a@x.example\n\nHalo",
        b"Subject: lampu\nFrom: a@x.example\n \t\nHalo",
        b"Subject: lampu\nFrom: a@x.example\nHalo",
        b"Subject:\n lampu\n   \nFrom: a@x.example\n\nHalo",
    ],
    ids=repr,
)
def test_heads_in_every_state_are_read(raw: bytes) -> None:
    """Line ends of all kinds, noise above and in the head, no blank line below it."""
    mail = read(raw)
    assert (mail.subject, mail.sender, mail.text) == ("lampu", Address("", "a@x.example"), "Halo")


def test_a_header_line_that_lost_its_indent_stays_with_its_header() -> None:
    mail = read(b"Subject: lampu jalan di\ndepan pasar mati\nFrom: a@x.example\n\nHalo")
    assert (mail.subject, mail.text) == ("lampu jalan di depan pasar mati", "Halo")


@pytest.mark.parametrize(
    "raw",
    [
        mixed(HALO, PDF_PART),
        mixed(HALO, PDF_PART).replace(b"\n", b"\r\n"),
        mixed(HALO, PDF_PART).replace(b"\n", b"\r"),
        mixed(HALO, PDF_PART).removesuffix(b"\n--b--\n"),
        mixed(HALO, PDF_PART).replace(b"\n--b\n", b"\n--b \t\n"),
        mixed(HALO, PDF_PART, boundary=b"a b=+?'()/:"),
        mixed(HALO, PDF_PART).replace(b'"b"', b"'b'"),
        mixed(HALO, PDF_PART).replace(b'boundary="b"', b"boundary*0=b; charset=utf-8"),
        mixed(HALO, PDF_PART).replace(b"multipart/mixed;", b"multipart;"),
        mixed(HALO, PDF_PART).replace(b"multipart/mixed;", b"multipart/;"),
        mixed(HALO, PDF_PART).replace(b"multipart/mixed;", b"Multipart / Mixed (c);"),
        mixed(HALO, PDF_PART).replace(b"multipart/mixed; ", b""),
        mixed(HALO, PDF_PART).replace(b"multipart/mixed;", b"multipart/tak-dikenal;"),
        mixed(HALO, PDF_PART).replace(b"; boundary", b" boundary"),
        mixed(HALO, PDF_PART, head=b"Content-Type: text/plain\n"),
        mixed(HALO, PDF_PART).partition(b"\n\n")[2],
        b"Subject: a\n\nThis is a multi-part message in MIME format.\n\n"
        + mixed(HALO, PDF_PART).partition(b"\n\n")[2],
        mixed(HALO, PDF_PART).replace(b"\n\n--b", b"\n--b", 1),
        mixed(HALO + b"\n--b--", PDF_PART),
        mixed(mixed(HALO, PDF_PART)),
        mixed(mixed(HALO), PDF_PART),
        mixed(mixed(HALO, boundary=b"c").replace(b"--c--\n", b""), PDF_PART),
        mixed(HALO, PDF_PART, boundary=b"b2").replace(b'"b2"', b'"b"'),
        b"Content-Transfer-Encoding: base64\nContent-Type: multipart/mixed; boundary=b\n\n"
        + base64.encodebytes(mixed(HALO, PDF_PART).partition(b"\n\n")[2]),
    ],
)
def test_parts_are_found_in_every_state(raw: bytes) -> None:
    """Boundaries unclosed, closed early, misspelt, nested, shared, lost; types without a subtype or a head."""
    mail = read(raw)
    assert mail.text == "Halo"
    assert [(a.name, a.content) for a in mail.attachments] == [("a.pdf", b"%PDF-1")]


def test_parts_of_a_digest_are_mails_by_default() -> None:
    raw = mixed(b"\nSubject: satu\n\nIsi satu").replace(b"multipart/mixed", b"multipart/digest")
    assert [a.name for a in read(raw).attachments] == ["satu.eml"]


def test_a_forwarded_mail_keeps_its_bytes_in_every_encoding() -> None:
    inner = b"Subject: lampu\r\nX-A: 1\r\n\r\nHalo\r\n\r\n.\r\n"
    plain = mixed(b"Content-Type: message/rfc822\r\n\r\n" + inner)
    encoded = mixed(
        b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(inner)
    )
    for raw in (plain, encoded):
        assert [(a.name, a.content) for a in read(raw).attachments] == [("lampu.eml", inner)]


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"Content-Disposition: attachment; filename=foto rumah.pdf", "foto rumah.pdf"),
        (b"Content-Disposition: attachment; filename='foto.pdf'", "'foto.pdf'"),
        (b'Content-Disposition: attachment; filename="foto.pdf', "foto.pdf"),
        (b'Content-Disposition: attachment; filename="f\\"o.pdf"', 'f"o.pdf'),
        (b"Content-Disposition: attachment; filename*=utf-8''foto%20%E2%80%93.pdf", "foto –.pdf"),
        (b"Content-Disposition: attachment; filename*=UTF-8'id'foto.pdf", "foto.pdf"),
        (b"Content-Disposition: attachment; filename=UTF-8''foto%20%E2%80%93.pdf", "foto –.pdf"),
        (
            b"Content-Disposition: attachment; filename=salah.pdf; filename*=utf-8''foto.pdf",
            "foto.pdf",
        ),
        (
            b"Content-Disposition: attachment; filename*0*=utf-8''fo%74; filename*1=o.pdf",
            "foto.pdf",
        ),
        (b"Content-Disposition: attachment; filename*1=o.pdf; filename*0=fot", "foto.pdf"),
        (
            b"Content-Disposition: attachment; filename==?utf-8?Q?fo=E2=80=93?=\n =?utf-8?Q?to.pdf?=",
            "fo–to.pdf",
        ),
        (b'Content-Disposition: attachment; filename="=?utf-8?B?Zm90by5wZGY=?="', "foto.pdf"),
        (b"Content-Disposition: attachment; filename=satu.pdf; filename=dua.pdf", "satu.pdf"),
        (b"Content-Disposition: attachment; filename=foto.pdf size=99", "foto.pdf"),
        (
            b"Content-Disposition: attachment\nContent-Type: application/pdf; name=foto.pdf",
            "foto.pdf",
        ),
        (
            b"Content-Disposition: attachment; filename=\"????.pdf\"\nContent-Type: a/b; name*=utf-8''%C3%A9.pdf",
            "é.pdf",
        ),
        (b'Content-Disposition: attachment; filename="\xe9t\xe9.pdf"', "été.pdf"),
        ("Content-Disposition: attachment; filename=–.pdf".encode(), "–.pdf"),
        (b"Content-Disposition: attachment", "lampiran-1.pdf"),
        (b'Content-Disposition: attachment; filename=""', "lampiran-1.pdf"),
    ],
    ids=repr,
)
def test_file_names_in_every_spelling(head: bytes, name: str) -> None:
    assert [a.name for a in read(mixed(head + b"\n\n%PDF-1")).attachments] == [name]


def test_undeclared_names_are_in_the_charset_of_the_mail() -> None:
    name = "路灯照片.pdf".encode("gbk")
    raw = mixed(
        b"Content-Type: text/plain; charset=gb2312\n\n" + "路灯坏了".encode("gbk"),
        b'Content-Disposition: attachment; filename="' + name + b'"\n\n%PDF-1',
        head=b"Subject: " + "路灯".encode("gbk") + b"\n",
    )
    mail = read(raw)
    assert (mail.subject, mail.text, mail.attachments[0].name) == (
        "路灯",
        "路灯坏了",
        "路灯照片.pdf",
    )


def test_a_subject_without_a_charset_is_in_that_of_the_text() -> None:
    """Old mailers put 8-bit letters into headers and declare nothing: the whole mail tells what they are."""
    raw = "Subject: Лампа не горит\n\nЛампа не горит на улице".encode("cp1251")
    assert read(raw).subject == "Лампа не горит"


@pytest.mark.parametrize(
    ("encoding", "body", "expected"),
    [
        (b"base64", b"Lampu jalan di RT 03 mati, mohon diperbaiki segera.", None),
        (b"base64", b"SGFs\nbyBkdW5pYQ==\n\n-- \nkaki surat dari server", "Halo dunia"),
        (b"Base64 ", b"SGFsbyBkdW5pYQ", "Halo dunia"),
        (b"base-64", b"SGFsbyBkdW5pYQ==", "Halo dunia"),
        (b"quoted-printable", b"lampu ja=\nlan =E2=80=93 RT", "lampu jalan – RT"),
        (b"quoted-printable", b"lampu ja=  \nlan", "lampu jalan"),
        (b"quoted-printable", b"lampu ja=\r\nlan", "lampu jalan"),
        (b"quoted-printable", b"a = b, 1=ZZ, c=", "a = b, 1=ZZ, c"),
        (b"Quoted_Printable", b"=e2=80=93", "–"),
        (b"7bit", "– RT".encode(), "– RT"),
        (b"x-tak-dikenal", b"lampu =3D", "lampu =3D"),
        (b"x-uuencode", b"begin 644 a\n#0V%T\n`\nend\n", "Cat"),
    ],
)
def test_transfer_encodings_in_every_state(
    encoding: bytes, body: bytes, expected: str | None
) -> None:
    text = read(b"Content-Transfer-Encoding: " + encoding + b"\n\n" + body).text
    assert text.startswith(expected if expected is not None else body.decode())


def test_html_declares_its_own_charset() -> None:
    html = (
        b'<meta http-equiv="Content-Type" content="text/html; charset=windows-1251"><p>'
        + "лампа не горит".encode("cp1251")
    )
    for declared in (b"", b"; charset=x-unknown", b"; charset=utf-8"):
        assert read(b"Content-Type: text/html" + declared + b"\n\n" + html).text == "лампа не горит"


def test_flowed_lines_are_joined_as_the_sender_said() -> None:
    flowed = b"Content-Type: text/plain; format=flowed%s\n\nLampu \njalan mati.\n\n From sini.\n-- \nSiti"
    assert read(flowed % b"").text == "Lampu jalan mati.\n\nFrom sini.\n-- \nSiti"
    assert read(flowed % b"; delsp=yes").text.startswith("Lampujalan mati.")


def everything(raw: bytes) -> None:
    mail = read(raw)
    triage.classify(mail, own_addresses=frozenset({"pengaduan@kota.example"}))
    parts = reply.split(mail.text)
    assert sorted(parts.new.split() + parts.rest.split()) == sorted(mail.text.split())
    mail.text.encode("utf-8")
    for name, value in mail.headers:
        (name + value).encode("utf-8")


@given(st.binary(max_size=3_000))
@settings(max_examples=150, deadline=None)
def test_no_bytes_at_all_break_the_reader(raw: bytes) -> None:
    everything(raw)


CUT = st.tuples(st.floats(0, 1), st.binary(max_size=12), st.integers(0, 40))


@given(st.sampled_from(SAMPLES), st.lists(CUT, min_size=1, max_size=8))
@settings(max_examples=200, deadline=None)
def test_no_damage_to_a_mail_breaks_the_reader(
    path: Path, cuts: list[tuple[float, bytes, int]]
) -> None:
    raw = path.read_bytes()
    for where, put, gone in cuts:
        at = int(where * len(raw))
        raw = raw[:at] + put + raw[at + gone :]
    everything(raw)


@pytest.mark.parametrize("count", [200, 400, 1_900, 12_000])
@pytest.mark.parametrize(
    "tag",
    [
        "<b>",
        "<font color=red>",
        "<div>",
        "<span><div>",
        "<blockquote>",
        "<table><tr><td>",
        "<ul><li>",
        "<ol><li>",
    ],
)
def test_no_text_is_lost_behind_elements_that_stay_open(tag: str, count: int) -> None:
    html = "".join(f"{tag}baris {n}<br>" for n in range(count)).encode()
    texts: list[str] = []
    assert effort(lambda: texts.append(read(b"Content-Type: text/html\n\n" + html).text)) < 100
    (text,) = texts
    assert re.findall(r"\bbaris (\d+)\b", text) == [str(n) for n in range(count)]


def test_unclosed_bold_leaves_lists_and_links_their_form() -> None:
    html = "<b>tebal " * 400 + "<ul><li>satu<li>dua</ul><a href='https://warga.example/1'>sini</a>"
    text = read(b"Content-Type: text/html\n\n" + html.encode()).text
    assert "* satu" in text
    assert "sini <https://warga.example/1>" in text


@pytest.mark.parametrize(
    "html",
    ["<ul>" * 120 + "<li>x" * 38_000, "<table><tr><td>" * 60 + "<td>x" * 38_000],
    ids=["list", "table"],
)
def test_many_lines_far_inside_fill_neither_time_nor_memory(html: str) -> None:
    texts: list[str] = []
    assert (
        effort(lambda: texts.append(read(b"Content-Type: text/html\n\n" + html.encode()).text))
        < 100
    )
    (text,) = texts
    assert text.count("x") == 38_000
    assert len(text) < len(html)


HTML = b"Content-Type: text/html\n\n"
BOMBS = {
    "parts in parts": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(9_000)
    ),
    "mails in mails": b"Content-Type: message/rfc822\n\n" * 30_000,
    "many parts": b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 100_000,
    "parts of unknown charset": b"Content-Type: multipart/mixed; boundary=b\n\n"
    + b"--b\n\n\xe9\xf0\xa4\xb1 nama" * 9_000,
    "almost boundaries": b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--bx\n" * 200_000,
    "lost boundaries": b"Content-Type: multipart/mixed; boundary=x\n\n"
    + (b"--b" + b" " * 110 + b"\n") * 9_000,
    "one header": b"From: " + b"a" * 1_000_000 + b"\n\n",
    "headers": b"".join(b"X-%d: \xe9\xf0 nama orang panjang sekali\n" % i for i in range(10_000))
    + b"\n",
    "no headers": b"nama\n" * 200_000,
    "comments": b"To: " + b"(" * 1_000_000 + b"\n\n",
    "angles": b"To: " + b"<" * 1_000_000 + b"\n\n",
    "quotes": b"To: " + b'"a' * 500_000 + b"\n\n",
    "colons": b"To: a@" + b":" * 1_000_000 + b"\n\n",
    "words": b"Subject: " + b"=?utf-8?q?a?= " * 20_000 + b"\n\n",
    "half words": b"Subject: " + b"=?a?q?" * 200_000 + b"\n\n",
    "parameters": b"Content-Type: a/b" + b";name*0*=x%41" * 100_000 + b"\n\n",
    "blanks for parameters": b"Content-Type: a/b;" + b" " * 1_000_000 + b"x\n\n",
    "flowed": b"Content-Type: text/plain; format=flowed\n\n" + b"a \n" * 300_000,
    "uuencoded": b"\n" + b"begin 644 a\n#0V%T\n`\nend\n" * 30_000,
    "deep html": HTML + b"<div>" * 200_000 + b"halo",
    "table": HTML + b"<table>" + b"<tr><td>a</td><td>b</td></tr>" * 30_000,
    "quotes in html": HTML + b"<blockquote type=cite>a</blockquote>" * 30_000,
    "long word": b"From: MAILER-DAEMON@x.example\nSubject: failure notice\n\n" + b"a" * 100_000,
    "spaces": b"From: MAILER-DAEMON@x.example\nSubject: failure notice\n\n" + b" " * 100_000 + b"x",
}


@pytest.mark.parametrize("raw", BOMBS.values(), ids=BOMBS)
def test_bombs_are_read_in_bounded_time(raw: bytes) -> None:
    assert effort(lambda: everything(raw)) < 250


@pytest.mark.parametrize(
    "raw",
    [
        b"Content-Type: a/b\nContent-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(bytes(6_000_000)),
        b"Content-Type: a/b\nContent-Transfer-Encoding: base64\n\n" + b"SA==" * 2_000_000,
        b"Content-Type: a/b\nContent-Transfer-Encoding: x-uuencode\n\nbegin 644 a\n"
        + b"#0V%T\n" * 200_000,
        b"Content-Type: message/rfc822\n\n" * 20 + b"Subject: a\n\n" + b"halo\n" * 1_500_000,
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nhalo\n" * 800_000,
    ],
    ids=["attachment", "padding", "uuencoded", "mails in mails", "many parts"],
)
def test_reading_takes_a_few_times_the_size_of_a_mail(raw: bytes) -> None:
    tracemalloc.start()
    try:
        read(raw)
        assert tracemalloc.get_traced_memory()[1] < 6 * len(raw)
    finally:
        tracemalloc.stop()


def test_big_attachments_survive_unchanged() -> None:
    content = bytes(range(256)) * 8_000
    raw = (
        b"Content-Type: application/octet-stream; name=a.bin\nContent-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(content)
    )
    assert read(raw).attachments[0].content == content


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_long_attachments_come_whole_wherever_they_stand(end: bytes) -> None:
    """Long runs of base64 do not go through the line-by-line parser; the bytes are the same."""
    first, second = bytes(range(256)) * 40, bytes(reversed(range(256))) * 41 + b"x"
    key = "\n".join(["A" * 64] * 30)
    inner = EmailMessage()
    inner["Subject"] = "Terusan"
    inner.set_content("Isi terusan.")
    inner.add_attachment(second, maintype="image", subtype="x-uji", filename="dua.bin")
    outer = EmailMessage()
    outer["From"], outer["Subject"] = "siti@warga.example", "Lampiran"
    outer.set_content(f"Kunci kami:\n{key}\nSalam.")
    outer.add_attachment(first, maintype="image", subtype="x-uji", filename="satu.bin")
    outer.add_attachment(inner)
    read = message.read(outer.as_bytes().replace(b"\n", end))
    files = {one.name: one.content for one in read.attachments}
    assert files["satu.bin"] == first
    assert files["dua.bin"] == second
    assert files["Terusan.eml"].replace(b"\r\n", b"\n") == inner.as_bytes()
    assert f"Kunci kami:\n{key}\nSalam." in read.text


def test_all_plain_texts_of_an_alternative_are_shown() -> None:
    text = sample("pengirim/dua-plain.eml").text
    assert "Lampiran di bawah" in text
    assert "Jalan Mawar rusak, korban dua orang." in text


def test_the_same_plain_text_twice_is_shown_once() -> None:
    part = "--b\nContent-Type: text/plain\n\nJalan rusak.\n"
    raw = f"Content-Type: multipart/alternative; boundary=b\n\n{part}{part}--b--\n"
    assert read(raw.encode()).text == "Jalan rusak."


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_boundary_may_end_in_dashes(end: str) -> None:
    raw = (
        (DATA / "pengirim/batas-strip.eml")
        .read_bytes()
        .replace(b"\r\n", b"\n")
        .replace(b"\n", end.encode())
    )
    assert read(raw).text == "Jalan Mawar rusak."
    assert read(raw.replace(b'boundary="abc--"', b"boundary=abc--")).text == "Jalan Mawar rusak."
