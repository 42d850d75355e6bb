"""PDFs through pypdfium2: pages as pictures, text. The work is done in a bounded child process (`pdf_child`)."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pypdfium2

from pipeline.files.kinds import FileError
from pipeline.office.messages import say

MOST_PAGES = 1_000  # of a PDF whose text is read
one_at_a_time = threading.Lock()  # pdfium is not safe in threads, and pictures may fill memory


@contextmanager
def pdfium(content: bytes) -> Iterator[pypdfium2.PdfDocument]:
    """A PDF of our own making, opened. What comes from outside is drawn by a child process (`pdf_pages`)."""
    with one_at_a_time, pypdfium2.PdfDocument(content) as document:
        yield document


def pdf_pages(
    content: bytes, width: int = 1400, pages: int = 20, timeout: float = 30, how: str = ""
) -> list[bytes]:
    """JPEGs of the first pages of a PDF, drawn by a bounded child process; what it drew before it failed, if it did."""
    done, _whole = _pdf_child(content, width, pages, timeout, how)
    found = []
    while len(done) >= 4:
        size = int.from_bytes(done[:4])
        if len(done) >= 4 + size:
            found.append(done[4 : 4 + size])
        done = done[4 + size :]
    return found


def pdf_scans(content: bytes, width: int, pages: int, timeout: float = 30) -> list[list[bytes]]:
    """The same, each page after the pictures that it is made of, in their own pixels: what a scanner saw."""
    by_page: list[list[bytes]] = [[]]
    for picture in pdf_pages(content, -width, pages, timeout):
        if picture:
            by_page[-1].append(picture)
        else:  # the next page
            by_page.append([])
    return by_page


def pdf_bare(content: bytes, width: int, pages: int, timeout: float = 30) -> list[bytes]:
    """The same without the text that a PDF carries as text: pictures, lines, and what was drawn on it by hand."""
    return pdf_pages(content, width, pages, timeout, "bare")


def pdf_text(content: bytes, timeout: float = 30) -> str:
    """All that is printed on a PDF's pages, read by a bounded child process. FileError if not all could be read."""
    done, whole = _pdf_child(content, 0, MOST_PAGES, timeout)
    if not whole:
        raise FileError(say("program.pdf_tak_terbaca"))
    return done.decode("utf-8")


def pdf_notes(content: bytes, timeout: float = 30) -> set[str]:
    """What a PDF holds beside its pages: "comment", "typed" (text put onto it), "file"."""
    done, _whole = _pdf_child(content, 0, MOST_PAGES, timeout, "notes")
    return set(done.decode("ascii", "replace").split())


def _pdf_child(
    content: bytes, width: int, pages: int, timeout: float, how: str = ""
) -> tuple[bytes, bool]:
    """(what it wrote, whether it came to its end)"""
    command = [
        sys.executable,
        "-m",
        "pipeline.files.pdf_child",
        str(width),
        str(pages),
        *filter(None, [how]),
    ]
    try:
        done = subprocess.run(
            command, input=content, capture_output=True, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired as error:
        return error.stdout or b"", False
    return done.stdout, done.returncode == 0
