"""A LibreOffice that stays: the far end of `libreoffice`, `python -m pipeline.files.lok PROGRAM_FOLDER`.

Hides LibreOfficeKit, the C interface of LibreOffice (include/LibreOfficeKit/LibreOfficeKit.h of its sources): two
structures of function pointers, to which versions only ever append. Loading LibreOffice takes several times as long
as a letter does, so the process takes one letter after the other.

An order is a line {"size": n} and a Word file; the answer a line {"blobs": [n]} and a PDF, {"broken": reason} for a
file that gives none, {"absent": reason} where the interface is not there. It ends with its standard input, or when
nobody has asked for a while, and takes its profile along.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import select
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipeline.files.libreoffice import ARCHIVE_OPTIONS, MEMORY_KB, write_profile
from pipeline.office.messages import say

LIBRARIES = ("libmergedlo.so", "libsofficeapp.so")  # Debian's and LibreOffice's own builds
IDLE_SECONDS = 900.0
# Places in the structures. The first word of each is its own size.
OFFICE_LOAD, DOCUMENT_DESTROY, DOCUMENT_SAVE_AS = 4, 1, 2
POINTER = ctypes.c_void_p
TEXT = ctypes.c_char_p


class NoKit(Exception):
    """This LibreOffice has no such interface."""


class Kit:
    """LibreOffice, loaded into this process."""

    def __init__(self, program: Path, folder: Path) -> None:
        write_profile(folder / "profil")
        self._folder = folder
        self._office = self._loaded(program, (folder / "profil").as_uri())

    def _loaded(self, program: Path, profile: str) -> int:
        for name in LIBRARIES:
            if (program / name).is_file():
                library = ctypes.CDLL(str(program / name), mode=ctypes.RTLD_GLOBAL)
                hook = library.libreofficekit_hook_2
                hook.restype, hook.argtypes = POINTER, [TEXT, TEXT]
                office = hook(str(program).encode(), profile.encode())
                if office:
                    return int(office)
        raise NoKit(say("program.tidak_ada", folder=program))

    def to_pdf(self, docx: bytes) -> bytes:
        """b"" for a file of which LibreOffice makes nothing."""
        source, target = self._folder / "surat.docx", self._folder / "surat.pdf"
        source.write_bytes(docx)
        target.unlink(missing_ok=True)
        load = _function(self._office, OFFICE_LOAD, POINTER, POINTER, TEXT, TEXT)
        document = load(self._office, source.as_uri().encode(), b"")
        if not document:
            return b""
        save = _function(document, DOCUMENT_SAVE_AS, ctypes.c_int, POINTER, TEXT, TEXT, TEXT)
        saved = save(document, target.as_uri().encode(), b"pdf", ARCHIVE_OPTIONS.encode())
        _function(document, DOCUMENT_DESTROY, None, POINTER)(document)
        return target.read_bytes() if saved and target.is_file() else b""


def _function(thing: int, place: int, result: Any, *arguments: Any) -> Callable[..., Any]:
    """A function out of the table that the first word of a structure points to."""
    table = ctypes.cast(ctypes.cast(thing, ctypes.POINTER(POINTER))[0], ctypes.POINTER(POINTER))
    return ctypes.CFUNCTYPE(result, *arguments)(table[place])


def main() -> None:
    bound = MEMORY_KB * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (bound, bound))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what LibreOffice prints is no answer
    with tempfile.TemporaryDirectory(prefix="aduan-pdf-") as name:
        _serve(Path(sys.argv[1]), Path(name), answers)
    answers.flush()
    os._exit(0)  # LibreOffice's own way out of a process takes long, and may crash


def _serve(program: Path, folder: Path, answers: Any) -> None:
    kit: Kit | None = None
    while order := _order():
        content = sys.stdin.buffer.read(order["size"])
        made = b""
        try:
            kit = kit or Kit(program, folder)
            made = kit.to_pdf(content)
            answer: dict[str, Any] = {"blobs": [len(made)]} if made else {"broken": "kosong"}
        except (NoKit, OSError, AttributeError) as error:
            answer = {"absent": str(error)}
        answers.write(json.dumps(answer).encode() + b"\n" + made)
        answers.flush()


def _order() -> dict[str, Any]:
    """The next order; nothing when there are no more, or none for long."""
    ready, _, _ = select.select([sys.stdin], [], [], IDLE_SECONDS)
    line = sys.stdin.buffer.readline() if ready else b""
    return dict(json.loads(line)) if line else {}


if __name__ == "__main__":
    main()
