"""Backup and restore: every row into one SQLite file of the same tables, from either database and into either.

Hides the two databases' ways of a consistent view. The file holds complaints but no secret: without the key, which
lies outside the database, no link in it can act. It is made 0600.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, Select, Table, func, select, text

from pipeline import db
from pipeline.db import Base

ROWS = 200
BLOBS = 5  # rows of the table that holds whole mails


class BackupError(Exception):
    """The backup or the restore was refused; the message says why and what to do."""


def backup(engine: Engine, path: Path, tell: Callable[[str, int], None] = lambda table, rows: None) -> int:
    """Copy everything into a new file while others go on working; how many rows. BackupError if the file is there."""
    if path.exists():
        raise BackupError(f"{path} sudah ada. Pilih nama lain; cadangan lama tidak ditimpa.")
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".sebagian")
    part.unlink(missing_ok=True)
    target = db.connect(f"sqlite:///{part.resolve()}")
    try:
        db.migrate(target)
        with _view(engine) as source, target.begin() as into:
            count = _copy(source, into, tell)
        with target.connect() as connection:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA journal_mode=DELETE")  # one file, no companions
    finally:
        target.dispose()
    os.replace(part, path)
    return count


def restore(engine: Engine, path: Path, tell: Callable[[str, int], None] = lambda table, rows: None) -> int:
    """Fill an empty database from a backup; how many rows. BackupError when it is not empty or the file is none."""
    if not _is_backup(path):
        raise BackupError(f"{path} bukan cadangan aduan.")
    with tempfile.TemporaryDirectory(prefix="aduan-pulih-") as folder:
        copy = Path(folder) / "cadangan.db"  # the backup itself is never written to, not even to bring it up to date
        shutil.copyfile(path, copy)
        source_engine = db.connect(f"sqlite:///{copy}")
        try:
            db.migrate(source_engine)
            db.migrate(engine)
            with _view(source_engine) as source, engine.begin() as into:
                if any(into.scalar(select(func.count()).select_from(t)) for t in Base.metadata.sorted_tables):
                    raise BackupError("Basis data tujuan tidak kosong. Pulihkan hanya ke basis data baru.")
                count = _copy(source, into, tell)
                _restart_sequences(into)
        finally:
            source_engine.dispose()
    return count


def _is_backup(path: Path) -> bool:
    """Whether a file is a database that this program has made."""
    if not path.is_file():
        return False
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True)) as file:
            return bool(file.execute("SELECT version_num FROM alembic_version").fetchall())
    except sqlite3.DatabaseError:
        return False


def _view(engine: Engine) -> Connection:
    """A connection that sees one moment of the database throughout."""
    connection = engine.connect()
    if engine.dialect.name == "sqlite":
        return connection.execution_options(aduan_reading=True)
    return connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _copy(source: Connection, into: Connection, tell: Callable[[str, int], None]) -> int:
    total = 0
    for table in Base.metadata.sorted_tables:
        count = 0
        size = BLOBS if table.name == "blob" else ROWS
        for rows in source.execution_options(yield_per=size).execute(_ordered(table)).mappings().partitions():
            into.execute(table.insert(), [dict(row) for row in rows])
            count += len(rows)
        tell(table.name, count)
        total += count
    return total


def _ordered(table: Table) -> Select[Any]:
    return select(table).order_by(*table.primary_key.columns)


def _restart_sequences(into: Connection) -> None:
    """PostgreSQL keeps its own count of ids, which copied rows do not move."""
    if into.dialect.name != "postgresql":
        return
    for table in Base.metadata.sorted_tables:
        if "id" in table.columns:
            into.execute(
                text(
                    f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), "
                    f"coalesce((SELECT max(id) FROM {table.name}), 1))"
                )
            )
