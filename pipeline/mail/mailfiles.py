"""Mails that lie in files: mbox, Maildir, .eml. Hides the formats, and tells of each file that is left why.

Nothing in the source is changed. What is plainly a mail is one however it was saved (a blank line or a mark of its
encoding first, line ends of old Macs, UTF-16); what is none is named, never passed over without a word.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from pipeline.data import store
from pipeline.data.store import Content
from pipeline.mail.message import read
from pipeline.office.words import word

HEAD = 64 * 1024  # bytes; enough to tell a mail and its date
LINE = 64 * 1024  # bytes; a longer line is handled in pieces

_BLANK = re.compile(rb"(?:[ \t]*\r?\n)+")
_FIELD = rb"[A-Za-z][\w.-]{0,75}[ \t]*:[^\n]*\n"
_FIELDS = re.compile(rb"(?:>From [^\n]*\n)*((?:" + _FIELD + rb"(?:[ \t][^\n]*\n)*)+)")
_BEGINS = re.compile(rb"(?:>From [^\n]*\n|" + _FIELD + rb")")
# A text may begin with "Date: "; none begins with these. In a place for mails less will do.
_SURE = re.compile(
    rb"^(?:from|sender|received|return-path|message-id|mime-version)[ \t]*:", re.I | re.M
)
_LIKELY = re.compile(rb"^(?:subject|date|to|cc|reply-to|content-type)[ \t]*:", re.I | re.M)
# RFC 4155, appendix A: an address and a date as asctime has it; some write the zone before the year, some behind it.
_FROM = re.compile(
    rb"From (?:.{0,320} )?(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +(?:[A-Z][a-z]{2} +\d{1,2}|\d{1,2} +[A-Z][a-z]{2})"
    rb"(?: +\d{4})? +\d{1,2}:\d\d(?::\d\d)?(?: +[+-]?\w+)*\s*$"
)
_FIRST_FROM = re.compile(rb"From [^\n]*\n\s*" + _BEGINS.pattern)
_ESCAPED = re.compile(rb">+From ")
_MAILDIR_FLAGS = re.compile(r"[:;!]2,([A-Za-z]*)$")
_DRAFT = re.compile(rb"^(?:x-status:.*T|x-mozilla-draft-info:)", re.I | re.M)
_TRASHED = re.compile(rb"^(?:x-status:.*D|x-mozilla-status:\s*[0-9a-f]{3}[89a-f]\b)", re.I | re.M)
_OTHER_KINDS = {
    b"\xd0\xcf\x11\xe0": "outlook",
    b"!BDN": "outlook",
    b"PK\x03\x04": "arsip",
    b"\x1f\x8b": "arsip",
}


@dataclass(frozen=True)
class StoredMail:
    """One mail of a file: its bytes (or an open file, for a big one), when it was written, where it stands."""

    content: Content
    at: datetime
    place: str
    order: int


@dataclass(frozen=True)
class Left:
    """A file, or a mail of an mbox, that is not taken, and why, in words."""

    place: str
    why: str


def mails(path: Path) -> Iterator[StoredMail | Left]:
    """Every file at or below a path, in the order of their names: its mails, or why it is left."""
    for file in _files(path.resolve() if path.is_symlink() else path):
        reason = _aside(file)
        if reason:
            yield Left(str(file), reason)
            continue
        try:
            yield from _in_file(file)
        except OSError as error:
            yield Left(
                str(file), word("impor.tidak_terbaca", sebab=error.strerror or type(error).__name__)
            )


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for folder, below, names in os.walk(path):
        below.sort()
        yield from (Path(folder, name) for name in sorted(names))
        yield from (Path(folder, name) for name in below if Path(folder, name).is_symlink())


def _maildir(file: Path) -> bool:
    return all((file.parent.parent / name).is_dir() for name in ("cur", "new"))


def _aside(file: Path) -> str:
    """Why a file is not even opened, in words; empty if it is."""
    if file.is_symlink():
        return word("impor.tautan")
    if not file.is_file():
        return word("impor.bukan_berkas")
    if file.parent.name == "tmp" and _maildir(file):
        return word("impor.tmp")
    flags = _MAILDIR_FLAGS.search(file.name)
    found = flags[1] if flags and file.parent.name in ("cur", "new") and _maildir(file) else ""
    return word("impor.terhapus") if "T" in found else word("impor.draf") if "D" in found else ""


def _in_file(file: Path) -> Iterator[StoredMail | Left]:
    source = _plain(file.open("rb"))
    head = source.read(HEAD)
    start = blank[0] if (blank := _BLANK.match(head)) else b""
    head = head[len(start) :]
    if _FIRST_FROM.match(head):
        with source:
            source.seek(len(start))
            yield from _mbox(source, str(file))
        return
    place_for_mails = file.suffix.lower() == ".eml" or (
        file.parent.name in ("cur", "new") and _maildir(file)
    )
    if not _is_mail(head, place_for_mails):
        source.close()
        yield Left(str(file), _no_mail(head))
        return
    yield _one(_from(source, len(start)), str(file), 0)


def _is_mail(head: bytes, place_for_mails: bool) -> bool:
    fields = _FIELDS.match(head if head.endswith(b"\n") else head + b"\n")
    return bool(
        fields and (_SURE.search(fields[1]) or (place_for_mails and _LIKELY.search(fields[1])))
    )


def _no_mail(head: bytes) -> str:
    kind = next((kind for magic, kind in _OTHER_KINDS.items() if head.startswith(magic)), "")
    return (
        word(f"impor.{kind}") if kind else word("impor.kosong" if not head else "impor.bukan_surat")
    )


def _plain(source: BinaryIO) -> BinaryIO:
    """The file in the bytes that a mail has on its way; itself, where it has them already."""
    start = source.read(4096)
    source.seek(0)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _rewritten(source, "utf-16")
    if len(start) > 3 and start.isascii() and start[1] == start[3] == 0:
        return _rewritten(source, "utf-16-le")
    if start.startswith(b"\xef\xbb\xbf"):
        return _from(source, 3)
    if b"\r" in start and b"\n" not in start:
        return _rewritten(source, "latin-1")
    return source


def _rewritten(source: BinaryIO, encoding: str) -> BinaryIO:
    """In UTF-8 with line ends of today; "latin-1" leaves all other bytes as they are."""
    copy: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `_one` or by who stores it
    with (
        source,
        io.TextIOWrapper(source, encoding=encoding, errors="replace") as text,
    ):  # turns line ends itself
        while some := text.read(2**20):
            copy.write(some.encode("latin-1" if encoding == "latin-1" else "utf-8", "replace"))
    copy.seek(0)
    return copy


def _from(source: BinaryIO, start: int) -> BinaryIO:
    """What follows the first bytes, as a file of its own."""
    if not start:
        return source
    copy: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `_one` or by who stores it
    with source:
        source.seek(start)
        shutil.copyfileobj(source, copy)
    copy.seek(0)
    return copy


def _one(source: BinaryIO, place: str, order: int) -> StoredMail:
    source.seek(0)
    head = source.read(HEAD)
    at = read(head).date or datetime.now(UTC)
    if store.length(source) > store.BATCH_BYTES:
        return StoredMail(source, at, place, order)
    with source:
        source.seek(0)
        return StoredMail(source.read(), at, place, order)


# ---- mbox ----------------------------------------------------------------------------------------------------


def _mbox(source: BinaryIO, place: str) -> Iterator[StoredMail | Left]:
    """The mails of an mbox from where the file stands, their lines as they were before they came into it (mboxrd)."""
    source.readline()
    order, more = 0, True
    while more:
        copy: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `_one` or by who stores it
        more = _next(source, copy)
        order += 1
        copy.seek(0)
        head = copy.read(HEAD)
        fields = found[1] if (found := _FIELDS.match(head)) else b""
        reason = "terhapus" if _TRASHED.search(fields) else "draf" if _DRAFT.search(fields) else ""
        if reason:
            copy.close()
            yield Left(word("impor.ke", berkas=place, nomor=order), word(f"impor.{reason}"))
        else:
            yield _one(copy, place, order)


def _next(source: BinaryIO, copy: BinaryIO) -> bool:
    """Copy the lines of one mail; whether another follows."""
    begun = False  # within the mail
    fresh = True  # at the start of a line
    blank = b""  # blank lines that are not copied yet
    while line := source.readline(LINE):
        if not fresh:  # a long line goes on
            copy.write(line)
            fresh = line.endswith(b"\n")
            continue
        if _FROM.match(line) and _mail_follows(source):
            one_less = blank.removesuffix(b"\n").removesuffix(b"\r")  # it belongs to the archive
            copy.write(one_less)
            return True
        bare = not line.strip(b"\r\n")
        if not begun and (bare or line.startswith(b">From ")):
            continue  # some write them between the From_ line and the head
        begun = True
        if bare and len(blank) < LINE:
            blank += line
            continue
        copy.write(blank + (line[1:] if _ESCAPED.match(line) else line))
        blank, fresh = b"", line.endswith(b"\n")
    copy.write(blank)
    return False


def _mail_follows(source: BinaryIO) -> bool:
    """Whether a head begins here, at once or after a blank line; the file stands as before."""
    here = source.tell()
    lines = [source.readline(LINE) for _ in range(2)]
    source.seek(here)
    return bool(_BEGINS.match(lines[0]) or (not lines[0].strip() and _BEGINS.match(lines[1])))
