"""Restoring a backup: into an empty database or in place of one, of this revision or of an earlier one.

Hides that one of an earlier program is filled into tables of its own revision first and then brought up to date, and
how what stood there before is laid aside.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    MetaData,
    Table,
    create_engine,
    event,
    func,
    select,
    text,
)
from sqlalchemy.exc import DatabaseError

from pipeline.data import copied, fulltext, schema, store
from pipeline.data.backup import COMPANIONS, CONTENTS, OPENED, BackupError, remove, silent, to_disk
from pipeline.data.backup_contents import Contents, Source, looked, readable, size_in
from pipeline.data.copied import Tell, opened
from pipeline.data.damage import first_line, is_damage
from pipeline.data.engine import connect_file
from pipeline.office.messages import say


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
        with readable(path, room, wish.keys, tell, wish.office) as source:
            contents = looked(source, tell)
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
                        if size_in(rows, row[0]) >= 0
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
        make_room(into, revision)
        count = filled(source, into, tell)
        _finish(into, tell, wish)
        copied.restart_sequences(into)
        return count


def make_room(into: Connection, revision: str) -> None:
    """Empty tables of the backup's own revision, in the place of what was there."""
    there = MetaData()
    there.reflect(into)
    fulltext.drop(into)
    for name in filter(fulltext.is_of_search, list(there.tables)):
        there.remove(there.tables[name])
    there.drop_all(into)
    schema.upgrade(into, revision)


def filled(source: Source, into: Connection, tell: Tell) -> int:
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
