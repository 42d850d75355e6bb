"""Backup and restore: every row into SQLite files of the same tables, from either database and into either.

Hides the two databases' ways of a consistent view, that a backup may be encrypted and may lie in several files (its
rows, and *packs* of what is too large to be copied every night: `backup_folder`), and that one of an earlier program is
filled into tables of its own revision first and then brought up to date. A backup holds complaints but no secret:
without the key, which lies outside the database, no link in it can act. Its files are made 0600.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence, Set
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    Connection,
    Engine,
    MetaData,
    Table,
    create_engine,
    event,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import DatabaseError

from pipeline.data import backup_seal, copied, fulltext, recipients, schema, storage, store
from pipeline.data.copied import Tell, opened
from pipeline.data.damage import first_line, is_damage, is_full
from pipeline.data.engine import connect_file
from pipeline.data.places import PlaceError
from pipeline.data.recipients import RecipientError
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
        return sum(_count(file, name) for name in names)


def _count(file: sqlite3.Connection, table: str) -> int:
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


# ---- what a backup holds -------------------------------------------------------------------------------------


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
    with _readable(path, room or path.parent, keys, tell, office) as source:
        return _looked(source, tell)


@contextmanager
def _readable(
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


def _looked(source: Source, tell: Tell) -> Contents:
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
        if _count(file, name) != count:
            raise BackupError(
                say(
                    "pencadangan.tabel",
                    file=path,
                    tabel=name,
                    seharusnya=count,
                    ada=_count(file, name),
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
                    size = _size(rows, digest)
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


def _size(rows: sqlite3.Connection, digest: str) -> int:
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


# ---- restore -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RestoreWish:
    """How a restore is to be done.

    `hold`: mails that waited when the backup was made do not leave, for the office may have sent them since. `replace`:
    the database need not be empty; a SQLite file is laid aside, not removed. `keys` open an encrypted backup, which is
    laid plain in `room` meanwhile (beside the database where there is none). `office`: whose backup it has to be, ""
    for anybody's. `before` hears what the backup holds once
    it is found good; what it raises ends the restore before anything is written.
    """

    hold: bool = False
    replace: bool = False
    keys: Sequence[str] = field(default=(), repr=False)
    room: Path | None = None
    office: str = ""
    before: Callable[[Contents], object] = field(default=lambda _contents: None, repr=False)


def _clear(room: Path) -> None:
    """Of what a restore that was killed has left."""
    for plain in room.glob(f".*{OPENED}"):
        remove(plain)


def _file_of(engine: Engine) -> Path | None:
    """The file of an SQLite database; None for any other, and for one in memory."""
    database = engine.url.database or ""
    in_a_file = engine.dialect.name == "sqlite" and database not in ("", ":memory:")
    return Path(database) if in_a_file else None


UNREADABLE = (schema.SchemaError, DatabaseError, sqlite3.DatabaseError)


def restore(
    engine: Engine, path: Path, tell: Tell = silent, wish: RestoreWish | None = None
) -> int:
    """Fill a database from a backup, of this program or an earlier one; how many rows. All of it is checked before
    anything is written, and it is all or nothing: after a refusal the database is what it was.

    BackupError when the database is not empty, or the file is damaged, or none of ours.
    """
    wish = wish or RestoreWish()
    file = _file_of(engine)
    room = wish.room or (file or path).parent
    kept = holds(engine)
    leaves_nothing = not kept and not schema.is_made(engine)
    _clear(room)
    if kept and not wish.replace:
        raise BackupError(say("pencadangan.tidak_kosong"))
    fill = _into_sqlite if file else _into_rows
    try:
        with _readable(path, room, wish.keys, tell, wish.office) as source:
            contents = _looked(source, tell)
            wish.before(contents)
            return fill(engine, source, contents.revision, tell, wish)
    except BaseException as error:
        if leaves_nothing:
            _forget(engine)
        if isinstance(error, UNREADABLE):
            reason = say("pencadangan.tidak_pulih", file=path, sebab=first_line(error))
            raise BackupError(reason) from error
        raise


def _forget(engine: Engine) -> None:
    """Remove the file of a database that was not there before."""
    file = _file_of(engine)
    if file is not None:
        engine.dispose()
        remove(file)


def holds(engine: Engine) -> bool:
    """Whether anything is kept in the database besides empty tables. One that is damaged is not taken for empty."""
    there = MetaData()
    try:
        with engine.execution_options(aduan_reading=True).connect() as connection, copied.quietly():
            there.reflect(connection, only=copied.is_ours)
            return any(
                connection.scalar(select(func.count()).select_from(table))
                for table in there.sorted_tables
            )
    except DatabaseError as error:
        if not is_damage(error):
            raise
        return True


def _finish(into: Connection, tell: Tell, wish: RestoreWish) -> None:
    schema.upgrade(
        into,
        tell=lambda revision, number, _of: tell(
            say("pencadangan.bagian.memperbarui", revisi=revision), number
        ),
    )
    store.renew_home(into)
    if wish.hold:
        into.execute(text("UPDATE outbox SET state = 'held' WHERE state IN ('due', 'sending')"))


# A SQLite file is made beside the old one and takes its place at the end.


def _into_sqlite(
    engine: Engine, source: Source, revision: str, tell: Tell, wish: RestoreWish
) -> int:
    database = Path(engine.url.database or "")
    made = database.with_name(database.name + ".pulih")
    remove(made)
    target = connect_file(made)
    event.listen(target, "connect", _without_a_log)
    try:
        with schema.rebuilding(target) as into:
            schema.upgrade(into, revision)
            count = _attached(into, source, tell)
            _finish(into, tell, wish)
        target.dispose()
        to_disk(made)
        kept = holds(engine)
        engine.dispose()
        _lay_aside(database, keep=kept)
        os.replace(made, database)
        to_disk(database.parent)
        return count
    finally:
        target.dispose()
        remove(made)


def _without_a_log(connection: Any, _record: object) -> None:
    """Nobody else reads it yet, and a killed restore is begun anew."""
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "secure_delete=OFF", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {pragma}")


def _attached(into: Connection, source: Source, tell: Tell) -> int:
    raw: Any = into.connection.driver_connection
    ours = [name for name in copied.tables_of(raw) if name not in copied.APART]
    raw.execute("ATTACH ? AS asal", (copied.address(source.rows),))
    theirs, total = copied.tables_of(raw, "asal"), 0
    for name in ours:
        if name in theirs and not (source.packs and name in CONTENTS):
            count = copied.attached(raw, name, "asal")
            tell(name, count)
            total += count
    return total + _unpacked(raw, source, tell)


def _unpacked(raw: sqlite3.Connection, source: Source, tell: Tell) -> int:
    """The bytes out of the packs, those that the backup's moment had; what was erased stays erased."""
    if not source.packs:
        return 0
    total = copied.attached(raw, "blob", "asal", extra="WHERE size < 0")
    with closing(opened(source.rows)) as rows:
        for pack in source.packs:
            with closing(opened(pack)) as file:
                for name in CONTENTS:
                    wanted = (
                        row
                        for row in file.execute(f"SELECT * FROM {name}")
                        if _size(rows, row[0]) >= 0
                    )
                    total += max(
                        raw.executemany(f"INSERT INTO {name} VALUES (?, ?, ?)", wanted).rowcount, 0
                    )
            tell(say("pencadangan.bagian.isi"), total)
    return total


