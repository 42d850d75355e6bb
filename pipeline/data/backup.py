"""Backup and restore: every row into one SQLite file of the same tables, from either database and into either.

Hides the two databases' ways of a consistent view, and that a file of an earlier program is filled into tables of its
own revision first and then brought up to date, in the same transaction. The file holds complaints but no secret:
without the key, which lies outside the database, no link in it can act. It is made 0600.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, MetaData, Select, Table, create_engine, event, func, inspect, select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.types import DateTime

from pipeline.data import fulltext, schema
from pipeline.data.engine import connect
from pipeline.data.tables import UtcTime

ROWS = 200
BLOBS = 5  # rows of the table that holds whole mails
LARGE = ("blob", "blob_part", "confirmation_file")
STEPS = 200_000  # of SQLite's machine between two words about how far it is
MIB = 2**20
Tell = Callable[[str, int], None]  # (what, how much of it so far)


class BackupError(Exception):
    """The backup or the restore was refused; the message says why and what to do."""


def silent(_what: str, _amount: int) -> None:
    """Tell nobody."""


# ---- backup --------------------------------------------------------------------------------------------------


def backup(engine: Engine, path: Path, tell: Tell = silent) -> int:
    """Copy everything into a new file while others go on working; how many rows.

    A database of an earlier program is copied as it is. BackupError if the file is there, or the database damaged.
    """
    if path.exists():
        raise BackupError(f"{path} sudah ada. Pilih nama lain; cadangan lama tidak ditimpa.")
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".sebagian")
    _remove(part)
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        if engine.dialect.name == "sqlite":
            _vacuum_into(engine, part, tell)
        else:
            _copy_into(engine, part, tell)
        count = _rows(part)
        _to_disk(part)
    except BaseException as error:
        _remove(part)
        if isinstance(error, DatabaseError | sqlite3.DatabaseError):
            raise BackupError(
                f"Basis data tidak dapat dibaca seluruhnya: {_first_line(error)}. Tidak ada cadangan baru; "
                "simpan cadangan yang lama."
            ) from error
        raise
    os.replace(part, path)
    _to_disk(path.parent)
    return count


def _vacuum_into(engine: Engine, part: Path, tell: Tell) -> None:
    """SQLite's own copy: one read transaction, without what lies erased in free pages."""
    with engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        raw.set_progress_handler(lambda: tell("basis data (MB)", part.stat().st_size // MIB), STEPS)
        try:
            raw.execute("VACUUM INTO ?", (str(part),))
        finally:
            raw.set_progress_handler(None, 0)


def _copy_into(engine: Engine, part: Path, tell: Tell) -> None:
    """Row by row out of PostgreSQL, in one view of it."""
    target = connect(f"sqlite:///{part.resolve()}")
    try:
        with _view(engine) as source, schema.rebuilding(target) as into:
            revision = schema.revision_of(source)
            schema.upgrade(into, revision or schema.HEAD)
            _copy(source, into, tell)
        with closing(sqlite3.connect(part)) as file:
            file.execute("PRAGMA journal_mode=DELETE")  # one file, no companions
    finally:
        target.dispose()


def _view(engine: Engine) -> Connection:
    """A connection that sees one moment of the database throughout."""
    return engine.connect().execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _rows(path: Path) -> int:
    with closing(_opened(path)) as file:
        return sum(file.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in _tables(file))


def _to_disk(path: Path) -> None:
    """Have a file, or the names in a folder, survive a power cut."""
    place = os.open(path, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)


def _remove(path: Path) -> None:
    """A SQLite file and what lies beside it."""
    for ending in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + ending).unlink(missing_ok=True)


def _first_line(error: BaseException) -> str:
    return str(getattr(error, "orig", error)).splitlines()[0]


# ---- what a file holds ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Contents:
    """What a backup holds: its revision, how many complaints, and the moment of the last event (UTC, as text)."""

    revision: str
    complaints: int
    last: str


def look(path: Path, tell: Tell = silent) -> Contents:
    """What is in a backup, after all of it was checked: pages, foreign keys, and each blob against its hash.

    BackupError says what is wrong. Never writes to the file: it may be the only copy.
    """
    if not path.is_file():
        raise BackupError(f"{path} tidak ada.")
    try:
        with closing(_opened(path)) as file:
            return _checked(file, path, tell)
    except sqlite3.DatabaseError as error:
        raise BackupError(f"{path} bukan cadangan aduan, atau rusak ({_first_line(error)}).") from error


def _opened(path: Path) -> sqlite3.Connection:
    """The file, only to be read. One without a log beside it is not even locked: a read-only disk will do."""
    log = path.with_name(path.name + "-wal")
    how = "mode=ro" if log.exists() and log.stat().st_size else "immutable=1"
    return sqlite3.connect(f"file:{quote(str(path.resolve()))}?{how}", uri=True, isolation_level=None)


def _tables(file: sqlite3.Connection) -> list[str]:
    return [name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]


def _checked(file: sqlite3.Connection, path: Path, tell: Tell) -> Contents:
    tables = _tables(file)
    if "alembic_version" not in tables or "blob" not in tables:
        raise BackupError(f"{path} bukan cadangan aduan.")
    [revision] = file.execute("SELECT version_num FROM alembic_version").fetchone() or [""]
    if not schema.known(revision):
        raise BackupError(f"{path} dibuat oleh aduan yang lebih baru (versi {revision}). Pasang versi itu.")
    tell("memeriksa berkas", 0)
    [[verdict]] = file.execute("PRAGMA quick_check(1)").fetchall()
    if verdict != "ok":
        raise BackupError(f"{path} rusak: {verdict}.")
    orphan = file.execute("PRAGMA foreign_key_check").fetchone()
    if orphan is not None:
        raise BackupError(f"{path} tidak utuh: baris {orphan[1]} di tabel {orphan[0]} menunjuk ke yang tidak ada.")
    _check_blobs(file, path, "blob_part" in tables, tell)
    [complaints] = file.execute("SELECT count(*) FROM complaint").fetchone()
    [last] = file.execute("SELECT max(at) FROM event").fetchone()
    return Contents(revision, complaints, str(last or "")[:16])


def _check_blobs(file: sqlite3.Connection, path: Path, in_parts: bool, tell: Tell) -> None:
    """Each blob still is what its name says; those that were erased have no bytes."""
    rest = 'SELECT content FROM blob_part WHERE sha256 = ? ORDER BY "order"'
    seen = 0
    for digest, size, content in file.execute("SELECT sha256, size, content FROM blob WHERE size >= 0"):
        found = sha256(content)
        length = len(content)
        parts = file.execute(rest, (digest,)) if in_parts and size > length else ()
        for (part,) in parts:
            found.update(part)
            length += len(part)
        if found.hexdigest() != digest or length != size:
            raise BackupError(f"{path} rusak: isi berkas {digest[:12]}… tidak cocok dengan sidik jarinya.")
        seen += length
        tell("memeriksa isi (MB)", seen // MIB)


# ---- restore -------------------------------------------------------------------------------------------------


def restore(engine: Engine, path: Path, tell: Tell = silent, *, hold: bool = False) -> int:
    """Fill an empty database from a backup, of this program or an earlier one; how many rows. With `hold`, mails that
    waited when the backup was made do not leave: the office may have sent them since.

    All of it or nothing: a SQLite file that was not there before is not there after a refusal either. BackupError
    when the database is not empty, or the file is damaged, or none of ours.
    """
    fresh = not inspect(engine).get_table_names()
    try:
        contents = look(path, tell)
        with schema.rebuilding(engine) as into:
            _make_room(into, contents.revision)
            count = _filled(path, into, tell)
            schema.upgrade(into, tell=lambda revision, number, _of: tell(f"memperbarui ke {revision}", number))
            _restart_sequences(into)
            if hold:
                into.execute(text("UPDATE outbox SET state = 'held' WHERE state IN ('due', 'sending')"))
    except BaseException as error:
        if fresh and engine.dialect.name == "sqlite" and engine.url.database:
            engine.dispose()
            _remove(Path(engine.url.database))
        if isinstance(error, schema.SchemaError | DatabaseError | sqlite3.DatabaseError):
            raise BackupError(f"{path} tidak dapat dipulihkan: {_first_line(error)}") from error
        raise
    return count


def _make_room(into: Connection, revision: str) -> None:
    """Empty tables of the backup's own revision."""
    there = MetaData()
    there.reflect(into)
    fulltext.drop(into)
    for name in filter(fulltext.is_of_search, list(there.tables)):
        there.remove(there.tables[name])
    ours = [table for table in there.sorted_tables if table.name != "alembic_version"]
    if any(into.scalar(select(func.count()).select_from(table)) for table in ours):
        raise BackupError("Basis data tujuan tidak kosong. Pulihkan hanya ke basis data baru.")
    there.drop_all(into)
    schema.upgrade(into, revision)


def _filled(path: Path, into: Connection, tell: Tell) -> int:
    if into.dialect.name == "sqlite":
        with closing(_opened(path)) as file:
            file.execute("BEGIN")
            return _copy_raw(file, into, tell)
    engine = create_engine("sqlite://", creator=lambda: _opened(path), hide_parameters=True)
    try:
        with engine.connect() as source:
            source.exec_driver_sql("BEGIN")
            count = _copy(source, into, tell)
        into.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))  # checked now: a table with checks that wait stays as it is
        return count
    finally:
        engine.dispose()


