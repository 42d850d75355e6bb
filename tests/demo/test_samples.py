"""The demo's samples are whole, small, invented, and listed in their README."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses
from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image

SAMPLES = Path(__file__).parents[2] / "pipeline" / "demo" / "samples"
MAILS = sorted(SAMPLES.glob("*.eml"))


def _mail(path: Path) -> EmailMessage:
    return message_from_bytes(path.read_bytes(), policy=policy.default)


def _attachments(name: str) -> list[bytes]:
    (path,) = SAMPLES.glob(name)
    return [bytes(part.get_content()) for part in _mail(path).iter_attachments()]


def test_the_readme_lists_exactly_the_samples() -> None:
    rows = [
        line
        for line in (SAMPLES / "README.md").read_text("utf-8").splitlines()
        if line.startswith("| `")
    ]
    listed = [row.split("`")[1] for row in rows]
    assert listed == sorted(path.name for path in SAMPLES.iterdir() if path.name != "README.md")


@pytest.mark.parametrize("path", MAILS, ids=lambda path: path.name)
def test_each_mail_is_well_formed_and_from_an_invented_person(path: Path) -> None:
    mail = _mail(path)
    defects = [defect for part in mail.walk() for defect in part.defects]
    people = {address for _, address in getaddresses([mail["From"]])}
    assert defects == []
    assert b"\n" not in path.read_bytes().replace(b"\r\n", b"")
    assert {address.rpartition("@")[2] for address in people} <= {
        "example.com",
        "example.net",
        "example.org",
    }
    assert mail["Subject"]
    assert mail["Message-ID"]


@pytest.mark.parametrize("path", MAILS, ids=lambda path: path.name)
def test_the_date_stands_on_one_line_so_that_the_demo_can_replace_it(path: Path) -> None:
    head = path.read_bytes().split(b"\r\n\r\n", 1)[0].split(b"\r\n")
    assert len([line for line in head if line.startswith(b"Date: ")]) == 1
    assert _mail(path)["Date"].datetime.tzinfo is not None


@pytest.mark.parametrize("path", MAILS, ids=lambda path: path.name)
def test_each_text_names_the_writer_and_a_telephone(path: Path) -> None:
    mail = _mail(path)
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert mail["From"].addresses[0].display_name in text
    assert " 0000 " in text


def test_the_photos_open_and_one_is_turned() -> None:
    pictures = [Image.open(BytesIO(raw)) for raw in _attachments("03-*.eml")]
    orientation = 0x0112
    assert [picture.format for picture in pictures] == ["JPEG", "JPEG"]
    assert [picture.getexif()[orientation] for picture in pictures] == [1, 6]


def test_the_pdf_has_one_page_with_the_table() -> None:
    (raw,) = _attachments("04-*.eml")
    document = pypdfium2.PdfDocument(raw)
    assert len(document) == 1
    assert "Jembatan Kali Sono" in document[0].get_textpage().get_text_range()


@pytest.mark.parametrize(
    ("name", "size", "mode", "limit"),
    [("slip.jpg", (1240, 1748), "L", 300_000), ("tanda-tangan.jpg", (760, 440), "RGB", 60_000)],
)
def test_the_scans_have_their_size(name: str, size: tuple[int, int], mode: str, limit: int) -> None:
    with Image.open(SAMPLES / name) as picture:
        picture.load()
        assert (picture.size, picture.mode) == (size, mode)
    assert (SAMPLES / name).stat().st_size < limit
