"""Rows from one database into another: of the same kind or not. Hides the types that only one of them knows.

Between two SQLite files nothing is understood on the way: one is attached to the other, and SQLite moves whole pages
of rows and indexes where both tables are alike.
"""

from __future__ import annotations

import sqlite3
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, MetaData, Select, Table, event, inspect, select, text
from sqlalchemy.exc import SAWarning
from sqlalchemy.types import DateTime

from pipeline.data import fulltext
from pipeline.data.tables import UtcTime

ROWS = 500
BLOBS = 5  # rows of the tables that hold whole mails
LARGE = ("blob", "blob_part", "confirmation_file")
# The revision, and where bytes lie outside: a backup has them inside, and a restored office has a name of its own.
APART = ("alembic_version", "blob_home", "blob_place")
Tell = Callable[[str, int], None]  # (what, how much of it so far)
Rows = Iterable[list[dict[str, Any]]]


# ---- SQLite to SQLite ----------------------------------------------------------------------------------------


def address(path: Path) -> str:
    """A file that is only read, as SQLite wants it. One without a log beside it is not even locked: a read-only disk
    will do."""
    log = path.with_name(path.name + "-wal")
    how = "mode=ro" if log.exists() and log.stat().st_size else "immutable=1"
    return f"file:{quote(str(path.resolve()))}?{how}"


def opened(path: Path) -> sqlite3.Connection:
    """The file, only to be read."""
    return sqlite3.connect(address(path), uri=True, isolation_level=None)


def tables_of(file: sqlite3.Connection, schema: str = "main") -> dict[str, str]:
    """{name: the SQL that makes it} of all tables but SQLite's and the search's own."""
    rows = file.execute(
        f"SELECT name, sql FROM {schema}.sqlite_master WHERE type = 'table' ORDER BY rowid"
    )
    return {
        name: sql
        for name, sql in rows
        if not name.startswith("sqlite_") and not fulltext.is_of_search(name)
    }


def indexes_of(file: sqlite3.Connection, schema: str = "main") -> list[str]:
    """The SQL of the indexes that somebody made."""
    rows = file.execute(
        f"SELECT name, sql FROM {schema}.sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    )
    return [sql for name, sql in rows if not fulltext.is_of_search(name)]


def attached(
    file: sqlite3.Connection, table: str, source: str, into: str = "main", extra: str = ""
) -> int:
    """All rows of a table out of an attached file; how many. `extra` narrows or orders them."""
    ours, theirs = _columns(file, into, table), _columns(file, source, table)
    alike = ours == theirs and not extra
    names = ", ".join(f'"{name}"' for name in ours)
    what = "*" if alike else names
    place = f'{into}."{table}"' if alike else f'{into}."{table}" ({names})'
    found = file.execute(f'INSERT INTO {place} SELECT {what} FROM {source}."{table}" {extra}')
    return max(found.rowcount, 0)


def _columns(file: sqlite3.Connection, schema: str, table: str) -> list[str]:
    return [row[1] for row in file.execute(f'PRAGMA {schema}.table_info("{table}")')]


# ---- between two kinds ---------------------------------------------------------------------------------------


def copy(source: Connection, into: Connection, tell: Tell, without: Collection[str] = ()) -> int:
    """Every row that both have, table by table, in the order in which one points to the other; how many."""
    return sum(
        put(into, table, portions(source, table), tell)
        for table in shared_tables(into).sorted_tables
        if table.name not in without
    )


def put(into: Connection, table: Table, rows: Rows, tell: Tell) -> int:
    """Add rows to a table, so many at a time."""
    count = 0
    for some in filter(None, rows):
        into.execute(table.insert(), some)
        count += len(some)
        tell(table.name, count)
    return count


def portions(source: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    """All rows in the order of their key, some at a time."""
    size = BLOBS if table.name in LARGE else ROWS
    found = source.execution_options(yield_per=size).execute(_ordered(table)).mappings()
    for rows in found.partitions():
        yield [dict(row) for row in rows]


def _ordered(table: Table) -> Select[Any]:
    return select(table).order_by(*table.primary_key.columns)


def shared_tables(connection: Connection) -> MetaData:
    """The tables as this revision has them, in types that both databases understand."""
    tables = MetaData()

    @event.listens_for(tables, "column_reflect")
    def _common(_inspector: object, _table: object, column: dict[str, Any]) -> None:
        kind = column["type"].as_generic()
        column["type"] = UtcTime() if isinstance(kind, DateTime) else kind
        column["default"] = None

    with quietly():
        tables.reflect(connection, only=is_ours)
    return tables


def is_ours(name: str, _tables: MetaData) -> bool:
    """Whether the rows of a table are copied; those of a search have types that one database alone knows."""
    return name not in APART and not fulltext.is_of_search(name)


@contextmanager
def quietly() -> Iterator[None]:
    """Without SQLAlchemy's warning that it does not read indexes on an expression."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Skipped unsupported reflection", SAWarning)
        yield


def restart_sequences(into: Connection) -> None:
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
