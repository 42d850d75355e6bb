"""Files from outside: recognised by their bytes, pictured from their pixels, never trusted by their name."""

from __future__ import annotations

import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest
from docx import Document
from docx.opc.constants import RELATIONSHIP_TYPE as RT
from docx.oxml.ns import qn
from PIL import Image

from pipeline.demo.office import SAMPLES
from pipeline.files import kinds, libreoffice, pictures
from pipeline.files.pdf import pdf_pages, pdf_scans, pdf_text

SLIP = (SAMPLES / "slip.jpg").read_bytes()


def pdf(pages: int = 1, size: tuple[float, float] = (420, 595)) -> bytes:
    out = BytesIO()
    with pypdfium2.PdfDocument.new() as document:
        for _ in range(pages):
            document.new_page(*size)
        document.save(out)
    return out.getvalue()


def word_file(text: str) -> bytes:
    document, out = Document(), BytesIO()
    document.add_paragraph(text)
    document.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "mime"),
    [
        (SLIP, "image/jpeg"),
        (pdf(), "application/pdf"),
        (word_file("Halo"), kinds.DOCX),
        (b"MZ\x90\0" + b"\0" * 60, "application/vnd.microsoft.portable-executable"),
    ],
)
def test_the_bytes_tell_the_type_whatever_is_claimed(content: bytes, mime: str) -> None:
    assert kinds.sniff(content, declared="image/png", name="foto.png") == mime


def test_a_picture_is_made_anew_and_loses_what_is_hidden_in_it() -> None:
    """No metadata, no trailing bytes, no more pixels than asked for."""
    made = pictures.picture(SLIP + b"<script>", 300)
    with Image.open(BytesIO(made)) as image:
        assert image.width <= 300
        assert not image.getexif()
    assert b"<script>" not in made


def test_a_picture_lies_as_the_camera_meant_it() -> None:
    """EXIF orientation is followed: a portrait photo stays upright."""
    source, out = Image.new("RGB", (80, 40), "white"), BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    source.save(out, "JPEG", exif=exif)
    with Image.open(BytesIO(pictures.picture(out.getvalue(), 400))) as image:
        assert image.height > image.width


@pytest.mark.parametrize("content", [b"", b"GIF89a", SLIP[:900], b"\x89PNG\r\n\x1a\n" + b"\0" * 50])
def test_what_is_no_picture_is_refused_by_one_error(content: bytes) -> None:
    with pytest.raises(kinds.FileError):
        pictures.picture(content, 300)


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded() -> None:
    """A bomb: a few kilobytes that would fill memory."""
    out = BytesIO()
    Image.new("1", (20_000, 20_000)).save(out, "PNG")
    with pytest.raises(kinds.FileError):
        pictures.picture(out.getvalue(), 300)


def test_pages_of_a_pdf_are_drawn_up_to_the_bound() -> None:
    pages = pdf_pages(pdf(3), width=200, pages=2)
    assert len(pages) == 2
    with Image.open(BytesIO(pages[0])) as image:
        assert (image.format, image.width) == ("JPEG", 200)


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", b"%PDF-1.7\n" + b"\0" * 5000, pdf()[:200]])
def test_a_broken_pdf_gives_no_pages_and_no_error(content: bytes) -> None:
    assert pdf_pages(content) == []


def test_a_page_of_monstrous_size_does_not_fill_memory() -> None:
    """The drawing is bounded by its width and height, not by what the page claims."""
    for picture in pdf_pages(pdf(size=(14_000, 14_000)), width=300):
        with Image.open(BytesIO(picture)) as image:
            assert image.width <= 300


def test_a_picture_of_monstrous_size_in_a_pdf_is_not_unpacked() -> None:
    """400 megapixels in 400 kB. The page is drawn line by line, and shows it; its own pixels took 800 MB."""
    out = BytesIO()
    Image.new("1", (20_000, 20_000), 1).save(out, "PDF", resolution=2_400)
    ((page,),) = pdf_scans(out.getvalue(), 600, 1)
    with Image.open(BytesIO(page)) as image:
        assert image.width <= 600


@pytest.mark.usefixtures("libreoffice")
def test_libreoffice_makes_a_pdf_of_a_letter() -> None:
    made = libreoffice.to_pdf(word_file("Dengan hormat"))
    with pypdfium2.PdfDocument(made) as document:
        assert "Dengan hormat" in document[0].get_textpage().get_text_range()


@pytest.mark.usefixtures("libreoffice")
def test_libreoffice_that_writes_nothing_is_an_error() -> None:
    """It exits 0 even then."""
    with pytest.raises(kinds.FileError):
        libreoffice.to_pdf(b"{\\rtf1 bukan docx}")


@pytest.mark.usefixtures("libreoffice")
def test_another_kind_of_file_under_a_word_name_is_not_converted() -> None:
    """Without the named filter it takes HTML for what it is, and renders it."""
    with pytest.raises(kinds.FileError):
        libreoffice.to_pdf(
            b"<html><body><h1>Bukan surat</h1><img src='http://127.0.0.1:9/a.png'></body></html>"
        )


