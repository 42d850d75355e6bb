"""Whatever words a mail is made of, its wire form is right and says just these words; the check itself is not blind."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as budget
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from pipeline.data.tables import Outbox
from pipeline.mail import outbox
from pipeline.mail.message import read as read_mail
from pipeline.mail.outbox import Draft
from pipeline.office import config
from pipeline.work import Work
from tests.kantor import SITI, TUESDAY
from tests.mail import wellformed

SETTINGS = config.parse(config.SAMPLE.read_text("utf-8"), config.SAMPLE)
HARD = "\r\n\0\t\x0b\x0c\x1b\x7f\x85\u00a0\u2028\u2029\u202e\u200f\ufeff\ud800\udfffé–ا🙏日,;:\"'<>()@[]\\=?_. A"
LONG = [
    "x" * 3_000,
    "é" * 900,
    "🙏" * 400,
    "kata " * 300,
    "=?utf-8?q?bukan?=",
    "?=" * 40,
    "a\r\nBcc: korban@lain.example",
]
LETTERS = st.text(st.sampled_from(HARD) | st.characters(), max_size=80)
WORDS = LETTERS | st.sampled_from(LONG) | st.builds(str.__add__, LETTERS, st.sampled_from(LONG))


def made(**changes: Any) -> Outbox:
    """The row of a mail, as `put` would store it."""
    plain = {
        "name": "x",
        "recipient": SITI,
        "recipient_name": "",
        "subject": "a",
        "text": "a",
        "html": "<p>a",
    }
    return outbox.put(Work(Session(), SETTINGS, TUESDAY), Draft(**{**plain, **changes}))


def wire(row: Outbox, *files: tuple[bytes, str, str]) -> bytes:
    return outbox.wire(row, SETTINGS, {}, list(files))[1]


def plain(text: str) -> bool:
    """No control letters but the two that lines are made of, and nothing that UTF-8 cannot say."""
    return not any(
        (ord(c) < 32 and c not in "\n\t") or 127 <= ord(c) < 160 or 0xD800 <= ord(c) < 0xE000
        for c in text
    )


@given(name=WORDS, subject=WORDS, text=WORDS, file=WORDS, thread=WORDS)
@example(
    name=".xxxx" * 90, subject="", text="", file="", thread=""
)  # the library's own folding raised TypeError
@example(name="é" * 100 + "." * 9, subject="a" * 78 + " é", text="", file="", thread="")
@budget(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_words_make_a_mail_that_says_just_them(
    name: str, subject: str, text: str, file: str, thread: str
) -> None:
    text = f"{text}akhir"
    row = made(
        recipient_name=name, subject=subject, text=text, html=f"<p>{text}", in_reply_to=thread
    )
    read = wellformed.read(wire(row, (b"isi", file, "application/pdf")))
    assert (read.sender, read.to) == (SETTINGS.smtp.sender, SITI)
    assert (read.to_name, read.subject) == (row.recipient_name, row.subject)
    assert (read.text, read.html) == (row.text, row.html)
    assert [(mime, content) for _, mime, content in read.files] == [("application/pdf", b"isi")]
    assert all(
        plain(words)
        for words in (row.recipient_name, row.subject, row.text, row.html, read.files[0][0])
    )
    if plain(subject + text) and len(subject) <= outbox.LONGEST_LINE:
        assert (row.subject, row.text) == (" ".join(subject.split()), text), (
            "nothing is lost that can be said"
        )


@given(subject=WORDS, text=WORDS)
@budget(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_our_own_reader_reads_what_we_write(subject: str, text: str) -> None:
    row = made(subject=f"Perihal {subject} akhir", text=f"Awal\n{text}\nakhir")
    message = read_mail(wire(row))
    assert message.sender is not None
    assert (message.sender.email, message.message_id) == (
        SETTINGS.smtp.sender,
        row.message_id.strip("<>"),
    )
    assert "".join(message.subject.split()) == "".join(row.subject.split())


@pytest.mark.parametrize("size", [500, 501, 10_000, 100_000])
@pytest.mark.parametrize("letter", ["x", "é", "🙏", "a ", "ab, "])
def test_a_subject_of_any_size_is_cut_to_what_a_line_may_hold(size: int, letter: str) -> None:
    row = made(subject=letter * size, recipient_name=letter * size)
    read = wellformed.read(wire(row))
    assert read.subject == read.to_name == row.subject
    assert len(row.subject) <= 500


@pytest.mark.parametrize(
    "zone", [("Asia/Jakarta", "+0700"), ("Asia/Makassar", "+0800"), ("Asia/Jayapura", "+0900")]
)
def test_the_date_is_in_the_offices_zone(zone: tuple[str, str]) -> None:
    """Indonesia has three."""
    there = SETTINGS.model_copy(
        update={"instansi": SETTINGS.instansi.model_copy(update={"zona": zone[0]})}
    )
    row = outbox.put(
        Work(Session(), there, datetime(2026, 12, 31, 17, tzinfo=UTC)),
        Draft("x", SITI, "", "a", "a", "<p>a"),
    )
    raw = outbox.wire(row, there, {}, [])[1]
    wellformed.read(raw, zone=zone[1])
    day = b"Fri, 01 Jan 2027 0"
    assert b"Date: " + day in raw


GOOD = wire(
    made(recipient_name="Siti é", subject="Lampu", text="a" * 90, in_reply_to="satu@b.example"),
    (b"x", "a", "b/c"),
)
SPOILT = {
    "a bare LF": (b"MIME-Version: 1.0\r\n", b"MIME-Version: 1.0\n"),
    "a bare CR": (b"MIME-Version", b"\rMIME-Version"),
    "8-bit": (b"Subject: Lampu", "Subject: Lampé".encode()),
    "a header too many": (b"Subject:", b"Bcc: korban@lain.example\r\nSubject:"),
    "a header twice": (b"Subject:", b"Subject: lain\r\nSubject:"),
    "a header too few": (b"Auto-Submitted: auto-generated\r\n", b""),
    "a date in letters": (b"+0700", b"WIB"),
    "another zone": (b"+0700", b"+0000"),
    "a long line": (b"MIME-Version", b"x" * 999 + b"\r\nMIME-Version"),
    "a long body line": (b"aaa=\r\n", b"aaa"),
    "a header that could be folded": (b"Subject: Lampu", b"Subject: Lampu\r\n " + b"lampu " * 20),
    "two recipients": (b" <siti@warga.example>", b" <siti@warga.example>, <korban@lain.example>"),
    "an id without brackets": (b"<satu@b.example>", b"satu@b.example"),
    "another charset": (b'charset="utf-8"', b'charset="latin1"'),
    "another type": (b"text/html", b"text/richtext"),
    "another coding": (b"Content-Transfer-Encoding: base64", b"Content-Transfer-Encoding: 7bit"),
    "no end": (b"--\r\n", b""),
}


@pytest.mark.parametrize("name", SPOILT)
def test_the_check_sees_what_is_wrong(name: str) -> None:
    wellformed.read(GOOD)
    before, after = SPOILT[name]
    assert before in GOOD
    with pytest.raises(AssertionError):
        wellformed.read(GOOD.replace(before, after))