# ---- rows ----------------------------------------------------------------------------------------------------


def _copy_raw(file: sqlite3.Connection, into: Connection, tell: Tell) -> int:
    """From SQLite to SQLite nothing needs to be understood: what a cursor gives goes into the other."""
    raw: Any = into.connection.driver_connection
    total = 0
    for table in _shared_tables(into).sorted_tables:
        names = ", ".join(f'"{column.name}"' for column in table.columns)
        marks = ", ".join("?" for _ in table.columns)
        order = ", ".join(f'"{column.name}"' for column in table.primary_key.columns)
        rows = file.execute(f'SELECT {names} FROM "{table.name}" ORDER BY {order}')
        count = raw.executemany(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', rows).rowcount
        tell(table.name, max(count, 0))
        total += max(count, 0)
    return total


def _copy(source: Connection, into: Connection, tell: Tell) -> int:
    total = 0
    for table in _shared_tables(into).sorted_tables:
        count = 0
        for rows in _portions(source, table):
            into.execute(table.insert(), rows)
            count += len(rows)
            tell(table.name, count)
        total += count
    return total


def _portions(source: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    size = BLOBS if table.name in LARGE else ROWS
    found = source.execution_options(yield_per=size).execute(_ordered(table)).mappings()
    for rows in found.partitions():
        yield [dict(row) for row in rows]


def _ordered(table: Table) -> Select[Any]:
    return select(table).order_by(*table.primary_key.columns)


def _shared_tables(connection: Connection) -> MetaData:
    """The tables as this revision has them, in types that both databases understand."""
    tables = MetaData()

    @event.listens_for(tables, "column_reflect")
    def _common(_inspector: object, _table: object, column: dict[str, Any]) -> None:
        kind = column["type"].as_generic()
        column["type"] = UtcTime() if isinstance(kind, DateTime) else kind
        column["default"] = None

    # The columns of a search's own tables have no type that both databases know.
    tables.reflect(connection, only=lambda name, _: name != "alembic_version" and not fulltext.is_of_search(name))
    return tables


def _restart_sequences(into: Connection) -> None:
    """PostgreSQL keeps its own count of ids, which copied rows do not move."""
    if into.dialect.name != "postgresql":
        return
    for name in inspect(into).get_table_names():
        if any(column["name"] == "id" for column in inspect(into).get_columns(name)):
            into.execute(
                text(
                    f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), "
                    f"coalesce((SELECT max(id) FROM {name}), 1), (SELECT max(id) FROM {name}) IS NOT NULL)"
                )
            )
