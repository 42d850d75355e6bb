"""Files from outside: what they are, whether they may come in, pictures of them; LibreOffice behind one function.

Hides magic numbers, Pillow, pypdfium2 and `soffice`. A declared type counts only where the content tells nothing;
every outside program runs bounded in time, in a folder of its own.
"""

from __future__ import annotations

import mimetypes
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdfium2
import zxingcpp
from PIL import Image, ImageOps

from pipeline.words import word

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PDF = "application/pdf"
PICTURES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp", "image/tiff", "image/bmp"})
ACCEPTED = PICTURES | {
    PDF,
    DOCX,
    "text/plain",
    "image/heic",
    "image/heif",
    "audio/mpeg",
    "audio/ogg",
    "video/mp4",
}
PHONE = frozenset({"image/heic", "image/heif"})
PHONE_WIDTH = 4000  # pixels
SCANS = (PICTURES | PHONE | {PDF}) - {"image/gif"}
SUFFIX = {PDF: ".pdf", DOCX: ".docx", "image/jpeg": ".jpg", "image/png": ".png"}
PDF_DPI = 250.0  # to which a scanned PDF is drawn
CODE_WIDTH = 2000  # pixels across a page: 240 dpi, at which a code of 1.5 cm is read surely
MOST_PAGES = 1_000  # of a PDF whose text is read
MAX_PIXELS = 30_000_000
MAX_PHOTO = 120_000_000
_DECODERS = ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP")  # never those that start other programs (EPS)
_one_at_a_time = threading.Lock()  # pdfium is not safe in threads, and pictures may fill memory
Image.MAX_IMAGE_PIXELS = MAX_PHOTO


class FileError(Exception):
    """A file could not be turned into what was asked for; the message says why."""


