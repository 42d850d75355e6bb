"""What a backup holds: opened, decrypted where need be, and checked before anything of it is used.

Hides that it may be one file or several, and that a damaged one is a finding and no traceback.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from pipeline.data import backup_seal, copied, recipients, schema
from pipeline.data.backup import (
    COUNTS,
    INDEX,
    MIB,
    OPENED,
    PACKS,
    BackupError,
    count_rows,
    remove,
    silent,
)
from pipeline.data.copied import Tell, opened
from pipeline.data.damage import first_line
from pipeline.data.recipients import RecipientError
from pipeline.office.messages import say


@dataclass(frozen=True)
class Contents:
    """What a backup holds: its revision, how many complaints, and the moment of the last event (UTC, as text)."""

    revision: str
    complaints: int
    last: str


@dataclass(frozen=True)
class Source:
    """A backup that can be read: its rows, and its packs; `name` is how it is called before people."""

    name: Path
    rows: Path
    packs: tuple[Path, ...] = ()

    def contents(self) -> list[Path]:
        """The files in which the bytes of blobs lie."""
        return list(self.packs) or [self.rows]


def look(
    path: Path,
    tell: Tell = silent,
    keys: Sequence[str] = (),
    room: Path | None = None,
    office: str = "",
) -> Contents:
    """What is in a backup, after all of it was checked: pages, foreign keys, and each blob against its hash.

    BackupError says what is wrong; also that it is another office's, where `office` is named. Never writes to the file:
    it may be the only copy. What is encrypted is laid plain in `room` meanwhile, its own folder if there is none.
    """
    with readable(path, room or path.parent, keys, tell, office) as source:
        return looked(source, tell)


@contextmanager
def readable(
    path: Path, room: Path, keys: Sequence[str], tell: Tell, office: str
) -> Iterator[Source]:
    """The files of a backup, plain; those that had to be opened are gone afterwards."""
    if not path.is_file():
        raise BackupError(say("pencadangan.tidak_ada", file=path))
    _as_noted(path)
    with ExitStack() as stack:
        try:
            rows = _plain(path, room, keys, tell, stack)
            backup_seal.check(rows, path, office)
            with closing(opened(rows)) as file:
                named = _packs(file)
            packs = [_plain(_whole(path, *pack), room, keys, tell, stack) for pack in named]
        except (RecipientError, backup_seal.SealError) as error:
            raise BackupError(str(error)) from error
        except sqlite3.DatabaseError as error:
            raise BackupError(
                say("pencadangan.bukan_atau_rusak", file=path, sebab=first_line(error))
            ) from error
        yield Source(path, rows, tuple(packs))


def _as_noted(rows: Path) -> None:
    """The file against the hash that the index of its chain has of it. Without one, or where it cannot be read, the
    rows are looked through all the same."""
    index = rows.with_name(INDEX)
    if not index.is_file():
        return
    try:
        with closing(opened(index)) as file:
            noted = file.execute("SELECT sha256 FROM baris WHERE nama = ?", (rows.name,)).fetchone()
    except sqlite3.DatabaseError:
        return
    if noted and digest_of_file(rows) != noted[0]:
        raise BackupError(say("pencadangan.sidik_jari", file=rows, daftar=INDEX))


def _plain(path: Path, room: Path, keys: Sequence[str], tell: Tell, stack: ExitStack) -> Path:
    if not recipients.is_encrypted(path):
        return path
    tell(say("pencadangan.bagian.sandi"), path.stat().st_size // MIB)
    plain = room / f".{path.name}{OPENED}"
    remove(plain)
    stack.callback(remove, plain)
    recipients.decrypt(path, plain, keys)
    return plain


def _packs(file: sqlite3.Connection) -> list[tuple[str, str]]:
    """(name, hash) of the packs that a backup needs; empty where all is in the one file."""
    if PACKS not in copied.tables_of(file):
        return []
    return list(file.execute(f"SELECT nama, sha256 FROM {PACKS} ORDER BY nama"))


def _whole(rows: Path, name: str, digest: str) -> Path:
    """A pack beside the rows, as it was when the backup was made."""
    pack = rows.with_name(Path(name).name)
    if not pack.is_file():
        raise BackupError(say("pencadangan.kurang", file=pack, cadangan=rows.name))
    if digest_of_file(pack) != digest:
        raise BackupError(say("pencadangan.sidik_jari", file=pack, daftar=rows.name))
    return pack


def digest_of_file(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    found = sha256()
    with path.open("rb") as file:
        while piece := file.read(MIB):
            found.update(piece)
    return found.hexdigest()


def looked(source: Source, tell: Tell) -> Contents:
    try:
        with closing(opened(source.rows)) as file:
            contents = _checked(file, source, tell)
        for pack in source.packs:
            with closing(opened(pack)) as file:
                _check_pages(file, source.name)
        _check_blobs(source, tell)
        return contents
    except sqlite3.DatabaseError as error:
        raise BackupError(
            say("pencadangan.bukan_atau_rusak", file=source.name, sebab=first_line(error))
        ) from error


def _checked(file: sqlite3.Connection, source: Source, tell: Tell) -> Contents:
    path, tables = source.name, copied.tables_of(file)
    if "alembic_version" not in tables or "blob" not in tables:
        raise BackupError(say("pencadangan.bukan", file=path))
    [revision] = file.execute("SELECT version_num FROM alembic_version").fetchone() or [""]
    if not schema.known(revision):
        raise BackupError(say("pencadangan.lebih_baru", file=path, revisi=revision))
    tell(say("pencadangan.bagian.memeriksa"), 0)
    _check_pages(file, path)
    orphan = file.execute("PRAGMA foreign_key_check").fetchone()
    if orphan is not None:
        raise BackupError(
            say("pencadangan.baris_lepas", file=path, nomor=orphan[1], tabel=orphan[0])
        )
    if COUNTS in tables:
        _check_counts(file, path)
    [complaints] = file.execute("SELECT count(*) FROM complaint").fetchone()
    [last] = file.execute("SELECT max(at) FROM event").fetchone()
    return Contents(revision, complaints, str(last or "")[:16])


def _check_pages(file: sqlite3.Connection, path: Path) -> None:
    [[verdict]] = file.execute("PRAGMA quick_check(1)").fetchall()
    if verdict != "ok":
        raise BackupError(say("pencadangan.rusak", file=path, sebab=verdict))


def _check_counts(file: sqlite3.Connection, path: Path) -> None:
    """As many rows in each table as the office had at that moment."""
    for name, count in file.execute(f"SELECT tabel, banyak FROM {COUNTS}").fetchall():
        if count_rows(file, name) != count:
            raise BackupError(
                say(
                    "pencadangan.tabel",
                    file=path,
                    tabel=name,
                    seharusnya=count,
                    ada=count_rows(file, name),
                )
            )


def _check_blobs(source: Source, tell: Tell) -> None:
    """Each blob that is needed is there and still is what its name says; those that were erased have no bytes."""
    seen = found = 0
    with closing(opened(source.rows)) as rows:
        [needed] = rows.execute("SELECT count(*) FROM blob WHERE size >= 0").fetchone()
        for path in source.contents():
            with closing(opened(path)) as file:
                for digest, is_now in _blobs(file):
                    size = size_in(rows, digest)
                    if size < 0:
                        continue  # of an earlier night, and erased since
                    if is_now != (digest, size):
                        raise BackupError(
                            say("pencadangan.isi_rusak", file=source.name, isi=digest[:12])
                        )
                    found, seen = found + 1, seen + size
                    tell(say("pencadangan.bagian.memeriksa_isi"), seen // MIB)
    if found != needed:
        raise BackupError(say("pencadangan.isi_kurang", file=source.name, jumlah=needed - found))


def size_in(rows: sqlite3.Connection, digest: str) -> int:
    """How long a blob is by the backup's rows; below zero where it is not there, or erased."""
    row = rows.execute("SELECT size FROM blob WHERE sha256 = ?", (digest,)).fetchone()
    return int(row[0]) if row else -1


def _blobs(file: sqlite3.Connection) -> Iterator[tuple[str, tuple[str, int]]]:
    """(name, (hash of the bytes, how many)) of every blob of a file."""
    rest = 'SELECT content FROM blob_part WHERE sha256 = ? ORDER BY "order"'
    in_parts = "blob_part" in copied.tables_of(file)
    for digest, size, content in file.execute(
        "SELECT sha256, size, content FROM blob WHERE size >= 0"
    ):
        found = sha256(content)
        length = len(content)
        parts = file.execute(rest, (digest,)) if in_parts and size > length else ()
        for (part,) in parts:
            found.update(part)
            length += len(part)
        yield digest, (found.hexdigest(), length)
