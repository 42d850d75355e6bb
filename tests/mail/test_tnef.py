"""winmail.dat: the files and the text inside, and that a broken or hostile one harms nobody."""

from __future__ import annotations

import base64
import struct
import time

import pytest

from pipeline.mail import message, tnef
from pipeline.mail.message import Message, read


def outlook(*attributes: tuple[int, bytes]) -> bytes:
    """A winmail.dat of these attributes (MS-OXTNEF): level, id, type, length, value, checksum."""
    rows = [
        b"\x02"
        + struct.pack("<HHI", name, 6, len(value))
        + value
        + struct.pack("<H", sum(value) % 65_536)
        for name, value in attributes
    ]
    return tnef.SIGNATURE + b"\x01\x00" + b"".join(rows)


def properties(*rows: tuple[int, int, bytes]) -> bytes:
    """A list of (type, id, value) with one value each, every value padded to four bytes."""
    found = [
        struct.pack("<HH", kind, name)
        + (value if kind in tnef.FIXED else struct.pack("<II", 1, len(value)) + value)
        + b"\0" * (-len(value) % 4)
        for kind, name, value in rows
    ]
    return struct.pack("<I", len(rows)) + b"".join(found)


def as_winmail(content: bytes) -> Message:
    return read(
        b"From: siti@warga.example\nContent-Type: application/ms-tnef; name=winmail.dat\n"
        b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(content)
    )


def test_the_files_in_a_winmail_dat_stand_beside_it() -> None:
    names = properties(
        (3, 0x3705, b"\x01\0\0\0"),
        (tnef.UNICODE, tnef.LONG_NAME, "foto lampu é.png\0".encode("utf-16-le")),
        (tnef.OBJECT, tnef.DATA, b"i" * tnef.IDENTIFIER + b"\x89PNG\r\n\x1a\n"),
    )
    mail = as_winmail(
        outlook(
            (tnef.CODE_PAGE, struct.pack("<II", 1250, 0)),
            (tnef.FILE_BEGINS, b"\0" * 14),
            (tnef.FILE_TITLE, "šala.txt\0".encode("cp1250")),
            (tnef.FILE_DATA, b"Lampu padam."),
            (tnef.FILE_BEGINS, b"\0" * 14),
            (tnef.FILE_PROPERTIES, names),
        )
    )
    found = [(one.name, one.content_type, one.content) for one in mail.attachments[1:]]
    assert found == [
        ("šala.txt", "text/plain", b"Lampu padam."),
        ("foto lampu é.png", "image/png", b"\x89PNG\r\n\x1a\n"),
    ]
    assert mail.attachments[0].name == "winmail.dat"
    assert message.TNEF not in mail.notes


@pytest.mark.parametrize(
    "attribute",
    [
        (tnef.BODY, b"Lampu padam.\0"),
        (tnef.MESSAGE_PROPERTIES, properties((tnef.STRING, 0x1000, b"Lampu padam.\0"))),
        (
            tnef.MESSAGE_PROPERTIES,
            properties((tnef.BINARY, tnef.HTML_BODY, b"<p>Lampu <b>padam</b>.</p>")),
        ),
    ],
)
def test_the_text_of_a_winmail_dat_is_shown_where_the_mail_has_no_other(
    attribute: tuple[int, bytes],
) -> None:
    assert as_winmail(outlook(attribute)).text == "Lampu padam."


def test_a_mail_inside_a_winmail_dat_gives_its_files_too() -> None:
    inner = outlook(
        (tnef.FILE_BEGINS, b""), (tnef.FILE_TITLE, b"a.txt\0"), (tnef.FILE_DATA, b"isi")
    )
    inside = properties((tnef.OBJECT, tnef.DATA, b"i" * tnef.IDENTIFIER + inner))
    mail = as_winmail(outlook((tnef.FILE_BEGINS, b""), (tnef.FILE_PROPERTIES, inside)))
    assert [one.name for one in mail.attachments] == ["winmail.dat", "a.txt"]


def test_hostile_winmail_dats_cost_little() -> None:
    many = struct.pack("<I", 2**32 - 1)
    lists = [
        many + struct.pack("<HH", tnef.BINARY, tnef.DATA) + many + many,
        many + struct.pack("<HH", tnef.MANY | 3, tnef.DATA) + many,
        many + struct.pack("<HHI", tnef.STRING, tnef.LONG_NAME, 0) * 100_000,
        struct.pack("<I", 9_999)
        + struct.pack("<HHI", tnef.BINARY, tnef.DATA, 9_999)
        + b"\0" * 1_000_000,
    ]
    nested = b""
    for _ in range(3_000):
        nested = outlook((tnef.FILE_BEGINS, b""), (tnef.FILE_DATA, nested))
    for content in (
        *(outlook((tnef.FILE_BEGINS, b""), (tnef.FILE_PROPERTIES, one)) for one in lists),
        nested,
    ):
        start = time.process_time()
        as_winmail(content)
        as_winmail(content[: len(content) // 2])
        assert time.process_time() - start < 2
    empty = outlook(*[(tnef.FILE_BEGINS, b"")] * 200_000)
    assert [one.name for one in as_winmail(empty).attachments] == ["winmail.dat"]
