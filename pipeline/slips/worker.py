"""Scans are opened and read in a process apart, bounded in memory and in time for each page; this is its near end.

Hides the pipe and the restarts. What the far end (`child`) does with a page can end it: then that page alone is lost
to the machine, and the next one finds a new process. Without the extra `ocr` pages come in unread.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from types import TracebackType
from typing import Any, Self

from pipeline.files import kinds, libreoffice, pictures, pipe
from pipeline.office import meters
from pipeline.office.words import word

PAGE_SECONDS = 60.0
PROOF_SECONDS = 240.0  # two forms on a sheet, each looked at whole
START_SECONDS = 60.0  # a cold disk may take long to load the models


class ReaderDiedError(Exception):
    """A file or page that gives nothing; `reason` is a name under [slip.masalah] in templates/istilah.toml."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NoReader(Exception):
    """The extra `ocr`, or LibreOffice, is not installed; the message says what to do."""


@dataclass(frozen=True)
class Sheet:
    """A slip or letter that was found on a page. Without a reader each page is one, of kind "halaman".

    `fields`: {name: {"value", "confidence", "doubt", "box"}}, the box in pixels of `picture`, a JPEG of it alone; an
    unsure box to be ticked has its "box" there, too, under `layout.BOX` and its name.
    """

    kind: str
    serial: str
    aligned: bool
    marks: int
    fields: dict[str, dict[str, Any]] = field(default_factory=dict)
    ticks: dict[str, bool | None] = field(default_factory=dict)
    picture: bytes = b""


def can_read() -> bool:
    """Whether the extra `ocr` is installed."""
    return all(find_spec(name) for name in ("rapidocr", "onnxruntime", "cv2", "rapidfuzz"))


class Worker:
    """One file at a time, page by page. Use it in a `with`; nothing is started before the first file."""

    def __init__(
        self,
        units: Sequence[str] = (),
        seconds: float = PAGE_SECONDS,
        names: Sequence[str] = (),
    ) -> None:
        """`units` and `names` (of streets and kelurahan): what the office knows, and the reader may take for meant."""
        self.units, self.names, self.seconds = list(units), list(names), seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._content = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._end()

    def open(self, content: bytes) -> int:
        """How many pages a file has. Broken if it has none that can be shown."""
        self._content = content
        known = {"units": self.units, "names": self.names}
        answer, _ = self._ask({"do": "open", "size": len(content), **known}, content, START_SECONDS)
        return int(answer["pages"])

    def page(self, number: int, *, plain: bool = False) -> tuple[bytes, list[Sheet]]:
        """(JPEG of the page, what is on it; nothing on a blank back). Broken for a page that gives nothing.

        With `plain` it is not read: one sheet of kind "halaman".
        """
        if self._process is None:  # it ended over another page
            self.open(self._content)
        with meters.ocr():
            answer, blobs = self._ask(
                {"do": "page", "number": number, "plain": plain}, b"", self.seconds
            )
        sheets = [
            Sheet(**one, picture=blob)
            for one, blob in zip(answer["sheets"], blobs[1:], strict=True)
        ]
        return blobs[0], sheets

    def proof(self, content: bytes, dpi: float) -> list[dict[str, Any]]:
        """What is wrong with the form in this PDF or picture."""
        answer, _ = self._ask(
            {"do": "proof", "size": len(content), "dpi": dpi}, content, PROOF_SECONDS
        )
        return list(answer["faults"])

    # -- the process ---------------------------------------------------------------------------------------

    def _ask(
        self, order: dict[str, Any], content: bytes, seconds: float
    ) -> tuple[dict[str, Any], list[bytes]]:
        try:
            process = self._process or self._start()
            answer, blobs = pipe.ask(process, order, content, seconds)
        except (TimeoutError, EOFError, BrokenPipeError, ValueError) as error:
            self._end()
            raise ReaderDiedError(
                "macet" if isinstance(error, TimeoutError) else "gagal"
            ) from error
        if "broken" in answer:
            raise ReaderDiedError(answer["broken"])
        return answer, blobs

    def _start(self) -> subprocess.Popen[bytes]:
        self._process = pipe.started([sys.executable, "-m", "pipeline.slips.child"])
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            pipe.stop(process)


# ---- a form that was restyled --------------------------------------------------------------------------------


def proof(content: bytes) -> list[str]:
    """What the reader would stumble over in a form, as sentences. NoReader without what looks at it: the extra, and
    LibreOffice for a Word file; FileError for a file that cannot be looked at."""
    if not can_read():
        raise NoReader(word("slip.periksa.tanpa_ocr"))
    if kinds.sniff(content) == kinds.DOCX:
        if libreoffice.soffice() is None:
            raise NoReader(word("slip.periksa.tanpa_libreoffice"))
        content = libreoffice.to_pdf(content)
    try:
        with Worker() as worker:
            faults = worker.proof(content, pictures.dpi_of(content))
    except ReaderDiedError as error:
        raise kinds.FileError(word(f"slip.masalah.{error.reason}")) from error
    return [
        word(f"slip.periksa.{one['name']}", slip=one["slip"], perihal=one["about"])
        for one in faults
    ]