_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"{\\rtf", "application/rtf"),
    (b"\x1f\x8b", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"\x78\x9f\x3e\x22", "application/ms-tnef"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"#!AMR", "audio/amr"),
    (b"\x7fELF", "application/x-executable"),
    (b"BEGIN:VCALENDAR", "text/calendar"),
    (b"BEGIN:VCARD", "text/vcard"),
)
_INSIDE_ZIP: tuple[tuple[bytes, str], ...] = (
    (b"word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (b"xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (b"ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    (b"AndroidManifest.xml", "application/vnd.android.package-archive"),
)
_FTYP = {
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heif",
    b"avif": "image/avif",
    b"qt  ": "video/quicktime",
    b"M4A ": "audio/mp4",
    b"3gp4": "video/3gpp",
    b"3gp5": "video/3gpp",
}
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
_OLE = {
    ".doc": "application/msword",
    ".xls": "application/vnd.ms-excel",
    ".ppt": "application/vnd.ms-powerpoint",
    ".msg": "application/vnd.ms-outlook",
}


def sniff(content: bytes, declared: str = "", name: str = "") -> str:
    """The media type of `content`: by magic, else as declared, else by the file's name."""
    return _by_magic(content, name) or _by_claim(declared, name)


def _by_magic(content: bytes, name: str) -> str:
    for magic, kind in _MAGIC:
        if content.startswith(magic):
            return kind
    if content.startswith(b"PK\x03\x04"):
        return _zip(content)
    if content.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        suffix = re.search(r"\.\w{1,5}$", name.lower())
        return _OLE.get(suffix[0] if suffix else "", "application/x-ole-storage")
    if content[4:8] == b"ftyp":
        return _FTYP.get(content[8:12], "video/mp4")
    if content.startswith(b"RIFF"):
        return _RIFF.get(content[8:12], "")
    if content.startswith(b"BM") and content[6:10] == b"\0\0\0\0":
        return "image/bmp"
    if content.startswith(b"MZ") and b"\0" in content[:256]:
        return "application/vnd.microsoft.portable-executable"
    return ""


def _zip(content: bytes) -> str:
    found = re.match(rb"mimetype(application/[\w.+-]+)", content[30:200])
    if found:
        return found[1].decode("ascii").removesuffix("PK")  # OpenDocument stores its type first
    # Names stand in the central directory at the end; the start holds those of small files.
    for inside, kind in _INSIDE_ZIP:
        if inside in content[:4_096] or inside in content[-16_384:]:
            return kind
    return "application/zip"


_VAGUE = {"", "application/octet-stream", "application/x-download", "application/force-download", "text/plain"}


def _by_claim(declared: str, name: str) -> str:
    claimed = declared if declared not in _VAGUE else mimetypes.guess_type(name, strict=False)[0] or declared
    if claimed in PICTURES or claimed == PDF:  # those have magic: what claims to be one and is not is nothing
        return "application/octet-stream"
    return claimed or "application/octet-stream"


def check_scan(content: bytes, mime: str) -> None:
    """Whether these bytes are a signed paper: a PDF with pages, or a picture. ValueError tells what to do if not."""
    try:
        if mime == PDF:
            with _one_at_a_time, pypdfium2.PdfDocument(content) as document:
                if len(document):
                    return
        elif mime in ("image/jpeg", "image/png"):
            picture(content, 200)  # down to the last pixel: a broken-off upload has a good head
            return
    except (pypdfium2.PdfiumError, FileError, OSError, ValueError) as error:
        raise ValueError(word("galat.pindaian_rusak")) from error
    raise ValueError(word("galat.pindaian"))


def read_codes(content: bytes, mime: str, pages: int = 4) -> tuple[str, ...]:
    """What the QRs on a scan, a photo or the first pages of a PDF say. A PDF is drawn by a bounded child process."""
    found: list[str] = []
    for picture_ in pdf_pages(content, CODE_WIDTH, pages) if mime == PDF else [content]:
        try:
            with _one_at_a_time, Image.open(BytesIO(picture_), formats=_DECODERS) as source:
                source.draft("L", (CODE_WIDTH * 2, CODE_WIDTH * 2))  # a photo is decoded no larger than needed
                image = ImageOps.exif_transpose(source).convert("L")
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
            continue
        found += [code.text for code in qr_codes(image)]
    return tuple(dict.fromkeys(found))


def as_pdf(content: bytes) -> bytes:
    """A picture of a signed paper as a PDF of one page, as wide as A4."""
    try:
        with _one_at_a_time, Image.open(BytesIO(content), formats=_DECODERS) as source:
            source.draft("RGB", (CODE_WIDTH * 2, CODE_WIDTH * 3))
            image = ImageOps.exif_transpose(source).convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise FileError(str(error)) from error
    out = BytesIO()
    image.save(out, "PDF", resolution=image.width / 8.27, quality=85)
    return out.getvalue()


@contextmanager
def pdfium(content: bytes) -> Iterator[pypdfium2.PdfDocument]:
    """A PDF of our own making, opened. What comes from outside is drawn by a child process (`pdf_pages`)."""
    with _one_at_a_time, pypdfium2.PdfDocument(content) as document:
        yield document


@dataclass(frozen=True)
class Code:
    """A QR in a picture: what it says and its corners in pixels, clockwise from the symbol's own top left."""

    text: str
    corners: tuple[tuple[float, float], ...]


def qr_codes(picture: Any) -> list[Code]:
    """Every QR in a picture (a Pillow image or an array of grey values), whichever way it is turned."""
    found = zxingcpp.read_barcodes(picture, formats=zxingcpp.barcode_formats_from_str("QRCode"))
    return [Code(one.text, tuple((p.x, p.y) for p in _corners(one.position))) for one in found]


def _corners(position: Any) -> tuple[Any, ...]:
    return position.top_left, position.top_right, position.bottom_right, position.bottom_left


def size_words(count: int) -> str:
    """12 KB, 1,2 MB."""
    return f"{max(1, count // 1024)} KB" if count < 2**20 else f"{count / 2**20:.1f} MB".replace(".", ",")


def picture(content: bytes, width: int) -> bytes:
    """A JPEG of at most `width` pixels across, made anew from the pixels alone. FileError if it is no picture."""
    try:
        with _one_at_a_time, Image.open(BytesIO(content), formats=_DECODERS) as source:
            if source.width * source.height > (MAX_PHOTO if source.format == "JPEG" else MAX_PIXELS):
                raise FileError("gambar terlalu besar")
            source.draft("RGB", (width, width * 4))  # a JPEG is decoded small
            source.thumbnail((width, width * 4))
            image = ImageOps.exif_transpose(source).convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise FileError(str(error)) from error
    image.thumbnail((width, width * 4))
    out = BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()


def dpi_of(content: bytes) -> float:
    """To how many dots an inch `slips.pages` draws it: fixed for a PDF; a picture says it itself."""
    if content.startswith(b"%PDF-"):
        return PDF_DPI
    try:
        with Image.open(BytesIO(content), formats=_DECODERS) as image:
            return float(image.info.get("dpi", (PDF_DPI, PDF_DPI))[0]) or PDF_DPI
    except (OSError, SyntaxError, ValueError) as error:
        raise FileError(str(error)) from error


def pdf_pages(content: bytes, width: int = 1400, pages: int = 20, timeout: float = 30) -> list[bytes]:
    """JPEGs of the first pages of a PDF, drawn by a bounded child process; what it drew before it failed, if it did."""
    done, _whole = _pdf_child(content, width, pages, timeout)
    found = []
    while len(done) >= 4:
        size = int.from_bytes(done[:4])
        if len(done) >= 4 + size:
            found.append(done[4 : 4 + size])
        done = done[4 + size :]
    return found


def pdf_text(content: bytes, timeout: float = 30) -> str:
    """All that is printed on a PDF's pages, read by a bounded child process. FileError if not all could be read."""
    done, whole = _pdf_child(content, 0, MOST_PAGES, timeout)
    if not whole:
        raise FileError("PDF tidak dapat dibaca")
    return done.decode("utf-8")


def _pdf_child(content: bytes, width: int, pages: int, timeout: float) -> tuple[bytes, bool]:
    """(what it wrote, whether it came to its end)"""
    command = [sys.executable, "-m", "pipeline.pdfpages", str(width), str(pages)]
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired as error:
        return error.stdout or b"", False
    return done.stdout, done.returncode == 0


# PDF/A-2b, the form that is kept for long and signed.
ARCHIVE = 'pdf:writer_pdf_Export:{"SelectPdfVersion":{"type":"long","value":"2"}}'
# No linked picture is fetched, no macro run.
PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="BlockUntrustedRefererLinks"
 oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="DisableMacrosExecution"
 oor:op="fuse"><value>true</value></prop></item>
</oor:items>
"""


def soffice() -> str | None:
    """Where LibreOffice is, or None."""
    return shutil.which("soffice") or shutil.which("libreoffice")


def to_pdf(docx: bytes, timeout: float = 60) -> bytes:
    """A PDF of a Word document by LibreOffice, in a profile of its own that fetches nothing.

    FileError when LibreOffice is absent, takes too long, or wrote nothing (it exits 0 even then).
    """
    program = soffice()
    if program is None:
        raise FileError("LibreOffice tidak terpasang")
    with tempfile.TemporaryDirectory(prefix="aduan-pdf-") as name:
        folder = Path(name)
        (folder / "surat.docx").write_bytes(docx)
        (folder / "profil" / "user").mkdir(parents=True)
        (folder / "profil" / "user" / "registrymodifications.xcu").write_text(PROFILE, "utf-8")
        command = [
            program,
            f"-env:UserInstallation={(folder / 'profil').as_uri()}",
            "--headless",
            "--norestore",
            "--infilter=MS Word 2007 XML",
            "--convert-to",
            ARCHIVE,
            "--outdir",
            name,
            str(folder / "surat.docx"),
        ]
        _bounded(command, timeout)
        out = folder / "surat.pdf"
        if not out.is_file() or not out.stat().st_size:
            raise FileError("LibreOffice tidak menghasilkan PDF")
        return out.read_bytes()


def _bounded(command: list[str], timeout: float) -> None:
    """Run a program and kill its whole group when the time is up."""
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired as error:
            os.killpg(process.pid, signal.SIGKILL)
            raise FileError(f"LibreOffice tidak selesai dalam {timeout:.0f} detik") from error