@pytest.mark.usefixtures("libreoffice")
def test_libreoffice_fetches_no_linked_picture() -> None:
    """A letter with such a link does not pass the gate; should one ever reach LibreOffice, nobody hears of it."""
    asked: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_OPTIONS = do_PROPFIND = do_GET

    server = HTTPServer(("127.0.0.1", 0), Listener)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        libreoffice.to_pdf(with_linked_picture(f"http://127.0.0.1:{server.server_port}/a.png"))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert asked == []


def with_linked_picture(url: str) -> bytes:
    document, out, png = Document(), BytesIO(), BytesIO()
    Image.new("RGB", (20, 20)).save(png, "PNG")
    document.add_paragraph("Surat").add_run().add_picture(png)
    blip = document.element.body.xpath(".//a:blip")[0]
    relation = document.part.relate_to(url, RT.IMAGE, is_external=True)
    del blip.attrib[qn("r:embed")]
    blip.set(qn("r:link"), relation)
    document.save(out)
    return out.getvalue()


@pytest.mark.usefixtures("libreoffice")
def test_letters_are_converted_side_by_side() -> None:
    """Each run has a profile of its own; one that is shared lets the second run fail."""
    with ThreadPoolExecutor(2) as pool:
        made = list(
            pool.map(libreoffice.to_pdf, [word_file("Surat pertama"), word_file("Surat kedua")])
        )
    for content, words in zip(made, ("Surat pertama", "Surat kedua"), strict=True):
        assert words in pdf_text(content)


@pytest.mark.usefixtures("libreoffice")
def test_libreoffice_is_stopped_when_its_time_is_up() -> None:
    with pytest.raises(kinds.FileError, match="tidak selesai"):
        libreoffice.to_pdf(word_file("Dengan hormat"), timeout=0.05)


@pytest.mark.usefixtures("libreoffice")
def test_one_libreoffice_takes_several_letters_and_gives_the_same_as_one_of_its_own() -> None:
    first, second = (
        libreoffice.to_pdf(word_file(words)) for words in ("Surat pertama", "Surat kedua")
    )
    assert ("Surat pertama" in pdf_text(first), "Surat kedua" in pdf_text(second)) == (True, True)
    alone = libreoffice._by_one_of_its_own(str(libreoffice.soffice()), word_file("Surat kedua"), 60)
    assert pdf_pages(alone) == pdf_pages(second)
    assert b"<pdfaid:part>2</pdfaid:part>" in second
    assert b"<pdfaid:part>2</pdfaid:part>" in alone


@pytest.mark.usefixtures("libreoffice")
def test_a_libreoffice_that_died_or_hangs_holds_no_other_letter() -> None:
    libreoffice.to_pdf(word_file("Surat pertama"))
    process = libreoffice._kept._process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    assert "Surat kedua" in pdf_text(libreoffice.to_pdf(word_file("Surat kedua")))
    process = libreoffice._kept._process
    assert process is not None
    os.kill(process.pid, signal.SIGSTOP)
    with pytest.raises(kinds.FileError, match="tidak selesai"):
        libreoffice.to_pdf(word_file("Surat ketiga"), timeout=1)
    assert "Surat keempat" in pdf_text(libreoffice.to_pdf(word_file("Surat keempat")))


@pytest.mark.usefixtures("libreoffice")
def test_a_libreoffice_is_kept_for_a_bounded_number_of_letters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(libreoffice, "LETTERS", 1)
    libreoffice.to_pdf(word_file("Surat pertama"))
    assert libreoffice._kept._process is None


def test_libreoffice_is_bounded_in_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Another program in its place that asks for more than it may have: it gets an error, the machine nothing."""
    told = tmp_path / "batas"
    greedy = f"bytearray({2 * libreoffice.MEMORY_KB * 1024})"
    program = tmp_path / "soffice"
    program.write_text(
        f"#!/bin/sh\nulimit -d > '{told}'\n'{sys.executable}' -c '{greedy}' && : > '{tmp_path}/penuh'\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(kinds.FileError, match="tidak menghasilkan"):
        libreoffice.to_pdf(word_file("Dengan hormat"))
    assert told.read_text().strip() == str(libreoffice.MEMORY_KB)
    assert not (tmp_path / "penuh").exists()


def test_without_libreoffice_the_reason_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(kinds.FileError, match="tidak terpasang"):
        libreoffice.to_pdf(word_file("Dengan hormat"))


def test_what_only_claims_to_be_a_picture_is_not_one() -> None:
    """An EPS under the name of a PNG would make the decoder start another program."""
    eps = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n"
    assert kinds.sniff(eps, declared="image/png", name="foto.png") not in kinds.PICTURES
    with pytest.raises(kinds.FileError):
        pictures.picture(eps, 300)


def test_pdfs_are_checked_by_several_threads_at_once() -> None:
    """pdfium is not made for threads: good files must not be refused, nor the process end."""
    good, refused = pdf(3), []

    def check() -> None:
        for _ in range(20):
            try:
                pictures.check_scan(good, kinds.PDF)
            except ValueError as error:
                refused.append(error)

    threads = [threading.Thread(target=check) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == []
