"""LibreOffice: a letter as PDF. Optional; bounded in time and memory.

Hides that one LibreOffice is kept for several letters where its C interface is there (`lok`), because starting it
costs several times what a letter does; elsewhere each letter has a process and a profile of its own.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from pipeline.files import kinds, pipe
from pipeline.files.kinds import FileError
from pipeline.office.messages import say

# PDF/A-2b, the form that is kept for long and signed.
ARCHIVE_OPTIONS = '{"SelectPdfVersion":{"type":"long","value":"2"}}'
MEMORY_KB = 1_500_000  # of data that LibreOffice may hold; an ordinary letter takes a tenth
LETTERS = 50  # by one LibreOffice: what it does not give back is bounded
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
    """A PDF of a Word document by LibreOffice, in a profile that fetches nothing.

    FileError when LibreOffice is absent, takes too long, or wrote nothing.
    """
    program = soffice()
    if program is None:
        raise FileError(say("program.tidak_terpasang"))
    if (
        kinds.sniff(docx) != kinds.DOCX
    ):  # LibreOffice would take anything for what it is, and fetch what it names
        raise FileError(say("program.tanpa_pdf"))
    made = _kept.to_pdf(Path(program).resolve().parent, docx, timeout)
    if made is None:
        made = _by_one_of_its_own(program, docx, timeout)
    if not made:
        raise FileError(say("program.tanpa_pdf"))
    return made


def write_profile(folder: Path) -> None:
    """A user's profile that fetches nothing and runs nothing."""
    (folder / "user").mkdir(parents=True)
    (folder / "user" / "registrymodifications.xcu").write_text(PROFILE, "utf-8")


def _too_long(timeout: float) -> FileError:
    return FileError(say("program.terlalu_lama", detik=f"{timeout:.0f}"))


# ---- one for several letters ---------------------------------------------------------------------------------


class _Kept:
    """The LibreOffice of this process, if there is one; letters wait for each other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._made = 0
        self._without: set[Path] = set()  # folders of programs that have no such interface

    def to_pdf(self, program: Path, docx: bytes, timeout: float) -> bytes | None:
        """b"" when nothing came of it; None where LibreOffice has no such interface. FileError after `timeout`."""
        with self._lock:
            if os.name != "posix" or program in self._without:
                return None
            try:
                answer, made = self._ask(program, docx, timeout)
            except TimeoutError as error:
                self._stop()
                raise _too_long(timeout) from error
            except (EOFError, BrokenPipeError, ValueError):
                self._stop()  # this letter ends it: one that is started for it alone has the last word
                return None
            if "absent" in answer:
                self._without.add(program)
                return None
            return made

    def _ask(self, program: Path, docx: bytes, timeout: float) -> tuple[dict[str, Any], bytes]:
        if self._process is not None:
            try:
                return self._answer(self._process, docx, timeout)
            except (EOFError, BrokenPipeError, ValueError):
                self._stop()  # it had been idle for long
        self._process = pipe.started([sys.executable, "-m", "pipeline.files.lok", str(program)])
        return self._answer(self._process, docx, timeout)

    def _answer(
        self, process: subprocess.Popen[bytes], docx: bytes, timeout: float
    ) -> tuple[dict[str, Any], bytes]:
        answer, blobs = pipe.ask(process, {"size": len(docx)}, docx, timeout)
        self._made += 1
        if self._made >= LETTERS or "absent" in answer:
            self._stop()
        return answer, blobs[0] if blobs else b""

    def _stop(self) -> None:
        process, self._process, self._made = self._process, None, 0
        if process is not None:
            pipe.stop(process)


_kept = _Kept()


# ---- one for each letter -------------------------------------------------------------------------------------


def _by_one_of_its_own(program: str, docx: bytes, timeout: float) -> bytes:
    """b"" when it wrote nothing: it exits 0 even then."""
    with tempfile.TemporaryDirectory(prefix="aduan-pdf-") as name:
        folder = Path(name)
        (folder / "surat.docx").write_bytes(docx)
        write_profile(folder / "profil")
        command = [
            program,
            f"-env:UserInstallation={(folder / 'profil').as_uri()}",
            "--headless",
            "--norestore",
            "--infilter=MS Word 2007 XML",
            "--convert-to",
            f"pdf:writer_pdf_Export:{ARCHIVE_OPTIONS}",
            "--outdir",
            name,
            str(folder / "surat.docx"),
        ]
        _bounded(command, timeout)
        out = folder / "surat.pdf"
        return out.read_bytes() if out.is_file() else b""


def _bounded(command: list[str], timeout: float) -> None:
    """Run a program, bounded in memory, and kill its whole group when the time is up."""
    limited = ["/bin/sh", "-c", 'ulimit -d "$0"; exec "$@"', str(MEMORY_KB), *command]
    with subprocess.Popen(
        limited if os.name == "posix" else command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired as error:
            os.killpg(process.pid, signal.SIGKILL)
            raise _too_long(timeout) from error
