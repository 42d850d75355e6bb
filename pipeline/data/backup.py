"""Backup: every row of either database into a SQLite file of the same tables.

Hides the two databases' ways of a consistent view, and that a backup may be encrypted. What is too large to be copied
every night lies in *packs* beside it (`backup_folder`); what a backup holds is looked at in `backup_contents`, and
brought back by `restore`. It holds complaints but no secret: without the key, which lies outside the database, no link
in it can act. Its files are made 0600.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    Connection,
    Engine,
    inspect,
    select,
)
from sqlalchemy.exc import DatabaseError

from pipeline.data import backup_seal, copied, recipients, schema, storage
from pipeline.data.copied import Tell, opened
from pipeline.data.damage import first_line, is_full
from pipeline.data.engine import connect_file
from pipeline.data.places import PlaceError
from pipeline.data.tables import BlobPlace
from pipeline.office.messages import say
from pipeline.office.words import word

R = TypeVar("R")
STEPS = 200_000  # of SQLite's machine between two words about how far it is
MIB = 2**20
INDEX = "daftar.db"  # beside the rows of a chain: what it has, and the hashes of its files
PACKS = "cadangan_isi"  # in a backup of several files: which packs it needs, by name and hash
COUNTS = "cadangan_hitung"  # and how many rows each table had
CONTENTS = ("blob", "blob_part")  # what packs hold
OUTSIDE = "blob_place"  # which bytes lie outside the database: none of a backup's
TRIES = 3  # of a backup in whose way something was erased
PARTS = (".sebagian", ".tertutup")  # how a file is called while it is made
OPENED = ".terbuka"  # at the end of the hidden name of an encrypted file that lies plain while it is read
COMPANIONS = ("", "-wal", "-shm", "-journal")  # what lies beside a SQLite file, and itself


class BackupError(Exception):
    """The backup or the restore was refused; the message says why and what to do."""


def silent(_what: str, _amount: int) -> None:
    """Tell nobody."""


# ---- backup --------------------------------------------------------------------------------------------------


def backup(
    engine: Engine, path: Path, tell: Tell = silent, to: Collection[str] = (), office: str = ""
) -> int:
    """Copy everything into one new file while others go on working; how many rows. `to`: recipients; `office`: whose
    it is.

    A database of an earlier program is copied as it is. BackupError if the file is there, or the database damaged.
    """
    if path.exists():
        raise BackupError(say("pencadangan.sudah_ada", file=path))
    return as_often(lambda: _backup(engine, path, tell, to, office))


class ErasedMeanwhileError(BackupError):
    """Bytes that a backup was about to copy from outside the database were erased: it has to begin anew."""


def as_often(step: Callable[[], R]) -> R:
    """A backup that begins anew where something was erased in its way."""
    for _ in range(TRIES - 1):
        with suppress(ErasedMeanwhileError):
            return step()
    return step()


def _backup(engine: Engine, path: Path, tell: Tell, to: Collection[str], office: str) -> int:
    with writing_file(path, to, office) as part:
        if engine.dialect.name == "sqlite":
            _vacuum_into(engine, part, tell)
        else:
            copy_of_postgresql(engine, part, tell)
        return _rows(part)


@contextmanager
def writing_file(path: Path, to: Collection[str] = (), office: str = "") -> Iterator[Path]:
    """A new file that is there whole, sealed, and encrypted if it has recipients, or not at all; 0600."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part, closed = (path.with_name(path.name + ending) for ending in PARTS)
    for one in (part, closed):
        remove(one)
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        yield part
        backup_seal.seal(part, office)
        if to:
            recipients.encrypt(part, closed, to)
            os.replace(closed, part)
        to_disk(part)
        os.replace(part, path)
    except PlaceError as error:
        raise BackupError(say("pencadangan.batal", sebab=error)) from error
    except (DatabaseError, sqlite3.DatabaseError) as error:
        why = say("pencadangan.tak_tertulis") if is_full(error) else say("pencadangan.tak_terbaca")
        raise BackupError(say("pencadangan.gagal", apa=why, sebab=first_line(error))) from error
    finally:
        for one in (part, closed):
            remove(one)
    to_disk(path.parent)


def _vacuum_into(engine: Engine, part: Path, tell: Tell) -> None:
    """SQLite's own copy: one read transaction, without what lies erased in free pages."""
    with engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        raw.set_progress_handler(
            lambda: tell(say("pencadangan.bagian.basis_data"), part.stat().st_size // MIB), STEPS
        )
        try:
            raw.execute("VACUUM INTO ?", (str(part),))
        finally:
            raw.set_progress_handler(None, 0)
    with closing(sqlite3.connect(part, isolation_level=None)) as file:
        if OUTSIDE in copied.tables_of(file):
            digests = [one for (one,) in file.execute(f"SELECT sha256 FROM {OUTSIDE}")]
            file.execute("PRAGMA journal_mode=OFF")
            file.execute("BEGIN")
            bring_in(engine, file, "main", digests, tell)
            file.execute(f"DELETE FROM {OUTSIDE}")
            file.execute("COMMIT")


def bring_in(
    engine: Engine, file: sqlite3.Connection, schema: str, digests: Sequence[str], tell: Tell
) -> None:
    """The bytes that lie outside the database, into a backup that has their rows."""
    for count, digest in enumerate(digests):
        tell(say("pencadangan.bagian.di_luar"), count)
        try:
            storage.bring_in(engine, file, schema, [digest])
        except KeyError as error:
            raise ErasedMeanwhileError(word("simpanan.terhapus")) from error


def copy_of_postgresql(
    engine: Engine,
    part: Path,
    tell: Tell,
    further: Callable[[Connection, Connection], None] | None = None,
) -> None:
    """Row by row out of PostgreSQL, in one view of it. With `further`, which goes on in the same view, without the
    bytes of blobs."""
    target = connect_file(part)
    try:
        with view(engine) as source, schema.rebuilding(target) as into:
            revision = schema.revision_of(source)
            schema.upgrade(into, revision or schema.HEAD)
            copied.copy(source, into, tell, CONTENTS if further else ())
            if further:
                further(source, into)
            else:
                raw: Any = into.connection.driver_connection
                bring_in(engine, raw, "main", outside(source), tell)
        with closing(sqlite3.connect(part)) as file:
            file.execute("PRAGMA journal_mode=DELETE")  # one file, no companions
    finally:
        target.dispose()


def outside(source: Connection) -> list[str]:
    """The blobs whose bytes lie outside, in that view; none in a database of an earlier program."""
    if OUTSIDE not in inspect(source).get_table_names():
        return []
    return list(source.scalars(select(BlobPlace.sha256).order_by(BlobPlace.sha256)))


def view(engine: Engine) -> Connection:
    """A connection that sees one moment of PostgreSQL throughout."""
    return engine.connect().execution_options(
        isolation_level="REPEATABLE READ", postgresql_readonly=True
    )


def _rows(path: Path) -> int:
    with closing(opened(path)) as file:
        names = [
            name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        return sum(count_rows(file, name) for name in names)


def count_rows(file: sqlite3.Connection, table: str) -> int:
    return int(file.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0])


def to_disk(path: Path) -> None:
    """Have a file, or the names in a folder, survive a power cut."""
    place = os.open(path, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)


def remove(path: Path) -> None:
    """A SQLite file and what lies beside it."""
    for ending in COMPANIONS:
        path.with_name(path.name + ending).unlink(missing_ok=True)
