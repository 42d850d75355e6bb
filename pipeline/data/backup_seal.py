"""The last line of a file of a backup: the hash of all before it, and whose it is.

SQLite reads a file as far as its first page says and leaves alone what stands behind, so that the one file carries its
own hash: copied without its folder, it can still be held against what it was.
"""

from __future__ import annotations

import json
import os
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from pipeline.data import copied, schema
from pipeline.office.words import word

BEGIN = b"\naduan-cadangan "
LONGEST = 1000  # bytes of the line
PIECE = 2**20
SINCE = "0095"  # revisions of this and later programs: their backups all have it
JOURNAL = 18  # where a SQLite file says whether it goes with a log
WAL = 2  # as an office's own file does, which may be restored from a copy, and no backup


class SealError(Exception):
    """A file is not what it was; the message says so."""


@dataclass(frozen=True)
class _Seal:
    """`digest` is over the first `size` bytes and the office's name."""

    size: int
    digest: str
    office: str


def seal(file: Path, office: str) -> None:
    """Add the line to a file that is complete."""
    name = office[: LONGEST // 10]
    with file.open("rb+") as target:
        size = target.seek(0, os.SEEK_END)
        digest = _digest(target, size, name)
        line = json.dumps({"sha256": digest, "kantor": name})
        target.seek(size)
        target.write(BEGIN + line.encode() + b"\n")


def check(file: Path, name: Path, office: str = "") -> None:
    """SealError unless a backup is what it was when it was made, and of that office where one is named."""
    with file.open("rb") as source:
        found = _found(source)
        if found is None:
            if _should_have_one(file):
                raise SealError(word("cadangan.tanpa_sidik", berkas=name))
            return
        if _digest(source, found.size, found.office) != found.digest:
            raise SealError(word("cadangan.sidik_lain", berkas=name))
    if office and found.office and office != found.office:
        raise SealError(
            word("cadangan.kantor_lain", berkas=name, pemilik=found.office, kantor=office)
        )


def _digest(file: BinaryIO, size: int, office: str) -> str:
    found, left = sha256(office.encode()), size
    file.seek(0)
    while left and (piece := file.read(min(PIECE, left))):
        found.update(piece)
        left -= len(piece)
    return found.hexdigest()


def _found(file: BinaryIO) -> _Seal | None:
    """The last line of a file; None where there is none that can be read."""
    end = file.seek(0, os.SEEK_END)
    start = max(0, end - LONGEST)
    file.seek(start)
    tail = file.read()
    at = tail.rfind(BEGIN)
    if at < 0:
        return None
    try:
        said = json.loads(tail[at + len(BEGIN) :])
        return _Seal(start + at, str(said["sha256"]), str(said["kantor"]))
    except (ValueError, KeyError, TypeError):
        return _Seal(start + at, "", "")


def _should_have_one(file: Path) -> bool:
    """Backups of earlier programs have none, nor has a copy of an office's own database."""
    with file.open("rb") as source:
        if source.read(JOURNAL + 1)[JOURNAL:] == bytes([WAL]):
            return False
    with closing(copied.opened(file)) as rows:
        if "alembic_version" not in copied.tables_of(rows):
            return False
        found = rows.execute("SELECT version_num FROM alembic_version").fetchone()
    revision = str(found[0]) if found else ""
    return revision >= SINCE and schema.known(revision)  # that of a newer program is told elsewhere
