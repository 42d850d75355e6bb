"""Who wrote a mail that somebody passes on, by the header that a mail program copies into the text."""

from __future__ import annotations

import pytest

from pipeline.mail.addresses import Address
from pipeline.mail.forwarded import Original, apart, enclosed, original
from pipeline.mail.message import read

WORDS = "Lampu jalan di depan balai RW padam."


def passed_on(head: str, above: str = "", inside: tuple[str, ...] = ()) -> Original | None:
    """The mail that a head-man passes on with this header copied above its words."""
    marked = f"{above}\n\n---------- Pesan terusan ----------\n" if above else ""
    raw = f"From: Pak RT <rt@warga.example>\nSubject: Fwd: Lampu\n\n{marked}{head}\n\n{WORDS}\n"
    return original(read(raw.encode()), inside)


HEAD = "Dari: Siti <siti@warga.example>\nTanggal: Sen, 23 Nov 2026\nSubjek: Lampu padam\nKepada: rt@warga.example"


def test_the_first_writer_counts_and_what_was_added_is_told_apart() -> None:
    found = passed_on(HEAD, "Mohon dibantu warga saya.")
    assert found is not None
    assert found.writer == Address("Siti", "siti@warga.example")
    assert (found.subject, found.text, found.above) == (
        "Lampu padam",
        WORDS,
        "Mohon dibantu warga saya.",
    )


def test_a_writer_behind_a_group_has_no_address_for_that_is_the_groups() -> None:
    """An answer to the group would reach everybody on it."""
    head = HEAD.replace(
        "Siti <siti@warga.example>", "'Siti Rahmawati' via Info Warga <info@grup.example>"
    )
    found = passed_on(head)
    assert found is not None
    assert found.writer == Address("Siti Rahmawati", "")


def test_a_writer_without_an_address_is_known_by_the_name() -> None:
    found = passed_on(HEAD.replace("Siti <siti@warga.example>", "Siti Rahmawati"))
    assert found is not None
    assert found.writer == Address("Siti Rahmawati", "")


@pytest.mark.parametrize("label", ["Kepada", "Tembusan"])
def test_a_long_list_of_addresses_goes_on_in_the_next_lines(label: str) -> None:
    many = f"{label}: rt@warga.example,\n  rw@warga.example,\n  lurah@desa.example\nSubjek: Lampu padam"
    found = passed_on(f"Dari: Siti <siti@warga.example>\n{many}\nTanggal: Sen, 23 Nov 2026")
    assert found is not None
    people = found.to if label == "Kepada" else found.cc
    assert [one.email for one in people] == [
        "rt@warga.example",
        "rw@warga.example",
        "lurah@desa.example",
    ]
    assert found.text == WORDS


def test_one_blank_line_may_stand_between_the_fields() -> None:
    found = passed_on(HEAD.replace("\nTanggal", "\n\nTanggal"))
    assert found is not None
    assert (found.writer.email, found.subject) == ("siti@warga.example", "Lampu padam")


@pytest.mark.parametrize(
    "head",
    [
        "Dari: Siti <siti@warga.example>\nSubjek: Lampu padam",
        "Tanggal: Sen, 23 Nov 2026\nSubjek: Lampu padam\nKepada: rt@warga.example",
        "Dari: Siti, dari: Budi\nTerima kasih: semua",
    ],
    ids=["two fields", "no writer", "words"],
)
def test_words_with_colons_are_no_header(head: str) -> None:
    assert passed_on(head) is None


def test_of_several_forwards_the_first_writer_from_outside_counts() -> None:
    between = HEAD.replace("siti@warga.example", "Camat@Kota.example").replace("Siti", "Camat")
    found = passed_on(f"{between}\n\nTolong diteruskan.\n\n{HEAD}", inside=("camat@kota.example",))
    assert found is not None
    assert found.writer.email == "siti@warga.example"


def test_an_answer_with_a_quoted_header_passes_nothing_on() -> None:
    raw = f"From: rt@warga.example\nSubject: Re: Lampu\nIn-Reply-To: <1@warga.example>\n\nSudah.\n\n{HEAD}\n\n{WORDS}"
    assert original(read(raw.encode()), ()) is None


def test_a_whole_mail_that_hangs_on_another_is_enclosed() -> None:
    inner = f"Message-ID: <7@warga.example>\nFrom: Siti <siti@warga.example>\nSubject: Lampu\n\n{WORDS}\n"
    raw = (
        "From: rt@warga.example\nSubject: Titipan\nContent-Type: multipart/mixed; boundary=b\n\n"
        f"--b\n\nTerlampir.\n--b\nContent-Type: message/rfc822\n\n{inner}\n--b--\n"
    )
    (found,) = enclosed(read(raw.encode()), ())
    assert (found.writer.email, found.text.strip(), found.above) == (
        "siti@warga.example",
        WORDS,
        "Terlampir.",
    )
    assert found.message_id == "7@warga.example"
    assert enclosed(read(raw.encode()), ("siti@warga.example",)) == []


@pytest.mark.parametrize(
    "head",
    [
        '-------- Forwarded message --------\n24.11.2026, 10:05, "Siti" <siti@warga.example>:',
        "-------- Pesan yang diteruskan --------\n\n24.11.2026, 10:05, Siti (siti@warga.example):",
        '-------- Пересылаемое сообщение --------\n24.11.2026, 10:05, "Siti" <siti@warga.example>:',
        "Pada Sel, 24 Nov 2026 pukul 10.05 Siti <siti@warga.example> menulis:",
        "On Tue, 24 Nov 2026 at 10:05, Siti\n<siti@warga.example> wrote:",
    ],
    ids=["yandex", "brackets", "russian", "menulis", "two lines"],
)
def test_writer_who_is_told_in_one_line(head: str) -> None:
    found = passed_on(head)
    assert found is not None
    assert found.writer == Address("Siti", "siti@warga.example")
    assert found.text == WORDS


def test_whom_an_answer_quotes_is_not_who_wrote_it() -> None:
    """Siti's answer to Budi is one complaint of hers."""
    quote = "Pada Sel, 24 Nov 2026 pukul 10.05 Budi <budi@warga.example> menulis:\n> Sudah lapor?"
    raw = f"From: Pak RT <rt@warga.example>\nSubject: Fwd: Lampu\n\n{HEAD}\n\n{WORDS}\n\n{quote}\n"
    assert apart(read(raw.encode()), ()) == []
    found = original(read(raw.encode()), ())
    assert found is not None
    assert found.writer.email == "siti@warga.example"


@pytest.mark.parametrize(
    ("written", "writer"),
    [
        ("Siti (siti@warga.example)", ("Siti", "siti@warga.example")),
        ("forms@portal.example [mailto:forms@portal.example] On Behalf Of Siti", ("Siti", "")),
        (
            "Portal <forms@portal.example> on behalf of Siti <siti@warga.example>",
            ("Siti", "siti@warga.example"),
        ),
        (
            "Portal <forms@portal.example> atas nama Siti <siti@warga.example>",
            ("Siti", "siti@warga.example"),
        ),
    ],
)
def test_answer_goes_to_whom_a_mail_is_of_not_to_what_sent_it(
    written: str, writer: tuple[str, str]
) -> None:
    found = passed_on(HEAD.replace("Siti <siti@warga.example>", written))
    assert found is not None
    assert found.writer == Address(*writer)
