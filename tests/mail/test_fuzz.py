"""Mails cut, changed and spliced: the reader never raises, and comes to an end."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.mail import message, reply, triage

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpora" / "open"
SECONDS = 5.0  # of the processor, a guard against hanging, many times what any of these takes

PLAIN = (
    "From: Siti Wulandari <siti@surel.example>\nTo: pengaduan@kota.example\nSubject: Lampu jalan mati\n"
    "Date: Mon, 23 Nov 2026 10:15:00 +0700\nMessage-ID: <a1@surel.example>\nMIME-Version: 1.0\n"
    'Content-Type: text/plain; charset="utf-8"; format=flowed\nContent-Transfer-Encoding: 8bit\n\n'
    "Lampu jalan di depan pasar \nmati sejak Jumat – mohon diperbaiki.\n\n-- \nSiti\n"
).encode()
REPLY = (
    b"From: =?utf-8?B?QnUgU2l0aQ==?= <siti@surel.example>\r\nSubject: =?utf-8?Q?Re:_Pengaduan_=E2=80=93?="
    b"\r\n =?utf-8?Q?_RT?=\r\n"
    b"In-Reply-To: <b2@kota.example>\r\nReferences: <a1@surel.example>\r\n <b2@kota.example>\r\n"
    b'Content-Type: multipart/alternative; boundary="=_satu"\r\n\r\n--=_satu\r\nContent-Type: text/plain\r\n'
    b"Content-Transfer-Encoding: quoted-printable\r\n\r\nTerima kasih =E2=80=93 sudah men=\r\nyala.\r\n\r\n"
    b"Pada Sen, 23 Nov 2026 pukul 10.15 Layanan <pengaduan@kota.example> menulis:\r\n> Yth. Ibu\r\n"
    b"--=_satu\r\nContent-Type: text/html; charset=us-ascii\r\n\r\n<p>Terima kasih</p><div class=gmail_quote>"
    b"<blockquote type=cite>Yth. Ibu</blockquote></div>\r\n--=_satu--\r\n"
)
FILES = (
    b"From: a@surel.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nTerlampir.\n"
    b"begin 644 a.txt\n#0V%T\n`\nend\n"
    b"--b\nContent-Type: application/pdf; name*0*=utf-8''foto%20; name*1=rumah.pdf\nContent-Transfer-Encoding: base64\n"
    b"Content-Disposition: attachment; filename==?utf-8?Q?foto=2Epdf?=\n\n"
    + base64.encodebytes(b"%PDF-1.4" * 20)
    + b"--b\n"
    b"Content-Type: message/rfc822\n\nFrom: b@surel.example\nSubject: lama\n"
    b"Content-Type: text/plain; charset=gb2312\n\n" + "路灯坏了".encode("gbk") + b"\n--b--\n"
)
BOUNCE = (
    b"Return-Path: <>\nFrom: MAILER-DAEMON@kota.example (Mail Delivery System)\nSubject: Undelivered Mail\n"
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
    b"--b\n\n<siti@surel.example>: user unknown\n"
    b"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; kota.example\n\n"
    b"Final-Recipient: rfc822; siti@surel.example\nAction: failed\nStatus: 5.1.1\n"
    b"Diagnostic-Code: smtp; 550 5.1.1 unknown\n\n"
    b"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <b2@kota.example>\nSubject: Pengaduan\n--b--\n"
)
SEEDS = (PLAIN, REPLY, FILES, BOUNCE)

# What mails break on: marks of structure, encodings, charsets, quotes, and bytes that are none of them.
TOKENS = st.sampled_from(
    [
        *(
            b"\n",
            b"\r",
            b"\r\n",
            b"\n\n",
            b"\n ",
            b"\t",
            b"\0",
            b"\xff\xfe",
            b"\xef\xbb\xbf",
            b"\xe9",
            b"\x1b$B",
            b"\x1b(B",
        ),
        *(
            b"--b\n",
            b"\n--b--\n",
            b"--",
            b"=_satu",
            b"boundary=",
            b'"',
            b"'",
            b"\\",
            b"<",
            b">",
            b"(",
            b")",
            b",",
            b";",
            b":",
            b"@",
        ),
        *(
            b"=?",
            b"?=",
            b"=?utf-8?B?",
            b"=?iso-2022-jp?Q?",
            b"=",
            b"=\n",
            b"==",
            b"=3D",
            b"*0*=",
            b"''",
            b"%e9",
            b"+APY-",
        ),
        *(
            b"Content-Type: message/rfc822\n\n",
            b"Content-Type: multipart/digest; boundary=b\n\n",
            b"Content-Type: text/html\n\n",
        ),
        *(
            b"Content-Transfer-Encoding: base64\n",
            b"Content-Transfer-Encoding: x-uuencode\n",
            b"charset=utf-7",
            b"charset=utf-16",
        ),
        *(
            b"begin 644 a\n",
            b"\nend\n",
            b"From ",
            b">From ",
            b"> ",
            b"-- \n",
            b"<table><tr><td>",
            b"<blockquote type=cite>",
            b"&#0;",
        ),
        *(
            b"Subject: ",
            b"From: ",
            b"Final-Recipient: ",
            b"Auto-Submitted: ",
            b"Dari: ",
            b" menulis:\n",
            b"wrote:\n",
            b"_____\n",
        ),
    ]
)
PLACE = st.floats(0, 1, exclude_max=True)
CHANGE = st.tuples(
    PLACE, st.integers(0, 60), st.one_of(TOKENS, st.binary(max_size=12)), st.integers(1, 30)
)


def read_all(raw: bytes) -> None:
    """Everything that a mail goes through before anybody sees it."""
    start = time.process_time()
    mail = message.read(raw)
    triage.classify(mail, own_addresses=frozenset({"pengaduan@kota.example"}))
    parts = reply.split(mail.text)
    assert time.process_time() - start < SECONDS
    people = [a for a in (mail.sender, *mail.reply_to, *mail.to, *mail.cc) if a]
    stored = [
        mail.message_id,
        mail.subject,
        parts.new,
        parts.rest,
        *(a.email + a.name for a in people),
    ]
    stored += [a.name + a.content_type + a.content_id for a in mail.attachments]
    stored += [name + value for name, value in mail.headers]
    for text in stored:
        assert "\0" not in text  # which PostgreSQL does not take
        text.encode("utf-8")


def changed(raw: bytes, changes: list[tuple[float, int, bytes, int]]) -> bytes:
    """`raw` with bytes taken out and tokens, repeated, put in."""
    for where, gone, put, times in changes:
        at = int(where * len(raw))
        raw = raw[:at] + put * times + raw[at + gone :]
    return raw


def fuzz(examples: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


@given(st.sampled_from(SEEDS), st.lists(CHANGE, min_size=1, max_size=8))
@fuzz(250)
def test_changed_mails_are_read(raw: bytes, changes: list[tuple[float, int, bytes, int]]) -> None:
    read_all(changed(raw, changes))


@given(st.sampled_from(SEEDS), PLACE)
@fuzz(100)
def test_mails_cut_off_anywhere_are_read(raw: bytes, where: float) -> None:
    read_all(raw[: int(where * len(raw))])
    read_all(raw[int(where * len(raw)) :])


@given(st.lists(st.tuples(st.sampled_from(SEEDS), PLACE, PLACE), min_size=2, max_size=6))
@fuzz(150)
def test_mails_spliced_of_others_are_read(pieces: list[tuple[bytes, float, float]]) -> None:
    read_all(
        b"".join(
            raw[int(a * len(raw)) : int(a * len(raw)) + int(b * len(raw))] for raw, a, b in pieces
        )
    )


@given(st.lists(TOKENS, max_size=60))
@fuzz(150)
def test_marks_of_structure_alone_are_read(tokens: list[bytes]) -> None:
    read_all(b"".join(tokens))


@pytest.mark.skipif(not CORPUS.is_dir(), reason="no open corpus beside the project")
def test_the_open_corpus_is_read_with_any_damage() -> None:
    lines = (CORPUS / "manifest.jsonl").read_text("utf-8").splitlines()
    mails = [
        raw
        for line in lines
        if len(raw := (CORPUS / json.loads(line)["file"]).read_bytes()) < 50_000
    ]

    @given(st.sampled_from(mails), st.sampled_from(mails), PLACE, st.lists(CHANGE, max_size=4))
    @fuzz(200)
    def damaged(
        raw: bytes, other: bytes, where: float, changes: list[tuple[float, int, bytes, int]]
    ) -> None:
        spliced = raw[: int(where * len(raw))] + other[int(where * len(other)) :]
        read_all(changed(spliced, changes))

    damaged()