def _lay_aside(database: Path, *, keep: bool) -> None:
    """What is replaced goes under another name as it is, with its log; what holds nothing goes."""
    aside = laid_aside(database)
    for ending in COMPANIONS if keep else ():
        one = database.with_name(database.name + ending)
        if one.exists():
            os.replace(one, aside.with_name(aside.name + ending))
    remove(database)


def laid_aside(database: Path) -> Path:
    """Where the file goes that a restore replaces."""
    stem = f"{database.name}.sebelum-pulih"
    taken = sum(
        1
        for one in database.parent.glob(f"{stem}*")
        if one.name.removeprefix(stem).strip("-").isdecimal()
    )
    return database.with_name(f"{stem}-{taken + 1}")


# Into PostgreSQL row by row, in one transaction.


def _into_rows(engine: Engine, source: Source, revision: str, tell: Tell, wish: RestoreWish) -> int:
    with schema.rebuilding(engine) as into:
        _make_room(into, revision)
        count = _filled(source, into, tell)
        _finish(into, tell, wish)
        copied.restart_sequences(into)
        return count


def _make_room(into: Connection, revision: str) -> None:
    """Empty tables of the backup's own revision, in the place of what was there."""
    there = MetaData()
    there.reflect(into)
    fulltext.drop(into)
    for name in filter(fulltext.is_of_search, list(there.tables)):
        there.remove(there.tables[name])
    there.drop_all(into)
    schema.upgrade(into, revision)


def _filled(source: Source, into: Connection, tell: Tell) -> int:
    with ExitStack() as stack:
        reading = [_reading(path, stack) for path in (source.rows, *source.packs)]
        count = _copied(reading[0], reading[1:], into, tell)
        if into.dialect.name == "postgresql":
            into.execute(
                text("SET CONSTRAINTS ALL IMMEDIATE")
            )  # now: a table with checks that wait stays as it is
        return count


def _reading(path: Path, stack: ExitStack) -> Connection:
    engine = create_engine("sqlite://", creator=lambda: opened(path), hide_parameters=True)
    stack.callback(engine.dispose)
    connection = stack.enter_context(engine.connect())
    connection.exec_driver_sql("BEGIN")
    return connection


def _copied(rows: Connection, packs: Sequence[Connection], into: Connection, tell: Tell) -> int:
    tables = copied.shared_tables(into).sorted_tables
    if not packs:
        return sum(copied.put(into, one, copied.portions(rows, one), tell) for one in tables)
    kept = set(rows.scalars(text("SELECT sha256 FROM blob WHERE size >= 0")))
    total = 0
    for table in tables:
        if table.name not in CONTENTS:
            total += copied.put(into, table, copied.portions(rows, table), tell)
            continue
        for pack in packs:
            total += copied.put(into, table, _still_kept(pack, table, kept), tell)
        if table.name == "blob":  # what was erased lies in no pack
            erased = rows.execute(select(table).where(table.c.size < 0)).mappings()
            total += copied.put(into, table, [[dict(row) for row in erased]], tell)
    return total


def _still_kept(pack: Connection, table: Table, kept: Set[str]) -> Iterator[list[dict[str, Any]]]:
    """The rows of a pack whose bytes the office still has, portion by portion."""
    for some in copied.portions(pack, table):
        yield [row for row in some if row["sha256"] in kept]
